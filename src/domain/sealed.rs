//! Personal values. They come in open, are sealed before any rule sees them, and only the seal is kept.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text::{TextError, tidy};

/// What stands in an event for a personal value: whose key opens it, and which ciphertext it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sealed {
    /// The person or group whose key sealed the value.
    pub subject: Uuid,
    /// SHA-256 over nonce and ciphertext, in hexadecimal.
    pub digest: String,
}

/// A personal value on its way in: open as it was typed, then sealed by `commands`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Personal {
    #[serde(skip)]
    Open(String),
    #[serde(skip)]
    Sealed(Sealed),
}

impl Personal {
    /// The most characters that one personal value may have.
    pub const MOST: usize = 5000;

    /// The sealed value.
    ///
    /// # Panics
    /// When nobody sealed it: `commands` seals every slot of a command before any aggregate runs.
    #[must_use]
    pub fn sealed(&self) -> Sealed {
        match self {
            Self::Sealed(sealed) => sealed.clone(),
            Self::Open(_) => panic!("a personal value reached the domain unsealed"),
        }
    }
}

impl TryFrom<String> for Personal {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        tidy(&text, Self::MOST, true).map(Self::Open)
    }
}

/// Never shows what it holds, so that a log line cannot either.
impl std::fmt::Debug for Personal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(_) => f.write_str("Personal(open)"),
            Self::Sealed(sealed) => sealed.fmt(f),
        }
    }
}

super::text::text_schema!(Personal, "Personal text: sealed before it is kept, and opened only for those who may see it", "\\S", "as typed");

/// Parses an e-mail address: one `@`, something on both sides, a dot in the domain, small letters kept.
///
/// # Errors
/// [`TextError::NotAnEmail`].
pub fn email<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Personal, D::Error> {
    let text = String::deserialize(input)?;
    parse_email(&text).map(Personal::Open).map_err(serde::de::Error::custom)
}

fn parse_email(text: &str) -> Result<String, TextError> {
    let text = tidy(text, 254, false)?.to_lowercase();
    let (name, domain) = text.split_once('@').ok_or(TextError::NotAnEmail)?;
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    let plain = !domain.contains('@') && !text.contains(char::is_whitespace) && !text.contains([',', ';', '<', '>', '"']);
    if name.is_empty() || !dotted || !plain { Err(TextError::NotAnEmail) } else { Ok(text) }
}

/// A place in a command that holds a personal value.
pub struct Slot<'a> {
    /// The name of the field, bound into the seal.
    pub field: &'static str,
    pub value: &'a mut Personal,
    /// How it may be looked up without being opened, if at all.
    pub index: Option<Index>,
}

/// A keyed look-up of a sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// One e-mail address is one person.
    Email,
    /// Groups that share an account are found, not forbidden.
    Account,
}

impl Index {
    /// The name under which it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Account => "account",
        }
    }

    /// Whether two subjects may not hold the same value.
    #[must_use]
    pub fn unique(self) -> bool {
        self == Self::Email
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_addresses_are_kept_in_small_letters() {
        assert_eq!(parse_email(" Ada@Example.ORG "), Ok("ada@example.org".to_owned()));
        for text in ["ada", "@example.org", "ada@", "ada@org", "a b@example.org", "a@b@example.org", "a@example..org"] {
            assert_eq!(parse_email(text), Err(TextError::NotAnEmail), "{text}");
        }
    }

    #[test]
    fn an_open_value_is_never_shown() {
        assert_eq!(format!("{:?}", Personal::Open("Ada".into())), "Personal(open)");
    }
}
