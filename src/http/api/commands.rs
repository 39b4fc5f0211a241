//! The handler of all commands: parses the request, executes the command, waits briefly for the
//! read models, and responds.

use std::collections::BTreeSet;

use actix_web::http::header::{CONTENT_TYPE, IF_MATCH};
use actix_web::{HttpRequest, HttpResponse, Route, web};
use serde_json::Value;
use uuid::Uuid;

pub(in crate::http) use super::command_body::{parse_body, required_fields};
use super::response::CommandResponse;
use super::{
    PREFIX, Resource, applications, assets, barriers, funds, gatherings, grants, groups,
    introductions, organisation, people, query,
};
use crate::auth::SignedIn;
use crate::clock;
use crate::commands::{CommandError, CommandRequest, IdempotencyKey};
use crate::domain::command::CommandSpec;
use crate::domain::{Event, GrantEvent, Refusal};
use crate::eventlog::append::AppendReceipt;
use crate::http::AppState;
use crate::http::body_timeout::body_problem;
use crate::http::entity_tags::TagCondition;
use crate::http::problem::{ErrorCode, Problem};
use crate::views::Reader;

/// The route of one command.
pub(super) fn route(noun: &'static Resource, spec: &'static CommandSpec) -> Route {
    web::post().to(
        move |request: HttpRequest,
              body: Result<web::Bytes, actix_web::Error>,
              signed: SignedIn,
              app: web::Data<AppState>| { execute(noun, spec, request, body, signed, app) },
    )
}

async fn execute(
    noun: &'static Resource,
    spec: &'static CommandSpec,
    http: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let body = body.map_err(|error| {
        body_problem(
            &error,
            &format!("a body has at most {} bytes", crate::http::BODY_MAX),
        )
    })?;
    let new = noun.create_command == Some(spec.name);
    let id = match noun.id_parameter {
        None => app.commands.organisation().0,
        Some(_) if new => clock::new_id(),
        Some(one) => query::path_id(&http, one)?,
    };
    let repeat = idempotency_key(&http, &body, &app)?;
    let if_match = if_match(&http)?;
    let command = parse_body(noun, spec, id, json_body(&http, &body)?)?;
    app.site.limits.check_write(&signed.reader)?;
    app.site.limits.check_command(&signed.reader, &command)?;
    let request = CommandRequest {
        idempotency_key: Some(repeat),
        if_match,
        ..CommandRequest::new(signed.caller.clone(), command)
    };
    let issued = app
        .commands
        .execute_or_replay(request)
        .await
        .map_err(|error| match error {
            // Someone without a role must not learn whether a record exists that is not theirs.
            CommandError::Refused(Refusal::Unknown(_) | Refusal::NotInvited)
                if !signed.reader.sees_all() && !is_open_to(&signed.reader, noun) =>
            {
                query::not_found()
            }
            // The same for other people.
            CommandError::Refused(Refusal::NotYours)
                if !signed.reader.sees_all() && noun.id_parameter == Some("person") && !new =>
            {
                query::not_found()
            }
            // Staff may know that the group exists, so they learn that the command is for its
            // members.
            CommandError::Refused(Refusal::NotOfGroup) if signed.reader.sees_all() => {
                Refusal::NotYours.into()
            }
            other => other.into(),
        })?;
    // The client's next read should show the change. The wait is bounded; the response is the same
    // if the read models are slow.
    let shown = app
        .views
        .wait_until_shown(issued.receipt.last_position)
        .await;
    let (id, prefers) = (issued.receipt.id, prefers_representation(&http));
    let at = if noun.id_parameter.is_some() {
        format!("{PREFIX}/{}/{id}", noun.plural)
    } else {
        format!("{PREFIX}/{}", noun.plural)
    };
    let grant_at = new_grant_location(noun, &app, &issued.receipt).await;
    let answered = CommandResponse {
        issued,
        created_location: new.then(|| at.clone()),
        grant_location: grant_at,
    };
    if prefers && shown {
        // The command is recorded even if the caller may not read the record. Then the default
        // response is sent.
        if let Ok(record) = load_record(noun, &app, &signed, id).await {
            return Ok(answered.into_representation(record, &at));
        }
    }
    Ok(answered.into_accepted())
}

/// Whether the client prefers the record to its positions (`Prefer: return=representation`, RFC
/// 7240).
fn prefers_representation(http: &HttpRequest) -> bool {
    let given = http
        .headers()
        .get_all("Prefer")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let named = |one: &str| {
        let preference = one.split(';').next().unwrap_or_default();
        preference.split_once('=').map(|(name, value)| {
            (
                name.trim().to_ascii_lowercase(),
                value.trim().trim_matches('"').to_owned(),
            )
        })
    };
    given
        .filter_map(named)
        .find(|(name, _)| name == "return")
        .is_some_and(|(_, value)| value == "representation")
}

