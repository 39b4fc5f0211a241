//! Resolution of in-doubt commits: the connection was lost before the commit was acknowledged.
//!
//! The outcome is read from the log: a batch is in it completely or not at all.
//!
//! # Fencing
//!
//! The question is asked under the lock of the head. A transaction that holds the lock has ended by
//! then, but a conditional write that is still on its way to the server, or queued there, has not
//! started. So if the batch is not in the log, the epoch of the head is advanced. A conditional
//! write requires the epoch that it was resolved against, so the late copy writes nothing, and the
//! batch can be reported as not written or be written again.

use std::time::{Duration, Instant};

use super::resolve::LogSnapshot;
use super::{Append, AppendOutcome, LogError, Step, ViewRows, WriterTask};
use crate::store::StoreError;
use crate::store::events;
use crate::store::lookups::{self, CommandLookup, Lookups};

/// How long the outcome of a commit is polled, and the pause between two attempts.
const POLL_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// A commit without an acknowledgement.
pub(super) struct InDoubtCommit {
    pub(super) cause: StoreError,
    /// The outcomes of the appends if the batch was written.
    pub(super) outcomes: Vec<AppendOutcome>,
    pub(super) if_not_written: IfNotWritten,
}

/// What becomes of a batch that is not in the log and was fenced.
#[derive(Clone, Copy)]
pub(super) enum IfNotWritten {
    WriteUnderLock,
    TellCallers,
}

impl WriterTask {
    pub(super) async fn resolve_in_doubt(
        &mut self,
        appends: &[Append],
        commit: InDoubtCommit,
    ) -> Step {
        let InDoubtCommit {
            cause,
            outcomes,
            if_not_written,
        } = commit;
        tracing::warn!(%cause, "the answer to a commit was lost; looking its commands up");
        let Some(snapshot) = self.read_or_fence(appends, &outcomes).await else {
            let unknown = |_| Err(LogError::OutcomeUnknown);
            return Step::Done(appends.iter().map(unknown).collect());
        };
        if let Some(length) = length_if_written(appends, &outcomes, &snapshot) {
            self.announce(length);
            return Step::Done(outcomes.into_iter().map(Ok).collect());
        }
        match if_not_written {
            IfNotWritten::WriteUnderLock => Step::Locked(ViewRows::Included),
            IfNotWritten::TellCallers => Step::Done(
                appends
                    .iter()
                    .zip(&outcomes)
                    .map(|(append, outcome)| outcome_if_not_written(append, outcome, &snapshot))
                    .collect(),
            ),
        }
    }

    /// The replies of the batch's commands that are in the log. `None` if the database was
    /// unreachable until the time-out.
    async fn read_or_fence(
        &self,
        appends: &[Append],
        outcomes: &[AppendOutcome],
    ) -> Option<LogSnapshot> {
        let since = Instant::now();
        loop {
            match self.try_read_or_fence(appends, outcomes).await {
                Ok(snapshot) => return Some(snapshot),
                Err(_) if since.elapsed() < POLL_TIMEOUT => tokio::time::sleep(POLL_INTERVAL).await,
                Err(_) => return None,
            }
        }
    }

    /// Reads the replies under the lock of the head. If the batch is not in the log, fences it: see
    /// the module's text.
    async fn try_read_or_fence(
        &self,
        appends: &[Append],
        outcomes: &[AppendOutcome],
    ) -> Result<LogSnapshot, StoreError> {
        let mut tx = self.begin_with_retry().await?;
        let wanted = Lookups {
            commands: appends
                .iter()
                .map(|append| CommandLookup::of(append.command))
                .collect(),
            ..Lookups::default()
        };
        let (_, found) = lookups::lock_and_look_up(&mut tx, &self.organisation, &wanted).await?;
        let snapshot = LogSnapshot::from(found);
        if length_if_written(appends, outcomes, &snapshot).is_none() {
            events::advance_epoch(&mut tx, &self.organisation).await?;
            tx.commit().await?;
        }
        Ok(snapshot)
    }
}

/// The length of the log after the batch; `None` if the batch is not in the log. A command that was
/// in the log before this batch has a reply with other positions.
fn length_if_written(
    appends: &[Append],
    outcomes: &[AppendOutcome],
    snapshot: &LogSnapshot,
) -> Option<i64> {
    let mut length = 0;
    for (append, outcome) in appends.iter().zip(outcomes) {
        if let AppendOutcome::Appended(receipt) = outcome {
            if snapshot.receipt(append.command) != Some(receipt) {
                return None;
            }
            length = receipt.last_position + 1;
        }
    }
    Some(length)
}

/// The outcome of one append of a batch that was not written.
fn outcome_if_not_written(
    append: &Append,
    outcome: &AppendOutcome,
    snapshot: &LogSnapshot,
) -> Result<AppendOutcome, LogError> {
    match outcome {
        AppendOutcome::Appended(_) | AppendOutcome::Duplicate(_) => snapshot
            .receipt(append.command)
            .cloned()
            .map(AppendOutcome::Duplicate)
            .ok_or(LogError::ConnectionLost),
        // Rejected because of an earlier append of this batch, which is not in the log either: the
        // caller decides again.
        AppendOutcome::NotUnique(_) | AppendOutcome::KeyDestroyed | AppendOutcome::Conflict => {
            Ok(AppendOutcome::Conflict)
        }
        AppendOutcome::OutsideTimeWindow { age } => {
            Ok(AppendOutcome::OutsideTimeWindow { age: *age })
        }
    }
}
