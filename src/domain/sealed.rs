//! Personal values. They come in open, are sealed before any rule sees them, and only the seal is kept.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text::{LINES, ONE_LINE, TextError, tidy};

/// What stands in an event for a personal value: whose key opens it, and which ciphertext it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Sealed {
    /// The person or group whose key sealed the value.
    pub subject: Uuid,
    /// SHA-256 over nonce and ciphertext, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$", max_length = 64)]
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

    /// A value that is one line, as a name is.
    ///
    /// # Errors
    /// When it is empty, too long, or more than a line.
    pub fn line(text: &str) -> Result<Self, TextError> {
        tidy(text, Self::MOST, false).map(Self::Open)
    }

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

super::text::text_schema!(
    Personal,
    "Personal text: sealed before it is kept, and opened only for those who may see it",
    LINES,
    Personal::MOST,
    "as typed"
);

/// In the contract: a [`Personal`] value of one line.
pub struct PersonalLine;

super::text::text_schema!(
    PersonalLine,
    "A name: one line, sealed before it is kept, and opened only for those who may see it",
    ONE_LINE,
    Personal::MOST,
    "Cass Example"
);

/// Reads a personal value that is one line, as a name is.
///
/// # Errors
/// [`TextError`].
pub fn line<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Personal, D::Error> {
    Personal::line(&String::deserialize(input)?).map_err(serde::de::Error::custom)
}

/// Parses an e-mail address: one `@`, something on both sides, a dot in the domain, small letters kept.
///
/// # Errors
/// [`TextError::NotAnEmail`].
pub fn email<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Personal, D::Error> {
    let text = String::deserialize(input)?;
    parse_email(&text).map(Personal::Open).map_err(serde::de::Error::custom)
}

/// Parses an e-mail address, and keeps it in small letters.
///
/// # Errors
/// [`TextError::NotAnEmail`].
pub fn parse_email(text: &str) -> Result<String, TextError> {
    let text = tidy(text, 254, false)?.to_lowercase();
    let (name, domain) = text.split_once('@').ok_or(TextError::NotAnEmail)?;
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    let plain = !domain.contains('@') && !text.contains(char::is_whitespace) && !text.contains([',', ';', '<', '>', '"']);
    if name.is_empty() || !dotted || !plain { Err(TextError::NotAnEmail) } else { Ok(text) }
}

/// Reads an optional personal value with its own parser.
pub(super) fn given<'de, D, E>(input: D, parse: fn(&str) -> Result<String, E>) -> Result<Option<Personal>, D::Error>
where
    D: serde::Deserializer<'de>,
    E: std::fmt::Display,
{
    let text = Option::<String>::deserialize(input)?;
    text.map(|text| parse(&text).map(Personal::Open).map_err(serde::de::Error::custom)).transpose()
}

/// Keeps a postcode in one form: capital letters, one space before the last three characters.
pub(super) fn parse_postcode(text: &str) -> Result<String, TextError> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    let split = plain
        .len()
        .checked_sub(3)
        .filter(|_| text.len() <= 20 && plain.is_ascii() && (5..=7).contains(&plain.len()))
        .ok_or(TextError::NotAPostcode)?;
    let (outward, inward) = plain.split_at(split);
    let begins = outward.starts_with(|c: char| c.is_ascii_uppercase()) && outward.chars().all(|c| c.is_ascii_alphanumeric());
    let ends = inward.starts_with(|c: char| c.is_ascii_digit()) && inward.chars().skip(1).all(|c| c.is_ascii_uppercase());
    if begins && ends { Ok(format!("{outward} {inward}")) } else { Err(TextError::NotAPostcode) }
}

/// Keeps a telephone number in one form: digits only, with `+44` for a leading nought.
pub(super) fn parse_telephone(text: &str) -> Result<String, TextError> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && !"-()".contains(*c)).collect();
    let plain = plain.strip_prefix('0').map_or(plain.clone(), |national| format!("+44{national}"));
    let digits = plain.strip_prefix('+').unwrap_or_default();
    let fits = text.len() <= 40 && (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(plain) } else { Err(TextError::NotATelephone) }
}

/// The names of the fields that hold personal values.
pub const FIELDS: [&str; 15] = [
    "answer",
    "email",
    "helper",
    "holder",
    "learned",
    "name",
    "numbers",
    "outcome",
    "postcode",
    "reason",
    "review",
    "signer",
    "telephone",
    "variation",
    "words",
];

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
    /// Groups that share an account, a postcode or a telephone are found, not forbidden.
    Account,
    Postcode,
    Telephone,
}

impl Index {
    /// The name under which it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Account => "account",
            Self::Postcode => "postcode",
            Self::Telephone => "telephone",
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
    fn postcodes_and_telephones_have_one_form() {
        assert_eq!(parse_postcode(" ol11aa"), Ok("OL1 1AA".to_owned()));
        assert_eq!(parse_telephone("(0161) 496 0000"), Ok("+441614960000".to_owned()));
        assert_eq!(parse_telephone("+44 161 496-0000"), parse_telephone("0161 4960000"));
        for text in ["OL1", "1111 1AA", "OL1 AAA", "OL1 1AAX", "ÖL1 1AA"] {
            assert_eq!(parse_postcode(text), Err(TextError::NotAPostcode), "{text}");
        }
        for text in ["12", "call me", "0161 496 000x", "+1234567890123456"] {
            assert_eq!(parse_telephone(text), Err(TextError::NotATelephone), "{text}");
        }
    }

    #[test]
    fn an_open_value_is_never_shown() {
        assert_eq!(format!("{:?}", Personal::Open("Ada".into())), "Personal(open)");
    }
}
