//! The event log: the only code that appends and loads events.
//!
//! [`Log::append`] writes the events of one or more streams in one transaction, or none of them.
//! Each event gets a dense position in the log of its organisation. The state of loaded aggregates
//! is cached: a decision made from a stale state is harmless, because every append compares the
//! sequences that the decision read with those in the database.

mod aggregate_cache;
pub mod append;
mod clock_check;
pub mod cqrs_adapter;
pub mod inline_projection;
pub mod recorded_event;
mod tail_cache;
pub mod upcast;
mod writer;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use uuid::Uuid;

use crate::crypto::vault::Vault;
use crate::domain::Aggregate;
use crate::store::events::{self, EventRow};
use crate::store::{Store, StoreError};
use aggregate_cache::AggregateCache;
use append::{Append, AppendOutcome, AppendReceipt};
use clock_check::ClockCheck;
use inline_projection::InlineProjection;
use recorded_event::{RecordedEvent, StreamKey};
use tail_cache::TailCache;
pub use writer::TimestampSource;
use writer::{WriterHandle, WriterTask};

/// Failures of the event log. None of them is a refusal by a rule of the domain.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the log's writer has stopped")]
    WriterStopped,
    #[error("the connection was lost before the commit; nothing was recorded")]
    ConnectionLost,
    #[error(
        "the connection was lost at the commit, and the database could not be asked what became of \
            it"
    )]
    OutcomeUnknown,
    #[error("the database's clock stands {seconds} s behind its log")]
    ClockBehind { seconds: i64 },
    /// Negative if this process's clock is behind the database's.
    #[error(
        "this process's clock is {seconds} s ahead of the database's: nothing is recorded until it \
            is put right"
    )]
    ClockOff { seconds: i64 },
    #[error("a personal value could not be sealed or opened: {0}")]
    Vault(#[from] crate::crypto::vault::VaultError),
}

impl LogError {
    /// Whether the cause may pass by itself, so that a request that is repeated may succeed: the
    /// database or the writer does not work just now. Stored data that cannot be read stays so.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::WriterStopped
            | Self::ConnectionLost
            | Self::OutcomeUnknown
            | Self::ClockBehind { .. }
            | Self::ClockOff { .. }
            | Self::Store(StoreError::StreamNotLoaded(_)) => true,
            Self::Store(StoreError::Sql(error)) => !matches!(
                error,
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)
            ),
            Self::Store(_) | Self::Vault(_) => false,
        }
    }

    /// Whether the database is unreachable, so that another attempt now would fail as well.
    fn is_unavailable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_unavailable(),
            Self::OutcomeUnknown => true,
            _ => false,
        }
    }
}

/// The event log of one organisation. Clones share the writer and the caches.
#[derive(Clone)]
pub struct Log {
    store: Store,
    organisation: Arc<str>,
    writer: WriterHandle,
    clock: Arc<ClockCheck>,
    aggregate_cache: Arc<AggregateCache>,
    vault: Arc<Vault>,
    tail_cache: Arc<TailCache>,
    length_watch: Arc<watch::Sender<i64>>,
    inline_projection: Arc<OnceLock<Arc<dyn InlineProjection>>>,
}

/// The state of an aggregate, and the sequence of the last event in it; 0 if it has no events.
#[derive(Clone, Debug)]
pub struct LoadedAggregate<S> {
    pub state: Arc<S>,
    pub sequence: i64,
}

