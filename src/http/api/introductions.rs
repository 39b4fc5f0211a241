//! Reads of introductions, of consents and of notices. Officers and connectors see all
//! introductions. Others see their own, and those to their groups that are shared with the group.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{QueryParams, list_rows, not_found, only_ids, path_id};
use super::response::{Collection, record_response};
use super::{GATHERING_ITEMS_PARAMS, ReadRoute, ResponseShape};
use crate::auth::SignedIn;
use crate::domain::introduction::IntroductionState;
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::projections::{ConsentRow, ConsentState, IntroductionRow, NoticeRow};
use crate::views::{Filter, IntroductionView};

const NOTICES_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
];

/// Introductions, what people agree to, and the notices that they were given.
pub(super) fn routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/introductions",
            name: "introductions",
            summary: "Introductions. Others than officers and connectors see their own.",
            query: GATHERING_ITEMS_PARAMS,
            shape: ResponseShape::page_by_state::<IntroductionView, IntroductionState>(),
            route: || web::get().to(list),
        },
        ReadRoute {
            path: "/introductions/{introduction}",
            name: "introduction",
            summary: "One introduction.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<IntroductionView>(),
            route: || web::get().to(show),
        },
        ReadRoute {
            path: "/people/{person}/consents",
            name: "person_consents",
            summary: "What a person agrees to.",
            query: GATHERING_ITEMS_PARAMS,
            shape: ResponseShape::page_by_state::<ConsentRow, ConsentState>(),
            route: || web::get().to(consents),
        },
        ReadRoute {
            path: "/notices",
            name: "notices",
            summary: "What people are told before they agree to something.",
            query: NOTICES_PARAMS,
            shape: ResponseShape::page::<NoticeRow>(),
            route: || web::get().to(notices),
        },
    ]
}

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, GATHERING_ITEMS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let mut filters = params.state_filter::<IntroductionState>()?;
    if !signed.reader.works_with_people() {
        params.must_not_search_past(as_at, &["count"])?;
        let own = app.views.own_introductions(&signed.reader).await?;
        filters.push(Filter::any_of("id", only_ids(own)));
    }
    let (rows, end) = list_rows::<IntroductionRow>(&app, &params, as_at, filters).await?;
    let items = app.views.introductions_for(&signed.reader, rows).await?;
    Ok(Collection::new(items, end).to_response())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    introduction_response(&app, &signed, path_id(&http, "introduction")?, as_at).await
}

/// The response with an introduction, as far as the reader may see it.
pub(super) async fn introduction_response(
    app: &AppState,
    signed: &SignedIn,
    introduction: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let seen = app
        .views
        .introduction_for(&signed.reader, introduction, as_at)
        .await?
        .ok_or_else(not_found)?;
    record_response(&seen, seen.row.version)
}

/// What a person agrees to: for themselves, officers and connectors.
pub(super) async fn consents(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, GATHERING_ITEMS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let person = path_id(&http, "person")?;
    if !signed.reader.works_with_people() && signed.reader.person.0 != person {
        return Err(not_found());
    }
    let mut filters = params.state_filter::<ConsentState>()?;
    filters.push(Filter::equals("person", person));
    let (rows, end) = list_rows::<ConsentRow>(&app, &params, as_at, filters).await?;
    Ok(Collection::new(rows, end).to_response())
}

/// All versions of the notices. Everyone who is signed in reads them.
pub(super) async fn notices(
    http: HttpRequest,
    _signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, NOTICES_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let (rows, end) = list_rows::<NoticeRow>(&app, &params, as_at, Vec::new()).await?;
    Ok(Collection::new(rows, end).to_response())
}
