//! The writer: the task that appends to an organisation's log.
//!
//! # Single writer
//!
//! Each process has one writer task for a log. Callers queue appends in a bounded channel; a caller
//! that disconnects changes nothing, because a queued append is completed. Several processes may
//! append to a PostgreSQL database: the row `log_head` orders them.
//!
//! # Steps
//!
//! A batch goes through the steps of [`Step`]. [`WriterTask::write`] is the only loop; each step
//! returns the next one.
//!
//! ```text
//! collect → Conditional ─ written ────────────────────────────────→ Done
//!               ├─ cache not valid, head moved, error → Locked       ↑
//!               └─ acknowledgement lost → InDoubt                    │
//!           Locked ─ written, or every append rejected ─────────────→┤
//!               ├─ error that the view rows may have caused → Locked without them
//!               ├─ other error → Individually ──────────────────────→┤
//!               └─ acknowledgement lost → InDoubt                    │
//!           InDoubt ─ written, or unknown ──────────────────────────→┤
//!               └─ not written, fenced → Locked, or ────────────────→┘
//! ```
//!
//! # Group commit
//!
//! The task takes up to 64 waiting appends and commits them in one transaction: see [`collect`]. If
//! a statement fails the appends are retried one by one, so that none fails because of another.
//!
//! # Optimistic path
//!
//! If the head cache is valid and holds everything that the batch refers to, the batch is resolved
//! in memory and written on the condition that the head is unchanged: on PostgreSQL one statement,
//! without a lock before. The cache never leads to a rejection: if an append does not fit, the head
//! has moved, or the statement fails, nothing was written, and the batch takes the locked path: it
//! locks the head row, reads the sequences, keys, index entries and replies that the batch needs,
//! resolves, writes and commits.
//!
//! The rows of the inline projection are written in the same transaction. If that fails, the batch
//! is written without them.
//!
//! # Fencing
//!
//! If the acknowledgement of a commit is lost, the outcome is read from the log, and a batch that
//! is not in it is fenced against arriving later: see [`in_doubt`]. A batch of the optimistic path
//! is then written on the locked path; callers of the locked path get
//! [`LogError::ConnectionLost`]. If the database stays unreachable for 10 s, callers get
//! [`LogError::OutcomeUnknown`].
//!
//! # Exactly once
//!
//! A command's id is unique in the log. An append of a command that is already in the log, in this
//! batch or before, returns the first reply as [`AppendOutcome::Duplicate`]. A caller that got an
//! error may therefore repeat the command.
//!
//! # Clock
//!
//! `recorded_at` is the database's clock under the lock, or that clock extrapolated for at most a
//! second on the optimistic path. It never falls as positions rise: if the clock is behind the
//! newest event by up to 5 s, the time of that event is used; by more, nothing is written.

mod collect;
mod conditional;
mod head_cache;
mod in_doubt;
mod locked;
mod resolve;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot, watch};

use super::LogError;
use super::append::{Append, AppendOutcome};
use super::inline_projection::{InlineLease, InlineProjection};
use super::tail_cache::TailCache;
use crate::store::events::{EventRow, LogHead, WriteOutcome};
use crate::store::projection_commit::ProjectionCommit;
use crate::store::{Store, StoreError, Tx};
use head_cache::{CachedHead, HeadCache};
use in_doubt::InDoubtCommit;
use resolve::{BatchRows, Resolved};

/// The largest number of appends in one transaction.
const BATCH_MAX: usize = 64;
/// The capacity of the queue. Callers wait when it is full.
const QUEUE_CAPACITY: usize = 1024;
/// How far the database's clock may be behind the newest event, in microseconds.
const CLOCK_SKEW_MAX_US: i64 = 5_000_000;

type ReplySender = oneshot::Sender<Result<AppendOutcome, LogError>>;
type Outcomes = Vec<Result<AppendOutcome, LogError>>;

