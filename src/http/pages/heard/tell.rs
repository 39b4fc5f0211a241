//! Reporting a barrier without an account, in two pages: first the problem, then the person. The
//! form raises nothing. What was typed is kept until the person opens the link that is mailed to
//! them and sends the form.
//!
//! Each page carries the values of the other one in hidden fields, never in its address. The
//! response does not reveal whether an email address is known: see [`Newcomer`].

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{AboutChoices, BARRIER_FORM, EnteredBarrier, OWN_FORM_PATH};
use crate::auth::links::{self, LinkPurpose};
use crate::domain::language::Language;
use crate::domain::person::ChooseMailLanguage;
use crate::domain::{Command, PersonCommand, Role};
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::translate;
use crate::http::pages::newcomer::{EnteredPerson, Newcomer, execute_step};
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, kept_form,
    language_buttons, render_form_page, render_page, see_other, visitor,
};

/// The form of the second page.
const PERSON_FORM: &str = "you";
/// The fields of the first page.
const WORDS_FIELDS: [&str; 3] = ["words", "area", "theme"];
/// The fields of the second page.
const PERSON_FIELDS: [&str; 2] = ["person", "email"];

#[derive(Template)]
#[template(path = "heard/tell.html")]
struct TellWordsPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    choices: AboutChoices,
    /// What was typed on the other page.
    carried: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "heard/you.html")]
struct TellPersonPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    /// What was typed on the other page.
    carried: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "heard/told.html")]
struct ToldPage {
    page: PageContext,
}

/// What was typed, with its errors by field.
type EnteredTelling<'a> = Option<(&'a FormData, FieldErrors)>;

/// The address at which a visitor who is signed in reports a barrier; `None` if nobody is signed
/// in.
fn own_page(visitor: &Visitor) -> Option<&'static str> {
    let reader = &visitor.signed_in.as_ref()?.reader;
    let carries_up = [Role::Officer, Role::Connector]
        .iter()
        .any(|role| reader.roles.contains(role));
    Some(if carries_up {
        "/desk/barriers/new"
    } else {
        OWN_FORM_PATH
    })
}

pub(super) async fn show_words(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    match own_page(&visitor) {
        Some(path) => Ok(see_other(path)),
        None => render_words(&visitor, &app, None).await,
    }
}

/// Takes what was typed to the second page. Records nothing.
pub(super) async fn submit_words(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm {
        mut visitor,
        posted,
    } = sent;
    if let Some(path) = own_page(&visitor) {
        return Ok(see_other(path));
    }
    if let Some(chosen) = language_buttons::pressed(&posted) {
        visitor.language = chosen;
        let page = render_words(&visitor, &app, Some((&posted, Vec::new()))).await;
        return language_buttons::in_language(&app, chosen, page);
    }
    match parse_words(&posted, &app, visitor.language).await? {
        Ok(_) => render_person(&visitor, &app, Some((&posted, Vec::new()))).await,
        Err(wrong) => render_words(&visitor, &app, Some((&posted, wrong))).await,
    }
}

/// Registers the person, keeps what they wrote, and mails them a link, as applying does. The
/// browser is signed in as unproven.
pub(super) async fn submit_person(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm {
        mut visitor,
        posted,
    } = sent;
    if let Some(path) = own_page(&visitor) {
        return Ok(see_other(path));
    }
    if let Some(chosen) = language_buttons::pressed(&posted) {
        visitor.language = chosen;
        let page = render_person(&visitor, &app, Some((&posted, Vec::new()))).await;
        return language_buttons::in_language(&app, chosen, page);
    }
    if posted.text("then") == "back" {
        return render_words(&visitor, &app, Some((&posted, Vec::new()))).await;
    }
    if let Err(wrong) = parse_words(&posted, &app, visitor.language).await? {
        return render_words(&visitor, &app, Some((&posted, wrong))).await;
    }
    match parse_person(&posted, visitor.language) {
        Ok(who) => register(&request, &visitor, &app, &posted, who).await,
        Err(wrong) => render_person(&visitor, &app, Some((&posted, wrong))).await,
    }
}

