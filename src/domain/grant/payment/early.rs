//! Early payment. No money leaves for some days after a change of the payee, the members or a
//! member's address (see [`PayeeWait`]); two people can let one payment leave earlier.

use super::{PaymentReason, PaymentState};
use crate::domain::grant::{Grant, GrantEvent};
use crate::domain::role::Role;
use crate::domain::{DecisionContext, PayeeWait, Refusal, RestrictedAction};

/// The wait that applies today. Refuses if there is none.
fn current_payee_wait(facts: &DecisionContext) -> Result<PayeeWait, Refusal> {
    facts
        .payee_waits()?
        .filter(|wait| wait.applies_on(facts.today))
        .ok_or(Refusal::PayeeWaitsNot)
}

impl Grant {
    pub(super) fn propose_early(
        &self,
        because: &PaymentReason,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(because.payment)?;
        payment.must_be(&[PaymentState::Prepared, PaymentState::Approved])?;
        payment.payee_must_be_unchanged(facts)?;
        let (by, wait) = (facts.by()?, current_payee_wait(facts)?);
        if payment.leaves_early == Some(wait.mark) {
            return Err(Refusal::PayeeWaitsNot);
        }
        facts.permit(by, RestrictedAction::Prepare)?;
        let PaymentReason { payment, reason } = because.clone();
        Ok(GrantEvent::EarlyPaymentProposed {
            payment,
            until: wait.until,
            mark: wait.mark,
            reason,
            by,
        })
    }

    /// Confirms an early payment. The proposal counts only for the change it was made for; after
    /// another change it must be proposed again.
    pub(super) fn confirm_early(
        &self,
        number: u16,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(number)?;
        payment.must_be(&[PaymentState::Prepared, PaymentState::Approved])?;
        let (by, wait) = (facts.by()?, current_payee_wait(facts)?);
        let proposed = payment
            .early_proposed
            .filter(|(mark, _)| *mark == wait.mark);
        let (mark, proposed_by) = proposed.ok_or(Refusal::NotProposed)?;
        facts.must_be_two_people(proposed_by, by)?;
        facts.proposal_holds(proposed_by, &[Role::Officer, Role::Finance])?;
        facts.permit(by, RestrictedAction::Approve)?;
        Ok(GrantEvent::EarlyPaymentConfirmed {
            payment: number,
            until: wait.until,
            mark,
            by,
        })
    }

    pub(super) fn apply_early(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::EarlyPaymentProposed {
                payment, mark, by, ..
            } => {
                if let Some(found) = self.payments.get_mut(payment) {
                    found.early_proposed = Some((*mark, *by));
                }
            }
            GrantEvent::EarlyPaymentConfirmed { payment, mark, .. } => {
                if let Some(found) = self.payments.get_mut(payment) {
                    (found.early_proposed, found.leaves_early) = (None, Some(*mark));
                }
            }
            _ => {}
        }
    }
}
