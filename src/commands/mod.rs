//! Execution of commands: load streams, encrypt personal values, decide, append all events or none,
//! retry after a conflict, and repeat the reply to a repeated request.
//!
//! The API, the pages and the command line all use [`Commands::execute`].

mod command_execution;
mod connections;
mod decision;
mod loaded_streams;
mod stream_locks;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::bank::modulus_check::ModulusTables;
use crate::clock::Clock;
use crate::crypto::vault::VaultError;
use crate::domain::application::Channel;
use crate::domain::{Actor, Command, OrganisationId, Refusal, Role};
use crate::eventlog::append::AppendReceipt;
use crate::eventlog::{Log, LogError};
use command_execution::CommandExecution;
pub use connections::ConnectedStreams;
use decision::Decision;
use loaded_streams::LoadedStreams;
use stream_locks::StreamLocks;

/// How long a command is retried while other commands change its streams.
const RETRY_DEADLINE: Duration = Duration::from_secs(5);

/// The actor of a command, and a limit on their roles.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: Actor,
    /// The roles to which an API token limits its owner. `None` is no limit.
    pub role_scope: Option<BTreeSet<Role>>,
}

impl Caller {
    #[must_use]
    pub fn operator() -> Self {
        Self {
            actor: Actor::Operator,
            role_scope: None,
        }
    }

    /// The service itself, which issues commands when a day has come.
    #[must_use]
    pub fn job() -> Self {
        Self {
            actor: Actor::Job,
            role_scope: None,
        }
    }

    fn actor_name(&self) -> String {
        match self.actor {
            Actor::Person(person) => person.to_string(),
            Actor::Operator => "operator".to_owned(),
            Actor::Job => "job".to_owned(),
        }
    }
}

/// The client's name for a request. A repeat under the same key gets the first reply.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    pub key: String,
    /// A keyed hash of the request. The same key with another request is refused.
    pub request_hash: String,
    /// The hash that an earlier version of this program computed for the same request. A recorded
    /// command may carry it.
    pub legacy_hash: Option<String>,
    /// All callers share the key, as with the rows of an imported table. Otherwise each caller has
    /// keys of their own.
    pub shared: bool,
}

impl IdempotencyKey {
    /// A key that belongs to its caller.
    #[must_use]
    pub fn per_caller(key: impl Into<String>, request_hash: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            request_hash: request_hash.into(),
            legacy_hash: None,
            shared: false,
        }
    }

    /// Also accepts the hash that an earlier version of this program computed for the request.
    #[must_use]
    pub fn with_legacy_hash(self, request_hash: impl Into<String>) -> Self {
        Self {
            legacy_hash: Some(request_hash.into()),
            ..self
        }
    }

    /// Whether the request recorded under this key was the same one.
    fn matches_recorded(&self, recorded: Option<&str>) -> bool {
        recorded.is_some_and(|recorded| {
            recorded == self.request_hash || self.legacy_hash.as_deref() == Some(recorded)
        })
    }

    /// A key that all callers share: the request is executed once, by any of them.
    #[must_use]
    pub fn shared(key: impl Into<String>, request_hash: impl Into<String>) -> Self {
        Self {
            shared: true,
            ..Self::per_caller(key, request_hash)
        }
    }
}

/// A command, its caller, and how it was received.
#[derive(Clone, Debug)]
pub struct CommandRequest {
    pub caller: Caller,
    pub command: Command,
    pub idempotency_key: Option<IdempotencyKey>,
    pub channel: Channel,
    /// The version of the aggregate that the client has seen. If it has changed, the command is
    /// refused as stale.
    pub if_match: Option<i64>,
    /// The id that groups the commands of one conversation. It defaults to the command's own id.
    pub correlation: Option<Uuid>,
}

impl CommandRequest {
    #[must_use]
    pub fn new(caller: Caller, command: Command) -> Self {
        Self {
            caller,
            command,
            idempotency_key: None,
            channel: Channel::Web,
            if_match: None,
            correlation: None,
        }
    }
}

