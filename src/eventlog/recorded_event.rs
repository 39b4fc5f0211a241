//! Recorded events and the keys of streams.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::upcast;
use crate::clock::day_of;
use crate::domain::{Aggregate, Event, event};
use crate::store::StoreError;
use crate::store::events::EventRow;

/// The most microseconds by which an event is recorded after its decision (`decided_at`), and the
/// most by which before it. The clocks of the service and of the database can differ. The writer
/// refuses other events, and the verifier reports them.
pub const DECISION_AGE_MAX_US: i64 = 60_000_000;
pub const DECISION_AHEAD_MAX_US: i64 = 5_000_000;

/// The key of a stream: the type of its aggregate, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey {
    pub kind: &'static str,
    pub id: Uuid,
}

impl StreamKey {
    #[must_use]
    pub fn of<S: Aggregate>(id: Uuid) -> Self {
        Self { kind: S::TYPE, id }
    }

    /// The id in the column `aggregate_id`. It contains the organisation, so it is unique in the
    /// database.
    #[must_use]
    pub fn stored_id(&self, organisation: &str) -> String {
        format!("{organisation}/{}", self.id)
    }
}

/// The metadata of an event: who issued its command, and how. Every value is a string, and none is
/// personal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(key.to_owned(), value.into());
    }

    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// An event with its position in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedEvent {
    pub position: i64,
    /// The database's clock at the append. It never falls as positions rise.
    pub recorded_at: Timestamp,
    pub stream: Uuid,
    pub sequence: i64,
    pub event: Event,
    pub metadata: Metadata,
    pub command_id: Uuid,
}

impl RecordedEvent {
    /// The day in Europe/London on which it was recorded.
    #[must_use]
    pub fn recorded_on(&self) -> Date {
        day_of(self.recorded_at)
    }

    /// Parses a stored row, upcasting an old version of the event.
    ///
    /// Fails with [`StoreError::Unreadable`], naming the stream and position.
    pub fn from_row(row: &EventRow) -> Result<Self, StoreError> {
        let unreadable =
            |what: &'static str, cause: &dyn std::fmt::Display| StoreError::Unreadable {
                what,
                stream: format!("{}/{}", row.aggregate_type, row.aggregate_id),
                position: row.position,
                cause: cause.to_string(),
            };
        let id = row
            .aggregate_id
            .rsplit_once('/')
            .map_or(row.aggregate_id.as_str(), |(_, id)| id);
        let event = upcast::upcast_payload(&row.event_type, &row.event_version, &row.payload)
            .and_then(|payload| event::Event::from_json(&row.aggregate_type, &payload));
        Ok(Self {
            position: row.position,
            recorded_at: Timestamp::from_microsecond(row.recorded_at)
                .map_err(|cause| unreadable("the time", &cause))?,
            stream: id.parse().map_err(|cause| unreadable("the id", &cause))?,
            sequence: row.sequence,
            event: event.map_err(|cause| unreadable("the payload", &cause))?,
            metadata: serde_json::from_str(&row.metadata)
                .map_err(|cause| unreadable("the metadata", &cause))?,
            command_id: row
                .command_id
                .parse()
                .map_err(|cause| unreadable("the command id", &cause))?,
        })
    }
}
