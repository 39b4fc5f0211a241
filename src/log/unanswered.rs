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
use super::append::{Append, Outcome};
use super::settle::Known;
use super::writer::Desk;
use crate::store::StoreError;
use crate::store::events::{self, Asked, CommandAsked};

/// How long the outcome of a commit is polled, and the pause between two attempts.
const LOOK_UP_MOST: Duration = Duration::from_secs(10);
const LOOK_UP_PAUSE: Duration = Duration::from_millis(250);

/// The outcome of an in-doubt batch.
pub(super) enum Found {
    Written,
    /// The batch is not in the log and never will be. Holds the replies of those of its commands
    /// that are in the log by another append.
    NotWritten(Known),
    /// The database was unreachable until the time-out.
    Unknown,
}

impl Desk {
    /// Resolves an in-doubt batch and returns an outcome for each caller.
    pub(super) async fn find_out(
        &self,
        appends: &[Append],
        outcomes: Vec<Outcome>,
        cause: &StoreError,
    ) -> Vec<Result<Outcome, LogError>> {
        match self.look_up(appends, &outcomes, cause).await {
            Found::Written => outcomes.into_iter().map(Ok).collect(),
            Found::NotWritten(known) => appends
                .iter()
                .zip(&outcomes)
                .map(|(append, outcome)| undone(append, outcome, &known))
                .collect(),
            Found::Unknown => appends.iter().map(|_| Err(LogError::Unknown)).collect(),
        }
    }

    pub(super) async fn look_up(
        &self,
        appends: &[Append],
        outcomes: &[Outcome],
        cause: &StoreError,
    ) -> Found {
        tracing::warn!(%cause, "the answer to a commit was lost; looking its commands up");
        let since = Instant::now();
        loop {
            match self.known_or_fenced(appends).await {
                Ok(known) => return self.became(appends, outcomes, known),
                Err(_) if since.elapsed() < LOOK_UP_MOST => tokio::time::sleep(LOOK_UP_PAUSE).await,
                Err(_) => return Found::Unknown,
            }
        }
    }

    /// Compares the replies in the log with those of this batch. A command that was in the log
    /// before this batch has a reply with other positions.
    fn became(&self, appends: &[Append], outcomes: &[Outcome], known: Known) -> Found {
        let mut next_position = 0;
        for (append, outcome) in appends.iter().zip(outcomes) {
            let Outcome::Appended(answer) = outcome else {
                continue;
            };
            if known.answer(append.command) != Some(answer) {
                return Found::NotWritten(known);
            }
            next_position = answer.last_position + 1;
        }
        self.grown
            .send_modify(|length| *length = (*length).max(next_position));
        Found::Written
    }

    /// Reads the replies of the batch's commands under the lock of the head. If none of them is in
    /// the log, fences the batch: see the module's text.
    async fn known_or_fenced(&self, appends: &[Append]) -> Result<Known, StoreError> {
        let mut tx = self.begin().await?;
        let commands = appends
            .iter()
            .map(|append| CommandAsked {
                command_id: append.command.to_string(),
            })
            .collect();
        let (head, facts) = events::lock(
            &mut tx,
            &self.organisation,
            &Asked {
                commands,
                ..Asked::default()
            },
        )
        .await?;
        let known = Known::new(facts);
        if appends
            .iter()
            .all(|append| known.answer(append.command).is_none())
        {
            events::put_head(
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
fn undone(append: &Append, outcome: &Outcome, known: &Known) -> Result<Outcome, LogError> {
    match outcome {
        Outcome::Appended(_) | Outcome::Repeated(_) => known
            .answer(append.command)
            .cloned()
            .map(Outcome::Repeated)
            .ok_or(LogError::Lost),
        // Rejected because of an earlier append of this batch, which is not in the log either: the
        // caller decides again.
        Outcome::Taken(_) | Outcome::KeyGone | Outcome::Conflict => Ok(Outcome::Conflict),
        Outcome::Late { age } => Ok(Outcome::Late { age: *age }),
    }
}
