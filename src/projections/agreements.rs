//! Published agreements: one row for each version, because a grant keeps the version that it was
//! offered with.

use serde::{Deserialize, Serialize};

use super::{Projection, Touches};
use crate::domain::{Event, OrganisationEvent};
use crate::log::record::Recorded;

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

pub(super) struct Agreements;

impl Projection for Agreements {
    const NAME: &'static str = "agreements";
    type Row = AgreementRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        let Event::Organisation(OrganisationEvent::AgreementPublished { version, .. }) =
            &event.event
        else {
            return None;
        };
        Some(Touches::one(&AgreementRow::id_of(*version)))
    }

    fn project(
        event: &Recorded,
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
