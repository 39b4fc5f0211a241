//! A form that was rejected: the entered values, and the errors by field.
//!
//! # Texts of errors
//!
//! The parser of a command knows only a field's path in JSON, and its messages are for programmers.
//! No page shows them: [`FormErrors::from_problem`] turns each into an issue of a field, and
//! [`FormErrors::named_by`] puts it into words with the label on the page.

use std::cell::RefCell;
use std::rc::Rc;

use super::FormData;
use super::missing::missing_text;
use crate::auth::kept_forms::KeptFile;
use crate::domain::Refusal;
use crate::http::pages::components::FieldKind;
use crate::http::problem::{ErrorCode, FieldErrorCode, Problem};

/// The error of a form as a whole, if no field can be named.
const CHECK_ANSWERS: &str = "Something here is not right. Check your answers, and send them again.";

/// A form that was rejected: the entered values, and the errors.
#[derive(Clone, Debug, Default)]
pub struct FormErrors {
    /// The form's name on its page.
    pub form: String,
    pub values: Vec<(String, String)>,
    /// Errors by field name. An empty name is an error of the form as a whole.
    pub errors: Vec<(String, String)>,
    pub status: u16,
    /// The form was not rejected, but kept until its person had signed in again.
    pub kept: bool,
    /// The form was sent before with other values, which were saved.
    pub sent_before: bool,
    /// The files that were chosen in it and are kept.
    pub files: Vec<KeptFile>,
    /// Wrong fields whose texts still lack the label.
    pub(in crate::http::pages) issues: Vec<FieldIssue>,
}

/// A wrong field, by its path in the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http::pages) struct FieldIssue {
    path: String,
    kind: IssueKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum IssueKind {
    Missing,
    /// What to enter instead, if the rule for the text says so.
    Invalid(Option<String>),
}

/// The labels of the rejected form's fields, in the order in which the page shows them.
#[derive(Clone, Debug, Default)]
pub struct FieldLabels(Rc<RefCell<Vec<FieldLabel>>>);

#[derive(Clone, Debug)]
struct FieldLabel {
    name: String,
    label: String,
    kind: FieldKind,
}

impl FieldLabels {
    pub(super) fn record(&self, name: &str, label: &str, kind: FieldKind) {
        let mut labels = self.0.borrow_mut();
        if !labels.iter().any(|known| known.name == name) {
            labels.push(FieldLabel {
                name: name.to_owned(),
                label: label.to_owned(),
                kind,
            });
        }
    }

    /// The field with a path, and its place on the page.
    fn find(&self, path: &str) -> Option<(usize, FieldLabel)> {
        let labels = self.0.borrow();
        let found = labels
            .iter()
            .enumerate()
            .find(|(_, label)| path_of(&label.name) == path);
        found.map(|(at, label)| (at, label.clone()))
    }
}

impl FormErrors {
    /// From the problem of a command. An error is shown at the field whose path the problem names.
    pub fn from_problem(posted: &FormData, problem: &Problem) -> Self {
        let mut rejected = Self::new(posted.text("form"), posted, Vec::new());
        rejected.status = problem.status();
        if problem.code() == <&str>::from(ErrorCode::InvalidField) {
            rejected.issues = issues_of(problem);
            rejected.write_unnamed(posted);
        } else {
            let field = problem.field().and_then(|path| posted_field(posted, path));
            let field = field.or_else(|| field_of_refusal(posted, problem));
            let says = problem_sentence(problem);
            rejected.errors = vec![(field.unwrap_or_default(), says)];
        }
        rejected
    }

    /// From errors that the page's own validation found.
    pub fn new(form: &str, posted: &FormData, errors: Vec<(String, String)>) -> Self {
        Self {
            form: form.to_owned(),
            values: posted.pairs().to_vec(),
            errors,
            status: 422,
            kept: false,
            sent_before: false,
            files: Vec::new(),
            issues: Vec::new(),
        }
    }

    /// The value of a field as it was entered.
    pub fn value(&self, name: &str) -> &str {
        let typed = self.values.iter().find(|(known, _)| known == name);
        typed.map_or("", |(_, value)| value)
    }

    /// A form that was kept until its person had signed in again, to be filled in as it was.
    pub fn kept(form: String, values: Vec<(String, String)>) -> Self {
        Self {
            form,
            values,
            status: 200,
            kept: true,
            ..Self::default()
        }
    }

