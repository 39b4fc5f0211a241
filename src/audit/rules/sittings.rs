//! Who was present at the decisions of the panel, and who has confirmed it. The rooms for decisions
//! and for revocations each have an instance.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::LogState;
use crate::domain::application::PanelSitting;
use crate::domain::{ApplicationEvent, Event, GrantEvent, PersonId, Role};
use crate::eventlog::recorded_event::RecordedEvent;

/// The people who were named as present at a decision, and who of them has confirmed it. The person
/// who recorded it counts as confirmed.
#[derive(Clone, Debug, Default)]
pub(super) struct Presence {
    decision: u32,
    /// How many must have confirmed it. Earlier programs did not record it.
    quorum: usize,
    unconfirmed: BTreeSet<PersonId>,
    confirmed: BTreeSet<PersonId>,
}

impl Presence {
    /// Earlier programs did not record who recorded it; then everyone counts as confirmed.
    pub(super) fn new(decision: u32, sitting: &PanelSitting) -> Self {
        let is_recorder = |person: &PersonId| sitting.recorded_by.is_none_or(|by| by == *person);
        let (confirmed, unconfirmed) = sitting.present.iter().copied().partition(is_recorder);
        Self {
            decision,
            quorum: sitting.quorum.map_or(0, usize::from),
            unconfirmed,
            confirmed,
        }
    }

    /// Counts a person who confirms for themselves. Returns whether that person was expected to.
    pub(super) fn confirm(&mut self, decision: u32, person: PersonId, by: PersonId) -> bool {
        let is_expected =
            decision == self.decision && person == by && self.unconfirmed.remove(&person);
        if is_expected {
            self.confirmed.insert(person);
        }
        is_expected
    }

    pub(super) fn has_quorum(&self) -> bool {
        self.confirmed.len() >= self.quorum
    }

    pub(super) fn confirmed(&self) -> usize {
        self.confirmed.len()
    }

    pub(super) fn quorum(&self) -> usize {
        self.quorum
    }
}

/// The last decision on an application.
#[derive(Default)]
struct LastDecision {
    /// Its number: decisions are counted, also those that were taken back.
    number: u32,
    presence: Presence,
    /// That of the decision before it, while this one can be taken back.
    earlier: Option<Presence>,
}

#[derive(Default)]
pub(super) struct Sittings {
    decisions: BTreeMap<Uuid, LastDecision>,
    /// By grant: the last decision that raised its award.
    raises: BTreeMap<Uuid, Presence>,
}

impl Sittings {
    /// Notes an event after it was checked.
    pub(super) fn follow(&mut self, event: &RecordedEvent) {
        match &event.event {
            Event::Application(happened) => self.follow_application(event.stream, happened),
            Event::Grant(happened) => self.follow_grant(event.stream, happened),
            _ => {}
        }
    }

    fn follow_application(&mut self, id: Uuid, event: &ApplicationEvent) {
        use ApplicationEvent as E;
        match event {
            E::Declined {
                sitting,
                letter,
                take_back_until,
                ..
            } => self.decide(id, sitting, letter.is_some() || take_back_until.is_some()),
            E::Awarded {
                sitting, letter, ..
            }
            | E::Deferred {
                sitting, letter, ..
            }
            | E::Reserved {
                sitting, letter, ..
            } => self.decide(id, sitting, letter.is_some()),
            E::LetterReleased { .. } => {
                if let Some(last) = self.decisions.get_mut(&id) {
                    last.earlier = None;
                }
            }
            E::DecisionTakenBack { .. } => {
                if let Some(last) = self.decisions.get_mut(&id)
                    && let Some(earlier) = last.earlier.take()
                {
                    last.presence = earlier;
                }
            }
            E::AttendanceConfirmed {
                decision,
                person,
                by,
            } => {
                if let Some(last) = self.decisions.get_mut(&id) {
                    last.presence.confirm(*decision, *person, *by);
                }
            }
            _ => {}
        }
    }

    fn decide(&mut self, application: Uuid, sitting: &PanelSitting, can_be_taken_back: bool) {
        let last = self.decisions.entry(application).or_default();
        last.number = last.number.saturating_add(1);
        let presence = Presence::new(last.number, sitting);
        let earlier = std::mem::replace(&mut last.presence, presence);
        last.earlier = can_be_taken_back.then_some(earlier);
    }

    fn follow_grant(&mut self, id: Uuid, event: &GrantEvent) {
        match event {
            GrantEvent::GrantOffered { .. } => drop(self.raises.remove(&id)),
            GrantEvent::VariationApproved {
                variation,
                sitting: Some(sitting),
                ..
            } => {
                let presence = Presence::new(u32::from(*variation), sitting);
                self.raises.insert(id, presence);
            }
            GrantEvent::AttendanceConfirmed {
                decision,
                person,
                by,
            } => {
                if let Some(raise) = self.raises.get_mut(&id) {
                    raise.confirm(*decision, *person, *by);
                }
            }
            _ => {}
        }
    }

    /// Who was present at the last decision on an application.
    pub(super) fn decision(&self, application: Uuid) -> Option<&Presence> {
        self.decisions.get(&application).map(|last| &last.presence)
    }

    /// Who was present when the award of a grant was raised last.
    pub(super) fn raise(&self, grant: Uuid) -> Option<&Presence> {
        self.raises.get(&grant)
    }

    /// How many people take an award away again: as many as it needed, or as the fund's rules ask
    /// for where an earlier program did not record it.
    pub(super) fn needed_to_end(&self, application: Uuid, before: &LogState) -> usize {
        match self.decision(application).map_or(0, Presence::quorum) {
            0 => quorum_of_fund(application, before),
            quorum => quorum,
        }
    }
}

/// A person who is named as present and has not declared that they have no interest.
pub(super) fn find_undeclared(
    application: Uuid,
    sitting: &PanelSitting,
    before: &LogState,
) -> Option<PersonId> {
    let mut present = sitting.present.iter().copied();
    present.find(|person| before.has_declared_no_interest(application, *person) != Some(true))
}

/// How many people the rules of the fund of an application ask for now.
pub(super) fn quorum_of_fund(application: Uuid, before: &LogState) -> usize {
    before
        .fund_of(application)
        .map_or(0, |fund| usize::from(fund.rules().quorum))
}

/// What is wrong with the people of a sitting: the actor records it and is named as present, and
/// everyone sits on the panel.
pub(super) fn wrong_people(
    sitting: &PanelSitting,
    event: &RecordedEvent,
    before: &LogState,
) -> Option<String> {
    let Some(actor) = LogState::actor(event) else {
        return Some("no person recorded the decision".to_owned());
    };
    let is_recorder = match sitting.recorded_by {
        Some(recorder) => recorder == actor,
        None => !before.has_people_rules(),
    };
    if !is_recorder {
        return Some(format!(
            "{actor} gave the command, and is not named as the one who recorded the decision"
        ));
    }
    if !sitting.present.contains(&actor) {
        return Some(format!(
            "{actor} recorded the decision, and is not named as present"
        ));
    }
    let mut present = sitting.present.iter();
    present
        .find(|person| !before.holds_role(**person, Role::Panel))
        .map(|person| {
            format!("{person} is named as present at a decision, and does not sit on the panel")
        })
}
