//! Head cache: the end of the log as the writer left it. With it a batch is resolved without a
//! read.
//!
//! The cache is valid while no other process appends, which nothing here can know. It may therefore
//! only lead to a write that is conditional on the head being unchanged, never to a rejection. It
//! holds sequences of streams and ids of subjects whose keys exist; it does not hold index entries.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::Append;
use super::resolve::{AcceptedAppend, BatchRows, LogSnapshot, stream_name};
use crate::store::events::LogHead;

/// How long after reading the head the database's clock may be extrapolated by this process's
/// monotonic clock. After that the head must be read again.
const CLOCK_VALID_FOR: Duration = Duration::from_secs(1);
/// How long the cache is not used after another process was seen to append: conditional writes
/// would probably fail then, and cost an extra round trip.
const CONTENDED_FOR: Duration = Duration::from_secs(1);
/// The number of streams, and the number of subjects, in the cache.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(20_000).expect("twenty thousand is not zero");

/// The head after the last commit, and when the database's clock in it was read.
pub(super) type CachedHead = (LogHead, Instant);

pub(super) struct HeadCache {
    head: Option<CachedHead>,
    /// When another process was last seen to append.
    contended_at: Option<Instant>,
    sequences: LruCache<String, i64>,
    living_keys: LruCache<String, ()>,
}

impl Default for HeadCache {
    fn default() -> Self {
        Self {
            head: None,
            contended_at: None,
            sequences: LruCache::new(CAPACITY),
            living_keys: LruCache::new(CAPACITY),
        }
    }
}

impl HeadCache {
    /// The head, with its clock extrapolated to now, and a snapshot to resolve the batch against.
    /// `None` if the cache is not valid, or does not hold everything that the batch refers to.
    pub(super) fn snapshot(
        &mut self,
        organisation: &str,
        appends: &[Append],
    ) -> Option<(LogHead, LogSnapshot)> {
        let (head, read) = self.head?;
        let age = read.elapsed();
        if age > CLOCK_VALID_FOR
            || self
                .contended_at
                .is_some_and(|seen| seen.elapsed() < CONTENDED_FOR)
        {
            return None;
        }
        let mut known = LogSnapshot::default();
        for append in appends {
            // Index entries are not cached, and an erasure should be resolved against the database.
            let personal = &append.personal;
            if !personal.only_encrypts() {
                return None;
            }
            for (stream, _) in &append.reads {
                let name = stream_name(organisation, *stream);
                let sequence = *self.sequences.get(&name)?;
                known.sequences.insert(name, sequence);
            }
            for subject in &personal.used_keys {
                let subject = subject.to_string();
                self.living_keys.get(&subject)?;
                known.living_keys.insert(subject);
            }
        }
        let passed = i64::try_from(age.as_micros()).unwrap_or_default();
        Some((
            LogHead {
                clock: head.clock + passed,
                ..head
            },
            known,
        ))
    }

    /// Stores the head and the snapshot that were read under the lock of the head.
    pub(super) fn update_under_lock(&mut self, head: LogHead, known: &LogSnapshot) {
        match self.head {
            Some((left, _)) if left.is_same_as(&head) => {}
            left => {
                // Another process appended: use the locked path for a while.
                self.contended_at = left.map(|_| Instant::now()).or(self.contended_at);
                self.sequences.clear();
                self.living_keys.clear();
            }
        }
        self.head = Some((head, Instant::now()));
        self.store_snapshot(known);
    }

    /// Empties the cached head before a commit. It stays empty if the commit's outcome is unknown.
    pub(super) fn take_head(&mut self) -> Option<CachedHead> {
        self.head.take()
    }

