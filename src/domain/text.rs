//! Texts that people type, parsed into types at the edge: trimmed, bounded, without control characters.

/// Gives a type that travels as a string its place in the contract.
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

/// Why a text was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("this may not be empty")]
    Empty,
    #[error("this may have at most {0} characters")]
    TooLong(usize),
    #[error("this holds a character that cannot be kept, such as a control character")]
    Unprintable,
    #[error("use small letters, digits and hyphens, beginning with a letter")]
    NotASlug,
    #[error("this is not an e-mail address, such as name@example.org")]
    NotAnEmail,
    #[error("this is not a charity or company number")]
    NotAnIdentifier,
    #[error("this is not the digest of a file")]
    NotAFile,
    #[error("this is not a postcode, such as OL1 1AA")]
    NotAPostcode,
    #[error("this is not a telephone number")]
    NotATelephone,
    #[error("a sort code has six digits, an account number eight")]
    NotAnAccount,
}

/// What [`tidy`] takes for one line, as the contract says it: something that is seen, no control character, no break of a line.
pub(crate) const ONE_LINE: &str = concat!(
    "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*",
    "[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]",
    "[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"
);
/// The same for several lines.
pub(crate) const LINES: &str = concat!(
    "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*",
    "[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]",
    "[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$"
);

/// Trims, and refuses what is empty, longer than `most` characters, or unprintable. What is trimmed away is counted and looked at,
/// too: the contract cannot say otherwise.
pub(crate) fn tidy(text: &str, most: usize, lines: bool) -> Result<String, TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > most {
        return Err(TextError::TooLong(most));
    }
    // Some programs break a line at these too.
    let breaks = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
    let kept = |c: char| if lines { !c.is_control() || matches!(c, '\n' | '\t' | '\r') } else { !c.is_control() && !breaks(c) };
    if !text.chars().all(kept) {
        return Err(TextError::Unprintable);
    }
    Ok(text.trim().to_owned())
}

/// A text that no spreadsheet takes for a formula.
#[must_use]
pub fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

macro_rules! text_type {
    ($(#[$doc:meta])* $type:ident, $parse:expr, $description:expr, $pattern:expr, $most:expr, $example:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The text as it is kept.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::str::FromStr for $type {
            type Err = $crate::domain::text::TextError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let parse: fn(&str) -> Result<String, Self::Err> = $parse;
                parse(text).map(Self)
            }
        }
        impl TryFrom<String> for $type {
            type Error = $crate::domain::text::TextError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
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
    Line, |text| tidy(text, 140, false), "One line of at most 140 characters", ONE_LINE, 140, "Growing together");
text_type!(
    /// Several lines: a purpose, a reason. Never names of people.
    Prose, |text| tidy(text, 4000, true), "Plain text of at most 4,000 characters", LINES, 4000, "To meet and cook");
text_type!(
    /// A document: an agreement's text.
    Document, |text| tidy(text, 40_000, true), "Plain text of at most 40,000 characters", LINES, 40_000, "We agree to …");
text_type!(
    /// A short key that people can read out: an area, a round, a question.
    Slug, slug, "A key of small letters, digits and hyphens", "^[a-z][a-z0-9-]{0,39}$", 40, "oldham");
text_type!(
    /// A registered number: `GB-CHC-` and a charity number, or `GB-COH-` and a company number.
    Identifier, identifier, "A charity or company number as an org-id", "^GB-(CHC-[0-9]{6,7}|COH-[A-Z0-9]{2}[0-9]{6})$", 15, "GB-CHC-1234567");

fn slug(text: &str) -> Result<String, TextError> {
    let mut bytes = text.bytes();
    let first = bytes.next().ok_or(TextError::Empty)?;
    let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if text.len() > 40 {
        return Err(TextError::TooLong(40));
    }
    if first.is_ascii_lowercase() && rest { Ok(text.to_owned()) } else { Err(TextError::NotASlug) }
}

fn identifier(text: &str) -> Result<String, TextError> {
    let digits = |number: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
    };
    let charity = |number| digits(number, 6..=7);
    let company = |number: &str| {
        let prefix = number.bytes().take(2).all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        prefix && number.get(2..).is_some_and(|tail| digits(tail, 6..=6))
    };
    let known = text.strip_prefix("GB-CHC-").is_some_and(charity) || text.strip_prefix("GB-COH-").is_some_and(company);
    if known { Ok(text.to_owned()) } else { Err(TextError::NotAnIdentifier) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!("  Cook & eat ".parse::<Line>().map(String::from), Ok("Cook & eat".to_owned()));
        assert_eq!("".parse::<Line>(), Err(TextError::Empty));
        for text in ["two\nlines", "at the end\n", "\u{85}before", "\u{2028}before"] {
            assert_eq!(text.parse::<Line>(), Err(TextError::Unprintable), "{text:?}");
        }
        assert_eq!("x".repeat(141).parse::<Line>(), Err(TextError::TooLong(140)));
    }

    #[test]
    fn a_slug_can_be_read_out() {
        assert!("spring-2026".parse::<Slug>().is_ok());
        for text in ["Spring", "2026", "a b", "a_b", "é"] {
            assert_eq!(text.parse::<Slug>(), Err(TextError::NotASlug), "{text}");
        }
    }

    #[test]
    fn identifiers_are_charity_or_company_numbers() {
        assert!("GB-CHC-1234567".parse::<Identifier>().is_ok());
        assert!("GB-COH-SC123456".parse::<Identifier>().is_ok());
        for text in ["1234567", "GB-CHC-12", "GB-COH-1234567", "GB-COH-é1234567"] {
            assert_eq!(text.parse::<Identifier>(), Err(TextError::NotAnIdentifier), "{text}");
        }
    }
}
