//! Makes a backup: the database as one snapshot whose events are all under a checkpoint, and the
//! files that its log names. Then it is read back and checked.

use std::collections::BTreeSet;
use std::path::Path;

use futures::StreamExt as _;

use super::check::check;
use super::{
    BackupInfo, FILES_FOLDER, FORMAT_VERSION, INFO_FILE, InvalidBackup, LOG_FOLDER, NOTE_FILE,
    note_text, table_file,
};
use crate::audit::manifest::{DigestWriter, FolderError, ManifestEntry, write_manifest};
use crate::audit::{ExportError, export_in};
use crate::crypto::file_encryption::AlteredFile;
use crate::crypto::keys::{KeyError, Keys};
use crate::domain::file::FileDigest;
use crate::domain::{Event, GroupEvent, OrganisationEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::files::{FileError, FileStore};
use crate::store::backup_tables::{self, BACKUP_TABLES};
use crate::store::{Store, StoreError, Tx, events, tlog};
use crate::transparency::checkpoint::Signer;
use crate::transparency::checkpoint_signer::SigningError;

const PAGE_EVENTS: i64 = 2000;
/// How often a checkpoint is signed for a backup. Events can be appended between the checkpoint and
/// the snapshot; then both are repeated.
const SEALING_ATTEMPTS: usize = 100;

/// Why no backup was made. The folder may then be incomplete.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FolderError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error("the file {0}: {1}")]
    CopyFile(String, FileError),
    #[error("the head of the log could not be signed: {0}")]
    Seal(#[from] SigningError),
    #[error("the head of the log could not be signed: {0}")]
    SealByService(String),
    #[error("the log grew faster than its head could be signed: try again in a quiet moment")]
    NotSealed,
    #[error("the backup was written to {0} and is of no use: {1}")]
    Invalid(String, Box<InvalidBackup>),
}

/// What the backup contains.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackupSummary {
    pub events: i64,
    pub files: usize,
    /// Files that the log names and the store of files does not have, as after an erasure.
    pub missing: usize,
}

/// Makes a backup of an organisation in a new folder, and checks it as a restore would. A folder
/// that exists is an error. The keys of the database must be in the folder `keys` or in the
/// environment.
///
/// `seal` has a checkpoint signed over everything that is in the log. `progress` is called with the
/// events exported so far and their total.
///
/// The transaction ends before files are copied. A file that is erased meanwhile counts as missing.
pub async fn create(
    store: &Store,
    organisation: &str,
    files: &FileStore,
    keys: &Path,
    to: &Path,
    seal: impl AsyncFn() -> Result<(), BackupError>,
    progress: impl FnMut(i64, i64),
) -> Result<BackupSummary, BackupError> {
    if to.exists() {
        return Err(ExportError::Exists(to.display().to_string()).into());
    }
    let mut tx = sealed_snapshot(store, organisation, seal).await?;
    let own = Keys::of_database(store, keys).await?;
    std::fs::create_dir_all(to.join(FILES_FOLDER)).map_err(FolderError::at(to))?;
    let exported = export_in(&mut tx, organisation, &to.join(LOG_FOLDER), progress).await?;
    let log = tlog::find_in(&mut tx, organisation)
        .await?
        .ok_or(ExportError::NoCheckpoint)?;
    let in_log = |file: ManifestEntry| ManifestEntry {
        name: format!("{LOG_FOLDER}/{}", file.name),
        ..file
    };
    let mut named: Vec<_> = exported.files.into_iter().map(in_log).collect();
    let kept = named_files(&mut tx, organisation).await?;
    for table in &BACKUP_TABLES {
        named.push(export_table(&mut tx, organisation, table, to).await?);
    }
    drop(tx);
    let mut taken = BackupSummary {
        events: exported.events,
        files: 0,
        missing: 0,
    };
    for file in kept {
        match copy_file(files, &file, to).await? {
            Some(file) => {
                taken.files += 1;
                named.push(file);
            }
            None => taken.missing += 1,
        }
    }
    let info = BackupInfo {
        shape: FORMAT_VERSION,
        organisation: organisation.to_owned(),
        events: exported.events,
    };
    let signer = Signer::new(&log.origin, &own.checkpoint.secret);
    write_signed_manifest(to, &info, named, &log.origin, &signer)?;
    check(to, organisation, keys, None)
        .map_err(|error| BackupError::Invalid(to.display().to_string(), Box::new(error)))?;
    Ok(taken)
}