impl Log {
    /// Opens the log of an organisation, creates its head if it has none, and spawns its writer
    /// task.
    pub async fn open(
        store: Store,
        organisation: &str,
        vault: Vault,
        recorded_by: TimestampSource,
    ) -> Result<Self, LogError> {
        let mut tx = store.begin().await?;
        events::ensure_head(&mut tx, organisation).await?;
        tx.commit().await?;
        let task = WriterTask::new(store.clone(), organisation, recorded_by);
        Ok(Self {
            store,
            organisation: organisation.into(),
            clock: Arc::default(),
            aggregate_cache: Arc::default(),
            vault: Arc::new(vault),
            tail_cache: Arc::clone(&task.tail_cache),
            length_watch: Arc::clone(&task.length_watch),
            inline_projection: Arc::clone(&task.inline_projection),
            writer: task.spawn(),
        })
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The value of the `organisation` column in every table.
    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Whether the writer task is still running.
    #[must_use]
    pub fn is_writer_running(&self) -> bool {
        self.writer.is_running()
    }

    /// Whether commands are refused because this process's clock differs from the database's.
    #[must_use]
    pub fn is_clock_off(&self) -> bool {
        self.clock.is_off()
    }

    /// Writes a decided command, or returns why it was not written. Once the append is in the
    /// writer's queue it is completed even if the caller's future is dropped.
    ///
    /// Fails with [`LogError::ClockBehind`] or [`LogError::ClockOff`] if the database's clock or
    /// this process's is wrong.
    pub async fn append(&self, append: Append) -> Result<AppendOutcome, LogError> {
        let handed_in = Instant::now();
        let outcome = self.writer.append(append).await?;
        self.clock.check_outcome(outcome, handed_in.elapsed())
    }

    /// Watches the length of the log as of this process's last append; 0 until it has appended.
    /// Each call returns a receiver of its own, so subscribers do not consume each other's
    /// notifications.
    #[must_use]
    pub fn watch_length(&self) -> watch::Receiver<i64> {
        self.length_watch.subscribe()
    }

    /// Registers the inline projection for all later appends. Only the first registration counts.
    pub fn set_inline_projection(&self, along: Arc<dyn InlineProjection>) {
        if self.inline_projection.set(along).is_err() {
            tracing::warn!("something else is brought along already");
        }
    }

    /// Returns a cached state if there is one, otherwise reads the stream. The cached state may be
    /// stale: it is good for a decision, because the append checks its sequence.
    ///
    /// Fails with [`StoreError::Unreadable`] if a stored event cannot be parsed.
    pub async fn load<S: Aggregate>(&self, id: Uuid) -> Result<LoadedAggregate<S>, LogError> {
        match self.aggregate_cache.get(StreamKey::of::<S>(id)) {
            Some(loaded) => Ok(loaded),
            None => self.refresh(id).await,
        }
    }

    /// Reads the events after the cached state from the database, applies them, and caches the
    /// result.
    ///
    /// Fails with [`StoreError::Unreadable`] if a stored event cannot be parsed.
    pub async fn refresh<S: Aggregate>(&self, id: Uuid) -> Result<LoadedAggregate<S>, LogError> {
        let key = StreamKey::of::<S>(id);
        let mut loaded = self
            .aggregate_cache
            .get::<S>(key)
            .unwrap_or_else(|| LoadedAggregate {
                state: Arc::default(),
                sequence: 0,
            });
        let tail = cqrs_adapter::load_events_after::<S>(
            &self.store,
            &self.organisation,
            key,
            loaded.sequence,
        )
        .await?;
        if !tail.is_empty() {
            let state = Arc::make_mut(&mut loaded.state);
            for event in &tail {
                loaded.sequence += 1;
                state.apply(event).map_err(|cause| StoreError::Unreadable {
                    what: "the amount of an event",
                    stream: format!("{}/{id}", S::TYPE),
                    position: loaded.sequence,
                    cause: cause.to_string(),
                })?;
            }
        }
        self.aggregate_cache.put(key, &loaded);
        Ok(loaded)
    }

    /// Returns the cached state if it was compared with the database at most `at_most` ago,
    /// otherwise reads the stream. For reads where slightly stale data does no harm.
    pub async fn load_recent<S: Aggregate>(
        &self,
        id: Uuid,
        at_most: Duration,
    ) -> Result<LoadedAggregate<S>, LogError> {
        match self
            .aggregate_cache
            .get_recent(StreamKey::of::<S>(id), at_most)
        {
            Some(loaded) => Ok(loaded),
            None => self.refresh(id).await,
        }
    }

    /// Caches the state of a stream after an append of this process.
    pub fn cache_state<S: Aggregate>(&self, id: Uuid, loaded: &LoadedAggregate<S>) {
        self.aggregate_cache.put(StreamKey::of::<S>(id), loaded);
    }

    /// The ids of all streams of a kind, in the order in which they began.
    pub async fn ids_of<S: Aggregate>(&self) -> Result<Vec<Uuid>, LogError> {
        let stored = events::stream_ids(&self.store, &self.organisation, S::TYPE).await?;
        Ok(stored
            .iter()
            .filter_map(|id| id.rsplit('/').next()?.parse().ok())
            .collect())
    }

    /// The stored reply of a command; `None` if the command is not in the log.
    pub async fn find_receipt(&self, command: Uuid) -> Result<Option<AppendReceipt>, LogError> {
        let stored = events::answer(&self.store, &self.organisation, &command.to_string()).await?;
        Ok(stored.as_deref().and_then(AppendReceipt::parse))
    }

    /// Reads at most `most` events in order, from a position on.
    ///
    /// Fails with [`StoreError::Unreadable`], naming the stream and position, if an event cannot be
    /// parsed.
    pub async fn read_events(&self, from: i64, most: i64) -> Result<Vec<RecordedEvent>, LogError> {
        let rows = events::read_page(&self.store, &self.organisation, from, most).await?;
        Ok(rows
            .iter()
            .map(RecordedEvent::from_row)
            .collect::<Result<_, _>>()?)
    }

    /// At most `most` stored events from a position on, out of the tail cache; `None` if the cache
    /// does not have the first of them.
    #[must_use]
    pub fn cached_tail(&self, from: i64, most: usize) -> Option<Vec<EventRow>> {
        self.tail_cache.read_from(from, most)
    }

    /// The number of events in the log, which is the position of the next event.
    pub async fn length(&self) -> Result<i64, LogError> {
        Ok(events::length(&self.store, &self.organisation).await?)
    }
}
