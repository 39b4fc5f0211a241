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

use crate::store::postings::{self, By, Sum};
use crate::store::{Store, Stored};

/// Amounts by key (a fund, funder, area…) and figure.
pub(super) type Sums = BTreeMap<String, BTreeMap<String, i64>>;

/// Number of sums in the cache.
const MOST: NonZeroUsize = NonZeroUsize::new(64).expect("sixty-four is not zero");
/// How long a cached sum of the same position is used without checking the generation.
const LATELY: Duration = Duration::from_secs(1);

/// The sums at a position, with the JSON of replies made from them.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) sums: Sums,
    pub(super) budget: Told,
    pub(super) outcome: Told,
}

/// A reply as JSON, serialised on first use.
#[derive(Default)]
pub(super) struct Told(OnceLock<Bytes>);

impl Told {
    pub(super) fn or<T: Serialize>(&self, answer: impl FnOnce() -> T) -> Bytes {
        self.0
            .get_or_init(|| Bytes::from(serde_json::to_vec(&answer()).unwrap_or_default()))
            .clone()
    }
}

type Key = (By, Option<String>, Option<String>);

#[derive(Clone)]
struct Kept {
    generation: i64,
    position: i64,
    looked: Instant,
    totals: Arc<Totals>,
}

/// The sums of recent queries, least recently used ones evicted.
pub(super) struct Running(Mutex<LruCache<Key, Kept>>);

impl Default for Running {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl Running {
    /// The sums for a query, starting from cached ones if possible.
    pub(super) async fn sums(
        &self,
        store: &Store,
        organisation: &str,
        sum: Sum<'_>,
    ) -> Stored<Arc<Totals>> {
        if sum.effective_on.is_some() {
            return Ok(Arc::new(Totals::of(added(
                Sums::new(),
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
            && kept.looked.elapsed() < LATELY
        {
            return Ok(Arc::clone(&kept.totals));
        }
        let (generation, reached) = postings::generation(store, organisation).await?;
        let earlier = kept.filter(|kept| kept.generation == generation);
        let (from, after) = match &earlier {
            Some(kept) if kept.position <= sum.position => {
                (kept.totals.sums.clone(), kept.position)
            }
            _ => (Sums::new(), -1),
        };
        let totals = Arc::new(Totals::of(added(
            from,
            postings::sums(store, organisation, Sum { after, ..sum }).await?,
        )));
        // Do not replace a cached sum by one of an earlier position, and do not cache a sum of a
        // position that the postings have not reached.
        if sum.position < reached && earlier.is_none_or(|kept| kept.position <= sum.position) {
            let kept = Kept {
                generation,
                position: sum.position,
                looked: Instant::now(),
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

impl Totals {
    fn of(sums: Sums) -> Self {
        Self {
            sums,
            ..Self::default()
        }
    }
}

fn added(mut sums: Sums, more: Vec<(String, String, i64)>) -> Sums {
    for (of, figure, amount) in more.into_iter().filter(|(of, ..)| !of.is_empty()) {
        *sums.entry(of).or_default().entry(figure).or_default() += amount;
    }
    sums
}
