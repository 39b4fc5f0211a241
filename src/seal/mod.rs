//! The transparency log: a Merkle tree over the event log, signed checkpoints of it, and proofs
//! that an event is in it.

pub mod leaf;
pub mod note;
pub mod proof;
pub mod prover;
pub mod sealer;
pub mod tree;
