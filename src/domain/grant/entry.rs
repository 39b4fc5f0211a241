//! Bank entries that the rules do not expect: an overpayment, a duplicate, or a movement that
//! nobody approved. An entry is recorded, waits until two people have settled it, and blocks
//! nothing else.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantEvent, ReturnReason, next_number};
use crate::domain::id::PersonId;
use crate::domain::money::{BelowZero, Money};
use crate::domain::role::Role;
use crate::domain::text::Prose;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// Amounts due back that are settled, by the reason for which they were due.
pub type SettledAmounts = BTreeMap<ReturnReason, Money>;

/// Direction of the money.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum EntryKind {
    /// Money was received.
    CameIn,
    /// Money was sent.
    WentOut,
}

/// An entry at the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BankEntry {
    /// The amount that came in or went out.
    pub amount: Money,
    /// The number of the payment that it concerns, if any.
    #[schema(maximum = 65535)]
    pub payment: Option<u16>,
    /// The bank's date.
    #[schema(value_type = String, format = "date")]
    pub happened_on: Date,
    /// The reason for which the money was recorded as returned, if it was.
    #[serde(default)]
    pub owed: ReturnReason,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBankEntry {
    pub kind: EntryKind,
    pub amount: Money,
    #[serde(default)]
    #[schema(maximum = 65535)]
    pub payment: Option<u16>,
    /// The bank's date.
    #[schema(value_type = String, format = "date")]
    pub happened_on: Date,
    /// The bank statement's text, and why the entry matches nothing.
    pub note: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeSettlement {
    #[schema(minimum = 1, maximum = 65535)]
    pub entry: u16,
    /// How much of it counts as money returned from this grant; 0.00 if none does.
    pub counts: Money,
    /// What the entry was for, and how the rest was dealt with.
    pub reason: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmSettlement {
    #[schema(minimum = 1, maximum = 65535)]
    pub entry: u16,
    /// The proposed amount, repeated. It is refused if it differs from the proposal.
    pub counts: Money,
}

/// A bank entry that is not settled yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PendingEntry {
    kind: EntryKind,
    details: BankEntry,
    proposed: Option<(Money, PersonId)>,
}

impl Grant {
    /// The event that records an entry to settle.
    pub(super) fn entry_unsettled(
        &self,
        kind: EntryKind,
        details: BankEntry,
        note: Option<Prose>,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let entry = next_number(Some(self.entries_made))?;
        Ok(GrantEvent::EntryUnsettled {
            entry,
            kind,
            details,
            note,
            by: facts.by()?,
        })
    }

    pub(super) fn record_entry(
        &self,
        record: &RecordBankEntry,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        facts.not_future(record.happened_on)?;
        if record.amount.is_zero() {
            return Err(Refusal::Nothing("enter an amount of more than £0"));
        }
        if record
            .payment
            .is_some_and(|number| !self.payments.contains_key(&number))
        {
            return Err(Refusal::Unknown("payment"));
        }
        let RecordBankEntry {
            amount,
            payment,
            happened_on,
            ..
        } = *record;
        let details = BankEntry {
            amount,
            payment,
            happened_on,
            owed: ReturnReason::default(),
        };
        self.entry_unsettled(record.kind, details, Some(record.note.clone()), facts)
    }

    fn pending_entry(&self, number: u16) -> Result<&PendingEntry, Refusal> {
        self.unsettled
            .get(&number)
            .ok_or(Refusal::Unknown("line of the bank statement"))
    }

    /// Refuses unless the counted sum is received money, and was paid from this grant by that day.
    fn must_be_countable(&self, entry: &PendingEntry, counts: Money) -> Result<(), Refusal> {
        let left = match entry.kind {
            EntryKind::CameIn => self
                .least_balance_from(entry.details.happened_on)
                .total()
                .min(entry.details.amount),
            EntryKind::WentOut => Money::ZERO,
        };
        if left.covers(counts) {
            Ok(())
        } else {
            Err(Refusal::MoreThanPaid {
                asked: counts,
                left,
            })
        }
    }

    pub(super) fn propose_settlement(
        &self,
        propose: &ProposeSettlement,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let by = facts.by()?;
        self.must_be_countable(self.pending_entry(propose.entry)?, propose.counts)?;
        facts.permit(by, RestrictedAction::Prepare)?;
        let ProposeSettlement {
            entry,
            counts,
            reason,
        } = propose.clone();
        Ok(GrantEvent::SettlementProposed {
            entry,
            counts,
            reason,
            by,
        })
    }

    pub(super) fn confirm_settlement(
        &self,
        confirm: ConfirmSettlement,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let by = facts.by()?;
        let found = self.pending_entry(confirm.entry)?;
        let (counts, proposed_by) = found
            .proposed
            .filter(|(counts, _)| *counts == confirm.counts)
            .ok_or(Refusal::NotProposed)?;
        facts.must_be_two_people(proposed_by, by)?;
        facts.proposal_holds(proposed_by, &[Role::Officer, Role::Finance])?;
        facts.permit(by, RestrictedAction::Waive)?;
        self.must_be_countable(found, counts)?;
        let happened_on = found.details.happened_on;
        let sources = self.least_balance_from(happened_on).last(counts)?;
        Ok(GrantEvent::EntrySettled {
            entry: confirm.entry,
            sources,
            satisfied: self.settled_by(found.details.owed, counts),
            happened_on,
            by,
        })
    }

    pub(super) fn apply_entry(&mut self, event: &GrantEvent) -> Result<(), BelowZero> {
        match event {
            GrantEvent::EntryUnsettled {
                entry,
                kind,
                details,
                ..
            } => {
                self.entries_made = *entry;
                self.unsettled.insert(
                    *entry,
                    PendingEntry {
                        kind: *kind,
                        details: details.clone(),
                        proposed: None,
                    },
                );
            }
            GrantEvent::SettlementProposed {
                entry, counts, by, ..
            } => {
                if let Some(found) = self.unsettled.get_mut(entry) {
                    found.proposed = Some((*counts, *by));
                }
            }
            GrantEvent::EntrySettled {
                entry,
                sources,
                satisfied,
                happened_on,
                ..
            } => {
                self.unsettled.remove(entry);
                return self.record_return(*happened_on, sources, satisfied);
            }
            _ => {}
        }
        Ok(())
    }
}
