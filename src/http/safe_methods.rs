//! Middleware for GET and HEAD: answers HEAD as GET without a body, answers 304 to a client that
//! has the current version, and allows cross-origin reads of public addresses.

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;

use super::api;
use super::entity_tags::TagCondition;
use super::problem::{ErrorCode, Problem};

/// Prefixes of public addresses. Their responses depend neither on cookies nor on tokens, so any
/// origin may read them.
const PUBLIC_PREFIXES: [&str; 6] = [
    "/open-data/",
    "/open-referral",
    "/log/",
    "/openapi.",
    "/problems",
    "/.well-known/jwks.json",
];

pub(super) async fn handle_safe_methods(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // Handlers see GET only. The connection remembers that the request was HEAD, and sends no body.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let read = request.method() == Method::GET;
    let open = PUBLIC_PREFIXES
        .iter()
        .any(|open| request.path().starts_with(open));
    let known: Vec<_> = if read {
        request.headers().get_all(IF_NONE_MATCH).cloned().collect()
    } else {
        Vec::new()
    };
    let conditions: Option<Vec<_>> = known.iter().map(condition).collect();
    let by_program = request.path().starts_with(api::PREFIX);
    let mut answer = next.call(request).await?.map_into_boxed_body();
    if open {
        answer
            .headers_mut()
            .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
        add_head(answer.headers_mut());
    }
    if answer.status() != StatusCode::OK {
        return Ok(answer);
    }
    match conditions {
        // Only callers who may read the record get an answer to their condition.
        None if by_program => Err(malformed_condition().into()),
        Some(conditions) if names_tag(&conditions, answer.headers()) => Ok(not_modified(answer)),
        _ => Ok(answer),
    }
}

/// Adds HEAD to the methods that an address allows, if GET is one of them.
fn add_head(headers: &mut HeaderMap) {
    let allow = headers.get(ALLOW).and_then(|allow| allow.to_str().ok());
    let Some(allow) = allow.filter(|allow| allow.contains("GET") && !allow.contains("HEAD")) else {
        return;
    };
    if let Ok(allow) = HeaderValue::try_from(format!("{allow}, HEAD")) {
        headers.insert(ALLOW, allow);
    }
}

fn condition(header: &HeaderValue) -> Option<TagCondition<'_>> {
    TagCondition::parse(header.to_str().ok()?)
}

/// The problem of a program whose condition breaks the grammar. Pages ignore such a condition, so
/// that a browser behind a careless proxy still gets them.
fn malformed_condition() -> Problem {
    ErrorCode::InvalidHeader
        .problem("If-None-Match must be the tags that you have, each in its quotes, or *")
        .with_field("If-None-Match")
}

/// Whether `If-None-Match` names the response's ETag.
fn names_tag(conditions: &[TagCondition<'_>], headers: &HeaderMap) -> bool {
    let tag = headers.get(ETAG).and_then(condition);
    let Some(TagCondition::Tags(tag)) = tag else {
        return false;
    };
    conditions
        .iter()
        .any(|known| tag.iter().any(|tag| known.names(*tag)))
}

/// Turns a response into 304 without a body, and keeps the headers that do not describe the body.
fn not_modified(answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let mut response = HttpResponse::NotModified().finish();
    for (name, value) in answer.headers() {
        if !matches!(
            name.as_str(),
            "content-type" | "content-length" | "content-disposition"
        ) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    answer.into_response(response)
}
