//! Approved payments, from which a person of finance makes a bank file, and the files that are not
//! marked as sent yet.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::DeskRequest;
use super::batch_payments::{self, BatchPayment, payment_id};
use super::{batch_path, batch_title, file_made_text, payments_in_words};
use crate::domain::grant::PaymentState;
use crate::domain::payee::PaymentRoute;
use crate::domain::{FundId, Money};
use crate::http::pages::days::short_day;
use crate::http::pages::{Form, PageError, PageForms};
use crate::projections::{FundRow, GrantRow, PaymentBatchRow, PaymentRow};
use crate::views::{Filter, PageRequest};

/// The largest number of approved payments in one batch.
const BATCH_MAX: i64 = 500;

/// The approved payments of one fund, from which a batch can be made.
pub(in crate::http::pages::desk) struct BatchProposal {
    pub fund: FundRow,
    pub form: Form,
    /// The ids and words of the payments that can leave.
    pub payments: Vec<(String, String)>,
    pub count: String,
    pub total: String,
    /// Payments that wait, or are paid in another way: the grant, its group, and why.
    pub waiting: Vec<(Uuid, String, String)>,
}

/// A batch whose file was made, and that is not marked as sent.
pub(in crate::http::pages::desk) struct UnsentBatch {
    pub title: String,
    pub facts: String,
    pub path: String,
}

/// The name of the form by which payments of a fund are chosen.
pub(super) fn choice_form(fund: Uuid) -> String {
    format!("batch-{fund}")
}

/// The approved payments, up to [`BATCH_MAX`], by fund: a batch is not limited to the page of the
/// list. Payments in a file that is not marked as sent are left out.
pub(in crate::http::pages::desk) async fn proposals(
    request: &DeskRequest<'_>,
    forms: &PageForms,
) -> Result<Vec<BatchProposal>, PageError> {
    let filters = vec![Filter::in_state([PaymentState::Approved])];
    let page = PageRequest {
        after: None,
        limit: BATCH_MAX,
    };
    let approved: Vec<PaymentRow> = request.app.views.list(None, filters, &page).await?.items;
    let in_files: BTreeSet<String> = unsent_rows(request)
        .await?
        .iter()
        .flat_map(|row| &row.unsent)
        .map(|line| payment_id(line.grant.0, line.payment))
        .collect();
    let ids: BTreeSet<Uuid> = approved.iter().map(|row| row.grant).collect();
    let grants: Vec<GrantRow> = request.rows_by_id(ids).await?;
    let mut by_fund: BTreeMap<Uuid, Vec<PaymentRow>> = BTreeMap::new();
    for row in approved {
        let grant = grants.iter().find(|grant| grant.id == row.grant);
        let Some(grant) = grant.filter(|_| !in_files.contains(&payment_id(row.grant, row.payment)))
        else {
            continue;
        };
        by_fund.entry(grant.fund.0).or_default().push(row);
    }
    let funds = request.app.views.cached_funds().await?;
    let mut proposals = Vec::new();
    for (fund, rows) in by_fund {
        if let Some(fund) = funds.iter().find(|row| row.id == fund) {
            proposals.push(proposal(request, forms, fund, &grants, rows).await?);
        }
    }
    Ok(proposals)
}

async fn proposal(
    request: &DeskRequest<'_>,
    forms: &PageForms,
    fund: &FundRow,
    grants: &[GrantRow],
    rows: Vec<PaymentRow>,
) -> Result<BatchProposal, PageError> {
    let today = request.today();
    let groups = request
        .group_names(grants.iter().map(|grant| grant.group.to_string()))
        .await?;
    let group_of = |row: &PaymentRow| {
        let grant = grants.iter().find(|grant| grant.id == row.grant);
        let name = grant.and_then(|grant| groups.get(&grant.group.to_string()));
        name.cloned().unwrap_or_default()
    };
    let mut waiting = Vec::new();
    let mut ready = Vec::new();
    for row in rows {
        let why = if row.route == PaymentRoute::PurchaseForGroup {
            "We are buying this for the group, so it is not in the bank file. Record it on the \
                grant’s page."
                .to_owned()
        } else if let Some(day) = row.waits_until.filter(|day| *day > today) {
            let day = short_day(day, today);
            format!("Waits until {day}, because the bank details, a member or an address changed.")
        } else {
            ready.push(row);
            continue;
        };
        waiting.push((row.grant, group_of(&row), why));
    }
    let ready = batch_payments::load(request, FundId(fund.id), ready).await?;
    let total: Money = ready.iter().map(|payment| payment.row.amount).sum();
    let in_words = |payment: &BatchPayment| {
        let to = if payment.line.is_some() {
            format!("to {}, {}", payment.holder, payment.end)
        } else {
            "the bank details changed".to_owned()
        };
        (
            payment.id(),
            format!("{}: {}, {to}", payment.group, payment.row.amount),
        )
    };
    let payments: Vec<(String, String)> = ready.iter().map(in_words).collect();
    let form = payments
        .iter()
        .fold(forms.form(&choice_form(fund.id)), |form, (id, _)| {
            form.prefill("payments", id)
        });
    Ok(BatchProposal {
        fund: fund.clone(),
        form,
        count: payments_in_words(payments.len()),
        payments,
        total: total.to_string(),
        waiting,
    })
}

/// The batches whose file was made and that are not marked as sent.
async fn unsent_rows(request: &DeskRequest<'_>) -> Result<Vec<PaymentBatchRow>, PageError> {
    let funds = request.app.views.cached_funds().await?;
    let with_batches = request.app.views.with_batches(funds.to_vec(), None).await?;
    Ok(with_batches
        .into_iter()
        .flat_map(|fund| fund.batches.into_values())
        .filter(|row| row.sent_on.is_none())
        .collect())
}

pub(in crate::http::pages::desk) async fn unsent_batches(
    request: &DeskRequest<'_>,
) -> Result<Vec<UnsentBatch>, PageError> {
    let today = request.today();
    let rows = unsent_rows(request).await?;
    let makers = rows
        .iter()
        .flat_map(|row| row.files.iter().map(|file| file.by));
    let names = request.names_of_colleagues(makers).await?;
    let item = |row: PaymentBatchRow| {
        let count = payments_in_words(row.unsent.len());
        let made = file_made_text(&row, &names, today).unwrap_or_default();
        UnsentBatch {
            title: format!(
                "{}, {count}, {}",
                batch_title(&row.batch, None, today),
                row.total
            ),
            facts: made,
            path: batch_path(row.fund, &row.batch),
        }
    };
    Ok(rows.into_iter().map(item).collect())
}
