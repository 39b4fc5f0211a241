//! Letters about decisions of a meeting that wait for their day. Until a letter goes out, the group
//! sees nothing of the decision, and the panel can take it back.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    AdverseDecision, Application, ApplicationCommand, ApplicationEvent, ApplicationState,
    Attendance,
};
use crate::domain::id::PersonId;
use crate::domain::panel::{Decision, HeldLetter};
use crate::domain::text::Prose;
use crate::domain::{DecisionContext, Refusal};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBackDecision {
    /// Why, for the record. It must not contain names of people.
    pub reason: Prose,
    /// The panel members who agree, other than the one who records it. Needed for an award that as
    /// many people have confirmed as it needed.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

/// The meeting whose letters are released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct MeetingDay {
    pub met_on: Date,
}

/// The meeting whose letters are moved, and their new day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct LetterDay {
    pub met_on: Date,
    pub letters_on: Date,
}

/// A decision whose letter is held, and what the application was before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldDecision {
    letter: HeldLetter,
    decision: Decision,
    message: Option<Prose>,
    state: ApplicationState,
    rank: Option<u16>,
    attendance: Attendance,
    decided: Option<AdverseDecision>,
}

impl Application {
    /// The letter about the last decision, while it is held.
    #[must_use]
    pub fn held_letter(&self) -> Option<HeldLetter> {
        self.held.as_ref().map(|held| held.letter)
    }

    /// Refuses commands that would change or disclose a decision while its letter is held. A member
    /// of the group gets the same refusal as before the decision.
    pub(super) fn must_not_disclose(&self, command: &ApplicationCommand) -> Result<(), Refusal> {
        use ApplicationCommand as C;
        let Some(held) = &self.held else {
            return Ok(());
        };
        match command {
            C::Award(_)
            | C::Promote(_)
            | C::Decline(_)
            | C::Defer(_)
            | C::Reserve(_)
            | C::DecideAtMeeting(_)
            | C::Withdraw(_) => Err(Refusal::LetterHeld),
            C::SaveAnswers(_) | C::Submit(_) | C::Resubmit(_) | C::RequestReview(_) => {
                Err(Refusal::ApplicationNotInState(held.state.into()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn decide_letter(
        &self,
        command: &ApplicationCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<ApplicationEvent>, Refusal> {
        use ApplicationCommand as C;
        let of_meeting = |met_on: Date| {
            self.held
                .as_ref()
                .filter(|held| held.letter.met_on == met_on)
        };
        Ok(match command {
            C::TakeBackDecision(body) => vec![self.take_back(body, facts)?],
            C::ReleaseLetter(of) => of_meeting(of.met_on)
                .map(|held| ApplicationEvent::LetterReleased {
                    decision: held.decision,
                    message: held.message.clone(),
                })
                .into_iter()
                .collect(),
            C::MoveLetter(to) => of_meeting(to.met_on)
                .map(|_| ApplicationEvent::LetterMoved {
                    letters_on: to.letters_on,
                })
                .into_iter()
                .collect(),
            _ => Vec::new(),
        })
    }

    /// Takes a decision back. An award that its quorum has confirmed needs the same quorum again.
    /// One panel member can take back any other decision.
    fn take_back(
        &self,
        body: &TakeBackDecision,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        let held = self.held.as_ref().ok_or(Refusal::LetterGone)?;
        let is_confirmed_award =
            held.decision == Decision::Award && self.attendance.must_have_quorum().is_ok();
        let sitting = if is_confirmed_award {
            self.sitting_for_revocation(&body.present, facts)?
        } else {
            self.sitting_with_quorum(&body.present, 1, None, facts)?
        };
        if let (ApplicationState::ReserveList, Some(rank)) = (held.state, held.rank) {
            facts
                .fund()?
                .rank_must_be_free(&self.must_be_started()?.round, rank)?;
        }
        Ok(ApplicationEvent::DecisionTakenBack {
            decision: held.decision,
            reason: body.reason.clone(),
            sitting,
        })
    }

    /// The decision in an event, if its letter is held, with the state before it.
    pub(super) fn newly_held(&self, event: &ApplicationEvent) -> Option<Box<HeldDecision>> {
        use ApplicationEvent as E;
        let (letter, decision, message) = match event {
            E::Awarded { letter, .. } => (letter, Decision::Award, None),
            E::Declined {
                letter, feedback, ..
            } => (letter, Decision::Decline, Some(feedback)),
            E::Deferred {
                letter,
                reason,
                message,
                ..
            } => (letter, Decision::Defer, message.as_ref().or(Some(reason))),
            E::Reserved {
                letter,
                reason,
                message,
                ..
            } => (letter, Decision::Reserve, message.as_ref().or(Some(reason))),
            _ => return None,
        };
        let letter = (*letter)?;
        Some(Box::new(HeldDecision {
            letter,
            decision,
            message: message.cloned(),
            state: self.state,
            rank: self.rank,
            attendance: self.attendance.clone(),
            decided: self.decided.clone(),
        }))
    }

    pub(super) fn apply_letter(&mut self, event: &ApplicationEvent) {
        match event {
            ApplicationEvent::LetterMoved { letters_on } => {
                if let Some(held) = &mut self.held {
                    held.letter.letters_on = *letters_on;
                }
            }
            ApplicationEvent::LetterReleased { .. } => self.held = None,
            ApplicationEvent::DecisionTakenBack { .. } => {
                if let Some(held) = self.held.take() {
                    self.terms = None;
                    (self.state, self.rank) = (held.state, held.rank);
                    (self.attendance, self.decided) = (held.attendance, held.decided);
                }
            }
            _ => {}
        }
    }
}
