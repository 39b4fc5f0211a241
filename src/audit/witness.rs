//! A witness: stores the checkpoints of a log outside the office, checks that each new one is
//! consistent with the last, and cosigns it (C2SP tlog-cosignature).
//!
//! Its folder holds its secret key, the public key of the log, the last checkpoint, and every
//! checkpoint that it cosigned. A checkpoint that contradicts the last one is kept with it, as
//! evidence: both are signed by the office. A folder from which one of the first three was removed
//! is an error, because the log would pass as one that is seen for the first time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;

use super::export_layout::{EVENTS, KEY};
use super::log_reader::newest_line;
use super::manifest::{FolderError, read_lines};
use super::verify::read_text;
use crate::transparency::checkpoint::{Checkpoint, KeyChain, NoteError, Signer, checkpoint_size};
use crate::transparency::checkpoint_signer::hashes_from_bytes;
use crate::transparency::merkle::{self, Hash, TileId, Tiles, leaf_hash};

const SECRET_FILE: &str = "witness.key";
const LOG_KEY_FILE: &str = "log-key.txt";
const LAST_CHECKPOINT_FILE: &str = "head.txt";
/// Every checkpoint that was cosigned, one JSON object a line, the oldest first.
const SEEN_FILE: &str = "heads.jsonl";

/// A line of [`SEEN_FILE`].
#[derive(serde::Serialize, serde::Deserialize)]
struct SeenCheckpoint {
    note: String,
    /// When it was seen, in seconds since 1970.
    seen: u64,
    size: u64,
}

/// Where checkpoints come from.
#[derive(Clone, Debug)]
pub enum CheckpointSource {
    /// An exported folder.
    Folder(PathBuf),
    /// The address of a service.
    Service(String),
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    #[error(transparent)]
    File(#[from] FolderError),
    #[error("{0} cannot be fetched: {1}")]
    Fetch(String, String),
    #[error("the head: {0}")]
    Checkpoint(#[from] NoteError),
    #[error("the witness's own key, or the head that it kept, cannot be read")]
    OwnState,
    #[error("the key that was passed: {0}")]
    Key(NoteError),
    #[error("a witness's name has neither spaces nor a plus sign in it")]
    Name,
    /// The variants from here on are findings about the log.
    #[error(
        "the log's key is another than the one that is known. If the office has told you of a new \
            one, pass it with --key"
    )]
    OtherKey,
    #[error("the log was rolled back: it has {has} events, and had {had}")]
    RolledBack { had: u64, has: u64 },
    #[error("the log was forked or rewritten: its first {0} events are not those that were seen")]
    Rewritten(u64),
    #[error("{cause}. Both signed notes are kept in {} as evidence", .evidence.display())]
    Conflict {
        cause: Box<WitnessError>,
        evidence: PathBuf,
    },
    #[error(
        "{} is missing or empty, though this witness has looked at a log before. Put it back from \
            a copy. If it is lost, keep the rest of the folder as evidence, take another --state \
            folder and pass the log's key with --key",
        .0.display()
    )]
    StateRemoved(PathBuf),
}

impl WitnessError {
    /// Whether the log is at fault. Otherwise something could not be read or fetched.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        matches!(
            self,
            Self::OtherKey
                | Self::RolledBack { .. }
                | Self::Rewritten(_)
                | Self::Conflict { .. }
                | Self::StateRemoved(_)
                | Self::Checkpoint(NoteError::InvalidSignature(_) | NoteError::MissingSignature(_))
        )
    }
}

/// A cosigned checkpoint.
#[derive(Clone, Debug)]
pub struct WitnessReport {
    pub size: u64,
    /// The number of events under the previous checkpoint, or `None` the first time.
    pub before: Option<u64>,
    /// The note with the signatures of the log and the witness.
    pub note: String,
    /// The public key of the witness.
    pub key: String,
}

