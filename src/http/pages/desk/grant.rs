//! The page of one grant: checks, payee, payments, updates, variations, returns and stories.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::action::Action;
use super::application::panel_members;
use super::application_actions::DECLARE_NONE;
use super::confirmations::{RevocationView, ScheduleView};
use super::contacts::Contacts;
use super::grant_actions::{CheckView, GrantActions, VariationView};
use super::grant_news::{NewsView, news_views};
use super::grants::theme_of;
use super::list::{Neighbours, grant_tag, neighbours};
use super::next_step::NextStep;
use super::papers::Papers;
use super::settlements::BankEntryView;
use super::steps::Steps;
use super::{DeskRequest, HistoryEntry, PersonNames, history};
use crate::domain::grant::{GrantState, PaymentState, ReturnReason, UpdateState, VariationState};
use crate::domain::language::day_text;
use crate::domain::reference::Reference;
use crate::domain::{Event, GrantEvent, GroupId, Money, PersonId};
use crate::http::pages::bounced::bounced_payment;
use crate::http::pages::days::due_text;
use crate::http::pages::my::signer_names;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tag, Tagged, place_name};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{
    AgreementRow, ApplicationRow, FundRow, GrantRow, GroupRow, PaymentRow, UpdateRow,
};
use crate::views::{Filter, GroupView, PageRequest};

/// The largest number of events of a grant and its application that are read.
const EVENTS_MAX: i64 = 1000;

#[derive(Template)]
#[template(path = "desk/grant.html")]
struct GrantPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    reference: String,
    area: String,
    /// The name of its theme; empty if it has none.
    theme: String,
    round: String,
    tag: Tag,
    steps: Steps,
    next: NextStep,
    /// The part of a running grant for which no payment is prepared, once one is.
    not_prepared: Option<Money>,
    /// The share of the award that was paid, as the width of a bar.
    paid_share: String,
    checks: Vec<CheckView>,
    names: PersonNames,
    fund: FundRow,
    group: GroupView,
    contacts: Option<Contacts>,
    papers: Papers,
    accepted: Option<SignedAgreement>,
    neighbours: Option<Neighbours>,
    payments: Vec<PaymentRow>,
    updates: Vec<UpdateRow>,
    news: Vec<NewsView>,
    /// The reader may read the words of groups.
    reads_words: bool,
    variations: Vec<VariationView>,
    entries: Vec<BankEntryView>,
    schedule: Option<ScheduleView>,
    attendance_acts: Vec<Action>,
    revocation: Option<RevocationView>,
    history: Vec<HistoryEntry>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let app = request.app;
    let row: GrantRow = request.row(ownership::parse_uuid(id)?).await?;
    let seen = app
        .views
        .decrypt_grants(request.signed.reader.may_read_words(), vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let row = seen.row.clone();
    let fund: FundRow = request.row(row.fund).await?;
    let group = group_view(request, row.group).await?;
    let of = || vec![Filter::equals("grant_id", row.id)];
    let all = PageRequest::up_to_max();
    let forms = request.forms();
    let panel = panel_members(request).await?;
    let acts = GrantActions {
        request,
        forms: &forms,
        row: &row,
        panel: &panel,
    };
    let payments: Vec<PaymentRow> = app.views.list(None, of(), &all).await?.items;
    let updates: Vec<UpdateRow> = app.views.list(None, of(), &all).await?.items;
    let (variations, mut actions) = acts.variations(&seen).await?;
    actions.extend(actions_of(&acts, &group, &payments, fund.rules.signers).await?);
    let checks = acts.checks(&group.files).await?;
    let page = request.page_context(&row.title).await?;
    let next = next_of(&row, &group, &payments, &updates, &variations, page.today);
    let step = request.next_step(&next.title, &next.why, &next.action, actions);
    let step = match next.link {
        Some((label, path)) => step.with_link(label, path),
        None => step,
    };
    let signed = accepted(request, &row).await?;
    let page = GrantPage {
        wrong: forms.error_summary(),
        reference: reference_of(request, &row).await?,
        area: place_name(row.area.as_str()),
        theme: theme_of(&ThemeNames::load(app).await?, &row),
        round: round_name(&fund, &row),
        tag: grant_tag(&row, page.today),
        steps: Steps::of_grant(&row, signed.as_ref().map(|signed| signed.on), page.today),
        next: step,
        not_prepared: not_prepared(&row, &payments),
        paid_share: share(&row),
        checks,
        names: request.names_of_colleagues(people_of(&payments)).await?,
        updates,
        reads_words: request.signed.reader.may_read_words(),
        news: news_views(&request.signed.reader, &seen, &group.files, page.today),
        variations,
        contacts: request.contacts(group.id).await?,
        papers: Papers::of(&request.signed.reader, group.id, &group.files, page.today),
        accepted: signed,
        neighbours: neighbours(request, "grants", id).await?,
        entries: acts.entries().await?,
        schedule: acts.schedule().await?,
        attendance_acts: acts.attendance().await?,
        revocation: acts.revocation().await?,
        payments,
        history: history(request, row.id).await?,
        row: row.clone(),
        fund,
        group,
        page,
    };
    request.render(&page)
}

