//! Who was there when the panel decided. Those whom the recorder names confirm it themselves, or a
//! second person does: the quorum does not rest on one person's word.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Application, ApplicationEvent, Sitting};
use crate::domain::id::PersonId;
use crate::domain::{Act, Connections, Facts, Refusal};

/// Somebody who was named as present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttendanceOf {
    pub person: PersonId,
    /// Which decision: of an application the number of its meeting, of a grant the variation that raised
    /// it. So nobody confirms another than the one that they saw.
    #[schema(minimum = 1)]
    pub decision: u32,
}

/// The attendance of the meeting that took a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    decision: u32,
    recorded_by: Option<PersonId>,
    quorum: usize,
    unconfirmed: BTreeSet<PersonId>,
    confirmed: BTreeSet<PersonId>,
}

impl Attendance {
    /// A log from before attendance was confirmed names no recorder: then everybody counts.
    #[must_use]
    pub fn of(decision: u32, sitting: &Sitting) -> Self {
        let is_recorder = |person: &PersonId| sitting.recorded_by.is_none_or(|recorder| recorder == *person);
        let (confirmed, unconfirmed) = sitting.present.iter().copied().partition(is_recorder);
        Self { decision, recorded_by: sitting.recorded_by, quorum: sitting.quorum.map_or(0, usize::from), unconfirmed, confirmed }
    }

    /// Lets a person confirm that somebody attended. The attendee is not erased and has no conflict of
    /// interest. A colleague who confirms it for them did not record the decision and has none either.
    ///
    /// # Errors
    /// [`Refusal::NotProposed`] for somebody who was not named; [`Refusal::SamePerson`] for the
    /// recorder; [`Refusal::Interested`] where somebody is connected who was named, or who confirms it.
    pub fn may_confirm(&self, of: AttendanceOf, facts: &Facts, connections: &Connections<'_>) -> Result<(), Refusal> {
        let by = facts.by()?;
        if self.decision != of.decision || !self.unconfirmed.contains(&of.person) {
            return Err(Refusal::NotProposed);
        }
        facts.person()?.must_stand()?;
        if connections.of(of.person).any(|connection| connection.shuts_out(Act::Decide)) {
            return Err(Refusal::Interested);
        }
        if by == of.person {
            return Ok(());
        }
        if self.recorded_by == Some(by) { Err(Refusal::SamePerson) } else { connections.permit(by, Act::Prepare) }
    }

    /// Who is known to have been there.
    pub fn confirmed(&self) -> impl Iterator<Item = PersonId> {
        self.confirmed.iter().copied()
    }

    pub fn confirm(&mut self, person: PersonId) {
        if self.unconfirmed.remove(&person) {
            self.confirmed.insert(person);
        }
    }

    /// Refuses money for a decision whose quorum is not confirmed.
    ///
    /// # Errors
    /// [`Refusal::AttendanceUnconfirmed`].
    pub fn must_have_quorum(&self) -> Result<(), Refusal> {
        let (needed, confirmed) = (self.quorum, self.confirmed.len());
        if confirmed < needed { Err(Refusal::AttendanceUnconfirmed { needed, confirmed }) } else { Ok(()) }
    }
}

impl Application {
    pub(super) fn confirm_attendance(&self, of: AttendanceOf, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        let by = facts.by()?;
        self.attendance.may_confirm(of, facts, &facts.connections(Some(self))?)?;
        Ok(ApplicationEvent::AttendanceConfirmed { decision: of.decision, person: of.person, by })
    }

    /// Refuses money for a decision whose quorum is not confirmed, or that rests on those alone who
    /// keyed the form in.
    ///
    /// # Errors
    /// [`Refusal::AttendanceUnconfirmed`], [`Refusal::KeyerAlone`].
    pub fn decision_is_confirmed(&self) -> Result<(), Refusal> {
        self.attendance.must_have_quorum()?;
        let mut confirmed = self.attendance.confirmed();
        let alone = self.interests.was_keyed() && confirmed.all(|person| self.interests.keyed_by(person));
        if alone && !self.attendance.unconfirmed.is_empty() { Err(Refusal::KeyerAlone) } else { Ok(()) }
    }
}
