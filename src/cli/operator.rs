//! Operator requests: making tokens and sign-in links, ending access, and signing a checkpoint.
//!
//! The command line executes them with the database. While a service holds an SQLite database, it
//! asks that service over a Unix socket next to the database file.
//!
//! # Protocol
//!
//! A connection carries one request as a line of JSON, and one response as another.
//!
//! # Access
//!
//! The socket is bound in a private folder, set to mode 0600 and then moved to its name. Only the
//! user of the service can connect, who can write the database anyway.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::{OpenedOrganisation, TaskError, open_organisation};
use crate::auth::links::{self, NewSignInLink};
use crate::auth::tokens::{NewToken, Tokens};
use crate::clock::Clock;
use crate::commands::Commands;
use crate::config::Config;
use crate::domain::{Person, PersonId, Role};
use crate::eventlog::TimestampSource;
use crate::mail::SetByOperator;
use crate::store::{Store, StoreError};
use crate::transparency::checkpoint_signer::CheckpointSigner;

/// Maximum length of a line, in bytes.
const LINE_BYTES_MAX: u64 = 8 * 1024;
/// Time limit of a connection on the service's side. The client waits twice as long.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(5);

/// A request of the operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum OperatorRequest {
    Token {
        person: PersonId,
        name: String,
        /// Restricts the token to these roles.
        roles: Option<Vec<Role>>,
        minutes: u64,
    },
    Link {
        person: PersonId,
        minutes: u32,
    },
    EndAccess {
        person: PersonId,
    },
    /// Sign a checkpoint over everything that is in the log.
    Seal {},
}

/// A request as sent over the socket. It names the organisation, because a database can contain
/// several.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SocketRequest {
    organisation: String,
    asked: OperatorRequest,
}

/// Executes the operator's requests.
pub(super) struct Operator {
    pub(super) commands: Commands,
    pub(super) tokens: Tokens,
    /// Public base URL of the pages by the configuration, without a trailing slash.
    pub(super) address: String,
    /// The part of the mail settings that the configuration sets.
    pub(super) configured: SetByOperator,
    pub(super) signer: CheckpointSigner,
}

impl Operator {
    /// Executes a request. Returns a line for the operator: the token, the link's address, or a
    /// message.
    async fn execute(&self, asked: OperatorRequest) -> Result<String, TaskError> {
        let person = match &asked {
            OperatorRequest::Token { person, .. }
            | OperatorRequest::Link { person, .. }
            | OperatorRequest::EndAccess { person } => Some(*person),
            OperatorRequest::Seal {} => None,
        };
        let log = self.commands.log();
        if let Some(person) = person
            && log
                .refresh::<Person>(person.0)
                .await?
                .state
                .must_be_active()
                .is_err()
        {
            return Err(TaskError::UnknownPerson(person));
        }
        match asked {
            OperatorRequest::Token {
                person,
                name,
                roles,
                minutes,
            } => {
                let new = NewToken::by_operator(
                    person,
                    &name,
                    Duration::from_secs(minutes.saturating_mul(60)),
                );
                let new = NewToken {
                    roles: roles.map(|roles| roles.into_iter().collect()),
                    ..new
                };
                Ok(self
                    .tokens
                    .issue(&self.commands, new, self.commands.now())
                    .await?)
            }
            OperatorRequest::Link { person, minutes } => {
                let link = links::issue(
                    &self.commands,
                    NewSignInLink {
                        person,
                        joins: None,
                        valid_minutes: minutes.into(),
                        by_mail: false,
                    },
                )
                .await?;
                let set = self.configured;
                let address = set.public_address(&self.commands, &self.address).await?;
                Ok(format!("{address}/sign-in/{}", link.token))
            }
            OperatorRequest::EndAccess { person } => {
                self.tokens.end_access(log, person).await?;
                tracing::info!(
                    %person,
                    "the operator ended every session, link and token of a person"
                );
                Ok("every session, link and token of this person has ended".to_owned())
            }
            OperatorRequest::Seal {} => {
                self.signer.catch_up().await?;
                Ok("a head was signed over everything that is in the log".to_owned())
            }
        }
    }
}

