//! The page of a gathering: what happens there, its sessions, and what came of those before.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::PublicGathering;
use super::session::{HeldSession, PublicSession};
use super::words::kind_name;
use crate::clock::day_of;
use crate::domain::gathering::{SessionState, SignUpWay};
use crate::domain::outcome::Sign;
use crate::domain::text::{Slug, contains_url};
use crate::http::AppState;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, render_page};
use crate::projections::GatheringRow;
use crate::views::Filter;

#[derive(Template)]
#[template(path = "gatherings/gathering.html")]
struct PublicGatheringPage {
    page: PageContext,
    title: String,
    description: String,
    kind: &'static str,
    area: String,
    themes: String,
    /// The name of the group that runs it.
    group: Option<String>,
    is_counted: bool,
    calendar: String,
    /// The address and the title of the gathering that it grew from.
    grew_from: Option<(String, String)>,
    /// The same of those that grew from it.
    grown: Vec<(String, String)>,
    /// Sessions to come, and cancelled ones whose day is to come.
    coming: Vec<PublicSession>,
    past: Vec<HeldSession>,
    /// The signs of success.
    signs: Vec<Sign>,
}

impl PublicGatheringPage {
    /// The next session that takes place.
    fn next(&self) -> Option<&PublicSession> {
        let mut coming = self.coming.iter();
        coming.find(|session| session.places_left.is_to_come())
    }

    /// The titles of the signs that were seen at a session.
    fn signs_seen(&self, held: &HeldSession) -> String {
        let seen = self
            .signs
            .iter()
            .filter(|sign| held.signs.contains(&sign.sign));
        let titles: Vec<&str> = seen.map(|sign| self.page.t(sign.title.as_str())).collect();
        titles.join(", ")
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let found = PublicGathering::of_request(&request, &app, &visitor).await?;
    let mut page = PageContext::load(&visitor, &app, &found.row.title).await?;
    page.width = PageWidth::Wide;
    page.back = Some("/gatherings".to_owned());
    let row = &found.row;
    let names = ThemeNames::load(&app).await?;
    let name = |theme: &Slug| names.name(theme.as_str(), visitor.language);
    let themes: Vec<String> = row.themes.iter().map(name).collect();
    let (coming, past) = sessions(&found, &app, &visitor);
    let own = app
        .views
        .cached_organisation(app.commands.organisation())
        .await?;
    render_page(&PublicGatheringPage {
        title: row.title.clone(),
        description: row.description.clone(),
        kind: kind_name(row.kind, visitor.language),
        area: row
            .area
            .as_ref()
            .map(|area| place_name(area.as_str()))
            .unwrap_or_default(),
        themes: themes.join("; "),
        group: group_name(&app, row).await?,
        is_counted: row.sign_up == SignUpWay::Counted,
        calendar: format!("/gatherings/{}.ics", row.id),
        grew_from: grew_from(&app, row).await?,
        grown: grown(&app, row).await?,
        page,
        coming,
        past,
        signs: own.map(|own| own.signs.clone()).unwrap_or_default(),
    })
}

/// The sessions to come, and those that took place, the newest first.
fn sessions(
    found: &PublicGathering,
    app: &AppState,
    visitor: &Visitor,
) -> (Vec<PublicSession>, Vec<HeldSession>) {
    let today = day_of(app.commands.now());
    let (mut coming, mut past) = (Vec::new(), Vec::new());
    for row in &found.sessions {
        let session = found.view(row, app, visitor);
        if row.state == SessionState::Held {
            past.insert(0, HeldSession::new(session, row));
        } else if row.day >= today {
            coming.push(session);
        }
    }
    (coming, past)
}

/// The name of the group that runs it. Old names with a web address are not shown.
async fn group_name(app: &AppState, row: &GatheringRow) -> Result<Option<String>, PageError> {
    let Some(group) = row.group else {
        return Ok(None);
    };
    let ids = BTreeSet::from([group.to_string()]);
    let names = app.views.names_of_groups(ids).await?;
    Ok(names.into_values().find(|name| !contains_url(name)))
}

/// The address and the title of the gathering that it grew from, if everyone may see that one.
async fn grew_from(
    app: &AppState,
    row: &GatheringRow,
) -> Result<Option<(String, String)>, PageError> {
    let Some(id) = row.grew_from else {
        return Ok(None);
    };
    let from: Option<GatheringRow> = app.views.find(id, None).await?;
    let from = from.filter(GatheringRow::is_public);
    Ok(from.map(link_to))
}

/// The addresses and titles of the gatherings that grew from it.
async fn grown(app: &AppState, row: &GatheringRow) -> Result<Vec<(String, String)>, PageError> {
    let from_it = vec![Filter::equals("grew_from", row.id)];
    let grown: Vec<GatheringRow> = app.views.all_rows(None, from_it).await?;
    let public = grown.into_iter().filter(GatheringRow::is_public);
    Ok(public.map(link_to).collect())
}

/// The address and the title of a gathering.
fn link_to(row: GatheringRow) -> (String, String) {
    (format!("/gatherings/{}", row.id), row.title)
}
