//! Reads of the network, and of money next to its results.

use actix_web::{HttpRequest, HttpResponse, web};

use super::query::{QueryParams, require_staff};
use super::{ReadRoute, ResponseShape};
use crate::auth::SignedIn;
use crate::export::network::{GRAPHML, to_graphml};
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::views::{NetworkSummary, ValueSummary};

/// The network as JSON and as a file, and the value.
pub(super) fn routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/network",
            name: "network",
            summary: "The groups and entries that everyone may know of, and who knows whom.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<NetworkSummary>(),
            route: || web::get().to(network),
        },
        ReadRoute {
            path: "/network.graphml",
            name: "network_graphml",
            summary: "The network as a file for Gephi and other programs.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::file_of(&["text/xml"]),
            route: || web::get().to(graphml),
        },
        ReadRoute {
            path: "/value",
            name: "value",
            summary: "Money beside what came of it.",
            query: &["fund", "as_at", "min_position"],
            shape: ResponseShape::record::<ValueSummary>(),
            route: || web::get().to(value),
        },
    ]
}

/// Refuses readers who neither see all records nor work with people.
fn require_movement_staff(signed: &SignedIn) -> Result<(), Problem> {
    if signed.reader.works_with_people() {
        return Ok(());
    }
    require_staff(signed)
}

async fn network(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_movement_staff(&signed)?;
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    let network = app.views.network(as_at).await?;
    Ok(HttpResponse::Ok().json(&*network))
}

async fn graphml(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_movement_staff(&signed)?;
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    let network = app.views.network(as_at).await?;
    Ok(HttpResponse::Ok()
        .content_type(GRAPHML)
        .body(to_graphml(&network)))
}

async fn value(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_staff(&signed)?;
    let params = QueryParams::parse(&http, &["fund", "as_at", "min_position"])?;
    let fund = params.equality_value("fund")?;
    let as_at = params.as_at(&app).await?;
    let value = app.views.value(fund.as_deref(), as_at).await?;
    Ok(HttpResponse::Ok().json(value))
}
