//! The lists of the desk: one component for all of them.
//!
//! Each list is a [`ListDefinition`]: its columns, tabs, filters, usual order and bulk actions, in
//! one table at the top of its file (`applications.rs`, `grants.rs`, …). The component reads the
//! query of the address, finds the page of rows, counts and sums, and builds what the templates
//! `parts/list_*.html` show.
//!
//! # The query of a list
//!
//! | Parameter | Meaning |
//! |---|---|
//! | those of the list's filters, `q`, `as_at` | which rows |
//! | `sort=due`, `sort=-due` | the order, by the id of a column |
//! | `column` | the columns that are shown, if not the usual ones |
//! | `after`, `before`, `at` | the page: a cursor, and how many rows come before it |
//! | `select=all` | the rows of the page are ticked |

mod bulk;
mod bulk_next;
mod bulk_words;
mod definition;
mod neighbours;
mod page;
mod parts;
mod saved;
mod tags;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::DeskRequest;
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::AppState;
use crate::http::accesses;
use crate::http::pages::phone::typed_phone;
use crate::http::pages::{Form, PageError, PageForms};
use crate::projections::FundRow;
use crate::views::{AccessedData, Filter, PageRequest, TableRow};

/// How a group can be reached.
const CONTACT_COLUMNS: [&str; 5] = ["Contact", "Phone", "Email", "Address", "Speaks"];
pub(super) use bulk::{confirm as confirm_bulk, run as run_bulk};
pub(super) use bulk_words::counted;
pub(super) use definition::{
    BulkAction, ListColumn, ListDefinition, ListFilter, ListSearch, ListTab, column,
};
pub(super) use neighbours::{Neighbours, neighbours};
pub(super) use page::ListLine;
pub(super) use parts::{List, ListCell, ListRow, Tick};
pub(super) use saved::{delete as delete_view, save as save_view};
pub(super) use tags::{grant_tag, have_pence, pounds_in, update_tag};

/// Rows per lookup.
const ROWS_CHUNK: usize = 500;

/// Current rows by their ids, in a few lookups for all of them.
pub(in crate::http::pages) async fn rows_by_id<T: TableRow>(
    app: &AppState,
    ids: impl IntoIterator<Item: ToString>,
) -> Result<Vec<T>, PageError> {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    let mut rows = Vec::new();
    for some in ids.chunks(ROWS_CHUNK) {
        let filters = vec![Filter::any_of("id", some)];
        let page = PageRequest::up_to_max();
        rows.extend(app.views.list(None, filters, &page).await?.items);
    }
    Ok(rows)
}

