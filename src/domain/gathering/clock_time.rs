//! A time of day as people write it, such as 15:30.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::text::{TextError, text_type};

/// The time zone of all times of day.
const TIME_ZONE: &str = "Europe/London";

text_type!(
    /// A time of day in Europe/London: two digits of hours, a colon, two digits of minutes. Times
    /// compare as texts do.
    ClockTime, parse_clock_time, "A time of day in Europe/London, such as 15:30",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$", 5, "15:30"
);

impl ClockTime {
    /// The hour and the minute.
    #[must_use]
    pub fn hour_and_minute(&self) -> (i8, i8) {
        let number = |text: &str| text.parse::<i8>().unwrap_or_default();
        let parts = self.as_str().split_once(':');
        parts.map_or((0, 0), |(hour, minute)| (number(hour), number(minute)))
    }

    /// The instant of this time on a day. Of a time that the clocks pass twice it is the first, and
    /// a time that they leave out is an hour later. `None` beyond the calendar.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<Timestamp> {
        let (hour, minute) = self.hour_and_minute();
        let local = day.at(hour, minute, 0, 0).in_tz(TIME_ZONE).ok()?;
        Some(local.timestamp())
    }

    /// Whether this time on a day has come, on the day `today` and at the instant `now`.
    #[must_use]
    pub fn has_come(&self, day: Date, today: Date, now: Timestamp) -> bool {
        let now = now
            .in_tz(TIME_ZONE)
            .map(|now| now.strftime("%H:%M").to_string())
            .unwrap_or_default();
        (day, self.as_str()) <= (today, now.as_str())
    }
}

fn parse_clock_time(text: &str) -> Result<String, TextError> {
    let number = |part: &str, below: u8| {
        let is_written = part.len() == 2 && part.bytes().all(|letter| letter.is_ascii_digit());
        is_written && part.parse::<u8>().is_ok_and(|number| number < below)
    };
    match text.split_once(':') {
        Some((hours, minutes)) if number(hours, 24) && number(minutes, 60) => Ok(text.to_owned()),
        _ => Err(TextError::NotATime),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn times_have_hours_and_minutes() {
        for text in ["00:00", "09:05", "15:30", "23:59"] {
            let read = text.parse::<ClockTime>().expect("a time");
            assert_eq!(read.as_str(), text);
        }
        for text in [
            "", "9:05", "24:00", "12:60", "12.30", "1230", "+1:30", "12:3", "12:30:00",
        ] {
            assert!(text.parse::<ClockTime>().is_err(), "{text}");
        }
    }
    #[test]
    fn a_time_on_a_day_is_an_instant_in_london() {
        let at = |day: Date, text: &str| {
            let time = text.parse::<ClockTime>().expect("a time");
            time.on(day).expect("an instant").to_string()
        };
        let (winter, summer) = (date(2026, 12, 3), date(2026, 7, 2));
        assert_eq!(at(winter, "18:00"), "2026-12-03T18:00:00Z");
        assert_eq!(at(summer, "18:00"), "2026-07-02T17:00:00Z");
        assert_eq!(at(date(2026, 10, 25), "01:30"), "2026-10-25T00:30:00Z");
        assert_eq!(at(date(2026, 3, 29), "01:30"), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_time_has_come_from_its_minute_on() {
        let time = "15:30".parse::<ClockTime>().expect("a time");
        let day = date(2026, 7, 2);
        let now = |text: &str| text.parse::<Timestamp>().expect("an instant");
        assert!(!time.has_come(day, day, now("2026-07-02T14:29:59Z")));
        assert!(time.has_come(day, day, now("2026-07-02T14:30:00Z")));
        assert!(time.has_come(day, date(2026, 7, 3), now("2026-07-02T23:30:00Z")));
        assert!(!time.has_come(day, date(2026, 7, 1), now("2026-07-01T21:00:00Z")));
    }
}
