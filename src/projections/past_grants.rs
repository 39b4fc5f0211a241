//! Grants from before this programme, recorded by an import: one row for each, because their number
//! in a group has no bound.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Projection, Touches};
use crate::domain::group::PastGrant;
use crate::domain::text::Line;
use crate::domain::{Event, GroupEvent};
use crate::log::record::Recorded;

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

pub(super) struct PastGrants;

impl Projection for PastGrants {
    const NAME: &'static str = "past_grants";
    type Row = PastGrantRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        let Event::Group(GroupEvent::PastGrantRecorded { past, .. }) = &event.event else {
            return None;
        };
        Some(Touches::one(&PastGrantRow::id_of(
            event.stream,
            &past.reference,
        )))
    }

    fn project(
        event: &Recorded,
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
