//! The public view of barriers: those that were passed on, with the summary by staff and the
//! answers, as at any day. It contains neither the words nor the ids of those who raised them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{Filter, ViewError, Views};
use crate::domain::barrier::ComesTo;
use crate::domain::text::Slug;
use crate::projections::{BarrierAnswerRow, BarrierRow};

/// A day before any event: every row with a day is on or after it.
const FIRST_DAY: &str = "0001-01-01";

/// All barriers that everyone may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HeardBarriers {
    /// The newest first.
    pub barriers: Vec<HeardBarrier>,
}

/// A barrier as everyone may read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HeardBarrier {
    pub id: Uuid,
    /// Absent if it is about everywhere.
    pub area: Option<Slug>,
    pub theme: Option<Slug>,
    /// What gets in people's way, in the words of staff.
    pub summary: String,
    /// The body that it was passed on to.
    pub passed_on_to: String,
    /// What was asked of them.
    pub asked: String,
    #[schema(value_type = String, format = "date")]
    pub passed_on: Date,
    /// The answers, the newest last.
    pub answers: Vec<BarrierAnswerRow>,
    /// What comes of the newest answer; absent while an answer is waited for.
    pub comes_to: Option<ComesTo>,
    #[schema(value_type = Option<String>, format = "date")]
    pub closed_on: Option<Date>,
}

impl HeardBarrier {
    /// None for a barrier that is not public.
    #[must_use]
    pub fn of_row(row: BarrierRow) -> Option<Self> {
        if !row.is_public() {
            return None;
        }
        Some(Self {
            id: row.id,
            area: row.area,
            theme: row.theme,
            summary: row.summary?,
            passed_on_to: row.passed_on_to?,
            asked: row.asked?,
            passed_on: row.passed_on?,
            answers: row.answers,
            comes_to: row.comes_to,
            closed_on: row.closed_on,
        })
    }
}

impl Views {
    /// What was heard and passed on, the newest first, current or as at a position. What is heard
    /// now is cached until the log moves on.
    pub async fn heard(&self, as_at: Option<i64>) -> Result<Vec<HeardBarrier>, ViewError> {
        let next = self.projector.next_position();
        let read = self.read_heard(as_at);
        let cache = &self.list_cache.heard;
        let heard = cache.read_as_at(as_at, (), next, read).await?;
        Ok(Vec::clone(&heard))
    }

    async fn read_heard(&self, as_at: Option<i64>) -> Result<Arc<Vec<HeardBarrier>>, ViewError> {
        let passed_on = vec![Filter::at_least("passed_on", FIRST_DAY)];
        let rows = self.barriers_for_all(as_at, passed_on).await?;
        let mut heard: Vec<_> = rows.into_iter().filter_map(HeardBarrier::of_row).collect();
        heard.sort_by_key(|barrier| Reverse((barrier.passed_on, barrier.id)));
        Ok(Arc::new(heard))
    }

    /// Barriers, current or as at a position, as readers outside the office see them: without words
    /// that were withdrawn later.
    pub(super) async fn barriers_for_all(
        &self,
        as_at: Option<i64>,
        filters: Vec<Filter>,
    ) -> Result<Vec<BarrierRow>, ViewError> {
        let mut rows = self.all_rows(as_at, filters).await?;
        if as_at.is_some() {
            self.withdraw_barriers(&mut rows).await?;
        }
        Ok(rows)
    }

    /// Takes the public words out of barriers of a past day that were withdrawn since then.
    pub async fn withdraw_barriers(&self, rows: &mut [BarrierRow]) -> Result<(), ViewError> {
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let now: Vec<BarrierRow> = self.rows_of("id", &ids).await?;
        let now: BTreeMap<Uuid, BarrierRow> = now.into_iter().map(|row| (row.id, row)).collect();
        for row in rows {
            if let Some(now) = now.get(&row.id) {
                row.withdraw_as_in(now);
            }
        }
        Ok(())
    }
}
