//! Reads the events of an exported folder in order, up to a day or a position. [`FolderCheck`] is
//! the verification of the folder itself: its newest head and its findings.

use std::path::Path;

use serde::Serialize;

use super::export_layout::{CHECKPOINTS, CheckpointLine, EVENTS};
use super::manifest::{FolderError, read_lines};
use super::verify::{AuditError, read_text, verify_with_own_key};
use super::{Finding, Report, warning_of};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::transparency::checkpoint::{Checkpoint, NoteError};
use crate::transparency::log_entry;
use crate::views::AsAt;

/// The newest head of a folder, and what a verification of the folder found. Every report of an
/// auditor has it.
#[derive(Clone, Debug, Serialize)]
pub struct FolderCheck {
    /// Null if the folder has no readable head, as are the size and the root.
    pub origin: Option<String>,
    /// The number of events under the newest head.
    pub size: Option<u64>,
    /// The root hash of the newest head, in base64 as in the signed note.
    pub root: Option<String>,
    /// The public key that signed it.
    pub key: String,
    pub findings: Vec<Finding>,
    #[serde(skip)]
    pub(super) root_hash: Option<[u8; 32]>,
}

impl FolderCheck {
    /// Verifies a folder with its own key. A folder without a readable head does not hold, and can
    /// be reported on all the same.
    pub fn of(folder: &Path) -> Result<Self, AuditError> {
        let Report { key, findings, .. } = verify_with_own_key(folder)?;
        let head = match newest_head(folder) {
            Ok(head) => Some(head),
            Err(_) if !findings.is_empty() => None,
            Err(error) => return Err(error),
        };
        let text = head.as_ref().map(Checkpoint::text);
        let root = text.and_then(|text| text.lines().nth(2).map(str::to_owned));
        Ok(Self {
            root,
            key,
            findings,
            size: head.as_ref().map(|head| head.size),
            root_hash: head.as_ref().map(|head| head.root),
            origin: head.map(|head| head.origin),
        })
    }

    /// What a report is from: the newest head and who signed it, or that there is none.
    #[must_use]
    pub fn source_text(&self) -> String {
        match (self.size, &self.root) {
            (Some(size), Some(root)) => format!(
                "From the head of {size} events with the root hash {root}, signed by {}",
                self.key
            ),
            _ => "From events under no readable head: nothing shows that they are all events, or \
                  that the office signed them"
                .to_owned(),
        }
    }

    /// The newest head in few words.
    #[must_use]
    pub fn head_text(&self) -> String {
        match (self.size, &self.root) {
            (Some(size), Some(root)) => format!("Head: {size} events, {root}"),
            _ => "No readable head".to_owned(),
        }
    }

    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    /// The warning above every report of a folder that does not hold. None if it holds.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        warning_of(&self.findings)
    }
}

/// The newest head of a folder. Its signature is not checked here.
fn newest_head(folder: &Path) -> Result<Checkpoint, AuditError> {
    let line = newest_line(folder)?;
    let line = line.ok_or(AuditError::Checkpoint(NoteError::MalformedCheckpoint))?;
    Checkpoint::of_note(&line.note).map_err(AuditError::Checkpoint)
}

/// The last line of the heads of a folder. None if there is none, or if it is no head.
pub(super) fn newest_line(folder: &Path) -> Result<Option<CheckpointLine>, FolderError> {
    let heads = read_text(folder, CHECKPOINTS)?;
    let last = heads.lines().last();
    Ok(last.and_then(|line| serde_json::from_str(line).ok()))
}

/// Calls `take` with each event of a folder up to a moment, in order. A position inside a command
/// means the state before that command, as in a replay.
pub(super) fn for_each_event(
    folder: &Path,
    as_at: Option<AsAt>,
    mut take: impl FnMut(&RecordedEvent),
) -> Result<(), AuditError> {
    let (mut command, mut last): (Vec<RecordedEvent>, i64) = (Vec::new(), -1);
    for line in read_lines(folder, EVENTS)? {
        let line = line.map_err(FolderError::at(Path::new(EVENTS)))?;
        let event = parse_event(&line)?;
        let continues = command
            .first()
            .is_some_and(|first| first.command_id == event.command_id);
        if !continues {
            command.drain(..).for_each(|event| take(&event));
        }
        if is_after(as_at, &event) {
            return Ok(());
        }
        last = event.position;
        command.push(event);
    }
    command.drain(..).for_each(|event| take(&event));
    match as_at {
        Some(AsAt::Position(position)) if position > last => Err(AuditError::Replay(format!(
            "the log ends before position {position}"
        ))),
        _ => Ok(()),
    }
}

fn is_after(as_at: Option<AsAt>, event: &RecordedEvent) -> bool {
    match as_at {
        None => false,
        Some(AsAt::Position(position)) => event.position > position,
        Some(AsAt::Day(day)) => event.recorded_on() > day,
    }
}

fn parse_event(line: &[u8]) -> Result<RecordedEvent, AuditError> {
    let unreadable = |error: &dyn std::fmt::Display| AuditError::Replay(error.to_string());
    let line = std::str::from_utf8(line).map_err(|error| unreadable(&error))?;
    let row = log_entry::parse(line).map_err(|error| unreadable(&error))?;
    RecordedEvent::from_row(&row).map_err(|error| unreadable(&error))
}
