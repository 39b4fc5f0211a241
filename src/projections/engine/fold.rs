//! The fold of events into rows, without I/O: which rows the events need, what the rows are after
//! them, and which changes are to be stored.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, AnyProjection, AnyRow, FoldResult};
use crate::store::postings::PostingRow;
use crate::store::view_rows::{CURRENT, RowVersion, ViewRow};

/// The current rows of one projection that are in memory. An id with `None` has no row.
#[derive(Default)]
pub(in crate::projections) struct RowCache(HashMap<String, Option<CachedRow>>);

/// A current row. One that was loaded is decoded when an event first affects it.
struct CachedRow {
    valid_from: i64,
    row: RawOrDecoded,
}

enum RawOrDecoded {
    Raw(String),
    Decoded(AnyRow),
}

/// The changes that events make to the rows of one projection, to be stored.
#[derive(Default)]
pub(in crate::projections) struct FoldedChanges {
    pub(in crate::projections) versions: Vec<RowVersion>,
    pub(in crate::projections) postings: Vec<PostingRow>,
    /// The index in `versions` of the newest version of each row.
    newest: HashMap<String, usize>,
}

/// The position at which a projection failed, and the cause.
pub(in crate::projections) struct ProjectionFailure {
    pub(in crate::projections) position: i64,
    pub(in crate::projections) cause: String,
}

/// The events that affect a projection, by their index, with the rows that each affects.
pub(in crate::projections) struct RelevantEvents(Vec<(usize, AffectedRows)>);

impl RelevantEvents {
    /// Selects from the events at or after a position.
    pub(in crate::projections) fn select(
        projection: AnyProjection,
        events: &[RecordedEvent],
        from: i64,
    ) -> Self {
        let touches =
            |(at, event): (usize, &RecordedEvent)| Some((at, (projection.affected_rows)(event)?));
        Self(
            events
                .iter()
                .enumerate()
                .filter(|(_, event)| event.position >= from)
                .filter_map(touches)
                .collect(),
        )
    }

    /// The rows that may exist before these events.
    fn ids(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|(_, touches)| {
            (!touches.is_new)
                .then_some(&touches.id)
                .into_iter()
                .chain(&touches.also_read)
        })
    }
}

impl RowCache {
    /// The ids of affected rows that are not in memory.
    pub(in crate::projections) fn missing(&self, touched: &RelevantEvents) -> BTreeSet<String> {
        touched
            .ids()
            .filter(|id| !self.0.contains_key(*id))
            .cloned()
            .collect()
    }

    /// Adds loaded rows. Requested ids that were not loaded have no row.
    pub(in crate::projections) fn insert_loaded(
        &mut self,
        asked: impl IntoIterator<Item = String>,
        loaded: Vec<ViewRow>,
    ) {
        self.0.extend(asked.into_iter().map(|id| (id, None)));
        self.0.extend(loaded.into_iter().map(|row| {
            (
                row.id,
                Some(CachedRow {
                    valid_from: row.since,
                    row: RawOrDecoded::Raw(row.body),
                }),
            )
        }));
    }

    pub(in crate::projections) fn len(&self) -> usize {
        self.0.len()
    }

    /// Evicts rows that have not changed since a position, and ids without a row.
    pub(in crate::projections) fn evict_before(&mut self, position: i64) {
        self.0.retain(|_, stands| {
            stands
                .as_ref()
                .is_some_and(|stands| stands.valid_from >= position)
        });
    }

    /// Folds events in order up to the first that fails; the changes before it count. A panic stops
    /// only this projection.
    pub(in crate::projections) fn fold(
        &mut self,
        projection: AnyProjection,
        events: &[RecordedEvent],
        touched: &RelevantEvents,
    ) -> (FoldedChanges, Option<ProjectionFailure>) {
        let mut changes = FoldedChanges::default();
        for (at, touches) in &touched.0 {
            let event = &events[*at];
            let folded = catch_unwind(AssertUnwindSafe(|| {
                self.fold_event(projection, event, touches, &mut changes)
            }));
            let cause = match folded {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the program failed at it".to_owned(),
            };
            let position = event.position;
            return (
                changes,
                Some(ProjectionFailure {
                    position,
                    cause: format!("position {position}: {cause}"),
                }),
            );
        }
        (changes, None)
    }

