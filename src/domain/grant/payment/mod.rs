//! Payments: prepared → approved → sent → confirmed; rejected, cancelled, failed, reversed.
//!
//! Whoever prepared a payment, or last keyed its payee, cannot approve it; money goes only to the verified payee.

mod asked;

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use asked::{ConfirmPayment, CorrectPayment, InBatch, PaymentBecause, PaymentOf, PaymentOn, PreparePayment, ReversePayment};

use super::{Grant, GrantCommand, GrantEvent, GrantState};
use crate::domain::id::PersonId;
use crate::domain::money::Money;
use crate::domain::payee::Route;
use crate::domain::source::Sources;
use crate::domain::text::Slug;
use crate::domain::{Facts, Refusal};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentState {
    Prepared,
    Approved,
    Sent,
    Confirmed,
    Rejected,
    Cancelled,
    Failed,
    /// The bank took it back after it was confirmed.
    Reversed,
}

/// Refuses a day before another.
fn in_order(earlier: Option<Date>, later: Date) -> Result<(), Refusal> {
    if earlier.is_some_and(|earlier| later < earlier) {
        Err(Refusal::DatesOutOfOrder(
            "a payment is sent after it was prepared, paid after it was sent, and reversed after it was paid and after any return",
        ))
    } else {
        Ok(())
    }
}

/// Money on its way to a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Payment {
    pub(super) amount: Money,
    pub(super) instalment: Option<u16>,
    state: PaymentState,
    route: Route,
    payee: u32,
    prepared_by: PersonId,
    approved_by: BTreeSet<PersonId>,
    pub(super) sources: Sources,
    prepared_on: Date,
    sent_on: Option<Date>,
    /// Which of the grant's events said on which day the bank paid.
    confirmed_by: u32,
    paid_on: Option<Date>,
}

impl Payment {
    /// Whether it was paid, and left only after a day.
    pub(super) fn left_after(&self, day: Date) -> bool {
        self.state == PaymentState::Confirmed && self.sent_on.is_some_and(|sent_on| sent_on > day)
    }

    /// Whether it was not given up: it is on its way, or it arrived.
    pub(super) fn stands(&self) -> bool {
        self.is_under_way() || self.state == PaymentState::Confirmed
    }

    /// Whether money went to the group by it, also where it came back later.
    pub(super) fn went(&self) -> bool {
        matches!(self.state, PaymentState::Sent | PaymentState::Confirmed | PaymentState::Reversed)
    }

    /// Whether it takes up unpaid money without having left yet.
    pub(super) fn is_reserved(&self) -> bool {
        matches!(self.state, PaymentState::Prepared | PaymentState::Approved)
    }

    /// Whether it left, and the bank has not said what became of it.
    pub(super) fn is_sent(&self) -> bool {
        self.state == PaymentState::Sent
    }

    /// Whether its end is not known yet.
    pub(super) fn is_under_way(&self) -> bool {
        self.is_reserved() || self.is_sent()
    }

    fn must_be(&self, states: &[PaymentState]) -> Result<(), Refusal> {
        if states.contains(&self.state) { Ok(()) } else { Err(Refusal::PaymentNotInState(self.state.into())) }
    }

    /// The payee that it was prepared for is still the group's verified one.
    fn payee_holds(&self, facts: &Facts) -> Result<PersonId, Refusal> {
        let group = facts.group()?;
        if group.payee().is_none_or(|payee| payee.number != self.payee) {
            return Err(Refusal::PayeeChanged);
        }
        Ok(group.verified_payee()?.keyed_by)
    }
}

