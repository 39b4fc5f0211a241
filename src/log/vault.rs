//! Sealing personal values under the key of the person or group they belong to, and opening them
//! again.
//!
//! XChaCha20-Poly1305 with a random nonce; organisation, subject and field are bound in. Events
//! hold only the digest of nonce and ciphertext. Once a subject's key is destroyed, its values open
//! as [`Opened::Erased`].

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

use super::append::{IndexEntry, PersonalRows};
use super::keys::{Key, to_hex};
use crate::domain::sealed::{FIELDS, Index, Personal, Sealed, Slot};
use crate::store::personal::{self, IndexRow, KeyRow, SealedRow};
use crate::store::{Store, StoreError};

const NONCE: usize = 24;
/// How many subjects' keys are kept unwrapped.
const KEPT: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");
/// How long a key is used before its row is read again: another process may destroy it, and then
/// this one must soon neither use nor hold it. Within this time many values cost one read.
const USED_FOR: Duration = Duration::from_secs(5);

/// Unwrapped keys and when the row of each was read. They lie in the order of reading: looking one
/// up does not move it, so that the oldest are together at one end.
type KeptKeys = LruCache<Uuid, (CipherKey, Instant)>;

/// Why a value could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is no key for subject {0}")]
    NoKey(Uuid),
    #[error("the key of subject {0} does not unwrap: it was wrapped by the key-encryption key {1}")]
    Wrapped(Uuid, String),
    #[error("encryption failed")]
    Cipher,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A personal value as a reader gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Text(String),
    /// Its key was destroyed.
    Erased,
    /// The ciphertext is not in the side table, or was altered there.
    Missing,
}

impl Opened {
    /// The text, or `None` when it was erased or lost.
    #[must_use]
    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Erased | Self::Missing => None,
        }
    }
}

/// Seals and opens for one organisation.
pub struct Vault {
    store: Store,
    organisation: String,
    kek: Key,
    index: Key,
    kept: Mutex<KeptKeys>,
}

impl Vault {
    #[must_use]
    pub fn new(store: Store, organisation: &str, kek: Key, index: Key) -> Self {
        Self {
            store,
            organisation: organisation.to_owned(),
            kek,
            index,
            kept: Mutex::new(LruCache::new(KEPT)),
        }
    }

    /// Makes a key for a new subject. It is stored by the append that brings the subject in, and is
    /// not kept before: the subject may be there already, with another key.
    fn new_subject(&self, subject: Uuid, rows: &mut PersonalRows) -> Result<CipherKey, VaultError> {
        let key = XChaCha20Poly1305::generate_key(&mut OsRng);
        let wrapped = encrypt(
            CipherKey::from_slice(&self.kek.secret),
            &self.bound(subject, "key"),
            &key,
        )?;
        rows.keys.push(KeyRow {
            subject: subject.to_string(),
            kek_id: self.kek.id.clone(),
            wrapped: to_hex(&wrapped),
        });
        Ok(key)
    }

    /// Seals every open value of a command under one subject's key, which is a new one when the
    /// command brings the subject in.
    ///
    /// # Errors
    /// [`VaultError::NoKey`] when the subject is unknown or was erased.
    pub async fn seal(
        &self,
        subject: Uuid,
        born: bool,
        slots: Vec<Slot<'_>>,
        rows: &mut PersonalRows,
    ) -> Result<(), VaultError> {
        let new = if born {
            Some(self.new_subject(subject, rows)?)
        } else {
            None
        };
        if slots.is_empty() {
            return Ok(());
        }
        let key = match new {
            Some(key) => key,
            None => self.key(subject).await?.ok_or(VaultError::NoKey(subject))?,
        };
        rows.uses.push(subject);
        for slot in slots {
            let Personal::Open(text) = &*slot.value else {
                continue;
            };
            debug_assert!(
                FIELDS.contains(&slot.field),
                "{} is not among the fields",
                slot.field
            );
            if let Some(index) = slot.index {
                let row = IndexRow {
                    kind: index.name(),
                    digest: self.blind(index, text),
                    subject: subject.to_string(),
                };
                rows.index.push(IndexEntry {
                    row,
                    unique: index.unique(),
                });
            }
            let sealed = encrypt(&key, &self.bound(subject, slot.field), text.as_bytes())?;
            let digest = to_hex(&Sha256::digest(&sealed));
            rows.sealed.push(SealedRow {
                digest: digest.clone(),
                subject: subject.to_string(),
                sealed: to_hex(&sealed),
            });
            *slot.value = Personal::Sealed(Sealed { subject, digest });
        }
        Ok(())
    }

