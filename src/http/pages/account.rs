//! The account page of a person: name and address, contact details that an officer proposed,
//! sessions, tokens, the request to be erased, and the download of the subject access report.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use strum::VariantArray as _;

use super::account_contact::{self, OwnContact};
use super::apply::refusal_says;
use super::days::format_instant;
use super::device::device_name;
use super::i18n::translate;
use super::sign_in::{local_path, query_param};
use super::tokens::{self, TokenView};
use super::words::role_name;
use super::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, account_email,
    ownership, render_form_page, see_other,
};
use crate::auth::sessions::{self, SessionRow, SessionsToEnd};
use crate::commands::{CommandError, CommandRequest};
use crate::domain::command::{NoBody, ProposalRef, WithReason};
use crate::domain::erasure::Erasure;
use crate::domain::language::Language;
use crate::domain::person::ChooseMailLanguage;
use crate::domain::text::Prose;
use crate::domain::{Command, PersonCommand, Refusal};
use crate::http::AppState;
use crate::projections::{PersonRow, ProposedContactRow};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/account/held").route(web::get().to(subject_access)))
        .service(web::resource("/account/tokens").route(web::post().to(tokens::submit)))
        .service(
            web::resource("/account/email/{token}")
                .route(web::get().to(account_email::show))
                .route(web::post().to(account_email::submit)),
        )
        .service(
            web::resource("/account")
                .route(web::get().to(show))
                .route(web::post().to(submit)),
        );
}

#[derive(Template)]
#[template(path = "open/account.html")]
struct AccountPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    /// The page to go back to, or empty.
    to: String,
    own: OwnContact,
    proposed: Option<ProposedContactDetails>,
    roles: Vec<&'static str>,
    sessions: Vec<SessionView>,
    tokens: Vec<TokenView>,
    /// The roles that the person may give to a token.
    usable: Vec<(String, String)>,
    /// The language of emails that the person chose, or empty, and the choices.
    mail_language: &'static str,
    mail_languages: Vec<(String, String)>,
    erasure: Erasure,
    /// Only a person whose address is proven may ask to be erased.
    proven: bool,
    forms: PageForms,
}

/// Contact details that an officer proposed for the person. Fields that were not proposed are
/// empty.
struct ProposedContactDetails {
    name: String,
    email: String,
    telephone: String,
    postal_address: String,
    /// The proposal's number. The confirmation names it, so that it cannot confirm a later
    /// proposal.
    proposal: u32,
}

/// A row of the list of sessions.
struct SessionView {
    digest: String,
    device: String,
    seen_at: String,
    own: bool,
}

async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let notice = notice_text(&query_param(&request, "done"), visitor.language);
    render(&visitor, &app, None, notice, &query_param(&request, "to")).await
}

/// The address of the page after a form, with the key of its notice.
pub(super) fn path_after(done: &str) -> String {
    format!("/account?done={done}")
}

/// The notice after a form, by its key.
fn notice_text(done: &str, language: Language) -> Option<String> {
    let says = match done {
        "saved" => translate("Your details are saved.", language),
        "saved-without-link" => translate(
            "Your details are saved. The link to your new email address no longer works. Please \
                ask for it again.",
            language,
        ),
        "language" => translate("Saved. We will use this language from now on.", language),
        _ => return None,
    };
    Some(says.to_owned())
}

/// Renders the account page with the entered values and errors of a rejected form, if any.
pub(super) async fn render_account(
    visitor: &Visitor,
    app: &AppState,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let to = rejected.as_ref().map(|form| form.value("to").to_owned());
    render(visitor, app, rejected, None, &to.unwrap_or_default()).await
}

