//! Head cache: the end of the log as the writer left it. With it a batch is resolved without a
//! read.
//!
//! The cache is valid while no other process appends, which nothing here can know. It may therefore
//! only lead to a write that is conditional on the head being unchanged, never to a rejection. It
//! holds sequences of streams and ids of subjects whose keys exist; it does not hold index entries.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::append::Append;
use super::settle::{Known, ToWrite, name};
use crate::store::events::Head;

/// How long after reading the head the database's clock may be extrapolated by this process's
/// monotonic clock. After that the head must be read again.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How long the cache is not used after another process was seen to append: conditional writes
/// would probably fail then, and cost an extra round trip.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// The number of streams, and the number of subjects, in the cache.
const MOST: NonZeroUsize = NonZeroUsize::new(20_000).expect("twenty thousand is not zero");

/// The head after the last commit, and when the database's clock in it was read.
pub(super) type Left = (Head, Instant);

pub(super) struct Remembered {
    left: Option<Left>,
    /// When another process was last seen to append.
    shared: Option<Instant>,
    heads: LruCache<String, i64>,
    keys: LruCache<String, ()>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            left: None,
            shared: None,
            heads: LruCache::new(MOST),
            keys: LruCache::new(MOST),
        }
    }
}

impl Remembered {
    /// The head, with its clock extrapolated to now, and a snapshot to resolve the batch against.
    /// `None` if the cache is not valid, or does not hold everything that the batch refers to.
    pub(super) fn known(
        &mut self,
        organisation: &str,
        appends: &[Append],
    ) -> Option<(Head, Known)> {
        let (head, read) = self.left?;
        let age = read.elapsed();
        if age > GOOD_FOR || self.shared.is_some_and(|seen| seen.elapsed() < SHARED_FOR) {
            return None;
        }
        let mut known = Known::default();
        for append in appends {
            // Index entries are not cached, and an erasure should be resolved against the database.
            let personal = &append.personal;
            if !personal.only_seals() {
                return None;
            }
            for (stream, _) in &append.reads {
                let name = name(organisation, *stream);
                let sequence = *self.heads.get(&name)?;
                known.heads.insert(name, sequence);
            }
            for subject in &personal.uses {
                let subject = subject.to_string();
                self.keys.get(&subject)?;
                known.keys.insert(subject);
            }
        }
        let passed = i64::try_from(age.as_micros()).unwrap_or_default();
        Some((
            Head {
                clock: head.clock + passed,
                ..head
            },
            known,
        ))
    }

    /// Stores the head and the snapshot that were read under the lock of the head.
    pub(super) fn read(&mut self, head: Head, known: &Known) {
        let is_there =
            |left: Head| (left.next_position, left.last_at) == (head.next_position, head.last_at);
        match self.left {
            Some((left, _)) if is_there(left) => {}
            left => {
                // Another process appended: use the locked path for a while.
                self.shared = left.map(|_| Instant::now()).or(self.shared);
                self.heads.clear();
                self.keys.clear();
            }
        }
        self.left = Some((head, Instant::now()));
        self.take(known);
    }

    /// Empties the cached head before a commit. It stays empty if the commit's outcome is unknown.
    pub(super) fn set_aside(&mut self) -> Option<Left> {
        self.left.take()
    }

    /// Stores the state after a commit. The time at which the clock was read stays that of
    /// `before`.
    pub(super) fn left_at(
        &mut self,
        (before, read): Left,
        to: &ToWrite<'_>,
        known: &Known,
        appends: &[Append],
    ) {
        self.left = Some((
            Head {
                next_position: to.next_position,
                last_at: to.recorded_at,
                ..before
            },
            read,
        ));
        self.take(known);
        for subject in appends.iter().flat_map(|append| &append.personal.erased) {
            self.keys.pop(&subject.to_string());
        }
    }

    fn take(&mut self, known: &Known) {
        for (name, sequence) in &known.heads {
            self.heads.put(name.clone(), *sequence);
        }
        for subject in &known.keys {
            self.keys.put(subject.clone(), ());
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::log::record::StreamKey;

    const HERE: &str = "here";

    fn head(next_position: i64, last_at: i64) -> Head {
        Head {
            next_position,
            last_at,
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

    fn knowing(append: &Append) -> Known {
        let mut known = Known::default();
        known.heads.extend(
            append
                .reads
                .iter()
                .map(|(stream, sequence)| (name(HERE, *stream), *sequence)),
        );
        known
    }

    fn sequence(remembered: &mut Remembered, append: &Append) -> Option<i64> {
        let (head, known) = remembered.known(HERE, std::slice::from_ref(append))?;
        assert!(head.clock >= 1_000, "the clock was carried on");
        known.heads.values().next().copied()
    }

    #[test]
    fn what_was_read_is_known_and_nothing_else() {
        let (one, two) = (reading(1), reading(2));
        let mut remembered = Remembered::default();
        assert_eq!(sequence(&mut remembered, &one), None);
        remembered.read(head(5, 7), &knowing(&one));
        assert_eq!(
            (
                sequence(&mut remembered, &one),
                sequence(&mut remembered, &two)
            ),
            (Some(1), None)
        );
        remembered.read(head(5, 7), &knowing(&two));
        assert_eq!(
            (
                sequence(&mut remembered, &one),
                sequence(&mut remembered, &two)
            ),
            (Some(1), Some(1))
        );
        let mut sealed = reading(1);
        sealed.personal.uses.push(Uuid::nil());
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
            let mut remembered = Remembered::default();
            remembered.read(head(5, 7), &knowing(&one));
            remembered.read(moved, &knowing(&two));
            assert_eq!(
                sequence(&mut remembered, &two),
                None,
                "somebody else appends, too"
            );
            remembered.shared = None;
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
        let mut remembered = Remembered::default();
        remembered.read(head(5, 7), &knowing(&one));
        assert!(remembered.set_aside().is_some());
        assert_eq!(sequence(&mut remembered, &one), None);
    }
}
