//! Erasure of the personal data of a person or group: its state, and the retention periods that it
//! respects.
//!
//! Only encrypted personal data is erased. Amounts, dates, decisions and the ids of the people who
//! decided remain.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Years for which the records of a paid grant are retained after its end. Source: the Limitation
/// Act 1980 gives six years for claims on a contract, and the seventh closes the books.
pub const FUNDED_YEARS: i64 = 7;
/// Years after which the records of a group that received no money are proposed for erasure.
pub const UNFUNDED_YEARS: i64 = 2;

/// Months after the last session of somebody in no group and without a role, after which their data
/// is proposed for erasure.
pub const SIGNED_UP_MONTHS: i64 = 12;

/// State of an erasure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Erasure {
    #[default]
    NotAsked,
    Asked,
    Refused,
    Done,
}

impl Erasure {
    #[must_use]
    pub fn is_done(self) -> bool {
        self == Self::Done
    }

    /// Refuses with [`Refusal::Erased`] if the personal data was erased.
    pub fn must_not_be_erased(self) -> Result<(), Refusal> {
        if self.is_done() {
            Err(Refusal::Erased)
        } else {
            Ok(())
        }
    }

    /// Refuses with [`Refusal::NoChange`] a request that is open already.
    pub fn must_not_be_requested(self) -> Result<(), Refusal> {
        if self == Self::Asked {
            Err(Refusal::NoChange)
        } else {
            Ok(())
        }
    }

    /// Refuses with [`Refusal::Unknown`] unless a request is open.
    pub fn must_be_requested(self) -> Result<(), Refusal> {
        if self == Self::Asked {
            Ok(())
        } else {
            Err(Refusal::Unknown("request to erase"))
        }
    }
}

/// The last day on which the records of a paid grant must be retained.
#[must_use]
pub fn retain_until(ended_on: Date) -> Date {
    ended_on.saturating_add(jiff::Span::new().years(FUNDED_YEARS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn records_of_money_are_kept_for_seven_years() {
        assert_eq!(retain_until(date(2026, 11, 24)), date(2033, 11, 24));
        assert_eq!(retain_until(date(2028, 2, 29)), date(2035, 2, 28));
    }
}
