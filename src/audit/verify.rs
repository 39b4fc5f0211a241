//! Verifies an exported folder: files, checkpoints, events, hashes, and the rules by replay.
//!
//! # Trust
//!
//! The folder's own key proves only that the folder agrees with itself. What the auditor knows from
//! elsewhere, the key and an earlier checkpoint, comes in as [`Trusted`].
//!
//! # Order of the checks
//!
//! 1. The form of the folder: the files of an export and no others, each with its digest.
//! 2. The checkpoints: each has a valid signature and is larger than the one before.
//! 3. The events, in one pass: canonical form and names, positions, times, sequences, leaf hashes,
//!    the root at each checkpoint, and the rules ([`RuleChecker`]). Another thread parses the lines
//!    ahead.
//! 4. The derived tables: grants and erasures follow from the events.
//! 5. The keys: events name each key and each change of origin, and the trusted checkpoint is true
//!    of the log ([`KeyHistory`]).
//!
//! # Findings and errors
//!
//! A broken rule is a [`Finding`], and the checks continue after it. A finding has the first
//! position that it is about; the report is sorted by position and limited in length. Damage to the
//! folder's files is a finding as well: anybody can make it, and it must not hide other findings.
//! An [`AuditError`] means that there is no such folder, or that what the auditor passed is no key
//! or no head.
//!
//! # Memory
//!
//! The state grows with the number of streams and of commands: full tiles of the tree are dropped
//! during the pass.

use std::collections::{HashMap, HashSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::Serialize;
use uuid::Uuid;

use super::derived_tables::{DerivedTables, same_table};
use super::export_layout::{CHECKPOINTS, CheckpointLine, ERASURES, EVENTS, GRANTS, KEY, LEAVES};
use super::findings::{Finding, Findings, FormRule};
use super::folder_form;
use super::key_history::KeyHistory;
use super::line_form;
use super::manifest::{FolderError, read_lines, read_plain};
use super::read_ahead::{ParsedLine, read_ahead};
use super::rules::{RuleChecker, RuleReport};
use crate::domain::{Aggregate as _, Group};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::store::events::EventRow;
use crate::transparency::checkpoint::{Checkpoint, KeyChain, NoteError};
use crate::transparency::merkle::{Hash, Tiles};

/// Why a folder could not be checked. A broken rule is a [`Finding`] instead.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    File(#[from] FolderError),
    #[error("the key: {0}")]
    Key(NoteError),
    #[error("the head that was passed: {0}")]
    Checkpoint(NoteError),
    #[error("no head was signed over position {0} yet")]
    NotCheckpointed(i64),
    #[error("no grant was drawn: the folder has no readable head, whose root hash draws them")]
    NothingToDrawBy,
    #[error("the folder cannot be replayed: {0}")]
    Replay(String),
}

/// What the auditor knows from elsewhere. The folder must agree with it.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// The public key, or several, one a line, of which the last counts. Without it the key of the
    /// folder is used.
    pub key: Option<String>,
    /// A checkpoint that was signed earlier, as a note.
    pub head: Option<String>,
}

impl Trusted {
    /// What a verification leaves open, because the auditor passed nothing to compare with.
    #[must_use]
    pub fn not_checked(&self) -> Vec<&'static str> {
        let mut open = Vec::new();
        if self.key.is_none() {
            open.push(
                "whose key signed the folder. Anyone can sign a log of their own with a key of \
                 their own: pass the key that you know from elsewhere with --key",
            );
        }
        if self.head.is_none() {
            open.push(
                "whether the log was cut back or rewritten by the holder of its key: pass a head \
                 that you were given earlier with --head",
            );
        }
        open
    }
}

/// The result of a verification.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub origin: String,
    pub key: String,
    pub events: i64,
    pub heads: usize,
    /// The size of the head that was passed, if it is true of the log's first events.
    pub known_head: Option<u64>,
    pub awards: usize,
    /// What was not checked, because the log was judged as one of an earlier program.
    #[serde(skip)]
    pub not_checked: Vec<String>,
    pub findings: Vec<Finding>,
}

impl Report {
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Verifies a folder. `progress` is called with the number of events checked, every 1,000 events.
pub fn verify(
    folder: &Path,
    trusted: &Trusted,
    progress: impl FnMut(i64),
) -> Result<Report, AuditError> {
    let own = folder_form::read_if_plain(&folder.join(KEY))
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| KeyChain::parse(&text).ok());
    let has_own = own.is_some();
    let mut audit = Verification {
        findings: Findings::default(),
        keys: KeyHistory::new(own, trusted)?,
        not_checked: Vec::new(),
    };
    folder_form::check(folder, &mut audit.findings)?;
    if !has_own {
        audit.add_missing_key();
    }
    let heads = audit.check_checkpoints(folder);
    let (events, awards) = audit.check_events(folder, &heads, progress);
    let known_head = audit.keys.finish(&heads, &mut audit.findings);
    let key = audit.keys.chain();
    Ok(Report {
        origin: key.map(|key| key.origin().to_owned()).unwrap_or_default(),
        key: key.map(KeyChain::text).unwrap_or_default(),
        events,
        heads: heads.len(),
        known_head,
        awards,
        not_checked: audit.not_checked,
        findings: audit.findings.sorted(),
    })
}

