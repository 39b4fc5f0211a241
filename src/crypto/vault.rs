//! The vault of personal values: encrypts them under the key of their subject, a person or a group,
//! and decrypts them.
//!
//! # Envelope encryption
//!
//! Each subject has a random key. The table `subject_keys` stores it wrapped, that is encrypted by
//! the key-encryption key, which is outside the database: see the module `keys`. Values and
//! keys are encrypted by XChaCha20-Poly1305 with a random nonce of 24 bytes, which precedes the
//! ciphertext. Organisation, subject and field are authenticated as associated data, so a
//! ciphertext moved to another subject or field does not decrypt.
//!
//! # Crypto-shredding
//!
//! An event holds only the subject and the SHA-256 digest of nonce and ciphertext. The ciphertext
//! is in the table `sealed_values`, by its digest. An erasure destroys the subject's wrapped key:
//! its values then decrypt to [`DecryptedValue::Erased`], while the log and its hashes stay
//! unchanged. An old backup still holds the wrapped key, so a restore repeats the erasures that
//! came after it.
//!
//! Unwrapped keys are cached for 5 s, so another process stops using a destroyed key within that
//! time.
//!
//! # Blind index
//!
//! A value that must be found without decrypting it has a blind index entry: its HMAC-SHA-256 under
//! the index key, separated by organisation and kind.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{Key as CipherKey, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use lru::LruCache;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::crypto::keys::SecretKey;
use crate::crypto::personal_rows::{IndexEntry, PersonalRows};
use crate::domain::file::FileDigest;
use crate::domain::personal_data::{
    BlindIndexKind, Encrypted, PERSONAL_FIELD_NAMES, PersonalField, PersonalInput,
};
use crate::store::personal_data::{self, BlindIndexRow, EncryptedRow, SubjectKeyRow};
use crate::store::{Store, StoreError};

const NONCE_LEN: usize = 24;
/// The number of unwrapped keys in the cache.
const KEY_CACHE_CAPACITY: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");
/// How long an unwrapped key is used before its row is read again. Another process may have
/// destroyed it, and then this process must soon neither use nor hold it. Within this time many
/// values cost one read.
const KEY_CACHE_TTL: Duration = Duration::from_secs(5);

/// Unwrapped keys, and when the row of each was read. They are ordered by that time, because
/// look-ups use `peek`, which does not move an entry; so expired keys are at one end.
type KeyCache = LruCache<Uuid, (CipherKey, Instant)>;

/// Why a value could not be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is no key for subject {0}")]
    NoKey(Uuid),
    #[error("the key of subject {0} does not unwrap: it was wrapped by the key-encryption key {1}")]
    KeyNotUnwrapped(Uuid, String),
    #[error("encryption failed")]
    EncryptionFailed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result of decrypting a personal value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecryptedValue {
    Text(String),
    /// The subject's key was destroyed.
    Erased,
    /// The ciphertext is not in `sealed_values`, or was altered there.
    Missing,
}

impl DecryptedValue {
    /// The text; `None` if it was erased or is missing.
    #[must_use]
    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Erased | Self::Missing => None,
        }
    }
}

/// The vault of one organisation.
pub struct Vault {
    store: Store,
    organisation: String,
    kek: SecretKey,
    index_key: SecretKey,
    key_cache: Mutex<KeyCache>,
}

impl Vault {
    #[must_use]
    pub fn new(store: Store, organisation: &str, kek: SecretKey, index_key: SecretKey) -> Self {
        Self {
            store,
            organisation: organisation.to_owned(),
            kek,
            index_key,
            key_cache: Mutex::new(LruCache::new(KEY_CACHE_CAPACITY)),
        }
    }

    /// Creates the key of a new subject and adds its wrapped form to `rows`. It is not cached
    /// before the append has stored it, because the subject may exist already, with another key.
    fn create_key(&self, subject: Uuid, rows: &mut PersonalRows) -> Result<CipherKey, VaultError> {
        let key = XChaCha20Poly1305::generate_key(&mut OsRng);
        let wrapped = aead_encrypt(
            CipherKey::from_slice(&self.kek.secret),
            &self.associated_data(subject, "key"),
            &key,
        )?;
        rows.keys.push(SubjectKeyRow {
            subject: subject.to_string(),
            kek_id: self.kek.id.clone(),
            wrapped: hex::encode(&wrapped),
        });
        Ok(key)
    }

