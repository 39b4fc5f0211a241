//! Parsing a form field by field. All errors are collected, and the remaining fields are parsed
//! nevertheless.

use super::FormData;
use super::i18n::translate;
use crate::domain::language::Language;
use crate::domain::personal_data::{PersonalInput, parse_email};
use crate::domain::phone::PhoneNumber;
use crate::domain::text::TextError;

/// The error of a text that is longer than a personal value may be.
const TOO_LONG_TEXT: &str = "This is too long. Use at most 5,000 letters.";

/// The error of a text without visible characters.
const NOTHING_TO_READ: &str = "Write it with letters or numbers that we can read.";

/// The errors of a phone number: without a number, and with one that cannot exist.
const NOT_A_PHONE: &str = "Enter a phone number, such as 07700 900112";
const NOT_WHOLE_PHONE: &str =
    "We could not phone this number. Please check it, and add the area code or the country code.";

/// Minimum number of digits of a text that is meant as a phone number.
const PHONE_DIGITS_MIN: usize = 3;

/// The error of an email address that cannot be read.
const NOT_AN_EMAIL: &str = "Enter an email address, such as name@example.org";

/// Parses a phone number, which is kept with the words around it.
pub(super) fn parse_phone(text: &str) -> Option<PersonalInput> {
    PhoneNumber::parse(text).and_then(|number| PersonalInput::name(&number.kept()).ok())
}

/// The error of a text in which no phone number was found.
pub(super) fn phone_error(text: &str) -> &'static str {
    if text.chars().filter(char::is_ascii_digit).count() < PHONE_DIGITS_MIN {
        NOT_A_PHONE
    } else {
        NOT_WHOLE_PHONE
    }
}

/// The error of an email address: what is wrong with it, if that is known.
pub(super) fn email_error(error: &TextError) -> &'static str {
    email_fault(error).unwrap_or(NOT_AN_EMAIL)
}

fn email_fault(error: &TextError) -> Option<&'static str> {
    Some(match error {
        TextError::EmailSigns => "Enter one email address only. There is more than one @ in it.",
        TextError::EmailNameTooLong => {
            "The part of the email address before the @ is too long. Please check it."
        }
        TextError::EmailDots => "Check the dots before the @ in the email address",
        TextError::EmailServer => {
            "Check the part of the email address after the @, such as example.org"
        }
        TextError::EmailBrackets => {
            "Leave out the brackets in the email address, and what is in them"
        }
        _ => return None,
    })
}

/// The error of a text for which a personal value cannot be made.
pub(super) fn text_error(error: &TextError) -> &'static str {
    match error {
        TextError::TooLong(_) => TOO_LONG_TEXT,
        _ => NOTHING_TO_READ,
    }
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
        if self.posted.text(field).is_empty() {
            self.error(field, says);
            return None;
        }
        self.optional_text(field)
    }

    /// An optional text.
    pub fn optional_text(&mut self, field: &str) -> Option<PersonalInput> {
        let text = self.posted.text(field);
        if text.is_empty() {
            return None;
        }
        match PersonalInput::try_from(text.to_owned()) {
            Ok(given) => Some(given),
            Err(error) => {
                self.error(field, text_error(&error));
                None
            }
        }
    }

    /// The phone number, which may be empty.
    pub fn optional_phone(&mut self) -> Option<PersonalInput> {
        let says = phone_error(self.posted.text("telephone"));
        self.optional("telephone", parse_phone, says)
    }

    /// How someone is phoned, as they wrote it elsewhere: with or without a number. May be empty.
    pub fn optional_phone_words(&mut self) -> Option<PersonalInput> {
        let read = |text: &str| PersonalInput::telephone(text).ok();
        self.optional("telephone", read, TOO_LONG_TEXT)
    }

    /// The email address, which may be empty.
    pub fn optional_email(&mut self) -> Option<String> {
        if self.posted.text("email").is_empty() {
            None
        } else {
            self.required_email(NOT_AN_EMAIL)
        }
    }

    /// The email address. `says` asks for one.
    pub fn required_email(&mut self, says: &str) -> Option<String> {
        match parse_email(self.posted.text("email")) {
            Ok(email) => Some(email),
            Err(error) => {
                self.error("email", email_fault(&error).unwrap_or(says));
                None
            }
        }
    }

    /// The email address of the person who fills in the form.
    pub fn own_email(&mut self) -> Option<String> {
        self.required_email(NOT_AN_EMAIL)
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

    #[test]
    fn an_address_or_a_number_is_refused_with_the_reason() {
        let long = format!("{}@example.org", "x".repeat(65));
        for (email, says) in [
            ("call me", NOT_AN_EMAIL),
            ("a@b@example.org", "more than one @"),
            (".x@example.org", "the dots before the @"),
            ("x@-example.org", "after the @"),
            ("x@example.org (home)", "Leave out the brackets"),
            (long.as_str(), "before the @ is too long"),
        ] {
            let posted = FormData::new(vec![("email".to_owned(), email.to_owned())]);
            let mut form = FormReader::new(&posted, Language::En);
            assert_eq!(form.optional_email(), None);
            let wrong = form.finish(Some(())).unwrap_err();
            assert!(wrong[0].1.contains(says), "{email}: {}", wrong[0].1);
        }
        for (phone, says) in [("call me", NOT_A_PHONE), ("0161 496", NOT_WHOLE_PHONE)] {
            let posted = FormData::new(vec![("telephone".to_owned(), phone.to_owned())]);
            let mut form = FormReader::new(&posted, Language::Pl);
            assert_eq!(form.optional_phone(), None);
            let wrong = form.finish(Some(())).unwrap_err();
            assert_eq!(wrong[0].1, translate(says, Language::Pl));
            assert_ne!(wrong[0].1, says, "it is translated");
        }
    }
}
