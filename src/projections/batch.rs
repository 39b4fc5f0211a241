//! One batch of events, and its effect on the generations of projections that follow the log.

use std::collections::HashMap;

use super::fold::{Standing, Touched};
use super::{Registered, shapes};
use crate::log::record::Recorded;
use crate::store::checkpoints::Checkpoint;
use crate::store::events::{self, EventRow};
use crate::store::moves::{Change, Move, Moves};
use crate::store::rows::{self, Needed};
use crate::store::{Source, StoreError};

/// Maximum number of events folded in one transaction.
pub(super) const BATCH: i64 = 500;
/// The same while the log's end is far away: fewer transactions write each page of the database
/// less often.
pub(super) const FAR: i64 = 2000;
/// Number of rows of a projection that are cached between batches, above which unchanged ones are
/// evicted.
const KEPT_MOST: usize = 2048;

/// One generation of a projection, with its cached rows.
pub(super) struct Fold {
    pub(super) projection: Registered,
    generation: i64,
    pub(super) next_position: i64,
    standing: Standing,
}

/// Events read from the log, and why the event after them cannot be read, if it cannot.
pub(super) struct Page {
    events: Vec<Recorded>,
    unreadable: Option<String>,
}

/// The result of folding a page of events into some generations.
pub(super) struct Taken {
    pub(super) moves: Moves,
    /// The generations that failed, by index, with the cause.
    pub(super) stopped: Vec<(usize, String)>,
}

impl Page {
    pub(super) async fn read(
        source: &mut Source<'_>,
        organisation: &str,
        from: i64,
        most: i64,
    ) -> Result<Self, StoreError> {
        let rows = match source {
            Source::Within(tx) => events::page_in(tx, organisation, from, most).await?,
            Source::Outside(store) => events::page(store, organisation, from, most).await?,
        };
        Ok(Self::of(rows.iter()))
    }

    pub(super) fn of<'r>(rows: impl Iterator<Item = &'r EventRow>) -> Self {
        let mut page = Self {
            events: Vec::new(),
            unreadable: None,
        };
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

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The position after the last event; `from` if there is none.
    pub(super) fn end(&self, from: i64) -> i64 {
        self.events.last().map_or(from, |last| last.position + 1)
    }
}

impl Fold {
    /// A generation that will read `next_position` next. `None` if this program has no such
    /// projection.
    pub(super) fn at(name: &str, generation: i64, next_position: i64) -> Option<Self> {
        Some(Self {
            projection: Registered::named(name)?,
            generation,
            next_position,
            standing: Standing::default(),
        })
    }

    pub(super) fn of(checkpoint: &Checkpoint) -> Option<Self> {
        Self::at(
            &checkpoint.name,
            checkpoint.generation,
            checkpoint.next_position,
        )
    }

    /// Sets the next position. If too many rows are cached, evicts those that have not changed
    /// since the position `keep_since`.
    pub(super) fn moved(&mut self, next: i64, keep_since: i64) {
        self.next_position = next;
        if self.standing.len() > KEPT_MOST {
            self.standing.forget_before(keep_since);
        }
    }

    pub(super) fn is(&self, name: &str, generation: i64) -> bool {
        (self.projection.name, self.generation) == (name, generation)
    }
}

/// Whether the rows have the schema version of this program. Rows of another version belong to
/// another version of the program.
pub(super) fn ours(name: &str, shape: i64) -> bool {
    shapes().any(|known| known == (name, shape))
}

/// Loads the rows that the events need and that are not cached, and folds the events. If loading
/// fails, no state has changed. Without a source, rows that are not cached are an error.
pub(super) async fn take(
    source: Option<&mut Source<'_>>,
    organisation: &str,
    folds: &mut [Fold],
    page: &Page,
) -> Result<Taken, StoreError> {
    let touched = load(source, organisation, folds, page).await?;
    Ok(fold(folds, page, &touched))
}

/// Folds events whose rows have been loaded.
pub(super) fn fold(folds: &mut [Fold], page: &Page, touched: &[Touched]) -> Taken {
    let mut taken = Taken {
        moves: Moves::default(),
        stopped: Vec::new(),
    };
    for (number, (fold, touched)) in folds.iter_mut().zip(touched).enumerate() {
        let Fold {
            projection,
            generation,
            next_position: from,
            ..
        } = *fold;
        let name = projection.name;
        let (changes, stopped) = fold.standing.fold(projection, &page.events, touched);
        let (to, why) = match stopped {
            Some(stopped) => (stopped.position, Some(stopped.cause)),
            None => (page.end(from).max(from), page.unreadable.clone()),
        };
        taken.stopped.extend(why.map(|why| (number, why)));
        taken.moves.moves.push(Move {
            name,
            generation,
            from,
            to,
        });
        let (versions, postings) = (changes.versions, changes.postings);
        if !versions.is_empty() || !postings.is_empty() {
            taken.moves.changes.push(Change {
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
pub(super) async fn load(
    source: Option<&mut Source<'_>>,
    organisation: &str,
    folds: &mut [Fold],
    page: &Page,
) -> Result<Vec<Touched>, StoreError> {
    let touched: Vec<_> = folds
        .iter()
        .map(|fold| Touched::of(fold.projection, &page.events, fold.next_position))
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
    if !needed.is_empty() {
        let source = source.ok_or(StoreError::NotInMemory)?;
        for (table, row) in rows::load(source, organisation, &needed).await? {
            loaded.entry(table).or_default().push(row);
        }
    }
    for needed in needed {
        if let Some(fold) = folds
            .iter_mut()
            .find(|fold| fold.projection.name == needed.table)
        {
            fold.standing
                .take(needed.ids, loaded.remove(needed.table).unwrap_or_default());
        }
    }
    Ok(touched)
}
