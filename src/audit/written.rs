//! Files whose SHA-256 is computed while they are written, and the manifest that lists them.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::folder::MANIFEST;
use crate::log::keys::to_hex;

/// An error of a file in a folder.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {cause}")]
pub struct FileFailed {
    pub file: String,
    pub cause: io::Error,
}

impl FileFailed {
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = path.display().to_string();
        move |cause| Self { file, cause }
    }
}

/// A new file whose SHA-256 is computed while it is written.
pub struct Written {
    /// The path relative to the folder.
    name: String,
    path: PathBuf,
    file: BufWriter<File>,
    digest: Sha256,
}

impl Written {
    /// Creates the file. A file that exists is an error.
    pub fn new(folder: &Path, name: &str) -> Result<Self, FileFailed> {
        let path = folder.join(name);
        let file = File::create_new(&path).map_err(FileFailed::at(&path))?;
        Ok(Self {
            name: name.to_owned(),
            path,
            file: BufWriter::new(file),
            digest: Sha256::new(),
        })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileFailed> {
        self.digest.update(bytes);
        self.file
            .write_all(bytes)
            .map_err(FileFailed::at(&self.path))
    }

    pub fn line(&mut self, line: &str) -> Result<(), FileFailed> {
        self.write(line.as_bytes())?;
        self.write(b"\n")
    }

    /// Syncs the file to disk. Returns its name and digest.
    pub fn done(self) -> Result<Named, FileFailed> {
        let file = self
            .file
            .into_inner()
            .map_err(|error| FileFailed::at(&self.path)(error.into_error()))?;
        file.sync_all().map_err(FileFailed::at(&self.path))?;
        Ok(Named {
            name: self.name,
            digest: to_hex(&self.digest.finalize()),
        })
    }
}

/// A file in a manifest, with its SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub name: String,
    pub digest: String,
}

/// Writes the manifest of a folder, sorted by name.
pub fn write_manifest(folder: &Path, mut files: Vec<Named>) -> Result<Named, FileFailed> {
    files.sort();
    let mut manifest = Written::new(folder, MANIFEST)?;
    for file in files {
        manifest.line(&format!("{}  {}", file.digest, file.name))?;
    }
    manifest.done()
}

/// Reads the manifest of a folder. Malformed lines are skipped, so their files are not listed.
pub fn read_manifest(folder: &Path) -> Result<Vec<Named>, FileFailed> {
    let path = folder.join(MANIFEST);
    let text = std::fs::read_to_string(&path).map_err(FileFailed::at(&path))?;
    let named = |line: &str| {
        line.split_once("  ").map(|(digest, name)| Named {
            name: name.to_owned(),
            digest: digest.to_owned(),
        })
    };
    Ok(text.lines().filter_map(named).collect())
}

/// The SHA-256 of a file, in hexadecimal.
pub fn digest_of(path: &Path) -> Result<String, FileFailed> {
    let mut digest = Sha256::new();
    let mut file = File::open(path).map_err(FileFailed::at(path))?;
    io::copy(&mut file, &mut digest).map_err(FileFailed::at(path))?;
    Ok(to_hex(&digest.finalize()))
}
