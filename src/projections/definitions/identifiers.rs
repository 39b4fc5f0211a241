//! Charity and company numbers: one row for each number, with the groups that it was recorded for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Event, GroupEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// The groups that have a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifierRow {
    pub groups: BTreeSet<Uuid>,
}

pub(in crate::projections) struct IdentifiersProjection;

impl Projection for IdentifiersProjection {
    const NAME: &'static str = "identifiers";
    type Row = IdentifierRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let Event::Group(GroupEvent::IdentifierRecorded { identifier, .. }) = &event.event else {
            return None;
        };
        Some(AffectedRows::one(identifier))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<IdentifierRow>,
        _: Option<IdentifierRow>,
    ) -> Option<IdentifierRow> {
        let mut row = row.unwrap_or_default();
        row.groups.insert(event.stream);
        Some(row)
    }
}
