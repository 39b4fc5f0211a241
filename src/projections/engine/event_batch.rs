//! One batch of events, and its effect on the generations of projections that follow the log.

use std::collections::HashMap;

use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::engine::fold::{RelevantEvents, RowCache};
use crate::projections::{AnyProjection, schema_versions};
use crate::store::checkpoints::ProjectionPosition;
use crate::store::events::{self, EventRow};
use crate::store::projection_commit::{PositionAdvance, ProjectionCommit, RowChanges};
use crate::store::view_rows::{self, RowLookup};
use crate::store::{Executor, StoreError};

/// Maximum number of events folded in one transaction.
pub(in crate::projections) const BATCH_SIZE: i64 = 500;
/// The same while the log's end is far away: fewer transactions write each page of the database
/// less often.
pub(in crate::projections) const CATCH_UP_BATCH_SIZE: i64 = 2000;
/// Number of rows of a projection that are cached between batches, above which unchanged ones are
/// evicted.
const CACHED_ROWS_MAX: usize = 2048;

/// One generation of a projection, with its cached rows.
pub(in crate::projections) struct GenerationState {
    pub(in crate::projections) projection: AnyProjection,
    generation: i64,
    pub(in crate::projections) next_position: i64,
    rows: RowCache,
}

/// Events read from the log, and why the event after them cannot be read, if it cannot.
pub(in crate::projections) struct EventPage {
    events: Vec<RecordedEvent>,
    unreadable: Option<String>,
}

/// The result of folding a page of events into some generations.
pub(in crate::projections) struct FoldOutput {
    pub(in crate::projections) commit: ProjectionCommit,
    /// The generations that failed, by index, with the cause.
    pub(in crate::projections) failures: Vec<(usize, String)>,
}

impl EventPage {
    pub(in crate::projections) async fn read(
        source: &mut Executor<'_>,
        organisation: &str,
        from: i64,
        most: i64,
    ) -> Result<Self, StoreError> {
        let rows = match source {
            Executor::Transaction(tx) => events::read_page_in(tx, organisation, from, most).await?,
            Executor::Pool(store) => events::read_page(store, organisation, from, most).await?,
        };
        Ok(Self::decode(rows.iter()))
    }

    pub(in crate::projections) fn decode<'r>(rows: impl Iterator<Item = &'r EventRow>) -> Self {
        let mut page = Self {
            events: Vec::new(),
            unreadable: None,
        };
        for row in rows {
            match RecordedEvent::from_row(row) {
                Ok(event) => page.events.push(event),
                Err(error) => {
                    page.unreadable = Some(error.to_string());
                    break;
                }
            }
        }
        page
    }

    pub(in crate::projections) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The position after the last event; `from` if there is none.
    pub(in crate::projections) fn end(&self, from: i64) -> i64 {
        self.events.last().map_or(from, |last| last.position + 1)
    }
}

impl GenerationState {
    /// A generation that will read `next_position` next. `None` if this program has no such
    /// projection.
    pub(in crate::projections) fn for_generation(
        name: &str,
        generation: i64,
        next_position: i64,
    ) -> Option<Self> {
        Some(Self {
            projection: AnyProjection::by_name(name)?,
            generation,
            next_position,
            rows: RowCache::default(),
        })
    }

    pub(in crate::projections) fn from_checkpoint(checkpoint: &ProjectionPosition) -> Option<Self> {
        Self::for_generation(
            &checkpoint.name,
            checkpoint.generation,
            checkpoint.next_position,
        )
    }

    /// Sets the next position. If too many rows are cached, evicts those that have not changed
    /// since the position `keep_since`.
    pub(in crate::projections) fn advance_to(&mut self, next: i64, keep_since: i64) {
        self.next_position = next;
        if self.rows.len() > CACHED_ROWS_MAX {
            self.rows.evict_before(keep_since);
        }
    }

    pub(in crate::projections) fn is_generation(&self, name: &str, generation: i64) -> bool {
        (self.projection.name, self.generation) == (name, generation)
    }
}

/// Whether the rows have the schema version of this program. Rows of another version belong to
/// another version of the program.
pub(in crate::projections) fn has_current_schema(name: &str, shape: i64) -> bool {
    schema_versions().any(|known| known == (name, shape))
}

/// Loads the rows that the events need and that are not cached, and folds the events. If loading
/// fails, no state has changed. Without a source, rows that are not cached are an error.
pub(in crate::projections) async fn load_and_fold(
    source: Option<&mut Executor<'_>>,
    organisation: &str,
    folds: &mut [GenerationState],
    page: &EventPage,
) -> Result<FoldOutput, StoreError> {
    let touched = load_rows(source, organisation, folds, page).await?;
    Ok(fold(folds, page, &touched))
}

/// Folds events whose rows have been loaded.
pub(in crate::projections) fn fold(
    folds: &mut [GenerationState],
    page: &EventPage,
    touched: &[RelevantEvents],
) -> FoldOutput {
    let mut taken = FoldOutput {
        commit: ProjectionCommit::default(),
        failures: Vec::new(),
    };
    for (number, (fold, touched)) in folds.iter_mut().zip(touched).enumerate() {
        let GenerationState {
            projection,
            generation,
            next_position: from,
            ..
        } = *fold;
        let name = projection.name;
        let (changes, stopped) = fold.rows.fold(projection, &page.events, touched);
        let (to, why) = match stopped {
            Some(stopped) => (stopped.position, Some(stopped.cause)),
            None => (page.end(from).max(from), page.unreadable.clone()),
        };
        taken.failures.extend(why.map(|why| (number, why)));
        taken.commit.advances.push(PositionAdvance {
            name,
            generation,
            from,
            to,
        });
        let (versions, postings) = (changes.versions, changes.postings);
        if !versions.is_empty() || !postings.is_empty() {
            taken.commit.changes.push(RowChanges {
                name,
                generation,
                versions,
                postings,
            });
        }
    }
    taken
}

/// Loads the rows that the events affect and that are not cached. Returns the affected rows by
/// generation.
pub(in crate::projections) async fn load_rows(
    source: Option<&mut Executor<'_>>,
    organisation: &str,
    folds: &mut [GenerationState],
    page: &EventPage,
) -> Result<Vec<RelevantEvents>, StoreError> {
    let touched: Vec<_> = folds
        .iter()
        .map(|fold| RelevantEvents::select(fold.projection, &page.events, fold.next_position))
        .collect();
    let needed: Vec<_> = folds
        .iter()
        .zip(&touched)
        .map(|(fold, touched)| RowLookup {
            table: fold.projection.name,
            generation: fold.generation,
            ids: fold.rows.missing(touched).into_iter().collect(),
        })
        .filter(|needed| !needed.ids.is_empty())
        .collect();
    let mut loaded: HashMap<String, Vec<view_rows::ViewRow>> = HashMap::new();
    if !needed.is_empty() {
        let source = source.ok_or(StoreError::CacheMiss)?;
        for (table, row) in view_rows::load_current(source, organisation, &needed).await? {
            loaded.entry(table).or_default().push(row);
        }
    }
    for needed in needed {
        if let Some(fold) = folds
            .iter_mut()
            .find(|fold| fold.projection.name == needed.table)
        {
            fold.rows
                .insert_loaded(needed.ids, loaded.remove(needed.table).unwrap_or_default());
        }
    }
    Ok(touched)
}
