//! The editor of an application form. Every button posts the whole draft, so that it works without
//! script; only "publish" records something.

use actix_web::{HttpResponse, web};
use askama::Template;
use strum::VariantArray as _;

use super::form_draft::{FormDraft, language_field, other_languages};
use super::texts::require_editor;
use super::{DeskRequest, submit_command};
use crate::domain::language::Language;
use crate::domain::organisation::{PublishForm, Question, QuestionKind};
use crate::domain::{Command, Organisation, OrganisationCommand};
use crate::http::AppState;
use crate::http::pages::question_field::QuestionField;
use crate::http::pages::sign_in::local_path;
use crate::http::pages::{Form, FormData, FormErrors, PageContext, PageError, PostedForm};

const PAGE: &str = "/desk/texts/form";

#[derive(Template)]
#[template(path = "desk/form.html")]
struct FormEditorPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    draft: FormDraft,
    lines: Vec<DraftLine>,
    kinds: Vec<(String, String)>,
    yes_no: Vec<(String, String)>,
    languages: Vec<LanguageFields>,
    /// The page of the desk to which publishing returns; empty for this one.
    back: String,
    /// The published forms to begin from: version and name.
    published: Vec<(u32, String)>,
}

impl FormEditorPage {
    /// Whether the question being edited is a new one.
    fn is_new(&self) -> bool {
        self.draft.editing.is_some() && self.draft.edited().is_none()
    }
}

/// A question in the list of the draft.
struct DraftLine {
    label: String,
    kind: &'static str,
    required: bool,
    /// The languages in which it cannot be read.
    untranslated: Vec<&'static str>,
}

/// The names and labels of a question's fields in a language other than English.
struct LanguageFields {
    label: (String, String),
    help: (String, String),
    options: (String, String),
}

#[derive(Template)]
#[template(path = "desk/form_preview.html")]
struct FormPreviewPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    draft: FormDraft,
    back: String,
    fields: Vec<QuestionField>,
    language: Language,
    languages: &'static [Language],
}

/// The name of a kind of question.
pub(super) fn kind_label(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::LongText => "A few sentences",
        QuestionKind::ShortText => "One line",
        QuestionKind::OneChoice => "Choose one",
        QuestionKind::SeveralChoices => "Choose any",
        QuestionKind::Number => "A number",
        QuestionKind::YesNo => "Yes or no",
        QuestionKind::Date => "A date",
        QuestionKind::Budget => "A budget: items and amounts",
        QuestionKind::File => "Photos or papers",
    }
}

/// The published forms, the newest first: version, name, and questions.
pub(super) async fn published_forms(
    app: &AppState,
) -> Result<Vec<(u32, String, Vec<Question>)>, PageError> {
    let organisation = app
        .commands
        .log()
        .refresh::<Organisation>(app.commands.organisation().0)
        .await?
        .state;
    Ok(organisation
        .forms()
        .map(|(version, name, questions)| {
            let name = name.map_or_else(|| format!("Questions {version}"), ToString::to_string);
            (version, name, questions.to_vec())
        })
        .collect())
}

pub(super) async fn show_form(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(request)?;
    let kept = request
        .rejected
        .as_ref()
        .map(|rejected| FormData::new(rejected.values.clone()));
    let forms = published_forms(request.app).await?;
    let (draft, name, back) = match &kept {
        Some(posted) => (
            FormDraft::from_form(posted).unwrap_or_default(),
            posted.text("name").to_owned(),
            posted.text("back").to_owned(),
        ),
        None => begin(request, &forms),
    };
    if request.text("view") == "preview" {
        return render_preview(request, draft, &name, back, Language::En).await;
    }
    render_editor(request, draft, &name, back).await
}

/// The draft to begin with: the form that the address names, the newest one, or the starter.
fn begin(
    request: &DeskRequest<'_>,
    forms: &[(u32, String, Vec<Question>)],
) -> (FormDraft, String, String) {
    let from = request.text("from");
    let chosen = match from.parse::<u32>() {
        Ok(version) => forms.iter().find(|(known, ..)| *known == version),
        Err(_) if from.is_empty() => forms.first(),
        Err(_) => None,
    };
    let questions = match chosen {
        Some((_, _, questions)) => questions.clone(),
        None if from == "empty" => Vec::new(),
        None => crate::starter::questions(),
    };
    let name = chosen
        .filter(|_| request.text("back").is_empty())
        .map_or("", |(_, name, _)| name.as_str());
    let draft = FormDraft {
        questions,
        editing: None,
    };
    (draft, name.to_owned(), request.text("back").to_owned())
}

async fn render_editor(
    request: &DeskRequest<'_>,
    draft: FormDraft,
    name: &str,
    back: String,
) -> Result<HttpResponse, PageError> {
    let forms = request.forms();
    let form = forms.form("questions").prefill("name", name);
    let form = match draft.edited() {
        Some(question) => prefill_question(form, question),
        None => form
            .prefill("kind", QuestionKind::LongText.into())
            .prefill("required", "yes"),
    };
    let kinds = QuestionKind::VARIANTS
        .iter()
        .map(|kind| (<&str>::from(kind).to_owned(), kind_label(*kind).to_owned()))
        .collect();
    let published = published_forms(request.app).await?;
    let page = FormEditorPage {
        page: request.page_context("Application questions").await?,
        wrong: forms.error_summary(),
        form,
        lines: draft.questions.iter().map(DraftLine::of).collect(),
        draft,
        kinds,
        yes_no: super::choices(["yes", "no"]),
        languages: other_languages().map(LanguageFields::of).collect(),
        back,
        published: published
            .into_iter()
            .map(|(version, name, _)| (version, name))
            .collect(),
    };
    request.render(&page)
}

