//! What enters and leaves an append.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::record::StreamKey;
use crate::store::events::CommandRow;
use crate::store::personal::{IndexRow, KeyRow, SealedRow};

/// A decided command on its way into the log: all of it, or nothing.
#[derive(Clone, Debug)]
pub struct Append {
    pub command: Uuid,
    /// Every stream whose state the decision used, written or not, with the sequence it was seen
    /// at.
    pub reads: Vec<(StreamKey, i64)>,
    pub batches: Vec<Batch>,
    /// Canonical JSON of the metadata.
    pub metadata: String,
    /// When it was decided, in microseconds since 1970.
    pub decided_at: i64,
    pub personal: PersonalRows,
    /// What the caller is answered; the positions are filled in at the append.
    pub answer: Answer,
}

/// Events for one stream.
#[derive(Clone, Debug)]
pub struct Batch {
    pub stream: StreamKey,
    pub events: Vec<NewEvent>,
}

/// An event to be written: its payload is canonical JSON.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub name: &'static str,
    pub version: &'static str,
    pub payload: String,
}

/// The rows of side tables that an append brings along.
#[derive(Clone, Debug, Default)]
pub struct PersonalRows {
    pub keys: Vec<KeyRow>,
    pub sealed: Vec<SealedRow>,
    pub index: Vec<IndexEntry>,
    /// Look-up entries to be given up: the kind, and whose.
    pub given_up: Vec<(&'static str, Uuid)>,
    /// Who is signed out everywhere: their sessions, links and tokens end.
    pub signed_out: Vec<Uuid>,
    /// The subjects whose keys, values and look-up entries are destroyed.
    pub erased: Vec<Uuid>,
    /// The subjects whose keys sealed something: the keys must still live.
    pub uses: Vec<Uuid>,
}

impl PersonalRows {
    /// Whether nothing is looked up, ended or destroyed.
    pub(super) fn only_seals(&self) -> bool {
        let Self {
            keys,
            sealed: _,
            index,
            given_up,
            signed_out,
            erased,
            uses: _,
        } = self;
        keys.is_empty()
            && index.is_empty()
            && given_up.is_empty()
            && signed_out.is_empty()
            && erased.is_empty()
    }
}

/// A look-up entry, and whether two subjects may not share it.
#[derive(Clone, Debug)]
pub struct IndexEntry {
    pub row: IndexRow,
    pub unique: bool,
}

impl IndexEntry {
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.row.kind, self.row.digest)
    }
}

impl Append {
    pub(super) fn events(&self) -> usize {
        self.batches.iter().map(|batch| batch.events.len()).sum()
    }
}

/// What a command is answered, now and at every repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The stream that the command was asked of.
    pub id: Uuid,
    /// The number given to something new within the stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<u32>,
    pub first_position: i64,
    pub last_position: i64,
    /// A keyed hash of the request, when its client may repeat it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_hash: Option<String>,
}

impl Answer {
    /// Reads a stored answer.
    #[must_use]
    pub fn read(stored: &str) -> Option<Self> {
        serde_json::from_str(stored).ok()
    }

    pub(super) fn row(&self, command: Uuid) -> CommandRow {
        CommandRow {
            command_id: command.to_string(),
            answer: serde_json::to_string(self).unwrap_or_default(),
        }
    }
}

/// What became of an append.
#[derive(Clone, Debug)]
pub enum Outcome {
    Appended(Answer),
    /// The command was in the log already.
    Repeated(Answer),
    /// A stream that the decision used has moved on.
    Conflict,
    /// A value that must be unique is another subject's.
    Taken(&'static str),
    /// The key that sealed a value was destroyed meanwhile.
    KeyGone,
    /// The decision is older than is allowed, by so many microseconds, as it waited long for the
    /// writer: it is to be made again. Where a clock is off, [`super::Log::append`] fails instead.
    Late {
        age: i64,
    },
}

#[cfg(test)]
impl Outcome {
    pub(super) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Appended(answer) | Self::Repeated(answer) => Some(answer),
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
            answer: Answer::default(),
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