impl DeskRequest<'_> {
    /// The page's address with one query parameter replaced.
    pub(super) fn address_with(&self, name: &str, value: &str) -> String {
        let kept = self
            .query
            .iter()
            .filter(|(known, value)| known != name && !value.is_empty())
            .map(|(known, value)| (known.as_str(), value.as_str()));
        let query: Vec<_> = kept.chain([(name, value)]).collect();
        let query = serde_html_form::to_string(query).unwrap_or_default();
        format!("{}?{query}", self.path)
    }

    /// The form of the list's filters, filled in from the query.
    pub(super) fn filter_form(&self, forms: &PageForms) -> Form {
        self.query
            .iter()
            .fold(forms.form("filter"), |form, (name, value)| {
                form.prefill(name, value)
            })
    }

    /// A request for another page of the desk, by the same visitor.
    fn at(&self, path: String, query: Vec<(String, String)>) -> DeskRequest<'_> {
        DeskRequest {
            app: self.app,
            visitor: self.visitor,
            signed: self.signed,
            path,
            query,
            rejected: None,
            labels: self.labels.clone(),
        }
    }

    /// Links to this list as a spreadsheet: label and address.
    pub(super) fn spreadsheet_links(&self) -> [(&'static str, String); 2] {
        let list = self.path.trim_start_matches("/desk/");
        let kept = self.query.iter().filter(|(name, value)| {
            !matches!(name.as_str(), "after" | "before" | "at" | "select" | "done")
                && !value.is_empty()
        });
        let query = serde_html_form::to_string(kept.collect::<Vec<_>>()).unwrap_or_default();
        [("Excel", "xlsx"), ("CSV", "csv")]
            .map(|(says, kind)| (says, format!("/desk/sheets/{list}.{kind}?{query}")))
    }

    /// Current rows by their ids, in a few lookups for all of them.
    pub(super) async fn rows_by_id<T: TableRow>(
        &self,
        ids: impl IntoIterator<Item: ToString>,
    ) -> Result<Vec<T>, PageError> {
        rows_by_id(self.app, ids).await
    }

    /// All rows that match the filters, at the query's `as_at`.
    pub(super) async fn list_all<T: TableRow>(
        &self,
        filters: Vec<Filter>,
    ) -> Result<Vec<T>, PageError> {
        let as_at = self.as_at().await?;
        Ok(self.app.views.all_rows(as_at, filters).await?)
    }

    /// All funds.
    pub(super) async fn funds(&self) -> Result<Vec<FundRow>, PageError> {
        Ok(self.app.views.all_rows(None, Vec::new()).await?)
    }

    /// The public names of groups, by their ids.
    pub(super) async fn group_names(
        &self,
        ids: impl Iterator<Item = String>,
    ) -> Result<BTreeMap<String, String>, PageError> {
        Ok(self.app.views.names_of_groups(ids.collect()).await?)
    }
}

impl DeskRequest<'_> {
    /// Adds the contact of each row's group to a spreadsheet, as the group can be reached now, for
    /// a reader who works with groups. The access is recorded. `groups` has the group of each row.
    pub(super) async fn add_contacts(
        &self,
        sheet: &mut Spreadsheet,
        groups: &[Option<Uuid>],
    ) -> Result<(), PageError> {
        let reader = &self.signed.reader;
        if !reader.works_with_groups() {
            return Ok(());
        }
        let known: Vec<Uuid> = groups.iter().flatten().copied().collect();
        let contacts = self.app.views.contacts_of_groups(reader, &known).await?;
        let languages = self.app.views.spoken_languages(reader, &known).await?;
        accesses::record_access(self.app, reader, AccessedData::Addresses).await?;
        sheet.columns.extend(CONTACT_COLUMNS);
        for (row, group) in sheet.rows.iter_mut().zip(groups) {
            let contact = group
                .and_then(|group| contacts.get(&group)?.first())
                .cloned();
            let cells = contact.map_or([None, None, None, None], |contact| {
                [
                    contact.name,
                    contact.telephone.as_deref().map(typed_phone),
                    contact.email,
                    contact.postal_address,
                ]
            });
            row.extend(cells.map(SpreadsheetCell::from));
            let language = group.and_then(|group| languages.get(&group)).cloned();
            row.push(language.into());
        }
        Ok(())
    }
}

/// The names of all rounds, by their keys.
pub(super) fn names_of_rounds(funds: &[FundRow]) -> BTreeMap<String, String> {
    funds
        .iter()
        .flat_map(|fund| &fund.rounds)
        .map(|(key, round)| (key.to_string(), round.name.clone()))
        .collect()
}

/// The cell of a name by its id; empty if the name is not known.
pub(super) fn name_cell(names: &BTreeMap<String, String>, id: &impl ToString) -> SpreadsheetCell {
    names.get(&id.to_string()).cloned().into()
}

/// Builds a spreadsheet with one row per item.
pub(super) fn build_spreadsheet<T, const N: usize>(
    name: &'static str,
    columns: [&'static str; N],
    rows: impl IntoIterator<Item = T>,
    cells: impl Fn(T) -> [SpreadsheetCell; N],
) -> Spreadsheet {
    Spreadsheet {
        name,
        columns: columns.to_vec(),
        rows: rows.into_iter().map(|row| cells(row).to_vec()).collect(),
    }
}
