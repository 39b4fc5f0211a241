//! The list of grants. Its filters are in the page's address.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantNames as _;

use super::list::{build_spreadsheet, name_cell};
use super::{DeskRequest, choices_or_none, label_of};
use crate::domain::grant::{GrantState, VariationState};
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::{Form, PageContext, PageError};
use crate::projections::GrantRow;
use crate::views::Filter;

/// Rows per page.
const PAGE_SIZE: i64 = 50;

#[derive(Template)]
#[template(path = "desk/grants.html")]
struct GrantsPage {
    page: PageContext,
    filter: Form,
    states: Vec<(String, String)>,
    asks: Vec<(String, String)>,
    rows: Vec<GrantListRow>,
    next: Option<String>,
    sheets: [(&'static str, String); 2],
}

struct GrantListRow {
    id: String,
    title: String,
    group: String,
    area: String,
    state: String,
    award: String,
    paid: String,
    due_back: String,
}

/// The filters of the query. A search that matches no group filters by an id that no group has.
async fn filters(request: &DeskRequest<'_>) -> Result<Vec<Filter>, PageError> {
    let mut filters = Vec::new();
    if !request.text("state").is_empty() {
        filters.push(Filter::any_of("state", request.all("state")));
    }
    let search = request.text("q");
    if !search.is_empty() {
        let mut groups: Vec<_> = request
            .app
            .views
            .find_groups_by_name(search, 200)
            .await?
            .into_iter()
            .map(|group| group.id.to_string())
            .collect();
        groups.push(uuid::Uuid::nil().to_string());
        filters.push(Filter::any_of("group_id", groups));
    }
    Ok(filters)
}

/// Whether a requested variation waits for a decision.
fn has_open_variation(row: &GrantRow) -> bool {
    row.variations
        .values()
        .any(|variation| variation.state == VariationState::Requested)
}

pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let wants_change = request.text("asks") == "change";
    let rows = request
        .list_all::<GrantRow>(filters(request).await?)
        .await?
        .into_iter()
        .filter(|row| !wants_change || has_open_variation(row));
    let rows: Vec<_> = rows.collect();
    let groups = request
        .group_names(rows.iter().map(|row| row.group.to_string()))
        .await?;
    let columns = [
        "Grant",
        "Group",
        "Area",
        "Round",
        "State",
        "On hold",
        "Offered on",
        "Offered",
        "Award",
        "Paid",
        "Returned",
        "Due back",
        "Ends on",
        "Final update due",
        "Id",
    ];
    Ok(build_spreadsheet("Grants", columns, rows, |row| {
        [
            row.title.into(),
            name_cell(&groups, &row.group),
            row.area.to_string().into(),
            row.round.to_string().into(),
            label_of(row.state).into(),
            if row.on_hold { "yes" } else { "no" }.into(),
            row.offered_on.into(),
            row.offered.into(),
            row.award.into(),
            row.paid.into(),
            row.returned.into(),
            row.due_back.into(),
            row.ends_on.into(),
            row.update_due_on.into(),
            row.id.to_string().into(),
        ]
    }))
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let filters = filters(request).await?;
    let wants_change = request.text("asks") == "change";
    let (items, next) = if wants_change {
        let mut all = request.list_all::<GrantRow>(filters).await?;
        all.retain(has_open_variation);
        (all, None)
    } else {
        let (as_at, part) = (request.as_at().await?, request.page_request(PAGE_SIZE));
        let listed = request.app.views.list(as_at, filters, &part).await?;
        (listed.items, listed.next)
    };
    let groups = request
        .group_names(items.iter().map(|row| row.group.to_string()))
        .await?;
    let page = GrantsPage {
        page: request.page_context("Grants").await?,
        filter: request.filter_form(&request.forms()),
        states: choices_or_none(
            "any state",
            GrantState::VARIANTS
                .iter()
                .copied()
                .filter(|state| *state != "blank"),
        ),
        asks: vec![
            (String::new(), "all".to_owned()),
            ("change".to_owned(), "with a change to decide".to_owned()),
        ],
        rows: items
            .into_iter()
            .map(|row| GrantListRow::new(row, &groups))
            .collect(),
        sheets: request.spreadsheet_links(),
        next: request.link_to_next(next),
    };
    request.render(&page)
}

impl GrantListRow {
    fn new(row: GrantRow, groups: &BTreeMap<String, String>) -> Self {
        Self {
            id: row.id.to_string(),
            group: groups
                .get(&row.group.to_string())
                .cloned()
                .unwrap_or_default(),
            area: row.area.to_string(),
            state: state_label(&row),
            award: row.award.to_string(),
            paid: row.paid.to_string(),
            due_back: if row.due_back.is_zero() {
                String::new()
            } else {
                row.due_back.to_string()
            },
            title: row.title,
        }
    }
}

/// The state of a grant in words.
pub(super) fn state_label(row: &GrantRow) -> String {
    let state = label_of(row.state);
    if row.on_hold {
        format!("{state}, on hold")
    } else {
        state
    }
}
