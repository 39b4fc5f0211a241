//! Replays the log of a folder into a temporary SQLite database: any view, as at any day, without
//! the service.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tempfile::TempDir;

use super::export_layout::EVENTS;
use super::manifest::{FolderError, read_lines};
use super::{AuditError, Finding, FormRule, view_difference};
use crate::crypto::keys::SecretKey;
use crate::crypto::vault::Vault;
use crate::eventlog::{Log, LogError, TimestampSource};
use crate::projections::{self, Projector};
use crate::store::row_query::{self, RowCursor, RowQuery, SortOrder};
use crate::store::view_rows::{self, CURRENT, ViewRow};
use crate::store::{Store, StoreError, checkpoints, events, postings};
use crate::transparency::log_entry;
use crate::views::Views;

const ORGANISATION: &str = "replay";
/// Events in an insert, and rows in a query.
const BATCH_SIZE: usize = 1000;

/// A temporary database with the events of a folder and the read models made from them.
pub struct ScratchDatabase {
    log: Log,
    views: Views,
    size: i64,
    /// Deleted on drop.
    _folder: TempDir,
}

/// The views that are computed from several read models.
pub const COMPUTED_VIEWS: [&str; 7] = [
    "budget",
    "outcomes",
    "statement",
    "movement",
    "aims",
    "network",
    "value",
];

impl ScratchDatabase {
    /// Inserts the events of a folder and brings the read models up to date. Signatures and hashes
    /// are not checked.
    pub async fn replay(folder: &Path) -> Result<Self, AuditError> {
        let temporary =
            TempDir::with_prefix("microgrants-replay").map_err(FolderError::at(folder))?;
        let store = Store::open(&format!("sqlite://{}/log.db", temporary.path().display())).await?;
        let none = || SecretKey {
            id: String::new(),
            secret: [0; 32],
        };
        let vault = Vault::new(store.clone(), ORGANISATION, none(), none());
        let log = Log::open(
            store,
            ORGANISATION,
            vault,
            TimestampSource::Simulation(Arc::new(AtomicI64::new(0))),
        )
        .await?;
        let size = insert_log(&log, folder).await?;
        let projector = Projector::open(log.clone())
            .await
            .map_err(|error| AuditError::Replay(error.to_string()))?;
        while projector
            .advance()
            .await
            .map_err(|error| AuditError::Replay(error.to_string()))?
        {}
        let views = Views::new(log.clone(), projector);
        Ok(Self {
            log,
            views,
            size,
            _folder: temporary,
        })
    }

    #[must_use]
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// The number of events.
    #[must_use]
    pub fn size(&self) -> i64 {
        self.size
    }

    /// Calls `take` with every row of a read model as at a position, ordered by id.
    pub async fn for_each_row(
        &self,
        table: &'static str,
        position: i64,
        mut take: impl FnMut(&ViewRow),
    ) -> Result<(), AuditError> {
        let (mut after, most) = (String::new(), i64::try_from(BATCH_SIZE).unwrap_or(i64::MAX));
        loop {
            let (order, next) = (
                SortOrder::default(),
                Some(RowCursor {
                    key: "",
                    id: &after,
                }),
            );
            let wanted = RowQuery {
                table,
                as_at: Some(position),
                filters: Vec::new(),
                order,
                after: next,
                limit: most,
            };
            let found = row_query::find(self.log.store(), ORGANISATION, &wanted).await?;
            found.iter().for_each(&mut take);
            match found.last() {
                Some(last) => after.clone_from(&last.id),
                None => return Ok(()),
            }
        }
    }

    /// Compares the read models that a service stored with this replay: every version of every row,
    /// and every posting, up to the end of the folder. Rows of another schema version cannot be
    /// compared, which is an error.
    pub async fn diff(
        &self,
        store: &Store,
        organisation: &str,
    ) -> Result<Vec<Finding>, AuditError> {
        let mut findings = Vec::new();
        let unfinished = |position, says: String| Finding {
            position,
            rule: FormRule::View.into(),
            says,
            follow_ups: 0,
        };
        let live = checkpoints::all(store, organisation).await?;
        for own in checkpoints::all(self.log.store(), ORGANISATION).await? {
            let Some(theirs) = live
                .iter()
                .find(|one| one.name == own.name && one.state == "live")
            else {
                let says = format!("the view {} is not stored", own.name);
                findings.push(unfinished(None, says));
                continue;
            };
            if theirs.shape != own.shape {
                return Err(AuditError::Replay(format!(
                    "the view {} was made by another program, and cannot be compared",
                    own.name
                )));
            }
            if theirs.next_position < self.size {
                let says = format!("the view {} has come only to here", own.name);
                findings.push(unfinished(Some(theirs.next_position), says));
                continue;
            }
            let replayed = self.clip_to_end(
                view_rows::dump(self.log.store(), &own.name, ORGANISATION, own.generation).await?,
            );
            let stored = self.clip_to_end(
                view_rows::dump(store, &own.name, organisation, theirs.generation).await?,
            );
            findings.extend(view_difference::differing_rows(
                &own.name, &replayed, &stored,
            ));
            if own.name == "places" {
                let replayed =
                    postings::dump(self.log.store(), ORGANISATION, own.generation).await?;
                let mut stored = postings::dump(store, organisation, theirs.generation).await?;
                stored.retain(|posting| posting.position < self.size);
                findings.extend(view_difference::differing_figures(&replayed, &stored));
            }
        }
        Ok(findings)
    }

    /// The rows as they were at the end of the folder: versions that ended later are current.
    fn clip_to_end(&self, mut rows: Vec<ViewRow>) -> Vec<ViewRow> {
        rows.retain(|row| row.since < self.size);
        for row in rows.iter_mut().filter(|row| row.until >= self.size) {
            row.until = CURRENT;
        }
        rows
    }
}

async fn insert_log(log: &Log, folder: &Path) -> Result<i64, AuditError> {
    let mut tx = log.store().begin().await?;
    let (mut batch, mut size, mut last_at) = (Vec::new(), 0, 0);
    for line in read_lines(folder, EVENTS)? {
        let line = line.map_err(FolderError::at(Path::new(EVENTS)))?;
        let line =
            String::from_utf8(line).map_err(|error| AuditError::Replay(error.to_string()))?;
        let mut row = log_entry::parse(&line)
            .map_err(|error| AuditError::Replay(format!("position {size}: {error}")))?;
        if row.position != size {
            let says = format!("position {} is at the place of {size}", row.position);
            return Err(AuditError::Replay(says));
        }
        row.aggregate_id = format!("{ORGANISATION}/{}", row.aggregate_id);
        (size, last_at) = (size + 1, row.recorded_at);
        batch.push(row);
        if batch.len() == BATCH_SIZE {
            events::import_events(&mut tx, ORGANISATION, &std::mem::take(&mut batch)).await?;
        }
    }
    events::import_events(&mut tx, ORGANISATION, &batch).await?;
    events::set_head(&mut tx, ORGANISATION, size, last_at).await?;
    tx.commit().await?;
    Ok(size)
}

/// The table of the projection with this name.
#[must_use]
pub fn projection_named(name: &str) -> Option<&'static str> {
    projections::names().find(|known| *known == name)
}

impl From<StoreError> for AuditError {
    fn from(error: StoreError) -> Self {
        Self::Replay(error.to_string())
    }
}

impl From<LogError> for AuditError {
    fn from(error: LogError) -> Self {
        Self::Replay(error.to_string())
    }
}
