//! The last position of each day in Europe/London: what `as_at` a date means.

use serde::{Deserialize, Serialize};

use super::{Projection, Touches};
use crate::log::record::Recorded;

/// A day on which something was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    pub last_position: i64,
}

pub(super) struct Days;

impl Projection for Days {
    const NAME: &'static str = "days";
    type Row = DayRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        Some(Touches::one(&event.recorded_on()))
    }

    fn project(event: &Recorded, _: Option<DayRow>, _: Option<DayRow>) -> Option<DayRow> {
        Some(DayRow { last_position: event.position })
    }
}