    /// Makes the look-up entry of a value that is sealed already.
    ///
    /// # Errors
    /// When the database does not answer, or a key does not unwrap.
    pub async fn index(
        &self,
        index: Index,
        sealed: &Sealed,
        rows: &mut PersonalRows,
    ) -> Result<(), VaultError> {
        let opened = self.open(&[(index.name(), sealed)]).await?.pop();
        if let Some(Opened::Text(text)) = opened {
            let row = IndexRow {
                kind: index.name(),
                digest: self.blind(index, &text),
                subject: sealed.subject.to_string(),
            };
            rows.index.push(IndexEntry {
                row,
                unique: index.unique(),
            });
        }
        Ok(())
    }

    /// Opens values, each by its field.
    ///
    /// # Errors
    /// When the database does not answer, or a key does not unwrap.
    pub async fn open(&self, values: &[(&str, &Sealed)]) -> Result<Vec<Opened>, VaultError> {
        let digests: Vec<_> = values
            .iter()
            .map(|(_, sealed)| sealed.digest.clone())
            .collect();
        let stored: BTreeMap<_, _> = personal::sealed(&self.store, &self.organisation, &digests)
            .await?
            .into_iter()
            .collect();
        let mut keys = BTreeMap::new();
        for subject in values
            .iter()
            .map(|(_, sealed)| sealed.subject)
            .collect::<BTreeSet<_>>()
        {
            keys.insert(subject, self.key(subject).await?);
        }
        let open = |(field, sealed): &(&str, &Sealed)| {
            let Some(key) = keys.get(&sealed.subject).and_then(Option::as_ref) else {
                return Opened::Erased;
            };
            let text = stored
                .get(&sealed.digest)
                .and_then(|bytes| decrypt(key, &self.bound(sealed.subject, field), bytes));
            text.and_then(|bytes| String::from_utf8(bytes).ok())
                .map_or(Opened::Missing, Opened::Text)
        };
        let mut opened: Vec<_> = values.iter().map(open).collect();
        for (value, (_, sealed)) in opened
            .iter_mut()
            .zip(values)
            .filter(|(value, _)| **value == Opened::Missing)
        {
            // Another process may have erased it since this one last used the key.
            self.forget(sealed.subject);
            if self.key(sealed.subject).await?.is_none() {
                *value = Opened::Erased;
            }
        }
        Ok(opened)
    }

    /// Everything that is sealed under a subject's key, opened, by its digest; nothing where the
    /// key was destroyed.
    ///
    /// # Errors
    /// When the database does not answer, or the key does not unwrap.
    pub async fn all_of(&self, subject: Uuid) -> Result<BTreeMap<String, String>, VaultError> {
        // Another process may have destroyed it since this one last used it.
        self.forget(subject);
        let Some(key) = self.key(subject).await? else {
            return Ok(BTreeMap::new());
        };
        let stored =
            personal::sealed_of(&self.store, &self.organisation, &subject.to_string()).await?;
        let open = |(digest, bytes): (String, Vec<u8>)| {
            let text = FIELDS
                .iter()
                .find_map(|field| decrypt(&key, &self.bound(subject, field), &bytes))?;
            Some((digest, String::from_utf8(text).ok()?))
        };
        Ok(stored.into_iter().filter_map(open).collect())
    }

    /// Forgets a key that was destroyed.
    pub fn forget(&self, subject: Uuid) {
        self.kept().pop(&subject);
    }

    /// Forgets every key that would have to be read again before its next use.
    pub fn forget_old(&self) {
        let mut kept = self.kept();
        while kept
            .peek_lru()
            .is_some_and(|(_, (_, read))| read.elapsed() >= USED_FOR)
        {
            kept.pop_lru();
        }
    }

