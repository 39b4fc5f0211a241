//! Cache of aggregate states between commands, with least-recently-used eviction.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use super::Loaded;
use super::record::StreamKey;
use crate::domain::Stream;

/// The number of aggregates in the cache.
const MOST: NonZeroUsize = NonZeroUsize::new(20_000).expect("twenty thousand is not zero");

/// The sequence, the state, and when it was last compared with the database.
type Kept = (i64, Arc<dyn Any + Send + Sync>, Instant);

pub(super) struct Memory(Mutex<LruCache<StreamKey, Kept>>);

impl Default for Memory {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl Memory {
    pub(super) fn find<S: Stream>(&self, key: StreamKey) -> Option<Loaded<S>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (sequence, state, _) = kept.get(&key)?;
        let state = Arc::clone(state).downcast().ok()?;
        Some(Loaded {
            state,
            sequence: *sequence,
        })
    }

    /// Like [`Self::find`], but only if the state was compared with the database at most `at_most`
    /// ago.
    pub(super) fn find_since<S: Stream>(
        &self,
        key: StreamKey,
        at_most: Duration,
    ) -> Option<Loaded<S>> {
        let asked = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .peek(&key)?
            .2;
        if asked.elapsed() <= at_most {
            self.find(key)
        } else {
            None
        }
    }

    /// Caches a state unless a later one is cached. A stream without events is never cached: an
    /// empty state would lead to wrong refusals once another process has created the stream.
    pub(super) fn keep<S: Stream>(&self, key: StreamKey, loaded: &Loaded<S>) {
        if loaded.sequence == 0 {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept
            .peek(&key)
            .is_none_or(|(sequence, ..)| *sequence <= loaded.sequence)
        {
            kept.put(
                key,
                (
                    loaded.sequence,
                    Arc::clone(&loaded.state) as Arc<dyn Any + Send + Sync>,
                    Instant::now(),
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Fund;

    #[test]
    fn a_stream_without_events_is_not_kept_and_an_older_state_replaces_no_later_one() {
        let (memory, key) = (Memory::default(), StreamKey::of::<Fund>(Uuid::nil()));
        let keep = |sequence| {
            memory.keep(
                key,
                &Loaded::<Fund> {
                    state: Arc::default(),
                    sequence,
                },
            );
        };
        let sequence = || memory.find::<Fund>(key).map(|loaded| loaded.sequence);
        keep(0);
        assert_eq!(sequence(), None);
        keep(2);
        keep(1);
        keep(0);
        assert_eq!(sequence(), Some(2));
    }
}
