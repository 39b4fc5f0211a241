//! Detection of a wrong clock: whether this process's clock agrees with the database's.
//!
//! A command that was decided by a wrong clock fails at the first attempt, because a new decision
//! would have the same fault. The start and the end of a disagreement are logged, not each command.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::LogError;
use super::append::AppendOutcome;

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
    pub(super) fn check_outcome(
        &self,
        outcome: AppendOutcome,
        waited: Duration,
    ) -> Result<AppendOutcome, LogError> {
        if let AppendOutcome::OutsideTimeWindow { age } = outcome
            && (age < 0 || waited < LONG_WAIT)
        {
            return Err(self.record_mismatch(age));
        }
        if matches!(outcome, AppendOutcome::Appended(_)) {
            self.record_match();
        }
        Ok(outcome)
    }

    /// Whether a decision failed for its time in the last minute, and none was recorded since.
    pub(super) fn is_off(&self) -> bool {
        self.lock_last_mismatch()
            .is_some_and(|refused| refused.elapsed() < NOT_READY_FOR)
    }

    fn record_mismatch(&self, age: i64) -> LogError {
        let seconds = -age / 1_000_000;
        if self.lock_last_mismatch().replace(Instant::now()).is_none() {
            tracing::error!(
                seconds,
                "this process's clock differs from the database's: commands are refused until it \
                    is put right"
            );
        }
        LogError::ClockOff { seconds }
    }

    fn record_match(&self) {
        if self.lock_last_mismatch().take().is_some() {
            tracing::info!(
                "this process's clock agrees with the database's again: commands are recorded"
            );
        }
    }

    fn lock_last_mismatch(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eventlog::append::AppendReceipt;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_clock_that_is_off_is_reported_until_a_decision_is_recorded() {
        for (age, ahead, waited) in [
            (-6 * SECOND, 6, LONG_WAIT),
            (61 * SECOND, -61, Duration::ZERO),
        ] {
            let check = ClockCheck::default();
            let refused = check.check_outcome(AppendOutcome::OutsideTimeWindow { age }, waited);
            assert!(
                matches!(refused, Err(LogError::ClockOff { seconds }) if seconds == ahead),
                "{refused:?}"
            );
            check
                .check_outcome(AppendOutcome::Conflict, Duration::ZERO)
                .unwrap();
            assert!(check.is_off());
            check
                .check_outcome(
                    AppendOutcome::Appended(AppendReceipt::default()),
                    Duration::ZERO,
                )
                .unwrap();
            assert!(!check.is_off());
        }
    }

    #[test]
    fn a_decision_that_waited_for_long_is_made_again() {
        let check = ClockCheck::default();
        let late = check.check_outcome(
            AppendOutcome::OutsideTimeWindow { age: 61 * SECOND },
            LONG_WAIT,
        );
        assert!(
            matches!(late, Ok(AppendOutcome::OutsideTimeWindow { .. })) && !check.is_off(),
            "{late:?}"
        );
    }
}