/// A group, with what the reader may read of it.
async fn group_view(request: &DeskRequest<'_>, id: GroupId) -> Result<GroupView, PageError> {
    let row: GroupRow = request.row(id).await?;
    request
        .app
        .views
        .decrypt_groups(&request.signed.reader, vec![row], None)
        .await?
        .pop()
        .ok_or_else(PageError::not_found)
}

/// All actions except those on checks and changes, in the order of the page.
async fn actions_of(
    acts: &GrantActions<'_>,
    group: &GroupView,
    payments: &[PaymentRow],
    signers: u8,
) -> Result<Vec<Action>, PageError> {
    let mut actions = acts.payee(group).await?;
    actions.extend(acts.payments(group).await?);
    actions.extend(acts.updates(&group.files).await?);
    actions.extend(acts.offer(&group.files, signers).await?);
    actions.extend(acts.others(&group.files).await?);
    actions.extend(acts.record_entry(payments).await?);
    Ok(actions)
}

/// The people who prepared or approved a payment.
fn people_of(payments: &[PaymentRow]) -> impl Iterator<Item = PersonId> {
    payments
        .iter()
        .flat_map(|payment| payment.prepared_by.iter().chain(&payment.approved_by))
        .copied()
}

fn round_name(fund: &FundRow, row: &GrantRow) -> String {
    let round = fund.rounds.get(&row.round);
    round.map(|round| round.name.clone()).unwrap_or_default()
}

/// The number that a group can give by phone. The application with the grant's id has it.
async fn reference_of(request: &DeskRequest<'_>, row: &GrantRow) -> Result<String, PageError> {
    let application: ApplicationRow = request.row(row.id).await?;
    Ok(Reference::parse(&application.reference)
        .map(|reference| reference.to_string())
        .unwrap_or_default())
}

/// The part of a running grant for which no payment is prepared, once one is.
fn not_prepared(row: &GrantRow, payments: &[PaymentRow]) -> Option<Money> {
    let is_running = matches!(row.state, GrantState::Accepted | GrantState::Live);
    let under_way: Money = payments
        .iter()
        .filter(|payment| {
            matches!(
                payment.state,
                PaymentState::Prepared | PaymentState::Approved
            )
        })
        .map(|payment| payment.amount)
        .sum();
    let spent = row.sent.minus(row.returned).unwrap_or_default();
    let left = row.committed.minus(spent.plus(under_way)).ok()?;
    (is_running && !payments.is_empty() && !left.is_zero()).then_some(left)
}

/// The paid part of what is committed, in per cent.
fn share(row: &GrantRow) -> String {
    let (paid, committed) = (row.paid_net.pence(), row.committed.pence().max(1));
    format!("{}%", (paid * 100 / committed).min(100))
}

/// That the group accepted the agreement.
struct SignedAgreement {
    on: Date,
    /// Who signed it. Empty for a reader who does not work with groups, and after an erasure.
    signers: String,
}

/// The newest acceptance of the agreement.
async fn accepted(
    request: &DeskRequest<'_>,
    row: &GrantRow,
) -> Result<Option<SignedAgreement>, PageError> {
    let events = request.app.views.events_with_id(row.id, EVENTS_MAX).await?;
    for event in events.iter().rev() {
        if let Event::Grant(GrantEvent::AgreementAccepted { names, .. }) = &event.event {
            let signers = if request.signed.reader.works_with_groups() {
                signer_names(request.app, names).await?
            } else {
                String::new()
            };
            return Ok(Some(SignedAgreement {
                on: event.recorded_on(),
                signers,
            }));
        }
    }
    Ok(None)
}

#[derive(Template)]
#[template(path = "desk/agreement.html")]
struct GrantAgreementPage {
    page: PageContext,
    row: GrantRow,
    reference: String,
    group: String,
    accepted: Option<SignedAgreement>,
    text: String,
}

/// The text of the agreement that the grant was offered with, to read and to print.
pub(super) async fn show_agreement(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    let row: GrantRow = request.row(ownership::parse_uuid(id)?).await?;
    let group: GroupRow = request.row(row.group).await?;
    let agreement: AgreementRow = request
        .row(AgreementRow::id_of(row.agreement_version))
        .await?;
    let page = GrantAgreementPage {
        page: request
            .page_context(&format!("Agreement with {}", group.name))
            .await?,
        reference: reference_of(request, &row).await?,
        accepted: accepted(request, &row).await?,
        group: group.name,
        text: agreement.text,
        row,
    };
    request.render(&page)
}

