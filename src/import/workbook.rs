//! Reader of the first visible sheet of an XLSX or ODS workbook.
//!
//! A workbook is a ZIP archive, so a small file can unpack to a huge one. Before a library opens
//! the archive all of it is unpacked once against a limit, and its declared sizes are checked
//! ([`size_limits`]). XLSX cells are then read one by one, so that a single cell in the last row
//! does not allocate all rows before it.

use std::io::{self, Cursor, Read as _};

use calamine::{Data, Ods, Reader as _, Sheet, SheetType, SheetVisible, Xlsx};

use super::cell::{CellFault, CellKind, TableCell};
use super::line::{
    CELL_BYTES_MAX, COLUMNS_MAX, LINES_MAX, TableError, UNPACKED_BYTES_MAX, unknown_format,
};
use super::size_limits;

/// The sheet that is imported.
#[derive(Debug)]
pub(super) struct SheetRows {
    /// The cells row by row, from the sheet's first row and column on.
    pub rows: Vec<Vec<TableCell>>,
    /// Which sheet it is, if the workbook has others.
    pub note: Option<String>,
}

/// Reads the first sheet that is not hidden.
pub(super) fn read(bytes: &[u8]) -> Result<SheetRows, TableError> {
    if check_archive(bytes)? {
        read_xlsx(bytes)
    } else {
        read_ods(bytes)
    }
}

/// The name of the first visible sheet of cells, and a note if there are others.
fn first_visible(sheets: &[Sheet]) -> Result<(String, Option<String>), TableError> {
    if sheets.is_empty() {
        return Err(TableError::Empty);
    }
    let sheet = sheets
        .iter()
        .find(|sheet| {
            matches!(
                (sheet.typ, sheet.visible),
                (SheetType::WorkSheet, SheetVisible::Visible)
            )
        })
        .ok_or(TableError::Hidden)?;
    let others = sheets.len() - 1;
    let left = match others {
        0 => None,
        1 => Some("1 other sheet, which was".to_owned()),
        others => Some(format!("{others} other sheets, which were")),
    };
    let note = left.map(|left| {
        format!(
            "We read the sheet “{}”. The file has {left} not read.",
            sheet.name
        )
    });
    Ok((sheet.name.clone(), note))
}

/// Check of one part of the archive, before a library reads it.
type PartCheck = fn(&[u8]) -> Result<(), TableError>;

/// Unpacks the whole archive once, because the sizes in its directory may be wrong, and checks the
/// declared numbers of cells and strings. Returns whether it is an XLSX file.
fn check_archive(bytes: &[u8]) -> Result<bool, TableError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unknown_format)?;
    let (mut left, mut is_xlsx) = (UNPACKED_BYTES_MAX, false);
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(unknown_format)?;
        let name = entry
            .name()
            .map(|name| name.to_ascii_lowercase())
            .unwrap_or_default();
        is_xlsx |= name == "xl/workbook.xml";
        let check: Option<PartCheck> = match name.as_str() {
            "content.xml" => Some(size_limits::check_repeats),
            strings if strings.ends_with("sharedstrings.xml") => {
                Some(size_limits::check_shared_strings)
            }
            _ => None,
        };
        let mut entry = entry.take(left + 1);
        let mut part = Vec::new();
        let read = if check.is_some() {
            io::copy(&mut entry, &mut part)
        } else {
            io::copy(&mut entry, &mut io::sink())
        };
        left = left
            .checked_sub(read.map_err(unknown_format)?)
            .ok_or(TableError::TooLong)?;
        if let Some(check) = check {
            check(&part)?;
        }
    }
    Ok(is_xlsx)
}

/// Reads XLSX cell by cell: the library's range would allocate every row and column up to the last
/// cell.
fn read_xlsx(bytes: &[u8]) -> Result<SheetRows, TableError> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unknown_format)?;
    let (name, note) = first_visible(book.sheets_metadata())?;
    let mut reader = book.worksheet_cells_reader(&name).map_err(unknown_format)?;
    let mut rows = Vec::new();
    // Many cells may refer to one long shared string, so the copies are counted.
    let mut bytes_left = usize::try_from(UNPACKED_BYTES_MAX).unwrap_or(usize::MAX);
    while let Some(record) = reader
        .next_cell_with_formula_metadata()
        .map_err(unknown_format)?
    {
        let cell = cell_of(&Data::from(record.value), record.formula.is_some());
        bytes_left = bytes_left
            .checked_sub(cell.text.len())
            .ok_or(TableError::TooLong)?;
        set_cell(&mut rows, position(record.pos), cell)?;
    }
    Ok(SheetRows { rows, note })
}

fn read_ods(bytes: &[u8]) -> Result<SheetRows, TableError> {
    let mut book: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(unknown_format)?;
    let (name, note) = first_visible(book.sheets_metadata())?;
    let range = book.worksheet_range(&name).map_err(unknown_format)?;
    let formulas = book.worksheet_formula(&name).map_err(unknown_format)?;
    let mut rows = Vec::new();
    let (above, left) = position(range.start().unwrap_or_default());
    for (row, column, data) in range.used_cells() {
        set_cell(
            &mut rows,
            (above + row, left + column),
            cell_of(data, false),
        )?;
    }
    let (formulas_above, formulas_left) = position(formulas.start().unwrap_or_default());
    for (row, column, _) in formulas.used_cells() {
        let (row, column) = (formulas_above + row, formulas_left + column);
        let result = row
            .checked_sub(above)
            .zip(column.checked_sub(left))
            .and_then(|place| range.get(place))
            .unwrap_or(&Data::Empty);
        set_cell(&mut rows, (row, column), cell_of(result, true))?;
    }
    Ok(SheetRows { rows, note })
}

