//! Restores a backup into an empty log, in one transaction: everything is restored, or nothing.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::new_origin::OrganisationStream;
use super::{
    BackupInfo, FILES_FOLDER, FORMAT_VERSION, INFO_FILE, LOG_FOLDER, NewOrigin, TAIL_FILE,
    table_file,
};
use crate::audit::export_layout::{CHECKPOINTS, CheckpointLine, EVENTS, KEY};
use crate::audit::manifest::{FolderError, file_digest, read_manifest};
use crate::audit::{self, AuditError, Finding, Report, RuleChecker, Trusted};
use crate::clock;
use crate::crypto::keys::{KeyError, KeyPurpose, Keys};
use crate::domain::Refusal;
use crate::domain::file::FileDigest;
use crate::domain::text::TextError;
use crate::eventlog::recorded_event::RecordedEvent;
use crate::files::{FileError, FileStore};
use crate::store::backup_tables::{self, BACKUP_TABLES};
use crate::store::events::EventRow;
use crate::store::tlog::{self as stored, CheckpointRow};
use crate::store::{Store, StoreError, Tx, events};
use crate::transparency;
use crate::transparency::checkpoint::{KeyChain, NoteError};
use crate::transparency::checkpoint_signer::tile_at;
use crate::transparency::log_entry::{self, LogEntryError};
use crate::transparency::merkle::{Tiles, leaf_hash};

