//! Events as they are stored, by position or by a search.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{ViewError, Views};
use crate::eventlog::recorded_event::RecordedEvent;
pub use crate::store::event_search::EventSearch;
use crate::store::events::EventRow;
use crate::store::{StoreError, event_search, events};

/// An event as it is stored. Personal values in it are encrypted, and old versions are not upcast.
#[derive(Debug)]
pub struct StoredEvent {
    pub position: i64,
    pub recorded_at: Timestamp,
    /// The type of the stream, and the id of its aggregate.
    pub stream: String,
    pub id: String,
    pub sequence: i64,
    pub event: String,
    pub version: String,
    pub payload: Box<RawValue>,
    pub metadata: BTreeMap<String, String>,
    pub command_id: String,
}

impl Views {
    /// At most `most` events in order, from a position on.
    pub async fn stored_events(&self, from: i64, most: i64) -> Result<Vec<StoredEvent>, ViewError> {
        let rows = events::read_page(self.log.store(), self.log.organisation(), from, most).await?;
        Ok(rows.into_iter().map(parse).collect::<Result<_, _>>()?)
    }

    /// The events that match a search, in order of position.
    pub async fn search_events(&self, search: &EventSearch) -> Result<Vec<StoredEvent>, ViewError> {
        let rows = self.search_rows(search).await?;
        Ok(rows.into_iter().map(parse).collect::<Result<_, _>>()?)
    }

    /// The first `most` events of the streams with an id, in order of position. A grant has the id
    /// of its application, so these are the events of both.
    pub async fn events_with_id(
        &self,
        id: Uuid,
        most: i64,
    ) -> Result<Vec<RecordedEvent>, ViewError> {
        let search = EventSearch {
            stream: format!("{}/{id}", self.log.organisation()),
            before: i64::MAX,
            limit: most,
            ..EventSearch::default()
        };
        let rows = self.search_rows(&search).await?;
        Ok(rows
            .iter()
            .map(RecordedEvent::from_row)
            .collect::<Result<_, _>>()?)
    }

    async fn search_rows(&self, search: &EventSearch) -> Result<Vec<EventRow>, StoreError> {
        event_search::events(self.log.store(), self.log.organisation(), search).await
    }
}

fn parse(row: EventRow) -> Result<StoredEvent, StoreError> {
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
    Ok(StoredEvent {
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
