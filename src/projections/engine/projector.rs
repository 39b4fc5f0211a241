//! The projector: folds new events into the read models and stores rows and positions in one
//! transaction.
//!
//! # Several processes
//!
//! Every process runs a projector. A position advances only from its expected value, so of two that
//! fold the same events the second one stores nothing.
//!
//! # Fast and slow path
//!
//! Between batches the projector keeps its state in memory: the positions and the rows that it
//! folded last. While no other process advances a position, it continues from there without a lock.
//! Otherwise it locks the positions, and starts from the stored rows.
//!
//! # Inline projection
//!
//! Appends of this process use the same state to store rows in their own transaction. A mutex gives
//! the state to either of them at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::eventlog::{Log, LogError};
use crate::projections::ALL;
use crate::projections::engine::event_batch::{
    BATCH_SIZE, EventPage, FoldOutput, GenerationState, has_current_schema, load_and_fold,
};
use crate::projections::engine::projector_state::{ProjectorState, SharedState};
use crate::store::checkpoints::{self, LiveProjection, ProjectionPosition};
use crate::store::events::EventRow;
use crate::store::{Executor, StoreError, Tx};

/// How often the projector checks for events of other processes.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Delay after an append of this process. The next append can then take the projector's state and
/// project inline; a projector at work would prevent that.
const INLINE_GRACE: Duration = Duration::from_millis(4);

/// Number of events below which the statistics of the tables do not matter.
const ANALYSE_FROM_EVENTS: i64 = 1000;

/// Why a projection cannot continue.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("there is no projection named {0}")]
    Unknown(String),
    #[error("the rows of {0} were made by a newer program: use that one")]
    SchemaTooNew(String),
    #[error("the rebuild of {name} stopped: {cause}")]
    Stopped { name: String, cause: String },
    #[error("the program failed as it caught up: {0}")]
    TaskFailed(#[from] tokio::task::JoinError),
}

impl From<StoreError> for ProjectionError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

/// Stores the projections of one log, and reports their progress.
#[derive(Clone)]
pub struct Projector {
    log: Log,
    pub(in crate::projections) shared: SharedState,
    /// The position of the views when the tables were last analysed.
    analysed_at: Arc<AtomicI64>,
}

/// The stored state of the projections: each one's position, the lowest of these, and the length of
/// the log.
struct StoredPositions {
    projections: Vec<LiveProjection>,
    next_position: i64,
    length: i64,
}

impl Projector {
    /// Creates missing positions, lets failed projections try again, and rebuilds rows whose schema
    /// version is older than this program's.
    pub async fn open(log: Log) -> Result<Self, ProjectionError> {
        let mut tx = log.store().begin().await?;
        for (name, shape) in crate::projections::schema_versions() {
            checkpoints::ensure_live(&mut tx, log.organisation(), name, shape).await?;
        }
        let known = checkpoints::lock(&mut tx, log.organisation()).await?;
        for stopped in known.iter().filter(|one| one.error.is_some()) {
            checkpoints::save(
                &mut tx,
                log.organisation(),
                &ProjectionPosition {
                    error: None,
                    ..stopped.clone()
                },
            )
            .await?;
        }
        tx.commit().await?;
        let live = known
            .iter()
            .filter(|one| one.state == "live" && one.error.is_none());
        let described = live.map(|one| one.next_position).min().unwrap_or_default();
        let projector = Self {
            log,
            shared: SharedState::default(),
            analysed_at: Arc::new(AtomicI64::new(described)),
        };
        for projection in ALL {
            if known.iter().any(|one| {
                one.name == projection.name
                    && one.state == "live"
                    && one.shape != projection.schema_version
            }) {
                projector.migrate_rows(projection).await?;
            }
        }
        Ok(projector)
    }

    pub(in crate::projections) fn log(&self) -> &Log {
        &self.log
    }

    /// Lets appends of this process store the view rows in their own transaction while the views
    /// are caught up with the log.
    pub fn enable_inline(&self) {
        self.log
            .set_inline_projection(Arc::new(self.shared.clone()));
    }

