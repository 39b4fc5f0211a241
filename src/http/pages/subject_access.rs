//! The subject access report of a person or group, as a download.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;

use super::PageError;
use crate::clock::day_of;
use crate::export::subject_access::text;
use crate::http::AppState;
use crate::projections::OrganisationRow;
use crate::views::SubjectAccessReport;

pub(super) async fn render_report(
    app: &AppState,
    about: &str,
    held: &[SubjectAccessReport],
) -> Result<HttpResponse, PageError> {
    let own: Option<OrganisationRow> = app.views.find(app.commands.organisation(), None).await?;
    let name = own.map(|own| own.name).unwrap_or_default();
    let text = text(&name, about, day_of(app.commands.now()), held);
    let file = (
        CONTENT_DISPOSITION,
        "attachment; filename=\"what-we-hold.txt\"",
    );
    Ok(HttpResponse::Ok()
        .insert_header(file)
        .content_type("text/plain; charset=utf-8")
        .body(text))
}
