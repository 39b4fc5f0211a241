//! What people agree to: one row a person and purpose.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::application::Channel;
use crate::domain::person::{ConsentBasis, ConsentPurpose};
use crate::domain::{Event, PersonEvent, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// Whether a person agrees.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ConsentState {
    Given,
    TakenBack,
}

/// What a person agreed to for one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Consent)]
pub struct ConsentRow {
    pub person: PersonId,
    pub purpose: ConsentPurpose,
    pub state: ConsentState,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub basis: ConsentBasis,
    /// The version of the notice that they were given.
    pub notice: u32,
    /// How it reached the office.
    pub channel: Channel,
    /// Who recorded it; absent if they did it themselves.
    pub keyed_by: Option<PersonId>,
    #[schema(value_type = String, format = "date")]
    pub given_on: Date,
    #[schema(value_type = Option<String>, format = "date")]
    pub taken_back_on: Option<Date>,
}

impl ConsentRow {
    /// The id of the row of a person and a purpose.
    #[must_use]
    pub fn id_of(person: PersonId, purpose: ConsentPurpose) -> String {
        format!("{person}/{}", <&str>::from(purpose))
    }
}

pub(in crate::projections) struct ConsentsProjection;

impl Projection for ConsentsProjection {
    const NAME: &'static str = "consents";
    type Row = ConsentRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let Event::Person(
            PersonEvent::ConsentGiven { purpose, .. }
            | PersonEvent::ConsentTakenBack { purpose, .. },
        ) = &event.event
        else {
            return None;
        };
        let person = PersonId(event.stream);
        Some(AffectedRows::one(&ConsentRow::id_of(person, *purpose)))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<ConsentRow>,
        _: Option<ConsentRow>,
    ) -> Option<ConsentRow> {
        match &event.event {
            Event::Person(PersonEvent::ConsentGiven {
                purpose,
                basis,
                notice,
                channel,
                keyed_by,
                given_on,
            }) => Some(ConsentRow {
                person: PersonId(event.stream),
                purpose: *purpose,
                state: ConsentState::Given,
                created_at: row.map_or_else(|| Moment::of(event), |row| row.created_at),
                updated_at: Moment::of(event),
                basis: *basis,
                notice: *notice,
                channel: *channel,
                keyed_by: *keyed_by,
                given_on: *given_on,
                taken_back_on: None,
            }),
            Event::Person(PersonEvent::ConsentTakenBack { taken_back_on, .. }) => {
                row.map(|row| ConsentRow {
                    state: ConsentState::TakenBack,
                    updated_at: Moment::of(event),
                    taken_back_on: Some(*taken_back_on),
                    ..row
                })
            }
            _ => None,
        }
    }
}
