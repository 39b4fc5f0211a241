//! The fold of events into rows, without I/O: which rows the events need, what the rows are after
//! them, and which changes are to be stored.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{AnyRow, Projected, Registered, Touches};
use crate::log::record::Recorded;
use crate::store::postings::PostingRow;
use crate::store::rows::{Row, STANDING, Version};

/// The current rows of one projection that are in memory. An id with `None` has no row.
#[derive(Default)]
pub(super) struct Standing(HashMap<String, Option<Stands>>);

/// A current row. One that was loaded is decoded when an event first affects it.
struct Stands {
    since: i64,
    row: Content,
}

enum Content {
    Stored(String),
    Known(AnyRow),
}

/// The changes that events make to the rows of one projection, to be stored.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) versions: Vec<Version>,
    pub(super) postings: Vec<PostingRow>,
    /// The index in `versions` of the newest version of each row.
    newest: HashMap<String, usize>,
}

/// The position at which a projection failed, and the cause.
pub(super) struct Stopped {
    pub(super) position: i64,
    pub(super) cause: String,
}

/// The events that affect a projection, by their index, with the rows that each affects.
pub(super) struct Touched(Vec<(usize, Touches)>);

impl Touched {
    /// Selects from the events at or after a position.
    pub(super) fn of(projection: Registered, events: &[Recorded], from: i64) -> Self {
        let touches = |(at, event): (usize, &Recorded)| Some((at, (projection.touches)(event)?));
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
            (!touches.first)
                .then_some(&touches.row)
                .into_iter()
                .chain(&touches.beside)
        })
    }
}

impl Standing {
    /// The ids of affected rows that are not in memory.
    pub(super) fn missing(&self, touched: &Touched) -> BTreeSet<String> {
        touched
            .ids()
            .filter(|id| !self.0.contains_key(*id))
            .cloned()
            .collect()
    }

    /// Adds loaded rows. Requested ids that were not loaded have no row.
    pub(super) fn take(&mut self, asked: impl IntoIterator<Item = String>, loaded: Vec<Row>) {
        self.0.extend(asked.into_iter().map(|id| (id, None)));
        self.0.extend(loaded.into_iter().map(|row| {
            (
                row.id,
                Some(Stands {
                    since: row.since,
                    row: Content::Stored(row.body),
                }),
            )
        }));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Evicts rows that have not changed since a position, and ids without a row.
    pub(super) fn forget_before(&mut self, position: i64) {
        self.0.retain(|_, stands| {
            stands
                .as_ref()
                .is_some_and(|stands| stands.since >= position)
        });
    }

    /// Folds events in order up to the first that fails; the changes before it count. A panic stops
    /// only this projection.
    pub(super) fn fold(
        &mut self,
        projection: Registered,
        events: &[Recorded],
        touched: &Touched,
    ) -> (Changes, Option<Stopped>) {
        let mut changes = Changes::default();
        for (at, touches) in &touched.0 {
            let event = &events[*at];
            let folded = catch_unwind(AssertUnwindSafe(|| {
                self.event(projection, event, touches, &mut changes)
            }));
            let cause = match folded {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the program failed at it".to_owned(),
            };
            let position = event.position;
            return (
                changes,
                Some(Stopped {
                    position,
                    cause: format!("position {position}: {cause}"),
                }),
            );
        }
        (changes, None)
    }

    fn event(
        &mut self,
        projection: Registered,
        event: &Recorded,
        touches: &Touches,
        changes: &mut Changes,
    ) -> serde_json::Result<()> {
        let row = self.known(projection, &touches.row)?;
        let beside = touches
            .beside
            .as_ref()
            .map(|id| self.known(projection, id))
            .transpose()?
            .flatten();
        let Projected { row, postings } =
            (projection.project)(event, row.as_ref(), beside.as_ref());
        let body = row.as_ref().map(projection.write).transpose()?;
        changes.postings.extend(postings);
        if let (Some(row), Some(body)) = (row, body) {
            let stood = self
                .0
                .insert(
                    touches.row.clone(),
                    Some(Stands {
                        since: event.position,
                        row: Content::Known(row),
                    }),
                )
                .flatten();
            changes.put(
                &touches.row,
                stood.map(|stands| stands.since),
                event.position,
                body,
            );
        }
        Ok(())
    }

    fn known(&mut self, projection: Registered, id: &str) -> serde_json::Result<Option<AnyRow>> {
        let Some(Some(stands)) = self.0.get_mut(id) else {
            return Ok(None);
        };
        let row = match &stands.row {
            Content::Known(row) => AnyRow::clone(row),
            Content::Stored(body) => (projection.read)(body)?,
        };
        stands.row = Content::Known(AnyRow::clone(&row));
        Ok(Some(row))
    }
}

impl Changes {
    fn put(&mut self, id: &str, stood_since: Option<i64>, position: i64, body: String) {
        match (self.newest.get(id), stood_since) {
            (Some(at), _) => self.versions[*at].until = position,
            (None, Some(since)) => self.versions.push(Version::ended(id, since, position)),
            (None, None) => {}
        }
        self.newest.insert(id.to_owned(), self.versions.len());
        self.versions.push(Version {
            id: id.to_owned(),
            since: position,
            until: STANDING,
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
    use crate::log::record::Metadata;
    use crate::projections::Projection;

    /// Counts events, and panics at position 2.
    struct Fails;

    impl Projection for Fails {
        const NAME: &'static str = "fails";
        type Row = i64;

        fn touches(event: &Recorded) -> Option<Touches> {
            Some(Touches::one(&event.stream))
        }

        fn project(event: &Recorded, row: Option<i64>, _: Option<i64>) -> Option<i64> {
            assert!(event.position < 2, "as it is meant to");
            Some(row.unwrap_or_default() + 1)
        }
    }

    fn recorded(position: i64) -> Recorded {
        let name = "An anchor".parse().expect("a line");
        Recorded {
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
        let at = |position, stream| Recorded {
            stream,
            ..recorded(position)
        };
        let projection = Registered::of::<Fails>();
        let mut standing = Standing::default();
        standing.take([old, absent].map(|id| id.to_string()), Vec::new());
        for event in [at(0, old), at(1, new)] {
            let events = [event];
            standing.fold(projection, &events, &Touched::of(projection, &events, 0));
        }
        standing.forget_before(1);
        let next: Vec<_> = [old, absent, new]
            .into_iter()
            .zip(2..)
            .map(|(stream, position)| at(position, stream))
            .collect();
        let missing = standing.missing(&Touched::of(projection, &next, 0));
        assert_eq!(missing, [old, absent].map(|id| id.to_string()).into());
    }

    #[test]
    fn one_that_panics_stops_where_it_does_and_keeps_what_came_before() {
        let events: Vec<_> = (0..4).map(recorded).collect();
        let projection = Registered::of::<Fails>();
        let (changes, stopped) =
            Standing::default().fold(projection, &events, &Touched::of(projection, &events, 0));
        let stands: Vec<_> = changes
            .versions
            .iter()
            .map(|version| (version.since, version.until, version.body.as_str()))
            .collect();
        assert_eq!(stands, [(0, 1, "1"), (1, STANDING, "2")]);
        assert_eq!(stopped.map(|stopped| stopped.position), Some(2));
    }
}
