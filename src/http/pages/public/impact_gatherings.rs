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
    /// How many people came, in digits or as "fewer than five at a time".
    pub people: String,
    /// Whether people are not counted because few came with them.
    pub leaves_people_out: bool,
    pub handed_over: i64,
    /// The areas by name, with how many people came there.
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
        let areas = movement.by_area.iter().filter_map(|line| {
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
            leaves_people_out: movement.all.leaves_people_out(),
            handed_over: movement.all.handed_over,
            areas: areas.collect(),
            signs: signs.iter().filter_map(sign).collect(),
        }
    }
}

fn people_text(page: &PageContext, figures: MovementFigures) -> String {
    match figures.people_outside().number {
        Some(people) => thousands(people),
        None => page.t("fewer than five at a time").to_owned(),
    }
}
