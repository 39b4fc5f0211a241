//! The list of groups, and the search by a part of their name.

use actix_web::HttpResponse;
use askama::Template;

use super::{Asked, sheets};
use crate::domain::Role;
use crate::export::sheets::Sheet as Spreadsheet;
use crate::http::pages::{Failed, Form, Shell};
use crate::projections::GroupRow;
use crate::views::Page as Wanted;

/// A search finds at most so many groups.
const FOUND: i64 = 200;

#[derive(Template)]
#[template(path = "desk/groups.html")]
struct Sheet {
    page: Shell,
    filter: Form,
    rows: Vec<GroupRow>,
    next: Option<String>,
    sheets: [(&'static str, String); 2],
    imports: bool,
}

/// The list as a spreadsheet: public data of the groups, and the state of their payee.
pub(super) async fn sheet(asked: &Asked<'_>) -> Result<Spreadsheet, Failed> {
    let search = asked.text("q");
    let rows = if search.is_empty() {
        asked.every::<GroupRow>(Vec::new()).await?
    } else {
        asked.desk.views.groups_named(search, FOUND).await?
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
    Ok(sheets::sheet("Groups", columns, rows, |row| {
        let payee = match &row.payee {
            Some(payee) if payee.verified_by.is_some() => "verified",
            Some(_) => "to be verified",
            None => "none",
        };
        [
            row.name.into(),
            row.area.into(),
            super::said(row.standing).into(),
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

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let search = asked.text("q");
    let after = Some(asked.text("after").to_owned()).filter(|after| !after.is_empty());
    let (rows, next) = if search.is_empty() {
        let listed = asked
            .desk
            .views
            .list::<GroupRow>(
                asked.as_at().await?,
                Vec::new(),
                &Wanted { after, most: 50 },
            )
            .await?;
        (listed.items, listed.next)
    } else {
        (asked.desk.views.groups_named(search, FOUND).await?, None)
    };
    let page = Sheet {
        page: asked.shell("Groups").await?,
        filter: asked
            .forms()
            .form("filter")
            .known("q", search)
            .known("as_at", asked.text("as_at")),
        rows,
        sheets: asked.sheets(),
        imports: asked.signed.reader.roles.contains(&Role::Officer),
        next: next.map(|next| super::applications::with(asked, "after", &next)),
    };
    asked.page(&page)
}
