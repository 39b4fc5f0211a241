//! The list of applications, with filters that combine, a search, and a choice of columns. All of
//! these are in the page's address.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantNames as _;

use super::list::{build_spreadsheet, name_cell, names_of_rounds};
use super::{DeskRequest, choices, choices_or_none, label_of};
use crate::domain::Role;
use crate::domain::application::ApplicationState;
use crate::domain::reference::Reference;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::api::applications::application_views;
use crate::http::pages::{Form, PageContext, PageError};
use crate::projections::{ApplicationRow, FundRow};
use crate::views::Filter;

/// Rows per page.
const PAGE_SIZE: i64 = 50;
const COLUMNS: [&str; 8] = [
    "group",
    "round",
    "area",
    "requested",
    "awarded",
    "submitted",
    "language",
    "channel",
];
const DEFAULT_COLUMNS: [&str; 5] = ["group", "round", "area", "requested", "submitted"];

#[derive(Template)]
#[template(path = "desk/applications.html")]
struct ApplicationsPage {
    page: PageContext,
    keys_in: bool,
    filter: Form,
    states: Vec<(String, String)>,
    funds: Vec<(String, String)>,
    rounds: Vec<(String, String)>,
    areas: Vec<(String, String)>,
    columns: Vec<(String, String)>,
    chips: Vec<(String, String)>,
    heads: Vec<String>,
    rows: Vec<ApplicationListRow>,
    next: Option<String>,
    count: String,
    sheets: [(&'static str, String); 2],
}

struct ApplicationListRow {
    id: String,
    reference: String,
    state: String,
    cells: Vec<(String, String)>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let funds = request.funds().await?;
    let (rows, next, count) = found_rows(request).await?;
    let areas: BTreeSet<String> = funds
        .iter()
        .flat_map(|fund| &fund.areas)
        .map(ToString::to_string)
        .collect();
    let table = ApplicationTable {
        columns: shown_columns(request),
        groups: request
            .group_names(rows.iter().map(|row| row.group.to_string()))
            .await?,
        rounds: names_of_rounds(&funds),
    };
    let page = ApplicationsPage {
        page: request.page_context("Applications").await?,
        keys_in: request.signed.reader.roles.contains(&Role::Officer),
        filter: table
            .columns
            .iter()
            .filter(|_| request.all("column").is_empty())
            .fold(request.filter_form(&request.forms()), |form, column| {
                form.prefill("column", column)
            }),
        states: choices_or_none(
            "any state",
            ApplicationState::VARIANTS
                .iter()
                .copied()
                .filter(|state| *state != "blank"),
        ),
        funds: with_any(
            "any fund",
            funds
                .iter()
                .map(|fund| (fund.id.to_string(), fund.name.clone())),
        ),
        rounds: with_any("any round", table.rounds.clone()),
        areas: choices_or_none("anywhere", areas.iter().map(String::as_str)),
        columns: choices(COLUMNS),
        chips: filter_chips(request, &funds, &table.rounds, &areas),
        heads: table
            .columns
            .iter()
            .map(|column| column.replace('_', " "))
            .collect(),
        rows: rows.iter().map(|row| table.row(row)).collect(),
        sheets: request.spreadsheet_links(),
        next: request.link_to_next(next),
        count: if count >= crate::views::COUNT_MAX {
            format!("{count} or more")
        } else {
            count.to_string()
        },
    };
    request.render(&page)
}

/// The rows of this part of the list, where the next part begins, and how many there are in all.
async fn found_rows(
    request: &DeskRequest<'_>,
) -> Result<(Vec<ApplicationRow>, Option<String>, i64), PageError> {
    let (filters, as_at) = (filters(request).await?, request.as_at().await?);
    let Some(filters) = filters else {
        return Ok((Vec::new(), None, 0));
    };
    let views = &request.app.views;
    let listed = views
        .list::<ApplicationRow>(as_at, filters.clone(), &request.page_request(PAGE_SIZE))
        .await?;
    let count = views.count::<ApplicationRow>(as_at, filters).await?;
    let seen = application_views(request.app, request.signed, listed.items).await?;
    let rows = seen.into_iter().map(|seen| seen.row).collect();
    Ok((rows, listed.next, count))
}

/// The columns of the query that exist, or the usual ones.
fn shown_columns(request: &DeskRequest<'_>) -> Vec<String> {
    let mut shown = request.all("column");
    shown.retain(|column| COLUMNS.contains(&column.as_str()));
    if shown.is_empty() {
        shown = DEFAULT_COLUMNS.map(str::to_owned).to_vec();
    }
    shown
}

fn with_any(
    any: &str,
    choices: impl IntoIterator<Item = (String, String)>,
) -> Vec<(String, String)> {
    std::iter::once((String::new(), any.to_owned()))
        .chain(choices)
        .collect()
}

/// The columns of the list, with the names that its cells show.
struct ApplicationTable {
    columns: Vec<String>,
    groups: BTreeMap<String, String>,
    rounds: BTreeMap<String, String>,
}

impl ApplicationTable {
    fn row(&self, row: &ApplicationRow) -> ApplicationListRow {
        ApplicationListRow {
            id: row.id.to_string(),
            reference: Reference::parse(&row.reference)
                .map(|reference| reference.to_string())
                .unwrap_or_default(),
            state: label_of(row.state),
            cells: self
                .columns
                .iter()
                .map(|column| (column.clone(), self.cell(column, row)))
                .collect(),
        }
    }

    fn cell(&self, column: &str, row: &ApplicationRow) -> String {
        let day =
            |day: &Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let name = |names: &BTreeMap<String, String>, key: &str| {
            names.get(key).cloned().unwrap_or_default()
        };
        match column {
            "group" => name(&self.groups, &row.group.to_string()),
            "round" => name(&self.rounds, row.round.as_str()),
            "area" => row
                .area
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            "requested" => row.requested.map(|sum| sum.to_string()).unwrap_or_default(),
            "awarded" => row.awarded.map(|sum| sum.to_string()).unwrap_or_default(),
            "submitted" => day(&row.submitted_on),
            "language" => row.language.own_name().to_owned(),
            "channel" => row.channel.map(label_of).unwrap_or_default(),
            _ => String::new(),
        }
    }
}

/// The list as a spreadsheet, with all columns.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let funds = request.funds().await?;
    let rounds = |row: &ApplicationRow| {
        let fund = funds.iter().find(|fund| fund.id == row.fund.0)?;
        Some((
            fund.name.clone(),
            fund.rounds
                .get(&row.round)
                .map(|round| round.name.clone())
                .unwrap_or_default(),
        ))
    };
    let rows: Vec<ApplicationRow> = match filters(request).await? {
        Some(filters) => request.list_all(filters).await?,
        None => Vec::new(),
    };
    let groups = request
        .group_names(rows.iter().map(|row| row.group.to_string()))
        .await?;
    let columns = [
        "Number",
        "State",
        "Group",
        "Fund",
        "Round",
        "Area",
        "Requested",
        "Awarded",
        "Submitted",
        "Decided",
        "Channel",
        "Language",
    ];
    Ok(build_spreadsheet("Applications", columns, rows, |row| {
        let (fund, round) = rounds(&row).unzip();
        [
            Reference::parse(&row.reference)
                .map(|reference| reference.to_string())
                .into(),
            label_of(row.state).into(),
            name_cell(&groups, &row.group),
            fund.into(),
            round.into(),
            row.area.map(|area| area.to_string()).into(),
            row.requested.into(),
            row.awarded.into(),
            row.submitted_on.into(),
            row.decided_on.into(),
            row.channel.map(label_of).into(),
            row.language.own_name().into(),
        ]
    }))
}

/// The filters of the query. `None` if the search matches no group, so that the list is empty.
async fn filters(request: &DeskRequest<'_>) -> Result<Option<Vec<Filter>>, PageError> {
    let mut filters = Vec::new();
    for (name, column) in [
        ("state", "state"),
        ("fund", "fund"),
        ("round", "round"),
        ("area", "area"),
    ] {
        let values = request.all(name);
        if !values.is_empty() {
            filters.push(Filter::any_of(column, values));
        }
    }
    let search = request.text("q");
    if let Some(reference) = Reference::parse(search) {
        filters.push(Filter::equals("reference", reference.digits()));
    } else if !search.is_empty() {
        let groups: Vec<_> = request
            .app
            .views
            .find_groups_by_name(search, 200)
            .await?
            .into_iter()
            .map(|group| group.id.to_string())
            .collect();
        if groups.is_empty() {
            return Ok(None);
        }
        filters.push(Filter::any_of("group_id", groups));
    }
    Ok(Some(filters))
}

/// Each filter that is set, as a label and the page's address without this filter. Labels use names
/// from the database, because anybody can write anything into an address.
fn filter_chips(
    request: &DeskRequest<'_>,
    funds: &[FundRow],
    rounds: &BTreeMap<String, String>,
    areas: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let says = |name: &str, value: &str| -> Option<String> {
        let (label, known) = match name {
            "q" => return Some(format!("search: {value}")),
            "as_at" => return Some(format!("as at the end of: {value}")),
            "state" => (
                "state",
                ApplicationState::VARIANTS
                    .contains(&value)
                    .then(|| value.replace('_', " ")),
            ),
            "fund" => (
                "fund",
                funds
                    .iter()
                    .find(|fund| fund.id.to_string() == value)
                    .map(|fund| fund.name.clone()),
            ),
            "round" => ("round", rounds.get(value).cloned()),
            "area" => ("area", areas.get(value).cloned()),
            _ => return None,
        };
        Some(format!(
            "{label}: {}",
            known.unwrap_or_else(|| "unknown".to_owned())
        ))
    };
    let set = request.query.iter().filter(|(_, value)| !value.is_empty());
    set.filter_map(|(name, value)| {
        let rest: Vec<_> = request
            .query
            .iter()
            .filter(|pair| **pair != (name.clone(), value.clone()) && pair.0 != "after")
            .collect();
        let query = serde_html_form::to_string(rest).unwrap_or_default();
        Some((says(name, value)?, format!("{}?{query}", request.path)))
    })
    .collect()
}