impl Grant {
    pub(super) fn pay(&self, command: &GrantCommand, facts: &Facts) -> Result<GrantEvent, Refusal> {
        match command {
            GrantCommand::PreparePayment(prepare) => self.prepare(prepare, facts),
            GrantCommand::ApprovePayment(of) => self.approve(of.payment, facts),
            GrantCommand::RejectPayment(because) => {
                self.payment(because.payment)?.must_be(&[PaymentState::Prepared])?;
                Ok(GrantEvent::PaymentRejected { payment: because.payment, reason: because.reason.clone() })
            }
            GrantCommand::CancelPayment(because) => {
                self.payment(because.payment)?.must_be(&[PaymentState::Prepared, PaymentState::Approved])?;
                Ok(GrantEvent::PaymentCancelled { payment: because.payment, reason: because.reason.clone() })
            }
            GrantCommand::SendPayment(on) => self.send(on.payment, on.happened_on, None, facts),
            GrantCommand::SendInBatch(sent) => {
                if self.fund != Some(sent.fund) {
                    return Err(Refusal::Unknown("grant of this fund"));
                }
                let amount = self.payment(sent.payment)?.amount;
                if amount != sent.amount {
                    return Err(Refusal::AmountDiffers { said: sent.amount, is: amount });
                }
                self.send(sent.payment, sent.sent_on, Some(sent.batch.clone()), facts)
            }
            GrantCommand::ConfirmPayment(confirm) => {
                let payment = self.payment(confirm.payment)?;
                payment.must_be(&[PaymentState::Sent])?;
                facts.not_future(confirm.happened_on)?;
                in_order(payment.sent_on, confirm.happened_on)?;
                facts.has_file(confirm.receipt.as_ref())?;
                if payment.route == Route::PurchaseForGroup && confirm.receipt.is_none() {
                    return Err(Refusal::ReceiptMissing);
                }
                let ConfirmPayment { payment, happened_on, receipt } = confirm.clone();
                Ok(GrantEvent::PaymentConfirmed { payment, paid_on: happened_on, receipt })
            }
            GrantCommand::ReversePayment(reverse) => self.reverse(reverse, facts),
            GrantCommand::CorrectPayment(correct) => self.correct_payment(correct, facts),
            GrantCommand::FailPayment(because) => {
                let payment = self.payment(because.payment)?;
                payment.must_be(&[PaymentState::Sent])?;
                Ok(GrantEvent::PaymentFailed {
                    payment: because.payment,
                    sources: payment.sources.clone(),
                    reason: because.reason.clone(),
                    failed_on: facts.today,
                })
            }
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn payment(&self, number: u16) -> Result<&Payment, Refusal> {
        self.payments.get(&number).map(Box::as_ref).ok_or(Refusal::Unknown("payment"))
    }

    fn payable(&self, instalment: Option<u16>, facts: &Facts) -> Result<(), Refusal> {
        self.must_run()?;
        if self.held {
            return Err(Refusal::GrantOnHold);
        }
        self.checks_clear(instalment, facts.today)
    }

    fn prepare(&self, prepare: &PreparePayment, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.payable(prepare.instalment, facts)?;
        let payee = facts.group()?.verified_payee()?;
        let amount = self.amount_of(prepare.instalment, prepare.amount, facts)?;
        let left = self.unpaid();
        if !left.covers(amount) {
            return Err(Refusal::OverPaid { asked: amount, left });
        }
        if payee.route == Route::PurchaseForGroup && prepare.supplier.is_none() {
            return Err(Refusal::SupplierMissing);
        }
        let number = self.payments.keys().next_back().map_or(1, |last| last + 1);
        Ok(GrantEvent::PaymentPrepared {
            payment: number,
            instalment: prepare.instalment,
            amount,
            route: payee.route,
            payee: payee.number,
            supplier: prepare.supplier.clone(),
            prepared_by: facts.by()?,
            eyes: self.eyes,
            prepared_on: facts.today,
        })
    }

    fn send(&self, number: u16, sent_on: Date, batch: Option<Slug>, facts: &Facts) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(number)?;
        payment.must_be(&[PaymentState::Approved])?;
        self.payable(payment.instalment, facts)?;
        payment.payee_holds(facts)?;
        facts.not_future(sent_on)?;
        in_order(Some(payment.prepared_on), sent_on)?;
        let sources = self.award.minus(&self.paid)?.first(payment.amount)?;
        Ok(GrantEvent::PaymentSent { payment: number, sources, sent_on, batch })
    }

    fn reverse(&self, reverse: &ReversePayment, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.must_stand()?;
        let payment = self.payment(reverse.payment)?;
        payment.must_be(&[PaymentState::Confirmed])?;
        facts.not_future(reverse.happened_on)?;
        in_order(payment.paid_on.max(self.returned_on), reverse.happened_on)?;
        // What came back, or is due back, may be of this very payment.
        let left = self.confirmed()?;
        if !self.could_return()?.covers(payment.amount) || left.minus(&payment.sources).is_err() {
            return Err(Refusal::MoneyReturned);
        }
        let ReversePayment { payment: number, happened_on, reason } = reverse.clone();
        Ok(GrantEvent::PaymentReversed { payment: number, sources: payment.sources.clone(), reason, reversed_on: happened_on })
    }

    fn correct_payment(&self, correct: &CorrectPayment, facts: &Facts) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(correct.payment)?;
        payment.must_be(&[PaymentState::Confirmed])?;
        facts.not_future(correct.paid_on)?;
        in_order(payment.sent_on, correct.paid_on)?;
        if payment.paid_on == Some(correct.paid_on) {
            return Err(Refusal::NoChange);
        }
        let CorrectPayment { payment: number, paid_on, reason } = correct.clone();
        Ok(GrantEvent::PaymentCorrected { payment: number, paid_on, reason, corrects: payment.confirmed_by })
    }

