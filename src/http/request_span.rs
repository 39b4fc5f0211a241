//! The tracing span of a request: its id, method, route and status. It never contains the address
//! itself, because sign-in links are secrets, and so are search terms.

use actix_web::Error;
use actix_web::HttpMessage as _;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::Span;
use tracing::field::Empty;
use tracing_actix_web::{RequestId, RootSpanBuilder};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The id of the request that this task is handling.
    static CURRENT_REQUEST_ID: String;
}

/// The id of the current request; none outside a request. Problem documents repeat it.
pub(super) fn request_id() -> Option<String> {
    CURRENT_REQUEST_ID
        .try_with(Clone::clone)
        .ok()
        .filter(|id| !id.is_empty())
}

/// Builds the span of each request, and counts responses by which someone was rejected.
pub(super) struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request
            .extensions()
            .get::<RequestId>()
            .map(ToString::to_string)
            .unwrap_or_default();
        let route = request.match_pattern().unwrap_or_default();
        tracing::info_span!("request", id, method = %request.method(), route, command = Empty)
    }

    fn on_request_end<B: MessageBody>(_: Span, answer: &Result<ServiceResponse<B>, Error>) {
        let status = match answer {
            Ok(answer) => answer.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        super::monitoring::count_rejection(status);
        tracing::debug!(status = status.as_u16(), "answered");
    }
}

/// Middleware that sends the request's id in `X-Request-Id`, so that a client can name the request
/// to the operator.
pub(super) async fn add_request_id(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut answer = CURRENT_REQUEST_ID
        .scope(id.clone(), next.call(request))
        .await?;
    if let Some(id) = Some(id)
        .filter(|id| !id.is_empty())
        .and_then(|id| HeaderValue::from_str(&id).ok())
    {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(answer)
}
