//! Review of a decision. The group can request one once. A person who had no part in the decision
//! decides it.

use super::{AdverseDecision, Application, ApplicationEvent, ApplicationState as S};
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::Prose;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReview {
    /// Why, in the group's words.
    #[schema(value_type = PersonalInput)]
    pub words: PersonalInput,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideReview {
    /// Whether the review succeeds, so that the application is assessed again.
    pub upheld: bool,
    /// The answer that the group receives.
    pub reason: Prose,
}

impl Application {
    pub(super) fn request_review(
        &self,
        request: &RequestReview,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::Declined, S::Ineligible])?;
        if self.reviewed {
            return Err(Refusal::ReviewedAlready);
        }
        Ok(ApplicationEvent::ReviewRequested {
            words: request.words.sealed(),
            requested_on: facts.today,
        })
    }

    pub(super) fn decide_review(
        &self,
        review: &DecideReview,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::UnderReview])?;
        let by = facts.by()?;
        if self
            .decided
            .as_ref()
            .is_some_and(|decided| decided.by.contains(&by))
        {
            return Err(Refusal::SamePerson);
        }
        facts
            .connections(Some(self))?
            .permit(by, RestrictedAction::Decide)?;
        if self.interests.keyed_by(by) {
            return Err(Refusal::KeyerAlone);
        }
        Ok(ApplicationEvent::ReviewDecided {
            upheld: review.upheld,
            reason: review.reason.clone(),
            by,
        })
    }

    /// The state of the application after its review: assessed again, or unchanged.
    pub(super) fn state_after_review(&self, upheld: bool) -> S {
        let was = self
            .decided
            .as_ref()
            .map_or(S::Declined, |AdverseDecision { state, .. }| *state);
        match (was, upheld) {
            (S::Ineligible, true) => S::Submitted,
            (_, true) => S::InAssessment,
            (state, false) => state,
        }
    }
}
