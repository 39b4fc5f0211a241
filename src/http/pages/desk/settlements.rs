//! Settlement of bank entries that match no payment: the entries of a grant that wait, and the
//! actions by which one person proposes and a second one confirms a settlement.

use super::action::{Action, visible};
use super::erasures::day_text;
use super::grant_actions::{GrantActions, sample_prose};
use crate::clock::day_of;
use crate::domain::grant::{ConfirmSettlement, EntryKind, ProposeSettlement, RecordBankEntry};
use crate::domain::{GrantCommand as C, Money};
use crate::http::pages::PageError;
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
        let names = self.asked.names_of_colleagues(people.flatten()).await?;
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
        let mut acts = Vec::new();
        if let Some(proposed) = &entry.proposed {
            let confirm = C::ConfirmSettlement(ConfirmSettlement {
                entry: number,
                counts: proposed.counts,
            });
            let form = format!("confirm-settlement-{number}");
            acts.push(
                self.action(
                    "confirm-settlement",
                    &form,
                    "Confirm how it is settled",
                    confirm,
                )
                .await?
                .hidden("entry:n", number)
                .money(
                    "counts:m",
                    "How much of it counts as money that came back, as it was proposed",
                )
                .prefill("counts:m", String::from(proposed.counts)),
            );
        }
        let propose = ProposeSettlement {
            entry: number,
            counts: Money::ZERO,
            reason: sample_prose("why"),
        };
        let title = if entry.proposed.is_some() {
            "Propose something else"
        } else {
            "Propose how it is settled"
        };
        let form = format!("propose-settlement-{number}");
        let propose = self
            .action(
                "propose-settlement",
                &form,
                title,
                C::ProposeSettlement(propose),
            )
            .await?
            .hidden("entry:n", number);
        // Only money that came in can count as returned.
        let propose = match entry.kind {
            EntryKind::CameIn => {
                propose.money("counts:m", "How much of it counts as money that came back from this grant: 0 if none of it does")
            }
            EntryKind::WentOut => propose.hidden("counts:m", "0"),
        };
        acts.push(propose.text_area_with_hint(
            "reason",
            "What it was, and what happened to the rest",
            "Names of people do not belong here.",
        ));
        Ok(visible(acts))
    }

    /// The action that records a bank entry for which no other command fits.
    pub async fn record_entry(&self, payments: &[PaymentRow]) -> Result<Vec<Action>, PageError> {
        let today = day_of(self.asked.desk.commands.now());
        let amount = Money::from_pounds(1);
        let record = RecordBankEntry {
            kind: EntryKind::CameIn,
            amount,
            payment: None,
            happened_on: today,
            note: sample_prose("note"),
        };
        let ways = [("came_in", "money came in"), ("went_out", "money went out")]
            .map(|(key, says)| (key.to_owned(), says.to_owned()));
        let about = payments.iter().map(|row| {
            (
                row.payment.to_string(),
                format!("payment {} of {}", row.payment, row.amount),
            )
        });
        let about = std::iter::once((String::new(), "none of them".to_owned()))
            .chain(about)
            .collect();
        let title = "Record something else that the bank did";
        let act = self
            .action(
                "record-bank-entry",
                "record-bank-entry",
                title,
                C::RecordBankEntry(record),
            )
            .await?;
        Ok(visible(vec![
            act.select("kind", "Which way the money went", ways.to_vec())
                .money("amount:m", "How much")
                .day("happened_on", "The bank's date")
                .select("payment:n", "Which payment it is about", about)
                .text_area_with_hint(
                    "note",
                    "What the bank's statement says, and why it fits nothing else",
                    "Two people then settle it. Names of people do not belong here.",
                )
                .prefill("happened_on", today),
        ]))
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
        "none of it counts as money that came back from this grant".to_owned()
    } else {
        format!("{counts} of it counts as money that came back from this grant")
    }
}
