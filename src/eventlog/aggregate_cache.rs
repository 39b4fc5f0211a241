//! Cache of aggregate states between commands, with least-recently-used eviction.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use super::LoadedAggregate;
use super::recorded_event::StreamKey;
use crate::domain::Aggregate;

/// The number of aggregates in the cache.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(20_000).expect("twenty thousand is not zero");

/// The sequence, the state, and when it was last compared with the database.
type CachedAggregate = (i64, Arc<dyn Any + Send + Sync>, Instant);

pub(super) struct AggregateCache(Mutex<LruCache<StreamKey, CachedAggregate>>);

impl Default for AggregateCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl AggregateCache {
    pub(super) fn get<S: Aggregate>(&self, key: StreamKey) -> Option<LoadedAggregate<S>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (sequence, state, _) = kept.get(&key)?;
        let state = Arc::clone(state).downcast().ok()?;
        Some(LoadedAggregate {
            state,
            sequence: *sequence,
        })
    }

    /// Like [`Self::get`], but only if the state was compared with the database at most `at_most`
    /// ago.
    pub(super) fn get_recent<S: Aggregate>(
        &self,
        key: StreamKey,
        at_most: Duration,
    ) -> Option<LoadedAggregate<S>> {
        let asked = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .peek(&key)?
            .2;
        if asked.elapsed() <= at_most {
            self.get(key)
        } else {
            None
        }
    }

    /// Caches a state unless a later one is cached. A stream without events is never cached: an
    /// empty state would lead to wrong refusals once another process has created the stream.
    pub(super) fn put<S: Aggregate>(&self, key: StreamKey, loaded: &LoadedAggregate<S>) {
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
        let (memory, key) = (
            AggregateCache::default(),
            StreamKey::of::<Fund>(Uuid::nil()),
        );
        let keep = |sequence| {
            memory.put(
                key,
                &LoadedAggregate::<Fund> {
                    state: Arc::default(),
                    sequence,
                },
            );
        };
        let sequence = || memory.get::<Fund>(key).map(|loaded| loaded.sequence);
        keep(0);
        assert_eq!(sequence(), None);
        keep(2);
        keep(1);
        keep(0);
        assert_eq!(sequence(), Some(2));
    }
}
