//! What the writer remembers of the log as it left it: with that a batch is settled without reading first.
//!
//! It holds for as long as nobody else appends. So what was settled by it is written on the condition that the head is where it was left,
//! and nobody is refused by it.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;

use super::append::Append;
use super::settle::{Known, name};
use crate::store::events::Head;

/// How long after the head was last read our clock carries the database's on.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How long to read first, once another process was seen to append.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// How many streams, and how many subjects, are remembered.
const MOST: NonZeroUsize = NonZeroUsize::new(20_000).expect("twenty thousand is not zero");

pub(super) struct Remembered {
    /// The head as it was left, and when it was read.
    left: Option<(Head, Instant)>,
    /// When another process was last seen to append.
    shared: Option<Instant>,
    heads: LruCache<String, i64>,
    keys: LruCache<String, ()>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self { left: None, shared: None, heads: LruCache::new(MOST), keys: LruCache::new(MOST) }
    }
}

impl Remembered {
    /// What a batch is to be held against, if all of it is remembered.
    pub(super) fn known(&mut self, organisation: &str, appends: &[Append]) -> Option<(Head, Known)> {
        let (head, read) = self.left?;
        let age = read.elapsed();
        if age > GOOD_FOR || self.shared.is_some_and(|seen| seen.elapsed() < SHARED_FOR) {
            return None;
        }
        let mut known = Known::default();
        for append in appends {
            // Who holds an entry of an index is not remembered, and what destroys is worth a look.
            let personal = &append.personal;
            if !(personal.keys.is_empty() && personal.index.is_empty() && personal.given_up.is_empty() && personal.erased.is_empty()) {
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
        Some((Head { clock: head.clock + passed, ..head }, known))
    }

    /// Takes what was read under the lock of the head.
    pub(super) fn read(&mut self, head: Head, known: &Known) {
        if self.left.is_none_or(|(left, _)| left.next_position != head.next_position) {
            self.forget();
        }
        self.left = Some((head, Instant::now()));
        self.take(known);
    }

    /// Takes what stands after a commit.
    pub(super) fn left_at(&mut self, next_position: i64, last_at: i64, known: &Known, appends: &[Append]) {
        let Some((head, _)) = &mut self.left else { return };
        (head.next_position, head.last_at) = (next_position, last_at);
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

    /// Somebody else appended: reading first is quicker for a while.
    pub(super) fn share(&mut self) {
        self.shared = Some(Instant::now());
        self.forget();
    }

    pub(super) fn forget(&mut self) {
        self.left = None;
        self.heads.clear();
        self.keys.clear();
    }
}
