//! Gatherings of sessions, and gatherings and sessions of a past day with their current words.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{ViewError, Views};
use crate::projections::{GatheringRow, GatheringSessionRow};

impl Views {
    /// The gatherings of sessions that everyone may see, by their ids.
    pub async fn public_gatherings_of(
        &self,
        sessions: &[GatheringSessionRow],
    ) -> Result<BTreeMap<Uuid, GatheringRow>, ViewError> {
        let gatherings: Vec<GatheringRow> = self.rows_of("id", &ids_of(sessions)).await?;
        let public = gatherings.into_iter().filter(GatheringRow::is_public);
        Ok(public.map(|row| (row.id, row)).collect())
    }

    /// Replaces the titles and descriptions of a past day with the current ones, so that words
    /// which staff removed cannot be read with `as_at`.
    pub async fn give_words_of_now(&self, rows: &mut [GatheringRow]) -> Result<(), ViewError> {
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let now: Vec<GatheringRow> = self.rows_of("id", &ids).await?;
        let now: BTreeMap<Uuid, GatheringRow> = now.into_iter().map(|row| (row.id, row)).collect();
        for row in rows {
            if let Some(now) = now.get(&row.id) {
                row.take_words_of(now);
            }
        }
        Ok(())
    }

    /// Replaces the notes, places and reasons of sessions on a past day with the current ones, for
    /// the same reason.
    pub async fn give_notes_of_now(
        &self,
        rows: &mut [GatheringSessionRow],
    ) -> Result<(), ViewError> {
        let now: Vec<GatheringSessionRow> = self.rows_of("gathering", &ids_of(rows)).await?;
        let now: BTreeMap<(Uuid, u16), GatheringSessionRow> = now
            .into_iter()
            .map(|row| ((row.gathering, row.session), row))
            .collect();
        for row in rows {
            if let Some(now) = now.get(&(row.gathering, row.session)) {
                row.take_words_of(now);
            }
        }
        Ok(())
    }
}

/// The ids of the gatherings of sessions, each once.
fn ids_of(sessions: &[GatheringSessionRow]) -> Vec<String> {
    let ids: BTreeSet<Uuid> = sessions.iter().map(|session| session.gathering).collect();
    ids.iter().map(Uuid::to_string).collect()
}
