//! The service over HTTP: the API and its OpenAPI contract, the pages, open data, the transparency
//! log, and the addresses for operators.

mod accesses;
pub mod api;
mod bearer_auth;
pub mod body_timeout;
mod entity_tags;
mod file_response;
mod monitoring;
pub mod open_data;
mod open_referral;
mod openapi;
mod openapi_files;
pub mod pages;
pub mod problem;
pub mod quotas;
pub mod rate_limit;
mod request_span;
mod safe_methods;
pub mod supervisor;
mod tlog;

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderValue, STRICT_TRANSPORT_SECURITY};
use actix_web::middleware::{Compress, DefaultHeaders, Next, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures::Stream;
use uuid::Uuid;

use crate::auth::tokens::Tokens;
use crate::bank::Layout;
use crate::commands::Commands;
use crate::domain::PersonId;
use crate::eventlog::LogError;
use crate::export::open_data::Places;
use crate::files::{FileError, FileStore, StoredFile, UploadContext};
use crate::mail::{OfficeContact, SetByOperator};
use crate::projections::OrganisationRow;
use crate::sandbox::Sandbox;
use crate::views::{Reader, Views};
pub use openapi::{openapi_json, openapi_yaml};
use problem::ErrorCode;
use quotas::Quotas;
use rate_limit::RateLimits;
use supervisor::Supervisor;

/// The largest request body that is read into memory, in bytes. File uploads are streamed and have
/// a limit of their own.
pub const BODY_MAX: usize = 512 * 1024;

/// The application state that every handler receives.
pub struct AppState {
    pub commands: Commands,
    pub views: Views,
    pub files: FileStore,
    /// Reads uploads in a child process.
    pub sandbox: Sandbox,
    pub tokens: Tokens,
    pub site: SiteConfig,
    pub supervisor: Supervisor,
}

impl AppState {
    /// Stores an uploaded file of a group. Counts it against the daily quotas of the group and, for
    /// someone without a role, of the sender.
    async fn store_file<E>(
        &self,
        group: Uuid,
        reader: &Reader,
        body: impl Stream<Item = Result<web::Bytes, E>>,
    ) -> Result<StoredFile, FileError> {
        let sender = Some(reader.person).filter(|_| reader.granted_roles.is_empty());
        let intake = UploadContext {
            log: self.commands.log(),
            sandbox: &self.sandbox,
            now: self.commands.now(),
            group,
            sender,
        };
        self.files.store(&intake, body).await
    }
}

/// A person of a demonstration.
#[derive(Clone, Debug)]
pub struct DemoAccount {
    pub person: PersonId,
    pub name: String,
    /// Their roles, or the group that they are a member of.
    pub about: String,
}

impl DemoAccount {
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} ({})", self.name, self.about)
    }
}

/// Settings of the HTTP service that come from the operator's configuration.
pub struct SiteConfig {
    /// The public URL of the pages when the process started, without a slash at the end: see
    /// [`Self::public_address`].
    pub address: String,
    /// Whether a browser came by the https address that was entered since the process started.
    pub reached_by_tls: AtomicBool,
    /// The office's telephone number; empty if none is shown.
    pub telephone: String,
    /// Demonstration mode: all data is illustrative, and the pages show the mails to every visitor.
    pub demo: bool,
    /// The people whom a visitor of the demonstration may become; empty otherwise.
    pub demo_accounts: Vec<DemoAccount>,
    /// The folder that mails are written to, if they are not sent to a mail server.
    pub mail_folder: Option<std::path::PathBuf>,
    /// The host of the mail server; empty if there is none.
    pub mail_server: String,
    /// The sender of mails.
    pub mail_sender: String,
    /// Which of these the operator set, so that the organisation's settings do not change them.
    pub set_by_operator: SetByOperator,
    pub limits: RateLimits,
    /// How long a client may pause while it sends a request body.
    pub body_pause_max: Duration,
    /// The columns of the bank's payment file.
    pub bank_layout: Layout,
    /// The 360Giving publication; none unless the operator configured it.
    pub open_data: Option<open_data::OpenData>,
    /// The official codes of areas, for the directory as open data.
    pub places: Places,
}

