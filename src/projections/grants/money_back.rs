//! Money that a group returns or owes, and entries of the bank that await settlement.

use serde::{Deserialize, Serialize};

use super::GrantRow;
use crate::domain::grant::{BankEntry, EntryKind, Owed, Satisfied};
use crate::domain::source::Sources;
use crate::domain::{GrantEvent, Money, PersonId};

/// An entry of the bank that awaits settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = UnsettledEntry)]
pub struct EntryRow {
    pub kind: EntryKind,
    pub details: BankEntry,
    pub note: Option<String>,
    pub by: PersonId,
    pub proposed: Option<SettlementRow>,
}

/// One person's proposal for settling an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ProposedSettlement)]
pub struct SettlementRow {
    /// The part of the entry that counts as returned money.
    pub counts: Money,
    pub reason: String,
    pub by: PersonId,
}

/// A difference, or zero. The domain refuses events that would make it negative.
pub(super) fn less(of: Money, taken: Money) -> Money {
    of.minus(taken).unwrap_or_default()
}

impl GrantRow {
    pub(super) fn owe(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::UnderspendDeclared {
                released, due_back, ..
            } => {
                self.award = less(self.award, released.total());
                self.underspend_due = self.underspend_due.plus(*due_back);
                if !released.total().is_zero() {
                    self.unschedule();
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
                    .unwrap_or_else(|| Satisfied::from([(*owed, sources.total())]));
                self.came_back(sources, &satisfied);
            }
            E::EntrySettled {
                sources, satisfied, ..
            } => self.came_back(sources, satisfied),
            E::ReturnWaived { owed, amount, .. } => {
                self.waived = self.waived.plus(*amount);
                self.owe_less(*owed, *amount);
            }
            _ => {}
        }
        self.due_back = self.underspend_due.plus(self.clawback_due);
        self.return_due_on = self.return_due_on.filter(|_| !self.due_back.is_zero());
    }

    pub(super) fn came_back(&mut self, sources: &Sources, satisfied: &Satisfied) {
        let back = sources.total();
        self.award = less(self.award, back);
        self.paid = less(self.paid, back);
        self.returned = self.returned.plus(back);
        self.satisfy(satisfied);
    }

    pub(super) fn satisfy(&mut self, satisfied: &Satisfied) {
        for (owed, amount) in satisfied {
            self.owe_less(*owed, *amount);
        }
        self.due_back = self.underspend_due.plus(self.clawback_due);
        self.return_due_on = self.return_due_on.filter(|_| !self.due_back.is_zero());
    }

    pub(super) fn settle(&mut self, happened: &GrantEvent) {
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
                    EntryRow {
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
                    found.proposed = Some(SettlementRow {
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

    pub(super) fn owe_less(&mut self, owed: Owed, amount: Money) {
        match owed {
            Owed::Underspend => self.underspend_due = less(self.underspend_due, amount),
            Owed::Clawback => self.clawback_due = less(self.clawback_due, amount),
        }
    }
}
