//! Forms: parsing what a visitor submitted, its CSRF check, and rendering it again with values and
//! errors.
//!
//! # Field names
//!
//! The name of a field in a form of the desk is the path of a JSON field of a command, with a type
//! after a colon: see [`FormData::to_json`].

use std::collections::BTreeMap;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, ResponseError as _};
use serde_json::Value;

use super::components::{self, FieldChoice};
use super::{PageError, Visitor, csrf};
use crate::clock;
use crate::commands::IdempotencyKey;
use crate::domain::money::strip_formatting;
use crate::http::AppState;
use crate::http::body_timeout::body_problem;
use crate::http::problem::{ErrorCode, Problem};

/// The deepest path of a field, in dots. No command has one that deep.
const DEPTH_MAX: usize = 8;

/// The fields of a submitted form, by name and value, in their order.
#[derive(Clone, Debug, Default)]
pub struct FormData {
    pairs: Vec<(String, String)>,
}

impl FormData {
    /// Parses a form, and checks that it was submitted from a page of this service.
    fn from_body(request: &HttpRequest, body: &[u8], visitor: &Visitor) -> Result<Self, PageError> {
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(body)
            .map_err(|_| ErrorCode::InvalidQuery.problem("the form did not arrive whole"))?;
        if pairs.iter().any(|(_, value)| value.contains('\0')) {
            return Err(ErrorCode::InvalidQuery
                .problem("the form holds a character that cannot be kept")
                .into());
        }
        let posted = Self { pairs };
        csrf::check_form(request, posted.text("csrf"), visitor)?;
        Ok(posted)
    }

    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    /// The trimmed value of a field; empty if the form has no such field.
    pub fn text(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.trim())
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.trim())
    }

    /// The idempotency key of the form: the key that was rendered with it, and a digest of its path
    /// and values. Submitting a form again is the same command; with other values it is refused.
    pub fn idempotency_key(&self, desk: &AppState, path: &str) -> IdempotencyKey {
        let content: Vec<_> = self
            .pairs
            .iter()
            .filter(|(name, _)| name != "csrf")
            .collect();
        let content = format!(
            "{path}\n{}",
            serde_json::to_string(&content).unwrap_or_default()
        );
        let key = Some(self.text("key")).filter(|key| key.parse::<uuid::Uuid>().is_ok());
        let key = key.map_or_else(|| clock::new_id().to_string(), str::to_owned);
        IdempotencyKey::per_caller(
            key,
            desk.commands.log().vault().request_hash(content.as_bytes()),
        )
    }

    /// The fields as the JSON of a command. The name of a field is a path, with dots; a type may
    /// follow after a colon: `n` a number, `m` money, `b` yes or no, `l` an item of a list, `k` a
    /// key, `w` keys separated by commas. Without a type it is a string. Empty fields are left out,
    /// and fields that are too deep.
    pub fn to_json(&self) -> Value {
        let mut body = Value::Object(serde_json::Map::new());
        for (name, value) in &self.pairs {
            let value = value.trim();
            let too_deep = name.matches('.').count() > DEPTH_MAX;
            if value.is_empty()
                || too_deep
                || matches!(name.as_str(), "csrf" | "key" | "at" | "form")
            {
                continue;
            }
            let (path, kind) = name.split_once(':').unwrap_or((name, ""));
            let number = || {
                strip_formatting(value)
                    .parse::<u64>()
                    .map_or_else(|_| Value::String(value.to_owned()), Value::from)
            };
            let value = match kind {
                "n" => number(),
                "m" => Value::String(strip_formatting(value)),
                "k" => Value::String(slug_of(value)),
                "w" => value
                    .split(',')
                    .map(slug_of)
                    .filter(|key| !key.is_empty())
                    .map(Value::String)
                    .collect(),
                "b" => Value::Bool(matches!(value, "yes" | "true" | "on")),
                _ => Value::String(value.to_owned()),
            };
            insert_at_path(&mut body, path, value, kind == "l");
        }
        body
    }

    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }
}

