//! The lists of the desk: their rows in any order, page by page in both directions, their totals,
//! and the neighbours of a row. What each page shows besides its rows is cached until the log moves
//! on: totals, funds, names of groups, and the organisation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::queries::{COUNT_MAX, PageRequest, TableRow, parse_row};
use super::{ViewError, Views};
use crate::domain::asset::AssetState;
use crate::domain::gathering::GatheringState;
use crate::projections::{DirectoryRow, FundRow, GatheringRow, OrganisationRow};
use crate::store::filter::Filter;
use crate::store::list_query::{self, ListPlace, ListQuery, ListStart, ListedRow};
pub use crate::store::list_query::{
    ApplicationColumn, AssetColumn, BarrierColumn, GatheringColumn, GrantColumn, GroupColumn,
    ListAmount, ListKey, ListOrder, ListTotals, PaymentColumn, PersonColumn, UpdateColumn,
};

/// Names per query.
const NAMES_CHUNK: usize = 500;
/// How many changes of a row are looked at for the place that it had in a list.
const CHANGES_MAX: usize = 4;

/// The rows of a list: its filters and order, current or as at a position.
#[derive(Clone, Debug)]
pub struct ListSelection {
    pub as_at: Option<i64>,
    pub filters: Vec<Filter>,
    pub order: ListOrder,
}

/// The page of a list that is asked for, by the cursor of its neighbour. A text that is not a
/// cursor asks for the first page.
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

/// The only part of a group's row that is read for its name.
#[derive(Deserialize)]
struct NamedGroup {
    name: String,
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
        let wanted = list.query(ListStart::First, COUNT_MAX);
        let read = async {
            let (store, organisation) = (self.log.store(), self.log.organisation());
            let totals = list_query::totals(store, organisation, &wanted, amounts).await?;
            Ok::<_, ViewError>(totals)
        };
        let position = self.projector.next_position();
        self.list_cache
            .totals
            .get_or_read(key, position, read)
            .await
    }

    /// All funds, cached until the log moves on.
    pub async fn cached_funds(&self) -> Result<Arc<Vec<FundRow>>, ViewError> {
        let read = async {
            let funds = self.all_rows(None, Vec::new()).await?;
            Ok::<_, ViewError>(Arc::new(funds))
        };
        let position = self.projector.next_position();
        self.list_cache.funds.get_or_read((), position, read).await
    }

    /// The organisation by its id, cached until the log moves on.
    pub async fn cached_organisation(
        &self,
        id: impl Display,
    ) -> Result<Option<Arc<OrganisationRow>>, ViewError> {
        let read = async {
            let own: Option<OrganisationRow> = self.find(id, None).await?;
            Ok::<_, ViewError>(own.map(Arc::new))
        };
        let position = self.projector.next_position();
        self.list_cache
            .organisation
            .get_or_read((), position, read)
            .await
    }

    /// Whether there is a gathering that everyone sees, cached until the log moves on.
    pub async fn has_public_gatherings(&self) -> Result<bool, ViewError> {
        let read = async {
            let public = [GatheringState::Open, GatheringState::Ended];
            let filters = vec![Filter::in_state(public)];
            let page = PageRequest {
                after: None,
                limit: 1,
            };
            let found = self.list::<GatheringRow>(None, filters, &page).await?;
            Ok::<_, ViewError>(!found.items.is_empty())
        };
        let position = self.projector.next_position();
        self.list_cache
            .has_gatherings
            .get_or_read((), position, read)
            .await
    }

    /// The gatherings that are drafts or open, by their ids, cached until the log moves on.
    pub async fn running_gatherings(&self) -> Result<Arc<Vec<GatheringRow>>, ViewError> {
        let read = async {
            let running = [GatheringState::Draft, GatheringState::Open];
            let rows = self.all_rows(None, vec![Filter::in_state(running)]).await?;
            Ok::<_, ViewError>(Arc::new(rows))
        };
        let position = self.projector.next_position();
        self.list_cache
            .running_gatherings
            .get_or_read((), position, read)
            .await
    }

    /// Whether everyone sees an entry of the directory, cached until the log moves on.
    pub async fn has_public_directory(&self) -> Result<bool, ViewError> {
        let read = async {
            let published = vec![Filter::in_state([AssetState::Published])];
            let page = PageRequest {
                after: None,
                limit: 1,
            };
            let found = self.list::<DirectoryRow>(None, published, &page).await?;
            Ok::<_, ViewError>(!found.items.is_empty())
        };
        let position = self.projector.next_position();
        self.list_cache
            .has_directory
            .get_or_read((), position, read)
            .await
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
        let (previous, next) = self.ids_around(list, &place).await?;
        let before = list.query(ListStart::Before(&place), COUNT_MAX);
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let before = list_query::totals(store, organisation, &before, [None, None])
            .await?
            .rows;
        Ok(ListNeighbours {
            number: (before < COUNT_MAX).then_some(before + 1),
            previous,
            next,
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
            (near.previous, near.next) = self.ids_around(list, &place).await?;
        }
        if near.next.is_none() {
            let first = self.listed(list, ListStart::First, 1).await?.pop();
            near.next = first.map(|row| row.row.id);
        }
        Ok(near)
    }

    /// The ids of the rows before and after a place.
    async fn ids_around(
        &self,
        list: &ListSelection,
        place: &ListPlace,
    ) -> Result<(Option<String>, Option<String>), ViewError> {
        let next = self.listed(list, ListStart::After(place), 1).await?.pop();
        let previous = self.listed(list, ListStart::Before(place), 1).await?.pop();
        Ok((previous.map(|row| row.row.id), next.map(|row| row.row.id)))
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
