//! Files in a folder, each under its digest, in a subfolder named by the first two characters.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::Stream;
use tokio::io::AsyncReadExt as _;

use super::FileError;
use crate::crypto::file_encryption::EncryptedFile;
use crate::domain::file::FileDigest;

const READ_BUFFER: usize = 64 * 1024;

/// A folder of encrypted files.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn staging(&self) -> PathBuf {
        self.0.join("staging")
    }

    fn path(&self, file: &FileDigest) -> PathBuf {
        let name = file.as_str();
        self.0.join(name.get(..2).unwrap_or_default()).join(name)
    }

    pub(super) async fn put(&self, sealed: &EncryptedFile, file: &FileDigest) -> io::Result<()> {
        let path = self.path(file);
        let parent = path.parent().unwrap_or(&self.0);
        tokio::fs::create_dir_all(parent).await?;
        tokio::fs::rename(&sealed.path, &path).await?;
        sync_folder(parent).await?;
        sync_folder(&self.0).await
    }

    pub(super) async fn get(
        &self,
        file: &FileDigest,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>, FileError> {
        let opened = stream_file(&self.path(file)).await;
        opened.map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                FileError::Missing
            } else {
                error.into()
            }
        })
    }

    pub(super) async fn remove(&self, file: &FileDigest) -> io::Result<()> {
        match tokio::fs::remove_file(self.path(file)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The bytes of a file as a stream, without decryption.
pub(super) async fn stream_file(
    path: &Path,
) -> io::Result<impl Stream<Item = io::Result<Bytes>> + use<>> {
    let opened = tokio::fs::File::open(path).await?;
    Ok(futures::stream::try_unfold(opened, |mut file| async move {
        let mut bytes = vec![0; READ_BUFFER];
        let read = file.read(&mut bytes).await?;
        bytes.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(bytes), file)))
    }))
}

/// Syncs a folder: a renamed file survives a crash only after that.
async fn sync_folder(folder: &Path) -> io::Result<()> {
    tokio::fs::File::open(folder).await?.sync_all().await
}
