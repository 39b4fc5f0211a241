//! Opens rows of personal data that are in no database, such as those of a backup.

use chacha20poly1305::Key as CipherKey;
use uuid::Uuid;

use super::keys::{Keys, SecretKey};
use super::vault::{aead_decrypt, associated_data, keyed_hash};
use crate::domain::personal_data::{BlindIndexKind, PERSONAL_FIELD_NAMES};

/// The keys of one organisation, without a database.
pub struct RowOpener {
    organisation: String,
    kek: SecretKey,
    index_key: SecretKey,
}

/// The unwrapped key of a subject.
pub struct SubjectKey {
    subject: Uuid,
    key: CipherKey,
}

impl RowOpener {
    #[must_use]
    pub fn new(organisation: &str, keys: &Keys) -> Self {
        Self {
            organisation: organisation.to_owned(),
            kek: keys.kek.clone(),
            index_key: keys.index.clone(),
        }
    }

    /// Unwraps the key of a subject; `None` if it was wrapped by another key-encryption key or for
    /// another subject, or was altered.
    #[must_use]
    pub fn unwrap_key(&self, subject: Uuid, wrapped: &[u8]) -> Option<SubjectKey> {
        let bound = associated_data(&self.organisation, subject, "key");
        let key = aead_decrypt(CipherKey::from_slice(&self.kek.secret), &bound, wrapped)?;
        let key = (key.len() == 32).then(|| *CipherKey::from_slice(&key))?;
        Some(SubjectKey { subject, key })
    }

    /// Decrypts a value of a subject. The field of a ciphertext is not stored, so each field is
    /// tried. `None` if the value is of another subject or was altered.
    #[must_use]
    pub fn open(&self, key: &SubjectKey, sealed: &[u8]) -> Option<Vec<u8>> {
        PERSONAL_FIELD_NAMES.into_iter().find_map(|field| {
            let bound = associated_data(&self.organisation, key.subject, field);
            aead_decrypt(&key.key, &bound, sealed)
        })
    }

    /// The keyed digest by which a value is found.
    #[must_use]
    pub fn blind_index(&self, kind: BlindIndexKind, text: &[u8]) -> String {
        let domain = kind.name().as_bytes();
        let digest = keyed_hash(&self.index_key, &self.organisation, domain, text);
        hex::encode(digest)
    }
}
