//! The writer: the task that appends to an organisation's log.
//!
//! # Single writer
//!
//! Each process has one writer task for a log. Callers queue appends in a bounded channel; a caller
//! that disconnects changes nothing, because a queued append is completed. Several processes may
//! append to a PostgreSQL database: the row `log_head` orders them.
//!
//! # Group commit
//!
//! The task takes up to 64 waiting appends and commits them in one transaction. It waits at most
//! 150 µs for as many appends as the previous batch had, because the callers that were answered
//! together often come back together. If a statement fails the appends are retried one by one, so
//! that none fails because of another.
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
//! is not in it is fenced against arriving later: see the module `in_doubt`. A batch of the
//! optimistic path is then written on the locked path; callers of the locked path get
//! [`LogError::Lost`]. If the database stays unreachable for 10 s, callers get
//! [`LogError::Unknown`].
//!
//! # Exactly once
//!
//! A command's id is unique in the log. An append of a command that is already in the log, in this
//! batch or before, returns the first reply as [`Outcome::Repeated`]. A caller that got an error
//! may therefore repeat the command.
//!
//! # Clock
//!
//! `recorded_at` is the database's clock under the lock, or that clock extrapolated for at most a
//! second on the optimistic path. It never falls as positions rise: if the clock is behind the
//! newest event by up to 5 s, the time of that event is used; by more, nothing is written.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::LogError;
use super::append::{Append, AppendOutcome};
use super::batch_resolution::{AcceptedAppend, BatchRows, LogSnapshot, resolve_batch};
use super::head_cache::{CachedHead, HeadCache};
use super::in_doubt::InDoubtOutcome;
use super::inline_projection::{InlineLease, InlineProjection};
use super::tail_cache::TailCache;
use crate::store::events::{
    self, CommandLookup, EventRow, IndexLookup, LogHead, Lookups, StreamLookup, SubjectLookup,
    WriteError, WriteOutcome,
};
use crate::store::projection_commit::ProjectionCommit;
use crate::store::{Store, StoreError, Tx, personal_data, sessions};

/// The largest number of appends in one transaction.
const BATCH_MAX: usize = 64;
/// The capacity of the queue. Callers wait when it is full.
const QUEUE_CAPACITY: usize = 1024;
/// The longest wait for as many appends as the previous batch had.
const BATCH_LINGER_MAX: Duration = Duration::from_micros(150);
/// How far the database's clock may be behind the newest event, in microseconds.
const CLOCK_SKEW_MAX_US: i64 = 5_000_000;

type ReplySender = oneshot::Sender<Result<AppendOutcome, LogError>>;

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
    pub(super) fn start(desk: WriterTask) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(desk.run(waiting));
        Self(queue)
    }

    /// Whether the task still reads the queue.
    pub(super) fn is_running(&self) -> bool {
        !self.0.is_closed()
    }

    pub(super) async fn append(&self, append: Append) -> Result<AppendOutcome, LogError> {
        let (reply, answer) = oneshot::channel();
        self.0
            .send((append, reply))
            .await
            .map_err(|_| LogError::WriterStopped)?;
        answer.await.map_err(|_| LogError::WriterStopped)?
    }
}

/// The writer task: its database, its caches, and the watch channel that it notifies.
pub(super) struct WriterTask {
    pub(super) store: Store,
    pub(super) organisation: String,
    pub(super) timestamp_source: TimestampSource,
    pub(super) tail_cache: Arc<TailCache>,
    /// Notifies subscribers in this process of the length of the log.
    pub(super) length_watch: Arc<watch::Sender<i64>>,
    /// The inline projection, once it is registered.
    pub(super) inline_projection: Arc<OnceLock<Arc<dyn InlineProjection>>>,
    pub(super) head_cache: HeadCache,
}

/// The lease of an inline projection, and the rows that it made of a batch.
type InlineWrites = (Box<dyn InlineLease>, ProjectionCommit);

