//! The page of webhooks: each with its latest deliveries, and the actions of administrators.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::Timestamp;

use super::act::{Act, Offered, shown};
use super::{Asked, said};
use crate::domain::command::ProposalOf;
use crate::domain::organisation::{ProposeWebhook, WebhookOf};
use crate::domain::{Command, OrganisationCommand as C, Role};
use crate::http::Desk;
use crate::http::api::webhooks::{DeliveryState, WebhookState, again, all, deliveries_of, go_on};
use crate::http::api::{DeliverySeen, WebhookSeen};
use crate::http::pages::signin::moment;
use crate::http::pages::{Failed, Form, Forms, Sent, Shell, Visitor, answer, own, see_other};
use crate::webhooks::managed_secret;

/// Deliveries per webhook.
const DELIVERIES: i64 = 20;
const PAGE: &str = "/desk/webhooks";

#[derive(Template)]
#[template(path = "desk/webhooks.html")]
struct List {
    page: Shell,
    wrong: Vec<(String, String)>,
    webhooks: Vec<Line>,
    propose: Vec<Act>,
}

struct Line {
    number: u32,
    state: String,
    address: String,
    events: String,
    /// The proposed address with its events, and who proposed it. It waits for a second
    /// administrator.
    proposed: Option<(String, String)>,
    error: String,
    acts: Vec<Act>,
    /// Forms for administrators: make a new secret, and resume after a pause.
    secret: Option<Form>,
    resume: Option<Form>,
    deliveries: Vec<Delivery>,
}

struct Delivery {
    first: i64,
    events: i64,
    state: String,
    tries: i64,
    tried: String,
    next_try: String,
    error: String,
    again: Option<Form>,
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let holds = |role| asked.signed.reader.roles.contains(&role);
    if !holds(Role::Administrator) && !holds(Role::Auditor) {
        return Err(Failed::not_yours());
    }
    let forms = asked.forms();
    let seen = all(asked.desk).await?;
    let names = asked
        .colleagues(seen.iter().filter_map(|webhook| {
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
        webhooks.push(line(asked, &forms, webhook, by, holds(Role::Administrator)).await?);
    }
    let trial = ProposeWebhook {
        webhook: None,
        address: "https://hooks.example.org".parse().expect("an address"),
        events: std::collections::BTreeSet::new(),
    };
    let propose = act(
        asked,
        &forms,
        "propose-webhook",
        "Propose a webhook for all events",
        C::ProposeWebhook(trial),
    )
    .await?;
    let propose = propose.line_with(
        "address",
        "Address",
        "It begins with https:// and holds no password. Which events are sent can be chosen through the API.",
    );
    let page = List {
        page: asked.shell("Webhooks").await?,
        wrong: forms.wrong(),
        webhooks,
        propose: shown(vec![propose]),
    };
    asked.page(&page)
}

/// An action with one of the organisation's commands, with the result of its dry run.
async fn act(
    asked: &Asked<'_>,
    forms: &Forms,
    form: &str,
    title: &str,
    command: C,
) -> Result<Act, Failed> {
    let path = format!("/desk/do/organisation/{}", command.name());
    let offered = Offered::of(
        asked.desk,
        asked.visitor,
        Command::Organisation(asked.desk.commands.organisation(), command),
    )
    .await?;
    Ok(Act::new(forms, form, title, &path, offered))
}

async fn line(
    asked: &Asked<'_>,
    forms: &Forms,
    webhook: WebhookSeen,
    by: String,
    may: bool,
) -> Result<Line, Failed> {
    let number = webhook.webhook;
    let mut acts = Vec::new();
    if let Some(proposed) = &webhook.proposed {
        let proposal = proposed.proposal;
        let confirm = C::ConfirmWebhook(ProposalOf { proposal });
        let confirm = act(
            asked,
            forms,
            &format!("confirm-webhook-{proposal}"),
            "Confirm what is proposed",
            confirm,
        )
        .await?;
        acts.push(confirm.hidden("proposal:n", proposal));
    }
    let end = act(
        asked,
        forms,
        &format!("end-webhook-{number}"),
        "End this webhook",
        C::EndWebhook(WebhookOf { webhook: number }),
    )
    .await?;
    acts.push(end.hidden("webhook:n", number).grave());
    let deliveries = deliveries_of(asked.desk, number, i64::MAX, DELIVERIES).await?;
    let addressed = |address: &dyn std::fmt::Display,
                     events: &[crate::domain::event::EventKind]| {
        format!("{address}: {}", kinds(events))
    };
    Ok(Line {
        number,
        state: said(webhook.state),
        address: webhook
            .address
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        events: kinds(&webhook.events),
        proposed: webhook
            .proposed
            .map(|proposed| (addressed(&proposed.address, &proposed.events), by)),
        error: webhook.error.unwrap_or_default(),
        acts: shown(acts),
        secret: may.then(|| forms.form("secret")),
        resume: (may && webhook.state == WebhookState::Paused).then(|| forms.form("resume")),
        deliveries: deliveries
            .into_iter()
            .map(|one| delivery(forms, one, may))
            .collect(),
    })
}

fn kinds(events: &[crate::domain::event::EventKind]) -> String {
    if events.is_empty() {
        return "all events".to_owned();
    }
    events
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn delivery(forms: &Forms, seen: DeliverySeen, may: bool) -> Delivery {
    let when = |instant: Option<Timestamp>| {
        instant
            .map(|instant| moment(instant.as_microsecond()))
            .unwrap_or_default()
    };
    Delivery {
        first: seen.delivery,
        events: seen.next - seen.delivery,
        state: said(seen.state),
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
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    administrator(&sent.visitor)?;
    go_on(&desk, number(&request)?).await?;
    Ok(see_other(PAGE))
}

/// Makes a delivery due again.
pub(super) async fn send_again(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    administrator(&sent.visitor)?;
    let delivery = request
        .match_info()
        .query("delivery")
        .parse()
        .map_err(|_| Failed::nothing())?;
    again(&desk, number(&request)?, delivery).await?;
    Ok(see_other(PAGE))
}

#[derive(Template)]
#[template(path = "desk/webhook_secret.html")]
struct SecretPage {
    page: Shell,
    number: u32,
    secret: String,
}

/// Makes a webhook's next secret, and shows it once.
pub(super) async fn make_secret(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    administrator(&visitor)?;
    let webhook = number(&request)?;
    let command = Command::Organisation(
        desk.commands.organisation(),
        C::MakeWebhookSecret(WebhookOf { webhook }),
    );
    let made = own::issue(&visitor, &desk, &posted, "", command)
        .await?
        .made
        .unwrap_or_default();
    let mut page = Shell::around(&visitor, &desk, "A new secret").await?;
    page.at_desk = true;
    PAGE.clone_into(&mut page.path);
    let secret = managed_secret(desk.commands.log().vault(), webhook, made).shown();
    answer(
        HttpResponse::Ok(),
        &SecretPage {
            page,
            number: webhook,
            secret,
        },
    )
}

fn administrator(visitor: &Visitor) -> Result<(), Failed> {
    if visitor.staff()?.reader.roles.contains(&Role::Administrator) {
        Ok(())
    } else {
        Err(Failed::not_yours())
    }
}

fn number(request: &HttpRequest) -> Result<u32, Failed> {
    request
        .match_info()
        .query("webhook")
        .parse()
        .map_err(|_| Failed::nothing())
}
