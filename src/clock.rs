//! The current time, the day in London, and new ids. No other code reads the system clock or
//! generates ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

/// The system clock, or a simulated one that its owner moves forward.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    Simulated(Arc<AtomicI64>),
}

impl Clock {
    /// # Panics
    /// If a simulated time is outside the range of timestamps.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door through which the time comes in"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Simulated(now) => Timestamp::from_microsecond(now.load(Ordering::Relaxed))
                .expect("a simulation stays in the calendar"),
        }
    }
}

/// A new id (UUID version 7), ordered by time.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the door through which new ids come in"
)]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The day in Europe/London at an instant. Deadlines, `as_at` and the days of postings are days in
/// that time zone.
///
/// # Panics
/// Never: the time zone is compiled in.
#[must_use]
pub fn day_of(instant: Timestamp) -> Date {
    instant
        .in_tz("Europe/London")
        .expect("the time zone is compiled in")
        .date()
}

/// The time left of the day in Europe/London at an instant.
///
/// # Panics
/// Never: the time zone is compiled in.
#[must_use]
pub fn time_left_in_day(instant: Timestamp) -> Duration {
    let now = instant
        .in_tz("Europe/London")
        .expect("the time zone is compiled in");
    now.end_of_day().map_or(Duration::ZERO, |end| {
        now.duration_until(&end).unsigned_abs()
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// Rows 73 and 74 of the review of what people send.
    #[test]
    fn a_day_ends_at_midnight_in_london() {
        for (written, day) in [
            // The clocks go forward on 28 March 2027, and back on 31 October.
            ("2027-03-28T22:59:54Z", date(2027, 3, 28)),
            ("2027-03-28T23:00:02Z", date(2027, 3, 29)),
            ("2027-10-31T23:59:54Z", date(2027, 10, 31)),
            ("2027-11-01T00:00:02Z", date(2027, 11, 1)),
            ("2026-06-30T23:30:00Z", date(2026, 7, 1)),
            ("2028-02-29T23:59:59Z", date(2028, 2, 29)),
            ("2027-02-28T23:59:59Z", date(2027, 2, 28)),
            ("2027-03-01T00:00:00Z", date(2027, 3, 1)),
        ] {
            let instant: Timestamp = written.parse().expect(written);
            assert_eq!(day_of(instant), day, "{written}");
        }
    }

    #[test]
    fn the_time_left_of_a_day_ends_at_midnight_in_london() {
        for (written, seconds) in [
            ("2027-03-28T22:59:54Z", 5),
            ("2027-10-31T23:59:54Z", 5),
            // Days of 23 and 25 hours.
            ("2027-03-28T00:00:00Z", 23 * 3600 - 1),
            ("2027-10-30T23:00:00Z", 25 * 3600 - 1),
        ] {
            let instant: Timestamp = written.parse().expect(written);
            assert_eq!(time_left_in_day(instant).as_secs(), seconds, "{written}");
        }
    }
}
