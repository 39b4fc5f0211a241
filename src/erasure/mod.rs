//! What an erasure does outside the log: files and mails in a folder are removed, the disk is
//! cleared of what was deleted, and a list outside the database remembers it, so that a restored
//! backup does not bring anybody back.

mod list;
mod purge;

pub use list::{Erased, ErasureList};
pub use purge::{PurgeError, Purger};
