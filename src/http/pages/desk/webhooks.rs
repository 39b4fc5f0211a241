//! The page of webhooks: each with its latest deliveries, and the actions of administrators.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::Timestamp;

use super::action::{Action, ActionSpec, sample};
use super::{DeskRequest, label_of};
use crate::domain::command::ProposalRef;
use crate::domain::organisation::{ProposeWebhook, WebhookRef};
use crate::domain::{Command, OrganisationCommand as C, Role};
use crate::http::AppState;
use crate::http::api::webhooks::{
    DeliveryState, WebhookState, all_webhooks, list_deliveries, resend_delivery, resume_webhook,
};
use crate::http::api::{DeliveryView, WebhookView};
use crate::http::pages::days::format_instant;
use crate::http::pages::{
    Form, PageContext, PageError, PageForms, PostedForm, Visitor, ownership, render_to, see_other,
};
use crate::webhooks::managed_secret;

/// Deliveries per webhook.
const DELIVERIES_MAX: i64 = 20;
const PAGE_PATH: &str = "/desk/webhooks";

#[derive(Template)]
#[template(path = "desk/webhooks.html")]
struct WebhooksPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    webhooks: Vec<WebhookLine>,
    propose: Vec<Action>,
}

struct WebhookLine {
    number: u32,
    state: String,
    address: String,
    events: String,
    /// The proposed address with its events, and who proposed it. It waits for a second
    /// administrator.
    proposed: Option<(String, String)>,
    error: String,
    acts: Vec<Action>,
    /// Forms for administrators: make a new secret, and resume after a pause.
    secret: Option<Form>,
    resume: Option<Form>,
    deliveries: Vec<DeliveryLine>,
}

struct DeliveryLine {
    first: i64,
    events: i64,
    state: String,
    tries: i64,
    tried: String,
    next_try: String,
    error: String,
    again: Option<Form>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let holds = |role| request.signed.reader.roles.contains(&role);
    if !holds(Role::Administrator) && !holds(Role::Auditor) {
        return Err(PageError::forbidden());
    }
    let forms = request.forms();
    let seen = all_webhooks(request.app).await?;
    let names = request
        .names_of_colleagues(seen.iter().filter_map(|webhook| {
            webhook
                .proposed
                .as_ref()
                .map(|proposed| proposed.proposed_by)
        }))
        .await?;
    let mut webhooks = Vec::new();
    for webhook in seen {
        let by = webhook
            .proposed
            .as_ref()
            .map(|proposed| names.of(&proposed.proposed_by))
            .unwrap_or_default();
        webhooks
            .push(webhook_line(request, &forms, webhook, by, holds(Role::Administrator)).await?);
    }
    let propose = C::ProposeWebhook(ProposeWebhook {
        webhook: None,
        address: sample("https://hooks.example.org"),
        events: std::collections::BTreeSet::new(),
    });
    let propose = spec(request, "Propose a webhook for all events", propose)
        .text("address", "Address")
        .hint(
            "It must begin with https:// and have no password in it. \
             Use the API to choose which events we send.",
        );
    let page = WebhooksPage {
        page: request.page_context("Webhooks").await?,
        wrong: forms.error_summary(),
        webhooks,
        propose: request.actions(&forms, vec![propose]).await?,
    };
    request.render(&page)
}

fn spec(request: &DeskRequest<'_>, title: &str, command: C) -> ActionSpec {
    ActionSpec::new(
        title,
        Command::Organisation(request.app.commands.organisation(), command),
    )
}

