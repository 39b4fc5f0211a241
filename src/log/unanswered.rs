//! A commit whose answer was lost: the log itself says what became of it.

use std::time::{Duration, Instant};

use super::LogError;
use super::append::{Append, Outcome};
use super::settle::Known;
use super::writer::Desk;
use crate::store::StoreError;
use crate::store::events::{self, Asked, CommandAsked};

/// How long a lost answer to a commit is asked after, and how long to wait between.
const LOOK_UP_MOST: Duration = Duration::from_secs(10);
const LOOK_UP_PAUSE: Duration = Duration::from_millis(250);

/// What became of a batch, of which everything is in the log or nothing.
pub(super) enum Found {
    Written,
    /// It never will be, either; and what the log knows of its commands.
    NotWritten(Known),
    /// The database could not be asked.
    Unknown,
}

impl Desk {
    /// Asks the log what became of a batch, and tells each caller.
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

    /// A command that was in the log before has another answer than this batch would have given it.
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

    /// Asks under the lock of the head: a commit that is still under way elsewhere has ended by
    /// then. A statement that has not come so far finds the head elsewhere when it does, as its
    /// time is moved on where nothing was found.
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

/// What a caller is told of a batch that was not written.
fn undone(append: &Append, outcome: &Outcome, known: &Known) -> Result<Outcome, LogError> {
    match outcome {
        Outcome::Appended(_) | Outcome::Repeated(_) => known
            .answer(append.command)
            .cloned()
            .map(Outcome::Repeated)
            .ok_or(LogError::Lost),
        // What these rested on is not in the log: the caller decides again.
        Outcome::Taken(_) | Outcome::KeyGone | Outcome::Conflict => Ok(Outcome::Conflict),
        Outcome::Late { age } => Ok(Outcome::Late { age: *age }),
    }
}
