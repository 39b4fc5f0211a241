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
