//! The payee of a group: keyed by one person, verified by another.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Group, GroupEvent, VerifyPayee};
use crate::domain::id::PersonId;
use crate::domain::payee::{PayeeInput, PaymentRoute};
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// The group's current payee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    /// The number of the payee, incremented by each change. A payment refers to it.
    pub number: u32,
    pub route: PaymentRoute,
    pub keyed_by: PersonId,
    /// The people on whose word the keyer is known.
    pub behind: BTreeSet<PersonId>,
    pub verified_by: Option<PersonId>,
}

impl Payee {
    /// Whether the person keyed the payee, or its keyer is known on their word.
    #[must_use]
    pub fn is_keyer_or_voucher(&self, person: PersonId) -> bool {
        self.keyed_by == person || self.behind.contains(&person)
    }
}

impl Group {
    #[must_use]
    pub fn payee(&self) -> Option<&Payee> {
        self.payee.as_ref()
    }

    /// The day on which the payee with the next number was keyed; `None` if there is none or the
    /// day is unknown.
    #[must_use]
    pub fn payee_replaced_on(&self, payee: u32) -> Option<Date> {
        self.payee_days.get(&payee.checked_add(1)?).copied()
    }

    /// The payee that money may be paid to. Refuses with [`Refusal::PayeeNotVerified`] if there is
    /// none.
    pub fn verified_payee(&self) -> Result<&Payee, Refusal> {
        self.payee
            .as_ref()
            .filter(|payee| payee.verified_by.is_some())
            .ok_or(Refusal::PayeeNotVerified)
    }

    pub(super) fn provide_payee(
        &self,
        typed: &PayeeInput,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        Ok(GroupEvent::PayeeProvided {
            payee: self.payee.as_ref().map_or(1, |payee| payee.number + 1),
            details: typed.encrypted(facts)?,
            keyed_by: facts.by()?,
            behind: self.keyer_vouchers(facts.by()?, facts)?,
            provided_on: Some(facts.today),
        })
    }

    pub(super) fn verify_payee(
        &self,
        verify: &VerifyPayee,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        let by = facts.by()?;
        let payee = self.payee.as_ref().ok_or(Refusal::Unknown("payee"))?;
        if payee.number != verify.payee {
            return Err(Refusal::PayeeChanged);
        }
        let connections = facts.connections_of_grants()?;
        // It can be verified again if the first verifier is connected with the group now.
        if payee.verified_by.is_some_and(|verifier| {
            connections
                .permit(verifier, RestrictedAction::VerifyPayee)
                .is_ok()
        }) {
            return Err(Refusal::NoChange);
        }
        facts.must_be_known_to_two(by)?;
        connections.permit(by, RestrictedAction::VerifyPayee)?;
        Ok(GroupEvent::PayeeVerified {
            payee: payee.number,
            method: verify.method.clone(),
            verified_by: by,
            verified_on: facts.today,
        })
    }

    pub(super) fn apply_payee(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::PayeeProvided {
                payee,
                details,
                keyed_by,
                behind,
                provided_on,
            } => {
                if self.payee.is_some() {
                    self.record_change(*provided_on);
                }
                self.payee_days.extend(provided_on.map(|day| (*payee, day)));
                let (number, route, behind) = (*payee, details.route(), behind.clone());
                self.payee = Some(Payee {
                    number,
                    route,
                    keyed_by: *keyed_by,
                    behind,
                    verified_by: None,
                });
            }
            GroupEvent::PayeeVerified {
                payee, verified_by, ..
            } => {
                if let Some(own) = self.payee.as_mut().filter(|own| own.number == *payee) {
                    own.verified_by = Some(*verified_by);
                }
            }
            _ => {}
        }
    }
}