    /// Encrypts the plaintext values of a command under the key of one subject, and replaces them
    /// by their digests. Ciphertexts and index entries are added to `rows`. `born` is true if the
    /// command creates the subject; then a new key is made.
    ///
    /// Fails with [`VaultError::NoKey`] if the subject is unknown or was erased.
    pub async fn encrypt(
        &self,
        subject: Uuid,
        born: bool,
        slots: Vec<PersonalField<'_>>,
        rows: &mut PersonalRows,
    ) -> Result<(), VaultError> {
        let new = if born {
            Some(self.create_key(subject, rows)?)
        } else {
            None
        };
        if slots.is_empty() {
            return Ok(());
        }
        let key = match new {
            Some(key) => key,
            None => self
                .load_key(subject)
                .await?
                .ok_or(VaultError::NoKey(subject))?,
        };
        rows.used_keys.push(subject);
        for slot in slots {
            let PersonalInput::Open(text) = &*slot.value else {
                continue;
            };
            debug_assert!(
                PERSONAL_FIELD_NAMES.contains(&slot.field),
                "{} is not among the fields",
                slot.field
            );
            if let Some(index) = slot.index {
                let row = BlindIndexRow {
                    kind: index.name(),
                    digest: self.blind_index(index, text),
                    subject: subject.to_string(),
                };
                rows.index.push(IndexEntry {
                    row,
                    unique: index.unique(),
                });
            }
            let sealed = aead_encrypt(
                &key,
                &self.associated_data(subject, slot.field),
                text.as_bytes(),
            )?;
            let digest = hex::encode(Sha256::digest(&sealed));
            rows.encrypted.push(EncryptedRow {
                digest: digest.clone(),
                subject: subject.to_string(),
                sealed: hex::encode(&sealed),
            });
            *slot.value = PersonalInput::Sealed(Encrypted { subject, digest });
        }
        Ok(())
    }

    /// Adds the blind index entry of a value that is encrypted already. Adds none if the value was
    /// erased or is missing. Fails if the subject's key does not unwrap.
    pub async fn add_index_entry(
        &self,
        index: BlindIndexKind,
        sealed: &Encrypted,
        rows: &mut PersonalRows,
    ) -> Result<(), VaultError> {
        let opened = self.decrypt(&[(index.name(), sealed)]).await?.pop();
        if let Some(DecryptedValue::Text(text)) = opened {
            let row = BlindIndexRow {
                kind: index.name(),
                digest: self.blind_index(index, &text),
                subject: sealed.subject.to_string(),
            };
            rows.index.push(IndexEntry {
                row,
                unique: index.unique(),
            });
        }
        Ok(())
    }

    /// Decrypts values, each given with its field. Fails if a subject's key does not unwrap.
    pub async fn decrypt(
        &self,
        values: &[(&str, &Encrypted)],
    ) -> Result<Vec<DecryptedValue>, VaultError> {
        let digests: Vec<_> = values
            .iter()
            .map(|(_, sealed)| sealed.digest.clone())
            .collect();
        let stored: BTreeMap<_, _> =
            personal_data::encrypted_values(&self.store, &self.organisation, &digests)
                .await?
                .into_iter()
                .collect();
        let mut keys = BTreeMap::new();
        for subject in values
            .iter()
            .map(|(_, sealed)| sealed.subject)
            .collect::<BTreeSet<_>>()
        {
            keys.insert(subject, self.load_key(subject).await?);
        }
        let open = |(field, sealed): &(&str, &Encrypted)| {
            let Some(key) = keys.get(&sealed.subject).and_then(Option::as_ref) else {
                return DecryptedValue::Erased;
            };
            let text = stored.get(&sealed.digest).and_then(|bytes| {
                aead_decrypt(key, &self.associated_data(sealed.subject, field), bytes)
            });
            text.and_then(|bytes| String::from_utf8(bytes).ok())
                .map_or(DecryptedValue::Missing, DecryptedValue::Text)
        };
        let mut opened: Vec<_> = values.iter().map(open).collect();
        for (value, (_, sealed)) in opened
            .iter_mut()
            .zip(values)
            .filter(|(value, _)| **value == DecryptedValue::Missing)
        {
            // Another process may have erased the subject since this one cached the key.
            self.evict(sealed.subject);
            if self.load_key(sealed.subject).await?.is_none() {
                *value = DecryptedValue::Erased;
            }
        }
        Ok(opened)
    }

    /// Decrypts all values of a subject, by digest; empty if the key was destroyed. The field of a
    /// ciphertext is not stored, so each field is tried. Fails if the key does not unwrap.
    pub async fn decrypt_all(&self, subject: Uuid) -> Result<BTreeMap<String, String>, VaultError> {
        // Another process may have destroyed the key since this one cached it.
        self.evict(subject);
        let Some(key) = self.load_key(subject).await? else {
            return Ok(BTreeMap::new());
        };
        let stored = personal_data::encrypted_values_of(
            &self.store,
            &self.organisation,
            &subject.to_string(),
        )
        .await?;
        let open = |(digest, bytes): (String, Vec<u8>)| {
            let text = PERSONAL_FIELD_NAMES.iter().find_map(|field| {
                aead_decrypt(&key, &self.associated_data(subject, field), &bytes)
            })?;
            Some((digest, String::from_utf8(text).ok()?))
        };
        Ok(stored.into_iter().filter_map(open).collect())
    }