/// Executes a request with the database, or sends it to the service that holds the database.
pub(super) async fn run(config: &Config, asked: OperatorRequest) -> Result<String, TaskError> {
    let opened = match open_organisation(config, TimestampSource::Database, Clock::System).await {
        Ok(opened) => opened,
        Err(TaskError::Store(StoreError::Locked(_))) => return ask_service(config, asked).await,
        Err(error) => return Err(error),
    };
    let signer = opened.checkpoint_signer();
    let OpenedOrganisation { keys, commands } = opened;
    let address = config.public_address(config.listen);
    let operator = Operator {
        tokens: Tokens::new(&keys.token, config.organisation.as_str())?,
        commands,
        address,
        configured: config.set_by_operator(),
        signer,
    };
    let done = operator.execute(asked).await;
    operator.commands.log().store().close().await;
    done
}

/// Sends a request to the service that holds the SQLite database. Fails with [`StoreError::Locked`]
/// if none answers.
pub(super) async fn ask_service(
    config: &Config,
    asked: OperatorRequest,
) -> Result<String, TaskError> {
    let database = Store::file(&config.database_url).unwrap_or_default();
    let request = SocketRequest {
        organisation: config.organisation.to_string(),
        asked,
    };
    let answer = send_request(&socket_path(&database), &request)
        .await
        .map_err(|error| {
            tracing::debug!(%error, "the service that holds the database cannot be asked");
            TaskError::Store(StoreError::Locked(database.display().to_string()))
        })?;
    answer.map_err(TaskError::RefusedByService)
}

/// Path of the socket of a database: the database's path with `.sock` appended.
fn socket_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".sock");
    name.into()
}

async fn send_request(
    socket: &Path,
    request: &SocketRequest,
) -> io::Result<Result<String, String>> {
    let answered = tokio::time::timeout(SOCKET_TIMEOUT * 2, exchange(socket, request)).await;
    answered.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn exchange(socket: &Path, request: &SocketRequest) -> io::Result<Result<String, String>> {
    let mut stream = UnixStream::connect(socket).await?;
    write_line(&mut stream, request).await?;
    Ok(serde_json::from_str(&read_line(&mut stream).await?)?)
}

async fn write_line(stream: &mut UnixStream, says: &impl Serialize) -> io::Result<()> {
    let line = serde_json::to_string(says)? + "\n";
    stream.write_all(line.as_bytes()).await
}

async fn read_line(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(LINE_BYTES_MAX))
        .read_line(&mut line)
        .await?;
    Ok(line)
}

/// Socket for the operator's requests. Its file is removed on drop.
pub(super) struct OperatorSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for OperatorSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl OperatorSocket {
    /// Opens the socket of an SQLite database. PostgreSQL needs none, because several processes can
    /// write to it. If the socket cannot be made the service runs without it.
    pub(super) fn for_database(config: &Config) -> Option<Self> {
        let database = Store::file(&config.database_url)?;
        let made = Self::bind(&database);
        if let Err(error) = &made {
            tracing::warn!(
                %error,
                "tokens and links cannot be had from the command line while this runs: there is no \
                    socket"
            );
        }
        made.ok()
    }

    /// Binds the socket. The caller holds the database's lock, so an existing socket file is left
    /// over from a service that was killed, and is replaced.
    fn bind(database: &Path) -> io::Result<Self> {
        let path = socket_path(database);
        let within = database
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        // Other users could connect between bind and chmod, so the socket is bound in a private
        // folder and renamed once its mode is set.
        let folder = tempfile::Builder::new()
            .prefix(".socket")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(within)?;
        let made = folder.path().join("s");
        let listener = UnixListener::bind(&made)?;
        fs::set_permissions(&made, Permissions::from_mode(0o600))?;
        fs::rename(&made, &path)?;
        Ok(Self { listener, path })
    }

    /// Serves connections one after another.
    pub(super) async fn run(self, operator: Operator) {
        loop {
            let answered = match self.listener.accept().await {
                Ok((stream, _)) => {
                    tokio::time::timeout(SOCKET_TIMEOUT, handle_connection(stream, &operator)).await
                }
                Err(error) => Ok(Err(error)),
            };
            match answered {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "somebody on this machine could not be answered");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(_) => tracing::warn!("somebody on this machine was too slow"),
            }
        }
    }
}

async fn handle_connection(mut stream: UnixStream, operator: &Operator) -> io::Result<()> {
    let line = read_line(&mut stream).await?;
    let answer: Result<String, String> = match serde_json::from_str::<SocketRequest>(&line) {
        Err(error) => Err(format!("this is no request: {error}")),
        Ok(request) if request.organisation != operator.commands.log().organisation() => {
            Err(format!(
                "the service that runs serves another organisation than {}",
                request.organisation
            ))
        }
        Ok(request) => operator
            .execute(request.asked)
            .await
            .map_err(|error| error.to_string()),
    };
    write_line(&mut stream, &answer).await
}
