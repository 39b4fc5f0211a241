//! Resolution of a batch of appends: which are accepted, which conflict, and which are duplicates.
//!
//! This is a pure function of the appends, the head and a [`Known`] snapshot. The snapshot was
//! either read under the lock of the head, or comes from the head cache; in the second case a
//! rejection must not be returned to a caller.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::append::{Answer, Append, Outcome};
use super::record::StreamKey;
use crate::store::events::{CommandRow, EventRow, Fact, Head, Written};
use crate::store::moves::Moves;
use crate::store::personal::SealedRow;

/// The maximum age of a decision when it is recorded, and how far ahead of `recorded_at` it may be,
/// in microseconds.
const DECISION_AGE_MAX: i64 = 60_000_000;
const DECISION_AHEAD_MAX: i64 = 5_000_000;

/// State of the log that a batch is resolved against. It is updated with each accepted append, so
/// that later appends of the batch are compared with the earlier ones.
#[derive(Default)]
pub(super) struct Known {
    /// The sequence of the last event of each stream, by [`name`].
    pub(super) heads: HashMap<String, i64>,
    /// The subjects whose keys are not destroyed.
    pub(super) keys: HashSet<String>,
    index: HashMap<String, String>,
    answered: HashMap<String, Answer>,
}

impl Known {
    pub(super) fn new(facts: Vec<Fact>) -> Self {
        let mut known = Self::default();
        for Fact { kind, name, value } in facts {
            let Some(value) = value else { continue };
            match kind.as_str() {
                "stream" => drop(known.heads.insert(name, value.parse().unwrap_or_default())),
                "key" => drop(known.keys.insert(name)),
                "index" => drop(known.index.insert(name, value)),
                _ => known
                    .answered
                    .extend(Answer::read(&value).map(|answer| (name, answer))),
            }
        }
        known
    }

    /// The reply of a command that is in the log or was accepted earlier in this batch.
    pub(super) fn answer(&self, command: Uuid) -> Option<&Answer> {
        self.answered.get(&command.to_string())
    }

    fn head(&mut self, organisation: &str, stream: StreamKey) -> &mut i64 {
        self.heads.entry(name(organisation, stream)).or_default()
    }
}

/// The name of a stream in the rows of a look-up: its type and its stored id.
pub(super) fn name(organisation: &str, stream: StreamKey) -> String {
    format!("{}/{}", stream.kind, stream.stored_id(organisation))
}

/// An accepted append and the positions assigned to it.
pub(super) struct Placed<'a> {
    pub(super) append: &'a Append,
    pub(super) answer: Answer,
    /// The sequence of each stream before this append.
    pub(super) before: BTreeMap<StreamKey, i64>,
}

/// Resolves the appends in order. Positions are assigned only to accepted ones, so they have no
/// gaps.
pub(super) fn settle<'a>(
    organisation: &str,
    batch: impl Iterator<Item = &'a Append>,
    head: Head,
    recorded_at: i64,
    known: &mut Known,
) -> (Vec<Outcome>, Vec<Placed<'a>>) {
    let mut next = head.next_position;
    let mut placed = Vec::new();
    let outcomes = batch
        .map(
            |append| match fits(organisation, append, recorded_at, known) {
                Err(outcome) => outcome,
                Ok(before) => {
                    let first = next;
                    next += i64::try_from(append.events()).unwrap_or_default();
                    let answer = Answer {
                        first_position: first,
                        last_position: next - 1,
                        ..append.answer.clone()
                    };
                    known
                        .answered
                        .insert(append.command.to_string(), answer.clone());
                    placed.push(Placed {
                        append,
                        answer: answer.clone(),
                        before,
                    });
                    Outcome::Appended(answer)
                }
            },
        )
        .collect();
    (outcomes, placed)
}

/// The rows of all accepted appends of a batch.
pub(super) struct ToWrite<'a> {
    pub(super) events: Vec<EventRow>,
    answers: Vec<CommandRow>,
    sealed: Vec<&'a SealedRow>,
    pub(super) next_position: i64,
    pub(super) recorded_at: i64,
}

impl<'a> ToWrite<'a> {
    /// `None` if no append was accepted.
    pub(super) fn of(organisation: &str, placed: &[Placed<'a>], recorded_at: i64) -> Option<Self> {
        Some(Self {
            events: placed
                .iter()
                .flat_map(|one| one.events(organisation, recorded_at))
                .collect(),
            answers: placed
                .iter()
                .map(|one| one.answer.row(one.append.command))
                .collect(),
            sealed: placed
                .iter()
                .flat_map(|one| &one.append.personal.sealed)
                .collect(),
            next_position: placed.last()?.answer.last_position + 1,
            recorded_at,
        })
    }

    /// These rows as the argument of the store, with the rows of the inline projection. `left_at`
    /// is the head that a conditional write requires; `None` if the head is locked.
    pub(super) fn written<'w>(
        &'w self,
        moves: Option<&'w Moves>,
        left_at: Option<Head>,
    ) -> Written<'w> {
        let Self {
            events,
            answers,
            sealed,
            next_position,
            recorded_at,
        } = self;
        Written {
            events,
            answers,
            sealed,
            next_position: *next_position,
            last_at: *recorded_at,
            moves,
            left_at,
        }
    }
}

