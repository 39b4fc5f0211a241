//! What an erasure does outside the log: files and mails in a folder are deleted, deleted rows are
//! purged from the disk, and the erasure is listed outside the database, so that it can be repeated
//! after a backup is restored.

mod list;
mod purge;

pub use list::{ErasureList, ErasureRecord};
pub use purge::{PurgeError, Purger};
