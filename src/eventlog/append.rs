//! The input of an append, and its outcome.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::recorded_event::StreamKey;
use crate::crypto::personal_rows::PersonalRows;
use crate::store::events::CommandRow;

/// The events and rows of one decided command. All of it is written, or nothing.
#[derive(Clone, Debug)]
pub struct Append {
    pub command: Uuid,
    /// Every stream whose state the decision used, whether it is written or not, with the sequence
    /// that the decision saw. The append conflicts if one of them has changed.
    pub reads: Vec<(StreamKey, i64)>,
    pub batches: Vec<Batch>,
    /// Canonical JSON of the metadata.
    pub metadata: String,
    /// When the decision was made, in microseconds since 1970, by this process's clock.
    pub decided_at: i64,
    pub personal: PersonalRows,
    /// The reply to the caller. The positions are filled in by the writer.
    pub receipt: AppendReceipt,
}

/// New events of one stream, in order.
#[derive(Clone, Debug)]
pub struct Batch {
    pub stream: StreamKey,
    pub events: Vec<NewEvent>,
}

/// An event to be written. Its payload is canonical JSON.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub name: &'static str,
    pub version: &'static str,
    pub payload: String,
}

impl Append {
    pub(super) fn event_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.events.len()).sum()
    }
}

/// The reply to a command. It is stored, and a repeat of the command gets the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendReceipt {
    /// The aggregate that the command was issued to.
    pub id: Uuid,
    /// The number of a part that the command added to the aggregate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<u32>,
    pub first_position: i64,
    pub last_position: i64,
    /// A keyed hash of the request, if the client gave an idempotency key: another request with the
    /// same key is then recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<String>,
}

impl AppendReceipt {
    /// Parses a stored reply; `None` if it is not one.
    #[must_use]
    pub fn parse(stored: &str) -> Option<Self> {
        serde_json::from_str(stored).ok()
    }

    pub(super) fn to_row(&self, command: Uuid) -> CommandRow {
        CommandRow {
            command_id: command.to_string(),
            answer: serde_json::to_string(self).unwrap_or_default(),
        }
    }
}

/// The outcome of an append.
#[derive(Clone, Debug)]
pub enum AppendOutcome {
    Appended(AppendReceipt),
    /// The command was in the log already. Holds the first reply.
    Duplicate(AppendReceipt),
    /// A stream that the decision used has new events: decide again.
    Conflict,
    /// A value that must be unique belongs to another subject. Holds the kind of index.
    NotUnique(&'static str),
    /// The key that encrypted a value was destroyed in the meantime.
    KeyDestroyed,
    /// The decision was made too long before its recording, as the append waited for the writer, or
    /// too far ahead of it: `age` is negative then. In microseconds. [`super::Log::append`] returns
    /// this only where the wait explains it, so that the decision is made again; otherwise a clock
    /// is wrong, and it fails with [`super::LogError::ClockOff`].
    OutsideTimeWindow {
        age: i64,
    },
}

#[cfg(test)]
impl AppendOutcome {
    pub(super) fn receipt(&self) -> Option<&AppendReceipt> {
        match self {
            Self::Appended(answer) | Self::Duplicate(answer) => Some(answer),
            _ => None,
        }
    }
}

#[cfg(test)]
impl Append {
    pub(super) fn for_tests() -> Self {
        Self {
            command: Uuid::nil(),
            reads: Vec::new(),
            batches: Vec::new(),
            metadata: "{}".into(),
            decided_at: 0,
            personal: PersonalRows::default(),
            receipt: AppendReceipt::default(),
        }
    }
}

#[cfg(test)]
impl NewEvent {
    pub(super) fn for_tests() -> Self {
        Self {
            name: "FundOpened",
            version: "1.0",
            payload: r#"{"FundOpened":{}}"#.into(),
        }
    }
}
