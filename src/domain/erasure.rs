//! Erasing what is personal of a person or group: asked for, refused with the reason, or done; and
//! what must be kept how long.
//!
//! What stands in clear stays: money, dates, decisions, and that somebody decided.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// For how many years after a grant's end the records of whom money went to are kept. Source: the
/// Limitation Act 1980 gives six years for claims on a contract, and the seventh closes the books.
pub const FUNDED_YEARS: i64 = 7;
/// For how many years the records of a group that got no money are kept before they are proposed
/// for erasure.
pub const UNFUNDED_YEARS: i64 = 2;

/// How erasing stands.
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

    /// Refuses what cannot be asked of somebody who was erased.
    ///
    /// # Errors
    /// [`Refusal::Erased`].
    pub fn must_not_be_done(self) -> Result<(), Refusal> {
        if self.is_done() {
            Err(Refusal::Erased)
        } else {
            Ok(())
        }
    }

    /// Refuses to ask twice.
    ///
    /// # Errors
    /// [`Refusal::NoChange`].
    pub fn ask(self) -> Result<(), Refusal> {
        if self == Self::Asked {
            Err(Refusal::NoChange)
        } else {
            Ok(())
        }
    }

    /// Refuses to refuse what nobody asked for.
    ///
    /// # Errors
    /// [`Refusal::Unknown`].
    pub fn refuse(self) -> Result<(), Refusal> {
        if self == Self::Asked {
            Ok(())
        } else {
            Err(Refusal::Unknown("request to erase"))
        }
    }
}

/// The last day on which records of somebody who was paid must still be there.
#[must_use]
pub fn kept_until(ended_on: Date) -> Date {
    ended_on.saturating_add(jiff::Span::new().years(FUNDED_YEARS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn records_of_money_are_kept_for_seven_years() {
        assert_eq!(kept_until(date(2026, 11, 24)), date(2033, 11, 24));
        assert_eq!(kept_until(date(2028, 2, 29)), date(2035, 2, 28));
    }
}
