//! The one writer of an organisation's log in this process: it takes what is waiting, and commits
//! it together.
//!
//! A batch is held against what the writer remembers, and written at once if the log still ends
//! where it was left. Otherwise, under the lock of the head, it is read what the batch must be held
//! against. What fits is inserted, with the views if they can be brought along. A caller that goes
//! away changes nothing: what was taken is finished.

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

/// How many appends are committed together at most.
const BATCH_MOST: usize = 64;
/// How many appends may wait before callers do.
const WAITING_MOST: usize = 1024;
/// How long a batch waits for as many as the batch before it had.
const GATHER_MOST: Duration = Duration::from_micros(150);
/// How far the database's clock may stand behind the log, in microseconds.
const CLOCK_BEHIND_MAX: i64 = 5_000_000;

type Reply = oneshot::Sender<Result<Outcome, LogError>>;

/// Where `recorded_at` comes from: the database, or a simulation.
#[derive(Clone, Debug, Default)]
pub enum RecordedBy {
    #[default]
    Database,
    /// Microseconds since 1970, moved on by whoever simulates.
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

    /// Whether anybody still works the queue off.
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

/// Where the writer works, and whom it tells.
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) organisation: String,
    pub(super) recorded_by: RecordedBy,
    pub(super) recent: Arc<Recent>,
    /// Tells this process's followers how long the log is.
    pub(super) grown: Arc<watch::Sender<i64>>,
    /// What is brought along, once there is something.
    pub(super) along: Arc<OnceLock<Arc<dyn Along>>>,
    pub(super) remembered: Remembered,
}

/// What goes along with a batch, and what is stored of it.
type Carried = (Box<dyn Claimed>, Moves);

/// A batch that could not be written: before the commit, perhaps because of what it brought along;
/// or with its answer lost.
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

/// Lets those who were answered together come back together: otherwise the first of them gets a
/// flush of its own, and the others wait for it. A single caller never waits.
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
                // A caller that went away needs no answer.
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

    /// A batch was refused: each append runs alone, so that none loses by another. Where the
    /// database is out of reach nobody is kept waiting for it in turn.
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

    /// Writes a batch by what is remembered; `None` where nothing was written, and it must be read
    /// first what the batch is held against.
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

    /// Writes a batch under the lock of the head, held against what is read there.
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

    /// A batch is in the log: this process knows, and whoever follows is told.
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

    /// What is brought along, if it stands where the log ended, or not so far behind that the
    /// events between are not known. Without a transaction it is an error where something would
    /// have to be read.
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

    /// Begins a transaction, over a fresh connection where an old one was cut.
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
