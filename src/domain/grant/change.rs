//! Money back and the end: an underspend releases what is unpaid at once, and what was paid when it is received.

use super::{Grant, GrantCommand, GrantEvent, GrantState};
use crate::domain::money::Money;
use crate::domain::source::Sources;
use crate::domain::{Facts, Refusal};

impl Grant {
    pub(super) fn give_back(&self, command: &GrantCommand, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.must_run()?;
        match command {
            GrantCommand::DeclareUnderspend(declared) => self.declare_underspend(declared.amount),
            GrantCommand::ReceiveReturn(received) => {
                facts.not_future(received.received_on)?;
                if received.amount.is_zero() {
                    return Err(Refusal::Nothing);
                }
                if !self.due_back.covers(received.amount) {
                    return Err(Refusal::ReturnNotDue { asked: received.amount, due: self.due_back });
                }
                Ok(GrantEvent::ReturnReceived { sources: self.confirmed()?.last(received.amount)?, received_on: received.received_on })
            }
            _ => self.close(),
        }
    }

    /// What the bank has confirmed and has not come back. What was only sent may still fail: nothing of it can be due
    /// back, and nothing that comes back is taken from it.
    fn confirmed(&self) -> Result<Sources, Refusal> {
        let mut sent = self.payments.values().filter(|payment| payment.is_sent());
        Ok(sent.try_fold(self.paid.clone(), |left, payment| left.minus(&payment.sources))?)
    }

    fn declare_underspend(&self, amount: Money) -> Result<GrantEvent, Refusal> {
        if amount.is_zero() {
            return Err(Refusal::Nothing);
        }
        let unpaid = self.unpaid();
        let could_return = self.confirmed()?.total().minus(self.due_back)?;
        let most = unpaid.plus(could_return);
        if !most.covers(amount) {
            return Err(Refusal::UnderspendTooLarge { asked: amount, left: most });
        }
        let released = amount.min(unpaid);
        let due_back = amount.minus(released)?;
        let released = self.award.minus(&self.paid)?.last(released)?;
        Ok(GrantEvent::UnderspendDeclared { amount, released, due_back })
    }

    fn close(&self) -> Result<GrantEvent, Refusal> {
        if !self.is_reported() {
            return Err(Refusal::UpdateOutstanding);
        }
        if self.payments.values().any(super::Payment::is_under_way) {
            return Err(Refusal::PaymentUnderWay);
        }
        if !self.due_back.is_zero() {
            return Err(Refusal::ReturnOutstanding);
        }
        Ok(GrantEvent::GrantClosed { released: self.award.minus(&self.paid)? })
    }

    pub(super) fn gave_back(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::UnderspendDeclared { released, due_back, .. } => {
                self.award = self.award.after(released);
                self.due_back = self.due_back.plus(*due_back);
            }
            GrantEvent::ReturnReceived { sources, .. } => {
                self.award = self.award.after(sources);
                self.paid = self.paid.after(sources);
                self.due_back = self.due_back.minus(sources.total()).expect("no more comes back than was due");
            }
            GrantEvent::GrantClosed { released } => {
                self.award = self.award.after(released);
                self.state = GrantState::Closed;
            }
            _ => {}
        }
    }
}
