//! The pledges of each person who took one.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::text::Slug;
use crate::domain::{Event, PersonEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// What became of a pledge that a person took.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PledgeState {
    Taken,
    Kept,
    Dropped,
}

/// The pledges of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TakenPledgesRow {
    /// The person.
    pub id: Uuid,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    /// By the key of the pledge.
    #[schema(value_type = BTreeMap<String, TakenPledge>)]
    pub pledges: BTreeMap<Slug, TakenPledge>,
    /// The day from which the person is asked about them; absent if they are not asked, or were.
    #[schema(value_type = Option<String>, format = "date")]
    pub remind_on: Option<Date>,
    /// The day on which they were asked.
    #[schema(value_type = Option<String>, format = "date")]
    pub reminded_on: Option<Date>,
}

/// A pledge that a person took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TakenPledge {
    pub state: PledgeState,
    /// The version of the pledges that has it.
    pub version: u32,
    #[schema(value_type = String, format = "date")]
    pub taken_on: Date,
    /// The day from which the person is asked about it.
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
    #[schema(value_type = Option<String>, format = "date")]
    pub kept_on: Option<Date>,
}

pub(in crate::projections) struct PledgesProjection;

impl Projection for PledgesProjection {
    const NAME: &'static str = "pledges";
    type Row = TakenPledgesRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use PersonEvent as E;
        matches!(
            event.event,
            Event::Person(
                E::PledgeTaken { .. }
                    | E::PledgeKept { .. }
                    | E::PledgeDropped { .. }
                    | E::PledgesReminded {}
                    | E::PersonalDataErased { .. }
            )
        )
        .then(|| AffectedRows::one(&event.stream))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<TakenPledgesRow>,
        _: Option<TakenPledgesRow>,
    ) -> Option<TakenPledgesRow> {
        let Event::Person(happened) = &event.event else {
            return None;
        };
        // Nobody is left to be asked.
        if let PersonEvent::PersonalDataErased { .. } = happened {
            return row.map(|row| TakenPledgesRow {
                remind_on: None,
                updated_at: Moment::of(event),
                ..row
            });
        }
        let mut row = row.unwrap_or_else(|| TakenPledgesRow {
            id: event.stream,
            created_at: Moment::of(event),
            updated_at: Moment::of(event),
            pledges: BTreeMap::new(),
            remind_on: None,
            reminded_on: None,
        });
        row.updated_at = Moment::of(event);
        row.apply(happened, event);
        row.remind_on = row.next_reminder();
        Some(row)
    }
}

impl TakenPledgesRow {
    /// How many of the pledges are in a state.
    #[must_use]
    pub fn count(&self, state: PledgeState) -> usize {
        let pledges = self.pledges.values();
        pledges.filter(|pledge| pledge.state == state).count()
    }

    fn apply(&mut self, happened: &PersonEvent, event: &RecordedEvent) {
        match happened {
            PersonEvent::PledgeTaken {
                pledge,
                version,
                taken_on,
                due_on,
            } => {
                let taken = TakenPledge {
                    state: PledgeState::Taken,
                    version: *version,
                    taken_on: *taken_on,
                    due_on: *due_on,
                    kept_on: None,
                };
                self.pledges.insert(pledge.clone(), taken);
            }
            PersonEvent::PledgeKept { pledge, kept_on } => {
                if let Some(taken) = self.pledges.get_mut(pledge) {
                    (taken.state, taken.kept_on) = (PledgeState::Kept, Some(*kept_on));
                }
            }
            PersonEvent::PledgeDropped { pledge } => {
                if let Some(taken) = self.pledges.get_mut(pledge) {
                    taken.state = PledgeState::Dropped;
                }
            }
            PersonEvent::PledgesReminded {} => self.reminded_on = Some(event.recorded_on()),
            _ => {}
        }
    }

    /// The first day of a pledge that is open, unless the person kept one or was asked already.
    fn next_reminder(&self) -> Option<Date> {
        let has_kept = self.count(PledgeState::Kept) > 0;
        let open = self
            .pledges
            .values()
            .filter(|pledge| pledge.state == PledgeState::Taken);
        open.map(|pledge| pledge.due_on)
            .min()
            .filter(|_| !has_kept && self.reminded_on.is_none())
    }
}