/// The source of `recorded_at`: the database's clock, or a simulated one.
#[derive(Clone, Debug, Default)]
pub enum TimestampSource {
    #[default]
    Database,
    /// Microseconds since 1970, advanced by the simulation.
    Simulation(Arc<AtomicI64>),
}

/// A handle to the writer's queue.
#[derive(Clone, Debug)]
pub(super) struct WriterHandle(mpsc::Sender<(Append, ReplySender)>);

impl WriterHandle {
    pub(super) async fn append(&self, append: Append) -> Result<AppendOutcome, LogError> {
        let (reply, answer) = oneshot::channel();
        self.0
            .send((append, reply))
            .await
            .map_err(|_| LogError::WriterStopped)?;
        answer.await.map_err(|_| LogError::WriterStopped)?
    }

    /// Whether the task still reads the queue.
    pub(super) fn is_running(&self) -> bool {
        !self.0.is_closed()
    }
}

/// The writer task: its database, its caches, and the watch channel that it notifies. Only this
/// task uses the head cache; the tail cache is read by the projector, too.
pub(super) struct WriterTask {
    pub(super) store: Store,
    pub(super) organisation: String,
    pub(super) timestamp_source: TimestampSource,
    pub(super) tail_cache: Arc<TailCache>,
    /// Notifies subscribers in this process of the length of the log.
    pub(super) length_watch: Arc<watch::Sender<i64>>,
    /// The inline projection, once it is registered.
    pub(super) inline_projection: Arc<OnceLock<Arc<dyn InlineProjection>>>,
    head_cache: HeadCache,
}

/// What the writer does next with a batch.
enum Step {
    /// Resolve the batch from the head cache, and write it if the head is unchanged.
    Conditional,
    /// Lock the head, read what the batch refers to, resolve and write.
    Locked(ViewRows),
    /// The acknowledgement of a commit was lost: read its outcome, or fence it.
    InDoubt(InDoubtCommit),
    /// A statement failed, and nothing was written: write each append alone.
    Individually(LogError),
    Done(Outcomes),
}

/// Whether the locked path uses the inline projection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ViewRows {
    Included,
    LeftToProjector,
}

/// The lease of an inline projection, and the rows that it made of a batch.
type InlineWrites = (Box<dyn InlineLease>, ProjectionCommit);

impl WriterTask {
    pub(super) fn new(store: Store, organisation: &str, timestamp_source: TimestampSource) -> Self {
        Self {
            store,
            organisation: organisation.to_owned(),
            timestamp_source,
            tail_cache: Arc::default(),
            length_watch: Arc::new(watch::Sender::new(0)),
            inline_projection: Arc::default(),
            head_cache: HeadCache::default(),
        }
    }

    /// Spawns the task, and returns the handle of its queue.
    pub(super) fn spawn(self) -> WriterHandle {
        let (queue, waiting) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(self.run(waiting));
        WriterHandle(queue)
    }

