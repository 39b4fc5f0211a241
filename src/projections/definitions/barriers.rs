//! Barriers: the problem in the words of staff, the organisation that it was passed on to, and its
//! answers. The words of those who raised a barrier stay encrypted.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::barrier::{BarrierState, ComesTo, barrier_words_kept_until};
use crate::domain::personal_data::Encrypted;
use crate::domain::text::Slug;
use crate::domain::{BarrierEvent, BarrierId, Event, GatheringId, GroupId, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A barrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = BarrierRecord)]
pub struct BarrierRow {
    pub id: Uuid,
    /// The sequence of the newest event of its stream.
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: BarrierState,
    /// Absent if it is about everywhere.
    pub area: Option<Slug>,
    pub theme: Option<Slug>,
    /// The gathering at which it came up.
    pub gathering: Option<GatheringId>,
    #[schema(value_type = String, format = "date")]
    pub raised_on: Date,
    /// How many people raised it, with those who raised what was joined to it. Absent for others
    /// than staff.
    pub people: Option<u32>,
    /// The person who raised it. Absent for others than staff and this person.
    pub person: Option<PersonId>,
    /// The group as whose member they raised it. Absent for others than staff and this person.
    pub group: Option<GroupId>,
    /// Those who raised it, and what was joined to it. Others than staff see themselves only.
    pub raised_by: BTreeSet<PersonId>,
    /// What is joined to it. Staff only.
    pub joined: BTreeSet<BarrierId>,
    /// The barrier that it is joined to.
    pub joined_into: Option<BarrierId>,
    /// What gets in people's way, in the words of staff.
    pub summary: Option<String>,
    /// The body that it was passed on to last.
    pub passed_on_to: Option<String>,
    /// What was asked of them.
    pub asked: Option<String>,
    /// The day by which an answer is asked for.
    #[schema(value_type = Option<String>, format = "date")]
    pub due_on: Option<Date>,
    #[schema(value_type = Option<String>, format = "date")]
    pub passed_on: Option<Date>,
    /// The answers, the newest last.
    pub answers: Vec<BarrierAnswerRow>,
    /// What comes of the newest answer.
    pub comes_to: Option<ComesTo>,
    /// How often its public words were withdrawn.
    #[serde(default)]
    pub withdrawals: u32,
    #[schema(value_type = Option<String>, format = "date")]
    pub closed_on: Option<Date>,
    /// Why it was closed. Staff only.
    pub closed_because: Option<String>,
    /// The day on which it was noticed that no answer had come in time.
    #[schema(value_type = Option<String>, format = "date")]
    pub reminded_on: Option<Date>,
    /// The last day on which the words of those who raised it are kept; absent once they are
    /// deleted.
    #[schema(value_type = Option<String>, format = "date")]
    pub kept_until: Option<Date>,
    /// What those who raised it said. It is stored encrypted, and readers get it as `words`.
    #[serde(
        default,
        rename = "sealed_words",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(ignore)]
    pub sealed: Option<Encrypted>,
}

/// An answer to a barrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AnswerToBarrier)]
pub struct BarrierAnswerRow {
    /// The answer, in the words of staff.
    pub answer: String,
    pub comes_to: ComesTo,
    #[schema(value_type = String, format = "date")]
    pub answered_on: Date,
}

impl BarrierRow {
    /// Whether everyone may read its summary and answers: it was passed on, and is not part of
    /// another barrier.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.passed_on.is_some() && self.joined_into.is_none()
    }

    /// Makes it a barrier that was not passed on, if its public words were withdrawn between this
    /// state and the current one.
    pub fn withdraw_as_in(&mut self, now: &Self) {
        if self.is_public() && self.withdrawals < now.withdrawals {
            self.withdraw();
        }
    }

    fn withdraw(&mut self) {
        self.state = BarrierState::Raised;
        (self.summary, self.passed_on_to, self.asked) = (None, None, None);
        (self.due_on, self.passed_on, self.reminded_on) = (None, None, None);
        self.answers.clear();
        self.comes_to = None;
        (self.closed_on, self.closed_because) = (None, None);
    }

    /// Whether a person raised it, or something that was joined to it.
    #[must_use]
    pub fn is_of(&self, person: PersonId) -> bool {
        self.raised_by.contains(&person)
    }
}

