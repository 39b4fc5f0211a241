//! Decimals, to the penny: what the formats of statements have in common.

use crate::domain::money::join_thousands;

/// The most whole pounds: far more than any amount, and far less than what overflows.
const POUNDS_MAX: u64 = 999_999_999_999;

/// Pence of a decimal without a sign and without marks between thousands, in a format that says
/// exactly how an amount is written.
pub(super) fn parse_pence(written: &str, point: char) -> Option<u64> {
    let (pounds, fraction) = written.split_once(point).unwrap_or((written, ""));
    to_pence(pounds, fraction, &[])
}

/// Pence of whole pounds, whose thousands may be set apart by one kind of separator, and of the
/// digits after the decimal mark. One of the two may be empty.
pub(super) fn to_pence(pounds: &str, fraction: &str, separators: &[char]) -> Option<u64> {
    let pounds = match (pounds, fraction) {
        ("", "") => return None,
        ("", _) => 0,
        _ => parse_pounds(pounds, separators)?,
    };
    let pence = parse_fraction(fraction)?;
    (pounds <= POUNDS_MAX).then(|| pounds * 100 + pence)
}

fn parse_pounds(written: &str, separators: &[char]) -> Option<u64> {
    let digits = match written.chars().find(|c| !c.is_ascii_digit()) {
        None => written.to_owned(),
        Some(mark) if separators.contains(&mark) => join_thousands(written, |c| c == mark)?,
        Some(_) => return None,
    };
    digits.parse().ok().filter(|_| is_digits(&digits))
}

/// Pence of the digits after a decimal mark. Noughts after the pence are accepted, other digits are
/// not.
fn parse_fraction(written: &str) -> Option<u64> {
    let pence = written.trim_end_matches('0');
    if pence.len() > 2 || !is_digits(pence) {
        return None;
    }
    format!("{pence:0<2}").parse().ok()
}

/// Whether a text has nothing but digits.
pub(super) fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{parse_pence, to_pence};

    #[test]
    fn an_amount_is_read_to_the_penny_or_not_at_all() {
        for (written, pence) in [
            ("1800.00", Some(180_000)),
            ("1800", Some(180_000)),
            ("1800.", Some(180_000)),
            ("1800.5", Some(180_050)),
            ("1800.05000", Some(180_005)),
            ("000.07", Some(7)),
            (".5", Some(50)),
            ("0", Some(0)),
            ("999999999999.99", Some(99_999_999_999_999)),
            ("1800.005", None),
            ("1,800.00", None),
            ("1800,00", None),
            ("-1800.00", None),
            ("1 800", None),
            ("1.8.0", None),
            ("9999999999999", None),
            ("", None),
            (".", None),
            ("٣", None),
        ] {
            assert_eq!(parse_pence(written, '.'), pence, "{written}");
        }
        assert_eq!(to_pence("1 800", "5", &[' ']), Some(180_050));
        for pounds in ["1 80", "18 000 00", "1 234,567", "1,800", " 800"] {
            assert_eq!(to_pence(pounds, "00", &[' ']), None, "{pounds}");
        }
        assert_eq!(parse_pence("1800,", ','), Some(180_000));
        assert_eq!(parse_pence("1800,50", ','), Some(180_050));
        assert_eq!(parse_pence("1800.50", ','), None);
    }
}