/// Why a batch was not written: an error before the commit; an error before the commit that the
/// rows of the inline projection may have caused; or a lost acknowledgement of the commit.
enum BatchError {
    BeforeCommit(LogError),
    WithInlineWrites(StoreError),
    InDoubt {
        cause: StoreError,
        outcomes: Vec<AppendOutcome>,
    },
}

impl From<StoreError> for BatchError {
    fn from(error: StoreError) -> Self {
        Self::BeforeCommit(error.into())
    }
}

impl From<BatchError> for LogError {
    fn from(failure: BatchError) -> Self {
        match failure {
            BatchError::BeforeCommit(error) => error,
            BatchError::WithInlineWrites(cause) | BatchError::InDoubt { cause, .. } => cause.into(),
        }
    }
}

/// Collects appends until the batch is as large as the previous one, or the wait is over. Callers
/// that were answered together come back together; without the wait the first of them would be
/// committed alone while the others wait for that. A single caller never waits.
async fn collect_batch(
    waiting: &mut mpsc::Receiver<(Append, ReplySender)>,
    batch: &mut Vec<(Append, ReplySender)>,
    before: usize,
) {
    let since = Instant::now();
    while batch.len() < before.min(BATCH_MAX) && since.elapsed() < BATCH_LINGER_MAX {
        tokio::task::yield_now().await;
        while batch.len() < BATCH_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
    }
}

