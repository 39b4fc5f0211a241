//! What a gathering says about the programme: the stories that people chose, and the tallies of
//! their answers to the questions of the aims.

use super::command::ChooseStory;
use super::{Gathering, GatheringEvent, GatheringState};
use crate::domain::public_words::must_not_look_personal;
use crate::domain::tally::{CorrectTally, GiveTally};
use crate::domain::{DecisionContext, Refusal};

impl Gathering {
    pub(super) fn choose_story(
        &self,
        chosen: &ChooseStory,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_not_be_draft()?;
        must_not_look_personal("why", chosen.why.as_str())?;
        let grant = facts.grant()?;
        if !grant.exists() {
            return Err(Refusal::Unknown("grant"));
        }
        grant.must_have_published_story(chosen.story)?;
        if let Some(aim) = &chosen.aim {
            facts.organisation()?.must_have_aim(aim)?;
        }
        if self.chosen.contains(&(chosen.grant, chosen.story)) {
            return Err(Refusal::Exists("chosen story"));
        }
        Ok(GatheringEvent::StoryChosen {
            grant: chosen.grant,
            story: chosen.story,
            aim: chosen.aim.clone(),
            why: chosen.why.clone(),
            chosen_on: facts.today,
        })
    }

    pub(super) fn give_tally(
        &self,
        give: &GiveTally,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_not_be_draft()?;
        Ok(GatheringEvent::TallyGiven {
            tally: self.tallies.number_of_new(give, facts)?,
            version: give.version,
            question: give.question.clone(),
            counts: give.counts.clone(),
            asked_on: give.asked_on,
            occasion: give.occasion,
        })
    }

    pub(super) fn correct_tally(
        &self,
        correct: &CorrectTally,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.tallies.must_be_correctable(correct, facts)?;
        Ok(GatheringEvent::TallyCorrected {
            tally: correct.tally,
            counts: correct.counts.clone(),
            reason: correct.reason.clone(),
        })
    }

    fn must_not_be_draft(&self) -> Result<(), Refusal> {
        match self.state {
            Some(GatheringState::Draft) => {
                Err(Refusal::GatheringNotInState(GatheringState::Draft.into()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn apply_learning(&mut self, event: &GatheringEvent) {
        match event {
            GatheringEvent::StoryChosen { grant, story, .. } => {
                self.chosen.insert((*grant, *story));
            }
            GatheringEvent::TallyGiven {
                tally,
                version,
                question,
                counts,
                ..
            } => self.tallies.apply_given(*tally, *version, question, counts),
            GatheringEvent::TallyCorrected { tally, counts, .. } => {
                self.tallies.apply_corrected(*tally, counts);
            }
            _ => {}
        }
    }
}
