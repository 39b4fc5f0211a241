//! All SQL, for PostgreSQL and SQLite. No other module knows the engine.
//!
//! The statements of both engines are the same except for the fragments in [`dialect`]. Many rows
//! are passed as one JSON parameter, so that one statement serves one row or a thousand.

pub mod accesses;
pub mod backup_tables;
mod bindings;
pub mod checkpoints;
mod connect;
mod dialect;
pub mod event_search;
pub mod events;
pub mod filter;
pub mod kept_files;
pub mod kept_forms;
mod list_columns;
pub mod list_query;
pub mod lookups;
pub mod mail_passwords;
pub mod newest_rows;
pub mod outbox;
pub mod personal_data;
pub mod postings;
pub mod projection_commit;
#[cfg(test)]
mod query_plan_tests;
pub mod row_query;
pub mod saved_views;
pub mod sessions;
mod sqlite;
pub mod subscriptions;
pub mod tlog;
pub mod tokens;
pub mod uploads;
pub mod view_rows;
pub mod webhook_deliveries;
pub mod webhooks;

use sqlx::postgres::{PgDatabaseError, PgSeverity};
use sqlx::{PgPool, Postgres, SqlitePool, Transaction};

pub use connect::sqlite_file;
pub use dialect::Engine;
pub use sqlite::SqliteTx;
use sqlite::SqliteWriter;

/// The target under which statements are logged.
pub const STATEMENT_LOG: &str = "sqlx::query";

/// How a writing transaction begins on SQLite: with or without a sync to disk at the commit. Each
/// sets the mode, because the connection keeps that of the previous transaction.
const BEGIN_DURABLE: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";
const BEGIN_DERIVED: &str = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";

/// An open database. Clones share its connections.
#[derive(Clone, Debug)]
pub enum Store {
    Postgres(PostgresPools),
    Sqlite(SqlitePools),
}

/// PostgreSQL: a pool for general use, and a small one for appends and projections, whose
/// statements are planned once.
#[derive(Clone, Debug)]
pub struct PostgresPools {
    pool: PgPool,
    writers: PgPool,
}

/// SQLite: one connection that writes, and a pool of read-only connections.
#[derive(Clone, Debug)]
pub struct SqlitePools {
    writer: SqliteWriter,
    readers: SqlitePool,
    /// The lock file, locked until the store is closed.
    lock: std::sync::Arc<std::fs::File>,
}

/// An open transaction. Dropping it rolls it back.
pub enum Tx {
    Postgres(Transaction<'static, Postgres>),
    Sqlite(SqliteTx),
}

/// Failures of the database, and data in it that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database did not answer as it should: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("the database could not be brought up to date: {0}")]
    Migrate(sqlx::migrate::MigrateError),
    #[error(
        "the database was brought up to date by a newer program (schema {0}): use that one, \
            or restore a backup into an empty database"
    )]
    SchemaTooNew(i64),
    #[error(
        "another process has the database {0} open for writing; stop it first, or use PostgreSQL"
    )]
    Locked(String),
    #[error(
        "the database {0} has a second name (a hard link): another process could write it under \
            that one; remove it first"
    )]
    HardLinks(String),
    #[error("a stream could not be loaded: {0}")]
    StreamNotLoaded(String),
    #[error("DATABASE_URL must begin with sqlite:// or postgres://, not {0}")]
    UnknownEngine(String),
    #[error("{expected} rows were to be changed, and {changed} were: nothing is stored")]
    RowCountMismatch { changed: u64, expected: usize },
    #[error("rows must be read first")]
    CacheMiss,
    #[error("the key-encryption key was rotated: restart this process")]
    KeyRotated,
    #[error(
        "the write-ahead log could not be cut off: somebody reads an older state; it is tried again"
    )]
    WalBusy,
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
    /// Whether the database is unreachable, so that another attempt now would fail as well.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, WorkerCrashed};
        matches!(
            self,
            Self::Sql(Io(_) | PoolClosed | PoolTimedOut | WorkerCrashed)
        )
    }

    /// Whether PostgreSQL reported an error of severity `ERROR`: then the statement was rolled
    /// back. After `FATAL`, which ends the connection, the outcome is unknown.
    fn is_rolled_back(&self) -> bool {
        let Self::Sql(sqlx::Error::Database(cause)) = self else {
            return false;
        };
        cause
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|cause| matches!(cause.severity(), PgSeverity::Error))
    }

    /// Whether a unique constraint was violated.
    fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(cause)) if cause.is_unique_violation())
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::SchemaTooNew(version),
            other => Self::Migrate(other),
        }
    }
}

pub type StoreResult<T> = Result<T, StoreError>;

