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

use crate::domain::file::FileDigest;

const NONCE_LEN: usize = 19;
const TAG_LEN: usize = 16;
const CHUNK_LEN: usize = 64 * 1024;

/// A key that is never stored, for data that only this process decrypts.
pub(crate) fn ephemeral_key() -> Key {
    XChaCha20Poly1305::generate_key(&mut OsRng)
}

/// An encrypted file in the staging folder. It is deleted on drop unless it was moved.
pub(crate) struct EncryptedFile {
    pub(crate) path: PathBuf,
    pub(crate) digest: String,
    /// The bytes of plaintext.
    pub(crate) bytes: u64,
}

impl Drop for EncryptedFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The file is not the one that was encrypted.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the file in the store was altered")]
pub struct AlteredFile;

/// Encrypts a stream into a file.
pub(crate) struct Encryptor {
    file: File,
    output: EncryptedFile,
    hash: Sha256,
    stream: EncryptorBE32<XChaCha20Poly1305>,
    associated_data: Vec<u8>,
    buffer: Vec<u8>,
}

impl Encryptor {
    pub(crate) async fn create(staging: PathBuf, key: &Key, bound: Vec<u8>) -> io::Result<Self> {
        let mut nonce = [0; NONCE_LEN];
        OsRng.fill_bytes(&mut nonce);
        let path = staging.join(hex::encode(nonce));
        let mut file = File::create_new(&path).await?;
        let sealed = EncryptedFile {
            path,
            digest: String::new(),
            bytes: 0,
        };
        file.write_all(&nonce).await?;
        let encryptor =
            EncryptorBE32::from_aead(XChaCha20Poly1305::new(key), nonce.as_slice().into());
        Ok(Self {
            file,
            output: sealed,
            hash: Sha256::new_with_prefix(nonce),
            stream: encryptor,
            associated_data: bound,
            buffer: Vec::with_capacity(2 * CHUNK_LEN),
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.bytes += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        // The last chunk is encrypted differently, so one full chunk is always held back.
        while self.buffer.len() > CHUNK_LEN {
            let chunk: Vec<u8> = self.buffer.drain(..CHUNK_LEN).collect();
            let payload = Payload {
                msg: &chunk,
                aad: &self.associated_data,
            };
            let chunk = self
                .stream
                .encrypt_next(payload)
                .map_err(|_| io::Error::other("sealing failed"))?;
            self.hash.update(&chunk);
            self.file.write_all(&chunk).await?;
        }
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> io::Result<EncryptedFile> {
        let payload = Payload {
            msg: &self.buffer,
            aad: &self.associated_data,
        };
        let chunk = self
            .stream
            .encrypt_last(payload)
            .map_err(|_| io::Error::other("sealing failed"))?;
        self.hash.update(&chunk);
        self.file.write_all(&chunk).await?;
        self.file.sync_all().await?;
        self.output.digest = hex::encode(self.hash.finalize());
        Ok(self.output)
    }
}

/// Decrypts a file as a stream.
pub(crate) struct DecryptStream {
    key: Key,
    associated_data: Vec<u8>,
    decryptor: Option<DecryptorBE32<XChaCha20Poly1305>>,
    buffer: Vec<u8>,
    hash: Sha256,
    digest: String,
}

impl DecryptStream {
    /// Decrypts the file with this digest and no other.
    pub(crate) fn new(key: Key, associated_data: Vec<u8>, file: &FileDigest) -> Self {
        Self {
            key,
            associated_data,
            decryptor: None,
            buffer: Vec::new(),
            hash: Sha256::new(),
            digest: file.to_string(),
        }
    }

    /// Decrypts a stream. Errors of the stream itself are passed on.
    pub(crate) fn decrypt<S, E>(self, sealed: S) -> impl Stream<Item = Result<Bytes, E>>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: From<AlteredFile>,
    {
        let state = (Some(self), Box::pin(sealed));
        futures::stream::try_unfold(state, |(opening, mut sealed)| async move {
            let Some(mut opening) = opening else {
                return Ok(None);
            };
            loop {
                if let Some(chunk) = opening.next_chunk()? {
                    return Ok(Some((chunk, (Some(opening), sealed))));
                }
                match sealed.next().await.transpose()? {
                    Some(more) => {
                        opening.hash.update(&more);
                        opening.buffer.extend_from_slice(&more);
                    }
                    None => return Ok(Some((opening.last_chunk()?, (None, sealed)))),
                }
            }
        })
    }

    /// The next chunk, if the buffer has more than that chunk, which therefore is not the last.
    fn next_chunk(&mut self) -> Result<Option<Bytes>, AlteredFile> {
        if self.decryptor.is_none() && self.buffer.len() >= NONCE_LEN {
            let nonce: Vec<u8> = self.buffer.drain(..NONCE_LEN).collect();
            self.decryptor = Some(DecryptorBE32::from_aead(
                XChaCha20Poly1305::new(&self.key),
                nonce.as_slice().into(),
            ));
        }
        let Some(decryptor) = self
            .decryptor
            .as_mut()
            .filter(|_| self.buffer.len() > CHUNK_LEN + TAG_LEN)
        else {
            return Ok(None);
        };
        let chunk: Vec<u8> = self.buffer.drain(..CHUNK_LEN + TAG_LEN).collect();
        let open = decryptor
            .decrypt_next(Payload {
                msg: &chunk,
                aad: &self.associated_data,
            })
            .map_err(|_| AlteredFile)?;
        Ok(Some(open.into()))
    }

    fn last_chunk(self) -> Result<Bytes, AlteredFile> {
        let decryptor = self.decryptor.ok_or(AlteredFile)?;
        if hex::encode(self.hash.finalize()) != self.digest {
            return Err(AlteredFile);
        }
        let open = decryptor
            .decrypt_last(Payload {
                msg: &self.buffer,
                aad: &self.associated_data,
            })
            .map_err(|_| AlteredFile)?;
        Ok(open.into())
    }
}
