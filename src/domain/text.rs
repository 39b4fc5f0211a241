//! Types for texts that people type: trimmed, bounded, without control characters.
//!
//! `FromStr` applies all rules to new input, after [`tidy`]. `Deserialize` leaves out [`tidy`] and
//! [`check_legible`], so that events from before these rules are still read. The API applies both
//! to the whole body of a request.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::tidy::{is_symbol, is_variation_selector, is_within};
pub use super::tidy::{name_key, reader_length, tidy};

use super::registered_number::{IDENTIFIER_LENGTH_MAX, IDENTIFIER_PATTERN, parse_identifier};

/// Implements the schema of a type that is serialised as a string.
macro_rules! text_schema {
    ($type:ident, $description:expr, $pattern:expr, $most:expr, $example:expr) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($description))
                    .pattern(Some($pattern))
                    .min_length(Some(1))
                    .max_length(Some($most))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }
        impl utoipa::ToSchema for $type {}
    };
}
pub(crate) use text_schema;

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("this may not be empty")]
    Empty,
    #[error("this may have at most {0} characters")]
    TooLong(usize),
    #[error("this has a character that we cannot keep, such as a control character")]
    Unprintable,
    #[error("this has a character that no one can see")]
    Invisible,
    #[error("this needs a letter or a digit")]
    NothingVisible,
    #[error("a name cannot contain a web address")]
    ContainsUrl,
    #[error("use small letters, digits and hyphens, and begin with a letter")]
    NotASlug,
    #[error("this is not an email address, such as name@example.org")]
    NotAnEmail,
    #[error("an email address has one @ only")]
    EmailSigns,
    #[error("the part of an email address before the @ may have at most 64 characters")]
    EmailNameTooLong,
    #[error("before the @ of an email address, no dot may be first, last or next to another")]
    EmailDots,
    #[error("the part of an email address after the @ is not the name of a server")]
    EmailServer,
    #[error("an email address has no brackets: leave out what is in them")]
    EmailBrackets,
    #[error(
        "this is not a number with its register, such as GB-CHC-1234567, GB-SC-SC012345, \
            GB-NIC-100012, GB-COH-01234567 or GB-MPR-12345R"
    )]
    NotAnIdentifier,
    #[error("this is not the hash of a file")]
    NotAFile,
    #[error("this is not a postcode, such as OL1 1AA")]
    NotAPostcode,
    #[error("this is not a phone number")]
    NotATelephone,
    #[error("a sort code has six digits, and an account number has eight")]
    NotAnAccount,
    #[error(
        "this is not a web address such as https://hooks.example.org/grants, without a password, a \
            query or a fragment"
    )]
    NotAWebAddress,
    #[error("this is not the name of a server, such as smtp.example.org")]
    NotAHost,
    #[error("this is not a kind of event, such as grant.PaymentConfirmed")]
    NotAnEvent,
    #[error("this is not a colour: use # and six digits or letters from a to f, such as #0f6b66")]
    NotAColour,
    #[error("this is not a public key of the log")]
    NotAPublicKey,
    #[error("this is not the code of a language, such as ur or pl")]
    NotALanguage,
    #[error("write {{phone}} once, where the phone number goes")]
    NoPhonePlaceholder,
    #[error("this may have at most {0} lines")]
    TooManyLines(usize),
    #[error("this is not a time of day with two digits each, such as 09:30")]
    NotATime,
}

/// Pattern of the texts that [`tidy`] and [`normalise`] accept: at least one visible character.
pub(crate) const TEXT_PATTERN: &str = concat!(
    "^[\\s\\S]*",
    "[^\\u0000-\\u0020\\u007f\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]",
    "[\\s\\S]*$"
);

/// Trims a text. Refuses empty, too long and unprintable ones. On one line, a line break is a
/// blank. The limits apply to the text before trimming, since a JSON schema cannot express
/// otherwise. Characters are counted as a reader counts them.
pub(crate) fn normalise(text: &str, most: usize, lines: bool) -> Result<String, TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    if !is_within(text, most) {
        return Err(TextError::TooLong(most));
    }
    // Some programs treat the last two as line breaks, too.
    let breaks = |c: char| matches!(c, '\n' | '\t' | '\r' | '\u{2028}' | '\u{2029}');
    if text.chars().any(|c| c.is_control() && !breaks(c)) {
        return Err(TextError::Unprintable);
    }
    let on_line = |c: char| if !lines && breaks(c) { ' ' } else { c };
    Ok(text.trim().chars().map(on_line).collect())
}

