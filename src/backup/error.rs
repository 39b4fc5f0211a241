//! Why a backup does not hold, and why it was not restored.

use crate::audit::manifest::FolderError;
use crate::audit::{AuditError, Finding};
use crate::crypto::keys::KeyError;
use crate::domain::Refusal;
use crate::domain::text::TextError;
use crate::files::FileError;
use crate::store::StoreError;
use crate::transparency::checkpoint::NoteError;

/// Why a backup does not hold.
#[derive(Debug, thiserror::Error)]
pub enum InvalidBackup {
    #[error(transparent)]
    File(#[from] FolderError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("the backup does not hold: {0}")]
    Finding(Finding),
    #[error("{0} is not the file that was backed up")]
    Altered(String),
    #[error("{0} is not one of the files that were backed up: remove it")]
    Surplus(String),
    #[error(
        "{0} is a link, and a backup has its folders in itself: put the folder that was backed up \
            in its place"
    )]
    LinkedFolder(&'static str),
    #[error("the folder is a backup of shape {0}, which this program does not know")]
    FormatVersion(u8),
    #[error("the folder is a backup of the organisation {0}: pass --organisation {0}")]
    Organisation(String),
    #[error(
        "an earlier program made this backup: it is not signed, and {0} events follow its last \
            signed head. If nobody else could write to the folder, pass --accept-unsealed {0}"
    )]
    Unsigned(i64),
    #[error("the backup is signed and has no unsealed events: leave --accept-unsealed out")]
    Signed,
    #[error("the signature of the backup: {0}")]
    Signature(NoteError),
    #[error("the signature of the backup is that of another backup")]
    OtherNote,
    #[error("the key of the log: {0}")]
    LogKey(NoteError),
    #[error(
        "the seal key in place is not the one that signed this backup: put the backup's key in \
            place"
    )]
    OtherSealKey,
    #[error("the keys that the backup was made with must be in place before it is restored: {0}")]
    Keys(#[from] KeyError),
    #[error("{file}, line {line}: {cause}")]
    Line {
        file: String,
        line: usize,
        cause: String,
    },
    #[error("{file}: {says}")]
    Table { file: String, says: String },
}

impl InvalidBackup {
    pub(super) fn line(file: &str, line: usize, cause: &dyn ToString) -> Self {
        Self::Line {
            file: file.to_owned(),
            line,
            cause: cause.to_string(),
        }
    }

    pub(super) fn table(file: &str, says: impl Into<String>) -> Self {
        Self::Table {
            file: file.to_owned(),
            says: says.into(),
        }
    }
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FolderError),
    #[error(transparent)]
    Invalid(#[from] InvalidBackup),
    #[error(
        "this database was used with other keys than the backup: restore into one that was never \
            used, with the backup's keys in place"
    )]
    OtherKeys,
    #[error("the log is not empty: a backup is restored into an empty one")]
    NotEmpty,
    #[error("the head that is known elsewhere: {0}")]
    Checkpoint(#[from] NoteError),
    #[error(
        "the head that is known elsewhere is over {known} events, and the backup has {has}: {} \
            events are lost. To go on without them, give the log a new origin and say why: \
            --new-origin REASON",
        known.saturating_sub(*has)
    )]
    EventsLost { known: i64, has: i64 },
    #[error(
        "the head that is known elsewhere is not one of this log's: it was forked. To go on all \
            the same: --new-origin REASON"
    )]
    Forked,
    #[error("the file {0}: {1}")]
    PutFile(String, FileError),
    #[error("the backup's origin: {0}")]
    Origin(TextError),
    #[error("the restore may not be recorded: {0}")]
    Refused(#[from] Refusal),
    #[error("the restore cannot be recorded: {0}")]
    Unwritable(#[from] serde_json::Error),
    #[error("the time of the restore cannot be recorded: {0}")]
    Time(#[from] jiff::Error),
}
