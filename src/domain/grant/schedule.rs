//! Payment in instalments. The instalments add up to the unpaid amount; each is released by a day
//! or a check.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantCommand, GrantEvent, next_number};
use crate::domain::money::Money;
use crate::domain::role::Role;
use crate::domain::text::Slug;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// The largest number of instalments of a schedule.
const INSTALMENTS_MAX: u16 = 24;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchedulePayments {
    /// They must add up to the amount that is neither paid nor under way. They replace scheduled
    /// instalments for which no payment was prepared.
    #[schema(min_items = 1, max_items = 24)]
    pub instalments: Vec<Instalment>,
}

/// A part of the unpaid amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Instalment {
    /// The amount of the instalment.
    pub amount: Money,
    /// What releases it.
    pub released: ReleaseCondition,
}

/// What releases an instalment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCondition {
    AtOnce,
    FromDay {
        #[schema(value_type = String, format = "date")]
        day: Date,
    },
    /// The check that must be clear. It holds back this instalment only. It must be a check that
    /// was added to this grant, or a condition that the award made for one instalment.
    AfterCheck {
        check: Slug,
    },
}

impl Grant {
    /// Tying a condition of the panel to one instalment takes two people.
    pub(super) fn decide_schedule(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let by = facts.by()?;
        match (command, &self.proposed_schedule) {
            (GrantCommand::SchedulePayments(schedule), _) => {
                let scheduled = self.validated_schedule(schedule)?;
                facts.permit(by, RestrictedAction::Prepare)?;
                let ties = schedule
                    .instalments
                    .iter()
                    .any(|instalment| self.ties_a_condition(&instalment.released));
                let instalments = schedule.instalments.clone();
                let proposal = self.schedules_proposed + 1;
                Ok(if ties {
                    GrantEvent::ScheduleProposed {
                        proposal,
                        instalments,
                        by,
                    }
                } else {
                    scheduled
                })
            }
            (GrantCommand::ConfirmSchedule(seen), _)
                if seen.proposal != self.schedules_proposed =>
            {
                Err(Refusal::NotProposed)
            }
            (_, Some((instalments, proposed_by))) => {
                facts.must_be_two_people(*proposed_by, by)?;
                facts.proposal_holds(*proposed_by, &[Role::Officer, Role::Finance])?;
                facts.permit(by, RestrictedAction::Waive)?;
                self.validated_schedule(&SchedulePayments {
                    instalments: instalments.clone(),
                })
            }
            (_, None) => Err(Refusal::NotProposed),
        }
    }

    fn ties_a_condition(&self, released: &ReleaseCondition) -> bool {
        matches!(released, ReleaseCondition::AfterCheck { check } if self.conditions
            .contains(check))
    }

    fn validated_schedule(&self, schedule: &SchedulePayments) -> Result<GrantEvent, Refusal> {
        self.must_be_in_force()?;
        if schedule.instalments.is_empty()
            || schedule
                .instalments
                .iter()
                .any(|instalment| instalment.amount.is_zero())
        {
            return Err(Refusal::Nothing(
                "add at least one instalment, each of more than £0",
            ));
        }
        if schedule.instalments.len() > usize::from(INSTALMENTS_MAX) {
            return Err(Refusal::TooManyItems(INSTALMENTS_MAX.into()));
        }
        for instalment in &schedule.instalments {
            let ReleaseCondition::AfterCheck { check } = &instalment.released else {
                continue;
            };
            if !self.checks.contains_key(check) {
                return Err(Refusal::Unknown("check"));
            }
            if self.for_every_payment.contains(check) {
                return Err(Refusal::CheckForEveryPayment(check.to_string()));
            }
        }
        let scheduled = schedule
            .instalments
            .iter()
            .map(|instalment| instalment.amount)
            .sum();
        let unpaid = self.unpaid();
        if scheduled != unpaid {
            return Err(Refusal::ScheduleDiffers { scheduled, unpaid });
        }
        let first = next_number(self.instalments.keys().next_back().copied())?;
        first
            .checked_add(INSTALMENTS_MAX)
            .ok_or(Refusal::TooManyItems(u16::MAX.into()))?;
        Ok(GrantEvent::PaymentsScheduled {
            first,
            instalments: schedule.instalments.clone(),
        })
    }

    /// The amount of a payment: that of the instalment or, without an instalment, the given one.
    /// Refuses to omit the instalment while instalments are unpaid.
    pub(super) fn payment_amount(
        &self,
        instalment: Option<u16>,
        said: Option<Money>,
        facts: &DecisionContext,
    ) -> Result<Money, Refusal> {
        let Some(number) = instalment else {
            let open = self
                .instalments
                .keys()
                .any(|number| !self.has_active_payment(*number));
            return if open {
                Err(Refusal::InstalmentMissing)
            } else {
                said.filter(|amount| !amount.is_zero())
                    .ok_or(Refusal::Nothing("enter an amount of more than £0"))
            };
        };
        let found = self
            .instalments
            .get(&number)
            .ok_or(Refusal::Unknown("instalment"))?;
        if self.has_active_payment(number) {
            return Err(Refusal::Exists("payment of this instalment"));
        }
        match &found.released {
            ReleaseCondition::FromDay { day } if facts.today < *day => {
                Err(Refusal::InstalmentNotDue(*day))
            }
            _ => match said.filter(|said| *said != found.amount) {
                Some(said) => Err(Refusal::AmountDiffers {
                    said,
                    is: found.amount,
                }),
                None => Ok(found.amount),
            },
        }
    }

    /// Whether the instalment has a payment that is under way or confirmed.
    fn has_active_payment(&self, instalment: u16) -> bool {
        self.payments
            .values()
            .any(|payment| payment.instalment == Some(instalment) && payment.is_active())
    }

    /// The checks that release other instalments.
    pub(super) fn checks_of_other_instalments(&self, instalment: Option<u16>) -> BTreeSet<&Slug> {
        let check = |number: u16| match self.instalments.get(&number).map(|found| &found.released) {
            Some(ReleaseCondition::AfterCheck { check }) => Some(check),
            _ => None,
        };
        let own = instalment.and_then(check);
        self.instalments
            .keys()
            .filter_map(|number| check(*number))
            .filter(|check| Some(*check) != own)
            .collect()
    }

    /// Drops the instalments without a payment: their sum no longer equals the unpaid amount.
    pub(super) fn drop_unpaid_instalments(&mut self) {
        let taken: BTreeSet<u16> = self
            .instalments
            .keys()
            .copied()
            .filter(|number| self.has_active_payment(*number))
            .collect();
        self.instalments.retain(|number, _| taken.contains(number));
    }

    pub(super) fn apply_schedule(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::ScheduleProposed {
                proposal,
                instalments,
                by,
            } => {
                self.schedules_proposed = *proposal;
                self.proposed_schedule = Some((instalments.clone(), *by));
            }
            GrantEvent::PaymentsScheduled { first, instalments } => {
                self.drop_unpaid_instalments();
                self.proposed_schedule = None;
                self.instalments
                    .extend((*first..=u16::MAX).zip(instalments.iter().cloned()));
            }
            _ => {}
        }
    }
}
