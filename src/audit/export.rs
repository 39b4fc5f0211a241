//! Exports the log up to its newest checkpoint into a folder.

use std::path::Path;

use super::derived_tables::{DerivedTables, GrantsById};
use super::export_layout::{
    self, CHECKPOINTS, CheckpointLine, ERASURES, EVENTS, GRANTS, KEY, LEAVES, README,
};
use super::manifest::{DigestWriter, FolderError, ManifestEntry, write_manifest};
use crate::domain::{Aggregate as _, Event};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::store::{Store, StoreError, Tx, events, tlog as stored};
use crate::transparency::{log_entry, merkle};

/// Events read in one query.
const PAGE_EVENTS: i64 = 2000;

/// Why the export failed. The folder may then be incomplete.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FolderError),
    #[error("{0} is there already: name a folder that is not")]
    Exists(String),
    #[error("nothing was sealed yet: start the service once, or wait a moment")]
    NoCheckpoint,
    #[error("position {0} is missing in the log")]
    MissingPosition(i64),
}

/// The number of exported events, and the files with their digests.
#[derive(Clone, Debug)]
pub struct ExportSummary {
    pub events: i64,
    pub files: Vec<ManifestEntry>,
}

/// Exports an organisation's log into a new folder. `progress` is called with the events written so
/// far and their total.
pub async fn export(
    store: &Store,
    organisation: &str,
    to: &Path,
    progress: impl FnMut(i64, i64),
) -> Result<ExportSummary, ExportError> {
    export_in(&mut store.snapshot().await?, organisation, to, progress).await
}

/// Like [`export`], but reads in a given transaction, so that a backup can read further tables in
/// the same snapshot.
pub async fn export_in(
    tx: &mut Tx,
    organisation: &str,
    to: &Path,
    mut progress: impl FnMut(i64, i64),
) -> Result<ExportSummary, ExportError> {
    let log = stored::find_in(tx, organisation)
        .await?
        .ok_or(ExportError::NoCheckpoint)?;
    let heads = stored::checkpoints(tx, organisation).await?;
    let size = heads.last().ok_or(ExportError::NoCheckpoint)?.size;
    if to.exists() {
        return Err(ExportError::Exists(to.display().to_string()));
    }
    std::fs::create_dir_all(to).map_err(FolderError::at(to))?;
    let (mut lines, mut leaves) = (
        DigestWriter::new(to, EVENTS)?,
        DigestWriter::new(to, LEAVES)?,
    );
    let (mut next, mut tables, mut grants) = (0, DerivedTables::default(), GrantsById::new());
    while next < size {
        let rows =
            events::read_page_in(tx, organisation, next, PAGE_EVENTS.min(size - next)).await?;
        if rows.is_empty() {
            return Err(ExportError::MissingPosition(next));
        }
        for row in &rows {
            if row.position != next {
                return Err(ExportError::MissingPosition(next));
            }
            let line = log_entry::canonical_json(row);
            leaves.write_line(&hex::encode(merkle::leaf_hash(line.as_bytes())))?;
            lines.write_line(&line)?;
            let event = RecordedEvent::from_row(row)?;
            if let Event::Grant(happened) = &event.event {
                // A sum below zero is for `verify` to report; the evidence leaves the service.
                grants.entry(event.stream).or_default().apply(happened).ok();
            }
            tables.process(&event);
            next += 1;
        }
        progress(next, size);
    }
    let mut kept = DigestWriter::new(to, CHECKPOINTS)?;
    for head in heads {
        let line = CheckpointLine {
            note: head.note,
            size: head.size,
            through: head.through,
        };
        kept.write_line(&serde_json::to_string(&line).unwrap_or_default())?;
    }
    let mut files = vec![lines.finish()?, leaves.finish()?, kept.finish()?];
    let key = format!("{}\n", log.verifier);
    for (name, text) in [
        (KEY, key),
        (GRANTS, tables.grants_csv(&grants)),
        (ERASURES, tables.erasures_jsonl()),
        (README, export_layout::README_TEXT.to_owned()),
    ] {
        let mut file = DigestWriter::new(to, name)?;
        file.write(text.as_bytes())?;
        files.push(file.finish()?);
    }
    files.push(write_manifest(to, files.clone())?);
    Ok(ExportSummary {
        events: size,
        files,
    })
}
