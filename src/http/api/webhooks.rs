//! Webhooks that administrators manage: their state and deliveries, new secrets, and sending again.
//! Proposing, confirming and ending them are commands of the organisation.

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;

use super::commands::{idempotency_key, if_match};
use super::log::require_auditor;
use super::query::{QueryParams, not_found};
use super::response::{Collection, PageEnd};
use crate::auth::SignedIn;
use crate::commands::CommandRequest;
use crate::domain::event::EventKind;
use crate::domain::organisation::{Webhook, WebhookAddress, WebhookRef};
use crate::domain::{Command, Organisation, OrganisationCommand, PersonId, Refusal, Role};
use crate::eventlog::Log;
use crate::http::AppState;
use crate::http::body_timeout::body_problem;
use crate::http::problem::Problem;
use crate::webhooks::deliveries::{self, DeliveryRow, WebhookProgress};
use crate::webhooks::{managed_name, managed_secret, message_id};

/// The state of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WebhookState {
    /// It waits for the confirmation of a second administrator.
    Proposed,
    /// It has no secret yet. Nothing is sent.
    WithoutSecret,
    Sending,
    /// The receiver did not accept the last delivery.
    Failing,
    /// The receiver accepted nothing for three days. Nothing is sent until an administrator resumes
    /// it.
    Paused,
}

/// A receiver of events outside the service.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    /// The webhook's number.
    pub webhook: u32,
    pub state: WebhookState,
    /// The confirmed address; absent before the first confirmation.
    pub address: Option<WebhookAddress>,
    /// The kinds of events that are sent; an empty list means all.
    pub events: Vec<EventKind>,
    /// A change that waits for a second administrator.
    pub proposed: Option<ProposedWebhook>,
    /// The number of its newest secret; 0 if it has none.
    pub secret: u32,
    /// The position of the first event that is not in a delivery yet.
    pub next_position: Option<i64>,
    /// The number of consecutive failed attempts. `failing_since` is the time of the first one.
    pub failures: i64,
    #[schema(value_type = Option<String>, format = "date-time")]
    pub failing_since: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = "date-time")]
    pub paused_at: Option<Timestamp>,
    /// When the receiver last accepted a delivery.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub took_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// An address and kinds of events that wait for a second administrator.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ProposedWebhook {
    /// The number of the proposal, which the confirmation must name.
    pub proposal: u32,
    pub address: WebhookAddress,
    pub events: Vec<EventKind>,
    pub proposed_by: PersonId,
}

/// A range of events that is sent as one request.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// The position of the first event. It identifies the delivery.
    pub delivery: i64,
    /// The position after the last event.
    pub next: i64,
    /// The header `webhook-id`, the same for each attempt.
    pub webhook_id: String,
    pub state: DeliveryState,
    /// The number of attempts since it was created, or since an administrator last had it sent
    /// again.
    pub tries: i64,
    #[schema(value_type = Option<String>, format = "date-time")]
    pub made_at: Option<Timestamp>,
    /// When the last attempt was made.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub tried_at: Option<Timestamp>,
    /// The earliest time of the next attempt, while it is waiting.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub next_try_at: Option<Timestamp>,
    /// After this time no more attempts are made.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub gives_up_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// The state of a delivery: waiting for an attempt, accepted by the receiver, or given up.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeliveryState {
    Waiting,
    Taken,
    GivenUp,
}

/// A new secret. It cannot be read again later, but a repeat of the same request gets the same
/// response.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SecretShown {
    pub webhook: u32,
    /// The number of the secret.
    pub number: u32,
    /// The secret in the form of Standard Webhooks: `whsec_…`.
    pub secret: String,
    pub position: i64,
}

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_auditor(&signed)?;
    Ok(Collection::new(all_webhooks(&app).await?, PageEnd::default()).to_response())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_auditor(&signed)?;
    Ok(HttpResponse::Ok().json(find_webhook(&http, &app).await?))
}

pub(super) async fn deliveries(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["after", "limit"])?;
    require_auditor(&signed)?;
    let webhook = find_webhook(&http, &app).await?.webhook;
    let before: i64 = params
        .parsed("after", "this is the cursor that a page before gave")?
        .unwrap_or(i64::MAX);
    let limit = params.limit()?;
    let items = list_deliveries(&app, webhook, before, limit).await?;
    let full = i64::try_from(items.len()).is_ok_and(|read| read == limit);
    let next = items
        .last()
        .filter(|_| full)
        .map(|last| last.delivery.to_string());
    Ok(Collection::new(items, PageEnd { next, total: None }).to_response())
}

pub(super) async fn make_secret(
    http: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_administrator(&signed)?;
    let body = body.map_err(|error| {
        body_problem(
            &error,
            &format!("a body has at most {} bytes", crate::http::BODY_MAX),
        )
    })?;
    let webhook = webhook_number(&http)?;
    let repeat = Some(idempotency_key(&http, &body, &app)?);
    let command = OrganisationCommand::MakeWebhookSecret(WebhookRef { webhook });
    let command = Command::Organisation(app.commands.organisation(), command);
    let if_match = if_match(&http)?;
    let answer = app
        .commands
        .execute(CommandRequest {
            idempotency_key: repeat,
            if_match,
            ..CommandRequest::new(signed.caller.clone(), command)
        })
        .await?;
    let number = answer.made.unwrap_or_default();
    let secret = managed_secret(app.commands.log().vault(), webhook, number).to_text();
    Ok(HttpResponse::Ok().json(SecretShown {
        webhook,
        number,
        secret,
        position: answer.last_position,
    }))
}

