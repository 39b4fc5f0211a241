//! Payments: prepared → approved → sent → confirmed; rejected, cancelled, failed.
//!
//! Whoever prepared a payment, or last keyed its payee, cannot approve it; money goes only to the verified payee.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantCommand, GrantEvent, GrantState, PreparePayment};
use crate::domain::id::PersonId;
use crate::domain::money::Money;
use crate::domain::source::Sources;
use crate::domain::{Facts, Refusal};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, utoipa::ToSchema)]
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
}

/// Refuses a day before another.
fn in_order(earlier: Option<Date>, later: Date) -> Result<(), Refusal> {
    if earlier.is_some_and(|earlier| later < earlier) { Err(Refusal::DatesOutOfOrder) } else { Ok(()) }
}

/// Money on its way to a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Payment {
    pub(super) amount: Money,
    state: PaymentState,
    payee: u32,
    prepared_by: PersonId,
    approved_by: BTreeSet<PersonId>,
    pub(super) sources: Sources,
    prepared_on: Date,
    sent_on: Option<Date>,
}

impl Payment {
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
            GrantCommand::PreparePayment(prepare) => self.prepare(*prepare, facts),
            GrantCommand::ApprovePayment(of) => self.approve(of.payment, facts),
            GrantCommand::RejectPayment(because) => {
                self.payment(because.payment)?.must_be(&[PaymentState::Prepared])?;
                Ok(GrantEvent::PaymentRejected { payment: because.payment, reason: because.reason.clone() })
            }
            GrantCommand::CancelPayment(because) => {
                self.payment(because.payment)?.must_be(&[PaymentState::Prepared, PaymentState::Approved])?;
                Ok(GrantEvent::PaymentCancelled { payment: because.payment, reason: because.reason.clone() })
            }
            GrantCommand::SendPayment(on) => {
                let payment = self.payment(on.payment)?;
                payment.must_be(&[PaymentState::Approved])?;
                self.payable()?;
                payment.payee_holds(facts)?;
                facts.not_future(on.happened_on)?;
                in_order(Some(payment.prepared_on), on.happened_on)?;
                let sources = self.award.minus(&self.paid)?.first(payment.amount)?;
                Ok(GrantEvent::PaymentSent { payment: on.payment, sources, sent_on: on.happened_on })
            }
            GrantCommand::ConfirmPayment(on) => {
                let payment = self.payment(on.payment)?;
                payment.must_be(&[PaymentState::Sent])?;
                facts.not_future(on.happened_on)?;
                in_order(payment.sent_on, on.happened_on)?;
                Ok(GrantEvent::PaymentConfirmed { payment: on.payment, paid_on: on.happened_on })
            }
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
        self.payments.get(&number).ok_or(Refusal::Unknown("payment"))
    }

    fn payable(&self) -> Result<(), Refusal> {
        self.must_run()?;
        self.checks_clear()
    }

    fn prepare(&self, prepare: PreparePayment, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.payable()?;
        let payee = facts.group()?.verified_payee()?;
        if prepare.amount.is_zero() {
            return Err(Refusal::Nothing);
        }
        let left = self.unpaid();
        if !left.covers(prepare.amount) {
            return Err(Refusal::OverPaid { asked: prepare.amount, left });
        }
        let number = self.payments.keys().next_back().map_or(1, |last| last + 1);
        Ok(GrantEvent::PaymentPrepared {
            payment: number,
            amount: prepare.amount,
            route: payee.route,
            payee: payee.number,
            prepared_by: facts.by()?,
            eyes: self.eyes,
            prepared_on: facts.today,
        })
    }

    fn approve(&self, number: u16, facts: &Facts) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(number)?;
        payment.must_be(&[PaymentState::Prepared])?;
        self.payable()?;
        let keyed_by = payment.payee_holds(facts)?;
        let approved_by = facts.by()?;
        if payment.prepared_by == approved_by || payment.approved_by.contains(&approved_by) {
            return Err(Refusal::SamePerson);
        }
        if keyed_by == approved_by {
            return Err(Refusal::KeyedPayee);
        }
        Ok(GrantEvent::PaymentApproved { payment: number, approved_by })
    }

    pub(super) fn paid_or_not(&mut self, event: &GrantEvent) {
        let (number, state) = match event {
            GrantEvent::PaymentPrepared { payment, amount, payee, prepared_by, prepared_on, .. } => {
                let prepared = Payment {
                    amount: *amount,
                    state: PaymentState::Prepared,
                    payee: *payee,
                    prepared_by: *prepared_by,
                    approved_by: BTreeSet::new(),
                    sources: Sources::default(),
                    prepared_on: *prepared_on,
                    sent_on: None,
                };
                self.payments.insert(*payment, prepared);
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
            GrantEvent::PaymentSent { payment, sources, sent_on } => {
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
            GrantEvent::PaymentConfirmed { payment, .. } => (payment, PaymentState::Confirmed),
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
