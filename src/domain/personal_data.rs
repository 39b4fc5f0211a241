//! Personal values: plaintext input, encrypted values, and blind indexes.
//!
//! A command carries personal values as plaintext. `commands` encrypts all of them before an
//! aggregate decides, so events contain encrypted values only. Also parses and normalises names,
//! e-mail addresses and telephone numbers.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use super::text::{
    MULTI_LINE_PATTERN, ONE_LINE_PATTERN, TextError, check_legible, is_invisible, normalise,
    parse_name,
};

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
        check_legible(text)?;
        normalise(text, Self::UNFINISHED_MAX, true).map(Self::Open)
    }

    /// Parses the name of a person or of an account holder. Fails if it is empty, too long, has
    /// several lines or invisible characters, or contains a web address.
    pub fn name(text: &str) -> Result<Self, TextError> {
        parse_name(text).map(Self::Open)
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
        check_legible(&text)?;
        normalise(&text, Self::MOST, true).map(Self::Open)
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
    MULTI_LINE_PATTERN,
    PersonalInput::MOST,
    "as typed"
);

/// Schema of a [`PersonalInput`] value of one line.
pub struct PersonalLine;

super::text::text_schema!(
    PersonalLine,
    "A name on one line. It is stored encrypted, and decrypted only for people who may see it",
    ONE_LINE_PATTERN,
    100,
    "Cass Example"
);

/// Deserialises the name of a person or of an account holder. Fails with a [`TextError`].
pub fn personal_name<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<PersonalInput, D::Error> {
    PersonalInput::name(&String::deserialize(input)?).map_err(serde::de::Error::custom)
}

/// Deserialises and normalises an email address. Fails with [`TextError::NotAnEmail`].
pub fn email<'de, D: serde::Deserializer<'de>>(input: D) -> Result<PersonalInput, D::Error> {
    let text = String::deserialize(input)?;
    parse_email(&text)
        .map(PersonalInput::Open)
        .map_err(serde::de::Error::custom)
}

/// Parses and normalises an email address, so that each address identifies one person:
/// compatibility forms such as full-width letters become plain, upper case becomes lower case, and
/// the domain becomes its ASCII form (IDNA). The part before the `@` must be ASCII, since other
/// letters look alike and few servers accept them. Normalised addresses are unchanged. Fails with
/// [`TextError::NotAnEmail`].
pub fn parse_email(text: &str) -> Result<String, TextError> {
    let text = normalise(text, 254, false)?;
    if text.chars().any(is_invisible) {
        return Err(TextError::NotAnEmail);
    }
    let text = text.nfkc().collect::<String>().to_lowercase();
    let (name, domain) = text.split_once('@').ok_or(TextError::NotAnEmail)?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| TextError::NotAnEmail)?;
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    let fits = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_graphic() && !b",;<>\"@".contains(&byte))
    };
    let text = format!("{name}@{domain}");
    let known = !name.is_empty() && dotted && fits(name) && fits(&domain) && text.len() <= 254;
    if known {
        Ok(text)
    } else {
        Err(TextError::NotAnEmail)
    }
}

/// The address without the parts that many mail servers ignore: a suffix after a plus sign, and
/// dots before the `@`. Two addresses with the same result may belong to one mailbox.
#[must_use]
pub fn mailbox_key(email: &str) -> String {
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    let name = name.split('+').next().unwrap_or_default().replace('.', "");
    format!("{name}@{domain}")
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

/// Normalises a phone number: digits only, with `+44` for a leading zero.
pub(super) fn parse_telephone(text: &str) -> Result<String, TextError> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !"-()".contains(*c))
        .collect();
    let plain = plain
        .strip_prefix('0')
        .map_or(plain.clone(), |national| format!("+44{national}"));
    let digits = plain.strip_prefix('+').unwrap_or_default();
    let fits = text.len() <= 40
        && (8..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        Ok(plain)
    } else {
        Err(TextError::NotATelephone)
    }
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

/// Whether a text holds a phone number. Words may follow it: "after 3pm".
#[must_use]
pub fn has_phone_number(text: &str) -> bool {
    text.chars().count() <= 80 && (6..=17).contains(&phone_key(text).len())
}

/// Names of the fields that contain personal values.
pub const PERSONAL_FIELD_NAMES: [&str; 19] = [
    "answer",
    "draft",
    "email",
    "helper",
    "holder",
    "learned",
    "name",
    "numbers",
    "outcome",
    "pictured",
    "postal_address",
    "postcode",
    "reason",
    "review",
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
    fn e_mail_addresses_are_kept_in_small_letters() {
        assert_eq!(
            parse_email(" Ada@Example.ORG "),
            Ok("ada@example.org".to_owned())
        );
        for text in [
            "ada",
            "@example.org",
            "ada@",
            "ada@org",
            "a b@example.org",
            "a@b@example.org",
            "a@example..org",
        ] {
            assert_eq!(parse_email(text), Err(TextError::NotAnEmail), "{text}");
        }
    }

    #[test]
    fn an_address_has_one_form_however_it_is_typed() {
        for text in [
            "ａｄａ@example.org",
            "ada@ｅｘａｍｐｌｅ.org",
            "ada@example\u{3002}org",
            "ADA@EXAMPLE.ORG",
        ] {
            assert_eq!(
                parse_email(text),
                Ok("ada@example.org".to_owned()),
                "{text}"
            );
        }
        let (composed, apart) = (
            parse_email("ada@bücher.example"),
            parse_email("ada@bu\u{308}cher.example"),
        );
        assert_eq!(
            (composed.as_deref(), composed == apart),
            (Ok("ada@xn--bcher-kva.example"), true)
        );
        for text in [
            "ad\u{200b}a@example.org",
            "\u{430}da@example.org",
            "józef@example.org",
            "ada@\u{202e}example.org",
            "ada@ex\u{ad}ample.org",
        ] {
            assert_eq!(parse_email(text), Err(TextError::NotAnEmail), "{text:?}");
        }
        // Addresses that are normalised already are unchanged, so stored ones are found.
        for text in [
            "a.d_a+x'y@mail-1.example.co.uk",
            "o_o@a_b.example",
            "x@xn--bcher-kva.example",
        ] {
            assert_eq!(parse_email(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn addresses_of_one_mailbox_resemble_each_other() {
        assert_eq!(
            mailbox_key("mor.gan+officer@example.org"),
            mailbox_key("morgan@example.org")
        );
        assert_ne!(
            mailbox_key("morgan@example.org"),
            mailbox_key("morgan@example.com")
        );
    }

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
            assert!(has_phone_number(text), "{text}");
        }
        assert_eq!(phone_key("+33 1 23"), "33123");
        for text in ["", "call me", "0161"] {
            assert!(!has_phone_number(text), "{text}");
        }
        assert!(has_phone_number("07700 900 112, after 3pm"));
    }

    #[test]
    fn an_open_value_is_never_shown() {
        assert_eq!(
            format!("{:?}", PersonalInput::Open("Ada".into())),
            "Personal(open)"
        );
    }
}
