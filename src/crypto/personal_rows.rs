//! Rows of personal data that are written together with the events of a command.

use uuid::Uuid;

use crate::store::personal_data::{BlindIndexRow, EncryptedRow, SubjectKeyRow};

/// Changes to the tables of personal data that belong to an append.
#[derive(Clone, Debug, Default)]
pub struct PersonalRows {
    pub keys: Vec<SubjectKeyRow>,
    pub encrypted: Vec<EncryptedRow>,
    pub index: Vec<IndexEntry>,
    /// Blind index entries to delete: the kind, and the subject.
    pub released: Vec<(&'static str, Uuid)>,
    /// The people to sign out everywhere: their sessions, sign-in links and tokens end.
    pub signed_out: Vec<Uuid>,
    /// The subjects to erase: their keys, values and index entries are destroyed.
    pub erased: Vec<Uuid>,
    /// The subjects whose keys encrypted a value of this append. The append fails if one of these
    /// keys has been destroyed.
    pub used_keys: Vec<Uuid>,
}

impl PersonalRows {
    /// Whether this only adds encrypted values under existing keys. Only then can the append be
    /// resolved from the head cache.
    pub(crate) fn only_encrypts(&self) -> bool {
        let Self {
            keys,
            encrypted: _,
            index,
            released: given_up,
            signed_out,
            erased,
            used_keys: _,
        } = self;
        keys.is_empty()
            && index.is_empty()
            && given_up.is_empty()
            && signed_out.is_empty()
            && erased.is_empty()
    }
}

/// A blind index entry, and whether its value may belong to one subject only.
#[derive(Clone, Debug)]
pub struct IndexEntry {
    pub row: BlindIndexRow,
    pub unique: bool,
}

impl IndexEntry {
    /// The kind and the digest, which identify the entry.
    pub(crate) fn name(&self) -> (String, String) {
        (self.row.kind.to_owned(), self.row.digest.clone())
    }
}
