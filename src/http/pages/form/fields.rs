//! One form, for its template: each method renders a field, with its value and its error.

use super::FieldLabels;
use crate::auth::kept_forms::KeptFile;
use crate::http::pages::components::{self, FieldChoice, NotedChoice};
use crate::http::pages::kept_files::{ShownFile, shown_files};

/// One form of a page.
pub struct Form {
    pub(super) name: String,
    pub(super) values: Vec<(String, String)>,
    pub(super) errors: Vec<(String, String)>,
    /// What the form says if it was kept until its person had signed in again; otherwise empty.
    pub(super) kept_note: String,
    /// Names the files that were chosen before the form was kept; otherwise empty.
    pub(super) choose_again: String,
    /// The files that were chosen before, and are kept with the form.
    pub(super) kept_files: Vec<KeptFile>,
    pub(super) remove_word: &'static str,
    pub(super) csrf: String,
    pub(super) at: String,
    pub(super) typed_by: String,
    pub(super) error_word: String,
    pub(super) key: String,
    pub(super) labels: FieldLabels,
}

impl Form {
    /// Fills in a value, unless the form was rejected.
    pub fn prefill(mut self, name: &str, value: &str) -> Self {
        if !self.was_rejected() && !value.is_empty() {
            self.values.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Whether this is the form that was rejected, or that was kept until its person had signed in
    /// again. It then has the values that were typed.
    pub fn was_rejected(&self) -> bool {
        !self.errors.is_empty() || !self.kept_note.is_empty()
    }

    /// The value of a field: as entered, or as filled in.
    pub fn value(&self, name: &str) -> &str {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    fn is_chosen(&self, name: &str, value: &str) -> bool {
        self.values
            .iter()
            .any(|(known, chosen)| known == name && chosen == value)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The error of a field.
    pub fn error_of(&self, name: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, says)| says.as_str())
    }

    /// All errors of a field that can have several.
    pub fn errors_of(&self, name: &str) -> Vec<String> {
        let own = self.errors.iter().filter(|(field, _)| field == name);
        own.map(|(_, says)| says.clone()).collect()
    }

    /// The hidden fields that every form needs, and a note if the form was kept.
    pub fn hidden_fields(&self) -> components::HiddenFields<'_> {
        components::HiddenFields {
            csrf: &self.csrf,
            key: &self.key,
            at: &self.at,
            form: &self.name,
            typed_by: &self.typed_by,
            kept_note: &self.kept_note,
        }
    }

    fn field<'a>(
        &'a self,
        kind: components::FieldKind,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        if self.was_rejected() {
            self.labels.record(name, label, kind);
        }
        components::FormField {
            kind,
            id: components::field_id(&self.name, name),
            name,
            label,
            hint,
            value: self.value(name),
            wrong: self.error_of(name),
            error: &self.error_word,
            choices: Vec::new(),
            kept_files: Vec::new(),
            remove_word: self.remove_word,
        }
    }

