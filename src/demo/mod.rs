//! The demonstration's programme, loaded through commands on a simulated clock that ends yesterday.
//!
//! Ids and command ids are derived from names, so a second run, or one after an interruption, adds
//! only the missing events.

mod application_history;
mod gatherings;
mod grant_history;
mod movement;
mod offer_history;
mod papers;
mod photographs;
mod programme;
mod setup;
mod stories;
#[cfg(test)]
mod stories_tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use uuid::Uuid;

use crate::clock::Clock;
use crate::clock::day_of;
use crate::commands::{Caller, CommandError, CommandRequest, Commands, IdempotencyKey};
use crate::domain::grant::AcceptanceMethod;
use crate::domain::person::MailedAddress;
use crate::domain::{
    Actor, Command, GrantCommand, GroupId, Organisation, OrganisationId, Person, PersonCommand,
};
use crate::eventlog::{LogError, TimestampSource};
use crate::files::{FileError, FileStore};
use crate::sandbox::Sandbox;
use papers::DemoPaper;
use photographs::Album;
pub use programme::DemoProgramme;

/// Why the seeds could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("{file}: {cause}")]
    File {
        file: PathBuf,
        cause: std::io::Error,
    },
    #[error("{file}: {cause}")]
    Malformed {
        file: PathBuf,
        cause: serde_json::Error,
    },
    #[error("the log is not empty and was not simulated: seeds are only for a log of their own")]
    NotEmpty,
    #[error("step {step} ({command}) of the seeds was not taken: {cause}")]
    Step {
        step: usize,
        command: &'static str,
        cause: CommandError,
    },
    #[error("no picture of the seeds is named {0}")]
    UnknownPicture(String),
    #[error("the file {name} of the seeds was not taken: {cause}")]
    NotKept { name: String, cause: CommandError },
    #[error(transparent)]
    Upload(#[from] FileError),
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The clock of a simulation, which passes through the days of the programme.
#[derive(Clone, Debug)]
pub struct Simulation {
    now: Arc<AtomicI64>,
    ends_on: Date,
}

/// The number of events in the log, and how many of them a run added.
#[derive(Clone, Copy, Debug)]
pub struct DemoSummary {
    pub events: i64,
    pub new: i64,
}

impl std::fmt::Display for DemoSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "The log holds {} events, {} of them new.",
            self.events, self.new
        )
    }
}

/// A command that a person issues on a day of the programme.
#[derive(Clone, Debug)]
struct DemoStep {
    /// Days relative to the end of the simulation, below zero.
    day: i32,
    by: Actor,
    command: Command,
    /// The group whose pictures the command refers to, and their names.
    pictures: Option<(GroupId, Vec<String>)>,
    /// The paper that the command refers to.
    paper: Option<DemoPaper>,
}

impl DemoStep {
    fn new(day: i32, by: Actor, command: Command) -> Self {
        Self {
            day,
            by,
            command,
            pictures: None,
            paper: None,
        }
    }
}

impl Simulation {
    /// A simulation that ends now. Its last commands are dated yesterday.
    #[must_use]
    pub fn ending(now: Timestamp) -> Self {
        Self {
            now: Arc::new(AtomicI64::new(now.as_microsecond())),
            ends_on: day_of(now),
        }
    }

    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::Simulated(Arc::clone(&self.now))
    }

    #[must_use]
    pub fn recorded_by(&self) -> TimestampSource {
        TimestampSource::Simulation(Arc::clone(&self.now))
    }

    fn set(&self, ends_on: Date, day: i32, second: i64) {
        let noon = ends_on
            .saturating_add(i64::from(day).days())
            .at(9, 0, 0, 0)
            .in_tz("Europe/London");
        let instant = noon
            .map_or(Timestamp::UNIX_EPOCH, |noon| noon.timestamp())
            .as_microsecond()
            + second * 1_000_000;
        self.now.store(instant, Ordering::Relaxed);
    }
}

/// The id of a record of the seeds, derived from its kind and key.
fn demo_id(organisation: OrganisationId, kind: &str, key: &str) -> Uuid {
    Uuid::new_v5(&organisation.0, format!("seed/{kind}/{key}").as_bytes())
}

