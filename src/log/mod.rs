//! The one way in which events are written and read.
//!
//! [`Log::append`] writes the events of one or several streams in one transaction, or nothing; each
//! gets a dense position in its organisation's log. A loaded stream is kept in memory, since every
//! append checks what was read.

pub mod aggregate;
pub mod along;
pub mod append;
mod clock_check;
pub mod keys;
mod memory;
mod recent;
pub mod record;
mod remembered;
mod settle;
mod unanswered;
pub mod upcast;
pub mod vault;
mod writer;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::Stream;
use crate::store::events::{self, EventRow};
use crate::store::{Store, StoreError};
use along::Along;
use append::{Answer, Append, Outcome};
use clock_check::ClockCheck;
use memory::Memory;
use recent::Recent;
use record::{Recorded, StreamKey};
use remembered::Remembered;
use vault::Vault;
pub use writer::RecordedBy;
use writer::{Desk, Writer};

/// What can go wrong with the log. None of these is a refusal.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the log's writer has stopped")]
    Stopped,
    #[error("the connection was lost before the commit; nothing was recorded")]
    Lost,
    #[error(
        "the connection was lost at the commit, and the database could not be asked what became of it"
    )]
    Unknown,
    #[error("the database's clock stands {seconds} s behind its log")]
    ClockBehind { seconds: i64 },
    /// Below zero where it is behind.
    #[error(
        "this process's clock is {seconds} s ahead of the database's: nothing is recorded until it is put right"
    )]
    ClockOff { seconds: i64 },
    #[error("a personal value could not be sealed or opened: {0}")]
    Vault(#[from] vault::VaultError),
}

impl LogError {
    /// Whether the database is out of reach, and would be for whoever asks next.
    fn is_out_of_reach(&self) -> bool {
        match self {
            Self::Store(error) => error.is_out_of_reach(),
            Self::Unknown => true,
            _ => false,
        }
    }
}

/// An organisation's log.
#[derive(Clone)]
pub struct Log {
    store: Store,
    organisation: Arc<str>,
    writer: Writer,
    clock: Arc<ClockCheck>,
    memory: Arc<Memory>,
    vault: Arc<Vault>,
    recent: Arc<Recent>,
    grown: Arc<watch::Sender<i64>>,
    along: Arc<OnceLock<Arc<dyn Along>>>,
}

/// A stream's state and the sequence of its last event.
#[derive(Clone, Debug)]
pub struct Loaded<S> {
    pub state: Arc<S>,
    pub sequence: i64,
}

