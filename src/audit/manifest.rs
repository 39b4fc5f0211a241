//! Files whose SHA-256 is computed while they are written, and the manifest that lists them.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::export_layout::MANIFEST;

/// An error of a file in a folder.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {cause}")]
pub struct FolderError {
    pub file: String,
    pub cause: io::Error,
}

impl FolderError {
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = path.display().to_string();
        move |cause| Self { file, cause }
    }

    /// What a verifier says of a file of a folder that it cannot read.
    #[must_use]
    pub fn says_of(&self, name: &str) -> String {
        match self.cause.kind() {
            io::ErrorKind::NotFound => format!("{name} is missing"),
            io::ErrorKind::InvalidInput => format!("{name} {}", self.cause),
            _ => format!("{name} cannot be read: {}", self.cause),
        }
    }
}

/// Opens a file of a folder that somebody else made. Only a regular file is read: a pipe or a
/// device has no end, and a link leads out of the folder.
pub fn open_plain(path: &Path) -> Result<File, FolderError> {
    let metadata = std::fs::symlink_metadata(path).map_err(FolderError::at(path))?;
    if !metadata.is_file() {
        let cause = io::Error::new(io::ErrorKind::InvalidInput, "is not a plain file");
        return Err(FolderError::at(path)(cause));
    }
    File::open(path).map_err(FolderError::at(path))
}

/// The text of a regular file.
pub fn read_plain(path: &Path) -> Result<String, FolderError> {
    io::read_to_string(open_plain(path)?).map_err(FolderError::at(path))
}

/// The lines of a regular file as bytes, without line feeds. A carriage return is part of its
/// line, so that a change to it changes the hash of the line.
pub fn read_lines(
    folder: &Path,
    name: &str,
) -> Result<impl Iterator<Item = io::Result<Vec<u8>>> + use<>, FolderError> {
    let file = open_plain(&folder.join(name))?;
    Ok(BufReader::with_capacity(1 << 16, file).split(b'\n'))
}

/// A new file whose SHA-256 is computed while it is written.
pub struct DigestWriter {
    /// The path relative to the folder.
    name: String,
    path: PathBuf,
    file: BufWriter<File>,
    digest: Sha256,
}

impl DigestWriter {
    /// Creates the file. A file that exists is an error.
    pub fn new(folder: &Path, name: &str) -> Result<Self, FolderError> {
        let path = folder.join(name);
        let file = File::create_new(&path).map_err(FolderError::at(&path))?;
        Ok(Self {
            name: name.to_owned(),
            path,
            file: BufWriter::new(file),
            digest: Sha256::new(),
        })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FolderError> {
        self.digest.update(bytes);
        self.file
            .write_all(bytes)
            .map_err(FolderError::at(&self.path))
    }

    pub fn write_line(&mut self, line: &str) -> Result<(), FolderError> {
        self.write(line.as_bytes())?;
        self.write(b"\n")
    }

    /// Syncs the file to disk. Returns its name and digest.
    pub fn finish(self) -> Result<ManifestEntry, FolderError> {
        let file = self
            .file
            .into_inner()
            .map_err(|error| FolderError::at(&self.path)(error.into_error()))?;
        file.sync_all().map_err(FolderError::at(&self.path))?;
        Ok(ManifestEntry {
            name: self.name,
            digest: hex::encode(self.digest.finalize()),
        })
    }
}

/// A file in a manifest, with its SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ManifestEntry {
    pub name: String,
    pub digest: String,
}

/// Writes the manifest of a folder, sorted by name.
pub fn write_manifest(
    folder: &Path,
    mut files: Vec<ManifestEntry>,
) -> Result<ManifestEntry, FolderError> {
    files.sort();
    let mut manifest = DigestWriter::new(folder, MANIFEST)?;
    for file in files {
        manifest.write_line(&format!("{}  {}", file.digest, file.name))?;
    }
    manifest.finish()
}

/// Reads the manifest of a folder. Malformed lines are skipped, so their files are not listed.
pub fn read_manifest(folder: &Path) -> Result<Vec<ManifestEntry>, FolderError> {
    let path = folder.join(MANIFEST);
    let text = read_plain(&path)?;
    let named = |line: &str| {
        line.split_once("  ").map(|(digest, name)| ManifestEntry {
            name: name.to_owned(),
            digest: digest.to_owned(),
        })
    };
    Ok(text.lines().filter_map(named).collect())
}

/// The SHA-256 of a file, in hexadecimal.
pub fn file_digest(path: &Path) -> Result<String, FolderError> {
    let mut digest = Sha256::new();
    let mut file = open_plain(path)?;
    io::copy(&mut file, &mut digest).map_err(FolderError::at(path))?;
    Ok(hex::encode(digest.finalize()))
}
