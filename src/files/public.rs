//! Public files: the organisation's logo. They are stored unencrypted, under the SHA-256 of their
//! bytes, because they contain no personal data.

use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::{FileError, FileStore};
use crate::clock;
use crate::crypto::file_encryption::{AlteredFile, EncryptedFile};
use crate::domain::file::FileDigest;

/// The maximum size of a public file in bytes.
const PUBLIC_BYTES_MAX: usize = 1024 * 1024;

impl FileStore {
    /// Stores a public file, and returns its digest.
    pub async fn put_public(&self, bytes: &[u8]) -> Result<FileDigest, FileError> {
        let digest = hex::encode(Sha256::digest(bytes));
        let file: FileDigest = digest.parse().map_err(std::io::Error::other)?;
        let path = self.staging()?.join(clock::new_id().to_string());
        tokio::fs::write(&path, bytes).await?;
        tokio::fs::File::open(&path).await?.sync_all().await?;
        let stored = EncryptedFile {
            path,
            digest,
            bytes: bytes.len() as u64,
        };
        match self {
            Self::Folder(folder) => folder.put(&stored, &file).await?,
            Self::Bucket(bucket) => bucket.put(&stored, &file).await?,
        }
        Ok(file)
    }

    /// The bytes of a public file. Fails with [`FileError::Altered`] if they are not those that
    /// were stored.
    pub async fn read_public(&self, file: &FileDigest) -> Result<Vec<u8>, FileError> {
        let mut stored = Box::pin(self.read_encrypted(file).await?);
        let mut bytes = Vec::new();
        while let Some(part) = stored.next().await {
            bytes.extend_from_slice(&part?);
            if bytes.len() > PUBLIC_BYTES_MAX {
                return Err(FileError::TooLarge);
            }
        }
        if hex::encode(Sha256::digest(&bytes)) == file.as_str() {
            Ok(bytes)
        } else {
            Err(AlteredFile.into())
        }
    }
}