    /// Removes a destroyed key from the cache.
    pub fn evict(&self, subject: Uuid) {
        self.lock_key_cache().pop(&subject);
    }

    /// Removes from the cache every key that has expired.
    pub fn evict_expired(&self) {
        let mut kept = self.lock_key_cache();
        while kept
            .peek_lru()
            .is_some_and(|(_, (_, read))| read.elapsed() >= KEY_CACHE_TTL)
        {
            kept.pop_lru();
        }
    }

    /// The subject that a value belongs to, found by its blind index.
    pub async fn subject_of(
        &self,
        index: BlindIndexKind,
        text: &str,
    ) -> Result<Option<Uuid>, VaultError> {
        let digest = self.blind_index(index, text);
        let holder =
            personal_data::subject_of(&self.store, &self.organisation, index.name(), &digest)
                .await?;
        Ok(holder.and_then(|subject| subject.parse().ok()))
    }

    /// All subjects that have a value, found by its blind index.
    pub async fn subjects_of(
        &self,
        index: BlindIndexKind,
        text: &str,
    ) -> Result<Vec<Uuid>, VaultError> {
        let digest = self.blind_index(index, text);
        let found =
            personal_data::subjects_of(&self.store, &self.organisation, index.name(), &digest)
                .await?;
        Ok(found
            .iter()
            .filter_map(|subject| subject.parse().ok())
            .collect())
    }

    /// A keyed hash of a request, to distinguish a repeat from another request with the same
    /// idempotency key.
    #[must_use]
    pub fn request_hash(&self, request: &[u8]) -> String {
        self.hmac(b"request", request)
    }

    /// The digest of a bank file as the log keeps it: its SHA-256 under the index key and the keys
    /// of the groups whose accounts it has. From a plain digest somebody who guesses the sort code
    /// could compute the account in minutes. Once one of the groups is erased, nobody can, not even
    /// with the index key. A group without a key has no account that could be computed.
    ///
    /// # Panics
    ///
    /// Never: the 64 digits of an HMAC-SHA-256 are a digest.
    pub async fn bank_file_digest(
        &self,
        plain: &FileDigest,
        groups: &BTreeSet<Uuid>,
    ) -> Result<FileDigest, VaultError> {
        const DOMAIN: &[u8] = b"bank file";
        let plain = plain.as_str();
        let mut lines = vec![plain.to_owned()];
        for group in groups {
            if let Some(key) = self.load_key(*group).await? {
                let mac = mac_under(&key, &self.organisation, DOMAIN, plain.as_bytes());
                lines.push(hex::encode(mac));
            }
        }
        let keyed = self.hmac(DOMAIN, lines.join("\n").as_bytes());
        Ok(keyed.parse().expect("64 hexadecimal digits"))
    }

    /// A secret derived from a name and the index key, which is outside the database: it cannot be
    /// computed from the database alone.
    #[must_use]
    pub fn derive_secret(&self, purpose: &'static str, name: &str) -> String {
        self.hmac(purpose.as_bytes(), name.as_bytes())
    }

    /// The digest by which a form and its files name a person, without saying who that is.
    #[must_use]
    pub fn typist(&self, person: Uuid) -> String {
        self.derive_secret("who typed a form", &person.to_string())
    }

    /// Encrypts a text under a key derived from a secret and the index key. The database
    /// alone, or the secret alone, does not decrypt it.
    pub fn encrypt_with_secret(
        &self,
        purpose: &'static str,
        secret: &str,
        text: &str,
    ) -> Result<Vec<u8>, VaultError> {
        self.encrypt_bytes_with_secret(purpose, secret, text.as_bytes())
    }

    /// Encrypts bytes as [`Self::encrypt_with_secret`] encrypts a text.
    pub fn encrypt_bytes_with_secret(
        &self,
        purpose: &'static str,
        secret: &str,
        bytes: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.hmac_bytes(purpose.as_bytes(), secret.as_bytes());
        aead_encrypt(CipherKey::from_slice(&key), purpose.as_bytes(), bytes)
    }

    /// Decrypts a text that [`Self::encrypt_with_secret`] encrypted; `None` if the purpose or the
    /// secret is another, or the bytes were altered.
    #[must_use]
    pub fn decrypt_with_secret(
        &self,
        purpose: &'static str,
        secret: &str,
        sealed: &[u8],
    ) -> Option<String> {
        let text = self.decrypt_bytes_with_secret(purpose, secret, sealed)?;
        String::from_utf8(text).ok()
    }

