//! Proof that the log only ever grew: a Merkle tree over it, signed heads, and what shows that an
//! event is in it.

pub mod leaf;
pub mod note;
pub mod proof;
pub mod prover;
pub mod sealer;
pub mod tree;
