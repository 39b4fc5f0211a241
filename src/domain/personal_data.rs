//! Personal values: plaintext input, encrypted values, and blind indexes.
//!
//! A command carries personal values as plaintext. `commands` encrypts all of them before an
//! aggregate decides, so events contain encrypted values only. Also parses and normalises names,
//! e-mail addresses and telephone numbers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use super::email::{mailbox_key, parse_email};
use super::phone::PhoneNumber;
use super::text::{TEXT_PATTERN, TextError, check_legible, normalise, parse_name, tidy};

/// Reference to an encrypted personal value, in place of the value.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
pub struct Encrypted {
    /// Id of the person or group whose key encrypts the value.
    pub subject: Uuid,
    /// SHA-256 of nonce and ciphertext, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$", max_length = 64)]
    pub digest: String,
}

/// A personal value in a command: plaintext as entered, until `commands` encrypts it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum PersonalInput {
    #[serde(skip)]
    Open(String),
    #[serde(skip)]
    Sealed(Encrypted),
}

impl PersonalInput {
    /// The largest number of characters of a personal value.
    pub const MOST: usize = 5000;

    /// The largest number of characters of an answer that is not finished.
    const UNFINISHED_MAX: usize = 4 * Self::MOST;

    /// Parses an answer that is not finished. It can be longer than a finished one, so that nobody
    /// has to shorten it before they can save it.
    pub fn unfinished(text: &str) -> Result<Self, TextError> {
        Self::of_length(text, Self::UNFINISHED_MAX)
    }

    fn of_length(text: &str, most: usize) -> Result<Self, TextError> {
        let text = tidy(text);
        check_legible(&text)?;
        normalise(&text, most, true).map(Self::Open)
    }

    /// Parses the name of a person or of an account holder. Fails if it is empty, too long, has
    /// several lines or invisible characters, or contains a web address.
    pub fn name(text: &str) -> Result<Self, TextError> {
        parse_name(text).map(Self::Open)
    }

    /// Parses how a person is phoned: a number in the form in which it is kept, with the words
    /// around it; or other words, such as a neighbour's name.
    pub fn telephone(text: &str) -> Result<Self, TextError> {
        let text = PhoneNumber::parse(text).map_or_else(|| text.to_owned(), |found| found.kept());
        Self::of_length(&text, Self::MOST)
    }

    /// The value as entered, while it is not encrypted.
    #[must_use]
    pub fn plaintext(&self) -> Option<&str> {
        match self {
            Self::Open(text) => Some(text),
            Self::Sealed(_) => None,
        }
    }

    /// The encrypted value.
    ///
    /// # Panics
    ///
    /// If the value is still plaintext: `commands` encrypts all personal values of a command before
    /// an aggregate decides.
    #[must_use]
    pub fn sealed(&self) -> Encrypted {
        match self {
            Self::Sealed(sealed) => sealed.clone(),
            Self::Open(_) => panic!("a personal value reached the domain unsealed"),
        }
    }
}

impl TryFrom<String> for PersonalInput {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Self::of_length(&text, Self::MOST)
    }
}

/// Never prints the plaintext, so that it cannot reach the trace output.
impl std::fmt::Debug for PersonalInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(_) => f.write_str("Personal(open)"),
            Self::Sealed(sealed) => sealed.fmt(f),
        }
    }
}

super::text::text_schema!(
    PersonalInput,
    "Personal text. It is stored encrypted, and decrypted only for people who may see it",
    TEXT_PATTERN,
    PersonalInput::MOST,
    "as typed"
);

/// Schema of a [`PersonalInput`] value of one line.
pub struct PersonalLine;

super::text::text_schema!(
    PersonalLine,
    "A name on one line. It is stored encrypted, and decrypted only for people who may see it",
    TEXT_PATTERN,
    100,
    "Cass Example"
);

/// Deserialises the name of a person or of an account holder. Fails with a [`TextError`].
pub fn personal_name<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<PersonalInput, D::Error> {
    PersonalInput::name(&String::deserialize(input)?).map_err(serde::de::Error::custom)
}

/// Deserialises and normalises an email address, as [`parse_email`] does.
pub fn email<'de, D: serde::Deserializer<'de>>(input: D) -> Result<PersonalInput, D::Error> {
    let text = String::deserialize(input)?;
    parse_email(&text)
        .map(PersonalInput::Open)
        .map_err(serde::de::Error::custom)
}

/// Deserialises an optional personal value with a parser.
pub(super) fn deserialize_optional<'de, D, E>(
    input: D,
    parse: fn(&str) -> Result<String, E>,
) -> Result<Option<PersonalInput>, D::Error>
where
    D: serde::Deserializer<'de>,
    E: std::fmt::Display,
{
    let text = Option::<String>::deserialize(input)?;
    text.map(|text| {
        parse(&text)
            .map(PersonalInput::Open)
            .map_err(serde::de::Error::custom)
    })
    .transpose()
}