/// Fetches the newest checkpoint and cosigns it if the log has only grown since the previous one.
/// `key` is the log's key as the witness knows it from elsewhere: it is required of the first
/// checkpoint, and it announces a rotation later. `now` is in seconds since 1970.
///
/// After an error the stored checkpoint is unchanged. A checkpoint that contradicts it is stored
/// apart, as evidence.
pub fn witness(
    state: &Path,
    name: &str,
    source: &CheckpointSource,
    key: Option<&str>,
    now: u64,
) -> Result<WitnessReport, WitnessError> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        return Err(WitnessError::Name);
    }
    fs::create_dir_all(state).map_err(FolderError::at(state))?;
    let last = LastSeen::read(state)?;
    let expected = match key
        .map(KeyChain::parse)
        .transpose()
        .map_err(WitnessError::Key)?
    {
        Some(key) => Some(key.newest().text()),
        None => last.as_ref().map(|last| last.key.clone()),
    };
    let (note, served) = fetch_newest(source)?;
    let chain = KeyChain::parse(&served)?;
    let before = last.as_ref().map(|last| last.checkpoint(&chain));
    let before = before.transpose()?;
    let checked = check_newest(source, &note, &chain, expected.as_deref(), before.as_ref());
    let head = match (checked, &last) {
        (Ok(head), _) => head,
        (Err(cause), Some(last)) if cause.is_finding() => {
            let evidence = keep_evidence(state, &last.note, &note, &served, now)?;
            let cause = Box::new(cause);
            return Err(WitnessError::Conflict { cause, evidence });
        }
        (Err(cause), _) => return Err(cause),
    };
    let signer = Signer::new(name, &load_or_create_secret(state)?);
    let note = signer.cosign(&note, now)?;
    if let Some((last, before)) = last.as_ref().zip(before.as_ref())
        && !state.join(SEEN_FILE).exists()
    {
        // An earlier program kept the last checkpoint only.
        append_seen(state, &last.note, before.size, now)?;
    }
    if before.as_ref() != Some(&head) {
        append_seen(state, &note, head.size, now)?;
    }
    write_state(state, LOG_KEY_FILE, &format!("{}\n", chain.newest().text()))?;
    write_state(state, LAST_CHECKPOINT_FILE, &note)?;
    Ok(WitnessReport {
        size: head.size,
        before: before.map(|before| before.size),
        note,
        key: signer.cosigner_key(),
    })
}

/// Checks the newest checkpoint: its key, its signature, and that the log only grew.
fn check_newest(
    source: &CheckpointSource,
    note: &str,
    chain: &KeyChain,
    expected: Option<&str>,
    before: Option<&Checkpoint>,
) -> Result<Checkpoint, WitnessError> {
    if expected.is_some_and(|expected| expected != chain.newest().text()) {
        return Err(WitnessError::OtherKey);
    }
    let head = chain.newest().open(note, chain.origin())?;
    if let Some(before) = before {
        check_growth(source, before, &head)?;
    }
    Ok(head)
}

/// What the witness saw last.
struct LastSeen {
    /// The log's key.
    key: String,
    /// The cosigned checkpoint.
    note: String,
}

impl LastSeen {
    /// Reads the folder; `None` if the witness has never looked at a log. The last line of
    /// [`SEEN_FILE`] counts if a write of the last checkpoint was interrupted after it.
    fn read(state: &Path) -> Result<Option<Self>, WitnessError> {
        let names = [LAST_CHECKPOINT_FILE, LOG_KEY_FILE, SECRET_FILE];
        let mut texts = Vec::new();
        for name in names {
            let text = read_state(state, name)?.unwrap_or_default();
            texts.push(text);
        }
        let seen = newest_seen(state)?;
        if seen.is_none() && texts.iter().all(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        for (name, text) in names.iter().zip(&texts) {
            if text.trim().is_empty() {
                return Err(WitnessError::StateRemoved(state.join(name)));
            }
        }
        let mut texts = texts.into_iter();
        let (note, key) = (
            texts.next().unwrap_or_default(),
            texts.next().unwrap_or_default(),
        );
        let size = checkpoint_size(&note).map_err(|_| WitnessError::OwnState)?;
        Ok(Some(Self {
            key: key.trim().to_owned(),
            note: match seen {
                Some(seen) if seen.size > size => seen.note,
                _ => note,
            },
        }))
    }

    /// The checkpoint, signed by the key that the witness knows, or by an older key of the log.
    fn checkpoint(&self, chain: &KeyChain) -> Result<Checkpoint, WitnessError> {
        let known = KeyChain::parse(&self.key).map_err(|_| WitnessError::OwnState)?;
        known
            .open_any(&self.note)
            .or_else(|_| chain.open_any(&self.note))
            .map_err(|_| WitnessError::OwnState)
    }
}

/// Checks that the log under the new checkpoint begins with the log under the old one. A folder is
/// hashed completely; from a service only the tiles of a consistency proof are fetched.
fn check_growth(
    source: &CheckpointSource,
    before: &Checkpoint,
    head: &Checkpoint,
) -> Result<(), WitnessError> {
    if head.size < before.size {
        return Err(WitnessError::RolledBack {
            had: before.size,
            has: head.size,
        });
    }
    let rewritten = WitnessError::Rewritten(before.size);
    let (old, new) = match source {
        CheckpointSource::Folder(folder) => {
            let (mut tiles, mut old) = (Tiles::default(), None);
            for line in read_lines(folder, EVENTS)? {
                tiles.push(leaf_hash(
                    &line.map_err(FolderError::at(Path::new(EVENTS)))?,
                ));
                if tiles.size() == before.size {
                    old = tiles.root(before.size);
                }
            }
            (
                old,
                tiles
                    .root(tiles.size())
                    .filter(|_| tiles.size() == head.size),
            )
        }
        CheckpointSource::Service(address) => {
            let Some(ranges) = merkle::consistency_ranges(before.size, head.size) else {
                return Err(rewritten);
            };
            let mut read = BTreeMap::new();
            for id in merkle::tiles_for(&ranges) {
                read.insert(id, fetch_tile(address, id, head.size)?);
            }
            let proof = Tiles::from_tiles(head.size, read).proof(&ranges);
            let consistent = proof.is_some_and(|proof| {
                merkle::is_consistent((before.size, &before.root), (head.size, &head.root), &proof)
            });
            return if consistent { Ok(()) } else { Err(rewritten) };
        }
    };
    if old == Some(before.root) && new == Some(head.root) {
        Ok(())
    } else {
        Err(rewritten)
    }
}

fn fetch_newest(source: &CheckpointSource) -> Result<(String, String), WitnessError> {
    match source {
        CheckpointSource::Service(address) => {
            let address = address.trim_end_matches('/');
            let get = |path: &str| {
                Ok::<_, WitnessError>(
                    String::from_utf8_lossy(&fetch(&format!("{address}{path}"))?).into_owned(),
                )
            };
            Ok((get("/log/checkpoint")?, get("/log/key")?))
        }
        CheckpointSource::Folder(folder) => {
            let last = newest_line(folder)?.ok_or(NoteError::Malformed)?;
            Ok((last.note, read_text(folder, KEY)?))
        }
    }
}

/// Fetches a tile of a tree of this size (C2SP tlog-tiles paths).
fn fetch_tile(
    address: &str,
    (level, number): TileId,
    size: u64,
) -> Result<Vec<Hash>, WitnessError> {
    let width = merkle::tile_width((level, number), size);
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    let partial = if width < merkle::FULL_TILE_LEN {
        format!(".p/{width}")
    } else {
        String::new()
    };
    let url = format!(
        "{}/log/tile/{level}/{path}{partial}",
        address.trim_end_matches('/')
    );
    let bytes = fetch(&url)?;
    if bytes.len() % size_of::<Hash>() != 0 {
        return Err(WitnessError::Fetch(url, "it is no tile".to_owned()));
    }
    Ok(hashes_from_bytes(&bytes))
}

fn fetch(url: &str) -> Result<Vec<u8>, WitnessError> {
    let failed = |error: ureq::Error| WitnessError::Fetch(url.to_owned(), error.to_string());
    ureq::get(url)
        .call()
        .map_err(failed)?
        .body_mut()
        .read_to_vec()
        .map_err(failed)
}

fn read_state(state: &Path, name: &str) -> Result<Option<String>, FolderError> {
    let path = state.join(name);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FolderError::at(&path)(error)),
    }
}

