//! The account page of a person: name and address, contact details that an officer proposed,
//! sessions, tokens, the request to be erased, and the download of the subject access report.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::apply::refusal_says;
use super::signin::moment;
use super::tokens::{self, TokenSeen};
use super::{Failed, Forms, Posted, Rejected, Sent, Shell, Visitor, own, see_other, shown};
use crate::commands::{CommandError, Request};
use crate::domain::command::{Because, Nothing, ProposalOf};
use crate::domain::erasure::Erasure;
use crate::domain::text::Prose;
use crate::domain::{Command, PersonCommand, Refusal};
use crate::http::Desk;
use crate::http::signin::Basis;
use crate::projections::{PersonRow, ProposedContactRow};
use crate::store::sessions::{self, Ends};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/account/held").route(web::get().to(held)))
        .service(web::resource("/account/tokens").route(web::post().to(tokens::act)))
        .service(
            web::resource("/account")
                .route(web::get().to(account))
                .route(web::post().to(act)),
        );
}

#[derive(Template)]
#[template(path = "open/account.html")]
struct AccountPage {
    page: Shell,
    wrong: Vec<(String, String)>,
    name: String,
    email: String,
    proposed: Option<Proposed>,
    roles: Vec<&'static str>,
    sessions: Vec<SessionSeen>,
    tokens: Vec<TokenSeen>,
    /// The roles that the person may give to a token.
    usable: Vec<(String, String)>,
    erasure: Erasure,
    /// Only a person whose address is proven may ask to be erased.
    proven: bool,
    forms: Forms,
}

/// Contact details that an officer proposed for the person. Fields that were not proposed are
/// empty.
struct Proposed {
    name: String,
    email: String,
    telephone: String,
    /// The proposal's number. The confirmation names it, so that it cannot confirm a later
    /// proposal.
    proposal: u32,
}

/// A row of the list of sessions.
struct SessionSeen {
    digest: String,
    device: String,
    seen_at: String,
    own: bool,
}

async fn account(visitor: Visitor, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    render_account(&visitor, &desk, None).await
}

/// Renders the account page, with the entered values and errors of a rejected form, if any.
pub(super) async fn render_account(
    visitor: &Visitor,
    desk: &Desk,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    let signed = visitor.signed()?;
    let log = desk.commands.log();
    let person = signed.reader.person;
    let row: Option<PersonRow> = desk.views.find(&person.to_string(), None).await?;
    let proposed = match row.as_ref().and_then(|row| row.proposed_contact.as_ref()) {
        Some(contact) if visitor.proven => Some(proposed(desk, contact).await?),
        _ => None,
    };
    let seen = desk
        .views
        .open_people(&signed.reader, row.into_iter().collect())
        .await?
        .pop();
    let now = desk.commands.now().as_microsecond();
    let own = visitor.digest(desk);
    let mut sessions =
        sessions::of(log.store(), log.organisation(), &person.to_string(), now).await?;
    sessions.retain(|session| {
        signed.holds(Basis {
            roles: &session.roles,
            access: session.access,
        })
    });
    let session = |session: sessions::SessionRow| SessionSeen {
        own: session.digest == own,
        digest: session.digest,
        device: session.device,
        seen_at: moment(session.seen_at),
    };
    let erasure = seen.as_ref().map_or(Erasure::NotAsked, |seen| seen.erasure);
    let (name, email) = seen.map(|seen| (seen.name, seen.email)).unwrap_or_default();
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell = Shell::around(
        visitor,
        desk,
        super::words::say("My account", visitor.language),
    )
    .await?;
    shell.wrong = !wrong.is_empty();
    let sheet = AccountPage {
        page: shell,
        wrong,
        name: name.unwrap_or_default(),
        email: email.filter(|_| visitor.proven).unwrap_or_default(),
        proposed,
        roles: signed
            .reader
            .roles
            .iter()
            .map(|role| (*role).into())
            .collect(),
        tokens: tokens::of(desk, signed).await?,
        usable: tokens::usable(signed),
        sessions: sessions.into_iter().map(session).collect(),
        erasure,
        proven: visitor.proven,
        forms,
    };
    shown(visitor, desk, sheet.page.wrong, &sheet)
}

