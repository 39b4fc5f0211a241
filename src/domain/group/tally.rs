//! Tallies of a group: how many of its people chose each answer to a question of the aims.

use super::{Group, GroupCommand, GroupEvent};
use crate::domain::{DecisionContext, Refusal};

impl Group {
    pub(super) fn decide_tally(
        &self,
        command: &GroupCommand,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        match command {
            GroupCommand::GiveTally(give) => {
                self.must_be_active()?;
                Ok(GroupEvent::TallyGiven {
                    tally: self.tallies.number_of_new(give, facts)?,
                    version: give.version,
                    question: give.question.clone(),
                    counts: give.counts.clone(),
                    asked_on: give.asked_on,
                    occasion: give.occasion,
                })
            }
            GroupCommand::CorrectTally(correct) => {
                self.tallies.must_be_correctable(correct, facts)?;
                Ok(GroupEvent::TallyCorrected {
                    tally: correct.tally,
                    counts: correct.counts.clone(),
                    reason: correct.reason.clone(),
                })
            }
            _ => Err(Refusal::Unknown("tally")),
        }
    }

    pub(super) fn apply_tally(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::TallyGiven {
                tally,
                version,
                question,
                counts,
                ..
            } => self.tallies.apply_given(*tally, *version, question, counts),
            GroupEvent::TallyCorrected { tally, counts, .. } => {
                self.tallies.apply_corrected(*tally, counts);
            }
            _ => {}
        }
    }
}
