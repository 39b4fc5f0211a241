//! Working days in England and Wales. A deadline that falls on a weekend or a bank holiday moves to
//! the next working day.
//!
//! Bank holidays follow from rules: two of them from the date of Easter, three are Mondays, and the
//! others move to a working day if they fall on a weekend. A table names the years in which
//! a proclamation changed them.

use jiff::Span;
use jiff::civil::{Date, Weekday, date};

/// Days that were moved by a proclamation: the day that the rules give, and the day that was kept.
const MOVED: [(Date, Date); 2] = [
    // The platinum jubilee of 2022 and VE Day 75 of 2020.
    (date(2022, 5, 30), date(2022, 6, 2)),
    (date(2020, 5, 4), date(2020, 5, 8)),
];
/// Bank holidays of one year only.
const SINGLE: [Date; 3] = [
    date(2022, 6, 3),
    // The state funeral of Queen Elizabeth II, and the coronation of King Charles III.
    date(2022, 9, 19),
    date(2023, 5, 8),
];

/// The day itself, or the next working day if it is a weekend or a bank holiday.
#[must_use]
pub fn next_working_day(day: Date) -> Date {
    let mut next = day;
    while !is_working_day(next) {
        match next.tomorrow() {
            Ok(tomorrow) => next = tomorrow,
            Err(_) => return next,
        }
    }
    next
}

/// Whether the day is neither a weekend nor a bank holiday.
#[must_use]
pub fn is_working_day(day: Date) -> bool {
    !is_weekend(day) && !bank_holidays(day.year()).contains(&day)
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The bank holidays of a year, in no order.
#[must_use]
pub fn bank_holidays(year: i16) -> Vec<Date> {
    let mut days: Vec<Date> = usual_days(year)
        .into_iter()
        .flatten()
        .map(|day| {
            MOVED
                .iter()
                .find(|(from, _)| *from == day)
                .map_or(day, |(_, to)| *to)
        })
        .collect();
    days.extend(SINGLE.iter().filter(|day| day.year() == year));
    days
}

/// The bank holidays that the rules give. `None` beyond the calendar.
fn usual_days(year: i16) -> [Option<Date>; 8] {
    let easter = easter_sunday(year);
    let from_easter = |days: i64| easter?.checked_add(Span::new().days(days)).ok();
    let monday = |month: i8, nth: i8| {
        Date::new(year, month, 1)
            .and_then(|first| first.nth_weekday_of_month(nth, Weekday::Monday))
            .ok()
    };
    let christmas = Date::new(year, 12, 25).ok();
    [
        Date::new(year, 1, 1).ok().map(after_weekend),
        from_easter(-2),
        from_easter(1),
        monday(5, 1),
        monday(5, -1),
        monday(8, -1),
        christmas.map(|day| after_weekend_for(day, 2)),
        Date::new(year, 12, 26)
            .ok()
            .map(|day| after_weekend_for(day, 2)),
    ]
}

/// The Monday after a day that falls on a weekend; otherwise the day.
fn after_weekend(day: Date) -> Date {
    let days = match day.weekday() {
        Weekday::Saturday => 2,
        Weekday::Sunday => 1,
        _ => 0,
    };
    day.saturating_add(Span::new().days(days))
}

/// Christmas Day and Boxing Day keep their distance: each moves two days from a weekend.
fn after_weekend_for(day: Date, days: i64) -> Date {
    if is_weekend(day) {
        day.saturating_add(Span::new().days(days))
    } else {
        day
    }
}

/// Easter Sunday in the Gregorian calendar, by the anonymous algorithm. `None` beyond the calendar.
#[expect(
    clippy::many_single_char_names,
    reason = "the letters are those of the algorithm"
)]
fn easter_sunday(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The days that gov.uk publishes for England and Wales.
    const PUBLISHED: [(i16, &[&str]); 7] = [
        (
            2022,
            &[
                "01-03", "04-15", "04-18", "05-02", "06-02", "06-03", "08-29", "09-19", "12-26",
                "12-27",
            ],
        ),
        (
            2023,
            &[
                "01-02", "04-07", "04-10", "05-01", "05-08", "05-29", "08-28", "12-25", "12-26",
            ],
        ),
        (
            2024,
            &[
                "01-01", "03-29", "04-01", "05-06", "05-27", "08-26", "12-25", "12-26",
            ],
        ),
        (
            2025,
            &[
                "01-01", "04-18", "04-21", "05-05", "05-26", "08-25", "12-25", "12-26",
            ],
        ),
        (
            2026,
            &[
                "01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28",
            ],
        ),
        (
            2027,
            &[
                "01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28",
            ],
        ),
        (
            2028,
            &[
                "01-03", "04-14", "04-17", "05-01", "05-29", "08-28", "12-25", "12-26",
            ],
        ),
    ];

    #[test]
    fn the_bank_holidays_are_those_that_were_published() {
        for (year, published) in PUBLISHED {
            let mut found = bank_holidays(year);
            found.sort();
            let found: Vec<_> = found
                .iter()
                .map(|day| day.strftime("%m-%d").to_string())
                .collect();
            assert_eq!(found, published, "{year}");
        }
    }

    #[test]
    fn a_deadline_moves_past_weekends_and_holidays() {
        for (day, moved) in [
            // Christmas Day is a Friday, and Boxing Day is kept on the Monday.
            (date(2026, 12, 25), date(2026, 12, 29)),
            (date(2027, 3, 26), date(2027, 3, 30)),
            (date(2026, 7, 4), date(2026, 7, 6)),
            (date(2026, 7, 1), date(2026, 7, 1)),
            (Date::MAX, Date::MAX),
        ] {
            assert_eq!(next_working_day(day), moved, "{day}");
        }
    }
}
