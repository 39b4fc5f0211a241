//! Sessions of gatherings, with how many have a place, how many wait, and how many came.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::gathering::{
    ClockTime, PlaceAudience, SessionPlan, SessionState, Turnout, needs_kept_until, session_number,
};
use crate::domain::text::{Line, Slug};
use crate::domain::{Event, GatheringEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A session of a gathering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = GatheringSession)]
pub struct GatheringSessionRow {
    pub gathering: Uuid,
    pub session: u16,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: SessionState,
    #[schema(value_type = String, format = "date")]
    pub day: Date,
    pub starts_at: ClockTime,
    pub ends_at: ClockTime,
    /// Where it is. Absent for those who may not read it.
    pub place: Option<Line>,
    pub place_for: PlaceAudience,
    /// How many can take part; absent if there is no limit.
    pub places: Option<u32>,
    /// How many have a place, by name.
    pub taken: u32,
    /// How many wait for a place, by name.
    pub waiting: u32,
    /// How many want to come, where people are counted.
    pub counted: u32,
    /// How often it was moved, changed or cancelled.
    pub changes: u32,
    /// When it was added, or last moved, changed or cancelled.
    #[schema(value_type = String, format = "date-time")]
    pub changed_at: Moment,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Who came. Only staff and leads see names and groups, and fewer than five people.
    pub came: Option<Turnout>,
    /// What was learned, in the words of staff.
    pub learned: Option<String>,
    pub ideas: Vec<Line>,
    /// The signs of success that were seen.
    pub signs: BTreeSet<Slug>,
    #[schema(value_type = Option<String>, format = "date")]
    pub reminded_on: Option<Date>,
    /// The last day on which it is kept who signed up and what they need; absent if no one did, and
    /// after these were forgotten.
    #[schema(value_type = Option<String>, format = "date")]
    pub kept_until: Option<Date>,
}

impl GatheringSessionRow {
    /// Takes the place of another state of the same session, and its notes and its reason if it has
    /// any.
    pub fn take_words_of(&mut self, other: &Self) {
        self.place.clone_from(&other.place);
        self.place_for = other.place_for;
        if self.reason.is_some() {
            self.reason.clone_from(&other.reason);
        }
        if self.learned.is_some() {
            self.learned.clone_from(&other.learned);
            self.ideas.clone_from(&other.ideas);
            self.signs.clone_from(&other.signs);
        }
    }

    /// The id of a session's row.
    #[must_use]
    pub fn id_of(gathering: Uuid, session: u16) -> String {
        format!("{gathering}/{session:05}")
    }

    fn count_change(&mut self, event: &RecordedEvent) {
        self.changes = self.changes.saturating_add(1);
        self.changed_at = Moment::of(event);
    }

    fn replan(&mut self, plan: &SessionPlan) {
        self.day = plan.day;
        self.starts_at.clone_from(&plan.starts_at);
        self.ends_at.clone_from(&plan.ends_at);
        self.place.clone_from(&plan.place);
        (self.place_for, self.places) = (plan.place_for, plan.places);
    }
}

pub(in crate::projections) struct SessionsProjection;

impl Projection for SessionsProjection {
    const NAME: &'static str = "sessions";
    type Row = GatheringSessionRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let Event::Gathering(happened) = &event.event else {
            return None;
        };
        let session = session_number(happened)?;
        Some(AffectedRows::one(&GatheringSessionRow::id_of(
            event.stream,
            session,
        )))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<GatheringSessionRow>,
        _: Option<GatheringSessionRow>,
    ) -> Option<GatheringSessionRow> {
        let Event::Gathering(happened) = &event.event else {
            return None;
        };
        if let GatheringEvent::SessionAdded { session, plan } = happened {
            return Some(added_row(event, *session, plan));
        }
        let mut row = row?;
        row.updated_at = Moment::of(event);
        row.apply(happened, event);
        Some(row)
    }
}

fn added_row(event: &RecordedEvent, session: u16, plan: &SessionPlan) -> GatheringSessionRow {
    GatheringSessionRow {
        gathering: event.stream,
        session,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: SessionState::Planned,
        day: plan.day,
        starts_at: plan.starts_at.clone(),
        ends_at: plan.ends_at.clone(),
        place: plan.place.clone(),
        place_for: plan.place_for,
        places: plan.places,
        taken: 0,
        waiting: 0,
        counted: 0,
        changes: 0,
        changed_at: Moment::of(event),
        reason: None,
        came: None,
        learned: None,
        ideas: Vec::new(),
        signs: BTreeSet::new(),
        reminded_on: None,
        kept_until: None,
    }
}

impl GatheringSessionRow {
    fn apply(&mut self, happened: &GatheringEvent, event: &RecordedEvent) {
        use GatheringEvent as E;
        match happened {
            E::SessionMoved { plan, .. } => {
                if plan.day != self.day {
                    self.reminded_on = None;
                }
                self.replan(plan);
                self.count_change(event);
                self.kept_until = self.kept_until.map(|_| needs_kept_until(plan.day));
            }
            E::SessionCancelled { reason, .. } => {
                self.state = SessionState::Cancelled;
                self.reason = Some(reason.to_string());
                self.count_change(event);
            }
            E::PlaceTaken { waited, .. } => {
                self.taken = self.taken.saturating_add(1);
                self.waiting = self.waiting.saturating_sub(u32::from(*waited));
                self.kept_until = Some(needs_kept_until(self.day));
            }
            E::WaitingJoined { .. } => {
                self.waiting = self.waiting.saturating_add(1);
                self.kept_until = Some(needs_kept_until(self.day));
            }
            E::PlaceGivenUp { .. } => self.taken = self.taken.saturating_sub(1),
            E::WaitingLeft { .. } => self.waiting = self.waiting.saturating_sub(1),
            E::SignUpsCounted { people, .. } => self.counted = *people,
            E::SessionHeld { came, .. } => {
                self.state = SessionState::Held;
                self.came = Some(came.clone());
            }
            E::AttendanceCorrected { came, .. } => self.came = Some(came.clone()),
            E::NotesWritten {
                learned,
                ideas,
                signs,
                ..
            } => {
                self.learned = Some(learned.to_string());
                self.ideas.clone_from(ideas);
                self.signs.clone_from(signs);
            }
            E::SessionReminded { .. } => self.reminded_on = Some(event.recorded_on()),
            E::NeedsForgotten { .. } => {
                self.kept_until = None;
                // A session that was never held has nobody left who would come.
                if self.state == SessionState::Planned {
                    (self.taken, self.waiting) = (0, 0);
                }
            }
            _ => {}
        }
    }
}

impl GatheringSessionRow {
    /// Where it is, for a reader who has a place or not.
    #[must_use]
    pub fn place_for_reader(&self, has_place: bool) -> Option<&Line> {
        let may_know = has_place || self.place_for == PlaceAudience::Everyone;
        self.place.as_ref().filter(|_| may_know)
    }
}
