//! CSV form of a spreadsheet.

use super::{Cell, Sheet, signed};
use crate::domain::csv::{self, Cell as Said};

pub(super) fn write(sheet: &Sheet) -> String {
    csv::written(
        &sheet.columns,
        sheet.rows.iter().map(|row| row.iter().map(said).collect()),
    )
}

fn said(cell: &Cell) -> Said {
    match cell {
        Cell::Nothing => Said::Plain(String::new()),
        Cell::Text(text) => Said::Text(text.clone()),
        Cell::Number(number) => Said::Plain(number.to_string()),
        Cell::Money(amount) => Said::Plain(String::from(*amount)),
        Cell::Change(pence) => Said::Plain(signed(*pence)),
        Cell::Day(day) => Said::Plain(day.to_string()),
    }
}
