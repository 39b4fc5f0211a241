//! Tallies of a group: anonymous paper slips with the questions of the aims, and the form for the
//! numbers that the group counts from them. Only the numbers are stored.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::members::own_group;
use super::notices;
use crate::domain::language::Language;
use crate::domain::tally::{CorrectTally, GiveTally};
use crate::domain::{Command, GroupCommand, GroupId, Refusal};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::translate;
use crate::http::pages::sign_in::query_param;
use crate::http::pages::tallies::{AskedQuestions, ShownTally, TallyQuestion, occasions};
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, render_page, see_other,
};
use crate::projections::GroupRow;
use crate::views::TallyView;

#[derive(Template)]
#[template(path = "my/feelings.html")]
struct FeelingsPage {
    page: PageContext,
    group: GroupRow,
    questions: Vec<TallyQuestion>,
    given: Vec<ShownTally>,
}

#[derive(Template)]
#[template(path = "my/feelings_form.html")]
struct FeelingsFormPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    group: GroupRow,
    question: TallyQuestion,
    /// The address that the form is posted to.
    path: String,
    occasions: Vec<(String, String)>,
    /// When the numbers were given that are corrected; absent in a new tally.
    corrects: Option<ShownTally>,
}

#[derive(Template)]
#[template(path = "my/slips.html")]
struct SlipsPage {
    page: PageContext,
    questions: Vec<TallyQuestion>,
}

/// The address of the page of a group.
fn path_of(group: &GroupRow) -> String {
    format!("/my/groups/{}/feelings", group.id)
}

/// The tallies of a group, as its members may see them.
async fn tallies_of(app: &AppState, group: &GroupRow) -> Result<Vec<TallyView>, PageError> {
    Ok(app.views.tallies_of(group.id, None, false).await?)
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let group = own_group(&request, &visitor, &app).await?;
    let asked = AskedQuestions::load(&app).await?;
    let tallies = tallies_of(&app, &group).await?;
    let title = translate("How are people feeling?", visitor.language);
    let mut page = PageContext::load(&visitor, &app, title).await?;
    page.back = Some("/my".to_owned());
    page.notice = notices::notice(&request, visitor.language);
    render_page(&FeelingsPage {
        page,
        group,
        questions: asked.all(visitor.language),
        given: asked.given(&tallies, visitor.language),
    })
}

/// The slips to print: of all questions, or of the one in the address.
pub(super) async fn slips(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let group = own_group(&request, &visitor, &app).await?;
    let asked = AskedQuestions::load(&app).await?;
    let only = query_param(&request, "question");
    let mut questions = asked.all(visitor.language);
    questions.retain(|one| only.is_empty() || one.key == only);
    let title = translate("Slips to print", visitor.language);
    let mut page = PageContext::load(&visitor, &app, title).await?;
    page.back = Some(path_of(&group));
    render_page(&SlipsPage { page, questions })
}

/// The group and the question in the address of a request.
async fn question_of(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
) -> Result<(GroupRow, TallyQuestion, u32), PageError> {
    let group = own_group(request, visitor, app).await?;
    let asked = AskedQuestions::load(app).await?;
    let key = request.match_info().query("question");
    let question = asked.find(key, visitor.language);
    let question = question.ok_or_else(PageError::not_found)?;
    Ok((group, question, asked.version))
}

pub(super) async fn show_new(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (group, question, _) = question_of(&request, &visitor, &app).await?;
    render(&visitor, &app, (group, question, None), None).await
}

pub(super) async fn give(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let (group, question, version) = question_of(&request, &visitor, &app).await?;
    let read: Result<GiveTally, FieldErrors> =
        question.read_new(&posted, version, visitor.language);
    let wrong = match read {
        Ok(give) => {
            let command = Command::Group(GroupId(group.id), GroupCommand::GiveTally(give));
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => return Ok(see_other(&format!("{}?done=feelings", path_of(&group)))),
                Some(refusal) => refused(&refusal, &question, visitor.language),
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new("feelings", &posted, wrong);
    render(&visitor, &app, (group, question, None), Some(rejected)).await
}

/// The group, the question and the tally in the address of a request.
async fn tally_of(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
) -> Result<(GroupRow, TallyQuestion, ShownTally), PageError> {
    let group = own_group(request, visitor, app).await?;
    let asked = AskedQuestions::load(app).await?;
    let number: Option<u16> = request.match_info().query("tally").parse().ok();
    let mut tallies = tallies_of(app, &group).await?;
    tallies.retain(|tally| Some(tally.tally) == number);
    let question = tallies
        .first()
        .map(|tally| asked.of_tally(tally, visitor.language));
    let given = asked.given(&tallies, visitor.language).pop();
    let found = question.zip(given);
    let (question, given) = found.ok_or_else(PageError::not_found)?;
    Ok((group, question, given))
}

pub(super) async fn show_correction(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (group, question, given) = tally_of(&request, &visitor, &app).await?;
    render(&visitor, &app, (group, question, Some(given)), None).await
}

pub(super) async fn correct(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let (group, question, given) = tally_of(&request, &visitor, &app).await?;
    let read: Result<CorrectTally, FieldErrors> =
        question.read_correction(&posted, given.tally, visitor.language);
    let wrong = match read {
        Ok(correct) => {
            let command = Command::Group(GroupId(group.id), GroupCommand::CorrectTally(correct));
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => {
                    let done = format!("{}?done=feelings-corrected", path_of(&group));
                    return Ok(see_other(&done));
                }
                Some(refusal) => refused(&refusal, &question, visitor.language),
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new("feelings", &posted, wrong);
    render(
        &visitor,
        &app,
        (group, question, Some(given)),
        Some(rejected),
    )
    .await
}

/// A refusal in the words of a group, at the field that it is about.
fn refused(refusal: &Refusal, question: &TallyQuestion, language: Language) -> FieldErrors {
    let first = question.options.first();
    let first = first.map(|one| one.field.clone()).unwrap_or_default();
    let (field, says) = match refusal {
        Refusal::SingleAnswer => (
            first,
            "Ask at least two people. The numbers of one person would give away their answer.",
        ),
        Refusal::Nothing(_) => (first, "Enter how many people chose each answer"),
        Refusal::TooManyItems(_) => (first, "Enter a number of people, at most 10,000"),
        Refusal::DateInFuture(_) => ("asked_on".to_owned(), "This day is still to come"),
        Refusal::NotInAims { .. } => (
            String::new(),
            "This question has changed. Go back, and choose it again.",
        ),
        other => return vec![(String::new(), refusal_says(other, language))],
    };
    vec![(field, translate(says, language).to_owned())]
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    (group, question, corrects): (GroupRow, TallyQuestion, Option<ShownTally>),
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let title = match corrects {
        Some(_) => translate("Correct the numbers", visitor.language),
        None => translate("Enter the numbers", visitor.language),
    };
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some(path_of(&group));
    shell.has_errors = !wrong.is_empty();
    let path = match &corrects {
        Some(given) => format!("{}/correct/{}", path_of(&group), given.tally),
        None => format!("{}/ask/{}", path_of(&group), question.key),
    };
    let page = FeelingsFormPage {
        page: shell,
        forms,
        wrong,
        path,
        occasions: occasions(visitor.language),
        group,
        question,
        corrects,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}
