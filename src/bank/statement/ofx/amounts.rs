//! Amounts of an OFX file, which may have a decimal comma.

use super::super::Direction;
use super::super::decimals::{is_digits, to_pence};

/// What may be written between thousands.
const SEPARATORS: [char; 6] = [',', '.', ' ', '\u{a0}', '\u{202f}', '\''];

/// Reads an amount into its direction, if it has a sign, and pence.
pub(super) fn read_amount(written: &str) -> Option<(Option<Direction>, u64)> {
    const MINUS: [char; 2] = ['-', '\u{2212}'];
    let without_minus = written
        .strip_prefix(MINUS)
        .or_else(|| written.strip_suffix(MINUS));
    let (sign, digits) = match (without_minus, written.strip_prefix('+')) {
        (Some(digits), _) => (Some(Direction::Out), digits),
        (None, Some(digits)) => (Some(Direction::In), digits),
        (None, None) => (None, written),
    };
    let (pounds, fraction) = split_decimals(digits.trim())?;
    Some((sign, to_pence(pounds, fraction, &SEPARATORS)?))
}

/// Splits an amount at its decimal sign, which may be a dot or a comma. None if it could be either
/// thousands or decimals: `1,800`.
fn split_decimals(digits: &str) -> Option<(&str, &str)> {
    let Some(at) = digits.rfind(['.', ',']) else {
        return Some((digits, ""));
    };
    let (pounds, rest) = digits.split_at(at);
    let (sign, decimals) = rest.split_at(1);
    if pounds.contains(sign) {
        // A repeated sign separates thousands.
        return Some((digits, ""));
    }
    let like_thousands = decimals.len() == 3
        && (1..=3).contains(&pounds.len())
        && is_digits(pounds)
        && !pounds.starts_with('0');
    if sign == "," && like_thousands {
        return None;
    }
    Some((pounds, decimals))
}
