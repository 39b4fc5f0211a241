//! The list of gatherings: those to come, by place and kind, and what came of those before.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::Span;
use uuid::Uuid;

use super::session::{HeldSession, PlacesLeft, PublicSession};
use super::words::kind_name;
use crate::clock::day_of;
use crate::domain::gathering::SessionState;
use crate::domain::text::Slug;
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, render_page, sign_in};
use crate::projections::{GatheringRow, GatheringSessionRow};
use crate::views::Filter;

/// How many sessions that took place the list shows, and how many days they are looked back for.
const PAST_MAX: usize = 12;
const PAST_DAYS: i64 = 365;

#[derive(Template)]
#[template(path = "gatherings/list.html")]
struct PublicGatheringsPage {
    page: PageContext,
    coming: Vec<ComingGathering>,
    past: Vec<HeldSession>,
    areas: Vec<FilterOption>,
    kinds: Vec<FilterOption>,
    is_filtered: bool,
}

/// A gathering to come, by its next session.
struct ComingGathering {
    session: PublicSession,
    kind: &'static str,
    /// How many sessions follow.
    more: usize,
}

/// What the list can be filtered by.
struct FilterOption {
    key: String,
    name: String,
    is_chosen: bool,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let area = sign_in::query_param(&request, "area");
    let kind = sign_in::query_param(&request, "kind");
    let first = day_of(app.commands.now()).saturating_sub(Span::new().days(PAST_DAYS));
    let recent = vec![Filter::at_least("day", first)];
    let mut sessions: Vec<GatheringSessionRow> = app.views.all_rows(None, recent).await?;
    sessions.sort_by_key(|session| (session.day, session.starts_at.clone(), session.session));
    let all = app.views.public_gatherings_of(&sessions).await?;
    let is_wanted = |row: &&GatheringRow| {
        let is_there = row.area.as_ref().is_some_and(|own| own.as_str() == area);
        (area.is_empty() || is_there) && (kind.is_empty() || row.kind.key() == kind)
    };
    let wanted: BTreeMap<Uuid, &GatheringRow> = all
        .values()
        .filter(is_wanted)
        .map(|row| (row.id, row))
        .collect();
    let title = translate("What’s on", visitor.language);
    let mut page = PageContext::load(&visitor, &app, title).await?;
    page.width = PageWidth::Wide;
    render_page(&PublicGatheringsPage {
        page,
        coming: coming(&wanted, &sessions, &app, &visitor),
        past: past(&wanted, &sessions, &app, &visitor),
        areas: areas(&all, &area),
        kinds: kinds(&all, &kind, &visitor),
        is_filtered: !area.is_empty() || !kind.is_empty(),
    })
}

/// A session as everyone sees it.
fn view(
    gathering: &GatheringRow,
    session: &GatheringSessionRow,
    app: &AppState,
    visitor: &Visitor,
) -> PublicSession {
    let now = app.commands.now();
    PublicSession::new(gathering, session, (false, None), (now, visitor.language))
}

/// The gatherings with a session to come, in the order of their next ones. One whose sessions are
/// all cancelled is listed by the first of these until its day is over.
fn coming(
    gatherings: &BTreeMap<Uuid, &GatheringRow>,
    sessions: &[GatheringSessionRow],
    app: &AppState,
    visitor: &Visitor,
) -> Vec<ComingGathering> {
    let today = day_of(app.commands.now());
    let mut next: Vec<ComingGathering> = Vec::new();
    let mut index_of: BTreeMap<Uuid, usize> = BTreeMap::new();
    for row in sessions.iter().filter(|row| row.day >= today) {
        let Some(gathering) = gatherings.get(&row.gathering) else {
            continue;
        };
        let session = view(gathering, row, app, visitor);
        if session.places_left == PlacesLeft::Over {
            continue;
        }
        let at = *index_of.entry(session.gathering).or_insert(next.len());
        let known = next.get_mut(at);
        let is_to_come = session.places_left.is_to_come();
        match known {
            Some(known) if is_to_come && !known.session.places_left.is_to_come() => {
                known.session = session;
            }
            Some(known) => known.more += usize::from(is_to_come),
            None => next.push(ComingGathering {
                session,
                kind: kind_name(gathering.kind, visitor.language),
                more: 0,
            }),
        }
    }
    next.sort_by_key(|coming| coming.session.day);
    next
}

/// The newest sessions that took place.
fn past(
    gatherings: &BTreeMap<Uuid, &GatheringRow>,
    sessions: &[GatheringSessionRow],
    app: &AppState,
    visitor: &Visitor,
) -> Vec<HeldSession> {
    let held = sessions
        .iter()
        .rev()
        .filter(|session| session.state == SessionState::Held);
    held.filter_map(|row| {
        let session = view(gatherings.get(&row.gathering)?, row, app, visitor);
        Some(HeldSession::new(session, row))
    })
    .take(PAST_MAX)
    .collect()
}

/// The areas of gatherings.
fn areas(all: &BTreeMap<Uuid, GatheringRow>, chosen: &str) -> Vec<FilterOption> {
    let mut keys: Vec<&str> = all
        .values()
        .filter_map(|row| row.area.as_ref())
        .map(Slug::as_str)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let option = |key: &str| FilterOption {
        key: key.to_owned(),
        name: place_name(key),
        is_chosen: key == chosen,
    };
    keys.into_iter().map(option).collect()
}

/// The kinds of gatherings.
fn kinds(all: &BTreeMap<Uuid, GatheringRow>, chosen: &str, visitor: &Visitor) -> Vec<FilterOption> {
    let by_key: BTreeMap<&str, &str> = all
        .values()
        .map(|row| (row.kind.key(), kind_name(row.kind, visitor.language)))
        .collect();
    let option = |(key, name): (&str, &str)| FilterOption {
        key: key.to_owned(),
        name: name.to_owned(),
        is_chosen: key == chosen,
    };
    by_key.into_iter().map(option).collect()
}