/// Rows in one insert.
const BATCH_SIZE: usize = 1000;

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FolderError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("the backup does not hold: {0}")]
    Invalid(Finding),
    #[error("{0} is not the file that was backed up")]
    Altered(String),
    #[error("the folder is a backup of shape {0}, which this program does not know")]
    FormatVersion(u8),
    #[error("the folder is a backup of the organisation {0}: pass --organisation {0}")]
    Organisation(String),
    #[error(
        "this database was used with other keys than the backup: restore into one that was never \
            used, with the backup's keys in place"
    )]
    OtherKeys,
    #[error("the keys that the backup was made with must be in place before it is restored: {0}")]
    KeysMissing(#[from] KeyError),
    #[error("the log is not empty: a backup is restored into an empty one")]
    NotEmpty,
    #[error("{file}, line {line}: {cause}")]
    Line {
        file: String,
        line: usize,
        cause: String,
    },
    #[error("the head that is known elsewhere: {0}")]
    Checkpoint(#[from] NoteError),
    #[error(
        "the head that is known elsewhere is over {known} events, and the backup has {has}: {} \
            events are lost. To go on without them, give the log a new origin and say why: \
            --new-origin REASON",
        known - has
    )]
    EventsLost { known: i64, has: i64 },
    #[error(
        "the head that is known elsewhere is not one of this log's: it was forked. To go on all \
            the same: --new-origin REASON"
    )]
    Forked,
    #[error("the file {0}: {1}")]
    PutFile(String, FileError),
    #[error("the backup's origin: {0}")]
    Origin(TextError),
    #[error("the restore may not be recorded: {0}")]
    Refused(#[from] Refusal),
    #[error("the restore cannot be recorded: {0}")]
    Unwritable(#[from] serde_json::Error),
}

/// The origin under which the log continues.
#[derive(Clone, Debug)]
pub enum RestoreOrigin {
    /// The same origin. The checkpoint that is known elsewhere, as a note, must be one of this
    /// log's.
    Same { head: String },
    /// A new origin, under which the same key signs. The log records it right after the restored
    /// events.
    New(NewOrigin),
}

/// The number of restored events and files.
#[derive(Clone, Copy, Debug)]
pub struct RestoreSummary {
    pub events: i64,
    pub files: usize,
}

/// Restores a backup. The keys that it was made with must be in the folder `keys` or in the
/// environment, the log must be empty, and every check of the backup must succeed; otherwise
/// nothing is restored.
///
/// Encrypted files are stored before the commit. After a failure some may remain in the store of
/// files, which does no harm: they are named by their digests and no event names them.
pub async fn restore(
    store: &Store,
    organisation: &str,
    files: &FileStore,
    keys: &Path,
    from: &Path,
    origin: &RestoreOrigin,
) -> Result<RestoreSummary, RestoreError> {
    let about = read_info(from)?;
    if about.organisation != organisation {
        return Err(RestoreError::Organisation(about.organisation));
    }
    let kept = check_manifest(from)?;
    let log = from.join(LOG_FOLDER);
    // The key in place is the backup's own, so it needs no event that names it: earlier programs
    // rotated keys without one.
    let own = log.join(KEY);
    let trusted = Trusted {
        key: Some(std::fs::read_to_string(&own).map_err(FolderError::at(&own))?),
        head: None,
    };
    let report = audit::verify(&log, &trusted, |_| {})?;
    if let Some(finding) = report.findings.first() {
        return Err(RestoreError::Invalid(finding.clone()));
    }
    let mut tx = store.begin().await?;
    events::ensure_head(&mut tx, organisation).await?;
    if events::lock_head(&mut tx, organisation)
        .await?
        .next_position
        > 0
    {
        return Err(RestoreError::NotEmpty);
    }
    check_keys(&mut tx, organisation, keys, from).await?;
    let known = known_checkpoint(&report, origin)?;
    let stream = insert_events(&mut tx, organisation, from, known.as_ref()).await?;
    for table in &BACKUP_TABLES {
        insert_table(&mut tx, organisation, table, from).await?;
    }
    if let RestoreOrigin::New(new) = origin {
        new.record(&mut tx, organisation, &stream, &report).await?;
    }
    let chain = chain_under(origin, organisation, &report)?;
    insert_checkpoints(&mut tx, organisation, &log, &chain).await?;
    for file in &kept {
        let digest: FileDigest = file
            .parse()
            .map_err(|_| RestoreError::Altered(format!("{FILES_FOLDER}/{file}")))?;
        let put = files
            .put_encrypted(&from.join(FILES_FOLDER).join(file), &digest)
            .await;
        put.map_err(|error| RestoreError::PutFile(file.clone(), error))?;
    }
    tx.commit().await?;
    Ok(RestoreSummary {
        events: about.events,
        files: kept.len(),
    })
}

fn read_info(from: &Path) -> Result<BackupInfo, RestoreError> {
    let path = from.join(INFO_FILE);
    let text = std::fs::read_to_string(&path).map_err(FolderError::at(&path))?;
    let about: BackupInfo =
        serde_json::from_str(&text).map_err(|error| line_error(INFO_FILE, 1, &error))?;
    if about.shape == FORMAT_VERSION {
        Ok(about)
    } else {
        Err(RestoreError::FormatVersion(about.shape))
    }
}

fn line_error(file: &str, line: usize, cause: &dyn ToString) -> RestoreError {
    RestoreError::Line {
        file: file.to_owned(),
        line,
        cause: cause.to_string(),
    }
}

/// Checks the digest of every file in the manifest, and that no required file is missing from it.
/// Returns the names of the encrypted files.
fn check_manifest(from: &Path) -> Result<Vec<String>, RestoreError> {
    let named = read_manifest(from)?;
    let needed = BACKUP_TABLES
        .iter()
        .filter(|table| !table.optional)
        .map(|table| table_file(table.name))
        .chain([
            TAIL_FILE.to_owned(),
            INFO_FILE.to_owned(),
            format!("{LOG_FOLDER}/{EVENTS}"),
        ]);
    for name in needed {
        if !named.iter().any(|file| file.name == name) {
            return Err(RestoreError::Altered(name));
        }
    }
    for file in &named {
        if file_digest(&from.join(&file.name))? != file.digest {
            return Err(RestoreError::Altered(file.name.clone()));
        }
    }
    Ok(named
        .iter()
        .filter_map(|file| file.name.strip_prefix("files/").map(str::to_owned))
        .collect())
}

/// The size and the root of the checkpoint that is known elsewhere. Its signature is verified.
fn known_checkpoint(
    report: &Report,
    origin: &RestoreOrigin,
) -> Result<Option<(i64, [u8; 32])>, RestoreError> {
    let RestoreOrigin::Same { head } = origin else {
        return Ok(None);
    };
    let chain = KeyChain::parse(&report.key)?;
    let head = chain.open_any(head)?;
    if head.origin != chain.origin() {
        return Err(NoteError::WrongOrigin(head.origin).into());
    }
    Ok(Some((
        i64::try_from(head.size).unwrap_or(i64::MAX),
        head.root,
    )))
}

/// Inserts every event and checks the rules. At the size of the known checkpoint the root must be
/// the same. Returns the organisation's own stream.
async fn insert_events(
    tx: &mut Tx,
    organisation: &str,
    from: &Path,
    known: Option<&(i64, [u8; 32])>,
) -> Result<OrganisationStream, RestoreError> {
    let (mut tiles, mut stream) = (Tiles::default(), OrganisationStream::default());
    let (mut replay, mut batch, mut last_at) = (RuleChecker::default(), Vec::new(), 0);
    let mut next: i64 = 0;
    for file in [format!("{LOG_FOLDER}/{EVENTS}"), TAIL_FILE.to_owned()] {
        for (at, line) in read_lines(from, &file)?.enumerate() {
            let line = line?;
            let row = log_entry::parse(&line)
                .map_err(|error: LogEntryError| line_error(&file, at + 1, &error))?;
            if row.position != next || row.recorded_at < last_at {
                return Err(line_error(
                    &file,
                    at + 1,
                    &"it does not follow the event before it",
                ));
            }
            (next, last_at) = (next + 1, row.recorded_at);
            tiles.push(leaf_hash(line.as_bytes()));
            if known.is_some_and(|(size, root)| {
                *size == next && tiles.root(tiles.size()) != Some(*root)
            }) {
                return Err(RestoreError::Forked);
            }
            let row = EventRow {
                aggregate_id: format!("{organisation}/{}", row.aggregate_id),
                ..row
            };
            let event = RecordedEvent::from_row(&row)?;
            stream.process(&event);
            replay.process(&event);
            batch.push(row);
            if batch.len() == BATCH_SIZE {
                events::import_events(tx, organisation, &std::mem::take(&mut batch)).await?;
            }
        }
    }
    events::import_events(tx, organisation, &batch).await?;
    events::set_head(tx, organisation, next, last_at).await?;
    if let Some(finding) = replay.finish().findings.sorted().into_iter().next() {
        return Err(RestoreError::Invalid(finding));
    }
    match known {
        Some((known, _)) if *known > next => Err(RestoreError::EventsLost {
            known: *known,
            has: next,
        }),
        _ => Ok(stream),
    }
}

async fn insert_table(
    tx: &mut Tx,
    organisation: &str,
    table: &backup_tables::BackupTable,
    from: &Path,
) -> Result<(), RestoreError> {
    let file = table_file(table.name);
    if table.optional && !from.join(&file).exists() {
        return Ok(());
    }
    let mut batch: Vec<Value> = Vec::new();
    for (at, line) in read_lines(from, &file)?.enumerate() {
        let row: Value =
            serde_json::from_str(&line?).map_err(|error| line_error(&file, at + 1, &error))?;
        if !digest_matches(&row) {
            return Err(line_error(
                &file,
                at + 1,
                &"it is not the value that its digest is of",
            ));
        }
        batch.push(row);
        if batch.len() == BATCH_SIZE {
            backup_tables::insert_rows(tx, organisation, table, &std::mem::take(&mut batch))
                .await?;
        }
    }
    Ok(backup_tables::insert_rows(tx, organisation, table, &batch).await?)
}

/// Checks that every key that the database was used with is one of the backup's, and that a service
/// with the restored database would accept the keys in place.
///
/// This is done before anything is inserted, because values that were encrypted with other keys
/// could never be decrypted.
async fn check_keys(
    tx: &mut Tx,
    organisation: &str,
    keys: &Path,
    from: &Path,
) -> Result<(), RestoreError> {
    let Some(table) = BACKUP_TABLES
        .iter()
        .find(|table| table.name == "known_keys")
    else {
        return Ok(());
    };
    let mut stored = Vec::new();
    backup_tables::for_each_row(tx, organisation, table, |row| stored.push(row.to_owned())).await?;
    let file = table_file(table.name);
    let backed_up = read_lines(from, &file)?.collect::<Result<Vec<_>, _>>()?;
    if !stored.iter().all(|key| backed_up.contains(key)) {
        return Err(RestoreError::OtherKeys);
    }
    let mut rows: Vec<Value> = Vec::new();
    for (at, line) in backed_up.iter().enumerate() {
        rows.push(serde_json::from_str(line).map_err(|error| line_error(&file, at + 1, &error))?);
    }
    let known = |purpose: KeyPurpose| {
        let own = rows.iter().filter(|row| row["purpose"] == purpose.name());
        own.filter_map(|row| row["key_id"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    Ok(Keys::check(keys, known)?)
}

/// Whether the digest in a row is that of its encrypted value. Rows without both pass.
fn digest_matches(row: &Value) -> bool {
    let (Some(digest), Some(sealed)) = (row["digest"].as_str(), row["sealed"].as_str()) else {
        return true;
    };
    hex::decode(sealed)
        .ok()
        .is_some_and(|bytes| hex::encode(Sha256::digest(bytes)) == digest)
}

/// The keys under the origin with which the log continues.
fn chain_under(
    origin: &RestoreOrigin,
    organisation: &str,
    report: &Report,
) -> Result<KeyChain, NoteError> {
    let chain = KeyChain::parse(&report.key)?;
    Ok(match origin {
        RestoreOrigin::Same { .. } => chain,
        RestoreOrigin::New(_) => {
            chain.under_new_origin(&transparency::origin_name(organisation, clock::new_id()))
        }
    })
}

/// Inserts the checkpoints, and the tiles of the tree up to the last one. Under a new origin the
/// tree grows from the same tiles, and an export has the checkpoints of the origin before.
async fn insert_checkpoints(
    tx: &mut Tx,
    organisation: &str,
    log: &Path,
    chain: &KeyChain,
) -> Result<(), RestoreError> {
    stored::lock(tx, organisation, chain.origin(), &chain.text()).await?;
    for (number, line) in read_lines(log, CHECKPOINTS)?.enumerate() {
        let line: CheckpointLine = serde_json::from_str(&line?)
            .map_err(|error| line_error(CHECKPOINTS, number + 1, &error))?;
        let head = CheckpointRow {
            size: line.size,
            note: line.note,
            through: line.through,
        };
        stored::insert_checkpoint(tx, organisation, &head).await?;
    }
    let mut tiles = Tiles::default();
    for line in read_lines(log, EVENTS)? {
        tiles.push(leaf_hash(line?.as_bytes()));
    }
    for (tile, hashes) in tiles.tiles() {
        stored::upsert_tile(tx, organisation, tile_at(tile), hashes.as_flattened()).await?;
    }
    Ok(())
}

fn read_lines(
    folder: &Path,
    name: &str,
) -> Result<impl Iterator<Item = Result<String, FolderError>>, FolderError> {
    let path = folder.join(name);
    let file = File::open(&path).map_err(FolderError::at(&path))?;
    Ok(BufReader::new(file)
        .lines()
        .map(move |line| line.map_err(FolderError::at(&path))))
}
