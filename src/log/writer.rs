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
use super::along::{Along, Claimed};
use super::append::{Append, Outcome};
use super::recent::Recent;
use super::remembered::{Left, Remembered};
use super::settle::{Known, Placed, ToWrite, settle};
use super::unanswered::Found;
use crate::store::events::{
    self, Asked, CommandAsked, EventRow, Head, IndexAsked, StreamAsked, SubjectAsked, WriteError,
    Wrote,
};
use crate::store::moves::Moves;
use crate::store::{Store, StoreError, Tx, personal, sessions};

/// The largest number of appends in one transaction.
const BATCH_MOST: usize = 64;
/// The capacity of the queue. Callers wait when it is full.
const WAITING_MOST: usize = 1024;
/// The longest wait for as many appends as the previous batch had.
const GATHER_MOST: Duration = Duration::from_micros(150);
/// How far the database's clock may be behind the newest event, in microseconds.
const CLOCK_BEHIND_MAX: i64 = 5_000_000;

type Reply = oneshot::Sender<Result<Outcome, LogError>>;

/// The source of `recorded_at`: the database's clock, or a simulated one.
#[derive(Clone, Debug, Default)]
pub enum RecordedBy {
    #[default]
    Database,
    /// Microseconds since 1970, advanced by the simulation.
    Simulation(Arc<AtomicI64>),
}

/// A handle to the writer's queue.
#[derive(Clone, Debug)]
pub(super) struct Writer(mpsc::Sender<(Append, Reply)>);

impl Writer {
    pub(super) fn start(desk: Desk) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MOST);
        tokio::spawn(desk.work(waiting));
        Self(queue)
    }

    /// Whether the task still reads the queue.
    pub(super) fn works(&self) -> bool {
        !self.0.is_closed()
    }

    pub(super) async fn append(&self, append: Append) -> Result<Outcome, LogError> {
        let (reply, answer) = oneshot::channel();
        self.0
            .send((append, reply))
            .await
            .map_err(|_| LogError::Stopped)?;
        answer.await.map_err(|_| LogError::Stopped)?
    }
}

/// The writer task: its database, its caches, and the watch channel that it notifies.
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) organisation: String,
    pub(super) recorded_by: RecordedBy,
    pub(super) recent: Arc<Recent>,
    /// Notifies subscribers in this process of the length of the log.
    pub(super) grown: Arc<watch::Sender<i64>>,
    /// The inline projection, once it is registered.
    pub(super) along: Arc<OnceLock<Arc<dyn Along>>>,
    pub(super) remembered: Remembered,
}

/// The lease of an inline projection, and the rows that it made of a batch.
type Carried = (Box<dyn Claimed>, Moves);

/// Why a batch was not written: an error before the commit; an error before the commit that the
/// rows of the inline projection may have caused; or a lost acknowledgement of the commit.
enum Failure {
    Before(LogError),
    Along(StoreError),
    AtCommit {
        cause: StoreError,
        outcomes: Vec<Outcome>,
    },
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Before(error.into())
    }
}

impl From<Failure> for LogError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Before(error) => error,
            Failure::Along(cause) | Failure::AtCommit { cause, .. } => cause.into(),
        }
    }
}

/// Collects appends until the batch is as large as the previous one, or the wait is over. Callers
/// that were answered together come back together; without the wait the first of them would be
/// committed alone while the others wait for that. A single caller never waits.
async fn gather(
    waiting: &mut mpsc::Receiver<(Append, Reply)>,
    batch: &mut Vec<(Append, Reply)>,
    before: usize,
) {
    let since = Instant::now();
    while batch.len() < before.min(BATCH_MOST) && since.elapsed() < GATHER_MOST {
        tokio::task::yield_now().await;
        while batch.len() < BATCH_MOST
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
    }
}