    /// Adds the required fields that were left empty, by their paths.
    #[must_use]
    pub fn with_missing(mut self, posted: &FormData, required: &[String]) -> Self {
        if self.issues.is_empty() {
            return self;
        }
        for path in required {
            let is_empty =
                |(name, value): &(String, String)| path_of(name) == path && value.trim().is_empty();
            let known = self.issues.iter().any(|issue| issue.path == *path);
            if !known && posted.pairs().iter().any(is_empty) {
                self.issues.push(FieldIssue {
                    path: path.clone(),
                    kind: IssueKind::Missing,
                });
            }
        }
        // A group of fields is named only if none of its fields is.
        let paths: Vec<String> = self.issues.iter().map(|issue| issue.path.clone()).collect();
        self.issues.retain(|issue| {
            let within = format!("{}.", issue.path);
            !paths.iter().any(|path| path.starts_with(&within))
        });
        self.write_unnamed(posted);
        self
    }

    /// Whether some texts still lack the labels of their fields.
    pub fn lacks_labels(&self) -> bool {
        !self.issues.is_empty()
    }

    /// Words the errors with the labels of the fields, in the order of the page.
    #[must_use]
    pub fn named_by(mut self, labels: &FieldLabels) -> Self {
        let issues = std::mem::take(&mut self.issues);
        let named = issues.iter().zip(&self.errors).map(|(issue, unnamed)| {
            match labels.find(&issue.path) {
                Some((at, label)) => (at, (label.name.clone(), issue.text(Some(&label)))),
                None => (usize::MAX, unnamed.clone()),
            }
        });
        let mut named: Vec<_> = named.collect();
        named.sort_by_key(|(at, _)| *at);
        self.errors = Vec::new();
        for (_, error) in named {
            if !self
                .errors
                .iter()
                .any(|(field, says)| *field == error.0 && (!field.is_empty() || *says == error.1))
            {
                self.errors.push(error);
            }
        }
        self
    }

    /// Words the errors without labels, for a page that shows none.
    fn write_unnamed(&mut self, posted: &FormData) {
        let unnamed = |issue: &FieldIssue| match posted_field(posted, &issue.path) {
            Some(field) => (field, issue.text(None)),
            None => (String::new(), CHECK_ANSWERS.to_owned()),
        };
        self.errors = self.issues.iter().map(unnamed).collect();
    }
}

/// The wrong fields of a problem. Its texts are for programs and are not used, except the few that
/// say what a text must be.
fn issues_of(problem: &Problem) -> Vec<FieldIssue> {
    let mut issues: Vec<_> = problem
        .errors()
        .iter()
        .map(|error| FieldIssue {
            path: dotted(&error.field),
            kind: match error.code {
                FieldErrorCode::Missing => IssueKind::Missing,
                _ if error.detail == "this may not be empty" => IssueKind::Missing,
                _ => IssueKind::Invalid(instruction(&error.detail)),
            },
        })
        .collect();
    if issues.is_empty() {
        issues.push(FieldIssue {
            path: problem.field().map(dotted).unwrap_or_default(),
            kind: IssueKind::Invalid(None),
        });
    }
    issues
}

/// A path with dots only: `areas[0]` is `areas.0`.
fn dotted(path: &str) -> String {
    path.replace('[', ".").replace(']', "")
}

/// The path of a field: its name without its type.
fn path_of(name: &str) -> &str {
    name.split(':').next().unwrap_or_default()
}

/// Refusals that name no field, by code and the start of their detail, and the last part of the
/// path of the field that they are about.
const FIELDS_OF_REFUSALS: [(&str, &str, &str); 7] = [
    ("consent_missing", "", "consented_on"),
    ("nothing", "enter how many people chose", "counts"),
    ("single_answer", "", "counts"),
    ("dates_out_of_order", "a session must end", "ends_at"),
    ("dates_out_of_order", "the check would be", "good_until"),
    ("nothing", "a session needs", "places"),
    ("too_few_places", "", "places"),
];

