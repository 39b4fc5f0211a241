//! The follower that stores projections: lock the checkpoints, fold the next events, save rows and checkpoints, commit.
//!
//! Any process may do it; whoever comes second finds the work done. A rebuild makes a new generation beside the live
//! one and takes its place, in one commit, when it has caught up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{ALL, Projected, Registered};
use crate::log::record::Recorded;
use crate::log::{Log, LogError};
use crate::store::checkpoints::{self, Checkpoint};
use crate::store::postings::{self, PostingRow};
use crate::store::rows::{self, NewRow, STANDING};
use crate::store::{StoreError, Tx, events};

/// How many events are folded in one transaction.
const BATCH: i64 = 500;
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
}

/// One projection's part of a fold that is under way.
struct Fold {
    projection: Registered,
    generation: i64,
    rows: BTreeMap<String, Standing>,
    ended: Vec<(String, i64, i64)>,
    new: Vec<Made>,
    postings: Vec<PostingRow>,
}

/// A row as it stands within the fold.
struct Standing {
    since: i64,
    body: String,
    /// Where it lies among the new rows, unless it was loaded.
    made: Option<usize>,
}

struct Made {
    id: String,
    since: i64,
    until: i64,
    body: String,
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
        let projector = Self { log, progress: Arc::new(watch::Sender::new(0)) };
        for projection in ALL {
            if known.iter().any(|one| one.name == projection.name && one.state == "live" && one.shape != projection.shape) {
                projector.reshape(projection).await?;
            }
        }
        Ok(projector)
    }

    /// Makes the rows of a projection anew in the shape that this program gives them. Several processes that start at once do it
    /// together. Where it cannot be done the projection stops, as it would have.
    async fn reshape(&self, projection: Registered) -> Result<(), ProjectionError> {
        let (organisation, name) = (self.log.organisation(), projection.name);
        tracing::info!(projection = name, "its rows are of another shape; they are made anew from the log");
        loop {
            let mut tx = self.log.store().begin().await?;
            let known: Vec<_> = checkpoints::lock(&mut tx, organisation).await?.into_iter().filter(|one| one.name == name).collect();
            let Some(live) = known.iter().find(|one| one.state == "live") else { return Ok(()) };
            if live.shape == projection.shape {
                return Ok(());
            }
            if live.shape > projection.shape {
                return Err(ProjectionError::Newer(name.to_owned()));
            }
            let under_way = known.iter().find(|one| one.state == "building" && one.shape == projection.shape);
            let generation = match under_way {
                Some(building) => building.generation,
                None => self.begin_building(&mut tx, projection, &known).await?,
            };
            tx.commit().await?;
            match self.build(name, generation).await {
                Ok(false) => {}
                Ok(true) => return self.remove_retired(projection).await,
                // Another process finished it, or it cannot be done.
                Err(ProjectionError::Stopped { cause, .. }) => {
                    let mut tx = self.log.store().begin().await?;
                    let known = checkpoints::lock(&mut tx, organisation).await?;
                    let of = |state: &str| known.iter().find(|one| one.name == name && one.state == state).cloned();
                    if let (Some(live), Some(_)) = (of("live").filter(|live| live.shape != projection.shape), of("building")) {
                        tracing::error!(projection = name, %cause, "its rows cannot be made anew; it stands still");
                        checkpoints::save(&mut tx, organisation, &Checkpoint { error: Some(cause), ..live }).await?;
                        tx.commit().await?;
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes a new generation of a projection, beside those that are known.
    async fn begin_building(&self, tx: &mut Tx, projection: Registered, known: &[Checkpoint]) -> Result<i64, StoreError> {
        let Registered { name, shape, .. } = projection;
        let generation = known.iter().filter(|one| one.name == name).map(|one| one.generation).max().unwrap_or_default() + 1;
        let building = Checkpoint { name: name.to_owned(), generation, next_position: 0, state: "building".into(), error: None, shape };
        checkpoints::save(tx, self.log.organisation(), &building).await?;
        Ok(generation)
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
        if self.log.length().await? <= self.next_position() {
            return Ok(false);
        }
        let mut tx = self.log.store().begin().await?;
        let running: Vec<_> = checkpoints::lock(&mut tx, self.log.organisation())
            .await?
            .into_iter()
            // Rows of another shape are another program's.
            .filter(|one| {
                one.state == "live" && one.error.is_none() && super::shapes().any(|known| known == (one.name.as_str(), one.shape))
            })
            .collect();
        let Some(from) = running.iter().map(|one| one.next_position).min() else { return Ok(false) };
        let (next, _) = self.fold(&mut tx, running, from).await?;
        tx.commit().await?;
        self.progress.send_if_modified(|seen| std::mem::replace(seen, next) != next);
        Ok(next - from >= BATCH)
    }

    /// Folds events from a position on into these generations; where they stand then, and why one stopped.
    async fn fold(&self, tx: &mut Tx, running: Vec<Checkpoint>, from: i64) -> Result<(i64, Option<String>), ProjectionError> {
        let stored = events::page_in(tx, self.log.organisation(), from, BATCH).await?;
        let mut read = Vec::with_capacity(stored.len());
        let mut unreadable = None;
        for row in &stored {
            match Recorded::read(row) {
                Ok(event) => read.push(event),
                Err(error) => {
                    unreadable = Some(error.to_string());
                    break;
                }
            }
        }
        let next = from + i64::try_from(read.len()).unwrap_or_default();
        let (mut why, mut on) = (None, Vec::new());
        for checkpoint in running {
            let Some(projection) = ALL.into_iter().find(|one| one.name == checkpoint.name) else { continue };
            let unread = read.iter().filter(|event| event.position >= checkpoint.next_position);
            let stopped = self.fold_one(tx, projection, checkpoint.generation, unread).await?;
            let error = stopped.clone().map(|(_, error)| error).or_else(|| unreadable.clone());
            if let Some(error) = &error {
                tracing::error!(projection = projection.name, %error, "a projection stopped");
                why = Some(error.clone());
            }
            let Some((position, _)) = stopped else {
                if error.is_some() {
                    let reached = next.max(checkpoint.next_position);
                    checkpoints::save(tx, self.log.organisation(), &Checkpoint { next_position: reached, error, ..checkpoint }).await?;
                } else {
                    on.push((checkpoint.name, checkpoint.generation));
                }
                continue;
            };
            checkpoints::save(tx, self.log.organisation(), &Checkpoint { next_position: position, error, ..checkpoint }).await?;
        }
        checkpoints::advance(tx, self.log.organisation(), &on, next).await?;
        Ok((next, why))
    }

    /// Folds events into one projection; where and why it stopped, if it did.
    async fn fold_one<'a>(
        &self,
        tx: &mut Tx,
        projection: Registered,
        generation: i64,
        unread: impl Iterator<Item = &'a Recorded>,
    ) -> Result<Option<(i64, String)>, ProjectionError> {
        let touched: Vec<_> = unread.filter_map(|event| (projection.touches)(event).map(|touches| (event, touches))).collect();
        if touched.is_empty() {
            return Ok(None);
        }
        let ids: BTreeSet<_> =
            touched.iter().flat_map(|(_, touches)| std::iter::once(&touches.row).chain(&touches.beside)).map(String::as_str).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let loaded = rows::load(tx, projection.name, self.log.organisation(), generation, &ids).await?;
        let standing = loaded.into_iter().map(|row| (row.id, Standing { since: row.since, body: row.body, made: None })).collect();
        let mut fold = Fold { projection, generation, rows: standing, ended: Vec::new(), new: Vec::new(), postings: Vec::new() };
        let stopped = touched.iter().find_map(|(event, touches)| {
            let failed = fold.take(event, touches).err()?;
            Some((event.position, format!("position {}: {failed}", event.position)))
        });
        fold.save(tx, self.log.organisation()).await?;
        Ok(stopped)
    }

    /// Makes a new generation of a projection beside the live one, and puts it in its place once it has caught up.
    ///
    /// # Errors
    /// [`ProjectionError::Unknown`], or when the database does not answer.
    pub async fn rebuild(&self, name: &str) -> Result<i64, ProjectionError> {
        let Some(projection) = ALL.into_iter().find(|one| one.name == name) else { return Err(ProjectionError::Unknown(name.to_owned())) };
        let organisation = self.log.organisation();
        let mut tx = self.log.store().begin().await?;
        let known = checkpoints::lock(&mut tx, organisation).await?;
        for abandoned in known.iter().filter(|one| one.name == name && one.state == "building") {
            self.forget(&mut tx, projection, abandoned).await?;
        }
        let generation = self.begin_building(&mut tx, projection, &known).await?;
        tx.commit().await?;
        while !self.build(name, generation).await? {}
        self.remove_retired(projection).await?;
        Ok(generation)
    }

    /// Folds the next events into a building generation; whether it has taken the live one's place.
    async fn build(&self, name: &str, generation: i64) -> Result<bool, ProjectionError> {
        let organisation = self.log.organisation();
        let mut tx = self.log.store().begin().await?;
        let known = checkpoints::lock(&mut tx, organisation).await?;
        let of = |state: &str| known.iter().find(|one| one.name == name && one.state == state).cloned();
        let building = known.iter().find(|one| one.name == name && one.generation == generation).cloned();
        let stopped = |cause: String| ProjectionError::Stopped { name: name.to_owned(), cause };
        let building = building.ok_or_else(|| stopped("another rebuild took its place".into()))?;
        let from = building.next_position;
        let (next, why) = self.fold(&mut tx, vec![building.clone()], from).await?;
        if let Some(cause) = why {
            return Err(stopped(cause));
        }
        let caught_up = of("live").is_none_or(|live| live.next_position <= next && next - from < BATCH);
        if caught_up {
            if let Some(live) = of("live") {
                checkpoints::save(&mut tx, organisation, &Checkpoint { state: "retired".into(), ..live }).await?;
            }
            let live = Checkpoint { state: "live".into(), next_position: next, ..building };
            checkpoints::save(&mut tx, organisation, &live).await?;
        }
        tx.commit().await?;
        Ok(caught_up)
    }

    async fn remove_retired(&self, projection: Registered) -> Result<(), ProjectionError> {
        let organisation = self.log.organisation();
        let mut tx = self.log.store().begin().await?;
        let known = checkpoints::lock(&mut tx, organisation).await?;
        for retired in known.iter().filter(|one| one.name == projection.name && one.state == "retired") {
            self.forget(&mut tx, projection, retired).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Removes a generation with its rows.
    async fn forget(&self, tx: &mut Tx, projection: Registered, generation: &Checkpoint) -> Result<(), StoreError> {
        let organisation = self.log.organisation();
        rows::remove(tx, &format!("view_{}", projection.name), organisation, generation.generation).await?;
        if projection.name == "places" {
            rows::remove(tx, "postings", organisation, generation.generation).await?;
        }
        checkpoints::remove(tx, organisation, generation).await
    }
}

impl Fold {
    fn take(&mut self, event: &Recorded, touches: &super::Touches) -> Result<(), serde_json::Error> {
        let body = |id: &String| self.rows.get(id).map(|row| row.body.as_str());
        let beside = touches.beside.as_ref().and_then(body);
        let Projected { body, postings } = (self.projection.project)(event, body(&touches.row), beside)?;
        self.postings.extend(postings);
        if let Some(body) = body {
            self.put(&touches.row, event.position, body);
        }
        Ok(())
    }

    fn put(&mut self, id: &str, position: i64, body: String) {
        match self.rows.get(id) {
            Some(Standing { made: Some(at), .. }) => self.new[*at].until = position,
            Some(Standing { since, made: None, .. }) => self.ended.push((id.to_owned(), *since, position)),
            None => {}
        }
        let made = Some(self.new.len());
        self.new.push(Made { id: id.to_owned(), since: position, until: STANDING, body: body.clone() });
        self.rows.insert(id.to_owned(), Standing { since: position, body, made });
    }

    async fn save(&self, tx: &mut Tx, organisation: &str) -> Result<(), StoreError> {
        if !self.new.is_empty() {
            let ended: Vec<_> = self.ended.iter().map(|(id, since, until)| NewRow { id, since: *since, until: *until, body: "" }).collect();
            let new: Vec<_> =
                self.new.iter().map(|row| NewRow { id: &row.id, since: row.since, until: row.until, body: &row.body }).collect();
            rows::save(tx, self.projection.name, organisation, self.generation, &ended, &new).await?;
        }
        if !self.postings.is_empty() {
            postings::insert(tx, organisation, self.generation, &self.postings).await?;
        }
        Ok(())
    }
}
