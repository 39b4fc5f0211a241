//! What a log says about one gathering so far: its state, its leads, and its sessions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::super::grant_sentences::count_text;
use crate::audit::ledger::one_line;
use crate::domain::PersonId;
use crate::domain::gathering::{GatheringEvent, SessionState, session_number};
use crate::domain::language::day_text;

#[derive(Default)]
pub(super) struct GatheringFacts {
    /// The day of the newest event of the log.
    pub(super) until: Option<Date>,
    pub(super) title: String,
    state: &'static str,
    /// Those who lead it, and whether each had a role when they took the lead.
    leads: BTreeMap<PersonId, bool>,
    handed_over: usize,
    needs_risk_check: bool,
    checked_until: Option<Date>,
    sessions: BTreeMap<u16, SessionFacts>,
}

/// A session so far.
pub(super) struct SessionFacts {
    pub(super) day: Date,
    pub(super) places: Option<u32>,
    pub(super) taken: BTreeSet<PersonId>,
    pub(super) waiting: BTreeSet<PersonId>,
    pub(super) people: Option<u32>,
    state: SessionState,
    has_notes: bool,
    /// The event that added, moved or held it last.
    position: i64,
}

impl GatheringFacts {
    pub(super) fn session(&self, number: u16) -> Option<&SessionFacts> {
        self.sessions.get(&number)
    }

    /// Those who lead it when a person has left.
    pub(super) fn leads_without(&self, person: PersonId) -> Vec<PersonId> {
        let leads = self.leads.keys().copied();
        leads.filter(|lead| *lead != person).collect()
    }

    pub(super) fn apply(&mut self, event: &GatheringEvent, position: i64) {
        use GatheringEvent as E;
        match event {
            E::GatheringPlanned {
                about,
                leads,
                risk_check,
                ..
            } => {
                self.state = "in draft";
                self.title = one_line(about.title.as_str());
                self.leads = leads.iter().map(|lead| (*lead, true)).collect();
                self.needs_risk_check = *risk_check;
            }
            E::GatheringDescribed { about } => self.title = one_line(about.title.as_str()),
            E::GatheringOpened { .. } => self.state = "open",
            E::GatheringEnded { .. } => self.state = "over",
            E::RiskChecked { good_until } => self.checked_until = Some(*good_until),
            E::LeadTaken { person, staff } => drop(self.leads.insert(*person, *staff)),
            E::LeadLeft { person } => {
                let was_staff = self.leads.remove(person) == Some(true);
                let by_people = !self.leads.is_empty() && self.leads.values().all(|staff| !staff);
                let handed_over = usize::from(was_staff && by_people);
                self.handed_over = self.handed_over.saturating_add(handed_over);
            }
            E::SessionAdded { session, plan } => {
                let added = SessionFacts {
                    day: plan.day,
                    places: plan.places,
                    taken: BTreeSet::new(),
                    waiting: BTreeSet::new(),
                    people: None,
                    state: SessionState::Planned,
                    has_notes: false,
                    position,
                };
                self.sessions.insert(*session, added);
            }
            _ => self.apply_to_session(event, position),
        }
    }

    fn apply_to_session(&mut self, event: &GatheringEvent, position: i64) {
        use GatheringEvent as E;
        let Some(session) = session_number(event).and_then(|number| self.sessions.get_mut(&number))
        else {
            return;
        };
        match event {
            E::SessionMoved { plan, .. } => {
                (session.day, session.places) = (plan.day, plan.places);
                session.position = position;
            }
            E::SessionCancelled { .. } => session.state = SessionState::Cancelled,
            E::PlaceTaken { person, .. } => {
                session.waiting.remove(person);
                session.taken.insert(*person);
            }
            E::WaitingJoined { person, .. } => drop(session.waiting.insert(*person)),
            E::PlaceGivenUp { person, .. } => drop(session.taken.remove(person)),
            E::WaitingLeft { person, .. } => drop(session.waiting.remove(person)),
            E::SessionHeld { came, .. } => {
                session.state = SessionState::Held;
                (session.people, session.position) = (Some(came.people), position);
            }
            E::AttendanceCorrected { came, .. } => session.people = Some(came.people),
            E::NotesWritten { .. } => session.has_notes = true,
            _ => {}
        }
    }

    /// What became of it, in a few sentences.
    pub(super) fn verdict(&self) -> String {
        let sessions = || self.sessions.values();
        let held = sessions().filter(|one| one.state == SessionState::Held);
        let cancelled = sessions().filter(|one| one.state == SessionState::Cancelled);
        let people: u64 = sessions().filter_map(|one| one.people).map(u64::from).sum();
        let mut says = format!(
            "The gathering is {}. Of {}, {} held and {} cancelled. In all, {people} people came.",
            self.state,
            count_text(self.sessions.len(), "session", "sessions"),
            were(held.count()),
            were(cancelled.count()),
        );
        if self.handed_over > 0 {
            says.push_str(" Staff handed the lead over to people without a role.");
        }
        says
    }

    /// What an auditor would ask for and the log does not hold, a sentence each.
    pub(super) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (number, session) in &self.sessions {
            let (day, position) = (day_text(session.day), session.position);
            let is_past = self.until.is_some_and(|until| session.day < until);
            if session.state == SessionState::Planned && is_past {
                missing.push(format!(
                    "Nobody recorded who came to session {number} on {day} ({position})."
                ));
            } else if session.state == SessionState::Held && !session.has_notes {
                missing.push(format!(
                    "No notes say what was learned at session {number} on {day} ({position})."
                ));
            }
        }
        let is_late = self.checked_until < self.until;
        if self.needs_risk_check && self.state == "open" && is_late {
            let until = self.checked_until.map(day_text).unwrap_or_default();
            missing.push(format!("The risk check was valid until {until}."));
        }
        missing
    }
}

fn were(count: usize) -> String {
    match count {
        0 => "none was".to_owned(),
        1 => "1 was".to_owned(),
        count => format!("{count} were"),
    }
}
