//! Views of the past: the events recorded up to a day or a position.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{ViewError, Views};
use crate::projections::DayRow;
use crate::store::filter::Filter;
use crate::store::row_query::{self, RowQuery, SortOrder};
use crate::store::{events, view_rows};

/// The moment as at which a view is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsAt {
    /// After the event at this position. A position inside a command becomes the one before that
    /// command.
    Position(i64),
    /// At the end of this day in Europe/London.
    Day(Date),
}

/// The text is neither a day nor a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use a date such as 2026-10-31, or a position in the log")]
pub struct ParseAsAtError;

impl FromStr for AsAt {
    type Err = ParseAsAtError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse().map(Self::Position).map_err(|_| ParseAsAtError)
        } else if text.len() != 10 {
            Err(ParseAsAtError)
        } else {
            text.parse().map(Self::Day).map_err(|_| ParseAsAtError)
        }
    }
}

impl Views {
    /// The last position that a view of the past includes; -1 before the first event.
    pub async fn position_as_at(&self, as_at: AsAt) -> Result<i64, ViewError> {
        let day = match as_at {
            AsAt::Position(position) => {
                return Ok(events::command_boundary(
                    self.log.store(),
                    self.log.organisation(),
                    position,
                )
                .await?);
            }
            AsAt::Day(day) => day,
        };
        let found = view_rows::next_current_row(
            self.log.store(),
            self.log.organisation(),
            "days",
            &day.to_string(),
        )
        .await?;
        let Some((reached, later)) = found else {
            return Ok(-1);
        };
        let unreadable = |cause| ViewError::Unreadable {
            table: "days",
            row: day.to_string(),
            cause,
        };
        let later: Option<DayRow> = later
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(unreadable)?;
        Ok(later.map_or(reached, |later| later.first_position) - 1)
    }

    /// The last position recorded before an instant; -1 before the first event.
    pub async fn position_before(&self, instant: Timestamp) -> Result<i64, ViewError> {
        Ok(events::first_position_since(
            self.log.store(),
            self.log.organisation(),
            instant.as_microsecond(),
        )
        .await?
            - 1)
    }

    /// The last moment at which a view as at a position was the current one: when the next event
    /// was recorded, or now. What a group may see of such a view is judged by this moment, so that
    /// it sees no more of the past than it saw then.
    pub async fn last_moment(
        &self,
        as_at: Option<i64>,
        now: Timestamp,
    ) -> Result<Timestamp, ViewError> {
        let Some(position) = as_at else {
            return Ok(now);
        };
        let following = self.stored_events(position.saturating_add(1), 1).await?;
        Ok(following
            .first()
            .map_or(now, |event| event.recorded_at.min(now)))
    }

    /// The stored JSON of one row, current or as at a position.
    pub(super) async fn row_at(
        &self,
        table: &'static str,
        id: &str,
        as_at: Option<i64>,
    ) -> Result<Option<view_rows::ViewRow>, ViewError> {
        let wanted = RowQuery {
            table,
            as_at,
            filters: vec![Filter::equals("id", id)],
            order: SortOrder::default(),
            after: None,
            limit: 1,
        };
        Ok(
            row_query::find(self.log.store(), self.log.organisation(), &wanted)
                .await?
                .pop(),
        )
    }
}
