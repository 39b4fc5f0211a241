//! Stories: written by staff, published with the group's consent, withdrawn at the group's request.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use super::{Grant, GrantCommand, GrantEvent, GrantState, next_number};
use crate::domain::file::FileDigest;
use crate::domain::text::{Line, Prose};
use crate::domain::{DecisionContext, Refusal};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishStory {
    /// The text for the public. It may name people only with their consent.
    pub words: Prose,
    #[schema(value_type = String, format = "date")]
    pub consented_on: Date,
    /// How consent was given: a signed form, a phone call.
    pub consent: Line,
    /// Photographs, each one of the group's files.
    #[serde(default)]
    pub photographs: BTreeSet<FileDigest>,
    /// What the photographs show, for people who cannot see them. Everyone can read it.
    #[serde(default)]
    pub pictured: Option<Line>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoryRef {
    #[schema(minimum = 1, maximum = 65535)]
    pub story: u16,
}

impl Grant {
    pub(super) fn decide_story(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        match command {
            GrantCommand::PublishStory(story) => self.publish_story(story, facts),
            GrantCommand::WithdrawStory(of) => self.withdraw_story(*of),
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn publish_story(
        &self,
        story: &PublishStory,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.must_be(&[
            GrantState::Accepted,
            GrantState::Live,
            GrantState::Reported,
            GrantState::Terminated,
            GrantState::Closed,
        ])?;
        facts.not_future(story.consented_on)?;
        for photograph in &story.photographs {
            facts.has_file(Some(photograph))?;
        }
        let number = next_number(self.stories.keys().next_back().copied())?;
        let PublishStory {
            words,
            consented_on,
            consent,
            photographs,
            pictured,
        } = story.clone();
        Ok(GrantEvent::StoryPublished {
            story: number,
            words,
            consented_on,
            consent,
            photographs,
            pictured,
        })
    }

    /// Refuses a story that was not published, or that was withdrawn.
    pub fn must_have_published_story(&self, story: u16) -> Result<(), Refusal> {
        self.withdraw_story(StoryRef { story }).map(|_| ())
    }

    fn withdraw_story(&self, of: StoryRef) -> Result<GrantEvent, Refusal> {
        match self.stories.get(&of.story) {
            None => Err(Refusal::Unknown("story")),
            Some(false) => Err(Refusal::StoryWithdrawn),
            Some(true) => Ok(GrantEvent::StoryWithdrawn { story: of.story }),
        }
    }
}
