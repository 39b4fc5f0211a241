//! Leads of a gathering: who runs it, how they hand over, and what they ask the office for.

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AskForHand, Gathering, GatheringEvent, GatheringState};
use crate::domain::id::PersonId;
use crate::domain::personal_data::Encrypted;
use crate::domain::{DecisionContext, Refusal};

/// Years for which it is kept what leads asked for.
const HAND_KEPT_YEARS: i64 = 2;

/// What leads asked for, until it is deleted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct HandCalls {
    words: Vec<Encrypted>,
    /// The day of the last one; absent in logs of earlier programs.
    asked_on: Option<Date>,
}

/// The last day on which it is kept what leads asked for, the last time on a day.
#[must_use]
pub fn hand_kept_until(asked_on: Date) -> Date {
    asked_on.saturating_add(Span::new().years(HAND_KEPT_YEARS))
}

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
            asked_on: Some(facts.today),
        })
    }

    pub(super) fn forget_hand(&self, facts: &DecisionContext) -> Result<GatheringEvent, Refusal> {
        if self.hand.words.is_empty() {
            return Err(Refusal::NoChange);
        }
        let is_over = |day| hand_kept_until(day) < facts.today;
        if !self.hand.asked_on.is_none_or(is_over) {
            return Err(Refusal::NotExpired);
        }
        Ok(GatheringEvent::HandForgotten {
            words: self.hand.words.clone(),
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
            GatheringEvent::HandAskedFor {
                words, asked_on, ..
            } => {
                self.hand.words.push(words.clone());
                self.hand.asked_on = *asked_on;
            }
            GatheringEvent::HandForgotten { .. } => self.hand = HandCalls::default(),
            _ => {}
        }
    }
}
