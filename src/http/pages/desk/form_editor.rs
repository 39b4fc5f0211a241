//! The editor of the application form: its questions, in English and Polish.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::texts::{organisation, require_editor};
use super::{DeskRequest, choices, submit_command};
use crate::domain::language::Language;
use crate::domain::organisation::{PublishForm, Question, QuestionTranslation};
use crate::domain::{Command, OrganisationCommand};
use crate::http::AppState;
use crate::http::pages::form::slug_of;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::{Form, FormData, FormErrors, PageContext, PageError, PostedForm};

/// The number of empty questions at the end of the form.
const NEW_QUESTIONS: usize = 3;

/// The number of questions that are parsed: as many as a form may have.
const QUESTIONS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "desk/form.html")]
struct FormEditorPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    version: u32,
    questions: Vec<QuestionFieldNames>,
    yes_no: Vec<(String, String)>,
    places: Vec<(String, String)>,
}

/// The names of the fields of one question.
struct QuestionFieldNames {
    place: String,
    key: String,
    label: String,
    help: String,
    required: String,
    label_pl: String,
    help_pl: String,
    /// The question is in the form and has no translation.
    english_only: bool,
}

impl QuestionFieldNames {
    fn of(at: usize, form: &Form) -> Self {
        let [place, key, label, help, required, label_pl, help_pl] = [
            "place", "key", "label", "help", "required", "label-pl", "help-pl",
        ]
        .map(|name| field_name(name, at));
        let english_only = !form.value(&label).is_empty() && form.value(&label_pl).is_empty();
        Self {
            place,
            key,
            label,
            help,
            required,
            label_pl,
            help_pl,
            english_only,
        }
    }
}

/// The name of a field of the question at index `at`.
fn field_name(name: &str, at: usize) -> String {
    format!("{name}-{at}")
}

pub(super) async fn show_form(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(request)?;
    let own = organisation(request).await?;
    let forms = request.forms();
    let mut form = forms.form("questions");
    for (at, question) in own.form.iter().enumerate() {
        let polish = question.other_languages.get(&Language::Pl);
        let known = [
            ("key", question.question.to_string()),
            ("label", question.label.to_string()),
            ("help", question.help.to_string()),
            (
                "required",
                if question.required { "yes" } else { "no" }.to_owned(),
            ),
            ("place", (at + 1).to_string()),
            (
                "label-pl",
                polish
                    .map(|polish| polish.label.to_string())
                    .unwrap_or_default(),
            ),
            (
                "help-pl",
                polish
                    .map(|polish| polish.help.to_string())
                    .unwrap_or_default(),
            ),
        ];
        for (name, value) in known {
            form = form.prefill(&field_name(name, at), &value);
        }
    }
    let count = own.form.len() + NEW_QUESTIONS;
    let places: Vec<_> = std::iter::once((String::new(), "leave it out".to_owned()))
        .chain((1..=count).map(|at| (at.to_string(), format!("place {at}"))))
        .collect();
    let page = FormEditorPage {
        page: request.page_context("The questions").await?,
        wrong: forms.error_summary(),
        questions: (0..count)
            .map(|at| QuestionFieldNames::of(at, &form))
            .collect(),
        form,
        version: own.form_version,
        yes_no: choices(["yes", "no"]),
        places,
    };
    request.render(&page)
}

/// Publishes the questions as the form's next version. Applications that were started before remain
/// on their version.
pub(super) async fn publish_form(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let back = "/desk/texts/form";
    let questions = match parse_questions(&posted) {
        Ok(questions) => questions,
        Err(wrong) => {
            let rejected = FormErrors::new("questions", &posted, wrong);
            return super::render_page_at(&app, &visitor, back, Some(rejected)).await;
        }
    };
    let command = Command::Organisation(
        app.commands.organisation(),
        OrganisationCommand::PublishForm(PublishForm { questions }),
    );
    submit_command::execute(
        &app,
        &visitor,
        &posted,
        command,
        "publish-form",
        back,
        |_| back.to_owned(),
    )
    .await
}

/// The questions in the order of their places, or the errors of all questions.
fn parse_questions(posted: &FormData) -> Result<Vec<Question>, FieldErrors> {
    let mut wrong = FieldErrors::new();
    let mut placed: Vec<(u32, Question)> = Vec::new();
    for at in 0..QUESTIONS_MAX {
        match (PostedQuestion { posted, at }).parse() {
            Ok(question) => placed.extend(question),
            Err(error) => wrong.push(error),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, question)| question).collect())
}

/// The fields of the question at index `at` of the posted form.
struct PostedQuestion<'a> {
    posted: &'a FormData,
    at: usize,
}

impl<'a> PostedQuestion<'a> {
    fn text(&self, name: &str) -> &'a str {
        self.posted.text(&field_name(name, self.at))
    }

    fn error(&self, name: &str, says: impl Into<String>) -> (String, String) {
        (field_name(name, self.at), says.into())
    }

    /// The question and its place, or its first error. `None` if it is left out.
    fn parse(&self) -> Result<Option<(u32, Question)>, (String, String)> {
        let label = self.text("label");
        let Ok(place) = self.text("place").parse::<u32>() else {
            return if self.text("key").is_empty() && !label.is_empty() {
                let says = format!("Choose where “{label}” stands, or empty it");
                Err(self.error("place", says))
            } else {
                Ok(None)
            };
        };
        if label.is_empty() {
            let says = "Write the question, or choose “leave it out”";
            return Err(self.error("label", says));
        }
        let required = match self.text("required") {
            "yes" => true,
            "no" => false,
            _ => {
                let says = format!("Say whether “{label}” must be answered");
                return Err(self.error("required", says));
            }
        };
        let other_languages = self.parse_translations()?;
        let question = Question {
            question: self
                .key()
                .parse()
                .map_err(|_| self.error("key", "A key has small letters, digits and hyphens"))?,
            label: label.parse().map_err(|_| {
                let says = "This question is too long. Use at most 140 letters";
                self.error("label", says)
            })?,
            help: self.text("help").parse().map_err(|_| {
                let says = format!("Write some words of help for “{label}”");
                self.error("help", says)
            })?,
            required,
            other_languages,
        };
        Ok(Some((place, question)))
    }

    fn key(&self) -> String {
        match self.text("key") {
            "" => new_question_key(self.text("label")),
            key => slug_of(key),
        }
    }

    fn parse_translations(
        &self,
    ) -> Result<BTreeMap<Language, QuestionTranslation>, (String, String)> {
        let (label, help) = (self.text("label-pl"), self.text("help-pl"));
        if label.is_empty() && help.is_empty() {
            return Ok(BTreeMap::new());
        }
        let lacks = |name: &str| {
            let says = "Write both the question and its help in Polish, or neither";
            self.error(name, says)
        };
        let translation = QuestionTranslation {
            label: label.parse().map_err(|_| lacks("label-pl"))?,
            help: help.parse().map_err(|_| lacks("help-pl"))?,
        };
        Ok([(Language::Pl, translation)].into())
    }
}

/// A key for a new question, from its first words.
fn new_question_key(label: &str) -> String {
    let key = slug_of(label);
    let words: Vec<_> = key.split('-').take(4).collect();
    format!("q-{}", words.join("-")).chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Slug;

    #[test]
    fn a_new_question_gets_a_key_that_can_be_read_out() {
        assert_eq!(
            new_question_key("What would you like to do?"),
            "q-what-would-you-like"
        );
        assert!(new_question_key("Żółć").parse::<Slug>().is_ok());
    }
}
