//! Sums that go on from where they stood: what was added since is added to them, so that a budget costs what is new.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::store::postings::{self, By, Sum};
use crate::store::{Store, Stored};

/// Figures by what they are of.
pub(super) type Sums = BTreeMap<String, BTreeMap<String, i64>>;

/// How many sums are kept, and for how long without looking whether the view was rebuilt.
const MOST: NonZeroUsize = NonZeroUsize::new(64).expect("sixty-four is not zero");
const LATELY: Duration = Duration::from_secs(1);

type Key = (By, Option<String>, Option<String>);

#[derive(Clone)]
struct Kept {
    generation: i64,
    position: i64,
    looked: Instant,
    sums: Arc<Sums>,
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
    pub(super) async fn sums(&self, store: &Store, organisation: &str, sum: Sum<'_>) -> Stored<Arc<Sums>> {
        if sum.effective_on.is_some() {
            return Ok(Arc::new(added(Sums::new(), postings::sums(store, organisation, sum).await?)));
        }
        let key = (sum.by, sum.fund.map(str::to_owned), sum.area.map(str::to_owned));
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kept) = &kept
            && kept.position == sum.position
            && kept.looked.elapsed() < LATELY
        {
            return Ok(Arc::clone(&kept.sums));
        }
        let generation = postings::generation(store, organisation).await?;
        let earlier = kept.filter(|kept| kept.generation == generation);
        let (from, after) = match &earlier {
            Some(kept) if kept.position <= sum.position => (Sums::clone(&kept.sums), kept.position),
            _ => (Sums::new(), -1),
        };
        let sums = Arc::new(added(from, postings::sums(store, organisation, Sum { after, ..sum }).await?));
        // A past position is no place to go on from.
        if earlier.is_none_or(|kept| kept.position <= sum.position) {
            let kept = Kept { generation, position: sum.position, looked: Instant::now(), sums: Arc::clone(&sums) };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, kept);
        }
        Ok(sums)
    }
}

fn added(mut sums: Sums, more: Vec<(String, String, i64)>) -> Sums {
    for (of, figure, amount) in more.into_iter().filter(|(of, ..)| !of.is_empty()) {
        *sums.entry(of).or_default().entry(figure).or_default() += amount;
    }
    sums
}
