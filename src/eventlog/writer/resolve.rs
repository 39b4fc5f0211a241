//! Resolution of a batch of appends: which are accepted, which conflict, and which are duplicates.
//!
//! This is a pure function of the appends, the head and a [`LogSnapshot`]. The snapshot was either
//! read under the lock of the head, or comes from the head cache; in the second case a rejection
//! must not be returned to a caller.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::{LogError, WriterTask};
use crate::eventlog::append::{Append, AppendOutcome, AppendReceipt};
use crate::eventlog::recorded_event::{DECISION_AGE_MAX_US, DECISION_AHEAD_MAX_US, StreamKey};
use crate::store::events::{AppendRows, CommandRow, EventRow, LogHead};
use crate::store::lookups::Found;
use crate::store::personal_data::EncryptedRow;
use crate::store::projection_commit::ProjectionCommit;

/// State of the log that a batch is resolved against. It is updated with each accepted append, so
/// that later appends of the batch are compared with the earlier ones.
#[derive(Default)]
pub(super) struct LogSnapshot {
    /// The sequence of the last event of each stream, by [`stream_name`].
    pub(super) sequences: HashMap<String, i64>,
    /// The subjects whose keys are not destroyed.
    pub(super) living_keys: HashSet<String>,
    /// The subject of each blind index entry, by kind and digest.
    index_subjects: HashMap<(String, String), String>,
    receipts: HashMap<String, AppendReceipt>,
}

impl From<Found> for LogSnapshot {
    fn from(found: Found) -> Self {
        Self {
            sequences: found
                .streams
                .into_iter()
                .map(|stream| {
                    let name = format!("{}/{}", stream.aggregate_type, stream.aggregate_id);
                    (name, stream.sequence)
                })
                .collect(),
            living_keys: found.subjects.into_iter().collect(),
            index_subjects: found
                .index
                .into_iter()
                .map(|entry| ((entry.kind, entry.digest), entry.subject))
                .collect(),
            receipts: found
                .commands
                .into_iter()
                .filter_map(|row| Some((row.command_id, AppendReceipt::parse(&row.answer)?)))
                .collect(),
        }
    }
}

impl LogSnapshot {
    /// The reply of a command that is in the log or was accepted earlier in this batch.
    pub(super) fn receipt(&self, command: Uuid) -> Option<&AppendReceipt> {
        self.receipts.get(&command.to_string())
    }

    fn sequence_mut(&mut self, organisation: &str, stream: StreamKey) -> &mut i64 {
        self.sequences
            .entry(stream_name(organisation, stream))
            .or_default()
    }

    /// Checks an append, and returns the sequences of the streams that it writes, before it.
    fn check(
        &mut self,
        organisation: &str,
        append: &Append,
        recorded_at: i64,
    ) -> Result<BTreeMap<StreamKey, i64>, AppendOutcome> {
        if let Some(receipt) = self.receipt(append.command) {
            return Err(AppendOutcome::Duplicate(receipt.clone()));
        }
        let age = recorded_at - append.decided_at;
        if !(-DECISION_AHEAD_MAX_US..=DECISION_AGE_MAX_US).contains(&age) {
            return Err(AppendOutcome::OutsideTimeWindow { age });
        }
        let changed =
            |(stream, seen): &(StreamKey, i64)| *self.sequence_mut(organisation, *stream) != *seen;
        if append.reads.iter().any(changed) {
            return Err(AppendOutcome::Conflict);
        }
        let personal = &append.personal;
        let has_key = |subject: &Uuid| {
            let subject = subject.to_string();
            self.living_keys.contains(&subject)
                || personal.keys.iter().any(|key| key.subject == subject)
        };
        if !personal.used_keys.iter().all(has_key) {
            return Err(AppendOutcome::KeyDestroyed);
        }
        for entry in personal.index.iter().filter(|entry| entry.unique) {
            let holder = self.index_subjects.get(&entry.name());
            if holder.is_some_and(|holder| *holder != entry.row.subject) {
                return Err(AppendOutcome::NotUnique(entry.row.kind));
            }
        }
        Ok(append
            .batches
            .iter()
            .map(|batch| (batch.stream, *self.sequence_mut(organisation, batch.stream)))
            .collect())
    }

    /// Advances the snapshot past an accepted append. Index entries are released and replaced as
    /// the store does it, so that a value that one append releases may be taken by a later one.
    fn accept(&mut self, organisation: &str, append: &Append, receipt: &AppendReceipt) {
        self.receipts
            .insert(append.command.to_string(), receipt.clone());
        for batch in &append.batches {
            *self.sequence_mut(organisation, batch.stream) +=
                i64::try_from(batch.events.len()).unwrap_or_default();
        }
        let personal = &append.personal;
        for subject in personal.erased.iter().map(Uuid::to_string) {
            self.living_keys.remove(&subject);
            self.index_subjects.retain(|_, holder| *holder != subject);
        }
        for (kind, subject) in &personal.released {
            let subject = subject.to_string();
            self.index_subjects
                .retain(|(of, _), holder| of != kind || *holder != subject);
        }
        self.living_keys
            .extend(personal.keys.iter().map(|key| key.subject.clone()));
        for entry in &personal.index {
            let row = &entry.row;
            self.index_subjects
                .retain(|(kind, _), holder| kind != row.kind || *holder != row.subject);
            self.index_subjects
                .insert(entry.name(), row.subject.clone());
        }
    }
}