    fn approve(&self, number: u16, facts: &Facts) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(number)?;
        payment.must_be(&[PaymentState::Prepared])?;
        self.payable(payment.instalment, facts)?;
        let keyed_by = payment.payee_holds(facts)?;
        let approved_by = facts.by()?;
        if payment.prepared_by == approved_by || payment.approved_by.contains(&approved_by) {
            return Err(Refusal::SamePerson);
        }
        if keyed_by == approved_by {
            return Err(Refusal::KeyedPayee);
        }
        facts.application()?.not_interested(approved_by)?;
        Ok(GrantEvent::PaymentApproved { payment: number, approved_by })
    }

    pub(super) fn paid_or_not(&mut self, event: &GrantEvent) {
        let (number, state) = match event {
            GrantEvent::PaymentPrepared { payment, instalment, amount, route, payee, prepared_by, prepared_on, .. } => {
                let prepared = Payment {
                    amount: *amount,
                    instalment: *instalment,
                    state: PaymentState::Prepared,
                    route: *route,
                    payee: *payee,
                    prepared_by: *prepared_by,
                    approved_by: BTreeSet::new(),
                    sources: Sources::default(),
                    prepared_on: *prepared_on,
                    sent_on: None,
                    confirmed_by: 0,
                    paid_on: None,
                };
                self.payments.insert(*payment, Box::new(prepared));
                return;
            }
            GrantEvent::PaymentApproved { payment, approved_by } => {
                let needed = usize::from(self.eyes).saturating_sub(1);
                if let Some(found) = self.payments.get_mut(payment) {
                    found.approved_by.insert(*approved_by);
                    if found.approved_by.len() >= needed {
                        found.state = PaymentState::Approved;
                    }
                }
                return;
            }
            GrantEvent::PaymentRejected { payment, .. } => (payment, PaymentState::Rejected),
            GrantEvent::PaymentCancelled { payment, .. } => (payment, PaymentState::Cancelled),
            GrantEvent::PaymentSent { payment, sources, sent_on, .. } => {
                self.paid = std::mem::take(&mut self.paid).plus(sources);
                if self.state == GrantState::Accepted {
                    self.state = GrantState::Live;
                }
                if let Some(found) = self.payments.get_mut(payment) {
                    found.sources = sources.clone();
                    found.sent_on = Some(*sent_on);
                }
                (payment, PaymentState::Sent)
            }
            GrantEvent::PaymentConfirmed { payment, paid_on, .. } => {
                let by = self.events;
                if let Some(found) = self.payments.get_mut(payment) {
                    (found.paid_on, found.confirmed_by) = (Some(*paid_on), by);
                }
                (payment, PaymentState::Confirmed)
            }
            GrantEvent::PaymentCorrected { payment, paid_on, .. } => {
                if let Some(found) = self.payments.get_mut(payment) {
                    found.paid_on = Some(*paid_on);
                }
                return;
            }
            GrantEvent::PaymentReversed { payment, sources, .. } => {
                self.paid = self.paid.after(sources);
                (payment, PaymentState::Reversed)
            }
            GrantEvent::PaymentFailed { payment, sources, .. } => {
                self.paid = self.paid.after(sources);
                (payment, PaymentState::Failed)
            }
            _ => return,
        };
        if let Some(found) = self.payments.get_mut(number) {
            found.state = state;
        }
    }
}
