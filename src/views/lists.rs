//! Queries of rows: by id, by filters page by page, counted, or the newest of an owner.

use serde::de::DeserializeOwned;

use super::cursor::Cursor;
use super::{ViewError, Views};
use crate::projections::{
    AgreementRow, AnswersRow, ApplicationRow, BatchRow, FileRow, FundRow, GrantRow, GroupRow,
    IdentifierRow, OrganisationRow, PastGrantRow, PaymentRow, PersonRow, PublishedRow, UpdateRow,
};
use crate::store::newest::{self, Newest};
use crate::store::rows::{self, Row};
use crate::store::wanted::{self, After, Order, Wanted};

/// A row type with a view table of its own.
pub trait InTable: DeserializeOwned + Send {
    const TABLE: &'static str;
}

macro_rules! in_table {
    ($($row:ty => $table:literal),+ $(,)?) => {$(
        impl InTable for $row {
            const TABLE: &'static str = $table;
        }
    )+};
}
in_table!(
    AgreementRow => "agreements",
    AnswersRow => "answers",
    ApplicationRow => "applications",
    BatchRow => "batches",
    FileRow => "files",
    FundRow => "funds",
    GrantRow => "grants",
    GroupRow => "groups",
    IdentifierRow => "identifiers",
    OrganisationRow => "organisations",
    PastGrantRow => "past_grants",
    PaymentRow => "payments",
    PersonRow => "people",
    PublishedRow => "published",
    UpdateRow => "updates",
);

/// Which page of a list is requested.
#[derive(Clone, Debug)]
pub struct Page {
    /// The cursor of the previous page: the id after which this page begins.
    pub after: Option<String>,
    pub most: i64,
}

/// A page of a list, and the cursor of the next one.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// A page of a list that is in memory as a whole, ordered by id.
    #[must_use]
    pub fn cut(mut all: Vec<T>, page: &Page, id: impl Fn(&T) -> String) -> Self {
        all.sort_by_key(|item| id(item));
        let behind = |item: &T| page.after.as_ref().is_none_or(|after| id(item) > *after);
        let mut items: Vec<T> = all.into_iter().filter(behind).collect();
        let most = usize::try_from(page.most).unwrap_or_default();
        let more = items.len() > most;
        items.truncate(most);
        let next = items.last().filter(|_| more).map(&id);
        Self { items, next }
    }
}

/// Number of rows per query where all are read.
const MANY: i64 = 500;

/// Maximum number of dependent rows that are returned with their owner.
const NEWEST: i64 = 500;

/// Maximum of a bounded count.
pub const COUNTED: i64 = 1000;

impl Views {
    /// The number of rows, at most [`COUNTED`].
    pub async fn count<T: InTable>(
        &self,
        as_at: Option<i64>,
        filters: Vec<(&'static str, Vec<String>)>,
    ) -> Result<i64, ViewError> {
        self.counted::<T>(as_at, filters, COUNTED).await
    }

    /// The number of rows, without a bound.
    pub async fn total<T: InTable>(
        &self,
        as_at: Option<i64>,
        filters: Vec<(&'static str, Vec<String>)>,
    ) -> Result<i64, ViewError> {
        self.counted::<T>(as_at, filters, i64::MAX).await
    }

    async fn counted<T: InTable>(
        &self,
        as_at: Option<i64>,
        filters: Vec<(&'static str, Vec<String>)>,
        most: i64,
    ) -> Result<i64, ViewError> {
        let wanted = Wanted {
            table: T::TABLE,
            as_at,
            filters,
            order: Order::default(),
            after: None,
            most,
        };
        Ok(wanted::count(self.log.store(), self.log.organisation(), &wanted).await?)
    }

    /// Groups whose names contain a text.
    pub async fn groups_named(&self, text: &str, most: i64) -> Result<Vec<GroupRow>, ViewError> {
        let found =
            rows::groups_named(self.log.store(), self.log.organisation(), text, most).await?;
        found.iter().map(read).collect()
    }

    /// A row by id, current or as at a position.
    pub async fn find<T: InTable>(
        &self,
        id: &str,
        as_at: Option<i64>,
    ) -> Result<Option<T>, ViewError> {
        self.body(T::TABLE, id, as_at)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Rows by filters in the order of ids, current or as at a position.
    pub async fn list<T: InTable>(
        &self,
        as_at: Option<i64>,
        filters: Vec<(&'static str, Vec<String>)>,
        page: &Page,
    ) -> Result<Listed<T>, ViewError> {
        let after = page.after.as_deref().map(|id| After { key: "", id });
        self.page(as_at, filters, Order::default(), after, page.most)
            .await
    }

    /// Rows by filters in another order, after a cursor of that order.
    pub async fn list_by<T: InTable>(
        &self,
        as_at: Option<i64>,
        filters: Vec<(&'static str, Vec<String>)>,
        order: Order,
        (after, most): (Option<&Cursor>, i64),
    ) -> Result<Listed<T>, ViewError> {
        self.page(as_at, filters, order, after.map(Cursor::after), most)
            .await
    }

    async fn page<T: InTable>(
        &self,
        as_at: Option<i64>,
        filters: Vec<(&'static str, Vec<String>)>,
        order: Order,
        after: Option<After<'_>>,
        most: i64,
    ) -> Result<Listed<T>, ViewError> {
        let wanted = Wanted {
            table: T::TABLE,
            as_at,
            filters,
            order,
            after,
            most: most + 1,
        };
        let mut found = wanted::find(self.log.store(), self.log.organisation(), &wanted).await?;
        let most = usize::try_from(most).unwrap_or_default();
        let more = found.len() > most;
        found.truncate(most);
        let unreadable = |row: &Row, cause| ViewError::Unreadable {
            table: T::TABLE,
            row: row.id.clone(),
            cause,
        };
        let behind = |row: &Row| Cursor::behind(order, row).map_err(|cause| unreadable(row, cause));
        let next = found.last().filter(|_| more).map(behind).transpose()?;
        Ok(Listed {
            items: found.iter().map(read).collect::<Result<_, _>>()?,
            next,
        })
    }
}

impl Views {
    /// All rows by filters, read page by page.
    pub async fn every<T: InTable>(
        &self,
        as_at: Option<i64>,
        filters: Vec<(&'static str, Vec<String>)>,
    ) -> Result<Vec<T>, ViewError> {
        let (mut all, mut page) = (
            Vec::new(),
            Page {
                after: None,
                most: MANY,
            },
        );
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
    /// The newest rows of each owner, at most 500 of each, in the order of their creation.
    pub async fn newest_of<T: InTable>(
        &self,
        owner: &'static str,
        owners: &[String],
        as_at: Option<i64>,
    ) -> Result<Vec<T>, ViewError> {
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = Newest {
            table: T::TABLE,
            owner,
            owners,
            as_at,
            most: NEWEST,
        };
        newest::find(self.log.store(), self.log.organisation(), &wanted)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// The newest files of groups.
    pub async fn files_of(
        &self,
        groups: &[String],
        as_at: Option<i64>,
    ) -> Result<Vec<FileRow>, ViewError> {
        self.newest_of("group_id", groups, as_at).await
    }
}

fn read<T: InTable>(row: &Row) -> Result<T, ViewError> {
    serde_json::from_str(&row.body).map_err(|cause| ViewError::Unreadable {
        table: T::TABLE,
        row: row.id.clone(),
        cause,
    })
}
