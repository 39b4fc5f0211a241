//! Serving: starts the background tasks and the server, and stops them in order.
//!
//! # Shutdown
//!
//! On the first signal the tasks that send mails and webhooks finish what they are sending, for at
//! most [`STOP_TIMEOUT`] in all. Then the server stops, the remaining tasks are aborted, and the
//! database is closed. A second signal ends the process immediately.

use std::future::Future;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures::future::join_all;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::crash_loop::{SETTLE_TIME, StartHistory};
use super::operator::{Operator, OperatorSocket};
use super::{OpenedOrganisation, TaskError, backup, export, file_store};
use crate::auth::founding;
use crate::auth::tokens::Tokens;
use crate::bank::Layout;
use crate::clock::{Clock, day_of};
use crate::commands::Commands;
use crate::config::Config;
use crate::erasure::{ErasureList, Purger};
use crate::eventlog::Log;
use crate::http::body_timeout::BODY_PAUSE_MAX;
use crate::http::open_data::OpenData;
use crate::http::rate_limit::RateLimits;
use crate::http::supervisor::Supervisor;
use crate::http::{self, AppState, DemoAccount, SiteConfig};
use crate::jobs::Jobs;
use crate::mail::{MailTransport, Mailer, SetByOperator};
use crate::projections::Projector;
use crate::sandbox::Sandbox;
use crate::views::{AsAt, Views};
use crate::webhooks::{ConfiguredWebhooks, ManagedWebhooks, WebhookSecret};

/// Maximum time that a stopping service waits for the mails and webhooks that are being sent.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// Number of days before today for which a demonstration sends mails.
const DEMO_MAIL_DAYS: i64 = 21;

/// Serves until a signal arrives, then stops in order.
pub(super) async fn run(
    config: &Config,
    opened: OpenedOrganisation,
    listener: TcpListener,
    demo_accounts: Option<Vec<DemoAccount>>,
) -> Result<(), TaskError> {
    // Signal handlers are installed first, so that a signal during start is not lost.
    let asked = stop_signal().map_err(TaskError::Serve)?;
    let layout = bank_layout(config)?;
    let supervisor = Supervisor::default();
    let starts = record_start(config, &supervisor);
    let log = opened.commands.log().clone();
    let erased = ErasureList::at(&config.erasures);
    // An interrupted restore must not leave erased people in the log. A demonstration is not
    // restored from a backup; its people have the same ids each time, so the list of an older
    // demonstration must not be applied to it.
    if demo_accounts.is_none() {
        backup::repeat_erasures(&opened, &erased).await?;
    }
    let projector = Projector::open(log.clone()).await?;
    let projections = supervisor.spawn("projections", projector.clone().run());
    let signer = supervisor.spawn("sealing", opened.checkpoint_signer().run());
    let tokens = Tokens::new(&opened.keys.token, config.organisation.as_str())?;
    let views = Views::new(log.clone(), projector);
    let jobs = Jobs::new(opened.commands.clone(), views.clone());
    let jobs = supervisor.spawn("jobs", jobs.run());
    let address = listener
        .local_addr()
        .map_err(|cause| TaskError::Listen(config.listen, cause))?;
    let transport = mail_transport(config)?;
    let public = (opened.commands.clone(), config.public_address(address));
    let mails = transport.folder_path();
    let site = site_config(config, public, mails, demo_accounts, layout).await?;
    let mailer = subscribed_mailer(config, &opened.commands, &views, transport, &site).await?;
    let (stop, stopping) = watch::channel(false);
    let mail = supervisor.spawn("mail", mailer.run(stopping.clone()));
    let purger = Purger::new(
        log.clone(),
        file_store(config)?,
        config.mails.clone(),
        erased,
    );
    let erasure = supervisor.spawn("erasure", purger.run());
    let configured = configured_webhooks(config, &log).await?;
    let managed = managed_webhooks(config, &opened);
    let webhooks = supervisor.spawn("webhooks", run_webhooks(configured, managed, stopping));
    print_first_link(&opened.commands, &site).await?;
    let operator = Operator {
        commands: opened.commands.clone(),
        tokens: tokens.clone(),
        address: site.address.clone(),
        configured: site.set_by_operator,
        signer: opened.checkpoint_signer(),
    };
    let socket = OperatorSocket::for_database(config)
        .map(|socket| supervisor.spawn("socket", socket.run(operator)));
    let state = AppState {
        commands: opened.commands,
        views,
        files: file_store(config)?,
        sandbox: Sandbox::with_current_exe().map_err(TaskError::ProgramPath)?,
        tokens,
        site,
        supervisor,
    };
    let finished = finish_sending(asked, stop, [mail, webhooks]);
    let server = http::serve(state, listener, None, finished).map_err(TaskError::Serve)?;
    tracing::info!(%address, "serving");
    server.await.map_err(TaskError::Serve)?;
    for task in [projections, jobs, signer, erasure] {
        task.abort();
    }
    close(&log, socket, starts).await;
    Ok(())
}

