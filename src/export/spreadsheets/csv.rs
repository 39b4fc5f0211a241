//! CSV form of a spreadsheet.

use super::{Spreadsheet, SpreadsheetCell, signed_pounds};
use crate::domain::csv::{self, CsvCell as Said};

pub(super) fn write(sheet: &Spreadsheet) -> String {
    csv::write_table(
        &sheet.columns,
        sheet
            .rows
            .iter()
            .map(|row| row.iter().map(csv_cell).collect()),
    )
}

fn csv_cell(cell: &SpreadsheetCell) -> Said {
    match cell {
        SpreadsheetCell::Empty => Said::Plain(String::new()),
        SpreadsheetCell::Text(text) => Said::Text(text.clone()),
        SpreadsheetCell::Number(number) => Said::Plain(number.to_string()),
        SpreadsheetCell::Money(amount) => Said::Plain(String::from(*amount)),
        SpreadsheetCell::MoneyChange(pence) => Said::Plain(signed_pounds(*pence)),
        SpreadsheetCell::Day(day) => Said::Plain(day.to_string()),
    }
}
