//! Queries of rows: by id, by filters page by page, counted, or the newest of an owner.

use std::fmt::Display;

use serde::de::DeserializeOwned;

use super::cursor::Cursor;
use super::{ViewError, Views};
use crate::projections::{
    AgreementRow, AnswersRow, ApplicationRow, AssetRow, BarrierRow, ChosenStoryRow, ConsentRow,
    DirectoryRow, ExchangeRow, FileRow, FundRow, GatheringRow, GatheringSessionRow, GrantRow,
    GroupRow, IdentifierRow, IntroductionRow, LessonRow, NoticeRow, OrganisationRow, PastGrantRow,
    PaymentBatchRow, PaymentRow, PersonRow, PublishedRow, SignUpRow, TakenPledgesRow, TallyRow,
    TieRow, UpdateRow,
};
use crate::store::filter::Filter;
use crate::store::newest_rows::{self, NewestRows};
use crate::store::row_query::{self, RowCursor, RowQuery, SortOrder};
use crate::store::view_rows::{self, ViewRow};

/// A row type with a view table of its own.
pub trait TableRow: DeserializeOwned + Send {
    const TABLE: &'static str;
}

macro_rules! impl_table_row {
    ($($row:ty => $table:literal),+ $(,)?) => {$(
        impl TableRow for $row {
            const TABLE: &'static str = $table;
        }
    )+};
}
impl_table_row!(
    AgreementRow => "agreements",
    AnswersRow => "answers",
    ApplicationRow => "applications",
    AssetRow => "assets",
    BarrierRow => "barriers",
    PaymentBatchRow => "batches",
    ExchangeRow => "exchanges",
    ConsentRow => "consents",
    FileRow => "files",
    FundRow => "funds",
    GatheringRow => "gatherings",
    GrantRow => "grants",
    GroupRow => "groups",
    IdentifierRow => "identifiers",
    DirectoryRow => "listed",
    IntroductionRow => "introductions",
    NoticeRow => "notices",
    OrganisationRow => "organisations",
    PastGrantRow => "past_grants",
    PaymentRow => "payments",
    PersonRow => "people",
    TakenPledgesRow => "pledges",
    PublishedRow => "published",
    GatheringSessionRow => "sessions",
    SignUpRow => "sign_ups",
    TieRow => "ties",
    LessonRow => "lessons",
    ChosenStoryRow => "chosen_stories",
    TallyRow => "tallies",
    UpdateRow => "updates",
);

/// Which page of a list is requested.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// The cursor of the previous page: the id after which this page begins.
    pub after: Option<String>,
    pub limit: i64,
}

impl PageRequest {
    /// The first page, with the most rows that a page may have.
    #[must_use]
    pub fn up_to_max() -> Self {
        Self {
            after: None,
            limit: PAGE_MAX,
        }
    }
}

/// A page of a list, and the cursor of the next one.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl<T> Paged<T> {
    /// A page of a list that is in memory as a whole, ordered by id.
    #[must_use]
    pub fn paginate(mut all: Vec<T>, page: &PageRequest, id: impl Fn(&T) -> String) -> Self {
        all.sort_by_key(|item| id(item));
        let behind = |item: &T| page.after.as_ref().is_none_or(|after| id(item) > *after);
        let mut items: Vec<T> = all.into_iter().filter(behind).collect();
        let most = usize::try_from(page.limit).unwrap_or_default();
        let more = items.len() > most;
        items.truncate(most);
        let next = items.last().filter(|_| more).map(&id);
        Self { items, next }
    }
}

/// Number of rows of the largest page, and of each query where all rows are read.
pub const PAGE_MAX: i64 = 500;

/// Maximum number of dependent rows that are returned with their owner.
const NEWEST_MAX: i64 = 500;

/// Maximum of a bounded count.
pub const COUNT_MAX: i64 = 1000;

impl Views {
    /// The number of rows, at most [`COUNT_MAX`].
    pub async fn count<T: TableRow>(
        &self,
        as_at: Option<i64>,
        filters: Vec<Filter>,
    ) -> Result<i64, ViewError> {
        self.count_up_to::<T>(as_at, filters, COUNT_MAX).await
    }

    /// The number of rows, without a bound.
    pub async fn total<T: TableRow>(
        &self,
        as_at: Option<i64>,
        filters: Vec<Filter>,
    ) -> Result<i64, ViewError> {
        self.count_up_to::<T>(as_at, filters, i64::MAX).await
    }

    async fn count_up_to<T: TableRow>(
        &self,
        as_at: Option<i64>,
        filters: Vec<Filter>,
        most: i64,
    ) -> Result<i64, ViewError> {
        let wanted = RowQuery {
            table: T::TABLE,
            as_at,
            filters,
            order: SortOrder::default(),
            after: None,
            limit: most,
        };
        Ok(row_query::count(self.log.store(), self.log.organisation(), &wanted).await?)
    }