async fn register(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    who: EnteredPerson,
) -> Result<HttpResponse, PageError> {
    let within = app.site.limits.check_application_start(request);
    within.map_err(|problem| {
        PageError::rate_limited(problem, visitor.path.clone(), posted.pairs().to_vec())
    })?;
    let Some(newcomer) = Newcomer::register(app, posted, visitor, who).await? else {
        let says = translate(
            "You sent this page before. Open the link in the email that we sent you.",
            visitor.language,
        );
        let says = vec![(String::new(), says.to_owned())];
        return render_person(visitor, app, Some((posted, says))).await;
    };
    if visitor.language != Language::En {
        let language = Some(visitor.language);
        let choose = PersonCommand::ChooseLanguage(ChooseMailLanguage { language });
        let choose = Command::Person(newcomer.person, choose);
        let caller = newcomer.caller();
        execute_step(app, posted, visitor, &caller, "/language", choose).await?;
    }
    let form = (OWN_FORM_PATH, BARRIER_FORM);
    let values = carried(Some(posted), &WORDS_FIELDS);
    kept_form::keep_for_newcomer(request, app, newcomer.person, form, values).await?;
    let mut response = see_other("/heard/told");
    // The browser gets a new key. The code in the mail works only in the browser with this key.
    let key = visitor::new_browser_key();
    let asks = links::browser_digest(app.commands.log().vault(), &key);
    newcomer
        .send_link(app, LinkPurpose::TellBarrier, &asks)
        .await?;
    Visitor::start_session(request, app, newcomer.person, false, &key, &mut response).await?;
    Ok(response)
}

/// The page after both: the link in the mail has to be opened first.
pub(super) async fn show_told(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    if visitor.signed_in.is_none() {
        return Ok(see_other("/heard/tell"));
    }
    if visitor.proven {
        return Ok(see_other(OWN_FORM_PATH));
    }
    let title = translate("Nearly done", visitor.language);
    let page = PageContext::load(&visitor, &app, title).await?;
    render_page(&ToldPage { page })
}

async fn parse_words(
    posted: &FormData,
    app: &AppState,
    language: Language,
) -> Result<Result<EnteredBarrier, FieldErrors>, PageError> {
    let choices = AboutChoices::load(app, language).await?;
    Ok(EnteredBarrier::parse(posted, &choices, language))
}

/// Parses the person. Without an email address they cannot prove who they are, and phone us.
fn parse_person(posted: &FormData, language: Language) -> Result<EnteredPerson, FieldErrors> {
    let has_email = !posted.text("email").is_empty();
    let mut wrong = match EnteredPerson::parse(posted, language, "") {
        Ok(who) if has_email => return Ok(who),
        Ok(_) => FieldErrors::new(),
        Err(wrong) => wrong,
    };
    wrong.retain(|(field, _)| field != "telephone");
    if !has_email {
        let says = translate(
            "Enter your email address, so that we can tell you the answer. Or phone us.",
            language,
        );
        wrong.push(("email".to_owned(), says.to_owned()));
    }
    Err(wrong)
}

/// The fields of one page for the other.
fn carried(posted: Option<&FormData>, fields: &[&str]) -> Vec<(String, String)> {
    let value = |field: &&str| posted.map_or("", |posted| posted.text(field)).to_owned();
    fields
        .iter()
        .map(|field| ((*field).to_owned(), value(field)))
        .collect()
}

/// The context and the forms of one of the two pages.
async fn parts_of_page(
    visitor: &Visitor,
    app: &AppState,
    (form, title): (&str, &str),
    entered: EnteredTelling<'_>,
) -> Result<(PageContext, PageForms), PageError> {
    let entered = entered.map(|(posted, wrong)| FormErrors::new(form, posted, wrong));
    let forms = PageForms::new(visitor, entered);
    let mut page = PageContext::load(visitor, app, title).await?;
    (page.quiet, page.has_errors) = (true, !forms.error_summary().is_empty());
    page.saves_language = true;
    Ok((page, forms))
}

async fn render_words(
    visitor: &Visitor,
    app: &AppState,
    entered: EnteredTelling<'_>,
) -> Result<HttpResponse, PageError> {
    let carried = carried(entered.as_ref().map(|(posted, _)| *posted), &PERSON_FIELDS);
    let title = translate("What gets in the way?", visitor.language);
    let (mut page, forms) = parts_of_page(visitor, app, (BARRIER_FORM, title), entered).await?;
    page.back = Some("/heard".to_owned());
    let shown = TellWordsPage {
        page,
        wrong: forms.error_summary(),
        forms,
        choices: AboutChoices::load(app, visitor.language).await?,
        carried,
    };
    render_form_page(visitor, app, shown.page.has_errors, &shown)
}

async fn render_person(
    visitor: &Visitor,
    app: &AppState,
    entered: EnteredTelling<'_>,
) -> Result<HttpResponse, PageError> {
    let carried = carried(entered.as_ref().map(|(posted, _)| *posted), &WORDS_FIELDS);
    let title = translate("How can we tell you the answer?", visitor.language);
    let (page, forms) = parts_of_page(visitor, app, (PERSON_FORM, title), entered).await?;
    let shown = TellPersonPage {
        page,
        wrong: forms.error_summary(),
        forms,
        carried,
    };
    render_form_page(visitor, app, shown.page.has_errors, &shown)
}
