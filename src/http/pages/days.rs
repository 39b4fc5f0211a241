//! Days and times as pages write them.

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};

/// A day without its year if that is the year of `today`: "5 Jul", "5 Jul 2025".
#[must_use]
pub fn short_day(day: Date, today: Date) -> String {
    let form = if day.year() == today.year() {
        "%-d %b"
    } else {
        "%-d %b %Y"
    };
    day.strftime(form).to_string()
}

/// How far a due day is from today: "3 days overdue", "today", "tomorrow", "in 13 days".
#[must_use]
pub fn due_text(due: Date, today: Date) -> String {
    match days_between(today, due) {
        ..=-2 => format!("{} days overdue", days_between(due, today)),
        -1 => "1 day overdue".to_owned(),
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    }
}

/// How long ago a day was: "today", "yesterday", "23 days ago".
#[must_use]
pub fn ago_text(day: Date, today: Date) -> String {
    match days_between(day, today) {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// A time of the log in words: "today, 14:48", "Wed 25 November, 10:14", "5 July 2025, 9:00".
#[must_use]
pub fn instant_in_words(microsecond: i64, today: Date) -> String {
    let Some(zoned) = in_london(microsecond) else {
        return String::new();
    };
    let (day, time) = (zoned.date(), zoned.strftime("%-H:%M"));
    match days_between(day, today) {
        0 => format!("today, {time}"),
        1 => format!("yesterday, {time}"),
        2..=60 => format!("{}, {time}", day.strftime("%a %-d %B")),
        _ => format!("{}, {time}", day.strftime("%-d %B %Y")),
    }
}

/// The day of a time of the log: "Today, 27 November 2026", "Wednesday 25 November 2026".
#[must_use]
pub fn day_in_words(microsecond: i64, today: Date) -> String {
    let Some(zoned) = in_london(microsecond) else {
        return String::new();
    };
    match days_between(zoned.date(), today) {
        0 => zoned.strftime("Today, %-d %B %Y").to_string(),
        1 => zoned.strftime("Yesterday, %-d %B %Y").to_string(),
        _ => zoned.strftime("%A %-d %B %Y").to_string(),
    }
}

/// A time of the log in full: "3 May 2026, 14:05".
#[must_use]
pub fn format_instant(microsecond: i64) -> String {
    in_london(microsecond)
        .map(|zoned| zoned.strftime("%-d %B %Y, %H:%M").to_string())
        .unwrap_or_default()
}

/// The time of day of a time of the log: "14:48".
#[must_use]
pub fn time_in_words(microsecond: i64) -> String {
    in_london(microsecond)
        .map(|zoned| zoned.strftime("%-H:%M").to_string())
        .unwrap_or_default()
}

fn in_london(microsecond: i64) -> Option<Zoned> {
    Timestamp::from_microsecond(microsecond)
        .ok()
        .and_then(|instant| instant.in_tz("Europe/London").ok())
}

/// The days from one day to another. Negative if the second is earlier.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_written_short() {
        let today = date(2026, 11, 27);
        assert_eq!(short_day(date(2026, 7, 5), today), "5 Jul");
        assert_eq!(short_day(date(2025, 7, 5), today), "5 Jul 2025");
        assert_eq!(due_text(date(2026, 11, 24), today), "3 days overdue");
        assert_eq!(due_text(date(2026, 11, 26), today), "1 day overdue");
        assert_eq!(due_text(today, today), "today");
        assert_eq!(due_text(date(2026, 12, 10), today), "in 13 days");
        assert_eq!(ago_text(date(2026, 11, 4), today), "23 days ago");
    }
}
