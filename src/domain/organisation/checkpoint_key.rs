//! The public key that signs checkpoints after the current one: it is recorded before it signs.

use serde::Deserialize;

use super::OrganisationEvent;
use crate::domain::Refusal;
use crate::domain::text::{TextError, normalise, text_type};

text_type!(
    /// A public key that verifies checkpoints, as text (C2SP signed-note): the origin of the log,
    /// the key's id, and the key in base64, joined by `+`.
    CheckpointKey, parse_checkpoint_key,
    "A public key of the transparency log: origin, id and key in base64, joined by +",
    "^[^+\\s]+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]+$", 300,
    "microgrants/main/1+d5e76859+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
);

fn parse_checkpoint_key(text: &str) -> Result<String, TextError> {
    let text = normalise(text, 300, false)?;
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(TextError::NotAPublicKey);
    };
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    let is_id = id.len() == 8
        && id
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    let is_key = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    if is_name && is_id && is_key {
        Ok(text)
    } else {
        Err(TextError::NotAPublicKey)
    }
}

/// The public key that signs checkpoints after the current one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordKeyRotation {
    pub key: CheckpointKey,
}

impl RecordKeyRotation {
    /// Records the key, unless it is the one that was recorded last: a rotation that was
    /// interrupted is done again with the same key.
    pub(super) fn decide(
        &self,
        last: Option<&CheckpointKey>,
    ) -> Result<OrganisationEvent, Refusal> {
        if last == Some(&self.key) {
            return Err(Refusal::NoChange);
        }
        Ok(OrganisationEvent::CheckpointKeyRotated {
            key: self.key.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let text = "microgrants/main/1+d5e76859+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
        let key: CheckpointKey = text.parse().unwrap();
        assert_eq!(key.as_str(), text);
        for wrong in [
            "microgrants/main/1",
            "a+90ce8ab4",
            "+90ce8ab4+AQEB",
            "a+90CE8AB4+AQEB",
            "a+90ce8ab+AQEB",
            "a b+90ce8ab4+AQEB",
            "a+90ce8ab4+AQ EB",
        ] {
            assert_eq!(
                wrong.parse::<CheckpointKey>(),
                Err(TextError::NotAPublicKey),
                "{wrong}"
            );
        }
    }
}
