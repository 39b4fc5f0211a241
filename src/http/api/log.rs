//! The event log, for auditors and administrators.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::answers::{Collection, End};
use super::applications::hidden_scores;
use super::asked::Asked;
use crate::domain::event::SCORES;
use crate::domain::{Refusal, Role};
use crate::http::Desk;
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::log::LogError;
use crate::seal::proof::Proof;
use crate::seal::prover::Prover;
use crate::store::{StoreError, events};

/// The longest wait for a new event, in seconds.
const WAIT_MOST: u64 = 25;
const WAITS: &str = "this is a number of seconds from 0 to 25";

/// The length of the event log, and its newest checkpoint.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LogHead {
    /// The number of events, which is also the position of the next one.
    pub length: i64,
    /// The position of the first event that reads do not show yet.
    pub views_at: i64,
    /// The number of events under the newest checkpoint.
    pub sealed: i64,
    /// When the last event under the newest checkpoint was recorded.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub sealed_through: Option<Timestamp>,
    /// The newest signed checkpoint (C2SP tlog-checkpoint).
    pub head: Option<String>,
    /// The public key that verifies the checkpoint.
    pub key: Option<String>,
    /// Why signing has stopped; absent while it runs.
    pub stopped: Option<String>,
}

/// An event as it is stored. Personal values in it are encrypted.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Event)]
pub struct EventSeen {
    pub position: i64,
    #[schema(value_type = String, format = "date-time")]
    pub recorded_at: Timestamp,
    /// The type of the stream.
    pub stream: String,
    pub id: String,
    pub sequence: i64,
    pub event: String,
    pub version: String,
    /// Absent if it is an assessor's score that the reader may not see yet.
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Box<RawValue>>,
    /// The positions of events that correct this one. They refer to it by its sequence in the
    /// stream.
    pub corrected_by: Vec<i64>,
    pub metadata: BTreeMap<String, String>,
    pub command_id: String,
}

pub(super) async fn head(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    Asked::read(&http, &[])?;
    auditor(&signed)?;
    let length = desk.commands.log().length().await?;
    let sealed = Prover::new(desk.commands.log().clone())
        .sealed()
        .await
        .map_err(LogError::from)?;
    let mut head = LogHead {
        length,
        views_at: desk.views.projector().next_position(),
        sealed: 0,
        sealed_through: None,
        head: None,
        key: None,
        stopped: None,
    };
    if let Some(sealed) = sealed {
        head.sealed = sealed.size;
        head.sealed_through = Timestamp::from_microsecond(sealed.through).ok();
        head.head = Some(sealed.note);
        head.key = Some(sealed.log.verifier);
        head.stopped = sealed.log.stopped;
    }
    Ok(HttpResponse::Ok().json(head))
}

pub(super) async fn proof(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    Asked::read(&http, &[])?;
    auditor(&signed)?;
    let position = http
        .match_info()
        .query("position")
        .parse()
        .map_err(|_| Fault::NotFound.problem("this is no position of the log"))?;
    let proof = proof_of(&desk, &signed, position).await?;
    Ok(HttpResponse::Ok().json(
        proof
            .ok_or_else(|| Fault::NotFound.problem("no head was signed over this position yet"))?,
    ))
}

/// The inclusion proof of an event; `None` if no checkpoint covers it yet. Refused if the reader
/// may not see the event's payload, because a proof contains it.
pub(in crate::http) async fn proof_of(
    desk: &Desk,
    signed: &SignedIn,
    position: i64,
) -> Result<Option<Proof>, Problem> {
    let log = desk.commands.log();
    let rows = events::page(log.store(), log.organisation(), position, 1)
        .await
        .map_err(LogError::from)?;
    let mut items = rows.into_iter().map(seen).collect::<Result<Vec<_>, _>>()?;
    withhold(desk, signed, &mut items).await?;
    if items.iter().any(|item| item.payload.is_none()) {
        return Err(Refusal::NotYours.into());
    }
    Ok(Prover::new(log.clone())
        .proof(position)
        .await
        .map_err(LogError::from)?)
}

