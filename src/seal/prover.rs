//! What was sealed, for those who want to check it: the newest head, and proofs from the tiles that
//! are stored.

use std::collections::BTreeMap;

use super::leaf::leaf;
use super::proof::Proof;
use super::sealer::{at, hashes_of};
use super::tree::{self, Hash, Range, Tiles};
use crate::log::Log;
use crate::store::tree::{self as stored, TreeLog};
use crate::store::{StoreError, events};

/// The newest head, and how the log stands to it.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub log: TreeLog,
    /// How many events the head is over.
    pub size: i64,
    /// When the last of them was recorded, in microseconds since 1970.
    pub through: i64,
    /// The root, in base64 as the note has it.
    pub root: String,
    pub note: String,
}

/// Proofs from the tiles that are stored.
#[derive(Clone)]
pub struct Prover {
    log: Log,
}

impl Prover {
    #[must_use]
    pub fn new(log: Log) -> Self {
        Self { log }
    }

    /// What was sealed last; none before anything was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sealed(&self) -> Result<Option<Sealed>, StoreError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let (Some(log), Some(head)) = (
            stored::find(store, organisation).await?,
            stored::newest(store, organisation).await?,
        ) else {
            return Ok(None);
        };
        let root = head.note.lines().nth(2).unwrap_or_default().to_owned();
        Ok(Some(Sealed {
            log,
            size: head.size,
            through: head.through,
            root,
            note: head.note,
        }))
    }

    /// That the event at a position is in the log; none when it was not sealed yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn proof(&self, position: i64) -> Result<Option<Proof>, StoreError> {
        let Some(sealed) = self.sealed().await? else {
            return Ok(None);
        };
        let (Ok(index), Ok(size)) = (u64::try_from(position), u64::try_from(sealed.size)) else {
            return Ok(None);
        };
        let Some(ranges) = tree::inclusion(index, size) else {
            return Ok(None);
        };
        let Some(row) = events::page(self.log.store(), self.log.organisation(), position, 1)
            .await?
            .pop()
        else {
            return Ok(None);
        };
        let hashes = self.hashes(&ranges, size).await?;
        Ok(hashes.map(|hashes| {
            Proof::of(
                leaf(&row),
                &hashes,
                sealed.note,
                sealed.log.newest_key().to_owned(),
            )
        }))
    }

    /// The hashes of ranges of a tree of this size; none where a tile is missing.
    ///
    /// # Errors
    /// When the database does not answer.
    async fn hashes(&self, ranges: &[Range], size: u64) -> Result<Option<Vec<Hash>>, StoreError> {
        let mut read = BTreeMap::new();
        for id in tree::tiles_for(ranges) {
            if let Some(hashes) =
                stored::tile(self.log.store(), self.log.organisation(), at(id)).await?
            {
                read.insert(id, hashes_of(&hashes));
            }
        }
        Ok(Tiles::of(size, read).proof(ranges))
    }
}
