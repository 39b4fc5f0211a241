//! Leads of a gathering: who runs it, and how they hand over.

use super::{AskForHand, Gathering, GatheringEvent, GatheringState};
use crate::domain::id::PersonId;
use crate::domain::{DecisionContext, Refusal};

impl Gathering {
    #[must_use]
    pub fn is_led_by(&self, person: PersonId) -> bool {
        self.leads.contains(&person)
    }

    pub(super) fn offer_lead(
        &self,
        person: PersonId,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_not_have_ended()?;
        facts.person()?.must_be_active()?;
        if self.is_led_by(person) || self.offered_to == Some(person) {
            return Err(Refusal::NoChange);
        }
        Ok(GatheringEvent::LeadOffered { person })
    }

    /// Refuses with [`Refusal::NotYours`] an actor who may not take the lead for this person: only
    /// they themselves may, and an officer or a connector for someone without an email address.
    pub(super) fn must_take_for(person: PersonId, facts: &DecisionContext) -> Result<(), Refusal> {
        let writes_for_them = facts.works_with_people() && !facts.person()?.has_email();
        if facts.by()? == person || writes_for_them {
            Ok(())
        } else {
            Err(Refusal::NotYours)
        }
    }

    pub(super) fn take_lead(
        &self,
        person: PersonId,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_not_have_ended()?;
        let taker = facts.person()?;
        taker.must_be_active()?;
        if self.offered_to != Some(person) {
            return Err(Refusal::LeadNotOffered);
        }
        // A lead reads names and needs, and anyone can book under the name of somebody else.
        if taker.unproven().is_some() && facts.by()? == person {
            return Err(Refusal::AddressUnproven);
        }
        Ok(GatheringEvent::LeadTaken {
            person,
            staff: !facts.organisation()?.roles_of(person).is_empty(),
        })
    }

    /// A lead leaves. Only they, an officer or a connector can say so.
    pub(super) fn leave_lead(
        &self,
        person: PersonId,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        if facts.by()? != person && !facts.works_with_people() {
            return Err(Refusal::NotYours);
        }
        if !self.is_led_by(person) {
            return Err(Refusal::NoChange);
        }
        if self.state == Some(GatheringState::Open) && self.leads.len() == 1 {
            return Err(Refusal::LastLead);
        }
        Ok(GatheringEvent::LeadLeft { person })
    }

    pub(super) fn ask_for_hand(
        &self,
        asked: &AskForHand,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_not_have_ended()?;
        if facts.by()? != asked.lead && !facts.works_with_people() {
            return Err(Refusal::NotYours);
        }
        if !self.is_led_by(asked.lead) {
            return Err(Refusal::Unknown("lead"));
        }
        Ok(GatheringEvent::HandAskedFor {
            lead: asked.lead,
            words: asked.words.sealed(),
        })
    }

    pub(super) fn apply_lead(&mut self, event: &GatheringEvent) {
        match event {
            GatheringEvent::LeadOffered { person } => self.offered_to = Some(*person),
            GatheringEvent::LeadTaken { person, .. } => {
                self.offered_to = None;
                self.leads.insert(*person);
            }
            GatheringEvent::LeadLeft { person } => drop(self.leads.remove(person)),
            _ => {}
        }
    }
}
