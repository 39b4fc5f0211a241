//! One batch: events that were read, and what they do to each generation that follows.

use std::collections::HashMap;

use super::fold::{Standing, Touched};
use super::{Registered, shapes};
use crate::log::record::Recorded;
use crate::store::checkpoints::Checkpoint;
use crate::store::events::{self, EventRow};
use crate::store::moves::{Change, Move, Moves};
use crate::store::rows::{self, Needed};
use crate::store::{Source, StoreError};

/// How many events are folded in one transaction.
pub(super) const BATCH: i64 = 500;
/// The same where the end of the log is far: fewer transactions then write each page of the
/// database.
pub(super) const FAR: i64 = 2000;
/// How many rows of a projection are kept in memory at most between one batch and the next.
const KEPT_MOST: usize = 2048;

/// One generation of a projection, and the rows of it that were looked at.
pub(super) struct Fold {
    pub(super) projection: Registered,
    generation: i64,
    pub(super) next_position: i64,
    standing: Standing,
}

/// Events that were read, and why the one after them could not be.
pub(super) struct Page {
    events: Vec<Recorded>,
    unreadable: Option<String>,
}

/// What became of the generations that took a page.
pub(super) struct Taken {
    pub(super) moves: Moves,
    /// Those that stopped: which of them, and why.
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

    /// The position after its last event, when it began at this one.
    pub(super) fn end(&self, from: i64) -> i64 {
        self.events.last().map_or(from, |last| last.position + 1)
    }
}

impl Fold {
    /// A generation of a projection that will read next at a position, if there is such a
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

    /// Notes that it has moved to a position. Not too much is kept of what has stood since before
    /// another.
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

/// Rows of another shape are another program's.
pub(super) fn ours(name: &str, shape: i64) -> bool {
    shapes().any(|known| known == (name, shape))
}

/// Loads what the events need and is not known yet, and folds them. Where it cannot be loaded
/// nothing has changed.
pub(super) async fn take(
    source: Option<&mut Source<'_>>,
    organisation: &str,
    folds: &mut [Fold],
    page: &Page,
) -> Result<Taken, StoreError> {
    let touched = load(source, organisation, folds, page).await?;
    Ok(fold(folds, page, &touched))
}

/// Folds events, for which what they touch was loaded.
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

/// Loads the rows that events touch and that are not known yet; what they touch, by projection.
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
