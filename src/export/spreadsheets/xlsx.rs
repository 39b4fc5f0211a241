//! XLSX form of a spreadsheet. Texts are written as strings, so that none is read as a formula.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{Spreadsheet, SpreadsheetCell, signed_pounds};

/// Why a workbook cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the spreadsheet cannot be written: {0}")]
pub struct SpreadsheetError(#[from] XlsxError);

/// Excel's limit of characters per cell; longer texts are cut.
const CELL_CHARS_MAX: usize = 32_767;
/// Minimum and maximum width of a column, in characters.
const COLUMN_WIDTHS: (usize, usize) = (10, 60);

struct Formats {
    head: Format,
    money: Format,
    day: Format,
}

pub(super) fn write(sheet: &Spreadsheet) -> Result<Vec<u8>, SpreadsheetError> {
    let mut workbook = Workbook::new();
    // A fixed creation time, so that the same rows give the same bytes.
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(
        &DocProperties::new()
            .set_title(sheet.name)
            .set_creation_datetime(&made),
    );
    let formats = Formats {
        head: Format::new().set_bold(),
        money: Format::new().set_num_format("#,##0.00"),
        day: Format::new().set_num_format("yyyy-mm-dd"),
    };
    let page = workbook.add_worksheet();
    page.set_name(sheet.name)?;
    page.set_freeze_panes(1, 0)?;
    for (column, title) in (0_u16..).zip(&sheet.columns) {
        page.write_string_with_format(0, column, *title, &formats.head)?;
        let longest = sheet
            .rows
            .iter()
            .filter_map(|row| row.get(usize::from(column)))
            .map(display_width)
            .max()
            .unwrap_or_default();
        let width = longest
            .max(title.chars().count())
            .clamp(COLUMN_WIDTHS.0, COLUMN_WIDTHS.1);
        page.set_column_width(column, u32::try_from(width).unwrap_or_default())?;
    }
    for (row, cells) in (1_u32..).zip(&sheet.rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            write_cell(page, row, column, cell, &formats)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn display_width(cell: &SpreadsheetCell) -> usize {
    match cell {
        SpreadsheetCell::Empty => 0,
        SpreadsheetCell::Text(text) => text.chars().count(),
        _ => COLUMN_WIDTHS.0,
    }
}

fn write_cell(
    page: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &SpreadsheetCell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        SpreadsheetCell::Empty => {}
        SpreadsheetCell::Text(text) => drop(page.write_string(
            row,
            column,
            text.chars().take(CELL_CHARS_MAX).collect::<String>(),
        )?),
        SpreadsheetCell::Number(number) => {
            page.write_number(row, column, parse_number(&number.to_string()))?;
        }
        SpreadsheetCell::Money(amount) => drop(page.write_number_with_format(
            row,
            column,
            parse_number(&String::from(*amount)),
            &formats.money,
        )?),
        SpreadsheetCell::MoneyChange(pence) => drop(page.write_number_with_format(
            row,
            column,
            parse_number(&signed_pounds(*pence)),
            &formats.money,
        )?),
        SpreadsheetCell::Day(day) => {
            let (month, day_of_month) = (day.month().unsigned_abs(), day.day().unsigned_abs());
            match ExcelDateTime::from_ymd(
                u16::try_from(day.year()).unwrap_or_default(),
                month,
                day_of_month,
            ) {
                Ok(date) => {
                    page.write_datetime_with_format(row, column, &date, &formats.day)?;
                }
                // XLSX cannot represent days before 1900, so they are written as texts.
                Err(_) => drop(page.write_string(row, column, day.to_string())?),
            }
        }
    }
    Ok(())
}

/// Parses a number as a float, the only type of number in XLSX. An `f64` is exact to the penny for
/// all amounts here.
fn parse_number(written: &str) -> f64 {
    written.parse().unwrap_or_default()
}
