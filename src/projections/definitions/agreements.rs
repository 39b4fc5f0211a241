//! Published agreements: one row for each version, because a grant keeps the version that it was
//! offered with.

use serde::{Deserialize, Serialize};

use crate::domain::{Event, OrganisationEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// A version of the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementRow {
    pub version: u32,
    pub text: String,
}

impl AgreementRow {
    /// The id of a version's row. Ids sort as versions do.
    #[must_use]
    pub fn id_of(version: u32) -> String {
        format!("{version:08}")
    }
}

pub(in crate::projections) struct AgreementsProjection;

impl Projection for AgreementsProjection {
    const NAME: &'static str = "agreements";
    type Row = AgreementRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let Event::Organisation(OrganisationEvent::AgreementPublished { version, .. }) =
            &event.event
        else {
            return None;
        };
        Some(AffectedRows::one(&AgreementRow::id_of(*version)))
    }

    fn project(
        event: &RecordedEvent,
        _: Option<AgreementRow>,
        _: Option<AgreementRow>,
    ) -> Option<AgreementRow> {
        let Event::Organisation(OrganisationEvent::AgreementPublished { version, text, .. }) =
            &event.event
        else {
            return None;
        };
        Some(AgreementRow {
            version: *version,
            text: text.to_string(),
        })
    }
}
