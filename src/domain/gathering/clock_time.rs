//! A time of day as people write it, such as 15:30.

use crate::domain::text::{TextError, text_type};

text_type!(
    /// A time of day in Europe/London: two digits of hours, a colon, two digits of minutes. Times
    /// compare as texts do.
    ClockTime, parse_clock_time, "A time of day in Europe/London, such as 15:30",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$", 5, "15:30"
);

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
}