/// Writes a file atomically: under a temporary name first, then renamed.
fn write_state(state: &Path, name: &str, text: &str) -> Result<(), FolderError> {
    let (path, part) = (state.join(name), state.join(format!("{name}.part")));
    let write = || {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, &path)
    };
    write().map_err(FolderError::at(&path))
}

/// The last checkpoint of [`SEEN_FILE`]. A line that was written in part is ignored.
fn newest_seen(state: &Path) -> Result<Option<SeenCheckpoint>, FolderError> {
    let path = state.join(SEEN_FILE);
    let file = match fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FolderError::at(&path)(error)),
    };
    let mut newest = None;
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(FolderError::at(&path))?;
        newest = serde_json::from_slice(&line).ok().or(newest);
    }
    Ok(newest)
}

/// Appends a checkpoint to [`SEEN_FILE`].
fn append_seen(state: &Path, note: &str, size: u64, now: u64) -> Result<(), FolderError> {
    let path = state.join(SEEN_FILE);
    let seen = SeenCheckpoint {
        note: note.to_owned(),
        seen: now,
        size,
    };
    let append = || {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path)?;
        let mut last = [b'\n'];
        if file.metadata()?.len() > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        // A line that was written in part ends here.
        let end = if last == [b'\n'] { "" } else { "\n" };
        let line = serde_json::to_string(&seen)?;
        file.write_all(format!("{end}{line}\n").as_bytes())?;
        file.sync_all()
    };
    append().map_err(FolderError::at(&path))
}

/// Stores the last checkpoint and the one that contradicts it, each as the office signed it, and
/// the keys that were served. Returns the folder.
fn keep_evidence(
    state: &Path,
    last: &str,
    note: &str,
    served: &str,
    now: u64,
) -> Result<PathBuf, FolderError> {
    let mut folder = state.join(format!("conflict-{now}"));
    let mut number = 1;
    while folder.exists() {
        number += 1;
        folder = state.join(format!("conflict-{now}-{number}"));
    }
    fs::create_dir_all(&folder).map_err(FolderError::at(&folder))?;
    for (name, text) in [
        ("seen-before.txt", last),
        ("served-now.txt", note),
        ("served-key.txt", served),
    ] {
        write_state(&folder, name, text)?;
    }
    Ok(folder)
}

/// The secret key of the witness, created at first use.
fn load_or_create_secret(state: &Path) -> Result<[u8; 32], WitnessError> {
    if let Some(text) = read_state(state, SECRET_FILE)? {
        return hex::decode(text.trim())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(WitnessError::OwnState);
    }
    let mut secret = [0; 32];
    OsRng.fill_bytes(&mut secret);
    write_state(state, SECRET_FILE, &hex::encode(secret))?;
    Ok(secret)
}
