//! Updates: requested → received → accepted, or excused. What a group says and what staff judge stay apart.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantCommand, GrantEvent, GrantState, JudgeOutcome, OutcomeKept, ReceiveUpdate};
use crate::domain::sealed::Personal;
use crate::domain::{Facts, Refusal};

/// Where an update stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum UpdateState {
    Requested,
    Received,
    Accepted,
    Excused,
}

/// A grantee's report.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Update {
    state: UpdateState,
    due_on: Date,
    last: bool,
}

impl Update {
    fn must_be(self, states: &[UpdateState]) -> Result<(), Refusal> {
        if states.contains(&self.state) { Ok(()) } else { Err(Refusal::UpdateNotInState(self.state.into())) }
    }
}

impl Grant {
    pub(super) fn follow_up(&self, command: &GrantCommand, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.must_run()?;
        match command {
            GrantCommand::RequestUpdate(request) => {
                if request.due_on < facts.today {
                    return Err(Refusal::DatesOutOfOrder);
                }
                let number = self.updates.keys().next_back().map_or(1, |last| last + 1);
                Ok(GrantEvent::UpdateRequested { update: number, due_on: request.due_on, last: false })
            }
            GrantCommand::ReceiveUpdate(update) => self.receive(update, facts),
            GrantCommand::AcceptUpdate(of) => {
                self.update(of.update)?.must_be(&[UpdateState::Received])?;
                Ok(GrantEvent::UpdateAccepted { update: of.update })
            }
            GrantCommand::ExcuseUpdate(because) => {
                self.update(because.update)?.must_be(&[UpdateState::Requested])?;
                Ok(GrantEvent::UpdateExcused { update: because.update, reason: because.reason.clone() })
            }
            GrantCommand::JudgeOutcome(judge) => self.judge(judge, facts),
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn update(&self, number: u16) -> Result<Update, Refusal> {
        self.updates.get(&number).copied().ok_or(Refusal::Unknown("update"))
    }

    fn receive(&self, update: &ReceiveUpdate, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.update(update.update)?.must_be(&[UpdateState::Requested])?;
        let organisation = facts.organisation()?;
        let mut signs = BTreeSet::new();
        for said in &update.outcomes {
            if !organisation.has_sign(&said.sign) {
                return Err(Refusal::UnknownSign(said.sign.to_string()));
            }
            if !signs.insert(&said.sign) {
                return Err(Refusal::Exists("outcome for this sign"));
            }
        }
        let kept = |said: &crate::domain::outcome::OutcomeSaid| OutcomeKept {
            sign: said.sign.clone(),
            strength: said.strength,
            words: said.words.sealed(),
        };
        Ok(GrantEvent::UpdateReceived {
            update: update.update,
            channel: update.channel,
            words: update.words.sealed(),
            learned: update.learned.as_ref().map(Personal::sealed),
            people: update.people,
            volunteers: update.volunteers,
            spent: update.spent,
            signs: organisation.signs_version(),
            outcomes: update.outcomes.iter().map(kept).collect(),
            received_on: facts.today,
        })
    }

    fn judge(&self, judge: &JudgeOutcome, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.update(judge.update)?.must_be(&[UpdateState::Received, UpdateState::Accepted])?;
        if !facts.organisation()?.has_sign(&judge.sign) {
            return Err(Refusal::UnknownSign(judge.sign.to_string()));
        }
        Ok(GrantEvent::OutcomeJudged {
            update: judge.update,
            sign: judge.sign.clone(),
            strength: judge.strength,
            reason: judge.reason.clone(),
            by: facts.by()?,
        })
    }

    /// The final update is accepted or excused.
    pub(super) fn is_reported(&self) -> bool {
        self.updates.values().any(|update| update.last && matches!(update.state, UpdateState::Accepted | UpdateState::Excused))
    }

    pub(super) fn followed_up(&mut self, event: &GrantEvent) {
        let (number, state) = match event {
            GrantEvent::UpdateRequested { update, due_on, last } => {
                self.updates.insert(*update, Update { state: UpdateState::Requested, due_on: *due_on, last: *last });
                return;
            }
            GrantEvent::UpdateReceived { update, .. } => (update, UpdateState::Received),
            GrantEvent::UpdateAccepted { update } => (update, UpdateState::Accepted),
            GrantEvent::UpdateExcused { update, .. } => (update, UpdateState::Excused),
            _ => return,
        };
        if let Some(found) = self.updates.get_mut(number) {
            found.state = state;
            if found.last && state != UpdateState::Accepted {
                self.state = GrantState::Reported;
            }
        }
    }
}
