//! Resolution of in-doubt commits: the connection was lost before the commit was acknowledged.
//!
//! The outcome is read from the log: a batch is in it completely or not at all.
//!
//! # Fencing
//!
//! The question is asked under the lock of the head. A transaction that holds the lock has ended by
//! then, but a conditional write that is still on its way to the server, or queued there, has not
//! started. So if none of the commands is in the log, `last_at` of the head is raised by a
//! microsecond. A conditional write requires the head that it was resolved against, so the late
//! copy writes nothing, and the batch can be reported as not written or be written again.

use std::time::{Duration, Instant};

use super::LogError;
use super::append::{Append, AppendOutcome};
use super::batch_resolution::LogSnapshot;
use super::writer::WriterTask;
use crate::store::StoreError;
use crate::store::events::{self, CommandLookup, Lookups};

/// How long the outcome of a commit is polled, and the pause between two attempts.
const POLL_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The outcome of an in-doubt batch.
pub(super) enum InDoubtOutcome {
    Written,
    /// The batch is not in the log and never will be. Holds the replies of those of its commands
    /// that are in the log by another append.
    NotWritten(LogSnapshot),
    /// The database was unreachable until the time-out.
    Unknown,
}

impl WriterTask {
    /// Resolves an in-doubt batch and returns an outcome for each caller.
    pub(super) async fn resolve_in_doubt(
        &self,
        appends: &[Append],
        outcomes: Vec<AppendOutcome>,
        cause: &StoreError,
    ) -> Vec<Result<AppendOutcome, LogError>> {
        match self.poll_outcome(appends, &outcomes, cause).await {
            InDoubtOutcome::Written => outcomes.into_iter().map(Ok).collect(),
            InDoubtOutcome::NotWritten(known) => appends
                .iter()
                .zip(&outcomes)
                .map(|(append, outcome)| outcome_if_not_written(append, outcome, &known))
                .collect(),
            InDoubtOutcome::Unknown => appends
                .iter()
                .map(|_| Err(LogError::OutcomeUnknown))
                .collect(),
        }
    }

    pub(super) async fn poll_outcome(
        &self,
        appends: &[Append],
        outcomes: &[AppendOutcome],
        cause: &StoreError,
    ) -> InDoubtOutcome {
        tracing::warn!(%cause, "the answer to a commit was lost; looking its commands up");
        let since = Instant::now();
        loop {
            match self.read_or_fence(appends).await {
                Ok(known) => return self.compare_with_log(appends, outcomes, known),
                Err(_) if since.elapsed() < POLL_TIMEOUT => tokio::time::sleep(POLL_INTERVAL).await,
                Err(_) => return InDoubtOutcome::Unknown,
            }
        }
    }

    /// Compares the replies in the log with those of this batch. A command that was in the log
    /// before this batch has a reply with other positions.
    fn compare_with_log(
        &self,
        appends: &[Append],
        outcomes: &[AppendOutcome],
        known: LogSnapshot,
    ) -> InDoubtOutcome {
        let mut next_position = 0;
        for (append, outcome) in appends.iter().zip(outcomes) {
            let AppendOutcome::Appended(answer) = outcome else {
                continue;
            };
            if known.receipt(append.command) != Some(answer) {
                return InDoubtOutcome::NotWritten(known);
            }
            next_position = answer.last_position + 1;
        }
        self.length_watch
            .send_modify(|length| *length = (*length).max(next_position));
        InDoubtOutcome::Written
    }

    /// Reads the replies of the batch's commands under the lock of the head. If none of them is in
    /// the log, fences the batch: see the module's text.
    async fn read_or_fence(&self, appends: &[Append]) -> Result<LogSnapshot, StoreError> {
        let mut tx = self.begin_with_retry().await?;
        let commands = appends
            .iter()
            .map(|append| CommandLookup {
                command_id: append.command.to_string(),
            })
            .collect();
        let (head, facts) = events::lock_and_look_up(
            &mut tx,
            &self.organisation,
            &Lookups {
                commands,
                ..Lookups::default()
            },
        )
        .await?;
        let known = LogSnapshot::new(facts);
        if appends
            .iter()
            .all(|append| known.receipt(append.command).is_none())
        {
            events::set_head(
                &mut tx,
                &self.organisation,
                head.next_position,
                head.last_at + 1,
            )
            .await?;
            tx.commit().await?;
        }
        Ok(known)
    }
}

/// The outcome of one append of a batch that was not written.
fn outcome_if_not_written(
    append: &Append,
    outcome: &AppendOutcome,
    known: &LogSnapshot,
) -> Result<AppendOutcome, LogError> {
    match outcome {
        AppendOutcome::Appended(_) | AppendOutcome::Duplicate(_) => known
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
