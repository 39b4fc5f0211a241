//! The pages of the event log for auditors and administrators: a search by stream, person and day,
//! and single events as they are stored.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::Asked;
use crate::domain::event::in_words;
use crate::domain::{PersonId, Role};
use crate::http::api::EventSeen;
use crate::http::api::log::{note_corrections, proof_of, seen, withhold};
use crate::http::pages::sealed::{SealedSeen, proof_file, sealed};
use crate::http::pages::signin::moment;
use crate::http::pages::{Failed, Form, Shell};
use crate::log::LogError;
use crate::store::search::{self, Search};

const ROWS: i64 = 50;

#[derive(Template)]
#[template(path = "desk/log.html")]
struct List {
    page: Shell,
    filter: Form,
    length: i64,
    views_at: i64,
    sealed: Option<SealedSeen>,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
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
struct Sheet {
    page: Shell,
    event: EventSeen,
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

fn auditor(asked: &Asked<'_>) -> Result<(), Failed> {
    let may = [Role::Auditor, Role::Administrator]
        .iter()
        .any(|role| asked.signed.reader.roles.contains(role));
    if may {
        Ok(())
    } else {
        Err(Failed::not_yours())
    }
}

/// The range of time, in microseconds since the Unix epoch, from the begin of the day `from` to the
/// end of the day `to` in Europe/London.
fn bounds(asked: &Asked<'_>) -> (i64, i64) {
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

async fn found(asked: &Asked<'_>, wanted: &Search) -> Result<Vec<EventSeen>, Failed> {
    let log = asked.desk.commands.log();
    let rows = search::events(log.store(), log.organisation(), wanted).await?;
    let mut items = rows
        .into_iter()
        .map(seen)
        .collect::<Result<Vec<_>, LogError>>()?;
    withhold(asked.desk, asked.signed, &mut items).await?;
    note_corrections(asked.desk, &mut items).await?;
    Ok(items)
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    auditor(asked)?;
    let log = asked.desk.commands.log();
    let length = log.length().await?;
    let (since, before) = bounds(asked);
    let stream = asked.text("stream");
    let plain =
        stream.is_empty() && asked.text("actor").is_empty() && since == 0 && before == i64::MAX;
    // Without a search the last page of the log is shown, with the newest events.
    let newest = if plain && asked.text("after").is_empty() {
        (length - ROWS).max(0)
    } else {
        0
    };
    let from = asked
        .text("after")
        .parse::<i64>()
        .map_or(newest, |after| after.saturating_add(1))
        .max(0);
    let wanted = Search {
        from,
        stream: if stream.is_empty() {
            String::new()
        } else {
            format!("{}/{stream}", log.organisation())
        },
        actor: asked.text("actor").to_owned(),
        since,
        before,
        most: ROWS,
        newest: false,
    };
    let items = found(asked, &wanted).await?;
    let people = asked
        .people(
            items
                .iter()
                .filter_map(|event| event.metadata.get("actor")?.parse().ok().map(PersonId)),
        )
        .await?;
    let next = items
        .last()
        .filter(|last| {
            last.position + 1 < length && items.len() == usize::try_from(ROWS).unwrap_or_default()
        })
        .map(|event| event.position.to_string());
    let row = |event: &EventSeen| Row {
        position: event.position,
        when: moment(event.recorded_at.as_microsecond()),
        what: in_words(&event.event),
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
        filter = filter.known(name, value);
    }
    let page = List {
        page: asked.shell("The log").await?,
        filter,
        length,
        views_at: asked.desk.views.projector().next_position(),
        sealed: sealed(asked.desk).await?,
        rows: items.iter().map(row).collect(),
        next: next.map(|next| super::applications::with(asked, "after", &next)),
    };
    asked.page(&page)
}

pub(super) async fn show(asked: &Asked<'_>, position: &str) -> Result<HttpResponse, Failed> {
    auditor(asked)?;
    let position: i64 = position.parse().map_err(|_| Failed::nothing())?;
    let log = asked.desk.commands.log();
    let wanted = Search {
        from: position,
        before: i64::MAX,
        most: 1,
        ..Search::default()
    };
    let event = found(asked, &wanted)
        .await?
        .pop()
        .filter(|event| event.position == position)
        .ok_or_else(Failed::nothing)?;
    let actor = event.metadata.get("actor").cloned().unwrap_or_default();
    let people = asked.people(actor.parse().ok().map(PersonId)).await?;
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
    let page = Sheet {
        page: asked.shell(&format!("Event {position}")).await?,
        what: in_words(&event.event),
        when: moment(event.recorded_at.as_microsecond()),
        by: people.of(&actor),
        payload,
        metadata: event
            .metadata
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        length: log.length().await?,
        sealed: sealed(asked.desk).await?.map_or(0, |sealed| sealed.size),
        view,
        event,
    };
    asked.page(&page)
}

/// The inclusion proof of an event, as a download.
pub(super) async fn proof(asked: &Asked<'_>, position: &str) -> Result<HttpResponse, Failed> {
    auditor(asked)?;
    let position: i64 = position.parse().map_err(|_| Failed::nothing())?;
    proof_file(
        proof_of(asked.desk, asked.signed, position).await?,
        position,
    )
}
