//! Reading the log itself, for auditors and administrators.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::answers::Collection;
use super::asked::Asked;
use crate::domain::{Refusal, Role};
use crate::http::Desk;
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::log::LogError;
use crate::store::{StoreError, events};

/// How far the log has come.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct LogHead {
    /// How many events it holds: the next one's position.
    pub length: i64,
    /// The position that the views read next.
    pub views_at: i64,
}

/// An event as it is stored. Personal values stand in it as seals only.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Event)]
pub struct EventSeen {
    pub position: i64,
    #[schema(value_type = String, format = "date-time")]
    pub recorded_at: Timestamp,
    /// The stream's type.
    pub stream: String,
    pub id: String,
    pub sequence: i64,
    pub event: String,
    pub version: String,
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
    pub metadata: BTreeMap<String, String>,
    pub command_id: String,
}

pub(super) async fn head(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    Asked::read(&http, &[])?;
    auditor(&signed)?;
    let length = desk.commands.log().length().await?;
    Ok(HttpResponse::Ok().json(LogHead { length, views_at: desk.views.projector().next_position() }))
}

pub(super) async fn events(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["after_position", "limit"])?;
    auditor(&signed)?;
    let after: i64 = asked.parsed("after_position", "this is a position of the log")?.unwrap_or(-1);
    if after < -1 {
        return Err(Fault::InvalidQuery.problem("positions begin at 0").about("after_position"));
    }
    let log = desk.commands.log();
    let limit = asked.limit()?;
    let rows = events::page(log.store(), log.organisation(), after.saturating_add(1), limit).await.map_err(LogError::from)?;
    let full = i64::try_from(rows.len()).is_ok_and(|read| read == limit);
    let next = rows.last().filter(|_| full).map(|row| row.position.to_string());
    let items = rows.into_iter().map(seen).collect::<Result<Vec<_>, _>>()?;
    Ok(Collection { items, next }.answer())
}

fn auditor(signed: &SignedIn) -> Result<(), Problem> {
    let may = [Role::Auditor, Role::Administrator].iter().any(|role| signed.reader.roles.contains(role));
    if may { Ok(()) } else { Err(Refusal::NotYours.into()) }
}

fn seen(row: events::EventRow) -> Result<EventSeen, LogError> {
    let unreadable = |cause: String| StoreError::Unreadable {
        what: "an event",
        stream: format!("{}/{}", row.aggregate_type, row.aggregate_id),
        position: row.position,
        cause,
    };
    let payload = RawValue::from_string(row.payload.clone()).map_err(|cause| unreadable(cause.to_string()))?;
    let metadata = serde_json::from_str(&row.metadata).map_err(|cause| unreadable(cause.to_string()))?;
    let recorded_at = Timestamp::from_microsecond(row.recorded_at).map_err(|cause| unreadable(cause.to_string()))?;
    let (_, id) = row.aggregate_id.rsplit_once('/').unwrap_or_default();
    Ok(EventSeen {
        position: row.position,
        recorded_at,
        id: id.to_owned(),
        stream: row.aggregate_type,
        sequence: row.sequence,
        event: row.event_type,
        version: row.event_version,
        payload,
        metadata,
        command_id: row.command_id,
    })
}
