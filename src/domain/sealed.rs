//! Personal values. They come in open, are sealed before any rule sees them, and only the seal is
//! kept.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use super::text::{LINES, ONE_LINE, TextError, is_unseen, legible, name, tidy};

/// What stands in an event for a personal value: whose key opens it, and which ciphertext it is.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
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

    /// The name of a person, or the one on an account.
    ///
    /// # Errors
    /// When it is empty, too long, more than a line, cannot be seen, or holds an address.
    pub fn name(text: &str) -> Result<Self, TextError> {
        name(text).map(Self::Open)
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
        legible(&text)?;
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
    100,
    "Cass Example"
);

/// Reads the name of a person, or the one on an account.
///
/// # Errors
/// [`TextError`].
pub fn personal_name<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Personal, D::Error> {
    Personal::name(&String::deserialize(input)?).map_err(serde::de::Error::custom)
}

/// Reads an e-mail address in its one form.
///
/// # Errors
/// [`TextError::NotAnEmail`].
pub fn email<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Personal, D::Error> {
    let text = String::deserialize(input)?;
    parse_email(&text)
        .map(Personal::Open)
        .map_err(serde::de::Error::custom)
}

/// Parses an e-mail address and keeps it in one form, so that one address is one person: full-width
/// and other compatible letters as plain ones, small letters, the domain as mail servers look it
/// up. Before the `@` stand plain letters only: others look like them, and few servers take them.
/// What is plain already stays as it is.
///
/// # Errors
/// [`TextError::NotAnEmail`].
pub fn parse_email(text: &str) -> Result<String, TextError> {
    let text = tidy(text, 254, false)?;
    if text.chars().any(is_unseen) {
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

/// What is left of an address without what many mail servers leave out: the part behind a plus
/// sign, and dots before the `@`. Two addresses of which the same is left may be one person's.
#[must_use]
pub fn resembling(email: &str) -> String {
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    let name = name.split('+').next().unwrap_or_default().replace('.', "");
    format!("{name}@{domain}")
}

/// Reads an optional personal value with its own parser.
pub(super) fn given<'de, D, E>(
    input: D,
    parse: fn(&str) -> Result<String, E>,
) -> Result<Option<Personal>, D::Error>
where
    D: serde::Deserializer<'de>,
    E: std::fmt::Display,
{
    let text = Option::<String>::deserialize(input)?;
    text.map(|text| {
        parse(&text)
            .map(Personal::Open)
            .map_err(serde::de::Error::custom)
    })
    .transpose()
}

/// Keeps a postcode in one form: capital letters, one space before the last three characters.
pub(super) fn parse_postcode(text: &str) -> Result<String, TextError> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_uppercase();
    let split = plain
        .len()
        .checked_sub(3)
        .filter(|_| text.len() <= 20 && plain.is_ascii() && (5..=7).contains(&plain.len()))
        .ok_or(TextError::NotAPostcode)?;
    let (outward, inward) = plain.split_at(split);
    let begins = outward.starts_with(|c: char| c.is_ascii_uppercase())
        && outward.chars().all(|c| c.is_ascii_alphanumeric());
    let ends = inward.starts_with(|c: char| c.is_ascii_digit())
        && inward.chars().skip(1).all(|c| c.is_ascii_uppercase());
    if begins && ends {
        Ok(format!("{outward} {inward}"))
    } else {
        Err(TextError::NotAPostcode)
    }
}

/// Keeps a telephone number in one form: digits only, with `+44` for a leading nought.
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
        // What was kept before there was one form is found again.
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
            resembling("mor.gan+officer@example.org"),
            resembling("morgan@example.org")
        );
        assert_ne!(
            resembling("morgan@example.org"),
            resembling("morgan@example.com")
        );
    }

    #[test]
    fn postcodes_and_telephones_have_one_form() {
        assert_eq!(parse_postcode(" ol11aa"), Ok("OL1 1AA".to_owned()));
        assert_eq!(
            parse_telephone("(0161) 496 0000"),
            Ok("+441614960000".to_owned())
        );
        assert_eq!(
            parse_telephone("+44 161 496-0000"),
            parse_telephone("0161 4960000")
        );
        for text in ["OL1", "1111 1AA", "OL1 AAA", "OL1 1AAX", "ÖL1 1AA"] {
            assert_eq!(parse_postcode(text), Err(TextError::NotAPostcode), "{text}");
        }
        for text in ["12", "call me", "0161 496 000x", "+1234567890123456"] {
            assert_eq!(
                parse_telephone(text),
                Err(TextError::NotATelephone),
                "{text}"
            );
        }
    }

    #[test]
    fn an_open_value_is_never_shown() {
        assert_eq!(
            format!("{:?}", Personal::Open("Ada".into())),
            "Personal(open)"
        );
    }
}