/// What a report says if the program failed at a folder.
const FAILED: &str = "the program failed at this folder, and checked nothing after that: send the \
    folder to the makers of the program";

/// Runs a verification whose failure becomes a finding. No folder should get this far: the checks
/// themselves must not fail at anything that a folder says.
pub fn or_report_failure(
    verification: impl FnOnce() -> Result<Report, AuditError>,
) -> Result<Report, AuditError> {
    catch_unwind(AssertUnwindSafe(verification)).unwrap_or_else(|_| {
        let mut findings = Findings::default();
        findings.add(None, FormRule::Readable, FAILED);
        Ok(Report {
            findings: findings.sorted(),
            ..Report::default()
        })
    })
}

/// Verifies a folder with its own key, before a question about it is answered.
pub fn verify_with_own_key(folder: &Path) -> Result<Report, AuditError> {
    or_report_failure(|| verify(folder, &Trusted::default(), |_| {}))
}

struct Verification {
    findings: Findings,
    keys: KeyHistory,
    /// What the rules left open.
    not_checked: Vec<String>,
}

impl Verification {
    fn add_finding(&mut self, position: Option<i64>, rule: FormRule, says: impl Into<String>) {
        self.findings.add(position, rule, says);
    }

    /// Adds the finding that the folder has no keys to check signatures with.
    fn add_missing_key(&mut self) {
        let says = if self.keys.chain().is_some() {
            "is no list of keys: signatures were checked with the key that was passed only"
        } else {
            "is no list of keys: no signature was checked"
        };
        self.add_finding(None, FormRule::Head, format!("{KEY} {says}"));
    }

    /// Adds the finding that a file could be opened, and not be read to its end.
    fn add_unreadable(&mut self, name: &str, error: &io::Error) {
        let says = format!("{name} cannot be read: {error}");
        self.add_finding(None, FormRule::Manifest, says);
    }

