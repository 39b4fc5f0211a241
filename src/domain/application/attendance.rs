//! Who was there when the panel decided. Those whom the recorder names confirm it themselves, or a
//! second person does: the quorum does not rest on one person's word.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Application, ApplicationEvent, Sitting};
use crate::domain::id::PersonId;
use crate::domain::{Facts, Refusal};

/// Somebody who was named as present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttendanceOf {
    pub person: PersonId,
}

/// The attendance of the meeting that took a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    recorded_by: Option<PersonId>,
    quorum: usize,
    unconfirmed: BTreeSet<PersonId>,
    confirmed: BTreeSet<PersonId>,
}

impl Attendance {
    /// A log from before attendance was confirmed names no recorder: then everybody counts.
    #[must_use]
    pub fn of(sitting: &Sitting) -> Self {
        let is_recorder = |person: &PersonId| sitting.recorded_by.is_none_or(|recorder| recorder == *person);
        let (confirmed, unconfirmed) = sitting.present.iter().copied().partition(is_recorder);
        Self { recorded_by: sitting.recorded_by, quorum: sitting.quorum.map_or(0, usize::from), unconfirmed, confirmed }
    }

    /// Lets a person confirm that somebody was there.
    ///
    /// # Errors
    /// [`Refusal::NotProposed`] for somebody who was not named; [`Refusal::SamePerson`] for the recorder.
    pub fn may_confirm(&self, person: PersonId, by: PersonId) -> Result<(), Refusal> {
        if !self.unconfirmed.contains(&person) {
            return Err(Refusal::NotProposed);
        }
        if by != person && self.recorded_by == Some(by) { Err(Refusal::SamePerson) } else { Ok(()) }
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
        self.attendance.may_confirm(of.person, by)?;
        Ok(ApplicationEvent::AttendanceConfirmed { person: of.person, by })
    }

    /// Who was there when it was last decided.
    #[must_use]
    pub fn attendance(&self) -> &Attendance {
        &self.attendance
    }
}
