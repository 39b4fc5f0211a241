//! The grants with a published story that the home page shows.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::{ViewError, Views};
use crate::projections::GrantRow;

/// How many grants are kept to choose from.
const KEPT: usize = 12;
/// How long the choice is kept. Finding it reads all grants.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// The ids of the grants that were chosen last.
#[derive(Default)]
pub(super) struct ToldGrants(Mutex<Option<(Instant, Vec<Uuid>)>>);

impl ToldGrants {
    fn recent(&self) -> Option<Vec<Uuid>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()
            .filter(|(at, _)| at.elapsed() < KEPT_FOR)
            .map(|(_, ids)| ids.clone())
    }

    fn keep(&self, ids: Vec<Uuid>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((Instant::now(), ids));
    }
}

impl Views {
    /// A few grants with a published story, those with a picture first. The choice may be a minute
    /// old; the grants are read now, so that a withdrawn story is not among them.
    pub async fn told_grants(&self) -> Result<Vec<GrantRow>, ViewError> {
        let ids = match self.told_grants.recent() {
            Some(ids) => ids,
            None => self.choose_told_grants().await?,
        };
        let mut rows = Vec::new();
        for id in ids {
            let row: Option<GrantRow> = self.find(id, None).await?;
            rows.extend(row.filter(is_told));
        }
        Ok(rows)
    }

    async fn choose_told_grants(&self) -> Result<Vec<Uuid>, ViewError> {
        let mut rows: Vec<GrantRow> = self.all_rows(None, Vec::new()).await?;
        rows.retain(is_told);
        rows.sort_by_key(|row| (!has_picture(row), std::cmp::Reverse(row.offered_on)));
        let ids: Vec<Uuid> = rows.iter().take(KEPT).map(|row| row.id).collect();
        self.told_grants.keep(ids.clone());
        Ok(ids)
    }
}

fn is_told(row: &GrantRow) -> bool {
    row.stories.values().any(|story| story.words.is_some())
}

fn has_picture(row: &GrantRow) -> bool {
    row.stories
        .values()
        .any(|story| !story.photographs.is_empty())
}
