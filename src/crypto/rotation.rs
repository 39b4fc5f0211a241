//! Rotation of the key-encryption key and of the key that signs tokens. The signing key of
//! checkpoints is rotated in `transparency`, because a checkpoint must name the new one.

use std::path::Path;

use super::keys::{KeyError, KeyPurpose, begin_rotation, install_next_key};
use super::vault;
use crate::store::{Store, personal_data, tokens};

/// Creates a new key-encryption key and wraps every subject's key under it, in one transaction that
/// blocks all appends. Returns the number of keys wrapped.
///
/// A failure before the commit leaves the old key in use: for instance if a subject's key does not
/// unwrap, or a file cannot be written. If the files cannot be renamed after the commit, the next
/// start does it.
pub async fn rotate_kek(store: &Store, folder: &Path) -> Result<usize, KeyError> {
    let purpose = KeyPurpose::Kek;
    let (old, new) = begin_rotation(store, folder, purpose).await?;
    let mut tx = store.begin().await?;
    let living = personal_data::lock_living_keys(&mut tx).await?;
    for (organisation, subject, wrapped) in &living {
        let failed = || KeyError::KeyNotUnwrapped(subject.clone());
        let wrapped =
            vault::rewrap(&old, &new, organisation, subject, wrapped).ok_or_else(failed)?;
        personal_data::replace_wrapped_key(&mut tx, (organisation, subject), &new.id, &wrapped)
            .await?;
    }
    personal_data::replace_known_key(&mut tx, purpose.name(), &old.id, &new.id).await?;
    tx.commit().await?;
    install_next_key(folder, purpose, Some(&old.id))?;
    Ok(living.len())
}

/// Creates a new key for signing tokens and ends every token, in one transaction. Returns the
/// number of tokens ended. `now` is in microseconds since 1970.
///
/// A failure before the commit leaves the old key in use. If the files cannot be renamed after the
/// commit, the next start does it.
pub async fn rotate_token(store: &Store, folder: &Path, now: i64) -> Result<u64, KeyError> {
    let purpose = KeyPurpose::Token;
    let (old, new) = begin_rotation(store, folder, purpose).await?;
    let mut tx = store.begin().await?;
    let ended = tokens::end_all(&mut tx, now).await?;
    personal_data::replace_known_key(&mut tx, purpose.name(), &old.id, &new.id).await?;
    tx.commit().await?;
    install_next_key(folder, purpose, Some(&old.id))?;
    Ok(ended)
}