/// Runs `$body` with `$db` bound to the connection of a transaction, for either engine.
macro_rules! in_transaction {
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

/// Runs `$body` with `$db` bound to a pool for reading outside a transaction, for either engine.
macro_rules! on_reader {
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

/// Where a statement reads: inside a transaction, or outside any.
pub enum Executor<'a> {
    Transaction(&'a mut Tx),
    Pool(&'a Store),
}

/// Runs `$body` with `$db` bound to the connection of a [`Executor`], for either engine.
macro_rules! on_executor {
    ($source:expr, $db:ident => $body:expr) => {
        match $source {
            $crate::store::Executor::Transaction(tx) => $crate::store::in_transaction!(tx, $db =>
                $body),
            $crate::store::Executor::Pool(store) => $crate::store::on_reader!(store, $db => $body),
        }
    };
}
pub(crate) use {in_transaction, on_executor, on_reader};

impl Executor<'_> {
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Transaction(tx) => tx.engine(),
            Self::Pool(store) => store.engine(),
        }
    }
}

impl Store {
    /// Begins a writing transaction. SQLite has one at a time; the others wait for it.
    pub async fn begin(&self) -> StoreResult<Tx> {
        Ok(match self {
            Self::Postgres(server) => Tx::Postgres(server.pool.begin().await?),
            Self::Sqlite(lite) => Tx::Sqlite(lite.writer.begin(BEGIN_DURABLE).await?),
        })
    }

    /// Begins a transaction that appends to the log, on PostgreSQL from the pool for appends.
    pub async fn begin_append(&self) -> StoreResult<Tx> {
        match self {
            Self::Postgres(server) => Ok(Tx::Postgres(server.writers.begin().await?)),
            Self::Sqlite(_) => self.begin().await,
        }
    }

    /// Begins a transaction whose commit does not wait for the disk, for data that can be derived
    /// from the log again or may be lost.
    pub async fn begin_derived(&self) -> StoreResult<Tx> {
        Ok(match self {
            Self::Postgres(server) => Tx::Postgres(
                server
                    .pool
                    .begin_with("BEGIN; SET LOCAL synchronous_commit = off")
                    .await?,
            ),
            Self::Sqlite(lite) => Tx::Sqlite(lite.writer.begin(BEGIN_DERIVED).await?),
        })
    }

    /// Begins a read-only transaction that sees the whole database as at its first read.
    pub async fn snapshot(&self) -> StoreResult<Tx> {
        Ok(match self {
            Self::Postgres(server) => Tx::Postgres(
                server
                    .pool
                    .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
            Self::Sqlite(lite) => Tx::Sqlite(SqliteTx::Read(lite.readers.begin().await?)),
        })
    }

    #[must_use]
    pub fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// The pool of a PostgreSQL database, through which postgres-es loads streams.
    #[must_use]
    pub fn postgres_pool(&self) -> Option<&PgPool> {
        match self {
            Self::Postgres(server) => Some(&server.pool),
            Self::Sqlite(_) => None,
        }
    }

    /// Removes deleted data from the disk, as far as the engine allows. SQLite overwrites it on
    /// deletion, and here its write-ahead log is truncated; PostgreSQL frees the space for reuse.
    ///
    /// Fails with [`StoreError::WalBusy`] if a reader of SQLite still needs the write-ahead log.
    pub async fn purge_deleted(&self) -> StoreResult<()> {
        match self {
            Self::Postgres(server) => {
                let tables = "VACUUM subject_keys, sealed_values, blind_index, sessions, \
                    sign_in_links, tokens";
                sqlx::query(tables).execute(&server.pool).await?;
            }
            Self::Sqlite(lite) => {
                let cut = "PRAGMA wal_checkpoint(TRUNCATE)";
                let mut writer = lite.writer.acquire().await?;
                let (busy, ..): (i64, i64, i64) =
                    sqlx::query_as(cut).fetch_one(&mut *writer).await?;
                writer.release();
                if busy != 0 {
                    return Err(StoreError::WalBusy);
                }
            }
        }
        Ok(())
    }

    /// Runs ANALYZE on the tables of the log and on these, because PostgreSQL plans by the
    /// distribution of values. Does nothing on SQLite, which plans by the statement alone.
    pub async fn analyze_tables(&self, tables: &[String]) -> StoreResult<()> {
        if let Self::Postgres(server) = self {
            let sql = format!(
                "ANALYZE (SKIP_LOCKED) events, commands, sealed_values, subject_keys, \
                    blind_index, postings, {}",
                tables.join(", ")
            );
            sqlx::query(&sql).execute(&server.pool).await?;
        }
        Ok(())
    }

    /// Closes all connections and releases the lock file.
    pub async fn close(&self) {
        match self {
            Self::Postgres(server) => {
                server.writers.close().await;
                server.pool.close().await;
            }
            Self::Sqlite(lite) => {
                lite.readers.close().await;
                lite.writer.close().await;
                // Clones of this store may exist for a moment longer. Without connections they
                // cannot write.
                if let Err(error) = lite.lock.unlock() {
                    tracing::warn!(%error, "the lock beside the database could not be let go");
                }
            }
        }
    }
}

impl Tx {
    /// Commits. If this fails, the outcome is unknown.
    pub async fn commit(self) -> StoreResult<()> {
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
