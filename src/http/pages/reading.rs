//! Parsing a form field by field. All errors are collected, and the remaining fields are parsed
//! nevertheless.

use super::Posted;
use super::words::say;
use crate::domain::language::Language;
use crate::domain::sealed::Personal;

/// The error of a text that is longer than a personal value may be.
pub(super) const TOO_LONG: &str = "This is too long. Use at most 5,000 letters.";

/// Errors: the name of the field, and the text.
pub(super) type Wrong = Vec<(String, String)>;

/// A form that is being parsed, with the errors so far.
pub(super) struct Reading<'a> {
    posted: &'a Posted,
    language: Language,
    wrong: Wrong,
}

impl<'a> Reading<'a> {
    pub fn of(posted: &'a Posted, language: Language) -> Self {
        Self {
            posted,
            language,
            wrong: Vec::new(),
        }
    }

    /// Adds an error.
    pub fn miss(&mut self, field: &str, says: &str) {
        self.wrong
            .push((field.to_owned(), say(says, self.language).to_owned()));
    }

    /// Parses a required field.
    pub fn must<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&str) -> Option<T>,
        says: &str,
    ) -> Option<T> {
        let value = read(self.posted.text(field));
        if value.is_none() {
            self.miss(field, says);
        }
        value
    }

    /// Parses an optional field; an empty one is no error.
    pub fn may<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&str) -> Option<T>,
        says: &str,
    ) -> Option<T> {
        if self.posted.text(field).is_empty() {
            None
        } else {
            self.must(field, read, says)
        }
    }

    /// A required text.
    pub fn words(&mut self, field: &str, says: &str) -> Option<Personal> {
        let says = if self.posted.text(field).is_empty() {
            says
        } else {
            TOO_LONG
        };
        self.must(field, personal, says)
    }

    /// An optional text.
    pub fn words_if_any(&mut self, field: &str) -> Option<Personal> {
        self.may(field, personal, TOO_LONG)
    }

    /// The parsed form, or all errors.
    pub fn whole<T>(self, whole: Option<T>) -> Result<T, Wrong> {
        whole.filter(|_| self.wrong.is_empty()).ok_or(self.wrong)
    }
}

fn personal(text: &str) -> Option<Personal> {
    Personal::try_from(text.to_owned()).ok()
}

/// The value for the chosen key, if the key is known.
pub(super) fn one_of<T>(
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
        let long = "x".repeat(Personal::MOST + 1);
        let posted = Posted::of(vec![
            pair("count", "seven".into()),
            pair("words", long.clone()),
            pair("helper", long),
        ]);
        let mut form = Reading::of(&posted, Language::En);
        assert_eq!(
            form.must("count", |text| text.parse::<u32>().ok(), "Write a number"),
            None
        );
        assert!(
            form.words("words", "Write some words").is_none()
                && form.words_if_any("helper").is_none()
        );
        assert!(
            form.words("other", "Write some words").is_none()
                && form.words_if_any("nothing").is_none()
        );
        let wrong = form.whole(Some(())).unwrap_err();
        let says: Vec<_> = wrong
            .iter()
            .map(|(field, says)| (field.as_str(), says.as_str()))
            .collect();
        assert_eq!(
            says,
            [
                ("count", "Write a number"),
                ("words", TOO_LONG),
                ("helper", TOO_LONG),
                ("other", "Write some words")
            ]
        );
    }
}