    /// Follows the log as long as the process runs.
    pub async fn run(self) {
        self.enable_inline();
        let mut growth = self.log.watch_length();
        loop {
            growth.mark_unchanged();
            match self.advance().await {
                Ok(true) => {}
                Ok(false) => {
                    if let Ok(Ok(())) = tokio::time::timeout(POLL_INTERVAL, growth.changed()).await
                    {
                        tokio::time::sleep(INLINE_GRACE).await;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the projections could not be stored; trying again");
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
            }
        }
    }

    /// Waits, at most `at_most`, until the views include a position. Returns whether they do.
    pub async fn wait_for_position(&self, position: i64, at_most: Duration) -> bool {
        let mut progress = self.shared.progress.subscribe();
        let waited =
            tokio::time::timeout(at_most, progress.wait_for(|next| *next > position)).await;
        matches!(waited, Ok(Ok(_)))
    }

    /// The position that the slowest projection reads next, as far as this process knows.
    #[must_use]
    pub fn next_position(&self) -> i64 {
        *self.shared.progress.borrow()
    }

    /// Folds new events. Returns whether there may be more. A projection that cannot fold an event
    /// stops, and its stored position names the error.
    pub async fn advance(&self) -> Result<bool, ProjectionError> {
        let more = self.advance_once().await?;
        self.analyse_tables().await;
        Ok(more)
    }

    async fn advance_once(&self) -> Result<bool, ProjectionError> {
        let mut kept = self.shared.state.lock().await;
        let mut known = kept.take();
        let lately = known
            .as_ref()
            .is_some_and(|known| known.checked_at.elapsed() <= POLL_INTERVAL);
        let length = *self.log.watch_length().borrow();
        if lately
            && known
                .as_ref()
                .is_some_and(|known| known.advanced_inline && known.next_position == length)
        {
            *kept = known;
            return Ok(false);
        }
        let recent = known.as_ref().and_then(|known| {
            self.log
                .cached_tail(known.next_position, usize::try_from(BATCH_SIZE).ok()?)
        });
        let mut far = false;
        // Events of this process come from the tail cache, without a query; but once in every poll
        // interval the stored positions are compared.
        if (recent.is_none() || !lately)
            && let Some(stored) = self.stored_positions().await?
        {
            known = known
                .filter(|known| stored.matches(known))
                .map(|known| ProjectorState {
                    checked_at: Instant::now(),
                    advanced_inline: false,
                    ..known
                });
            if stored.next_position >= stored.length {
                // There are no new events, or another process has folded them.
                *kept = known.or_else(|| stored.to_state());
                self.shared.set_progress(stored.next_position);
                return Ok(false);
            }
            far = stored.length - stored.next_position > BATCH_SIZE;
        }
        let gone_on = match known {
            Some(known) if far => self.catch_up(known).await?.map(|known| (known, false)),
            Some(known) => self.fold_from_memory(known, recent).await?,
            None => None,
        };
        if let Some((known, more)) = gone_on {
            *kept = Some(known);
            return Ok(more);
        }
        let (known, more) = self.fold_from_stored().await?;
        *kept = known;
        Ok(more)
    }

    /// Runs ANALYZE on the tables of the log and of the views when the log has doubled since the
    /// last time (PostgreSQL only). Autovacuum would do so up to a minute later, and until then the
    /// planner may choose the wrong index.
    pub(in crate::projections) async fn analyse_tables(&self) {
        let next = self.next_position();
        let described = self.analysed_at.load(Ordering::Relaxed);
        if next < described * 2 + ANALYSE_FROM_EVENTS
            || self.analysed_at.swap(next, Ordering::Relaxed) != described
        {
            return;
        }
        let views: Vec<_> = ALL
            .iter()
            .map(|projection| format!("view_{}", projection.name))
            .collect();
        if let Err(error) = self.log.store().analyze_tables(&views).await {
            tracing::warn!(
                %error,
                "the database did not look at its tables; it does so by itself, or when they have \
                    doubled"
            );
        }
    }

    /// The stored positions of the projections of this program. They may be lower than those in
    /// memory: after a crash of the database server, asynchronous commits can be lost.
    async fn stored_positions(&self) -> Result<Option<StoredPositions>, StoreError> {
        let mut projections = checkpoints::live(self.log.store(), self.log.organisation()).await?;
        projections.retain(|one| has_current_schema(&one.name, one.shape));
        let least = projections
            .iter()
            .min_by_key(|one| one.next_position)
            .map(|one| (one.next_position, one.length));
        Ok(least.map(|(next_position, length)| StoredPositions {
            projections,
            next_position,
            length,
        }))
    }

    /// The position that the slowest projection reads next, as it is stored.
    pub async fn stored_position(&self) -> Result<i64, StoreError> {
        Ok(self
            .stored_positions()
            .await?
            .map_or(0, |stored| stored.next_position))
    }

    /// Continues from the state in memory, without a lock. Returns `None` if another process
    /// advanced a projection, or one failed, or there are no events.
    async fn fold_from_memory(
        &self,
        mut known: ProjectorState,
        recent: Option<Vec<EventRow>>,
    ) -> Result<Option<(ProjectorState, bool)>, ProjectionError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let from = known.next_position;
        let page = match recent {
            Some(rows) => EventPage::decode(rows.iter()),
            None => {
                EventPage::read(&mut Executor::Pool(store), organisation, from, BATCH_SIZE).await?
            }
        };
        let FoldOutput {
            commit: moves,
            failures: stopped,
        } = load_and_fold(
            Some(&mut Executor::Pool(store)),
            organisation,
            &mut known.generations,
            &page,
        )
        .await?;
        if page.is_empty() || !stopped.is_empty() || !moves.store(store, organisation).await? {
            return Ok(None);
        }
        let next = page.end(from);
        known.advance(next);
        self.shared.set_progress(next);
        Ok(Some((known, next - from >= BATCH_SIZE)))
    }

    /// Locks the positions, and starts from the stored rows.
    async fn fold_from_stored(&self) -> Result<(Option<ProjectorState>, bool), ProjectionError> {
        let mut tx = self.log.store().begin_derived().await?;
        let running = checkpoints::lock(&mut tx, self.log.organisation()).await?;
        let live = |one: &ProjectionPosition| {
            one.state == "live" && one.error.is_none() && has_current_schema(&one.name, one.shape)
        };
        let running: Vec<_> = running.into_iter().filter(live).collect();
        let folds: Vec<_> = running
            .iter()
            .filter_map(GenerationState::from_checkpoint)
            .collect();
        let Some(from) = folds.iter().map(|fold| fold.next_position).min() else {
            return Ok((None, false));
        };
        let (folds, next, why) = self.fold_locked(&mut tx, folds, &running).await?;
        tx.commit().await?;
        self.shared.set_progress(next);
        let together = why.is_none() && folds.iter().all(|fold| fold.next_position == next);
        Ok((
            together.then(|| ProjectorState::from_stored(next, folds)),
            next - from >= BATCH_SIZE,
        ))
    }

    /// Folds the next events into generations whose positions are locked. Returns the generations,
    /// the position reached, and why one failed, if one did.
    pub(in crate::projections) async fn fold_locked(
        &self,
        tx: &mut Tx,
        mut folds: Vec<GenerationState>,
        locked: &[ProjectionPosition],
    ) -> Result<(Vec<GenerationState>, i64, Option<String>), ProjectionError> {
        let organisation = self.log.organisation();
        let from = folds
            .iter()
            .map(|fold| fold.next_position)
            .min()
            .unwrap_or_default();
        let page = EventPage::read(
            &mut Executor::Transaction(tx),
            organisation,
            from,
            BATCH_SIZE,
        )
        .await?;
        let FoldOutput {
            commit: moves,
            failures: stopped,
        } = load_and_fold(
            Some(&mut Executor::Transaction(tx)),
            organisation,
            &mut folds,
            &page,
        )
        .await?;
        if !page.is_empty() {
            moves.store_in(tx, organisation).await?;
        }
        for (fold, moved) in folds.iter_mut().zip(&moves.advances) {
            fold.advance_to(moved.to, moved.to);
        }
        let mut why = None;
        for (number, error) in stopped {
            let fold = &folds[number];
            let Some(checkpoint) = locked
                .iter()
                .find(|one| fold.is_generation(&one.name, one.generation))
            else {
                continue;
            };
            tracing::error!(projection = fold.projection.name, %error, "a projection stopped");
            let stopped = ProjectionPosition {
                next_position: fold.next_position,
                error: Some(error.clone()),
                ..checkpoint.clone()
            };
            checkpoints::save(tx, organisation, &stopped).await?;
            why = Some(error);
        }
        Ok((folds, page.end(from), why))
    }
}

impl StoredPositions {
    /// Whether the state in memory matches the stored positions: no projection was advanced,
    /// rebuilt or restarted by another process.
    fn matches(&self, known: &ProjectorState) -> bool {
        known.next_position == self.next_position
            && known.generations.len() == self.projections.len()
            && self.projections.iter().all(|one| {
                known
                    .generations
                    .iter()
                    .any(|fold| fold.is_generation(&one.name, one.generation))
            })
    }

    /// The state to continue from. `None` if the projections are at different positions.
    fn to_state(&self) -> Option<ProjectorState> {
        let together = |one: &LiveProjection| {
            GenerationState::for_generation(&one.name, one.generation, one.next_position)
                .filter(|_| one.next_position == self.next_position)
        };
        let folds = self
            .projections
            .iter()
            .map(together)
            .collect::<Option<_>>()?;
        Some(ProjectorState::from_stored(self.next_position, folds))
    }
}
