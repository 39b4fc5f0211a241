//! The service over HTTP: the API and its OpenAPI contract, the pages, open data, the transparency
//! log, and the addresses for operators.

mod accesses;
pub mod api;
pub mod beside;
mod contract;
mod contract_files;
pub mod in_time;
mod kept_file;
pub mod limits;
pub mod open_data;
mod operator;
pub mod pages;
pub mod problem;
mod reading;
pub mod signin;
mod spans;
pub mod tokens;
mod tree;

use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::header::{ACCEPT, STRICT_TRANSPORT_SECURITY};
use actix_web::middleware::{Compress, DefaultHeaders, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures::Stream;
use uuid::Uuid;

use crate::bank::Layout;
use crate::commands::Commands;
use crate::files::{FileError, Files, Intake, Kept};
use crate::sandbox::Sandbox;
use crate::views::{Reader, Views};
use beside::Beside;
pub use contract::{contract, document};
use limits::{Limits, Quotas};
use problem::Fault;
use signin::Tokens;

/// The largest request body that is read into memory, in bytes. File uploads are streamed and have
/// a limit of their own.
pub const BODY_MOST: usize = 512 * 1024;

/// The application state that every handler receives.
pub struct Desk {
    pub commands: Commands,
    pub views: Views,
    pub files: Files,
    /// Reads uploads in a child process.
    pub sandbox: Sandbox,
    pub tokens: Tokens,
    pub site: Site,
    pub beside: Beside,
}

impl Desk {
    /// Stores an uploaded file of a group. Counts it against the daily quotas of the group and, for
    /// somebody without a role, of the sender.
    async fn keep_file<E>(
        &self,
        group: Uuid,
        reader: &Reader,
        body: impl Stream<Item = Result<web::Bytes, E>>,
    ) -> Result<Kept, FileError> {
        let sender = Some(reader.person).filter(|_| reader.held.is_empty());
        let intake = Intake {
            log: self.commands.log(),
            sandbox: &self.sandbox,
            now: self.commands.now(),
            group,
            sender,
        };
        self.files.keep(&intake, body).await
    }
}

/// Settings of the HTTP service that come from the operator's configuration.
pub struct Site {
    /// The public URL of the pages, without a slash at the end.
    pub address: String,
    /// The office's telephone number; empty if none is shown.
    pub telephone: String,
    /// Demonstration mode: all data is illustrative, and the pages show the mails to every visitor.
    pub demo: bool,
    /// The folder that mails are written to, if they are not sent to a mail server.
    pub mails: Option<std::path::PathBuf>,
    pub limits: Limits,
    /// How long a client may pause while it sends a request body.
    pub patience: Duration,
    /// The columns of the bank's payment file.
    pub bank_layout: Layout,
    /// The 360Giving publication; none unless the operator configured it.
    pub open_data: Option<open_data::OpenData>,
}

impl Site {
    /// Defaults for the given public URL, without optional settings.
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

    /// Whether browsers reach the service over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.address.starts_with("https://")
    }
}

/// Starts the server on a listener that is already bound. It stops when `stop` completes, and gives
/// open requests 20 seconds to finish. Fails if the listener cannot be used.
pub fn serve<Stop>(
    desk: Desk,
    listener: TcpListener,
    workers: Option<usize>,
    stop: Stop,
) -> std::io::Result<actix_web::dev::Server>
where
    Stop: Future<Output = ()> + Send + 'static,
{
    operator::begin_counting();
    let desk = web::Data::new(desk);
    let secure = desk.site.is_secure();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(desk.clone())
            .app_data(web::PayloadConfig::new(BODY_MOST))
            .wrap(from_fn(in_time::in_time))
            .wrap(from_fn(reading::reading))
            .wrap(from_fn(spans::tell_id))
            .wrap(tracing_actix_web::TracingLogger::<spans::Spans>::new())
            .wrap(Compress::default())
            .wrap(from_fn(pages::renew))
            .wrap(from_fn(limits::tell))
            .wrap(from_fn(in_time::once))
            .wrap(headers(secure))
            .configure(api::configure)
            .configure(pages::configure)
            .configure(operator::configure)
            .configure(contract_files::configure)
            .configure(tree::configure)
            .configure(open_data::configure)
            .default_service(web::to(no_such_address))
    });
    let server = if let Some(workers) = workers {
        server.workers(workers)
    } else {
        server
    };
    // Without TCP_NODELAY the second packet of a response waits until the client acknowledges the
    // first one.
    Ok(server
        .tcp_nodelay(true)
        .listen(listener)?
        .shutdown_signal(stop)
        .shutdown_timeout(20)
        .run())
}

/// Security headers of every response, unless the handler set them. Over TLS they include HSTS for
/// a year.
fn headers(secure: bool) -> DefaultHeaders {
    let headers = if secure {
        DefaultHeaders::new().add((STRICT_TRANSPORT_SECURITY, "max-age=31536000"))
    } else {
        DefaultHeaders::new()
    };
    headers
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Cache-Control", "no-store"))
        .add(("Content-Security-Policy", pages::POLICY))
        .add(("Referrer-Policy", "same-origin"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("Cross-Origin-Resource-Policy", "same-origin"))
        .add((
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=()",
        ))
}

async fn no_such_address(request: HttpRequest) -> HttpResponse {
    let accepts = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if accepts.contains("text/html") {
        return pages::nothing_here();
    }
    actix_web::ResponseError::error_response(
        &Fault::NoSuchAddress.problem("there is nothing at this address"),
    )
}
