//! What the bank did with a payment: paid, returned or reversed it, or paid it on another day than
//! recorded. Each is recorded on its true day, in every state of the grant.

use jiff::civil::Date;

use super::{
    ConfirmPayment, CorrectPayment, FailPayment, Payment, PaymentState, ReversePayment,
    must_be_in_order,
};
use crate::domain::grant::entry::{BankEntry, EntryKind};
use crate::domain::grant::returns::must_be_permitted_to_settle;
use crate::domain::grant::{Grant, GrantEvent, ReturnReason};
use crate::domain::money::{BelowZero, Money};
use crate::domain::payee::PaymentRoute;
use crate::domain::{DecisionContext, Refusal};

impl Grant {
    pub(super) fn confirm_payment(
        &self,
        confirm: &ConfirmPayment,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(confirm.payment)?;
        payment.must_be(&[PaymentState::Sent])?;
        facts.not_future(confirm.happened_on)?;
        let leaving = payment.date_moved(confirm.happened_on)?;
        facts.has_file(confirm.receipt.as_ref())?;
        if payment.route == PaymentRoute::PurchaseForGroup && confirm.receipt.is_none() {
            return Err(Refusal::ReceiptMissing);
        }
        let ConfirmPayment {
            payment,
            happened_on,
            receipt,
        } = confirm.clone();
        Ok(GrantEvent::PaymentConfirmed {
            payment,
            paid_on: happened_on,
            receipt,
            leaving,
        })
    }

    /// Records that a sent payment failed. If it failed or was reversed before, the money becomes
    /// an entry that two people settle.
    pub(super) fn fail_payment(
        &self,
        failed: &FailPayment,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let FailPayment {
            payment: number,
            reason,
            happened_on,
        } = failed.clone();
        let payment = self.payment(number)?;
        let failed_on = happened_on.unwrap_or(facts.today);
        facts.not_future(failed_on)?;
        if payment.is_failed_or_reversed() {
            return self.entry_unsettled(
                EntryKind::CameIn,
                payment.bank_entry(number, failed_on),
                Some(reason),
                facts,
            );
        }
        payment.must_be(&[PaymentState::Sent])?;
        must_be_in_order(payment.sent_on, failed_on)?;
        Ok(GrantEvent::PaymentFailed {
            payment: number,
            sources: payment.sources.clone(),
            reason,
            failed_on,
        })
    }

    /// Checks that the payment was allowed to leave on an earlier day. A hold or a change of the
    /// payee after that day does not prevent recording it.
    pub(super) fn must_have_been_payable_on(
        &self,
        payment: &Payment,
        day: Date,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        if self.held && self.held_on.is_none_or(|held_on| day >= held_on) {
            return Err(Refusal::GrantOnHold);
        }
        self.checks_must_be_clear(payment.instalment, day)?;
        match facts.group()?.payee_replaced_on(payment.payee) {
            Some(replaced_on) if day < replaced_on => Ok(()),
            _ => payment.payee_must_be_unchanged(facts),
        }
    }

    /// Reverses a confirmed payment, in every state of the grant. It settles money that was due
    /// back. The part above the paid balance, or all of it if the payment failed or was reversed
    /// before, becomes an entry that two people settle.
    pub(in crate::domain::grant) fn reverse_payment(
        &self,
        reverse: &ReversePayment,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        let ReversePayment {
            payment: number,
            happened_on,
            reason,
        } = reverse.clone();
        let payment = self.payment(number)?;
        facts.not_future(happened_on)?;
        if payment.is_failed_or_reversed() {
            return Ok(vec![self.entry_unsettled(
                EntryKind::CameIn,
                payment.bank_entry(number, happened_on),
                Some(reason),
                facts,
            )?]);
        }
        payment.must_be(&[PaymentState::Confirmed])?;
        must_be_in_order(payment.paid_on, happened_on)?;
        let sources = payment
            .sources
            .at_most(&self.least_balance_from(happened_on));
        let more = payment.amount.minus(sources.total())?;
        let left = self.confirmed_balance()?.total().minus(sources.total())?;
        let satisfied = self.settled_by(
            ReturnReason::default(),
            self.due_back().minus(left).unwrap_or_default(),
        );
        must_be_permitted_to_settle(&satisfied, facts)?;
        let over = self.must_be_in_force().is_err();
        let due: Money = satisfied.values().copied().sum();
        let released = if over {
            sources.clone()
        } else {
            sources.last(due)?
        };
        let entry = (!more.is_zero()).then(|| BankEntry {
            amount: more,
            ..payment.bank_entry(number, happened_on)
        });
        let entry = entry
            .map(|entry| {
                self.entry_unsettled(EntryKind::CameIn, entry, Some(reason.clone()), facts)
            })
            .transpose()?;
        let reversed = GrantEvent::PaymentReversed {
            payment: number,
            sources,
            reason,
            reversed_on: happened_on,
            released,
            satisfied,
        };
        Ok(std::iter::once(reversed).chain(entry).collect())
    }

    pub(super) fn correct_payment(
        &self,
        correct: &CorrectPayment,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(correct.payment)?;
        payment.must_be(&[PaymentState::Confirmed])?;
        facts.not_future(correct.paid_on)?;
        let leaving = payment.date_moved(correct.paid_on)?;
        if payment.paid_on == Some(correct.paid_on) {
            return Err(Refusal::NoChange);
        }
        let CorrectPayment {
            payment: number,
            paid_on,
            reason,
        } = correct.clone();
        Ok(GrantEvent::PaymentCorrected {
            payment: number,
            paid_on,
            reason,
            corrects: payment.confirmed_by,
            leaving,
        })
    }

    pub(super) fn apply_bank_event(&mut self, event: &GrantEvent) -> Result<(), BelowZero> {
        match event {
            GrantEvent::PaymentConfirmed {
                payment, paid_on, ..
            } => {
                let by = self.events;
                if let Some(found) = self.payments.get_mut(payment) {
                    found.set_paid_on(*paid_on);
                    found.confirmed_by = by;
                }
                self.set_payment_state(*payment, PaymentState::Confirmed);
            }
            GrantEvent::PaymentCorrected {
                payment, paid_on, ..
            } => {
                if let Some(found) = self.payments.get_mut(payment) {
                    found.set_paid_on(*paid_on);
                }
            }
            GrantEvent::PaymentFailed {
                payment, sources, ..
            } => {
                self.set_payment_state(*payment, PaymentState::Failed);
                return self.paid.take(sources);
            }
            GrantEvent::PaymentReversed {
                payment,
                sources,
                reversed_on,
                released,
                satisfied,
                ..
            } => {
                let paid = self.paid.take(sources);
                let award = self.award.take(released);
                let owed = self.reduce_amounts_owed(satisfied);
                if let Some(found) = self.payments.get_mut(payment) {
                    found.taken_back = Some((*reversed_on, sources.clone()));
                }
                self.set_payment_state(*payment, PaymentState::Reversed);
                return paid.and(award).and(owed);
            }
            _ => {}
        }
        Ok(())
    }
}
