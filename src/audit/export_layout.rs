//! The layout of an exported folder: its file names and formats. `docs/reference/log-format.md`
//! documents it.

/// The log, one log entry a line. The hash of a leaf is over the line without its newline.
pub const EVENTS: &str = "events.jsonl";
/// The leaf hash of each event, in hexadecimal, one a line.
pub const LEAVES: &str = "leaves.txt";
/// Every checkpoint, one a line, the smallest first.
pub const CHECKPOINTS: &str = "heads.jsonl";
/// The public keys of the checkpoints, one a line, the oldest first.
pub const KEY: &str = "key.txt";
/// The grants as CSV, derived from the events alone.
pub const GRANTS: &str = "grants.csv";
/// The subjects whose personal data was erased, one a line.
pub const ERASURES: &str = "erasures.jsonl";
/// The files that the manifest must name.
pub const MANIFEST_FILES: [&str; 7] = [README, ERASURES, EVENTS, GRANTS, CHECKPOINTS, KEY, LEAVES];
/// Instructions for checking the folder without this program.
pub const README: &str = "README.txt";
/// The SHA-256 of every other file, in the format of `sha256sum -c`.
pub const MANIFEST: &str = "MANIFEST.sha256";

/// A checkpoint as a line of [`CHECKPOINTS`].
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointLine {
    pub note: String,
    /// The number of events under the checkpoint.
    pub size: i64,
    /// When the last of these events was recorded, in microseconds since 1970.
    pub through: i64,
}

/// The text of [`README`]. A verifier reports any other text. When this one changes, the one before
/// must be kept for the folders of earlier programs.
pub const README_TEXT: &str = "\
This folder holds a grants office's whole log: everything that was ever recorded, in the order in which it was.

  events.jsonl    one event a line, as canonical JSON (RFC 8785)
  leaves.txt      the hash of each event: SHA-256 of a zero byte and the line, without its end
  heads.jsonl     what the office signed as the log grew: its size and the root of the tree over it
  key.txt         the public key with which it signed
  grants.csv      the grants as a table, made from the events alone
  erasures.jsonl  whose personal data was erased, and at which position
  MANIFEST.sha256 the digest of every file here

To check it:

1. The files are whole:            sha256sum -c MANIFEST.sha256
2. Nothing was changed, removed, put in or put elsewhere: microgrants audit verify FOLDER
   or, with another program:       python3 verify.py FOLDER   (audit/verify.py in the program's source)
3. The key is the office's: compare key.txt with the one that the office gave you before, or
   that stands on its public page. Whoever holds the key could have signed another log.
4. The log only ever grew: the heads that you were sent earlier must be in heads.jsonl. Pass the
   last one:                       microgrants audit verify FOLDER --head head.txt

Names, addresses, bank details and what people wrote are not here: an event holds the digest of
each, sealed under a key that is not in this folder. Money, dates, decisions and who decided are.
";
