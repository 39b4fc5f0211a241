//! Reader of the first sheet of an XLSX or ODS workbook.
//!
//! A workbook is a ZIP archive, so a small file can unpack to a huge one. Before a library opens
//! the archive all of it is unpacked once against a limit, and its declared sizes are checked
//! ([`size_limits`]). XLSX cells are then read one by one, so that a single cell in the last row
//! does not allocate all rows before it.

use std::io::{self, Cursor, Read as _};

use calamine::{Data, Ods, Reader as _, Xlsx};

use super::line::{
    CELL_BYTES_MAX, COLUMNS_MAX, LINES_MAX, TableError, UNPACKED_BYTES_MAX, unknown_format,
};
use super::size_limits;

/// The cells of the first sheet, row by row, as texts like those of a CSV file.
pub(super) fn cells(bytes: &[u8]) -> Result<Vec<Vec<String>>, TableError> {
    if check_archive(bytes)? {
        xlsx_cells(bytes)
    } else {
        ods_cells(bytes)
    }
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
fn xlsx_cells(bytes: &[u8]) -> Result<Vec<Vec<String>>, TableError> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unknown_format)?;
    let first = book
        .sheet_names()
        .first()
        .cloned()
        .ok_or(TableError::Empty)?;
    let mut reader = book
        .worksheet_cells_reader(&first)
        .map_err(unknown_format)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    // Many cells may refer to one long shared string, so the copies are counted.
    let mut bytes_left = usize::try_from(UNPACKED_BYTES_MAX).unwrap_or(usize::MAX);
    while let Some(cell) = reader.next_cell().map_err(unknown_format)? {
        let (row, column) = cell.get_position();
        let (row, column) = (
            usize::try_from(row).unwrap_or(usize::MAX),
            usize::try_from(column).unwrap_or(usize::MAX),
        );
        let text = cell_text(&Data::from(cell.get_value().clone()));
        if text.is_empty() {
            continue;
        }
        bytes_left = bytes_left
            .checked_sub(text.len())
            .ok_or(TableError::TooLong)?;
        if row > LINES_MAX || column >= COLUMNS_MAX || text.len() > CELL_BYTES_MAX {
            return Err(TableError::TooLong);
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
        let row = &mut rows[row];
        row.resize(row.len().max(column + 1), String::new());
        row[column] = text;
    }
    Ok(rows)
}

fn ods_cells(bytes: &[u8]) -> Result<Vec<Vec<String>>, TableError> {
    let mut book: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(unknown_format)?;
    let range = book
        .worksheet_range_at(0)
        .ok_or(TableError::Empty)?
        .map_err(unknown_format)?;
    let (rows, columns) = range.get_size();
    if rows > LINES_MAX + 1 || columns > COLUMNS_MAX {
        return Err(TableError::TooLong);
    }
    Ok(range
        .rows()
        .map(|row| row.iter().map(cell_text).collect())
        .collect())
}

fn cell_text(cell: &Data) -> String {
    match cell {
        Data::Float(number) => number.to_string(),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::DateTimeIso(moment) => moment.get(..10).unwrap_or(moment).to_owned(),
        Data::Empty | Data::Error(_) => String::new(),
        other => other.to_string(),
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
        assert!(matches!(cells(&bomb), Err(TableError::TooLong)));
    }

    #[test]
    fn a_cell_far_below_makes_no_room() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let page = book.add_worksheet();
        page.write_string(0, 0, "Reference").expect("written");
        page.write_string(1_048_575, 16_383, "x").expect("written");
        assert!(matches!(
            cells(&book.save_to_buffer().expect("a workbook")),
            Err(TableError::TooLong)
        ));
    }
}
