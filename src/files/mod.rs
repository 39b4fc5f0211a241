//! Uploaded files: scans, receipts, documents and photographs. A file is checked, encrypted under
//! its group's key, and stored in a folder or an S3 bucket.
//!
//! The type of a file follows from its bytes, never from its name. Pictures are re-encoded in the
//! [sandbox](crate::sandbox), which removes metadata such as the place. Only encrypted bytes are
//! written to disk; their SHA-256 is the file's name. Bytes are streamed in and out, and daily
//! quotas apply.

mod bucket;
mod folder;
mod intake;
mod picture;
mod seal;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::domain::file::{FileDigest, Media};
use crate::log::vault::{Vault, VaultError};
use crate::sandbox::{SandboxError, Upload};
use crate::store::StoreError;
pub use bucket::{Bucket, BucketError};
use folder::Folder;
use intake::Arriving;
pub use intake::{BYTES_A_DAY, FILES_A_DAY, Intake};
pub use picture::paint_anew;
use seal::{Opening, Sealed, Sealing};

/// The most bytes of one file.
pub const FILE_MOST: u64 = 10 * 1024 * 1024;
/// The end of a PDF, in bytes, that must contain `%%EOF`.
const ENDING: usize = 1024;
/// The first bytes, from which the type is detected.
const TELLING: usize = 16;

/// Why a file was not stored or cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("a file has at most {} MiB", FILE_MOST / 1024 / 1024)]
    TooLarge,
    #[error("this is neither a photograph (JPEG, PNG, WebP) nor a PDF")]
    UnknownKind,
    #[error("this picture cannot be read, or is larger than can be worked on")]
    Picture,
    #[error("this PDF is not whole")]
    Document,
    #[error("the upload broke off")]
    BrokenOff,
    #[error("a group sends at most {} files and {} MiB a day: this one has sent enough today", FILES_A_DAY, BYTES_A_DAY / 1024 / 1024)]
    Quota {
        /// The time until the end of the day.
        wait: Duration,
    },
    #[error("too many pictures are being read just now: send it again in a minute")]
    Busy,
    #[error("the file is not in the store")]
    Missing,
    #[error("the file in the store was altered")]
    Altered,
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Counted(#[from] StoreError),
    #[error("the store of files does not answer: {0}")]
    Store(#[from] std::io::Error),
}

impl FileError {
    /// Whether the error is about the chosen file, so that a form can show it next to the entered
    /// values.
    #[must_use]
    pub fn is_said_beside_the_form(&self) -> bool {
        matches!(
            self,
            Self::UnknownKind | Self::Picture | Self::Document | Self::Quota { .. } | Self::Busy
        )
    }
}

impl From<SandboxError> for FileError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Busy => Self::Busy,
            SandboxError::Unreadable => Self::Picture,
        }
    }
}

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub file: FileDigest,
    pub media: Media,
    /// Its size in bytes when decrypted.
    pub bytes: u64,
    /// The SHA-256 of the upload, by which a repeat is recognised. It is not stored.
    pub content: [u8; 32],
}

/// The store of files.
#[derive(Clone, Debug)]
pub enum Files {
    Folder(Folder),
    Bucket(Box<Bucket>),
}

impl Files {
    #[must_use]
    pub fn in_folder(path: PathBuf) -> Self {
        Self::Folder(Folder::new(path))
    }

    /// Checks an upload, encrypts it under the group's key, and stores it. After an error nothing
    /// is stored, but the upload counts towards the quotas.
    pub async fn keep<S, E>(&self, intake: &Intake<'_>, body: S) -> Result<Kept, FileError>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        intake.count(1, 0).await?;
        // The reader may poll a short body again after its end.
        let body = std::pin::pin!(body.fuse());
        let mut arriving = Arriving::new(body);
        let taken = self.take_in(intake, &mut arriving).await;
        // A rejected upload counts as well.
        intake.count(0, arriving.read).await?;
        let (media, sealed) = taken?;
        let file: FileDigest = sealed.digest.parse().map_err(std::io::Error::other)?;
        match self {
            Self::Folder(folder) => folder.put(&sealed, &file).await?,
            Self::Bucket(bucket) => bucket.put(&sealed, &file).await?,
        }
        Ok(Kept {
            file,
            media,
            bytes: sealed.bytes,
            content: arriving.digest(),
        })
    }

