//! The payments that were sent to the bank and are not confirmed yet.

use uuid::Uuid;

use super::super::DeskRequest;
use super::super::bank::batch_title;
use super::super::list::{have_pence, pounds_in};
use super::grants_and_groups;
use crate::domain::Money;
use crate::domain::grant::PaymentState;
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::words::names_in_words;
use crate::projections::PaymentRow;
use crate::views::Filter;

/// The largest number of payments that are shown. The list has all of them.
const SHOWN_MAX: usize = 10;

/// What the section "With the bank" shows.
pub(super) struct AtBank {
    pub total: String,
    pub payments: Vec<SentPayment>,
    /// How many more there are.
    pub more: usize,
}

/// A payment that the bank has.
pub(super) struct SentPayment {
    pub grant: Uuid,
    pub group: String,
    pub amount: String,
    /// When it was sent, in which batch, and who approved it.
    pub facts: String,
}

/// The payments that the bank has; `None` if it has none.
pub(super) async fn payments_at_bank(
    request: &DeskRequest<'_>,
) -> Result<Option<AtBank>, PageError> {
    let of = vec![Filter::in_state([PaymentState::Sent])];
    let mut rows: Vec<PaymentRow> = request.app.views.all_rows(None, of).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    rows.sort_by_key(|row| row.sent_on);
    let with_pence = have_pence(rows.iter().map(|row| row.amount));
    let total: Money = rows.iter().map(|row| row.amount).sum();
    let more = rows.len().saturating_sub(SHOWN_MAX);
    rows.truncate(SHOWN_MAX);
    let (grants, groups) = grants_and_groups(request, &rows).await?;
    let approvers = rows.iter().flat_map(|row| row.approved_by.iter().copied());
    let people = request.names_of_colleagues(approvers).await?;
    let today = request.today();
    let facts = |row: &PaymentRow| {
        let sent = row.sent_on.map_or_else(
            || "Sent".to_owned(),
            |day| format!("Sent {}", short_day(day, today)),
        );
        let batch = row
            .batch
            .as_ref()
            .map(|batch| format!(" in {}", batch_title(batch, row.sent_on, today)))
            .unwrap_or_default();
        let names: Vec<_> = row.approved_by.iter().map(|by| people.of(by)).collect();
        format!(
            "{sent}{batch}, approved by {}",
            names_in_words(&names, "and")
        )
    };
    let line = |row: &PaymentRow| {
        let group = grants
            .get(&row.grant)
            .and_then(|grant| groups.get(&grant.group.to_string()));
        SentPayment {
            grant: row.grant,
            group: group.cloned().unwrap_or_else(|| "A group".to_owned()),
            amount: pounds_in(row.amount, with_pence),
            facts: facts(row),
        }
    };
    Ok(Some(AtBank {
        total: pounds_in(total, with_pence),
        payments: rows.iter().map(line).collect(),
        more,
    }))
}
