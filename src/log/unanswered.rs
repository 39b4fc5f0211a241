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

impl Desk {
    /// Looks up what became of each append of a batch, of which all are in the log or none.
    pub(super) async fn find_out(&self, appends: &[Append], outcomes: Vec<Outcome>, cause: &StoreError) -> Vec<Result<Outcome, LogError>> {
        tracing::warn!(%cause, "the answer to a commit was lost; looking its commands up");
        let since = Instant::now();
        loop {
            match self.stored(appends).await {
                Ok(known) => return appends.iter().zip(outcomes).map(|(append, outcome)| self.became(append, outcome, &known)).collect(),
                Err(_) if since.elapsed() < LOOK_UP_MOST => tokio::time::sleep(LOOK_UP_PAUSE).await,
                Err(_) => return appends.iter().map(|_| Err(LogError::Unknown)).collect(),
            }
        }
    }

    fn became(&self, append: &Append, outcome: Outcome, known: &Known) -> Result<Outcome, LogError> {
        match outcome {
            Outcome::Appended(_) | Outcome::Repeated(_) => {
                let answer = known.answer(append.command).ok_or(LogError::Lost)?;
                self.grown.send_modify(|length| *length = (*length).max(answer.last_position + 1));
                Ok(Outcome::Appended(answer.clone()))
            }
            // What these rested on may not be in the log: the caller decides again.
            Outcome::Taken(_) | Outcome::KeyGone | Outcome::Conflict => Ok(Outcome::Conflict),
            Outcome::Late { age } => Ok(Outcome::Late { age }),
        }
    }

    /// Asks under the lock of the head: a commit that is still under way elsewhere has ended by then. A statement that has not come so far
    /// finds the head elsewhere when it does, as its time is moved on.
    async fn stored(&self, appends: &[Append]) -> Result<Known, StoreError> {
        let mut tx = self.begin().await?;
        let commands = appends.iter().map(|append| CommandAsked { command_id: append.command.to_string() }).collect();
        let (head, facts) = events::lock(&mut tx, &self.organisation, &Asked { commands, ..Asked::default() }).await?;
        let known = Known::new(facts);
        if appends.iter().all(|append| known.answer(append.command).is_none()) {
            events::put_head(&mut tx, &self.organisation, head.next_position, head.last_at + 1).await?;
            tx.commit().await?;
        }
        Ok(known)
    }
}
