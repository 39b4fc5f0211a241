//! Resolution of a batch of appends: which are accepted, which conflict, and which are duplicates.
//!
//! This is a pure function of the appends, the head and a [`Known`] snapshot. The snapshot was
//! either read under the lock of the head, or comes from the head cache; in the second case a
//! rejection must not be returned to a caller.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::append::{Append, AppendOutcome, AppendReceipt};
use super::recorded_event::StreamKey;
use crate::store::events::{AppendRows, CommandRow, EventRow, LogHead, LookupRow};
use crate::store::personal_data::EncryptedRow;
use crate::store::projection_commit::ProjectionCommit;

/// The maximum age of a decision when it is recorded, and how far ahead of `recorded_at` it may be,
/// in microseconds.
const DECISION_AGE_MAX_US: i64 = 60_000_000;
const DECISION_AHEAD_MAX_US: i64 = 5_000_000;

/// State of the log that a batch is resolved against. It is updated with each accepted append, so
/// that later appends of the batch are compared with the earlier ones.
#[derive(Default)]
pub(super) struct LogSnapshot {
    /// The sequence of the last event of each stream, by [`name`].
    pub(super) sequences: HashMap<String, i64>,
    /// The subjects whose keys are not destroyed.
    pub(super) living_keys: HashSet<String>,
    index_subjects: HashMap<String, String>,
    receipts: HashMap<String, AppendReceipt>,
}

impl LogSnapshot {
    pub(super) fn new(facts: Vec<LookupRow>) -> Self {
        let mut known = Self::default();
        for LookupRow { kind, name, value } in facts {
            let Some(value) = value else { continue };
            match kind.as_str() {
                "stream" => drop(
                    known
                        .sequences
                        .insert(name, value.parse().unwrap_or_default()),
                ),
                "key" => drop(known.living_keys.insert(name)),
                "index" => drop(known.index_subjects.insert(name, value)),
                _ => known
                    .receipts
                    .extend(AppendReceipt::parse(&value).map(|answer| (name, answer))),
            }
        }
        known
    }

    /// The reply of a command that is in the log or was accepted earlier in this batch.
    pub(super) fn receipt(&self, command: Uuid) -> Option<&AppendReceipt> {
        self.receipts.get(&command.to_string())
    }

    fn sequence_mut(&mut self, organisation: &str, stream: StreamKey) -> &mut i64 {
        self.sequences
            .entry(stream_name(organisation, stream))
            .or_default()
    }
}

/// The name of a stream in the rows of a look-up: its type and its stored id.
pub(super) fn stream_name(organisation: &str, stream: StreamKey) -> String {
    format!("{}/{}", stream.kind, stream.stored_id(organisation))
}

/// An accepted append and the positions assigned to it.
pub(super) struct AcceptedAppend<'a> {
    pub(super) append: &'a Append,
    pub(super) receipt: AppendReceipt,
    /// The sequence of each stream before this append.
    pub(super) sequences_before: BTreeMap<StreamKey, i64>,
}

/// Resolves the appends in order. Positions are assigned only to accepted ones, so they have no
/// gaps.
pub(super) fn resolve_batch<'a>(
    organisation: &str,
    batch: impl Iterator<Item = &'a Append>,
    head: LogHead,
    recorded_at: i64,
    known: &mut LogSnapshot,
) -> (Vec<AppendOutcome>, Vec<AcceptedAppend<'a>>) {
    let mut next = head.next_position;
    let mut placed = Vec::new();
    let outcomes = batch
        .map(
            |append| match check_append(organisation, append, recorded_at, known) {
                Err(outcome) => outcome,
                Ok(before) => {
                    let first = next;
                    next += i64::try_from(append.event_count()).unwrap_or_default();
                    let answer = AppendReceipt {
                        first_position: first,
                        last_position: next - 1,
                        ..append.receipt.clone()
                    };
                    known
                        .receipts
                        .insert(append.command.to_string(), answer.clone());
                    placed.push(AcceptedAppend {
                        append,
                        receipt: answer.clone(),
                        sequences_before: before,
                    });
                    AppendOutcome::Appended(answer)
                }
            },
        )
        .collect();
    (outcomes, placed)
}

/// The rows of all accepted appends of a batch.
pub(super) struct BatchRows<'a> {
    pub(super) events: Vec<EventRow>,
    commands: Vec<CommandRow>,
    encrypted: Vec<&'a EncryptedRow>,
    pub(super) next_position: i64,
    pub(super) recorded_at: i64,
}

