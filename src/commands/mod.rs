//! Issuing commands: gather the facts, seal what is personal, decide, append all or nothing, retry,
//! repeat the answer.
//!
//! The API, the pages and the command line all come through [`Commands::issue`].

mod attempt;
pub mod clock;
mod connections;
mod decision;
mod facts;
pub mod modulus;
pub mod seed;
mod turns;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::application::Channel;
use crate::domain::{Actor, Command, OrganisationId, Refusal, Role};
use crate::log::append::Answer;
use crate::log::record::day_of;
use crate::log::vault::VaultError;
use crate::log::{Log, LogError};
use attempt::Attempt;
use clock::Clock;
pub use connections::ConnectedStreams;
use decision::Decision;
use facts::Met;
use modulus::Modulus;
use turns::Turns;

/// How long a command is retried while others win the race for its streams.
const DEADLINE: Duration = Duration::from_secs(5);

/// Who asks, and with what rights.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: Actor,
    /// The roles that a token leaves; `None` means all that the log gives.
    pub narrowed: Option<BTreeSet<Role>>,
}

impl Caller {
    #[must_use]
    pub fn operator() -> Self {
        Self {
            actor: Actor::Operator,
            narrowed: None,
        }
    }

    /// The service itself, when a day has come.
    #[must_use]
    pub fn job() -> Self {
        Self {
            actor: Actor::Job,
            narrowed: None,
        }
    }

    fn name(&self) -> String {
        match self.actor {
            Actor::Person(person) => person.to_string(),
            Actor::Operator => "operator".to_owned(),
            Actor::Job => "job".to_owned(),
        }
    }
}

/// What a client sends so that it may repeat a request.
#[derive(Clone, Debug)]
pub struct RepeatKey {
    pub key: String,
    /// A keyed hash of the request: the same key with another request is refused.
    pub request_hash: String,
    /// The hash that an earlier program took of the same request, under which it may have been
    /// recorded.
    pub formerly: Option<String>,
    /// It is the same request whoever sends it, as a row of a table is; otherwise everybody's keys
    /// are their own.
    pub by_anybody: bool,
}

impl RepeatKey {
    /// A key of whoever sends the request.
    #[must_use]
    pub fn own(key: impl Into<String>, request_hash: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            request_hash: request_hash.into(),
            formerly: None,
            by_anybody: false,
        }
    }

    /// The same, where an earlier program took another hash of the request.
    #[must_use]
    pub fn or_formerly(self, request_hash: impl Into<String>) -> Self {
        Self {
            formerly: Some(request_hash.into()),
            ..self
        }
    }

    /// Whether a request that was recorded under this key was the same.
    fn repeats(&self, recorded: Option<&str>) -> bool {
        recorded.is_some_and(|recorded| {
            recorded == self.request_hash || self.formerly.as_deref() == Some(recorded)
        })
    }

    /// A key under which a request is done once, by whomever.
    #[must_use]
    pub fn by_anybody(key: impl Into<String>, request_hash: impl Into<String>) -> Self {
        Self {
            by_anybody: true,
            ..Self::own(key, request_hash)
        }
    }
}

/// A command with who asks it and how.
#[derive(Clone, Debug)]
pub struct Request {
    pub caller: Caller,
    pub command: Command,
    pub repeat: Option<RepeatKey>,
    pub channel: Channel,
    /// The sequence that the client last saw on the stream.
    pub if_match: Option<i64>,
    /// Ties together what one conversation caused.
    pub correlation: Option<Uuid>,
}

impl Request {
    #[must_use]
    pub fn new(caller: Caller, command: Command) -> Self {
        Self {
            caller,
            command,
            repeat: None,
            channel: Channel::Web,
            if_match: None,
            correlation: None,
        }
    }
}

/// What a command was answered, and whether it was so before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    pub answer: Answer,
    pub repeated: bool,
}

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A rule is against one of many things that were asked for at once.
    #[error("{noun} {id}: {refusal}")]
    RefusedFor {
        refusal: Refusal,
        noun: &'static str,
        id: Uuid,
    },
    #[error("the key was used for another request")]
    KeyReused,
    #[error("it was changed since it was read")]
    Stale,
    #[error("too many are changing the same thing at once")]
    Busy,
    #[error("an event cannot be written: {0}")]
    Unwritable(String),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl From<VaultError> for CommandError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::NoKey(_) => Self::Refused(Refusal::Erased),
            other => Self::Log(other.into()),
        }
    }
}