    /// Encrypts an upload into the staging folder. A picture is then re-encoded and encrypted
    /// again.
    async fn take_in<S, E>(
        &self,
        intake: &Intake<'_>,
        arriving: &mut Arriving<S>,
    ) -> Result<(Media, Sealed), FileError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let begins = arriving
            .next(TELLING)
            .await?
            .ok_or(FileError::UnknownKind)?;
        let media = media_of(&begins)?;
        let (vault, group) = (intake.log.vault(), intake.group);
        let key = vault.key_for(group).await?;
        // The original of a picture is encrypted under a key that exists only in this process, so
        // nobody can read it afterwards.
        let first = if media == Media::Jpeg {
            seal::passing_key()
        } else {
            key
        };
        let mut sealing = Sealing::begin(self.staging()?, &first, vault.bound_file(group)).await?;
        sealing.take(&begins).await?;
        let mut ends = begins;
        while let Some(more) = arriving.next(1).await? {
            sealing.take(&more).await?;
            ends.extend_from_slice(&more);
            ends.drain(..ends.len().saturating_sub(ENDING));
        }
        if media == Media::Pdf && !ends.windows(5).any(|part| part == b"%%EOF") {
            return Err(FileError::Document);
        }
        let sealed = sealing.end().await?;
        if media == Media::Pdf {
            return Ok((media, sealed));
        }
        // The original waits for the sandbox on disk, not in memory.
        let file: FileDigest = sealed.digest.parse().map_err(std::io::Error::other)?;
        let raw = Opening::new(first, vault.bound_file(group), &file)
            .stream(folder::read(&sealed.path).await?.map_err(FileError::from));
        let painted = intake.sandbox.read(Upload::Picture, raw).await?;
        let mut sealing = Sealing::begin(self.staging()?, &key, vault.bound_file(group)).await?;
        sealing.take(&painted).await?;
        Ok((media, sealing.end().await?))
    }

    /// Decrypts a file as a stream. The stream ends with [`FileError::Altered`] if the stored bytes
    /// were changed. If the key of the group was destroyed, the file cannot be opened.
    pub async fn open(
        &self,
        vault: &Vault,
        group: Uuid,
        file: &FileDigest,
    ) -> Result<impl Stream<Item = Result<Bytes, FileError>> + use<>, FileError> {
        let key = vault.key_for(group).await?;
        let sealed = self.sealed(file).await?;
        let opening = Opening::new(key, vault.bound_file(group), file);
        Ok(opening.stream(sealed.map_err(FileError::from)))
    }

    /// The encrypted bytes of a file, for a backup.
    pub async fn sealed(
        &self,
        file: &FileDigest,
    ) -> Result<impl Stream<Item = std::io::Result<Bytes>> + use<>, FileError> {
        Ok(match self {
            Self::Folder(folder) => folder.get(file).await?.left_stream(),
            Self::Bucket(bucket) => bucket.get(file).await?.right_stream(),
        })
    }

    /// Stores an encrypted file from a backup. Its digest must be `file`.
    pub async fn put_sealed(
        &self,
        from: &std::path::Path,
        file: &FileDigest,
    ) -> Result<(), FileError> {
        let path = self.staging()?.join(file.as_str());
        let bytes = tokio::fs::copy(from, &path).await?;
        tokio::fs::File::open(&path).await?.sync_all().await?;
        let sealed = Sealed {
            digest: digest_of(&path).await?,
            path,
            bytes,
        };
        if sealed.digest != file.as_str() {
            return Err(FileError::Altered);
        }
        match self {
            Self::Folder(folder) => folder.put(&sealed, file).await?,
            Self::Bucket(bucket) => bucket.put(&sealed, file).await?,
        }
        Ok(())
    }

    /// Deletes a file. A file that does not exist is no error.
    pub async fn remove(&self, file: &FileDigest) -> Result<(), FileError> {
        match self {
            Self::Folder(folder) => folder.remove(file).await?,
            Self::Bucket(bucket) => bucket.remove(file).await?,
        }
        Ok(())
    }

    fn staging(&self) -> std::io::Result<PathBuf> {
        let folder = match self {
            Self::Folder(folder) => folder.staging(),
            Self::Bucket(_) => std::env::temp_dir().join("microgrants-staging"),
        };
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

async fn digest_of(path: &std::path::Path) -> std::io::Result<String> {
    Ok(crate::log::keys::to_hex(&Sha256::digest(
        tokio::fs::read(path).await?,
    )))
}

/// The type of a file by its first bytes. Every picture becomes a JPEG.
fn media_of(begins: &[u8]) -> Result<Media, FileError> {
    if begins.starts_with(b"%PDF-") {
        return Ok(Media::Pdf);
    }
    if picture::is_one(begins) {
        Ok(Media::Jpeg)
    } else {
        Err(FileError::UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(media_of(b"%PDF-1.7 and more").unwrap(), Media::Pdf);
        assert_eq!(
            media_of(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap(),
            Media::Jpeg
        );
        for bytes in [
            &b"<html><script>"[..],
            b"GIF89a..........",
            b"PK\x03\x04........",
            b"MZ..............",
            b" %PDF-1.7......",
        ] {
            assert!(matches!(media_of(bytes), Err(FileError::UnknownKind)));
        }
    }
}
