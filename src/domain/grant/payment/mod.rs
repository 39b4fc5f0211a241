//! Payments: prepared → approved → sent → confirmed; or rejected, cancelled, failed, reversed.
//!
//! Two people: nobody approves a payment that they prepared, or whose payee they keyed. Money is
//! paid only to the group's verified payee, and not to one from which the bank returned a payment.

mod bank;
mod command;
mod early;

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use command::{
    BatchedPayment, ConfirmPayment, CorrectPayment, FailPayment, PaymentDateMoved, PaymentReason,
    PaymentRef, PreparePayment, ReversePayment, SendPayment,
};

use super::entry::BankEntry;
use super::{Grant, GrantCommand, GrantEvent, GrantState, ReturnReason, next_number};
use crate::domain::funding_source::FundingSplit;
use crate::domain::id::PersonId;
use crate::domain::money::{BelowZero, Money};
use crate::domain::payee::PaymentRoute;
use crate::domain::text::Slug;
use crate::domain::{ChangeMark, DecisionContext, Refusal, RestrictedAction};

/// State of a payment.
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
    strum::VariantNames,
)]
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
    /// The bank reversed it after it was confirmed.
    Reversed,
}

/// Refuses dates in the wrong order.
fn must_be_in_order(earlier: Option<Date>, later: Date) -> Result<(), Refusal> {
    if earlier.is_some_and(|earlier| later < earlier) {
        Err(Refusal::DatesOutOfOrder(
            "a payment cannot be sent before it is approved, or come back before it was sent",
        ))
    } else {
        Ok(())
    }
}

/// A payment from a grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Payment {
    pub(super) amount: Money,
    pub(super) instalment: Option<u16>,
    state: PaymentState,
    route: PaymentRoute,
    payee: u32,
    prepared_by: PersonId,
    approved_by: BTreeSet<PersonId>,
    pub(super) sources: FundingSplit,
    prepared_on: Date,
    /// The change that a proposed early payment refers to, and the proposer.
    early_proposed: Option<(ChangeMark, PersonId)>,
    /// The change for which two people have allowed the payment to leave early.
    leaves_early: Option<ChangeMark>,
    /// The day of the last approval; `None` in old logs.
    approved_on: Option<Date>,
    /// The day that was given when it was sent.
    said_on: Option<Date>,
    /// The day on which the money left: the given day, or the bank's date if that is earlier.
    sent_on: Option<Date>,
    /// The day on which the bank reversed it, and the sources that were paid back.
    taken_back: Option<(Date, FundingSplit)>,
    /// The number of the event that confirmed it, among the grant's events.
    confirmed_by: u32,
    paid_on: Option<Date>,
}

impl Payment {
    /// Confirmed and reversed movements of money: day, whether it was paid (`true`) or reversed,
    /// and sources.
    pub(super) fn movements(&self) -> impl Iterator<Item = (Date, bool, &FundingSplit)> {
        let counts = matches!(self.state, PaymentState::Confirmed | PaymentState::Reversed);
        let paid = self
            .sent_on
            .filter(|_| counts)
            .map(|day| (day, true, &self.sources));
        paid.into_iter().chain(
            self.taken_back
                .as_ref()
                .map(|(day, sources)| (*day, false, sources)),
        )
    }

    /// The earliest day on which it can have left: that of its last approval, or of its preparation
    /// in old logs.
    fn earliest_sent_on(&self) -> Date {
        self.approved_on.unwrap_or(self.prepared_on)
    }

    /// The day on which it left: the given day, but no later than the bank's date.
    fn sent_on_given(&self, paid_on: Date) -> Option<Date> {
        self.said_on.map(|said_on| said_on.min(paid_on))
    }

    /// The change of the day on which it left that a new date of the bank causes, if any. Refuses a
    /// date before the last approval.
    fn date_moved(&self, paid_on: Date) -> Result<Option<PaymentDateMoved>, Refusal> {
        must_be_in_order(Some(self.earliest_sent_on()), paid_on)?;
        let days = self
            .sent_on
            .zip(self.sent_on_given(paid_on))
            .filter(|(from, to)| from != to);
        Ok(days.map(|(from, to)| PaymentDateMoved {
            from,
            to,
            sources: self.sources.clone(),
        }))
    }

