//! SQLite: the single connection that writes, and transactions.
//!
//! The slot has the connection only while no transaction is open. A transaction that is dropped is
//! rolled back before the next one begins; if that fails, the connection is discarded and the next
//! user opens another.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Error, Sqlite, Transaction};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How long a writer waits for the connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// Access to the writing connection, one user at a time.
#[derive(Clone, Debug)]
pub(super) struct SqliteWriter {
    /// The runtime that rolls dropped transactions back, since a drop may happen outside any
    /// runtime.
    runtime: Handle,
    options: Arc<SqliteConnectOptions>,
    slot: Arc<Mutex<ConnectionSlot>>,
}

#[derive(Debug, Default)]
struct ConnectionSlot {
    connection: Option<SqliteConnection>,
    closed: bool,
}

/// An open transaction.
pub enum SqliteTx {
    Write(WriterGuard),
    Read(Transaction<'static, Sqlite>),
}

/// Exclusive use of the writing connection.
pub struct WriterGuard {
    runtime: Handle,
    /// `None` after the connection was returned to the slot.
    connection: Option<SqliteConnection>,
    slot: Option<OwnedMutexGuard<ConnectionSlot>>,
}

impl SqliteWriter {
    /// Opens no connection before the first use.
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            runtime: Handle::current(),
            options: Arc::new(options),
            slot: Arc::default(),
        }
    }

    /// Begins a transaction by executing `how`.
    pub(super) async fn begin(&self, how: &'static str) -> Result<SqliteTx, Error> {
        // If this future is dropped here, the connection is dropped as well.
        let mut writing = self.acquire().await?;
        let mut connection = writing.connection.take().ok_or(Error::WorkerCrashed)?;
        sqlx::query(how).execute(&mut connection).await?;
        writing.connection = Some(connection);
        Ok(SqliteTx::Write(writing))
    }

    /// Acquires the connection outside a transaction. Return it by [`WriterGuard::release`].
    pub(super) async fn acquire(&self) -> Result<WriterGuard, Error> {
        let waited =
            tokio::time::timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.slot).lock_owned()).await;
        let mut place = waited.map_err(|_| Error::PoolTimedOut)?;
        if place.closed {
            return Err(Error::PoolClosed);
        }
        let connection = match place.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(WriterGuard {
            runtime: self.runtime.clone(),
            connection: Some(connection),
            slot: Some(place),
        })
    }

    pub(super) async fn close(&self) {
        let mut place = self.slot.lock().await;
        place.closed = true;
        if let Some(connection) = place.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database could not be closed as it should");
        }
    }
}

impl SqliteTx {
    /// Commits, with the durability that [`SqlitePools::ensure_live`] selected.
    pub(super) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Write(mut writing) => {
                // If COMMIT fails the connection is dropped, which rolls the transaction back.
                let mut connection = writing.connection.take().ok_or(Error::WorkerCrashed)?;
                sqlx::query("COMMIT").execute(&mut connection).await?;
                writing.put_back(connection);
                Ok(())
            }
            Self::Read(tx) => tx.commit().await,
        }
    }
}

impl WriterGuard {
    /// Returns the connection to the slot. No transaction may be open.
    pub(super) fn release(mut self) {
        if let Some(connection) = self.connection.take() {
            self.put_back(connection);
        }
    }

    fn put_back(&mut self, connection: SqliteConnection) {
        if let Some(mut place) = self.slot.take() {
            place.connection = Some(connection);
        }
    }
}

impl Drop for WriterGuard {
    fn drop(&mut self) {
        let (Some(mut connection), Some(mut place)) = (self.connection.take(), self.slot.take())
        else {
            return;
        };
        self.runtime.spawn(async move {
            // If SQLite has already rolled back, for instance because the disk is full, this fails,
            // and the connection is discarded.
            if sqlx::query("ROLLBACK")
                .execute(&mut connection)
                .await
                .is_ok()
            {
                place.connection = Some(connection);
            }
        });
    }
}

impl Deref for WriterGuard {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection
            .as_ref()
            .expect("it is away only once it was given back")
    }
}

impl DerefMut for WriterGuard {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection
            .as_mut()
            .expect("it is away only once it was given back")
    }
}

impl Deref for SqliteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Write(writing) => writing,
            Self::Read(tx) => tx,
        }
    }
}

impl DerefMut for SqliteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Write(writing) => writing,
            Self::Read(tx) => tx,
        }
    }
}