/// A snapshot of the database whose newest checkpoint covers all of its events.
async fn sealed_snapshot(
    store: &Store,
    organisation: &str,
    seal: impl AsyncFn() -> Result<(), BackupError>,
) -> Result<Tx, BackupError> {
    for _ in 0..SEALING_ATTEMPTS {
        seal().await?;
        let mut tx = store.snapshot().await?;
        let head = tlog::newest_checkpoint_in(&mut tx, organisation)
            .await?
            .ok_or(ExportError::NoCheckpoint)?;
        if head.size == events::length_in(&mut tx, organisation).await? {
            return Ok(tx);
        }
    }
    Err(BackupError::NotSealed)
}

/// Writes what the folder is a backup of, the manifest, and the signature of the manifest.
fn write_signed_manifest(
    to: &Path,
    info: &BackupInfo,
    mut named: Vec<ManifestEntry>,
    origin: &str,
    signer: &Signer,
) -> Result<(), FolderError> {
    let mut about = DigestWriter::new(to, INFO_FILE)?;
    about.write_line(&serde_json::to_string(info).unwrap_or_default())?;
    named.push(about.finish()?);
    let manifest = write_manifest(to, named)?;
    let mut note = DigestWriter::new(to, NOTE_FILE)?;
    let text = note_text(origin, info, &manifest.digest);
    note.write(signer.sign_text(&text).as_bytes())?;
    note.finish()?;
    Ok(())
}

/// The files in the store that the events name, each once.
async fn named_files(tx: &mut Tx, organisation: &str) -> Result<Vec<FileDigest>, BackupError> {
    let (mut kept, mut next) = (BTreeSet::new(), 0);
    loop {
        let rows = events::read_page_in(tx, organisation, next, PAGE_EVENTS).await?;
        let Some(last) = rows.last() else { break };
        next = last.position + 1;
        for row in &rows {
            match RecordedEvent::from_row(row)?.event {
                Event::Group(GroupEvent::FileRemoved { file, .. }) => drop(kept.remove(&file)),
                event => kept.extend(named_file(event)),
            }
        }
    }
    Ok(kept.into_iter().collect())
}

/// The file in the store that an event names.
fn named_file(event: Event) -> Option<FileDigest> {
    match event {
        Event::Group(GroupEvent::FileKept { file, .. }) => Some(file),
        Event::Organisation(
            OrganisationEvent::SettingsProposed { settings, .. }
            | OrganisationEvent::SettingsSet { settings, .. },
        ) => settings.logo,
        _ => None,
    }
}

async fn export_table(
    tx: &mut Tx,
    organisation: &str,
    table: &backup_tables::BackupTable,
    to: &Path,
) -> Result<ManifestEntry, BackupError> {
    let mut written = DigestWriter::new(to, &table_file(table.name))?;
    let mut failed = None;
    backup_tables::for_each_row(tx, organisation, table, |row| {
        if failed.is_none() {
            failed = written.write_line(row).err();
        }
    })
    .await?;
    failed.map_or(Ok(()), Err)?;
    Ok(written.finish()?)
}

/// Copies a file as it is stored, and checks its digest. `None` if the store does not have it.
async fn copy_file(
    files: &FileStore,
    file: &FileDigest,
    to: &Path,
) -> Result<Option<ManifestEntry>, BackupError> {
    let failed = |error| BackupError::CopyFile(file.to_string(), error);
    let mut bytes = match files.read_encrypted(file).await {
        Ok(bytes) => Box::pin(bytes),
        Err(FileError::Missing) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut written = DigestWriter::new(to, &format!("{FILES_FOLDER}/{file}"))?;
    while let Some(part) = bytes.next().await {
        written.write(&part.map_err(|error| failed(error.into()))?)?;
    }
    let named = written.finish()?;
    if named.digest == file.as_str() {
        Ok(Some(named))
    } else {
        Err(failed(FileError::from(AlteredFile)))
    }
}
