//! The pages of the event log for auditors and administrators: a search by stream, person and day,
//! and single events as they are stored.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::DeskRequest;
use crate::domain::event::event_label;
use crate::domain::{PersonId, Role};
use crate::eventlog::LogError;
use crate::http::api::EventView;
use crate::http::api::log::{add_corrections, event_view, load_proof, withhold_scores};
use crate::http::pages::log_proof::{CheckpointView, newest_checkpoint, proof_file};
use crate::http::pages::sign_in::format_instant;
use crate::http::pages::{Form, PageContext, PageError};
use crate::store::event_search::{self, EventSearch};

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

fn require_auditor(asked: &DeskRequest<'_>) -> Result<(), PageError> {
    let may = [Role::Auditor, Role::Administrator]
        .iter()
        .any(|role| asked.signed.reader.roles.contains(role));
    if may {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

/// The range of time, in microseconds since the Unix epoch, from the begin of the day `from` to the
/// end of the day `to` in Europe/London.
fn bounds(asked: &DeskRequest<'_>) -> (i64, i64) {
    let begins = |day: Date| {
        day.in_tz("Europe/London")
            .map_or(0, |zoned| zoned.timestamp().as_microsecond())
    };
    let since = asked.day("from").map_or(0, begins);
    let before = asked
        .day("to")
        .and_then(|day| day.tomorrow().ok())
        .map_or(i64::MAX, begins);
    (since, before)
}

async fn find_events(
    asked: &DeskRequest<'_>,
    wanted: &EventSearch,
) -> Result<Vec<EventView>, PageError> {
    let log = asked.desk.commands.log();
    let rows = event_search::events(log.store(), log.organisation(), wanted).await?;
    let mut items = rows
        .into_iter()
        .map(event_view)
        .collect::<Result<Vec<_>, LogError>>()?;
    withhold_scores(asked.desk, asked.signed, &mut items).await?;
    add_corrections(asked.desk, &mut items).await?;
    Ok(items)
}

pub(super) async fn list(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_auditor(asked)?;
    let log = asked.desk.commands.log();
    let length = log.length().await?;
    let (since, before) = bounds(asked);
    let stream = asked.text("stream");
    let plain =
        stream.is_empty() && asked.text("actor").is_empty() && since == 0 && before == i64::MAX;
    // Without a search the last page of the log is shown, with the newest events.
    let newest = if plain && asked.text("after").is_empty() {
        (length - PAGE_SIZE).max(0)
    } else {
        0
    };
    let from = asked
        .text("after")
        .parse::<i64>()
        .map_or(newest, |after| after.saturating_add(1))
        .max(0);
    let wanted = EventSearch {
        from,
        stream: if stream.is_empty() {
            String::new()
        } else {
            format!("{}/{stream}", log.organisation())
        },
        actor: asked.text("actor").to_owned(),
        since,
        before,
        limit: PAGE_SIZE,
        newest: false,
    };
    let items = find_events(asked, &wanted).await?;
    let people = asked
        .names_of_people(
            items
                .iter()
                .filter_map(|event| event.metadata.get("actor")?.parse().ok().map(PersonId)),
        )
        .await?;
    let next = items
        .last()
        .filter(|last| {
            last.position + 1 < length
                && items.len() == usize::try_from(PAGE_SIZE).unwrap_or_default()
        })
        .map(|event| event.position.to_string());
    let row = |event: &EventView| EventListRow {
        position: event.position,
        when: format_instant(event.recorded_at.as_microsecond()),
        what: event_label(&event.event),
        stream: event.stream.clone(),
        id: event.id.clone(),
        by: event
            .metadata
            .get("actor")
            .map(|actor| people.of(actor))
            .unwrap_or_default(),
        actor: event.metadata.get("actor").cloned().unwrap_or_default(),
        corrected: !event.corrected_by.is_empty(),
    };
    let mut filter = asked.forms().form("filter");
    for (name, value) in &asked.query {
        filter = filter.prefill(name, value);
    }
    let page = EventLogPage {
        page: asked.page_context("The log").await?,
        filter,
        length,
        views_at: asked.desk.views.projector().next_position(),
        sealed: newest_checkpoint(asked.desk).await?,
        rows: items.iter().map(row).collect(),
        next: next.map(|next| super::applications::url_with(asked, "after", &next)),
    };
    asked.render(&page)
}

pub(super) async fn show(
    asked: &DeskRequest<'_>,
    position: &str,
) -> Result<HttpResponse, PageError> {
    require_auditor(asked)?;
    let position: i64 = position.parse().map_err(|_| PageError::not_found())?;
    let log = asked.desk.commands.log();
    let wanted = EventSearch {
        from: position,
        before: i64::MAX,
        limit: 1,
        ..EventSearch::default()
    };
    let event = find_events(asked, &wanted)
        .await?
        .pop()
        .filter(|event| event.position == position)
        .ok_or_else(PageError::not_found)?;
    let actor = event.metadata.get("actor").cloned().unwrap_or_default();
    let people = asked
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
        page: asked.page_context(&format!("Event {position}")).await?,
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
        sealed: newest_checkpoint(asked.desk)
            .await?
            .map_or(0, |sealed| sealed.size),
        view,
        event,
    };
    asked.render(&page)
}

/// The inclusion proof of an event, as a download.
pub(super) async fn proof(
    asked: &DeskRequest<'_>,
    position: &str,
) -> Result<HttpResponse, PageError> {
    require_auditor(asked)?;
    let position: i64 = position.parse().map_err(|_| PageError::not_found())?;
    proof_file(
        load_proof(asked.desk, asked.signed, position).await?,
        position,
    )
}