/// The submitted field that a refusal is about whose own field was not submitted under its path.
fn field_of_refusal(posted: &FormData, problem: &Problem) -> Option<String> {
    let about = |(code, detail, _): &&(&str, &str, &str)| {
        problem.code() == *code && problem.detail().starts_with(detail)
    };
    // A refusal of a part of a value names the part alone: `title` of `about.title`.
    let own = match FIELDS_OF_REFUSALS.iter().find(about) {
        Some((.., own)) => *own,
        None => problem.field()?.rsplit('.').next()?,
    };
    let mut names = posted.pairs().iter().map(|(name, _)| name);
    let found = names.find(|name| path_of(name).rsplit('.').next() == Some(own));
    found.cloned()
}

/// The name of the posted field with a path. An error in an item of a list, or in a part of a
/// value, is shown at the field that was posted.
fn posted_field(posted: &FormData, path: &str) -> Option<String> {
    let path = dotted(path);
    let mut path = path.as_str();
    while !path.is_empty() {
        let named = posted
            .pairs()
            .iter()
            .find(|(name, _)| path_of(name) == path);
        if let Some((name, _)) = named {
            return Some(name.clone());
        }
        path = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    }
    None
}

/// What to enter, for the rules of texts that say so.
fn instruction(detail: &str) -> Option<String> {
    let most = detail
        .strip_prefix("this may have at most ")
        .and_then(|rest| rest.strip_suffix(" characters"));
    if let Some(most) = most.filter(|most| most.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(format!("use at most {most} letters"));
    }
    let says = match detail {
        "this has a character that we cannot keep, such as a control character"
        | "this has a character that no one can see" => {
            "take out the character that cannot be seen"
        }
        "this needs a letter or a digit" => "use letters or digits",
        "a name cannot contain a web address" => "leave out web addresses",
        "use small letters, digits and hyphens, and begin with a letter" => {
            "begin with a letter, and use only letters, digits and spaces"
        }
        "this is not an email address, such as name@example.org" => {
            "enter an email address, such as name@example.org"
        }
        "an email address has one @ only" => "enter one email address, with one @",
        "the part of an email address before the @ may have at most 64 characters" => {
            "check the part before the @: it is too long"
        }
        "before the @ of an email address, no dot may be first, last or next to another" => {
            "check the dots before the @"
        }
        "the part of an email address after the @ is not the name of a server" => {
            "check the part after the @, such as example.org"
        }
        "an email address has no brackets: leave out what is in them" => {
            "leave out the brackets, and what is in them"
        }
        "this is not a number with its register, such as GB-CHC-1234567, GB-SC-SC012345, \
            GB-NIC-100012, GB-COH-01234567 or GB-MPR-12345R" => {
            "enter the register and the number, such as GB-CHC-1234567"
        }
        "this is not a postcode, such as OL1 1AA" => "enter a postcode, such as OL1 1AA",
        "this is not a time of day with two digits each, such as 09:30" => {
            "enter a time with two digits each, such as 09:30"
        }
        "this is not a phone number" => {
            "enter the whole phone number with its area code, such as 0161 496 0000"
        }
        "a sort code has six digits, and an account number has eight" => {
            "a sort code has six digits, and an account number has eight"
        }
        "a sort code has six digits" => "enter a sort code of six digits, such as 12-34-56",
        "an account number has digits only; the letters of a building society's account are in its \
            roll number" => {
            "enter digits only. The letters of a building society account go into its roll number"
        }
        "an account number has eight digits: put noughts in front of a shorter one" => {
            "an account number has eight digits. Put noughts in front of a shorter one"
        }
        "an account number has eight digits: ask the bank which eight, and which sort code, others \
            use to pay into it" => {
            "an account number has eight digits. Ask the bank which eight, and which sort code, \
                others use to pay into it"
        }
        "enter an account number of eight digits" => "enter an account number of eight digits",
        "a roll number has up to 18 letters and digits" => {
            "enter a roll number of up to 18 letters and digits"
        }
        "this is not a web address such as https://hooks.example.org/grants, without a password, a \
            query or a fragment" => "enter a web address, such as https://hooks.example.org/grants",
        _ => return None,
    };
    Some(says.to_owned())
}

/// A sentence for a problem that no single field caused. Refusals of the rules are written for
/// people; other problems are written for programs.
fn problem_sentence(problem: &Problem) -> String {
    use strum::VariantNames as _;
    if !Refusal::VARIANTS.contains(&problem.code()) {
        return if problem.code() == <&str>::from(ErrorCode::KeyReused) {
            "You sent this form before with other answers, and we saved those. What you changed \
                since then is not saved. Check it, and send it again if it is right."
        } else {
            "This could not be saved just now. Wait a moment, and send it again."
        }
        .to_owned();
    }
    // A refusal about one of several records begins with the id of the record.
    let record = problem.field().map(|field| format!("{field}: "));
    let detail = record
        .and_then(|record| problem.detail().strip_prefix(&record))
        .unwrap_or(problem.detail());
    format!(
        "{}. {}",
        with_first(detail, char::to_uppercase),
        problem.advice()
    )
}

