//! Serving: starts the background tasks and the server, and stops them in order.
//!
//! # Shutdown
//!
//! On the first signal the tasks that send mails and webhooks finish what they are sending, for at
//! most [`STOP_MOST`] each. Then the server stops, the remaining tasks are aborted, and the
//! database is closed. A second signal ends the process immediately.

use std::future::Future;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::local::{Operator, Socket};
use super::starts::{SETTLES_IN, Starts};
use super::{Opened, TaskError, backup, export, files};
use crate::bank::Layout;
use crate::commands::clock::Clock;
use crate::config::Config;
use crate::erasure::{ErasureList, Purger};
use crate::http::beside::Beside;
use crate::http::in_time::PATIENCE;
use crate::http::limits::Limits;
use crate::http::open_data::OpenData;
use crate::http::signin::Tokens;
use crate::http::{self, Desk, Site};
use crate::jobs::Jobs;
use crate::log::Log;
use crate::log::record::day_of;
use crate::mail::{Outbox, Post};
use crate::projections::Projector;
use crate::sandbox::Sandbox;
use crate::views::{AsAt, Views};
use crate::webhooks::{ManagedWebhooks, Secret, Webhooks};

/// Maximum time that a stopping service waits for a mail or a webhook that is being sent.
const STOP_MOST: Duration = Duration::from_secs(20);
/// Number of days before today for which a demonstration sends mails.
const DEMO_MAIL_DAYS: i64 = 21;

/// Serves until a signal arrives, then stops in order.
pub(super) async fn run(
    config: &Config,
    opened: Opened,
    listener: TcpListener,
    demo: bool,
) -> Result<(), TaskError> {
    // Signal handlers are installed first, so that a signal during start is not lost.
    let asked = asked_to_stop().map_err(TaskError::Serve)?;
    let beside = Beside::default();
    let starts = note_start(config, &beside);
    let log = opened.commands.log().clone();
    let list = ErasureList::at(&config.erasures);
    // An interrupted restore must not leave erased people in the log. A demonstration is not
    // restored from a backup; its people have the same ids each time, so the list of an older
    // demonstration must not be applied to it.
    if !demo {
        backup::erase_again(&opened, &list).await?;
    }
    let projector = Projector::open(log.clone()).await?;
    let following = beside.run("projections", projector.clone().run());
    let sealing = beside.run("sealing", opened.sealer().run());
    let tokens = Tokens::new(&opened.keys.token, config.organisation.as_str())?;
    let views = Views::new(log.clone(), projector);
    let working = beside.run(
        "jobs",
        Jobs::new(opened.commands.clone(), views.clone()).run(),
    );
    let address = listener
        .local_addr()
        .map_err(|cause| TaskError::Listen(config.listen, cause))?;
    let outbox = outbox(config)?;
    let places = export::places(config, demo)?;
    let bank_layout = config
        .bank_layout
        .as_deref()
        .map_or_else(|| Ok(Layout::plain()), Layout::read)?;
    let site = Site {
        address: config
            .address
            .clone()
            .unwrap_or_else(|| format!("http://{address}"))
            .trim_end_matches('/')
            .to_owned(),
        telephone: config.telephone.clone(),
        demo,
        mails: outbox.in_folder().map(Path::to_owned),
        limits: Limits::new(&config.limits, config.proxy),
        patience: PATIENCE,
        bank_layout,
        open_data: export::publisher(config, demo, address)
            .map(|publisher| OpenData::by(publisher, places)),
    };
    let post = Post::new(
        opened.commands.clone(),
        views.clone(),
        outbox,
        &site.address,
    )
    .claiming_for(Duration::from_secs(config.mail_claim_seconds))
    .telling(config.heads_to.clone());
    if demo {
        // Recent mails of the demonstration's groups should exist for visitors to read.
        let lately =
            day_of(opened.commands.now()).saturating_sub(jiff::Span::new().days(DEMO_MAIL_DAYS));
        post.begin_at(views.position_as_at(AsAt::Day(lately)).await? + 1)
            .await?;
    }
    post.begin().await?;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let posting = beside.run("mail", post.run(stopping.clone()));
    let purging = beside.run(
        "erasure",
        Purger::new(log.clone(), files(config)?, config.mails.clone(), list).run(),
    );
    let (configured, managed) = (
        webhooks(config, &log).await?,
        managed_webhooks(config, &opened),
    );
    let telling = beside.run("webhooks", async move {
        let clock: fn() -> i64 = || Clock::System.now().as_microsecond();
        let configured = async {
            if let Some(configured) = configured {
                configured.run(clock, stopping.clone()).await;
            }
        };
        tokio::join!(configured, managed.run(clock, stopping.clone()));
    });
    let operator = Operator {
        commands: opened.commands.clone(),
        tokens: tokens.clone(),
        address: site.address.clone(),
    };
    let listening = Socket::of(config).map(|socket| beside.run("socket", socket.run(operator)));
    let sandbox = Sandbox::by_this_program().map_err(TaskError::Program)?;
    let desk = Desk {
        commands: opened.commands,
        views,
        files: files(config)?,
        sandbox,
        tokens,
        site,
        beside,
    };
    // An interrupted mail or webhook would be sent again, so these tasks finish first; the others
    // can be aborted at any point. They finish before the server stops, because connections to the
    // database that a server worker opened end with that worker.
    let finished = async move {
        asked.await;
        tracing::info!(
            "asked to stop: what is under way outside is finished, then no more requests are taken"
        );
        let _ = stop.send(true);
        for mut outside in [posting, telling] {
            if tokio::time::timeout(STOP_MOST, &mut outside).await.is_err() {
                tracing::warn!(
                    "something was still being sent; it is sent again at the next start"
                );
                outside.abort();
            }
        }
    };
    let server = http::serve(desk, listener, None, finished).map_err(TaskError::Serve)?;
    tracing::info!(%address, "serving");
    server.await.map_err(TaskError::Serve)?;
    for task in [following, working, sealing, purging] {
        task.abort();
    }
    if let Some(listening) = listening {
        listening.abort();
        // Dropping the task removes the socket file. This must happen before the database is closed
        // and another process can open it.
        let _ = listening.await;
    }
    log.store().close().await;
    if let Some(Err(error)) = starts.map(Starts::end) {
        tracing::warn!(%error, "that the service came to its end could not be noted");
    }
    Ok(())
}

