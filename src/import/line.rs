//! The lines of a table, the limits of its size, and what can be wrong with it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::cell::{CellKind, TableCell};
use super::written_day::read_day;
use crate::decode::DecodeError;
use crate::domain::Money;
use crate::domain::language::day_text;
use crate::domain::money::AmountFault;
use crate::sandbox::SandboxError;

/// Maximum number of lines of a table, without the line of titles.
pub const LINES_MAX: usize = 20_000;
/// Maximum number of columns.
pub(super) const COLUMNS_MAX: usize = 500;
/// Maximum size of a cell, in bytes.
pub(super) const CELL_BYTES_MAX: usize = 10_000;
/// Maximum size of all cells in known columns together, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Maximum unpacked size of a workbook, in bytes.
pub(super) const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Maximum length of a library's error message that is passed on, in characters.
const REASON_CHARS_MAX: usize = 200;

/// Why a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum TableError {
    #[error("use a CSV, Excel (XLSX), ODS or 360Giving JSON file: {0}")]
    Unknown(String),
    #[error(
        "this file is too large: use up to {LINES_MAX} lines and {COLUMNS_MAX} columns, with up to \
            {CELL_BYTES_MAX} letters in a cell, and 16 MB of text (64 MB when unpacked)"
    )]
    TooLong,
    #[error("there are no rows in this file")]
    Empty,
    #[error("every sheet of this file is hidden: show the one that you want to import")]
    Hidden,
    #[error(
        "this is an old Excel file (.xls), or it has a password: save it as XLSX without a \
            password"
    )]
    OldWorkbook,
    #[error(
        "no column has a title that we read, such as “{0}”: write the titles into the first row"
    )]
    NoTitles(String),
    #[error("the columns {1} and {2} have the same title, “{0}”: rename one of them, or remove it")]
    DoubledTitle(String, String, String),
    #[error("row {0} has a quotation mark that is never closed: add or remove one")]
    OpenQuote(usize),
    #[error(
        "we could not read this file: it may be damaged or too large. Save it as CSV and try again"
    )]
    Unreadable,
    #[error("we are reading many files at the moment: try again in a minute")]
    Busy,
}

impl From<SandboxError> for TableError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Busy => Self::Busy,
            SandboxError::Unreadable => Self::Unreadable,
        }
    }
}

impl From<DecodeError> for TableError {
    fn from(error: DecodeError) -> Self {
        unknown_format(error)
    }
}

/// Wraps a library's error message. It is cut, because it may quote the file.
pub(super) fn unknown_format(reason: impl std::fmt::Display) -> TableError {
    TableError::Unknown(reason.to_string().chars().take(REASON_CHARS_MAX).collect())
}

/// Error in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowError(pub String);

/// A line: filled cells by the title of their column, as [`column_title`] writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ImportLine {
    /// Line number as spreadsheet programs count, the first line being 1. In JSON: number of the
    /// grant, from 1.
    pub number: usize,
    cells: BTreeMap<String, TableCell>,
    /// The place of the first filled cell whose column has no title.
    pub untitled: Option<String>,
}

/// A title in the form in which columns are compared: small letters, one blank between words, and
/// none of the underscores that some programs write instead.
pub(super) fn column_title(text: &str) -> String {
    let text = text.replace('_', " ").to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl ImportLine {
    pub fn new(
        number: usize,
        cells: impl IntoIterator<Item = (impl Into<String>, TableCell)>,
    ) -> Self {
        Self {
            number,
            cells: cells
                .into_iter()
                .map(|(title, cell)| (title.into(), cell))
                .collect(),
            untitled: None,
        }
    }

    /// Size of all cells, in bytes.
    pub fn text_bytes(&self) -> usize {
        self.cells.values().map(|cell| cell.text.len()).sum()
    }

    /// The cell under the first of these titles that the line has. An error if it has a fault, or
    /// if another of the titles has another value.
    pub fn find(&self, titles: &[&str]) -> Result<Option<&TableCell>, RowError> {
        let mut found = titles.iter().filter_map(|title| self.cells.get(*title));
        let Some(cell) = found.next() else {
            return Ok(None);
        };
        if let CellKind::Faulty(fault) = cell.kind {
            return Err(cell.error(fault));
        }
        match found.find(|other| other.text != cell.text) {
            Some(other) => Err(cell.error(format!(
                "{} says “{}” for the same thing: remove one of the two columns",
                other.place, other.text
            ))),
            None => Ok(Some(cell)),
        }
    }

    /// The cell under the first of these titles; an error if there is none.
    pub fn required(&self, titles: &[&str]) -> Result<&TableCell, RowError> {
        self.find(titles)?
            .ok_or_else(|| RowError(format!("{} is missing", titles[0])))
    }

    /// The cell under the first of these titles, if it has a text. A date is an error: the
    /// spreadsheet program made it of what was typed.
    pub fn text(&self, titles: &[&str]) -> Result<Option<&TableCell>, RowError> {
        match self.find(titles)? {
            Some(cell) if cell.kind == CellKind::Date => Err(cell.error(
                "the spreadsheet has turned this into a date: format the cell as text, and type \
                    it again",
            )),
            found => Ok(found),
        }
    }

    /// As [`Self::text`]; an error if there is none.
    pub fn required_text(&self, titles: &[&str]) -> Result<&TableCell, RowError> {
        self.text(titles)?.map_or_else(|| self.required(titles), Ok)
    }

    /// Parses the text under the first of these titles.
    pub fn parse<T: FromStr<Err: Display>>(&self, titles: &[&str]) -> Result<T, RowError> {
        let cell = self.required_text(titles)?;
        cell.text.parse().map_err(|error| cell.error(error))
    }

    /// As [`Self::parse`], if the line has one of these titles.
    pub fn parse_optional<T: FromStr<Err: Display>>(
        &self,
        titles: &[&str],
    ) -> Result<Option<T>, RowError> {
        match self.text(titles)? {
            Some(_) => self.parse(titles).map(Some),
            None => Ok(None),
        }
    }

    /// Parses an amount as on the forms: `£1,234.50`, `1234.5`. A decimal comma is an error, which
    /// says what was probably meant.
    pub fn money(&self, titles: &[&str]) -> Result<Money, RowError> {
        let cell = self.required_text(titles)?;
        AmountFault::parse(&cell.text).map_err(|fault| cell.error(fault))
    }

    /// Parses the day of something that has happened: not before `earliest`, and not after `today`.
    pub fn day(&self, titles: &[&str], earliest: Date, today: Date) -> Result<Date, RowError> {
        let cell = self.required(titles)?;
        if cell.kind == CellKind::Number {
            return Err(cell
                .error("this is a number: format the cell as a date, or write it as 31/03/2026"));
        }
        let day = read_day(&cell.text).map_err(|fault| cell.error(fault))?;
        if (earliest..=today).contains(&day) {
            Ok(day)
        } else {
            Err(cell.error(format!(
                "this is {}. Use a date from {} to today",
                day_text(day),
                day_text(earliest)
            )))
        }
    }
}
