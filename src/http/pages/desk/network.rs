//! The page of the network: who knows whom, as at any day, with the picture and its table.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use askama::Template;

use super::DeskRequest;
use crate::domain::thousands;
use crate::export::network::{GRAPHML, to_graphml};
use crate::http::pages::charts::DaySelection;
use crate::http::pages::network_drawing::NetworkDrawing;
use crate::http::pages::{PageContext, PageError};
use crate::views::{NetworkFigures, NetworkSummary, NetworkTieKind};

/// The most circles in the picture.
const DRAWN_MAX: usize = 60;
/// The most names in the list of those who know nobody.
const ALONE_MAX: usize = 200;

#[derive(Template)]
#[template(path = "desk/network.html")]
struct NetworkPage {
    page: PageContext,
    days: DaySelection,
    figures: NetworkFigures,
    drawing: Option<NetworkDrawing>,
    /// The ways in which pairs know each other, each with how many do.
    kinds: Vec<(&'static str, String)>,
    /// The names of those who know nobody, and how many more there are.
    alone: Vec<String>,
    more_alone: usize,
    /// The address of the file.
    file: String,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let days = selected_day(request).await?;
    let as_at = days.chosen.map(|_| days.position);
    let network = request.app.views.network(as_at).await?;
    let mut alone: Vec<String> = network
        .nodes
        .iter()
        .filter(|node| node.others == 0)
        .map(|node| node.label.clone())
        .collect();
    alone.sort_by_cached_key(|name| name.to_lowercase());
    let more_alone = alone.len().saturating_sub(ALONE_MAX);
    alone.truncate(ALONE_MAX);
    let file = days.chosen.map_or_else(
        || "/desk/network/file".to_owned(),
        |day| format!("/desk/network/file?day={day}"),
    );
    let page = NetworkPage {
        page: request.page_context("Network").await?,
        figures: network.figures.clone(),
        drawing: NetworkDrawing::new("Who knows whom", &network, DRAWN_MAX),
        kinds: kind_lines(&network),
        alone,
        more_alone,
        file,
        days,
    };
    request.render(&page)
}

/// The network as a file for Gephi and other programs.
pub(super) async fn download(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let days = selected_day(request).await?;
    let as_at = days.chosen.map(|_| days.position);
    let network = request.app.views.network(as_at).await?;
    Ok(HttpResponse::Ok()
        .insert_header((
            CONTENT_DISPOSITION,
            "attachment; filename=\"network.graphml\"",
        ))
        .content_type(GRAPHML)
        .body(to_graphml(&network)))
}

async fn selected_day(request: &DeskRequest<'_>) -> Result<DaySelection, PageError> {
    DaySelection::from_query(request.app, request.text("day"), request.text("slide")).await
}

/// How many pairs know each other in each way. A pair can know each other in several.
fn kind_lines(network: &NetworkSummary) -> Vec<(&'static str, String)> {
    let kinds = [
        (NetworkTieKind::Met, "Met at a gathering"),
        (NetworkTieKind::Introduced, "Were introduced, and welcomed"),
        (NetworkTieKind::Partner, "Work together"),
        (NetworkTieKind::GrewFrom, "The one grew from the other"),
    ];
    let line = |(kind, says): (NetworkTieKind, &'static str)| {
        let ties = network.ties.iter().filter(|tie| tie.tie == kind).count();
        (says, thousands(ties))
    };
    kinds.map(line).into()
}
