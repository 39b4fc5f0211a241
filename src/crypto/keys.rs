//! The keys of the service, which are outside the database: in files of mode 0600, or in the
//! environment.
//!
//! There are four, one for each [`KeyPurpose`]. The database stores only their ids, in
//! `known_keys`.
//!
//! A key is created only if the database has never had one for its purpose. Otherwise a missing or
//! foreign key stops the start, and the message names the id of the key that is needed: a service
//! that made up a new key could no longer decrypt its data.
//!
//! # Envelope encryption
//!
//! The key-encryption key wraps the keys of subjects: see the module `vault`. Its rotation wraps
//! every subject's key anew, so values need not be encrypted again. Processes that still have the
//! old key fail to add subjects with [`StoreError::KeyRotated`] until they are restarted.
//!
//! # Rotation
//!
//! The new key is written to `PURPOSE.next.key`. One transaction then changes the database and
//! replaces the known id. After its commit the old file is renamed to `PURPOSE-ID.key`, as older
//! backups need it, and the next file takes its place. If the process dies before the commit, the
//! next rotation reuses the next file. If it dies after the commit, the next start sees that the
//! database knows the next key and completes the renaming.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;
use sha2::{Digest as _, Sha256};

use crate::store::{Store, StoreError, personal_data};

/// The purpose of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// The key-encryption key: wraps the keys of people and groups.
    Kek,
    /// Keys the HMACs of blind indexes, request hashes and derived secrets.
    Index,
    /// Signs API tokens.
    Token,
    /// Signs checkpoints of the transparency log.
    Checkpoint,
}

impl KeyPurpose {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kek => "kek",
            Self::Index => "index",
            Self::Token => "token",
            Self::Checkpoint => "seal",
        }
    }

    fn file(self) -> String {
        format!("{}.key", self.name())
    }

    /// The file of a key that a rotation has created and not yet put into use.
    fn next_file(self) -> String {
        format!("{}.next.key", self.name())
    }

    fn variable(self) -> String {
        format!("MICROGRANTS_{}_KEY", self.name().to_uppercase())
    }
}

