//! The pages of updates: overdue, due and received ones. What the group reported is shown apart
//! from the assessment by staff.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::action::Action;
use super::list::{build_spreadsheet, name_cell};
use super::update_actions::update_actions;
use super::{DeskRequest, label_of};
use crate::clock::day_of;
use crate::domain::grant::UpdateState as U;
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::pages::public::names_of_groups;
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{GrantRow, UpdateRow};
use crate::views::{Filter, UpdateView};

#[derive(Template)]
#[template(path = "desk/updates.html")]
struct UpdatesPage {
    page: PageContext,
    filter: Form,
    states: Vec<(String, String)>,
    rows: Vec<UpdateListRow>,
    next: Option<String>,
    sheets: [(&'static str, String); 2],
}

struct UpdateListRow {
    path: String,
    title: String,
    group: String,
    state: String,
    due_on: jiff::civil::Date,
    overdue: bool,
    reminded_on: Option<jiff::civil::Date>,
}

/// The filters of the query. Without a state: the received updates.
fn filters(request: &DeskRequest<'_>, today: Date) -> Vec<Filter> {
    let open = Filter::in_state([U::Requested, U::Queried]);
    let yesterday = today.saturating_sub(jiff::Span::new().days(1));
    match request.text("state") {
        "overdue" => vec![open, Filter::at_most("due_on", yesterday)],
        "due" => vec![open],
        "accepted" | "excused" => vec![Filter::any_of("state", request.all("state"))],
        _ => vec![Filter::in_state([U::Received])],
    }
}

/// The list as a spreadsheet, with figures and without texts.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows = request
        .list_all::<UpdateRow>(filters(request, day_of(request.app.commands.now())))
        .await?;
    let grants: BTreeMap<Uuid, GrantRow> = request
        .list_all::<GrantRow>(Vec::new())
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let groups = request
        .group_names(grants.values().map(|row| row.group.to_string()))
        .await?;
    let columns = [
        "Grant",
        "Group",
        "Update",
        "State",
        "Due on",
        "Received on",
        "People",
        "Volunteers",
        "Spent",
        "Reminded on",
        "Grant id",
    ];
    Ok(build_spreadsheet("Updates", columns, rows, |row| {
        let grant = grants.get(&row.grant);
        let came = row.received_on.is_some();
        [
            grant.map(|grant| grant.title.clone()).into(),
            grant.map_or(SpreadsheetCell::Empty, |grant| {
                name_cell(&groups, &grant.group)
            }),
            row.update.into(),
            label_of(row.state).into(),
            row.due_on.into(),
            row.received_on.into(),
            came.then_some(row.people).into(),
            came.then_some(row.volunteers).into(),
            row.spent.into(),
            row.reminded_on.into(),
            row.grant.to_string().into(),
        ]
    }))
}

pub(super) async fn list(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let today = day_of(request.app.commands.now());
    let filters = filters(request, today);
    let as_at = request.as_at().await?;
    let listed = request
        .app
        .views
        .list::<UpdateRow>(as_at, filters, &request.page_request(50))
        .await?;
    let mut rows = Vec::new();
    for row in listed.items {
        let grant: GrantRow = request
            .app
            .views
            .find(row.grant, as_at)
            .await?
            .ok_or_else(PageError::not_found)?;
        let group = names_of_groups(request.app, vec![grant.group.to_string()])
            .await?
            .into_values()
            .next()
            .unwrap_or_default();
        let waits = matches!(row.state, U::Requested | U::Queried);
        rows.push(UpdateListRow {
            path: format!("/desk/updates/{}/{}", row.grant, row.update),
            title: grant.title,
            group,
            state: label_of(row.state),
            overdue: waits && row.due_on < today,
            due_on: row.due_on,
            reminded_on: row.reminded_on,
        });
    }
    let state = if request.text("state").is_empty() {
        "received"
    } else {
        request.text("state")
    };
    let page = UpdatesPage {
        page: request.page_context("Updates").await?,
        filter: request
            .forms()
            .form("filter")
            .prefill("state", state)
            .prefill("as_at", request.text("as_at")),
        states: [
            ("received", "to read"),
            ("overdue", "overdue"),
            ("due", "still to come"),
            ("accepted", "accepted"),
            ("excused", "excused"),
        ]
        .map(|(key, says)| (key.to_owned(), says.to_owned()))
        .to_vec(),
        rows,
        sheets: request.spreadsheet_links(),
        next: request.link_to_next(listed.next),
    };
    request.render(&page)
}

#[derive(Template)]
#[template(path = "desk/update.html")]
struct UpdatePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    grant: GrantRow,
    group: String,
    seen: UpdateView,
    state: String,
    acts: Vec<Action>,
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    grant: &str,
    number: &str,
) -> Result<HttpResponse, PageError> {
    let number: u16 = number.parse().map_err(|_| PageError::not_found())?;
    let grant: GrantRow = request
        .app
        .views
        .find(ownership::parse_uuid(grant)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let row: UpdateRow = request
        .app
        .views
        .find(format!("{}/{number:05}", grant.id), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let reader = &request.signed.reader;
    let seen = request
        .app
        .views
        .decrypt_updates(reader.may_read_words(), reader.sees_all(), vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let group = names_of_groups(request.app, vec![grant.group.to_string()])
        .await?
        .into_values()
        .next()
        .unwrap_or_default();
    let forms = request.forms();
    let table = update_actions(request, &grant, &seen).await?;
    let acts = request.actions(&forms, table).await?;
    let page = UpdatePage {
        page: request.page_context(&format!("Update of {group}")).await?,
        wrong: forms.error_summary(),
        state: label_of(seen.state),
        grant,
        group,
        seen,
        acts,
    };
    request.render(&page)
}
