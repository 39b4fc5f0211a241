//! Execution of commands: load streams, encrypt personal values, decide, append all events or none,
//! retry after a conflict, and repeat the reply to a repeated request.
//!
//! The API, the pages and the command line all use [`Commands::issue`].

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

/// How long a command is retried while other commands change its streams.
const DEADLINE: Duration = Duration::from_secs(5);

/// The actor of a command, and a limit on their roles.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: Actor,
    /// The roles to which an API token limits its owner. `None` is no limit.
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

    /// The service itself, which issues commands when a day has come.
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

/// The client's name for a request. A repeat under the same key gets the first reply.
#[derive(Clone, Debug)]
pub struct RepeatKey {
    pub key: String,
    /// A keyed hash of the request. The same key with another request is refused.
    pub request_hash: String,
    /// The hash that an earlier version of this program computed for the same request. A recorded
    /// command may carry it.
    pub formerly: Option<String>,
    /// All callers share the key, as with the rows of an imported table. Otherwise each caller has
    /// keys of their own.
    pub by_anybody: bool,
}

impl RepeatKey {
    /// A key that belongs to its caller.
    #[must_use]
    pub fn own(key: impl Into<String>, request_hash: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            request_hash: request_hash.into(),
            formerly: None,
            by_anybody: false,
        }
    }

    /// Also accepts the hash that an earlier version of this program computed for the request.
    #[must_use]
    pub fn or_formerly(self, request_hash: impl Into<String>) -> Self {
        Self {
            formerly: Some(request_hash.into()),
            ..self
        }
    }

    /// Whether the request recorded under this key was the same one.
    fn repeats(&self, recorded: Option<&str>) -> bool {
        recorded.is_some_and(|recorded| {
            recorded == self.request_hash || self.formerly.as_deref() == Some(recorded)
        })
    }

    /// A key that all callers share: the request is executed once, by any of them.
    #[must_use]
    pub fn by_anybody(key: impl Into<String>, request_hash: impl Into<String>) -> Self {
        Self {
            by_anybody: true,
            ..Self::own(key, request_hash)
        }
    }
}

/// A command, its caller, and how it was received.
#[derive(Clone, Debug)]
pub struct Request {
    pub caller: Caller,
    pub command: Command,
    pub repeat: Option<RepeatKey>,
    pub channel: Channel,
    /// The version of the aggregate that the client has seen. If it has changed, the command is
    /// refused as stale.
    pub if_match: Option<i64>,
    /// The id that groups the commands of one conversation. It defaults to the command's own id.
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

/// The reply to a command. `repeated` marks a reply that was recorded earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    pub answer: Answer,
    pub repeated: bool,
}

/// Why a command has no reply.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A rule refuses one of several records that one command concerns.
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

/// Executes commands on the event log of one organisation.
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

    /// Checks account numbers by the published modulus tables, if the operator supplied them.
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

    /// The id of the organisation to which the log belongs.
    #[must_use]
    pub fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Executes a command. A repeated request gets the first reply. On a refusal or any other error
    /// nothing has been recorded, unless the database was lost during the commit.
    pub async fn issue(&self, request: Request) -> Result<Answer, CommandError> {
        Ok(self.issue_or_repeat(request).await?.answer)
    }

    /// Executes a command, and also returns whether the reply was recorded earlier.
    pub async fn issue_or_repeat(&self, request: Request) -> Result<Issued, CommandError> {
        let id = self.command_id(&request);
        // Later log lines of this span carry the id under which the command is recorded.
        tracing::Span::current().record("command", tracing::field::display(id));
        let mut attempt = Attempt::new(self, id, request);
        match Self::settle(&mut attempt).await {
            Ok(issued) => Ok(issued),
            // The append recognises a repeat. If the command failed before it, an earlier reply
            // still takes precedence over the error.
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

    /// Decides a command without recording it. Personal values are ignored. Returns the refusal
    /// that the command would get now.
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

    /// The reply recorded for a request under its key, if there is one. [`CommandError::KeyReused`]
    /// if the key belongs to another request.
    pub async fn answered(&self, request: Request) -> Result<Option<Answer>, CommandError> {
        Attempt::new(self, self.command_id(&request), request)
            .answered_before()
            .await
    }

    /// The command's id: a hash of organisation, caller, operation and the client's key, so that no
    /// text of the client enters the log. Without a key it is a new id.
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

/// The id of an organisation, derived from the name under which its log is stored.
#[must_use]
pub fn organisation_id(key: &str) -> OrganisationId {
    OrganisationId(Uuid::new_v5(
        &Uuid::NAMESPACE_URL,
        format!("microgrants/{key}").as_bytes(),
    ))
}
