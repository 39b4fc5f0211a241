//! A sheet as CSV.

use super::{Cell, Sheet, signed};
use crate::domain::text::inert;

pub(super) fn write(sheet: &Sheet) -> String {
    let mut csv = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    let _ = csv.write_record(&sheet.columns);
    for row in &sheet.rows {
        let _ = csv.write_record(row.iter().map(said));
    }
    csv.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn said(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Text(text) => inert(text),
        Cell::Number(number) => number.to_string(),
        Cell::Money(amount) => String::from(*amount),
        Cell::Change(pence) => signed(*pence),
        Cell::Day(day) => day.to_string(),
    }
}