impl Placed<'_> {
    fn events(&self, organisation: &str, recorded_at: i64) -> Vec<EventRow> {
        let mut rows = Vec::new();
        let mut positions = self.answer.first_position..;
        for batch in &self.append.batches {
            let before = self.before.get(&batch.stream).copied().unwrap_or_default();
            for ((event, sequence), position) in batch
                .events
                .iter()
                .zip(before + 1..)
                .zip(positions.by_ref())
            {
                rows.push(EventRow {
                    position,
                    recorded_at,
                    aggregate_type: batch.stream.kind.to_owned(),
                    aggregate_id: batch.stream.stored_id(organisation),
                    sequence,
                    event_type: event.name.to_owned(),
                    event_version: event.version.to_owned(),
                    payload: event.payload.clone(),
                    metadata: self.append.metadata.clone(),
                    command_id: self.append.command.to_string(),
                });
            }
        }
        rows
    }
}

fn fits(
    organisation: &str,
    append: &Append,
    recorded_at: i64,
    known: &mut Known,
) -> Result<BTreeMap<StreamKey, i64>, Outcome> {
    if let Some(answer) = known.answer(append.command) {
        return Err(Outcome::Repeated(answer.clone()));
    }
    let age = recorded_at - append.decided_at;
    if !(-DECISION_AHEAD_MAX..=DECISION_AGE_MAX).contains(&age) {
        return Err(Outcome::Late { age });
    }
    if append
        .reads
        .iter()
        .any(|(stream, seen)| *known.head(organisation, *stream) != *seen)
    {
        return Err(Outcome::Conflict);
    }
    let born = |subject: &Uuid| {
        append
            .personal
            .keys
            .iter()
            .any(|key| key.subject == subject.to_string())
    };
    if append
        .personal
        .uses
        .iter()
        .any(|subject| !born(subject) && !known.keys.contains(&subject.to_string()))
    {
        return Err(Outcome::KeyGone);
    }
    for entry in append.personal.index.iter().filter(|entry| entry.unique) {
        let holder = known.index.get(&entry.name());
        if holder.is_some_and(|holder| *holder != entry.row.subject) {
            return Err(Outcome::Taken(entry.row.kind));
        }
    }
    let mut before = BTreeMap::new();
    for batch in &append.batches {
        let head = known.head(organisation, batch.stream);
        before.insert(batch.stream, *head);
        *head += i64::try_from(batch.events.len()).unwrap_or_default();
    }
    for subject in &append.personal.erased {
        known.keys.remove(&subject.to_string());
    }
    known
        .keys
        .extend(append.personal.keys.iter().map(|key| key.subject.clone()));
    known.index.extend(
        append
            .personal
            .index
            .iter()
            .map(|entry| (entry.name(), entry.row.subject.clone())),
    );
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::append::{Batch, NewEvent};

    const HEAD: Head = Head {
        next_position: 10,
        last_at: 0,
        clock: 0,
    };

    fn stream(id: u128) -> StreamKey {
        StreamKey {
            kind: "fund",
            id: Uuid::from_u128(id),
        }
    }

    fn append(command: u128, reads: &[(StreamKey, i64)], writes: &[StreamKey]) -> Append {
        let batch = |stream: &StreamKey| Batch {
            stream: *stream,
            events: vec![NewEvent::for_tests()],
        };
        Append {
            command: Uuid::from_u128(command),
            reads: reads.to_vec(),
            batches: writes.iter().map(batch).collect(),
            ..Append::for_tests()
        }
    }

    fn settled(batch: &[Append]) -> Vec<Outcome> {
        settle("here", batch.iter(), HEAD, 0, &mut Known::new(vec![])).0
    }

    #[test]
    fn what_fits_takes_dense_positions() {
        let outcomes = settled(&[
            append(1, &[(stream(1), 0)], &[stream(1)]),
            append(2, &[(stream(2), 0)], &[stream(2)]),
        ]);
        let positions: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.answer().unwrap().first_position)
            .collect();
        assert_eq!(positions, [10, 11]);
    }

    #[test]
    fn a_conflict_within_the_batch_takes_no_position() {
        let outcomes = settled(&[
            append(1, &[(stream(1), 0)], &[stream(1)]),
            append(2, &[(stream(1), 0)], &[stream(1)]),
            append(3, &[(stream(1), 1)], &[stream(1)]),
        ]);
        assert!(matches!(outcomes[1], Outcome::Conflict));
        assert_eq!(outcomes[2].answer().unwrap().first_position, 11);
    }

    #[test]
    fn a_stream_that_was_only_read_counts_too() {
        let outcomes = settled(&[
            append(1, &[(stream(1), 0)], &[stream(1)]),
            append(2, &[(stream(1), 0), (stream(2), 0)], &[stream(2)]),
        ]);
        assert!(matches!(outcomes[1], Outcome::Conflict));
    }

    #[test]
    fn a_repeat_within_the_batch_gets_the_first_answer() {
        let outcomes = settled(&[
            append(1, &[(stream(1), 0)], &[stream(1)]),
            append(1, &[(stream(1), 0)], &[stream(1)]),
        ]);
        assert_eq!(outcomes[0].answer(), outcomes[1].answer());
        assert!(matches!(outcomes[1], Outcome::Repeated(_)));
    }

    #[test]
    fn a_decision_too_old_is_not_recorded() {
        let old = Append {
            decided_at: -DECISION_AGE_MAX - 1,
            ..append(1, &[], &[stream(1)])
        };
        assert!(matches!(settled(&[old])[0], Outcome::Late { .. }));
    }

    #[test]
    fn a_destroyed_key_seals_nothing() {
        let mut sealed = append(1, &[], &[stream(1)]);
        sealed.personal.uses.push(Uuid::from_u128(9));
        assert!(matches!(settled(&[sealed])[0], Outcome::KeyGone));
    }
}
