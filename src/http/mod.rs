//! The service over HTTP: the API, its contract, and the operator's addresses.

pub mod api;
pub mod beside;
mod contract;
pub mod in_time;
pub mod limits;
pub mod open_data;
mod operator;
pub mod pages;
pub mod problem;
pub mod signin;
mod spans;
mod tree;

use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::header::ACCEPT;
use actix_web::middleware::{Compress, DefaultHeaders, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

use crate::bank::Layout;
use crate::commands::Commands;
use crate::files::Files;
use crate::views::Views;
use beside::Beside;
pub use contract::{contract, document};
use limits::{Limits, Quotas};
use problem::Fault;
use signin::Tokens;

/// The most that a request's body may hold, in bytes.
pub const BODY_MOST: usize = 512 * 1024;

/// Everything that a handler works with.
pub struct Desk {
    pub commands: Commands,
    pub views: Views,
    pub files: Files,
    pub tokens: Tokens,
    pub site: Site,
    pub beside: Beside,
}

/// What the pages need to know of where they stand.
pub struct Site {
    /// Where the pages are found from outside, without a slash at its end.
    pub address: String,
    /// The office's telephone number, for those who would rather call.
    pub telephone: String,
    /// Everything is illustrative, and the mails may be read by anybody.
    pub demo: bool,
    /// The folder in which mails lie, where they are not sent.
    pub mails: Option<std::path::PathBuf>,
    pub limits: Limits,
    /// How long a sender may pause within a body.
    pub patience: Duration,
    /// How the bank wants its file of payments.
    pub bank_layout: Layout,
    /// What is published for anybody to use, if the operator has set it up.
    pub open_data: Option<open_data::OpenData>,
}

impl Site {
    /// Pages at an address, with nothing said that an operator may say.
    #[must_use]
    pub fn at(address: &str) -> Self {
        let address = address.trim_end_matches('/').to_owned();
        Self {
            address,
            telephone: String::new(),
            demo: false,
            mails: None,
            limits: Limits::new(&Quotas::default(), None),
            patience: in_time::PATIENCE,
            bank_layout: Layout::plain(),
            open_data: None,
        }
    }
}

/// Serves on a listener that is already bound.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve<Stop>(desk: Desk, listener: TcpListener, workers: Option<usize>, stop: Stop) -> std::io::Result<actix_web::dev::Server>
where
    Stop: Future<Output = ()> + Send + 'static,
{
    let desk = web::Data::new(desk);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(desk.clone())
            .app_data(web::PayloadConfig::new(BODY_MOST))
            .wrap(from_fn(in_time::in_time))
            .wrap(from_fn(spans::tell_id))
            .wrap(tracing_actix_web::TracingLogger::<spans::Spans>::new())
            .wrap(Compress::default())
            .wrap(from_fn(pages::renew))
            .wrap(headers())
            .configure(api::configure)
            .configure(pages::configure)
            .configure(operator::configure)
            .configure(tree::configure)
            .configure(open_data::configure)
            .default_service(web::to(no_such_address))
    });
    let server = if let Some(workers) = workers { server.workers(workers) } else { server };
    // Without this, a page that leaves in two parts waits for the other side to confirm the first.
    Ok(server.tcp_nodelay(true).listen(listener)?.shutdown_signal(stop).shutdown_timeout(20).run())
}

/// What every answer says unless it says otherwise.
fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Cache-Control", "no-store"))
        .add(("Content-Security-Policy", pages::POLICY))
        .add(("Referrer-Policy", "same-origin"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("Permissions-Policy", "camera=(), geolocation=(), microphone=()"))
}

async fn no_such_address(request: HttpRequest) -> HttpResponse {
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") {
        return pages::nothing_here();
    }
    actix_web::ResponseError::error_response(&Fault::NoSuchAddress.problem("there is nothing at this address"))
}
