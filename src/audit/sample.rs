//! Grants drawn by the newest head, so that nobody chooses them, with all evidence of each.
//!
//! For each grant of the log: SHA-256 of the head's root hash (32 bytes) followed by the grant's id
//! (16 bytes). The grants with the smallest hashes are drawn. The office cannot know the root
//! before its last event is recorded, and everybody with the folder draws the same grants.

use std::fmt;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::explain::{FileEvidence, GrantEventLine, Origins, read_grants};
use super::{AuditError, FolderCheck};

/// The drawn grants and their evidence.
#[derive(Clone, Debug, Serialize)]
pub struct GrantSample {
    pub check: FolderCheck,
    /// How many grants the log has.
    pub of: usize,
    pub grants: Vec<SampledGrant>,
}

/// A drawn grant.
#[derive(Clone, Debug, Serialize)]
pub struct SampledGrant {
    pub grant: Uuid,
    /// The hash by which it was drawn, in hexadecimal.
    pub drawn_by: String,
    pub heading: String,
    pub verdict: String,
    /// Every event about it. `audit prove FOLDER --position N` proves each.
    pub events: Vec<GrantEventLine>,
    pub files: Vec<FileEvidence>,
    pub missing: Vec<String>,
}

/// Draws `count` grants, or all if there are fewer. Fails if the folder has no readable head:
/// drawn by another number, the grants could have been chosen.
pub fn sample(folder: &Path, check: &FolderCheck, count: usize) -> Result<GrantSample, AuditError> {
    let root_hash = check.root_hash.ok_or(AuditError::NothingToDrawBy)?;
    let origins = Origins::read(folder)?;
    let grants: Vec<Uuid> = origins.grants().collect();
    let of = grants.len();
    let drawn = draw(&root_hash, grants, count);
    let wanted: Vec<(Uuid, Uuid)> = drawn
        .iter()
        .map(|(_, grant)| (*grant, origins.group_of(*grant)))
        .collect();
    let (files, names) = read_grants(folder, &wanted)?;
    let sampled = drawn.into_iter().zip(files).map(|((hash, grant), file)| {
        let (heading, verdict) = (file.heading(&names), file.verdict());
        let missing = file.missing(&names);
        let (events, files) = file.into_evidence();
        SampledGrant {
            grant,
            drawn_by: hex::encode(hash),
            heading,
            verdict,
            events,
            files,
            missing,
        }
    });
    Ok(GrantSample {
        check: check.clone(),
        of,
        grants: sampled.collect(),
    })
}

/// The grants with the smallest hashes, smallest first.
fn draw(root: &[u8; 32], grants: Vec<Uuid>, count: usize) -> Vec<([u8; 32], Uuid)> {
    let hash = |grant: Uuid| -> [u8; 32] {
        Sha256::new()
            .chain_update(root)
            .chain_update(grant.as_bytes())
            .finalize()
            .into()
    };
    let mut drawn: Vec<_> = grants
        .into_iter()
        .map(|grant| (hash(grant), grant))
        .collect();
    drawn.sort_unstable();
    drawn.truncate(count);
    drawn
}

impl fmt::Display for GrantSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(warning) = self.check.warning() {
            writeln!(f, "{warning}\n")?;
        }
        write!(f, "{} of {} grants", self.grants.len(), self.of)?;
        if let (Some(size), Some(root)) = (self.check.size, &self.check.root) {
            write!(
                f,
                ", drawn by the root hash {root} of the head of {size} events"
            )?;
        }
        writeln!(f)?;
        for grant in &self.grants {
            writeln!(f, "\n{}\nid {}", grant.heading, grant.grant)?;
            writeln!(f, "drawn by {}\n{}", grant.drawn_by, grant.verdict)?;
            writeln!(
                f,
                "Events (prove each with audit prove FOLDER --position N):"
            )?;
            for event in &grant.events {
                writeln!(
                    f,
                    "  {:>8}  {}  {}: {}",
                    event.position, event.day, event.event, event.says
                )?;
            }
            writeln!(f, "Files:")?;
            for file in &grant.files {
                writeln!(f, "  {:>8}  {}  {}", file.position, file.digest, file.what)?;
            }
            writeln!(f, "Missing:")?;
            for missing in &grant.missing {
                writeln!(f, "  {missing}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_draws_the_grants_and_their_order_does_not_matter() {
        let grants: Vec<Uuid> = (1..=20).map(Uuid::from_u128).collect();
        let mut turned = grants.clone();
        turned.reverse();
        let drawn = draw(&[7; 32], grants.clone(), 5);
        assert_eq!(drawn, draw(&[7; 32], turned, 5));
        assert_ne!(drawn, draw(&[8; 32], grants.clone(), 5));
        assert_eq!(drawn.len(), 5);
        let expected = Sha256::digest([&[7; 32][..], drawn[0].1.as_bytes()].concat());
        assert_eq!(drawn[0].0[..], expected[..]);
        assert_eq!(draw(&[7; 32], grants, 50).len(), 20);
    }
}
