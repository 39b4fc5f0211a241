//! Timeouts of request bodies, and which connections stay open.
//!
//! # Body timeout
//!
//! A body that pauses too long, or arrives too slowly overall, ends with an error that handlers
//! report as 408. Compressed bodies are refused with 415 before they are decompressed: a few bytes
//! could expand to very many.
//!
//! # Keep-alive
//!
//! The server limits how long the first request head on a connection may take, but not later ones.
//! An anonymous client could therefore hold a connection open by sending nothing. Only requests of
//! a known person, marked with `Known`, keep their connection; all others are closed after one
//! response.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::ConnectionType;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage as _, ResponseError as _};
use futures::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::AppState;
use super::problem::{ErrorCode, Problem};

/// How long a client may pause within a body, unless configured otherwise.
pub const BODY_PAUSE_MAX: Duration = Duration::from_secs(20);

/// The minimum speed of a request body. It allows for a photograph from an old phone, which takes
/// minutes, and stops a client that sends a byte a second.
#[derive(Clone, Copy)]
struct Pace {
    /// The longest pause between two parts.
    pause_max: Duration,
    /// For this long any speed is accepted; after it, `bytes_per_second` must be reached on
    /// average.
    grace: Duration,
    bytes_per_second: u64,
    /// The longest time for a whole body.
    total_max: Duration,
}

impl Pace {
    fn with_pause(pause_max: Duration) -> Self {
        Self {
            pause_max,
            grace: Duration::from_mins(1),
            bytes_per_second: 1024,
            total_max: Duration::from_mins(20),
        }
    }

    /// The time since the start of the body by which the next part must arrive, if `received` bytes
    /// arrived so far.
    fn deadline(self, received: u64) -> Duration {
        (self.grace + Duration::from_millis(received.saturating_mul(1000) / self.bytes_per_second))
            .min(self.total_max)
    }
}

/// Marks a request in its extensions: someone showed a valid token, or is signed in and has proved
/// their e-mail address. Its connection stays open.
#[derive(Clone, Copy)]
pub(super) struct KeepAliveAllowed;

/// Middleware that closes the connection after the response, unless the request is marked with
/// [`KeepAliveAllowed`].
pub(super) async fn limit_keep_alive(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut answer = next.call(request).await?;
    let known = answer.request().extensions().contains::<KeepAliveAllowed>();
    if !known {
        answer
            .response_mut()
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    Ok(answer)
}

/// Middleware that refuses compressed bodies, and ends a body with an error if its client is too
/// slow.
pub(super) async fn enforce_body_timeout(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    // A few bytes could decompress to very many before the size limit applies.
    let packed = request
        .headers()
        .get(CONTENT_ENCODING)
        .is_some_and(|how| !how.as_bytes().eq_ignore_ascii_case(b"identity"));
    if packed {
        let answer = ErrorCode::UnsupportedMediaType
            .problem("the body must not be compressed")
            .error_response();
        return Ok(request.into_response(answer));
    }
    let body = request.take_payload();
    if matches!(body, Payload::None) {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let patience = request
        .app_data::<web::Data<AppState>>()
        .map_or(BODY_PAUSE_MAX, |app| app.site.body_pause_max);
    let body = Rc::new(RefCell::new(body));
    request.set_payload(Payload::Stream {
        payload: Box::pin(with_timeouts(Rc::clone(&body), Pace::with_pause(patience))),
    });
    let answer = next.call(request).await?;
    Ok(answer.map_body(|_, inner| {
        BoxBody::new(BodyHoldingRequest {
            inner: inner.boxed(),
            _unread: body,
        })
    }))
}

/// A response body that keeps the unread rest of its request alive. Actix closes the connection
/// after such a response. If the request were dropped, it would keep reading the rest for as long
/// as the client sends.
struct BodyHoldingRequest {
    inner: BoxBody,
    _unread: Rc<RefCell<Payload>>,
}

impl MessageBody for BodyHoldingRequest {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.inner).poll_next(context)
    }
}

fn with_timeouts(
    body: Rc<RefCell<Payload>>,
    pace: Pace,
) -> impl futures::Stream<Item = Result<Bytes, PayloadError>> {
    let began = Instant::now();
    futures::stream::unfold(Some((body, 0_u64)), move |state| async move {
        let (body, received) = state?;
        let part = futures::future::poll_fn(|context| body.borrow_mut().poll_next_unpin(context));
        match timeout_at(
            (began + pace.deadline(received)).min(Instant::now() + pace.pause_max),
            part,
        )
        .await
        {
            Ok(part) => part.map(|part| {
                let received =
                    received.saturating_add(part.as_ref().map_or(0, |bytes| bytes.len() as u64));
                (part, Some((body, received)))
            }),
            Err(_) => Some((
                Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into())),
                None,
            )),
        }
    })
    // The multipart reader polls the stream again after its end.
    .fuse()
}

/// The problem for a body that could not be read: 408 if the client was too slow, 413 with
/// `too_large` as its detail if it is too large, and 400 if it broke off.
pub(super) fn body_problem(error: &actix_web::Error, too_large: &str) -> Problem {
    match error.as_error() {
        Some(PayloadError::Io(cause)) if cause.kind() == std::io::ErrorKind::TimedOut => {
            ErrorCode::TooSlow.problem("this took too long to arrive")
        }
        Some(PayloadError::Overflow) => ErrorCode::TooLarge.problem(too_large),
        _ => ErrorCode::MalformedJson.problem("the body did not arrive in full"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_broke_off_is_not_called_too_large() {
        let status = |error: PayloadError| body_problem(&error.into(), "too large").status();
        assert_eq!(status(PayloadError::Overflow), 413);
        assert_eq!(status(PayloadError::Incomplete(None)), 400);
        let slow = PayloadError::Io(std::io::ErrorKind::TimedOut.into());
        assert_eq!(status(slow), 408);
    }

    #[tokio::test]
    async fn a_sender_who_pauses_is_waited_for_only_so_long() {
        let body = |pauses: Vec<u64>| {
            let parts = futures::stream::iter(pauses).then(|pause| async move {
                tokio::time::sleep(Duration::from_millis(pause * 10)).await;
                Ok(Bytes::from_static(b"x"))
            });
            let body: Payload = Payload::Stream {
                payload: Box::pin(parts),
            };
            let first = Duration::from_millis(500);
            let pace = Pace {
                pause_max: Duration::from_millis(400),
                grace: first,
                bytes_per_second: 10,
                total_max: Duration::from_millis(1500),
            };
            with_timeouts(Rc::new(RefCell::new(body)), pace)
        };
        let arrived = async |pauses| {
            let parts: Vec<_> = body(pauses).collect().await;
            (
                parts.iter().filter(|part| part.is_ok()).count(),
                parts.last().is_some_and(Result::is_err),
            )
        };
        assert_eq!(arrived(vec![0, 10, 10]).await, (3, false));
        assert_eq!(arrived(vec![0, 80, 0]).await, (1, true));
        // The limit is ten bytes a second; these arrive at about three a second.
        let (parts, ended) = arrived(vec![30; 9]).await;
        assert!(
            ended && (1..5).contains(&parts),
            "it came too slowly: {parts}"
        );
        assert_eq!(
            Pace::with_pause(BODY_PAUSE_MAX).deadline(0),
            Duration::from_mins(1)
        );
        assert_eq!(
            Pace::with_pause(BODY_PAUSE_MAX).deadline(10 * 1024),
            Duration::from_secs(70)
        );
        assert_eq!(
            Pace::with_pause(BODY_PAUSE_MAX).deadline(u64::MAX),
            Duration::from_mins(20)
        );
    }
}