pub(in crate::projections) struct BarriersProjection;

impl Projection for BarriersProjection {
    const NAME: &'static str = "barriers";
    const SCHEMA_VERSION: i64 = 2;
    type Row = BarrierRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Barrier(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<BarrierRow>,
        _: Option<BarrierRow>,
    ) -> Option<BarrierRow> {
        let Event::Barrier(happened) = &event.event else {
            return None;
        };
        let mut row = match row {
            Some(row) => row,
            None => raised_row(event, happened)?,
        };
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        row.apply(happened, event);
        Some(row)
    }
}

fn raised_row(event: &RecordedEvent, happened: &BarrierEvent) -> Option<BarrierRow> {
    let BarrierEvent::BarrierRaised {
        person,
        group,
        area,
        theme,
        words,
        gathering,
        raised_on,
    } = happened
    else {
        return None;
    };
    Some(BarrierRow {
        id: event.stream,
        version: event.sequence,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: BarrierState::Raised,
        area: area.clone(),
        theme: theme.clone(),
        gathering: *gathering,
        raised_on: *raised_on,
        people: Some(1),
        person: Some(*person),
        group: *group,
        raised_by: BTreeSet::from([*person]),
        joined: BTreeSet::new(),
        joined_into: None,
        summary: None,
        passed_on_to: None,
        asked: None,
        due_on: None,
        passed_on: None,
        answers: Vec::new(),
        comes_to: None,
        withdrawals: 0,
        closed_on: None,
        closed_because: None,
        reminded_on: None,
        kept_until: Some(barrier_words_kept_until(*raised_on)),
        sealed: Some(words.clone()),
    })
}

impl BarrierRow {
    fn apply(&mut self, happened: &BarrierEvent, event: &RecordedEvent) {
        use BarrierEvent as E;
        match happened {
            E::BarrierRaised { .. } => {}
            E::BarrierSummedUp { summary } => {
                self.state = BarrierState::SummedUp;
                self.summary = Some(summary.to_string());
            }
            E::BarrierJoined { into } => {
                (self.state, self.joined_into) = (BarrierState::Joined, Some(*into));
            }
            E::BarrierTakenIn { joined, raised_by } => {
                self.joined.insert(*joined);
                self.raised_by.extend(raised_by);
                self.people = u32::try_from(self.raised_by.len()).ok();
            }
            E::BarrierPassedOn {
                to,
                asked,
                due_on,
                passed_on,
            } => {
                self.state = BarrierState::PassedOn;
                self.passed_on_to = Some(to.to_string());
                self.asked = Some(asked.to_string());
                (self.due_on, self.passed_on) = (Some(*due_on), Some(*passed_on));
                self.reminded_on = None;
            }
            E::BarrierAnswered {
                answer,
                comes_to,
                answered_on,
            } => {
                (self.state, self.comes_to) = (BarrierState::Answered, Some(*comes_to));
                self.answers.push(BarrierAnswerRow {
                    answer: answer.to_string(),
                    comes_to: *comes_to,
                    answered_on: *answered_on,
                });
            }
            E::BarrierWithdrawn {} => {
                self.withdraw();
                self.withdrawals = self.withdrawals.saturating_add(1);
            }
            E::BarrierClosed { reason } => {
                self.state = BarrierState::Closed;
                self.closed_on = Some(event.recorded_on());
                self.closed_because = Some(reason.to_string());
            }
            E::BarrierReminded {} => self.reminded_on = Some(event.recorded_on()),
            E::BarrierWordsForgotten { .. } => (self.kept_until, self.sealed) = (None, None),
        }
    }
}
