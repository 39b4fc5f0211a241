//! Checks a backup without a database: its files, its signature by the key in place, its log by a
//! replay of the rules, and its tables by the log.

use std::path::Path;

use super::folder::{FolderFiles, check_files, for_each_row, read_info, read_lines, table_named};
use super::log_contents::LogContents;
use super::new_origin::OrganisationStream;
use super::side_tables::check_tables;
use super::{
    BackupInfo, InvalidBackup, LOG_FOLDER, NOTE_FILE, TAIL_FILE, UNSIGNED_VERSION, note_text,
};
use crate::audit::export_layout::{EVENTS, KEY};
use crate::audit::manifest::read_plain;
use crate::audit::{self, Report, RuleChecker, Trusted};
use crate::crypto::keys::Keys;
use crate::eventlog::recorded_event::RecordedEvent;
use crate::store::events::EventRow;
use crate::transparency::checkpoint::{KeyChain, Signer};
use crate::transparency::log_entry;
use crate::transparency::merkle::{Tiles, leaf_hash};

/// A backup that holds.
pub(super) struct CheckedBackup {
    /// The number of events.
    pub(super) events: i64,
    pub(super) folder: FolderFiles,
    /// The result of the verifier.
    pub(super) report: Report,
    pub(super) organisation: OrganisationStream,
    /// The tree over all events.
    pub(super) tree: Tiles,
    /// When the last event was recorded.
    pub(super) last_at: i64,
}

/// Checks a backup of an organisation. Its keys must be in the folder `keys` or in the environment.
///
/// A backup of an earlier program is not signed, and events can follow its last checkpoint. It
/// holds only if `accept_unsealed` is the number of these events.
pub(super) fn check(
    from: &Path,
    organisation: &str,
    keys: &Path,
    accept_unsealed: Option<i64>,
) -> Result<CheckedBackup, InvalidBackup> {
    let info = read_info(from)?;
    if info.organisation != organisation {
        return Err(InvalidBackup::Organisation(info.organisation));
    }
    let folder = check_files(from, &info)?;
    let tail = tail_length(from, &info)?;
    match (tail, accept_unsealed) {
        (None, None) => {}
        (None, Some(_)) => return Err(InvalidBackup::Signed),
        (Some(tail), accepted) if accepted == Some(tail) => {}
        (Some(tail), _) => return Err(InvalidBackup::Unsigned(tail)),
    }
    let keys = keys_in_place(from, keys)?;
    let log_keys = check_signature(from, &info, &folder, &keys)?;
    // The key in place is known from elsewhere.
    let trusted = Trusted {
        key: Some(log_keys.text()),
        head: None,
    };
    let report = audit::verify(&from.join(LOG_FOLDER), &trusted, |_| {})?;
    if let Some(finding) = report.findings.first() {
        return Err(InvalidBackup::Finding(finding.clone()));
    }
    let replayed = LogReplay::of(from, tail.unwrap_or_default())?;
    if replayed.contents.events != info.events {
        let says = format!("{} events are here", replayed.contents.events);
        return Err(InvalidBackup::table(super::INFO_FILE, says));
    }
    check_tables(from, organisation, &keys, &replayed.contents)?;
    Ok(CheckedBackup {
        events: info.events,
        folder,
        report,
        organisation: replayed.organisation,
        tree: replayed.tree,
        last_at: replayed.last_at,
    })
}

/// The number of events after the last checkpoint in a backup of an earlier program; `None` if the
/// backup is signed and can have none.
fn tail_length(from: &Path, info: &BackupInfo) -> Result<Option<i64>, InvalidBackup> {
    if info.shape != UNSIGNED_VERSION {
        return Ok(None);
    }
    let mut count = 0;
    for line in read_lines(from, TAIL_FILE)? {
        line?;
        count += 1;
    }
    Ok(Some(count))
}

/// The keys in place, which must be those that the backup names.
fn keys_in_place(from: &Path, keys: &Path) -> Result<Keys, InvalidBackup> {
    let mut known: Vec<(String, String)> = Vec::new();
    if let Some(table) = table_named("known_keys") {
        for_each_row(from, table, |row| {
            let text = |column: &str| row.get(column)?.as_str().map(str::to_owned);
            let key = text("purpose").zip(text("key_id"));
            known.push(key.ok_or("it names no key")?);
            Ok(())
        })?;
    }
    Ok(Keys::in_place(keys, |purpose| {
        let own = known.iter().filter(|(of, _)| of == purpose.name());
        own.map(|(_, id)| id.clone()).collect()
    })?)
}

/// Checks that the key in place signs the log, and that it signed this manifest. Returns the keys
/// of the log.
fn check_signature(
    from: &Path,
    info: &BackupInfo,
    folder: &FolderFiles,
    keys: &Keys,
) -> Result<KeyChain, InvalidBackup> {
    let log_keys = read_plain(&from.join(LOG_FOLDER).join(KEY))?;
    let log_keys = KeyChain::parse(&log_keys).map_err(InvalidBackup::LogKey)?;
    let own = Signer::new(log_keys.origin(), &keys.checkpoint.secret).verifier();
    if own != *log_keys.newest() {
        return Err(InvalidBackup::OtherSealKey);
    }
    if info.shape == UNSIGNED_VERSION {
        return Ok(log_keys);
    }
    let note = read_plain(&from.join(NOTE_FILE))?;
    let signed = own.open_text(&note).map_err(InvalidBackup::Signature)?;
    if signed == note_text(log_keys.origin(), info, &folder.manifest) {
        Ok(log_keys)
    } else {
        Err(InvalidBackup::OtherNote)
    }
}

/// What a replay of all events gives.
#[derive(Default)]
struct LogReplay {
    contents: LogContents,
    organisation: OrganisationStream,
    tree: Tiles,
    last_at: i64,
}

impl LogReplay {
    /// Replays the log, and the events after the last checkpoint if there are some. The verifier
    /// does not read those, so then the rules are checked here.
    fn of(from: &Path, tail: i64) -> Result<Self, InvalidBackup> {
        let mut replayed = Self::default();
        let log = format!("{LOG_FOLDER}/{EVENTS}");
        if tail == 0 {
            replayed.read(from, &log, |_| {})?;
            return Ok(replayed);
        }
        let mut rules = RuleChecker::default();
        for file in [log.as_str(), TAIL_FILE] {
            replayed.read(from, file, |event| rules.process(event))?;
        }
        match rules.finish().findings.sorted().into_iter().next() {
            Some(finding) => Err(InvalidBackup::Finding(finding)),
            None => Ok(replayed),
        }
    }

    fn read(
        &mut self,
        from: &Path,
        file: &str,
        mut take: impl FnMut(&RecordedEvent),
    ) -> Result<(), InvalidBackup> {
        for (at, line) in read_lines(from, file)?.enumerate() {
            let (row, event) = self
                .parse(&line?)
                .map_err(|cause| InvalidBackup::line(file, at + 1, &cause))?;
            self.organisation.process(&event);
            self.contents.process(&event, &row.payload);
            take(&event);
        }
        Ok(())
    }

    /// Parses the next line, and adds it to the tree.
    fn parse(&mut self, line: &str) -> Result<(EventRow, RecordedEvent), String> {
        let row = log_entry::parse(line).map_err(|error| error.to_string())?;
        if row.position != self.contents.events || row.recorded_at < self.last_at {
            return Err("it does not follow the event before it".to_owned());
        }
        self.last_at = row.recorded_at;
        self.tree.push(leaf_hash(line.as_bytes()));
        let event = RecordedEvent::from_row(&row).map_err(|error| error.to_string())?;
        Ok((row, event))
    }
}
