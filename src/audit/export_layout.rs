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

/// The text of [`README`]. A verifier reports any other text, except those of earlier programs.
pub const README_TEXT: &str = "\
This folder holds the whole log of a grants office: every event, in the order in which the office
recorded it.

  events.jsonl    one event a line, as canonical JSON (RFC 8785)
  leaves.txt      the hash of each event: SHA-256 of a zero byte and the line, without its end
  heads.jsonl     what the office signed as the log grew: its size and the root of the tree over it
  key.txt         the public key that checks these signatures
  grants.csv      the grants as a table, made from the events alone
  erasures.jsonl  whose personal data were erased, and at which position
  MANIFEST.sha256 the digest of every other file here

To check it:

1. The files are complete:         sha256sum -c MANIFEST.sha256
2. No event was changed, removed, added or moved:
                                   microgrants audit verify FOLDER
   or, with a program of its own:  python3 verify.py FOLDER
   (audit/verify.py in the source of the program)
3. The key is the office's: compare key.txt with the key that the office gave you before, or with
   the key on its public page. Anyone who has the secret key could have signed another log.
4. The log only grew: the heads that you were sent earlier must be in heads.jsonl. Pass the last
   one:                            microgrants audit verify FOLDER --head head.txt

Names, addresses, bank details and what people wrote are not here: an event holds the digest of
each. The values are encrypted, and their key is not in this folder. Money, dates, decisions and
the ids of those who decided are here.
";

/// The SHA-256 of each text that earlier programs wrote as [`README`]. When [`README_TEXT`]
/// changes, the digest of the text before comes here, so that folders of earlier programs hold.
pub const EARLIER_README_DIGESTS: [&str; 1] =
    ["1d24fd4ba4fb89f0ee7d481e4cce1f80542bc5134d929381ab5d5793f241693c"];
