//! The network of groups and entries on the page of impact.

use crate::domain::thousands;
use crate::http::AppState;
use crate::http::pages::charts::DaySelection;
use crate::http::pages::network_drawing::NetworkDrawing;
use crate::http::pages::{PageContext, PageError};

/// The most circles in the picture.
const DRAWN_MAX: usize = 40;
/// The page says nothing about fewer groups and pairs than this.
const FEW: i64 = 5;

/// The network in figures and as a small picture without names.
pub(super) struct NetworkImpact {
    pub groups: String,
    pub entries: String,
    pub pairs: String,
    pub ties_per_group: String,
    pub drawing: Option<NetworkDrawing>,
}

/// The network on a day; none while so few are in it that nothing is said.
pub(super) async fn network_impact(
    page: &PageContext,
    app: &AppState,
    days: &DaySelection,
) -> Result<Option<NetworkImpact>, PageError> {
    let as_at = days.chosen.map(|_| days.position);
    let network = app.views.network(as_at).await?;
    let figures = &network.figures;
    if figures.groups < FEW || figures.pairs < FEW {
        return Ok(None);
    }
    let about = page.t_with(
        "Each circle is a group or a place. A line joins two that know each other. Lines: {}.",
        thousands(figures.pairs),
    );
    let drawing = NetworkDrawing::new(page.t("Who knows whom"), &network, DRAWN_MAX);
    Ok(Some(NetworkImpact {
        groups: thousands(figures.groups),
        entries: count_text(page, figures.entries),
        pairs: thousands(figures.pairs),
        ties_per_group: figures.ties_per_group.clone(),
        drawing: drawing.map(|drawing| drawing.without_numbers(about)),
    }))
}

fn count_text(page: &PageContext, count: i64) -> String {
    if (1..FEW).contains(&count) {
        page.t("fewer than five").to_owned()
    } else {
        thousands(count)
    }
}
