//! The one connection that writes an SQLite database, and transactions.
//!
//! The connection is here only while it is outside of any transaction. Whoever gives a transaction
//! up midway leaves nothing behind: either it is rolled back before the next begins, or the
//! connection goes, and another takes its place.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Error, Sqlite, Transaction};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How long whoever writes waits for those before.
const WAIT_MOST: Duration = Duration::from_secs(30);

/// The connection, for one at a time.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    /// Where transactions that were given up are rolled back, whoever gave them up.
    runtime: Handle,
    options: Arc<SqliteConnectOptions>,
    place: Arc<Mutex<Place>>,
}

#[derive(Debug, Default)]
struct Place {
    connection: Option<SqliteConnection>,
    closed: bool,
}

/// A transaction under way.
pub enum LiteTx {
    Writing(Writing),
    Reading(Transaction<'static, Sqlite>),
}

/// The connection that writes, in somebody's hands.
pub struct Writing {
    runtime: Handle,
    /// Away once it was given back.
    connection: Option<SqliteConnection>,
    place: Option<OwnedMutexGuard<Place>>,
}

impl Writer {
    /// Nothing is opened before something is to be written.
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            runtime: Handle::current(),
            options: Arc::new(options),
            place: Arc::default(),
        }
    }

    /// Begins a transaction in these words.
    pub(super) async fn begin(&self, how: &'static str) -> Result<LiteTx, Error> {
        // A caller who goes away meanwhile takes the connection along.
        let mut writing = self.take().await?;
        let mut connection = writing.connection.take().ok_or(Error::WorkerCrashed)?;
        sqlx::query(how).execute(&mut connection).await?;
        writing.connection = Some(connection);
        Ok(LiteTx::Writing(writing))
    }

    /// The connection, outside of any transaction; to be given back by [`Writing::leave`].
    pub(super) async fn take(&self) -> Result<Writing, Error> {
        let waited = tokio::time::timeout(WAIT_MOST, Arc::clone(&self.place).lock_owned()).await;
        let mut place = waited.map_err(|_| Error::PoolTimedOut)?;
        if place.closed {
            return Err(Error::PoolClosed);
        }
        let connection = match place.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(Writing {
            runtime: self.runtime.clone(),
            connection: Some(connection),
            place: Some(place),
        })
    }

    pub(super) async fn close(&self) {
        let mut place = self.place.lock().await;
        place.closed = true;
        if let Some(connection) = place.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database could not be closed as it should");
        }
    }
}

impl LiteTx {
    /// Makes everything durable, as its beginning said.
    pub(super) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Writing(mut writing) => {
                // Where it cannot be committed the connection goes, and everything is rolled back.
                let mut connection = writing.connection.take().ok_or(Error::WorkerCrashed)?;
                sqlx::query("COMMIT").execute(&mut connection).await?;
                writing.give_back(connection);
                Ok(())
            }
            Self::Reading(tx) => tx.commit().await,
        }
    }
}

impl Writing {
    /// Leaves the connection to others, outside of any transaction.
    pub(super) fn leave(mut self) {
        if let Some(connection) = self.connection.take() {
            self.give_back(connection);
        }
    }

    fn give_back(&mut self, connection: SqliteConnection) {
        if let Some(mut place) = self.place.take() {
            place.connection = Some(connection);
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let (Some(mut connection), Some(mut place)) = (self.connection.take(), self.place.take())
        else {
            return;
        };
        self.runtime.spawn(async move {
            // Where SQLite rolled back by itself, as it does when the disk is full, this fails: the
            // connection goes.
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

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection
            .as_ref()
            .expect("it is away only once it was given back")
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection
            .as_mut()
            .expect("it is away only once it was given back")
    }
}

impl Deref for LiteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Writing(writing) => writing,
            Self::Reading(tx) => tx,
        }
    }
}

impl DerefMut for LiteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Writing(writing) => writing,
            Self::Reading(tx) => tx,
        }
    }
}
