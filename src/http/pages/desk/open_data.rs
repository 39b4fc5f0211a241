//! The state of the open data: how many grants are published, and which are withheld until staff
//! correct them.

use actix_web::HttpResponse;
use askama::Template;

use super::DeskRequest;
use crate::http::pages::{PageContext, PageError};

#[derive(Template)]
#[template(path = "desk/open_data.html")]
struct DeskOpenDataPage {
    page: PageContext,
    /// How many grants are published; `None` if the operator has not set up open data.
    published: Option<usize>,
    held_back: Vec<WithheldGrant>,
}

struct WithheldGrant {
    grant: String,
    title: String,
    says: Vec<String>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let (mut published, mut held_back) = (None, Vec::new());
    if let Some(open_data) = &request.app.site.open_data {
        let made = open_data.current(request.app).await?;
        published = Some(made.checked.package.grants.len());
        for (grant, faults) in &made.checked.held_back {
            let row: Option<crate::projections::GrantRow> =
                request.app.views.find(grant, None).await?;
            held_back.push(WithheldGrant {
                grant: grant.to_string(),
                title: row.map(|row| row.title).unwrap_or_default(),
                says: faults
                    .iter()
                    .map(|fault| fault.description.clone())
                    .collect(),
            });
        }
    }
    request.render(&DeskOpenDataPage {
        page: request.page_context("Open data").await?,
        published,
        held_back,
    })
}
