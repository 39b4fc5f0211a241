//! Signed tree heads: checkpoints (C2SP tlog-checkpoint) as signed notes (C2SP signed-note) with
//! Ed25519.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::tree::Hash;

const ED25519: u8 = 1;
/// A cosignature with Ed25519 and a time (C2SP tlog-cosignature).
const COSIGNATURE: u8 = 4;

/// What was signed: whose log, how many leaves, and the root over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// Why a note is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("this is not a signed note")]
    Shape,
    #[error("this is not a tree head")]
    Head,
    #[error("this is not a verifier key")]
    Key,
    #[error("no signature of the key {0} stands under it")]
    Unsigned(String),
    #[error("the signature of the key {0} is wrong")]
    Signature(String),
    #[error("it is of the log {0}")]
    Origin(String),
}

/// Over how many events a note's head is; whether it is signed is not looked at.
///
/// # Errors
/// [`NoteError::Shape`] or [`NoteError::Head`].
pub fn size_of(note: &str) -> Result<u64, NoteError> {
    let (text, _) = note.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
    Head::read(&format!("{text}\n"))
        .map(|head| head.size)
        .ok_or(NoteError::Head)
}

/// A key that signs heads, by its name.
#[derive(Clone)]
pub struct Signer {
    name: String,
    key: SigningKey,
}

/// The public half of a key, by its name.
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

/// A key as people pass it on: its name, its id, and its kind with itself.
fn key_text(name: &str, kind: u8, key: &VerifyingKey) -> String {
    let id = crate::log::keys::to_hex(&key_id(name, kind, key));
    format!(
        "{name}+{id}+{}",
        BASE64.encode([&[kind], &key.as_bytes()[..]].concat())
    )
}

impl Head {
    /// The lines that are signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64.encode(self.root)
        )
    }

    fn read(text: &str) -> Option<Self> {
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

    /// The head as a note with this key's signature.
    #[must_use]
    pub fn sign(&self, head: &Head) -> String {
        let text = head.text();
        format!("{text}\n{}", self.line(&text))
    }

    /// A note with this key's signature beside those that it has: so one key vouches for the next.
    ///
    /// # Errors
    /// [`NoteError::Shape`].
    pub fn sign_too(&self, note: &str) -> Result<String, NoteError> {
        let (text, _) = note.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        Ok(format!("{note}{}", self.line(&format!("{text}\n"))))
    }

    fn line(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes());
        let id = key_id(&self.name, ED25519, &self.key.verifying_key());
        format!(
            "\u{2014} {} {}\n",
            self.name,
            BASE64.encode([&id[..], &signature.to_bytes()].concat())
        )
    }

    /// The note with this key's cosignature beside the signatures that it has: that at this time,
    /// in seconds since 1970, it was the newest of a log that only grew.
    ///
    /// # Errors
    /// [`NoteError::Shape`].
    pub fn cosign(&self, note: &str, time: u64) -> Result<String, NoteError> {
        let (text, _) = note.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        let signature = self
            .key
            .sign(format!("cosignature/v1\ntime {time}\n{text}\n").as_bytes());
        let id = key_id(&self.name, COSIGNATURE, &self.key.verifying_key());
        let line = BASE64.encode([&id[..], &time.to_be_bytes(), &signature.to_bytes()].concat());
        Ok(format!("{note}\u{2014} {} {line}\n", self.name))
    }

    /// The public key that verifies its cosignatures.
    #[must_use]
    pub fn cosigner(&self) -> String {
        key_text(&self.name, COSIGNATURE, &self.key.verifying_key())
    }
}

impl Verifier {
    /// The key as people pass it on: its name, its id and itself.
    #[must_use]
    pub fn text(&self) -> String {
        key_text(&self.name, ED25519, &self.key)
    }