impl<'a> BatchRows<'a> {
    /// `None` if no append was accepted.
    pub(super) fn from_accepted(
        organisation: &str,
        placed: &[AcceptedAppend<'a>],
        recorded_at: i64,
    ) -> Option<Self> {
        Some(Self {
            events: placed
                .iter()
                .flat_map(|one| one.event_rows(organisation, recorded_at))
                .collect(),
            commands: placed
                .iter()
                .map(|one| one.receipt.to_row(one.append.command))
                .collect(),
            encrypted: placed
                .iter()
                .flat_map(|one| &one.append.personal.encrypted)
                .collect(),
            next_position: placed.last()?.receipt.last_position + 1,
            recorded_at,
        })
    }

    /// These rows as the argument of the store, with the rows of the inline projection. `left_at`
    /// is the head that a conditional write requires; `None` if the head is locked.
    pub(super) fn append_rows<'w>(
        &'w self,
        moves: Option<&'w ProjectionCommit>,
        left_at: Option<LogHead>,
    ) -> AppendRows<'w> {
        let Self {
            events,
            commands: answers,
            encrypted: sealed,
            next_position,
            recorded_at,
        } = self;
        AppendRows {
            events,
            commands: answers,
            encrypted: sealed,
            next_position: *next_position,
            last_at: *recorded_at,
            projections: moves,
            expected_head: left_at,
        }
    }
}

impl AcceptedAppend<'_> {
    fn event_rows(&self, organisation: &str, recorded_at: i64) -> Vec<EventRow> {
        let mut rows = Vec::new();
        let mut positions = self.receipt.first_position..;
        for batch in &self.append.batches {
            let before = self
                .sequences_before
                .get(&batch.stream)
                .copied()
                .unwrap_or_default();
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

fn check_append(
    organisation: &str,
    append: &Append,
    recorded_at: i64,
    known: &mut LogSnapshot,
) -> Result<BTreeMap<StreamKey, i64>, AppendOutcome> {
    if let Some(answer) = known.receipt(append.command) {
        return Err(AppendOutcome::Duplicate(answer.clone()));
    }
    let age = recorded_at - append.decided_at;
    if !(-DECISION_AHEAD_MAX_US..=DECISION_AGE_MAX_US).contains(&age) {
        return Err(AppendOutcome::OutsideTimeWindow { age });
    }
    if append
        .reads
        .iter()
        .any(|(stream, seen)| *known.sequence_mut(organisation, *stream) != *seen)
    {
        return Err(AppendOutcome::Conflict);
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
        .used_keys
        .iter()
        .any(|subject| !born(subject) && !known.living_keys.contains(&subject.to_string()))
    {
        return Err(AppendOutcome::KeyDestroyed);
    }
    for entry in append.personal.index.iter().filter(|entry| entry.unique) {
        let holder = known.index_subjects.get(&entry.lookup_name());
        if holder.is_some_and(|holder| *holder != entry.row.subject) {
            return Err(AppendOutcome::NotUnique(entry.row.kind));
        }
    }
    let mut before = BTreeMap::new();
    for batch in &append.batches {
        let head = known.sequence_mut(organisation, batch.stream);
        before.insert(batch.stream, *head);
        *head += i64::try_from(batch.events.len()).unwrap_or_default();
    }
    for subject in &append.personal.erased {
        known.living_keys.remove(&subject.to_string());
    }
    known
        .living_keys
        .extend(append.personal.keys.iter().map(|key| key.subject.clone()));
    known.index_subjects.extend(
        append
            .personal
            .index
            .iter()
            .map(|entry| (entry.lookup_name(), entry.row.subject.clone())),
    );
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eventlog::append::{Batch, NewEvent};

    const HEAD: LogHead = LogHead {
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

    fn settled(batch: &[Append]) -> Vec<AppendOutcome> {
        resolve_batch("here", batch.iter(), HEAD, 0, &mut LogSnapshot::new(vec![])).0
    }

    #[test]
    fn what_fits_takes_dense_positions() {
        let outcomes = settled(&[
            append(1, &[(stream(1), 0)], &[stream(1)]),
            append(2, &[(stream(2), 0)], &[stream(2)]),
        ]);
        let positions: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.receipt().unwrap().first_position)
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
        assert!(matches!(outcomes[1], AppendOutcome::Conflict));
        assert_eq!(outcomes[2].receipt().unwrap().first_position, 11);
    }

    #[test]
    fn a_stream_that_was_only_read_counts_too() {
        let outcomes = settled(&[
            append(1, &[(stream(1), 0)], &[stream(1)]),
            append(2, &[(stream(1), 0), (stream(2), 0)], &[stream(2)]),
        ]);
        assert!(matches!(outcomes[1], AppendOutcome::Conflict));
    }

    #[test]
    fn a_repeat_within_the_batch_gets_the_first_answer() {
        let outcomes = settled(&[
            append(1, &[(stream(1), 0)], &[stream(1)]),
            append(1, &[(stream(1), 0)], &[stream(1)]),
        ]);
        assert_eq!(outcomes[0].receipt(), outcomes[1].receipt());
        assert!(matches!(outcomes[1], AppendOutcome::Duplicate(_)));
    }

    #[test]
    fn a_decision_too_old_is_not_recorded() {
        let old = Append {
            decided_at: -DECISION_AGE_MAX_US - 1,
            ..append(1, &[], &[stream(1)])
        };
        assert!(matches!(
            settled(&[old])[0],
            AppendOutcome::OutsideTimeWindow { .. }
        ));
    }

    #[test]
    fn a_destroyed_key_seals_nothing() {
        let mut sealed = append(1, &[], &[stream(1)]);
        sealed.personal.used_keys.push(Uuid::from_u128(9));
        assert!(matches!(settled(&[sealed])[0], AppendOutcome::KeyDestroyed));
    }
}
