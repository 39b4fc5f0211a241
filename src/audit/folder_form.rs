//! The form of an exported folder, which is the same for any log: it has the files of an export and
//! no others, each consists of whole lines, and the instructions are those of the program.
//!
//! The checks are strict: if a reader tolerated deviations, two programs could read different logs
//! from one folder. A file that is missing or cannot be read is a finding, and the other checks
//! continue, because damage to one file must not hide other faults.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::AuditError;
use super::export_layout::{
    CHECKPOINTS, CheckpointLine, EARLIER_README_DIGESTS, ERASURES, EVENTS, KEY, LEAVES, MANIFEST,
    MANIFEST_FILES, README, README_TEXT,
};
use super::findings::{Findings, FormRule};
use super::manifest::{FolderError, file_digest, open_plain};
use crate::transparency::checkpoint::KeyChain;

/// Checks the names, the digests and the form of all files. A folder that cannot be listed is an
/// error.
pub(super) fn check(folder: &Path, findings: &mut Findings) -> Result<(), AuditError> {
    check_names(folder, findings)?;
    check_manifest(folder, findings);
    check_readme(folder, findings);
    check_key(folder, findings);
    check_heads(folder, findings);
    let last_lines = [
        (EVENTS, FormRule::Readable),
        (ERASURES, FormRule::Told),
        (LEAVES, FormRule::Sealed),
    ];
    for (name, rule) in last_lines {
        if ends_inside_line(&folder.join(name)) {
            findings.add(None, rule, format!("{name} ends without a line feed"));
        }
    }
    Ok(())
}

/// Checks that the folder has no file that an export does not have.
fn check_names(folder: &Path, findings: &mut Findings) -> Result<(), AuditError> {
    let mut others = Vec::new();
    for entry in fs::read_dir(folder).map_err(FolderError::at(folder))? {
        let name = entry.map_err(FolderError::at(folder))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name != MANIFEST && !MANIFEST_FILES.contains(&name.as_str()) {
            others.push(name);
        }
    }
    others.sort();
    for name in others {
        findings.add(
            None,
            FormRule::Manifest,
            format!("{name:?} is no file of an export"),
        );
    }
    Ok(())
}

/// Checks that each file of an export can be read and has its digest in the manifest, and that the
/// manifest has no other line.
fn check_manifest(folder: &Path, findings: &mut Findings) {
    let mut find = |says: String| findings.add(None, FormRule::Manifest, says);
    let text = match read_bytes(&folder.join(MANIFEST)) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            find(error.says_of(MANIFEST));
            None
        }
    };
    let named = text.as_deref().map(|text| named_files(text, &mut find));
    for name in MANIFEST_FILES {
        let digest = match file_digest(&folder.join(name)) {
            Ok(digest) => digest,
            Err(error) => {
                find(error.says_of(name));
                continue;
            }
        };
        let Some(named) = &named else { continue };
        match named.get(name) {
            None => find(format!("{name} is not named")),
            Some(said) if digest != *said => {
                find(format!("{name} is not the file that was exported"));
            }
            Some(_) => {}
        }
    }
}

/// The digest of each file that the manifest names. Other lines are findings.
fn named_files<'text>(
    text: &'text str,
    find: &mut impl FnMut(String),
) -> BTreeMap<&'text str, &'text str> {
    let mut named = BTreeMap::new();
    for (at, line) in text.split_terminator('\n').enumerate() {
        let number = at + 1;
        match line.split_once("  ") {
            Some((digest, name)) if MANIFEST_FILES.contains(&name) => {
                if named.insert(name, digest).is_some() {
                    find(format!("{MANIFEST} names {name} twice"));
                }
            }
            Some((_, name)) => find(format!("{MANIFEST} names {name:?}, which is no such file")),
            None => find(format!(
                "line {number} of {MANIFEST} is no digest of a file"
            )),
        }
    }
    if !text.ends_with('\n') {
        find(format!("{MANIFEST} ends without a line feed"));
    }
    named
}

/// Checks that the instructions are those that the program writes, or an earlier one wrote: a
/// folder must not tell the auditor what to leave out.
fn check_readme(folder: &Path, findings: &mut Findings) {
    let path = folder.join(README);
    let is_other =
        read_if_plain(&path).is_some_and(|bytes| bytes.as_slice() != README_TEXT.as_bytes());
    let is_earlier =
        file_digest(&path).is_ok_and(|digest| EARLIER_README_DIGESTS.contains(&digest.as_str()));
    if is_other && !is_earlier {
        findings.add(
            None,
            FormRule::Manifest,
            format!("{README} is not the text that this program writes: do not follow it"),
        );
    }
}

/// Checks that the file of the keys has one key a line and nothing else.
fn check_key(folder: &Path, findings: &mut Findings) {
    let Some(bytes) = read_if_plain(&folder.join(KEY)) else {
        return;
    };
    let is_plain = std::str::from_utf8(&bytes).is_ok_and(|text| {
        KeyChain::parse(text).is_ok_and(|chain| format!("{}\n", chain.text()) == text)
    });
    if !is_plain {
        findings.add(
            None,
            FormRule::Head,
            format!("{KEY} is not one key a line, each with a line feed"),
        );
    }
}

/// Checks that each line of the heads is written as the program writes it. A line that is no head
/// at all is reported where the heads are checked.
fn check_heads(folder: &Path, findings: &mut Findings) {
    let Some(bytes) = read_if_plain(&folder.join(CHECKPOINTS)) else {
        return;
    };
    if bytes.last().is_some_and(|last| *last != b'\n') {
        findings.add(
            None,
            FormRule::Head,
            format!("{CHECKPOINTS} ends without a line feed"),
        );
    }
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let Ok(head) = serde_json::from_slice::<CheckpointLine>(line) else {
            continue;
        };
        if serde_json::to_vec(&head).is_ok_and(|written| written != line) {
            findings.add(
                None,
                FormRule::Head,
                format!(
                    "line {} of {CHECKPOINTS} is not in its canonical form",
                    at + 1
                ),
            );
        }
    }
}

/// Whether the last byte of a file is not a line feed. A file that is empty or cannot be read has
/// no line.
fn ends_inside_line(path: &Path) -> bool {
    let Ok(mut file) = open_plain(path) else {
        return false;
    };
    let mut last = [b'\n'];
    let read = file
        .seek(SeekFrom::End(-1))
        .and_then(|_| file.read_exact(&mut last));
    read.is_ok() && last != [b'\n']
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, FolderError> {
    let mut bytes = Vec::new();
    open_plain(path)?
        .read_to_end(&mut bytes)
        .map_err(FolderError::at(path))?;
    Ok(bytes)
}

/// The bytes of a file, or `None` if it cannot be read, which is a finding about its digest.
pub(super) fn read_if_plain(path: &Path) -> Option<Vec<u8>> {
    read_bytes(path).ok()
}
