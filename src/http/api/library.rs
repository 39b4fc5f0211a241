//! The reads of the library and of the aims. Everyone who is signed in reads both; small numbers of
//! people are for the office only.

use actix_web::{HttpRequest, HttpResponse, web};

use super::query::QueryParams;
use super::response::{Collection, PageEnd};
use crate::auth::SignedIn;
use crate::clock::day_of;
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};
use crate::views::{AsAt, LibraryEntry, LibraryFilter, Paged};

/// The entries of the library, ordered by id.
pub(super) async fn library(
    http: HttpRequest,
    _signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::LIBRARY_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let filter = LibraryFilter {
        theme: params.equality_value("theme")?,
        sign: params.equality_value("sign")?,
        area: params.equality_value("area")?,
        kind: params.parsed("kind", "choose from: lesson, how_to, victory, finding")?,
        source: params.parsed(
            "source",
            "choose from: lesson, story, notes, report, answer",
        )?,
    };
    let page = params.page_request()?;
    let library = app.views.library(&filter, as_at).await?;
    let total = match params.parsed::<bool>("count", "this is true or false")? {
        Some(true) => i64::try_from(library.entries.len()).ok(),
        _ => None,
    };
    let id = |entry: &LibraryEntry| entry.id.clone();
    let paged = Paged::paginate(library.entries, &page, id);
    let end = PageEnd {
        next: paged.next,
        total,
    };
    Ok(Collection::new(paged.items, end).to_response())
}

/// What came of the aims.
pub(super) async fn aims(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let position = params.as_at(&app).await?;
    let as_at: Option<AsAt> = params.parsed("as_at", "use a date or a position")?;
    let today = day_of(app.commands.now());
    let day = app.views.day_counted(as_at, today).await?;
    let sees_small = signed.reader.sees_all() || signed.reader.works_with_people();
    let aims = app.views.aims(position, day, sees_small).await?;
    Ok(HttpResponse::Ok().json(aims))
}
