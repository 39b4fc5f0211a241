//! The lists of the desk: their rows in any order, page by page in both directions, their totals,
//! and the neighbours of a row. What each page shows besides its rows is cached until the log moves
//! on: totals, funds, names of groups, and the organisation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lru::LruCache;
use serde::Deserialize;

use super::queries::{COUNT_MAX, TableRow, parse_row};
use super::{ViewError, Views};
use crate::projections::{FundRow, OrganisationRow};
use crate::store::filter::Filter;
use crate::store::list_query::{self, ListPlace, ListQuery, ListStart, ListedRow};
pub use crate::store::list_query::{
    ApplicationColumn, GrantColumn, GroupColumn, ListAmount, ListKey, ListOrder, ListTotals,
    PaymentColumn, PersonColumn, UpdateColumn,
};

/// Number of totals in the cache.
const TOTALS_MAX: NonZeroUsize = NonZeroUsize::new(512).expect("it is not zero");
/// The largest number of names of groups in the cache.
const NAMES_MAX: usize = 10_000;
/// Names per query.
const NAMES_CHUNK: usize = 500;
/// How many changes of a row are looked at for the place that it had in a list.
const CHANGES_MAX: usize = 4;
/// How long a value of the same position is used. On PostgreSQL the rows may be newer than the
/// position that this process has seen.
const CACHE_MAX: Duration = Duration::from_secs(2);

/// The rows of a list: its filters and order, current or as at a position.
#[derive(Clone, Debug)]
pub struct ListSelection {
    pub as_at: Option<i64>,
    pub filters: Vec<Filter>,
    pub order: ListOrder,
}

/// The page of a list that is asked for, by the cursor of its neighbour. A text that is no cursor
/// asks for the first page.
#[derive(Clone, Copy, Debug)]
pub enum ListCursor<'a> {
    First,
    After(&'a str),
    Before(&'a str),
}

/// A page of a list, and the cursors of the pages before and after it.
#[derive(Clone, Debug)]
pub struct ListPage<T> {
    pub items: Vec<T>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// The rows before and after a row of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListNeighbours {
    /// The number of the row in the list, from 1. `None` if the row is not in the list any more, or
    /// too far from its start to be counted.
    pub number: Option<i64>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// What was read at a position of the log.
pub(super) struct ListCache {
    totals: Mutex<LruCache<String, Dated<ListTotals>>>,
    funds: Mutex<Option<Dated<Arc<Vec<FundRow>>>>>,
    organisation: Mutex<Option<Dated<Option<Arc<OrganisationRow>>>>>,
    /// Names of groups by their ids.
    names: Mutex<Option<Dated<BTreeMap<String, String>>>>,
}

/// The only part of a group's row that is read for its name.
#[derive(Deserialize)]
struct NamedGroup {
    name: String,
}

#[derive(Clone)]
struct Dated<T> {
    position: i64,
    read_at: Instant,
    value: T,
}

impl<T: Clone> Dated<T> {
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

    fn at(&self, position: i64) -> Option<T> {
        self.is_of(position).then(|| self.value.clone())
    }
}

impl Default for ListCache {
    fn default() -> Self {
        Self {
            totals: Mutex::new(LruCache::new(TOTALS_MAX)),
            funds: Mutex::default(),
            organisation: Mutex::default(),
            names: Mutex::default(),
        }
    }
}

impl ListCache {
    /// The cached names of groups, as far as they were read at this position.
    fn known_names(&self, position: i64, ids: &BTreeSet<String>) -> BTreeMap<String, String> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = names.as_ref().filter(|known| known.is_of(position)) else {
            return BTreeMap::new();
        };
        let pair = |id: &String| Some((id.clone(), known.value.get(id)?.clone()));
        ids.iter().filter_map(pair).collect()
    }

    fn keep_names(&self, position: i64, read: &BTreeMap<String, String>) {
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

fn encode(place: &ListedRow) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}\n{}", place.sort_key, place.row.id))
}

fn decode(order: ListOrder, cursor: &str) -> Option<ListPlace> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    // An id has no line break; a name may have one.
    let (key, id) = text.rsplit_once('\n')?;
    let place = ListPlace {
        key: key.to_owned(),
        id: id.to_owned(),
    };
    (!text.contains('\0') && place.fits(order)).then_some(place)
}

