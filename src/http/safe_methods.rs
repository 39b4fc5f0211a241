//! Middleware for GET and HEAD: answers HEAD as GET without a body, answers 304 to a client that
//! has the current version, and allows cross-origin reads of public addresses.

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;

/// Prefixes of public addresses. Their responses depend neither on cookies nor on tokens, so any
/// origin may read them.
const PUBLIC_PREFIXES: [&str; 5] = [
    "/open-data/",
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
    let known = if read {
        request.headers().get_all(IF_NONE_MATCH).cloned().collect()
    } else {
        Vec::new()
    };
    let mut answer = next.call(request).await?.map_into_boxed_body();
    if open {
        answer
            .headers_mut()
            .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if answer.status() == StatusCode::OK && has_matching_tag(&known, answer.headers()) {
        return Ok(not_modified(answer));
    }
    Ok(answer)
}

/// Whether `If-None-Match` names the response's ETag. Tags are compared weakly (RFC 9110, section
/// 13.1.2).
fn has_matching_tag(known: &[HeaderValue], headers: &HeaderMap) -> bool {
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Some(tag) = headers
        .get(ETAG)
        .and_then(|tag| tag.to_str().ok())
        .map(weak)
    else {
        return false;
    };
    known
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim() == "*" || weak(one) == tag)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_by_its_tag() {
        let mut headers = HeaderMap::new();
        let known = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| HeaderValue::from_str(text).unwrap())
                .collect::<Vec<_>>()
        };
        assert!(
            !has_matching_tag(&known(&["*"]), &headers),
            "what has no tag is always sent"
        );
        headers.insert(ETAG, HeaderValue::from_static("\"7-ab\""));
        for same in ["\"7-ab\"", "W/\"7-ab\"", "\"6-cd\", \"7-ab\"", "*"] {
            assert!(has_matching_tag(&known(&[same]), &headers), "{same}");
        }
        for other in ["\"7\"", "7-ab", "", "\"7-ab"] {
            assert!(!has_matching_tag(&known(&[other]), &headers), "{other}");
        }
    }
}
