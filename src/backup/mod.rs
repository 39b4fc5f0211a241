//! Backups: a whole organisation in a folder, with the same content from SQLite and PostgreSQL. A
//! backup is made while the service runs, and verified before it is restored.
//!
//! # Content
//!
//! The folder holds the exported log up to a checkpoint that covers all of it, the side tables, and
//! the encrypted files. Keys are not in it: without them no personal value can be decrypted.
//! `docs/operating/backup-restore.md` documents the format.
//!
//! # Trust
//!
//! The log proves itself by its checkpoints. The rest does not follow from the log: so the manifest
//! names every file by its digest, and a note with the signature of the checkpoint key names the
//! manifest. What does follow from the log is compared with it, see `side_tables`.
//!
//! # One check for both
//!
//! The module `check` reads a folder and needs no database. A backup is checked after it was
//! written, and again before it is restored.

mod check;
mod create;
mod error;
mod folder;
mod log_contents;
mod new_origin;
mod restore;
mod side_tables;

pub use create::{BackupError, BackupSummary, create};
pub use error::{InvalidBackup, RestoreError};
pub use new_origin::NewOrigin;
pub use restore::{RestoreOptions, RestoreOrigin, RestoreSummary, restore};

/// The folder of the exported log, which `audit verify` reads.
const LOG_FOLDER: &str = "log";
/// The events after the last checkpoint, in the format of the exported log. Only backups of earlier
/// programs have it.
const TAIL_FILE: &str = "unsealed.jsonl";
/// The folder of encrypted files, each named by its digest.
const FILES_FOLDER: &str = "files";
/// What the folder is a backup of.
const INFO_FILE: &str = "about.json";
/// The signature of the manifest, as a note.
const NOTE_FILE: &str = "MANIFEST.note";
/// The format version of the folder.
const FORMAT_VERSION: u8 = 2;
/// The format version of earlier programs: without a signature, and with a tail.
const UNSIGNED_VERSION: u8 = 1;

/// What the folder is a backup of.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct BackupInfo {
    shape: u8,
    organisation: String,
    /// The number of events.
    events: i64,
}

/// The file with the rows of a table.
fn table_file(name: &str) -> String {
    format!("{name}.jsonl")
}

/// The text that the note signs: of which log the backup is, the number of its events, and the
/// SHA-256 of its manifest. The second line is no number, so the text is never read as a
/// checkpoint.
fn note_text(origin: &str, info: &BackupInfo, manifest: &str) -> String {
    format!(
        "microgrants backup {}\norigin {origin}\norganisation {}\nevents {}\nmanifest {manifest}\n",
        info.shape, info.organisation, info.events
    )
}
