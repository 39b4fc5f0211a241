//! Makes a backup: the database as one snapshot, and the files that its log names.

use std::path::Path;

use futures::StreamExt as _;

use super::{ABOUT, About, FILES, LOG, SHAPE, UNSEALED, table_file};
use crate::audit::written::{FileFailed, Named, Written, write_manifest};
use crate::audit::{ExportError, export_in};
use crate::domain::file::FileDigest;
use crate::domain::{Event, GroupEvent};
use crate::files::{FileError, Files};
use crate::log::record::Recorded;
use crate::seal::leaf;
use crate::store::carried::{self, CARRIED};
use crate::store::{Store, StoreError, Tx, events};

const PAGE: i64 = 2000;

/// Why no backup was made. The folder may then be incomplete.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileFailed),
    #[error("the file {0}: {1}")]
    Kept(String, FileError),
}

/// What the backup contains.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    pub events: i64,
    pub files: usize,
    /// Files that the log names and the store of files does not have, as after an erasure.
    pub missing: usize,
}

/// Makes a backup of an organisation in a new folder. A folder that exists is an error. `progress`
/// is called with the events exported so far and their total.
///
/// The transaction ends before files are copied. A file that is erased meanwhile counts as missing.
pub async fn take(
    store: &Store,
    organisation: &str,
    files: &Files,
    to: &Path,
    progress: impl FnMut(i64, i64),
) -> Result<Taken, BackupError> {
    if to.exists() {
        return Err(ExportError::Exists(to.display().to_string()).into());
    }
    std::fs::create_dir_all(to.join(FILES)).map_err(FileFailed::at(to))?;
    let mut tx = store.snapshot().await?;
    let exported = export_in(&mut tx, organisation, &to.join(LOG), progress).await?;
    let mut named: Vec<_> = exported
        .files
        .into_iter()
        .map(|file| Named {
            name: format!("{LOG}/{}", file.name),
            ..file
        })
        .collect();
    let (mut unsealed, mut kept, mut next) = (Written::new(to, UNSEALED)?, Vec::new(), 0);
    loop {
        let rows = events::page_in(&mut tx, organisation, next, PAGE).await?;
        let Some(last) = rows.last() else { break };
        let after = last.position + 1;
        for row in &rows {
            if row.position >= exported.events {
                unsealed.line(&leaf::leaf(row))?;
            }
            if let Event::Group(GroupEvent::FileKept { file, .. }) = Recorded::read(row)?.event {
                kept.push(file);
            }
        }
        next = after;
    }
    named.push(unsealed.done()?);
    for table in &CARRIED {
        named.push(rows_of(&mut tx, organisation, table, to).await?);
    }
    drop(tx);
    let mut taken = Taken {
        events: next,
        files: 0,
        missing: 0,
    };
    kept.sort();
    kept.dedup();
    for file in kept {
        match copy(files, &file, to).await? {
            Some(file) => {
                taken.files += 1;
                named.push(file);
            }
            None => taken.missing += 1,
        }
    }
    let mut about = Written::new(to, ABOUT)?;
    let says = About {
        shape: SHAPE,
        organisation: organisation.to_owned(),
        events: next,
    };
    about.line(&serde_json::to_string(&says).unwrap_or_default())?;
    named.push(about.done()?);
    write_manifest(to, named)?;
    Ok(taken)
}

async fn rows_of(
    tx: &mut Tx,
    organisation: &str,
    table: &carried::Table,
    to: &Path,
) -> Result<Named, BackupError> {
    let mut written = Written::new(to, &table_file(table.name))?;
    let mut failed = None;
    carried::each(tx, organisation, table, |row| {
        if failed.is_none() {
            failed = written.line(row).err();
        }
    })
    .await?;
    failed.map_or(Ok(()), Err)?;
    Ok(written.done()?)
}

/// Copies an encrypted file and checks its digest. `None` if the store does not have it.
async fn copy(files: &Files, file: &FileDigest, to: &Path) -> Result<Option<Named>, BackupError> {
    let failed = |error| BackupError::Kept(file.to_string(), error);
    let mut bytes = match files.sealed(file).await {
        Ok(bytes) => Box::pin(bytes),
        Err(FileError::Missing) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut written = Written::new(to, &format!("{FILES}/{file}"))?;
    while let Some(part) = bytes.next().await {
        written.write(&part.map_err(|error| failed(error.into()))?)?;
    }
    let named = written.done()?;
    if named.digest == file.as_str() {
        Ok(Some(named))
    } else {
        Err(failed(FileError::Altered))
    }
}