/// Adds the digest of the encrypted address to a command that proves it. The digest is only known
/// once the person is registered.
async fn with_address_digest(commands: &Commands, command: Command) -> Result<Command, LogError> {
    let Command::Person(person, PersonCommand::ProveAddress(_)) = command else {
        return Ok(command);
    };
    let state = commands.log().refresh::<Person>(person.0).await?.state;
    let address = state
        .email()
        .map(|email| email.digest.clone())
        .unwrap_or_default();
    Ok(Command::Person(
        person,
        PersonCommand::ProveAddress(MailedAddress { address }),
    ))
}

/// Loads a programme. Records that exist already are not changed. Pictures are added to the store
/// of files. [`SeedError::NotEmpty`] if the log has events that were not simulated,
/// [`SeedError::Step`] if a rule refuses a command.
pub async fn load(
    commands: &Commands,
    (files, sandbox): (&FileStore, &Sandbox),
    simulation: &Simulation,
    programme: &DemoProgramme,
) -> Result<DemoSummary, SeedError> {
    let log = commands.log();
    let before = log.length().await?;
    let organisation = log
        .refresh::<Organisation>(commands.organisation().0)
        .await?
        .state;
    let ends_on = match (before, organisation.simulated()) {
        (0, _) => simulation.ends_on,
        (_, Some(ends_on)) => ends_on,
        (_, None) => return Err(SeedError::NotEmpty),
    };
    let mut steps = setup::steps(programme, commands.organisation(), ends_on);
    steps.extend(application_history::steps(
        programme,
        commands.organisation(),
        ends_on,
    ));
    steps.extend(gatherings::steps(
        programme,
        commands.organisation(),
        ends_on,
    ));
    steps.extend(movement::steps(
        programme,
        commands.organisation(),
        ends_on,
    )?);
    steps.sort_by_key(|step| step.day);
    let mut loader = Loader {
        commands,
        album: Album::new(commands, files, sandbox),
        resumes: before > 0,
    };
    let mut second = 0;
    let mut day = i32::MIN;
    for (number, step) in steps.into_iter().enumerate() {
        second = if step.day == day { second + 20 } else { 0 };
        day = step.day;
        simulation.set(ends_on, day, second);
        loader.take(number, step).await?;
    }
    let events = log.length().await?;
    Ok(DemoSummary {
        events,
        new: events - before,
    })
}

struct Loader<'a> {
    commands: &'a Commands,
    album: Album<'a>,
    /// Whether an earlier run may have taken some of the steps.
    resumes: bool,
}

impl Loader<'_> {
    async fn take(&mut self, number: usize, step: DemoStep) -> Result<(), SeedError> {
        let name = step.command.name();
        let refused = |cause| SeedError::Step {
            step: number,
            command: name,
            cause,
        };
        let request = CommandRequest {
            idempotency_key: Some(IdempotencyKey::per_caller(format!("seed-{number}"), "seed")),
            ..CommandRequest::new(
                Caller {
                    actor: step.by,
                    role_scope: None,
                },
                with_address_digest(self.commands, step.command).await?,
            )
        };
        // A command that was recorded in an earlier run is not decided again: the newest event of
        // the log may be later than the simulated clock.
        if self.resumes {
            let answered = self.commands.previous_reply(request.clone()).await;
            if answered.map_err(refused)?.is_some() {
                return Ok(());
            }
        }
        let mut request = request;
        if let Some((group, names)) = step.pictures {
            let kept = self.album.keep(step.by, group, &names).await?;
            match &mut request.command {
                Command::Grant(_, GrantCommand::ReceiveUpdate(update)) => update.files = kept,
                Command::Grant(_, GrantCommand::PublishStory(story)) => story.photographs = kept,
                Command::Grant(_, GrantCommand::SendNews(news)) => news.photographs = kept,
                _ => {}
            }
        }
        if let Some(paper) = step.paper {
            let kept = self.album.keep_paper(&paper).await?;
            match &mut request.command {
                Command::Grant(_, GrantCommand::AcceptAgreement(accept)) => {
                    accept.method = AcceptanceMethod::PaperScan { scan: kept };
                }
                Command::Grant(_, GrantCommand::PassCheck(passed)) => passed.evidence = Some(kept),
                Command::Grant(_, GrantCommand::ConfirmPayment(confirm)) => {
                    confirm.receipt = Some(kept);
                }
                _ => {}
            }
        }
        self.commands.execute(request).await.map_err(refused)?;
        Ok(())
    }
}