pub(super) async fn events(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["after_position", "limit", "wait"])?;
    auditor(&signed)?;
    let after: i64 = asked
        .parsed("after_position", "this is a position of the log")?
        .unwrap_or(-1);
    if !(-1..=i64::MAX / 2).contains(&after) {
        return Err(Fault::InvalidQuery
            .problem("no log has this position")
            .about("after_position"));
    }
    let wait: u64 = asked.parsed("wait", WAITS)?.unwrap_or_default();
    if wait > WAIT_MOST {
        return Err(Fault::InvalidQuery.problem(WAITS).about("wait"));
    }
    let log = desk.commands.log();
    let limit = asked.limit()?;
    // A position after the end of the log is an error, not something to wait for.
    if after >= desk.views.projector().next_position() && after >= log.length().await? {
        return Err(Fault::InvalidQuery
            .problem("the log has not come to this position yet")
            .about("after_position"));
    }
    if wait > 0 {
        desk.views
            .projector()
            .passed(after.saturating_add(1), Duration::from_secs(wait))
            .await;
    }
    let rows = events::page(
        log.store(),
        log.organisation(),
        after.saturating_add(1),
        limit,
    )
    .await
    .map_err(LogError::from)?;
    let full = i64::try_from(rows.len()).is_ok_and(|read| read == limit);
    let next = rows
        .last()
        .filter(|_| full)
        .map(|row| row.position.to_string());
    let mut items = rows.into_iter().map(seen).collect::<Result<Vec<_>, _>>()?;
    withhold(&desk, &signed, &mut items).await?;
    note_corrections(&desk, &mut items).await?;
    Ok(Collection::of(items, End { next, total: None }).answer())
}

/// Removes the payload of scores that the reader may not see: panel members see the scores of
/// others only after they have given their own.
pub(in crate::http) async fn withhold(
    desk: &Desk,
    signed: &SignedIn,
    items: &mut [EventSeen],
) -> Result<(), Problem> {
    let others = |item: &EventSeen| {
        let by = item
            .metadata
            .get("actor")
            .is_some_and(|actor| *actor == signed.reader.person.to_string());
        (item.stream == "application" && SCORES.contains(&item.event.as_str()) && !by)
            .then(|| item.id.parse::<Uuid>().ok())
            .flatten()
    };
    let hidden = hidden_scores(desk, &signed.reader, items.iter().filter_map(others)).await?;
    for item in items
        .iter_mut()
        .filter(|item| others(item).is_some_and(|id| hidden.contains(&id)))
    {
        item.payload = None;
    }
    Ok(())
}

pub(in crate::http) async fn note_corrections(
    desk: &Desk,
    items: &mut [EventSeen],
) -> Result<(), Problem> {
    let key = |item: &EventSeen| format!("{}/{}/{:08}", item.stream, item.id, item.sequence);
    let corrected = desk
        .views
        .corrections(items.iter().map(key).collect())
        .await?;
    for item in items {
        item.corrected_by = corrected.get(&key(item)).cloned().unwrap_or_default();
    }
    Ok(())
}

pub(in crate::http) fn auditor(signed: &SignedIn) -> Result<(), Problem> {
    let may = [Role::Auditor, Role::Administrator]
        .iter()
        .any(|role| signed.reader.roles.contains(role));
    if may {
        Ok(())
    } else {
        Err(Refusal::NotYours.into())
    }
}

pub(in crate::http) fn seen(row: events::EventRow) -> Result<EventSeen, LogError> {
    let unreadable = |cause: String| StoreError::Unreadable {
        what: "an event",
        stream: format!("{}/{}", row.aggregate_type, row.aggregate_id),
        position: row.position,
        cause,
    };
    let payload = RawValue::from_string(row.payload.clone())
        .map_err(|cause| unreadable(cause.to_string()))?;
    let metadata =
        serde_json::from_str(&row.metadata).map_err(|cause| unreadable(cause.to_string()))?;
    let recorded_at = Timestamp::from_microsecond(row.recorded_at)
        .map_err(|cause| unreadable(cause.to_string()))?;
    let (_, id) = row.aggregate_id.rsplit_once('/').unwrap_or_default();
    Ok(EventSeen {
        position: row.position,
        recorded_at,
        id: id.to_owned(),
        stream: row.aggregate_type,
        sequence: row.sequence,
        event: row.event_type,
        version: row.event_version,
        payload: Some(payload),
        corrected_by: Vec::new(),
        metadata,
        command_id: row.command_id,
    })
}
