//! A commit whose answer was lost: the log itself says what became of it.

use std::time::Duration;

use super::LogError;
use super::append::{Answer, Append, Outcome};
use super::writer::Desk;
use crate::store::{StoreError, events};

/// How often a lost answer to a commit is asked after, and how long to wait between.
const LOOK_UPS: u32 = 20;
const LOOK_UP_PAUSE: Duration = Duration::from_millis(250);

impl Desk {
    /// Looks up what became of each append of a batch.
    pub(super) async fn find_out(&self, appends: &[Append], outcomes: Vec<Outcome>, cause: &StoreError) -> Vec<Result<Outcome, LogError>> {
        tracing::warn!(%cause, "the answer to a commit was lost; looking each command up");
        let mut found = Vec::with_capacity(appends.len());
        for (append, outcome) in appends.iter().zip(outcomes) {
            found.push(match outcome {
                Outcome::Appended(_) | Outcome::Repeated(_) => self.look_up(append).await,
                // What these rested on may not be in the log: the caller decides again.
                Outcome::Taken(_) | Outcome::KeyGone | Outcome::Conflict => Ok(Outcome::Conflict),
                Outcome::Late { age } => Ok(Outcome::Late { age }),
            });
        }
        found
    }

    /// Asks under the lock of the head: a commit that is still under way elsewhere has ended by then.
    async fn look_up(&self, append: &Append) -> Result<Outcome, LogError> {
        for _ in 0..LOOK_UPS {
            match self.stored(append).await {
                Ok(Some(stored)) => {
                    let answer = Answer::read(&stored).ok_or(LogError::Stopped)?;
                    self.grown.send_modify(|length| *length = (*length).max(answer.last_position + 1));
                    return Ok(Outcome::Appended(answer));
                }
                Ok(None) => return Err(LogError::Lost),
                Err(_) => tokio::time::sleep(LOOK_UP_PAUSE).await,
            }
        }
        Err(LogError::Unknown)
    }

    async fn stored(&self, append: &Append) -> Result<Option<String>, StoreError> {
        let mut tx = self.begin().await?;
        events::lock_head(&mut tx, &self.organisation).await?;
        events::answer_in(&mut tx, &self.organisation, &append.command.to_string()).await
    }
}
