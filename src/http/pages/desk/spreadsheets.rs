//! The lists of the desk as spreadsheets, with the same filters: the address is that of the page
//! with `/sheets` before the list.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;

use super::{
    DeskRequest, applications, funds, grants, groups, payments, people, statement, updates,
};
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::pages::PageError;
use crate::http::pages::public::names_of_groups;
use crate::views::TableRow;

/// Names per lookup.
const NAMES_CHUNK: usize = 500;
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) async fn show(asked: &DeskRequest<'_>, list: &str) -> Result<HttpResponse, PageError> {
    let (list, kind) = list.rsplit_once('.').ok_or_else(PageError::not_found)?;
    let sheet = match list {
        "applications" => applications::spreadsheet(asked).await?,
        "grants" => grants::spreadsheet(asked).await?,
        "payments" => payments::spreadsheet(asked).await?,
        "updates" => updates::spreadsheet(asked).await?,
        "groups" => groups::spreadsheet(asked).await?,
        "funds" => funds::spreadsheet(asked).await?,
        "people" => people::spreadsheet(asked).await?,
        "statement" => statement::spreadsheet(asked).await?,
        _ => return Err(PageError::not_found()),
    };
    let (media, bytes) = match kind {
        "csv" => ("text/csv; charset=utf-8", sheet.to_csv().into_bytes()),
        "xlsx" => (
            XLSX,
            sheet
                .to_xlsx()
                .map_err(|error| PageError::internal(&error))?,
        ),
        _ => return Err(PageError::not_found()),
    };
    let name = format!("attachment; filename=\"{list}.{kind}\"");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, name))
        .content_type(media)
        .body(bytes))
}

impl DeskRequest<'_> {
    /// Links to this list as a spreadsheet: label and address.
    pub fn spreadsheet_links(&self) -> [(&'static str, String); 2] {
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
        filters: Vec<(&'static str, Vec<String>)>,
    ) -> Result<Vec<T>, PageError> {
        Ok(self
            .desk
            .views
            .all_rows(self.as_at().await?, filters)
            .await?)
    }

    /// The public names of groups, by their ids.
    pub(super) async fn group_names(
        &self,
        ids: impl Iterator<Item = String>,
    ) -> Result<BTreeMap<String, String>, PageError> {
        let mut all = BTreeMap::new();
        let ids: std::collections::BTreeSet<String> = ids.collect();
        for some in ids.into_iter().collect::<Vec<_>>().chunks(NAMES_CHUNK) {
            all.extend(names_of_groups(self.desk, some.to_vec()).await?);
        }
        Ok(all)
    }
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
