//! Grants from before this programme, recorded by an import: one row for each, because their number
//! in a group has no bound.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::group::PastGrant;
use crate::domain::text::Line;
use crate::domain::{Event, GroupEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// A grant that a group received before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastGrantRow {
    pub group: Uuid,
    pub past: PastGrant,
}

impl PastGrantRow {
    /// The id of a past grant's row.
    #[must_use]
    pub fn id_of(group: Uuid, reference: &Line) -> String {
        format!("{group}/{reference}")
    }
}

pub(in crate::projections) struct PastGrantsProjection;

impl Projection for PastGrantsProjection {
    const NAME: &'static str = "past_grants";
    type Row = PastGrantRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let Event::Group(GroupEvent::PastGrantRecorded { past, .. }) = &event.event else {
            return None;
        };
        Some(AffectedRows::one(&PastGrantRow::id_of(
            event.stream,
            &past.reference,
        )))
    }

    fn project(
        event: &RecordedEvent,
        _: Option<PastGrantRow>,
        _: Option<PastGrantRow>,
    ) -> Option<PastGrantRow> {
        let Event::Group(GroupEvent::PastGrantRecorded { past, .. }) = &event.event else {
            return None;
        };
        Some(PastGrantRow {
            group: event.stream,
            past: past.clone(),
        })
    }
}
