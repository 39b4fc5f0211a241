//! The newest checkpoint and inclusion proofs, from the tiles that the database stores.

use std::collections::BTreeMap;

use super::leaf::leaf;
use super::proof::Proof;
use super::sealer::{at, hashes_of};
use super::tree::{self, Hash, Range, Tiles};
use crate::log::Log;
use crate::store::tree::{self as stored, TreeLog};
use crate::store::{StoreError, events};

/// The newest checkpoint and the state of the transparency log.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub log: TreeLog,
    /// The number of events under the checkpoint.
    pub size: i64,
    /// When the last of these events was recorded, in microseconds since 1970.
    pub through: i64,
    /// The root hash, in base64 as in the note.
    pub root: String,
    pub note: String,
}

/// Answers questions about one organisation's transparency log.
#[derive(Clone)]
pub struct Prover {
    log: Log,
}

impl Prover {
    #[must_use]
    pub fn new(log: Log) -> Self {
        Self { log }
    }

    /// The newest checkpoint, or `None` before the first one.
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

    /// The inclusion proof of the event at a position, under the newest checkpoint. `None` if no
    /// checkpoint covers the event yet, or a tile is missing.
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

    /// The hashes of ranges of a tree of this size, or `None` if a tile is missing.
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
