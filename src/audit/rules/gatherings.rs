//! The rules of gatherings: who leads one, and who has a place at a session.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::gathering::{SignUpWay, session_number};
use crate::domain::{Event, GatheringEvent, PersonId, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Gatherings {
    gatherings: BTreeMap<Uuid, SeenGathering>,
    sessions: BTreeMap<(Uuid, u16), SeenSession>,
}

/// What the events of a gathering say so far.
#[derive(Default)]
struct SeenGathering {
    is_open: bool,
    is_counted: bool,
    asks_for_check: bool,
    checked_until: Option<Date>,
    leads: BTreeSet<PersonId>,
    offered_to: Option<PersonId>,
}

/// Who has a place at a session, and who waits for one.
#[derive(Default)]
struct SeenSession {
    places: Option<u32>,
    taken: BTreeSet<PersonId>,
    waiting: Vec<PersonId>,
}

impl SeenSession {
    fn has_room(&self) -> bool {
        let taken = u32::try_from(self.taken.len()).unwrap_or(u32::MAX);
        self.places.is_none_or(|places| taken < places)
    }

    fn knows(&self, person: PersonId) -> bool {
        self.taken.contains(&person) || self.waiting.contains(&person)
    }
}

impl RuleRoom for Gatherings {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::GatheringLed, Rule::SessionPlaces]
    }

    fn check(&mut self, event: &RecordedEvent, _: &LogState, broken: &mut Broken<'_>) {
        let Event::Gathering(happened) = &event.event else {
            return;
        };
        let gathering = self.gatherings.entry(event.stream).or_default();
        if let Err(says) = gathering.check_lead(happened) {
            broken.report(Rule::GatheringLed, says);
        }
        gathering.follow(happened);
        let is_counted = gathering.is_counted;
        let Some(number) = session_number(happened) else {
            return;
        };
        let session = self.sessions.entry((event.stream, number)).or_default();
        if let Err(says) = session.check_places(happened, is_counted) {
            broken.report(Rule::SessionPlaces, says);
        }
        session.follow(happened);
    }
}

impl SeenGathering {
    fn check_lead(&self, event: &GatheringEvent) -> Result<(), &'static str> {
        match event {
            GatheringEvent::GatheringOpened { opened_on } => {
                if self.leads.is_empty() {
                    return Err("a gathering opened that no one led");
                }
                let is_checked = self.checked_until.is_some_and(|until| *opened_on <= until);
                if self.asks_for_check && !is_checked {
                    return Err("a gathering opened without a risk check that was in date");
                }
                Ok(())
            }
            GatheringEvent::LeadLeft { person }
                if self.is_open && self.leads.iter().all(|lead| lead == person) =>
            {
                Err("the last lead left a gathering that was open")
            }
            GatheringEvent::LeadTaken { person, .. } if self.offered_to != Some(*person) => {
                Err("a person took a lead that was not on offer to them")
            }
            _ => Ok(()),
        }
    }

    fn follow(&mut self, event: &GatheringEvent) {
        use GatheringEvent as E;
        match event {
            E::GatheringPlanned {
                leads,
                sign_up,
                risk_check,
                ..
            } => {
                self.leads.clone_from(leads);
                self.is_counted = *sign_up == SignUpWay::Counted;
                self.asks_for_check = *risk_check;
            }
            E::GatheringOpened { .. } => self.is_open = true,
            E::GatheringEnded { .. } => self.is_open = false,
            E::RiskChecked { good_until } => self.checked_until = Some(*good_until),
            E::LeadOffered { person } => self.offered_to = Some(*person),
            E::LeadTaken { person, .. } => {
                self.offered_to = None;
                self.leads.insert(*person);
            }
            E::LeadLeft { person } => drop(self.leads.remove(person)),
            _ => {}
        }
    }
}

impl SeenSession {
    fn check_places(&self, event: &GatheringEvent, is_counted: bool) -> Result<(), &'static str> {
        use GatheringEvent as E;
        match event {
            E::PlaceTaken { .. } | E::WaitingJoined { .. } if is_counted => {
                Err("a person signed up by name where people are counted")
            }
            E::PlaceTaken { .. } if !self.has_room() => {
                Err("a session has more people than places")
            }
            E::PlaceTaken {
                person,
                waited: true,
                ..
            } => {
                if self.waiting.first() == Some(person) {
                    Ok(())
                } else {
                    Err("a place went to a person who was not the first of those who waited")
                }
            }
            E::PlaceTaken { person, .. } | E::WaitingJoined { person, .. }
                if self.knows(*person) =>
            {
                Err("a person signed up twice for a session")
            }
            E::WaitingJoined { .. } if self.has_room() => {
                Err("a person waits for a session that has a free place")
            }
            E::WaitingJoined { rank, .. } => {
                let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
                if waiting.checked_add(1) == Some(*rank) {
                    Ok(())
                } else {
                    Err("a person who waits has not the next rank")
                }
            }
            E::SessionMoved { plan, .. } => {
                let taken = u32::try_from(self.taken.len()).unwrap_or(u32::MAX);
                if plan.places.is_none_or(|places| taken <= places) {
                    Ok(())
                } else {
                    Err("a session was given fewer places than people have one")
                }
            }
            _ => Ok(()),
        }
    }

    fn follow(&mut self, event: &GatheringEvent) {
        use GatheringEvent as E;
        match event {
            E::SessionAdded { plan, .. } | E::SessionMoved { plan, .. } => {
                self.places = plan.places;
            }
            E::PlaceTaken { person, .. } => {
                self.waiting.retain(|waits| waits != person);
                self.taken.insert(*person);
            }
            E::WaitingJoined { person, .. } => self.waiting.push(*person),
            E::PlaceGivenUp { person, .. } => drop(self.taken.remove(person)),
            E::WaitingLeft { person, .. } => self.waiting.retain(|waits| waits != person),
            E::SessionCancelled { .. } | E::SessionHeld { .. } => self.waiting.clear(),
            E::NeedsForgotten { .. } => {
                self.taken.clear();
                self.waiting.clear();
            }
            _ => {}
        }
    }
}
