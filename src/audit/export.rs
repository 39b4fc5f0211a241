//! Exports the log up to its newest checkpoint into a folder.

use std::path::Path;

use super::folder::{self, ERASURES, EVENTS, GRANTS, HEADS, HeadLine, KEY, LEAVES, README};
use super::told::{Grants, Told};
use super::written::{FileFailed, Named, Written, write_manifest};
use crate::domain::{Event, Stream as _};
use crate::log::keys::to_hex;
use crate::log::record::Recorded;
use crate::seal::{leaf, tree};
use crate::store::{Store, StoreError, Tx, events, tree as stored};

/// Events read in one query.
const PAGE: i64 = 2000;

/// Why the export failed. The folder may then be incomplete.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileFailed),
    #[error("{0} is there already: name a folder that is not")]
    Exists(String),
    #[error("nothing was sealed yet: start the service once, or wait a moment")]
    Unsealed,
    #[error("position {0} is missing in the log")]
    Hole(i64),
}

/// The number of exported events, and the files with their digests.
#[derive(Clone, Debug)]
pub struct Exported {
    pub events: i64,
    pub files: Vec<Named>,
}

/// Exports an organisation's log into a new folder. `progress` is called with the events written so
/// far and their total.
pub async fn export(
    store: &Store,
    organisation: &str,
    to: &Path,
    progress: impl FnMut(i64, i64),
) -> Result<Exported, ExportError> {
    export_in(&mut store.snapshot().await?, organisation, to, progress).await
}

/// Like [`export`], but reads in a given transaction, so that a backup can read further tables in
/// the same snapshot.
pub async fn export_in(
    tx: &mut Tx,
    organisation: &str,
    to: &Path,
    mut progress: impl FnMut(i64, i64),
) -> Result<Exported, ExportError> {
    let log = stored::find_in(tx, organisation)
        .await?
        .ok_or(ExportError::Unsealed)?;
    let heads = stored::heads(tx, organisation).await?;
    let size = heads.last().ok_or(ExportError::Unsealed)?.size;
    if to.exists() {
        return Err(ExportError::Exists(to.display().to_string()));
    }
    std::fs::create_dir_all(to).map_err(FileFailed::at(to))?;
    let (mut lines, mut leaves) = (Written::new(to, EVENTS)?, Written::new(to, LEAVES)?);
    let (mut next, mut told, mut grants) = (0, Told::default(), Grants::new());
    while next < size {
        let rows = events::page_in(tx, organisation, next, PAGE.min(size - next)).await?;
        if rows.is_empty() {
            return Err(ExportError::Hole(next));
        }
        for row in &rows {
            if row.position != next {
                return Err(ExportError::Hole(next));
            }
            let line = leaf::leaf(row);
            leaves.line(&to_hex(&tree::leaf_hash(line.as_bytes())))?;
            lines.line(&line)?;
            let event = Recorded::read(row)?;
            if let Event::Grant(happened) = &event.event {
                grants.entry(event.stream).or_default().apply(happened);
            }
            told.take(&event);
            next += 1;
        }
        progress(next, size);
    }
    let mut kept = Written::new(to, HEADS)?;
    for head in heads {
        let line = HeadLine {
            note: head.note,
            size: head.size,
            through: head.through,
        };
        kept.line(&serde_json::to_string(&line).unwrap_or_default())?;
    }
    let mut files = vec![lines.done()?, leaves.done()?, kept.done()?];
    let key = format!("{}\n", log.verifier);
    for (name, text) in [
        (KEY, key),
        (GRANTS, told.grants(&grants)),
        (ERASURES, told.erasures()),
        (README, folder::HOW.to_owned()),
    ] {
        let mut file = Written::new(to, name)?;
        file.write(text.as_bytes())?;
        files.push(file.done()?);
    }
    files.push(write_manifest(to, files.clone())?);
    Ok(Exported {
        events: size,
        files,
    })
}
