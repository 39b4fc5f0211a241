//! The event log, for auditors and administrators.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::applications::hidden_scores;
use super::query::QueryParams;
use super::response::{Collection, PageEnd};
use crate::auth::SignedIn;
use crate::domain::event::{SCORE_EVENTS, UNSENT_EVENTS};
use crate::domain::{Refusal, Role};
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};
use crate::transparency::proof::Proof;
use crate::transparency::prover::Prover;
use crate::views::StoredEvent;

/// The longest wait for a new event, in seconds.
const WAIT_MAX_SECONDS: u64 = 25;
const WAIT_HINT: &str = "this is a number of seconds from 0 to 25";

/// The length of the event log, and its newest checkpoint.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LogStatus {
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
pub struct EventView {
    pub position: i64,
    #[schema(value_type = String, format = "date-time")]
    pub recorded_at: Timestamp,
    /// The type of the stream.
    pub stream: String,
    pub id: String,
    pub sequence: i64,
    pub event: String,
    pub version: String,
    /// Absent if it is an assessor's score that the reader may not see yet, or a report that the
    /// group has saved and not sent.
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
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_auditor(&signed)?;
    let length = app.commands.log().length().await?;
    let sealed = Prover::new(app.commands.log().clone())
        .newest_checkpoint()
        .await?;
    let mut head = LogStatus {
        length,
        views_at: app.views.projector().next_position(),
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
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_auditor(&signed)?;
    let position = http
        .match_info()
        .query("position")
        .parse()
        .map_err(|_| ErrorCode::NotFound.problem("this is not a position in the log"))?;
    let proof = load_proof(&app, &signed, position).await?;
    Ok(HttpResponse::Ok().json(proof.ok_or_else(|| {
        ErrorCode::NotFound.problem("no head has been signed over this position yet")
    })?))
}

/// The inclusion proof of an event; `None` if no checkpoint covers it yet. Refused if the reader
/// may not see the event's payload, because a proof contains it.
pub(in crate::http) async fn load_proof(
    app: &AppState,
    signed: &SignedIn,
    position: i64,
) -> Result<Option<Proof>, Problem> {
    let events = app.views.stored_events(position, 1).await?;
    let mut items: Vec<_> = events.into_iter().map(event_view).collect();
    withhold_payloads(app, signed, &mut items).await?;
    if items.iter().any(|item| item.payload.is_none()) {
        return Err(Refusal::NotYours.into());
    }
    Ok(Prover::new(app.commands.log().clone())
        .proof(position)
        .await?)
}

pub(super) async fn events(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["after_position", "limit", "wait"])?;
    require_auditor(&signed)?;
    let after: i64 = params
        .parsed("after_position", "this is a position of the log")?
        .unwrap_or(-1);
    if !(-1..=i64::MAX / 2).contains(&after) {
        return Err(ErrorCode::InvalidQuery
            .problem("this is not a position in the log")
            .with_field("after_position"));
    }
    let wait: u64 = params.parsed("wait", WAIT_HINT)?.unwrap_or_default();
    if wait > WAIT_MAX_SECONDS {
        return Err(ErrorCode::InvalidQuery
            .problem(WAIT_HINT)
            .with_field("wait"));
    }
    let limit = params.limit()?;
    // A position after the end of the log is an error, not something to wait for.
    if after >= app.views.projector().next_position()
        && after >= app.commands.log().length().await?
    {
        return Err(ErrorCode::InvalidQuery
            .problem("the log does not reach this position yet")
            .with_field("after_position"));
    }
    if wait > 0 {
        app.views
            .projector()
            .wait_for_position(after.saturating_add(1), Duration::from_secs(wait))
            .await;
    }
    let events = app
        .views
        .stored_events(after.saturating_add(1), limit)
        .await?;
    let mut items: Vec<_> = events.into_iter().map(event_view).collect();
    let full = i64::try_from(items.len()).is_ok_and(|read| read == limit);
    let next = items
        .last()
        .filter(|_| full)
        .map(|item| item.position.to_string());
    withhold_payloads(&app, &signed, &mut items).await?;
    add_corrections(&app, &mut items).await?;
    Ok(Collection::new(items, PageEnd { next, total: None }).to_response())
}

/// Removes the payload of reports that a group has not sent, and of scores that the reader may not
/// see: panel members see the scores of others only after they have given their own.
pub(in crate::http) async fn withhold_payloads(
    app: &AppState,
    signed: &SignedIn,
    items: &mut [EventView],
) -> Result<(), Problem> {
    let others = |item: &EventView| {
        let by = item
            .metadata
            .get("actor")
            .is_some_and(|actor| *actor == signed.reader.person.to_string());
        (item.stream == "application" && SCORE_EVENTS.contains(&item.event.as_str()) && !by)
            .then(|| item.id.parse::<Uuid>().ok())
            .flatten()
    };
    let hidden = hidden_scores(app, &signed.reader, items.iter().filter_map(others)).await?;
    for item in items
        .iter_mut()
        .filter(|item| is_unsent(item) || others(item).is_some_and(|id| hidden.contains(&id)))
    {
        item.payload = None;
    }
    Ok(())
}

/// Whether an event has what a group typed and did not send.
pub(in crate::http) fn is_unsent(item: &EventView) -> bool {
    item.stream == "grant" && UNSENT_EVENTS.contains(&item.event.as_str())
}

pub(in crate::http) async fn add_corrections(
    app: &AppState,
    items: &mut [EventView],
) -> Result<(), Problem> {
    let key = |item: &EventView| format!("{}/{}/{:08}", item.stream, item.id, item.sequence);
    let corrected = app
        .views
        .corrections(items.iter().map(key).collect())
        .await?;
    for item in items {
        item.corrected_by = corrected.get(&key(item)).cloned().unwrap_or_default();
    }
    Ok(())
}

pub(in crate::http) fn require_auditor(signed: &SignedIn) -> Result<(), Problem> {
    let may = [Role::Auditor, Role::Administrator]
        .iter()
        .any(|role| signed.reader.roles.contains(role));
    if may {
        Ok(())
    } else {
        Err(Refusal::NotYours.into())
    }
}

pub(in crate::http) fn event_view(event: StoredEvent) -> EventView {
    EventView {
        position: event.position,
        recorded_at: event.recorded_at,
        stream: event.stream,
        id: event.id,
        sequence: event.sequence,
        event: event.event,
        version: event.version,
        payload: Some(event.payload),
        corrected_by: Vec::new(),
        metadata: event.metadata,
        command_id: event.command_id,
    }
}
