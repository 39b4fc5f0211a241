//! Builds a page of a list from its definition and the query of the address.

use actix_web::HttpResponse;

use super::definition::{BulkAction, ListColumn, ListDefinition, ListFilter, ListTab};
use super::parts::{ColumnChoice, FilterField, List, ListHead, ListRow, PageLinks, TabLink, Tick};
use crate::domain::Money;
use crate::http::pages::days::short_day;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::layout::url_encoded;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::{PageContext, PageError};
use crate::views::{
    COUNT_MAX, ListCursor, ListPage, ListSelection, ListTotals, SavedViewRow, TableRow,
};

/// Rows of a page.
const PAGE_SIZE: i64 = 50;
/// Parameters that choose a page and not a list.
const OF_PAGE: [&str; 6] = ["after", "before", "at", "select", "done", "list"];
/// Parameters that do not choose rows.
const OF_LOOKS: [&str; 2] = ["sort", "column"];

/// The rows of a page that were found, and the totals of the list.
pub(in crate::http::pages::desk) struct ListLine<T> {
    pub page: ListPage<T>,
    pub totals: ListTotals,
}

impl DeskRequest<'_> {
    /// The query without its page, in its order.
    pub(super) fn list_query(&self) -> Vec<(String, String)> {
        self.query
            .iter()
            .filter(|(name, value)| !OF_PAGE.contains(&name.as_str()) && !value.is_empty())
            .cloned()
            .collect()
    }

    fn list_address(&self, query: &[(String, String)]) -> String {
        if query.is_empty() {
            return self.path.clone();
        }
        let query = serde_html_form::to_string(query).unwrap_or_default();
        format!("{}?{query}", self.path)
    }

    /// The list's address with the values of one parameter replaced.
    fn list_address_with(&self, name: &str, value: &str) -> String {
        let mut query = self.list_query();
        query.retain(|(known, _)| known != name);
        query.push((name.to_owned(), value.to_owned()));
        self.list_address(&query)
    }

    /// Finds the rows of the page, and the totals of the list.
    pub(in crate::http::pages::desk) async fn list_rows<T: TableRow>(
        &self,
        list: &ListDefinition,
    ) -> Result<ListLine<T>, PageError> {
        let Some(selection) = list.selection(self).await? else {
            let (items, previous, next) = (Vec::new(), None, None);
            return Ok(ListLine {
                page: ListPage {
                    items,
                    previous,
                    next,
                },
                totals: ListTotals::default(),
            });
        };
        let views = &self.app.views;
        let cursor = match (self.text("after"), self.text("before")) {
            ("", "") => ListCursor::First,
            (after, "") => ListCursor::After(after),
            (_, before) => ListCursor::Before(before),
        };
        Ok(ListLine {
            page: views.list_page(&selection, cursor, PAGE_SIZE).await?,
            totals: self.list_totals(list, &selection).await?,
        })
    }

    async fn list_totals(
        &self,
        list: &ListDefinition,
        selection: &ListSelection,
    ) -> Result<ListTotals, PageError> {
        let amounts = list.amounts.map(|amount| amount.map(|(_, amount)| amount));
        Ok(self.app.views.list_totals(selection, amounts).await?)
    }

    /// All rows of a list, in its order, for a spreadsheet.
    pub(in crate::http::pages::desk) async fn whole_list<T: TableRow>(
        &self,
        list: &ListDefinition,
    ) -> Result<Vec<T>, PageError> {
        match list.selection(self).await? {
            Some(selection) => Ok(self.app.views.whole_list(&selection).await?),
            None => Ok(Vec::new()),
        }
    }

    /// The columns of the query that exist, or the usual ones. The first names the row and is
    /// always shown.
    pub(in crate::http::pages::desk) fn shown_columns(
        &self,
        list: &'static ListDefinition,
    ) -> Vec<&'static ListColumn> {
        let chosen = self.all("column");
        let is_chosen =
            |column: &&ListColumn| chosen.iter().any(|chosen| chosen.as_str() == column.id);
        let any = list.columns.iter().any(|column| is_chosen(&column));
        let shown = |(number, column): &(usize, &'static ListColumn)| {
            *number == 0
                || if any {
                    is_chosen(column)
                } else {
                    column.is_usual
                }
        };
        let all = list.columns.iter().enumerate();
        all.filter(shown).map(|(_, column)| column).collect()
    }

    /// The end of a record's address, by which the record knows the list that it was opened from.
    pub(in crate::http::pages::desk) fn list_suffix(&self) -> String {
        let query = serde_html_form::to_string(self.list_query()).unwrap_or_default();
        format!("?list={}", url_encoded(&query))
    }

    /// Builds the list from the rows that were found.
    pub(in crate::http::pages::desk) async fn list<T>(
        &self,
        list: &'static ListDefinition,
        found: &ListLine<T>,
        rows: Vec<ListRow>,
    ) -> Result<List, PageError> {
        let funds = self.app.views.cached_funds().await?;
        let themes = ThemeNames::load(self.app).await?;
        let saved = self
            .app
            .views
            .saved_views(&self.signed.reader, list.name)
            .await?;
        let tabs = self.tabs(list, &saved).await?;
        let may_act = |action: &&BulkAction| {
            let roles = &self.signed.reader.roles;
            action.roles.iter().any(|role| roles.contains(role))
        };
        let has_ticks = rows.iter().any(|row| row.tick == Tick::Yes);
        let bulk = if has_ticks {
            list.bulk.iter().filter(may_act).collect()
        } else {
            Vec::new()
        };
        let query = self.list_query();
        let is_filter = |(name, _): &(String, String)| !OF_LOOKS.contains(&name.as_str());
        let forms = self.forms();
        let fields = (list.fields)(&funds, &themes);
        let own_names: Vec<_> = fields.iter().map(|field| field.name).collect();
        let of_filters = |name: &str| own_names.contains(&name) || matches!(name, "q" | "as_at");
        Ok(List {
            name: list.name,
            title: list.title,
            lead: list.lead,
            path: self.path.clone(),
            purpose: list.purpose,
            chips: self.chips(list, &tabs, &fields),
            search: list
                .search
                .map(|search| (search.label(), self.text("q").to_owned())),
            day: list.has_past.then(|| self.text("as_at").to_owned()),
            kept_by_filters: without(&query, of_filters),
            kept_by_columns: without(&query, |name| name == "column"),
            totals: totals_in_words(list, found.totals),
            columns: self.column_choices(list),
            heads: self.heads(list),
            pages: self.page_links(list, found),
            bulk,
            sheets: self.spreadsheet_links(),
            sheets_have: if list.has_contacts && self.signed.reader.works_with_groups() {
                "With the contact of each group, for letters to all"
            } else {
                ""
            },
            bulk_form: forms.form("bulk"),
            save_form: forms.form("save-view"),
            may_share: self.signed.reader.may_share_views(),
            is_filtered: query.iter().any(is_filter),
            has_buttons: rows
                .iter()
                .any(|row| row.tick != Tick::No || !row.link.is_empty()),
            select: self.select_link(),
            fields: fields
                .into_iter()
                .map(|field| self.filter_field(field))
                .collect(),
            query: serde_html_form::to_string(query).unwrap_or_default(),
            tabs,
            rows,
        })
    }

    fn select_link(&self) -> (bool, String) {
        let ticked = self.text("select") == "all";
        let mut query: Vec<_> = self
            .query
            .iter()
            .filter(|(name, value)| name != "select" && name != "done" && !value.is_empty())
            .cloned()
            .collect();
        if !ticked {
            query.push(("select".to_owned(), "all".to_owned()));
        }
        (ticked, self.list_address(&query))
    }

    fn filter_field(&self, field: super::ListFilter) -> FilterField {
        let chosen = self.all(field.name);
        let none = (String::new(), field.any.to_owned(), chosen.is_empty());
        let choice = |(value, label): (String, String)| {
            let is_chosen = chosen.contains(&value);
            (value, label, is_chosen)
        };
        FilterField {
            name: field.name,
            label: field.label,
            choices: std::iter::once(none)
                .chain(field.choices.into_iter().map(choice))
                .collect(),
        }
    }

    fn column_choices(&self, list: &'static ListDefinition) -> Vec<ColumnChoice> {
        let shown = self.shown_columns(list);
        let choice = |column: &'static ListColumn| ColumnChoice {
            id: column.id,
            heading: column.heading,
            is_shown: shown.iter().any(|shown| shown.id == column.id),
        };
        list.columns.iter().skip(1).map(choice).collect()
    }

    fn heads(&self, list: &'static ListDefinition) -> Vec<ListHead> {
        let (sorted_by, order) = list.order(self.text("sort"));
        let head = |column: &'static ListColumn| {
            let is_sorted = sorted_by == Some(column.id);
            let sort = if is_sorted && !order.descending {
                format!("-{}", column.id)
            } else {
                column.id.to_owned()
            };
            let sorted = if order.descending {
                "descending"
            } else {
                "ascending"
            };
            ListHead {
                heading: column.heading,
                class: column.class(),
                path: column.key.map(|_| self.list_address_with("sort", &sort)),
                sorted: is_sorted.then_some(sorted),
            }
        };
        self.shown_columns(list).into_iter().map(head).collect()
    }

    fn page_links<T>(&self, list: &ListDefinition, found: &ListLine<T>) -> PageLinks {
        let shown = i64::try_from(found.page.items.len()).unwrap_or_default();
        let before = if found.page.previous.is_some() {
            self.text("at").parse().unwrap_or(0_i64).clamp(0, 1_000_000)
        } else {
            0
        };
        let link = |name: &str, cursor: &String, at: i64| {
            let mut query = self.list_query();
            query.push((name.to_owned(), cursor.clone()));
            query.push(("at".to_owned(), at.to_string()));
            self.list_address(&query)
        };
        let (one, several) = list.nouns;
        let noun = if found.totals.rows == 1 { one } else { several };
        PageLinks {
            from: before + shown.min(1),
            to: before + shown,
            count: format!("{} {noun}", count_in_words(found.totals.rows)),
            previous: found
                .page
                .previous
                .as_ref()
                .map(|cursor| link("before", cursor, (before - PAGE_SIZE).max(0))),
            next: found
                .page
                .next
                .as_ref()
                .map(|cursor| link("after", cursor, before + shown)),
        }
    }

    /// The ready-made and the saved views, with their counts.
    async fn tabs(
        &self,
        list: &'static ListDefinition,
        saved: &[SavedViewRow],
    ) -> Result<Vec<TabLink>, PageError> {
        let own = self.list_query();
        let mut tabs = Vec::new();
        for view in saved {
            let query: Vec<(String, String)> =
                serde_html_form::from_str(&view.query).unwrap_or_default();
            let is_current = !query.is_empty() && query == own;
            let removable = view
                .may_be_removed_by(&self.signed.reader)
                .then(|| view.id.clone());
            tabs.push(TabLink {
                removable,
                ..self
                    .tab_link(list, view.name.clone(), query, is_current)
                    .await?
            });
        }
        let is_saved = tabs.iter().any(|tab| tab.is_current);
        let mut ready_made = Vec::new();
        for tab in list.tabs {
            let is_current = !is_saved && self.is_current_tab(list, tab);
            let query = tab.pairs();
            ready_made.push(
                self.tab_link(list, tab.label.to_owned(), query, is_current)
                    .await?,
            );
        }
        ready_made.extend(tabs);
        Ok(ready_made)
    }

    async fn tab_link(
        &self,
        list: &'static ListDefinition,
        label: String,
        query: Vec<(String, String)>,
        is_current: bool,
    ) -> Result<TabLink, PageError> {
        let path = self.list_address(&query);
        let request = self.at(self.path.clone(), query);
        let count = match list.selection(&request).await {
            _ if !list.has_counts => String::new(),
            Ok(Some(selection)) => count_in_words(self.list_totals(list, &selection).await?.rows),
            // The query of a saved view may name what does not exist any more.
            Ok(None) | Err(_) => count_in_words(0),
        };
        Ok(TabLink {
            label,
            path,
            count,
            is_current,
            removable: None,
        })
    }

    /// Whether the query has the values of a tab in all parameters by which tabs choose rows.
    fn is_current_tab(&self, list: &ListDefinition, tab: &ListTab) -> bool {
        let names = list.tabs.iter().flat_map(|tab| tab.query);
        let mut names = names
            .map(|(name, _)| *name)
            .filter(|name| !OF_LOOKS.contains(name));
        names.all(|name| {
            let mut own = self.all(name);
            let mut others: Vec<_> = tab
                .query
                .iter()
                .filter(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
                .collect();
            own.sort_unstable();
            others.sort_unstable();
            own == others
        })
    }

    /// Each filter that is set, as a label and the address without it. The labels come from the
    /// filters' choices, because anyone can change an address. Filters that the current tab sets
    /// are left out.
    fn chips(
        &self,
        list: &ListDefinition,
        tabs: &[TabLink],
        fields: &[ListFilter],
    ) -> Vec<(String, String)> {
        let has_tab = tabs.iter().any(|tab| tab.is_current);
        let is_of_tab = |name: &str| {
            let mut names = list.tabs.iter().flat_map(|tab| tab.query);
            has_tab && names.any(|(known, _)| *known == name)
        };
        let query = self.list_query();
        let label = |name: &str, value: &str| {
            let field = fields.iter().find(|field| field.name == name);
            match (name, field) {
                ("q", _) => Some(format!("Search: {value}")),
                ("as_at", _) => Some(format!("As it was on {}", self.day_in_words(value))),
                (_, Some(field)) if !is_of_tab(name) => {
                    let choice = field.choices.iter().find(|(known, _)| known == value);
                    let says = choice.map_or("unknown", |(_, label)| label.as_str());
                    Some(format!("{}: {says}", field.label))
                }
                _ => None,
            }
        };
        let chip = |pair: &(String, String)| {
            let rest: Vec<_> = query
                .iter()
                .filter(|other| *other != pair)
                .cloned()
                .collect();
            Some((label(&pair.0, &pair.1)?, self.list_address(&rest)))
        };
        query.iter().filter_map(chip).collect()
    }

    /// A day of the query in words; a position of the log stays a number.
    fn day_in_words(&self, text: &str) -> String {
        let day = |day| short_day(day, self.today());
        text.parse().map_or_else(|_| text.to_owned(), day)
    }
}

