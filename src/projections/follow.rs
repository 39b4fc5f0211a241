//! The follower that stores projections: fold what was appended, then store rows and checkpoints at once.
//!
//! Any process may do it; whoever comes second finds the work done. What it looked at it keeps, and goes on from there for as long as
//! nobody else moves the checkpoints; otherwise it locks them, and begins from what is stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};

use super::fold::{Changes, Standing, Touched};
use super::{ALL, Registered};
use crate::log::record::Recorded;
use crate::log::{Log, LogError};
use crate::store::checkpoints::{self, Checkpoint};
use crate::store::events::{self, EventRow};
use crate::store::moves::{self, Change, Move};
use crate::store::rows::{self, Needed};
use crate::store::{Source, StoreError, Tx};

/// How many events are folded in one transaction.
pub(super) const BATCH: i64 = 500;
/// How many rows of a projection are kept in memory at most between one batch and the next.
const KEPT_MOST: usize = 2048;
/// How often to look for what other processes appended.
const LOOK: Duration = Duration::from_millis(200);

/// Why a projection could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("there is no projection named {0}")]
    Unknown(String),
    #[error("the rows of {0} were made by a newer program: use that one")]
    Newer(String),
    #[error("the rebuild of {name} stopped: {cause}")]
    Stopped { name: String, cause: String },
}

impl From<StoreError> for ProjectionError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

/// Stores the projections of one log, and tells how far they have come.
#[derive(Clone)]
pub struct Projector {
    log: Log,
    progress: Arc<watch::Sender<i64>>,
    kept: Arc<Mutex<Option<Kept>>>,
}

/// What this process goes on from: valid for as long as nobody else moves the checkpoints.
struct Kept {
    next_position: i64,
    folds: Vec<Fold>,
    /// When it was last held against what is stored.
    looked: Instant,
}

/// How many projections follow, where the slowest of them will read next, and how long the log is.
struct Stored {
    projections: usize,
    next_position: i64,
    length: i64,
}

/// One generation of a projection, and the rows of it that were looked at.
pub(super) struct Fold {
    projection: Registered,
    generation: i64,
    pub(super) next_position: i64,
    standing: Standing,
}

/// Events that were read, and why the one after them could not be.
struct Page {
    events: Vec<Recorded>,
    unreadable: Option<String>,
}

/// What became of a generation that took a page.
struct Taken {
    changes: Changes,
    reached: i64,
    error: Option<String>,
}

