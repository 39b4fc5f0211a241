//! Reads of introductions, of what people agree to, and of notices. Officers and connectors see all
//! introductions; others their own, and those to their groups that stand.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{QueryParams, list_rows, not_found, only_ids, path_id};
use super::response::{Collection, record_response};
use crate::auth::SignedIn;
use crate::domain::introduction::IntroductionState;
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::projections::{ConsentRow, ConsentState, IntroductionRow, NoticeRow};
use crate::views::Filter;

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::INTRODUCTIONS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let mut filters = params.state_filter::<IntroductionState>()?;
    if !signed.reader.works_with_people() {
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
    let params = QueryParams::parse(&http, super::GATHERING_ITEMS_PARAMS)?;
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
    let params = QueryParams::parse(&http, super::NOTICES_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let (rows, end) = list_rows::<NoticeRow>(&app, &params, as_at, Vec::new()).await?;
    Ok(Collection::new(rows, end).to_response())
}
