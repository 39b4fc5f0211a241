//! The visitor's consents: each with its notice, and a button that gives or withdraws it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use strum::VariantArray as _;

use super::introductions::{EntryNames, path_of};
use super::notices;
use crate::domain::introduction::IntroductionState;
use crate::domain::language::Language;
use crate::domain::organisation::NoticePurpose;
use crate::domain::person::{AgreeToPurpose, ConsentBasis, ConsentPurpose, TakeBackConsent};
use crate::domain::{Command, PersonCommand, Refusal};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::mail::format_day;
use crate::projections::{ConsentRow, ConsentState, IntroductionRow, NoticeRow};
use crate::views::Filter;

#[derive(Template)]
#[template(path = "my/agreed.html")]
struct OwnConsentsPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    purposes: Vec<OwnPurpose>,
    /// Introductions that the visitor agreed to and that are in force: path and name of the entry.
    introductions: Vec<(String, String)>,
}

/// Something that the visitor can agree to.
struct OwnPurpose {
    key: &'static str,
    title: &'static str,
    /// What we ask before it is taken back.
    question: &'static str,
    /// The day since which they agree; absent if they do not.
    since: Option<String>,
    /// The notice: its version and its words. Absent if no notice is published.
    notice: Option<(u32, String)>,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    visitor.require_signed_in()?;
    let notice = notices::notice(&request, visitor.language);
    render(&visitor, &app, notice, None).await
}

pub(super) async fn submit(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let person = visitor.person()?;
    let says = match parse_command(&posted, visitor.language) {
        Ok(command) => {
            let command = Command::Person(person, command);
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => return Ok(see_other(done_path(&posted))),
                Some(refusal) => refusal_text(&refusal, visitor.language),
            }
        }
        Err(says) => says,
    };
    let rejected = FormErrors::new(posted.text("form"), &posted, vec![(String::new(), says)]);
    render(&visitor, &app, None, Some(rejected)).await
}

fn done_path(posted: &FormData) -> &'static str {
    if posted.text("form").starts_with("agree") {
        "/my/agreed?done=agreed"
    } else {
        "/my/agreed?done=no-longer"
    }
}

/// Parses a form into a command, or returns why it cannot be read.
fn parse_command(posted: &FormData, language: Language) -> Result<PersonCommand, String> {
    let unreadable =
        || translate("We could not read this form. Please try again", language).to_owned();
    let purpose: Option<ConsentPurpose> = posted.text("purpose").parse().ok();
    let purpose = purpose.ok_or_else(unreadable)?;
    if posted.text("form").starts_with("agree") {
        let notice = posted.text("notice").parse().map_err(|_| unreadable())?;
        return Ok(PersonCommand::Agree(AgreeToPurpose {
            purpose,
            basis: ConsentBasis::Consent,
            notice,
            channel: None,
        }));
    }
    Ok(PersonCommand::TakeBack(TakeBackConsent {
        purpose,
        channel: None,
    }))
}

fn refusal_text(refusal: &Refusal, language: Language) -> String {
    let says = match refusal {
        Refusal::AddressUnproven => {
            "First open the link in the email that we sent you. If you have no email, phone us."
        }
        Refusal::NoticeOutOfDate => {
            "What we tell people has changed since you opened this page. Please read it again."
        }
        Refusal::NoChange => "This has already been saved.",
        other => return refusal_says(other, language),
    };
    translate(says, language).to_owned()
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    notice: Option<String>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let title = translate("What you agreed to", visitor.language);
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some("/my".to_owned());
    shell.notice = notice;
    shell.has_errors = !wrong.is_empty();
    let page = OwnConsentsPage {
        page: shell,
        forms,
        wrong,
        purposes: purposes(visitor, app).await?,
        introductions: introductions(visitor, app).await?,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// What can be agreed to: all for which a notice is published, or to which the visitor agrees.
async fn purposes(visitor: &Visitor, app: &AppState) -> Result<Vec<OwnPurpose>, PageError> {
    let language = visitor.language;
    let of_person = vec![Filter::equals("person", visitor.person()?)];
    let consents: Vec<ConsentRow> = app.views.all_rows(None, of_person).await?;
    let notices: Vec<NoticeRow> = app.views.all_rows(None, Vec::new()).await?;
    let mut found = Vec::new();
    for purpose in ConsentPurpose::VARIANTS {
        let given = consents
            .iter()
            .find(|row| row.purpose == *purpose && row.state == ConsentState::Given);
        let about = NoticePurpose::from(*purpose);
        let newest = notices
            .iter()
            .filter(|row| row.purpose == about)
            .max_by_key(|row| row.version);
        if given.is_none() && newest.is_none() {
            continue;
        }
        let (title, question) = words_of(*purpose);
        found.push(OwnPurpose {
            key: (*purpose).into(),
            title: translate(title, language),
            question: translate(question, language),
            since: given.map(|row| format_day(row.given_on, language)),
            notice: newest.map(|row| (row.version, row.text_in(language).to_owned())),
        });
    }
    Ok(found)
}

/// What a purpose is called, and what we ask before it is taken back.
fn words_of(purpose: ConsentPurpose) -> (&'static str, &'static str) {
    match purpose {
        ConsentPurpose::Invitations => (
            "Invitations and news",
            "Shall we stop inviting you? You can still sign up for anything.",
        ),
        ConsentPurpose::Skills => (
            "What you can do, lend or teach",
            "Shall we stop keeping what you can do, lend or teach?",
        ),
        ConsentPurpose::TimeBank => (
            "Giving and getting hours",
            "Shall we stop? The hours so far stay in the figures, and we won’t add new ones.",
        ),
    }
}

/// The introductions in force that the visitor agreed to for themselves.
async fn introductions(
    visitor: &Visitor,
    app: &AppState,
) -> Result<Vec<(String, String)>, PageError> {
    let standing = vec![
        Filter::equals("person", visitor.person()?),
        Filter::in_state([
            IntroductionState::Agreed,
            IntroductionState::Made,
            IntroductionState::Welcomed,
            IntroductionState::CameTo,
        ]),
    ];
    let rows: Vec<IntroductionRow> = app.views.all_rows(None, standing).await?;
    let names = EntryNames::of(app, &rows).await?;
    let line = |row: &IntroductionRow| (path_of(row.id), names.entry(row, visitor.language));
    Ok(rows.iter().map(line).collect())
}
