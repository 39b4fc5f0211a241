//! Addresses for operators and programs: liveness, readiness, metrics, the list of problems, and
//! the keys that verify tokens.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::json;
use std::sync::OnceLock;

use super::AppState;
use super::api::method_not_allowed;
use super::problem::Problem;
use crate::store::{checkpoints, outbox, subscriptions, tlog};

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
async fn ready(desk: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let log = desk.commands.log();
    let length = log.length().await?;
    let known = checkpoints::all(log.store(), log.organisation())
        .await
        .map_err(crate::eventlog::LogError::from)?;
    let stopped: Vec<_> = known.iter().filter(|one| one.error.is_some()).collect();
    let shown = |one: &checkpoints::ProjectionPosition| {
        json!({
            "projection": one.name, "generation": one.generation, "state": one.state, "next_position": one.next_position, "stopped": one.error,
        })
    };
    let seal = tlog::find(log.store(), log.organisation())
        .await
        .map_err(crate::eventlog::LogError::from)?;
    let head = tlog::newest_checkpoint(log.store(), log.organisation())
        .await
        .map_err(crate::eventlog::LogError::from)?;
    let alarm = seal.and_then(|seal| seal.stopped);
    let mut failed = desk.supervisor.failed();
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

/// Requests that were rejected because of who sent them, or how many. A rise shows that somebody
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

async fn render_metrics(desk: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let handle = recorder();
    let log = desk.commands.log();
    let length = log.length().await?;
    let known = checkpoints::all(log.store(), log.organisation())
        .await
        .map_err(crate::eventlog::LogError::from)?;
    let outside = subscriptions::all(log.store(), log.organisation())
        .await
        .map_err(crate::eventlog::LogError::from)?;
    let mails = outbox::count_unsettled(log.store(), log.organisation())
        .await
        .map_err(crate::eventlog::LogError::from)?;
    set_gauge("microgrants_log_events", length);
    let head = tlog::newest_checkpoint(log.store(), log.organisation())
        .await
        .map_err(crate::eventlog::LogError::from)?;
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

/// A page with every code and its advice. The `type` of a problem document links to it.
async fn problems_page() -> HttpResponse {
    let line = |(code, advice): (&str, &str)| {
        format!("<dt id=\"{code}\"><code>{code}</code></dt><dd>{advice}</dd>\n")
    };
    let lines: String = super::problem::codes_with_advice().map(line).collect();
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Problems and what to do</title><h1>Problems and what to do</h1><dl>\n{lines}</dl></html>\n"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(page)
}

/// The public keys that verify tokens, as a JSON Web Key Set (RFC 7517).
async fn jwks(desk: web::Data<AppState>) -> HttpResponse {
    use base64::Engine as _;
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(desk.tokens.public_key);
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": desk.tokens.key_id(), "x": x });
    HttpResponse::Ok().json(json!({ "keys": [key] }))
}