/// Renders the account page. `to` is the page to go back to, if another page led here.
async fn render(
    visitor: &Visitor,
    app: &AppState,
    rejected: Option<FormErrors>,
    notice: Option<String>,
    to: &str,
) -> Result<HttpResponse, PageError> {
    let signed = visitor.require_signed_in()?;
    let person = signed.reader.person;
    let row: Option<PersonRow> = app.views.find(person, None).await?;
    let proposed = match row.as_ref().and_then(|row| row.proposed_contact.as_ref()) {
        Some(contact) if visitor.proven => Some(decrypt_proposed_contact(app, contact).await?),
        _ => None,
    };
    let erasure = row.as_ref().map_or(Erasure::NotAsked, |row| row.erasure);
    let chosen = row.as_ref().and_then(|row| row.mail_language);
    let contact = OwnContact::load(visitor, app, row).await?;
    let own = visitor.digest(app);
    let sessions = sessions::valid(&app.commands, signed).await?;
    let session = |session: SessionRow| SessionView {
        own: session.digest == own,
        digest: session.digest,
        device: device_name(&session.device, visitor.language),
        seen_at: format_instant(session.seen_at),
    };
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let title = translate("My account", visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = local_path(to).map(str::to_owned);
    shell.notice = notice;
    shell.has_errors = !wrong.is_empty();
    let sheet = AccountPage {
        to: shell.back.clone().unwrap_or_default(),
        page: shell,
        wrong,
        own: contact,
        proposed,
        roles: signed
            .reader
            .roles
            .iter()
            .map(|role| role_name(*role))
            .collect(),
        tokens: tokens::current_tokens(app, signed).await?,
        usable: tokens::grantable_roles(signed),
        sessions: sessions.into_iter().map(session).collect(),
        mail_language: chosen.map(Language::code).unwrap_or_default(),
        mail_languages: mail_languages(visitor.language),
        erasure,
        proven: visitor.proven,
        forms,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

/// The languages of emails to choose from.
fn mail_languages(language: Language) -> Vec<(String, String)> {
    let any = translate("The language of my application", language);
    let any = (String::new(), any.to_owned());
    let own = |one: &Language| (one.code().to_owned(), one.own_name().to_owned());
    std::iter::once(any)
        .chain(Language::VARIANTS.iter().map(own))
        .collect()
}

/// Chooses the language of the person's emails.
async fn choose_language(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
) -> Result<HttpResponse, PageError> {
    if !visitor.proven {
        return Err(PageError::forbidden());
    }
    let chosen = match posted.text("language") {
        "" => Ok(None),
        code => code.parse::<Language>().map(Some),
    };
    if let Ok(language) = chosen {
        let choose = PersonCommand::ChooseLanguage(ChooseMailLanguage { language });
        let choose = Command::Person(visitor.person()?, choose);
        // It is refused only if it is the language that was chosen before.
        ownership::try_execute(visitor, app, posted, choose).await?;
    }
    Ok(see_other(&path_after("language")))
}

async fn decrypt_proposed_contact(
    app: &AppState,
    contact: &ProposedContactRow,
) -> Result<ProposedContactDetails, PageError> {
    let mut sealed = vec![("name", &contact.name)];
    sealed.extend(contact.email.as_ref().map(|email| ("email", email)));
    sealed.extend(
        contact
            .telephone
            .as_ref()
            .map(|telephone| ("telephone", telephone)),
    );
    sealed.extend(
        contact
            .postal_address
            .as_ref()
            .map(|address| ("postal_address", address)),
    );
    let opened = app
        .commands
        .log()
        .vault()
        .decrypt(&sealed)
        .await
        .map_err(crate::eventlog::LogError::from)?;
    let mut texts: BTreeMap<&str, String> = sealed
        .iter()
        .zip(opened)
        .filter_map(|((field, _), opened)| Some((*field, opened.text()?)))
        .collect();
    let mut take = |field: &str| texts.remove(field).unwrap_or_default();
    Ok(ProposedContactDetails {
        name: take("name"),
        email: take("email"),
        telephone: take("telephone"),
        postal_address: take("postal_address"),
        proposal: contact.proposal,
    })
}

/// The subject access report of the person who is signed in, as a text file.
async fn subject_access(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let person = visitor.person()?;
    if !visitor.proven {
        return Err(PageError::forbidden());
    }
    let held = app.views.subject_access_for_person(person).await?;
    super::subject_access::render_report(&app, translate("you", visitor.language), &[held]).await
}

/// Handles the forms of the page: the person's own details, the answer to proposed contact details,
/// the request to be erased, and ending one session, or all sessions and all tokens.
async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let person = visitor.person()?;
    if posted.text("form") == account_contact::FORM {
        return account_contact::submit(&request, &visitor, &app, &posted).await;
    }
    if posted.text("form") == account_contact::EMAIL_FORM {
        return account_contact::ask_new_email(&visitor, &app, &posted).await;
    }
    if posted.text("form") == "mail-language" {
        return choose_language(&visitor, &app, &posted).await;
    }
    if matches!(posted.text("form"), "confirm-contact" | "refuse-contact") {
        return answer_contact(&visitor, &app, &posted).await;
    }
    if posted.text("form") == "erase" {
        if visitor.proven && posted.text("sure") == "yes" {
            let ask = Command::Person(person, PersonCommand::RequestErasure(NoBody {}));
            ownership::issue(&visitor, &app, &posted, "", ask).await?;
        }
        return Ok(see_other("/account"));
    }
    let log = app.commands.log();
    match posted.text("session") {
        // A session with an unproven address may only end unproven sessions, not those of the
        // address's owner.
        _ if !visitor.proven => sessions::end(log, person, SessionsToEnd::Unproven).await?,
        "" => app.tokens.end_access(log, person).await?,
        digest => sessions::end(log, person, SessionsToEnd::One(digest)).await?,
    }
    Ok(see_other("/account"))
}

/// Confirms or refuses proposed contact details. If other details were proposed since the page was
/// rendered, the page is shown again with these.
async fn answer_contact(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
) -> Result<HttpResponse, PageError> {
    if !visitor.proven {
        return Err(PageError::forbidden());
    }
    let form = posted.text("form");
    let answer = if form == "confirm-contact" {
        let proposal = posted
            .text("proposal")
            .parse()
            .map_err(|_| PageError::not_found())?;
        PersonCommand::ConfirmContact(ProposalRef { proposal })
    } else {
        let reason = "The person does not want this change."
            .parse::<Prose>()
            .map_err(|error| PageError::internal(&error))?;
        PersonCommand::RefuseContact(WithReason { reason })
    };
    let command = Command::Person(visitor.person()?, answer);
    let repeat = Some(posted.idempotency_key(app, &visitor.path));
    let request = CommandRequest {
        idempotency_key: repeat,
        ..CommandRequest::new(visitor.require_signed_in()?.caller.clone(), command)
    };
    match app.commands.execute(request).await {
        Ok(answer) => {
            app.views.wait_until_shown(answer.last_position).await;
            Ok(see_other("/account"))
        }
        Err(CommandError::Refused(Refusal::NotProposed)) => Ok(see_other("/account")),
        Err(CommandError::Refused(refusal)) => {
            let says = refusal_says(&refusal, visitor.language);
            render_account(
                visitor,
                app,
                Some(FormErrors::new(form, posted, vec![(String::new(), says)])),
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}