    /// Stores the state after a commit. The time at which the clock was read stays that of
    /// `before`, the head that [`Self::take_head`] returned.
    pub(super) fn record_commit(
        &mut self,
        before: Option<CachedHead>,
        rows: &BatchRows<'_>,
        snapshot: &LogSnapshot,
        accepted: &[AcceptedAppend<'_>],
    ) {
        self.head = before.map(|(before, read)| {
            let head = LogHead {
                next_position: rows.next_position,
                last_at: rows.recorded_at,
                ..before
            };
            (head, read)
        });
        self.store_snapshot(snapshot);
        let erased = accepted.iter().flat_map(|one| &one.append.personal.erased);
        for subject in erased {
            self.living_keys.pop(&subject.to_string());
        }
    }

    fn store_snapshot(&mut self, known: &LogSnapshot) {
        for (name, sequence) in &known.sequences {
            self.sequences.put(name.clone(), *sequence);
        }
        for subject in &known.living_keys {
            self.living_keys.put(subject.clone(), ());
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::eventlog::recorded_event::StreamKey;

    const HERE: &str = "here";

    fn head(next_position: i64, epoch: i64) -> LogHead {
        LogHead {
            next_position,
            last_at: 7,
            epoch,
            clock: 1_000,
        }
    }

    fn reading(id: u128) -> Append {
        Append {
            reads: vec![(
                StreamKey {
                    kind: "fund",
                    id: Uuid::from_u128(id),
                },
                1,
            )],
            ..Append::for_tests()
        }
    }

    fn knowing(append: &Append) -> LogSnapshot {
        let mut known = LogSnapshot::default();
        known.sequences.extend(
            append
                .reads
                .iter()
                .map(|(stream, sequence)| (stream_name(HERE, *stream), *sequence)),
        );
        known
    }

    fn sequence(remembered: &mut HeadCache, append: &Append) -> Option<i64> {
        let (head, known) = remembered.snapshot(HERE, std::slice::from_ref(append))?;
        assert!(head.clock >= 1_000, "the clock was carried on");
        known.sequences.values().next().copied()
    }

    #[test]
    fn what_was_read_is_known_and_nothing_else() {
        let (one, two) = (reading(1), reading(2));
        let mut remembered = HeadCache::default();
        assert_eq!(sequence(&mut remembered, &one), None);
        remembered.update_under_lock(head(5, 7), &knowing(&one));
        assert_eq!(
            (
                sequence(&mut remembered, &one),
                sequence(&mut remembered, &two)
            ),
            (Some(1), None)
        );
        remembered.update_under_lock(head(5, 7), &knowing(&two));
        assert_eq!(
            (
                sequence(&mut remembered, &one),
                sequence(&mut remembered, &two)
            ),
            (Some(1), Some(1))
        );
        let mut sealed = reading(1);
        sealed.personal.used_keys.push(Uuid::nil());
        assert_eq!(
            sequence(&mut remembered, &sealed),
            None,
            "whose key lives is not known"
        );
        let mut erasing = reading(1);
        erasing.personal.erased.push(Uuid::nil());
        assert_eq!(
            sequence(&mut remembered, &erasing),
            None,
            "what destroys is worth a look"
        );
    }

    #[test]
    fn where_another_appended_everything_is_read_for_a_while() {
        for moved in [head(6, 7), head(5, 8)] {
            let (one, two) = (reading(1), reading(2));
            let mut remembered = HeadCache::default();
            remembered.update_under_lock(head(5, 7), &knowing(&one));
            remembered.update_under_lock(moved, &knowing(&two));
            assert_eq!(
                sequence(&mut remembered, &two),
                None,
                "somebody else appends, too"
            );
            remembered.contended_at = None;
            assert_eq!(
                (
                    sequence(&mut remembered, &one),
                    sequence(&mut remembered, &two)
                ),
                (None, Some(1))
            );
        }
    }

    #[test]
    fn an_unknown_end_is_not_remembered() {
        let one = reading(1);
        let mut remembered = HeadCache::default();
        remembered.update_under_lock(head(5, 7), &knowing(&one));
        assert!(remembered.take_head().is_some());
        assert_eq!(sequence(&mut remembered, &one), None);
    }
}
