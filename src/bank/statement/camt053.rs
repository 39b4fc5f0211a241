//! Reader of camt.053, the bank statement of ISO 20022, in any of its versions.
//!
//! The direction is the entry's own (`CdtDbtInd`), also for a reversal: a payment that comes back
//! is a credit, with or without `RvslInd`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::decimals::parse_pence;
use super::xml::{XmlElement, XmlElements};
use super::{
    Direction, LINES_MAX, SkippedLine, SkippedReason, Statement, StatementEntry, StatementError,
};
use crate::clock::day_of;

/// The namespace without its version.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";

/// Where an entry has its day: the booking date, or else the value date.
const DAYS: [&[&str]; 4] = [
    &["BookgDt", "Dt"],
    &["BookgDt", "DtTm"],
    &["ValDt", "Dt"],
    &["ValDt", "DtTm"],
];

/// Where the details of a transaction have its own amount. Older versions have it only inside
/// `AmtDtls`.
const OWN_AMOUNTS: [&[&str]; 3] = [
    &["Amt"],
    &["AmtDtls", "TxAmt", "Amt"],
    &["AmtDtls", "InstdAmt", "Amt"],
];

/// Where the details of a transaction have its identifiers.
const DETAIL_TEXTS: [&[&str]; 10] = [
    &["Refs", "EndToEndId"],
    &["Refs", "InstrId"],
    &["RmtInf", "Ustrd"],
    &["RmtInf", "Strd", "CdtrRefInf", "Ref"],
    &["RltdPties", "Cdtr", "Nm"],
    &["RltdPties", "Cdtr", "Pty", "Nm"],
    &["RltdPties", "Dbtr", "Nm"],
    &["RltdPties", "Dbtr", "Pty", "Nm"],
    &["RtrInf", "AddtlInf"],
    &["AddtlTxInf"],
];

/// Where an entry has its identifiers.
const ENTRY_TEXTS: [&[&str]; 2] = [&["NtryRef"], &["AddtlNtryInf"]];

/// What banks write where there is no end-to-end id.
const NO_REFERENCE: &str = "NOTPROVIDED";

pub(super) fn is_it(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('<')
        && text.contains(NAMESPACE)
}

pub(super) fn read(text: &str) -> Result<Statement, StatementError> {
    let mut elements = XmlElements::new(text, "Ntry", NAMESPACE);
    let mut statement = Statement::default();
    while let Some((line, entry)) = elements.read_next()? {
        match status_of(&entry) {
            "BOOK" => statement.entries.extend(
                read_entry(&entry).map_err(|says| StatementError::UnreadableLine(line, says))?,
            ),
            status => {
                let why = match status {
                    "PDNG" | "FUTR" => SkippedReason::Pending,
                    _ => SkippedReason::NotBooked,
                };
                statement.skipped.push(SkippedLine { line, why });
            }
        }
        if statement.entries.len() + statement.skipped.len() > LINES_MAX {
            return Err(StatementError::TooLong);
        }
    }
    Ok(statement)
}

/// The state of an entry: a text in older versions, a code in newer ones.
fn status_of(entry: &XmlElement) -> &str {
    entry
        .find(&["Sts", "Cd"])
        .or_else(|| entry.find(&["Sts"]))
        .map_or("", XmlElement::text)
}

