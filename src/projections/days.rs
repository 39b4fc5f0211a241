//! The first position of each day in Europe/London, which defines `as_at` a date.

use serde::{Deserialize, Serialize};

use super::{Projection, Touches};
use crate::log::record::Recorded;

/// A day on which an event was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    pub first_position: i64,
}

pub(super) struct Days;

impl Projection for Days {
    const NAME: &'static str = "days";
    const SHAPE: i64 = 2;
    type Row = DayRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        Some(Touches::one(&event.recorded_on()))
    }

    fn project(event: &Recorded, row: Option<DayRow>, _: Option<DayRow>) -> Option<DayRow> {
        row.is_none().then_some(DayRow {
            first_position: event.position,
        })
    }
}
