//! Ties between entries of the directory: one row for an entry and another that it was tied to.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::asset::TieKind;
use crate::domain::{AssetEvent, AssetId, Event};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// Whether two entries are tied.
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
pub enum TieState {
    Standing,
    Ended,
}

/// A tie from an entry of the directory to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Tie)]
pub struct TieRow {
    /// The entry in whose record the tie is.
    pub asset: AssetId,
    /// The other entry.
    pub other: AssetId,
    pub how: TieKind,
    pub state: TieState,
    #[schema(value_type = String, format = "date")]
    pub tied_on: Date,
    #[schema(value_type = Option<String>, format = "date")]
    pub ended_on: Option<Date>,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
}

pub(in crate::projections) struct TiesProjection;

impl Projection for TiesProjection {
    const NAME: &'static str = "ties";
    type Row = TieRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use AssetEvent as E;
        let Event::Asset(E::TieMade { to, .. } | E::TieEnded { to }) = &event.event else {
            return None;
        };
        Some(AffectedRows::one(&format_args!("{}/{to}", event.stream)))
    }

    fn project(event: &RecordedEvent, row: Option<TieRow>, _: Option<TieRow>) -> Option<TieRow> {
        use AssetEvent as E;
        match &event.event {
            Event::Asset(E::TieMade { to, how, tied_on }) => Some(TieRow {
                asset: AssetId(event.stream),
                other: *to,
                how: *how,
                state: TieState::Standing,
                tied_on: *tied_on,
                ended_on: None,
                created_at: row.map_or_else(|| Moment::of(event), |row| row.created_at),
                updated_at: Moment::of(event),
            }),
            Event::Asset(E::TieEnded { .. }) => row.map(|row| TieRow {
                state: TieState::Ended,
                ended_on: Some(event.recorded_on()),
                updated_at: Moment::of(event),
                ..row
            }),
            _ => None,
        }
    }
}
