//! Reads of barriers and pledges. Everyone who is signed in sees barriers that were passed on,
//! without the people in them, and their own; staff see all.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{QueryParams, list_rows, not_found, path_id};
use super::response::{Collection, record_response};
use super::{ReadRoute, ResponseShape};
use crate::auth::SignedIn;
use crate::domain::PersonId;
use crate::domain::barrier::BarrierState;
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::projections::BarrierRow;
use crate::views::{BarrierView, Filter, HeardBarriers, PledgeFigures};

/// The query parameters of the list of barriers.
const BARRIERS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "state",
    "area",
    "theme",
];

/// The routes that read barriers and pledges.
pub(super) fn routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/barriers",
            name: "barriers",
            summary: "Barriers. Others than staff see those that they raised.",
            query: BARRIERS_PARAMS,
            shape: ResponseShape::page_by_state::<BarrierView, BarrierState>(),
            route: || web::get().to(list),
        },
        ReadRoute {
            path: "/barriers/{barrier}",
            name: "barrier",
            summary: "One barrier.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<BarrierView>(),
            route: || web::get().to(show),
        },
        ReadRoute {
            path: "/heard",
            name: "heard",
            summary: "What gets in people's way, and what came of it.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<HeardBarriers>(),
            route: || web::get().to(heard),
        },
        ReadRoute {
            path: "/pledges",
            name: "pledges",
            summary: "The pledges that people can take.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<PledgeFigures>(),
            route: || web::get().to(pledges),
        },
    ]
}

async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, BARRIERS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let mut filters = params.state_filter::<BarrierState>()?;
    filters.extend(params.equality_filters(&[("area", "area"), ("theme", "theme")])?);
    if !sees_all_barriers(&signed) {
        filters.push(Filter::contains(
            "raised_by",
            &signed.reader.person.to_string(),
        ));
    }
    let (rows, end) = list_rows::<BarrierRow>(&app, &params, as_at, filters).await?;
    let items = seen(&app, &signed, rows, as_at).await?;
    Ok(Collection::new(items, end).to_response())
}

async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    barrier_response(&app, &signed, path_id(&http, "barrier")?, as_at).await
}

/// Whether the reader sees every barrier: staff, auditors and connectors do.
fn sees_all_barriers(signed: &SignedIn) -> bool {
    signed.reader.sees_all() || signed.reader.hears_barriers()
}

/// The response with a barrier, as far as the reader may see it.
pub(super) async fn barrier_response(
    app: &AppState,
    signed: &SignedIn,
    barrier: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let row: BarrierRow = app
        .views
        .find(barrier, as_at)
        .await?
        .ok_or_else(not_found)?;
    let mut views = seen(app, signed, vec![row], as_at).await?;
    let view = views.pop().ok_or_else(not_found)?;
    let is_own = view.row.is_of(signed.reader.person);
    if !view.row.is_public() && !sees_all_barriers(signed) && !is_own {
        return Err(not_found());
    }
    record_response(&view, view.row.version)
}

/// The barriers with the words that the reader may see, and for others than staff without other
/// people. Of a past day, these do not see words that were withdrawn later.
async fn seen(
    app: &AppState,
    signed: &SignedIn,
    mut rows: Vec<BarrierRow>,
    as_at: Option<i64>,
) -> Result<Vec<BarrierView>, Problem> {
    let person = signed.reader.person;
    if !sees_all_barriers(signed) {
        if as_at.is_some() {
            app.views.withdraw_barriers(&mut rows).await?;
        }
        rows = rows.into_iter().map(|row| redact(row, person)).collect();
    }
    let hears = signed.reader.hears_barriers();
    let may_read = |row: &BarrierRow| hears || row.person == Some(person);
    Ok(app.views.decrypt_barriers(may_read, rows).await?)
}

/// Removes the people other than the reader, and what only staff read.
fn redact(mut row: BarrierRow, person: PersonId) -> BarrierRow {
    if row.person != Some(person) {
        (row.person, row.group, row.gathering) = (None, None, None);
    }
    row.raised_by.retain(|by| *by == person);
    row.people = None;
    row.joined = BTreeSet::new();
    row.closed_because = None;
    if !row.is_public() {
        row.summary = None;
    }
    row
}

/// What was heard and passed on, as everyone may read it.
async fn heard(
    http: HttpRequest,
    _: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    let barriers = app.views.heard(as_at).await?;
    Ok(HttpResponse::Ok().json(HeardBarriers { barriers }))
}

/// The pledges in force. Readers other than staff see no number from one to four.
async fn pledges(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    let figures = app.views.pledge_figures(as_at).await?;
    let figures = if sees_all_barriers(&signed) {
        figures
    } else {
        figures.without_few_people()
    };
    Ok(HttpResponse::Ok().json(figures))
}
