//! Whether an application is eligible. An officer's decision can be taken back for ten minutes,
//! unless the panel has begun. The group does not hear of a refusal before that time is over.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AdverseDecision, Application, ApplicationCommand, ApplicationEvent, ApplicationState as S,
};
use crate::domain::take_back::TakeBackUntil;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// What an officer said about the eligibility, and what the application was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EligibilityStep {
    until: TakeBackUntil,
    state: S,
    decided: Option<AdverseDecision>,
}

impl Application {
    /// Whether the step that could be taken back until then was not, and no other has followed.
    #[must_use]
    pub fn keeps_step(&self, until: TakeBackUntil) -> bool {
        let eligibility = self.eligibility.as_ref();
        let decision = self.held.as_ref();
        eligibility.is_some_and(|step| step.until == until)
            || decision.is_some_and(|held| held.until == Some(until))
    }

    pub(super) fn decide_eligibility(
        &self,
        command: &ApplicationCommand,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        use ApplicationCommand as C;
        if matches!(command, C::TakeBackEligibility(_)) {
            self.must_be(&[S::Eligible, S::Ineligible])?;
            self.eligibility
                .as_ref()
                .ok_or(Refusal::TakenBackTooLate)?
                .until
                .must_be_open(facts.now)?;
        } else {
            self.must_be_assessable(facts)?;
        }
        let by = facts.by()?;
        facts
            .connections(Some(self))?
            .permit(by, RestrictedAction::Prepare)?;
        let take_back_until = Some(TakeBackUntil::after(facts.now));
        Ok(match command {
            C::RefuseEligibility(because) => ApplicationEvent::EligibilityRefused {
                reason: because.reason.clone(),
                by,
                take_back_until,
            },
            C::TakeBackEligibility(_) => ApplicationEvent::EligibilityTakenBack { by },
            _ => ApplicationEvent::EligibilityConfirmed {
                by,
                take_back_until,
            },
        })
    }

    /// Refuses the group's own commands, as the state before would, while it has not heard that
    /// the application is ineligible.
    pub(super) fn must_not_disclose_refusal(
        &self,
        command: &ApplicationCommand,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        use ApplicationCommand as C;
        let Some(step) = self.eligibility.as_ref() else {
            return Ok(());
        };
        let of_group = matches!(
            command,
            C::SaveAnswers(_) | C::Submit(_) | C::Resubmit(_) | C::RequestReview(_)
        );
        if of_group && self.state == S::Ineligible && !step.until.is_known(facts.now) {
            Err(Refusal::ApplicationNotInState(step.state.into()))
        } else {
            Ok(())
        }
    }

    /// The state as the group knows it: the one before a refusal that it has not heard of.
    pub(super) fn state_known_to_group(&self, now: Timestamp) -> S {
        let refused = self
            .eligibility
            .as_ref()
            .filter(|step| self.state == S::Ineligible && !step.until.is_known(now));
        match refused {
            Some(step) => step.state,
            None => self.state_before_decline(now).unwrap_or(self.state),
        }
    }

    pub(super) fn apply_eligibility(&mut self, event: &ApplicationEvent) {
        use ApplicationEvent as E;
        let step = |until: Option<TakeBackUntil>| {
            Some(Box::new(EligibilityStep {
                until: until?,
                state: self.state,
                decided: self.decided.clone(),
            }))
        };
        match event {
            E::EligibilityConfirmed {
                take_back_until, ..
            } => {
                self.eligibility = step(*take_back_until);
                self.state = S::Eligible;
            }
            E::EligibilityRefused {
                by,
                take_back_until,
                ..
            } => {
                self.eligibility = step(*take_back_until);
                self.state = S::Ineligible;
                self.decided = Some(AdverseDecision {
                    state: S::Ineligible,
                    by: BTreeSet::from([*by]),
                });
            }
            E::EligibilityTakenBack { .. } => {
                if let Some(step) = self.eligibility.take() {
                    (self.state, self.decided) = (step.state, step.decided);
                }
            }
            _ => {}
        }
    }
}
