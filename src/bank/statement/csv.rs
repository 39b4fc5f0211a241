//! Statements as CSV, with any of the usual separators. Lines above the titles, balances and
//! pending lines are skipped and named.

use jiff::civil::Date;

use super::amounts::{AmountSign, SignedAmount, parse_amount};
use super::columns::{AmountColumns, Columns, direction_of_word, is_day_title, plain_words};
use super::days::parse_day;
use super::{
    Direction, LINES_MAX, SkippedLine, SkippedReason, Statement, StatementEntry, StatementError,
};
use crate::bank::layout::StatementLayout;

/// The separators that are tried, in this order.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The first words of a line of balances, as [`plain_words`] writes them.
const BALANCES: [&str; 13] = [
    "opening balance",
    "closing balance",
    "balance brought forward",
    "balance carried forward",
    "brought forward",
    "carried forward",
    "balance b f",
    "balance c f",
    "start balance",
    "end balance",
    "starting balance",
    "ending balance",
    "available balance",
];
/// The first words of a line of totals. Such a line has no day, unlike a movement with these words.
const TOTALS: [&str; 3] = ["total", "totals", "balance"];
/// Words in a column of states for movements that are pending or cancelled.
const PENDING_STATES: [&str; 6] = [
    "pending",
    "authorised",
    "authorized",
    "processing",
    "scheduled",
    "in progress",
];
const REFUSED_STATES: [&str; 7] = [
    "reverted",
    "declined",
    "failed",
    "cancelled",
    "canceled",
    "rejected",
    "refused",
];

/// A line of the file.
enum CsvLine {
    Blank,
    Skipped(SkippedReason),
    Movement(CsvMovement),
}

/// A movement, with all that its line says about the direction.
struct CsvMovement {
    on: Date,
    pence: u64,
    description: String,
    said: Vec<Direction>,
    sign: AmountSign,
}

