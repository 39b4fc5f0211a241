//! Attendance at a panel decision. Each person whom the recorder named as present confirms it
//! themselves, so the quorum does not depend on one person's word.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Application, ApplicationEvent, PanelSitting};
use crate::domain::id::PersonId;
use crate::domain::{Connections, DecisionContext, Refusal, RestrictedAction};

/// A person who was named as present at a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttendanceRef {
    pub person: PersonId,
    /// The number of the decision: for an application, that of its meeting; for a grant, that of
    /// the variation that raised the award. A confirmation with another number is refused.
    #[schema(minimum = 1)]
    pub decision: u32,
}

/// Who was named as present at a decision, and who of them has confirmed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    decision: u32,
    quorum: usize,
    unconfirmed: BTreeSet<PersonId>,
    confirmed: BTreeSet<PersonId>,
    /// The last day on which attendance can be confirmed, where the fund's rules name one.
    confirm_by: Option<Date>,
}

impl Attendance {
    /// Counts the recorder as confirmed. Old logs name no recorder; then everyone who was named
    /// counts as confirmed.
    #[must_use]
    pub fn new(decision: u32, sitting: &PanelSitting) -> Self {
        let is_recorder = |person: &PersonId| {
            sitting
                .recorded_by
                .is_none_or(|recorder| recorder == *person)
        };
        let (confirmed, unconfirmed) = sitting.present.iter().copied().partition(is_recorder);
        let quorum = sitting.quorum.map_or(0, usize::from);
        Self {
            decision,
            quorum,
            unconfirmed,
            confirmed,
            confirm_by: sitting.confirm_by,
        }
    }

    /// Refuses unless the actor may confirm their own attendance.
    ///
    /// Refuses with [`Refusal::NotProposed`] if the person was not named or has confirmed already,
    /// [`Refusal::ConfirmedTooLate`] after the last day, [`Refusal::NotYours`] if someone else
    /// acts, [`Refusal::KnownToOne`] if one administrator alone gave the person their role, and
    /// [`Refusal::Interested`] if the person is connected with the group.
    pub fn must_be_confirmable(
        &self,
        of: AttendanceRef,
        facts: &DecisionContext,
        connections: &Connections<'_>,
    ) -> Result<(), Refusal> {
        if self.decision != of.decision || !self.unconfirmed.contains(&of.person) {
            return Err(Refusal::NotProposed);
        }
        if let Some(day) = self.confirm_by.filter(|day| facts.today > *day) {
            return Err(Refusal::ConfirmedTooLate(day));
        }
        if facts.by()? != of.person {
            return Err(Refusal::NotYours);
        }
        facts.must_be_known_to_two(of.person)?;
        if connections
            .of(of.person)
            .any(|connection| connection.excludes_from(RestrictedAction::Decide))
        {
            return Err(Refusal::Interested);
        }
        Ok(())
    }

    /// Those whose attendance is confirmed, including the recorder.
    pub fn confirmed(&self) -> impl Iterator<Item = PersonId> {
        self.confirmed.iter().copied()
    }

    pub fn confirm(&mut self, person: PersonId) {
        if self.unconfirmed.remove(&person) {
            self.confirmed.insert(person);
        }
    }

    /// How many people the decision needed.
    #[must_use]
    pub fn quorum(&self) -> usize {
        self.quorum
    }

    /// Refuses with [`Refusal::AttendanceUnconfirmed`] until as many people have confirmed as the
    /// decision needed.
    pub fn must_have_quorum(&self) -> Result<(), Refusal> {
        let (needed, confirmed) = (self.quorum, self.confirmed.len());
        if confirmed < needed {
            Err(Refusal::AttendanceUnconfirmed { needed, confirmed })
        } else {
            Ok(())
        }
    }
}

impl Application {
    pub(super) fn confirm_attendance(
        &self,
        of: AttendanceRef,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        let by = facts.by()?;
        self.attendance
            .must_be_confirmable(of, facts, &facts.connections(Some(self))?)?;
        Ok(ApplicationEvent::AttendanceConfirmed {
            decision: of.decision,
            person: of.person,
            by,
        })
    }

    /// Refuses to pay out a decision that is not confirmed: with [`Refusal::AttendanceUnconfirmed`]
    /// below the quorum, and with [`Refusal::KeyerAlone`] while everyone who has confirmed also
    /// keyed in the form and others have not confirmed yet.
    pub fn decision_must_be_confirmed(&self) -> Result<(), Refusal> {
        self.attendance.must_have_quorum()?;
        let mut confirmed = self.attendance.confirmed();
        let alone =
            self.interests.was_keyed() && confirmed.all(|person| self.interests.keyed_by(person));
        if alone && !self.attendance.unconfirmed.is_empty() {
            Err(Refusal::KeyerAlone)
        } else {
            Ok(())
        }
    }

    /// Once the last day for confirming has passed, refuses a decision that is not confirmed, as
    /// [`Application::decision_must_be_confirmed`] does. Until that day it allows every decision.
    pub fn must_be_confirmed_in_time(&self, today: Date) -> Result<(), Refusal> {
        match self.attendance.confirm_by {
            Some(day) if today > day => self.decision_must_be_confirmed(),
            _ => Ok(()),
        }
    }

    /// Checks the people who take away an award: the named people and the recorder, at least as
    /// many as the award needed. Awards without a recorded quorum use the fund's.
    pub(in crate::domain) fn sitting_for_revocation(
        &self,
        present: &BTreeSet<PersonId>,
        facts: &DecisionContext,
    ) -> Result<PanelSitting, Refusal> {
        let needed = match self.attendance.quorum() {
            0 => usize::from(facts.fund()?.rules().quorum),
            quorum => quorum,
        };
        self.sitting_with_quorum(present, needed, None, facts)
    }
}
