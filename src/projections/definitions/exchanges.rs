//! Time that was given and received: one row an exchange.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::asset::Party;
use crate::domain::{AssetEvent, AssetId, Event};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// Minutes that one party gave to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Exchange)]
pub struct ExchangeRow {
    /// The entry of the directory that it belongs to.
    pub asset: AssetId,
    /// The number of the exchange within the entry.
    pub exchange: u32,
    pub giver: Party,
    pub receiver: Party,
    /// The id of the person or group that gave the time.
    pub giver_id: Uuid,
    /// The id of the person or group that received it.
    pub receiver_id: Uuid,
    /// The minutes that were recorded or corrected last.
    pub minutes: u32,
    /// The day on which it was.
    #[schema(value_type = String, format = "date")]
    pub on: Date,
    /// The day on which the minutes were corrected last.
    #[schema(value_type = Option<String>, format = "date")]
    pub corrected_on: Option<Date>,
    /// What was wrong.
    pub reason: Option<String>,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
}

pub(in crate::projections) struct ExchangesProjection;

impl Projection for ExchangesProjection {
    const NAME: &'static str = "exchanges";
    type Row = ExchangeRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use AssetEvent as E;
        let Event::Asset(
            E::ExchangeRecorded { exchange, .. } | E::ExchangeCorrected { exchange, .. },
        ) = &event.event
        else {
            return None;
        };
        // Numbers are padded, so that the rows of an entry are in their order.
        Some(AffectedRows::one(&format_args!(
            "{}/{exchange:010}",
            event.stream
        )))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<ExchangeRow>,
        _: Option<ExchangeRow>,
    ) -> Option<ExchangeRow> {
        use AssetEvent as E;
        match &event.event {
            Event::Asset(E::ExchangeRecorded {
                exchange,
                giver,
                receiver,
                minutes,
                on,
            }) => Some(ExchangeRow {
                asset: AssetId(event.stream),
                exchange: *exchange,
                giver: *giver,
                receiver: *receiver,
                giver_id: giver.id(),
                receiver_id: receiver.id(),
                minutes: *minutes,
                on: *on,
                corrected_on: None,
                reason: None,
                created_at: Moment::of(event),
                updated_at: Moment::of(event),
            }),
            Event::Asset(E::ExchangeCorrected {
                minutes, reason, ..
            }) => row.map(|row| ExchangeRow {
                minutes: *minutes,
                corrected_on: Some(event.recorded_on()),
                reason: Some(reason.to_string()),
                updated_at: Moment::of(event),
                ..row
            }),
            _ => None,
        }
    }
}