    /// Checks signatures and sizes of the checkpoints. Returns those that are valid, each with the
    /// time of its last event.
    fn check_checkpoints(&mut self, folder: &Path) -> Vec<(Checkpoint, i64)> {
        let mut heads: Vec<(Checkpoint, i64)> = Vec::new();
        for (at, line) in lines_if_plain(folder, CHECKPOINTS).enumerate() {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    self.add_unreadable(CHECKPOINTS, &error);
                    break;
                }
            };
            let number = at + 1;
            let Ok(line) = serde_json::from_slice::<CheckpointLine>(&line) else {
                self.add_finding(
                    None,
                    FormRule::Head,
                    format!("line {number} of {CHECKPOINTS} is no head"),
                );
                continue;
            };
            match self.keys.open(&line.note) {
                Err(error) => self.add_finding(
                    Some(line.size.saturating_sub(1)),
                    FormRule::Head,
                    format!("the head in line {number}: {error}"),
                ),
                Ok(head) if i64::try_from(head.size) != Ok(line.size) => {
                    self.add_finding(
                        Some(line.size.saturating_sub(1)),
                        FormRule::Head,
                        format!(
                            "line {number} says {} events, and its head {}",
                            line.size, head.size
                        ),
                    );
                }
                Ok(head) if heads.last().is_some_and(|(last, _)| last.size >= head.size) => {
                    self.add_finding(
                        Some(line.size.saturating_sub(1)),
                        FormRule::Head,
                        format!("the head in line {number} is not larger than the one before"),
                    );
                }
                Ok(head) => heads.push((head, line.through)),
            }
        }
        if heads.is_empty() {
            self.add_finding(None, FormRule::Head, "no signed head is there");
        } else if !self.keys.is_at_newest() {
            self.add_finding(
                None,
                FormRule::Head,
                "no head of the key before it vouches for the newest key",
            );
        }
        heads
    }

    /// Reads every event once and checks its form, position, hash, and the rules.
    fn check_events(
        &mut self,
        folder: &Path,
        heads: &[(Checkpoint, i64)],
        progress: impl FnMut(i64),
    ) -> (i64, usize) {
        let events = lines_if_plain(folder, EVENTS);
        std::thread::scope(|scope| {
            self.check_each_event(read_ahead(scope, events), folder, heads, progress)
        })
    }

    fn check_each_event(
        &mut self,
        events: impl Iterator<Item = io::Result<ParsedLine>>,
        folder: &Path,
        heads: &[(Checkpoint, i64)],
        mut progress: impl FnMut(i64),
    ) -> (i64, usize) {
        let mut reading = VerificationState::default();
        self.keys.observe(&reading.tiles);
        let mut leaves = lines_if_plain(folder, LEAVES);
        let mut due = heads.iter().peekable();
        let last = heads
            .last()
            .map_or(0, |(head, _)| i64::try_from(head.size).unwrap_or(i64::MAX));
        for line in events {
            let ParsedLine { hash, row } = match line {
                Ok(line) => line,
                Err(error) => {
                    self.add_unreadable(EVENTS, &error);
                    break;
                }
            };
            let position = reading.count;
            reading.count += 1;
            if position == last {
                self.add_finding(
                    Some(position),
                    FormRule::Beyond,
                    "events follow the last signed head",
                );
            }
            reading.tiles.push(hash);
            self.keys.observe(&reading.tiles);
            self.check_leaf(position, &hash, leaves.next());
            match row {
                Ok(row) => self.check_event(&mut reading, position, &row),
                Err(says) => self.add_finding(Some(position), FormRule::Readable, says),
            }
            if let Some((head, through)) =
                due.next_if(|(head, _)| head.size == reading.tiles.size())
            {
                self.check_root(&mut reading, head);
                if *through != reading.last_at {
                    self.add_finding(
                        Some(position),
                        FormRule::Head,
                        "its head says that it was recorded at another time",
                    );
                }
            }
            if reading.count % 1000 == 0 {
                reading.tiles.drop_full_tiles();
                progress(reading.count);
            }
        }
        for (head, _) in due {
            self.add_missing_events(reading.count, head);
        }
        if leaves.next().is_some() {
            self.add_finding(
                Some(reading.count),
                FormRule::Sealed,
                format!("{LEAVES} has more lines than {EVENTS}"),
            );
        }
        let count = reading.count;
        let rules = reading.rules.finish();
        self.check_derived_tables(folder, &reading.derived_tables, &rules);
        self.not_checked = rules.not_checked;
        self.findings.extend(rules.findings);
        (count, rules.awards)
    }

    /// Checks that a hash is the one in the file of hashes. The first that is not is a finding, and
    /// the others are counted in it: a file without lines must not hide what else is found.
    fn check_leaf(&mut self, position: i64, hash: &Hash, sealed: Option<io::Result<Vec<u8>>>) {
        let sealed = sealed.and_then(Result::ok);
        if sealed.as_deref() != Some(hex::encode(hash).as_bytes()) {
            let says = format!("its hash is not the one in {LEAVES}");
            self.findings
                .add_about(Uuid::nil(), position, FormRule::Sealed, says);
        }
    }

    /// Adds the finding that a checkpoint covers more events than the folder has.
    fn add_missing_events(&mut self, count: i64, head: &Checkpoint) {
        let position = count.min(i64::try_from(head.size).unwrap_or(i64::MAX));
        self.add_finding(
            Some(position),
            FormRule::Sealed,
            format!(
                "a head was signed over {} events, and {count} are here",
                head.size
            ),
        );
    }

    /// Checks that the tables of grants and erasures follow from the events.
    fn check_derived_tables(&mut self, folder: &Path, tables: &DerivedTables, rules: &RuleReport) {
        let text_of = |name: &str| {
            let bytes = folder_form::read_if_plain(&folder.join(name))?;
            String::from_utf8(bytes).ok()
        };
        let grants = text_of(GRANTS)
            .is_some_and(|table| same_table(&table, &tables.grants_csv(&rules.grants)));
        let erasures = text_of(ERASURES).is_some_and(|text| text == tables.erasures_jsonl());
        for (name, holds) in [(GRANTS, grants), (ERASURES, erasures)] {
            if !holds {
                self.add_finding(
                    None,
                    FormRule::Told,
                    format!("{name} is not what the events say"),
                );
            }
        }
    }

    fn check_root(&mut self, reading: &mut VerificationState, head: &Checkpoint) {
        if reading.tiles.root(head.size) == Some(head.root) {
            reading.verified_count = reading.count;
        } else if !std::mem::replace(&mut reading.mismatch_reported, true) {
            let (from, to) = (reading.verified_count, reading.count - 1);
            self.add_finding(
                Some(from),
                FormRule::Sealed,
                format!("positions {from} to {to} are not those that were signed"),
            );
        }
    }

    fn check_event(&mut self, reading: &mut VerificationState, position: i64, row: &EventRow) {
        if let Some(says) = line_form::name_fault(row) {
            return self.add_finding(Some(position), FormRule::Readable, says);
        }
        if row.position != position {
            self.add_finding(
                Some(position),
                FormRule::Dense,
                format!("it says that it is at position {}", row.position),
            );
        }
        if row.recorded_at < reading.last_at {
            self.add_finding(
                Some(position),
                FormRule::Time,
                "it was recorded earlier than the event before it",
            );
        }
        reading.last_at = reading.last_at.max(row.recorded_at);
        let Ok(id) = row.aggregate_id.parse::<Uuid>() else {
            return self.add_finding(
                Some(position),
                FormRule::Readable,
                "its record's id is none",
            );
        };
        let sequence = reading
            .streams
            .entry(row.aggregate_type.clone())
            .or_default()
            .entry(id)
            .or_default();
        let before = std::mem::replace(sequence, row.sequence);
        if before.checked_add(1) != Some(row.sequence) {
            self.add_finding(
                Some(position),
                FormRule::Sequence,
                format!(
                    "it is number {} of its stream, after number {before}",
                    row.sequence
                ),
            );
        }
        match RecordedEvent::from_row(row) {
            Ok(event) => self.check_meaning(reading, position, row, &event),
            Err(error) => self.add_finding(Some(position), FormRule::Readable, error.to_string()),
        }
    }

    /// Checks how an event is written, and what it says against the events before.
    fn check_meaning(
        &mut self,
        reading: &mut VerificationState,
        position: i64,
        row: &EventRow,
        event: &RecordedEvent,
    ) {
        if let Some(says) = line_form::metadata_fault(row, &event.metadata) {
            self.add_finding(Some(position), FormRule::Readable, says);
        }
        if let Some(says) = line_form::payload_fault(row, &event.event) {
            return self.add_finding(Some(position), FormRule::Readable, says);
        }
        self.check_command(reading, position, event);
        self.keys.process(position, event);
        reading.derived_tables.process(event);
        reading.rules.process(event);
    }

    /// Checks what the metadata say about the command of an event against the events before.
    fn check_command(
        &mut self,
        reading: &mut VerificationState,
        position: i64,
        event: &RecordedEvent,
    ) {
        if reading.begins_ended_command(event.command_id) {
            let says = "its command ended before: the command_id comes back after another one";
            self.add_finding(Some(position), FormRule::Dense, says);
        }
        if !reading.knows_group_of(event) {
            let says = "on_behalf_of in its metadata names no group";
            self.add_finding(Some(position), FormRule::Readable, says);
        }
        if let Some(says) = line_form::late_decision(event) {
            self.add_finding(Some(position), FormRule::Time, says);
        }
    }
}