/// Whether a character is invisible: Unicode's category Other, such as format characters, and
/// letters and marks that programs may ignore.
pub(crate) fn is_invisible(c: char) -> bool {
    let ignored = matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' |
        '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}');
    ignored || c.general_category_group() == GeneralCategoryGroup::Other
}

fn is_letter_or_digit(c: char) -> bool {
    let group = c.general_category_group();
    !is_invisible(c)
        && matches!(
            group,
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number
        )
}

/// Refuses texts without any visible character, with [`TextError::NothingVisible`].
pub fn check_legible(text: &str) -> Result<(), TextError> {
    let seen = |c: char| {
        !c.is_whitespace()
            && !is_invisible(c)
            && c.general_category_group() != GeneralCategoryGroup::Mark
    };
    if text.trim().is_empty() || text.chars().any(seen) {
        Ok(())
    } else {
        Err(TextError::NothingVisible)
    }
}

/// Whether a text contains a web address that a mail program would turn into a link: a scheme,
/// `www.`, or a host with a path or a port. Letters are compared in their normalised form.
#[must_use]
pub fn contains_url(text: &str) -> bool {
    let folded = fold(text);
    let begins = |word: &str| {
        ["://", "www.", "http:", "https:"]
            .iter()
            .any(|sign| word.contains(sign))
    };
    folded
        .split_whitespace()
        .any(|word| begins(word) || is_host_with_suffix(word))
}

/// Whether a text contains the name of a host, such as `example.org`: many mail programs turn that
/// into a link. The host of an email address does not count.
#[must_use]
pub fn contains_host(text: &str) -> bool {
    let folded = fold(text);
    let apart = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '@' | '+' | '_'));
    folded
        .split(apart)
        .any(|word| !word.contains('@') && is_host(word.trim_matches('.')))
}

/// Normalises a text for comparison: no invisible characters, lower case, compatibility forms
/// (NFKC).
fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{3002}' => '.',
        '\u{2044}' | '\u{2215}' | '\u{29f8}' => '/',
        other => other,
    };
    text.nfkc()
        .filter(|c| !is_invisible(*c) || c.is_whitespace())
        .map(plain)
        .collect::<String>()
        .to_lowercase()
}

/// Whether a word is a host with a path, query, fragment or port, such as `example.org/page`.
fn is_host_with_suffix(word: &str) -> bool {
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let Some(at) = word.find(['/', '?', '#', ':']) else {
        return false;
    };
    let (host, rest) = word.split_at(at);
    let behind = rest.starts_with('/') || rest.chars().nth(1).is_some_and(char::is_alphanumeric);
    behind && is_host(host)
}

/// Whether a word is a domain name or an IPv4 address.
fn is_host(word: &str) -> bool {
    let Some((host, last)) = word.rsplit_once('.') else {
        return false;
    };
    let is_domain = last.starts_with("xn--")
        || (last.chars().count() >= 2 && last.chars().all(char::is_alphabetic));
    let is_number = word.parse::<std::net::Ipv4Addr>().is_ok();
    host.ends_with(char::is_alphanumeric) && (is_domain || is_number)
}

/// Parses a name that others see: one line of at most 100 characters, with a visible letter or
/// digit, without invisible characters and without a web address. Joiners stay where [`tidy`]
/// leaves them, and so does a variation selector after a symbol, as in many emoji. Marks of
/// direction are removed.
pub(crate) fn parse_name(text: &str) -> Result<String, TextError> {
    let is_direction_mark = |c: &char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}');
    let text: String = text.chars().filter(|c| !is_direction_mark(c)).collect();
    let text = normalise(&tidy(&text), 100, false)?;
    check_legible(&text)?;
    let mut before = ' ';
    for c in text.chars() {
        let fits = match c {
            '\u{200c}' | '\u{200d}' | '\u{e0020}'..='\u{e007f}' => true,
            c if is_variation_selector(c) => is_symbol(before),
            c => !is_invisible(c),
        };
        if !fits {
            return Err(TextError::Invisible);
        }
        before = c;
    }
    if !text.chars().any(is_letter_or_digit) {
        return Err(TextError::NothingVisible);
    }
    if contains_url(&text) {
        Err(TextError::ContainsUrl)
    } else {
        Ok(text)
    }
}

