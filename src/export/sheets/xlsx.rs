//! XLSX form of a spreadsheet. Texts are written as strings, so that none is read as a formula.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{Cell, Sheet, signed};

/// Why a workbook cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the spreadsheet cannot be written: {0}")]
pub struct SheetError(#[from] XlsxError);

/// Excel's limit of characters per cell; longer texts are cut.
const CELL_MOST: usize = 32_767;
/// Minimum and maximum width of a column, in characters.
const WIDTHS: (usize, usize) = (10, 60);

struct Formats {
    head: Format,
    money: Format,
    day: Format,
}

pub(super) fn write(sheet: &Sheet) -> Result<Vec<u8>, SheetError> {
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
            .map(length)
            .max()
            .unwrap_or_default();
        let width = longest.max(title.chars().count()).clamp(WIDTHS.0, WIDTHS.1);
        page.set_column_width(column, u32::try_from(width).unwrap_or_default())?;
    }
    for (row, cells) in (1_u32..).zip(&sheet.rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            put(page, row, column, cell, &formats)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn length(cell: &Cell) -> usize {
    match cell {
        Cell::Nothing => 0,
        Cell::Text(text) => text.chars().count(),
        _ => WIDTHS.0,
    }
}

fn put(
    page: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => {}
        Cell::Text(text) => drop(page.write_string(
            row,
            column,
            text.chars().take(CELL_MOST).collect::<String>(),
        )?),
        Cell::Number(number) => {
            page.write_number(row, column, number_of(&number.to_string()))?;
        }
        Cell::Money(amount) => drop(page.write_number_with_format(
            row,
            column,
            number_of(&String::from(*amount)),
            &formats.money,
        )?),
        Cell::Change(pence) => drop(page.write_number_with_format(
            row,
            column,
            number_of(&signed(*pence)),
            &formats.money,
        )?),
        Cell::Day(day) => {
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
fn number_of(written: &str) -> f64 {
    written.parse().unwrap_or_default()
}