/// The key of a name: "Winter 2026" becomes `winter-2026`.
pub(super) fn slug_of(typed: &str) -> String {
    let plain: String = typed
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    plain
        .split('-')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// Sets the value at a path of field names, or appends it to the list there.
fn insert_at_path(body: &mut Value, path: &str, value: Value, in_list: bool) {
    let mut at = body;
    for step in path.split('.') {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        let Value::Object(fields) = at else { return };
        at = fields.entry(step).or_insert(Value::Null);
    }
    if !in_list {
        *at = value;
    } else if let Value::Array(items) = at {
        items.push(value);
    } else {
        *at = Value::Array(vec![value]);
    }
}

/// Turns objects whose keys are all numbers into arrays, in the order of the numbers:
/// `decisions.0.verdict` belongs to the first item of a list.
pub(super) fn numbered_keys_to_arrays(value: Value) -> Value {
    match value {
        Value::Object(fields)
            if !fields.is_empty()
                && fields
                    .keys()
                    .all(|key| key.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            let ordered: BTreeMap<u32, Value> = fields
                .into_iter()
                .filter_map(|(key, value)| {
                    Some((key.parse().ok()?, numbered_keys_to_arrays(value)))
                })
                .collect();
            Value::Array(ordered.into_values().collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| (key, numbered_keys_to_arrays(value)))
                .collect(),
        ),
        other => other,
    }
}

/// A submitted form with its visitor. Extracting it checks that the form was submitted from a page
/// of this service, so that a handler with this argument is safe from CSRF.
pub struct PostedForm {
    pub visitor: Visitor,
    pub posted: FormData,
}

impl FromRequest for PostedForm {
    type Error = PageError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (visitor, body) = (
            Visitor::from_request(request, payload),
            Bytes::from_request(request, payload),
        );
        let request = request.clone();
        Box::pin(async move {
            let visitor = match visitor.await {
                Err(PageError::Problem(problem))
                    if problem.status_code() == StatusCode::TOO_MANY_REQUESTS =>
                {
                    csrf::check_origin(&request)?;
                    let body = body.await.map_err(|error| {
                        body_problem(&error, "this is more than one form can hold")
                    })?;
                    let pairs = serde_html_form::from_bytes(&body).unwrap_or_default();
                    return Err(PageError::rate_limited(
                        problem,
                        super::visitor::path_of(&request),
                        pairs,
                    ));
                }
                visitor => visitor?,
            };
            let body = body
                .await
                .map_err(|error| body_problem(&error, "this is more than one form can hold"))?;
            let posted = FormData::from_body(&request, &body, &visitor)?;
            Ok(Self { visitor, posted })
        })
    }
}

/// A form that was rejected: the entered values, and the errors.
#[derive(Clone, Debug, Default)]
pub struct FormErrors {
    /// The form's name on its page.
    pub form: String,
    pub values: Vec<(String, String)>,
    /// Errors by field name. An empty name is an error of the form as a whole.
    pub errors: Vec<(String, String)>,
    pub status: u16,
}

impl FormErrors {
    /// From the problem of a command. The field is the one whose name matches the problem's path.
    pub fn from_problem(posted: &FormData, problem: &Problem) -> Self {
        let missing = problem
            .detail()
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next());
        let inner = missing
            .zip(problem.field())
            .map(|(missing, within)| format!("{within}.{missing}"));
        let inner = inner.filter(|path| {
            posted
                .pairs()
                .iter()
                .any(|(name, _)| name.split(':').next() == Some(path))
        });
        let field = inner
            .as_deref()
            .or(missing)
            .or(problem.field())
            .unwrap_or_default();
        let named = posted.pairs().iter().map(|(name, _)| name.as_str());
        // An error in an item of a list is shown at the field of the list.
        let whole = field.trim_end_matches(|c: char| c == '.' || c.is_ascii_digit());
        let path = |name: &&str| {
            name.split(':').next() == Some(field) || name.split(':').next() == Some(whole)
        };
        let field = named.clone().find(path).unwrap_or(field);
        let known = named.clone().any(|name| name == field);
        let says = match missing {
            Some(_) if known => "Fill this in, or choose one".to_owned(),
            _ => format!(
                "{}. {}",
                capitalise_first(problem.detail()),
                problem.advice()
            ),
        };
        let errors = vec![(
            if known {
                field.to_owned()
            } else {
                String::new()
            },
            says,
        )];
        Self {
            form: posted.text("form").to_owned(),
            values: posted.pairs().to_vec(),
            errors,
            status: problem.status(),
        }
    }

    /// From errors that the page's own validation found.
    pub fn new(form: &str, posted: &FormData, errors: Vec<(String, String)>) -> Self {
        Self {
            form: form.to_owned(),
            values: posted.pairs().to_vec(),
            errors,
            status: 422,
        }
    }
}

