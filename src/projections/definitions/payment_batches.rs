//! Batches of payments that go to the bank together: one row for each, because their number
//! in a fund has no bound.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::file::FileDigest;
use crate::domain::fund::BatchLine;
use crate::domain::text::Slug;
use crate::domain::{Event, FundEvent, Money, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// Maximum number of files listed in the row of a batch, the newest ones, so that the row has a
/// bound.
const FILES_MAX: usize = 20;

/// A batch of payments that goes to the bank together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Batch)]
pub struct PaymentBatchRow {
    pub fund: Uuid,
    /// The key of the batch, unique within its fund.
    pub batch: Slug,
    /// Absent while only its bank file was made.
    #[schema(value_type = Option<String>, format = "date")]
    pub sent_on: Option<Date>,
    pub payments: u32,
    pub total: Money,
    /// Its payments, until it is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<BatchLine>,
    /// The newest files generated for the bank, at most 20.
    pub files: Vec<BankFileRow>,
}

/// A file generated for the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = BankFile)]
pub struct BankFileRow {
    #[schema(value_type = String, format = "date")]
    pub made_on: Date,
    pub by: PersonId,
    pub payments: u32,
    pub total: Money,
    /// SHA-256 of the file under a key of the service, by which two files are compared.
    pub digest: FileDigest,
    /// Why the file was generated again.
    pub reason: Option<String>,
}

impl PaymentBatchRow {
    /// The id of a batch's row.
    #[must_use]
    pub fn id_of(fund: Uuid, batch: &Slug) -> String {
        format!("{fund}/{batch}")
    }

    fn add_file(&mut self, file: BankFileRow) {
        self.files.push(file);
        if self.files.len() > FILES_MAX {
            self.files.remove(0);
        }
    }
}

pub(in crate::projections) struct PaymentBatchesProjection;

impl Projection for PaymentBatchesProjection {
    const NAME: &'static str = "batches";
    type Row = PaymentBatchRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use FundEvent::{BankFileMade, BatchSent};
        let Event::Fund(BatchSent { batch, .. } | BankFileMade { batch, .. }) = &event.event else {
            return None;
        };
        Some(AffectedRows::one(&PaymentBatchRow::id_of(
            event.stream,
            batch,
        )))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<PaymentBatchRow>,
        _: Option<PaymentBatchRow>,
    ) -> Option<PaymentBatchRow> {
        let Event::Fund(happened) = &event.event else {
            return None;
        };
        match happened {
            FundEvent::BatchSent {
                batch,
                sent_on,
                payments,
                total,
                ..
            } => Some(PaymentBatchRow {
                fund: event.stream,
                batch: batch.clone(),
                sent_on: Some(*sent_on),
                payments: *payments,
                total: *total,
                unsent: Vec::new(),
                files: row.map(|made| made.files).unwrap_or_default(),
            }),
            FundEvent::BankFileMade {
                batch,
                payments,
                total,
                digest,
                reason,
                by,
                lines,
                ..
            } => {
                let mut row = if lines.is_empty() {
                    row?
                } else {
                    PaymentBatchRow {
                        fund: event.stream,
                        batch: batch.clone(),
                        sent_on: None,
                        payments: u32::try_from(lines.len()).unwrap_or(u32::MAX),
                        total: lines.iter().map(|line| line.amount).sum(),
                        unsent: lines.clone(),
                        files: row.map(|made| made.files).unwrap_or_default(),
                    }
                };
                row.add_file(BankFileRow {
                    made_on: event.recorded_on(),
                    by: *by,
                    payments: *payments,
                    total: *total,
                    digest: digest.clone(),
                    reason: reason.as_ref().map(ToString::to_string),
                });
                Some(row)
            }
            _ => None,
        }
    }
}
