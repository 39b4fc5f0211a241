//! The newest checkpoint and inclusion proofs, from the tiles that the database stores.

use std::collections::BTreeMap;

use super::checkpoint_signer::{hashes_from_bytes, tile_at};
use super::log_entry::canonical_json;
use super::merkle::{self, Hash, Range, Tiles};
use super::proof::Proof;
use super::stored_log::{self, TlogState};
use crate::eventlog::{Log, LogError};
use crate::store::events;

/// The newest checkpoint and the state of the transparency log.
#[derive(Clone, Debug)]
pub struct CheckpointedLog {
    pub log: TlogState,
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
    pub async fn newest_checkpoint(&self) -> Result<Option<CheckpointedLog>, LogError> {
        let (Some(log), Some(head)) = (
            stored_log::find_log(&self.log).await?,
            stored_log::newest_checkpoint(&self.log).await?,
        ) else {
            return Ok(None);
        };
        let root = head.note.lines().nth(2).unwrap_or_default().to_owned();
        Ok(Some(CheckpointedLog {
            log,
            size: head.size,
            through: head.through,
            root,
            note: head.note,
        }))
    }

    /// The inclusion proof of the event at a position, under the newest checkpoint. `None` if no
    /// checkpoint covers the event yet, or a tile is missing.
    pub async fn proof(&self, position: i64) -> Result<Option<Proof>, LogError> {
        let Some(sealed) = self.newest_checkpoint().await? else {
            return Ok(None);
        };
        let (Ok(index), Ok(size)) = (u64::try_from(position), u64::try_from(sealed.size)) else {
            return Ok(None);
        };
        let Some(ranges) = merkle::inclusion_ranges(index, size) else {
            return Ok(None);
        };
        let Some(row) = events::read_page(self.log.store(), self.log.organisation(), position, 1)
            .await?
            .pop()
        else {
            return Ok(None);
        };
        let hashes = self.range_hashes(&ranges, size).await?;
        Ok(hashes.map(|hashes| {
            Proof::new(
                canonical_json(&row),
                &hashes,
                sealed.note,
                sealed.log.newest_key().to_owned(),
            )
        }))
    }

    /// The hashes of ranges of a tree of this size, or `None` if a tile is missing.
    async fn range_hashes(
        &self,
        ranges: &[Range],
        size: u64,
    ) -> Result<Option<Vec<Hash>>, LogError> {
        let mut read = BTreeMap::new();
        for id in merkle::tiles_for(ranges) {
            if let Some(hashes) = stored_log::tile(&self.log, tile_at(id)).await? {
                read.insert(id, hashes_from_bytes(&hashes));
            }
        }
        Ok(Tiles::from_tiles(size, read).proof(ranges))
    }
}
