//! The lists of the desk as spreadsheets, with the same filters: the address is that of the page
//! with `/sheets` before the list.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;

use super::{Asked, applications, funds, grants, groups, payments, people, statement, updates};
use crate::export::sheets::{Cell, Sheet};
use crate::http::pages::Failed;
use crate::http::pages::open::names;
use crate::views::InTable;

/// Names per lookup.
const MANY: usize = 500;
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) async fn show(asked: &Asked<'_>, list: &str) -> Result<HttpResponse, Failed> {
    let (list, kind) = list.rsplit_once('.').ok_or_else(Failed::nothing)?;
    let sheet = match list {
        "applications" => applications::sheet(asked).await?,
        "grants" => grants::sheet(asked).await?,
        "payments" => payments::sheet(asked).await?,
        "updates" => updates::sheet(asked).await?,
        "groups" => groups::sheet(asked).await?,
        "funds" => funds::sheet(asked).await?,
        "people" => people::sheet(asked).await?,
        "statement" => statement::sheet(asked).await?,
        _ => return Err(Failed::nothing()),
    };
    let (media, bytes) = match kind {
        "csv" => ("text/csv; charset=utf-8", sheet.csv().into_bytes()),
        "xlsx" => (XLSX, sheet.xlsx().map_err(|error| Failed::broken(&error))?),
        _ => return Err(Failed::nothing()),
    };
    let name = format!("attachment; filename=\"{list}.{kind}\"");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, name))
        .content_type(media)
        .body(bytes))
}

impl Asked<'_> {
    /// Links to this list as a spreadsheet: label and address.
    pub fn sheets(&self) -> [(&'static str, String); 2] {
        let list = self.path.trim_start_matches("/desk/");
        let kept = self.query.iter().filter(|(name, value)| {
            !matches!(name.as_str(), "after" | "done") && !value.is_empty()
        });
        let query = serde_html_form::to_string(kept.collect::<Vec<_>>()).unwrap_or_default();
        [("XLSX", "xlsx"), ("CSV", "csv")]
            .map(|(says, kind)| (says, format!("/desk/sheets/{list}.{kind}?{query}")))
    }

    /// All rows that match the filters, at the query's `as_at`.
    pub(super) async fn every<T: InTable>(
        &self,
        filters: Vec<(&'static str, Vec<String>)>,
    ) -> Result<Vec<T>, Failed> {
        Ok(self.desk.views.every(self.as_at().await?, filters).await?)
    }

    /// The public names of groups, by their ids.
    pub(super) async fn names_of(
        &self,
        ids: impl Iterator<Item = String>,
    ) -> Result<BTreeMap<String, String>, Failed> {
        let mut all = BTreeMap::new();
        let ids: std::collections::BTreeSet<String> = ids.collect();
        for some in ids.into_iter().collect::<Vec<_>>().chunks(MANY) {
            all.extend(names(self.desk, some.to_vec()).await?);
        }
        Ok(all)
    }
}

/// The cell of a name by its id; empty if the name is not known.
pub(super) fn named(names: &BTreeMap<String, String>, id: &impl ToString) -> Cell {
    names.get(&id.to_string()).cloned().into()
}

/// Builds a spreadsheet with one row per item.
pub(super) fn sheet<T, const N: usize>(
    name: &'static str,
    columns: [&'static str; N],
    rows: impl IntoIterator<Item = T>,
    cells: impl Fn(T) -> [Cell; N],
) -> Sheet {
    Sheet {
        name,
        columns: columns.to_vec(),
        rows: rows.into_iter().map(|row| cells(row).to_vec()).collect(),
    }
}
