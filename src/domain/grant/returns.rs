//! Money due back, and closing a grant.
//!
//! An underspend releases the unpaid part immediately; the paid part is due back and is released
//! when it is received. Money that is due back is received in parts, or given up by two people: a
//! return is waived, a clawback is written off.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::entry::{BankEntry, EntryKind, SettledAmounts};
use super::{Grant, GrantCommand, GrantEvent, GrantState};
use crate::domain::funding_source::FundingSplit;
use crate::domain::id::PersonId;
use crate::domain::money::{BelowZero, Money};
use crate::domain::role::Role;
use crate::domain::text::Prose;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// The reason why money is due back.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReturnReason {
    /// The group did not spend it.
    #[default]
    Underspend,
    /// The organisation demanded it.
    Clawback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclareUnderspend {
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandClawback {
    pub amount: Money,
    /// Why. The group reads it.
    pub reason: Prose,
    /// The panel members who were present, other than the one who records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReturn {
    #[serde(default)]
    pub owed: ReturnReason,
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveReturn {
    #[serde(default)]
    pub owed: ReturnReason,
    pub amount: Money,
    #[schema(value_type = String, format = "date")]
    pub received_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeReturnWaiver {
    #[serde(default)]
    pub owed: ReturnReason,
    pub amount: Money,
    pub reason: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmReturnWaiver {
    #[serde(default)]
    pub owed: ReturnReason,
    /// The proposed amount, repeated. It is refused if it differs from the proposal.
    pub amount: Money,
}

/// The amount that is due back for one reason.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct AmountOwed {
    amount: Money,
    /// The amount that was proposed to be waived, and the proposer.
    waiver: Option<(Money, PersonId)>,
}

/// Settling a debt ends it, so a person who is connected with the group must leave it to others.
pub(super) fn must_be_permitted_to_settle(
    satisfied: &SettledAmounts,
    facts: &DecisionContext,
) -> Result<(), Refusal> {
    if satisfied.is_empty() {
        Ok(())
    } else {
        facts.permit(facts.by()?, RestrictedAction::Prepare)
    }
}

impl Grant {
    pub(super) fn decide_return(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        match command {
            GrantCommand::ReceiveReturn(received) => return self.receive_return(received, facts),
            GrantCommand::RecordBankEntry(record) => return self.record_entry(record, facts),
            GrantCommand::ProposeSettlement(propose) => {
                return self.propose_settlement(propose, facts);
            }
            GrantCommand::ConfirmSettlement(confirm) => {
                return self.confirm_settlement(*confirm, facts);
            }
            _ => self.must_be_in_force_or_terminated()?,
        }
        match command {
            GrantCommand::DeclareUnderspend(declared) => self.declare_underspend(declared.amount),
            GrantCommand::RequestReturn(request) => {
                self.must_be_owed(request.owed, Money::from_pence(1))?;
                if request.due_on < facts.today {
                    return Err(Refusal::DatesOutOfOrder(
                        "choose today or a later day for when it is due",
                    ));
                }
                Ok(GrantEvent::ReturnRequested {
                    owed: request.owed,
                    due_on: request.due_on,
                })
            }
            GrantCommand::ProposeReturnWaiver(waiver) => {
                self.must_be_owed(waiver.owed, waiver.amount)?;
                facts.permit(facts.by()?, RestrictedAction::Prepare)?;
                let ProposeReturnWaiver {
                    owed,
                    amount,
                    reason,
                } = waiver.clone();
                Ok(GrantEvent::ReturnWaiverProposed {
                    owed,
                    amount,
                    reason,
                    by: facts.by()?,
                })
            }
            GrantCommand::ConfirmReturnWaiver(of) => {
                let by = facts.by()?;
                match self.amount_owed(of.owed).waiver {
                    None => Err(Refusal::NotProposed),
                    Some((amount, _)) if amount != of.amount => Err(Refusal::NotProposed),
                    Some((amount, proposed_by)) => {
                        facts.must_be_two_people(proposed_by, by)?;
                        facts.proposal_holds(proposed_by, &[Role::Officer, Role::Finance])?;
                        facts.permit(by, RestrictedAction::Waive)?;
                        self.must_be_owed(of.owed, amount)?;
                        Ok(GrantEvent::ReturnWaived {
                            owed: of.owed,
                            amount,
                            by,
                        })
                    }
                }
            }
            _ => {
                facts.permit(facts.by()?, RestrictedAction::Prepare)?;
                self.close()
            }
        }
    }

    fn amount_owed(&self, owed: ReturnReason) -> AmountOwed {
        self.dues.get(&owed).copied().unwrap_or_default()
    }

    /// The total amount due back.
    #[must_use]
    pub fn due_back(&self) -> Money {
        self.dues.values().map(|due| due.amount).sum()
    }

    fn must_be_owed(&self, owed: ReturnReason, amount: Money) -> Result<(), Refusal> {
        let due = self.amount_owed(owed).amount;
        if amount.is_zero() {
            return Err(Refusal::Nothing("enter an amount of more than £0"));
        }
        if due.is_zero() {
            return Err(Refusal::NothingDue);
        }
        if due.covers(amount) {
            Ok(())
        } else {
            Err(Refusal::ReturnNotDue { asked: amount, due })
        }
    }

    /// By source, the paid money that the bank has confirmed and that has not been returned.
    /// Payments in state `Sent` may still fail, so nothing of them can be due back or be returned.
    pub(super) fn confirmed_balance(&self) -> Result<FundingSplit, Refusal> {
        let mut sent = self.payments.values().filter(|payment| payment.is_sent());
        Ok(sent.try_fold(self.paid.clone(), |left, payment| {
            left.minus(&payment.sources)
        })?)
    }

    /// By source, the smallest balance of confirmed payments less returns, on this day and on every
    /// later day. A return of up to this amount can be recorded on its true day, in any order,
    /// without making a later balance negative.
    pub(super) fn least_balance_from(&self, day: Date) -> FundingSplit {
        let movements: Vec<_> = self
            .payments
            .values()
            .flat_map(|payment| payment.movements())
            .collect();
        let back = self.returns.iter().map(|(day, sources)| (*day, sources));
        let balance = |day: Date| {
            let paid = movements
                .iter()
                .filter(|(on, came, _)| *came && *on <= day)
                .fold(FundingSplit::default(), |sum, (.., sources)| {
                    sum.plus(sources)
                });
            let taken = movements
                .iter()
                .filter(|(on, came, _)| !came && *on <= day)
                .map(|(on, _, sources)| (*on, *sources));
            taken
                .chain(back.clone().filter(|(on, _)| *on <= day))
                .fold(paid, |left, (_, sources)| left.less(sources))
        };
        let days = movements
            .iter()
            .map(|(on, ..)| *on)
            .chain(self.returns.iter().map(|(on, _)| *on));
        days.filter(|on| *on > day)
            .fold(balance(day), |least, on| least.at_most(&balance(on)))
    }

    /// How much of each amount due a sum settles: first the amount due for this reason, then the
    /// others.
    pub(super) fn settled_by(&self, owed: ReturnReason, amount: Money) -> SettledAmounts {
        let (mut left, mut satisfied) = (amount, SettledAmounts::new());
        for owed in [owed, ReturnReason::Underspend, ReturnReason::Clawback] {
            let due = self
                .amount_owed(owed)
                .amount
                .minus(satisfied.get(&owed).copied().unwrap_or_default())
                .unwrap_or_default();
            let share = due.min(left);
            if !share.is_zero() {
                satisfied.insert(owed, share);
                left = left.minus(share).unwrap_or_default();
            }
        }
        satisfied
    }

    /// Records returned money on its true day, in every state of the grant. A sum above the paid
    /// balance becomes a bank entry that two people settle.
    fn receive_return(
        &self,
        received: &ReceiveReturn,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        facts.not_future(received.received_on)?;
        let ReceiveReturn {
            owed,
            amount,
            received_on,
        } = *received;
        if amount.is_zero() {
            return Err(Refusal::Nothing("enter an amount of more than £0"));
        }
        let Ok(sources) = self.least_balance_from(received_on).last(amount) else {
            let details = BankEntry {
                amount,
                payment: None,
                happened_on: received_on,
                owed,
            };
            return self.entry_unsettled(EntryKind::CameIn, details, None, facts);
        };
        let satisfied = self.settled_by(owed, amount);
        must_be_permitted_to_settle(&satisfied, facts)?;
        Ok(GrantEvent::ReturnReceived {
            owed,
            sources,
            received_on,
            satisfied: Some(satisfied),
        })
    }

    /// The amount that was paid and is not due back already.
    pub(super) fn paid_not_due_back(&self) -> Result<Money, Refusal> {
        Ok(self.confirmed_balance()?.total().minus(self.due_back())?)
    }

    fn declare_underspend(&self, amount: Money) -> Result<GrantEvent, Refusal> {
        if amount.is_zero() {
            return Err(Refusal::Nothing("enter an amount of more than £0"));
        }
        let unpaid = self.unpaid();
        let most = unpaid.plus(self.paid_not_due_back()?);
        if !most.covers(amount) {
            return Err(Refusal::UnderspendTooLarge {
                asked: amount,
                left: most,
            });
        }
        let released = amount.min(unpaid);
        let due_back = amount.minus(released)?;
        let released = self.unreserved()?.last(released)?;
        Ok(GrantEvent::UnderspendDeclared {
            amount,
            released,
            due_back,
        })
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
        Ok(GrantEvent::GrantClosed {
            released: self.award.minus(&self.paid)?,
        })
    }

    pub(super) fn apply_return_event(&mut self, event: &GrantEvent) -> Result<(), BelowZero> {
        match event {
            GrantEvent::UnderspendDeclared {
                released, due_back, ..
            } => {
                let left = self.award.take(released);
                self.add_amount_owed(ReturnReason::Underspend, *due_back);
                if !released.total().is_zero() {
                    self.drop_unpaid_instalments();
                }
                return left;
            }
            GrantEvent::ClawbackDemanded { amount, .. } => {
                self.add_amount_owed(ReturnReason::Clawback, *amount);
            }
            GrantEvent::ReturnReceived {
                owed,
                sources,
                received_on,
                satisfied,
            } => {
                let satisfied = satisfied
                    .clone()
                    .unwrap_or_else(|| SettledAmounts::from([(*owed, sources.total())]));
                return self.record_return(*received_on, sources, &satisfied);
            }
            GrantEvent::ReturnWaiverProposed {
                owed, amount, by, ..
            } => {
                self.dues.entry(*owed).or_default().waiver = Some((*amount, *by));
            }
            GrantEvent::ReturnWaived { owed, amount, .. } => {
                return self.reduce_amount_owed(*owed, *amount);
            }
            GrantEvent::GrantClosed { released } => {
                self.state = GrantState::Closed;
                return self.award.take(released);
            }
            _ => {}
        }
        Ok(())
    }

    /// Records returned money: it is neither paid nor committed any more, and it settles amounts
    /// due.
    pub(super) fn record_return(
        &mut self,
        day: Date,
        sources: &FundingSplit,
        satisfied: &SettledAmounts,
    ) -> Result<(), BelowZero> {
        if !sources.is_empty() {
            self.returns.push((day, sources.clone()));
        }
        let award = self.award.take(sources);
        let paid = self.paid.take(sources);
        award.and(paid).and(self.reduce_amounts_owed(satisfied))
    }

    pub(super) fn reduce_amounts_owed(
        &mut self,
        satisfied: &SettledAmounts,
    ) -> Result<(), BelowZero> {
        satisfied
            .iter()
            .map(|(owed, amount)| self.reduce_amount_owed(*owed, *amount))
            .fold(Ok(()), Result::and)
    }

    fn add_amount_owed(&mut self, owed: ReturnReason, amount: Money) {
        let due = self.dues.entry(owed).or_default();
        due.amount = due.amount.plus(amount);
    }

    /// Reduces an amount due. A proposed waiver lapses, since the amount that it was made for has
    /// changed.
    fn reduce_amount_owed(&mut self, owed: ReturnReason, amount: Money) -> Result<(), BelowZero> {
        let due = self.dues.entry(owed).or_default();
        let left = due.amount.minus(amount);
        (due.amount, due.waiver) = (left.unwrap_or_default(), None);
        left.map(drop)
    }
}
