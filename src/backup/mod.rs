//! A whole organisation in a folder, the same from either engine: taken while the service runs,
//! checked before it serves.
//!
//! The folder holds the log as an auditor exports it, what was recorded since its last head, the
//! side tables, and the sealed files. Keys are not in it: what is sealed stays sealed without them.

mod new_origin;
mod restore;
mod take;

pub use new_origin::NewOrigin;
pub use restore::{Origin, RestoreError, Restored, restore};
pub use take::{BackupError, Taken, take};

/// The exported log, as `audit verify` takes it.
const LOG: &str = "log";
/// The events after the last signed head, as the log's are written.
const UNSEALED: &str = "unsealed.jsonl";
/// The sealed files, each under its digest.
const FILES: &str = "files";
/// What the folder is of.
const ABOUT: &str = "about.json";
/// The version of this folder's shape.
const SHAPE: u8 = 1;

/// What the folder is of.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    shape: u8,
    organisation: String,
    /// How many events it holds, sealed or not.
    events: i64,
}

/// The file that a table's rows are in.
fn table_file(name: &str) -> String {
    format!("{name}.jsonl")
}