macro_rules! text_type {
    ($(#[$doc:meta])* $type:ident, $parse:expr, $description:expr, $pattern:expr, $most:expr,
        $example:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The normalised text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::str::FromStr for $type {
            type Err = $crate::domain::text::TextError;
            /// Parses new input, with all rules.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let text = $crate::domain::text::tidy(text);
                $crate::domain::text::check_legible(&text)?;
                text.into_owned().try_into()
            }
        }
        impl TryFrom<String> for $type {
            type Error = $crate::domain::text::TextError;
            /// Reads a stored text, which may be older than the rules for new input.
            fn try_from(text: String) -> Result<Self, Self::Error> {
                let parse: fn(&str) -> Result<String, Self::Error> = $parse;
                parse(&text).map(Self)
            }
        }
        impl From<$type> for String {
            fn from(text: $type) -> Self {
                text.0
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        $crate::domain::text::text_schema!($type, $description, $pattern, $most, $example);
    };
}
pub(crate) use text_type;

text_type!(
    /// One line: a name or a title.
    Line, |text| normalise(text, 140, false),
    "One line of at most 140 characters", TEXT_PATTERN, 140, "Growing together");
text_type!(
    /// The name of a group or other body, as entered. It is stored as a [`Line`].
    Name, parse_name,
    "A name of at most 100 characters with a letter or a digit, without a web address",
    TEXT_PATTERN, 100, "Growing together");
text_type!(
    /// Several lines: a purpose, a reason. Never names of people.
    Prose, |text| normalise(text, 4000, true),
    "Plain text of at most 4,000 characters", TEXT_PATTERN, 4000, "To meet and cook");
text_type!(
    /// A document, such as the text of an agreement.
    Document, |text| normalise(text, 40_000, true),
    "Plain text of at most 40,000 characters", TEXT_PATTERN, 40_000, "We agree to …");
text_type!(
    /// A short key that people can read out: an area, a round, a question.
    Slug, parse_slug,
    "A key of small letters, digits and hyphens", "^[a-z][a-z0-9-]{0,39}$", 40, "oldham");
text_type!(
    /// A registered number of a charity, company or society as an org-id. It is read in any usual
    /// spelling ([`super::registered_number`]).
    Identifier, parse_identifier,
    "A charity, company or society number as an org-id. Blanks and small letters are accepted",
    IDENTIFIER_PATTERN, IDENTIFIER_LENGTH_MAX, "GB-CHC-1234567");

impl From<Name> for Line {
    fn from(name: Name) -> Self {
        Self(name.0)
    }
}

/// The name of a place or a funder, from its key: `greater-oldham` becomes "Greater Oldham".
#[must_use]
pub fn place_name(key: &str) -> String {
    key.split('-')
        .map(capitalised)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text with a capital first letter.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn parse_slug(text: &str) -> Result<String, TextError> {
    let mut bytes = text.bytes();
    let first = bytes.next().ok_or(TextError::Empty)?;
    let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if text.len() > 40 {
        return Err(TextError::TooLong(40));
    }
    if first.is_ascii_lowercase() && rest {
        Ok(text.to_owned())
    } else {
        Err(TextError::NotASlug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(
            "  Cook & eat ".parse::<Line>().map(String::from),
            Ok("Cook & eat".to_owned())
        );
        assert_eq!("".parse::<Line>(), Err(TextError::Empty));
        for (text, line) in [
            ("two\nlines", "two lines"),
            ("two\u{b}lines", "two lines"),
            ("Soup\tClub", "Soup Club"),
            ("at the end\r\n", "at the end"),
            ("\u{2028}before", "before"),
            ("\u{92}s", "\u{2019}s"),
        ] {
            assert_eq!(
                text.parse::<Line>().map(String::from),
                Ok(line.to_owned()),
                "{text:?}"
            );
        }
        assert_eq!(
            Line::try_from("a stored\u{7}bell".to_owned()),
            Err(TextError::Unprintable)
        );
        assert_eq!(
            "x".repeat(141).parse::<Line>(),
            Err(TextError::TooLong(140))
        );
        assert!(
            "\u{1f469}\u{200d}\u{1f373}"
                .repeat(140)
                .parse::<Line>()
                .is_ok()
        );
    }

    #[test]
    fn a_name_can_be_seen() {
        for text in [
            "Żółć",
            "12",
            "Ćwir ❤\u{fe0f}",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "St. Mary's / St. John's",
            "Bikes.org",
            "O",
            "\u{674e}",
            "O'Neill-Ní",
            "Cooks \u{1f469}\u{200d}\u{1f373}",
            "Wales \u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
        ] {
            assert_eq!(text.parse::<Name>().map(String::from), Ok(text.to_owned()));
        }
        for text in ["\u{200b}", "\u{feff}\u{2060}", "\u{200d}", "\t\u{a0}"] {
            assert_eq!(text.parse::<Name>(), Err(TextError::Empty), "{text:?}");
        }
        for text in ["\u{3164}", "\u{301}", "!!!", "\u{2800}", "\u{200f}"] {
            assert_eq!(
                text.parse::<Name>(),
                Err(TextError::NothingVisible),
                "{text:?}"
            );
        }
        for text in ["Amina\u{fe0f}", "Amina\u{3164}"] {
            assert_eq!(text.parse::<Name>(), Err(TextError::Invisible), "{text:?}");
        }
        for text in [
            "Amina\u{200b}",
            "\u{200d}Amina",
            "A\u{ad}mina",
            "Ami\u{202e}na",
            "Amina \u{200f}",
        ] {
            assert_eq!(
                text.parse::<Name>().map(String::from),
                Ok("Amina".to_owned()),
                "{text:?}"
            );
        }
        assert_eq!(
            "x".repeat(101).parse::<Name>(),
            Err(TextError::TooLong(100))
        );
    }

    #[test]
    fn a_name_leads_nowhere() {
        for text in [
            "https://a.example",
            "WWW.a.example",
            "Go to a.example/x",
            "ａ.example：//",
            "a.example:8080",
            "http\u{ff1a}//x",
            "1.2.3.4/x",
            "a.xn--p1ai/x",
            "a\u{3002}example/x",
            "a.example\u{2044}x",
            "http:a.example",
            "//a.example/x",
        ] {
            assert_eq!(
                text.parse::<Name>(),
                Err(TextError::ContainsUrl),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_host_is_seen_in_a_sentence() {
        for text in [
            "Go to a.example.",
            "(a.example)",
            "A\u{3002}Example",
            "at 192.0.2.7, now",
            "a.xn--p1ai",
        ] {
            assert!(contains_host(text), "{text:?}");
        }
        for text in [
            "Bring a pen, e.g. a biro.",
            "At 10.30am",
            "It costs 1.50.",
            "Write to office@a.example",
            "Well... yes",
            "p.m.",
        ] {
            assert!(!contains_host(text), "{text:?}");
        }
    }

    #[test]
    fn what_is_kept_from_before_is_still_read() {
        for text in ["Soup\u{202e} and song", "Cafe\u{301}", "\u{200b}"] {
            assert_ne!(
                text.parse::<Line>().map(String::from),
                Ok(text.to_owned()),
                "{text:?}"
            );
            assert_eq!(
                Line::try_from(text.to_owned()).map(String::from),
                Ok(text.to_owned())
            );
        }
        assert!(
            "Soft\u{ad}hyphens come with what is pasted"
                .parse::<Prose>()
                .is_ok()
        );
    }

    #[test]
    fn a_key_is_shown_as_a_name() {
        for (key, name) in [
            ("greater-oldham", "Greater Oldham"),
            ("elsewhere", "Elsewhere"),
            ("lodz", "Lodz"),
        ] {
            assert_eq!(place_name(key), name);
        }
    }

    #[test]
    fn a_slug_can_be_read_out() {
        assert!("spring-2026".parse::<Slug>().is_ok());
        for text in ["Spring", "2026", "a b", "a_b", "é"] {
            assert_eq!(text.parse::<Slug>(), Err(TextError::NotASlug), "{text}");
        }
    }
}
