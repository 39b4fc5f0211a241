//! A cache of totals: sums of postings at a position, to which only later postings are added. A
//! budget then costs as much as the postings since the last query.
//!
//! # When a cached sum is used
//!
//! It must be of the same generation of the projection, because a rebuild posts all figures again.
//! It is used as the start for any later position. A query by effective day is never cached.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lru::LruCache;
use serde::Serialize;

use crate::store::postings::{self, GroupBy, SumQuery};
use crate::store::{Store, StoreResult};

/// Amounts by key (a fund, funder, area…) and figure.
pub(super) type FiguresByKey = BTreeMap<String, BTreeMap<String, i64>>;

/// Number of sums in the cache.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(64).expect("sixty-four is not zero");
/// How long a cached sum of the same position is used without checking the generation.
const GENERATION_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The sums at a position, with the JSON of replies made from them.
#[derive(Default)]
pub(super) struct PostingTotals {
    pub(super) sums: FiguresByKey,
    pub(super) budget: CachedJson,
    pub(super) outcome: CachedJson,
}

/// A reply as JSON, serialised on first use.
#[derive(Default)]
pub(super) struct CachedJson(OnceLock<Bytes>);

impl CachedJson {
    pub(super) fn get(&self) -> Option<Bytes> {
        self.0.get().cloned()
    }

    pub(super) fn get_or_serialise<T: Serialize>(&self, answer: impl FnOnce() -> T) -> Bytes {
        self.0
            .get_or_init(|| Bytes::from(serde_json::to_vec(&answer()).unwrap_or_default()))
            .clone()
    }
}

type TotalsKey = (GroupBy, Option<String>, Option<String>);

#[derive(Clone)]
struct CachedTotals {
    generation: i64,
    position: i64,
    checked_at: Instant,
    totals: Arc<PostingTotals>,
}

/// The sums of recent queries, least recently used ones evicted.
pub(super) struct TotalsCache(Mutex<LruCache<TotalsKey, CachedTotals>>);

impl Default for TotalsCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl TotalsCache {
    /// The sums for a query, starting from cached ones if possible.
    pub(super) async fn totals(
        &self,
        store: &Store,
        organisation: &str,
        sum: SumQuery<'_>,
    ) -> StoreResult<Arc<PostingTotals>> {
        if sum.effective_on.is_some() {
            return Ok(Arc::new(PostingTotals::of(add_sums(
                FiguresByKey::new(),
                postings::sums(store, organisation, sum).await?,
            ))));
        }
        let key = (
            sum.by,
            sum.fund.map(str::to_owned),
            sum.area.map(str::to_owned),
        );
        let kept = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(kept) = &kept
            && kept.position == sum.position
            && kept.checked_at.elapsed() < GENERATION_CHECK_INTERVAL
        {
            return Ok(Arc::clone(&kept.totals));
        }
        let (generation, reached) = postings::live_generation(store, organisation).await?;
        let earlier = kept.filter(|kept| kept.generation == generation);
        let (from, after) = match &earlier {
            Some(kept) if kept.position <= sum.position => {
                (kept.totals.sums.clone(), kept.position)
            }
            _ => (FiguresByKey::new(), -1),
        };
        let totals = Arc::new(PostingTotals::of(add_sums(
            from,
            postings::sums(store, organisation, SumQuery { after, ..sum }).await?,
        )));
        // Do not replace a cached sum by one of an earlier position, and do not cache a sum of a
        // position that the postings have not reached.
        if sum.position < reached && earlier.is_none_or(|kept| kept.position <= sum.position) {
            let kept = CachedTotals {
                generation,
                position: sum.position,
                checked_at: Instant::now(),
                totals: Arc::clone(&totals),
            };
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .put(key, kept);
        }
        Ok(totals)
    }
}

impl PostingTotals {
    fn of(sums: FiguresByKey) -> Self {
        Self {
            sums,
            ..Self::default()
        }
    }
}

fn add_sums(mut sums: FiguresByKey, more: Vec<(String, String, i64)>) -> FiguresByKey {
    for (of, figure, amount) in more.into_iter().filter(|(of, ..)| !of.is_empty()) {
        *sums.entry(of).or_default().entry(figure).or_default() += amount;
    }
    sums
}