    fn fold_event(
        &mut self,
        projection: AnyProjection,
        event: &RecordedEvent,
        touches: &AffectedRows,
        changes: &mut FoldedChanges,
    ) -> serde_json::Result<()> {
        let row = self.decoded_row(projection, &touches.id)?;
        let beside = touches
            .also_read
            .as_ref()
            .map(|id| self.decoded_row(projection, id))
            .transpose()?
            .flatten();
        let FoldResult { row, postings } =
            (projection.project)(event, row.as_ref(), beside.as_ref());
        let body = row.as_ref().map(projection.write).transpose()?;
        changes.postings.extend(postings);
        if let (Some(row), Some(body)) = (row, body) {
            let stood = self
                .0
                .insert(
                    touches.id.clone(),
                    Some(CachedRow {
                        valid_from: event.position,
                        row: RawOrDecoded::Decoded(row),
                    }),
                )
                .flatten();
            changes.add_version(
                &touches.id,
                stood.map(|stands| stands.valid_from),
                event.position,
                body,
            );
        }
        Ok(())
    }

    fn decoded_row(
        &mut self,
        projection: AnyProjection,
        id: &str,
    ) -> serde_json::Result<Option<AnyRow>> {
        let Some(Some(stands)) = self.0.get_mut(id) else {
            return Ok(None);
        };
        let row = match &stands.row {
            RawOrDecoded::Decoded(row) => AnyRow::clone(row),
            RawOrDecoded::Raw(body) => (projection.read)(body)?,
        };
        stands.row = RawOrDecoded::Decoded(AnyRow::clone(&row));
        Ok(Some(row))
    }
}

impl FoldedChanges {
    fn add_version(&mut self, id: &str, stood_since: Option<i64>, position: i64, body: String) {
        match (self.newest.get(id), stood_since) {
            (Some(at), _) => self.versions[*at].until = position,
            (None, Some(since)) => self.versions.push(RowVersion::closing(id, since, position)),
            (None, None) => {}
        }
        self.newest.insert(id.to_owned(), self.versions.len());
        self.versions.push(RowVersion {
            id: id.to_owned(),
            since: position,
            until: CURRENT,
            body,
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Event, OrganisationEvent};
    use crate::eventlog::recorded_event::Metadata;
    use crate::projections::Projection;

    /// Counts events, and panics at position 2.
    struct FailingProjection;

    impl Projection for FailingProjection {
        const NAME: &'static str = "fails";
        type Row = i64;

        fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
            Some(AffectedRows::one(&event.stream))
        }

        fn project(event: &RecordedEvent, row: Option<i64>, _: Option<i64>) -> Option<i64> {
            assert!(event.position < 2, "as it is meant to");
            Some(row.unwrap_or_default() + 1)
        }
    }

    fn recorded(position: i64) -> RecordedEvent {
        let name = "An anchor".parse().expect("a line");
        RecordedEvent {
            position,
            recorded_at: Timestamp::UNIX_EPOCH,
            stream: Uuid::nil(),
            sequence: position + 1,
            event: Event::Organisation(OrganisationEvent::OrganisationFounded {
                name,
                simulated: None,
            }),
            metadata: Metadata::default(),
            command_id: Uuid::nil(),
        }
    }

    /// The rows of the last batch are not stored yet while the next one is loaded, so they must not
    /// be loaded from the database.
    #[test]
    fn what_is_forgotten_is_asked_for_again_and_what_was_folded_since_is_not() {
        let (old, absent, new) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let at = |position, stream| RecordedEvent {
            stream,
            ..recorded(position)
        };
        let projection = AnyProjection::of::<FailingProjection>();
        let mut standing = RowCache::default();
        standing.insert_loaded([old, absent].map(|id| id.to_string()), Vec::new());
        for event in [at(0, old), at(1, new)] {
            let events = [event];
            standing.fold(
                projection,
                &events,
                &RelevantEvents::select(projection, &events, 0),
            );
        }
        standing.evict_before(1);
        let next: Vec<_> = [old, absent, new]
            .into_iter()
            .zip(2..)
            .map(|(stream, position)| at(position, stream))
            .collect();
        let missing = standing.missing(&RelevantEvents::select(projection, &next, 0));
        assert_eq!(missing, [old, absent].map(|id| id.to_string()).into());
    }

    #[test]
    fn one_that_panics_stops_where_it_does_and_keeps_what_came_before() {
        let events: Vec<_> = (0..4).map(recorded).collect();
        let projection = AnyProjection::of::<FailingProjection>();
        let (changes, stopped) = RowCache::default().fold(
            projection,
            &events,
            &RelevantEvents::select(projection, &events, 0),
        );
        let stands: Vec<_> = changes
            .versions
            .iter()
            .map(|version| (version.since, version.until, version.body.as_str()))
            .collect();
        assert_eq!(stands, [(0, 1, "1"), (1, CURRENT, "2")]);
        assert_eq!(stopped.map(|stopped| stopped.position), Some(2));
    }
}
