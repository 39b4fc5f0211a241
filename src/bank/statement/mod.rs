//! Reader of bank statements. Only the day, the amount, the direction and the description of each
//! movement are read. A direction that the statement does not give is not guessed.

mod amounts;
mod camt053;
mod columns;
mod csv;
mod days;
mod decimals;
mod mt940;
mod ofx;
mod xml;

use jiff::civil::Date;

use super::layout::StatementLayout;
use crate::decode::decode_text;

/// Maximum number of lines of a CSV statement, and of movements of any statement.
const LINES_MAX: usize = 50_000;

/// Whether money left the account or came to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Out,
    In,
}

/// A movement on the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEntry {
    pub on: Date,
    /// In pence.
    pub pence: u64,
    /// None if the statement does not say it or contradicts itself: a person decides.
    pub direction: Option<Direction>,
    /// Reference, description and name from the statement, joined by spaces.
    pub description: String,
}

/// A line that is not a movement, such as an opening balance or a pending payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedLine {
    pub line: usize,
    pub why: SkippedReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkippedReason {
    /// A balance or a total.
    Balance,
    /// The bank has not finished the movement.
    Pending,
    /// The bank has refused or cancelled the movement.
    NotBooked,
    /// A note, a title or another line without a movement.
    NotALine,
}

/// What a statement contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    pub entries: Vec<StatementEntry>,
    /// The lines that are not movements, so that the page can list them.
    pub skipped: Vec<SkippedLine>,
}

/// Why a statement cannot be read. The messages quote nothing from the statement, which contains
/// personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error(
        "we cannot read this file: use a CSV file with column titles, or an OFX, camt.053 or MT940 \
            file"
    )]
    UnknownFormat,
    #[error("this file needs a column for {0}")]
    MissingColumn(&'static str),
    #[error("line {0}: {1}")]
    UnreadableLine(usize, &'static str),
    #[error("there are no payments in this file")]
    Empty,
    #[error("a statement can have up to {LINES_MAX} lines: upload it in parts")]
    TooLong,
}

/// A format other than CSV: how it is recognised, and its reader.
struct Format {
    is_it: fn(&str) -> bool,
    read: fn(&str) -> Result<Statement, StatementError>,
}

const FORMATS: &[Format] = &[
    Format {
        is_it: ofx::is_it,
        read: ofx::read,
    },
    Format {
        is_it: camt053::is_it,
        read: camt053::read,
    },
    Format {
        is_it: mt940::is_it,
        read: mt940::read,
    },
];

/// Reads a statement in any of the formats. If one line cannot be read the whole statement is
/// refused.
pub fn read_statement(bytes: &[u8]) -> Result<Statement, StatementError> {
    read_statement_with(bytes, None)
}

/// Reads a statement. The operator's layout is used for a CSV file whose titles are unknown, or
/// that has none.
pub fn read_statement_with(
    bytes: &[u8],
    layout: Option<&StatementLayout>,
) -> Result<Statement, StatementError> {
    let decoded = decode_text(bytes).map_err(|_| StatementError::UnknownFormat)?;
    let text = decoded.text;
    let format = FORMATS.iter().find(|format| (format.is_it)(&text));
    let statement = match format {
        Some(format) => (format.read)(&text)?,
        None => csv::read(&text, layout)?,
    };
    match statement.entries.len() {
        0 => Err(StatementError::Empty),
        count if count > LINES_MAX => Err(StatementError::TooLong),
        _ => Ok(statement),
    }
}

#[cfg(test)]
mod dialect_tests;
#[cfg(test)]
mod tests;
