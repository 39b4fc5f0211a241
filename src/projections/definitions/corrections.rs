//! Corrected events and their corrections. The log contains both, and a reader of the one is shown
//! the other.
//!
//! A row's id consists of the kind and id of the stream and the sequence of the corrected event.

use serde::{Deserialize, Serialize};

use crate::domain::{Event, GrantEvent, GroupEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// The corrections of one event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionRow {
    /// The positions of the correcting events, in ascending order.
    pub corrected_by: Vec<i64>,
}

pub(in crate::projections) struct CorrectionsProjection;

impl Projection for CorrectionsProjection {
    const NAME: &'static str = "corrections";
    type Row = CorrectionRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let (Event::Grant(
            GrantEvent::PaymentCorrected {
                corrects: sequence, ..
            }
            | GrantEvent::UpdateCorrected {
                corrects: sequence, ..
            },
        )
        | Event::Group(GroupEvent::GroupCorrected {
            corrects: sequence, ..
        })) = &event.event
        else {
            return None;
        };
        let stream = if matches!(event.event, Event::Grant(_)) {
            "grant"
        } else {
            "group"
        };
        Some(AffectedRows::one(&format_args!(
            "{stream}/{}/{sequence:08}",
            event.stream
        )))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<CorrectionRow>,
        _: Option<CorrectionRow>,
    ) -> Option<CorrectionRow> {
        let mut row = row.unwrap_or_default();
        row.corrected_by.push(event.position);
        Some(row)
    }
}
