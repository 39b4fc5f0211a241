//! Table with titles in its first line: CSV, XLSX, ODS, or a 360Giving package in JSON.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{threesixtygiving, workbook};
use crate::domain::Money;
use crate::sandbox::{Sandbox, SandboxError, Upload};

/// Maximum number of lines of a table, without the line of titles.
pub const LINES_MAX: usize = 20_000;
/// Maximum number of columns.
pub(super) const COLUMNS_MAX: usize = 500;
/// Maximum size of a cell, in bytes.
pub(super) const CELL_BYTES_MAX: usize = 10_000;
/// Maximum size of all cells in known columns together, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;
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

/// Why a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum TableError {
    #[error("this is no CSV, no XLSX, no ODS and no 360Giving JSON: {0}")]
    Unknown(String),
    #[error(
        "a table has at most {LINES_MAX} lines and {COLUMNS_MAX} columns, cells of 10,000 characters, 16 MB of text that is read, \
         and 64 MB when it is unpacked"
    )]
    TooLong,
    #[error("there is no line in it")]
    Empty,
    #[error(
        "this file could not be read: it is damaged, or takes more room than a table may. Save it as CSV, and send that"
    )]
    Unreadable,
    #[error("many files are being read just now: send it again in a minute")]
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

/// The lines of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportTable {
    pub(super) lines: Vec<ImportLine>,
}

/// A line: cells by the title of their column, in lower case. Empty cells are left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ImportLine {
    /// Line number in the file, the titles being line 1. In JSON: number of the grant, from 1.
    pub number: usize,
    fields: BTreeMap<String, String>,
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
        let lines = if bytes.starts_with(b"PK") {
            lines_from_cells(workbook::cells(bytes)?)
        } else if bytes.trim_ascii_start().starts_with(b"{") {
            threesixtygiving::lines(bytes)?
        } else {
            lines_from_cells(csv_cells(bytes)?)
        };
        let text: usize = lines
            .iter()
            .flat_map(|line| line.fields.values())
            .map(String::len)
            .sum();
        match lines.len() {
            0 => Err(TableError::Empty),
            count if count > LINES_MAX || text > TEXT_BYTES_MAX => Err(TableError::TooLong),
            _ => Ok(Self { lines }),
        }
    }
}

fn csv_cells(bytes: &[u8]) -> Result<Vec<Vec<String>>, TableError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut rows = Vec::new();
    for line in reader.records() {
        let line = line.map_err(unknown_format)?;
        if rows.len() > LINES_MAX
            || line.len() > COLUMNS_MAX
            || line.iter().any(|field| field.len() > CELL_BYTES_MAX)
        {
            return Err(TableError::TooLong);
        }
        rows.push(line.iter().map(str::to_owned).collect());
    }
    Ok(rows)
}

fn lines_from_cells(cells: Vec<Vec<String>>) -> Vec<ImportLine> {
    let mut rows = cells.into_iter();
    let titles: Vec<String> = rows
        .next()
        .unwrap_or_default()
        .iter()
        .map(|title| title.trim().to_lowercase())
        .collect();
    let is_filled = |(_, row): &(usize, Vec<String>)| {
        row.iter()
            .zip(&titles)
            .any(|(field, _)| !field.trim().is_empty())
    };
    let line = |(number, row): (usize, Vec<String>)| ImportLine {
        number,
        fields: titles
            .iter()
            .zip(row)
            .map(|(title, field)| (title, field.trim().to_owned()))
            .filter(|(title, field)| !field.is_empty() && KNOWN_TITLES.contains(&title.as_str()))
            .map(|(title, field)| (title.clone(), field))
            .collect(),
    };
    (2..).zip(rows).filter(is_filled).map(line).collect()
}

impl ImportLine {
    pub fn new(number: usize, fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self {
            number,
            fields: fields
                .into_iter()
                .map(|(title, field)| (title.to_owned(), field))
                .collect(),
        }
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
                "{} “{text}” is no day such as 2026-03-31",
                titles[0]
            ))
        })
    }
}