    /// Groups whose names contain a text.
    pub async fn find_groups_by_name(
        &self,
        text: &str,
        most: i64,
    ) -> Result<Vec<GroupRow>, ViewError> {
        let found =
            view_rows::groups_named(self.log.store(), self.log.organisation(), text, most).await?;
        found.iter().map(parse_row).collect()
    }

    /// A row by id, current or as at a position.
    pub async fn find<T: TableRow>(
        &self,
        id: impl Display,
        as_at: Option<i64>,
    ) -> Result<Option<T>, ViewError> {
        self.row_at(T::TABLE, &id.to_string(), as_at)
            .await?
            .as_ref()
            .map(parse_row)
            .transpose()
    }

    /// Rows by filters in the order of ids, current or as at a position.
    pub async fn list<T: TableRow>(
        &self,
        as_at: Option<i64>,
        filters: Vec<Filter>,
        page: &PageRequest,
    ) -> Result<Paged<T>, ViewError> {
        let after = page.after.as_deref().map(|id| RowCursor { key: "", id });
        self.query_page(as_at, filters, SortOrder::default(), after, page.limit)
            .await
    }

    /// Rows by filters in another order, after a cursor of that order.
    pub async fn list_ordered<T: TableRow>(
        &self,
        as_at: Option<i64>,
        filters: Vec<Filter>,
        order: SortOrder,
        (after, most): (Option<&Cursor>, i64),
    ) -> Result<Paged<T>, ViewError> {
        self.query_page(as_at, filters, order, after.map(Cursor::as_after), most)
            .await
    }

    async fn query_page<T: TableRow>(
        &self,
        as_at: Option<i64>,
        filters: Vec<Filter>,
        order: SortOrder,
        after: Option<RowCursor<'_>>,
        most: i64,
    ) -> Result<Paged<T>, ViewError> {
        let wanted = RowQuery {
            table: T::TABLE,
            as_at,
            filters,
            order,
            after,
            limit: most + 1,
        };
        let mut found = row_query::find(self.log.store(), self.log.organisation(), &wanted).await?;
        let most = usize::try_from(most).unwrap_or_default();
        let more = found.len() > most;
        found.truncate(most);
        let unreadable = |row: &ViewRow, cause| ViewError::Unreadable {
            table: T::TABLE,
            row: row.id.clone(),
            cause,
        };
        let behind =
            |row: &ViewRow| Cursor::for_row(order, row).map_err(|cause| unreadable(row, cause));
        let next = found.last().filter(|_| more).map(behind).transpose()?;
        Ok(Paged {
            items: found.iter().map(parse_row).collect::<Result<_, _>>()?,
            next,
        })
    }
}

impl Views {
    /// All rows by filters, read page by page.
    pub async fn all_rows<T: TableRow>(
        &self,
        as_at: Option<i64>,
        filters: Vec<Filter>,
    ) -> Result<Vec<T>, ViewError> {
        let (mut all, mut page) = (Vec::new(), PageRequest::up_to_max());
        loop {
            let listed = self.list::<T>(as_at, filters.clone(), &page).await?;
            all.extend(listed.items);
            match listed.next {
                Some(next) => page.after = Some(next),
                None => return Ok(all),
            }
        }
    }
}

impl Views {
    /// All rows with one of these values in an indexed column, few values at a time: of many, the
    /// database might read the whole table.
    pub async fn rows_of<T: TableRow>(
        &self,
        column: &'static str,
        values: &[String],
    ) -> Result<Vec<T>, ViewError> {
        let mut rows = Vec::new();
        for some in values.chunks(row_query::SEPARATE_LOOKUPS_MAX) {
            let of_some = vec![Filter::any_of(column, some)];
            rows.extend(self.all_rows::<T>(None, of_some).await?);
        }
        Ok(rows)
    }

    /// The newest rows of each owner, at most 500 of each, in the order of their creation.
    pub async fn newest_of<T: TableRow>(
        &self,
        owner: &'static str,
        owners: &[String],
        as_at: Option<i64>,
    ) -> Result<Vec<T>, ViewError> {
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = NewestRows {
            table: T::TABLE,
            owner,
            owners,
            as_at,
            limit_per_owner: NEWEST_MAX,
        };
        newest_rows::find(self.log.store(), self.log.organisation(), &wanted)
            .await?
            .iter()
            .map(parse_row)
            .collect()
    }

    /// The newest files of groups, without those that were removed.
    pub async fn files_of(
        &self,
        groups: &[String],
        as_at: Option<i64>,
    ) -> Result<Vec<FileRow>, ViewError> {
        let mut files: Vec<FileRow> = self.newest_of("group_id", groups, as_at).await?;
        files.retain(|file| file.removed_on.is_none());
        Ok(files)
    }
}

pub(super) fn parse_row<T: TableRow>(row: &ViewRow) -> Result<T, ViewError> {
    serde_json::from_str(&row.body).map_err(|cause| ViewError::Unreadable {
        table: T::TABLE,
        row: row.id.clone(),
        cause,
    })
}
