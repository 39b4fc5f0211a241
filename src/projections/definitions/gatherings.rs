//! Gatherings: what is said about each, and who leads it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::gathering::{
    GatheringKind, GatheringState, GatheringWords, SignUpWay, hand_kept_until,
};
use crate::domain::personal_data::Encrypted;
use crate::domain::text::Slug;
use crate::domain::{Event, FundId, GatheringEvent, GatheringId, GroupId, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A gathering. Its sessions are [`super::sessions::GatheringSessionRow`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = GatheringRecord)]
pub struct GatheringRow {
    pub id: Uuid,
    /// The sequence of the newest event of its stream.
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: GatheringState,
    pub kind: GatheringKind,
    pub title: String,
    pub description: String,
    /// When it was planned, or its words were last replaced.
    #[schema(value_type = String, format = "date-time")]
    pub described_at: Moment,
    pub area: Option<Slug>,
    pub themes: BTreeSet<Slug>,
    /// The group that runs it.
    pub group: Option<GroupId>,
    pub fund: Option<FundId>,
    pub sign_up: SignUpWay,
    /// Whether somebody must look at its risks before it opens.
    pub risk_check: bool,
    /// The last day on which the newest risk check is valid.
    #[schema(value_type = Option<String>, format = "date")]
    pub checked_until: Option<Date>,
    /// The gathering that it grew from.
    pub grew_from: Option<GatheringId>,
    /// Those who lead it, and whether each had a role in the organisation when they took the lead.
    /// Others than staff and leads see themselves only.
    #[schema(value_type = BTreeMap<String, bool>)]
    pub leads: BTreeMap<PersonId, bool>,
    /// The person to whom the lead is offered. Absent for others than staff, leads and this person.
    pub offered_to: Option<PersonId>,
    /// How often its last lead of staff left it to leads who have no role.
    pub handed_over: u32,
    /// The days on which that happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub handed_over_on: Vec<Date>,
    #[schema(value_type = String, format = "date")]
    pub planned_on: Date,
    #[schema(value_type = Option<String>, format = "date")]
    pub opened_on: Option<Date>,
    #[schema(value_type = Option<String>, format = "date")]
    pub ended_on: Option<Date>,
    /// The lead who last asked the office for a hand. Absent for others than staff and leads.
    pub hand_asked_by: Option<PersonId>,
    #[schema(value_type = Option<String>, format = "date")]
    pub hand_asked_on: Option<Date>,
    /// The last day on which it is kept what would help; absent once it is deleted. Absent for
    /// others than staff and leads.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub hand_kept_until: Option<Date>,
    /// What would help. It is stored encrypted, and readers get it as `hand_words`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub hand: Option<Encrypted>,
}

impl GatheringRow {
    /// Takes the public words of another state of the same gathering.
    pub fn take_words_of(&mut self, other: &Self) {
        self.title.clone_from(&other.title);
        self.description.clone_from(&other.description);
    }

    /// Whether everyone who is signed in may see it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.state != GatheringState::Draft
    }

    #[must_use]
    pub fn is_led_by(&self, person: PersonId) -> bool {
        self.leads.contains_key(&person)
    }

    fn describe(&mut self, about: &GatheringWords) {
        self.title = about.title.to_string();
        self.description = about.description.to_string();
        self.area.clone_from(&about.area);
        self.themes.clone_from(&about.themes);
    }
}

pub(in crate::projections) struct GatheringsProjection;

impl Projection for GatheringsProjection {
    const NAME: &'static str = "gatherings";
    const SCHEMA_VERSION: i64 = 2;
    type Row = GatheringRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Gathering(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<GatheringRow>,
        _: Option<GatheringRow>,
    ) -> Option<GatheringRow> {
        let Event::Gathering(happened) = &event.event else {
            return None;
        };
        let mut row = match row {
            Some(row) => row,
            None => planned_row(event, happened)?,
        };
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        row.apply(happened, event);
        Some(row)
    }
}

fn planned_row(event: &RecordedEvent, happened: &GatheringEvent) -> Option<GatheringRow> {
    let GatheringEvent::GatheringPlanned {
        kind,
        about,
        leads,
        group,
        fund,
        sign_up,
        risk_check,
        grew_from,
        planned_on,
    } = happened
    else {
        return None;
    };
    let mut row = GatheringRow {
        id: event.stream,
        version: event.sequence,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: GatheringState::Draft,
        kind: *kind,
        title: String::new(),
        description: String::new(),
        described_at: Moment::of(event),
        area: None,
        themes: BTreeSet::new(),
        group: *group,
        fund: *fund,
        sign_up: *sign_up,
        risk_check: *risk_check,
        checked_until: None,
        grew_from: *grew_from,
        leads: leads.iter().map(|lead| (*lead, true)).collect(),
        offered_to: None,
        handed_over: 0,
        handed_over_on: Vec::new(),
        planned_on: *planned_on,
        opened_on: None,
        ended_on: None,
        hand_asked_by: None,
        hand_asked_on: None,
        hand_kept_until: None,
        hand: None,
    };
    row.describe(about);
    Some(row)
}

impl GatheringRow {
    fn apply(&mut self, happened: &GatheringEvent, event: &RecordedEvent) {
        use GatheringEvent as E;
        match happened {
            E::GatheringDescribed { about } => {
                self.describe(about);
                self.described_at = Moment::of(event);
            }
            E::GatheringOpened { opened_on } => {
                (self.state, self.opened_on) = (GatheringState::Open, Some(*opened_on));
            }
            E::GatheringEnded { ended_on } => {
                (self.state, self.ended_on) = (GatheringState::Ended, Some(*ended_on));
            }
            E::RiskChecked { good_until } => self.checked_until = Some(*good_until),
            E::LeadOffered { person } => self.offered_to = Some(*person),
            E::LeadTaken { person, staff } => {
                self.offered_to = None;
                self.leads.insert(*person, *staff);
            }
            E::LeadLeft { person } => {
                let was_staff = self.leads.remove(person) == Some(true);
                let is_led_by_people =
                    !self.leads.is_empty() && self.leads.values().all(|staff| !staff);
                if was_staff && is_led_by_people {
                    self.handed_over = self.handed_over.saturating_add(1);
                    self.handed_over_on.push(event.recorded_on());
                }
            }
            E::HandAskedFor { lead, words, .. } => {
                self.hand_asked_by = Some(*lead);
                self.hand_asked_on = Some(event.recorded_on());
                self.hand = Some(words.clone());
                self.hand_kept_until = Some(hand_kept_until(event.recorded_on()));
            }
            E::HandForgotten { .. } => (self.hand_kept_until, self.hand) = (None, None),
            _ => {}
        }
    }
}
