//! Writes the folder: the log up to its last signed head.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::folder::{self, EVENTS, HEADS, HeadLine, KEY, LEAVES, MANIFEST, README};
use crate::log::keys::to_hex;
use crate::seal::{leaf, tree};
use crate::store::{Store, StoreError, events, tree as stored};

/// How many events are read at once.
const PAGE: i64 = 2000;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{file}: {cause}")]
    File { file: String, cause: io::Error },
    #[error("{0} is there already: name a folder that is not")]
    Exists(String),
    #[error("nothing was sealed yet: start the service once, or wait a moment")]
    Unsealed,
    #[error("position {0} is missing in the log")]
    Hole(i64),
}

/// Writes an organisation's log into a new folder; how many events it holds.
///
/// # Errors
/// When the folder exists or cannot be written, nothing was sealed, or the database does not answer.
pub async fn export(store: &Store, organisation: &str, to: &Path, mut progress: impl FnMut(i64, i64)) -> Result<i64, ExportError> {
    let log = stored::find(store, organisation).await?.ok_or(ExportError::Unsealed)?;
    let heads = stored::heads(store, organisation).await?;
    let size = heads.last().ok_or(ExportError::Unsealed)?.size;
    if to.exists() {
        return Err(ExportError::Exists(to.display().to_string()));
    }
    std::fs::create_dir_all(to).map_err(|cause| ExportError::File { file: to.display().to_string(), cause })?;
    let (mut lines, mut leaves) = (Written::new(to, EVENTS)?, Written::new(to, LEAVES)?);
    let mut next = 0;
    while next < size {
        let rows = events::page(store, organisation, next, PAGE.min(size - next)).await?;
        if rows.is_empty() {
            return Err(ExportError::Hole(next));
        }
        for row in &rows {
            if row.position != next {
                return Err(ExportError::Hole(next));
            }
            let line = leaf::leaf(row);
            leaves.line(&to_hex(&tree::leaf_hash(line.as_bytes())))?;
            lines.line(&line)?;
            next += 1;
        }
        progress(next, size);
    }
    let mut kept = Written::new(to, HEADS)?;
    for head in heads {
        let line = HeadLine { note: head.note, size: head.size, through: head.through };
        kept.line(&serde_json::to_string(&line).unwrap_or_default())?;
    }
    let mut files = vec![lines.done()?, leaves.done()?, kept.done()?];
    for (name, text) in [(KEY, format!("{}\n", log.verifier)), (README, folder::HOW.to_owned())] {
        let mut file = Written::new(to, name)?;
        file.write(text.as_bytes())?;
        files.push(file.done()?);
    }
    files.sort();
    let mut manifest = Written::new(to, MANIFEST)?;
    for (name, digest) in files {
        manifest.line(&format!("{digest}  {name}"))?;
    }
    manifest.done()?;
    Ok(size)
}

/// A file that is written and digested at once.
struct Written {
    name: &'static str,
    file: BufWriter<File>,
    digest: Sha256,
}

impl Written {
    fn new(folder: &Path, name: &'static str) -> Result<Self, ExportError> {
        let file = File::create_new(folder.join(name)).map_err(|cause| ExportError::File { file: name.to_owned(), cause })?;
        Ok(Self { name, file: BufWriter::new(file), digest: Sha256::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.digest.update(bytes);
        self.file.write_all(bytes).map_err(|cause| ExportError::File { file: self.name.to_owned(), cause })
    }

    fn line(&mut self, line: &str) -> Result<(), ExportError> {
        self.write(line.as_bytes())?;
        self.write(b"\n")
    }

    /// The file's name and digest, once it is safely on the disk.
    fn done(self) -> Result<(&'static str, String), ExportError> {
        let failed = |cause| ExportError::File { file: self.name.to_owned(), cause };
        let file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok((self.name, to_hex(&self.digest.finalize())))
    }
}
