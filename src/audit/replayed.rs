//! Replays the log of a folder into a temporary SQLite database: any view, as at any day, without
//! the service.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tempfile::TempDir;

use super::folder::EVENTS;
use super::verify::lines;
use super::written::FileFailed;
use super::{AuditError, Finding, Rule};
use crate::log::keys::Key;
use crate::log::vault::Vault;
use crate::log::{Log, LogError, RecordedBy};
use crate::projections::{self, Projector};
use crate::seal::leaf;
use crate::store::rows::{self, Row, STANDING};
use crate::store::wanted::{self, After, Order, Wanted};
use crate::store::{Store, StoreError, checkpoints, events, postings};
use crate::views::Views;

const ORGANISATION: &str = "replay";
/// Events in an insert, and rows in a query.
const MANY: usize = 1000;

/// A temporary database with the events of a folder and the read models made from them.
pub struct Replayed {
    log: Log,
    views: Views,
    size: i64,
    /// Deleted on drop.
    _folder: TempDir,
}

/// The views that are computed from several read models.
pub const SUMS: [&str; 2] = ["budget", "outcomes"];

impl Replayed {
    /// Inserts the events of a folder and brings the read models up to date. Signatures and hashes
    /// are not checked.
    pub async fn of(folder: &Path) -> Result<Self, AuditError> {
        let temporary =
            TempDir::with_prefix("microgrants-replay").map_err(FileFailed::at(folder))?;
        let store = Store::open(&format!("sqlite://{}/log.db", temporary.path().display())).await?;
        let none = || Key {
            id: String::new(),
            secret: [0; 32],
        };
        let vault = Vault::new(store.clone(), ORGANISATION, none(), none());
        let log = Log::open(
            store,
            ORGANISATION,
            vault,
            RecordedBy::Simulation(Arc::new(AtomicI64::new(0))),
        )
        .await?;
        let size = put_in(&log, folder).await?;
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
    pub async fn rows(
        &self,
        table: &'static str,
        position: i64,
        mut take: impl FnMut(&Row),
    ) -> Result<(), AuditError> {
        let (mut after, most) = (String::new(), i64::try_from(MANY).unwrap_or(i64::MAX));
        loop {
            let (order, next) = (
                Order::default(),
                Some(After {
                    key: "",
                    id: &after,
                }),
            );
            let wanted = Wanted {
                table,
                as_at: Some(position),
                filters: Vec::new(),
                order,
                after: next,
                most,
            };
            let found = wanted::find(self.log.store(), ORGANISATION, &wanted).await?;
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
        let mut find = |position, says: String| {
            findings.push(Finding {
                position,
                rule: Rule::View,
                says,
            });
        };
        let live = checkpoints::all(store, organisation).await?;
        for own in checkpoints::all(self.log.store(), ORGANISATION).await? {
            let Some(theirs) = live
                .iter()
                .find(|one| one.name == own.name && one.state == "live")
            else {
                find(None, format!("the view {} is not stored", own.name));
                continue;
            };
            if theirs.shape != own.shape {
                return Err(AuditError::Replay(format!(
                    "the view {} was made by another program, and cannot be compared",
                    own.name
                )));
            }
            if theirs.next_position < self.size {
                find(
                    Some(theirs.next_position),
                    format!("the view {} has come only to here", own.name),
                );
                continue;
            }
            let replayed = self.until(
                rows::dump(self.log.store(), &own.name, ORGANISATION, own.generation).await?,
            );
            let stored =
                self.until(rows::dump(store, &own.name, organisation, theirs.generation).await?);
            for row in differing(&replayed, &stored) {
                find(
                    Some(row.since),
                    format!(
                        "the view {}, row {}, is not what a replay gives",
                        own.name, row.id
                    ),
                );
            }
            if own.name == "places" {
                let replayed =
                    postings::dump(self.log.store(), ORGANISATION, own.generation).await?;
                let mut stored = postings::dump(store, organisation, theirs.generation).await?;
                stored.retain(|posting| posting.position < self.size);
                for posting in differing(&replayed, &stored) {
                    find(
                        Some(posting.position),
                        "a figure is not what a replay gives".to_owned(),
                    );
                }
            }
        }
        Ok(findings)
    }

    /// The rows as they were at the end of the folder: versions that ended later are current.
    fn until(&self, mut rows: Vec<Row>) -> Vec<Row> {
        rows.retain(|row| row.since < self.size);
        for row in rows.iter_mut().filter(|row| row.until >= self.size) {
            row.until = STANDING;
        }
        rows
    }
}

/// The items that are in one list and not in the other, counted as often as they occur.
fn differing<'a, T: PartialEq + std::fmt::Debug>(one: &'a [T], other: &'a [T]) -> Vec<&'a T> {
    use std::collections::BTreeMap;
    let mut seen: BTreeMap<String, (i64, &T)> = BTreeMap::new();
    for (list, step) in [(one, 1), (other, -1)] {
        for item in list {
            seen.entry(format!("{item:?}")).or_insert((0, item)).0 += step;
        }
    }
    seen.into_values()
        .filter(|(count, _)| *count != 0)
        .map(|(_, item)| item)
        .collect()
}

async fn put_in(log: &Log, folder: &Path) -> Result<i64, AuditError> {
    let mut tx = log.store().begin().await?;
    let (mut batch, mut size, mut last_at) = (Vec::new(), 0, 0);
    for line in lines(folder, EVENTS)? {
        let line = line.map_err(FileFailed::at(Path::new(EVENTS)))?;
        let line =
            String::from_utf8(line).map_err(|error| AuditError::Replay(error.to_string()))?;
        let mut row = leaf::read(&line)
            .map_err(|error| AuditError::Replay(format!("position {size}: {error}")))?;
        row.aggregate_id = format!("{ORGANISATION}/{}", row.aggregate_id);
        (size, last_at) = (size + 1, row.recorded_at);
        batch.push(row);
        if batch.len() == MANY {
            events::put(&mut tx, ORGANISATION, &std::mem::take(&mut batch)).await?;
        }
    }
    events::put(&mut tx, ORGANISATION, &batch).await?;
    events::put_head(&mut tx, ORGANISATION, size, last_at).await?;
    tx.commit().await?;
    Ok(size)
}

/// The table of the projection with this name.
#[must_use]
pub fn table(name: &str) -> Option<&'static str> {
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