/// Normalises a phone number to E.164. Refuses words around it.
pub(super) fn parse_telephone(text: &str) -> Result<String, TextError> {
    PhoneNumber::parse(text)
        .filter(PhoneNumber::is_bare)
        .map(|number| number.e164())
        .ok_or(TextError::NotATelephone)
}

/// The digits by which a phone number is found however it is written: without the country code of
/// the United Kingdom, and without the zeros in front.
#[must_use]
pub fn phone_key(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let international = text.trim_start().starts_with('+') || digits.starts_with("00");
    let plain = digits.trim_start_matches('0');
    let plain = if international {
        plain.strip_prefix("44").unwrap_or(plain)
    } else {
        plain
    };
    plain.trim_start_matches('0').to_owned()
}

/// Names of the fields that contain personal values.
pub const PERSONAL_FIELD_NAMES: [&str; 23] = [
    "answer",
    "draft",
    "email",
    "helper",
    "holder",
    "host_name",
    "learned",
    "matters",
    "name",
    "needs",
    "numbers",
    "outcome",
    "pictured",
    "postal_address",
    "postcode",
    "reason",
    "review",
    "roll_number",
    "signer",
    "spoken_language",
    "telephone",
    "variation",
    "words",
];

/// A field of a command that contains a personal value.
pub struct PersonalField<'a> {
    /// Name of the field. It is authenticated with the ciphertext.
    pub field: &'static str,
    pub value: &'a mut PersonalInput,
    /// The blind index by which the value can be found; `None` if it cannot be looked up.
    pub index: Option<BlindIndexKind>,
}

/// A blind index: a keyed digest by which an encrypted value is found without decrypting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlindIndexKind {
    /// Unique: one email address belongs to one person.
    Email,
    /// Groups that share an account, a postcode or a phone number are shown to staff, not
    /// refused.
    Account,
    Postcode,
    Telephone,
}

impl BlindIndexKind {
    /// The name under which it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Account => "account",
            Self::Postcode => "postcode",
            Self::Telephone => "telephone",
        }
    }

    /// Whether no two subjects may have the same value.
    #[must_use]
    pub fn unique(self) -> bool {
        self == Self::Email
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephones_have_one_form() {
        assert_eq!(
            parse_telephone("(0161) 496 0000"),
            Ok("+441614960000".to_owned())
        );
        assert_eq!(
            parse_telephone("+44 161 496-0000"),
            parse_telephone("0161 4960000")
        );
        for text in ["12", "call me", "0161 496 000x", "+1234567890123456"] {
            assert_eq!(
                parse_telephone(text),
                Err(TextError::NotATelephone),
                "{text}"
            );
        }
    }

    #[test]
    fn phone_numbers_have_one_key() {
        for text in [
            "0161 496 0000",
            "+44 161 496 0000",
            "0044 (0)161 4960000",
            "+44 (0)161 496-0000",
        ] {
            assert_eq!(phone_key(text), "1614960000", "{text}");
        }
        assert_eq!(phone_key("+33 1 23"), "33123");
    }

    #[test]
    fn typed_texts_are_normalised() {
        let text = |given: Result<PersonalInput, TextError>| {
            given.map(|given| given.plaintext().unwrap_or_default().to_owned())
        };
        let typed = "It\u{92}s\tcafe\u{301}\u{b}time\r\n";
        let tidied = Ok("It\u{2019}s caf\u{e9}\ntime".to_owned());
        assert_eq!(text(PersonalInput::try_from(typed.to_owned())), tidied);
        assert_eq!(text(PersonalInput::unfinished(typed)), tidied);
        assert_eq!(
            text(PersonalInput::name("Ann\tTab")),
            Ok("Ann Tab".to_owned())
        );
        assert_eq!(text(PersonalInput::name("\u{200b}")), Err(TextError::Empty));
        for (typed, kept) in [
            ("07700 900112, after 3pm", "+447700900112, after 3pm"),
            ("ask next door", "ask next door"),
            ("0161 496 000", "0161 496 000"),
        ] {
            assert_eq!(text(PersonalInput::telephone(typed)), Ok(kept.to_owned()));
        }
        let accents = "e\u{301}".repeat(PersonalInput::MOST);
        assert!(
            PersonalInput::try_from(accents).is_ok(),
            "an accent is no character"
        );
    }

    #[test]
    fn an_open_value_is_never_shown() {
        assert_eq!(
            format!("{:?}", PersonalInput::Open("Ada".into())),
            "Personal(open)"
        );
    }
}
