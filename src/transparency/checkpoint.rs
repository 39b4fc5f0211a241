//! Checkpoints of the transparency log (C2SP tlog-checkpoint): signed notes (C2SP signed-note) with
//! Ed25519, and cosignatures of witnesses (C2SP tlog-cosignature).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::merkle::Hash;

const ED25519: u8 = 1;
/// The signature type of a cosignature: Ed25519 with a time (C2SP tlog-cosignature).
const COSIGNATURE: u8 = 4;

/// What a checkpoint states: the origin of the log, its number of leaves, and the root hash over
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// Why a note or a key is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("this is not a signed note")]
    Malformed,
    #[error("this is not a tree head")]
    MalformedCheckpoint,
    #[error("this is not a verifier key")]
    MalformedKey,
    #[error("no signature of the key {0} is under it")]
    MissingSignature(String),
    #[error("the signature of the key {0} is wrong")]
    InvalidSignature(String),
    #[error("it is of the log {0}")]
    WrongOrigin(String),
}

/// The number of events under a checkpoint. Signatures are not checked.
pub fn checkpoint_size(note: &str) -> Result<u64, NoteError> {
    Checkpoint::of_note(note).map(|head| head.size)
}

/// A signing key and its name, which is the origin of the log or the name of a witness.
#[derive(Clone)]
pub struct Signer {
    name: String,
    key: SigningKey,
}

/// A public key and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    pub name: String,
    key: VerifyingKey,
}

fn key_id(name: &str, kind: u8, key: &VerifyingKey) -> [u8; 4] {
    let digest = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', kind])
        .chain_update(key.as_bytes())
        .finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// A public key as text: name, key id, and base64 of the signature type and the key, joined by `+`
/// (C2SP signed-note).
fn encode_key(name: &str, kind: u8, key: &VerifyingKey) -> String {
    let id = hex::encode(key_id(name, kind, key));
    format!(
        "{name}+{id}+{}",
        BASE64.encode([&[kind], &key.as_bytes()[..]].concat())
    )
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64.encode(self.root)
        )
    }

    /// What a note states. Signatures are not checked.
    pub fn of_note(note: &str) -> Result<Self, NoteError> {
        let (text, _) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        Self::parse(&format!("{text}\n")).ok_or(NoteError::MalformedCheckpoint)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let plain = size == "0"
            || (!size.starts_with('0') && size.bytes().all(|byte| byte.is_ascii_digit()));
        if origin.is_empty() || !plain || lines.next().is_some() {
            return None;
        }
        Some(Self {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: BASE64.decode(root).ok()?.try_into().ok()?,
        })
    }
}

impl Signer {
    #[must_use]
    pub fn new(name: &str, secret: &[u8; 32]) -> Self {
        Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(secret),
        }
    }

    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// The checkpoint as a note with the signature of this key.
    #[must_use]
    pub fn sign(&self, head: &Checkpoint) -> String {
        self.sign_text(&head.text())
    }

    /// A text as a note with the signature of this key. The text must end with a newline.
    #[must_use]
    pub fn sign_text(&self, text: &str) -> String {
        format!("{text}\n{}", self.signature_line(text))
    }

    /// Adds the signature of this key to a note. The last note of an old key has the signature of
    /// the new one as well: from the next note on only the new key counts.
    pub fn countersign(&self, note: &str) -> Result<String, NoteError> {
        let (text, _) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        Ok(format!(
            "{note}{}",
            self.signature_line(&format!("{text}\n"))
        ))
    }

    fn signature_line(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes());
        let id = key_id(&self.name, ED25519, &self.key.verifying_key());
        format!(
            "\u{2014} {} {}\n",
            self.name,
            BASE64.encode([&id[..], &signature.to_bytes()].concat())
        )
    }

    /// Adds a cosignature of this key to a note. It states that at `time`, in seconds since 1970,
    /// the note was the newest checkpoint of a log that had only grown.
    pub fn cosign(&self, note: &str, time: u64) -> Result<String, NoteError> {
        let (text, _) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let signature = self
            .key
            .sign(format!("cosignature/v1\ntime {time}\n{text}\n").as_bytes());
        let id = key_id(&self.name, COSIGNATURE, &self.key.verifying_key());
        let line = BASE64.encode([&id[..], &time.to_be_bytes(), &signature.to_bytes()].concat());
        Ok(format!("{note}\u{2014} {} {line}\n", self.name))
    }

    /// The public key for cosignatures of this key, as text.
    #[must_use]
    pub fn cosigner_key(&self) -> String {
        encode_key(&self.name, COSIGNATURE, &self.key.verifying_key())
    }
}