    /// Who holds a value that is looked up without being opened.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn holder(&self, index: Index, text: &str) -> Result<Option<Uuid>, VaultError> {
        let digest = self.blind(index, text);
        let holder =
            personal::holder(&self.store, &self.organisation, index.name(), &digest).await?;
        Ok(holder.and_then(|subject| subject.parse().ok()))
    }

    /// A keyed hash of a request, for telling a repeat from another request under the same key.
    #[must_use]
    pub fn request_hash(&self, request: &[u8]) -> String {
        self.keyed(b"request", request)
    }

    /// A secret that follows from a name and a key outside the database: nobody who reads the
    /// database can tell it.
    #[must_use]
    pub fn secret_of(&self, purpose: &'static str, name: &str) -> String {
        self.keyed(purpose.as_bytes(), name.as_bytes())
    }

    fn blind(&self, index: Index, text: &str) -> String {
        self.keyed(index.name().as_bytes(), text.as_bytes())
    }

    fn keyed(&self, domain: &[u8], bytes: &[u8]) -> String {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.index.secret)
            .expect("HMAC takes a key of any length");
        mac.update(self.organisation.as_bytes());
        mac.update(b"\n");
        mac.update(domain);
        mac.update(b"\n");
        mac.update(bytes);
        to_hex(&mac.finalize().into_bytes())
    }

    /// The key of a subject, for sealing its files.
    ///
    /// # Errors
    /// [`VaultError::NoKey`] when the subject is unknown or was erased.
    pub(crate) async fn key_for(&self, subject: Uuid) -> Result<CipherKey, VaultError> {
        self.key(subject).await?.ok_or(VaultError::NoKey(subject))
    }

    /// What is bound into the seal of a subject's files.
    pub(crate) fn bound_file(&self, subject: Uuid) -> Vec<u8> {
        self.bound(subject, "file")
    }

    async fn key(&self, subject: Uuid) -> Result<Option<CipherKey>, VaultError> {
        self.forget_old();
        if let Some((key, read)) = self.kept().peek(&subject).copied()
            && read.elapsed() < USED_FOR
        {
            return Ok(Some(key));
        }
        let read = Instant::now();
        let Some((kek_id, Some(wrapped))) =
            personal::key(&self.store, &self.organisation, &subject.to_string()).await?
        else {
            return Ok(None);
        };
        let unwrapped = decrypt(
            CipherKey::from_slice(&self.kek.secret),
            &self.bound(subject, "key"),
            &wrapped,
        );
        let unwrapped = unwrapped
            .filter(|key| key.len() == 32)
            .ok_or(VaultError::Wrapped(subject, kek_id))?;
        let key = *CipherKey::from_slice(&unwrapped);
        self.kept().put(subject, (key, read));
        Ok(Some(key))
    }

    fn kept(&self) -> MutexGuard<'_, KeptKeys> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bound(&self, subject: Uuid, field: &str) -> Vec<u8> {
        format!("{}\n{subject}\n{field}", self.organisation).into_bytes()
    }
}

/// A subject's wrapped key, wrapped by another key-encryption key; none when it does not unwrap.
pub(super) fn rewrap(
    old: &Key,
    new: &Key,
    organisation: &str,
    subject: &str,
    wrapped: &[u8],
) -> Option<Vec<u8>> {
    let bound = format!("{organisation}\n{subject}\nkey").into_bytes();
    let key = decrypt(CipherKey::from_slice(&old.secret), &bound, wrapped)?;
    encrypt(CipherKey::from_slice(&new.secret), &bound, &key).ok()
}

fn encrypt(key: &CipherKey, aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let sealed = XChaCha20Poly1305::new(key)
        .encrypt(&nonce, Payload { msg, aad })
        .map_err(|_| VaultError::Cipher)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &CipherKey, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, msg) = sealed.split_at_checked(NONCE)?;
    XChaCha20Poly1305::new(key)
        .decrypt(XNonce::from_slice(nonce), Payload { msg, aad })
        .ok()
}
