//! Makes a backup: the database as one snapshot, and the files that its log names.

use std::collections::BTreeSet;
use std::path::Path;

use futures::StreamExt as _;

use super::{
    BackupInfo, FILES_FOLDER, FORMAT_VERSION, INFO_FILE, LOG_FOLDER, TAIL_FILE, table_file,
};
use crate::audit::manifest::{DigestWriter, FolderError, ManifestEntry, write_manifest};
use crate::audit::{ExportError, export_in};
use crate::crypto::file_encryption::AlteredFile;
use crate::domain::file::FileDigest;
use crate::domain::{Event, GroupEvent, OrganisationEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::files::{FileError, FileStore};
use crate::store::backup_tables::{self, BACKUP_TABLES};
use crate::store::{Store, StoreError, Tx, events};
use crate::transparency::log_entry;

const PAGE_EVENTS: i64 = 2000;

/// Why no backup was made. The folder may then be incomplete.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FolderError),
    #[error("the file {0}: {1}")]
    CopyFile(String, FileError),
}

/// What the backup contains.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackupSummary {
    pub events: i64,
    pub files: usize,
    /// Files that the log names and the store of files does not have, as after an erasure.
    pub missing: usize,
}

/// Makes a backup of an organisation in a new folder. A folder that exists is an error. `progress`
/// is called with the events exported so far and their total.
///
/// The transaction ends before files are copied. A file that is erased meanwhile counts as missing.
pub async fn create(
    store: &Store,
    organisation: &str,
    files: &FileStore,
    to: &Path,
    progress: impl FnMut(i64, i64),
) -> Result<BackupSummary, BackupError> {
    if to.exists() {
        return Err(ExportError::Exists(to.display().to_string()).into());
    }
    std::fs::create_dir_all(to.join(FILES_FOLDER)).map_err(FolderError::at(to))?;
    let mut tx = store.snapshot().await?;
    let exported = export_in(&mut tx, organisation, &to.join(LOG_FOLDER), progress).await?;
    let mut named: Vec<_> = exported
        .files
        .into_iter()
        .map(|file| ManifestEntry {
            name: format!("{LOG_FOLDER}/{}", file.name),
            ..file
        })
        .collect();
    let (mut unsealed, mut kept, mut next) = (DigestWriter::new(to, TAIL_FILE)?, Vec::new(), 0);
    let mut removed = BTreeSet::new();
    loop {
        let rows = events::read_page_in(&mut tx, organisation, next, PAGE_EVENTS).await?;
        let Some(last) = rows.last() else { break };
        let after = last.position + 1;
        for row in &rows {
            if row.position >= exported.events {
                unsealed.write_line(&log_entry::canonical_json(row))?;
            }
            let event = RecordedEvent::from_row(row)?.event;
            if let Event::Group(GroupEvent::FileRemoved { file, .. }) = &event {
                removed.insert(file.clone());
            }
            kept.extend(named_file(event));
        }
        next = after;
    }
    named.push(unsealed.finish()?);
    for table in &BACKUP_TABLES {
        named.push(export_table(&mut tx, organisation, table, to).await?);
    }
    drop(tx);
    let mut taken = BackupSummary {
        events: next,
        files: 0,
        missing: 0,
    };
    kept.sort();
    kept.dedup();
    kept.retain(|file| !removed.contains(file));
    for file in kept {
        match copy_file(files, &file, to).await? {
            Some(file) => {
                taken.files += 1;
                named.push(file);
            }
            None => taken.missing += 1,
        }
    }
    let mut about = DigestWriter::new(to, INFO_FILE)?;
    let says = BackupInfo {
        shape: FORMAT_VERSION,
        organisation: organisation.to_owned(),
        events: next,
    };
    about.write_line(&serde_json::to_string(&says).unwrap_or_default())?;
    named.push(about.finish()?);
    write_manifest(to, named)?;
    Ok(taken)
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