    /// Whether it is under way or confirmed: not rejected, cancelled, failed or reversed.
    pub(super) fn is_active(&self) -> bool {
        self.is_under_way() || self.state == PaymentState::Confirmed
    }

    /// Whether money left by this payment, except if it failed. Reversed payments count.
    pub(super) fn has_ever_left(&self) -> bool {
        matches!(
            self.state,
            PaymentState::Sent | PaymentState::Confirmed | PaymentState::Reversed
        )
    }

    /// Whether it reserves unpaid money: it has not been sent.
    pub(super) fn is_reserved(&self) -> bool {
        matches!(self.state, PaymentState::Prepared | PaymentState::Approved)
    }

    /// Whether it was sent and the bank's result is not known yet.
    pub(super) fn is_sent(&self) -> bool {
        self.state == PaymentState::Sent
    }

    /// Whether its result is not known yet: prepared, approved or sent.
    pub(super) fn is_under_way(&self) -> bool {
        self.is_reserved() || self.is_sent()
    }

    /// Whether the bank has returned or reversed the whole payment.
    fn is_failed_or_reversed(&self) -> bool {
        matches!(self.state, PaymentState::Failed | PaymentState::Reversed)
    }

    fn bank_entry(&self, number: u16, happened_on: Date) -> BankEntry {
        BankEntry {
            amount: self.amount,
            payment: Some(number),
            happened_on,
            owed: ReturnReason::default(),
        }
    }

    fn set_paid_on(&mut self, day: Date) {
        self.paid_on = Some(day);
        self.sent_on = self.sent_on_given(day);
    }

    fn must_be(&self, states: &[PaymentState]) -> Result<(), Refusal> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(Refusal::PaymentNotInState(self.state.into()))
        }
    }

    /// Refuses unless the payee for which it was prepared is still the group's verified payee.
    fn payee_must_be_unchanged(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        let group = facts.group()?;
        if group.payee().is_none_or(|payee| payee.number != self.payee) {
            return Err(Refusal::PayeeChanged);
        }
        group.verified_payee().map(|_| ())
    }
}