impl Verifier {
    /// The public key as text: `NAME+ID+BASE64` (C2SP signed-note).
    #[must_use]
    pub fn text(&self) -> String {
        encode_key(&self.name, ED25519, &self.key)
    }

    /// Parses a public key. Its id must be the one that follows from name and key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::MalformedKey);
        };
        let bytes = BASE64.decode(key).map_err(|_| NoteError::MalformedKey)?;
        let [ED25519, key @ ..] = bytes.as_slice() else {
            return Err(NoteError::MalformedKey);
        };
        let key = key
            .try_into()
            .ok()
            .and_then(|key| VerifyingKey::from_bytes(key).ok())
            .ok_or(NoteError::MalformedKey)?;
        if name.is_empty() || id != hex::encode(key_id(name, ED25519, &key)) {
            return Err(NoteError::MalformedKey);
        }
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// The same key under another name, as a log has it that continues under a new origin.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            key: self.key,
        }
    }

    /// Verifies a note and returns its checkpoint. Signatures of other keys are ignored.
    ///
    /// A note without a signature of this key is an error, as is a wrong signature or another
    /// origin.
    pub fn open(&self, note: &str, origin: &str) -> Result<Checkpoint, NoteError> {
        let text = self.open_text(note)?;
        let head = Checkpoint::parse(&text).ok_or(NoteError::MalformedCheckpoint)?;
        if head.origin == origin {
            Ok(head)
        } else {
            Err(NoteError::WrongOrigin(head.origin))
        }
    }

    /// Verifies a note and returns its text, with the newline at its end. Signatures of other keys
    /// are ignored.
    ///
    /// A note without a signature of this key is an error, as is a wrong signature.
    pub fn open_text(&self, note: &str) -> Result<String, NoteError> {
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let (text, signatures) = (
            format!("{text}\n"),
            signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?,
        );
        let mut signed = false;
        for line in signatures.split('\n') {
            let (name, signature) = line
                .strip_prefix("\u{2014} ")
                .and_then(|line| line.split_once(' '))
                .ok_or(NoteError::Malformed)?;
            let bytes = BASE64.decode(signature).map_err(|_| NoteError::Malformed)?;
            let (id, signature) = bytes.split_at_checked(4).ok_or(NoteError::Malformed)?;
            if name != self.name || id != key_id(&self.name, ED25519, &self.key) {
                continue;
            }
            let wrong = || NoteError::InvalidSignature(self.name.clone());
            let signature = Signature::from_slice(signature).map_err(|_| wrong())?;
            self.key
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| wrong())?;
            signed = true;
        }
        if signed {
            Ok(text)
        } else {
            Err(NoteError::MissingSignature(self.name.clone()))
        }
    }
}

/// The keys that signed a log one after another, the oldest first.
///
/// The next key has either the same name, or another name and the same public key: then the log
/// continues under a new origin. The chain shows only that the holder of a next key had the log; an
/// event must name it under a checkpoint of the key before it, which `audit::verify` checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChain(Vec<Verifier>);

/// A checkpoint with a valid signature, and places of keys in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    pub head: Checkpoint,
    /// The key that signed it.
    pub signed_by: usize,
    /// The key for the following checkpoint: the next key if that one signed this one as well.
    pub next: usize,
}