impl Projector {
    /// Prepares the checkpoints, lets projections that stopped try again, and makes rows anew that an older program made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(log: Log) -> Result<Self, ProjectionError> {
        let mut tx = log.store().begin().await?;
        for (name, shape) in super::shapes() {
            checkpoints::begin(&mut tx, log.organisation(), name, shape).await?;
        }
        let known = checkpoints::lock(&mut tx, log.organisation()).await?;
        for stopped in known.iter().filter(|one| one.error.is_some()) {
            checkpoints::save(&mut tx, log.organisation(), &Checkpoint { error: None, ..stopped.clone() }).await?;
        }
        tx.commit().await?;
        let projector = Self { log, progress: Arc::new(watch::Sender::new(0)), kept: Arc::default() };
        for projection in ALL {
            if known.iter().any(|one| one.name == projection.name && one.state == "live" && one.shape != projection.shape) {
                projector.reshape(projection).await?;
            }
        }
        Ok(projector)
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// Follows the log for as long as the process runs.
    pub async fn run(self) {
        let mut growth = self.log.growth();
        loop {
            growth.mark_unchanged();
            match self.advance().await {
                Ok(true) => {}
                Ok(false) => {
                    let _ = tokio::time::timeout(LOOK, growth.changed()).await;
                }
                Err(error) => {
                    tracing::error!(%error, "the projections could not be stored; trying again");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }

    /// Waits, no longer than this, until the views have passed a position; whether they have.
    pub async fn passed(&self, position: i64, at_most: Duration) -> bool {
        let mut progress = self.progress.subscribe();
        let waited = tokio::time::timeout(at_most, progress.wait_for(|next| *next > position)).await;
        matches!(waited, Ok(Ok(_)))
    }

    /// The position that the slowest projection of this process will read next.
    #[must_use]
    pub fn next_position(&self) -> i64 {
        *self.progress.borrow()
    }

    /// Folds what has been appended since; whether there may be more.
    ///
    /// # Errors
    /// When the database does not answer. A projection that cannot fold an event stops, and says so in its checkpoint.
    pub async fn advance(&self) -> Result<bool, ProjectionError> {
        let mut kept = self.kept.lock().await;
        let mut known = kept.take();
        let recent = known.as_ref().and_then(|known| self.log.recent(known.next_position, usize::try_from(BATCH).ok()?));
        // What this process appended itself needs no look, unless the last was long ago.
        if (recent.is_none() || known.as_ref().is_none_or(|known| known.looked.elapsed() > LOOK))
            && let Some(stored) = self.stored().await?
        {
            known = known.filter(|known| known.is(&stored)).map(|known| Kept { looked: Instant::now(), ..known });
            if stored.next_position >= stored.length {
                // Nothing is to be done, or another process did it.
                *kept = known;
                self.passed_to(stored.next_position);
                return Ok(false);
            }
        }
        if let Some(known) = known
            && let Some((known, more)) = self.go_on(known, recent).await?
        {
            *kept = Some(known);
            return Ok(more);
        }
        let (known, more) = self.begin_again().await?;
        *kept = known;
        Ok(more)
    }

    /// How far our projections are as it is stored. A database server that crashed may have forgotten what nobody waited for.
    async fn stored(&self) -> Result<Option<Stored>, StoreError> {
        let standing = checkpoints::standing(self.log.store(), self.log.organisation()).await?;
        let ours: Vec<_> = standing.into_iter().filter(|(name, shape, ..)| ours(name, *shape)).collect();
        let least = ours.iter().min_by_key(|(.., next, _)| *next);
        Ok(least.map(|(.., next, length)| Stored { projections: ours.len(), next_position: *next, length: *length }))
    }

    /// The position that the slowest projection will read next, as it is stored.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stored_position(&self) -> Result<i64, StoreError> {
        Ok(self.stored().await?.map_or(0, |stored| stored.next_position))
    }

    /// Goes on from what is known, without a lock; `None` when somebody else moved a checkpoint or something is amiss.
    async fn go_on(&self, mut known: Kept, recent: Option<Vec<EventRow>>) -> Result<Option<(Kept, bool)>, ProjectionError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let from = known.next_position;
        let page = match recent {
            Some(rows) => Page::of(&rows),
            None => Page::read(&mut Source::Outside(store), organisation, from).await?,
        };
        let taken = take(&mut Source::Outside(store), organisation, &mut known.folds, &page).await?;
        if page.events.is_empty() || taken.iter().any(|one| one.error.is_some()) {
            return Ok(None);
        }
        let (moves, changes) = known.folds.iter().zip(&taken).map(to_store).unzip::<_, _, Vec<_>, Vec<_>>();
        if !moves::store(store, organisation, &moves, &changes.into_iter().flatten().collect::<Vec<_>>()).await? {
            return Ok(None);
        }
        let more = known.advance(from + count(&page.events));
        self.passed_to(known.next_position);
        Ok(Some((known, more)))
    }

    /// Locks the checkpoints, and begins from what is stored.
    async fn begin_again(&self) -> Result<(Option<Kept>, bool), ProjectionError> {
        let mut tx = self.log.store().begin_derived().await?;
        let running = checkpoints::lock(&mut tx, self.log.organisation()).await?;
        let live = |one: &Checkpoint| one.state == "live" && one.error.is_none() && ours(&one.name, one.shape);
        let running: Vec<_> = running.into_iter().filter(live).collect();
        let folds: Vec<_> = running.iter().filter_map(Fold::of).collect();
        let Some(from) = folds.iter().map(|fold| fold.next_position).min() else { return Ok((None, false)) };
        let (folds, next, why) = self.fold(&mut tx, folds, &running).await?;
        tx.commit().await?;
        self.passed_to(next);
        let together = why.is_none() && folds.iter().all(|fold| fold.next_position == next);
        Ok((together.then(|| Kept { next_position: next, folds, looked: Instant::now() }), next - from >= BATCH))
    }

    fn passed_to(&self, next: i64) {
        self.progress.send_if_modified(|seen| std::mem::replace(seen, next) != next);
    }

    /// Folds the next events into these generations, whose checkpoints are locked; how far it came, and why one stopped.
    pub(super) async fn fold(
        &self,
        tx: &mut Tx,
        mut folds: Vec<Fold>,
        locked: &[Checkpoint],
    ) -> Result<(Vec<Fold>, i64, Option<String>), ProjectionError> {
        let organisation = self.log.organisation();
        let from = folds.iter().map(|fold| fold.next_position).min().unwrap_or_default();
        let page = Page::read(&mut Source::Within(tx), organisation, from).await?;
        let taken = take(&mut Source::Within(tx), organisation, &mut folds, &page).await?;
        let (moves, changes) = folds.iter().zip(&taken).map(to_store).unzip::<_, _, Vec<_>, Vec<_>>();
        if !page.events.is_empty() {
            moves::store_in(tx, organisation, &moves, &changes.into_iter().flatten().collect::<Vec<_>>()).await?;
        }
        let mut why = None;
        for (fold, taken) in folds.iter_mut().zip(taken) {
            fold.moved(taken.reached);
            let (Some(error), Some(checkpoint)) = (taken.error, locked.iter().find(|one| fold.is(one))) else { continue };
            tracing::error!(projection = fold.projection.name, %error, "a projection stopped");
            let stopped = Checkpoint { next_position: taken.reached, error: Some(error.clone()), ..checkpoint.clone() };
            checkpoints::save(tx, organisation, &stopped).await?;
            why = Some(error);
        }
        Ok((folds, from + count(&page.events), why))
    }
}

/// Loads what the events need and is not known yet, and folds them.
async fn take(source: &mut Source<'_>, organisation: &str, folds: &mut [Fold], page: &Page) -> Result<Vec<Taken>, StoreError> {
    let touched: Vec<_> = folds
        .iter()
        .map(|fold| Touched::of(fold.projection, page.events.iter().filter(|event| event.position >= fold.next_position)))
        .collect();
    let needed: Vec<_> = folds
        .iter()
        .zip(&touched)
        .map(|(fold, touched)| Needed {
            table: fold.projection.name,
            generation: fold.generation,
            ids: fold.standing.missing(touched).into_iter().collect(),
        })
        .filter(|needed| !needed.ids.is_empty())
        .collect();
    let mut loaded: HashMap<String, Vec<rows::Row>> = HashMap::new();
    for (table, row) in rows::load(source, organisation, &needed).await? {
        loaded.entry(table).or_default().push(row);
    }
    for needed in needed {
        if let Some(fold) = folds.iter_mut().find(|fold| fold.projection.name == needed.table) {
            fold.standing.take(needed.ids, loaded.remove(needed.table).unwrap_or_default());
        }
    }
    let end = page.events.last().map_or(0, |last| last.position + 1);
    let of_one = |(fold, touched): (&mut Fold, Touched<'_>)| {
        let (changes, stopped) = fold.standing.fold(fold.projection, &touched);
        match stopped {
            Some(stopped) => Taken { changes, reached: stopped.position, error: Some(stopped.cause) },
            None => Taken { changes, reached: end.max(fold.next_position), error: page.unreadable.clone() },
        }
    };
    Ok(folds.iter_mut().zip(touched).map(of_one).collect())
}

/// How far a generation moves, and what of it is to be stored.
fn to_store<'a>((fold, taken): (&Fold, &'a Taken)) -> (Move, Option<Change<'a>>) {
    let Fold { projection, generation, next_position, .. } = fold;
    let (name, generation) = (projection.name, *generation);
    let change = Change { name, generation, versions: &taken.changes.versions, postings: &taken.changes.postings };
    let to = Move { name: name.to_owned(), generation, from: *next_position, to: taken.reached };
    (to, (!taken.changes.is_empty()).then_some(change))
}