async fn webhook_line(
    request: &DeskRequest<'_>,
    forms: &PageForms,
    webhook: WebhookView,
    by: String,
    may: bool,
) -> Result<WebhookLine, PageError> {
    let number = webhook.webhook;
    let confirm = webhook.proposed.as_ref().map(|proposed| {
        let proposal = proposed.proposal;
        let confirm = C::ConfirmWebhook(ProposalRef { proposal });
        spec(request, "Confirm what is proposed", confirm)
            .form(format!("confirm-webhook-{proposal}"))
            .hidden_number("proposal", proposal)
    });
    let end = C::EndWebhook(WebhookRef { webhook: number });
    let end = spec(request, "End this webhook", end)
        .form(format!("end-webhook-{number}"))
        .hidden_number("webhook", number)
        .destructive();
    let table = confirm.into_iter().chain([end]).collect();
    let deliveries = list_deliveries(request.app, number, i64::MAX, DELIVERIES_MAX).await?;
    let addressed = |address: &dyn std::fmt::Display,
                     events: &[crate::domain::event::EventKind]| {
        format!("{address}: {}", event_kinds_text(events))
    };
    Ok(WebhookLine {
        number,
        state: label_of(webhook.state),
        address: webhook
            .address
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        events: event_kinds_text(&webhook.events),
        proposed: webhook
            .proposed
            .map(|proposed| (addressed(&proposed.address, &proposed.events), by)),
        error: webhook.error.unwrap_or_default(),
        acts: request.actions(forms, table).await?,
        secret: may.then(|| forms.form("secret")),
        resume: (may && webhook.state == WebhookState::Paused).then(|| forms.form("resume")),
        deliveries: deliveries
            .into_iter()
            .map(|one| delivery_line(forms, one, may))
            .collect(),
    })
}

fn event_kinds_text(events: &[crate::domain::event::EventKind]) -> String {
    if events.is_empty() {
        return "all events".to_owned();
    }
    events
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn delivery_line(forms: &PageForms, seen: DeliveryView, may: bool) -> DeliveryLine {
    let when = |instant: Option<Timestamp>| {
        instant
            .map(|instant| format_instant(instant.as_microsecond()))
            .unwrap_or_default()
    };
    DeliveryLine {
        first: seen.delivery,
        events: seen.next - seen.delivery,
        state: label_of(seen.state),
        tries: seen.tries,
        tried: when(seen.tried_at),
        next_try: when(seen.next_try_at),
        error: seen.error.unwrap_or_default(),
        again: (may && seen.state != DeliveryState::Waiting).then(|| forms.form("again")),
    }
}

/// Resumes a webhook that was paused.
pub(super) async fn resume(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    require_administrator(&sent.visitor)?;
    resume_webhook(&app, webhook_number(&request)?).await?;
    Ok(see_other(PAGE_PATH))
}

/// Makes a delivery due again.
pub(super) async fn send_again(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    require_administrator(&sent.visitor)?;
    let delivery = request
        .match_info()
        .query("delivery")
        .parse()
        .map_err(|_| PageError::not_found())?;
    resend_delivery(&app, webhook_number(&request)?, delivery).await?;
    Ok(see_other(PAGE_PATH))
}

#[derive(Template)]
#[template(path = "desk/webhook_secret.html")]
struct WebhookSecretPage {
    page: PageContext,
    number: u32,
    secret: String,
}

/// Makes a webhook's next secret, and shows it once.
pub(super) async fn make_secret(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let webhook = webhook_number(&request)?;
    let command = Command::Organisation(
        app.commands.organisation(),
        C::MakeWebhookSecret(WebhookRef { webhook }),
    );
    let made = ownership::issue(&visitor, &app, &posted, "", command)
        .await?
        .made
        .unwrap_or_default();
    let mut page = PageContext::load(&visitor, &app, "A new secret").await?;
    page.at_desk = true;
    PAGE_PATH.clone_into(&mut page.path);
    let secret = managed_secret(app.commands.log().vault(), webhook, made).to_text();
    render_to(
        HttpResponse::Ok(),
        &WebhookSecretPage {
            page,
            number: webhook,
            secret,
        },
    )
}

fn require_administrator(visitor: &Visitor) -> Result<(), PageError> {
    if visitor
        .require_staff()?
        .reader
        .roles
        .contains(&Role::Administrator)
    {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

fn webhook_number(request: &HttpRequest) -> Result<u32, PageError> {
    request
        .match_info()
        .query("webhook")
        .parse()
        .map_err(|_| PageError::not_found())
}
