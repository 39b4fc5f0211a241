//! Days and times of an OFX file.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use super::super::decimals::is_digits;
use crate::clock::day_of;

/// Reads the day in London of `20261126`, `20261126091200` or `20261126091200.000[-5:EST]`. A time
/// without a zone is taken for the bank's own day, and midnight for a day without a time: programs
/// write it so in any zone.
pub(super) fn read_day(written: &str) -> Option<Date> {
    let (moment, zone) = match written.split_once('[') {
        Some((moment, zone)) => (moment.trim(), Some(zone.strip_suffix(']')?)),
        None => (written, None),
    };
    let (day, time) = moment.split_at_checked(8)?;
    let numbers = two_digit_numbers(day)?;
    // A day in another century is a mistake of the bank.
    let &[20, year, month, day] = numbers.as_slice() else {
        return None;
    };
    let date = Date::new(2000 + i16::from(year), month, day).ok()?;
    let time = read_time(time)?;
    let Some(zone) = zone else {
        return Some(date);
    };
    let instant = read_offset(zone)?
        .to_timestamp(date.to_datetime(time))
        .ok()?;
    Some(if time == Time::midnight() {
        date
    } else {
        day_of(instant)
    })
}

/// Reads a time without separators: hours, minutes and perhaps seconds and their fraction.
fn read_time(written: &str) -> Option<Time> {
    let (clock, fraction) = written.split_once('.').unwrap_or((written, ""));
    if !is_digits(fraction) {
        return None;
    }
    match two_digit_numbers(clock)?.as_slice() {
        [] => Some(Time::midnight()),
        [hour, minute] => Time::new(*hour, *minute, 0, 0).ok(),
        // A leap second belongs to the day before.
        [hour, minute, second] => Time::new(*hour, *minute, (*second).min(59), 0).ok(),
        _ => None,
    }
}

fn two_digit_numbers(digits: &str) -> Option<Vec<i8>> {
    if !is_digits(digits) || !digits.len().is_multiple_of(2) {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| digits.get(at..at + 2)?.parse().ok())
        .collect()
}

/// Reads the offset of a time zone: `-5:EST`, `0:GMT`, `+5.30`. Half an hour is written as `.30`
/// or `.5`.
fn read_offset(zone: &str) -> Option<Offset> {
    let offset = zone.split(':').next().unwrap_or_default().trim();
    if matches!(offset, "GMT" | "UTC") {
        return Some(Offset::UTC);
    }
    let (sign, number) = match offset.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let (hours, part) = number.split_once('.').unwrap_or((number, ""));
    let hours: i32 = Some(hours).filter(|hours| is_digits(hours))?.parse().ok()?;
    let minutes = match part {
        "" | "0" | "00" => 0,
        "15" | "25" => 15,
        "30" | "5" | "50" => 30,
        "45" | "75" => 45,
        _ => return None,
    };
    if hours > 14 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()
}