/// What is next on a grant.
struct Next {
    title: String,
    why: String,
    /// The action that is shown.
    action: String,
    /// The page on which it is done, with the label of its button.
    link: Option<(&'static str, String)>,
}

impl Next {
    fn new(title: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            why: why.into(),
            action: String::new(),
            link: None,
        }
    }

    fn action(self, action: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            ..self
        }
    }

    fn link(self, label: &'static str, path: String) -> Self {
        Self {
            link: Some((label, path)),
            ..self
        }
    }
}

fn next_of(
    row: &GrantRow,
    group: &GroupView,
    payments: &[PaymentRow],
    updates: &[UpdateRow],
    variations: &[VariationView],
    today: Date,
) -> Next {
    if let Some(bounced) = bounced_payment(row, payments) {
        return next_after_bounce(row, group, bounced);
    }
    let open = variations
        .iter()
        .find(|variation| variation.state == VariationState::Requested);
    if let Some(open) = open {
        let why = format!("They ask for: {}.", open.asks.join("; "));
        if open.needs_declaration {
            let why = format!("{why} Before you decide, say if you have a conflict of interest.");
            return Next::new("Next: say if you have a conflict of interest", why)
                .action(DECLARE_NONE);
        }
        return Next::new("Next: decide on a change", why)
            .action(format!("approve-{}", open.number));
    }
    match row.state {
        GrantState::Blank | GrantState::Offered if row.offer_waits => Next::new(
            "Waiting for the panel",
            "The offer goes out once those who were at the meeting have confirmed it.",
        ),
        GrantState::Blank | GrantState::Offered if row.expires_on < today => Next::new(
            "The offer ran out",
            format!("They had until {} to accept it.", day_text(row.expires_on)),
        ),
        GrantState::Blank | GrantState::Offered => Next::new(
            "Waiting for the group",
            format!("The offer is open until {}.", day_text(row.expires_on)),
        ),
        GrantState::Accepted => next_of_accepted(row, group, payments),
        GrantState::Live => next_report(row, updates, today),
        GrantState::Reported => next_of_reported(row, payments, updates, today),
        GrantState::Terminated if !row.due_back.is_zero() => money_to_come_back(row),
        _ => Next::new("Nothing to do", "This grant is over."),
    }
}

/// The checks that a grant waits for before it can be paid, in words; none if all are settled. The
/// page of the grant and the list of grants say the same.
pub(super) fn open_checks(row: &GrantRow) -> Option<String> {
    let checks = row.checks.values();
    match checks.filter(|check| !check.is_settled()).count() {
        0 => None,
        1 => Some("1 check".to_owned()),
        open => Some(format!("{open} checks")),
    }
}

/// What is next until the grant is paid.
fn next_of_accepted(row: &GrantRow, group: &GroupView, payments: &[PaymentRow]) -> Next {
    if let Some(open) = open_checks(row) {
        let title = format!("Next: {open}");
        return Next::new(title, "We can pay the grant once they are done.")
            .link("Go to the checks", "#checks".to_owned());
    }
    if let Some(next) = payments.iter().find_map(next_of_payment) {
        return next;
    }
    match &group.payee {
        None => Next::new(
            "Waiting for bank details",
            "The group has not said where the money should go. You can enter it for them.",
        )
        .link(
            "Enter bank details",
            format!("/desk/groups/{}?do=own-account#next", group.id),
        ),
        Some(payee) if !payee.verified => Next::new(
            "Next: check the bank details",
            "Someone who did not enter them must check \
                 them.",
        )
        .action("verify-payee"),
        Some(_) => Next::new(
            "Next: pay the grant",
            "One person prepares the payment. A colleague approves it.",
        )
        .action(prepare_action(row))
        .link("Go to payments", format!("/desk/payments?grant={}", row.id)),
    }
}

