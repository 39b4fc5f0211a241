//! Reading the files of a backup: the manifest with the digest of each, and lines.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use super::{
    BackupInfo, FILES_FOLDER, FORMAT_VERSION, INFO_FILE, InvalidBackup, LOG_FOLDER, NOTE_FILE,
    TAIL_FILE, UNSIGNED_VERSION, table_file,
};
use crate::audit::export_layout::{EVENTS, MANIFEST};
use crate::audit::manifest::{self, FolderError, file_digest, read_manifest, read_plain};
use crate::domain::file::FileDigest;
use crate::store::backup_tables::{BACKUP_TABLES, BackupTable};

/// The files of a backup, each of which has the digest in the manifest.
#[derive(Debug)]
pub(super) struct FolderFiles {
    names: BTreeSet<String>,
    /// The encrypted files.
    pub(super) files: Vec<FileDigest>,
    /// The SHA-256 of the manifest.
    pub(super) manifest: String,
}

impl FolderFiles {
    /// Whether the manifest names this file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// Reads what the folder is a backup of.
pub(super) fn read_info(from: &Path) -> Result<BackupInfo, InvalidBackup> {
    let path = from.join(INFO_FILE);
    let text = read_plain(&path)?;
    let info: BackupInfo =
        serde_json::from_str(&text).map_err(|error| InvalidBackup::line(INFO_FILE, 1, &error))?;
    if [FORMAT_VERSION, UNSIGNED_VERSION].contains(&info.shape) {
        Ok(info)
    } else {
        Err(InvalidBackup::FormatVersion(info.shape))
    }
}

/// Checks that the folder has the files of the manifest and no others, each with its digest, that
/// no required file is missing, and that no folder in it is a link.
pub(super) fn check_files(from: &Path, info: &BackupInfo) -> Result<FolderFiles, InvalidBackup> {
    for name in [LOG_FOLDER, FILES_FOLDER] {
        must_not_be_link(from, name)?;
    }
    let (mut names, mut files) = (BTreeSet::new(), Vec::new());
    for file in read_manifest(from)? {
        if !is_backup_file(&file.name, info.shape) {
            return Err(InvalidBackup::Surplus(file.name));
        }
        if file_digest(&from.join(&file.name))? != file.digest {
            return Err(InvalidBackup::Altered(file.name));
        }
        if let Some((FILES_FOLDER, stored)) = file.name.split_once('/') {
            match stored.parse::<FileDigest>() {
                Ok(stored) if stored.as_str() == file.digest => files.push(stored),
                _ => return Err(InvalidBackup::Altered(file.name)),
            }
        }
        names.insert(file.name);
    }
    for name in required_files(info.shape) {
        if !names.contains(&name) {
            return Err(InvalidBackup::Altered(name));
        }
    }
    for name in ["", LOG_FOLDER, FILES_FOLDER] {
        check_no_surplus(from, name, &names)?;
    }
    Ok(FolderFiles {
        names,
        files,
        manifest: file_digest(&from.join(MANIFEST))?,
    })
}

/// Refuses a folder of a backup that is a link: it leads out of the backup, so that files could
/// be changed elsewhere after they were checked.
fn must_not_be_link(from: &Path, name: &'static str) -> Result<(), InvalidBackup> {
    let metadata = std::fs::symlink_metadata(from.join(name));
    if metadata.is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(InvalidBackup::LinkedFolder(name));
    }
    Ok(())
}

/// Whether a backup can have a file of this name.
fn is_backup_file(name: &str, shape: u8) -> bool {
    match name.split_once('/') {
        Some((LOG_FOLDER | FILES_FOLDER, file)) => {
            !file.contains('/') && !file.starts_with('.') && !file.is_empty()
        }
        Some(_) => false,
        None => {
            name == INFO_FILE
                || (name == TAIL_FILE && shape == UNSIGNED_VERSION)
                || BACKUP_TABLES
                    .iter()
                    .any(|table| table_file(table.name) == name)
        }
    }
}

/// The files without which a folder is no backup. Earlier programs had fewer tables.
fn required_files(shape: u8) -> impl Iterator<Item = String> {
    let tables = BACKUP_TABLES
        .iter()
        .filter(move |table| shape == FORMAT_VERSION || !table.optional)
        .map(|table| table_file(table.name));
    let tail = (shape == UNSIGNED_VERSION).then(|| TAIL_FILE.to_owned());
    let log = [EVENTS, MANIFEST].map(|name| format!("{LOG_FOLDER}/{name}"));
    tables.chain(tail).chain(log).chain([INFO_FILE.to_owned()])
}

/// Checks that a folder of the backup has no file that the manifest does not name. A folder that
/// does not exist has none.
fn check_no_surplus(
    from: &Path,
    folder: &str,
    names: &BTreeSet<String>,
) -> Result<(), InvalidBackup> {
    let path = from.join(folder);
    if !path.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(&path).map_err(FolderError::at(&path))? {
        let entry = entry.map_err(FolderError::at(&path))?;
        let own = entry.file_name().to_string_lossy().into_owned();
        let known = if folder.is_empty() {
            [LOG_FOLDER, FILES_FOLDER, MANIFEST, NOTE_FILE].contains(&own.as_str())
                || names.contains(&own)
        } else {
            names.contains(&format!("{folder}/{own}"))
        };
        if !known {
            let name = Path::new(folder).join(own);
            return Err(InvalidBackup::Surplus(name.display().to_string()));
        }
    }
    Ok(())
}

/// The lines of a file as text.
pub(super) fn read_lines(
    folder: &Path,
    name: &str,
) -> Result<impl Iterator<Item = Result<String, FolderError>>, FolderError> {
    let path = folder.join(name);
    let as_text = |line: Vec<u8>| {
        String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    };
    let lines = manifest::read_lines(folder, name)?;
    Ok(lines.map(move |line| line.and_then(as_text).map_err(FolderError::at(&path))))
}

/// Calls `take` with each row of a table. What it refuses is reported with the line.
pub(super) fn for_each_row(
    from: &Path,
    table: &BackupTable,
    mut take: impl FnMut(Map<String, Value>) -> Result<(), String>,
) -> Result<(), InvalidBackup> {
    let file = table_file(table.name);
    for (at, line) in read_lines(from, &file)?.enumerate() {
        let row = serde_json::from_str(&line?).map_err(|error| error.to_string());
        row.and_then(&mut take)
            .map_err(|cause| InvalidBackup::line(&file, at + 1, &cause))?;
    }
    Ok(())
}

/// The table of a backup with this name.
pub(super) fn table_named(name: &str) -> Option<&'static BackupTable> {
    BACKUP_TABLES.iter().find(|table| table.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_is_part_of_its_line() {
        let folder = tempfile::TempDir::new().unwrap();
        std::fs::write(folder.path().join("lines"), "a\r\nb\n").unwrap();
        let lines = read_lines(folder.path(), "lines").unwrap();
        let lines: Result<Vec<_>, _> = lines.collect();
        assert_eq!(lines.unwrap(), ["a\r", "b"]);
    }
}
