//! Sums that go on from where they stood: what was added since is added to them, so that a budget
//! costs what is new.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lru::LruCache;
use serde::Serialize;

use crate::store::postings::{self, By, Sum};
use crate::store::{Store, Stored};

/// Figures by what they are of.
pub(super) type Sums = BTreeMap<String, BTreeMap<String, i64>>;

/// How many sums are kept, and for how long without looking whether the view was rebuilt.
const MOST: NonZeroUsize = NonZeroUsize::new(64).expect("sixty-four is not zero");
const LATELY: Duration = Duration::from_secs(1);

/// Sums as they stand at a position, with what is answered of them.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) sums: Sums,
    pub(super) budget: Told,
    pub(super) outcome: Told,
}

/// An answer as JSON, which is made when it is first asked for.
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

/// The sums that were asked for lately.
pub(super) struct Running(Mutex<LruCache<Key, Kept>>);

impl Default for Running {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl Running {
    /// Adds up, from where an earlier answer ended where there is one.
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
        // A past position is no place to go on from, nor is one that the figures have not come to.
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
