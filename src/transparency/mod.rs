//! The transparency log: a Merkle tree over the event log, signed checkpoints of it, and proofs
//! that an event is in it.

pub mod checkpoint;
pub mod checkpoint_signer;
pub mod log_check;
pub mod log_entry;
pub mod merkle;
pub mod proof;
pub mod prover;
mod stored_log;

pub use stored_log::{
    CheckpointRow, TileCoordinates, TlogState, find_log, newest_checkpoint, tile,
};

/// The name of a new origin of an organisation's log. `id` is unique.
#[must_use]
pub fn origin_name(organisation: &str, id: uuid::Uuid) -> String {
    format!("microgrants/{organisation}/{id}")
}
