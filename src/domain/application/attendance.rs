//! Who was there when the panel decided. Those whom the recorder names confirm it themselves: the
//! quorum does not rest on one person's word.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Application, ApplicationEvent, Sitting};
use crate::domain::id::PersonId;
use crate::domain::{Act, Connections, Facts, Refusal};

/// Somebody who was named as present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttendanceOf {
    pub person: PersonId,
    /// Which decision: of an application the number of its meeting, of a grant the variation that
    /// raised it. So nobody confirms another than the one that they saw.
    #[schema(minimum = 1)]
    pub decision: u32,
}

/// The attendance of the meeting that took a decision.
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
    /// A log from before attendance was confirmed names no recorder: then everybody counts.
    #[must_use]
    pub fn of(decision: u32, sitting: &Sitting) -> Self {
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

    /// Lets a person confirm that they attended. Nobody does it for them.
    ///
    /// # Errors
    /// [`Refusal::NotProposed`] for somebody who was not named; [`Refusal::NotYours`] for anybody
    /// else than the person who was named; [`Refusal::Interested`] where they are connected;
    /// [`Refusal::KnownToOne`] where one administrator alone made them a panel member.
    pub fn may_confirm(
        &self,
        of: AttendanceOf,
        facts: &Facts,
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
        facts.is_known_to_two(of.person)?;
        if connections
            .of(of.person)
            .any(|connection| connection.shuts_out(Act::Decide))
        {
            return Err(Refusal::Interested);
        }
        Ok(())
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

    /// How many people had to decide.
    #[must_use]
    pub fn quorum(&self) -> usize {
        self.quorum
    }

    /// Refuses money for a decision whose quorum is not confirmed.
    ///
    /// # Errors
    /// [`Refusal::AttendanceUnconfirmed`].
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
        of: AttendanceOf,
        facts: &Facts,
    ) -> Result<ApplicationEvent, Refusal> {
        let by = facts.by()?;
        self.attendance
            .may_confirm(of, facts, &facts.connections(Some(self))?)?;
        Ok(ApplicationEvent::AttendanceConfirmed {
            decision: of.decision,
            person: of.person,
            by,
        })
    }

    /// Refuses money for a decision whose quorum is not confirmed, or that rests on those alone who
    /// keyed the form in.
    ///
    /// # Errors
    /// [`Refusal::AttendanceUnconfirmed`], [`Refusal::KeyerAlone`].
    pub fn decision_is_confirmed(&self) -> Result<(), Refusal> {
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

    /// Refuses to go on with a decision that nobody can confirm any more.
    ///
    /// # Errors
    /// [`Refusal::AttendanceUnconfirmed`], [`Refusal::KeyerAlone`].
    pub fn confirmed_in_time(&self, today: Date) -> Result<(), Refusal> {
        match self.attendance.confirm_by {
            Some(day) if today > day => self.decision_is_confirmed(),
            _ => Ok(()),
        }
    }

    /// The people named as present, with whoever records it, if they may take away what was
    /// awarded: as many as awarded it.
    pub(in crate::domain) fn sitting_of_award(
        &self,
        present: &BTreeSet<PersonId>,
        facts: &Facts,
    ) -> Result<Sitting, Refusal> {
        let needed = match self.attendance.quorum() {
            0 => usize::from(facts.fund()?.rules().quorum),
            quorum => quorum,
        };
        self.sitting_of(present, needed, None, facts)
    }
}
