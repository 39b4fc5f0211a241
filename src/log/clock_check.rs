//! Detection of a wrong clock: whether this process's clock agrees with the database's.
//!
//! A command that was decided by a wrong clock fails at the first attempt, because a new decision
//! would have the same fault. The start and the end of a disagreement are logged, not each command.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::LogError;
use super::append::Outcome;

/// A decision that waited this long for the writer may be too old although all clocks are right.
const LONG_WAIT: Duration = Duration::from_secs(5);
/// How long the process counts as not ready after a mismatch. Then it counts as ready again, so
/// that it receives commands, and the next one shows whether its clock was corrected.
const NOT_READY_FOR: Duration = Duration::from_mins(1);

/// When a decision last failed for its time; `None` once a later one was recorded.
#[derive(Debug, Default)]
pub(super) struct ClockCheck(Mutex<Option<Instant>>);

impl ClockCheck {
    /// Checks the outcome of an append. `waited` is the time since the append was queued.
    pub(super) fn take(&self, outcome: Outcome, waited: Duration) -> Result<Outcome, LogError> {
        if let Outcome::Late { age } = outcome
            && (age < 0 || waited < LONG_WAIT)
        {
            return Err(self.refuse(age));
        }
        if matches!(outcome, Outcome::Appended(_)) {
            self.agree();
        }
        Ok(outcome)
    }

    /// Whether a decision failed for its time in the last minute, and none was recorded since.
    pub(super) fn is_off(&self) -> bool {
        self.refused()
            .is_some_and(|refused| refused.elapsed() < NOT_READY_FOR)
    }

    fn refuse(&self, age: i64) -> LogError {
        let seconds = -age / 1_000_000;
        if self.refused().replace(Instant::now()).is_none() {
            tracing::error!(
                seconds,
                "this process's clock differs from the database's: commands are refused until it is put right"
            );
        }
        LogError::ClockOff { seconds }
    }

    fn agree(&self) {
        if self.refused().take().is_some() {
            tracing::info!(
                "this process's clock agrees with the database's again: commands are recorded"
            );
        }
    }

    fn refused(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::append::Answer;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_clock_that_is_off_is_reported_until_a_decision_is_recorded() {
        for (age, ahead, waited) in [
            (-6 * SECOND, 6, LONG_WAIT),
            (61 * SECOND, -61, Duration::ZERO),
        ] {
            let check = ClockCheck::default();
            let refused = check.take(Outcome::Late { age }, waited);
            assert!(
                matches!(refused, Err(LogError::ClockOff { seconds }) if seconds == ahead),
                "{refused:?}"
            );
            check.take(Outcome::Conflict, Duration::ZERO).unwrap();
            assert!(check.is_off());
            check
                .take(Outcome::Appended(Answer::default()), Duration::ZERO)
                .unwrap();
            assert!(!check.is_off());
        }
    }

    #[test]
    fn a_decision_that_waited_for_long_is_made_again() {
        let check = ClockCheck::default();
        let late = check.take(Outcome::Late { age: 61 * SECOND }, LONG_WAIT);
        assert!(
            matches!(late, Ok(Outcome::Late { .. })) && !check.is_off(),
            "{late:?}"
        );
    }
}
