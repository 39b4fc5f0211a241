//! What the lists of the desk have in common: the part that a page shows, the links to the other
//! parts and to the list as a spreadsheet, and the choices of their filters.

use std::collections::{BTreeMap, BTreeSet};

use super::DeskRequest;
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::pages::public::names_of_groups;
use crate::http::pages::{Form, PageError, PageForms};
use crate::projections::FundRow;
use crate::views::{Filter, PageRequest, TableRow};

/// Names per lookup.
const NAMES_CHUNK: usize = 500;

impl DeskRequest<'_> {
    /// The part of a list that the query asks for.
    pub(super) fn page_request(&self, limit: i64) -> PageRequest {
        let after = Some(self.text("after").to_owned()).filter(|after| !after.is_empty());
        PageRequest { after, limit }
    }

    /// The address of the part of the list after `next`.
    pub(super) fn link_to_next(&self, next: Option<String>) -> Option<String> {
        next.map(|next| self.address_with("after", &next))
    }

    /// The page's address with one query parameter replaced.
    fn address_with(&self, name: &str, value: &str) -> String {
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

    /// Links to this list as a spreadsheet: label and address.
    pub(super) fn spreadsheet_links(&self) -> [(&'static str, String); 2] {
        let list = self.path.trim_start_matches("/desk/");
        let kept = self.query.iter().filter(|(name, value)| {
            !matches!(name.as_str(), "after" | "done") && !value.is_empty()
        });
        let query = serde_html_form::to_string(kept.collect::<Vec<_>>()).unwrap_or_default();
        [("XLSX", "xlsx"), ("CSV", "csv")]
            .map(|(says, kind)| (says, format!("/desk/sheets/{list}.{kind}?{query}")))
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
        let mut all = BTreeMap::new();
        let ids: BTreeSet<String> = ids.collect();
        for some in ids.into_iter().collect::<Vec<_>>().chunks(NAMES_CHUNK) {
            all.extend(names_of_groups(self.app, some.to_vec()).await?);
        }
        Ok(all)
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
