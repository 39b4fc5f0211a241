//! Tallies of groups and of gatherings, with what corrections replaced.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::tally::TallyOccasion;
use crate::domain::text::Slug;
use crate::domain::{Aggregate, Event, Gathering, GatheringEvent, Group, GroupEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A tally: how many people chose each answer to a question of the aims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyRow {
    /// The id of the group or gathering.
    pub of: Uuid,
    /// `group` or `gathering`.
    pub noun: String,
    /// The number of the tally of that group or gathering.
    pub tally: u16,
    pub created_at: Moment,
    /// The version of the aims that has the question.
    pub version: u32,
    pub question: Slug,
    pub occasion: TallyOccasion,
    pub asked_on: Date,
    /// How many people chose each option, by its key.
    pub counts: BTreeMap<Slug, u32>,
    /// What the corrections replaced, the oldest first.
    pub corrections: Vec<TallyCorrection>,
}

/// What a correction of a tally replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyCorrection {
    pub corrected_on: Date,
    /// The numbers before the correction.
    pub counts: BTreeMap<Slug, u32>,
    /// What was wrong with them.
    pub reason: String,
}

impl TallyRow {
    /// The id of a tally's row.
    #[must_use]
    pub fn id_of(of: Uuid, tally: u16) -> String {
        format!("{of}/{tally:05}")
    }

    fn correct(&mut self, event: &RecordedEvent, counts: &BTreeMap<Slug, u32>, reason: String) {
        let before = std::mem::replace(&mut self.counts, counts.clone());
        self.corrections.push(TallyCorrection {
            corrected_on: event.recorded_on(),
            counts: before,
            reason,
        });
    }
}

pub(in crate::projections) struct TalliesProjection;

impl Projection for TalliesProjection {
    const NAME: &'static str = "tallies";
    type Row = TallyRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        match &event.event {
            Event::Group(
                GroupEvent::TallyGiven { tally, .. } | GroupEvent::TallyCorrected { tally, .. },
            )
            | Event::Gathering(
                GatheringEvent::TallyGiven { tally, .. }
                | GatheringEvent::TallyCorrected { tally, .. },
            ) => Some(AffectedRows::one(&TallyRow::id_of(event.stream, *tally))),
            _ => None,
        }
    }

    fn project(
        event: &RecordedEvent,
        row: Option<TallyRow>,
        _: Option<TallyRow>,
    ) -> Option<TallyRow> {
        match &event.event {
            Event::Group(GroupEvent::TallyGiven {
                tally,
                version,
                question,
                counts,
                asked_on,
                occasion,
            })
            | Event::Gathering(GatheringEvent::TallyGiven {
                tally,
                version,
                question,
                counts,
                asked_on,
                occasion,
            }) => Some(TallyRow {
                of: event.stream,
                noun: noun_of(&event.event).to_owned(),
                tally: *tally,
                created_at: Moment::of(event),
                version: *version,
                question: question.clone(),
                occasion: *occasion,
                asked_on: *asked_on,
                counts: counts.clone(),
                corrections: Vec::new(),
            }),
            Event::Group(GroupEvent::TallyCorrected { counts, reason, .. })
            | Event::Gathering(GatheringEvent::TallyCorrected { counts, reason, .. }) => {
                let mut row = row?;
                row.correct(event, counts, reason.to_string());
                Some(row)
            }
            _ => None,
        }
    }
}

fn noun_of(event: &Event) -> &'static str {
    match event {
        Event::Gathering(_) => Gathering::TYPE,
        _ => Group::TYPE,
    }
}