/// Reads a statement by its line of titles, or by the operator's layout if no line has known
/// titles.
pub(super) fn read(
    text: &str,
    layout: Option<&StatementLayout>,
) -> Result<Statement, StatementError> {
    let named = named_separator(text);
    let mut wrong = None;
    for separator in SEPARATORS {
        if named.is_some_and(|named| named != separator) {
            continue;
        }
        let lines = split(text, separator)?;
        match find_titles(&lines) {
            Ok(Some((head, columns))) => {
                return read_lines(&lines, Some(head), &columns, separator);
            }
            Ok(None) => {}
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    let Some(layout) = layout else {
        return Err(wrong.unwrap_or(StatementError::UnknownFormat));
    };
    let separator = u8::try_from(layout.separator).map_err(|_| StatementError::UnknownFormat)?;
    let columns = Columns::by_layout(layout)?;
    read_lines(&split(text, separator)?, None, &columns, separator)
}

/// The separator that a spreadsheet program names in the first line: `sep=;`.
fn named_separator(text: &str) -> Option<u8> {
    let first = text.lines().next()?.trim_start_matches('"').to_lowercase();
    let separator = first.strip_prefix("sep=")?.bytes().next()?;
    SEPARATORS.contains(&separator).then_some(separator)
}

fn split(text: &str, separator: u8) -> Result<Vec<::csv::StringRecord>, StatementError> {
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let lines = reader
        .records()
        .take(LINES_MAX + 1)
        .collect::<Result<Vec<::csv::StringRecord>, _>>()
        .map_err(|_| StatementError::UnknownFormat)?;
    if lines.len() > LINES_MAX {
        return Err(StatementError::TooLong);
    }
    Ok(lines)
}

/// The first line of titles with all columns that are needed, and its columns. Banks write the
/// account and its balance above it. Fails with what is missing in a line that names a day only.
fn find_titles(lines: &[::csv::StringRecord]) -> Result<Option<(usize, Columns)>, StatementError> {
    let mut wrong = None;
    for (place, line) in lines.iter().enumerate() {
        if line.len() < 2 || !line.iter().any(is_day_title) {
            continue;
        }
        match Columns::by_titles(line, line_number(line)) {
            Ok(columns) => return Ok(Some((place, columns))),
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    wrong.map_or(Ok(None), Err)
}

fn line_number(line: &::csv::StringRecord) -> usize {
    line.position()
        .and_then(|position| usize::try_from(position.line()).ok())
        .unwrap_or_default()
}

/// Reads the lines below the titles. Without titles, lines above the first movement need no day.
fn read_lines(
    lines: &[::csv::StringRecord],
    head: Option<usize>,
    columns: &Columns,
    separator: u8,
) -> Result<Statement, StatementError> {
    let (mut movements, mut skipped) = (Vec::new(), Vec::new());
    for (place, line) in lines.iter().enumerate() {
        let is_above = head.is_some_and(|head| place <= head);
        let is_title = head.is_some_and(|head| lines[head] == *line);
        let content = if is_blank(line) || head == Some(place) || names_separator(line) {
            CsvLine::Blank
        } else if is_above || is_title {
            CsvLine::Skipped(SkippedReason::NotALine)
        } else {
            match columns.read_line(line, separator) {
                Err(_) if head.is_none() && movements.is_empty() && !columns.has_day(line) => {
                    CsvLine::Skipped(SkippedReason::NotALine)
                }
                read => read?,
            }
        };
        match content {
            CsvLine::Blank => {}
            CsvLine::Skipped(why) => skipped.push(SkippedLine {
                line: line_number(line),
                why,
            }),
            CsvLine::Movement(movement) => movements.push(movement),
        }
    }
    // An amount without a sign came in only where the file writes a minus for money out.
    let has_minus = movements
        .iter()
        .any(|movement| movement.sign == AmountSign::Minus);
    let entries = movements
        .into_iter()
        .map(|movement| movement.into_entry(has_minus))
        .collect();
    Ok(Statement { entries, skipped })
}

fn is_blank(line: &::csv::StringRecord) -> bool {
    line.iter().all(|field| field.trim().is_empty())
}

fn names_separator(line: &::csv::StringRecord) -> bool {
    line.iter()
        .next()
        .is_some_and(|field| field.to_lowercase().starts_with("sep="))
}

impl CsvMovement {
    fn into_entry(self, has_minus: bool) -> StatementEntry {
        let mut said = self.said;
        said.extend(self.sign.direction());
        if self.sign == AmountSign::Unmarked && has_minus {
            said.push(Direction::In);
        }
        let direction = said
            .first()
            .copied()
            .filter(|first| said.iter().all(|other| other == first))
            .filter(|_| self.sign != AmountSign::Contradictory);
        StatementEntry {
            on: self.on,
            pence: self.pence,
            direction,
            description: self.description,
        }
    }
}

impl Columns {
    fn has_day(&self, line: &::csv::StringRecord) -> bool {
        line.get(self.day).and_then(parse_day).is_some()
    }

    fn read_line(
        &self,
        line: &::csv::StringRecord,
        separator: u8,
    ) -> Result<CsvLine, StatementError> {
        let field = |column: usize| line.get(column).unwrap_or_default().trim();
        let wrong = |says| StatementError::UnreadableLine(line_number(line), says);
        let has = |places: &[usize], words: &[&str]| {
            let mut said = places.iter().map(|place| plain_words(field(*place)));
            said.any(|said| words.contains(&said.as_str()))
        };
        let is_pending = plain_words(field(self.day)).starts_with("pending")
            || line.iter().any(|field| plain_words(field) == "pending");
        if is_pending || has(&self.states, &PENDING_STATES) {
            return Ok(CsvLine::Skipped(SkippedReason::Pending));
        }
        if has(&self.states, &REFUSED_STATES) {
            return Ok(CsvLine::Skipped(SkippedReason::NotBooked));
        }
        if begins_with(line, &BALANCES) {
            return Ok(CsvLine::Skipped(SkippedReason::Balance));
        }
        let has_amount = self.amounts().iter().any(|place| !field(*place).is_empty());
        let Some(on) = parse_day(field(self.day)) else {
            if begins_with(line, &TOTALS) {
                return Ok(CsvLine::Skipped(SkippedReason::Balance));
            }
            let filled = line.iter().filter(|field| !field.trim().is_empty()).count();
            if !has_amount && (field(self.day).is_empty() || filled <= 2) {
                return Ok(CsvLine::Skipped(SkippedReason::NotALine));
            }
            return Err(wrong("we cannot read the date"));
        };
        self.must_be_one_line(line, separator)?;
        if !has_amount {
            return Ok(CsvLine::Skipped(SkippedReason::NotALine));
        }
        if has_other_currency(self.currencies.iter().map(|place| field(*place))) {
            return Err(wrong("this amount is not in pounds"));
        }
        let Some((pence, sign, side)) = self.read_amount(line)? else {
            return Ok(CsvLine::Skipped(SkippedReason::NotALine));
        };
        let words = self.directions.iter().map(|place| field(*place));
        Ok(CsvLine::Movement(CsvMovement {
            on,
            pence,
            description: self.description_of(line),
            said: words.filter_map(direction_of_word).chain(side).collect(),
            sign,
        }))
    }

    /// The amount of a line, its sign, and the direction that its column gives. `None` if no money
    /// moved.
    fn read_amount(
        &self,
        line: &::csv::StringRecord,
    ) -> Result<Option<(u64, AmountSign, Option<Direction>)>, StatementError> {
        let wrong = |says| StatementError::UnreadableLine(line_number(line), says);
        let amount = |column: usize| -> Result<Option<SignedAmount>, StatementError> {
            let written = line.get(column).unwrap_or_default().trim();
            if written.is_empty() {
                return Ok(None);
            }
            let read = parse_amount(written).ok_or_else(|| wrong("we cannot read the amount"))?;
            Ok(Some(read).filter(|read| read.pence > 0))
        };
        match self.amount {
            AmountColumns::One(column) => {
                Ok(amount(column)?.map(|read| (read.pence, read.sign, None)))
            }
            AmountColumns::OutAndIn(out, into) => match (amount(out)?, amount(into)?) {
                (None, None) => Ok(None),
                (Some(read), None) => Ok(Some((
                    read.pence,
                    as_marked(read.sign, AmountSign::Debit),
                    Some(Direction::Out),
                ))),
                (None, Some(read)) => Ok(Some((
                    read.pence,
                    as_marked(read.sign, AmountSign::Credit),
                    Some(Direction::In),
                ))),
                (Some(_), Some(_)) => Err(wrong("this line has money out and money in")),
            },
        }
    }

    /// Refuses a line with more fields than titles, if an amount may have been cut in two at a
    /// comma, and a line that has others in it because of a quotation mark.
    fn must_be_one_line(
        &self,
        line: &::csv::StringRecord,
        separator: u8,
    ) -> Result<(), StatementError> {
        let wrong = |says| Err(StatementError::UnreadableLine(line_number(line), says));
        let is_more = line
            .iter()
            .skip(self.count)
            .any(|field| !field.trim().is_empty());
        let ends_with_text = self.descriptions.contains(&(self.count - 1));
        let is_cut = |place: &usize| {
            let next = line.get(place + 1).unwrap_or_default().trim();
            next.starts_with(|c: char| c.is_ascii_digit())
        };
        if is_more && (!ends_with_text || self.amounts().iter().any(is_cut)) {
            return wrong("this line has more columns than there are titles");
        }
        let separator = char::from(separator);
        let is_another = |inside: &str| {
            inside.matches(separator).count() + 1 >= self.count
                && inside
                    .split(separator)
                    .any(|field| parse_day(field).is_some())
        };
        if line
            .iter()
            .any(|field| field.lines().skip(1).any(is_another))
        {
            return wrong("a quotation mark is not closed");
        }
        Ok(())
    }

    /// The text of a line. Fields without a title belong to the last column.
    fn description_of(&self, line: &::csv::StringRecord) -> String {
        let untitled = self.count..line.len();
        self.descriptions
            .iter()
            .copied()
            .chain(untitled)
            .filter_map(|place| line.get(place))
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The sign of an amount whose column gives its direction: one without a mark has the column's.
fn as_marked(sign: AmountSign, of_column: AmountSign) -> AmountSign {
    match sign {
        AmountSign::Unmarked => of_column,
        sign => sign,
    }
}

/// Whether a field of a line is one of the words, or begins with one.
fn begins_with(line: &::csv::StringRecord, words: &[&str]) -> bool {
    line.iter().map(plain_words).any(|said| {
        words.iter().any(|word| {
            said.strip_prefix(word)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    })
}

fn has_other_currency<'a>(mut fields: impl Iterator<Item = &'a str>) -> bool {
    fields.any(|field| {
        let field = field.trim().to_uppercase();
        !matches!(field.as_str(), "" | "GBP" | "£")
    })
}
