//! Payments as they are read, with names beside their ids where these are asked for.

use serde::Serialize;

use crate::projections::PaymentRow;
use crate::views::Names;

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Payment)]
pub struct PaymentSeen {
    #[serde(flatten)]
    pub row: PaymentRow,
    /// Names beside ids, where `expand` asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
}

impl From<PaymentRow> for PaymentSeen {
    fn from(row: PaymentRow) -> Self {
        Self { row, names: None }
    }
}
