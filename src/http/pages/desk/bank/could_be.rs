//! Statement entries with several possible meanings, among which a person chooses: a payment that
//! matches by payee and amount but lacks our reference, or returned money that several groups owe.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::entry_lines::{act_line, return_line, was_answered, was_recorded};
use super::entry_rows::{MatchKind, NO_DIRECTION, RowContext, StatementRow, recorded_before};
use super::money_back::DueReturn;
use crate::bank::{ExpectedPayment, StatementEntry};
use crate::domain::grant::PaymentState;
use crate::http::pages::PageError;

/// What the page asks if an entry may be a payment, or one of several.
const WHICH_PAYMENT: &str = "which payment is it?";
/// What the page asks if an entry may be the money of several groups.
const WHOSE_MONEY: &str = "whose money is it?";

impl RowContext<'_> {
    /// The row of an entry that matches payments by amount and payee, but has no reference. It
    /// counts as recorded before if a person chose one of these payments for it, unless an earlier
    /// entry was that payment. `chosen` has the payments that entries of this statement were
    /// matched with.
    pub(super) async fn could_be_row(
        &self,
        entry: &StatementEntry,
        could_be: &[ExpectedPayment],
        chosen: &mut BTreeSet<(Uuid, u16)>,
    ) -> Result<Option<StatementRow>, PageError> {
        for payment in could_be {
            let id = (payment.grant, payment.payment);
            if payment.state != PaymentState::Sent
                && !chosen.contains(&id)
                && self.was_chosen(entry, payment).await?
            {
                chosen.insert(id);
                let row = self.row_of(entry, MatchKind::Recorded, Some(payment.grant));
                return Ok(Some(recorded_before(row)));
            }
        }
        let is_sent = |payment: &&ExpectedPayment| payment.state == PaymentState::Sent;
        let sent: Vec<&ExpectedPayment> = could_be.iter().filter(is_sent).collect();
        Ok((!sent.is_empty()).then(|| self.payment_choices(entry, &sent)))
    }

    /// Whether a person chose before that an entry is a payment.
    async fn was_chosen(
        &self,
        entry: &StatementEntry,
        payment: &ExpectedPayment,
    ) -> Result<bool, PageError> {
        let (grant, payment) = (payment.grant, payment.payment);
        if entry.direction.is_none() {
            return was_answered(self.request, grant, payment, entry).await;
        }
        let line = act_line(grant, payment, "confirm", entry);
        was_recorded(self.request, &line).await
    }

    fn payment_choices(&self, entry: &StatementEntry, sent: &[&ExpectedPayment]) -> StatementRow {
        let only = match sent {
            [only] => Some(only.grant),
            _ => None,
        };
        let row = self.row_of(entry, MatchKind::ToLookAt, only);
        let named = |payment: &ExpectedPayment| {
            let group = self.known(payment.grant).0;
            format!("payment {}: {group}, {}", payment.reference, payment.amount)
        };
        let all: Vec<String> = sent.iter().map(|payment| named(payment)).collect();
        let all = all.join(", or ");
        let mut ways = Vec::new();
        for payment in sent {
            let named = named(payment);
            let line = |act: &str| act_line(payment.grant, payment.payment, act, entry);
            if entry.direction.is_some() {
                ways.push((format!("It is {named}"), line("confirm")));
            } else {
                ways.push((format!("It went out. It is {named}"), line("confirm")));
                ways.push((format!("It came back. It was {named}"), line("fail")));
            }
        }
        let no_direction = match entry.direction {
            Some(_) => String::new(),
            None => format!(" {NO_DIRECTION}"),
        };
        StatementRow {
            says: format!(
                "It could be {all}. It does not have our reference, so check it before you \
                    choose.{no_direction}"
            ),
            ways,
            question: WHICH_PAYMENT,
            ..row
        }
    }

    /// The row of an entry that has the amount of money that several groups owe.
    pub(super) fn return_choices(&self, entry: &StatementEntry, due: &[DueReturn]) -> StatementRow {
        let way = |due: &DueReturn| {
            let label = format!(
                "It is money back from {}, application {}: {}",
                self.known(due.grant).0,
                due.reference,
                self.due_words(due)
            );
            (label, return_line(due.grant, entry, due.owed))
        };
        let groups: BTreeSet<String> = due.iter().map(|due| self.known(due.grant).0).collect();
        let groups: Vec<String> = groups.into_iter().collect();
        StatementRow {
            says: format!(
                "It could be money back from {}. Check it before you choose.",
                groups.join(", or ")
            ),
            ways: due.iter().map(way).collect(),
            question: WHOSE_MONEY,
            ..self.row_of(entry, MatchKind::MoneyBack, None)
        }
    }
}