    pub fn text<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.field(components::FieldKind::Text, name, label, hint)
    }

    /// A text field for which the browser suggests values. Any other value can be typed.
    pub fn suggesting<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
        values: &'a [String],
    ) -> components::FormField<'a> {
        let choice = |value: &'a String| FieldChoice {
            id: String::new(),
            value,
            label: value,
            chosen: false,
        };
        components::FormField {
            choices: values.iter().map(choice).collect(),
            ..self.field(components::FieldKind::Suggested, name, label, hint)
        }
    }

    /// A field that the browser may fill in. `fills` is the value of its `autocomplete` attribute.
    pub fn own<'a>(
        &'a self,
        name: &'a str,
        fills: &'static str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.field(components::FieldKind::Autofill(fills), name, label, hint)
    }

    pub fn number<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.field(components::FieldKind::Number, name, label, hint)
    }

    pub fn money<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.field(components::FieldKind::Money, name, label, hint)
    }

    pub fn day<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.field(components::FieldKind::Day, name, label, hint)
    }

    pub fn text_area<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.field(components::FieldKind::TextArea, name, label, hint)
    }

    /// The only text field of a page. Its label is the page's heading.
    pub fn question<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.field(components::FieldKind::Question, name, label, hint)
    }

    pub fn select<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        choices: &'a [(String, String)],
    ) -> components::FormField<'a> {
        let choices = self.choices(name, choices);
        components::FormField {
            choices,
            ..self.field(components::FieldKind::Select, name, label, "")
        }
    }

    pub fn radios<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
        choices: &'a [(String, String)],
    ) -> components::FormField<'a> {
        let choices = self.choices(name, choices);
        components::FormField {
            choices,
            ..self.field(components::FieldKind::Radios, name, label, hint)
        }
    }

    /// The only radio buttons of a page. Their legend is the page's heading.
    pub fn choice<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
        choices: &'a [(String, String)],
    ) -> components::FormField<'a> {
        let choices = self.choices(name, choices);
        components::FormField {
            choices,
            ..self.field(components::FieldKind::Choice, name, label, hint)
        }
    }

    pub fn checkboxes<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
        choices: &'a [(String, String)],
    ) -> components::FormField<'a> {
        let choices = self.choices(name, choices);
        components::FormField {
            choices,
            ..self.field(components::FieldKind::Checkboxes, name, label, hint)
        }
    }

    /// Checkboxes, each with a box for words that opens once it is ticked.
    pub fn noted_checkboxes<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        choices: &'a [NotedChoice],
    ) -> components::NotedCheckboxes<'a> {
        let list = self.field(components::FieldKind::Checkboxes, name, label, "");
        let choice = move |(at, one): (usize, &'a NotedChoice)| components::NotedCheckbox {
            choice: self.choice_at(name, at, &one.value, &one.label),
            note: self.text_area(&one.note_name, &one.note_label, ""),
        };
        components::NotedCheckboxes {
            list,
            choices: choices.iter().enumerate().map(choice).collect(),
        }
    }

    /// A single checkbox, with the value "yes".
    pub fn tick<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        says: &'a str,
    ) -> components::FormField<'a> {
        let choice = FieldChoice {
            id: components::field_id(&self.name, name),
            value: "yes",
            label: says,
            chosen: self.is_chosen(name, "yes"),
        };
        components::FormField {
            choices: vec![choice],
            ..self.field(components::FieldKind::Checkboxes, name, label, "")
        }
    }

    pub fn file<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.upload(components::FieldKind::File, name, label, hint)
    }

    /// A field for a file, with the files that were kept for it.
    fn upload<'a>(
        &'a self,
        kind: components::FieldKind,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        let field = self.field(kind, name, label, hint);
        let again = Some(self.choose_again.as_str()).filter(|says| !says.is_empty());
        components::FormField {
            wrong: field.wrong.or(again),
            kept_files: self.kept_in(name),
            ..field
        }
    }

    /// The kept files that were chosen in a field.
    pub fn kept_in(&self, name: &str) -> Vec<ShownFile> {
        shown_files(&self.kept_files, name)
    }

    pub fn table<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.upload(components::FieldKind::Table, name, label, hint)
    }

    fn choices<'a>(&self, name: &str, choices: &'a [(String, String)]) -> Vec<FieldChoice<'a>> {
        let choice = |(at, (value, label)): (usize, &'a (String, String))| {
            self.choice_at(name, at, value, label)
        };
        choices.iter().enumerate().map(choice).collect()
    }

    fn choice_at<'a>(
        &self,
        name: &str,
        at: usize,
        value: &'a str,
        label: &'a str,
    ) -> FieldChoice<'a> {
        FieldChoice {
            id: if at == 0 {
                components::field_id(&self.name, name)
            } else {
                format!("{}-{at}", components::field_id(&self.name, name))
            },
            value,
            label,
            chosen: self.is_chosen(name, value),
        }
    }
}
