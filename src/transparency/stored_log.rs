//! What the database stores of the transparency log, for readers: its state, the newest checkpoint,
//! and tiles.

use crate::eventlog::{Log, LogError};
use crate::store::tlog as stored;
pub use crate::store::tlog::{CheckpointRow, TileCoordinates, TlogState};

/// The state of the organisation's transparency log; `None` before it was created.
pub async fn find_log(log: &Log) -> Result<Option<TlogState>, LogError> {
    Ok(stored::find(log.store(), log.organisation()).await?)
}

/// The newest checkpoint; `None` before the first one.
pub async fn newest_checkpoint(log: &Log) -> Result<Option<CheckpointRow>, LogError> {
    Ok(stored::newest_checkpoint(log.store(), log.organisation()).await?)
}

/// The hashes of a tile, concatenated.
pub async fn tile(log: &Log, at: TileCoordinates) -> Result<Option<Vec<u8>>, LogError> {
    Ok(stored::tile(log.store(), log.organisation(), at).await?)
}
