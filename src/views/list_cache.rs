//! What the pages of the desk's lists show besides their rows, cached until the log moves on.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use lru::LruCache;

use super::ViewError;
use super::aims::AimsSummary;
use super::directory::HoursSummary;
use super::heard::HeardBarrier;
use super::library::Library;
use super::movement::MovementSummary;
use super::network::NetworkSummary;
use super::pledges::PledgeFigures;
use super::value::ValueSummary;
use crate::domain::PersonId;
use crate::projections::{DirectoryRow, FundRow, GatheringRow, OrganisationRow};
use crate::store::list_query::ListTotals;

/// Number of totals in the cache.
const TOTALS_MAX: NonZeroUsize = NonZeroUsize::new(512).expect("it is not zero");
/// Number of summaries of the aims in the cache: for the office and for others, around midnight.
const AIMS_MAX: NonZeroUsize = NonZeroUsize::new(4).expect("it is not zero");
/// The largest number of names of groups in the cache.
const NAMES_MAX: usize = 10_000;
/// How long a value of the same position is used. On PostgreSQL the rows may be newer than the
/// position that this process has seen.
const CACHE_MAX: Duration = Duration::from_secs(2);

/// What was read at a position of the log.
pub(super) struct ListCache {
    pub(super) totals: PositionCache<String, ListTotals>,
    pub(super) funds: PositionCache<(), Arc<Vec<FundRow>>>,
    pub(super) organisation: PositionCache<(), Option<Arc<OrganisationRow>>>,
    /// Whether there is a gathering that everyone sees.
    pub(super) has_gatherings: PositionCache<(), bool>,
    /// The gatherings that are drafts or open.
    pub(super) running_gatherings: PositionCache<(), Arc<Vec<GatheringRow>>>,
    /// Whether there is an entry of the directory that everyone sees.
    pub(super) has_directory: PositionCache<(), bool>,
    /// What everyone reads of the directory, by name.
    pub(super) directory: PositionCache<(), Arc<Vec<DirectoryRow>>>,
    pub(super) hours: PositionCache<(), Arc<HoursSummary>>,
    pub(super) value: PositionCache<(), Arc<ValueSummary>>,
    pub(super) heard: PositionCache<(), Arc<Vec<HeardBarrier>>>,
    /// The people who keep an entry of the directory, and have no role for it any more.
    pub(super) former_keepers: PositionCache<(), BTreeSet<PersonId>>,
    pub(super) movement: PositionCache<(), Arc<MovementSummary>>,
    pub(super) library: PositionCache<(), Arc<Library>>,
    pub(super) pledges: PositionCache<(), PledgeFigures>,
    /// By the day whose quarter is counted, and whether the reader sees small numbers.
    pub(super) aims: PositionCache<(Date, bool), AimsSummary>,
    pub(super) network: PositionCache<(), Arc<NetworkSummary>>,
    /// Names of groups by their ids.
    names: Mutex<Option<Dated<BTreeMap<String, String>>>>,
}

/// Values that were read, by their keys. A value is used until the log moves on. The least recently
/// used value makes room for a new one.
pub(super) struct PositionCache<K: Hash + Eq, T> {
    entries: Mutex<LruCache<K, Dated<T>>>,
}

/// A value with the position of the log at which it was read.
struct Dated<T> {
    position: i64,
    read_at: Instant,
    value: T,
}

impl<T> Dated<T> {
    fn new(position: i64, value: T) -> Self {
        let read_at = Instant::now();
        Self {
            position,
            read_at,
            value,
        }
    }

    fn is_of(&self, position: i64) -> bool {
        self.position == position && self.read_at.elapsed() < CACHE_MAX
    }
}

impl<K: Hash + Eq, T: Clone> PositionCache<K, T> {
    fn new(capacity: NonZeroUsize) -> Self {
        let entries = Mutex::new(LruCache::new(capacity));
        Self { entries }
    }

    /// The cached value of this position. If there is none, awaits `read`, and caches its value.
    pub(super) async fn get_or_read(
        &self,
        key: K,
        position: i64,
        read: impl Future<Output = Result<T, ViewError>>,
    ) -> Result<T, ViewError> {
        if let Some(known) = self.get(&key, position) {
            return Ok(known);
        }
        let value = read.await?;
        self.entries().put(key, Dated::new(position, value.clone()));
        Ok(value)
    }

    /// What `read` reads of a past position, or the cached value of the position `next`.
    pub(super) async fn read_as_at(
        &self,
        as_at: Option<i64>,
        key: K,
        next: i64,
        read: impl Future<Output = Result<T, ViewError>>,
    ) -> Result<T, ViewError> {
        if as_at.is_some() {
            read.await
        } else {
            self.get_or_read(key, next, read).await
        }
    }

    fn get(&self, key: &K, position: i64) -> Option<T> {
        let mut entries = self.entries();
        let known = entries.get(key).filter(|known| known.is_of(position));
        known.map(|known| known.value.clone())
    }

    fn entries(&self) -> MutexGuard<'_, LruCache<K, Dated<T>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ListCache {
    fn default() -> Self {
        Self {
            totals: PositionCache::new(TOTALS_MAX),
            funds: PositionCache::new(NonZeroUsize::MIN),
            organisation: PositionCache::new(NonZeroUsize::MIN),
            has_gatherings: PositionCache::new(NonZeroUsize::MIN),
            running_gatherings: PositionCache::new(NonZeroUsize::MIN),
            has_directory: PositionCache::new(NonZeroUsize::MIN),
            directory: PositionCache::new(NonZeroUsize::MIN),
            hours: PositionCache::new(NonZeroUsize::MIN),
            value: PositionCache::new(NonZeroUsize::MIN),
            heard: PositionCache::new(NonZeroUsize::MIN),
            former_keepers: PositionCache::new(NonZeroUsize::MIN),
            movement: PositionCache::new(NonZeroUsize::MIN),
            library: PositionCache::new(NonZeroUsize::MIN),
            pledges: PositionCache::new(NonZeroUsize::MIN),
            aims: PositionCache::new(AIMS_MAX),
            network: PositionCache::new(NonZeroUsize::MIN),
            names: Mutex::default(),
        }
    }
}

impl ListCache {
    /// The cached names of groups, as far as they were read at this position.
    pub(super) fn known_names(
        &self,
        position: i64,
        ids: &BTreeSet<String>,
    ) -> BTreeMap<String, String> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = names.as_ref().filter(|known| known.is_of(position)) else {
            return BTreeMap::new();
        };
        let pair = |id: &String| Some((id.clone(), known.value.get(id)?.clone()));
        ids.iter().filter_map(pair).collect()
    }

    /// Adds names that were read at this position.
    pub(super) fn keep_names(&self, position: i64, read: &BTreeMap<String, String>) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = names
            .as_ref()
            .is_some_and(|known| known.is_of(position) && known.value.len() < NAMES_MAX);
        if !has_room {
            *names = Some(Dated::new(position, BTreeMap::new()));
        }
        if let Some(known) = names.as_mut() {
            let more = read.iter().map(|(id, name)| (id.clone(), name.clone()));
            known.value.extend(more);
        }
    }
}
