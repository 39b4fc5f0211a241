//! Jobs: commands that the service issues when they are due. Offers and drafts lapse, and drafts
//! reopen when a deadline is moved. Groups are reminded of drafts and updates, people of sessions
//! and pledges, and holders of entries to confirm them and to answer introductions. Places of
//! erased people are given to those who wait, and their introductions are closed. Needs at sessions,
//! what matters to introduced people, and the words of those who raised a barrier are deleted after
//! their retention period. Drafts of people without a proven address expire. Kept forms are deleted
//! after an hour, without a command.
//!
//! Views supply what may be due, and the rules decide: a command that is not due is refused. The id
//! of a command is derived from its key, so a repeat returns the first reply. Running the jobs
//! twice, or in two processes, changes nothing.

mod assets;
mod barriers;
mod deadlines;
mod gatherings;
mod introductions;
mod reminders;
mod unproven;

use std::time::Duration;

use crate::auth::kept_forms;
use crate::commands::{Caller, CommandError, CommandRequest, Commands, IdempotencyKey};
use crate::domain::{Command, Refusal};
use crate::views::{ViewError, Views};

/// How often the jobs run.
const POLL_INTERVAL: Duration = Duration::from_mins(10);

/// Why a run of the jobs failed.
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

    /// Runs the jobs for as long as the process runs.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.run_once().await {
                tracing::error!(%error, "a round of jobs stopped; it is tried again");
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Issues every command that is due, and deletes expired forms. Returns how many commands were
    /// accepted and new. If some fail, the others are still issued, and the last error is returned.
    pub async fn run_once(&self) -> Result<usize, JobError> {
        let forgotten = kept_forms::remove_expired(&self.commands).await;
        let failed = forgotten.map_err(|error| JobError::from(CommandError::from(error)));
        let (mut taken, mut failed) = (0, failed.err());
        for command in [
            self.deadlines().await?,
            self.reminders().await?,
            self.expired_unproven().await?,
            self.session_reminders().await?,
            self.places_of_erased().await?,
            self.sessions_to_forget().await?,
            self.hands_to_forget().await?,
            self.asset_reminders().await?,
            self.assets_to_forget().await?,
            self.introductions().await?,
            self.pledge_reminders().await?,
            self.late_answers().await?,
            self.barriers_to_forget().await?,
        ]
        .into_iter()
        .flatten()
        {
            match self.execute_due(command).await {
                Ok(new) => taken += usize::from(new),
                // A command that fails must not prevent the others.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(taken), Err)
    }

    /// Issues one command under an id derived from its key. Returns whether it was accepted and not
    /// a repeat.
    async fn execute_due(&self, due: DueCommand) -> Result<bool, JobError> {
        let before = self
            .commands
            .log()
            .length()
            .await
            .map_err(CommandError::from)?;
        let repeat = IdempotencyKey::per_caller(due.key, "job");
        let request = CommandRequest {
            idempotency_key: Some(repeat),
            ..CommandRequest::new(Caller::job(), due.command)
        };
        match self.commands.execute(request).await {
            Ok(answer) => Ok(answer.first_position >= before),
            // The view was not up to date: the group has answered meanwhile, or another process was
            // first.
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

/// A command that may be due, and the key that its id is derived from.
struct DueCommand {
    key: String,
    command: Command,
}
