//! Submits a command from a form of the desk: the form becomes JSON, which is parsed as a request
//! to the API is.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::{learning, notices, render_page_at};
use crate::clock;
use crate::commands::CommandRequest;
use crate::domain::Command;
use crate::http::AppState;
use crate::http::api::{RESOURCES, Resource, commands, is_offered};
use crate::http::pages::form::SURE;
use crate::http::pages::sign_in::local_path;
use crate::http::pages::{
    FormData, FormErrors, PageError, PostedForm, Visitor, layout, ownership, see_other,
};
use crate::http::problem::Problem;

pub(super) async fn submit_new(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let noun = resource_of(&request)?;
    let id = match noun.id_parameter {
        None => app.commands.organisation().0,
        Some(_) if noun.create_command == Some(request.match_info().query("command")) => {
            clock::new_id()
        }
        Some(_) => return Err(PageError::not_found()),
    };
    submit(&request, sent, &app, noun, id).await
}

pub(super) async fn submit_to(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let id = ownership::parse_uuid(request.match_info().query("id"))?;
    submit(&request, sent, &app, resource_of(&request)?, id).await
}

fn resource_of(request: &HttpRequest) -> Result<&'static Resource, PageError> {
    let plural = request.match_info().query("noun");
    RESOURCES
        .iter()
        .find(|noun| noun.plural == plural)
        .ok_or_else(PageError::not_found)
}

/// Shows what a command would result in, with the entered values. Nothing is recorded.
pub(super) async fn preview(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let noun = resource_of(&request)?;
    let id = if noun.id_parameter.is_none() {
        app.commands.organisation().0
    } else {
        clock::new_id()
    };
    let shown = match parse_command(&request, noun, id, &posted)? {
        Ok(command) => match app
            .commands
            .dry_run(&visitor.require_signed_in()?.caller, command)
            .await
        {
            Ok(()) => FormErrors {
                status: 200,
                ..FormErrors::new(posted.text("form"), &posted, Vec::new())
            },
            Err(error) => FormErrors::from_problem(&posted, &Problem::from_command_error(&error)),
        },
        Err(rejected) => rejected,
    };
    render_page_at(&app, &visitor, &page_of_form(&posted), Some(shown)).await
}

/// The address of the page that the form belongs to.
pub(super) fn page_of_form(posted: &FormData) -> String {
    local_path(posted.text("at"))
        .filter(|path| path.starts_with("/desk"))
        .unwrap_or("/desk")
        .to_owned()
}

/// The command that a form describes, or the errors of its fields.
fn parse_command(
    request: &HttpRequest,
    noun: &'static Resource,
    id: Uuid,
    posted: &FormData,
) -> Result<Result<Command, FormErrors>, PageError> {
    let name = request.match_info().query("command");
    let spec = noun
        .commands
        .iter()
        .find(|spec| spec.name == name && is_offered(spec))
        .ok_or_else(PageError::not_found)?;
    if posted.lacks_tick() {
        let says = "Tick the box if you want to continue".to_owned();
        let wrong = vec![(SURE.to_owned(), says)];
        return Ok(Err(FormErrors::new(posted.text("form"), posted, wrong)));
    }
    let body = posted.to_json().to_string();
    Ok(
        commands::parse_body(noun, spec, id, body.as_bytes()).map_err(|problem| {
            FormErrors::from_problem(posted, &problem)
                .with_missing(posted, &commands::required_fields(spec))
        }),
    )
}

async fn submit(
    request: &HttpRequest,
    sent: PostedForm,
    app: &AppState,
    noun: &'static Resource,
    id: Uuid,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let name = request.match_info().query("command");
    let back = page_of_form(&posted);
    let command = match parse_command(request, noun, id, &posted)? {
        Ok(command) => command,
        Err(rejected) => {
            return render_page_at(app, &visitor, &back, Some(rejected)).await;
        }
    };
    let next = if noun.create_command == Some(name) {
        None
    } else {
        Some(page_after(name, &back))
    };
    execute(app, &visitor, &posted, command, name, &back, |made| {
        next.unwrap_or_else(|| format!("/desk/{}/{made}", noun.plural))
    })
    .await
}

/// The page after a command: the one that has the form, or the record if the form has a page of
/// its own.
fn page_after(command: &str, back: &str) -> String {
    match command {
        "publish-lesson" => learning::PAGE.to_owned(),
        "choose-story" => {
            let record = back.split_once("/story").map_or(back, |(record, _)| record);
            record.to_owned()
        }
        "give-tally" | "correct-tally" => {
            let page = back.split_once('?').map_or(back, |(page, _)| page);
            page.to_owned()
        }
        _ => without_open_form(back),
    }
}

/// The page's address without the form that was open on it, because its command is done.
fn without_open_form(address: &str) -> String {
    let Some((path, query)) = address.split_once('?') else {
        return address.to_owned();
    };
    let mut pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
    pairs.retain(|(name, _)| name != "do");
    if pairs.is_empty() {
        return path.to_owned();
    }
    let query = serde_html_form::to_string(pairs).unwrap_or_default();
    format!("{path}?{query}")
}

/// Executes a command and redirects to `next`, which gets the id of the record. If the command is
/// refused, the page at `back` is rendered with the form and the refusal.
pub(super) async fn execute(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    command: Command,
    done: &str,
    back: &str,
    next: impl FnOnce(Uuid) -> String,
) -> Result<HttpResponse, PageError> {
    let repeat = posted.idempotency_key(app, &visitor.path);
    let request = CommandRequest {
        idempotency_key: Some(repeat),
        ..CommandRequest::new(visitor.require_signed_in()?.caller.clone(), command)
    };
    match ownership::execute_and_wait(app, request).await {
        Ok(answer) => {
            let next = next(answer.id);
            let joined = if next.contains('?') { '&' } else { '?' };
            Ok(see_other(&format!(
                "{next}{joined}done={}",
                layout::url_encoded(&notices::done_parameter(done, posted, &answer))
            )))
        }
        Err(PageError::Refused(error)) => {
            render_page_at(
                app,
                visitor,
                back,
                Some(FormErrors::from_problem(
                    posted,
                    &Problem::from_command_error(&error),
                )),
            )
            .await
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_open_any_more() {
        assert_eq!(
            without_open_form("/desk/applications/1?do=score&list=state%3Dsubmitted"),
            "/desk/applications/1?list=state%3Dsubmitted"
        );
        assert_eq!(
            without_open_form("/desk/funds/1?do=allocate"),
            "/desk/funds/1"
        );
        assert_eq!(without_open_form("/desk/funds/1"), "/desk/funds/1");
    }

    #[test]
    fn a_form_on_a_page_of_its_own_leads_back_to_the_record() {
        assert_eq!(
            page_after("choose-story", "/desk/gatherings/1/story?story=2.1"),
            "/desk/gatherings/1"
        );
        assert_eq!(
            page_after("publish-lesson", "/desk/learning/new"),
            "/desk/learning"
        );
        assert_eq!(
            page_after("give-tally", "/desk/gatherings/1/tallies?question=lonely"),
            "/desk/gatherings/1/tallies"
        );
        assert_eq!(
            page_after("open", "/desk/gatherings/1?do=open"),
            "/desk/gatherings/1"
        );
    }
}
