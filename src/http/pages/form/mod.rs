//! Forms: parsing what a visitor submitted, its CSRF check, and rendering it again with values and
//! errors.

mod data;
mod errors;
mod fields;
mod json;
mod missing;

use super::{Visitor, components, i18n};
use crate::auth::kept_forms::CHOSEN_FILE;
use crate::clock;
use crate::domain::language::Language;

pub use data::{FormData, PostedForm, SURE};
pub use errors::{FieldLabels, FormErrors};
pub use fields::Form;
pub use json::{FieldType, slug_of};

/// The size of a file, as a page says it.
pub(super) fn size_text(bytes: u64) -> String {
    let kilobytes = bytes.div_ceil(1024);
    if kilobytes < 1024 {
        format!("{kilobytes} KB")
    } else {
        format!("{}.{} MB", kilobytes / 1024, kilobytes % 1024 * 10 / 1024)
    }
}

/// The forms of one page.
pub struct PageForms {
    csrf: String,
    at: String,
    typed_by: String,
    rejected: Option<FormErrors>,
    error: String,
    language: Language,
    labels: FieldLabels,
}

impl PageForms {
    /// The forms of a visitor's page: one may have been rejected, or else kept until the visitor
    /// signed in again.
    pub fn new(visitor: &Visitor, rejected: Option<FormErrors>) -> Self {
        let error = i18n::translate("Error", visitor.language);
        Self {
            csrf: visitor.csrf.clone(),
            at: visitor.path.clone(),
            typed_by: visitor.typed_by.clone(),
            rejected: rejected.or_else(|| visitor.kept.clone()),
            error: error.to_owned(),
            language: visitor.language,
            labels: FieldLabels::default(),
        }
    }

    /// Records the labels of the rejected form's fields while the page is rendered.
    pub fn with_labels(self, labels: FieldLabels) -> Self {
        Self { labels, ..self }
    }

    /// Sets the address of the page, if it differs from the address of the request.
    pub fn with_address(self, at: &str) -> Self {
        Self {
            at: at.to_owned(),
            ..self
        }
    }

    /// A form by its name, with the entered values and errors if it is the one that was rejected.
    pub fn form(&self, name: &str) -> Form {
        let own = self
            .rejected
            .as_ref()
            .filter(|rejected| rejected.form == name);
        let values = own
            .map(|rejected| rejected.values.clone())
            .unwrap_or_default();
        let wrong = own
            .map(|rejected| rejected.errors.clone())
            .unwrap_or_default();
        let kept_note = own
            .filter(|form| form.kept)
            .map(|form| self.kept_note(form).to_owned())
            .unwrap_or_default();
        Form {
            name: name.to_owned(),
            values,
            errors: wrong,
            kept_note,
            kept_files: own.map(|form| form.files.clone()).unwrap_or_default(),
            remove_word: i18n::translate("Remove", self.language),
            choose_again: own.map(|form| self.choose_again(form)).unwrap_or_default(),
            csrf: self.csrf.clone(),
            at: self.at.clone(),
            typed_by: self.typed_by.clone(),
            error_word: self.error.clone(),
            labels: self.labels.clone(),
            key: clock::new_id().to_string(),
        }
    }

    /// The notice on a form that was kept.
    fn kept_note(&self, form: &FormErrors) -> &'static str {
        if form.sent_before {
            return i18n::translate(
                "You sent this before with other words, and we saved those. What you typed since \
                    then is here. It is not saved yet. Check it, and send it again if it is right.",
                self.language,
            );
        }
        i18n::translate(
            "We kept what you typed. It is not sent yet. Check it, and save or send it.",
            self.language,
        )
    }

    /// The text at the field for files about those that were chosen in a kept form; empty if there
    /// were none.
    fn choose_again(&self, form: &FormErrors) -> String {
        let chosen = form
            .values
            .iter()
            .filter(|(name, _)| form.kept && name == CHOSEN_FILE);
        let names: Vec<&str> = chosen.map(|(_, name)| name.as_str()).collect();
        if names.is_empty() {
            return String::new();
        }
        i18n::translate_with(
            "We could not keep what you chose here. Please choose it again: {}",
            &names.join(", "),
            self.language,
        )
    }

    /// The errors of the page for its summary: the id of the field to link to, and the text.
    pub fn error_summary(&self) -> Vec<(String, String)> {
        let Some(rejected) = &self.rejected else {
            return Vec::new();
        };
        let id = |field: &str| {
            if field.is_empty() {
                String::new()
            } else {
                components::field_id(&rejected.form, field)
            }
        };
        rejected
            .errors
            .iter()
            .map(|(field, says)| (id(field), says.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::size_text;

    #[test]
    fn a_size_is_short() {
        assert_eq!(size_text(1), "1 KB");
        assert_eq!(size_text(320 * 1024), "320 KB");
        assert_eq!(size_text(1536 * 1024), "1.5 MB");
    }
}