/// The name of a stream in a snapshot: its type and its stored id.
pub(super) fn stream_name(organisation: &str, stream: StreamKey) -> String {
    format!("{}/{}", stream.kind, stream.stored_id(organisation))
}

/// An accepted append and the positions assigned to it.
pub(super) struct AcceptedAppend<'a> {
    pub(super) append: &'a Append,
    receipt: AppendReceipt,
    /// The sequence of each stream before this append.
    sequences_before: BTreeMap<StreamKey, i64>,
}

/// A batch that was resolved: an outcome for each append, and the positions of the accepted ones.
pub(super) struct Resolved<'a> {
    pub(super) outcomes: Vec<AppendOutcome>,
    pub(super) accepted: Vec<AcceptedAppend<'a>>,
    next_position: i64,
    recorded_at: i64,
    /// The state of the log after the batch.
    pub(super) snapshot: LogSnapshot,
}

impl WriterTask {
    pub(super) fn resolve<'a>(
        &self,
        appends: &'a [Append],
        head: LogHead,
        snapshot: LogSnapshot,
    ) -> Result<Resolved<'a>, LogError> {
        let recorded_at = self.recorded_at(head)?;
        Ok(resolve(
            &self.organisation,
            appends,
            head,
            recorded_at,
            snapshot,
        ))
    }
}

/// Resolves the appends in order. Positions are assigned only to accepted ones, so they have no
/// gaps.
fn resolve<'a>(
    organisation: &str,
    appends: &'a [Append],
    head: LogHead,
    recorded_at: i64,
    mut snapshot: LogSnapshot,
) -> Resolved<'a> {
    let mut next_position = head.next_position;
    let mut accepted = Vec::new();
    let mut outcomes = Vec::with_capacity(appends.len());
    for append in appends {
        let sequences_before = match snapshot.check(organisation, append, recorded_at) {
            Ok(sequences) => sequences,
            Err(rejected) => {
                outcomes.push(rejected);
                continue;
            }
        };
        let first_position = next_position;
        next_position += i64::try_from(append.event_count()).unwrap_or_default();
        let receipt = AppendReceipt {
            first_position,
            last_position: next_position - 1,
            ..append.receipt.clone()
        };
        snapshot.accept(organisation, append, &receipt);
        outcomes.push(AppendOutcome::Appended(receipt.clone()));
        accepted.push(AcceptedAppend {
            append,
            receipt,
            sequences_before,
        });
    }
    Resolved {
        outcomes,
        accepted,
        next_position,
        recorded_at,
        snapshot,
    }
}

/// The rows of all accepted appends of a batch.
pub(super) struct BatchRows<'a> {
    pub(super) events: Vec<EventRow>,
    commands: Vec<CommandRow>,
    encrypted: Vec<&'a EncryptedRow>,
    pub(super) next_position: i64,
    pub(super) recorded_at: i64,
}

impl<'a> Resolved<'a> {
    pub(super) fn rows(&self, organisation: &str) -> BatchRows<'a> {
        let accepted = &self.accepted;
        BatchRows {
            events: accepted
                .iter()
                .flat_map(|one| one.event_rows(organisation, self.recorded_at))
                .collect(),
            commands: accepted
                .iter()
                .map(|one| one.receipt.to_row(one.append.command))
                .collect(),
            encrypted: accepted
                .iter()
                .flat_map(|one| &one.append.personal.encrypted)
                .collect(),
            next_position: self.next_position,
            recorded_at: self.recorded_at,
        }
    }
}

impl BatchRows<'_> {
    /// These rows as the argument of the store, with the rows of the inline projection.
    /// `expected_head` is the head that a conditional write requires; `None` if the head is locked.
    pub(super) fn to_store<'w>(
        &'w self,
        projections: Option<&'w ProjectionCommit>,
        expected_head: Option<LogHead>,
    ) -> AppendRows<'w> {
        AppendRows {
            events: &self.events,
            commands: &self.commands,
            encrypted: &self.encrypted,
            next_position: self.next_position,
            last_at: self.recorded_at,
            projections,
            expected_head,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::personal_rows::IndexEntry;
    use crate::eventlog::append::{Batch, NewEvent};
    use crate::store::personal_data::BlindIndexRow;

    const HEAD: LogHead = LogHead {
        next_position: 10,
        last_at: 0,
        epoch: 0,
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
        resolve("here", batch, HEAD, 0, LogSnapshot::default()).outcomes
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

    fn email(subject: u128) -> IndexEntry {
        IndexEntry {
            row: BlindIndexRow {
                kind: "email",
                digest: "ada@example.org".into(),
                subject: Uuid::from_u128(subject).to_string(),
            },
            unique: true,
        }
    }

    #[test]
    fn a_value_that_one_append_releases_a_later_one_may_take() {
        let mut took = append(1, &[], &[stream(1)]);
        took.personal.index.push(email(1));
        let mut released = append(2, &[], &[stream(1)]);
        released
            .personal
            .released
            .push(("email", Uuid::from_u128(1)));
        let mut took_later = append(3, &[], &[stream(2)]);
        took_later.personal.index.push(email(2));
        let outcomes = settled(&[took.clone(), took_later.clone()]);
        assert!(matches!(outcomes[1], AppendOutcome::NotUnique("email")));
        let outcomes = settled(&[took, released, took_later]);
        assert!(matches!(outcomes[2], AppendOutcome::Appended(_)));
    }
}