/// The reply to a command. `repeated` marks a reply that was recorded earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandReply {
    pub receipt: AppendReceipt,
    pub repeated: bool,
}

/// A record that a rule refuses, in a command about several records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{noun} {id}: {refusal}")]
pub struct RefusedRecord {
    pub refusal: Refusal,
    pub noun: &'static str,
    pub id: Uuid,
}

fn list_refused(records: &[RefusedRecord]) -> String {
    let records: Vec<_> = records.iter().map(ToString::to_string).collect();
    records.join("; ")
}

/// Why a command has no reply.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Rules refuse some records of a command about several. The list has at least one.
    #[error("{}", list_refused(.0))]
    RefusedFor(Vec<RefusedRecord>),
    #[error("this key was used for another request")]
    KeyReused,
    #[error("someone changed this after you opened it")]
    Stale,
    #[error("many people are changing the same record right now")]
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
    stream_locks: Arc<StreamLocks>,
    modulus: Option<Arc<ModulusTables>>,
}

impl Commands {
    #[must_use]
    pub fn new(log: Log, clock: Clock) -> Self {
        let organisation = organisation_id(log.organisation());
        Self {
            log,
            organisation,
            clock,
            stream_locks: Arc::default(),
            modulus: None,
        }
    }

    /// Checks account numbers by the published modulus tables, if the operator supplied them.
    #[must_use]
    pub fn with_account_checks(self, modulus: Option<ModulusTables>) -> Self {
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
    pub async fn execute(&self, request: CommandRequest) -> Result<AppendReceipt, CommandError> {
        Ok(self.execute_or_replay(request).await?.receipt)
    }

    /// Executes a command, and also returns whether the reply was recorded earlier.
    pub async fn execute_or_replay(
        &self,
        request: CommandRequest,
    ) -> Result<CommandReply, CommandError> {
        let id = self.command_id(&request);
        // Later log lines of this span carry the id under which the command is recorded.
        tracing::Span::current().record("command", tracing::field::display(id));
        let mut attempt = CommandExecution::new(self, id, request);
        match Self::retry_until_deadline(&mut attempt).await {
            Ok(issued) => Ok(issued),
            // The append recognises a repeat. If the command failed before it, an earlier reply
            // still takes precedence over the error.
            Err(error) => match attempt.previous_reply().await {
                Ok(answer) => answer
                    .map(|answer| CommandReply {
                        receipt: answer,
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

    async fn retry_until_deadline(
        attempt: &mut CommandExecution<'_>,
    ) -> Result<CommandReply, CommandError> {
        let since = Instant::now();
        while since.elapsed() < RETRY_DEADLINE {
            if let Some(issued) = attempt.try_once().await? {
                return Ok(issued);
            }
        }
        Err(CommandError::Busy)
    }

    /// Decides a command without recording it. Personal values are ignored. Returns the refusal
    /// that the command would get now.
    pub async fn dry_run(&self, caller: &Caller, mut command: Command) -> Result<(), CommandError> {
        command_execution::blank_personal_values(&mut command);
        let met = LoadedStreams::new(&self.log, self.organisation.0);
        match Decision::decide(met, caller, self.now(), &command).await {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error),
        }
    }

    /// The reply recorded for a request under its key, if there is one. [`CommandError::KeyReused`]
    /// if the key belongs to another request.
    pub async fn previous_reply(
        &self,
        request: CommandRequest,
    ) -> Result<Option<AppendReceipt>, CommandError> {
        CommandExecution::new(self, self.command_id(&request), request)
            .previous_reply()
            .await
    }

    /// The command's id: a hash of organisation, caller, operation and the client's key, so that no
    /// text of the client enters the log. Without a key it is a new id.
    fn command_id(&self, request: &CommandRequest) -> Uuid {
        match &request.idempotency_key {
            None => crate::clock::new_id(),
            Some(repeat) => {
                let operation = request.command.full_name();
                let whose = if repeat.shared {
                    "anybody".to_owned()
                } else {
                    request.caller.actor_name()
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
