//! What comes after an action on several payments.

use std::collections::BTreeSet;

use super::bulk_words::counted;
use super::definition::BulkAction;
use crate::domain::PersonId;
use crate::domain::grant::PaymentState;
use crate::domain::payee::PaymentRoute;
use crate::http::pages::PageError;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::payments::waits_until;
use crate::http::pages::words::names_in_words;
use crate::projections::PaymentRow;

/// What comes after an action.
#[derive(Default)]
pub(super) struct BulkNext {
    pub sentences: Vec<String>,
    /// The label and address of the page for the next step.
    pub link: Option<(&'static str, &'static str)>,
}

/// What comes after an action on the rows with these ids. Nothing if none was acted on.
pub(super) async fn next_step(
    desk: &DeskRequest<'_>,
    action: &BulkAction,
    ids: Vec<String>,
) -> Result<BulkNext, PageError> {
    if ids.is_empty() || !matches!(action.id, "approve" | "reject") {
        return Ok(BulkNext::default());
    }
    let rows: Vec<PaymentRow> = desk.rows_by_id(ids).await?;
    if action.id == "approve" {
        return Ok(after_approval(desk, &rows));
    }
    after_rejection(desk, &rows).await
}

/// How many of the payments can go to the bank, and what the others wait for.
fn after_approval(desk: &DeskRequest<'_>, rows: &[PaymentRow]) -> BulkNext {
    let today = desk.today();
    let count = |which: &dyn Fn(&PaymentRow) -> bool| rows.iter().filter(|row| which(row)).count();
    let is_approved = |row: &PaymentRow| row.state == PaymentState::Approved;
    let is_bought = |row: &PaymentRow| row.route == PaymentRoute::PurchaseForGroup;
    let waits = |row: &PaymentRow| waits_until(row, today).is_some();
    let ready = count(&|row| is_approved(row) && !waits(row) && !is_bought(row));
    let parts = [
        (
            ready,
            (
                "1 payment can go to the bank now.",
                "{} payments can go to the bank now.",
            ),
        ),
        (
            count(&|row| row.state == PaymentState::Prepared),
            (
                "1 payment still needs another colleague to approve it.",
                "{} payments still need another colleague to approve them.",
            ),
        ),
        (
            count(&|row| is_approved(row) && waits(row)),
            (
                "1 payment waits, because the bank details, a member or an address changed.",
                "{} payments wait, because the bank details, a member or an address changed.",
            ),
        ),
        (
            count(&|row| is_approved(row) && !waits(row) && is_bought(row)),
            (
                "1 payment is for something that we buy. Record it on the page of its grant.",
                "{} payments are for things that we buy. Record them on the pages of their grants.",
            ),
        ),
    ];
    BulkNext {
        sentences: parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, texts)| counted(count, texts))
            .collect(),
        link: (ready > 0).then_some(("Make a bank file", "/desk/payments?state=approved#ready")),
    }
}

/// Who sees why the payments were rejected, and can prepare them again.
async fn after_rejection(
    desk: &DeskRequest<'_>,
    rows: &[PaymentRow],
) -> Result<BulkNext, PageError> {
    let reader = desk.signed.reader.person;
    let preparers: BTreeSet<PersonId> = rows
        .iter()
        .filter_map(|row| row.prepared_by)
        .filter(|person| *person != reader)
        .collect();
    let people = desk.names_of_colleagues(preparers.iter().copied()).await?;
    let all: Vec<String> = preparers.iter().map(|person| people.of(person)).collect();
    let them = counted(rows.len(), ("it", "them"));
    let named = names_in_words(&all, "and");
    let sentence = match all.len() {
        0 => format!("You can prepare {them} again, on the page of the grant."),
        1 => format!("{named} sees why on Today, and can prepare {them} again."),
        _ => format!("{named} see why on Today, and can prepare {them} again."),
    };
    Ok(BulkNext {
        sentences: vec![sentence],
        link: None,
    })
}
