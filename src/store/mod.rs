//! Both databases, behind one set of functions. The engine is met nowhere else.
//!
//! Statements are the same for PostgreSQL and SQLite but for the few words in [`dialect`]; many
//! rows travel as one JSON parameter, so that one statement serves one row or a thousand.

pub mod accesses;
pub mod carried;
pub mod checkpoints;
pub mod deliveries;
mod dialect;
pub mod events;
pub mod followers;
mod lite;
pub mod mails;
pub mod moves;
pub mod newest;
mod open;
pub mod personal;
#[cfg(test)]
mod plans;
pub mod postings;
pub mod rows;
pub mod search;
pub mod sessions;
pub mod tokens;
pub mod tree;
pub mod uploads;
mod values;
pub mod wanted;
pub mod webhooks;

use sqlx::postgres::{PgDatabaseError, PgSeverity};
use sqlx::{PgPool, Postgres, SqlitePool, Transaction};

pub use dialect::Engine;
pub use lite::LiteTx;
use lite::Writer;
pub use open::sqlite_file;

/// The beginning of a transaction on SQLite. Each says whether its commit waits for the disk,
/// whatever the one before it said.
const DURABLE: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";
const DERIVED: &str = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";

/// An open database.
#[derive(Clone, Debug)]
pub enum Store {
    Postgres(Server),
    Sqlite(Lite),
}

/// PostgreSQL: connections for whoever comes, and a few that append and move the views on, with
/// statements that are planned once.
#[derive(Clone, Debug)]
pub struct Server {
    pool: PgPool,
    writers: PgPool,
}

/// SQLite: one connection that writes, and some that only read.
#[derive(Clone, Debug)]
pub struct Lite {
    writer: Writer,
    readers: SqlitePool,
    /// Held until the store is closed.
    lock: std::sync::Arc<std::fs::File>,
}

/// A transaction under way.
pub enum Tx {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(LiteTx),
}

/// What went wrong with the database or with what it holds.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database did not answer as it should: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("the database could not be brought up to date: {0}")]
    Migrate(sqlx::migrate::MigrateError),
    #[error(
        "the database was brought up to date by a newer program (schema {0}): use that one, or restore a backup into an empty database"
    )]
    Newer(i64),
    #[error(
        "another process has the database {0} open for writing; stop it first, or use PostgreSQL"
    )]
    Locked(String),
    #[error(
        "the database {0} has a second name (a hard link): another process could write it under that one; remove it first"
    )]
    HardLinks(String),
    #[error("a stream could not be loaded: {0}")]
    NotLoaded(String),
    #[error("DATABASE_URL must begin with sqlite:// or postgres://, not {0}")]
    UnknownEngine(String),
    #[error("{expected} rows were to be changed, and {changed} were: nothing is stored")]
    NotWhole { changed: u64, expected: usize },
    #[error("rows must be read first")]
    NotInMemory,
    #[error("the key-encryption key was rotated: restart this process")]
    Rotated,
    #[error(
        "the write-ahead log could not be cut off: somebody reads an older state; it is tried again"
    )]
    Busy,
    #[error("{file}: {cause}")]
    File { file: String, cause: std::io::Error },
    #[error(
        "stored data cannot be read: {what} of stream {stream} at position {position}: {cause}"
    )]
    Unreadable {
        what: &'static str,
        stream: String,
        position: i64,
        cause: String,
    },
}

impl StoreError {
    /// Whether the database is out of reach, and would be for whoever asks next.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, WorkerCrashed};
        matches!(
            self,
            Self::Sql(Io(_) | PoolClosed | PoolTimedOut | WorkerCrashed)
        )
    }

    /// Whether PostgreSQL answered and refused, so that nothing was changed. Where it ends the
    /// connection, nobody knows.
    fn is_refusal(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(cause)) = self else {
            return false;
        };
        cause
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|cause| matches!(cause.severity(), PgSeverity::Error))
    }

    /// Whether a row was there already.
    fn is_double(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(cause)) if cause.is_unique_violation())
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::Newer(version),
            other => Self::Migrate(other),
        }
    }
}

pub type Stored<T> = Result<T, StoreError>;

/// Runs the same statement on whichever transaction it is.
macro_rules! in_tx {
    ($tx:expr, $db:ident => $body:expr) => {
        match $tx {
            $crate::store::Tx::Postgres(tx) => {
                let $db = &mut **tx;
                $body
            }
            $crate::store::Tx::Sqlite(tx) => {
                let $db = &mut **tx;
                $body
            }
        }
    };
}

/// Runs the same statement outside a transaction, for reading.
macro_rules! reading {
    ($store:expr, $db:ident => $body:expr) => {
        match $store {
            $crate::store::Store::Postgres(server) => {
                let $db = &server.pool;
                $body
            }
            $crate::store::Store::Sqlite(lite) => {
                let $db = &lite.readers;
                $body
            }
        }
    };
}