/// The response with the record, as its own address returns it.
async fn load_record(
    noun: &Resource,
    app: &AppState,
    signed: &SignedIn,
    id: Uuid,
) -> Result<HttpResponse, Problem> {
    match noun.plural {
        "organisation" => organisation::organisation_response(app, signed, None).await,
        "people" => people::person_response(app, signed, id, None).await,
        "funds" => funds::fund_response(app, signed, id, None).await,
        "groups" => groups::group_response(app, signed, id, None).await,
        "applications" => {
            applications::application_response(app, signed, id, None, &BTreeSet::new()).await
        }
        "gatherings" => gatherings::gathering_response(app, signed, id, None).await,
        "assets" => assets::asset_response(app, signed, id, None).await,
        "introductions" => introductions::introduction_response(app, signed, id, None).await,
        "barriers" => barriers::barrier_response(app, signed, id, None).await,
        _ => grants::grant_response(app, signed, id, None, &BTreeSet::new()).await,
    }
}

/// The records that connectors see all of, so that a command may say what it does not find.
const RECORDS_OF_CONNECTORS: [&str; 4] = ["gatherings", "assets", "introductions", "barriers"];

fn is_open_to(reader: &Reader, noun: &Resource) -> bool {
    reader.works_with_people() && RECORDS_OF_CONNECTORS.contains(&noun.plural)
}

/// The address of the grant that an award created.
async fn new_grant_location(
    noun: &Resource,
    app: &AppState,
    answer: &AppendReceipt,
) -> Option<String> {
    let AppendReceipt {
        first_position,
        last_position,
        ..
    } = *answer;
    // An award has several events, since it also commits money. One event cannot have created a
    // grant.
    if noun.plural != "applications" || first_position == last_position {
        return None;
    }
    let events = app
        .commands
        .log()
        .read_events(first_position, last_position - first_position + 1)
        .await
        .ok()?;
    let made = events.iter().find(|recorded| {
        matches!(
            recorded.event,
            Event::Grant(GrantEvent::GrantOffered { .. })
        )
    });
    made.map(|recorded| format!("{PREFIX}/grants/{}", recorded.stream))
}

fn json_body<'a>(http: &HttpRequest, body: &'a web::Bytes) -> Result<&'a [u8], Problem> {
    if body.is_empty() {
        return Ok(b"{}");
    }
    let media_type = http
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    if plain.eq_ignore_ascii_case("application/json") {
        Ok(body)
    } else {
        Err(ErrorCode::UnsupportedMediaType.problem("the Content-Type of the body is not JSON"))
    }
}

pub(super) fn idempotency_key(
    http: &HttpRequest,
    body: &[u8],
    app: &AppState,
) -> Result<IdempotencyKey, Problem> {
    let header = http
        .headers()
        .get("Idempotency-Key")
        .ok_or_else(|| ErrorCode::KeyMissing.problem("the Idempotency-Key is missing"))?;
    let key = header.to_str().unwrap_or_default().trim_matches('"');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if !(1..=100).contains(&key.len()) || !key.bytes().all(plain) {
        return Err(ErrorCode::InvalidKey.problem("this is not an Idempotency-Key"));
    }
    let hash = |body: &[u8]| {
        app.commands
            .log()
            .vault()
            .request_hash(&[http.path().as_bytes(), b"\n", body].concat())
    };
    // Requests are compared as canonical JSON (RFC 8785). Earlier versions of the program hashed
    // the bytes of the body, so a key from then may match that hash.
    let canonical = serde_json::from_slice::<Value>(body)
        .and_then(|body| serde_json_canonicalizer::to_vec(&body));
    Ok(match canonical {
        Ok(canonical) => {
            IdempotencyKey::per_caller(key, hash(&canonical)).with_legacy_hash(hash(body))
        }
        Err(_) => IdempotencyKey::per_caller(key, hash(body)),
    })
}

/// The version in `If-Match`. A well-formed tag that is weak or no version gives
/// `i64::MAX`, which never matches, as RFC 9110 requires.
pub(super) fn if_match(http: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(header) = http.headers().get(IF_MATCH) else {
        return Ok(None);
    };
    let condition = header.to_str().ok().and_then(TagCondition::parse);
    let tag = match condition {
        Some(TagCondition::Any) => return Ok(None),
        Some(TagCondition::Tags(tags)) if tags.len() == 1 => tags[0],
        _ => {
            return Err(ErrorCode::InvalidHeader
                .problem("If-Match must be the tag of the record, in its quotes")
                .with_field("If-Match"));
        }
    };
    let version = tag.opaque.split('-').next().unwrap_or_default();
    let version = Some(version)
        .filter(|version| !tag.weak && version.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(Some(
        version
            .and_then(|version| version.parse().ok())
            .unwrap_or(i64::MAX),
    ))
}
