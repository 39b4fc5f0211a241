//! What the page of impact says about gatherings.

use crate::domain::outcome::Sign;
use crate::domain::thousands;
use crate::http::AppState;
use crate::http::pages::charts::DaySelection;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageContext, PageError};
use crate::views::{MovementFigures, MovementSummary};

/// The figures of gatherings, as everyone may read them.
pub(super) struct GatheringImpact {
    pub sessions: String,
    /// How many people came, in digits or as "fewer than five".
    pub people: String,
    pub handed_over: i64,
    /// The places by name, with how many people came there. Empty if so few came to one of them
    /// that the rest of the numbers would give it away.
    pub areas: Vec<(String, String)>,
    pub signs: Vec<SignSourceLine>,
}

/// A sign, with how many reports and how many sessions saw it.
pub(super) struct SignSourceLine {
    pub title: String,
    pub reports: String,
    pub sessions: String,
}

/// The figures of gatherings on a day; none if no session was held until then.
pub(super) async fn gathering_impact(
    page: &PageContext,
    app: &AppState,
    days: &DaySelection,
    signs: &[Sign],
) -> Result<Option<GatheringImpact>, PageError> {
    let as_at = days.chosen.map(|_| days.position);
    let movement = app.views.movement(as_at).await?;
    Ok((movement.all.sessions > 0).then(|| GatheringImpact::new(page, &movement, signs)))
}

impl GatheringImpact {
    fn new(page: &PageContext, movement: &MovementSummary, signs: &[Sign]) -> Self {
        let any_few = movement
            .by_area
            .iter()
            .any(|line| line.figures.has_few_people());
        let areas = movement.by_area.iter().filter(|_| !any_few);
        let areas = areas.filter_map(|line| {
            let name = place_name(line.of.as_ref()?);
            Some((name, people_text(page, line.figures)))
        });
        let sign = |sign: &Sign| {
            let key = sign.sign.as_str();
            let seen = movement.signs.iter().find(|line| line.sign == key)?;
            Some(SignSourceLine {
                title: page.t(sign.title.as_str()).to_owned(),
                reports: thousands(seen.grants),
                sessions: thousands(seen.gatherings),
            })
        };
        Self {
            sessions: thousands(movement.all.sessions),
            people: people_text(page, movement.all),
            handed_over: movement.all.handed_over,
            areas: areas.collect(),
            signs: signs.iter().filter_map(sign).collect(),
        }
    }
}

fn people_text(page: &PageContext, figures: MovementFigures) -> String {
    if figures.has_few_people() {
        page.t("fewer than five").to_owned()
    } else {
        thousands(figures.people)
    }
}
