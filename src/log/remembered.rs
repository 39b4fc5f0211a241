//! What the writer remembers of the log as it left it: with that a batch is settled without reading
//! first.
//!
//! It holds for as long as nobody else appends. So what was settled by it is written on the
//! condition that the head is where it was left, and nobody is refused by it.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::append::Append;
use super::settle::{Known, ToWrite, name};
use crate::store::events::Head;

/// How long after the head was last read our clock carries the database's on.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How long to read first, once another process was seen to append.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// How many streams, and how many subjects, are remembered.
const MOST: NonZeroUsize = NonZeroUsize::new(20_000).expect("twenty thousand is not zero");

/// The head as it was left, and when it was read.
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
    /// What a batch is to be held against, if all of it is remembered.
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
            // Who holds an entry of an index is not remembered, and what destroys is worth a look.
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

    /// Takes what was read under the lock of the head.
    pub(super) fn read(&mut self, head: Head, known: &Known) {
        let is_there =
            |left: Head| (left.next_position, left.last_at) == (head.next_position, head.last_at);
        match self.left {
            Some((left, _)) if is_there(left) => {}
            left => {
                // Somebody else appended: reading first is quicker for a while.
                self.shared = left.map(|_| Instant::now()).or(self.shared);
                self.heads.clear();
                self.keys.clear();
            }
        }
        self.left = Some((head, Instant::now()));
        self.take(known);
    }

    /// Until a commit is known nobody knows where the log ends.
    pub(super) fn set_aside(&mut self) -> Option<Left> {
        self.left.take()
    }

    /// Takes what stands after a commit, where the log ended before it.
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
