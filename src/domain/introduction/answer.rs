//! The answer of those who hold the entry (welcome or decline), and the outcome of an introduction.

use super::{
    CameTo, DeclineIntroduction, Introduction, IntroductionEvent, IntroductionState,
    WelcomeIntroduction, keyed_by,
};
use crate::domain::asset::Party;
use crate::domain::person::channel_of;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{DecisionContext, Refusal};

impl Introduction {
    /// Welcomes them, with a host: a member of the group that holds the entry or, where no group
    /// does, somebody by name.
    pub(super) fn welcome(
        &self,
        welcomed: &WelcomeIntroduction,
        facts: &DecisionContext,
    ) -> Result<IntroductionEvent, Refusal> {
        self.must_be(&[IntroductionState::Made])?;
        let WelcomeIntroduction {
            host,
            host_name,
            channel,
        } = welcomed;
        let has_host = match (self.holder, host, host_name) {
            // Nobody is welcomed by themselves.
            (Some(_), Some(host), None) => {
                self.of != Some(Party::Person(*host)) && facts.is_member(*host)?
            }
            (None, None, Some(_)) => true,
            _ => false,
        };
        if !has_host {
            return Err(Refusal::HostMissing);
        }
        let keyed_by = keyed_by(self.is_held_by_actor(facts)?, facts)?;
        Ok(IntroductionEvent::IntroductionWelcomed {
            host: *host,
            host_name: host_name.as_ref().map(PersonalInput::sealed),
            channel: channel_of(*channel, keyed_by)?,
            keyed_by,
            welcomed_on: facts.today,
        })
    }

    pub(super) fn decline(
        &self,
        declined: DeclineIntroduction,
        facts: &DecisionContext,
    ) -> Result<IntroductionEvent, Refusal> {
        self.must_be(&[IntroductionState::Made])?;
        let keyed_by = keyed_by(self.is_held_by_actor(facts)?, facts)?;
        Ok(IntroductionEvent::IntroductionDeclined {
            reason: declined.reason,
            channel: channel_of(declined.channel, keyed_by)?,
            keyed_by,
            declined_on: facts.today,
        })
    }

    pub(super) fn say_how(
        &self,
        how: CameTo,
        facts: &DecisionContext,
    ) -> Result<IntroductionEvent, Refusal> {
        self.must_be(&[IntroductionState::Welcomed, IntroductionState::CameTo])?;
        if self.came_to == Some(how) {
            return Err(Refusal::NoChange);
        }
        Ok(IntroductionEvent::IntroductionCameTo {
            how,
            said_on: facts.today,
        })
    }
}