async fn proposed(desk: &Desk, contact: &ProposedContactRow) -> Result<Proposed, Failed> {
    let mut sealed = vec![("name", &contact.name)];
    sealed.extend(contact.email.as_ref().map(|email| ("email", email)));
    sealed.extend(
        contact
            .telephone
            .as_ref()
            .map(|telephone| ("telephone", telephone)),
    );
    let opened = desk
        .commands
        .log()
        .vault()
        .open(&sealed)
        .await
        .map_err(crate::log::LogError::from)?;
    let mut texts: BTreeMap<&str, String> = sealed
        .iter()
        .zip(opened)
        .filter_map(|((field, _), opened)| Some((*field, opened.text()?)))
        .collect();
    let mut take = |field: &str| texts.remove(field).unwrap_or_default();
    Ok(Proposed {
        name: take("name"),
        email: take("email"),
        telephone: take("telephone"),
        proposal: contact.proposal,
    })
}

/// The subject access report of the person who is signed in, as a text file.
async fn held(visitor: Visitor, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let person = visitor.person()?;
    if !visitor.proven {
        return Err(Failed::not_yours());
    }
    let held = desk.views.held_on_person(person).await?;
    super::held::answer(&desk, super::words::say("you", visitor.language), &[held]).await
}

/// Handles the forms of the page: the answer to proposed contact details, the request to be erased,
/// and ending one session, or all sessions and all tokens.
async fn act(sent: Sent, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let person = visitor.person()?;
    if matches!(posted.text("form"), "confirm-contact" | "refuse-contact") {
        return answer_contact(&visitor, &desk, &posted).await;
    }
    if posted.text("form") == "erase" {
        if visitor.proven && posted.text("sure") == "yes" {
            let ask = Command::Person(person, PersonCommand::RequestErasure(Nothing {}));
            own::issue(&visitor, &desk, &posted, "", ask).await?;
        }
        return Ok(see_other("/account"));
    }
    let log = desk.commands.log();
    let end = async |which| {
        sessions::end(log.store(), log.organisation(), &person.to_string(), which).await
    };
    match posted.text("session") {
        // A session with an unproven address may only end unproven sessions, not those of the
        // address's owner.
        _ if !visitor.proven => end(Ends::Unproven).await?,
        "" => desk.tokens.end_access(log, person).await?,
        digest => end(Ends::One(digest)).await?,
    }
    Ok(see_other("/account"))
}

/// Confirms or refuses proposed contact details. If other details were proposed since the page was
/// rendered, the page is shown again with these.
async fn answer_contact(
    visitor: &Visitor,
    desk: &Desk,
    posted: &Posted,
) -> Result<HttpResponse, Failed> {
    if !visitor.proven {
        return Err(Failed::not_yours());
    }
    let form = posted.text("form");
    let answer = if form == "confirm-contact" {
        let proposal = posted
            .text("proposal")
            .parse()
            .map_err(|_| Failed::nothing())?;
        PersonCommand::ConfirmContact(ProposalOf { proposal })
    } else {
        let reason = "The person does not want this change."
            .parse::<Prose>()
            .map_err(|error| Failed::broken(&error))?;
        PersonCommand::RefuseContact(Because { reason })
    };
    let command = Command::Person(visitor.person()?, answer);
    let repeat = Some(posted.repeat(desk, &visitor.path));
    let request = Request {
        repeat,
        ..Request::new(visitor.signed()?.caller.clone(), command)
    };
    match desk.commands.issue(request).await {
        Ok(answer) => {
            desk.views.shown(answer.last_position).await;
            Ok(see_other("/account"))
        }
        Err(CommandError::Refused(Refusal::NotProposed)) => Ok(see_other("/account")),
        Err(CommandError::Refused(refusal)) => {
            let says = refusal_says(&refusal, visitor.language);
            render_account(
                visitor,
                desk,
                Some(Rejected::with(form, posted, vec![(String::new(), says)])),
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}