impl WriterTask {
    async fn run(mut self, mut waiting: mpsc::Receiver<(Append, ReplySender)>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        let mut before = 0;
        while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
            collect_batch(&mut waiting, &mut batch, before).await;
            before = batch.len();
            let (appends, replies): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            let outcomes = self.write_batch(&appends).await;
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // The caller may have disconnected.
                let _ = reply.send(outcome);
            }
        }
    }

    async fn write_batch(&mut self, appends: &[Append]) -> Vec<Result<AppendOutcome, LogError>> {
        if let Some(outcomes) = self.try_conditional_write(appends).await {
            return outcomes;
        }
        let mut attempted = self.write_under_lock(appends, true).await;
        if let Err(BatchError::WithInlineWrites(error)) = &attempted {
            tracing::warn!(%error, "a batch could not be written with its views; it is written without");
            attempted = self.write_under_lock(appends, false).await;
        }
        match attempted {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(BatchError::InDoubt { cause, outcomes }) => {
                self.resolve_in_doubt(appends, outcomes, &cause).await
            }
            Err(failure) => self.retry_individually(appends, failure.into()).await,
        }
    }

    /// Retries each append of a failed batch alone, so that none fails because of another. If the
    /// database is unreachable the rest fail immediately instead of waiting for it one after the
    /// other.
    async fn retry_individually(
        &mut self,
        appends: &[Append],
        refused: LogError,
    ) -> Vec<Result<AppendOutcome, LogError>> {
        if appends.len() == 1 {
            return vec![Err(refused)];
        }
        tracing::warn!(error = %refused, batch = appends.len(), "a batch was refused; each append runs alone");
        let mut reached = !refused.is_unavailable();
        let mut outcomes = Vec::with_capacity(appends.len());
        for append in appends {
            let outcome = if reached {
                self.write_single(append).await
            } else {
                Err(LogError::ConnectionLost)
            };
            reached &= !outcome.as_ref().is_err_and(LogError::is_unavailable);
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn write_single(&mut self, append: &Append) -> Result<AppendOutcome, LogError> {
        match self
            .write_under_lock(std::slice::from_ref(append), false)
            .await
        {
            Ok(mut outcomes) => outcomes.pop().ok_or(LogError::WriterStopped),
            Err(BatchError::InDoubt { cause, outcomes }) => {
                let found = self
                    .resolve_in_doubt(std::slice::from_ref(append), outcomes, &cause)
                    .await
                    .pop();
                found.unwrap_or(Err(LogError::WriterStopped))
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// Optimistic path: resolves the batch from the head cache and writes it if the head is
    /// unchanged. Returns `None` if nothing was written and the batch must take the locked path.
    async fn try_conditional_write(
        &mut self,
        appends: &[Append],
    ) -> Option<Vec<Result<AppendOutcome, LogError>>> {
        let (head, mut known) = self.head_cache.snapshot(&self.organisation, appends)?;
        let recorded_at = self.recorded_at(head).ok()?;
        let (outcomes, placed) = resolve_batch(
            &self.organisation,
            appends.iter(),
            head,
            recorded_at,
            &mut known,
        );
        if placed.len() < appends.len() {
            return None;
        }
        let batch = BatchRows::from_accepted(&self.organisation, &placed, recorded_at)?;
        let along = self
            .prepare_inline_projection(None, head, &batch.events)
            .await
            .ok()?;
        let written = batch.append_rows(along.as_ref().map(|(_, moves)| moves), Some(head));
        match events::write_if_head_matches(&self.store, &self.organisation, &written).await {
            Ok(WriteOutcome::NotWritten) => None,
            Ok(wrote) => {
                let left = self.head_cache.take_head()?;
                self.after_commit(left, batch, along, wrote, &known, appends);
                Some(outcomes.into_iter().map(Ok).collect())
            }
            Err(WriteError::BeforeCommit(error)) => {
                tracing::debug!(%error, "a batch could not be written at once");
                None
            }
            Err(WriteError::InDoubt(cause)) => {
                drop(along);
                self.head_cache.take_head();
                match self.poll_outcome(appends, &outcomes, &cause).await {
                    InDoubtOutcome::Written => Some(outcomes.into_iter().map(Ok).collect()),
                    InDoubtOutcome::NotWritten(_) => None,
                    InDoubtOutcome::Unknown => Some(
                        appends
                            .iter()
                            .map(|_| Err(LogError::OutcomeUnknown))
                            .collect(),
                    ),
                }
            }
        }
    }

    /// Locked path: locks the head, reads what the batch refers to, resolves the batch and writes
    /// it. Uses the inline projection if `along` is true.
    async fn write_under_lock(
        &mut self,
        appends: &[Append],
        along: bool,
    ) -> Result<Vec<AppendOutcome>, BatchError> {
        let mut tx = self.begin_with_retry().await?;
        let (head, mut known) = self.lock_and_load(&mut tx, appends).await?;
        self.head_cache.update_under_lock(head, &known);
        let recorded_at = self.recorded_at(head).map_err(BatchError::BeforeCommit)?;
        let (outcomes, placed) = resolve_batch(
            &self.organisation,
            appends.iter(),
            head,
            recorded_at,
            &mut known,
        );
        let Some(batch) = BatchRows::from_accepted(&self.organisation, &placed, recorded_at) else {
            return Ok(outcomes);
        };
        let along = if along {
            self.prepare_inline_projection(Some(&mut tx), head, &batch.events)
                .await
                .map_err(BatchError::WithInlineWrites)?
        } else {
            None
        };
        let moves = along.as_ref().map(|(_, moves)| moves);
        let refused = if moves.is_some() {
            BatchError::WithInlineWrites
        } else {
            BatchError::from
        };
        let left = self.head_cache.take_head();
        let wrote = events::write(&mut tx, &self.organisation, &batch.append_rows(moves, None))
            .await
            .map_err(refused)?;
        self.write_personal_rows(&mut tx, &placed).await?;
        if let Err(cause) = tx.commit().await {
            return Err(BatchError::InDoubt { cause, outcomes });
        }
        if let Some(left) = left {
            self.after_commit(left, batch, along, wrote, &known, appends);
        }
        Ok(outcomes)
    }

    /// Updates the caches, finishes the inline projection, and notifies the watchers after a
    /// commit.
    fn after_commit(
        &mut self,
        left: CachedHead,
        batch: BatchRows<'_>,
        along: Option<InlineWrites>,
        wrote: WriteOutcome,
        known: &LogSnapshot,
        appends: &[Append],
    ) {
        self.head_cache.record_commit(left, &batch, known, appends);
        let BatchRows {
            events,
            next_position,
            ..
        } = batch;
        self.tail_cache.push_committed(events);
        if let Some((claimed, _)) = along.filter(|_| wrote == WriteOutcome::Complete) {
            claimed.finish();
        }
        self.length_watch.send_replace(next_position);
    }

    /// Leases the inline projection and folds the batch. Returns `None` if there is none, if it is
    /// busy, or if the tail cache lacks the events between its position and the head. Without a
    /// transaction it fails with [`StoreError::NotInMemory`] if rows would have to be read.
    async fn prepare_inline_projection(
        &self,
        tx: Option<&mut Tx>,
        head: LogHead,
        events: &[EventRow],
    ) -> Result<Option<InlineWrites>, StoreError> {
        let Some(mut claimed) = self
            .inline_projection
            .get()
            .and_then(|along| along.try_lease())
        else {
            return Ok(None);
        };
        let Some(between) = self
            .tail_cache
            .read_range(claimed.next_position(), head.next_position)
        else {
            return Ok(None);
        };
        let moves = claimed
            .fold_batch(tx, &self.organisation, &between, events)
            .await?;
        Ok(moves.map(|moves| (claimed, moves)))
    }

    /// Begins a transaction. Retries I/O errors up to 16 times, because pooled connections may have
    /// been cut.
    pub(super) async fn begin_with_retry(&self) -> Result<Tx, StoreError> {
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
                "the database's clock stands behind its log; nothing is appended until it is put right"
            );
            return Err(LogError::ClockBehind {
                seconds: behind / 1_000_000,
            });
        }
        Ok(clock.max(head.last_at))
    }

    async fn lock_and_load(
        &self,
        tx: &mut Tx,
        appends: &[Append],
    ) -> Result<(LogHead, LogSnapshot), StoreError> {
        let mut streams: Vec<_> = appends
            .iter()
            .flat_map(|append| append.reads.iter().map(|(stream, _)| *stream))
            .collect();
        streams.sort_unstable();
        streams.dedup();
        let ids: Vec<_> = streams
            .iter()
            .map(|stream| stream.stored_id(&self.organisation))
            .collect();
        let asked = Lookups {
            streams: streams
                .iter()
                .zip(&ids)
                .map(|(stream, id)| StreamLookup {
                    aggregate_type: stream.kind,
                    aggregate_id: id,
                })
                .collect(),
            commands: appends
                .iter()
                .map(|append| CommandLookup {
                    command_id: append.command.to_string(),
                })
                .collect(),
            subjects: appends
                .iter()
                .flat_map(|append| &append.personal.used_keys)
                .map(|subject| SubjectLookup {
                    subject: subject.to_string(),
                })
                .collect(),
            index: appends
                .iter()
                .flat_map(|append| &append.personal.index)
                .map(|entry| IndexLookup {
                    kind: entry.row.kind,
                    digest: &entry.row.digest,
                })
                .collect(),
        };
        let (head, facts) = events::lock_and_look_up(tx, &self.organisation, &asked).await?;
        Ok((head, LogSnapshot::new(facts)))
    }

    async fn write_personal_rows(
        &self,
        tx: &mut Tx,
        placed: &[AcceptedAppend<'_>],
    ) -> Result<(), StoreError> {
        let rows = || placed.iter().map(|one| &one.append.personal);
        let keys: Vec<_> = rows().flat_map(|rows| rows.keys.iter().cloned()).collect();
        let index: Vec<_> = rows()
            .flat_map(|rows| rows.index.iter().map(|entry| entry.row.clone()))
            .collect();
        if !keys.is_empty() {
            personal_data::insert_keys(tx, &self.organisation, &keys).await?;
        }
        for (kind, subject) in rows().flat_map(|rows| &rows.released) {
            personal_data::release_index(tx, &self.organisation, kind, &subject.to_string())
                .await?;
        }
        personal_data::replace_index(tx, &self.organisation, &index).await?;
        for person in rows().flat_map(|rows| &rows.signed_out) {
            sessions::end_access(tx, &self.organisation, &person.to_string()).await?;
        }
        for subject in rows().flat_map(|rows| &rows.erased) {
            personal_data::erase_subject(tx, &self.organisation, &subject.to_string()).await?;
        }
        Ok(())
    }
}