/// Thirty-two secret bytes and their public id. `Debug` prints the id only.
#[derive(Clone)]
pub struct SecretKey {
    pub id: String,
    pub secret: [u8; 32],
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// All keys of the service.
#[derive(Clone, Debug)]
pub struct Keys {
    pub kek: SecretKey,
    pub index: SecretKey,
    pub token: SecretKey,
    pub checkpoint: SecretKey,
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the {purpose} key {id} is missing: this database was used with it. Put its file back at \
            {file}, or set {variable}"
    )]
    Missing {
        purpose: &'static str,
        id: String,
        file: String,
        variable: String,
    },
    #[error(
        "the {purpose} key {found} is not one that this database was used with; it needs {needed}"
    )]
    Foreign {
        purpose: &'static str,
        found: String,
        needed: String,
    },
    #[error("no {0} key is named among those that this database was used with")]
    NoneKnown(&'static str),
    #[error("the {0} key is in the environment: put it into its file, and rotate it there")]
    InEnvironment(&'static str),
    #[error("the key of {0} does not unwrap")]
    KeyNotUnwrapped(String),
    #[error("{file} may be read by others: make it 0600")]
    Exposed { file: String },
    #[error("{place} does not hold 64 hexadecimal digits")]
    Malformed { place: String },
    #[error("{file}: {cause}")]
    File { file: String, cause: std::io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Keys {
    /// Reads all keys, and creates those that the database has never had. Completes a rotation that
    /// was interrupted.
    ///
    /// Fails if a key is missing, foreign, malformed or readable by others.
    pub async fn load(store: &Store, folder: &Path) -> Result<Self, KeyError> {
        Ok(Self {
            kek: load_or_create(store, folder, KeyPurpose::Kek).await?,
            index: load_or_create(store, folder, KeyPurpose::Index).await?,
            token: load_or_create(store, folder, KeyPurpose::Token).await?,
            checkpoint: load_or_create(store, folder, KeyPurpose::Checkpoint).await?,
        })
    }

    /// The configured keys, which must be those that a database was used with. `known` returns the
    /// ids that it knows for a purpose. No file is created or moved.
    ///
    /// Fails if the database knows no key for a purpose, or if a key is missing, foreign, malformed
    /// or readable by others.
    pub fn in_place(
        folder: &Path,
        known: impl Fn(KeyPurpose) -> Vec<String>,
    ) -> Result<Self, KeyError> {
        let read = |purpose: KeyPurpose| {
            let known = known(purpose);
            read_configured_key(folder, purpose, &known)?
                .filter(|key| known.contains(&key.id))
                .ok_or(KeyError::NoneKnown(purpose.name()))
        };
        Ok(Self {
            kek: read(KeyPurpose::Kek)?,
            index: read(KeyPurpose::Index)?,
            token: read(KeyPurpose::Token)?,
            checkpoint: read(KeyPurpose::Checkpoint)?,
        })
    }

    /// The configured keys, which must be those that this database was used with. No file is
    /// created or moved, so this is safe while a service has the database open.
    pub async fn of_database(store: &Store, folder: &Path) -> Result<Self, KeyError> {
        let mut known = Vec::new();
        for purpose in [
            KeyPurpose::Kek,
            KeyPurpose::Index,
            KeyPurpose::Token,
            KeyPurpose::Checkpoint,
        ] {
            known.push((
                purpose,
                personal_data::known_keys(store, purpose.name()).await?,
            ));
        }
        Self::in_place(folder, |purpose| {
            let own = known.iter().filter(|(of, _)| *of == purpose);
            own.flat_map(|(_, ids)| ids.clone()).collect()
        })
    }
}

/// The current key, and the next one: from a rotation that was interrupted before its commit, or
/// created now.
///
/// Fails if the current key is in the environment, where it cannot be replaced, or if a file cannot
/// be read or written.
pub async fn begin_rotation(
    store: &Store,
    folder: &Path,
    purpose: KeyPurpose,
) -> Result<(SecretKey, SecretKey), KeyError> {
    if std::env::var(purpose.variable()).is_ok() {
        return Err(KeyError::InEnvironment(purpose.name()));
    }
    let old = load_or_create(store, folder, purpose).await?;
    let next = folder.join(purpose.next_file());
    let new = match read_key_file(purpose, &next)? {
        Some(left) => left,
        None => create_key_file(purpose, &next)?,
    };
    Ok((old, new))
}

/// Replaces the current key's file by the next one. `old` is the id of the current key, which names
/// the file that it is moved to; `None` if it was moved already. Both renames are synced to disk.
pub fn install_next_key(
    folder: &Path,
    purpose: KeyPurpose,
    old: Option<&str>,
) -> Result<(), KeyError> {
    let file = folder.join(purpose.file());
    let failed = |cause| KeyError::File {
        file: file.display().to_string(),
        cause,
    };
    if let Some(old) = old {
        fs::rename(&file, folder.join(format!("{}-{old}.key", purpose.name()))).map_err(failed)?;
    }
    fs::rename(folder.join(purpose.next_file()), &file).map_err(failed)?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}

/// The next key if the database knows it: then a rotation was interrupted between its commit and
/// the renaming of the files.
fn read_pending_key(
    folder: &Path,
    purpose: KeyPurpose,
    known: &[String],
) -> Result<Option<SecretKey>, KeyError> {
    Ok(read_key_file(purpose, &folder.join(purpose.next_file()))?
        .filter(|next| known.contains(&next.id)))
}

/// Completes a rotation that was interrupted between its commit and the renaming of the files.
fn finish_rotation(folder: &Path, purpose: KeyPurpose, known: &[String]) -> Result<(), KeyError> {
    let Some(next) = read_pending_key(folder, purpose, known)? else {
        return Ok(());
    };
    tracing::warn!(key = %next.id, "a rotation that broke off is finished");
    install_next_key(
        folder,
        purpose,
        read_key_file(purpose, &folder.join(purpose.file()))?
            .map(|old| old.id)
            .as_deref(),
    )
}

/// Reads the key of a purpose from the environment, the next file or the file, in this order. If
/// the database knows keys for the purpose it must be one of them; if it knows none, the key may be
/// absent.
fn read_configured_key(
    folder: &Path,
    purpose: KeyPurpose,
    known: &[String],
) -> Result<Option<SecretKey>, KeyError> {
    let file = folder.join(purpose.file());
    let next = read_pending_key(folder, purpose, known)?;
    let found = match (std::env::var(purpose.variable()), next) {
        (Ok(text), _) => Some(
            parse_key(purpose, &text).ok_or_else(|| KeyError::Malformed {
                place: purpose.variable(),
            })?,
        ),
        (Err(_), Some(next)) => Some(next),
        (Err(_), None) => read_key_file(purpose, &file)?,
    };
    match (found, known.last()) {
        (Some(key), Some(needed)) if !known.contains(&key.id) => Err(KeyError::Foreign {
            purpose: purpose.name(),
            found: key.id,
            needed: needed.clone(),
        }),
        (None, Some(id)) => {
            let (file, variable) = (file.display().to_string(), purpose.variable());
            Err(KeyError::Missing {
                purpose: purpose.name(),
                id: id.clone(),
                file,
                variable,
            })
        }
        (found, _) => Ok(found),
    }
}

async fn load_or_create(
    store: &Store,
    folder: &Path,
    purpose: KeyPurpose,
) -> Result<SecretKey, KeyError> {
    let known = personal_data::known_keys(store, purpose.name()).await?;
    finish_rotation(folder, purpose, &known)?;
    let file = folder.join(purpose.file());
    let key = match read_configured_key(folder, purpose, &known)? {
        Some(key) if !known.is_empty() => return Ok(key),
        Some(key) => key,
        None => match create_key_file(purpose, &file) {
            // Another process that shares the folder created the file first.
            Err(KeyError::File { cause, .. })
                if cause.kind() == std::io::ErrorKind::AlreadyExists =>
            {
                let malformed = || KeyError::Malformed {
                    place: file.display().to_string(),
                };
                read_key_file(purpose, &file)?.ok_or_else(malformed)?
            }
            made => made?,
        },
    };
    let first = personal_data::register_key(store, purpose.name(), &key.id).await?;
    if first == key.id {
        Ok(key)
    } else {
        Err(KeyError::Foreign {
            purpose: purpose.name(),
            found: key.id,
            needed: first,
        })
    }
}

/// The public id of a key: the first 8 bytes of a SHA-256 digest, in hexadecimal.
#[must_use]
pub fn key_id(purpose: KeyPurpose, secret: &[u8; 32]) -> String {
    let id = Sha256::new()
        .chain_update("microgrants key id\n")
        .chain_update(purpose.name())
        .chain_update(secret)
        .finalize();
    hex::encode(&id[..8])
}

fn parse_key(purpose: KeyPurpose, text: &str) -> Option<SecretKey> {
    let bytes = hex::decode(text.trim()).ok()?;
    let secret: [u8; 32] = bytes.try_into().ok()?;
    Some(SecretKey {
        id: key_id(purpose, &secret),
        secret,
    })
}

fn read_key_file(purpose: KeyPurpose, file: &PathBuf) -> Result<Option<SecretKey>, KeyError> {
    let name = || file.display().to_string();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => {
            return Err(KeyError::File {
                file: name(),
                cause,
            });
        }
    };
    let mode = fs::metadata(file)
        .map_err(|cause| KeyError::File {
            file: name(),
            cause,
        })?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { file: name() });
    }
    parse_key(purpose, &text)
        .map(Some)
        .ok_or_else(|| KeyError::Malformed { place: name() })
}