impl DraftLine {
    fn of(question: &Question) -> Self {
        Self {
            label: question.label.to_string(),
            kind: kind_label(question.kind),
            required: question.required,
            untranslated: other_languages()
                .filter(|language| !question.is_translated(*language))
                .map(Language::english_name)
                .collect(),
        }
    }
}

impl LanguageFields {
    fn of(language: Language) -> Self {
        let name = language.english_name();
        let field = |field: &str, label: String| (language_field(field, language), label);
        Self {
            label: field("label", format!("The question in {name}")),
            help: field("help", format!("Help text in {name}, if there is one")),
            options: field(
                "options",
                format!("The options in {name}, in the same order"),
            ),
        }
    }
}

/// Fills in the fields of a question.
fn prefill_question(form: Form, question: &Question) -> Form {
    let help = |help: &Option<crate::domain::text::Prose>| {
        help.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let options = |language: Language| {
        let labels: Vec<&str> = question
            .options
            .iter()
            .filter(|option| {
                language == Language::En || option.other_languages.contains_key(&language)
            })
            .map(|option| option.in_language(language))
            .collect();
        labels.join("\n")
    };
    let form = form
        .prefill("label", question.label.as_str())
        .prefill("help", &help(&question.help))
        .prefill("kind", question.kind.into())
        .prefill("required", if question.required { "yes" } else { "no" })
        .prefill("options", &options(Language::En));
    other_languages().fold(form, |form, language| {
        let form = form.prefill(&language_field("options", language), &options(language));
        match question.other_languages.get(&language) {
            Some(translated) => form
                .prefill(
                    &language_field("label", language),
                    translated.label.as_str(),
                )
                .prefill(&language_field("help", language), &help(&translated.help)),
            None => form,
        }
    })
}

/// The questions as a group sees them.
async fn render_preview(
    request: &DeskRequest<'_>,
    draft: FormDraft,
    name: &str,
    back: String,
    language: Language,
) -> Result<HttpResponse, PageError> {
    let forms = request.forms();
    let field = |(at, question): (usize, &Question)| {
        let name = format!("see-{at}");
        QuestionField::new(question, name.clone(), &name, "", language)
    };
    let page = FormPreviewPage {
        page: request
            .page_context("Your questions, as a group sees them")
            .await?,
        wrong: forms.error_summary(),
        form: forms.form("questions").prefill("name", name),
        fields: draft.questions.iter().enumerate().map(field).collect(),
        draft,
        back,
        language,
        languages: Language::VARIANTS,
    };
    request.render(&page)
}

/// Does what a button of the editor says. Publishing makes the form's next version; applications
/// that were started before remain on theirs.
pub(super) async fn submit_form(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_editor(&DeskRequest::new(&app, &visitor, PAGE, None)?)?;
    let Some(mut draft) = FormDraft::from_form(&posted) else {
        let says = "Some of the questions did not reach us. Open this page again".to_owned();
        let rejected = FormErrors::new("questions", &posted, vec![(String::new(), says)]);
        return super::render_page_at(&app, &visitor, PAGE, Some(rejected)).await;
    };
    let (act, at) = posted
        .text("do")
        .split_once(':')
        .unwrap_or((posted.text("do"), ""));
    if act == "cancel" {
        draft.editing = None;
    } else if let Err(wrong) = draft.save_edited(&posted) {
        let rejected = FormErrors::new("questions", &posted, wrong);
        let request = DeskRequest::new(&app, &visitor, PAGE, Some(rejected))?;
        return render_editor(
            &request,
            draft,
            posted.text("name"),
            posted.text("back").to_owned(),
        )
        .await;
    }
    if act == "publish" {
        return publish(&app, &visitor, &posted, draft).await;
    }
    let request = DeskRequest::new(&app, &visitor, PAGE, None)?;
    let (name, back) = (posted.text("name"), posted.text("back").to_owned());
    if act == "preview" {
        let language = at.parse().unwrap_or_default();
        return render_preview(&request, draft, name, back, language).await;
    }
    draft.act(act, at.parse().unwrap_or_default());
    render_editor(&request, draft, name, back).await
}

async fn publish(
    app: &AppState,
    visitor: &crate::http::pages::Visitor,
    posted: &FormData,
    draft: FormDraft,
) -> Result<HttpResponse, PageError> {
    let refuse = |field: &str, says: &str| {
        FormErrors::new(
            "questions",
            posted,
            vec![(field.to_owned(), says.to_owned())],
        )
    };
    if draft.questions.is_empty() {
        let rejected = refuse("", "Add at least one question");
        return super::render_page_at(app, visitor, PAGE, Some(rejected)).await;
    }
    let name = match posted.text("name") {
        "" => None,
        name => {
            if let Ok(name) = name.parse() {
                Some(name)
            } else {
                let rejected = refuse("name", "Use at most 140 letters for the name");
                return super::render_page_at(app, visitor, PAGE, Some(rejected)).await;
            }
        }
    };
    let questions = draft.questions;
    let command = Command::Organisation(
        app.commands.organisation(),
        OrganisationCommand::PublishForm(PublishForm { name, questions }),
    );
    let next = local_path(posted.text("back"))
        .filter(|path| path.starts_with("/desk/"))
        .unwrap_or(PAGE)
        .to_owned();
    submit_command::execute(app, visitor, posted, command, "publish-form", PAGE, |_| {
        next
    })
    .await
}
