//! Money that a group returns or owes, and entries of the bank that await settlement.

use serde::{Deserialize, Serialize};

use super::GrantRow;
use crate::domain::funding_source::FundingSplit;
use crate::domain::grant::{BankEntry, EntryKind, ReturnReason, SettledAmounts};
use crate::domain::{GrantEvent, Money, PersonId};

/// An entry of the bank that awaits settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnsettledEntry)]
pub struct UnsettledEntryRow {
    pub kind: EntryKind,
    pub details: BankEntry,
    pub note: Option<String>,
    pub by: PersonId,
    pub proposed: Option<ProposedSettlementRow>,
}

/// One person's proposal for settling an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ProposedSettlement)]
pub struct ProposedSettlementRow {
    /// The part of the entry that counts as returned money.
    pub counts: Money,
    pub reason: String,
    pub by: PersonId,
}

/// A difference, or zero. The domain refuses events that would make it negative.
pub(super) fn minus_or_zero(of: Money, taken: Money) -> Money {
    of.minus(taken).unwrap_or_default()
}

impl GrantRow {
    pub(super) fn apply_return(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::UnderspendDeclared {
                released, due_back, ..
            } => {
                self.award = minus_or_zero(self.award, released.total());
                self.underspend_due = self.underspend_due.plus(*due_back);
                if !released.total().is_zero() {
                    self.drop_unpaid_instalments();
                }
            }
            E::ClawbackDemanded { amount, .. } => {
                self.clawback_due = self.clawback_due.plus(*amount);
            }
            E::ReturnRequested { due_on, .. } => self.return_due_on = Some(*due_on),
            E::ReturnReceived {
                owed,
                sources,
                satisfied,
                ..
            } => {
                let satisfied = satisfied
                    .clone()
                    .unwrap_or_else(|| SettledAmounts::from([(*owed, sources.total())]));
                self.record_return(sources, &satisfied);
            }
            E::EntrySettled {
                sources, satisfied, ..
            } => self.record_return(sources, satisfied),
            E::ReturnWaived { owed, amount, .. } => {
                self.waived = self.waived.plus(*amount);
                self.reduce_due(*owed, *amount);
            }
            _ => {}
        }
        self.due_back = self.underspend_due.plus(self.clawback_due);
        self.return_due_on = self.return_due_on.filter(|_| !self.due_back.is_zero());
    }

    pub(super) fn record_return(&mut self, sources: &FundingSplit, satisfied: &SettledAmounts) {
        let back = sources.total();
        self.award = minus_or_zero(self.award, back);
        self.paid = minus_or_zero(self.paid, back);
        self.returned = self.returned.plus(back);
        self.reduce_dues(satisfied);
    }

    pub(super) fn reduce_dues(&mut self, satisfied: &SettledAmounts) {
        for (owed, amount) in satisfied {
            self.reduce_due(*owed, *amount);
        }
        self.due_back = self.underspend_due.plus(self.clawback_due);
        self.return_due_on = self.return_due_on.filter(|_| !self.due_back.is_zero());
    }

    pub(super) fn apply_settlement(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::EntryUnsettled {
                entry,
                kind,
                details,
                note,
                by,
            } => {
                let note = note.as_ref().map(ToString::to_string);
                self.unsettled.insert(
                    *entry,
                    UnsettledEntryRow {
                        kind: *kind,
                        details: details.clone(),
                        note,
                        by: *by,
                        proposed: None,
                    },
                );
            }
            E::SettlementProposed {
                entry,
                counts,
                reason,
                by,
            } => {
                if let Some(found) = self.unsettled.get_mut(entry) {
                    found.proposed = Some(ProposedSettlementRow {
                        counts: *counts,
                        reason: reason.to_string(),
                        by: *by,
                    });
                }
            }
            E::EntrySettled { entry, .. } => drop(self.unsettled.remove(entry)),
            E::AttendanceConfirmed { person, .. } => drop(self.unconfirmed.remove(person)),
            _ => return,
        }
        self.entries_wait = (!self.unsettled.is_empty()).into();
    }

    pub(super) fn reduce_due(&mut self, owed: ReturnReason, amount: Money) {
        match owed {
            ReturnReason::Underspend => {
                self.underspend_due = minus_or_zero(self.underspend_due, amount);
            }
            ReturnReason::Clawback => self.clawback_due = minus_or_zero(self.clawback_due, amount),
        }
    }
}
