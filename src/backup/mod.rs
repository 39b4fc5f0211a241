//! Backups: a whole organisation in a folder, with the same content from SQLite and PostgreSQL. A
//! backup is made while the service runs, and verified before it is restored.
//!
//! The folder holds the exported log up to its newest checkpoint, the events after it, the side
//! tables, and the encrypted files. Keys are not in it: without them no personal value can be
//! decrypted.

mod create;
mod new_origin;
mod restore;

pub use create::{BackupError, BackupSummary, create};
pub use new_origin::NewOrigin;
pub use restore::{RestoreError, RestoreOrigin, RestoreSummary, restore};

/// The folder of the exported log, which `audit verify` reads.
const LOG_FOLDER: &str = "log";
/// The events after the last checkpoint, in the format of the exported log.
const TAIL_FILE: &str = "unsealed.jsonl";
/// The folder of encrypted files, each named by its digest.
const FILES_FOLDER: &str = "files";
/// What the folder is a backup of.
const INFO_FILE: &str = "about.json";
/// The format version of the folder.
const FORMAT_VERSION: u8 = 1;

/// What the folder is a backup of.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct BackupInfo {
    shape: u8,
    organisation: String,
    /// The number of events, including those after the last checkpoint.
    events: i64,
}

/// The file with the rows of a table.
fn table_file(name: &str) -> String {
    format!("{name}.jsonl")
}