pub(super) async fn resume(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_administrator(&signed)?;
    let webhook = find_webhook(&http, &app).await?.webhook;
    resume_webhook(&app, webhook).await?;
    Ok(HttpResponse::Ok().json(find_webhook(&http, &app).await?))
}

pub(super) async fn send_again(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_administrator(&signed)?;
    let webhook = find_webhook(&http, &app).await?.webhook;
    let delivery = http
        .match_info()
        .query("delivery")
        .parse()
        .map_err(|_| not_found())?;
    Ok(HttpResponse::Ok().json(resend_delivery(&app, webhook, delivery).await?))
}

/// Resumes a paused webhook.
pub(in crate::http) async fn resume_webhook(app: &AppState, webhook: u32) -> Result<(), Problem> {
    Ok(deliveries::resume(app.commands.log(), webhook).await?)
}

/// Schedules a delivery to be sent again.
pub(in crate::http) async fn resend_delivery(
    app: &AppState,
    webhook: u32,
    delivery: i64,
) -> Result<DeliveryView, Problem> {
    let (log, now) = (app.commands.log(), app.commands.now().as_microsecond());
    let row = deliveries::redeliver(log, webhook, delivery, now)
        .await?
        .ok_or(Refusal::Unknown("delivery"))?;
    Ok(delivery_view(log, webhook, row))
}

/// All webhooks with their state.
pub(in crate::http) async fn all_webhooks(app: &AppState) -> Result<Vec<WebhookView>, Problem> {
    let log = app.commands.log();
    let state = log
        .refresh::<Organisation>(app.commands.organisation().0)
        .await?
        .state;
    let progress = deliveries::progress_of_all(log).await?;
    let seen = |(number, webhook)| {
        webhook_view(
            number,
            webhook,
            progress
                .iter()
                .find(|progress| progress.name == managed_name(number)),
        )
    };
    Ok(state.webhooks().iter().map(seen).collect())
}

/// The deliveries of a webhook before a position, the newest first.
pub(in crate::http) async fn list_deliveries(
    app: &AppState,
    webhook: u32,
    before: i64,
    most: i64,
) -> Result<Vec<DeliveryView>, Problem> {
    let log = app.commands.log();
    let rows = deliveries::newest_deliveries(log, webhook, before, most).await?;
    Ok(rows
        .into_iter()
        .map(|row| delivery_view(log, webhook, row))
        .collect())
}

/// The webhook in the address.
async fn find_webhook(http: &HttpRequest, app: &AppState) -> Result<WebhookView, Problem> {
    let number = webhook_number(http)?;
    all_webhooks(app)
        .await?
        .into_iter()
        .find(|webhook| webhook.webhook == number)
        .ok_or_else(not_found)
}

fn webhook_number(http: &HttpRequest) -> Result<u32, Problem> {
    http.match_info()
        .query("webhook")
        .parse()
        .map_err(|_| not_found())
}

fn require_administrator(signed: &SignedIn) -> Result<(), Problem> {
    if signed.reader.roles.contains(&Role::Administrator) {
        Ok(())
    } else {
        Err(Refusal::NotYours.into())
    }
}

fn webhook_view(number: u32, webhook: &Webhook, progress: Option<&WebhookProgress>) -> WebhookView {
    let state = match (&webhook.target, progress) {
        (None, _) => WebhookState::Proposed,
        _ if webhook.secret == 0 => WebhookState::WithoutSecret,
        (_, Some(progress)) if progress.paused_at.is_some() => WebhookState::Paused,
        (_, Some(progress)) if progress.failures > 0 => WebhookState::Failing,
        _ => WebhookState::Sending,
    };
    let proposed = webhook.proposed.as_ref().map(|proposed| ProposedWebhook {
        proposal: proposed.proposal,
        address: proposed.target.address.clone(),
        events: proposed.target.events.iter().cloned().collect(),
        proposed_by: proposed.proposed_by,
    });
    WebhookView {
        webhook: number,
        state,
        address: webhook.target.as_ref().map(|target| target.address.clone()),
        events: webhook
            .target
            .iter()
            .flat_map(|target| target.events.iter().cloned())
            .collect(),
        proposed,
        secret: webhook.secret,
        next_position: progress.map(|progress| progress.next),
        failures: progress.map_or(0, |progress| progress.failures),
        failing_since: progress.and_then(|progress| timestamp(progress.failing_since)),
        paused_at: progress.and_then(|progress| timestamp(progress.paused_at)),
        took_at: progress.and_then(|progress| timestamp(progress.took_at)),
        error: progress.and_then(|progress| progress.error.clone()),
    }
}

fn delivery_view(log: &Log, webhook: u32, row: DeliveryRow) -> DeliveryView {
    let state = row.state.parse().unwrap_or(DeliveryState::Waiting);
    DeliveryView {
        delivery: row.from,
        next: row.through,
        webhook_id: message_id(
            log.organisation(),
            &managed_name(webhook),
            (row.from, row.through),
        ),
        state,
        tries: row.tries,
        made_at: timestamp(Some(row.made_at)),
        tried_at: timestamp(row.tried_at),
        next_try_at: timestamp(Some(row.due_at).filter(|_| state == DeliveryState::Waiting)),
        gives_up_at: timestamp(Some(row.give_up_at).filter(|_| state == DeliveryState::Waiting)),
        error: row.error,
    }
}

fn timestamp(microsecond: Option<i64>) -> Option<Timestamp> {
    microsecond.and_then(|microsecond| Timestamp::from_microsecond(microsecond).ok())
}
