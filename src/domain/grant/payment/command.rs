//! Bodies of the commands on payments.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::file::FileDigest;
use crate::domain::funding_source::FundingSplit;
use crate::domain::id::FundId;
use crate::domain::money::Money;
use crate::domain::text::{Line, Prose, Slug};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreparePayment {
    /// The amount. It may be omitted if an instalment is given.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The number of the instalment, if payments are scheduled.
    #[serde(default)]
    #[schema(maximum = 65535)]
    pub instalment: Option<u16>,
    /// The supplier. Needed if the organisation buys for the group.
    #[serde(default)]
    pub supplier: Option<Line>,
}

/// A payment of this grant, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRef {
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentReason {
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
    pub reason: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendPayment {
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
    /// The day on which it was sent.
    #[schema(value_type = String, format = "date")]
    pub happened_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmPayment {
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
    /// The bank's date.
    #[schema(value_type = String, format = "date")]
    pub happened_on: Date,
    /// The receipt, one of the group's files. Needed if the organisation bought for the group.
    #[serde(default)]
    pub receipt: Option<FileDigest>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReversePayment {
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
    /// The bank's date.
    #[schema(value_type = String, format = "date")]
    pub happened_on: Date,
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectPayment {
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
    /// The correct date of the bank.
    #[schema(value_type = String, format = "date")]
    pub paid_on: Date,
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FailPayment {
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
    pub reason: Prose,
    /// The bank's date; today if it is absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub happened_on: Option<Date>,
}

/// Money that left on another day than recorded so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PaymentDateMoved {
    /// The day recorded so far.
    pub from: Date,
    /// The right day.
    pub to: Date,
    /// The amount that left, split by source.
    pub sources: FundingSplit,
}

/// A payment that is sent as part of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct BatchedPayment {
    pub fund: FundId,
    pub batch: Slug,
    pub payment: u16,
    pub amount: Money,
    #[schema(value_type = String, format = "date")]
    pub sent_on: Date,
}
