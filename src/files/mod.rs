//! Uploaded files: scans, receipts, documents and photographs. A file is checked, encrypted under
//! its group's key, and stored in a folder or an S3 bucket.
//!
//! The type of a file follows from its bytes, never from its name. Pictures are re-encoded in the
//! [sandbox](crate::sandbox), which removes metadata such as the place, and PDFs that are encrypted
//! are read there. Only encrypted bytes are written to disk; their SHA-256 is the file's name.
//! Bytes are streamed in and out, and daily quotas apply. The organisation's logo alone is stored
//! unencrypted, since it is public.

mod bucket;
mod containers;
mod document;
mod fault;
mod folder;
mod intake;
mod jpeg_blocks;
mod picture;
mod public;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::crypto::file_encryption::{AlteredFile, DecryptStream, EncryptedFile, Encryptor};
use crate::crypto::vault::{Vault, VaultError};
use crate::domain::file::{FileDigest, MediaType};
use crate::domain::thousands;
use crate::sandbox::{SandboxError, Upload};
use crate::store::StoreError;
pub use bucket::{Bucket, BucketError};
pub use document::check_document;
pub use fault::{UploadFault, parse_answer};
use folder::Folder;
use intake::UploadReader;
pub use intake::{BYTES_A_DAY, FILES_A_DAY, UploadContext};
pub use picture::{reencode_logo, reencode_picture};

/// The most bytes of one file.
pub const FILE_SIZE_MAX: u64 = 10 * 1024 * 1024;
/// The most files in one form.
pub const FILES_IN_FORM_MAX: usize = 6;
/// The end of a PDF, in bytes, that must contain `%%EOF`.
const PDF_END_WINDOW: usize = 1024;
/// The first bytes, from which the type is detected: those that may precede a PDF, and its header.
const SNIFF_LEN: usize = document::BYTES_BEFORE_HEADER_MAX + 5;

