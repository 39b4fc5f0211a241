//! Days as British banks write them: the day first, or the year first.

use jiff::Timestamp;
use jiff::civil::Date;

use super::decimals::is_digits;
use crate::clock::day_of;
use crate::domain::day_parts::{month_named, number};

/// The first three letters of the days of the week.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Parses a day, with or without a time: `2026-03-31`, `31/03/2026`, `31.3.26`, `31-Mar-26`, `31
/// March 2026`, `20260331`. Only years from 2000 to 2099 are accepted. An instant is a day in
/// Europe/London.
pub(super) fn parse_day(written: &str) -> Option<Date> {
    let written = written.trim().trim_start_matches('\'').trim();
    if let Ok(instant) = written.parse::<Timestamp>() {
        return Some(day_of(instant)).filter(|day| (2000..2100).contains(&day.year()));
    }
    let parts = parts_of(without_time(written)?)?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (year, month, day) = match parts.as_slice() {
        [digits] if digits.len() == 8 && is_digits(digits) => return parse_digits(digits),
        [year, month, day] if year.len() == 4 && is_digits(year) => (year, month, day),
        [day, month, year] if is_digits(day) => (year, month, day),
        [month, day, year] => (year, month, day),
        _ => return None,
    };
    to_date(year, month, day)
}

/// A day of eight digits, with the year first or last. No day can be read in both ways.
fn parse_digits(digits: &str) -> Option<Date> {
    to_date(&digits[..4], &digits[4..6], &digits[6..])
        .or_else(|| to_date(&digits[4..], &digits[2..4], &digits[..2]))
}

fn to_date(year: &str, month: &str, day: &str) -> Option<Date> {
    let month = number(month, 2).or_else(|| month_named(month))?;
    Date::new(parse_year(year)?, month, number(day, 2)?).ok()
}

/// The year of four digits, or of two in this century.
fn parse_year(text: &str) -> Option<i16> {
    let year: i16 = number(text, 4)?;
    match text.len() {
        2 => Some(2000 + year),
        4 if (2000..2100).contains(&year) => Some(year),
        _ => None,
    }
}

/// The part of a text before a time: `26/11/2026 09:12:13`. `None` if what follows is not a time.
fn without_time(written: &str) -> Option<&str> {
    let Some(colon) = written.find(':') else {
        return Some(written);
    };
    let before = written[..colon].trim_end_matches(|c: char| c.is_ascii_digit());
    let hour = &written[before.len()..colon];
    let is_apart = before.ends_with([' ', 'T', ',']);
    let rest = written[colon..].trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let is_time = rest
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    let fits = is_apart && is_time && (1..=2).contains(&hour.len());
    fits.then(|| before.trim_end_matches([' ', 'T', ',']))
}

/// The numbers and names of a day in small letters, without the day of the week and without the
/// ending of `26th`. `None` if it has other characters.
fn parts_of(written: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    let mut last: Option<bool> = None;
    for c in written.chars() {
        let kind = if c.is_ascii_digit() {
            Some(true)
        } else if c.is_ascii_alphabetic() {
            Some(false)
        } else if matches!(c, ' ' | '/' | '-' | '.' | ',' | '\u{a0}') {
            None
        } else {
            return None;
        };
        if kind.is_some() {
            if kind != last {
                parts.push(String::new());
            }
            parts.last_mut()?.push(c.to_ascii_lowercase());
        }
        last = kind;
    }
    parts.retain(|part| !matches!(part.as_str(), "st" | "nd" | "rd" | "th"));
    let is_weekday = |part: &String| WEEKDAYS.iter().any(|day| part.starts_with(day));
    if parts.len() > 3 && parts.first().is_some_and(is_weekday) {
        parts.remove(0);
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_days_of_banks_are_one_day() {
        for written in [
            "2026-11-26",
            "2026/11/26",
            "26/11/2026",
            "26/11/26",
            "26-11-2026",
            "26-11-26",
            "26.11.2026",
            "26.11.26",
            "26 Nov 2026",
            "26 NOV 26",
            "26-Nov-26",
            "26-nov-2026",
            "26 November 2026",
            "26th November 2026",
            "Thu 26 Nov 2026",
            "Nov 26, 2026",
            "26NOV2026",
            "20261126",
            "26112026",
            "'26/11/2026",
            "26/11/2026 00:00",
            "26/11/2026 9:12 am",
            "2026-11-26 09:12:13",
            "2026-11-26T09:12:13.500",
            "2026-11-26T09:12:13Z",
            "26 Nov 2026, 09:12",
        ] {
            assert_eq!(parse_day(written), Some(date(2026, 11, 26)), "{written}");
        }
        assert_eq!(parse_day("1/9/2026"), Some(date(2026, 9, 1)));
        assert_eq!(parse_day("29 Sept 2026"), Some(date(2026, 9, 29)));
    }

    #[test]
    fn an_instant_is_a_day_in_london() {
        assert_eq!(parse_day("2026-09-01T23:00:00Z"), Some(date(2026, 9, 2)));
        assert_eq!(parse_day("2026-12-01T23:00:00Z"), Some(date(2026, 12, 1)));
        assert_eq!(
            parse_day("2026-09-01T23:30:00+01:00"),
            Some(date(2026, 9, 1))
        );
    }

    #[test]
    fn a_text_that_is_not_a_day_is_refused() {
        for written in [
            "",
            "Pending",
            "yesterday",
            "31/02/2026",
            "11/26/2026",
            "26/11",
            "26/11/026",
            "26/11/1926",
            "2126-11-26",
            "46351",
            "26:11:2026",
            "26/11/2026 at noon",
            "1.5",
            "26 Mai 2026",
            "26 Marx 2026",
        ] {
            assert_eq!(parse_day(written), None, "{written}");
        }
    }
}
