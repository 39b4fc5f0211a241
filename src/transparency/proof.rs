//! Inclusion proofs: that one event is in the log under a checkpoint. A proof is the event and the
//! sibling hashes on the path from its leaf to the root.

use serde::{Deserialize, Serialize};

use super::checkpoint::{KeyChain, NoteError, Verifier};
use super::log_entry::{self, LogEntryError};
use super::merkle::{self, Hash};

/// An inclusion proof, which can be checked with nothing but the public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The event as canonical JSON (RFC 8785), exactly as it was hashed.
    #[schema(max_length = 4_000_000)]
    pub event: String,
    /// The sibling hashes on the path from the leaf to the root, in that order, in hexadecimal.
    pub hashes: Vec<String>,
    /// The signed checkpoint (C2SP tlog-checkpoint).
    pub head: String,
    /// The public key of the checkpoint. Compare it with the key that you know from elsewhere.
    pub key: String,
}

/// Why a proof is not valid.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("the event: {0}")]
    Event(#[from] LogEntryError),
    #[error("the head: {0}")]
    Checkpoint(#[from] NoteError),
    #[error("its key is not the one that is trusted")]
    UntrustedKey,
    #[error("the hashes do not lead from the event to the head")]
    HashMismatch,
}

impl Proof {
    #[must_use]
    pub fn new(event: String, hashes: &[Hash], head: String, key: String) -> Self {
        Self {
            event,
            hashes: hashes.iter().map(hex::encode).collect(),
            head,
            key,
        }
    }

    /// Checks the proof. Returns the position of the event and the number of events under the
    /// checkpoint.
    ///
    /// `trusted` is the key that the checker knows from elsewhere. Without it the key of the proof
    /// is used, which could be anyone's.
    pub fn check(&self, trusted: Option<&str>) -> Result<(i64, u64), ProofError> {
        let key = Verifier::parse(&self.key)?;
        if let Some(trusted) = trusted
            && *KeyChain::parse(trusted)?.newest() != key
        {
            return Err(ProofError::UntrustedKey);
        }
        let head = key.open(&self.head, &key.name)?;
        let row = log_entry::parse(&self.event)?;
        let hashes: Option<Vec<Hash>> = self
            .hashes
            .iter()
            .map(|hash| hex::decode(hash).ok()?.try_into().ok())
            .collect();
        let position = u64::try_from(row.position).map_err(|_| ProofError::HashMismatch)?;
        let leaf = merkle::leaf_hash(self.event.as_bytes());
        let holds = hashes.is_some_and(|hashes| {
            merkle::is_included(leaf, position, head.size, &hashes, &head.root)
        });
        if holds {
            Ok((row.position, head.size))
        } else {
            Err(ProofError::HashMismatch)
        }
    }
}
