//! Log entries: the canonical JSON (RFC 8785) of an event. Its hash is a leaf of the Merkle tree,
//! so it is the same on SQLite and PostgreSQL.

use serde::Deserialize;
use serde_json::Value;

use crate::store::events::EventRow;

/// The format version, in the field `v`.
const LEAF_VERSION: u8 = 1;

/// The log entry of a stored event: one line of JSON with its names in order.
///
/// Payload and metadata are copied as they are stored. They were canonical when they were written;
/// if they no longer are, [`parse`] rejects the line.
#[must_use]
pub fn canonical_json(row: &EventRow) -> String {
    let text = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let id = row
        .aggregate_id
        .rsplit_once('/')
        .map_or(row.aggregate_id.as_str(), |(_, id)| id);
    format!(
        r#"{{"command_id":{},"event":{},"id":{},"metadata":{},"payload":{},"position":{},"recorded_at":{},"sequence":{},"stream":{},"v":{LEAF_VERSION},"version":{}}}"#,
        text(&row.command_id),
        text(&row.event_type),
        text(id),
        row.metadata,
        row.payload,
        row.position,
        row.recorded_at,
        row.sequence,
        text(&row.aggregate_type),
        text(&row.event_version),
    )
}

/// Why a line is not a log entry.
#[derive(Debug, thiserror::Error)]
pub enum LogEntryError {
    #[error("it is not JSON of a leaf's shape: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("it is not in its canonical form")]
    NotCanonical,
    #[error("it is of shape {0}, which this program does not know")]
    UnknownVersion(u8),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogEntry {
    command_id: String,
    event: String,
    id: String,
    metadata: Value,
    payload: Value,
    position: i64,
    recorded_at: i64,
    sequence: i64,
    stream: String,
    v: u8,
    version: String,
}

/// Parses a log entry. The entry does not name the organisation, so `aggregate_id` is the bare id,
/// without the prefix that the database has.
///
/// A line that is not in canonical form is an error, even if it is valid JSON.
pub fn parse(line: &str) -> Result<EventRow, LogEntryError> {
    let read: LogEntry = serde_json::from_str(line)?;
    if read.v != LEAF_VERSION {
        return Err(LogEntryError::UnknownVersion(read.v));
    }
    let row = EventRow {
        position: read.position,
        recorded_at: read.recorded_at,
        aggregate_type: read.stream,
        aggregate_id: read.id,
        sequence: read.sequence,
        event_type: read.event,
        event_version: read.version,
        payload: serde_json_canonicalizer::to_string(&read.payload)?,
        metadata: serde_json_canonicalizer::to_string(&read.metadata)?,
        command_id: read.command_id,
    };
    if canonical_json(&row) == line {
        Ok(row)
    } else {
        Err(LogEntryError::NotCanonical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_its_own_canonical_form() {
        let row = EventRow {
            position: 7,
            recorded_at: 1_764_000_000_000_000,
            aggregate_type: "grant".into(),
            aggregate_id: "main/0190a0b0-0000-7000-8000-000000000001".into(),
            sequence: 3,
            event_type: "PaymentSent".into(),
            event_version: "1.0".into(),
            payload: r#"{"PaymentSent":{"amount":"850.00","note":"a \"quoted\" word"}}"#.into(),
            metadata: r#"{"actor":"job"}"#.into(),
            command_id: "0190a0b0-0000-7000-8000-000000000002".into(),
        };
        let leaf = canonical_json(&row);
        let value: serde_json::Value = serde_json::from_str(&leaf).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), leaf);
        let read = parse(&leaf).unwrap();
        assert_eq!(
            (
                read.position,
                read.payload.as_str(),
                super::canonical_json(&read).as_str()
            ),
            (7, row.payload.as_str(), leaf.as_str())
        );
        assert!(matches!(
            super::parse(&leaf.replacen(',', ", ", 1)),
            Err(LogEntryError::NotCanonical)
        ));
        assert!(
            super::parse(&leaf.replacen("\"v\":1", "\"v\":2", 1)).is_err()
                && super::parse("{}").is_err()
        );
    }
}
