//! A table with titles in its first line: CSV, XLSX, ODS, or a 360Giving package in JSON.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{open_data, workbook};
use crate::domain::Money;

/// How many lines a table has at most, and how many columns.
/// How many lines a table may have.
pub const LINES_MOST: usize = 20_000;
pub(super) const COLUMNS_MOST: usize = 500;
/// How many bytes a cell has at most, and a title.
pub(super) const CELL_MOST: usize = 10_000;
const TITLE_MOST: usize = 60;

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("this is no CSV, no XLSX, no ODS and no 360Giving JSON: {0}")]
    Unknown(String),
    #[error("a table has at most {LINES_MOST} lines and {COLUMNS_MOST} columns, cells of 10,000 characters, and 64 MB when it is unpacked")]
    TooLong,
    #[error("there is no line in it")]
    Empty,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong(pub String);

/// Lines by title.
#[derive(Clone, Debug)]
pub struct Table {
    pub(super) lines: Vec<Line>,
}

/// A line, by the titles of its columns in small letters.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Its number in the file.
    pub number: usize,
    fields: BTreeMap<String, String>,
}

impl Table {
    /// How many lines it has beneath its titles.
    #[must_use]
    pub fn length(&self) -> usize {
        self.lines.len()
    }

    /// Reads a file by what it is, whatever its name says.
    ///
    /// # Errors
    /// When it is no table.
    pub fn read(bytes: &[u8]) -> Result<Self, TableError> {
        let lines = if bytes.starts_with(b"PK") {
            of_cells(workbook::cells(bytes)?)
        } else if bytes.trim_ascii_start().starts_with(b"{") {
            open_data::lines(bytes)?
        } else {
            of_cells(csv(bytes)?)
        };
        match lines.len() {
            0 => Err(TableError::Empty),
            count if count > LINES_MOST => Err(TableError::TooLong),
            _ => Ok(Self { lines }),
        }
    }
}

fn csv(bytes: &[u8]) -> Result<Vec<Vec<String>>, TableError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut rows = Vec::new();
    for line in reader.records() {
        let line = line.map_err(|error| TableError::Unknown(error.to_string()))?;
        if rows.len() > LINES_MOST || line.len() > COLUMNS_MOST || line.iter().any(|field| field.len() > CELL_MOST) {
            return Err(TableError::TooLong);
        }
        rows.push(line.iter().map(str::to_owned).collect());
    }
    Ok(rows)
}

fn of_cells(cells: Vec<Vec<String>>) -> Vec<Line> {
    // A longer title is none that is known, and would stand in every line.
    let short = |title: &String| title.len() <= TITLE_MOST;
    let mut rows = cells.into_iter();
    let titles: Vec<String> = rows.next().unwrap_or_default().iter().map(|title| title.trim().to_lowercase()).collect();
    let line = |(number, row): (usize, Vec<String>)| Line {
        number,
        fields: titles
            .iter()
            .cloned()
            .zip(row.into_iter().map(|field| field.trim().to_owned()))
            .filter(|(title, field)| !field.is_empty() && short(title))
            .collect(),
    };
    (2..).zip(rows).map(line).filter(|line| !line.fields.is_empty()).collect()
}

impl Line {
    pub fn of(number: usize, fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { number, fields: fields.into_iter().map(|(title, field)| (title.to_owned(), field)).collect() }
    }

    /// What stands under the first of these titles that the line has.
    pub fn find(&self, titles: &[&str]) -> Option<&str> {
        titles.iter().find_map(|title| self.fields.get(*title)).map(String::as_str)
    }

    pub fn must(&self, titles: &[&str]) -> Result<&str, Wrong> {
        self.find(titles).ok_or_else(|| Wrong(format!("{} is missing", titles[0])))
    }

    /// A text that parses as it should.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self, titles: &[&str]) -> Result<T, Wrong> {
        let text = self.must(titles)?;
        text.parse().map_err(|error| Wrong(format!("{} “{text}”: {error}", titles[0])))
    }

    /// An amount as people write it: `£1,234.50`, `1234.5`. A decimal comma is refused rather than left out.
    pub fn money(&self, titles: &[&str]) -> Result<Money, Wrong> {
        let text = self.must(titles)?;
        Money::written(text).map_err(|error| Wrong(format!("{} “{text}”: {error}", titles[0])))
    }

    /// A day: `2026-03-31`, perhaps with a time after it, or `31/03/2026`.
    pub fn day(&self, titles: &[&str]) -> Result<Date, Wrong> {
        let text = self.must(titles)?;
        let date = text.get(..10).unwrap_or(text);
        let read = date.parse().ok().or_else(|| Date::strptime("%d/%m/%Y", text).ok());
        read.ok_or_else(|| Wrong(format!("{} “{text}” is no day such as 2026-03-31", titles[0])))
    }
}
