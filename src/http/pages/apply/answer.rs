//! One question of an application per page. Each page saves its answer when it is submitted.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::answer_command::{answer_without_files, parse_amount, parse_answer, unfinished_answer};
use super::answer_files::{self, AnswerFiles};
use super::sections::{self, ACTIVITY, AMOUNT, AREA, BudgetSum, HELPER, PEOPLE_AT_RISK, Section};
use super::{refusal_text, start};
use crate::clock::day_of;
use crate::domain::application::{AnswerValue, ApplicationState};
use crate::domain::language::Language;
use crate::domain::organisation::QuestionKind;
use crate::domain::{ApplicationId, Command, Money, Refusal};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::question_field::{self, QuestionField};
use crate::http::pages::sign_in::query_param;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, components,
    language_buttons, ownership, render_form_page, see_other,
};
use crate::projections::{ApplicationRow, FundRow};

#[derive(Template)]
#[template(path = "apply/answer.html")]
struct AnswerPage {
    page: PageContext,
    form: Form,
    wrong: Vec<(String, String)>,
    section: Section,
    /// The field of a question of the form.
    field: Option<QuestionField>,
    hint: String,
    choices: Vec<(String, String)>,
    number: usize,
    of: usize,
    note: Option<String>,
    /// What the office asks about this answer alone.
    own_note: Option<String>,
    /// The day by which the requested changes are due.
    due_on: Option<Date>,
    /// How the lines of a budget compare with the amount that is asked for.
    sum: Option<BudgetSum>,
    /// The error in an answer that was saved before it was finished.
    needs: Option<String>,
    /// The other languages, each with the button that saves the answer and changes to it.
    other_languages: Vec<(Language, String)>,
    /// The version of the answer that the visitor saw when they began to type.
    shown: String,
    conflict: Option<Conflict>,
    /// The page that reviews the answers led here, and is next.
    from_review: bool,
}

/// Another answer was saved since the visitor opened the page, perhaps in another tab.
struct Conflict {
    /// The answer that is saved now.
    saved: String,
    /// The address of the page after this one.
    next: String,
}

impl AnswerPage {
    /// The width of the bar of progress, in percent.
    fn percent(&self) -> usize {
        (self.number * 2 - 1) * 50 / self.of.max(1)
    }

    /// Whether the answer is plain text and the question is in the page's language.
    fn is_plain_text(&self) -> bool {
        let lang = self.field.as_ref().and_then(|field| field.lang);
        self.is_long_text() && lang.is_none()
    }

    fn is_long_text(&self) -> bool {
        self.field
            .as_ref()
            .is_some_and(|field| field.kind == QuestionKind::LongText)
    }

    fn is_budget(&self) -> bool {
        self.field
            .as_ref()
            .is_some_and(|field| field.kind == QuestionKind::Budget)
    }