    /// Decrypts bytes that [`Self::encrypt_bytes_with_secret`] encrypted, or `None`.
    #[must_use]
    pub fn decrypt_bytes_with_secret(
        &self,
        purpose: &'static str,
        secret: &str,
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let key = self.hmac_bytes(purpose.as_bytes(), secret.as_bytes());
        aead_decrypt(CipherKey::from_slice(&key), purpose.as_bytes(), sealed)
    }

    fn blind_index(&self, index: BlindIndexKind, text: &str) -> String {
        self.hmac(index.name().as_bytes(), text.as_bytes())
    }

    fn hmac(&self, domain: &[u8], bytes: &[u8]) -> String {
        hex::encode(self.hmac_bytes(domain, bytes))
    }

    fn hmac_bytes(&self, domain: &[u8], bytes: &[u8]) -> Vec<u8> {
        keyed_hash(&self.index_key, &self.organisation, domain, bytes)
    }

    /// The key of a subject, to encrypt its files.
    ///
    /// Fails with [`VaultError::NoKey`] if the subject is unknown or was erased.
    pub(crate) async fn require_key(&self, subject: Uuid) -> Result<CipherKey, VaultError> {
        self.load_key(subject)
            .await?
            .ok_or(VaultError::NoKey(subject))
    }

    /// The associated data of a subject's files.
    pub(crate) fn file_associated_data(&self, subject: Uuid) -> Vec<u8> {
        self.associated_data(subject, "file")
    }

    async fn load_key(&self, subject: Uuid) -> Result<Option<CipherKey>, VaultError> {
        self.evict_expired();
        if let Some((key, read)) = self.lock_key_cache().peek(&subject).copied()
            && read.elapsed() < KEY_CACHE_TTL
        {
            return Ok(Some(key));
        }
        let read = Instant::now();
        let Some((kek_id, Some(wrapped))) =
            personal_data::wrapped_key(&self.store, &self.organisation, &subject.to_string())
                .await?
        else {
            return Ok(None);
        };
        let unwrapped = aead_decrypt(
            CipherKey::from_slice(&self.kek.secret),
            &self.associated_data(subject, "key"),
            &wrapped,
        );
        let unwrapped = unwrapped
            .filter(|key| key.len() == 32)
            .ok_or(VaultError::KeyNotUnwrapped(subject, kek_id))?;
        let key = *CipherKey::from_slice(&unwrapped);
        self.lock_key_cache().put(subject, (key, read));
        Ok(Some(key))
    }

    fn lock_key_cache(&self) -> MutexGuard<'_, KeyCache> {
        self.key_cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn associated_data(&self, subject: Uuid, field: &str) -> Vec<u8> {
        associated_data(&self.organisation, subject, field)
    }
}

/// HMAC-SHA-256 under the index key, separated by organisation and domain.
pub(super) fn keyed_hash(
    index_key: &SecretKey,
    organisation: &str,
    domain: &[u8],
    bytes: &[u8],
) -> Vec<u8> {
    mac_under(&index_key.secret, organisation, domain, bytes)
}

/// HMAC-SHA-256 under a key, separated by organisation and domain.
///
/// # Panics
///
/// Never: HMAC takes a key of any length.
fn mac_under(key: &[u8], organisation: &str, domain: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mac =
        <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(organisation.as_bytes());
    mac.update(b"\n");
    mac.update(domain);
    mac.update(b"\n");
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

/// What is authenticated with a ciphertext: whose it is, and of which field.
pub(super) fn associated_data(organisation: &str, subject: Uuid, field: &str) -> Vec<u8> {
    format!("{organisation}\n{subject}\n{field}").into_bytes()
}

/// Wraps a subject's key under another key-encryption key; `None` if it does not unwrap under
/// `old`.
pub(super) fn rewrap(
    old: &SecretKey,
    new: &SecretKey,
    organisation: &str,
    subject: &str,
    wrapped: &[u8],
) -> Option<Vec<u8>> {
    let bound = format!("{organisation}\n{subject}\nkey").into_bytes();
    let key = aead_decrypt(CipherKey::from_slice(&old.secret), &bound, wrapped)?;
    aead_encrypt(CipherKey::from_slice(&new.secret), &bound, &key).ok()
}

fn aead_encrypt(key: &CipherKey, aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let sealed = XChaCha20Poly1305::new(key)
        .encrypt(&nonce, Payload { msg, aad })
        .map_err(|_| VaultError::EncryptionFailed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

pub(super) fn aead_decrypt(key: &CipherKey, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, msg) = sealed.split_at_checked(NONCE_LEN)?;
    XChaCha20Poly1305::new(key)
        .decrypt(XNonce::from_slice(nonce), Payload { msg, aad })
        .ok()
}
