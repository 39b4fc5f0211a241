//! Payments in instalments, and the conditions that release them.

use serde::{Deserialize, Serialize};

use super::GrantRow;
use crate::domain::grant::{Instalment, ReleaseCondition};
use crate::domain::{GrantEvent, Money, PersonId};

/// A proposed schedule of payments that awaits confirmation by a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ProposedSchedule)]
pub struct ProposedScheduleRow {
    /// Its number, needed to confirm it.
    pub proposal: u32,
    pub instalments: Vec<Instalment>,
    pub by: PersonId,
}

/// An instalment, and the number of the payment prepared for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScheduledInstalment)]
pub struct InstalmentRow {
    pub amount: Money,
    pub released: ReleaseCondition,
    pub payment: Option<u16>,
}

impl GrantRow {
    pub(super) fn apply_schedule(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::ScheduleProposed {
                proposal,
                instalments,
                by,
            } => {
                self.proposed_schedule = Some(ProposedScheduleRow {
                    proposal: *proposal,
                    instalments: instalments.clone(),
                    by: *by,
                });
            }
            E::PaymentsScheduled {
                first, instalments, ..
            } => {
                self.drop_unpaid_instalments();
                self.proposed_schedule = None;
                let row = |instalment: &Instalment| InstalmentRow {
                    amount: instalment.amount,
                    released: instalment.released.clone(),
                    payment: None,
                };
                self.instalments
                    .extend((*first..).zip(instalments.iter().map(row)));
            }
            E::PaymentPrepared {
                payment,
                instalment: Some(instalment),
                ..
            } => {
                if let Some(found) = self.instalments.get_mut(instalment) {
                    found.payment = Some(*payment);
                }
            }
            E::PaymentRejected { payment, .. } | E::PaymentCancelled { payment, .. } => {
                self.release_instalment(*payment);
            }
            _ => {}
        }
    }

    pub(super) fn release_instalment(&mut self, payment: u16) {
        for instalment in self
            .instalments
            .values_mut()
            .filter(|instalment| instalment.payment == Some(payment))
        {
            instalment.payment = None;
        }
    }

    /// Removes the instalments without a payment: after a change of the award they no longer add up
    /// to it.
    pub(super) fn drop_unpaid_instalments(&mut self) {
        self.instalments
            .retain(|_, instalment| instalment.payment.is_some());
    }
}
