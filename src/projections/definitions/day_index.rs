//! The first position of each day in Europe/London, which defines `as_at` a date.

use serde::{Deserialize, Serialize};

use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// A day on which an event was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    pub first_position: i64,
}

pub(in crate::projections) struct DayIndexProjection;

impl Projection for DayIndexProjection {
    const NAME: &'static str = "days";
    const SCHEMA_VERSION: i64 = 2;
    type Row = DayRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        Some(AffectedRows::one(&event.recorded_on()))
    }

    fn project(event: &RecordedEvent, row: Option<DayRow>, _: Option<DayRow>) -> Option<DayRow> {
        row.is_none().then_some(DayRow {
            first_position: event.position,
        })
    }
}
