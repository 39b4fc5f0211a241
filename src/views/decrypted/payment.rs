//! Payments as readers get them, with names added to their ids on request.

use serde::Serialize;

use crate::projections::PaymentRow;
use crate::views::Names;

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Payment)]
pub struct PaymentView {
    #[serde(flatten)]
    pub row: PaymentRow,
    /// Names for the ids, if `expand` requests them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
}

impl From<PaymentRow> for PaymentView {
    fn from(row: PaymentRow) -> Self {
        Self { row, names: None }
    }
}
