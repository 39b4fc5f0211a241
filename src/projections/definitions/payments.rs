//! Payments, for the lists of those to approve, send and confirm.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::file::FileDigest;
use crate::domain::grant::PaymentState;
use crate::domain::payee::PaymentRoute;
use crate::domain::text::Slug;
use crate::domain::{Event, GrantEvent, Money, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PaymentRecord)]
pub struct PaymentRow {
    pub grant: Uuid,
    pub payment: u16,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: PaymentState,
    pub amount: Money,
    pub instalment: Option<u16>,
    pub route: PaymentRoute,
    /// The number of the group's payee for which it was prepared.
    #[serde(default)]
    pub payee: u32,
    /// The supplier, if the organisation buys for the group.
    pub supplier: Option<String>,
    /// The batch in which it was sent.
    pub batch: Option<Slug>,
    pub receipt: Option<FileDigest>,
    /// Absent for a member of the group.
    pub prepared_by: Option<PersonId>,
    /// Empty for a member of the group.
    pub approved_by: BTreeSet<PersonId>,
    #[schema(value_type = String, format = "date")]
    pub prepared_on: Date,
    #[schema(value_type = Option<String>, format = "date")]
    pub sent_on: Option<Date>,
    #[schema(value_type = Option<String>, format = "date")]
    pub paid_on: Option<Date>,
    pub reason: Option<String>,
    /// The payment cannot be sent before this day, because the payee, a member or an address of the
    /// group changed recently.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub waits_until: Option<Date>,
    /// The person who proposed to send it earlier. Absent for a member of the group.
    #[serde(default)]
    pub early_proposed_by: Option<PersonId>,
    /// Why it should be sent earlier. Absent for a member of the group.
    #[serde(default)]
    pub early_reason: Option<String>,
    /// The number of people who must approve it.
    pub approvals_needed: u8,
}

pub(in crate::projections) struct PaymentsProjection;

impl Projection for PaymentsProjection {
    const NAME: &'static str = "payments";
    const SCHEMA_VERSION: i64 = 2;
    type Row = PaymentRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use GrantEvent as E;
        let Event::Grant(
            E::PaymentPrepared { payment, .. }
            | E::EarlyPaymentProposed { payment, .. }
            | E::EarlyPaymentConfirmed { payment, .. }
            | E::PaymentApproved { payment, .. }
            | E::PaymentRejected { payment, .. }
            | E::PaymentCancelled { payment, .. }
            | E::PaymentSent { payment, .. }
            | E::PaymentConfirmed { payment, .. }
            | E::PaymentFailed { payment, .. }
            | E::PaymentReversed { payment, .. }
            | E::PaymentCorrected { payment, .. },
        ) = &event.event
        else {
            return None;
        };
        Some(AffectedRows::one(&format_args!(
            "{}/{payment:05}",
            event.stream
        )))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<PaymentRow>,
        _: Option<PaymentRow>,
    ) -> Option<PaymentRow> {
        let Event::Grant(happened) = &event.event else {
            return None;
        };
        if let Some(prepared) = prepared_row(event, happened) {
            return Some(prepared);
        }
        let mut row = row?;
        row.updated_at = Moment::of(event);
        row.apply(happened);
        Some(row)
    }
}

/// The row of a newly prepared payment.
fn prepared_row(event: &RecordedEvent, happened: &GrantEvent) -> Option<PaymentRow> {
    let GrantEvent::PaymentPrepared {
        payment,
        instalment,
        amount,
        route,
        payee,
        supplier,
        prepared_by,
        eyes,
        prepared_on,
        waits_until,
        ..
    } = happened
    else {
        return None;
    };
    Some(PaymentRow {
        grant: event.stream,
        payment: *payment,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: PaymentState::Prepared,
        amount: *amount,
        instalment: *instalment,
        route: *route,
        payee: *payee,
        supplier: supplier.as_ref().map(ToString::to_string),
        batch: None,
        receipt: None,
        prepared_by: Some(*prepared_by),
        approved_by: BTreeSet::new(),
        prepared_on: *prepared_on,
        sent_on: None,
        paid_on: None,
        reason: None,
        waits_until: *waits_until,
        early_proposed_by: None,
        early_reason: None,
        approvals_needed: eyes.saturating_sub(1),
    })
}

impl PaymentRow {
    fn apply(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::PaymentApproved { approved_by, .. } => {
                self.approved_by.insert(*approved_by);
                if self.approved_by.len() >= usize::from(self.approvals_needed) {
                    self.state = PaymentState::Approved;
                }
            }
            E::EarlyPaymentProposed {
                until, by, reason, ..
            } => {
                (self.waits_until, self.early_proposed_by) = (Some(*until), Some(*by));
                self.early_reason = Some(reason.to_string());
            }
            E::EarlyPaymentConfirmed { .. } => {
                (self.waits_until, self.early_proposed_by, self.early_reason) = (None, None, None);
            }
            E::PaymentRejected { reason, .. } => self.end_with(PaymentState::Rejected, reason),
            E::PaymentCancelled { reason, .. } => self.end_with(PaymentState::Cancelled, reason),
            E::PaymentFailed { reason, .. } => self.end_with(PaymentState::Failed, reason),
            E::PaymentReversed { reason, .. } => self.end_with(PaymentState::Reversed, reason),
            E::PaymentCorrected { paid_on, .. } => self.paid_on = Some(*paid_on),
            E::PaymentSent { sent_on, batch, .. } => {
                self.state = PaymentState::Sent;
                self.batch.clone_from(batch);
                self.sent_on = Some(*sent_on);
            }
            E::PaymentConfirmed {
                paid_on, receipt, ..
            } => {
                self.state = PaymentState::Confirmed;
                self.receipt.clone_from(receipt);
                self.paid_on = Some(*paid_on);
            }
            _ => {}
        }
    }

    fn end_with(&mut self, state: PaymentState, reason: &impl ToString) {
        self.state = state;
        self.reason = Some(reason.to_string());
    }
}
