//! Settlement of bank entries that match no payment: the entries of a grant that wait, and the
//! actions by which one person proposes and a second one confirms a settlement.

use super::action::{Action, ActionSpec, sample};
use super::grant_actions::GrantActions;
use crate::clock::day_of;
use crate::domain::grant::{ConfirmSettlement, EntryKind, ProposeSettlement, RecordBankEntry};
use crate::domain::language::day_text;
use crate::domain::{GrantCommand as C, Money};
use crate::http::pages::PageError;
use crate::http::pages::form::FieldType;
use crate::projections::{PaymentRow, UnsettledEntryRow};

/// A bank entry that waits to be settled, with its actions.
pub(super) struct BankEntryView {
    pub says: String,
    pub by: String,
    pub note: Option<String>,
    pub proposed: Option<ProposedSettlementView>,
    pub acts: Vec<Action>,
}

/// A proposed settlement.
pub(super) struct ProposedSettlementView {
    pub says: String,
    pub reason: String,
}

impl GrantActions<'_> {
    /// The bank entries of the grant that wait to be settled.
    pub async fn entries(&self) -> Result<Vec<BankEntryView>, PageError> {
        let entries = &self.row.unsettled;
        let people = entries.values().flat_map(|entry| {
            [
                Some(entry.by),
                entry.proposed.as_ref().map(|proposed| proposed.by),
            ]
        });
        let names = self.request.names_of_colleagues(people.flatten()).await?;
        let mut seen = Vec::new();
        for (number, entry) in entries {
            let proposed = entry
                .proposed
                .as_ref()
                .map(|proposed| ProposedSettlementView {
                    says: format!(
                        "{} proposes that {}",
                        names.of(&proposed.by),
                        counting_text(proposed.counts)
                    ),
                    reason: proposed.reason.clone(),
                });
            seen.push(BankEntryView {
                says: entry_text(entry),
                by: names.of(&entry.by),
                note: entry.note.clone(),
                proposed,
                acts: self.settlement_actions(*number, entry).await?,
            });
        }
        Ok(seen)
    }

    async fn settlement_actions(
        &self,
        number: u16,
        entry: &UnsettledEntryRow,
    ) -> Result<Vec<Action>, PageError> {
        let mut table = Vec::new();
        if let Some(proposed) = &entry.proposed {
            let counts = proposed.counts;
            let confirm = C::ConfirmSettlement(ConfirmSettlement {
                entry: number,
                counts,
            });
            table.push(
                self.spec("Confirm what it was", confirm)
                    .form(format!("confirm-settlement-{number}"))
                    .hidden_number("entry", number)
                    .money("counts", "How much of it is money returned from this grant")
                    .prefill(counts.as_typed()),
            );
        }
        table.push(self.propose_settlement(number, entry));
        self.offered(table).await
    }

    fn propose_settlement(&self, number: u16, entry: &UnsettledEntryRow) -> ActionSpec {
        let propose = C::ProposeSettlement(ProposeSettlement {
            entry: number,
            counts: Money::ZERO,
            reason: sample("why"),
        });
        let title = if entry.proposed.is_some() {
            "Suggest something else"
        } else {
            "Say what it was"
        };
        let propose = self
            .spec(title, propose)
            .form(format!("propose-settlement-{number}"))
            .hidden_number("entry", number);
        // Only money that came in can count as returned.
        let propose = match entry.kind {
            EntryKind::CameIn => propose.money(
                "counts",
                "How much of it is money returned from this grant (0 if none)",
            ),
            EntryKind::WentOut => propose.hidden_as(FieldType::Money, "counts", "0"),
        };
        propose
            .text_area("reason", "What it was, and what happened to the rest")
            .hint("Leave out names of people.")
    }

    /// The action that records a bank entry for which no other command fits.
    pub async fn record_entry(&self, payments: &[PaymentRow]) -> Result<Vec<Action>, PageError> {
        let today = day_of(self.request.app.commands.now());
        let record = C::RecordBankEntry(RecordBankEntry {
            kind: EntryKind::CameIn,
            amount: Money::from_pounds(1),
            payment: None,
            happened_on: today,
            note: sample("note"),
        });
        let ways = [("came_in", "money came in"), ("went_out", "money went out")]
            .map(|(key, says)| (key.to_owned(), says.to_owned()));
        let payments = payments.iter().map(|row| {
            (
                row.payment.to_string(),
                format!("payment {} of {}", row.payment, row.amount),
            )
        });
        let none = (String::new(), "none of them".to_owned());
        let payments = std::iter::once(none).chain(payments).collect();
        let record = self
            .spec("Record another bank line", record)
            .select("kind", "Did it come in or go out?", ways.to_vec())
            .money("amount", "How much")
            .day("happened_on", "Date at the bank")
            .prefill(today)
            .select_as(
                FieldType::Number,
                "payment",
                "Which payment is it about?",
                payments,
            )
            .text_area(
                "note",
                "What the bank statement says, and why it does not match",
            )
            .hint("Two people then agree what it is. Leave out names of people.");
        self.offered(vec![record]).await
    }
}

fn entry_text(entry: &UnsettledEntryRow) -> String {
    let way = match entry.kind {
        EntryKind::CameIn => "came in",
        EntryKind::WentOut => "went out",
    };
    let about = entry
        .details
        .payment
        .map(|payment| format!(", about payment {payment}"))
        .unwrap_or_default();
    format!(
        "{} {way} on {}{about}",
        entry.details.amount,
        day_text(entry.details.happened_on)
    )
}

fn counting_text(counts: Money) -> String {
    if counts.is_zero() {
        "none of it is money returned from this grant".to_owned()
    } else {
        format!("{counts} of it is money returned from this grant")
    }
}
