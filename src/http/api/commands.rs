//! Every command's handler: read the body, issue, wait briefly for the views, answer.

use actix_web::http::header::{CONTENT_TYPE, IF_MATCH};
use actix_web::{HttpRequest, HttpResponse, Route, web};
use uuid::Uuid;

use super::answers::accepted;
use super::bodies::{Bounded, whole_numbers};
use super::{Noun, PREFIX, asked};
use crate::commands::{CommandError, RepeatKey, Request, clock};
use crate::domain::command::Spec;
use crate::domain::{
    ApplicationCommand, ApplicationId, Command, FundCommand, FundId, GrantCommand, GrantId, GroupCommand, GroupId, OrganisationCommand,
    PersonCommand, PersonId, Refusal,
};
use crate::http::Desk;
use crate::http::in_time::not_arrived;
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;

/// The route of one command.
pub(super) fn route(noun: &'static Noun, spec: &'static Spec) -> Route {
    web::post().to(move |request: HttpRequest, body: Result<web::Bytes, actix_web::Error>, signed: SignedIn, desk: web::Data<Desk>| {
        issue(noun, spec, request, body, signed, desk)
    })
}

async fn issue(
    noun: &'static Noun,
    spec: &'static Spec,
    http: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let body = body.map_err(|error| not_arrived(&error, &format!("a body has at most {} bytes", crate::http::BODY_MOST)))?;
    let new = noun.makes == Some(spec.name);
    let id = match noun.one {
        None => desk.commands.organisation().0,
        Some(_) if new => clock::new_id(),
        Some(one) => asked::id(&http, one)?,
    };
    let repeat = repeat_key(&http, &body, &desk)?;
    let if_match = if_match(&http)?;
    let command = read(noun, spec, id, json_of(&http, &body)?)?;
    let request = Request { repeat: Some(repeat), if_match, ..Request::new(signed.caller.clone(), command) };
    let answer = desk.commands.issue(request).await.map_err(|error| match error {
        // Without a role, what does not exist looks like what is another's.
        CommandError::Refused(Refusal::Unknown(_)) if !signed.reader.sees_all() => asked::nothing(),
        // And so does a person who is somebody else.
        CommandError::Refused(Refusal::NotYours) if !signed.reader.sees_all() && noun.one == Some("person") && !new => asked::nothing(),
        // Whoever sees every group is told that this is for its members.
        CommandError::Refused(Refusal::NotOfGroup) if signed.reader.sees_all() => Refusal::NotYours.into(),
        other => other.into(),
    })?;
    // Whoever reads next should see it; when the views are slow the answer does not wait for ever.
    desk.views.shown(answer.last_position).await;
    let address = new.then(|| format!("{PREFIX}/{}/{}", noun.plural, answer.id));
    Ok(accepted(answer, address))
}

fn json_of<'a>(http: &HttpRequest, body: &'a web::Bytes) -> Result<&'a [u8], Problem> {
    if body.is_empty() {
        return Ok(b"{}");
    }
    let media_type = http.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    if plain.eq_ignore_ascii_case("application/json") {
        Ok(body)
    } else {
        Err(Fault::UnsupportedMediaType.problem("the body is not declared as JSON"))
    }
}

pub(super) fn repeat_key(http: &HttpRequest, body: &[u8], desk: &Desk) -> Result<RepeatKey, Problem> {
    let header = http.headers().get("Idempotency-Key").ok_or_else(|| Fault::KeyMissing.problem("there is no Idempotency-Key"))?;
    let key = header.to_str().unwrap_or_default().trim_matches('"');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if !(1..=100).contains(&key.len()) || !key.bytes().all(plain) {
        return Err(Fault::InvalidKey.problem("the Idempotency-Key is not one"));
    }
    let request = [http.path().as_bytes(), b"\n", body].concat();
    Ok(RepeatKey::own(key, desk.commands.log().vault().request_hash(&request)))
}

fn if_match(http: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(header) = http.headers().get(IF_MATCH) else { return Ok(None) };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(|| Fault::Stale.problem("If-Match names no version that this record had").about("If-Match"))
}

/// Reads a body into the command that it is; the path of a field that is wrong is named.
pub(in crate::http) fn read(noun: &Noun, spec: &Spec, id: Uuid, body: &[u8]) -> Result<Command, Problem> {
    // What is JSON at all is asked first: after that, everything that is wrong is a field.
    serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|error| Fault::MalformedJson.problem(plain(&error)))?;
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Fault::InvalidField.problem("the body is one JSON object"));
    }
    serde_json::from_slice::<Bounded>(body).map_err(|error| Fault::InvalidField.problem(plain(&error)))?;
    let body = whole_numbers(body);
    let mut json = serde_json::Deserializer::from_slice(&body);
    let mut track = serde_path_to_error::Track::new();
    let body = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let name = spec.name;
    let command = match noun.plural {
        "organisation" => OrganisationCommand::read(name, body)
            .map(|read| read.map(|command| Command::Organisation(crate::domain::OrganisationId(id), command))),
        "people" => PersonCommand::read(name, body).map(|read| read.map(|command| Command::Person(PersonId(id), command))),
        "funds" => FundCommand::read(name, body).map(|read| read.map(|command| Command::Fund(FundId(id), command))),
        "groups" => GroupCommand::read(name, body).map(|read| read.map(|command| Command::Group(GroupId(id), command))),
        "applications" => {
            ApplicationCommand::read(name, body).map(|read| read.map(|command| Command::Application(ApplicationId(id), command)))
        }
        _ => GrantCommand::read(name, body).map(|read| read.map(|command| Command::Grant(GrantId(id), command))),
    };
    let command = command.ok_or_else(|| Fault::NoSuchAddress.problem("there is no such command"))?;
    let command = command.map_err(|error| invalid(&error, &track.path()))?;
    json.end().map_err(|error| Fault::MalformedJson.problem(plain(&error)))?;
    Ok(command)
}

fn invalid(error: &serde_json::Error, path: &serde_path_to_error::Path) -> Problem {
    let problem = Fault::InvalidField.problem(plain(error));
    let path = path.to_string();
    // A path of "." means the body itself: a missing or unknown field is named in the message.
    let field = if path == "." { named(problem.detail()).unwrap_or_default() } else { path };
    if field.is_empty() { problem } else { problem.about(field) }
}

/// The message without the line and column, which say nothing about one line of JSON, and without the names of our types.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    message.split_once("expected struct ").map_or_else(|| message.to_owned(), |(got, _)| format!("{got}expected an object"))
}

fn named(message: &str) -> Option<String> {
    message.split('`').nth(1).map(str::to_owned)
}