/// What is next after the bank returned a payment: other bank details, their check, or the payment.
fn next_after_bounce(row: &GrantRow, group: &GroupView, bounced: &PaymentRow) -> Next {
    let amount = bounced.amount;
    match &group.payee {
        Some(payee) if payee.payee > bounced.payee && payee.verified => Next::new(
            "Next: pay again",
            format!("The bank returned {amount}. The bank details were checked again since."),
        )
        .action(prepare_action(row))
        .link("Go to payments", format!("/desk/payments?grant={}", row.id)),
        Some(payee) if payee.payee > bounced.payee => Next::new(
            "Next: check the new bank details",
            format!(
                "The bank returned {amount}. Someone who did not enter the new details must check \
                 them."
            ),
        )
        .action("verify-payee"),
        _ => {
            let reason = bounced.reason.as_deref().unwrap_or_default();
            let why = format!(
                "The bank returned {amount}. Ask the group which account is right. Enter it again, \
                 even if it has not changed. The reason: {reason}"
            );
            Next::new("Next: ask for new bank details", why).link(
                "Enter bank details",
                format!("/desk/groups/{}?do=own-account#next", group.id),
            )
        }
    }
}

/// What a payment that is under way waits for; none for one that is over.
fn next_of_payment(payment: &PaymentRow) -> Option<Next> {
    let amount = payment.amount;
    let (title, why) = match payment.state {
        PaymentState::Prepared => (
            format!("Waiting: {amount} to be approved"),
            "Someone who did not prepare it approves it.".to_owned(),
        ),
        PaymentState::Approved => (
            format!("Waiting: {amount} to be sent"),
            payment.waits_until.map_or_else(
                || "It is ready for the bank.".to_owned(),
                |day| format!("It can go to the bank from {}.", day_text(day)),
            ),
        ),
        PaymentState::Sent => (
            format!("Waiting: {amount} at the bank"),
            "Confirm it once it is on the bank’s statement.".to_owned(),
        ),
        _ => return None,
    };
    let path = format!("/desk/payments?grant={}", payment.grant);
    Some(Next::new(title, why).link("Open the payment", path))
}

/// The name of the action that prepares the next payment.
fn prepare_action(row: &GrantRow) -> String {
    let open = row
        .instalments
        .iter()
        .find(|(_, instalment)| instalment.payment.is_none());
    open.map_or_else(
        || "prepare".to_owned(),
        |(number, _)| format!("prepare-{number}"),
    )
}

/// What is next once the final report is accepted: the grant can be finished only if no money is
/// on its way in either direction.
fn next_of_reported(
    row: &GrantRow,
    payments: &[PaymentRow],
    updates: &[UpdateRow],
    today: Date,
) -> Next {
    let is_open = |update: &UpdateRow| {
        matches!(
            update.state,
            UpdateState::Received | UpdateState::Queried | UpdateState::Requested
        )
    };
    if updates.iter().any(is_open) {
        return next_report(row, updates, today);
    }
    if !row.due_back.is_zero() {
        return money_to_come_back(row);
    }
    payments
        .iter()
        .find_map(next_of_payment)
        .unwrap_or_else(|| {
            Next::new(
                "Next: finish the grant",
                "The report is accepted. If money is left over, record that first.",
            )
            .action("close")
        })
}

/// What a grant waits for while the group has money to return.
fn money_to_come_back(row: &GrantRow) -> Next {
    let owed = if row.underspend_due.is_zero() {
        ReturnReason::Clawback
    } else {
        ReturnReason::Underspend
    };
    let owed = <&str>::from(owed);
    let Some(due_on) = row.return_due_on else {
        let why = format!("The group has to return {}. Say by when.", row.due_back);
        return Next::new("Next: ask for the money", why).action(format!("request-return-{owed}"));
    };
    let why = format!(
        "The group has to return {} by {}. Once it has come, record it.",
        row.due_back,
        day_text(due_on)
    );
    Next::new("Waiting for money to come back", why).action(format!("receive-return-{owed}"))
}

/// What is next on a report: to read it, to wait for it, or to remind the group.
fn next_report(row: &GrantRow, updates: &[UpdateRow], today: Date) -> Next {
    let in_state = |state| updates.iter().find(|update| update.state == state);
    let path = |update: &UpdateRow| format!("/desk/updates/{}/{}", row.id, update.update);
    if let Some(received) = in_state(UpdateState::Received) {
        return Next::new(
            "Next: read their report",
            "Accept it, or ask the group a question.",
        )
        .link("Read the report", path(received));
    }
    if let Some(queried) = in_state(UpdateState::Queried) {
        return Next::new("Waiting for the group", "We asked about their report.")
            .link("Open the report", path(queried));
    }
    if let Some(due) = in_state(UpdateState::Requested) {
        let why = format!(
            "Due {}, {}.",
            day_text(due.due_on),
            due_text(due.due_on, today)
        );
        return if due.due_on < today {
            Next::new("Their report is late", why).link("Remind them", path(due))
        } else {
            Next::new("Next: their report", why).link("Enter it for them", path(due))
        };
    }
    Next::new(
        "Running",
        format!(
            "The final report is due {}, {}.",
            day_text(row.update_due_on),
            due_text(row.update_due_on, today)
        ),
    )
}
