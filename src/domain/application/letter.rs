//! Decisions that are held: the letter waits for a day, or the decision can be taken back for ten
//! minutes. Until then the group does not see the decision, and the panel can take it back.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    AdverseDecision, Application, ApplicationCommand, ApplicationEvent, ApplicationState,
    Attendance,
};
use crate::domain::id::PersonId;
use crate::domain::panel::{Decision, HeldLetter};
use crate::domain::take_back::TakeBackUntil;
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

/// A decision that the group has not heard of, and what the application was before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldDecision {
    /// The letter that is held until a day.
    letter: Option<HeldLetter>,
    /// Until when it can be taken back, if no letter is held.
    pub(super) until: Option<TakeBackUntil>,
    decision: Decision,
    message: Option<Prose>,
    state: ApplicationState,
    rank: Option<u16>,
    attendance: Attendance,
    decided: Option<AdverseDecision>,
}

impl HeldDecision {
    /// Whether the group has not heard of the decision yet.
    fn is_unknown(&self, now: Timestamp) -> bool {
        self.letter.is_some() || self.until.is_some_and(|until| !until.is_known(now))
    }
}

impl Application {
    /// The letter about the last decision, while it is held.
    #[must_use]
    pub fn held_letter(&self) -> Option<HeldLetter> {
        self.held.as_ref().and_then(|held| held.letter)
    }

    /// Refuses commands that would change or disclose a decision while the group does not know it.
    /// A member of the group gets the same refusal as before the decision.
    pub(super) fn must_not_disclose(
        &self,
        command: &ApplicationCommand,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        use ApplicationCommand as C;
        let held = self.held.as_ref();
        let Some(held) = held.filter(|held| held.is_unknown(facts.now)) else {
            return Ok(());
        };
        match command {
            C::Award(_)
            | C::Promote(_)
            | C::Decline(_)
            | C::Defer(_)
            | C::Reserve(_)
            | C::DecideAtMeeting(_) => Err(Refusal::LetterHeld),
            // A decline without a letter leaves the group's application as it was.
            C::Withdraw(_) if held.letter.is_some() => Err(Refusal::LetterHeld),
            C::SaveAnswers(_) | C::Submit(_) | C::Resubmit(_) | C::RequestReview(_) => {
                Err(Refusal::ApplicationNotInState(held.state.into()))
            }
            _ => Ok(()),
        }
    }

    /// The state before a decline that the group has not heard of.
    pub(super) fn state_before_decline(&self, now: Timestamp) -> Option<ApplicationState> {
        let held = self.held.as_ref()?;
        let is_unknown = self.state == ApplicationState::Declined && held.is_unknown(now);
        is_unknown.then_some(held.state)
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
                .filter(|held| held.letter.is_some_and(|letter| letter.met_on == met_on))
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
        if let Some(until) = held.until {
            until.must_be_open(facts.now)?;
        }
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

    /// The decision in an event, if it is held, with the state before it.
    pub(super) fn newly_held(&self, event: &ApplicationEvent) -> Option<Box<HeldDecision>> {
        use ApplicationEvent as E;
        let until = match event {
            E::Declined {
                take_back_until, ..
            } => *take_back_until,
            _ => None,
        };
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
        if letter.is_none() && until.is_none() {
            return None;
        }
        Some(Box::new(HeldDecision {
            letter: *letter,
            until,
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
                let letter = self.held.as_mut().and_then(|held| held.letter.as_mut());
                if let Some(letter) = letter {
                    letter.letters_on = *letters_on;
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
