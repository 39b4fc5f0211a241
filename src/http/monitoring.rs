//! Addresses for operators and programs: liveness, readiness, metrics, the list of problems, and
//! the keys that verify tokens.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::json;
use std::sync::OnceLock;

use super::AppState;
use super::api::method_not_allowed;
use super::problem::{ErrorCode, Problem, codes_with_advice};
use crate::views::ProjectionPosition;
use crate::{outbox, transparency};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    let get = |path: &str| {
        web::resource(path.to_owned()).default_service(method_not_allowed("GET".to_owned()))
    };
    config
        .service(get("/healthz").route(web::get().to(alive)))
        .service(get("/readyz").route(web::get().to(ready)))
        .service(get("/metrics").route(web::get().to(render_metrics)))
        .service(get("/problems").route(web::get().to(problems_page)))
        .service(get("/.well-known/jwks.json").route(web::get().to(jwks)));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain")
        .body("alive\n")
}

/// Ready if the database answers, the writer and all background tasks run, the clock agrees with
/// the database's, no projection has stopped, and the transparency log has raised no alarm.
/// Otherwise 503, with the names and reasons of what stopped.
async fn ready(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let log = app.commands.log();
    let length = log.length().await?;
    let known = app.views.projection_positions().await?;
    let stopped: Vec<_> = known.iter().filter(|one| one.error.is_some()).collect();
    let shown = |one: &ProjectionPosition| {
        json!({
            "projection": one.name, "generation": one.generation, "state": one.state,
            "next_position": one.next_position, "stopped": one.error,
        })
    };
    let tlog = transparency::find_log(log).await?;
    let head = transparency::newest_checkpoint(log).await?;
    let alarm = tlog.and_then(|tlog| tlog.stopped);
    let mut failed = app.supervisor.failed();
    failed.extend((!log.is_writer_running()).then_some("writer"));
    failed.extend(log.is_clock_off().then_some("clock"));
    let ready = stopped.is_empty() && alarm.is_none() && failed.is_empty();
    let body = json!({
        "ready": ready,
        "failed": failed,
        "log_length": length,
        "sealed": { "length": head.map_or(0, |head| head.size), "stopped": alarm },
        "projections": known.iter().map(shown).collect::<Vec<_>>(),
    });
    let mut response = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    Ok(response.json(body))
}

/// Installs the recorder of metrics at start, so that counts before the first scrape are included.
pub(super) fn install_recorder() {
    recorder();
}

/// Requests that were rejected because of who sent them, or how many. A rise shows that someone
/// probes the service.
const REJECTIONS_METRIC: &str = "microgrants_turned_away_total";

/// Counts a response if it rejects the caller: 401, 403 or 429.
pub(super) fn count_rejection(status: StatusCode) {
    let kind = match status {
        StatusCode::UNAUTHORIZED => "unauthenticated",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::TOO_MANY_REQUESTS => "too_many",
        _ => return,
    };
    metrics::counter!(REJECTIONS_METRIC, "kind" => kind).increment(1);
}

/// Counts a wrong sign-in code.
pub(super) fn count_wrong_code() {
    metrics::counter!(REJECTIONS_METRIC, "kind" => "wrong_code").increment(1);
}

fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // Tests start several servers in one process; the first recorder stays installed.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

async fn render_metrics(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let handle = recorder();
    let log = app.commands.log();
    let length = log.length().await?;
    let known = app.views.projection_positions().await?;
    let outside = app.views.subscription_positions().await?;
    let mails = outbox::count_unsettled(log).await?;
    set_gauge("microgrants_log_events", length);
    let head = transparency::newest_checkpoint(log).await?;
    set_gauge(
        "microgrants_sealed_events",
        head.map_or(0, |head| head.size),
    );
    for (name, next_position) in outside {
        metrics::gauge!("microgrants_follower_lag_events", "follower" => name)
            .set(lag(length, next_position));
    }
    for state in ["due", "claimed", "failed"] {
        let count = mails
            .iter()
            .find(|(known, _)| known == state)
            .map_or(0, |(_, count)| *count);
        metrics::gauge!("microgrants_mails", "state" => state).set(lag(count, 0));
    }
    for one in known.iter().filter(|one| one.state == "live") {
        metrics::gauge!("microgrants_projection_lag_events", "projection" => one.name.clone())
            .set(lag(length, one.next_position));
        metrics::gauge!("microgrants_projection_stopped", "projection" => one.name.clone())
            .set(f64::from(u8::from(one.error.is_some())));
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(handle.render()))
}

fn set_gauge(name: &'static str, value: i64) {
    metrics::gauge!(name).set(lag(value, 0));
}

/// The difference, at least zero, as a gauge value.
fn lag(length: i64, next_position: i64) -> f64 {
    f64::from(u32::try_from((length - next_position).max(0)).unwrap_or(u32::MAX))
}

#[derive(Template)]
#[template(path = "problems.html")]
struct ProblemsPage {
    /// Each code with its advice.
    codes: Vec<(&'static str, &'static str)>,
}

/// A page with every code and its advice. The `type` of a problem document links to it.
async fn problems_page() -> Result<HttpResponse, Problem> {
    let page = ProblemsPage {
        codes: codes_with_advice().collect(),
    };
    let body = page.render().map_err(|error| {
        tracing::error!(%error, "the page of problems could not be made");
        ErrorCode::Internal.problem("something went wrong on our side")
    })?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(body))
}

/// The public keys that verify tokens, as a JSON Web Key Set (RFC 7517).
async fn jwks(app: web::Data<AppState>) -> HttpResponse {
    use base64::Engine as _;
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(app.tokens.public_key);
    let key = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": app.tokens.key_id(),
        "x": x,
    });
    HttpResponse::Ok().json(json!({ "keys": [key] }))
}