impl Log {
    /// Opens an organisation's log and starts its writer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(
        store: Store,
        organisation: &str,
        vault: Vault,
        recorded_by: RecordedBy,
    ) -> Result<Self, LogError> {
        let mut tx = store.begin().await?;
        events::begin_log(&mut tx, organisation).await?;
        tx.commit().await?;
        let grown = Arc::new(watch::Sender::new(0));
        let recent = Arc::<Recent>::default();
        let along = Arc::default();
        let writer = Writer::start(Desk {
            store: store.clone(),
            organisation: organisation.to_owned(),
            recorded_by,
            recent: Arc::clone(&recent),
            grown: Arc::clone(&grown),
            along: Arc::clone(&along),
            remembered: Remembered::default(),
        });
        let (organisation, vault) = (organisation.into(), Arc::new(vault));
        Ok(Self {
            store,
            organisation,
            writer,
            clock: Arc::default(),
            memory: Arc::default(),
            vault,
            recent,
            grown,
            along,
        })
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The organisation's key in the database.
    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Whether there is still somebody in this process who writes.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.writer.works()
    }

    /// Whether commands are refused as this process's clock differs from the database's.
    #[must_use]
    pub fn clock_is_off(&self) -> bool {
        self.clock.is_off()
    }

    /// Writes a decided command, or says why not. Once it is taken, it is finished whether or not
    /// the caller waits.
    ///
    /// # Errors
    /// When the database does not answer, or its clock or this process's is wrong.
    pub async fn append(&self, append: Append) -> Result<Outcome, LogError> {
        let handed_in = Instant::now();
        let outcome = self.writer.append(append).await?;
        self.clock.take(outcome, handed_in.elapsed())
    }

    /// How long the log is since this process last appended something; 0 while it has not. Every
    /// follower has one of its own, so that none takes another's wake.
    #[must_use]
    pub fn growth(&self) -> watch::Receiver<i64> {
        self.grown.subscribe()
    }

    /// Has every append bring something along from now on. The first that asks for it is brought.
    pub fn bring_along(&self, along: Arc<dyn Along>) {
        if self.along.set(along).is_err() {
            tracing::warn!("something else is brought along already");
        }
    }

    /// A stream as this process last saw it: good for deciding, since the append checks it.
    ///
    /// # Errors
    /// When the database does not answer, or holds an event that cannot be read.
    pub async fn load<S: Stream>(&self, id: Uuid) -> Result<Loaded<S>, LogError> {
        match self.memory.find(StreamKey::of::<S>(id)) {
            Some(loaded) => Ok(loaded),
            None => self.refresh(id).await,
        }
    }

    /// A stream as the database has it now.
    ///
    /// # Errors
    /// When the database does not answer, or holds an event that cannot be read.
    pub async fn refresh<S: Stream>(&self, id: Uuid) -> Result<Loaded<S>, LogError> {
        let key = StreamKey::of::<S>(id);
        let mut loaded = self.memory.find::<S>(key).unwrap_or_else(|| Loaded {
            state: Arc::default(),
            sequence: 0,
        });
        let tail =
            aggregate::tail::<S>(&self.store, &self.organisation, key, loaded.sequence).await?;
        if !tail.is_empty() {
            let state = Arc::make_mut(&mut loaded.state);
            for event in &tail {
                state.apply(event);
                loaded.sequence += 1;
            }
        }
        self.memory.keep(key, &loaded);
        Ok(loaded)
    }

    /// A stream as this process saw it no longer ago than this: good for reading, where a moment
    /// more or less changes nothing.
    ///
    /// # Errors
    /// When the database does not answer, or holds an event that cannot be read.
    pub async fn lately<S: Stream>(
        &self,
        id: Uuid,
        at_most: Duration,
    ) -> Result<Loaded<S>, LogError> {
        match self.memory.find_since(StreamKey::of::<S>(id), at_most) {
            Some(loaded) => Ok(loaded),
            None => self.refresh(id).await,
        }
    }

    /// Keeps a stream's state after an append of this process.
    pub fn remember<S: Stream>(&self, id: Uuid, loaded: &Loaded<S>) {
        self.memory.keep(StreamKey::of::<S>(id), loaded);
    }

    /// What a command was answered, if it is in the log.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn answer(&self, command: Uuid) -> Result<Option<Answer>, LogError> {
        let stored = events::answer(&self.store, &self.organisation, &command.to_string()).await?;
        Ok(stored.as_deref().and_then(Answer::read))
    }

    /// Events in order, from a position on.
    ///
    /// # Errors
    /// When the database does not answer, or [`StoreError::Unreadable`] names what cannot be read.
    pub async fn page(&self, from: i64, most: i64) -> Result<Vec<Recorded>, LogError> {
        let rows = events::page(&self.store, &self.organisation, from, most).await?;
        Ok(rows.iter().map(Recorded::read).collect::<Result<_, _>>()?)
    }

    /// What this process appended lately, as it is stored, from a position on; `None` where that
    /// one has to be read.
    #[must_use]
    pub fn recent(&self, from: i64, most: usize) -> Option<Vec<EventRow>> {
        self.recent.from(from, most)
    }

    /// How many events the log holds: the next event's position.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn length(&self) -> Result<i64, LogError> {
        Ok(events::length(&self.store, &self.organisation).await?)
    }
}