fn create_key_file(purpose: KeyPurpose, file: &Path) -> Result<SecretKey, KeyError> {
    let failed = |cause| KeyError::File {
        file: file.display().to_string(),
        cause,
    };
    let mut secret = [0_u8; 32];
    OsRng.fill_bytes(&mut secret);
    let text = hex::encode(secret);
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    // Written to a temporary file and then hard-linked to its name: the key file is complete or
    // absent, and an existing one is never overwritten.
    let beside = folder.join(format!(
        "{}.{}.part",
        purpose.name(),
        hex::encode(&secret[..4])
    ));
    let write = || {
        let mut open = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        open.write_all(text.as_bytes())
            .and_then(|()| open.sync_all())?;
        fs::hard_link(&beside, file)
    };
    let written = write();
    let removed = fs::remove_file(&beside);
    written.and(removed).map_err(failed)?;
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    parse_key(purpose, &text).ok_or_else(|| KeyError::Malformed {
        place: file.display().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_same_id_wherever_it_lies() {
        let text = "ab".repeat(32);
        assert_eq!(
            parse_key(KeyPurpose::Kek, &text).unwrap().id,
            parse_key(KeyPurpose::Kek, &format!("{text}\n")).unwrap().id
        );
        assert_ne!(
            parse_key(KeyPurpose::Kek, &text).unwrap().id,
            parse_key(KeyPurpose::Index, &text).unwrap().id
        );
        assert!(parse_key(KeyPurpose::Kek, "abc").is_none());
    }
}