/// Where something is read: inside a transaction, or outside of any.
pub enum Source<'a> {
    Within(&'a mut Tx),
    Outside(&'a Store),
}

/// Runs the same statement, for reading, wherever it is to be read.
macro_rules! from_source {
    ($source:expr, $db:ident => $body:expr) => {
        match $source {
            $crate::store::Source::Within(tx) => $crate::store::in_tx!(tx, $db => $body),
            $crate::store::Source::Outside(store) => $crate::store::reading!(store, $db => $body),
        }
    };
}
pub(crate) use {from_source, in_tx, reading};

impl Source<'_> {
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Within(tx) => tx.engine(),
            Self::Outside(store) => store.engine(),
        }
    }
}

impl Store {
    /// Begins a transaction that will write. On SQLite there is one at a time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(&self) -> Stored<Tx> {
        Ok(match self {
            Self::Postgres(server) => Tx::Postgres(server.pool.begin().await?),
            Self::Sqlite(lite) => Tx::Sqlite(lite.writer.begin(DURABLE).await?),
        })
    }

    /// Begins a transaction that appends to the log.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_append(&self) -> Stored<Tx> {
        match self {
            Self::Postgres(server) => Ok(Tx::Postgres(server.writers.begin().await?)),
            Self::Sqlite(_) => self.begin().await,
        }
    }

    /// Begins a transaction whose commit need not be on the disk before it is answered, as what it
    /// writes is made from the log.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_derived(&self) -> Stored<Tx> {
        Ok(match self {
            Self::Postgres(server) => Tx::Postgres(
                server
                    .pool
                    .begin_with("BEGIN; SET LOCAL synchronous_commit = off")
                    .await?,
            ),
            Self::Sqlite(lite) => Tx::Sqlite(lite.writer.begin(DERIVED).await?),
        })
    }

    /// Begins a transaction that reads, and sees the whole database as it is at its first read.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn snapshot(&self) -> Stored<Tx> {
        Ok(match self {
            Self::Postgres(server) => Tx::Postgres(
                server
                    .pool
                    .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
            Self::Sqlite(lite) => Tx::Sqlite(LiteTx::Reading(lite.readers.begin().await?)),
        })
    }

    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// The pool of a PostgreSQL database: the stock repository loads streams through it.
    #[must_use]
    pub fn postgres(&self) -> Option<&PgPool> {
        match self {
            Self::Postgres(server) => Some(&server.pool),
            Self::Sqlite(_) => None,
        }
    }

    /// Clears the disk of what was deleted, as far as the engine lets us: SQLite overwrites at
    /// once, and its log is cut off here; PostgreSQL is told that the room is free.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear_deleted(&self) -> Stored<()> {
        match self {
            Self::Postgres(server) => {
                let tables = "VACUUM subject_keys, sealed_values, blind_index, sessions, sign_in_links, tokens";
                sqlx::query(tables).execute(&server.pool).await?;
            }
            Self::Sqlite(lite) => {
                let cut = "PRAGMA wal_checkpoint(TRUNCATE)";
                let mut writer = lite.writer.take().await?;
                let (busy, ..): (i64, i64, i64) =
                    sqlx::query_as(cut).fetch_one(&mut *writer).await?;
                writer.leave();
                if busy != 0 {
                    return Err(StoreError::Busy);
                }
            }
        }
        Ok(())
    }

    /// Has PostgreSQL look at how the rows of the log and of these tables are spread: what it plans
    /// rests on that. SQLite plans by the form of a statement alone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn describe(&self, tables: &[String]) -> Stored<()> {
        if let Self::Postgres(server) = self {
            let sql = format!(
                "ANALYZE (SKIP_LOCKED) events, commands, sealed_values, subject_keys, blind_index, postings, {}",
                tables.join(", ")
            );
            sqlx::query(&sql).execute(&server.pool).await?;
        }
        Ok(())
    }

    /// Closes every connection, and lets other processes write.
    pub async fn close(&self) {
        match self {
            Self::Postgres(server) => {
                server.writers.close().await;
                server.pool.close().await;
            }
            Self::Sqlite(lite) => {
                lite.readers.close().await;
                lite.writer.close().await;
                // Clones of this store may live on for a moment; without connections they cannot
                // write.
                if let Err(error) = lite.lock.unlock() {
                    tracing::warn!(%error, "the lock beside the database could not be let go");
                }
            }
        }
    }
}

impl Tx {
    /// Makes everything durable.
    ///
    /// # Errors
    /// When the database does not answer: then whether it committed is not known.
    pub async fn commit(self) -> Stored<()> {
        match self {
            Self::Postgres(tx) => tx.commit().await?,
            Self::Sqlite(tx) => tx.commit().await?,
        }
        Ok(())
    }

    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }
}
