//! Money back and the end: an underspend releases what is unpaid at once, and what was paid when it is received. What is
//! due back is received in parts, or given up by two people: a return is waived, a clawback is written off.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantCommand, GrantEvent, GrantState};
use crate::domain::id::PersonId;
use crate::domain::money::Money;
use crate::domain::source::Sources;
use crate::domain::text::Prose;
use crate::domain::{Facts, Refusal};

/// Why money is due back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Owed {
    /// The group did not spend it.
    #[default]
    Underspend,
    /// The organisation demanded it.
    Clawback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountOf {
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandClawback {
    pub amount: Money,
    pub reason: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReturn {
    #[serde(default)]
    pub owed: Owed,
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveReturn {
    #[serde(default)]
    pub owed: Owed,
    pub amount: Money,
    #[schema(value_type = String, format = "date")]
    pub received_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeReturnWaiver {
    #[serde(default)]
    pub owed: Owed,
    pub amount: Money,
    pub reason: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmReturnWaiver {
    #[serde(default)]
    pub owed: Owed,
    /// The amount that was proposed, said again: nobody confirms another.
    pub amount: Money,
}

/// What is due back for one reason.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Due {
    amount: Money,
    /// How much it was proposed to give up, and by whom.
    waiver: Option<(Money, PersonId)>,
}

impl Grant {
    pub(super) fn settle(&self, command: &GrantCommand, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.must_stand()?;
        match command {
            GrantCommand::DeclareUnderspend(declared) => self.declare_underspend(declared.amount),
            GrantCommand::DemandClawback(demand) => self.demand(demand),
            GrantCommand::RequestReturn(request) => {
                self.owed(request.owed, Money::of_pence(1))?;
                if request.due_on < facts.today {
                    return Err(Refusal::DatesOutOfOrder("the day by which it is due has passed"));
                }
                Ok(GrantEvent::ReturnRequested { owed: request.owed, due_on: request.due_on })
            }
            GrantCommand::ReceiveReturn(received) => {
                facts.not_future(received.received_on)?;
                if self.payments.values().any(|payment| payment.left_after(received.received_on)) {
                    return Err(Refusal::DatesOutOfOrder("money comes back after it was paid"));
                }
                self.owed(received.owed, received.amount)?;
                let sources = self.confirmed()?.last(received.amount)?;
                Ok(GrantEvent::ReturnReceived { owed: received.owed, sources, received_on: received.received_on })
            }
            GrantCommand::ProposeReturnWaiver(waiver) => {
                self.owed(waiver.owed, waiver.amount)?;
                let ProposeReturnWaiver { owed, amount, reason } = waiver.clone();
                Ok(GrantEvent::ReturnWaiverProposed { owed, amount, reason, by: facts.by()? })
            }
            GrantCommand::ConfirmReturnWaiver(of) => {
                let by = facts.by()?;
                match self.due(of.owed).waiver {
                    None => Err(Refusal::NotProposed),
                    Some((amount, _)) if amount != of.amount => Err(Refusal::NotProposed),
                    Some((_, proposed_by)) if proposed_by == by => Err(Refusal::SamePerson),
                    Some((amount, _)) => {
                        facts.application()?.not_interested(by)?;
                        self.owed(of.owed, amount)?;
                        Ok(GrantEvent::ReturnWaived { owed: of.owed, amount, by })
                    }
                }
            }
            _ => self.close(),
        }
    }

    fn due(&self, owed: Owed) -> Due {
        self.dues.get(&owed).copied().unwrap_or_default()
    }

    /// What is due back in all.
    #[must_use]
    pub fn due_back(&self) -> Money {
        self.dues.values().map(|due| due.amount).sum()
    }

    fn owed(&self, owed: Owed, amount: Money) -> Result<(), Refusal> {
        let due = self.due(owed).amount;
        if amount.is_zero() {
            return Err(Refusal::Nothing);
        }
        if due.is_zero() {
            return Err(Refusal::NothingDue);
        }
        if due.covers(amount) { Ok(()) } else { Err(Refusal::ReturnNotDue { asked: amount, due }) }
    }

    /// What the bank has confirmed and has not come back. What was only sent may still fail: nothing of it can be due
    /// back, and nothing that comes back is taken from it.
    pub(super) fn confirmed(&self) -> Result<Sources, Refusal> {
        let mut sent = self.payments.values().filter(|payment| payment.is_sent());
        Ok(sent.try_fold(self.paid.clone(), |left, payment| left.minus(&payment.sources))?)
    }

    /// What was paid and is not already due back.
    pub(super) fn could_return(&self) -> Result<Money, Refusal> {
        Ok(self.confirmed()?.total().minus(self.due_back())?)
    }

    fn declare_underspend(&self, amount: Money) -> Result<GrantEvent, Refusal> {
        if amount.is_zero() {
            return Err(Refusal::Nothing);
        }
        let unpaid = self.unpaid();
        let most = unpaid.plus(self.could_return()?);
        if !most.covers(amount) {
            return Err(Refusal::UnderspendTooLarge { asked: amount, left: most });
        }
        let released = amount.min(unpaid);
        let due_back = amount.minus(released)?;
        let released = self.award.minus(&self.paid)?.last(released)?;
        Ok(GrantEvent::UnderspendDeclared { amount, released, due_back })
    }

    fn demand(&self, demand: &DemandClawback) -> Result<GrantEvent, Refusal> {
        if demand.amount.is_zero() {
            return Err(Refusal::Nothing);
        }
        let left = self.could_return()?;
        if !left.covers(demand.amount) {
            return Err(Refusal::ClawbackTooLarge { asked: demand.amount, left });
        }
        Ok(GrantEvent::ClawbackDemanded { amount: demand.amount, reason: demand.reason.clone() })
    }

    fn close(&self) -> Result<GrantEvent, Refusal> {
        if !self.is_reported() {
            return Err(Refusal::UpdateOutstanding);
        }
        if self.payments.values().any(|payment| payment.is_under_way()) {
            return Err(Refusal::PaymentUnderWay);
        }
        if !self.due_back().is_zero() {
            return Err(Refusal::ReturnOutstanding);
        }
        Ok(GrantEvent::GrantClosed { released: self.award.minus(&self.paid)? })
    }

    pub(super) fn settled(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::UnderspendDeclared { released, due_back, .. } => {
                self.award = self.award.after(released);
                self.owe(Owed::Underspend, *due_back);
                if !released.total().is_zero() {
                    self.unschedule();
                }
            }
            GrantEvent::ClawbackDemanded { amount, .. } => self.owe(Owed::Clawback, *amount),
            GrantEvent::ReturnReceived { owed, sources, received_on } => {
                self.returned_on = self.returned_on.max(Some(*received_on));
                self.award = self.award.after(sources);
                self.paid = self.paid.after(sources);
                self.owe_less(*owed, sources.total());
            }
            GrantEvent::ReturnWaiverProposed { owed, amount, by, .. } => {
                self.dues.entry(*owed).or_default().waiver = Some((*amount, *by));
            }
            GrantEvent::ReturnWaived { owed, amount, .. } => self.owe_less(*owed, *amount),
            GrantEvent::GrantClosed { released } => {
                self.award = self.award.after(released);
                self.state = GrantState::Closed;
            }
            _ => {}
        }
    }

    fn owe(&mut self, owed: Owed, amount: Money) {
        let due = self.dues.entry(owed).or_default();
        due.amount = due.amount.plus(amount);
    }

    /// What a waiver was proposed for no longer stands as it did: it is proposed anew.
    fn owe_less(&mut self, owed: Owed, amount: Money) {
        let due = self.dues.entry(owed).or_default();
        due.amount = due.amount.minus(amount).expect("no more comes back than was due");
        due.waiver = None;
    }
}
