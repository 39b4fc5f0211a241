//! Locks by stream, held in this process. Commands that write the same stream queue here, so that
//! they do not conflict in the append.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use crate::eventlog::recorded_event::StreamKey;

/// Number of streams above which unused locks are removed from the map.
const PURGE_ABOVE: usize = 4096;

/// Locks that are held until this is dropped.
#[derive(Default)]
pub(super) struct StreamLockGuards {
    guards: Vec<OwnedMutexGuard<()>>,
    /// Whether another command held one of the locks. Its append may have changed the streams, so
    /// the decision must be repeated.
    pub(super) waited: bool,
}

#[derive(Default)]
pub(super) struct StreamLocks(Mutex<HashMap<StreamKey, Weak<Turn<()>>>>);

impl StreamLocks {
    /// Locks all of these streams. The order is that of their keys, the same for all callers, so
    /// that two commands cannot deadlock.
    pub(super) async fn lock_all(
        &self,
        streams: impl Iterator<Item = StreamKey>,
    ) -> StreamLockGuards {
        let streams: BTreeSet<_> = streams.collect();
        let mut taken = StreamLockGuards::default();
        for turn in streams.into_iter().map(|stream| self.mutex_of(stream)) {
            let held = if let Ok(held) = Arc::clone(&turn).try_lock_owned() {
                held
            } else {
                taken.waited = true;
                turn.lock_owned().await
            };
            taken.guards.push(held);
        }
        taken
    }

    fn mutex_of(&self, stream: StreamKey) -> Arc<Turn<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&stream).and_then(Weak::upgrade) {
            return turn;
        }
        if turns.len() > PURGE_ABOVE {
            turns.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::default();
        turns.insert(stream, Arc::downgrade(&turn));
        turn
    }
}
