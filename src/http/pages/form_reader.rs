//! Parsing a form field by field. All errors are collected, and the remaining fields are parsed
//! nevertheless.

use super::FormData;
use super::i18n::translate;
use crate::domain::language::Language;
use crate::domain::personal_data::{PersonalInput, has_phone_number, parse_email};

/// The error of a text that is longer than a personal value may be.
pub(super) const TOO_LONG_TEXT: &str = "This is too long. Use at most 5,000 letters.";

/// The error of a phone number that cannot be read.
pub(super) const NOT_A_PHONE: &str = "Enter a phone number, such as 07700 900112";

/// The error of an email address that cannot be read.
pub(super) const NOT_AN_EMAIL: &str = "Enter an email address, such as name@example.org";

/// Parses a phone number, which stays as it was typed.
pub(super) fn parse_phone(text: &str) -> Option<PersonalInput> {
    Some(text)
        .filter(|text| has_phone_number(text))
        .and_then(|text| PersonalInput::name(text).ok())
}

/// Errors: the name of the field, and the text.
pub(super) type FieldErrors = Vec<(String, String)>;

/// A form that is being parsed, with the errors so far.
pub(super) struct FormReader<'a> {
    posted: &'a FormData,
    language: Language,
    errors: FieldErrors,
}

impl<'a> FormReader<'a> {
    pub fn new(posted: &'a FormData, language: Language) -> Self {
        Self {
            posted,
            language,
            errors: Vec::new(),
        }
    }

    /// Adds an error.
    pub fn error(&mut self, field: &str, says: &str) {
        self.errors
            .push((field.to_owned(), translate(says, self.language).to_owned()));
    }

    /// Parses a required field.
    pub fn required<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&str) -> Option<T>,
        says: &str,
    ) -> Option<T> {
        let value = read(self.posted.text(field));
        if value.is_none() {
            self.error(field, says);
        }
        value
    }

    /// Parses an optional field; an empty one is no error.
    pub fn optional<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&str) -> Option<T>,
        says: &str,
    ) -> Option<T> {
        if self.posted.text(field).is_empty() {
            None
        } else {
            self.required(field, read, says)
        }
    }

    /// A required text.
    pub fn required_text(&mut self, field: &str, says: &str) -> Option<PersonalInput> {
        let says = if self.posted.text(field).is_empty() {
            says
        } else {
            TOO_LONG_TEXT
        };
        self.required(field, parse_plaintext, says)
    }

    /// An optional text.
    pub fn optional_text(&mut self, field: &str) -> Option<PersonalInput> {
        self.optional(field, parse_plaintext, TOO_LONG_TEXT)
    }

    /// The phone number, which may be empty.
    pub fn optional_phone(&mut self) -> Option<PersonalInput> {
        self.optional("telephone", parse_phone, NOT_A_PHONE)
    }

    /// The email address, which may be empty.
    pub fn optional_email(&mut self) -> Option<String> {
        self.optional("email", |text| parse_email(text).ok(), NOT_AN_EMAIL)
    }

    /// The email address.
    pub fn required_email(&mut self) -> Option<String> {
        self.required("email", |text| parse_email(text).ok(), NOT_AN_EMAIL)
    }

    /// Adds an error if the phone number, the email and the postal address of a person are all
    /// empty.
    pub fn require_contact(&mut self, says: &str) {
        let fields = ["telephone", "email", "postal_address"];
        if fields
            .iter()
            .all(|field| self.posted.text(field).is_empty())
        {
            self.error("telephone", says);
        }
    }

    /// The parsed form, or all errors.
    pub fn finish<T>(self, whole: Option<T>) -> Result<T, FieldErrors> {
        whole.filter(|_| self.errors.is_empty()).ok_or(self.errors)
    }
}

fn parse_plaintext(text: &str) -> Option<PersonalInput> {
    PersonalInput::try_from(text.to_owned()).ok()
}

/// The value for the chosen key, if the key is known.
pub(super) fn value_of_key<T>(
    chosen: &str,
    known: impl IntoIterator<Item = (&'static str, T)>,
) -> Option<T> {
    known
        .into_iter()
        .find(|(key, _)| *key == chosen)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_nothing_is_dropped() {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let long = "x".repeat(PersonalInput::MOST + 1);
        let posted = FormData::new(vec![
            pair("count", "seven".into()),
            pair("words", long.clone()),
            pair("helper", long),
        ]);
        let mut form = FormReader::new(&posted, Language::En);
        assert_eq!(
            form.required("count", |text| text.parse::<u32>().ok(), "Write a number"),
            None
        );
        assert!(
            form.required_text("words", "Write some words").is_none()
                && form.optional_text("helper").is_none()
        );
        assert!(
            form.required_text("other", "Write some words").is_none()
                && form.optional_text("nothing").is_none()
        );
        let wrong = form.finish(Some(())).unwrap_err();
        let says: Vec<_> = wrong
            .iter()
            .map(|(field, says)| (field.as_str(), says.as_str()))
            .collect();
        assert_eq!(
            says,
            [
                ("count", "Write a number"),
                ("words", TOO_LONG_TEXT),
                ("helper", TOO_LONG_TEXT),
                ("other", "Write some words")
            ]
        );
    }
}
