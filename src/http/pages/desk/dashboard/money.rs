//! Work with payments and with what the bank did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::super::DeskRequest;
use super::work::{WorkQueue, WorkRow, named, number_of, queue, waiting_rows};
use crate::domain::grant::PaymentState as P;
use crate::domain::{Money, PersonId, Role};
use crate::http::pages::PageError;
use crate::http::pages::bounced::{bounced_payment, waits_for_money};
use crate::projections::{GrantRow, GroupRow, PaymentRow};
use crate::views::{Filter, PageRequest, PaymentColumn};

/// The number of days after which a payment at the bank should be on the statement.
const BANK_DAYS: i64 = 3;
/// The largest number of grants with a bounced payment to look at.
const BOUNCED_MAX: usize = 20;
/// The largest number of payments of a grant to look at.
const PAYMENTS_MAX: i64 = 200;

/// Payments that are not paid yet, the most urgent first.
pub(super) async fn open_payments(
    request: &DeskRequest<'_>,
) -> Result<WorkQueue<PaymentRow>, PageError> {
    let filters = vec![Filter::in_state([P::Prepared, P::Approved, P::Sent])];
    queue(request, (PaymentColumn::Urgency.key(), false), filters).await
}

/// Whether the person can approve the payment: it is not their own.
pub(super) fn may_approve(row: &PaymentRow, person: PersonId) -> bool {
    row.state == P::Prepared
        && row.prepared_by != Some(person)
        && !row.approved_by.contains(&person)
}

fn may_be_sent(row: &PaymentRow, today: Date) -> bool {
    row.state == P::Approved && row.waits_until.is_none_or(|until| until <= today)
}

/// How many payments wait for this person in finance.
pub(super) fn count_for(payments: &WorkQueue<PaymentRow>, person: PersonId, today: Date) -> i64 {
    let waits = |row: &&PaymentRow| may_approve(row, person) || may_be_sent(row, today);
    i64::try_from(payments.rows.iter().filter(waits).count()).unwrap_or_default()
}

/// The payments that someone in finance approves, sends, and finds on the statement.
pub(super) fn payments(request: &DeskRequest<'_>, open: &WorkQueue<PaymentRow>) -> Vec<WorkRow> {
    let (person, today) = (request.signed.reader.person, request.today());
    let of = |which: &dyn Fn(&PaymentRow) -> bool| -> Vec<&PaymentRow> {
        open.rows.iter().filter(|row| which(row)).collect()
    };
    let late_at_bank = today.saturating_sub(jiff::Span::new().days(BANK_DAYS));
    let approve = of(&|row| may_approve(row, person));
    let send = of(&|row| may_be_sent(row, today));
    let early = of(&|row| row.early_proposed_by.is_some_and(|by| by != person));
    let at_bank = of(&|row| row.state == P::Sent && row.sent_on <= Some(late_at_bank));
    let mut found = Vec::new();
    if let Some(first) = approve.first() {
        let title = format!(
            "Approve {}",
            number_of(length(&approve), "payment", "payments")
        );
        found.push(
            WorkRow::new(
                "bank",
                title,
                "/desk/payments?state=prepared&select=all",
                "Approve",
            )
            .about(total_text(&approve))
            .today(first.prepared_on),
        );
    }
    if let Some(first) = send.first() {
        let title = format!("Send {}", number_of(length(&send), "payment", "payments"));
        found.push(
            WorkRow::new("bank", title, "/desk/payments?state=approved#ready", "Send")
                .about(format!(
                    "{} Approved and ready for the bank.",
                    total_text(&send)
                ))
                .today(first.prepared_on),
        );
    }
    if let Some(first) = early.first() {
        let title = number_of(length(&early), "early payment", "early payments");
        let path = format!("/desk/payments?grant={}", first.grant);
        found.push(
            WorkRow::new("bank", title, path, "Confirm")
                .about("A colleague asks to pay before the wait is over.")
                .today(first.prepared_on),
        );
    }
    if let Some(first) = at_bank.first() {
        let title = format!(
            "Confirm {} with the bank",
            number_of(length(&at_bank), "payment", "payments")
        );
        found.push(
            WorkRow::new("bank", title, "/desk/bank", "Add statement")
                .about(format!(
                    "{} Add the bank’s statement.",
                    total_text(&at_bank)
                ))
                .since(first.sent_on, today),
        );
    }
    found
}

fn length<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or_default()
}

/// "£4,150 in total."
fn total_text(rows: &[&PaymentRow]) -> String {
    let total: Money = rows.iter().map(|row| row.amount).sum();
    format!("{total} in total.")
}