/// Records the start of the service, and reports a crash loop in `/readyz` and the log.
fn note_start(config: &Config, beside: &Beside) -> Option<Starts> {
    let starts = Starts::begin(&config.state, Clock::System.now());
    let noted = starts.inspect_err(|error| {
        tracing::warn!(%error, folder = %config.state.display(), "the start could not be noted: a loop of crashes would not be told");
    });
    let noted = noted.ok()?;
    if let Some(times) = noted.looping() {
        tracing::error!(
            times,
            "the service was started again and again within an hour without coming to its end: look for what ends it"
        );
        beside.tell_for("crash_loop", SETTLES_IN);
    }
    Some(noted)
}

/// Installs handlers for SIGTERM and SIGINT. The returned future completes on the first signal; a
/// second one ends the process with exit code 1.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
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
async fn webhooks(config: &Config, log: &Log) -> Result<Option<Webhooks>, TaskError> {
    if config.webhooks.is_empty() {
        return Ok(None);
    }
    let secret = Secret::read(&config.webhook_secret)
        .map_err(|error| TaskError::Field("--webhook-secret", error.to_string()))?;
    let webhooks = Webhooks::new(log.clone(), config.webhooks.clone(), secret);
    webhooks.begin().await?;
    Ok(Some(webhooks))
}

/// The webhooks that administrators manage on their pages.
fn managed_webhooks(config: &Config, opened: &Opened) -> ManagedWebhooks {
    ManagedWebhooks::new(
        opened.commands.log().clone(),
        opened.commands.organisation(),
        config.webhooks_inside,
    )
}

/// The configured transport of mails.
fn outbox(config: &Config) -> Result<Outbox, TaskError> {
    Ok(match &config.smtp_url {
        Some(url) => Outbox::server(&config.mail_from, url)?,
        None => Outbox::folder(&config.mail_from, &config.mails)?,
    })
}
