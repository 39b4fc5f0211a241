//! Cache of the newest events that this process appended, so that the projector and other readers
//! in this process need not read them from the database.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::store::events::EventRow;

/// The limits of the cache: a number of events, and the bytes of their payloads together.
const EVENTS_MAX: usize = 512;
const PAYLOAD_BYTES_MAX: usize = 4 << 20;

/// Events with consecutive positions.
#[derive(Debug, Default)]
pub(super) struct TailCache(Mutex<VecDeque<EventRow>>);

impl TailCache {
    /// Adds events that were just committed, in order of position.
    pub(super) fn push_committed(&self, rows: Vec<EventRow>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            // There is a gap: another process appended events between.
            if kept
                .back()
                .is_some_and(|last| last.position + 1 != row.position)
            {
                kept.clear();
            }
            kept.push_back(row);
        }
        let mut bytes: usize = kept.iter().map(|row| row.payload.len()).sum();
        while kept.len() > EVENTS_MAX || bytes > PAYLOAD_BYTES_MAX {
            bytes -= kept.pop_front().map_or(bytes, |row| row.payload.len());
        }
    }

    /// At most `most` events from `position` on; `None` if the event at `position` is not cached.
    pub(super) fn read_from(&self, position: i64, most: usize) -> Option<Vec<EventRow>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.front()?.position;
        let skip = usize::try_from(position - first)
            .ok()
            .filter(|skip| *skip < kept.len())?;
        Some(kept.iter().skip(skip).take(most).cloned().collect())
    }

    /// The events at positions `from..to`; `None` unless all of them are cached.
    pub(super) fn read_range(&self, from: i64, to: i64) -> Option<Vec<EventRow>> {
        let most = usize::try_from(to - from).ok()?;
        if most == 0 {
            return Some(Vec::new());
        }
        self.read_from(from, most).filter(|rows| rows.len() == most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(positions: std::ops::Range<i64>) -> Vec<EventRow> {
        positions.map(EventRow::for_tests).collect()
    }

    fn positions(recent: &TailCache, from: i64) -> Option<Vec<i64>> {
        Some(
            recent
                .read_from(from, 3)?
                .iter()
                .map(|row| row.position)
                .collect(),
        )
    }

    #[test]
    fn are_told_from_any_of_them_on() {
        let recent = TailCache::default();
        assert_eq!(positions(&recent, 0), None);
        recent.push_committed(rows(5..9));
        assert_eq!(positions(&recent, 4), None);
        assert_eq!(positions(&recent, 5), Some(vec![5, 6, 7]));
        assert_eq!(positions(&recent, 8), Some(vec![8]));
        assert_eq!(positions(&recent, 9), None);
        let between = |from, to| recent.read_range(from, to).map(|rows| rows.len());
        assert_eq!(
            (between(5, 9), between(7, 8), between(7, 10), between(4, 9)),
            (Some(4), Some(1), None, None)
        );
        assert_eq!((between(8, 7), between(3, 3)), (None, Some(0)));
    }

    #[test]
    fn have_no_gap_and_do_not_grow() {
        let recent = TailCache::default();
        recent.push_committed(rows(0..3));
        recent.push_committed(rows(4..6));
        assert_eq!(
            (positions(&recent, 2), positions(&recent, 4)),
            (None, Some(vec![4, 5]))
        );
        recent.push_committed(rows(6..2000));
        assert_eq!(
            (positions(&recent, 1487), positions(&recent, 1488)),
            (None, Some(vec![1488, 1489, 1490]))
        );
    }
}
