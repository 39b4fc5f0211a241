//! Variations, holds and termination: changes after the award.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantCommand, GrantEvent, GrantState, next_number};
use crate::domain::application::{Attendance, AttendanceRef, Summary};
use crate::domain::funding_source::FundingSplit;
use crate::domain::id::PersonId;
use crate::domain::money::{BelowZero, Money};
use crate::domain::personal_data::PersonalInput;
use crate::domain::role::{Role, Roles};
use crate::domain::text::Prose;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// The requested changes. Absent fields do not change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariationChanges {
    /// The whole new award. It is at least the money that is paid or under way, and at most the
    /// fund's maximum if it rises.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The new last day of the project.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub ends_on: Option<Date>,
    /// The new day by which the final update is due.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub update_due_on: Option<Date>,
    /// The public title and description of the new purpose.
    #[serde(default)]
    pub purpose: Option<Summary>,
}

impl VariationChanges {
    #[must_use]
    pub fn is_only_days(&self) -> bool {
        self.amount.is_none() && self.purpose.is_none()
    }

    /// Refuses people who may not decide on the changes. Officers and the panel may decide on days.
    /// Only the panel may decide on money and purpose, as it does on the award.
    fn must_be_decided_by(&self, roles: &Roles) -> Result<(), Refusal> {
        if self.is_only_days() || roles.contains(&Role::Panel) {
            Ok(())
        } else {
            Err(Refusal::NotYours)
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestVariation {
    pub change: VariationChanges,
    /// Why, in the group's words.
    #[schema(value_type = PersonalInput)]
    pub words: PersonalInput,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveVariation {
    #[schema(minimum = 1, maximum = 65535)]
    pub variation: u16,
    /// If the award rises, the panel members who were present, other than the one who records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariationReason {
    #[schema(minimum = 1, maximum = 65535)]
    pub variation: u16,
    pub reason: Prose,
}

/// The sources of the money that was committed in addition.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct AwardIncrease {
    #[schema(value_type = Vec<Object>)]
    pub sources: FundingSplit,
}

/// State of a variation.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum VariationState {
    Requested,
    Approved,
    Refused,
}

/// A requested variation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Variation {
    state: VariationState,
    change: VariationChanges,
    by: PersonId,
    /// The award at the time of the request. If it has changed since, the variation is refused.
    against: Money,
}

pub(super) type Variations = BTreeMap<u16, Variation>;

impl Grant {
    pub(super) fn decide_variation(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        self.must_be_in_force()?;
        if let GrantCommand::Grow(grown) = command {
            return Ok(vec![GrantEvent::AwardGrown {
                sources: grown.sources.clone(),
            }]);
        }
        let by = facts.by()?;
        match command {
            GrantCommand::RequestVariation(request) => {
                Ok(vec![self.request_variation(request, by, facts)?])
            }
            GrantCommand::ApproveVariation(of) => self.approve_variation(of, by, facts),
            GrantCommand::RefuseVariation(because) => {
                let asked = self.requested_variation(because.variation)?;
                asked.change.must_be_decided_by(&facts.roles())?;
                facts.permit(by, RestrictedAction::Decide)?;
                Ok(vec![GrantEvent::VariationRefused {
                    variation: because.variation,
                    reason: because.reason.clone(),
                    by,
                }])
            }
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn request_variation(
        &self,
        request: &RequestVariation,
        by: PersonId,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        // The purpose is public, so only an officer may write it: no text of a group becomes public
        // without staff.
        if request.change.purpose.is_some() && !facts.roles().contains(&Role::Officer) {
            return Err(Refusal::NotYours);
        }
        self.changes_must_be_allowed(&request.change, facts)?;
        let variation = next_number(self.variations.keys().next_back().copied())?;
        Ok(GrantEvent::VariationRequested {
            variation,
            change: request.change.clone(),
            words: request.words.sealed(),
            by,
        })
    }

    fn approve_variation(
        &self,
        of: &ApproveVariation,
        by: PersonId,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        let asked = self.requested_variation(of.variation)?;
        asked.change.must_be_decided_by(&facts.roles())?;
        facts.must_be_two_people(asked.by, by)?;
        facts.permit(by, RestrictedAction::Decide)?;
        let now = self.award.total();
        if asked.change.amount.is_some() && asked.against != now {
            return Err(Refusal::AwardChanged {
                then: asked.against,
                now,
            });
        }
        self.changes_must_be_allowed(&asked.change, facts)?;
        let wanted = asked.change.amount.unwrap_or(now);
        let released = self
            .unreserved()?
            .last(now.minus(wanted).unwrap_or_default())?;
        let more = wanted.minus(now).unwrap_or_default();
        // More money is the panel's decision, like the award. Attendance at an earlier raise must
        // be confirmed first.
        if !more.is_zero() {
            self.attendance.must_have_quorum()?;
        }
        let sitting = (!more.is_zero())
            .then(|| facts.application()?.sitting(&of.present, facts))
            .transpose()?;
        let approved = GrantEvent::VariationApproved {
            variation: of.variation,
            change: asked.change.clone(),
            released,
            more,
            by,
            sitting,
        };
        let moved = asked
            .change
            .update_due_on
            .and_then(|due_on| self.move_final_update(due_on));
        Ok(std::iter::once(approved).chain(moved).collect())
    }

    /// Confirms that a panel member was there when the award was raised.
    pub(super) fn confirm_attendance(
        &self,
        of: AttendanceRef,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let by = facts.by()?;
        let connections = facts.connections(Some(facts.application()?))?;
        self.attendance
            .must_be_confirmable(of, facts, &connections)?;
        Ok(GrantEvent::AttendanceConfirmed {
            decision: of.decision,
            person: of.person,
            by,
        })
    }

    fn requested_variation(&self, number: u16) -> Result<&Variation, Refusal> {
        let found = self
            .variations
            .get(&number)
            .ok_or(Refusal::Unknown("variation"))?;
        match found.state {
            VariationState::Requested => Ok(found),
            state => Err(Refusal::VariationNotInState(state.into())),
        }
    }

    fn changes_must_be_allowed(
        &self,
        change: &VariationChanges,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        let amount = change.amount.filter(|amount| *amount != self.award.total());
        if (VariationChanges {
            amount,
            ..change.clone()
        }) == VariationChanges::default()
        {
            return Err(Refusal::NoChange);
        }
        if let Some(amount) = change.amount {
            let spoken_for = self.award.total().minus(self.unpaid())?;
            if !amount.covers(spoken_for) {
                return Err(Refusal::BelowPaid {
                    asked: amount,
                    paid: spoken_for,
                });
            }
            let rules = facts.fund()?.rules();
            if amount > self.award.total() && amount > rules.maximum {
                return Err(Refusal::OutsideBounds {
                    minimum: rules.minimum,
                    maximum: rules.maximum,
                });
            }
        }
        let ends_on = change.ends_on.or(self.ends_on);
        let update_due_on = change.update_due_on.or(self.update_due_on);
        let past = |day: Option<Date>| day.is_some_and(|day| day < facts.today);
        if update_due_on < ends_on || past(change.update_due_on) || past(change.ends_on) {
            return Err(Refusal::DatesOutOfOrder(
                "the activity must end today or later, and the final report must be due after that",
            ));
        }
        change
            .purpose
            .as_ref()
            .map_or(Ok(()), Summary::must_differ_from_title)
    }

    pub(super) fn decide_hold(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.must_be_in_force()?;
        match command {
            GrantCommand::Hold(_) if self.held => Err(Refusal::GrantOnHold),
            GrantCommand::Hold(because) => Ok(GrantEvent::GrantHeld {
                reason: because.reason.clone(),
                held_on: Some(facts.today),
            }),
            GrantCommand::Resume(_) if !self.held => Err(Refusal::NoChange),
            GrantCommand::Resume(_) => {
                facts.permit(facts.by()?, RestrictedAction::Prepare)?;
                Ok(GrantEvent::GrantResumed {})
            }
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    pub(super) fn apply_variation_event(&mut self, event: &GrantEvent) -> Result<(), BelowZero> {
        match event {
            GrantEvent::VariationRequested {
                variation,
                change,
                by,
                ..
            } => {
                let (state, against) = (VariationState::Requested, self.award.total());
                self.variations.insert(
                    *variation,
                    Variation {
                        state,
                        change: change.clone(),
                        by: *by,
                        against,
                    },
                );
            }
            GrantEvent::VariationApproved {
                variation,
                change,
                released,
                sitting,
                ..
            } => {
                if let Some(sitting) = sitting {
                    self.attendance = Attendance::new(u32::from(*variation), sitting);
                }
                self.set_variation(*variation, VariationState::Approved);
                let left = self.award.take(released);
                self.ends_on = change.ends_on.or(self.ends_on);
                self.update_due_on = change.update_due_on.or(self.update_due_on);
                if change.amount.is_some() {
                    self.drop_unpaid_instalments();
                }
                return left;
            }
            GrantEvent::VariationRefused { variation, .. } => {
                self.set_variation(*variation, VariationState::Refused);
            }
            GrantEvent::AwardGrown { sources } => {
                self.award = std::mem::take(&mut self.award).plus(sources);
            }
            GrantEvent::GrantHeld { held_on, .. } => (self.held, self.held_on) = (true, *held_on),
            GrantEvent::GrantResumed {} => (self.held, self.held_on) = (false, None),
            GrantEvent::GrantTerminated { released, .. } => {
                self.state = GrantState::Terminated;
                self.drop_unpaid_instalments();
                return self.award.take(released);
            }
            _ => {}
        }
        Ok(())
    }

    fn set_variation(&mut self, number: u16, state: VariationState) {
        if let Some(found) = self.variations.get_mut(&number) {
            found.state = state;
        }
    }
}
