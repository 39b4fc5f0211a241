//! Inclusion proofs from an exported folder.

use std::path::Path;

use super::AuditError;
use super::folder::{EVENTS, HEADS, HeadLine, KEY};
use super::verify::{lines, text};
use super::written::FileFailed;
use crate::seal::proof::Proof;
use crate::seal::tree::{self, Tiles, leaf_hash};

/// Proves the event at a position under the last checkpoint of the folder. A position after that
/// checkpoint is an error.
pub fn prove(folder: &Path, position: i64) -> Result<Proof, AuditError> {
    let heads = text(folder, HEADS)?;
    let last: HeadLine = heads
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or(AuditError::NotSealed(position))?;
    let (Ok(index), Ok(size)) = (u64::try_from(position), u64::try_from(last.size)) else {
        return Err(AuditError::NotSealed(position));
    };
    let ranges = tree::inclusion(index, size).ok_or(AuditError::NotSealed(position))?;
    let (mut tiles, mut event) = (Tiles::default(), None);
    for line in lines(folder, EVENTS)? {
        let line = line.map_err(FileFailed::at(Path::new(EVENTS)))?;
        tiles.push(leaf_hash(&line));
        if tiles.size() == index + 1 {
            event = String::from_utf8(line).ok();
        }
    }
    let (Some(event), Some(hashes)) = (event, tiles.proof(&ranges)) else {
        return Err(AuditError::NotSealed(position));
    };
    Ok(Proof::of(
        event,
        &hashes,
        last.note,
        text(folder, KEY)?
            .trim()
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned(),
    ))
}
