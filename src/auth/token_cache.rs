//! A cache of token rows.
//!
//! A cached row is used for five seconds, and only while its person's stream is unchanged. So a
//! token that another process ended is refused within five seconds, and one that this process ended
//! immediately.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::eventlog::{Log, LogError};
use crate::store::tokens::{self, TokenRow};

/// How long a cached row is used. This bounds how late a process notices that another one ended a
/// token.
const ROW_VALID_FOR: Duration = Duration::from_secs(5);
/// How many rows are cached.
const ROW_CACHE_CAPACITY: NonZeroUsize = NonZeroUsize::new(1000).expect("a thousand is not zero");
const MINUTE_US: i64 = 60_000_000;

/// A cache of token rows. The lock is never held across an await.
pub(super) struct TokenRowCache(Mutex<CachedRows>);

struct CachedRows {
    rows: LruCache<String, CachedTokenRow>,
    /// How often the cache was invalidated. A row that was read before the last invalidation is not
    /// cached.
    invalidations: u64,
}

/// A row that was not ended, with the sequence of its person's stream and the time when it was
/// read.
#[derive(Clone)]
struct CachedTokenRow {
    row: TokenRow,
    person_version: i64,
    read_at: Instant,
}

impl Default for TokenRowCache {
    fn default() -> Self {
        Self(Mutex::new(CachedRows {
            rows: LruCache::new(ROW_CACHE_CAPACITY),
            invalidations: 0,
        }))
    }
}

impl TokenRowCache {
    fn lock(&self) -> MutexGuard<'_, CachedRows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row of a token, unless it was ended. `version` is the sequence of its person's stream: a
    /// row that was cached at another sequence is read again.
    pub(super) async fn find(
        &self,
        log: &Log,
        jti: &str,
        version: i64,
    ) -> Result<Option<TokenRow>, LogError> {
        let (cached, invalidations) = {
            let mut cache = self.lock();
            (cache.rows.get(jti).cloned(), cache.invalidations)
        };
        if let Some(cached) = cached.filter(|cached| {
            cached.person_version == version && cached.read_at.elapsed() < ROW_VALID_FOR
        }) {
            return Ok(Some(cached.row));
        }
        let at = Instant::now();
        let row = tokens::find(log.store(), log.organisation(), jti).await?;
        let mut cache = self.lock();
        match &row {
            Some(row) if cache.invalidations == invalidations => drop(cache.rows.put(
                jti.to_owned(),
                CachedTokenRow {
                    row: row.clone(),
                    person_version: version,
                    read_at: at,
                },
            )),
            _ => drop(cache.rows.pop(jti)),
        }
        Ok(row)
    }

    pub(super) fn invalidate(&self) {
        let mut cache = self.lock();
        cache.rows.clear();
        cache.invalidations += 1;
    }

    /// Whether the token's use should be recorded: true about once a minute.
    pub(super) fn should_record_use(&self, row: &TokenRow, now: i64) -> bool {
        let due = row.used_at.is_none_or(|used| now - used >= MINUTE_US);
        if due && let Some(cached) = self.lock().rows.get_mut(&row.jti) {
            cached.row.used_at = Some(now);
        }
        due
    }
}