/// Payments that bounced, of grants that still wait for their money: officers ask the group for
/// its bank details, finance checks them or pays again.
pub(super) async fn bounced(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let filters = vec![Filter::in_state([P::Failed, P::Reversed])];
    let order = (PaymentColumn::Urgency.key(), true);
    let back = queue::<PaymentRow>(request, order, filters).await?.rows;
    let mut grants = grants_of(request, back.iter().map(|row| row.grant)).await?;
    grants.retain(|_, grant| waits_for_money(grant));
    let groups: BTreeSet<Uuid> = grants.values().map(|grant| grant.group.0).collect();
    let groups = request.rows_by_id::<GroupRow>(groups).await?;
    let mut found = Vec::new();
    for grant in grants.values().take(BOUNCED_MAX) {
        let page = PageRequest {
            after: None,
            limit: PAYMENTS_MAX,
        };
        let of = vec![Filter::equals("grant_id", grant.id)];
        let views = &request.app.views;
        let payments: Vec<PaymentRow> = views.list(None, of, &page).await?.items;
        let group = groups.iter().find(|group| group.id == grant.group.0);
        if let Some((payment, group)) = bounced_payment(grant, &payments).zip(group) {
            found.push(bounced_row(request, payment, group));
        }
    }
    Ok(found)
}

/// The row of a payment that bounced, by what comes next.
fn bounced_row(request: &DeskRequest<'_>, payment: &PaymentRow, group: &GroupRow) -> WorkRow {
    let payee = group.payee.as_ref();
    let (says, button) = match payee.filter(|payee| payee.payee > payment.payee) {
        None => ("Ask for new bank details.", "Ask them"),
        Some(payee) if payee.verified_by.is_none() => {
            ("Check the new bank details.", "Check details")
        }
        Some(_) => ("The bank details were checked again since.", "Pay again"),
    };
    let path = format!("/desk/grants/{}", payment.grant);
    let since = payment.sent_on.unwrap_or(payment.prepared_on);
    WorkRow::new("bank", group.name.clone(), path, button)
        .about(format!("The bank returned {}. {says}", payment.amount))
        .wrong(Some(since), request.today())
}

/// Payments that the reader prepared and a colleague rejected, of grants that still wait for their
/// money.
pub(super) async fn rejected(
    request: &DeskRequest<'_>,
    open: &WorkQueue<PaymentRow>,
) -> Result<Option<WorkRow>, PageError> {
    let person = request.signed.reader.person;
    let order = (PaymentColumn::Urgency.key(), true);
    let filters = vec![Filter::in_state([P::Rejected])];
    let mut back = queue::<PaymentRow>(request, order, filters).await?.rows;
    let again: BTreeSet<Uuid> = open.rows.iter().map(|row| row.grant).collect();
    back.retain(|row| row.prepared_by == Some(person) && !again.contains(&row.grant));
    let grants = grants_of(request, back.iter().map(|row| row.grant)).await?;
    let mut seen = BTreeSet::new();
    back.retain(|row| {
        grants.get(&row.grant).is_some_and(waits_for_money) && seen.insert(row.grant)
    });
    let Some(newest) = back.iter().max_by_key(|row| row.prepared_on) else {
        return Ok(None);
    };
    let count = i64::try_from(back.len()).unwrap_or_default();
    let title = number_of(count, "payment was sent back", "payments were sent back");
    let about = match (count, &newest.reason) {
        (1, Some(reason)) => format!("The reason: {reason}"),
        _ => "Read the reasons, then prepare them again.".to_owned(),
    };
    let row = WorkRow::new("bank", title, "/desk/payments?state=rejected", "Look");
    Ok(Some(
        row.about(about)
            .wrong(Some(newest.prepared_on), request.today()),
    ))
}

/// Grants by their ids.
pub(super) async fn grants_of(
    request: &DeskRequest<'_>,
    ids: impl Iterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, GrantRow>, PageError> {
    let ids: BTreeSet<Uuid> = ids.collect();
    let rows = request.rows_by_id::<GrantRow>(ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Lines of the bank's statement that two people settle.
pub(super) async fn unsettled(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let reader = &request.signed.reader;
    let finance = reader.roles.contains(&Role::Finance);
    let rows = waiting_rows::<GrantRow>(request, "entries_wait").await?;
    let confirms = |row: &GrantRow| {
        row.unsettled.values().any(|entry| {
            let proposed = entry.proposed.as_ref();
            proposed.is_some_and(|proposed| finance && proposed.by != reader.person)
        })
    };
    let row = |grant: &GrantRow| {
        let (says, button) = if confirms(grant) {
            (
                "A colleague has said what a bank line is for. Do you agree?",
                "Confirm",
            )
        } else {
            ("A bank line does not match. Say what it is for.", "Settle")
        };
        WorkRow::new(
            "bank",
            grant.title.clone(),
            format!("/desk/grants/{}", grant.id),
            button,
        )
        .about(says)
    };
    Ok(named(&rows, row))
}
