//! The lines of a table, the limits of its size, and what can be wrong with it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::Money;
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

/// Titles of all columns that an import reads. Other columns are ignored.
const KNOWN_TITLES: [&str; 36] = [
    "amount",
    "amount awarded",
    "area",
    "award date",
    "awarded_on",
    "beneficiary location:0:name",
    "beneficiary location:name",
    "charity number",
    "charity_number",
    "company number",
    "company_number",
    "currency",
    "date",
    "description",
    "fund",
    "funder",
    "funder_id",
    "funding org:0:identifier",
    "funding org:0:name",
    "funding org:identifier",
    "funding org:name",
    "group",
    "id",
    "identifier",
    "name",
    "number",
    "received on",
    "received_on",
    "recipient org:0:identifier",
    "recipient org:0:name",
    "recipient org:identifier",
    "recipient org:name",
    "recipient_id",
    "reference",
    "standing",
    "title",
];

/// Whether an import reads the column with this title.
pub(super) fn is_known_title(title: &str) -> bool {
    KNOWN_TITLES.contains(&title)
}

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

/// Wraps a library's error message. It is cut, because it may quote the file.
pub(super) fn unknown_format(reason: impl std::fmt::Display) -> TableError {
    TableError::Unknown(reason.to_string().chars().take(REASON_CHARS_MAX).collect())
}

/// Error in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowError(pub String);

/// A line: cells by the title of their column, in lower case. Empty cells are left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ImportLine {
    /// Line number in the file, the titles being line 1. In JSON: number of the grant, from 1.
    pub number: usize,
    fields: BTreeMap<String, String>,
}

impl ImportLine {
    pub fn new(
        number: usize,
        fields: impl IntoIterator<Item = (impl Into<String>, String)>,
    ) -> Self {
        Self {
            number,
            fields: fields
                .into_iter()
                .map(|(title, field)| (title.into(), field))
                .collect(),
        }
    }

    /// Size of all cells, in bytes.
    pub fn text_bytes(&self) -> usize {
        self.fields.values().map(String::len).sum()
    }

    /// The cell under the first of these titles that the line has.
    pub fn find(&self, titles: &[&str]) -> Option<&str> {
        debug_assert!(
            titles.iter().all(|title| KNOWN_TITLES.contains(title)),
            "{titles:?} are read"
        );
        titles
            .iter()
            .find_map(|title| self.fields.get(*title))
            .map(String::as_str)
    }

    /// The cell under the first of these titles; an error if there is none.
    pub fn required(&self, titles: &[&str]) -> Result<&str, RowError> {
        self.find(titles)
            .ok_or_else(|| RowError(format!("{} is missing", titles[0])))
    }

    /// Parses the cell under the first of these titles.
    pub fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        titles: &[&str],
    ) -> Result<T, RowError> {
        let text = self.required(titles)?;
        text.parse()
            .map_err(|error| RowError(format!("{} “{text}”: {error}", titles[0])))
    }

    /// Parses an amount as people write it: `£1,234.50`, `1234.5`. A decimal comma is an error, and
    /// is not silently dropped.
    pub fn money(&self, titles: &[&str]) -> Result<Money, RowError> {
        let text = self.required(titles)?;
        Money::parse_formatted(text)
            .map_err(|error| RowError(format!("{} “{text}”: {error}", titles[0])))
    }

    /// Parses a day: `2026-03-31`, with or without a time after it, or `31/03/2026`.
    pub fn day(&self, titles: &[&str]) -> Result<Date, RowError> {
        let text = self.required(titles)?;
        let date = text.get(..10).unwrap_or(text);
        let read = date
            .parse()
            .ok()
            .or_else(|| Date::strptime("%d/%m/%Y", text).ok());
        read.ok_or_else(|| {
            RowError(format!(
                "{} “{text}” is not a date, such as 31/03/2026",
                titles[0]
            ))
        })
    }
}
