//! Groups, found by a part of their name.

use actix_web::HttpResponse;
use askama::Template;

use super::Asked;
use crate::http::pages::{Failed, Form, Shell};
use crate::projections::GroupRow;
use crate::views::Page as Wanted;

#[derive(Template)]
#[template(path = "desk/groups.html")]
struct Sheet {
    page: Shell,
    filter: Form,
    rows: Vec<GroupRow>,
    next: Option<String>,
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let search = asked.text("q");
    let after = Some(asked.text("after").to_owned()).filter(|after| !after.is_empty());
    let (rows, next) = if search.is_empty() {
        let listed = asked.desk.views.list::<GroupRow>(asked.as_at().await?, Vec::new(), &Wanted { after, most: 50 }).await?;
        (listed.items, listed.next)
    } else {
        (asked.desk.views.groups_named(search, 200).await?, None)
    };
    let page = Sheet {
        page: asked.shell("Groups").await?,
        filter: asked.forms().form("filter").known("q", search).known("as_at", asked.text("as_at")),
        rows,
        next: next.map(|next| super::applications::with(asked, "after", &next)),
    };
    asked.page(&page)
}
