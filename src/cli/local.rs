//! Making tokens and links, and ending access, on the machine itself: over the database or, where
//! the service that runs holds an SQLite database, by asking that service over a socket beside it.
//!
//! The socket takes one request a connection, as a line of JSON, and answers with another. Whoever
//! may write the database's folder as the service does may ask: the socket has mode 0600 before it
//! has its name.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::{Opened, TaskError, open};
use crate::commands::Commands;
use crate::commands::clock::Clock;
use crate::config::Config;
use crate::domain::{Person, PersonId, Role};
use crate::http::signin::Tokens;
use crate::http::tokens::NewToken;
use crate::log::RecordedBy;
use crate::mail::links::{self, Invited};
use crate::store::{Store, StoreError};

/// How many bytes a line may have, and how long one side waits for the other.
const LINE_MOST: u64 = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);

/// What the operator asks for about one person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    Token {
        person: PersonId,
        name: String,
        /// Leave the token only these roles.
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
}

/// A request as it travels: a database may hold several organisations.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    organisation: String,
    asked: Asked,
}

/// Who does what the operator asks for.
pub(super) struct Operator {
    pub(super) commands: Commands,
    pub(super) tokens: Tokens,
    /// Where the pages are found from outside, without a slash at its end.
    pub(super) address: String,
}

impl Operator {
    /// Does it, and says what came of it in one line.
    async fn does(&self, asked: Asked) -> Result<String, TaskError> {
        let person = match &asked {
            Asked::Token { person, .. }
            | Asked::Link { person, .. }
            | Asked::EndAccess { person } => *person,
        };
        let log = self.commands.log();
        if log
            .refresh::<Person>(person.0)
            .await?
            .state
            .must_stand()
            .is_err()
        {
            return Err(TaskError::UnknownPerson(person));
        }
        match asked {
            Asked::Token {
                name,
                roles,
                minutes,
                ..
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
            Asked::Link { minutes, .. } => {
                let link = links::offer(
                    &self.commands,
                    Invited {
                        person,
                        joins: None,
                        minutes: minutes.into(),
                        by_mail: false,
                    },
                )
                .await?;
                Ok(format!("{}/sign-in/{}", self.address, link.token))
            }
            Asked::EndAccess { .. } => {
                self.tokens.end_access(log, person).await?;
                tracing::info!(%person, "the operator ended every session, link and token of a person");
                Ok("every session, link and token of this person has ended".to_owned())
            }
        }
    }
}

/// Does what the operator asks for, or has the service do it that holds the database.
pub(super) async fn run(config: &Config, asked: Asked) -> Result<String, TaskError> {
    let opened =
        match open(config, RecordedBy::Database, Clock::System).await {
            Ok(opened) => opened,
            Err(TaskError::Store(StoreError::Locked(database))) => {
                let request = Request {
                    organisation: config.organisation.to_string(),
                    asked,
                };
                let answer = ask(&beside(Path::new(&database)), &request).await.map_err(|error| {
                tracing::debug!(%error, "the service that holds the database cannot be asked");
                TaskError::Store(StoreError::Locked(database))
            })?;
                return answer.map_err(TaskError::Answered);
            }
            Err(error) => return Err(error),
        };
    let Opened { keys, commands } = opened;
    let address = config
        .address
        .clone()
        .unwrap_or_else(|| format!("http://{}", config.listen))
        .trim_end_matches('/')
        .to_owned();
    let operator = Operator {
        tokens: Tokens::new(&keys.token, config.organisation.as_str())?,
        commands,
        address,
    };
    let done = operator.does(asked).await;
    operator.commands.log().store().close().await;
    done
}

/// The socket beside a database.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".sock");
    name.into()
}

async fn ask(socket: &Path, request: &Request) -> io::Result<Result<String, String>> {
    let answered = tokio::time::timeout(PATIENCE * 2, exchange(socket, request)).await;
    answered.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn exchange(socket: &Path, request: &Request) -> io::Result<Result<String, String>> {
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
    BufReader::new(stream.take(LINE_MOST))
        .read_line(&mut line)
        .await?;
    Ok(line)
}

/// A socket on which the operator is heard; it goes when this does.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Socket {
    /// The socket beside an SQLite database; none beside another, which several processes may write
    /// at once. Where it cannot be made the service goes on without it.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let database = Store::file(&config.database_url)?;
        let made = Self::beside(&database);
        if let Err(error) = &made {
            tracing::warn!(%error, "tokens and links cannot be had from the command line while this runs: there is no socket");
        }
        made.ok()
    }

    /// Whoever holds the database is the only one to do this: what lies there is from a service
    /// that was killed.
    fn beside(database: &Path) -> io::Result<Self> {
        let path = beside(database);
        let within = database
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        // It comes into being where nobody else may go, and gets its name once its rights are
        // right.
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

    /// Answers, one after another.
    pub(super) async fn run(self, operator: Operator) {
        loop {
            let answered = match self.listener.accept().await {
                Ok((stream, _)) => tokio::time::timeout(PATIENCE, answer(stream, &operator)).await,
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

async fn answer(mut stream: UnixStream, operator: &Operator) -> io::Result<()> {
    let line = read_line(&mut stream).await?;
    let answer: Result<String, String> = match serde_json::from_str::<Request>(&line) {
        Err(error) => Err(format!("this is no request: {error}")),
        Ok(request) if request.organisation != operator.commands.log().organisation() => {
            Err(format!(
                "the service that runs serves another organisation than {}",
                request.organisation
            ))
        }
        Ok(request) => operator
            .does(request.asked)
            .await
            .map_err(|error| error.to_string()),
    };
    write_line(&mut stream, &answer).await
}
