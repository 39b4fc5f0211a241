//! What holds for everything that is read: HEAD is answered as GET without its body, what the asker
//! has is not sent again, and what is for anybody may be read by a page from anywhere.

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;

/// Where what anybody may read lies: no cookie and no token changes what is answered there.
const OPEN: [&str; 5] = [
    "/open-data/",
    "/log/",
    "/openapi.",
    "/problems",
    "/.well-known/jwks.json",
];

pub(super) async fn reading(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // The connection knows that it was HEAD, and sends no body.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let read = request.method() == Method::GET;
    let open = OPEN.iter().any(|open| request.path().starts_with(open));
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
    if answer.status() == StatusCode::OK && is_known(&known, answer.headers()) {
        return Ok(unchanged(answer));
    }
    Ok(answer)
}

/// Whether the asker named what would be sent: compared weakly, as RFC 9110 has it for reading.
fn is_known(known: &[HeaderValue], headers: &HeaderMap) -> bool {
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

/// The same answer without what the asker has.
fn unchanged(answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
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
            !is_known(&known(&["*"]), &headers),
            "what has no tag is always sent"
        );
        headers.insert(ETAG, HeaderValue::from_static("\"7-ab\""));
        for same in ["\"7-ab\"", "W/\"7-ab\"", "\"6-cd\", \"7-ab\"", "*"] {
            assert!(is_known(&known(&[same]), &headers), "{same}");
        }
        for other in ["\"7\"", "7-ab", "", "\"7-ab"] {
            assert!(!is_known(&known(&[other]), &headers), "{other}");
        }
    }
}
