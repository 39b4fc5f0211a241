//! What the service does by itself when a day has come: offers and drafts lapse, drafts come back
//! when a deadline is moved, groups are reminded, and what nobody came back to is erased.
//!
//! Views say what may be due, and the rules decide: a command that is not due is refused, and one
//! that was issued before is repeated under the same id. So running this twice, or in two processes
//! at once, changes nothing more.

mod deadlines;
mod reminders;
mod unproven;

use std::time::Duration;

use crate::commands::{Caller, CommandError, Commands, RepeatKey, Request};
use crate::domain::{Command, Refusal};
use crate::views::{ViewError, Views};

/// How often to look whether something is due.
const LOOK: Duration = Duration::from_mins(10);

/// What stopped a round of jobs.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    View(#[from] ViewError),
}

/// The jobs of one organisation.
#[derive(Clone)]
pub struct Jobs {
    commands: Commands,
    views: Views,
}

impl Jobs {
    #[must_use]
    pub fn new(commands: Commands, views: Views) -> Self {
        Self { commands, views }
    }

    /// Does what is due, again and again, for as long as the process runs.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.once().await {
                tracing::error!(%error, "a round of jobs stopped; it is tried again");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Does what is due now; how many commands were taken.
    ///
    /// # Errors
    /// When the database does not answer, or a view cannot be read.
    pub async fn once(&self) -> Result<usize, JobError> {
        let (mut taken, mut failed) = (0, None);
        for command in [
            self.deadlines().await?,
            self.reminders().await?,
            self.unproven().await?,
        ]
        .into_iter()
        .flatten()
        {
            match self.issue(command).await {
                Ok(new) => taken += usize::from(new),
                // One that cannot be done must not keep the others from being done.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(taken), Err)
    }

    /// Issues one command under an id that follows from what it is about; whether it was taken.
    async fn issue(&self, due: Due) -> Result<bool, JobError> {
        let before = self
            .commands
            .log()
            .length()
            .await
            .map_err(CommandError::from)?;
        let repeat = RepeatKey::own(due.key, "job");
        let request = Request {
            repeat: Some(repeat),
            ..Request::new(Caller::job(), due.command)
        };
        match self.commands.issue(request).await {
            Ok(answer) => Ok(answer.first_position >= before),
            // The view was behind: the group answered meanwhile, or another process was quicker.
            Err(CommandError::Refused(refusal)) => {
                log_refusal(&refusal);
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn log_refusal(refusal: &Refusal) {
    tracing::debug!(code = refusal.code(), "a job was not due after all");
}

/// A command that may be due, and what makes its id.
struct Due {
    key: String,
    command: Command,
}
