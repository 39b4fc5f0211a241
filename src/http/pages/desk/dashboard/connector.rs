//! The page of today of a connector: what needs them with introductions, gatherings, the directory
//! and barriers, and the sessions to come with how many signed up. No application, no grant and no
//! sum of money is on it.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use jiff::Span;
use uuid::Uuid;

use super::super::DeskRequest;
use super::super::gatherings::path_of;
use super::work::WorkRow;
use super::{assets, barriers, gatherings, greeting, introductions};
use crate::domain::gathering::{GatheringState, SessionState};
use crate::http::pages::days::short_day;
use crate::http::pages::{PageContext, PageError};
use crate::projections::{GatheringRow, GatheringSessionRow};
use crate::views::Filter;

/// How far ahead the sessions to come are shown.
const AHEAD_DAYS: i64 = 28;
/// The most sessions to come that are shown.
const SESSIONS_MAX: usize = 8;

#[derive(Template)]
#[template(path = "desk/connector_today.html")]
struct ConnectorTodayPage {
    page: PageContext,
    day: String,
    greeting: &'static str,
    work: Vec<WorkRow>,
    sessions: Vec<SessionToCome>,
}

/// A session to come, with how many signed up for it.
struct SessionToCome {
    day: String,
    title: String,
    path: String,
    signed_up: String,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let mut work = introductions::work(request).await?;
    work.extend(gatherings::work(request).await?);
    work.extend(assets::work(request).await?);
    work.extend(barriers::work(request).await?);
    work.sort_by_key(WorkRow::order);
    let page = ConnectorTodayPage {
        page: request.page_context("Today").await?,
        day: request.today().strftime("%A %-d %B %Y").to_string(),
        greeting: greeting(request),
        work,
        sessions: sessions_to_come(request).await?,
    };
    request.render(&page)
}

async fn sessions_to_come(request: &DeskRequest<'_>) -> Result<Vec<SessionToCome>, PageError> {
    let views = &request.app.views;
    let today = request.today();
    let until = today.saturating_add(Span::new().days(AHEAD_DAYS));
    let planned = vec![
        Filter::in_state([SessionState::Planned]),
        Filter::at_least("day", today),
        Filter::at_most("day", until),
    ];
    let mut sessions: Vec<GatheringSessionRow> = views.all_rows(None, planned).await?;
    sessions.sort_by(|one, other| {
        (one.day, one.gathering, one.session).cmp(&(other.day, other.gathering, other.session))
    });
    let ids: BTreeSet<Uuid> = sessions.iter().map(|session| session.gathering).collect();
    let open = vec![
        Filter::any_of("id", ids),
        Filter::in_state([GatheringState::Open]),
    ];
    let gatherings: Vec<GatheringRow> = views.all_rows(None, open).await?;
    let titles: BTreeMap<Uuid, String> = gatherings
        .into_iter()
        .map(|row| (row.id, row.title))
        .collect();
    let shown = |session: &GatheringSessionRow| {
        Some(SessionToCome {
            title: titles.get(&session.gathering)?.clone(),
            day: short_day(session.day, today),
            path: path_of(session.gathering),
            signed_up: signed_up(session),
        })
    };
    let shown = sessions.iter().filter_map(shown).take(SESSIONS_MAX);
    Ok(shown.collect())
}

/// "7 signed up, 2 wait".
fn signed_up(session: &GatheringSessionRow) -> String {
    let coming = session.taken.saturating_add(session.counted);
    let coming = match coming {
        0 => "No one signed up yet".to_owned(),
        coming => format!("{coming} signed up"),
    };
    match session.waiting {
        0 => coming,
        1 => format!("{coming}, 1 waits"),
        waiting => format!("{coming}, {waiting} wait"),
    }
}
