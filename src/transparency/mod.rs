//! The transparency log: a Merkle tree over the event log, signed checkpoints of it, and proofs
//! that an event is in it.

pub mod checkpoint;
pub mod checkpoint_signer;
pub mod log_entry;
pub mod merkle;
pub mod proof;
pub mod prover;
mod stored_log;

pub use stored_log::{
    CheckpointRow, TileCoordinates, TlogState, find_log, newest_checkpoint, tile,
};