    async fn run(mut self, mut waiting: mpsc::Receiver<(Append, ReplySender)>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        let mut previous = 0;
        while collect::next_batch(&mut waiting, &mut batch, previous).await {
            previous = batch.len();
            let (appends, replies): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            let outcomes = self.write(&appends, Step::Conditional).await;
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // The caller may have disconnected.
                let _ = reply.send(outcome);
            }
        }
    }

    /// Takes a batch from a step to its outcomes, one for each append.
    async fn write(&mut self, appends: &[Append], first: Step) -> Outcomes {
        let mut step = first;
        loop {
            step = match step {
                Step::Conditional => self.write_if_head_matches(appends).await,
                Step::Locked(views) => self.write_under_lock(appends, views).await,
                Step::InDoubt(commit) => self.resolve_in_doubt(appends, commit).await,
                Step::Individually(error) => {
                    Step::Done(Box::pin(self.write_individually(appends, error)).await)
                }
                Step::Done(outcomes) => return outcomes,
            }
        }
    }

    /// Writes each append of a failed batch alone, so that none fails because of another. If the
    /// database is unreachable the rest fail immediately instead of waiting for it one after the
    /// other.
    async fn write_individually(&mut self, appends: &[Append], error: LogError) -> Outcomes {
        if appends.len() == 1 {
            return vec![Err(error)];
        }
        tracing::warn!(
            %error, batch = appends.len(),
            "a batch was refused; each append runs alone"
        );
        let mut reachable = !error.is_unavailable();
        let mut outcomes = Vec::with_capacity(appends.len());
        for append in appends {
            if !reachable {
                outcomes.push(Err(LogError::ConnectionLost));
                continue;
            }
            let outcome = self
                .write(
                    std::slice::from_ref(append),
                    Step::Locked(ViewRows::LeftToProjector),
                )
                .await;
            reachable = !outcome
                .iter()
                .any(|one| one.as_ref().is_err_and(LogError::is_unavailable));
            outcomes.extend(outcome);
        }
        outcomes
    }

    /// Everything in this process that a commit changes: the head cache, the tail cache, the inline
    /// projection, and those who wait for the log to grow. `before` is the cached head that the
    /// batch was resolved against.
    fn after_commit(
        &mut self,
        before: Option<CachedHead>,
        batch: Resolved<'_>,
        rows: BatchRows<'_>,
        inline: Option<InlineWrites>,
        wrote: WriteOutcome,
    ) -> Step {
        let Resolved {
            outcomes,
            accepted,
            snapshot,
            ..
        } = batch;
        self.head_cache
            .record_commit(before, &rows, &snapshot, &accepted);
        self.tail_cache.push_committed(rows.events);
        if let Some((lease, _)) = inline.filter(|_| wrote == WriteOutcome::Complete) {
            lease.finish();
        }
        self.announce(rows.next_position);
        Step::Done(outcomes.into_iter().map(Ok).collect())
    }

    /// Notifies subscribers of the length of the log, which never falls.
    fn announce(&self, length: i64) {
        self.length_watch
            .send_modify(|known| *known = (*known).max(length));
    }

    /// Leases the inline projection and folds the batch. Returns `None` if there is none, if it is
    /// busy, or if the tail cache lacks the events between its position and the head. Without a
    /// transaction it fails with [`StoreError::CacheMiss`] if rows would have to be read.
    async fn fold_inline(
        &self,
        tx: Option<&mut Tx>,
        head: LogHead,
        events: &[EventRow],
    ) -> Result<Option<InlineWrites>, StoreError> {
        let Some(mut lease) = self
            .inline_projection
            .get()
            .and_then(|projection| projection.try_lease())
        else {
            return Ok(None);
        };
        let Some(between) = self
            .tail_cache
            .read_range(lease.next_position(), head.next_position)
        else {
            return Ok(None);
        };
        let rows = lease
            .fold_batch(tx, &self.organisation, &between, events)
            .await?;
        Ok(rows.map(|rows| (lease, rows)))
    }

    /// Begins a transaction. Retries I/O errors up to 16 times, because pooled connections may have
    /// been cut.
    async fn begin_with_retry(&self) -> Result<Tx, StoreError> {
        let mut tries = 0;
        loop {
            match self.store.begin_append().await {
                Err(StoreError::Sql(sqlx::Error::Io(_))) if tries < 16 => tries += 1,
                begun => return begun,
            }
        }
    }

    fn recorded_at(&self, head: LogHead) -> Result<i64, LogError> {
        let clock = match &self.timestamp_source {
            TimestampSource::Database => head.clock,
            TimestampSource::Simulation(now) => now.load(Ordering::Relaxed),
        };
        let behind = head.last_at - clock;
        if behind > CLOCK_SKEW_MAX_US {
            tracing::error!(
                behind,
                "the database's clock stands behind its log; nothing is appended until it is put \
                    right"
            );
            return Err(LogError::ClockBehind {
                seconds: behind / 1_000_000,
            });
        }
        Ok(clock.max(head.last_at))
    }
}
