//! The list of groups, and the search by a part of their name.

use actix_web::HttpResponse;
use askama::Template;

use super::DeskRequest;
use super::list::build_spreadsheet;
use crate::domain::Role;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::{Form, PageContext, PageError};
use crate::projections::GroupRow;

/// A search finds at most so many groups.
const SEARCH_MAX: i64 = 200;

#[derive(Template)]
#[template(path = "desk/groups.html")]
struct GroupsPage {
    page: PageContext,
    filter: Form,
    rows: Vec<GroupRow>,
    next: Option<String>,
    sheets: [(&'static str, String); 2],
    imports: bool,
}

/// The list as a spreadsheet: public data of the groups, and the state of their payee.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let search = request.text("q");
    let rows = if search.is_empty() {
        request.list_all::<GroupRow>(Vec::new()).await?
    } else {
        request
            .app
            .views
            .find_groups_by_name(search, SEARCH_MAX)
            .await?
    };
    let columns = [
        "Group",
        "Area",
        "Standing",
        "Numbers",
        "Members",
        "Payee",
        "Merged into",
        "Id",
    ];
    Ok(build_spreadsheet("Groups", columns, rows, |row| {
        let payee = match &row.payee {
            Some(payee) if payee.verified_by.is_some() => "verified",
            Some(_) => "to be verified",
            None => "none",
        };
        [
            row.name.into(),
            row.area.into(),
            super::label_of(row.standing).into(),
            row.identifiers
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
            i64::try_from(row.members.len()).unwrap_or_default().into(),
            payee.into(),
            row.merged_into.map(|into| into.to_string()).into(),
            row.id.to_string().into(),
        ]
    }))
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let search = request.text("q");
    let (rows, next) = if search.is_empty() {
        let listed = request
            .app
            .views
            .list::<GroupRow>(
                request.as_at().await?,
                Vec::new(),
                &request.page_request(50),
            )
            .await?;
        (listed.items, listed.next)
    } else {
        (
            request
                .app
                .views
                .find_groups_by_name(search, SEARCH_MAX)
                .await?,
            None,
        )
    };
    let page = GroupsPage {
        page: request.page_context("Groups").await?,
        filter: request
            .forms()
            .form("filter")
            .prefill("q", search)
            .prefill("as_at", request.text("as_at")),
        rows,
        sheets: request.spreadsheet_links(),
        imports: request.signed.reader.roles.contains(&Role::Officer),
        next: request.link_to_next(next),
    };
    request.render(&page)
}