impl KeyChain {
    /// Parses public keys, one a line.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let keys = text
            .trim()
            .lines()
            .map(Verifier::parse)
            .collect::<Result<Vec<_>, _>>()?;
        let follows = |pair: &[Verifier]| match pair {
            [before, next] => before.name == next.name || before.key == next.key,
            _ => true,
        };
        if !keys.is_empty() && keys.windows(2).all(follows) {
            Ok(Self(keys))
        } else {
            Err(NoteError::MalformedKey)
        }
    }

    /// The keys as text, one a line, without a newline at the end.
    #[must_use]
    pub fn text(&self) -> String {
        self.0
            .iter()
            .map(Verifier::text)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The key that signs now.
    ///
    /// # Panics
    /// Never: a chain has at least one key.
    #[must_use]
    pub fn newest(&self) -> &Verifier {
        self.0.last().expect("a chain has a key")
    }

    /// The origin of the log, which is the name of the newest key.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.newest().name
    }

    /// The number of keys.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.0.len()
    }

    /// The key at a place.
    #[must_use]
    pub fn key(&self, place: usize) -> Option<&Verifier> {
        self.0.get(place)
    }

    /// The chain of a log that continues under a new origin, with the same key.
    #[must_use]
    pub fn under_new_origin(&self, origin: &str) -> Self {
        let mut keys = self.0.clone();
        keys.push(self.newest().renamed(origin));
        Self(keys)
    }

    /// Verifies a checkpoint that must be signed by the key at `place`, or by the same key under
    /// the next origin.
    pub fn open(&self, note: &str, place: usize) -> Result<SignedCheckpoint, NoteError> {
        let mut signed_by = place;
        loop {
            let key = self.0.get(signed_by).ok_or(NoteError::MalformedKey)?;
            let after = self.0.get(signed_by + 1);
            let opened = key.open(note, &key.name);
            let is_missing = matches!(opened, Err(NoteError::MissingSignature(_)));
            if is_missing && after.is_some_and(|after| after.name != key.name) {
                signed_by += 1;
                continue;
            }
            let vouched = after.is_some_and(|after| {
                after.name == key.name && after.open(note, &after.name).is_ok()
            });
            return Ok(SignedCheckpoint {
                head: opened?,
                signed_by,
                next: signed_by + usize::from(vouched),
            });
        }
    }

    /// Verifies a checkpoint that any of the keys signed. If none did, the error is that of the
    /// newest key.
    pub fn open_any(&self, note: &str) -> Result<Checkpoint, NoteError> {
        let older = self.0.iter().find_map(|key| key.open(note, &key.name).ok());
        older.map_or_else(|| self.newest().open(note, self.origin()), Ok)
    }

    /// Verifies a checkpoint that any of the keys signed, under the name of another origin.
    pub fn open_under(&self, note: &str, origin: &str) -> Result<Checkpoint, NoteError> {
        let open = |key: &Verifier| key.renamed(origin).open(note, origin);
        let older = self.0.iter().find_map(|key| open(key).ok());
        older.map_or_else(|| open(self.newest()), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Checkpoint {
        Checkpoint {
            origin: "example.org/log".to_owned(),
            size: 12,
            root: [7; 32],
        }
    }

    #[test]
    fn a_head_is_read_as_it_was_signed() {
        let signer = Signer::new("example.org/log", &[1; 32]);
        let note = signer.sign(&head());
        let verifier = Verifier::parse(&signer.verifier().text()).unwrap();
        assert_eq!(verifier.open(&note, "example.org/log"), Ok(head()));
        assert_eq!(
            verifier.open(&note, "other"),
            Err(NoteError::WrongOrigin("example.org/log".into()))
        );
        let other = Signer::new("example.org/log", &[2; 32]);
        assert!(matches!(
            other.verifier().open(&note, "example.org/log"),
            Err(NoteError::MissingSignature(_))
        ));
        // A second signature changes nothing for the first key.
        let both = format!(
            "{note}{}",
            other.sign(&head()).rsplit_once("\n\n").unwrap().1
        );
        assert!(
            verifier.open(&both, "example.org/log").is_ok()
                && other.verifier().open(&both, "example.org/log").is_ok()
        );
    }

    #[test]
    fn no_byte_of_a_note_can_be_changed() {
        let signer = Signer::new("example.org/log", &[1; 32]);
        let note = signer.sign(&head()).into_bytes();
        let mut tried = 0;
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut changed = note.clone();
                changed[at] ^= 1 << bit;
                if let Ok(text) = String::from_utf8(changed) {
                    assert!(
                        signer.verifier().open(&text, "example.org/log").is_err(),
                        "byte {at}, bit {bit}"
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 1000);
    }

    #[test]
    fn a_cosignature_says_when_and_takes_nothing_away() {
        let (signer, witness) = (
            Signer::new("example.org/log", &[1; 32]),
            Signer::new("witness", &[2; 32]),
        );
        let note = witness
            .cosign(&signer.sign(&head()), 1_764_000_000)
            .unwrap();
        assert_eq!(signer.verifier().open(&note, "example.org/log"), Ok(head()));
        let line = note.lines().last().unwrap().rsplit(' ').next().unwrap();
        let bytes = BASE64.decode(line).unwrap();
        assert_eq!(
            (bytes.len(), &bytes[4..12]),
            (76, &1_764_000_000_u64.to_be_bytes()[..])
        );
        let said = format!("cosignature/v1\ntime 1764000000\n{}", head().text());
        let key = witness.key.verifying_key();
        assert!(
            key.verify_strict(
                said.as_bytes(),
                &Signature::from_slice(&bytes[12..]).unwrap()
            )
            .is_ok()
        );
        assert!(
            witness.cosigner_key().starts_with("witness+") && witness.cosign("no note", 0).is_err()
        );
    }

    #[test]
    fn a_chain_of_any_length_is_followed() {
        let signer = Signer::new("example.org/log", &[1; 32]);
        let key = signer.verifier();
        let mut keys: Vec<_> = (0..20_000)
            .map(|origin| key.renamed(&format!("origin/{origin}")))
            .collect();
        keys.push(key);
        let opened = KeyChain(keys).open(&signer.sign(&head()), 0).unwrap();
        assert_eq!((opened.signed_by, opened.next), (20_000, 20_000));
    }

    #[test]
    fn a_key_with_a_wrong_id_is_no_key() {
        let text = Signer::new("a", &[1; 32]).verifier().text();
        assert!(Verifier::parse(&text).is_ok());
        for wrong in [
            "",
            "a",
            "a+b+c",
            &text.replacen('a', "b", 1),
            &text[..text.len() - 4],
        ] {
            assert_eq!(
                Verifier::parse(wrong),
                Err(NoteError::MalformedKey),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_chain_goes_on_under_a_new_origin_with_the_same_key_only() {
        let (old, renamed) = (Signer::new("a", &[1; 32]), Signer::new("b", &[1; 32]));
        let stranger = Signer::new("b", &[2; 32]).verifier().text();
        let before = KeyChain::parse(&old.verifier().text()).unwrap();
        let chain = before.under_new_origin("b");
        assert_eq!(KeyChain::parse(&chain.text()), Ok(chain.clone()));
        assert_eq!(
            KeyChain::parse(&format!("{}\n{stranger}", before.text())),
            Err(NoteError::MalformedKey)
        );
        let of = |origin: &str| Checkpoint {
            origin: origin.to_owned(),
            ..head()
        };
        let first = chain.open(&old.sign(&of("a")), 0).unwrap();
        let second = chain.open(&renamed.sign(&of("b")), first.next).unwrap();
        assert_eq!((first.signed_by, first.next), (0, 0));
        assert_eq!((second.signed_by, second.head), (1, of("b")));
        assert!(
            chain.open(&old.sign(&of("a")), second.next).is_err(),
            "the old origin has ended"
        );
    }
}
