//! Taking back a step within minutes of it, before anyone outside the office can know of it.
//!
//! The event of such a step says until when it can be taken back. Until then no mail about it is
//! sent, and the group sees its application as it was before.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// How long a step can be taken back.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// How long the step stays unknown after that. A command may be recorded a minute after it was
/// decided.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);

/// The moment until which a step can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TakeBackUntil(Timestamp);

impl TakeBackUntil {
    /// For a step that is decided now. Databases have microseconds, so no finer part is kept.
    #[must_use]
    pub fn after(now: Timestamp) -> Self {
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        Self(now.checked_add(WINDOW).unwrap_or(Timestamp::MAX))
    }

    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    #[must_use]
    pub fn is_open(self, now: Timestamp) -> bool {
        now < self.0
    }

    /// Refuses a moment after the window with [`Refusal::TakenBackTooLate`].
    pub fn must_be_open(self, now: Timestamp) -> Result<(), Refusal> {
        if self.is_open(now) {
            Ok(())
        } else {
            Err(Refusal::TakenBackTooLate)
        }
    }

    /// The first moment at which a mail about the step may be sent, and its group may see it. By
    /// then the log says whether the step was taken back.
    #[must_use]
    pub fn known_from(self) -> Timestamp {
        self.0.checked_add(MARGIN).unwrap_or(Timestamp::MAX)
    }

    #[must_use]
    pub fn is_known(self, now: Timestamp) -> bool {
        now >= self.known_from()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_can_be_taken_back_for_ten_minutes_and_is_mailed_later() {
        let at = |minutes: i64| Timestamp::from_second(1_780_000_000 + minutes * 60).unwrap();
        let until = TakeBackUntil::after(at(0));

        assert_eq!(until.timestamp(), at(10));
        assert_eq!(until.must_be_open(at(9)), Ok(()));
        assert_eq!(until.must_be_open(at(10)), Err(Refusal::TakenBackTooLate));
        assert!(!until.is_known(at(11)) && until.is_known(at(12)));
    }

    #[test]
    fn it_is_written_as_a_moment() {
        let now = Timestamp::from_nanosecond(1_780_000_000_123_456_789).unwrap();
        let text = serde_json::to_string(&TakeBackUntil::after(now)).unwrap();

        assert_eq!(text, "\"2026-05-28T20:36:40.123456Z\"");
    }
}
