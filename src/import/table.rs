//! Table with titles in its first line: CSV, XLSX, ODS, or a 360Giving package in JSON.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::line::{
    CELL_BYTES_MAX, COLUMNS_MAX, ImportLine, LINES_MAX, TEXT_BYTES_MAX, TableError, is_known_title,
    unknown_format,
};
use super::{threesixtygiving, workbook};
use crate::sandbox::{Sandbox, Upload};

/// The lines of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportTable {
    pub(super) lines: Vec<ImportLine>,
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
        let text: usize = lines.iter().map(ImportLine::text_bytes).sum();
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
    let line = |(number, row): (usize, Vec<String>)| {
        let fields = titles
            .iter()
            .zip(row)
            .map(|(title, field)| (title, field.trim().to_owned()))
            .filter(|(title, field)| !field.is_empty() && is_known_title(title));
        ImportLine::new(number, fields)
    };
    (2..).zip(rows).filter(is_filled).map(line).collect()
}