/// The movements of a booked entry: one, or those of a batch whose transactions have amounts that
/// add up to it.
fn read_entry(entry: &XmlElement) -> Result<Vec<StatementEntry>, &'static str> {
    let on = DAYS
        .into_iter()
        .find_map(|path| entry.find(path))
        .and_then(|day| parse_day(day.text()))
        .ok_or("we cannot read the date")?;
    let amount = entry.find(&["Amt"]).ok_or("we cannot read the amount")?;
    if amount.currency.as_deref() != Some("GBP") {
        return Err("the amount is not in pounds");
    }
    let pence = parse_pence(amount.text(), '.').ok_or("we cannot read the amount")?;
    let direction = direction_of(entry);
    let details = entry.find_all(&["NtryDtls", "TxDtls"]);
    if let Some(parts) = own_movements(&details, pence, direction) {
        let movement =
            |(details, (pence, direction)): (&XmlElement, (u64, Direction))| StatementEntry {
                on,
                pence,
                direction: Some(direction),
                description: describe(texts(details, &DETAIL_TEXTS)),
            };
        return Ok(details.into_iter().zip(parts).map(movement).collect());
    }
    let is_contradicted = match details.as_slice() {
        [only] => is_opposite(direction, direction_of(only)),
        _ => false,
    };
    let mut words: Vec<&str> = details
        .iter()
        .flat_map(|details| texts(details, &DETAIL_TEXTS))
        .collect();
    words.extend(texts(entry, &ENTRY_TEXTS));
    Ok(vec![StatementEntry {
        on,
        pence,
        direction: direction.filter(|_| !is_contradicted),
        description: describe(words),
    }])
}

/// Amount and direction of each transaction of a batch. `None` if the entry is not a batch, or if
/// the amounts do not add up to it.
fn own_movements(
    details: &[&XmlElement],
    pence: u64,
    direction: Option<Direction>,
) -> Option<Vec<(u64, Direction)>> {
    if details.len() < 2 {
        return None;
    }
    let whole = signed(pence, direction?);
    let own: Vec<(u64, Direction)> = details
        .iter()
        .map(|details| own_movement(details, direction?))
        .collect::<Option<_>>()?;
    let sum: i128 = own
        .iter()
        .map(|(pence, direction)| signed(*pence, *direction))
        .sum();
    (sum == whole).then_some(own)
}

fn own_movement(details: &XmlElement, of_entry: Direction) -> Option<(u64, Direction)> {
    let amount = OWN_AMOUNTS
        .into_iter()
        .filter_map(|path| details.find(path))
        .find(|amount| amount.currency.as_deref() == Some("GBP"))?;
    let direction = match details.find(&["CdtDbtInd"]) {
        Some(_) => direction_of(details)?,
        None => of_entry,
    };
    Some((parse_pence(amount.text(), '.')?, direction))
}

fn signed(pence: u64, direction: Direction) -> i128 {
    match direction {
        Direction::Out => -i128::from(pence),
        Direction::In => i128::from(pence),
    }
}

fn direction_of(element: &XmlElement) -> Option<Direction> {
    match element.find(&["CdtDbtInd"])?.text() {
        "DBIT" => Some(Direction::Out),
        "CRDT" => Some(Direction::In),
        _ => None,
    }
}

fn is_opposite(one: Option<Direction>, other: Option<Direction>) -> bool {
    one.is_some() && other.is_some() && one != other
}

fn texts<'e>(element: &'e XmlElement, paths: &[&[&str]]) -> Vec<&'e str> {
    paths
        .iter()
        .flat_map(|path| element.find_all(path))
        .map(XmlElement::text)
        .collect()
}

/// Joins texts by spaces, without repeated texts.
fn describe(texts: Vec<&str>) -> String {
    let mut seen = BTreeSet::new();
    let words: Vec<String> = texts
        .into_iter()
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|text| !text.is_empty() && text != NO_REFERENCE && seen.insert(text.clone()))
        .collect();
    words.join(" ")
}

/// The day of a date or of a time. A time with a zone is converted to its day in London.
fn parse_day(written: &str) -> Option<Date> {
    let (day, rest) = written.split_at_checked(10)?;
    let on = if rest.starts_with('T') {
        match written.parse::<Timestamp>() {
            Ok(instant) => day_of(instant),
            Err(_) => written.parse::<DateTime>().ok()?.date(),
        }
    } else if rest.is_empty() || is_zone(rest) {
        day.parse().ok()?
    } else {
        return None;
    };
    (2000..2100).contains(&on.year()).then_some(on)
}

/// Whether a text is the zone of a date: `Z`, `+01:00`.
fn is_zone(text: &str) -> bool {
    let is_offset = |offset: &str| {
        offset.len() == 5
            && offset
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':')
    };
    text == "Z" || text.strip_prefix(['+', '-']).is_some_and(is_offset)
}

#[cfg(test)]
mod tests;
