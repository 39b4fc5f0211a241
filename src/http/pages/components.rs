//! The fields of forms, each with its label, its hint and what is wrong with it.

use askama::Template;

/// What kind of field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Something about the person, which the browser may fill in.
    Own(&'static str),
    Number,
    Money,
    Day,
    Area,
    Question,
    Select,
    Radios,
    Choice,
    Checkboxes,
    File,
    /// A table, or a bank's statement.
    Table,
}

/// A field of a form.
#[derive(Template)]
#[template(path = "parts/field.html")]
pub struct Field<'a> {
    pub kind: Kind,
    pub id: String,
    pub name: &'a str,
    pub label: &'a str,
    pub hint: &'a str,
    pub value: &'a str,
    pub wrong: Option<&'a str>,
    pub error: &'a str,
    pub choices: Vec<Choice<'a>>,
}

/// One of several to choose from.
pub struct Choice<'a> {
    pub id: String,
    pub value: &'a str,
    pub label: &'a str,
    pub chosen: bool,
}

impl Field<'_> {
    /// The ids of what describes the field.
    fn described(&self) -> String {
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

    fn fills(&self) -> &'static str {
        if let Kind::Own(fills) = self.kind {
            fills
        } else {
            "off"
        }
    }

    fn input_type(&self) -> &'static str {
        match self.kind {
            Kind::Own("email") => "email",
            Kind::Own("tel") => "tel",
            Kind::Day => "date",
            Kind::File | Kind::Table => "file",
            _ => "text",
        }
    }

    fn input_mode(&self) -> &'static str {
        match self.kind {
            Kind::Number => "numeric",
            Kind::Money => "decimal",
            _ => "",
        }
    }

    fn width(&self) -> &'static str {
        match self.kind {
            Kind::Number => "govuk-input--width-5",
            Kind::Money | Kind::Day | Kind::Own("one-time-code") => "govuk-input--width-10",
            _ => "",
        }
    }
}

/// What every form carries unseen: that it is ours, which one, where it stands, and the key under
/// which it is one command.
#[derive(Template)]
#[template(
    source = r#"<input type="hidden" name="csrf" value="{{ csrf }}"><input type="hidden" name="key" value="{{ key }}"><input type="hidden" name="at" value="{{ at }}"><input type="hidden" name="form" value="{{ form }}">"#,
    ext = "html"
)]
pub struct Unseen<'a> {
    pub csrf: &'a str,
    pub key: &'a str,
    pub at: &'a str,
    pub form: &'a str,
}

/// The id of a field: its form's name and its own, in letters, digits and hyphens.
pub(super) fn id(form: &str, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("{form}-{name}")
        .chars()
        .map(plain)
        .collect::<String>()
        .trim_end_matches('-')
        .to_owned()
}