impl ListSelection {
    fn query<'a>(&'a self, start: ListStart<'a>, limit: i64) -> ListQuery<'a> {
        ListQuery {
            as_at: self.as_at,
            filters: &self.filters,
            order: self.order,
            start,
            limit,
        }
    }
}

impl Views {
    /// A page of a list.
    pub async fn list_page<T: TableRow>(
        &self,
        list: &ListSelection,
        cursor: ListCursor<'_>,
        most: i64,
    ) -> Result<ListPage<T>, ViewError> {
        let place = match cursor {
            ListCursor::First => None,
            ListCursor::After(text) | ListCursor::Before(text) => decode(list.order, text),
        };
        let start = match (cursor, &place) {
            (ListCursor::After(_), Some(place)) => ListStart::After(place),
            (ListCursor::Before(_), Some(place)) => ListStart::Before(place),
            _ => ListStart::First,
        };
        let mut found = self.listed(list, start, most + 1).await?;
        let size = usize::try_from(most).unwrap_or_default();
        let more = found.len() > size;
        if matches!(start, ListStart::Before(_)) {
            if !more {
                // The list begins here: a whole first page instead of the rest before a row.
                found = self.listed(list, ListStart::First, most + 1).await?;
                return first_page(found, size);
            }
            found.truncate(size);
            found.reverse();
            return page(&found, true, true);
        }
        if matches!(start, ListStart::First) {
            return first_page(found, size);
        }
        found.truncate(size);
        page(&found, true, more)
    }

    /// All rows of a list in its order, read page by page.
    pub async fn whole_list<T: TableRow>(&self, list: &ListSelection) -> Result<Vec<T>, ViewError> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let cursor = after
                .as_deref()
                .map_or(ListCursor::First, ListCursor::After);
            let part = self.list_page::<T>(list, cursor, super::PAGE_MAX).await?;
            all.extend(part.items);
            match part.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn listed(
        &self,
        list: &ListSelection,
        start: ListStart<'_>,
        limit: i64,
    ) -> Result<Vec<ListedRow>, ViewError> {
        let wanted = list.query(start, limit);
        Ok(list_query::find(self.log.store(), self.log.organisation(), &wanted).await?)
    }

    /// The number of rows of a list, at most [`COUNT_MAX`], and the sums of their amounts. They are
    /// cached until the log moves on.
    pub async fn list_totals(
        &self,
        list: &ListSelection,
        amounts: [Option<ListAmount>; 2],
    ) -> Result<ListTotals, ViewError> {
        let key = format!(
            "{:?} {:?} {:?} {amounts:?}",
            list.order.key, list.as_at, list.filters
        );
        let position = self.projector.next_position();
        let known = self
            .list_cache
            .totals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .and_then(|known| known.at(position));
        if let Some(known) = known {
            return Ok(known);
        }
        let wanted = list.query(ListStart::First, COUNT_MAX);
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let totals = list_query::totals(store, organisation, &wanted, amounts).await?;
        self.list_cache
            .totals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .put(key, Dated::new(position, totals));
        Ok(totals)
    }

    /// All funds, cached until the log moves on.
    pub async fn cached_funds(&self) -> Result<Arc<Vec<FundRow>>, ViewError> {
        let position = self.projector.next_position();
        let known = self
            .list_cache
            .funds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .and_then(|known| known.at(position));
        if let Some(known) = known {
            return Ok(known);
        }
        let funds: Arc<Vec<FundRow>> = Arc::new(self.all_rows(None, Vec::new()).await?);
        *self
            .list_cache
            .funds
            .lock()
            .unwrap_or_else(PoisonError::into_inner) =
            Some(Dated::new(position, Arc::clone(&funds)));
        Ok(funds)
    }

