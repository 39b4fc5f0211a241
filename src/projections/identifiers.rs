//! Charity and company numbers: one row for each number, with the groups that it was recorded for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Projection, Touches};
use crate::domain::{Event, GroupEvent};
use crate::log::record::Recorded;

/// The groups that have a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifierRow {
    pub groups: BTreeSet<Uuid>,
}

pub(super) struct Identifiers;

impl Projection for Identifiers {
    const NAME: &'static str = "identifiers";
    type Row = IdentifierRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        let Event::Group(GroupEvent::IdentifierRecorded { identifier, .. }) = &event.event else {
            return None;
        };
        Some(Touches::one(identifier))
    }

    fn project(
        event: &Recorded,
        row: Option<IdentifierRow>,
        _: Option<IdentifierRow>,
    ) -> Option<IdentifierRow> {
        let mut row = row.unwrap_or_default();
        row.groups.insert(event.stream);
        Some(row)
    }
}
