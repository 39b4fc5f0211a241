//! What a list consists of. Each list declares it in one table.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::super::{
    DeskRequest, applications, assets, barriers, gatherings, grants, groups, payments, people,
    updates,
};
use crate::clock::day_of;
use crate::domain::Role;
use crate::domain::reference::Reference;
use crate::domain::text::Slug;
use crate::http::pages::PageError;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::projections::FundRow;
use crate::views::{Filter, ListAmount, ListKey, ListOrder, ListSelection};

/// The largest number of groups that a search finds.
const SEARCH_MAX: i64 = 200;

/// A list of the desk.
pub(in crate::http::pages::desk) struct ListDefinition {
    /// The last part of its address.
    pub name: &'static str,
    pub title: &'static str,
    /// A sentence below the heading; empty without one.
    pub lead: &'static str,
    /// One row and several rows, in words.
    pub nouns: (&'static str, &'static str),
    /// The first column names the row, and is always shown.
    pub columns: &'static [ListColumn],
    /// Ready-made filters, as links above the list.
    pub tabs: &'static [ListTab],
    /// The order without `sort`: by a column, or by what is most urgent.
    pub usual: (Option<&'static str>, ListKey),
    /// The amounts that are summed over the list, with their names.
    pub amounts: [Option<(&'static str, ListAmount)>; 2],
    /// What `q` looks for.
    pub search: Option<ListSearch>,
    /// The conditions that a query describes.
    pub filters: fn(&DeskRequest<'_>) -> Result<Vec<Filter>, PageError>,
    /// The choices of the filters.
    pub fields: fn(&[FundRow], &ThemeNames) -> Vec<ListFilter>,
    /// Whether the list can be shown as it was on a day.
    pub has_past: bool,
    /// Whether the tabs show how many rows each has.
    pub has_counts: bool,
    /// Whether its spreadsheet says how the group of each row can be reached.
    pub has_contacts: bool,
    pub bulk: &'static [BulkAction],
    /// What the page is for, if the list has no rows at all.
    pub purpose: &'static str,
}

/// A column of a list.
#[derive(Clone, Copy)]
pub(in crate::http::pages::desk) struct ListColumn {
    /// The name in `sort` and `column`.
    pub id: &'static str,
    pub heading: &'static str,
    /// The key that it is sorted by; `None` if it cannot be sorted by.
    pub key: Option<ListKey>,
    pub is_numeric: bool,
    /// Left out first if the page is narrow.
    pub is_minor: bool,
    /// Shown unless other columns are chosen.
    pub is_usual: bool,
}

/// A column that is shown.
pub(in crate::http::pages::desk) const fn column(
    id: &'static str,
    heading: &'static str,
    key: Option<ListKey>,
) -> ListColumn {
    ListColumn {
        id,
        heading,
        key,
        is_numeric: false,
        is_minor: false,
        is_usual: true,
    }
}

impl ListColumn {
    /// Right-aligned.
    pub const fn numeric(mut self) -> Self {
        self.is_numeric = true;
        self
    }

    /// Left out first if the page is narrow.
    pub const fn minor(mut self) -> Self {
        self.is_minor = true;
        self
    }

    /// Shown only if it is chosen.
    pub const fn unusual(mut self) -> Self {
        self.is_usual = false;
        self
    }
}

/// A ready-made filter: its label, and the query that it is.
pub(in crate::http::pages::desk) struct ListTab {
    pub label: &'static str,
    pub query: &'static [(&'static str, &'static str)],
}

/// What the text `q` is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http::pages::desk) enum ListSearch {
    /// The name of the row's group.
    Group,
    /// The number of the row, or the name of its group.
    NumberOrGroup,
    /// The row's own name.
    Own,
}

impl ListSearch {
    pub fn label(self) -> &'static str {
        match self {
            Self::NumberOrGroup => "Number or name of a group",
            Self::Group | Self::Own => "Part of the name",
        }
    }
}

/// A filter that a reader can add: the parameter, its label, and its choices.
pub(in crate::http::pages::desk) struct ListFilter {
    pub name: &'static str,
    pub label: &'static str,
    /// The choice of no filter: "Any area".
    pub any: &'static str,
    pub choices: Vec<(String, String)>,
}

impl ListFilter {
    pub fn new(
        name: &'static str,
        label: &'static str,
        any: &'static str,
        choices: Vec<(String, String)>,
    ) -> Self {
        Self {
            name,
            label,
            any,
            choices,
        }
    }

    /// The status: each state by its key, with its words.
    pub fn status(any: &'static str, states: &[(&str, &str)]) -> Self {
        let choices = states
            .iter()
            .map(|(key, label)| ((*key).to_owned(), (*label).to_owned()))
            .collect();
        Self::new("state", "Status", any, choices)
    }

    pub fn fund(funds: &[FundRow]) -> Self {
        let choices = funds
            .iter()
            .map(|fund| (fund.id.to_string(), fund.name.clone()))
            .collect();
        Self::new("fund", "Fund", "Any fund", choices)
    }

    /// The areas of all funds.
    pub fn area(funds: &[FundRow]) -> Self {
        let areas: BTreeSet<&str> = funds
            .iter()
            .flat_map(|fund| &fund.areas)
            .map(Slug::as_str)
            .collect();
        let choices = areas
            .into_iter()
            .map(|area| (area.to_owned(), place_name(area)))
            .collect();
        Self::new("area", "Area", "Any area", choices)
    }

    /// The themes, with those that the organisation had before.
    pub fn theme(themes: &ThemeNames) -> Self {
        Self::new("theme", "Theme", "Any theme", themes.for_filters())
    }
}

/// An action on the rows that are ticked.
pub(in crate::http::pages::desk) struct BulkAction {
    pub id: &'static str,
    /// The button: verb and object.
    pub label: &'static str,
    /// The roles that may take it.
    pub roles: &'static [Role],
}

/// All lists that are sorted and filtered by the database.
pub(in crate::http::pages::desk) fn lists() -> [&'static ListDefinition; 9] {
    [
        &applications::LIST,
        &grants::LIST,
        &payments::LIST,
        &updates::LIST,
        &groups::LIST,
        &people::LIST,
        &gatherings::LIST,
        &assets::LIST,
        &barriers::LIST,
    ]
}

impl ListDefinition {
    pub fn by_name(name: &str) -> Option<&'static Self> {
        lists().into_iter().find(|list| list.name == name)
    }

    pub fn path(&self) -> String {
        format!("/desk/{}", self.name)
    }

    /// The column and the order that a query asks for.
    pub fn order(&self, sort: &str) -> (Option<&'static str>, ListOrder) {
        let (descending, id) = sort
            .strip_prefix('-')
            .map_or((false, sort), |id| (true, id));
        let chosen = self
            .columns
            .iter()
            .find(|column| column.id == id)
            .and_then(|column| Some((column.id, column.key?)));
        if let Some((id, key)) = chosen {
            (Some(id), ListOrder { key, descending })
        } else {
            let (column, key) = self.usual;
            let descending = false;
            (column, ListOrder { key, descending })
        }
    }

    /// The rows that a request asks for. `None` if its search finds nothing.
    pub async fn selection(
        &self,
        request: &DeskRequest<'_>,
    ) -> Result<Option<ListSelection>, PageError> {
        let mut filters = (self.filters)(request)?;
        if let Some(search) = self.search
            && !request.text("q").is_empty()
        {
            match search_filter(request, search).await? {
                Some(filter) => filters.push(filter),
                None => return Ok(None),
            }
        }
        let as_at = if self.has_past {
            request.as_at().await?
        } else {
            None
        };
        if self.name == assets::LIST.name {
            filters.extend(assets::without_keeper_filter(request, as_at).await?);
        }
        Ok(Some(ListSelection {
            as_at,
            filters,
            order: self.order(request.text("sort")).1,
        }))
    }
}

async fn search_filter(
    request: &DeskRequest<'_>,
    search: ListSearch,
) -> Result<Option<Filter>, PageError> {
    let text = request.text("q");
    if search == ListSearch::Own {
        return Ok(Some(Filter::contains("name", text)));
    }
    let reference = Reference::parse(text).filter(|_| search == ListSearch::NumberOrGroup);
    if let Some(reference) = reference {
        return Ok(Some(Filter::equals("reference", reference.digits())));
    }
    let groups = request
        .app
        .views
        .find_groups_by_name(text, SEARCH_MAX)
        .await?;
    let ids: Vec<_> = groups.iter().map(|group| group.id.to_string()).collect();
    Ok((!ids.is_empty()).then(|| Filter::any_of("group_id", ids)))
}

impl DeskRequest<'_> {
    pub(in crate::http::pages::desk) fn today(&self) -> Date {
        day_of(self.app.commands.now())
    }

    /// The filters of the parameters that are columns of the same name.
    pub(in crate::http::pages::desk) fn filters_by_column(
        &self,
        columns: &[&'static str],
    ) -> Vec<Filter> {
        let filter = |column: &&'static str| {
            let values = self.all(column);
            (!values.is_empty()).then(|| Filter::any_of(column, values))
        };
        columns.iter().filter_map(filter).collect()
    }
}