fn position((row, column): (u32, u32)) -> (usize, usize) {
    (
        usize::try_from(row).unwrap_or(usize::MAX),
        usize::try_from(column).unwrap_or(usize::MAX),
    )
}

/// Sets a filled cell, within the limits of a table.
fn set_cell(
    rows: &mut Vec<Vec<TableCell>>,
    (row, column): (usize, usize),
    cell: TableCell,
) -> Result<(), TableError> {
    if cell.is_empty() {
        return Ok(());
    }
    if row > LINES_MAX || column >= COLUMNS_MAX || cell.text.len() > CELL_BYTES_MAX {
        return Err(TableError::TooLong);
    }
    rows.resize_with(rows.len().max(row + 1), Vec::new);
    let row = &mut rows[row];
    row.resize_with(row.len().max(column + 1), TableCell::default);
    row[column] = cell;
    Ok(())
}

/// A cell as a spreadsheet program shows it. A formula without a result is a fault, and no empty
/// cell.
fn cell_of(data: &Data, is_formula: bool) -> TableCell {
    match data {
        Data::Float(number) => TableCell::number(*number),
        Data::Int(number) => TableCell::new(number.to_string(), CellKind::Number),
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            TableCell::new(format!("{year:04}-{month:02}-{day:02}"), CellKind::Date)
        }
        Data::DateTime(moment) => TableCell::faulty(moment.to_string(), CellFault::Time),
        Data::DateTimeIso(moment) => TableCell::new(moment.as_str(), CellKind::Date),
        Data::DurationIso(time) => TableCell::faulty(time.as_str(), CellFault::Time),
        Data::Bool(value) => {
            let text = if *value { "TRUE" } else { "FALSE" };
            TableCell::faulty(text, CellFault::Logical)
        }
        Data::Error(error) => TableCell::faulty(error.to_string(), CellFault::Error),
        Data::String(text) => TableCell::typed(text),
        Data::Empty if is_formula => TableCell::faulty("", CellFault::NoResult),
        Data::Empty => TableCell::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn archive(name: &str, part: &[u8], times: usize) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .expect("an archive");
        for _ in 0..times {
            archive.write_all(part).expect("written");
        }
        archive.finish().expect("an archive").into_inner()
    }

    #[test]
    fn what_unpacks_to_too_much_is_not_opened() {
        let bomb = archive("xl/workbook.xml", &vec![0; 1024 * 1024], 70);
        assert!(bomb.len() < 200_000, "{}", bomb.len());
        assert!(matches!(read(&bomb), Err(TableError::TooLong)));
    }

    fn sheet(name: &str, visible: SheetVisible) -> Sheet {
        Sheet {
            name: name.to_owned(),
            typ: SheetType::WorkSheet,
            visible,
        }
    }

    #[test]
    fn the_first_visible_sheet_is_read_and_named_if_there_are_others() {
        use SheetVisible as V;
        let name = |sheets: &[Sheet]| first_visible(sheets);
        assert_eq!(
            name(&[sheet("Groups", V::Visible)]),
            Ok(("Groups".to_owned(), None))
        );
        let (first, note) =
            name(&[sheet("Lookups", V::Hidden), sheet("Groups", V::Visible)]).expect("a sheet");
        assert_eq!(first, "Groups");
        assert_eq!(
            note.as_deref(),
            Some("We read the sheet “Groups”. The file has 1 other sheet, which was not read.")
        );
        assert_eq!(
            name(&[sheet("A", V::Hidden), sheet("B", V::VeryHidden)]),
            Err(TableError::Hidden)
        );
        assert_eq!(name(&[]), Err(TableError::Empty));
    }

    #[test]
    fn cells_are_as_the_spreadsheet_shows_them() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
        let time = rust_xlsxwriter::Format::new().set_num_format("[h]:mm");
        let page = book.add_worksheet();
        page.write_string(1, 1, " text ").expect("written");
        page.write_number(1, 2, 2000.5).expect("written");
        page.write_number_with_format(1, 3, 45747, &day)
            .expect("written");
        page.write_number_with_format(1, 4, 0.5, &time)
            .expect("written");
        page.write_boolean(1, 5, true).expect("written");
        let rows = read(&book.save_to_buffer().expect("a workbook"))
            .expect("read")
            .rows;
        assert!(rows[0].is_empty() && rows[1][0].is_empty());
        let kinds: Vec<CellKind> = rows[1].iter().skip(1).map(|cell| cell.kind).collect();
        assert_eq!(
            kinds,
            [
                CellKind::Text,
                CellKind::Number,
                CellKind::Date,
                CellKind::Faulty(CellFault::Time),
                CellKind::Faulty(CellFault::Logical),
            ]
        );
        let texts: Vec<&str> = rows[1].iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(&texts[1..4], ["text", "2000.5", "2025-03-31"]);
    }

    #[test]
    fn a_formula_without_a_result_is_a_fault() {
        assert_eq!(
            cell_of(&Data::Empty, true).kind,
            CellKind::Faulty(CellFault::NoResult)
        );
        assert!(cell_of(&Data::Empty, false).is_empty());
        let failed = cell_of(&Data::Error(calamine::CellErrorType::NA), false);
        assert_eq!(
            (failed.text.as_str(), failed.kind),
            ("#N/A", CellKind::Faulty(CellFault::Error))
        );
    }

    #[test]
    fn a_cell_far_below_makes_no_room() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let page = book.add_worksheet();
        page.write_string(0, 0, "Reference").expect("written");
        page.write_string(1_048_575, 16_383, "x").expect("written");
        assert!(matches!(
            read(&book.save_to_buffer().expect("a workbook")),
            Err(TableError::TooLong)
        ));
    }
}