    /// The organisation by its id, cached until the log moves on.
    pub async fn cached_organisation(
        &self,
        id: impl Display,
    ) -> Result<Option<Arc<OrganisationRow>>, ViewError> {
        let position = self.projector.next_position();
        let known = self
            .list_cache
            .organisation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .and_then(|known| known.at(position));
        if let Some(known) = known {
            return Ok(known);
        }
        let own: Option<OrganisationRow> = self.find(id, None).await?;
        let own = own.map(Arc::new);
        *self
            .list_cache
            .organisation
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Dated::new(position, own.clone()));
        Ok(own)
    }

    /// The public names of groups by their ids, cached until the log moves on.
    pub async fn names_of_groups(
        &self,
        ids: BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>, ViewError> {
        let position = self.projector.next_position();
        let mut names = self.list_cache.known_names(position, &ids);
        let unknown: Vec<String> = ids
            .into_iter()
            .filter(|id| !names.contains_key(id))
            .collect();
        if unknown.is_empty() {
            return Ok(names);
        }
        let mut read = BTreeMap::new();
        for some in unknown.chunks(NAMES_CHUNK) {
            let rows = self.current_rows::<NamedGroup>("groups", some).await?;
            read.extend(rows.into_iter().map(|(id, row)| (id, row.name)));
        }
        self.list_cache.keep_names(position, &read);
        names.extend(read);
        Ok(names)
    }

    /// The rows before and after a row of a list. If the row is not in the list any more, because
    /// it was acted on, they are those around the place that it had; after the last row, `next` is
    /// the list's first row.
    pub async fn list_neighbours(
        &self,
        list: &ListSelection,
        id: &str,
    ) -> Result<ListNeighbours, ViewError> {
        let mut own = list.clone();
        own.filters.push(Filter::equals("id", id));
        let Some(own) = self.listed(&own, ListStart::First, 1).await?.pop() else {
            return self.neighbours_of_gone(list, id).await;
        };
        let place = own.place();
        let next = self.listed(list, ListStart::After(&place), 1).await?.pop();
        let previous = self.listed(list, ListStart::Before(&place), 1).await?.pop();
        let before = list.query(ListStart::Before(&place), COUNT_MAX);
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let before = list_query::totals(store, organisation, &before, [None, None])
            .await?
            .rows;
        Ok(ListNeighbours {
            number: (before < COUNT_MAX).then_some(before + 1),
            previous: previous.map(|row| row.row.id),
            next: next.map(|row| row.row.id),
        })
    }
}

impl Views {
    /// The rows around the place that a row had before it left the list.
    async fn neighbours_of_gone(
        &self,
        list: &ListSelection,
        id: &str,
    ) -> Result<ListNeighbours, ViewError> {
        let mut near = ListNeighbours::default();
        if let Some(place) = self.place_before(list, id).await? {
            let next = self.listed(list, ListStart::After(&place), 1).await?.pop();
            let previous = self.listed(list, ListStart::Before(&place), 1).await?.pop();
            near.next = next.map(|row| row.row.id);
            near.previous = previous.map(|row| row.row.id);
        }
        if near.next.is_none() {
            let first = self.listed(list, ListStart::First, 1).await?.pop();
            near.next = first.map(|row| row.row.id);
        }
        Ok(near)
    }

    /// The place that a row had in a list before one of its last changes.
    async fn place_before(
        &self,
        list: &ListSelection,
        id: &str,
    ) -> Result<Option<ListPlace>, ViewError> {
        let mut own = list.clone();
        own.filters.push(Filter::equals("id", id));
        for _ in 0..CHANGES_MAX {
            let version = self.row_at(list.order.key.table(), id, own.as_at).await?;
            let Some(since) = version.map(|row| row.since).filter(|since| *since > 0) else {
                return Ok(None);
            };
            own.as_at = Some(since - 1);
            if let Some(found) = self.listed(&own, ListStart::First, 1).await?.pop() {
                return Ok(Some(found.place()));
            }
        }
        Ok(None)
    }
}

fn first_page<T: TableRow>(
    mut found: Vec<ListedRow>,
    size: usize,
) -> Result<ListPage<T>, ViewError> {
    let more = found.len() > size;
    found.truncate(size);
    page(&found, false, more)
}

fn page<T: TableRow>(
    found: &[ListedRow],
    previous: bool,
    next: bool,
) -> Result<ListPage<T>, ViewError> {
    Ok(ListPage {
        items: found
            .iter()
            .map(|listed| parse_row(&listed.row))
            .collect::<Result<_, _>>()?,
        previous: found.first().filter(|_| previous).map(encode),
        next: found.last().filter(|_| next).map(encode),
    })
}
