//! The second administrator: naming them, inviting them again, and a link to hand over as long as
//! there is no mail server.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::super::{DeskRequest, render_page_at};
use super::require_administrator;
use super::state::{Colleague, SetupState};
use crate::auth::links::{self, NewSignInLink};
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::domain::fund::FundState;
use crate::domain::language::Language;
use crate::domain::organisation::NameFounder;
use crate::domain::{Command, OrganisationCommand, PersonCommand, PersonId, Refusal, Role};
use crate::http::AppState;
use crate::http::pages::begin::read_person;
use crate::http::pages::form_reader::FormReader;
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, PostedForm, Visitor, ownership, see_other,
};
use crate::http::problem::Problem;
use crate::mail::invitations;
use crate::projections::OrganisationRow;

const PAGE: &str = "/desk/setup/colleague";
/// How long a link that is handed over is valid: three days, as the one in an invitation.
const LINK_MINUTES: i64 = 3 * 24 * 60;

#[derive(Template)]
#[template(path = "desk/setup/colleague.html")]
struct ColleaguePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    again: Form,
    /// A second one can be named here.
    open: bool,
    administrators: Vec<Colleague>,
    reader: PersonId,
    roles: Vec<(String, String)>,
    has_mail_server: bool,
    /// A link for a colleague may be shown.
    hands_over: bool,
    /// A link to hand over, and the name of the person whom it signs in.
    link: Option<(String, String)>,
}

pub(in super::super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    render(request, None).await
}

async fn render(
    request: &DeskRequest<'_>,
    link: Option<(String, String)>,
) -> Result<HttpResponse, PageError> {
    require_administrator(request.visitor)?;
    let state = SetupState::load(request).await?;
    let forms = request.forms();
    let page = ColleaguePage {
        page: request.page_context("A second administrator").await?,
        wrong: forms.error_summary(),
        form: forms.form("colleague").prefill("roles", "finance"),
        again: forms.form("again"),
        open: state.administrators.len() < 2,
        hands_over: hands_over(request.app, &state),
        has_mail_server: request.app.site.sends_emails(Some(&state.own)),
        administrators: state.administrators,
        reader: request.signed.reader.person,
        roles: [Role::Finance, Role::Officer, Role::Panel]
            .into_iter()
            .map(|role| {
                (
                    <&str>::from(role).to_owned(),
                    role_sentence(role).to_owned(),
                )
            })
            .collect(),
        link,
    };
    request.render(&page)
}

/// What a role may do, in one sentence.
pub(in super::super) fn role_sentence(role: Role) -> &'static str {
    match role {
        Role::Administrator => {
            "Administrator – sets up funds and wording. It takes two of them to give a role"
        }
        Role::Officer => {
            "Grants officer – helps groups, checks what they send, runs rounds and reads reports"
        }
        Role::Finance => {
            "Finance – records money from funders. One person prepares a payment, and one approves \
                it"
        }
        Role::Panel => {
            "Panel member – reads and scores what groups ask for, and decides at the meeting"
        }
        Role::Auditor => "Auditor – reads the audit log and all figures, but cannot change a thing",
        Role::Connector => {
            "Connector – talks to people and brings them to groups. Sees no application, score or \
                account"
        }
    }
}

/// Whether a link for a colleague may be shown to an administrator. It would let the administrator
/// act as two people, so it is only for the beginning: without a mail server of the operator, and
/// before any fund is open. A fund opens only after both have signed in from their own mailbox. It
/// is also the way on if the mail server in the settings does not work.
fn hands_over(app: &AppState, state: &SetupState) -> bool {
    app.site.mail_server.is_empty()
        && state
            .funds
            .iter()
            .all(|fund| fund.state == FundState::Draft)
}

pub(super) async fn submit(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let mut form = FormReader::new(&posted, Language::En);
    let details = read_person(&mut form, &posted);
    let details = match form.finish(details) {
        Ok(details) => details,
        Err(wrong) => {
            let rejected = FormErrors::new("colleague", &posted, wrong);
            return render_page_at(&app, &visitor, PAGE, Some(rejected)).await;
        }
    };
    let person = ownership::person_id_of_form(&visitor, &app, &posted);
    let roles: BTreeSet<Role> = posted
        .all("roles")
        .filter_map(|role| role.parse().ok())
        .filter(|role| *role != Role::Auditor)
        .chain([Role::Administrator])
        .collect();
    let commands = [
        (
            "register",
            Command::Person(person, PersonCommand::Register(details)),
        ),
        (
            "name",
            Command::Organisation(
                app.commands.organisation(),
                OrganisationCommand::NameFounder(NameFounder { person, roles }),
            ),
        ),
    ];
    for (step, command) in commands {
        let mut key = posted.idempotency_key(&app, &visitor.path);
        key.key.push_str(step);
        let request = CommandRequest {
            idempotency_key: Some(key),
            ..CommandRequest::new(Caller::operator(), command)
        };
        match ownership::execute_and_wait(&app, request).await {
            Ok(_) => {}
            Err(PageError::Refused(error)) => {
                return refused(&app, &visitor, &posted, &error).await;
            }
            Err(error) => return Err(error),
        }
    }
    invitations::invite(&app.commands, person).await?;
    let own: Option<OrganisationRow> = app.views.find(app.commands.organisation(), None).await?;
    let next = if app.site.sends_emails(own.as_ref()) {
        "/desk/setup"
    } else {
        PAGE
    };
    Ok(see_other(&format!("{next}?done=colleague-invited")))
}

async fn refused(
    app: &AppState,
    visitor: &Visitor,
    posted: &crate::http::pages::FormData,
    error: &CommandError,
) -> Result<HttpResponse, PageError> {
    let rejected = if matches!(error, CommandError::Refused(Refusal::Taken(_))) {
        let says = "This email address belongs to someone here already. Enter another one.";
        FormErrors::new(
            "colleague",
            posted,
            vec![("email".to_owned(), says.to_owned())],
        )
    } else {
        FormErrors::from_problem(posted, &Problem::from_command_error(error))
    };
    render_page_at(app, visitor, PAGE, Some(rejected)).await
}

/// The administrator whom a form names, if they have not yet signed in from their mailbox.
async fn waiting_colleague(
    request: &DeskRequest<'_>,
    named: &str,
) -> Result<(SetupState, PersonId, String), PageError> {
    let state = SetupState::load(request).await?;
    let found = state
        .unproven()
        .find(|one| one.id.to_string() == named && one.id != request.signed.reader.person);
    let (id, name) = found
        .map(|one| (one.id, one.name.clone()))
        .ok_or_else(PageError::not_found)?;
    Ok((state, id, name))
}

pub(super) async fn invite_again(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let request = DeskRequest::new(&app, &visitor, PAGE, None)?;
    let (_, person, _) = waiting_colleague(&request, posted.text("person")).await?;
    invitations::invite(&app.commands, person).await?;
    Ok(see_other(&format!("{PAGE}?done=colleague-invited")))
}

/// Shows a sign-in link to hand over. It does not prove the address.
pub(super) async fn make_link(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let request = DeskRequest::new(&app, &visitor, PAGE, None)?;
    let (state, person, name) = waiting_colleague(&request, posted.text("person")).await?;
    if !hands_over(&app, &state) {
        return Err(PageError::forbidden());
    }
    let new = NewSignInLink {
        person,
        joins: None,
        valid_minutes: LINK_MINUTES,
        by_mail: false,
    };
    let secret = links::issue(&app.commands, new).await?;
    let address = app.site.public_address(&app.commands).await?;
    let link = format!("{address}/sign-in/{}", secret.token);
    render(&request, Some((link, name))).await
}