    fn takes_files(&self) -> bool {
        self.field
            .as_ref()
            .is_some_and(|field| field.kind == QuestionKind::File)
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    if !sections::is_open(&row, day_of(app.commands.now())) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    let kept = visitor.kept.clone();
    render(&request, &visitor, &app, row, kept, false).await
}

pub(super) async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    row: ApplicationRow,
    rejected: Option<FormErrors>,
    has_changed: bool,
) -> Result<HttpResponse, PageError> {
    let key = request.match_info().query("section");
    let all = sections::all_sections(app, &row, visitor.language).await?;
    let mut open = sections::retain_open(&row, all.clone());
    // A rejected answer is shown again, also for a question that the office did not ask to change.
    if rejected.is_some() && !open.iter().any(|section| section.key == key) {
        open = all;
    }
    let at = open
        .iter()
        .position(|section| section.key == key)
        .ok_or_else(PageError::not_found)?;
    let section = open[at].clone();
    let (fund, names) = (fund_of(app, &row).await?, ThemeNames::load(app).await?);
    let typed = rejected
        .as_ref()
        .map(|rejected| FormData::new(rejected.values.clone()))
        .map(|posted| question_field::entered(&posted, "answer"));
    let forms = PageForms::new(visitor, rejected);
    let mut wrong = forms.error_summary();
    let form = forms.form("answer");
    let field = own_field(&section, &form, typed.as_deref(), visitor.language);
    let mut field = with_uploads(app, &row, field, visitor.language).await?;
    if let Some(field) = &mut field {
        field.kept_files = form.kept_in(&answer_files::upload_field("answer"));
    }
    if let Some(field) = &field {
        let own = wrong.iter_mut().filter(|(id, _)| *id == field.id);
        own.for_each(|(id, _)| *id = field.wrong_id());
    }
    let mut shell = PageContext::load(visitor, app, &section.title).await?;
    (shell.quiet, shell.has_errors) = (true, !wrong.is_empty());
    shell.saves_language = true;
    let from_review = is_from_review(request);
    shell.back = Some(if from_review {
        review_path(&row)
    } else {
        back_path(&row, &open, key, shell.today)
    });
    let conflict = has_changed.then(|| Conflict {
        saved: section.answer.clone(),
        next: path_after(&row, &open, key, from_review),
    });
    let page = AnswerPage {
        shown: match form.value(SHOWN) {
            "" => version(app, &section, &row),
            shown => shown.to_owned(),
        },
        conflict,
        from_review,
        choices: choices(&section, &fund, &names, visitor),
        form: form.prefill("answer", &current_answer(&section, &row)),
        field,
        sum: BudgetSum::new(&section, &row, visitor.language),
        needs: section.needs.clone().filter(|_| wrong.is_empty()),
        other_languages: language_buttons::others(visitor.language),
        hint: hint(&section, &fund, visitor.language),
        note: row
            .note
            .clone()
            .filter(|_| row.state == ApplicationState::ChangesRequested),
        own_note: section.note(&row).map(str::to_owned),
        due_on: sections::reply_due_on(&row),
        page: shell,
        wrong,
        number: at + 1,
        of: open.len(),
        section,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

async fn fund_of(app: &AppState, row: &ApplicationRow) -> Result<FundRow, PageError> {
    let fund = app.views.find(row.fund, None).await?;
    fund.ok_or_else(PageError::not_found)
}

/// The field of a question. It shows the rejected value after an error, otherwise the saved
/// answer.
fn own_field(
    section: &Section,
    form: &Form,
    typed: Option<&str>,
    language: Language,
) -> Option<QuestionField> {
    let question = section.own.as_ref()?;
    let typed = typed.unwrap_or(&section.stored);
    let id = components::field_id("answer", "answer");
    let field = QuestionField::new(question, id, "answer", typed, language).into_heading();
    Some(field.with_error(form.error_of("answer")))
}

/// The field with the files that are uploaded already, if its question takes files.
async fn with_uploads(
    app: &AppState,
    row: &ApplicationRow,
    field: Option<QuestionField>,
    language: Language,
) -> Result<Option<QuestionField>, PageError> {
    let Some(mut field) = field else {
        return Ok(None);
    };
    if field.kind == QuestionKind::File {
        let of = (row.id, row.group.0);
        let files = AnswerFiles::of_group(app, of, &field.value, language).await?;
        field.files = files.links;
    }
    Ok(Some(field))
}

/// The choices of a question, empty for free text.
fn choices(
    section: &Section,
    fund: &FundRow,
    names: &ThemeNames,
    visitor: &Visitor,
) -> Vec<(String, String)> {
    if section.own.is_some() {
        return Vec::new();
    }
    match section.key.as_str() {
        AREA => fund
            .areas
            .iter()
            .map(|area| (area.to_string(), place_name(area.as_str())))
            .collect(),
        ACTIVITY => names.choices(&fund.rules.texts, visitor.language),
        PEOPLE_AT_RISK => start::yes_no_choices(visitor),
        _ => Vec::new(),
    }
}

/// The saved answer as the value of its field. It is the same in each language.
fn current_answer(section: &Section, row: &ApplicationRow) -> String {
    if section.own.is_some() {
        return section.stored.clone();
    }
    match section.key.as_str() {
        AREA => row
            .area
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        ACTIVITY => row
            .activity
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        PEOPLE_AT_RISK => row
            .people_at_risk
            .map_or("", |yes| if yes { "yes" } else { "no" })
            .to_owned(),
        AMOUNT => plain_amount(&section.answer),
        _ => section.answer.clone(),
    }
}

/// An amount in the form that its field shows. A text that is not an amount stays as typed.
fn plain_amount(typed: &str) -> String {
    parse_amount(typed).map_or_else(|| typed.to_owned(), Money::as_typed)
}

/// The field with the version of the answer that the visitor saw.
const SHOWN: &str = "shown";

/// The version of a saved answer: a keyed digest, so that the page does not repeat the answer.
fn version(app: &AppState, section: &Section, row: &ApplicationRow) -> String {
    let answer = current_answer(section, row);
    app.commands
        .log()
        .vault()
        .request_hash(format!("{}\n{answer}", section.key).as_bytes())
}

/// Whether another answer was saved since the visitor opened the page. `false` if the saved answer
/// is the one that they typed, because they sent the form twice.
fn has_changed(app: &AppState, section: &Section, row: &ApplicationRow, posted: &FormData) -> bool {
    let shown = posted.text(SHOWN);
    !shown.is_empty()
        && shown != version(app, section, row)
        && typed_answer(section, posted) != current_answer(section, row)
}

/// What was typed, in the form of [`current_answer`].
fn typed_answer(section: &Section, posted: &FormData) -> String {
    let typed = question_field::entered(posted, "answer");
    match &section.own {
        Some(question) => {
            let answer = AnswerValue::parse(question, &typed);
            answer.map_or_else(|_| typed.trim().to_owned(), |answer| answer.stored())
        }
        None if section.key == AMOUNT => plain_amount(&typed),
        None => typed,
    }
}

fn hint(section: &Section, fund: &FundRow, language: Language) -> String {
    match section.key.as_str() {
        AREA => translate(
            "If people come from several places, choose where you meet.",
            language,
        )
        .to_owned(),
        AMOUNT => format!(
            "{} {}",
            start::bounds_hint(fund, language),
            translate("A rough amount is fine.", language)
        ),
        PEOPLE_AT_RISK => translate(
            "If yes, we will help you write a plan to keep everyone safe.",
            language,
        )
        .to_owned(),
        HELPER => translate(
            "Enter their name, so that we can ask for them. Leave it empty if no one helps you.",
            language,
        )
        .to_owned(),
        _ => String::new(),
    }
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    save(&request, &sent.visitor, &app, &sent.posted).await
}

/// Saves an answer, and shows the page after it.
pub(super) async fn save(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(visitor, app, request.match_info().query("id")).await?;
    let all = sections::all_sections(app, &row, visitor.language).await?;
    let open = sections::retain_open(&row, all.clone());
    let key = request.match_info().query("section");
    let section = all
        .iter()
        .find(|section| section.key == key)
        .ok_or_else(PageError::not_found)?;
    let mut next = next_path(&row, &open, key, posted, is_from_review(request));
    let saves_part = !matches!(posted.text("then"), "" | "next");
    let fund = fund_of(app, &row).await?;
    let command = match parse_answer(section, &fund, posted, visitor.language) {
        Ok(Some(command)) => command,
        Ok(None) => return Ok(see_other(&next)),
        Err(says) => {
            // Saving for later, or changing the language, needs no answer, and no finished one.
            let typed = question_field::entered(posted, "answer");
            let without_files = answer_without_files(section, &typed);
            if without_files.is_some() && !saves_part {
                next = format!("/my/applications/{}/answer/{key}", row.id);
            }
            if saves_part && typed.is_empty() && without_files.is_none() {
                return Ok(see_other(&next));
            }
            let unfinished = unfinished_answer(section, &typed).filter(|_| saves_part);
            let Some(command) = without_files.or(unfinished) else {
                let wrong = vec![("answer".to_owned(), says)];
                let rejected = FormErrors::new("answer", posted, wrong);
                return render(request, visitor, app, row, Some(rejected), false).await;
            };
            command
        }
    };
    if has_changed(app, section, &row, posted) {
        let says = "This answer was changed after you opened this page. Look at both, and choose.";
        let says = translate(says, visitor.language).to_owned();
        let mut both = FormErrors::new("answer", posted, vec![("answer".to_owned(), says)]);
        both.values.retain(|(name, _)| name != SHOWN);
        return render(request, visitor, app, row, Some(both), true).await;
    }
    match ownership::try_execute(
        visitor,
        app,
        posted,
        Command::Application(ApplicationId(row.id), command),
    )
    .await?
    {
        None | Some(Refusal::NoChange) => Ok(see_other(&next)),
        Some(refusal) => {
            let says = not_saved_text(&refusal, visitor.language);
            let rejected = FormErrors::new("answer", posted, vec![("answer".to_owned(), says)]);
            render(request, visitor, app, row, Some(rejected), false).await
        }
    }
}

/// Why an answer was not saved.
fn not_saved_text(refusal: &Refusal, language: Language) -> String {
    if was_sent(refusal) {
        let says = "You have already sent this application. This answer was not saved. Phone us if \
            it needs to change.";
        translate(says, language).to_owned()
    } else {
        refusal_text::refusal_text(refusal, language)
    }
}

/// Whether an answer was refused because the application has been sent, perhaps in another tab.
fn was_sent(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::ApplicationNotInState(state)
        if !matches!(*state, "draft" | "withdrawn" | "lapsed"))
}

/// The address of the page before a question. If the answers cannot be changed, the address of the
/// application's page.
fn back_path(row: &ApplicationRow, open: &[Section], key: &str, today: Date) -> String {
    if sections::is_open(row, today) {
        sections::path_before(row.id, open, key)
    } else {
        format!("/my/applications/{}", row.id)
    }
}

/// The query of a question's page to which the page that reviews the answers led.
const FROM_REVIEW: &str = "?from=check";

fn is_from_review(request: &HttpRequest) -> bool {
    query_param(request, "from") == "check"
}

fn review_path(row: &ApplicationRow) -> String {
    format!("/my/applications/{}/check", row.id)
}

/// The page after an answer: the one that led to it, or the next question.
fn path_after(row: &ApplicationRow, open: &[Section], key: &str, from_review: bool) -> String {
    if from_review {
        review_path(row)
    } else {
        sections::path_after(row.id, open, key)
    }
}

/// The page after an answer, or what the button says.
fn next_path(
    row: &ApplicationRow,
    open: &[Section],
    key: &str,
    posted: &FormData,
    from_review: bool,
) -> String {
    let own = format!("/my/applications/{}", row.id);
    let from = if from_review { FROM_REVIEW } else { "" };
    let here = format!("{own}/answer/{key}{from}");
    match posted.text("then") {
        "later" => format!("{own}/later"),
        "more" => here,
        _ => match language_buttons::pressed(posted) {
            Some(language) => language_buttons::path_to(language, &here),
            None => path_after(row, open, key, from_review),
        },
    }
}