impl FieldIssue {
    fn text(&self, label: Option<&FieldLabel>) -> String {
        let Some(FieldLabel { label, kind, .. }) = label else {
            return match &self.kind {
                IssueKind::Missing => "Enter an answer, or choose one".to_owned(),
                IssueKind::Invalid(says) => with_first(
                    says.as_deref().unwrap_or("check this answer"),
                    char::to_uppercase,
                ),
            };
        };
        match &self.kind {
            IssueKind::Missing => missing_text(label, *kind),
            IssueKind::Invalid(says) => {
                let label = label.trim_end_matches(['?', ':', ' ']);
                let says = says.as_deref().unwrap_or(match kind {
                    FieldKind::Money => "enter an amount in pounds, such as 1,250",
                    FieldKind::Number => "enter a whole number, such as 14",
                    FieldKind::Day => "enter a day, such as 5 July 2026",
                    FieldKind::Select | FieldKind::Radios | FieldKind::Choice => {
                        "choose one of the answers"
                    }
                    _ => "check this answer",
                });
                format!("{label}: {says}")
            }
        }
    }
}

/// A text with its first letter changed.
pub(super) fn with_first<I: Iterator<Item = char>>(text: &str, change: fn(char) -> I) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| change(first).chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(path: &str, kind: IssueKind, label: &str, shown: FieldKind) -> String {
        let issue = FieldIssue {
            path: path.to_owned(),
            kind,
        };
        issue.text(Some(&FieldLabel {
            name: path.to_owned(),
            label: label.to_owned(),
            kind: shown,
        }))
    }

    #[test]
    fn an_error_names_the_field_by_its_label() {
        let missing = |label, kind| labelled("x", IssueKind::Missing, label, kind);
        assert_eq!(
            missing("Who gives the money", FieldKind::Text),
            "Enter who gives the money"
        );
        assert_eq!(missing("Name", FieldKind::Text), "Enter the name");
        assert_eq!(missing("Why", FieldKind::TextArea), "Say why");
        assert_eq!(missing("Area", FieldKind::Select), "Choose the area");
        let wrong = |says: Option<&str>, kind| {
            labelled(
                "x",
                IssueKind::Invalid(says.map(str::to_owned)),
                "How much?",
                kind,
            )
        };
        assert_eq!(
            wrong(None, FieldKind::Money),
            "How much: enter an amount in pounds, such as 1,250"
        );
        assert_eq!(
            wrong(Some("use at most 140 letters"), FieldKind::Text),
            "How much: use at most 140 letters"
        );
    }

    #[test]
    fn a_parsers_message_is_never_shown() {
        for detail in [
            "invalid type: string \"x\", expected u32",
            "UUID parsing failed: invalid length",
            "this may have at most <b> characters",
            "missing field `source`",
        ] {
            assert_eq!(instruction(detail), None, "{detail}");
        }
    }

    #[test]
    fn what_is_missing_is_said_of_each_field_in_the_order_of_the_page() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let posted = FormData::new(vec![
            pair("form", "allocate"),
            pair("source.funder:key", ""),
            pair("amount:money", ""),
        ]);
        let problem = Problem::from_fields(vec![crate::http::problem::FieldError {
            field: "source".to_owned(),
            code: FieldErrorCode::Missing,
            detail: "missing field `source`".to_owned(),
        }]);
        let labels = FieldLabels::default();
        labels.record("source.funder:key", "Who gives the money", FieldKind::Text);
        labels.record("amount:money", "How much", FieldKind::Money);
        let rejected = FormErrors::from_problem(&posted, &problem)
            .with_missing(
                &posted,
                &[
                    "amount".to_owned(),
                    "source".to_owned(),
                    "source.funder".to_owned(),
                ],
            )
            .named_by(&labels);
        assert_eq!(
            rejected.errors,
            [
                pair("source.funder:key", "Enter who gives the money"),
                pair("amount:money", "Enter how much"),
            ]
        );
    }
}
