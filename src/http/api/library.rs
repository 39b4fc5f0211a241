//! The reads of the library and of the aims. Everyone who is signed in reads both; small numbers of
//! people are for the office only.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::gatherings::led_gathering;
use super::groups::visible_group;
use super::query::QueryParams;
use super::response::{Collection, PageEnd};
use super::{ReadRoute, ResponseShape};
use crate::auth::SignedIn;
use crate::clock::day_of;
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::views::{AimsSummary, AsAt, LibraryEntry, LibraryFilter, Paged, Reader, TallyView};

/// The query parameters of the library.
const PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "count",
    "theme",
    "sign",
    "area",
    "kind",
    "source",
];

/// What was learned, and what came of the aims.
pub(super) fn routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/library",
            name: "library",
            summary: "What the programme learned.",
            query: PARAMS,
            shape: ResponseShape::page::<LibraryEntry>(),
            route: || web::get().to(library),
        },
        ReadRoute {
            path: "/aims",
            name: "aims",
            summary: "What came of the aims.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<AimsSummary>(),
            route: || web::get().to(aims),
        },
        ReadRoute {
            path: "/groups/{group}/tallies",
            name: "group_tallies",
            summary: "How many people of a group chose each answer to questions of the aims.",
            query: &super::PAGE_PARAMS,
            shape: ResponseShape::page::<TallyView>(),
            route: || web::get().to(tallies_of_group),
        },
        ReadRoute {
            path: "/gatherings/{gathering}/tallies",
            name: "gathering_tallies",
            summary: "How many people at a gathering chose each answer to questions of the aims, \
                      for staff and its leads.",
            query: &super::PAGE_PARAMS,
            shape: ResponseShape::page::<TallyView>(),
            route: || web::get().to(tallies_of_gathering),
        },
    ]
}

/// The entries of the library, ordered by id.
async fn library(
    http: HttpRequest,
    _signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, PARAMS)?;
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
async fn aims(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let position = params.as_at(&app).await?;
    let as_at: Option<AsAt> = params.parsed("as_at", "use a date or a position")?;
    let today = day_of(app.commands.now());
    let day = app.views.day_counted(as_at, today).await?;
    let sees_small = sees_small_numbers(&signed.reader);
    let aims = app.views.aims(position, day, sees_small).await?;
    Ok(HttpResponse::Ok().json(aims))
}

/// Small numbers of people are for the office.
fn sees_small_numbers(reader: &Reader) -> bool {
    reader.sees_all() || reader.works_with_people()
}

/// The tallies of a group.
async fn tallies_of_group(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let group = visible_group(&http, &signed, &app).await?;
    tallies_response(&http, &signed, &app, group).await
}

/// The tallies of a gathering, for staff and its leads. Others read only the sums of all: a sum
/// less the tallies that are shown one by one would tell a small number.
async fn tallies_of_gathering(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let gathering = led_gathering(&http, &signed, &app).await?;
    tallies_response(&http, &signed, &app, gathering).await
}

/// A page of the tallies of a group or gathering that the reader may see.
async fn tallies_response(
    http: &HttpRequest,
    signed: &SignedIn,
    app: &AppState,
    of: Uuid,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(http, &super::PAGE_PARAMS)?;
    let as_at = params.as_at(app).await?;
    let sees_small = sees_small_numbers(&signed.reader);
    let tallies = app.views.tallies_of(of, as_at, sees_small).await?;
    let id = |tally: &TallyView| format!("{:05}", tally.tally);
    let Paged { items, next } = Paged::paginate(tallies, &params.page_request()?, id);
    Ok(Collection::new(items, PageEnd { next, total: None }).to_response())
}