/// Issues commands to one organisation's log.
#[derive(Clone)]
pub struct Commands {
    log: Log,
    organisation: OrganisationId,
    clock: Clock,
    turns: Arc<Turns>,
    modulus: Option<Arc<Modulus>>,
}

impl Commands {
    #[must_use]
    pub fn new(log: Log, clock: Clock) -> Self {
        let organisation = organisation_id(log.organisation());
        Self {
            log,
            organisation,
            clock,
            turns: Arc::default(),
            modulus: None,
        }
    }

    /// Holds account numbers against the published tables, where the operator supplied them.
    #[must_use]
    pub fn checking_accounts(self, modulus: Option<Modulus>) -> Self {
        Self {
            modulus: modulus.map(Arc::new),
            ..self
        }
    }

    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The stream of the organisation whose log this is.
    #[must_use]
    pub fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Decides a command and records what follows from it; a repeat gets the first answer.
    ///
    /// # Errors
    /// The refusal when a rule is against it, and then nothing has changed; otherwise what stood in
    /// the way.
    pub async fn issue(&self, request: Request) -> Result<Answer, CommandError> {
        Ok(self.issue_or_repeat(request).await?.answer)
    }

    /// The same, and says whether it was a repeat.
    ///
    /// # Errors
    /// The refusal when a rule is against it, and then nothing has changed; otherwise what stood in
    /// the way.
    pub async fn issue_or_repeat(&self, request: Request) -> Result<Issued, CommandError> {
        let id = self.command_id(&request);
        // Whatever goes wrong from here on is said with the id under which the log knows the
        // command.
        tracing::Span::current().record("command", tracing::field::display(id));
        let mut attempt = Attempt::new(self, id, request);
        match Self::settle(&mut attempt).await {
            Ok(issued) => Ok(issued),
            // The append knows a repeat by itself. Where it never came so far, the first answer
            // counts, whatever would be said now.
            Err(error) => match attempt.answered_before().await {
                Ok(answer) => answer
                    .map(|answer| Issued {
                        answer,
                        repeated: true,
                    })
                    .ok_or(error),
                Err(other) => {
                    tracing::debug!(%error, "whether it was answered before could not be seen");
                    Err(other)
                }
            },
        }
    }

    async fn settle(attempt: &mut Attempt<'_>) -> Result<Issued, CommandError> {
        let since = Instant::now();
        while since.elapsed() < DEADLINE {
            if let Some(issued) = attempt.run().await? {
                return Ok(issued);
            }
        }
        Err(CommandError::Busy)
    }

    /// What would be said to a command just now: nothing is recorded, and personal values are not
    /// looked at.
    ///
    /// # Errors
    /// The refusal that it would meet.
    pub async fn consider(
        &self,
        caller: &Caller,
        mut command: Command,
    ) -> Result<(), CommandError> {
        attempt::sealed_with_nothing(&mut command);
        let met = Met::new(&self.log, self.organisation.0);
        match Decision::reach(met, caller, day_of(self.now()), &command).await {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error),
        }
    }

    /// What a request was answered, when it was issued before under its key.
    ///
    /// # Errors
    /// [`CommandError::KeyReused`] when another request was; when the database does not answer.
    pub async fn answered(&self, request: Request) -> Result<Option<Answer>, CommandError> {
        Attempt::new(self, self.command_id(&request), request)
            .answered_before()
            .await
    }

    /// Organisation, person, operation and the client's key make the command's id: no client text
    /// enters the log.
    fn command_id(&self, request: &Request) -> Uuid {
        match &request.repeat {
            None => clock::new_id(),
            Some(repeat) => {
                let operation = format!("{}/{}", request.command.noun(), request.command.name());
                let whose = if repeat.by_anybody {
                    "anybody".to_owned()
                } else {
                    request.caller.name()
                };
                let scope = format!(
                    "{}\n{whose}\n{operation}\n{}",
                    self.log.organisation(),
                    repeat.key
                );
                Uuid::new_v5(&self.organisation.0, scope.as_bytes())
            }
        }
    }
}

/// The id of an organisation's stream, from the key under which its log is kept.
#[must_use]
pub fn organisation_id(key: &str) -> OrganisationId {
    OrganisationId(Uuid::new_v5(
        &Uuid::NAMESPACE_URL,
        format!("microgrants/{key}").as_bytes(),
    ))
}
