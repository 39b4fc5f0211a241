//! Inclusion proofs from an exported folder.

use std::path::Path;

use super::AuditError;
use super::export_layout::{EVENTS, KEY};
use super::log_reader::newest_line;
use super::manifest::{FolderError, read_lines};
use super::verify::read_text;
use crate::transparency::merkle::{self, Tiles, leaf_hash};
use crate::transparency::proof::Proof;

/// Proves the event at a position under the last checkpoint of the folder. A position after that
/// checkpoint is an error.
pub fn prove(folder: &Path, position: i64) -> Result<Proof, AuditError> {
    let last = newest_line(folder)?.ok_or(AuditError::NotCheckpointed(position))?;
    let (Ok(index), Ok(size)) = (u64::try_from(position), u64::try_from(last.size)) else {
        return Err(AuditError::NotCheckpointed(position));
    };
    let ranges =
        merkle::inclusion_ranges(index, size).ok_or(AuditError::NotCheckpointed(position))?;
    let (mut tiles, mut event) = (Tiles::default(), None);
    for line in read_lines(folder, EVENTS)? {
        let line = line.map_err(FolderError::at(Path::new(EVENTS)))?;
        tiles.push(leaf_hash(&line));
        if tiles.size() == index + 1 {
            event = String::from_utf8(line).ok();
        }
    }
    let (Some(event), Some(hashes)) = (event, tiles.proof(&ranges)) else {
        return Err(AuditError::NotCheckpointed(position));
    };
    Ok(Proof::new(
        event,
        &hashes,
        last.note,
        read_text(folder, KEY)?
            .trim()
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned(),
    ))
}
