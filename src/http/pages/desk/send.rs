//! Submits a command from a form of the desk: the form becomes JSON, which is parsed as a request
//! to the API is.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::at;
use crate::commands::{Request, clock};
use crate::domain::Command;
use crate::http::Desk;
use crate::http::api::{NOUNS, Noun, commands, offered};
use crate::http::pages::form::listed;
use crate::http::pages::signin::own_path;
use crate::http::pages::{Failed, Posted, Rejected, Sent, Visitor, own, see_other, shell};
use crate::http::problem::Problem;

pub(super) async fn new(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let noun = noun(&request)?;
    let id = match noun.one {
        None => desk.commands.organisation().0,
        Some(_) if noun.makes == Some(request.match_info().query("command")) => clock::new_id(),
        Some(_) => return Err(Failed::nothing()),
    };
    send(&request, sent, &desk, noun, id).await
}

pub(super) async fn one(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let id = own::uuid(request.match_info().query("id"))?;
    send(&request, sent, &desk, noun(&request)?, id).await
}

fn noun(request: &HttpRequest) -> Result<&'static Noun, Failed> {
    let plural = request.match_info().query("noun");
    NOUNS
        .iter()
        .find(|noun| noun.plural == plural)
        .ok_or_else(Failed::nothing)
}

/// Shows what a command would result in, with the entered values. Nothing is recorded.
pub(super) async fn preview(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    visitor.staff()?;
    let noun = noun(&request)?;
    let id = if noun.one.is_none() {
        desk.commands.organisation().0
    } else {
        clock::new_id()
    };
    let shown = match read(&request, noun, id, &posted)? {
        Ok(command) => match desk
            .commands
            .consider(&visitor.signed()?.caller, command)
            .await
        {
            Ok(()) => Rejected {
                status: 200,
                ..Rejected::with(posted.text("form"), &posted, Vec::new())
            },
            Err(error) => Rejected::of(&posted, &Problem::refused(&error)),
        },
        Err(problem) => Rejected::of(&posted, &problem),
    };
    at(&desk, &visitor, &back(&posted), Some(shown)).await
}

/// The address of the page that the form belongs to.
fn back(posted: &Posted) -> String {
    own_path(posted.text("at"))
        .filter(|path| path.starts_with("/desk"))
        .unwrap_or("/desk")
        .to_owned()
}

/// The command that a form describes, or the problem with it.
fn read(
    request: &HttpRequest,
    noun: &'static Noun,
    id: Uuid,
    posted: &Posted,
) -> Result<Result<Command, Problem>, Failed> {
    let name = request.match_info().query("command");
    let spec = noun
        .commands
        .iter()
        .find(|spec| spec.name == name && offered(spec))
        .ok_or_else(Failed::nothing)?;
    Ok(commands::read(
        noun,
        spec,
        id,
        listed(posted.json()).to_string().as_bytes(),
    ))
}

async fn send(
    request: &HttpRequest,
    sent: Sent,
    desk: &Desk,
    noun: &'static Noun,
    id: Uuid,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    visitor.staff()?;
    let name = request.match_info().query("command");
    let back = back(&posted);
    let command = match read(request, noun, id, &posted)? {
        Ok(command) => command,
        Err(problem) => {
            return at(desk, &visitor, &back, Some(Rejected::of(&posted, &problem))).await;
        }
    };
    let next = if noun.makes == Some(name) {
        None
    } else {
        Some(back.clone())
    };
    issue(desk, &visitor, &posted, command, name, &back, |made| {
        next.unwrap_or_else(|| format!("/desk/{}/{made}", noun.plural))
    })
    .await
}

/// Executes a command and redirects to `next`, which gets the id of the record. If the command is
/// refused, the page at `back` is rendered with the form and the refusal.
pub(super) async fn issue(
    desk: &Desk,
    visitor: &Visitor,
    posted: &Posted,
    command: Command,
    done: &str,
    back: &str,
    next: impl FnOnce(Uuid) -> String,
) -> Result<HttpResponse, Failed> {
    let repeat = posted.repeat(desk, &visitor.path);
    let request = Request {
        repeat: Some(repeat),
        ..Request::new(visitor.signed()?.caller.clone(), command)
    };
    match own::taken(desk, request).await {
        Ok(answer) => {
            let next = next(answer.id);
            let joined = if next.contains('?') { '&' } else { '?' };
            Ok(see_other(&format!(
                "{next}{joined}done={}",
                shell::encoded(done)
            )))
        }
        Err(Failed::Refused(error)) => {
            at(
                desk,
                visitor,
                back,
                Some(Rejected::of(posted, &Problem::refused(&error))),
            )
            .await
        }
        Err(error) => Err(error),
    }
}
