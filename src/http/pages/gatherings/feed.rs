//! The calendar of gatherings, for calendar programs: of all, or of one.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::clock::day_of;
use crate::export::calendar::{Calendar, sessions_for_calendar};
use crate::http::AppState;
use crate::http::pages::{PageError, ownership};
use crate::projections::GatheringRow;

pub(super) async fn all(app: web::Data<AppState>) -> Result<HttpResponse, PageError> {
    calendar_response(&app, None).await
}

pub(super) async fn one(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let id = ownership::parse_uuid(request.match_info().query("gathering"))?;
    let row: Option<GatheringRow> = app.views.find(id, None).await?;
    let row = row.filter(GatheringRow::is_public);
    row.ok_or_else(PageError::not_found)?;
    calendar_response(&app, Some(id)).await
}

/// The calendar with an ETag and without caching, so that programs ask each time and download only
/// what changed.
async fn calendar_response(
    app: &AppState,
    gathering: Option<Uuid>,
) -> Result<HttpResponse, PageError> {
    let own = app
        .views
        .cached_organisation(app.commands.organisation())
        .await?;
    let today = day_of(app.commands.now());
    let calendar = Calendar {
        name: own.map_or_else(String::new, |own| own.name.clone()),
        address: app.site.public_address(&app.commands).await?,
        sessions: sessions_for_calendar(&app.views, gathering, today).await?,
    };
    let text = calendar.to_text();
    let tag = hex::encode(&Sha256::digest(&text)[..16]);
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{tag}\"")))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_DISPOSITION, "inline; filename=\"gatherings.ics\""))
        .content_type("text/calendar; charset=utf-8")
        .body(text))
}