/// Waits for a signal, then for the tasks that send mails and webhooks.
///
/// An interrupted mail or webhook would be sent again, so these tasks finish what they are sending;
/// the others can be aborted at any point. They finish before the server stops, because connections
/// to the database that a server worker opened end with that worker.
async fn finish_sending(
    asked: impl Future<Output = ()>,
    stop: watch::Sender<bool>,
    mut sending: [JoinHandle<()>; 2],
) {
    asked.await;
    tracing::info!(
        "asked to stop: what is under way outside is finished, then no more requests are taken"
    );
    let _ = stop.send(true);
    if tokio::time::timeout(STOP_TIMEOUT, join_all(&mut sending))
        .await
        .is_err()
    {
        tracing::warn!("something was still being sent; it is sent again at the next start");
        for task in &sending {
            task.abort();
        }
    }
}

/// Closes the socket and the database, and notes that the service came to its end.
async fn close(log: &Log, socket: Option<JoinHandle<()>>, starts: Option<StartHistory>) {
    if let Some(socket) = socket {
        socket.abort();
        // Dropping the task removes the socket file. This must happen before the database is closed
        // and another process can open it.
        let _ = socket.await;
    }
    log.store().close().await;
    if let Some(Err(error)) = starts.map(StartHistory::record_end) {
        tracing::warn!(%error, "that the service came to its end could not be noted");
    }
}

/// Prints the founding link while there is no administrator. The trace never contains the link,
/// because anyone who has it can become the first administrator.
async fn print_first_link(commands: &Commands, site: &SiteConfig) -> Result<(), TaskError> {
    if !site.demo && founding::is_needed(commands).await? {
        let path = founding::path(commands.log().vault());
        print_line!(
            "Nobody is an administrator here yet. Open this link to begin:\n\n{}{path}\n",
            site.address
        );
    }
    Ok(())
}

/// The layout of the bank's files: that of the operator, or a plain one.
fn bank_layout(config: &Config) -> Result<Layout, TaskError> {
    let Some(file) = config.bank_layout.as_deref() else {
        return Ok(Layout::plain());
    };
    let name = file.display().to_string();
    Layout::read(file).map_err(|error| TaskError::BankLayout(name, error))
}

/// The settings of the pages and the API. The public address is the configured one, unless an
/// administrator entered another.
async fn site_config(
    config: &Config,
    (commands, configured): (Commands, String),
    mail_folder: Option<&Path>,
    demo_accounts: Option<Vec<DemoAccount>>,
    bank_layout: Layout,
) -> Result<SiteConfig, TaskError> {
    let demo = demo_accounts.is_some();
    let set_by_operator = if demo {
        SetByOperator::ALL
    } else {
        config.set_by_operator()
    };
    let address = set_by_operator
        .public_address(&commands, &configured)
        .await?;
    let places = export::places(config, demo)?;
    Ok(SiteConfig {
        open_data: export::publisher(config, demo, &address)
            .map(|publisher| OpenData::new(publisher, places.clone())),
        places,
        address,
        reached_by_tls: AtomicBool::new(false),
        telephone: config.telephone.clone(),
        demo,
        demo_accounts: demo_accounts.unwrap_or_default(),
        mail_folder: mail_folder.map(Path::to_owned),
        mail_server: config.mail_server_host(),
        mail_sender: config.mail_sender().to_owned(),
        set_by_operator,
        limits: RateLimits::new(&config.limits, config.proxy),
        body_pause_max: BODY_PAUSE_MAX,
        bank_layout,
    })
}

