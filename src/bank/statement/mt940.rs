//! Reader of MT940, the bank statement of SWIFT: a line `:61:` for each movement, and its
//! description in the `:86:` after it.

use jiff::civil::Date;

use super::decimals::{is_digits, parse_pence};
use super::{
    Direction, LINES_MAX, SkippedLine, SkippedReason, Statement, StatementEntry, StatementError,
};
use crate::domain::day_parts::number;

/// The marks of a movement, longer ones first, with the direction of the money: a reversed credit
/// left the account, a reversed debit came back. An expected movement has no direction yet.
const MARKS: [(&str, Option<Direction>); 6] = [
    ("RC", Some(Direction::Out)),
    ("RD", Some(Direction::In)),
    ("EC", None),
    ("ED", None),
    ("C", Some(Direction::In)),
    ("D", Some(Direction::Out)),
];

/// What banks write where the payer gave no reference.
const NO_REFERENCE: &str = "NONREF";

/// A field of the message, with the line on which it begins.
struct MtField<'t> {
    line: usize,
    tag: &'t str,
    /// Its text, and the lines that continue it.
    lines: Vec<&'t str>,
}

pub(super) fn is_it(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with([':', '{'])
        && text
            .lines()
            .filter_map(split_tag)
            .any(|(tag, _)| matches!(tag, "60F" | "60M" | "61"))
}

pub(super) fn read(text: &str) -> Result<Statement, StatementError> {
    let mut statement = Statement::default();
    let mut currency: Option<&str> = None;
    // Whether the words of `:86:` belong to the newest movement. Elsewhere they are those of the
    // whole statement.
    let mut is_open = false;
    for field in fields(text) {
        let wrong = |says| StatementError::UnreadableLine(field.line, says);
        let first = field.lines.first().copied().unwrap_or_default();
        match field.tag {
            "60F" | "60M" => currency = first.get(7..10),
            "61" => {
                match currency {
                    Some("GBP") => {}
                    Some(_) => return Err(wrong("the amount is not in pounds")),
                    None => return Err(wrong("we cannot tell the currency")),
                }
                let movement = read_movement(first, &field.lines).map_err(wrong)?;
                is_open = movement.is_some();
                match movement {
                    Some(entry) => statement.entries.push(entry),
                    None => statement.skipped.push(SkippedLine {
                        line: field.line,
                        why: SkippedReason::Pending,
                    }),
                }
            }
            "86" => {
                if let Some(entry) = statement.entries.last_mut().filter(|_| is_open) {
                    append(&mut entry.description, &words_of(&field.lines));
                }
                continue;
            }
            _ => {}
        }
        is_open &= field.tag == "61";
        if statement.entries.len() + statement.skipped.len() > LINES_MAX {
            return Err(StatementError::TooLong);
        }
    }
    Ok(statement)
}

/// The fields of all messages. Headers and ends of messages are left out.
fn fields(text: &str) -> Vec<MtField<'_>> {
    let mut fields: Vec<MtField<'_>> = Vec::new();
    let mut is_inside = false;
    let text = text.trim_start_matches('\u{feff}');
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if let Some((tag, rest)) = split_tag(line) {
            is_inside = true;
            fields.push(MtField {
                line: at + 1,
                tag,
                lines: vec![rest],
            });
        } else if line == "-" || line.starts_with("-}") {
            is_inside = false;
        } else if let Some(field) = fields.last_mut().filter(|_| is_inside) {
            field.lines.push(line);
        }
    }
    fields
}

/// Tag and text of a line that begins a field: `:60F:C261125GBP1000,00`.
fn split_tag(line: &str) -> Option<(&str, &str)> {
    let (tag, rest) = line.strip_prefix(':')?.split_once(':')?;
    let (digits, letter) = tag.split_at_checked(2)?;
    let is_tag = is_digits(digits)
        && letter.len() <= 1
        && letter.bytes().all(|byte| byte.is_ascii_uppercase());
    is_tag.then_some((tag, rest))
}

/// The movement of a `:61:`; `None` if it is only expected.
fn read_movement(first: &str, lines: &[&str]) -> Result<Option<StatementEntry>, &'static str> {
    let no_day = "we cannot read the date";
    let (value_day, rest) = first.split_at_checked(6).ok_or(no_day)?;
    let value_day = parse_day(value_day).ok_or(no_day)?;
    let (on, rest) = entry_day(value_day, rest).ok_or(no_day)?;
    let (direction, rest) = MARKS
        .into_iter()
        .find_map(|(mark, direction)| Some((direction, rest.strip_prefix(mark)?)))
        .ok_or("we cannot tell if the money came in or went out")?;
    // The third letter of the currency may follow.
    let rest = rest
        .strip_prefix(|c: char| c.is_ascii_uppercase())
        .unwrap_or(rest);
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != ',')
        .unwrap_or(rest.len());
    let (amount, rest) = rest.split_at(end);
    let pence = parse_amount(amount)
        .filter(|_| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase()))
        .ok_or("we cannot read the amount")?;
    let Some(direction) = direction else {
        return Ok(None);
    };
    // Four letters say what kind of movement it is; the references follow.
    let references = rest.get(4..).unwrap_or_default().split("//");
    let mut description = String::new();
    for text in references.filter(|text| text.trim() != NO_REFERENCE) {
        append(&mut description, text);
    }
    append(
        &mut description,
        &words_of(lines.get(1..).unwrap_or_default()),
    );
    Ok(Some(StatementEntry {
        on,
        pence,
        direction: Some(direction),
        description,
    }))
}

/// An amount with a comma before the pence. More than two digits after it are not read: they would
/// be thousands.
fn parse_amount(written: &str) -> Option<u64> {
    let pence = written.split_once(',').map_or("", |(_, pence)| pence);
    parse_pence(written, ',').filter(|_| pence.len() <= 2)
}

/// A day of six digits: `261126`.
fn parse_day(digits: &str) -> Option<Date> {
    let year: i16 = number(digits.get(..2)?, 2)?;
    day_in(2000 + year, digits.get(2..)?)
}

/// A day of four digits, in a year.
fn day_in(year: i16, digits: &str) -> Option<Date> {
    let (month, day) = (number(digits.get(..2)?, 2)?, number(digits.get(2..)?, 2)?);
    Date::new(year, month, day).ok()
}

/// The day on which a movement was booked, and the text after it. It has no year: that of the value
/// day, the year before or the year after, whichever is nearest. Without it the value day counts.
fn entry_day(value_day: Date, rest: &str) -> Option<(Date, &str)> {
    let Some((digits, after)) = rest
        .split_at_checked(4)
        .filter(|(digits, _)| is_digits(digits))
    else {
        return Some((value_day, rest.trim_start()));
    };
    let year = value_day.year();
    let nearest = [year - 1, year, year + 1]
        .into_iter()
        .filter_map(|year| day_in(year, digits))
        .min_by_key(|day| (*day - value_day).get_days().abs())?;
    Some((nearest, after))
}

/// The words of continued lines. Codes of subfields, as in `?20SVWZ`, become a space.
fn words_of(lines: &[&str]) -> String {
    let joined = lines.join(" ");
    let mut parts = joined.split('?');
    let mut words = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).unwrap_or(("", part));
        if code.len() == 2 && is_digits(code) {
            append(&mut words, rest);
        } else {
            append(&mut words, part);
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn append(description: &mut String, words: &str) {
    let words = words.trim();
    if !description.is_empty() && !words.is_empty() {
        description.push(' ');
    }
    description.push_str(words);
}

#[cfg(test)]
mod tests;
