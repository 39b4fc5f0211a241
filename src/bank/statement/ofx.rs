//! Reader of OFX statements: OFX 1, which is SGML whose fields have no end tags, and OFX 2, which
//! is XML. Bank and credit card accounts, one or several in a file.
//!
//! Both are split into tags and text by the same rules, which also accept what banks write against
//! the standard: a bare `&`, `<BR/>` in a text, small letters in tags, a field that is repeated or
//! folded over several lines.

mod amounts;
mod days;
mod movements;
mod tokens;

use super::{SkippedLine, SkippedReason, Statement, StatementEntry, StatementError};
use amounts::read_amount;
use days::read_day;
use movements::{OfxSigns, movements};

/// Whether a text is an OFX file.
pub(super) fn is_it(text: &str) -> bool {
    ["<OFX>", "<STMTTRN>"].iter().any(|tag| {
        text.as_bytes()
            .windows(tag.len())
            .any(|part| part.eq_ignore_ascii_case(tag.as_bytes()))
    })
}

/// Reads all movements of all accounts. Pending ones are skipped. A line of the result is the
/// number of the movement in the file, which may be a single line of text.
pub(super) fn read(text: &str) -> Result<Statement, StatementError> {
    let mut skipped = Vec::new();
    let mut amounts = Vec::new();
    for (at, movement) in movements(text)?.into_iter().enumerate() {
        let line = at + 1;
        let wrong = |says| StatementError::UnreadableLine(line, says);
        if movement.is_pending() {
            let why = SkippedReason::Pending;
            skipped.push(SkippedLine { line, why });
            continue;
        }
        if !movement.is_in_pounds() {
            return Err(wrong("this amount is not in pounds"));
        }
        let on = movement
            .value("DTPOSTED")
            .and_then(|written| read_day(&written))
            .ok_or_else(|| wrong("we cannot read the date"))?;
        let (sign, pence) = movement
            .value("TRNAMT")
            .and_then(|written| read_amount(&written))
            .ok_or_else(|| wrong("we cannot read the amount"))?;
        amounts.push((movement, on, sign, pence));
    }
    let signs = OfxSigns::of(
        amounts
            .iter()
            .map(|(movement, _, sign, pence)| (movement.kind(), *sign, *pence)),
    );
    let entries = amounts
        .into_iter()
        .map(|(movement, on, sign, pence)| StatementEntry {
            on,
            pence,
            direction: movement.direction(sign, signs),
            description: movement.description(),
        })
        .collect();
    Ok(Statement { entries, skipped })
}

#[cfg(test)]
mod tests;