/// Rows of another shape are another program's.
fn ours(name: &str, shape: i64) -> bool {
    super::shapes().any(|known| known == (name, shape))
}

fn count(events: &[Recorded]) -> i64 {
    i64::try_from(events.len()).unwrap_or_default()
}

impl Page {
    async fn read(source: &mut Source<'_>, organisation: &str, from: i64) -> Result<Self, StoreError> {
        Ok(Self::of(&match source {
            Source::Within(tx) => events::page_in(tx, organisation, from, BATCH).await?,
            Source::Outside(store) => events::page(store, organisation, from, BATCH).await?,
        }))
    }

    fn of(rows: &[EventRow]) -> Self {
        let mut page = Self { events: Vec::with_capacity(rows.len()), unreadable: None };
        for row in rows {
            match Recorded::read(row) {
                Ok(event) => page.events.push(event),
                Err(error) => {
                    page.unreadable = Some(error.to_string());
                    break;
                }
            }
        }
        page
    }
}

impl Kept {
    /// Whether nobody moved a checkpoint since, and no projection came back that had stopped.
    fn is(&self, stored: &Stored) -> bool {
        (self.next_position, self.folds.len()) == (stored.next_position, stored.projections)
    }

    /// Notes that everything has moved to a position; whether there may be more to read.
    fn advance(&mut self, next: i64) -> bool {
        let more = next - self.next_position >= BATCH;
        self.next_position = next;
        for fold in &mut self.folds {
            fold.moved(next);
        }
        more
    }
}

impl Fold {
    pub(super) fn of(checkpoint: &Checkpoint) -> Option<Self> {
        let projection = Registered::named(&checkpoint.name)?;
        let Checkpoint { generation, next_position, .. } = *checkpoint;
        Some(Self { projection, generation, next_position, standing: Standing::default() })
    }

    fn moved(&mut self, next: i64) {
        self.next_position = next;
        if self.standing.len() > KEPT_MOST {
            self.standing = Standing::default();
        }
    }

    pub(super) fn is(&self, checkpoint: &Checkpoint) -> bool {
        (self.projection.name, self.generation) == (checkpoint.name.as_str(), checkpoint.generation)
    }
}
