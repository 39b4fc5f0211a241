//! A body must arrive: whoever sends too slowly is not waited for.

use std::time::Duration;

use actix_web::HttpMessage as _;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web;
use futures::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::Desk;
use super::problem::{Fault, Problem};

/// How long a sender may pause unless it is said otherwise.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long a whole body may take: a photograph from an old phone takes minutes.
const WHOLE: Duration = Duration::from_mins(20);

/// Lets a body end with an error when its sender pauses for too long.
pub(super) async fn in_time(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if request.method() == Method::POST {
        let patience = request.app_data::<web::Data<Desk>>().map_or(PATIENCE, |desk| desk.site.patience);
        let body = request.take_payload();
        request.set_payload(Payload::Stream { payload: Box::pin(timed(body, patience, WHOLE)) });
    }
    next.call(request).await
}

fn timed(body: Payload, pause: Duration, whole: Duration) -> impl futures::Stream<Item = Result<actix_web::web::Bytes, PayloadError>> {
    let end = Instant::now() + whole;
    futures::stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match timeout_at(end.min(Instant::now() + pause), body.next()).await {
            Ok(part) => part.map(|part| (part, Some(body))),
            Err(_) => Some((Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into())), None)),
        }
    })
    // Whoever reads a form asks once more after its end.
    .fuse()
}

/// Why a body did not arrive: its sender was too slow, or it is larger than what was said.
pub(super) fn not_arrived(error: &actix_web::Error, too_large: &str) -> Problem {
    match error.as_error() {
        Some(PayloadError::Io(cause)) if cause.kind() == std::io::ErrorKind::TimedOut => {
            Fault::TooSlow.problem("it did not arrive in time")
        }
        _ => Fault::TooLarge.problem(too_large),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::web::Bytes;

    #[tokio::test]
    async fn a_sender_who_pauses_is_waited_for_only_so_long() {
        let body = |pauses: Vec<u64>| {
            let parts = futures::stream::iter(pauses).then(|pause| async move {
                tokio::time::sleep(Duration::from_millis(pause * 10)).await;
                Ok(Bytes::from_static(b"x"))
            });
            timed(Payload::Stream { payload: Box::pin(parts) }, Duration::from_millis(400), Duration::from_millis(900))
        };
        let arrived = async |pauses| {
            let parts: Vec<_> = body(pauses).collect().await;
            (parts.iter().filter(|part| part.is_ok()).count(), parts.last().is_some_and(Result::is_err))
        };
        assert_eq!(arrived(vec![0, 10, 10]).await, (3, false));
        assert_eq!(arrived(vec![0, 80, 0]).await, (1, true));
        let (parts, ended) = arrived(vec![20; 9]).await;
        assert!(ended && (1..9).contains(&parts), "the whole of it took too long: {parts}");
    }
}
