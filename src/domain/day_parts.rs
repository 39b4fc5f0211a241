//! The parts of days that are written by people, programs and banks. The order of the parts, and
//! the years that are accepted, differ between the readers of tables and of bank statements.

use std::str::FromStr;

/// Names of the months.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// The fewest letters of the name of a month.
const LETTERS_MIN: usize = 3;

/// The month with a name, which may be cut to three letters or more, with or without a point.
#[must_use]
pub fn month_named(name: &str) -> Option<i8> {
    let name = name.to_lowercase();
    let name = name.trim_end_matches('.');
    let at = MONTHS
        .iter()
        .position(|month| name.len() >= LETTERS_MIN && month.starts_with(name))?;
    i8::try_from(at + 1).ok()
}

/// A number of at most so many digits, and nothing else.
#[must_use]
pub fn number<T: FromStr>(text: &str, digits_max: usize) -> Option<T> {
    let fits =
        (1..=digits_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_by_its_name() {
        for (name, month) in [
            ("January", Some(1)),
            ("mar", Some(3)),
            ("MAY", Some(5)),
            ("Sept.", Some(9)),
            ("decem", Some(12)),
            ("Ma", None),
            ("Mai", None),
            ("Marx", None),
            ("...", None),
            ("", None),
            ("łip", None),
        ] {
            assert_eq!(month_named(name), month, "{name}");
        }
    }

    #[test]
    fn a_number_has_digits_only() {
        for (text, read) in [
            ("7", Some(7)),
            ("07", Some(7)),
            ("99", Some(99)),
            ("123", None),
            ("+7", None),
            ("-7", None),
            (" 7", None),
            ("٧", None),
            ("", None),
        ] {
            assert_eq!(number::<i8>(text, 2), read, "{text}");
        }
        assert_eq!(number::<i16>("2026", 4), Some(2026));
    }
}
