//! The pages of the event log for auditors and administrators: a search by stream, person and day,
//! and single events as they are stored.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::{DeskRequest, PersonNames};
use crate::domain::event::event_label;
use crate::domain::{PersonId, Role};
use crate::http::api::EventView;
use crate::http::api::log::{
    add_corrections, event_view, is_unsent, load_proof, withhold_payloads,
};
use crate::http::pages::days::{day_in_words, format_instant, time_in_words};
use crate::http::pages::log_proof::{CheckpointView, newest_checkpoint, proof_file};
use crate::http::pages::{Form, PageContext, PageError};
use crate::projections::ApplicationRow;
use crate::views::EventSearch;

const PAGE_SIZE: i64 = 50;

#[derive(Template)]
#[template(path = "desk/log.html")]
struct EventLogPage {
    page: PageContext,
    filter: Form,
    /// The name of the group or fund to whose entries the page is limited; empty without one.
    record: String,
    length: i64,
    sealed: Option<CheckpointView>,
    days: Vec<EventDay>,
    /// The positions of the oldest and the newest event on the page.
    shown: Option<(i64, i64)>,
    older: Option<String>,
    newer: Option<String>,
}

/// The events of one day.
struct EventDay {
    day: String,
    rows: Vec<EventListRow>,
}

struct EventListRow {
    position: i64,
    time: String,
    what: String,
    /// The kind of the record, and its address, if it has a page.
    record: &'static str,
    /// The name of the record's group or fund; empty for other records.
    name: String,
    view: Option<String>,
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
    record: &'static str,
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
    withhold_payloads(request.app, request.signed, &mut items).await?;
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
    let people = request.names_of_actors(actors).await?;
    let names = record_names(request, &items).await?;
    let shown = items.first().zip(items.last());
    let shown = shown.map(|(oldest, newest)| (oldest.position, newest.position));
    let older = shown
        .filter(|(oldest, _)| *oldest > 0 && items.len() == page_size())
        .map(|(oldest, _)| oldest.to_string());
    let newer = (!request.text("before").is_empty()).then(|| request.address_without(&["before"]));
    let context = request.page_context("Audit log").await?;
    let page = EventLogPage {
        filter: request.filter_form(&request.forms()),
        record: names
            .get(request.text("stream"))
            .cloned()
            .unwrap_or_default(),
        length,
        sealed: newest_checkpoint(request.app).await?,
        days: days(&items, &people, &names, context.today),
        shown,
        older: older.map(|oldest| request.address_with("before", &oldest)),
        newer,
        page: context,
    };
    request.render(&page)
}

/// The names of the groups and funds that events are about, by the ids of their records. A grant
/// has the id of its application.
async fn record_names(
    request: &DeskRequest<'_>,
    items: &[EventView],
) -> Result<BTreeMap<String, String>, PageError> {
    let of = |streams: &[&str]| -> BTreeSet<String> {
        let events = items.iter();
        let about = events.filter(|event| streams.contains(&event.stream.as_str()));
        about.map(|event| event.id.clone()).collect()
    };
    let rows: Vec<ApplicationRow> = request.rows_by_id(of(&["application", "grant"])).await?;
    let mut groups = of(&["group"]);
    groups.extend(rows.iter().map(|row| row.group.to_string()));
    let groups = request.group_names(groups.into_iter()).await?;
    let of_row = |row: &ApplicationRow| {
        let name = groups.get(&row.group.to_string())?;
        Some((row.id.to_string(), name.clone()))
    };
    let mut names: BTreeMap<String, String> = rows.iter().filter_map(of_row).collect();
    let funds = request.app.views.cached_funds().await?;
    names.extend(
        funds
            .iter()
            .map(|fund| (fund.id.to_string(), fund.name.clone())),
    );
    names.extend(groups);
    Ok(names)
}

fn page_size() -> usize {
    usize::try_from(PAGE_SIZE).unwrap_or_default()
}

/// The events, the newest first, by day.
fn days(
    items: &[EventView],
    people: &PersonNames,
    names: &BTreeMap<String, String>,
    today: Date,
) -> Vec<EventDay> {
    let mut days: Vec<EventDay> = Vec::new();
    for event in items.iter().rev() {
        let microsecond = event.recorded_at.as_microsecond();
        let day = day_in_words(microsecond, today);
        let row = EventListRow::new(event, people, names);
        match days.last_mut() {
            Some(last) if last.day == day => last.rows.push(row),
            _ => days.push(EventDay {
                day,
                rows: vec![row],
            }),
        }
    }
    days
}

/// The search of the query: the newest events before a position.
fn search(request: &DeskRequest<'_>, length: i64) -> EventSearch {
    let (since, before) = bounds(request);
    let (stream, actor) = (request.text("stream"), request.text("actor"));
    let until = request.text("before").parse::<i64>().unwrap_or(length);
    EventSearch {
        from: 0,
        until: until.clamp(1, length.max(1)),
        stream: if stream.is_empty() {
            String::new()
        } else {
            format!("{}/{stream}", request.app.commands.log().organisation())
        },
        actor: actor.to_owned(),
        since,
        before,
        limit: PAGE_SIZE,
        newest: true,
    }
}

/// The page of a record in the log, by the type of its stream.
fn record_page(stream: &str, id: &str) -> Option<String> {
    let room = match stream {
        "application" => "applications",
        "grant" => "grants",
        "group" => "groups",
        "fund" => "funds",
        "person" => "people",
        "barrier" => "barriers",
        _ => return None,
    };
    Some(format!("/desk/{room}/{id}"))
}

fn record_name(stream: &str) -> &'static str {
    match stream {
        "application" => "Application",
        "grant" => "Grant",
        "gathering" => "Gathering",
        "asset" => "Entry",
        "barrier" => "Barrier",
        "group" => "Group",
        "introduction" => "Introduction",
        "fund" => "Fund",
        "person" => "Person",
        _ => "Organisation",
    }
}

impl EventLogPage {
    /// The position before which the first page of the log ends.
    fn first_page(&self) -> i64 {
        PAGE_SIZE.min(self.length)
    }
}

impl EventListRow {
    fn new(event: &EventView, people: &PersonNames, names: &BTreeMap<String, String>) -> Self {
        let actor = event.metadata.get("actor");
        Self {
            position: event.position,
            time: time_in_words(event.recorded_at.as_microsecond()),
            what: event_label(&event.event),
            record: record_name(&event.stream),
            name: names.get(&event.id).cloned().unwrap_or_default(),
            view: record_page(&event.stream, &event.id),
            id: event.id.clone(),
            by: actor
                .map(|actor| people.of(actor))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "The service".to_owned()),
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
        .names_of_actors(actor.parse().ok().map(PersonId))
        .await?;
    let withheld = if is_unsent(&event) {
        "The group has not sent this yet. Only the group sees it."
    } else {
        "You see this score, and its proof, once you have declared and given your own."
    };
    let payload = event.payload.as_ref().map_or_else(
        || withheld.to_owned(),
        |payload| {
            serde_json::from_str::<serde_json::Value>(payload.get())
                .and_then(|value| serde_json::to_string_pretty(&value))
                .unwrap_or_default()
        },
    );
    let view = record_page(&event.stream, &event.id);
    let page = EventDetailPage {
        page: request.page_context(&format!("Entry {position}")).await?,
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
        record: record_name(&event.stream),
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
