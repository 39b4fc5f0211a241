//! The list of applications, with filters that combine, a search, and a choice of columns. All of
//! these are in the page's address.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantNames as _;

use super::spreadsheets::{self, name_cell};
use super::{DeskRequest, choices, choices_or_none, label_of};
use crate::domain::application::ApplicationState;
use crate::domain::reference::Reference;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::public::names_of_groups;
use crate::http::pages::{Form, PageContext, PageError};
use crate::projections::{ApplicationRow, FundRow};
use crate::views::PageRequest as Wanted;

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

pub(super) async fn show(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let views = &asked.desk.views;
    let funds: Vec<FundRow> = views
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                limit: 500,
            },
        )
        .await?
        .items;
    let (filters, as_at) = (filters(asked).await?, asked.as_at().await?);
    let after = Some(asked.text("after").to_owned()).filter(|after| !after.is_empty());
    let listed = match &filters {
        Some(filters) => Some(
            views
                .list::<ApplicationRow>(
                    as_at,
                    filters.clone(),
                    &Wanted {
                        after,
                        limit: PAGE_SIZE,
                    },
                )
                .await?,
        ),
        None => None,
    };
    let count = match filters {
        Some(filters) => views.count::<ApplicationRow>(as_at, filters).await?,
        None => 0,
    };
    let (items, next) = listed
        .map(|listed| (listed.items, listed.next))
        .unwrap_or_default();
    let items: Vec<_> =
        crate::http::api::applications::application_views(asked.desk, asked.signed, items)
            .await?
            .into_iter()
            .map(|seen| seen.row)
            .collect();
    let groups = names_of_groups(
        asked.desk,
        items.iter().map(|row| row.group.to_string()).collect(),
    )
    .await?;
    let mut shown = asked.all("column");
    shown.retain(|column| COLUMNS.contains(&column.as_str()));
    if shown.is_empty() {
        shown = DEFAULT_COLUMNS.map(str::to_owned).to_vec();
    }
    let rounds: BTreeMap<String, String> = funds
        .iter()
        .flat_map(|fund| {
            fund.rounds
                .iter()
                .map(|(key, round)| (key.to_string(), round.name.clone()))
        })
        .collect();
    let areas: std::collections::BTreeSet<String> = funds
        .iter()
        .flat_map(|fund| fund.areas.iter().map(ToString::to_string))
        .collect();
    let row = |row: ApplicationRow| ApplicationListRow {
        id: row.id.to_string(),
        reference: Reference::parse(&row.reference)
            .map(|reference| reference.to_string())
            .unwrap_or_default(),
        state: label_of(row.state),
        cells: shown
            .iter()
            .map(|column| (column.clone(), cell(column, &row, &groups, &rounds)))
            .collect(),
    };
    let mut filter = asked.forms().form("filter");
    for (name, value) in &asked.query {
        filter = filter.prefill(name, value);
    }
    if asked.all("column").is_empty() {
        for column in DEFAULT_COLUMNS {
            filter = filter.prefill("column", column);
        }
    }
    let page = ApplicationsPage {
        page: asked.page_context("Applications").await?,
        keys_in: asked
            .signed
            .reader
            .roles
            .contains(&crate::domain::Role::Officer),
        filter,
        states: choices_or_none(
            "any state",
            ApplicationState::VARIANTS
                .iter()
                .copied()
                .filter(|state| *state != "blank"),
        ),
        funds: std::iter::once((String::new(), "any fund".to_owned()))
            .chain(
                funds
                    .iter()
                    .map(|fund| (fund.id.to_string(), fund.name.clone())),
            )
            .collect(),
        rounds: std::iter::once((String::new(), "any round".to_owned()))
            .chain(rounds.clone())
            .collect(),
        areas: choices_or_none("anywhere", areas.iter().map(String::as_str)),
        columns: choices(COLUMNS),
        chips: filter_chips(asked, &funds, &rounds, &areas),
        heads: shown
            .iter()
            .map(|column| column.replace('_', " "))
            .collect(),
        rows: items.into_iter().map(row).collect(),
        sheets: asked.spreadsheet_links(),
        next: next.map(|next| url_with(asked, "after", &next)),
        count: if count >= crate::views::COUNT_MAX {
            format!("{count} or more")
        } else {
            count.to_string()
        },
    };
    asked.render(&page)
}

/// The list as a spreadsheet, with all columns.
pub(super) async fn spreadsheet(asked: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let funds: Vec<FundRow> = asked
        .desk
        .views
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                limit: 500,
            },
        )
        .await?
        .items;
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
    let rows: Vec<ApplicationRow> = match filters(asked).await? {
        Some(filters) => asked.list_all(filters).await?,
        None => Vec::new(),
    };
    let groups = asked
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
    Ok(spreadsheets::build_spreadsheet(
        "Applications",
        columns,
        rows,
        |row| {
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
        },
    ))
}

/// The filters of the query. `None` if the search matches no group, so that the list is empty.
async fn filters(
    asked: &DeskRequest<'_>,
) -> Result<Option<Vec<(&'static str, Vec<String>)>>, PageError> {
    let mut filters = Vec::new();
    for (name, column) in [
        ("state", "state"),
        ("fund", "fund"),
        ("round", "round"),
        ("area", "area"),
    ] {
        let values = asked.all(name);
        if !values.is_empty() {
            filters.push((column, values));
        }
    }
    let search = asked.text("q");
    if let Some(reference) = Reference::parse(search) {
        filters.push(("reference", vec![reference.digits()]));
    } else if !search.is_empty() {
        let groups: Vec<_> = asked
            .desk
            .views
            .find_groups_by_name(search, 200)
            .await?
            .into_iter()
            .map(|group| group.id.to_string())
            .collect();
        if groups.is_empty() {
            return Ok(None);
        }
        filters.push(("group_id", groups));
    }
    Ok(Some(filters))
}

fn cell(
    column: &str,
    row: &ApplicationRow,
    groups: &BTreeMap<String, String>,
    rounds: &BTreeMap<String, String>,
) -> String {
    let day = |day: &Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    match column {
        "group" => groups
            .get(&row.group.to_string())
            .cloned()
            .unwrap_or_default(),
        "round" => rounds.get(row.round.as_str()).cloned().unwrap_or_default(),
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

/// Each filter that is set, as a label and the page's address without this filter. Labels use names
/// from the database, because anybody can write anything into an address.
fn filter_chips(
    asked: &DeskRequest<'_>,
    funds: &[FundRow],
    rounds: &BTreeMap<String, String>,
    areas: &std::collections::BTreeSet<String>,
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
    let set = asked.query.iter().filter(|(_, value)| !value.is_empty());
    set.filter_map(|(name, value)| {
        let rest: Vec<_> = asked
            .query
            .iter()
            .filter(|pair| **pair != (name.clone(), value.clone()) && pair.0 != "after")
            .collect();
        let query = serde_html_form::to_string(rest).unwrap_or_default();
        Some((says(name, value)?, format!("{}?{query}", asked.path)))
    })
    .collect()
}

/// The page's address with one query parameter replaced.
pub(super) fn url_with(asked: &DeskRequest<'_>, name: &str, value: &str) -> String {
    let mut query: Vec<(String, String)> = asked
        .query
        .iter()
        .filter(|(known, value)| known != name && !value.is_empty())
        .cloned()
        .collect();
    query.push((name.to_owned(), value.to_owned()));
    format!(
        "{}?{}",
        asked.path,
        serde_html_form::to_string(query).unwrap_or_default()
    )
}