fn capitalise_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The forms of one page.
pub struct PageForms {
    csrf: String,
    at: String,
    rejected: Option<FormErrors>,
    error: String,
}

impl PageForms {
    pub fn new(visitor: &Visitor, rejected: Option<FormErrors>) -> Self {
        let error = super::i18n::translate("Error", visitor.language).to_owned();
        Self {
            csrf: visitor.csrf.clone(),
            at: visitor.path.clone(),
            rejected,
            error,
        }
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
        let (csrf, at, error) = (self.csrf.clone(), self.at.clone(), self.error.clone());
        Form {
            name: name.to_owned(),
            values,
            errors: wrong,
            csrf,
            at,
            error_word: error,
            key: clock::new_id().to_string(),
        }
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

/// One form, for its template: each method renders a field.
pub struct Form {
    name: String,
    values: Vec<(String, String)>,
    errors: Vec<(String, String)>,
    csrf: String,
    at: String,
    error_word: String,
    key: String,
}

impl Form {
    /// Fills in a value, unless the form was rejected.
    pub fn prefill(mut self, name: &str, value: &str) -> Self {
        if self.errors.is_empty() && !value.is_empty() {
            self.values.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Whether this is the form that was rejected.
    pub fn was_rejected(&self) -> bool {
        !self.errors.is_empty()
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

    /// The error of a field.
    pub fn error_of(&self, name: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, says)| says.as_str())
    }

    /// The hidden fields that every form needs.
    pub fn hidden_fields(&self) -> components::HiddenFields<'_> {
        components::HiddenFields {
            csrf: &self.csrf,
            key: &self.key,
            at: &self.at,
            form: &self.name,
        }
    }

    fn field<'a>(
        &'a self,
        kind: components::FieldKind,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
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
        self.field(components::FieldKind::File, name, label, hint)
    }

    pub fn table<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
        hint: &'a str,
    ) -> components::FormField<'a> {
        self.field(components::FieldKind::Table, name, label, hint)
    }

    fn choices<'a>(&self, name: &str, choices: &'a [(String, String)]) -> Vec<FieldChoice<'a>> {
        let choice = |(at, (value, label)): (usize, &'a (String, String))| FieldChoice {
            id: if at == 0 {
                components::field_id(&self.name, name)
            } else {
                format!("{}-{at}", components::field_id(&self.name, name))
            },
            value,
            label,
            chosen: self.is_chosen(name, value),
        };
        choices.iter().enumerate().map(choice).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_the_json_of_a_command() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let posted = FormData::new(vec![
            pair("csrf", "x"),
            pair("amount:m", " £1,850.00 "),
            pair("present:l", "a"),
            pair("present:l", "b"),
            pair("criteria.need:n", "4"),
            pair("criteria.reach:n", "1,250"),
            pair("criteria.plan:n", "1,5"),
            pair("decisions.0.verdict.defer.reason", "later"),
            pair("late:b", "yes"),
            pair("reason", "  "),
            pair("round:k", " Winter 2026 "),
            pair("areas:w", "Stockport, High Peak"),
            pair("checks:w", "governing document"),
            pair(&"a.".repeat(100_000), "deep"),
        ]);
        let says = serde_json::json!({
            "amount": "1850.00", "present": ["a", "b"], "criteria": { "need": 4, "reach": 1250, "plan": "1,5" }, "late": true,
            "round": "winter-2026", "areas": ["stockport", "high-peak"], "checks": ["governing-document"],
            "decisions": [{ "verdict": { "defer": { "reason": "later" } } }],
        });
        assert_eq!(numbered_keys_to_arrays(posted.to_json()), says);
    }
}