    /// # Errors
    /// [`NoteError::Key`].
    pub fn read(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = BASE64.decode(key).map_err(|_| NoteError::Key)?;
        let [ED25519, key @ ..] = bytes.as_slice() else {
            return Err(NoteError::Key);
        };
        let key = key
            .try_into()
            .ok()
            .and_then(|key| VerifyingKey::from_bytes(key).ok())
            .ok_or(NoteError::Key)?;
        if name.is_empty() || id != crate::log::keys::to_hex(&key_id(name, ED25519, &key)) {
            return Err(NoteError::Key);
        }
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// The head of a note that this key signed. Signatures of other keys may stand beside it.
    ///
    /// # Errors
    /// When it is no note or no head, is of another log, or the signature is missing or wrong.
    pub fn open(&self, note: &str, origin: &str) -> Result<Head, NoteError> {
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        let (text, signatures) = (
            format!("{text}\n"),
            signatures.strip_suffix('\n').ok_or(NoteError::Shape)?,
        );
        let mut signed = false;
        for line in signatures.split('\n') {
            let (name, signature) = line
                .strip_prefix("\u{2014} ")
                .and_then(|line| line.split_once(' '))
                .ok_or(NoteError::Shape)?;
            let bytes = BASE64.decode(signature).map_err(|_| NoteError::Shape)?;
            let (id, signature) = bytes.split_at_checked(4).ok_or(NoteError::Shape)?;
            if name != self.name || id != key_id(&self.name, ED25519, &self.key) {
                continue;
            }
            let wrong = || NoteError::Signature(self.name.clone());
            let signature = Signature::from_slice(signature).map_err(|_| wrong())?;
            self.key
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| wrong())?;
            signed = true;
        }
        if !signed {
            return Err(NoteError::Unsigned(self.name.clone()));
        }
        let head = Head::read(&text).ok_or(NoteError::Head)?;
        if head.origin == origin {
            Ok(head)
        } else {
            Err(NoteError::Origin(head.origin))
        }
    }
}

/// The keys that signed a log one after another, the oldest first. Each next one is vouched for by
/// a head that both signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<Verifier>);

impl Chain {
    /// Reads keys, one a line.
    ///
    /// # Errors
    /// [`NoteError::Key`] when one is none, or they are of several logs.
    pub fn read(text: &str) -> Result<Self, NoteError> {
        let keys = text
            .trim()
            .lines()
            .map(Verifier::read)
            .collect::<Result<Vec<_>, _>>()?;
        let one_log = keys
            .first()
            .is_some_and(|first| keys.iter().all(|key| key.name == first.name));
        if one_log {
            Ok(Self(keys))
        } else {
            Err(NoteError::Key)
        }
    }

    /// The keys as they are read, without an end of the last line.
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

    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.newest().name
    }

    /// How many keys there are.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// Opens a head that the key at a place signed; from it on counts the key at the place that is
    /// returned: the next one, where it signed this head too.
    ///
    /// # Errors
    /// As [`Verifier::open`].
    pub fn open(&self, note: &str, place: usize) -> Result<(Head, usize), NoteError> {
        let key = self.0.get(place).ok_or(NoteError::Key)?;
        let head = key.open(note, &key.name)?;
        let next = self
            .0
            .get(place + 1)
            .is_some_and(|next| next.open(note, &next.name).is_ok());
        Ok((head, place + usize::from(next)))
    }

    /// Opens a head that any of them signed.
    ///
    /// # Errors
    /// As [`Verifier::open`], by the newest key.
    pub fn open_any(&self, note: &str) -> Result<Head, NoteError> {
        let older = self.0.iter().find_map(|key| key.open(note, &key.name).ok());
        older.map_or_else(|| self.newest().open(note, self.origin()), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            origin: "example.org/log".to_owned(),
            size: 12,
            root: [7; 32],
        }
    }

    #[test]
    fn a_head_is_read_as_it_was_signed() {
        let signer = Signer::new("example.org/log", &[1; 32]);
        let note = signer.sign(&head());
        let verifier = Verifier::read(&signer.verifier().text()).unwrap();
        assert_eq!(verifier.open(&note, "example.org/log"), Ok(head()));
        assert_eq!(
            verifier.open(&note, "other"),
            Err(NoteError::Origin("example.org/log".into()))
        );
        let other = Signer::new("example.org/log", &[2; 32]);
        assert!(matches!(
            other.verifier().open(&note, "example.org/log"),
            Err(NoteError::Unsigned(_))
        ));
        // A second signature beside it takes nothing away.
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
            witness.cosigner().starts_with("witness+") && witness.cosign("no note", 0).is_err()
        );
    }

    #[test]
    fn a_key_with_a_wrong_id_is_no_key() {
        let text = Signer::new("a", &[1; 32]).verifier().text();
        assert!(Verifier::read(&text).is_ok());
        for wrong in [
            "",
            "a",
            "a+b+c",
            &text.replacen('a', "b", 1),
            &text[..text.len() - 4],
        ] {
            assert_eq!(Verifier::read(wrong), Err(NoteError::Key), "{wrong}");
        }
    }
}