/// The mailer, with its subscription to the log.
async fn subscribed_mailer(
    config: &Config,
    commands: &Commands,
    views: &Views,
    transport: MailTransport,
    site: &SiteConfig,
) -> Result<Mailer, TaskError> {
    let mailer = Mailer::new(commands.clone(), views.clone(), transport, &site.address)
        .signed_by(site.office_contact())
        .configured_as(site.set_by_operator)
        .claiming_for(Duration::from_secs(config.mail_claim_seconds))
        .sending_checkpoints_to(config.heads_to.clone());
    if site.demo {
        // Recent mails of the demonstration's groups should exist for visitors to read.
        let lately = day_of(commands.now()).saturating_sub(jiff::Span::new().days(DEMO_MAIL_DAYS));
        let position = views.position_as_at(AsAt::Day(lately)).await?;
        mailer.subscribe_at(position + 1).await?;
    }
    mailer.subscribe().await?;
    Ok(mailer)
}

/// Calls the configured and the managed webhooks until `stop` becomes true.
async fn run_webhooks(
    configured: Option<ConfiguredWebhooks>,
    managed: ManagedWebhooks,
    stop: watch::Receiver<bool>,
) {
    let clock: fn() -> i64 = || Clock::System.now().as_microsecond();
    let configured = async {
        if let Some(configured) = configured {
            configured.run(clock, stop.clone()).await;
        }
    };
    tokio::join!(configured, managed.run(clock, stop.clone()));
}

/// Records the start of the service, and reports a crash loop in `/readyz` and the log.
fn record_start(config: &Config, beside: &Supervisor) -> Option<StartHistory> {
    let starts = StartHistory::record_start(&config.state, Clock::System.now());
    let noted = starts.inspect_err(|error| {
        tracing::warn!(
            %error, folder = %config.state.display(),
            "the start could not be noted: a loop of crashes would not be told"
        );
    });
    let noted = noted.ok()?;
    if let Some(times) = noted.crash_loop_starts() {
        tracing::error!(
            times,
            "the service was started again and again within an hour without coming to its end: \
                look for what ends it"
        );
        beside.report_for("crash_loop", SETTLE_TIME);
    }
    Some(noted)
}

/// Installs handlers for SIGTERM and SIGINT. The returned future completes on the first signal; a
/// second one ends the process with exit code 1.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminated, mut interrupted) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let mut asked = async move || {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    Ok(async move {
        asked().await;
        tokio::spawn(async move {
            asked().await;
            std::process::exit(1);
        });
    })
}

/// The webhooks of the command line's configuration, if any.
async fn configured_webhooks(
    config: &Config,
    log: &Log,
) -> Result<Option<ConfiguredWebhooks>, TaskError> {
    if config.webhooks.is_empty() {
        return Ok(None);
    }
    let secret = WebhookSecret::parse(&config.webhook_secret)
        .map_err(|error| TaskError::InvalidArgument("--webhook-secret", error.to_string()))?;
    let webhooks = ConfiguredWebhooks::new(log.clone(), config.webhooks.clone(), secret);
    webhooks.begin().await?;
    Ok(Some(webhooks))
}

/// The webhooks that administrators manage on their pages.
fn managed_webhooks(config: &Config, opened: &OpenedOrganisation) -> ManagedWebhooks {
    ManagedWebhooks::new(
        opened.commands.log().clone(),
        opened.commands.organisation(),
        config.webhooks_inside,
    )
}

/// The configured transport of mails.
fn mail_transport(config: &Config) -> Result<MailTransport, TaskError> {
    Ok(match &config.smtp_url {
        Some(url) => MailTransport::server(config.mail_sender(), url)?,
        None => MailTransport::folder(config.mail_sender(), &config.mails)?,
    })
}