/// State of the pass over the events. It grows with the streams and commands.
#[derive(Default)]
struct VerificationState {
    count: i64,
    tiles: Tiles,
    /// The number of events under the last checkpoint whose root was right.
    verified_count: i64,
    mismatch_reported: bool,
    last_at: i64,
    streams: HashMap<String, HashMap<Uuid, i64>>,
    /// The command of the last event, and those that ended before it.
    command: Option<Uuid>,
    ended_commands: HashSet<Uuid>,
    rules: RuleChecker,
    derived_tables: DerivedTables,
}

impl VerificationState {
    /// Whether an event begins a command that ended before. Goes on to the event's command.
    fn begins_ended_command(&mut self, command: Uuid) -> bool {
        if self.command == Some(command) {
            return false;
        }
        self.ended_commands.extend(self.command.replace(command));
        self.ended_commands.contains(&command)
    }

    /// Whether the group for which staff acted has an event by now; true if they acted for none.
    fn knows_group_of(&self, event: &RecordedEvent) -> bool {
        let group = event.metadata.get("on_behalf_of");
        let Some(group) = group.and_then(|group| group.parse::<Uuid>().ok()) else {
            return true;
        };
        let groups = self.streams.get(Group::TYPE);
        groups.is_some_and(|groups| groups.contains_key(&group))
    }
}

pub(super) fn read_text(folder: &Path, name: &str) -> Result<String, FolderError> {
    read_plain(&folder.join(name))
}

/// The lines of a file. One that cannot be opened has none, which is a finding about its digest.
fn lines_if_plain(folder: &Path, name: &str) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    read_lines(folder, name).ok().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_program_is_a_finding() {
        let report = or_report_failure(|| panic!("a fault")).unwrap();
        assert_eq!((report.findings.len(), report.is_clean()), (1, false));
        assert!(report.findings[0].says.contains("the program failed"));
        let report = or_report_failure(|| Ok(Report::default())).unwrap();
        assert!(report.is_clean());
    }

    #[test]
    fn what_is_not_passed_is_not_checked() {
        let passed = |key: Option<&str>, head: Option<&str>| Trusted {
            key: key.map(str::to_owned),
            head: head.map(str::to_owned),
        };
        let open = |key, head| passed(key, head).not_checked().concat();
        assert!(open(None, Some("a head")).contains("--key"));
        assert!(open(Some("a key"), None).contains("--head"));
        assert_eq!(open(Some("a key"), Some("a head")), "");
    }
}