impl Desk {
    async fn work(mut self, mut waiting: mpsc::Receiver<(Append, Reply)>) {
        let mut batch = Vec::with_capacity(BATCH_MOST);
        let mut before = 0;
        while waiting.recv_many(&mut batch, BATCH_MOST).await > 0 {
            gather(&mut waiting, &mut batch, before).await;
            before = batch.len();
            let (appends, replies): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            let outcomes = self.write(&appends).await;
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // The caller may have disconnected.
                let _ = reply.send(outcome);
            }
        }
    }

    async fn write(&mut self, appends: &[Append]) -> Vec<Result<Outcome, LogError>> {
        if let Some(outcomes) = self.at_once(appends).await {
            return outcomes;
        }
        let mut attempted = self.attempt(appends, true).await;
        if let Err(Failure::Along(error)) = &attempted {
            tracing::warn!(%error, "a batch could not be written with its views; it is written without");
            attempted = self.attempt(appends, false).await;
        }
        match attempted {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(Failure::AtCommit { cause, outcomes }) => {
                self.find_out(appends, outcomes, &cause).await
            }
            Err(failure) => self.one_by_one(appends, failure.into()).await,
        }
    }

    /// Retries each append of a failed batch alone, so that none fails because of another. If the
    /// database is unreachable the rest fail immediately instead of waiting for it one after the
    /// other.
    async fn one_by_one(
        &mut self,
        appends: &[Append],
        refused: LogError,
    ) -> Vec<Result<Outcome, LogError>> {
        if appends.len() == 1 {
            return vec![Err(refused)];
        }
        tracing::warn!(error = %refused, batch = appends.len(), "a batch was refused; each append runs alone");
        let mut reached = !refused.is_out_of_reach();
        let mut outcomes = Vec::with_capacity(appends.len());
        for append in appends {
            let outcome = if reached {
                self.alone(append).await
            } else {
                Err(LogError::Lost)
            };
            reached &= !outcome.as_ref().is_err_and(LogError::is_out_of_reach);
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn alone(&mut self, append: &Append) -> Result<Outcome, LogError> {
        match self.attempt(std::slice::from_ref(append), false).await {
            Ok(mut outcomes) => outcomes.pop().ok_or(LogError::Stopped),
            Err(Failure::AtCommit { cause, outcomes }) => {
                let found = self
                    .find_out(std::slice::from_ref(append), outcomes, &cause)
                    .await
                    .pop();
                found.unwrap_or(Err(LogError::Stopped))
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// Optimistic path: resolves the batch from the head cache and writes it if the head is
    /// unchanged. Returns `None` if nothing was written and the batch must take the locked path.
    async fn at_once(&mut self, appends: &[Append]) -> Option<Vec<Result<Outcome, LogError>>> {
        let (head, mut known) = self.remembered.known(&self.organisation, appends)?;
        let recorded_at = self.recorded_at(head).ok()?;
        let (outcomes, placed) = settle(
            &self.organisation,
            appends.iter(),
            head,
            recorded_at,
            &mut known,
        );
        if placed.len() < appends.len() {
            return None;
        }
        let batch = ToWrite::of(&self.organisation, &placed, recorded_at)?;
        let along = self.take_along(None, head, &batch.events).await.ok()?;
        let written = batch.written(along.as_ref().map(|(_, moves)| moves), Some(head));
        match events::write_at_once(&self.store, &self.organisation, &written).await {
            Ok(Wrote::Nothing) => None,
            Ok(wrote) => {
                let left = self.remembered.set_aside()?;
                self.committed(left, batch, along, wrote, &known, appends);
                Some(outcomes.into_iter().map(Ok).collect())
            }
            Err(WriteError::Before(error)) => {
                tracing::debug!(%error, "a batch could not be written at once");
                None
            }
            Err(WriteError::AtCommit(cause)) => {
                drop(along);
                self.remembered.set_aside();
                match self.look_up(appends, &outcomes, &cause).await {
                    Found::Written => Some(outcomes.into_iter().map(Ok).collect()),
                    Found::NotWritten(_) => None,
                    Found::Unknown => {
                        Some(appends.iter().map(|_| Err(LogError::Unknown)).collect())
                    }
                }
            }
        }
    }

    /// Locked path: locks the head, reads what the batch refers to, resolves the batch and writes
    /// it. Uses the inline projection if `along` is true.
    async fn attempt(&mut self, appends: &[Append], along: bool) -> Result<Vec<Outcome>, Failure> {
        let mut tx = self.begin().await?;
        let (head, mut known) = self.lock(&mut tx, appends).await?;
        self.remembered.read(head, &known);
        let recorded_at = self.recorded_at(head).map_err(Failure::Before)?;
        let (outcomes, placed) = settle(
            &self.organisation,
            appends.iter(),
            head,
            recorded_at,
            &mut known,
        );
        let Some(batch) = ToWrite::of(&self.organisation, &placed, recorded_at) else {
            return Ok(outcomes);
        };
        let along = if along {
            self.take_along(Some(&mut tx), head, &batch.events)
                .await
                .map_err(Failure::Along)?
        } else {
            None
        };
        let moves = along.as_ref().map(|(_, moves)| moves);
        let refused = if moves.is_some() {
            Failure::Along
        } else {
            Failure::from
        };
        let left = self.remembered.set_aside();
        let wrote = events::write(&mut tx, &self.organisation, &batch.written(moves, None))
            .await
            .map_err(refused)?;
        self.insert_personal(&mut tx, &placed).await?;
        if let Err(cause) = tx.commit().await {
            return Err(Failure::AtCommit { cause, outcomes });
        }
        if let Some(left) = left {
            self.committed(left, batch, along, wrote, &known, appends);
        }
        Ok(outcomes)
    }

    /// Updates the caches, finishes the inline projection, and notifies the watchers after a
    /// commit.
    fn committed(
        &mut self,
        left: Left,
        batch: ToWrite<'_>,
        along: Option<Carried>,
        wrote: Wrote,
        known: &Known,
        appends: &[Append],
    ) {
        self.remembered.left_at(left, &batch, known, appends);
        let ToWrite {
            events,
            next_position,
            ..
        } = batch;
        self.recent.keep(events);
        if let Some((claimed, _)) = along.filter(|_| wrote == Wrote::Whole) {
            claimed.stored();
        }
        self.grown.send_replace(next_position);
    }

    /// Leases the inline projection and folds the batch. Returns `None` if there is none, if it is
    /// busy, or if the tail cache lacks the events between its position and the head. Without a
    /// transaction it fails with [`StoreError::NotInMemory`] if rows would have to be read.
    async fn take_along(
        &self,
        tx: Option<&mut Tx>,
        head: Head,
        events: &[EventRow],
    ) -> Result<Option<Carried>, StoreError> {
        let Some(mut claimed) = self.along.get().and_then(|along| along.claim()) else {
            return Ok(None);
        };
        let Some(between) = self
            .recent
            .between(claimed.next_position(), head.next_position)
        else {
            return Ok(None);
        };
        let moves = claimed
            .take(tx, &self.organisation, &between, events)
            .await?;
        Ok(moves.map(|moves| (claimed, moves)))
    }

    /// Begins a transaction. Retries I/O errors up to 16 times, because pooled connections may have
    /// been cut.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        let mut tries = 0;
        loop {
            match self.store.begin_append().await {
                Err(StoreError::Sql(sqlx::Error::Io(_))) if tries < 16 => tries += 1,
                begun => return begun,
            }
        }
    }

    fn recorded_at(&self, head: Head) -> Result<i64, LogError> {
        let clock = match &self.recorded_by {
            RecordedBy::Database => head.clock,
            RecordedBy::Simulation(now) => now.load(Ordering::Relaxed),
        };
        let behind = head.last_at - clock;
        if behind > CLOCK_BEHIND_MAX {
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

    async fn lock(&self, tx: &mut Tx, appends: &[Append]) -> Result<(Head, Known), StoreError> {
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
        let asked = Asked {
            streams: streams
                .iter()
                .zip(&ids)
                .map(|(stream, id)| StreamAsked {
                    aggregate_type: stream.kind,
                    aggregate_id: id,
                })
                .collect(),
            commands: appends
                .iter()
                .map(|append| CommandAsked {
                    command_id: append.command.to_string(),
                })
                .collect(),
            subjects: appends
                .iter()
                .flat_map(|append| &append.personal.uses)
                .map(|subject| SubjectAsked {
                    subject: subject.to_string(),
                })
                .collect(),
            index: appends
                .iter()
                .flat_map(|append| &append.personal.index)
                .map(|entry| IndexAsked {
                    kind: entry.row.kind,
                    digest: &entry.row.digest,
                })
                .collect(),
        };
        let (head, facts) = events::lock(tx, &self.organisation, &asked).await?;
        Ok((head, Known::new(facts)))
    }

    async fn insert_personal(&self, tx: &mut Tx, placed: &[Placed<'_>]) -> Result<(), StoreError> {
        let rows = || placed.iter().map(|one| &one.append.personal);
        let keys: Vec<_> = rows().flat_map(|rows| rows.keys.iter().cloned()).collect();
        let index: Vec<_> = rows()
            .flat_map(|rows| rows.index.iter().map(|entry| entry.row.clone()))
            .collect();
        if !keys.is_empty() {
            personal::insert_keys(tx, &self.organisation, &keys).await?;
        }
        for (kind, subject) in rows().flat_map(|rows| &rows.given_up) {
            personal::give_up_index(tx, &self.organisation, kind, &subject.to_string()).await?;
        }
        personal::replace_index(tx, &self.organisation, &index).await?;
        for person in rows().flat_map(|rows| &rows.signed_out) {
            sessions::end_access(tx, &self.organisation, &person.to_string()).await?;
        }
        for subject in rows().flat_map(|rows| &rows.erased) {
            personal::erase(tx, &self.organisation, &subject.to_string()).await?;
        }
        Ok(())
    }
}