/// Why a file was not stored or cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("this file is too large: use one of up to {} MB", FILE_SIZE_MAX / 1024 / 1024)]
    TooLarge,
    #[error("you can send up to {} files with one form", FILES_IN_FORM_MAX)]
    TooMany,
    #[error("this is neither a photo (JPEG, PNG or WebP) nor a PDF: send it as one of these")]
    UnknownKind,
    #[error(
        "we cannot open HEIC and AVIF photos. On an iPhone, open Settings, Camera, Formats and \
            choose Most Compatible for new photos. To send this one, share it as a JPEG, or send \
            a screenshot of it"
    )]
    PhoneKind,
    #[error("this photo was cut off on its way: only a part of it arrived. Send it again")]
    CutOff,
    #[error(
        "this photo is {} by {} pixels, too many for us to open: send a smaller copy or a \
            screenshot of it",
        thousands(.width),
        thousands(.height)
    )]
    TooManyPixels { width: u32, height: u32 },
    #[error("we cannot read this picture: it is damaged. Send another copy of it")]
    Picture,
    #[error("this PDF is cut off or damaged: save it again and send the new copy")]
    Document,
    #[error(
        "this PDF opens only with a password: save a copy without one, or print it to a PDF, and \
            send that"
    )]
    Password,
    #[error("the upload stopped before the end")]
    BrokenOff,
    #[error(
        "a group can send up to {} files and {} MB a day, and has reached that today",
        FILES_A_DAY,
        BYTES_A_DAY / 1024 / 1024
    )]
    Quota {
        /// The time until the end of the day.
        wait: Duration,
    },
    #[error("we are reading many pictures at the moment: try again in a minute")]
    Busy,
    #[error("this file is not there any more")]
    Missing,
    #[error(transparent)]
    Altered(#[from] AlteredFile),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Database(#[from] StoreError),
    #[error("the store of files does not answer: {0}")]
    Store(#[from] std::io::Error),
}

impl FileError {
    /// Whether the error is about the chosen file, so that a form can show it next to the entered
    /// values.
    #[must_use]
    pub fn is_form_error(&self) -> bool {
        matches!(
            self,
            Self::UnknownKind
                | Self::PhoneKind
                | Self::CutOff
                | Self::TooManyPixels { .. }
                | Self::Picture
                | Self::Document
                | Self::Password
                | Self::Quota { .. }
                | Self::Busy
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
pub struct StoredFile {
    pub file: FileDigest,
    pub media: MediaType,
    /// Its size in bytes when decrypted.
    pub bytes: u64,
    /// The SHA-256 of the upload, by which a repeat is recognised. It is not stored.
    pub content: [u8; 32],
}

/// The store of files.
#[derive(Clone, Debug)]
pub enum FileStore {
    Folder(Folder),
    Bucket(Box<Bucket>),
}

impl FileStore {
    #[must_use]
    pub fn in_folder(path: PathBuf) -> Self {
        Self::Folder(Folder::new(path))
    }

    /// Checks an upload, encrypts it under the group's key, and stores it. After an error nothing
    /// is stored, but the upload counts towards the quotas.
    pub async fn store<S, E>(
        &self,
        intake: &UploadContext<'_>,
        body: S,
    ) -> Result<StoredFile, FileError>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        intake.count_upload(1, 0).await?;
        // The reader may poll a short body again after its end.
        let body = std::pin::pin!(body.fuse());
        let mut arriving = UploadReader::new(body);
        let taken = self.encrypt_upload(intake, &mut arriving).await;
        // A rejected upload counts as well.
        intake.count_upload(0, arriving.read).await?;
        let (media, sealed) = taken?;
        let file: FileDigest = sealed.digest.parse().map_err(std::io::Error::other)?;
        match self {
            Self::Folder(folder) => folder.put(&sealed, &file).await?,
            Self::Bucket(bucket) => bucket.put(&sealed, &file).await?,
        }
        Ok(StoredFile {
            file,
            media,
            bytes: sealed.bytes,
            content: arriving.digest(),
        })
    }

    /// Encrypts an upload into the staging folder. A picture is then re-encoded and encrypted
    /// again.
    async fn encrypt_upload<S, E>(
        &self,
        intake: &UploadContext<'_>,
        arriving: &mut UploadReader<S>,
    ) -> Result<(MediaType, EncryptedFile), FileError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let begins = arriving
            .read_at_least(SNIFF_LEN)
            .await?
            .ok_or(FileError::UnknownKind)?;
        let media = detect_media(&begins)?;
        let (vault, group) = (intake.log.vault(), intake.group);
        let key = vault.require_key(group).await?;
        // The original of a picture is encrypted under a key that exists only in this process, so
        // nobody can read it afterwards.
        let first = if media == MediaType::Jpeg {
            crate::crypto::file_encryption::ephemeral_key()
        } else {
            key
        };
        let mut sealing =
            Encryptor::create(self.staging()?, &first, vault.file_associated_data(group)).await?;
        sealing.write(&begins).await?;
        let is_pdf = media == MediaType::Pdf;
        let mut is_encrypted = is_pdf && document::contains(&begins, document::ENCRYPTION_KEY);
        let mut ends = begins;
        while let Some(more) = arriving.read_at_least(1).await? {
            sealing.write(&more).await?;
            ends.extend_from_slice(&more);
            is_encrypted |= is_pdf && document::contains(&ends, document::ENCRYPTION_KEY);
            ends.drain(..ends.len().saturating_sub(PDF_END_WINDOW));
        }
        if is_pdf && !document::contains(&ends, b"%%EOF") {
            return Err(FileError::Document);
        }
        let sealed = sealing.finish().await?;
        if is_pdf && !is_encrypted {
            return Ok((media, sealed));
        }
        // The original waits for the sandbox on disk, not in memory.
        let file: FileDigest = sealed.digest.parse().map_err(std::io::Error::other)?;
        let raw = DecryptStream::new(first, vault.file_associated_data(group), &file).decrypt(
            folder::stream_file(&sealed.path)
                .await?
                .map_err(FileError::from),
        );
        if is_pdf {
            let checked = intake.sandbox.run(Upload::Document, raw).await;
            let answer = checked.map_err(|error| match error {
                FileError::Picture => FileError::Document,
                other => other,
            })?;
            parse_answer(answer)?;
            return Ok((media, sealed));
        }
        let painted = parse_answer(intake.sandbox.run(Upload::Picture, raw).await?)?;
        let mut sealing =
            Encryptor::create(self.staging()?, &key, vault.file_associated_data(group)).await?;
        sealing.write(&painted).await?;
        Ok((media, sealing.finish().await?))
    }

    /// Decrypts a file as a stream. The stream ends with [`FileError::Altered`] if the stored bytes
    /// were changed. If the key of the group was destroyed, the file cannot be opened.
    pub async fn open(
        &self,
        vault: &Vault,
        group: Uuid,
        file: &FileDigest,
    ) -> Result<impl Stream<Item = Result<Bytes, FileError>> + use<>, FileError> {
        let key = vault.require_key(group).await?;
        let sealed = self.read_encrypted(file).await?;
        let opening = DecryptStream::new(key, vault.file_associated_data(group), file);
        Ok(opening.decrypt(sealed.map_err(FileError::from)))
    }

    /// The bytes of a file as they are stored, for a backup.
    pub async fn read_encrypted(
        &self,
        file: &FileDigest,
    ) -> Result<impl Stream<Item = std::io::Result<Bytes>> + use<>, FileError> {
        Ok(match self {
            Self::Folder(folder) => folder.get(file).await?.left_stream(),
            Self::Bucket(bucket) => bucket.get(file).await?.right_stream(),
        })
    }

    /// Stores a file from a backup, as it was stored. Its digest must be `file`.
    pub async fn put_encrypted(
        &self,
        from: &std::path::Path,
        file: &FileDigest,
    ) -> Result<(), FileError> {
        let path = self.staging()?.join(file.as_str());
        let bytes = tokio::fs::copy(from, &path).await?;
        tokio::fs::File::open(&path).await?.sync_all().await?;
        let sealed = EncryptedFile {
            digest: file_digest(&path).await?,
            path,
            bytes,
        };
        if sealed.digest != file.as_str() {
            return Err(AlteredFile.into());
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

async fn file_digest(path: &std::path::Path) -> std::io::Result<String> {
    Ok(hex::encode(Sha256::digest(tokio::fs::read(path).await?)))
}

/// The type of a file by its first bytes. Every picture becomes a JPEG.
fn detect_media(begins: &[u8]) -> Result<MediaType, FileError> {
    if picture::is_picture(begins) {
        Ok(MediaType::Jpeg)
    } else if picture::is_phone_kind(begins) {
        Err(FileError::PhoneKind)
    } else if document::is_pdf(begins) {
        Ok(MediaType::Pdf)
    } else {
        Err(FileError::UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(detect_media(b"%PDF-1.7 and more").unwrap(), MediaType::Pdf);
        assert_eq!(
            detect_media(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap(),
            MediaType::Jpeg
        );
        assert_eq!(detect_media(b" %PDF-1.7......").unwrap(), MediaType::Pdf);
        assert!(matches!(
            detect_media(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
            Err(FileError::PhoneKind)
        ));
        for bytes in [
            &b"<html><script>"[..],
            b"GIF89a..........",
            b"PK\x03\x04........",
            b"MZ..............",
            b"\0\0\0\x18ftypmp42\0\0\0\0isommp42",
        ] {
            assert!(matches!(detect_media(bytes), Err(FileError::UnknownKind)));
        }
    }
}
