//! File encryption in chunks (XChaCha20-Poly1305 in the STREAM construction). No file need be
//! completely in memory, and a missing, moved or added chunk is detected.
//!
//! # Format
//!
//! An encrypted file is a nonce of 19 bytes, then chunks of 64 KiB of plaintext, each followed by
//! its tag of 16 bytes. The last chunk is marked as such by the construction and may be shorter.
//! The associated data of every chunk is that of the group, so a file of one group cannot be passed
//! off as another's.
//!
//! # Names
//!
//! The SHA-256 of the encrypted file is its name. Decryption checks it before the last chunk is
//! returned, so a file that was replaced by another valid one of the same group is detected.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use chacha20poly1305::aead::rand_core::RngCore as _;
use chacha20poly1305::aead::stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::aead::{KeyInit as _, OsRng, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305};
use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::FileError;
use crate::domain::file::FileDigest;
use crate::log::keys::to_hex;

const NONCE: usize = 19;
const TAG: usize = 16;
const CHUNK: usize = 64 * 1024;

/// A key that is never stored, for data that only this process decrypts.
pub(super) fn passing_key() -> Key {
    XChaCha20Poly1305::generate_key(&mut OsRng)
}

/// An encrypted file in the staging folder. It is deleted on drop unless it was moved.
pub(super) struct Sealed {
    pub(super) path: PathBuf,
    pub(super) digest: String,
    /// The bytes of plaintext.
    pub(super) bytes: u64,
}

impl Drop for Sealed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Encrypts a stream into a file.
pub(super) struct Sealing {
    file: File,
    sealed: Sealed,
    hash: Sha256,
    encryptor: EncryptorBE32<XChaCha20Poly1305>,
    bound: Vec<u8>,
    waiting: Vec<u8>,
}

impl Sealing {
    pub(super) async fn begin(staging: PathBuf, key: &Key, bound: Vec<u8>) -> io::Result<Self> {
        let mut nonce = [0; NONCE];
        OsRng.fill_bytes(&mut nonce);
        let path = staging.join(to_hex(&nonce));
        let mut file = File::create_new(&path).await?;
        let sealed = Sealed {
            path,
            digest: String::new(),
            bytes: 0,
        };
        file.write_all(&nonce).await?;
        let encryptor =
            EncryptorBE32::from_aead(XChaCha20Poly1305::new(key), nonce.as_slice().into());
        Ok(Self {
            file,
            sealed,
            hash: Sha256::new_with_prefix(nonce),
            encryptor,
            bound,
            waiting: Vec::with_capacity(2 * CHUNK),
        })
    }

    pub(super) async fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sealed.bytes += bytes.len() as u64;
        self.waiting.extend_from_slice(bytes);
        // The last chunk is encrypted differently, so one full chunk is always held back.
        while self.waiting.len() > CHUNK {
            let chunk: Vec<u8> = self.waiting.drain(..CHUNK).collect();
            let payload = Payload {
                msg: &chunk,
                aad: &self.bound,
            };
            let chunk = self
                .encryptor
                .encrypt_next(payload)
                .map_err(|_| io::Error::other("sealing failed"))?;
            self.hash.update(&chunk);
            self.file.write_all(&chunk).await?;
        }
        Ok(())
    }

    pub(super) async fn end(mut self) -> io::Result<Sealed> {
        let payload = Payload {
            msg: &self.waiting,
            aad: &self.bound,
        };
        let chunk = self
            .encryptor
            .encrypt_last(payload)
            .map_err(|_| io::Error::other("sealing failed"))?;
        self.hash.update(&chunk);
        self.file.write_all(&chunk).await?;
        self.file.sync_all().await?;
        self.sealed.digest = to_hex(&self.hash.finalize());
        Ok(self.sealed)
    }
}

/// Decrypts a file as a stream.
pub(super) struct Opening {
    key: Key,
    bound: Vec<u8>,
    decryptor: Option<DecryptorBE32<XChaCha20Poly1305>>,
    waiting: Vec<u8>,
    hash: Sha256,
    digest: String,
}

impl Opening {
    /// Decrypts the file with this digest and no other.
    pub(super) fn new(key: Key, bound: Vec<u8>, file: &FileDigest) -> Self {
        Self {
            key,
            bound,
            decryptor: None,
            waiting: Vec::new(),
            hash: Sha256::new(),
            digest: file.to_string(),
        }
    }

    pub(super) fn stream<S>(self, sealed: S) -> impl Stream<Item = Result<Bytes, FileError>>
    where
        S: Stream<Item = Result<Bytes, FileError>>,
    {
        let state = (Some(self), Box::pin(sealed));
        futures::stream::try_unfold(state, |(opening, mut sealed)| async move {
            let Some(mut opening) = opening else {
                return Ok(None);
            };
            loop {
                if let Some(chunk) = opening.chunk()? {
                    return Ok(Some((chunk, (Some(opening), sealed))));
                }
                match sealed.next().await.transpose()? {
                    Some(more) => {
                        opening.hash.update(&more);
                        opening.waiting.extend_from_slice(&more);
                    }
                    None => return Ok(Some((opening.last()?, (None, sealed)))),
                }
            }
        })
    }

    /// The next chunk, if the buffer has more than that chunk, which therefore is not the last.
    fn chunk(&mut self) -> Result<Option<Bytes>, FileError> {
        if self.decryptor.is_none() && self.waiting.len() >= NONCE {
            let nonce: Vec<u8> = self.waiting.drain(..NONCE).collect();
            self.decryptor = Some(DecryptorBE32::from_aead(
                XChaCha20Poly1305::new(&self.key),
                nonce.as_slice().into(),
            ));
        }
        let Some(decryptor) = self
            .decryptor
            .as_mut()
            .filter(|_| self.waiting.len() > CHUNK + TAG)
        else {
            return Ok(None);
        };
        let chunk: Vec<u8> = self.waiting.drain(..CHUNK + TAG).collect();
        let open = decryptor
            .decrypt_next(Payload {
                msg: &chunk,
                aad: &self.bound,
            })
            .map_err(|_| FileError::Altered)?;
        Ok(Some(open.into()))
    }

    fn last(self) -> Result<Bytes, FileError> {
        let decryptor = self.decryptor.ok_or(FileError::Altered)?;
        if to_hex(&self.hash.finalize()) != self.digest {
            return Err(FileError::Altered);
        }
        let open = decryptor
            .decrypt_last(Payload {
                msg: &self.waiting,
                aad: &self.bound,
            })
            .map_err(|_| FileError::Altered)?;
        Ok(open.into())
    }
}
