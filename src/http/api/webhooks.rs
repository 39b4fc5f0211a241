//! Webhooks that administrators manage: their state and deliveries, new secrets, and sending again.
//! Proposing, confirming and ending them are commands of the organisation.

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;

use super::commands::{idempotency_key, if_match};
use super::log::require_auditor;
use super::query::{QueryParams, not_found};
use super::response::{Collection, PageEnd};
use crate::commands::CommandRequest;
use crate::domain::event::EventKind;
use crate::domain::organisation::{Webhook, WebhookAddress, WebhookRef};
use crate::domain::{Command, Organisation, OrganisationCommand, PersonId, Refusal, Role};
use crate::eventlog::{Log, LogError};
use crate::http::AppState;
use crate::http::bearer_auth::SignedIn;
use crate::http::body_timeout::body_problem;
use crate::http::problem::Problem;
use crate::store::webhook_deliveries::{self, DeliveryRow, WebhookProgress};
use crate::webhooks::{CLAIM_US, GIVE_UP_AFTER_US, managed_name, managed_secret, message_id};

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
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_auditor(&signed)?;
    Ok(Collection::new(all_webhooks(&desk).await?, PageEnd::default()).to_response())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_auditor(&signed)?;
    Ok(HttpResponse::Ok().json(find_webhook(&http, &desk).await?))
}

pub(super) async fn deliveries(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let asked = QueryParams::parse(&http, &["after", "limit"])?;
    require_auditor(&signed)?;
    let webhook = find_webhook(&http, &desk).await?.webhook;
    let before: i64 = asked
        .parsed("after", "this is the cursor that a page before gave")?
        .unwrap_or(i64::MAX);
    let limit = asked.limit()?;
    let items = list_deliveries(&desk, webhook, before, limit).await?;
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
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_administrator(&signed)?;
    let body = body.map_err(|error| {
        body_problem(
            &error,
            &format!("a body has at most {} bytes", crate::http::BODY_MAX),
        )
    })?;
    let webhook = webhook_number(&http)?;
    let repeat = Some(idempotency_key(&http, &body, &desk)?);
    let command = OrganisationCommand::MakeWebhookSecret(WebhookRef { webhook });
    let command = Command::Organisation(desk.commands.organisation(), command);
    let if_match = if_match(&http)?;
    let answer = desk
        .commands
        .execute(CommandRequest {
            idempotency_key: repeat,
            if_match,
            ..CommandRequest::new(signed.caller.clone(), command)
        })
        .await?;
    let number = answer.made.unwrap_or_default();
    let secret = managed_secret(desk.commands.log().vault(), webhook, number).to_text();
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
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_administrator(&signed)?;
    let webhook = find_webhook(&http, &desk).await?.webhook;
    resume_webhook(&desk, webhook).await?;
    Ok(HttpResponse::Ok().json(find_webhook(&http, &desk).await?))
}

pub(super) async fn send_again(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    require_administrator(&signed)?;
    let webhook = find_webhook(&http, &desk).await?.webhook;
    let delivery = http
        .match_info()
        .query("delivery")
        .parse()
        .map_err(|_| not_found())?;
    Ok(HttpResponse::Ok().json(resend_delivery(&desk, webhook, delivery).await?))
}

/// Resumes a paused webhook.
pub(in crate::http) async fn resume_webhook(desk: &AppState, webhook: u32) -> Result<(), Problem> {
    let log = desk.commands.log();
    Ok(
        webhook_deliveries::resume(log.store(), log.organisation(), &managed_name(webhook))
            .await
            .map_err(LogError::from)?,
    )
}

/// Schedules a delivery to be sent again.
pub(in crate::http) async fn resend_delivery(
    desk: &AppState,
    webhook: u32,
    delivery: i64,
) -> Result<DeliveryView, Problem> {
    let (log, now) = (desk.commands.log(), desk.commands.now().as_microsecond());
    let name = managed_name(webhook);
    let row = webhook_deliveries::redeliver(
        log.store(),
        log.organisation(),
        &name,
        delivery,
        (now, CLAIM_US, now + GIVE_UP_AFTER_US),
    )
    .await;
    let row = row
        .map_err(LogError::from)?
        .ok_or(Refusal::Unknown("delivery"))?;
    Ok(delivery_view(log, webhook, row))
}

/// All webhooks with their state.
pub(in crate::http) async fn all_webhooks(desk: &AppState) -> Result<Vec<WebhookView>, Problem> {
    let log = desk.commands.log();
    let state = log
        .refresh::<Organisation>(desk.commands.organisation().0)
        .await?
        .state;
    let standing = webhook_deliveries::all(log.store(), log.organisation())
        .await
        .map_err(LogError::from)?;
    let seen = |(number, webhook)| {
        webhook_view(
            number,
            webhook,
            standing
                .iter()
                .find(|standing| standing.name == managed_name(number)),
        )
    };
    Ok(state.webhooks().iter().map(seen).collect())
}

/// The deliveries of a webhook before a position, the newest first.
pub(in crate::http) async fn list_deliveries(
    desk: &AppState,
    webhook: u32,
    before: i64,
    most: i64,
) -> Result<Vec<DeliveryView>, Problem> {
    let log = desk.commands.log();
    let rows = webhook_deliveries::newest(
        log.store(),
        log.organisation(),
        &managed_name(webhook),
        before,
        most,
    )
    .await
    .map_err(LogError::from)?;
    Ok(rows
        .into_iter()
        .map(|row| delivery_view(log, webhook, row))
        .collect())
}

/// The webhook in the address.
async fn find_webhook(http: &HttpRequest, desk: &AppState) -> Result<WebhookView, Problem> {
    let number = webhook_number(http)?;
    all_webhooks(desk)
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

fn webhook_view(number: u32, webhook: &Webhook, standing: Option<&WebhookProgress>) -> WebhookView {
    let state = match (&webhook.target, standing) {
        (None, _) => WebhookState::Proposed,
        _ if webhook.secret == 0 => WebhookState::WithoutSecret,
        (_, Some(standing)) if standing.paused_at.is_some() => WebhookState::Paused,
        (_, Some(standing)) if standing.failures > 0 => WebhookState::Failing,
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
        next_position: standing.map(|standing| standing.next),
        failures: standing.map_or(0, |standing| standing.failures),
        failing_since: standing.and_then(|standing| timestamp(standing.failing_since)),
        paused_at: standing.and_then(|standing| timestamp(standing.paused_at)),
        took_at: standing.and_then(|standing| timestamp(standing.took_at)),
        error: standing.and_then(|standing| standing.error.clone()),
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