impl Grant {
    pub(super) fn decide_payment(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        match command {
            GrantCommand::PreparePayment(prepare) => self.prepare_payment(prepare, facts),
            GrantCommand::ApprovePayment(of) => self.approve_payment(of.payment, facts),
            GrantCommand::RejectPayment(because) => {
                self.payment(because.payment)?
                    .must_be(&[PaymentState::Prepared])?;
                Ok(GrantEvent::PaymentRejected {
                    payment: because.payment,
                    reason: because.reason.clone(),
                })
            }
            GrantCommand::CancelPayment(because) => {
                self.payment(because.payment)?
                    .must_be(&[PaymentState::Prepared, PaymentState::Approved])?;
                Ok(GrantEvent::PaymentCancelled {
                    payment: because.payment,
                    reason: because.reason.clone(),
                })
            }
            GrantCommand::ProposeEarlyPayment(because) => self.propose_early(because, facts),
            GrantCommand::ConfirmEarlyPayment(of) => self.confirm_early(of.payment, facts),
            GrantCommand::SendPayment(on) => {
                self.send_payment(on.payment, on.happened_on, None, facts)
            }
            GrantCommand::SendInBatch(sent) => {
                if self.fund != Some(sent.fund) {
                    return Err(Refusal::Unknown("grant of this fund"));
                }
                let amount = self.payment(sent.payment)?.amount;
                if amount != sent.amount {
                    return Err(Refusal::AmountDiffers {
                        said: sent.amount,
                        is: amount,
                    });
                }
                self.send_payment(sent.payment, sent.sent_on, Some(sent.batch.clone()), facts)
            }
            GrantCommand::ConfirmPayment(confirm) => self.confirm_payment(confirm, facts),
            GrantCommand::CorrectPayment(correct) => self.correct_payment(correct, facts),
            GrantCommand::FailPayment(failed) => self.fail_payment(failed, facts),
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn payment(&self, number: u16) -> Result<&Payment, Refusal> {
        self.payments
            .get(&number)
            .map(Box::as_ref)
            .ok_or(Refusal::Unknown("payment"))
    }

    fn must_be_payable(
        &self,
        instalment: Option<u16>,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        self.must_be_in_force()?;
        if self.held {
            return Err(Refusal::GrantOnHold);
        }
        self.checks_must_be_clear(instalment, facts.today)?;
        self.payee_must_not_have_failed(facts)
    }

    /// Refuses with [`Refusal::PayeeNotVerified`] if the bank returned or reversed a payment of
    /// this grant to the group's current payee: someone must enter the details again, and another
    /// person verify them.
    fn payee_must_not_have_failed(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        let payee = facts.group()?.payee().map(|payee| payee.number);
        let mut failed = self
            .payments
            .values()
            .filter(|payment| payment.is_failed_or_reversed());
        if failed.any(|payment| Some(payment.payee) == payee) {
            Err(Refusal::PayeeNotVerified)
        } else {
            Ok(())
        }
    }

    fn prepare_payment(
        &self,
        prepare: &PreparePayment,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.must_be_payable(prepare.instalment, facts)?;
        let payee = facts.independently_verified_payee()?;
        let prepared_by = facts.by()?;
        facts.permit(prepared_by, RestrictedAction::Prepare)?;
        facts.application()?.decision_must_be_confirmed()?;
        self.attendance.must_have_quorum()?;
        let amount = self.payment_amount(prepare.instalment, prepare.amount, facts)?;
        let left = self.unpaid();
        if !left.covers(amount) {
            return Err(Refusal::OverPaid {
                asked: amount,
                left,
            });
        }
        if payee.route == PaymentRoute::PurchaseForGroup && prepare.supplier.is_none() {
            return Err(Refusal::SupplierMissing);
        }
        let number = next_number(self.payments.keys().next_back().copied())?;
        Ok(GrantEvent::PaymentPrepared {
            payment: number,
            instalment: prepare.instalment,
            amount,
            route: payee.route,
            payee: payee.number,
            supplier: prepare.supplier.clone(),
            prepared_by,
            eyes: self.eyes,
            prepared_on: facts.today,
            sources: self.unreserved()?.first(amount)?,
            waits_until: facts
                .payee_waits()?
                .map(|wait| wait.until)
                .filter(|until| *until > facts.today),
        })
    }

    fn send_payment(
        &self,
        number: u16,
        sent_on: Date,
        batch: Option<Slug>,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(number)?;
        payment.must_be(&[PaymentState::Approved])?;
        facts.not_future(sent_on)?;
        must_be_in_order(Some(payment.earliest_sent_on()), sent_on)?;
        if batch.is_some() || sent_on == facts.today {
            self.must_be_payable(payment.instalment, facts)?;
            payment.payee_must_be_unchanged(facts)?;
        } else {
            self.must_have_been_payable_on(payment, sent_on, facts)?;
        }
        if let Some(wait) = facts.payee_waits()?
            && wait.applies_on(sent_on)
            && payment.leaves_early != Some(wait.mark)
        {
            return Err(Refusal::PayeeWaits(wait.until));
        }
        let sources = if payment.sources.is_empty() {
            self.unreserved()?.first(payment.amount)?
        } else {
            payment.sources.clone()
        };
        Ok(GrantEvent::PaymentSent {
            payment: number,
            sources,
            sent_on,
            batch,
        })
    }

    fn approve_payment(&self, number: u16, facts: &DecisionContext) -> Result<GrantEvent, Refusal> {
        let payment = self.payment(number)?;
        payment.must_be(&[PaymentState::Prepared])?;
        self.must_be_payable(payment.instalment, facts)?;
        payment.payee_must_be_unchanged(facts)?;
        let approved_by = facts.by()?;
        for other in payment.approved_by.iter().chain([&payment.prepared_by]) {
            facts.must_be_two_people(*other, approved_by)?;
        }
        facts.permit(approved_by, RestrictedAction::Approve)?;
        facts.independently_verified_payee()?;
        facts
            .permit(payment.prepared_by, RestrictedAction::Prepare)
            .map_err(|_| Refusal::ProposerGone)?;
        Ok(GrantEvent::PaymentApproved {
            payment: number,
            approved_by,
            approved_on: Some(facts.today),
        })
    }

    pub(super) fn apply_payment_event(&mut self, event: &GrantEvent) -> Result<(), BelowZero> {
        match event {
            GrantEvent::PaymentPrepared { .. } => self.apply_payment_prepared(event),
            GrantEvent::PaymentApproved {
                payment,
                approved_by,
                approved_on,
            } => self.apply_payment_approved(*payment, *approved_by, *approved_on),
            GrantEvent::EarlyPaymentProposed { .. } | GrantEvent::EarlyPaymentConfirmed { .. } => {
                self.apply_early(event);
            }
            GrantEvent::PaymentRejected { payment, .. } => {
                self.set_payment_state(*payment, PaymentState::Rejected);
            }
            GrantEvent::PaymentCancelled { payment, .. } => {
                self.set_payment_state(*payment, PaymentState::Cancelled);
            }
            GrantEvent::PaymentSent {
                payment,
                sources,
                sent_on,
                ..
            } => self.apply_payment_sent(*payment, sources, *sent_on),
            GrantEvent::PaymentConfirmed { .. }
            | GrantEvent::PaymentCorrected { .. }
            | GrantEvent::PaymentFailed { .. }
            | GrantEvent::PaymentReversed { .. } => return self.apply_bank_event(event),
            _ => {}
        }
        Ok(())
    }

    fn apply_payment_prepared(&mut self, event: &GrantEvent) {
        let GrantEvent::PaymentPrepared {
            payment,
            instalment,
            amount,
            route,
            payee,
            prepared_by,
            prepared_on,
            sources,
            ..
        } = event
        else {
            return;
        };
        let prepared = Payment {
            amount: *amount,
            instalment: *instalment,
            state: PaymentState::Prepared,
            route: *route,
            payee: *payee,
            prepared_by: *prepared_by,
            approved_by: BTreeSet::new(),
            sources: sources.clone(),
            prepared_on: *prepared_on,
            early_proposed: None,
            leaves_early: None,
            approved_on: None,
            said_on: None,
            sent_on: None,
            taken_back: None,
            confirmed_by: 0,
            paid_on: None,
        };
        self.payments.insert(*payment, Box::new(prepared));
    }

    fn apply_payment_approved(
        &mut self,
        number: u16,
        approved_by: PersonId,
        approved_on: Option<Date>,
    ) {
        let needed = usize::from(self.eyes).saturating_sub(1);
        if let Some(found) = self.payments.get_mut(&number) {
            found.approved_by.insert(approved_by);
            found.approved_on = found.approved_on.max(approved_on);
            if found.approved_by.len() >= needed {
                found.state = PaymentState::Approved;
            }
        }
    }

    fn apply_payment_sent(&mut self, number: u16, sources: &FundingSplit, sent_on: Date) {
        self.paid = std::mem::take(&mut self.paid).plus(sources);
        if self.state == GrantState::Accepted {
            self.state = GrantState::Live;
        }
        if let Some(found) = self.payments.get_mut(&number) {
            found.sources = sources.clone();
            (found.said_on, found.sent_on) = (Some(sent_on), Some(sent_on));
        }
        self.set_payment_state(number, PaymentState::Sent);
    }

    fn set_payment_state(&mut self, number: u16, state: PaymentState) {
        if let Some(found) = self.payments.get_mut(&number) {
            found.state = state;
        }
    }
}
