//! The pages of the event log for auditors and administrators: a search by stream, person and day,
//! and single events as they are stored.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::{DeskRequest, PersonNames};
use crate::domain::event::event_label;
use crate::domain::{PersonId, Role};
use crate::http::api::EventView;
use crate::http::api::log::{add_corrections, event_view, load_proof, withhold_scores};
use crate::http::pages::log_proof::{CheckpointView, newest_checkpoint, proof_file};
use crate::http::pages::sign_in::format_instant;
use crate::http::pages::{Form, PageContext, PageError};
use crate::views::EventSearch;

const PAGE_SIZE: i64 = 50;

#[derive(Template)]
#[template(path = "desk/log.html")]
struct EventLogPage {
    page: PageContext,
    filter: Form,
    length: i64,
    views_at: i64,
    sealed: Option<CheckpointView>,
    rows: Vec<EventListRow>,
    next: Option<String>,
}

struct EventListRow {
    position: i64,
    when: String,
    what: String,
    stream: String,
    id: String,
    by: String,
    actor: String,
    corrected: bool,
}

#[derive(Template)]
#[template(path = "desk/event.html")]
struct EventDetailPage {
    page: PageContext,
    event: EventView,
    what: String,
    when: String,
    by: String,
    payload: String,
    metadata: Vec<(String, String)>,
    length: i64,
    /// How many events are under the newest checkpoint.
    sealed: i64,
    view: Option<String>,
}

fn require_auditor(request: &DeskRequest<'_>) -> Result<(), PageError> {
    let may = [Role::Auditor, Role::Administrator]
        .iter()
        .any(|role| request.signed.reader.roles.contains(role));
    if may {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

/// The range of time, in microseconds since the Unix epoch, from the begin of the day `from` to the
/// end of the day `to` in Europe/London.
fn bounds(request: &DeskRequest<'_>) -> (i64, i64) {
    let begins = |day: Date| {
        day.in_tz("Europe/London")
            .map_or(0, |zoned| zoned.timestamp().as_microsecond())
    };
    let since = request.day("from").map_or(0, begins);
    let before = request
        .day("to")
        .and_then(|day| day.tomorrow().ok())
        .map_or(i64::MAX, begins);
    (since, before)
}

async fn find_events(
    request: &DeskRequest<'_>,
    wanted: &EventSearch,
) -> Result<Vec<EventView>, PageError> {
    let events = request.app.views.search_events(wanted).await?;
    let mut items: Vec<_> = events.into_iter().map(event_view).collect();
    withhold_scores(request.app, request.signed, &mut items).await?;
    add_corrections(request.app, &mut items).await?;
    Ok(items)
}

pub(super) async fn list(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_auditor(request)?;
    let length = request.app.commands.log().length().await?;
    let items = find_events(request, &search(request, length)).await?;
    let actors = items
        .iter()
        .filter_map(|event| event.metadata.get("actor")?.parse().ok().map(PersonId));
    let people = request.names_of_people(actors).await?;
    let is_full = items.len() == usize::try_from(PAGE_SIZE).unwrap_or_default();
    let next = items
        .last()
        .filter(|last| last.position + 1 < length && is_full)
        .map(|event| event.position.to_string());
    let page = EventLogPage {
        page: request.page_context("The log").await?,
        filter: request.filter_form(&request.forms()),
        length,
        views_at: request.app.views.projector().next_position(),
        sealed: newest_checkpoint(request.app).await?,
        rows: items
            .iter()
            .map(|event| EventListRow::new(event, &people))
            .collect(),
        next: request.link_to_next(next),
    };
    request.render(&page)
}

/// The search of the query. Without one it is the last page of the log, with the newest events.
fn search(request: &DeskRequest<'_>, length: i64) -> EventSearch {
    let (since, before) = bounds(request);
    let (stream, actor) = (request.text("stream"), request.text("actor"));
    let is_plain = stream.is_empty() && actor.is_empty() && since == 0 && before == i64::MAX;
    let newest = if is_plain && request.text("after").is_empty() {
        (length - PAGE_SIZE).max(0)
    } else {
        0
    };
    let after = request.text("after").parse::<i64>();
    EventSearch {
        from: after.map_or(newest, |after| after.saturating_add(1)).max(0),
        stream: if stream.is_empty() {
            String::new()
        } else {
            format!("{}/{stream}", request.app.commands.log().organisation())
        },
        actor: actor.to_owned(),
        since,
        before,
        limit: PAGE_SIZE,
        newest: false,
    }
}

impl EventListRow {
    fn new(event: &EventView, people: &PersonNames) -> Self {
        let actor = event.metadata.get("actor");
        Self {
            position: event.position,
            when: format_instant(event.recorded_at.as_microsecond()),
            what: event_label(&event.event),
            stream: event.stream.clone(),
            id: event.id.clone(),
            by: actor.map(|actor| people.of(actor)).unwrap_or_default(),
            actor: actor.cloned().unwrap_or_default(),
            corrected: !event.corrected_by.is_empty(),
        }
    }
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    position: &str,
) -> Result<HttpResponse, PageError> {
    require_auditor(request)?;
    let position: i64 = position.parse().map_err(|_| PageError::not_found())?;
    let log = request.app.commands.log();
    let wanted = EventSearch {
        from: position,
        before: i64::MAX,
        limit: 1,
        ..EventSearch::default()
    };
    let event = find_events(request, &wanted)
        .await?
        .pop()
        .filter(|event| event.position == position)
        .ok_or_else(PageError::not_found)?;
    let actor = event.metadata.get("actor").cloned().unwrap_or_default();
    let people = request
        .names_of_people(actor.parse().ok().map(PersonId))
        .await?;
    let payload = event.payload.as_ref().map_or_else(
        || "You see this score once you have declared and given your own.".to_owned(),
        |payload| {
            serde_json::from_str::<serde_json::Value>(payload.get())
                .and_then(|value| serde_json::to_string_pretty(&value))
                .unwrap_or_default()
        },
    );
    let view = match event.stream.as_str() {
        "application" => Some(format!("/desk/applications/{}", event.id)),
        "grant" => Some(format!("/desk/grants/{}", event.id)),
        "group" => Some(format!("/desk/groups/{}", event.id)),
        "fund" => Some(format!("/desk/funds/{}", event.id)),
        "person" => Some(format!("/desk/people/{}", event.id)),
        _ => None,
    };
    let page = EventDetailPage {
        page: request.page_context(&format!("Event {position}")).await?,
        what: event_label(&event.event),
        when: format_instant(event.recorded_at.as_microsecond()),
        by: people.of(&actor),
        payload,
        metadata: event
            .metadata
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        length: log.length().await?,
        sealed: newest_checkpoint(request.app)
            .await?
            .map_or(0, |sealed| sealed.size),
        view,
        event,
    };
    request.render(&page)
}

/// The inclusion proof of an event, as a download.
pub(super) async fn proof(
    request: &DeskRequest<'_>,
    position: &str,
) -> Result<HttpResponse, PageError> {
    require_auditor(request)?;
    let position: i64 = position.parse().map_err(|_| PageError::not_found())?;
    proof_file(
        load_proof(request.app, request.signed, position).await?,
        position,
    )
}
