//! Form fields as templates, each with its label, hint and error.

use askama::Template;
use askama::filters::HtmlSafe;

use super::Form;
use super::kept_files::ShownFile;

/// How a field is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    /// A text. The browser suggests the choices of the field.
    Suggested,
    /// A detail of the person that the browser may fill in. The value is the `autocomplete`
    /// attribute.
    Autofill(&'static str),
    Number,
    Money,
    Day,
    TextArea,
    Question,
    Select,
    Radios,
    Choice,
    Checkboxes,
    File,
    /// A spreadsheet to import, or a bank statement.
    Table,
}

/// A form field, rendered with all attributes that accessibility needs.
#[derive(Template)]
#[template(path = "parts/field.html")]
pub struct FormField<'a> {
    pub kind: FieldKind,
    pub id: String,
    pub name: &'a str,
    pub label: &'a str,
    pub hint: &'a str,
    pub value: &'a str,
    pub wrong: Option<&'a str>,
    pub error: &'a str,
    pub choices: Vec<FieldChoice<'a>>,
    /// In a field for files, those that are kept already.
    pub kept_files: Vec<ShownFile>,
    pub remove_word: &'static str,
}

impl HtmlSafe for FormField<'_> {}

/// One option of a select, of radio buttons or of checkboxes.
pub struct FieldChoice<'a> {
    pub id: String,
    pub value: &'a str,
    pub label: &'a str,
    pub chosen: bool,
}

/// One of several checkboxes, with a text box for a note about it.
pub struct NotedChoice {
    pub value: String,
    pub label: String,
    /// The name and the label of the text box.
    pub note_name: String,
    pub note_label: String,
    /// The note in the text box.
    pub note: String,
}

/// Checkboxes, each with a text box for a note.
#[derive(Template)]
#[template(path = "parts/noted_checkboxes.html")]
pub struct NotedCheckboxes<'a> {
    pub list: FormField<'a>,
    pub choices: Vec<NotedCheckbox<'a>>,
}

impl HtmlSafe for NotedCheckboxes<'_> {}

pub struct NotedCheckbox<'a> {
    pub choice: FieldChoice<'a>,
    pub note: FormField<'a>,
}

impl FormField<'_> {
    /// The ids of the elements that describe the field, for `aria-describedby`.
    fn described_by(&self) -> String {
        let hint = if self.hint.is_empty() {
            String::new()
        } else {
            format!("{}-hint", self.id)
        };
        let wrong = if self.wrong.is_some() {
            format!("{}-error", self.id)
        } else {
            String::new()
        };
        format!("{hint} {wrong}").trim().to_owned()
    }

    fn autocomplete(&self) -> &'static str {
        match self.kind {
            FieldKind::Autofill(fills) => fills,
            // Some browsers show no suggestions if it is off.
            FieldKind::Suggested => "on",
            _ => "off",
        }
    }

    /// The type of the input. A phone number has "text", since words may follow it and the keyboard
    /// of the type "tel" has no letters.
    fn input_type(&self) -> &'static str {
        match self.kind {
            FieldKind::Autofill("email") => "email",
            FieldKind::Day => "date",
            FieldKind::File | FieldKind::Table => "file",
            _ => "text",
        }
    }

    fn input_mode(&self) -> &'static str {
        match self.kind {
            FieldKind::Number => "numeric",
            FieldKind::Money => "decimal",
            _ => "",
        }
    }

    /// The classes of the input's width, after a space.
    fn width(&self) -> &'static str {
        match self.kind {
            FieldKind::Number => " w3",
            FieldKind::Day => " w10",
            FieldKind::Autofill("one-time-code") => " w10 code",
            FieldKind::Autofill("tel") | FieldKind::Suggested => " w20",
            _ => "",
        }
    }
}

/// The hidden fields of every form: the CSRF token, the idempotency key, the address of the page,
/// and the form's name.
#[derive(Template)]
#[template(path = "parts/hidden_fields.html")]
pub struct HiddenFields<'a> {
    pub csrf: &'a str,
    pub key: &'a str,
    pub at: &'a str,
    pub form: &'a str,
    pub typed_by: &'a str,
    pub kept_note: &'a str,
}

impl HtmlSafe for HiddenFields<'_> {}

/// The button in a notice that takes back the step that the notice is about.
#[derive(Template)]
#[template(
    source = r#"<form method="post" action="{{ path }}">{{ form.hidden_fields() }}
{%- if let Some(reason) = reason -%}
<input type="hidden" name="reason" value="{{ reason }}">
{%- endif -%}
<button class="btn s" type="submit">Undo</button></form>"#,
    ext = "html"
)]
pub struct UndoButton {
    pub path: String,
    pub form: Form,
    /// The reason that is recorded, if the command needs one.
    pub reason: Option<&'static str>,
}

impl HtmlSafe for UndoButton {}

/// The HTML id of a field: the names of its form and of the field, in letters, digits and hyphens.
pub(super) fn field_id(form: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{form}-{name}")
        .chars()
        .map(plain)
        .collect::<String>()
        .trim_end_matches('-')
        .to_owned()
}