impl ListColumn {
    fn class(&self) -> &'static str {
        match (self.is_numeric, self.is_minor) {
            (true, true) => "n lo",
            (true, false) => "n",
            (false, true) => "lo",
            (false, false) => "",
        }
    }
}

impl ListTab {
    fn pairs(&self) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.query.iter().map(owned).collect()
    }
}

fn without(query: &[(String, String)], drops: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    query
        .iter()
        .filter(|(name, _)| !drops(name))
        .cloned()
        .collect()
}

fn count_in_words(count: i64) -> String {
    if count >= COUNT_MAX {
        "1,000 or more".to_owned()
    } else {
        count.to_string()
    }
}

/// The sums of a list; none if it has more rows than are counted.
fn totals_in_words(list: &ListDefinition, totals: ListTotals) -> Vec<(&'static str, String)> {
    if totals.rows >= COUNT_MAX || totals.rows == 0 {
        return Vec::new();
    }
    let sums = [totals.first, totals.second].map(|sum| u64::try_from(sum).unwrap_or_default());
    let named = list.amounts.into_iter().zip(sums);
    named
        .filter_map(|(amount, sum)| Some((amount?.0, Money::from_pence(sum).to_string())))
        .collect()
}

/// The page of a list that shows nothing else.
#[derive(askama::Template)]
#[template(path = "desk/list.html")]
struct ListDocument {
    page: PageContext,
    wrong: Vec<(String, String)>,
    list: List,
    head_links: Vec<(&'static str, &'static str)>,
    row_button: &'static str,
}

impl DeskRequest<'_> {
    /// Renders a list with these rows, links next to its heading, and the button of each row that
    /// can be ticked; empty without one.
    pub(in crate::http::pages::desk) async fn render_list<T>(
        &self,
        list: &'static ListDefinition,
        found: &ListLine<T>,
        rows: Vec<ListRow>,
        head_links: Vec<(&'static str, &'static str)>,
        row_button: &'static str,
    ) -> Result<HttpResponse, PageError> {
        let page = ListDocument {
            page: self.page_context(list.title).await?,
            wrong: self.forms().error_summary(),
            list: self.list(list, found, rows).await?,
            head_links,
            row_button,
        };
        self.render(&page)
    }
}