impl SiteConfig {
    /// Defaults for the given public URL, without optional settings.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let address = address.trim_end_matches('/').to_owned();
        Self {
            address,
            reached_by_tls: AtomicBool::new(false),
            telephone: String::new(),
            demo: false,
            demo_accounts: Vec::new(),
            mail_folder: None,
            mail_server: String::new(),
            mail_sender: String::new(),
            set_by_operator: SetByOperator::default(),
            limits: RateLimits::new(&Quotas::default(), None),
            body_pause_max: body_timeout::BODY_PAUSE_MAX,
            bank_layout: Layout::plain(),
            open_data: None,
            places: Places::default(),
        }
    }

    /// How people reach the office, for the signature of mails.
    #[must_use]
    pub fn office_contact(&self) -> OfficeContact {
        OfficeContact {
            phone: self.telephone.clone(),
            hours: String::new(),
        }
    }

    /// The public URL of the pages now, without a slash at the end.
    pub async fn public_address(&self, commands: &Commands) -> Result<String, LogError> {
        self.set_by_operator
            .public_address(commands, &self.address)
            .await
    }

    /// Whether emails go to a mail server: that of the operator, or that of the settings.
    #[must_use]
    pub fn sends_emails(&self, own: Option<&OrganisationRow>) -> bool {
        !self.mail_server.is_empty() || self.uses_own_server(own)
    }

    /// Whether emails go to the mail server of the settings.
    #[must_use]
    pub fn uses_own_server(&self, own: Option<&OrganisationRow>) -> bool {
        let settings = own.and_then(|own| own.settings.as_ref());
        let entered = settings.and_then(|settings| settings.values.sending.as_deref());
        self.set_by_operator.in_force(entered).server.is_some()
    }

    /// Whether browsers reach the service over TLS: cookies and pages then require it.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.address.starts_with("https://") || self.reached_by_tls.load(Ordering::Relaxed)
    }

    /// Notes that a request came by the https address of the settings. A request by another address
    /// changes nothing, so that a mistyped address locks nobody out. If the settings cannot be read
    /// now, a later request notes it.
    pub async fn note_host(&self, commands: &Commands, host: &str) {
        if self.is_secure() || host.is_empty() {
            return;
        }
        let Ok(Some(entered)) = self.set_by_operator.entered_address(commands).await else {
            return;
        };
        let own = entered.strip_prefix("https://");
        if own.is_some_and(|own| own.eq_ignore_ascii_case(host)) {
            self.reached_by_tls.store(true, Ordering::Relaxed);
        }
    }
}

/// Starts the server on a listener that is already bound. It stops when `stop` completes, and gives
/// open requests 20 seconds to finish. Fails if the listener cannot be used.
pub fn serve<Stop>(
    app: AppState,
    listener: TcpListener,
    workers: Option<usize>,
    stop: Stop,
) -> std::io::Result<actix_web::dev::Server>
where
    Stop: Future<Output = ()> + Send + 'static,
{
    monitoring::install_recorder();
    let app = web::Data::new(app);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(app.clone())
            .app_data(web::PayloadConfig::new(BODY_MAX))
            .wrap(from_fn(body_timeout::enforce_body_timeout))
            .wrap(from_fn(pages::render_errors))
            .wrap(from_fn(safe_methods::handle_safe_methods))
            .wrap(from_fn(request_span::add_request_id))
            .wrap(tracing_actix_web::TracingLogger::<request_span::RequestSpan>::new())
            .wrap(Compress::default())
            .wrap(from_fn(pages::forget_sent_forms))
            .wrap(from_fn(pages::send_cookies))
            .wrap(from_fn(rate_limit::add_rate_limit_headers))
            .wrap(from_fn(body_timeout::limit_keep_alive))
            .wrap(from_fn(require_tls))
            .wrap(default_headers())
            .configure(api::configure)
            .configure(pages::configure)
            .configure(monitoring::configure)
            .configure(openapi_files::configure)
            .configure(tlog::configure)
            .configure(open_data::configure)
            .configure(open_referral::configure)
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

/// Middleware that has browsers use TLS only for a year (HSTS), if they reach the service over TLS.
async fn require_tls(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let app = request.app_data::<web::Data<AppState>>().cloned();
    let mut answer = next.call(request).await?;
    if app.is_some_and(|app| app.site.is_secure()) {
        let year = HeaderValue::from_static("max-age=31536000");
        answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, year);
    }
    Ok(answer)
}

/// Security headers of every response, unless the handler set them.
fn default_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Cache-Control", "no-store"))
        .add(("Content-Security-Policy", pages::CONTENT_SECURITY_POLICY))
        .add(("Referrer-Policy", "same-origin"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("Cross-Origin-Resource-Policy", "same-origin"))
        .add((
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=()",
        ))
}

async fn no_such_address(request: HttpRequest) -> HttpResponse {
    if pages::accepts_html(&request) {
        return pages::not_found_page();
    }
    actix_web::ResponseError::error_response(
        &ErrorCode::NoSuchAddress.problem("we cannot find anything at this address"),
    )
}
