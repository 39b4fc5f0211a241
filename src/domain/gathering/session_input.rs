//! Validates the plan of a session and the attendance that is recorded for it.

use std::collections::BTreeSet;

use super::command::{SessionPlan, Turnout};
use super::session::{GROUPS_MAX, GatheringSession, PEOPLE_MAX};
use crate::domain::public_words::must_not_have_contact;
use crate::domain::{DecisionContext, Refusal};

pub(super) fn must_be_countable(people: u32) -> Result<(), Refusal> {
    if people > PEOPLE_MAX {
        return Err(Refusal::Nothing("enter at most 10,000 people"));
    }
    Ok(())
}

impl SessionPlan {
    /// The place may have a postcode, and no other contact details.
    pub(super) fn must_be_sound(&self) -> Result<(), Refusal> {
        if let Some(place) = &self.place {
            must_not_have_contact("place", place.as_str())?;
        }
        if self.ends_at <= self.starts_at {
            return Err(Refusal::DatesOutOfOrder(
                "a session must end after it starts, on the same day",
            ));
        }
        match self.places {
            Some(0) => Err(Refusal::Nothing("a session needs one place or more")),
            Some(places) => must_be_countable(places),
            None => Ok(()),
        }
    }

    /// Refuses a day before today, unless an officer or a connector enters what took place.
    pub(super) fn must_be_to_come(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        if self.day < facts.today && !facts.works_with_people() {
            return Err(Refusal::DatesOutOfOrder(
                "only our office can enter a session that took place already",
            ));
        }
        Ok(())
    }
}

impl Turnout {
    /// Refuses names of people who had no place, a group that is named twice, and more people by
    /// name or from groups than came.
    pub(super) fn must_be_sound(
        &self,
        session: &GatheringSession,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        must_be_countable(self.people)?;
        if !self.named.iter().all(|person| session.has_place(*person)) {
            return Err(Refusal::NotSignedUp);
        }
        if self.groups.len() > GROUPS_MAX {
            return Err(Refusal::TooManyItems(GROUPS_MAX));
        }
        let mut groups = BTreeSet::new();
        for from in &self.groups {
            facts.named_group(from.group)?.must_be_active_or_merged()?;
            if !groups.insert(from.group) {
                return Err(Refusal::NamedTwice);
            }
        }
        let from_groups: u64 = self.groups.iter().map(|from| u64::from(from.people)).sum();
        let people = u64::from(self.people);
        let named = u64::try_from(self.named.len()).unwrap_or(u64::MAX);
        if named > people || from_groups > people {
            return Err(Refusal::Nothing(
                "enter no more people by name or from groups than came in all",
            ));
        }
        Ok(())
    }
}
