//! Table with titles in its first filled row: CSV, XLSX, ODS, or a 360Giving package in JSON.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use super::cell::{TableCell, column_letters};
use super::line::{ImportLine, LINES_MAX, TEXT_BYTES_MAX, TableError, column_title};
use super::{ImportKind, csv_table, threesixtygiving, workbook};
use crate::decode::decode_text;
use crate::sandbox::{Sandbox, Upload};

/// How an old Excel file begins, and an encrypted one.
const COMPOUND_FILE: &[u8] = b"\xd0\xcf\x11\xe0";

/// A title, and the letters of its column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ColumnHead {
    /// As [`column_title`] writes it.
    pub title: String,
    pub column: String,
}

/// The lines of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportTable {
    pub(super) lines: Vec<ImportLine>,
    /// None in JSON, where fields have names.
    pub(super) heads: Option<Vec<ColumnHead>>,
    /// Notes about the file: the sheet that was read, grants that were left out.
    pub(super) notes: Vec<String>,
}

/// Whether an import of any kind reads the column with this title.
pub(super) fn is_known_title(title: &str) -> bool {
    ImportKind::VARIANTS
        .iter()
        .any(|kind| kind.titles().contains(&title))
}

impl ImportTable {
    /// Number of lines without the titles.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Parses a file in the sandbox.
    pub(super) async fn read_in_sandbox(
        sandbox: &Sandbox,
        bytes: &[u8],
    ) -> Result<Self, TableError> {
        let input = futures::stream::iter([Ok::<_, TableError>(Bytes::copy_from_slice(bytes))]);
        let read = sandbox.run(Upload::Table, input).await?;
        serde_json::from_slice::<Result<Self, TableError>>(&read)
            .unwrap_or(Err(TableError::Unreadable))
    }

    /// Parses a file in this process, which should be a sandbox. The format is detected from the
    /// bytes, never from the file's name.
    pub fn read(bytes: &[u8]) -> Result<Self, TableError> {
        let table = if bytes.starts_with(b"PK") {
            let sheet = workbook::read(bytes)?;
            Self::from_rows(sheet.rows, sheet.note.into_iter().collect())
        } else if bytes.starts_with(COMPOUND_FILE) {
            return Err(TableError::OldWorkbook);
        } else {
            Self::from_text(bytes)?
        };
        let text: usize = table.lines.iter().map(ImportLine::text_bytes).sum();
        match table.lines.len() {
            0 => Err(TableError::Empty),
            count if count > LINES_MAX || text > TEXT_BYTES_MAX => Err(TableError::TooLong),
            _ => Ok(table),
        }
    }

    fn from_text(bytes: &[u8]) -> Result<Self, TableError> {
        let decoded = decode_text(bytes)?;
        let guessed = decoded.is_guess().then(|| {
            "This file is not in UTF-8. We read it as Windows-1252: check that accents and pound \
                signs are right."
                .to_owned()
        });
        let mut table = if decoded.text.trim_start().starts_with('{') {
            threesixtygiving::read(&decoded.text)?
        } else {
            Self::from_rows(csv_table::rows(decoded.text)?, Vec::new())
        };
        table.notes.extend(guessed);
        Ok(table)
    }

    /// Takes the titles from the first filled row. Cells are named as in a spreadsheet program.
    fn from_rows(rows: Vec<Vec<TableCell>>, notes: Vec<String>) -> Self {
        let is_filled = |row: &Vec<TableCell>| row.iter().any(|cell| !cell.is_empty());
        let mut rows = (1..).zip(rows).filter(|(_, row)| is_filled(row));
        let titles: Vec<String> = rows
            .next()
            .map(|(_, row)| row.iter().map(|cell| column_title(&cell.text)).collect())
            .unwrap_or_default();
        let lines = rows
            .map(|(number, row)| line_of(number, row, &titles))
            .collect();
        let heads = (0..)
            .zip(&titles)
            .filter(|(_, title)| !title.is_empty())
            .map(|(column, title)| ColumnHead {
                title: title.clone(),
                column: column_letters(column),
            })
            .collect();
        Self {
            lines,
            heads: Some(heads),
            notes,
        }
    }

    /// Checks the titles for an import that reads these: there is one of them, and none twice.
    /// Returns the titles of the columns that it does not read.
    pub(super) fn check_titles(&self, read: &[&str]) -> Result<Vec<String>, TableError> {
        let Some(heads) = &self.heads else {
            return Ok(Vec::new());
        };
        let (known, other): (Vec<&ColumnHead>, Vec<&ColumnHead>) = heads
            .iter()
            .partition(|head| read.contains(&head.title.as_str()));
        if known.is_empty() {
            let example = read.first().copied().unwrap_or_default();
            return Err(TableError::NoTitles(example.to_owned()));
        }
        for (at, head) in known.iter().enumerate() {
            if let Some(same) = known
                .iter()
                .skip(at + 1)
                .find(|same| same.title == head.title)
            {
                return Err(TableError::DoubledTitle(
                    head.title.clone(),
                    head.column.clone(),
                    same.column.clone(),
                ));
            }
        }
        Ok(other.into_iter().map(|head| head.title.clone()).collect())
    }
}

fn line_of(number: usize, row: Vec<TableCell>, titles: &[String]) -> ImportLine {
    let mut untitled = None;
    let mut cells = Vec::new();
    for (column, cell) in row.into_iter().enumerate() {
        if cell.is_empty() {
            continue;
        }
        let cell = cell.at(format!("{}{number}", column_letters(column)));
        match titles.get(column).filter(|title| !title.is_empty()) {
            Some(title) if is_known_title(title) => cells.push((title.clone(), cell)),
            Some(_) => {}
            None => {
                untitled.get_or_insert(cell.place);
            }
        }
    }
    let mut line = ImportLine::new(number, cells);
    line.untitled = untitled;
    line
}
