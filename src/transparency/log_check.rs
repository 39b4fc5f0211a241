//! The comparison of the event log with the newest checkpoint, whole or in parts.
//!
//! Extending the tree reads new events only, so it does not detect that an old event was changed in
//! the database. [`CheckpointSigner::check`] hashes the whole log again, at the start. While the
//! service runs, [`CheckpointSigner::check_part`] does the same in parts, one every five minutes: a
//! comparison ends within half a day, and the next one begins. An event that was changed after it
//! was read is read by the next comparison, so within a day.

use std::time::{Duration, Instant};

use super::checkpoint::Checkpoint;
use super::checkpoint_signer::{BATCH_MAX, CheckpointSigner, SigningError, to_i64};
use super::log_entry::canonical_json;
use super::merkle::{self, Tiles};
use crate::store::events;
use crate::store::tlog::{self as stored, TlogState};

/// How long a comparison in parts takes, and how often it reads a part. With the waits between the
/// parts it is less than half a day.
const COMPARISON_DURATION: Duration = Duration::from_hours(11);
const PART_INTERVAL: Duration = Duration::from_mins(5);
/// The fewest events of a part.
const PART_MIN: i64 = BATCH_MAX;

/// A comparison of the log with a checkpoint. It continues from one call to the next.
#[derive(Debug, Default)]
pub struct LogCheck {
    begun: Option<Comparison>,
}

#[derive(Debug)]
struct Comparison {
    /// The newest checkpoint when it began; none before the first one.
    head: Option<Checkpoint>,
    /// Why signing had stopped when it began.
    stopped: Option<String>,
    /// The tree over the events that were read.
    tiles: Tiles,
}

/// The comparisons of a running service.
#[derive(Debug, Default)]
pub(super) struct CheckSchedule {
    check: LogCheck,
    /// When the last part was read, or the whole log; none before the check at the start.
    last: Option<Instant>,
}

/// The events of a part, so that a log of this size is compared in time.
fn part_length(size: i64) -> i64 {
    let parts = COMPARISON_DURATION.as_secs() / PART_INTERVAL.as_secs();
    let even = size / i64::try_from(parts).unwrap_or(1) + 1;
    even.max(PART_MIN)
}

impl CheckpointSigner {
    /// Compares the whole log with the newest checkpoint. On success a stopped signer may sign
    /// again.
    pub async fn check(&self) -> Result<(), SigningError> {
        let mut check = LogCheck::default();
        while !self.check_part(&mut check, i64::MAX).await? {}
        Ok(())
    }

    /// Compares the next events with the checkpoint, at most `most` of them. Returns whether the
    /// comparison is complete; the next call then begins another one, with the checkpoint that is
    /// the newest by then.
    ///
    /// A difference stops the signer. A complete comparison without a difference lets a stopped
    /// signer sign again if it had stopped before the comparison began.
    pub async fn check_part(&self, check: &mut LogCheck, most: i64) -> Result<bool, SigningError> {
        let compared = self.compare_part(check, most).await;
        let is_over = match &compared {
            Ok(complete) => *complete,
            Err(error) => error.is_alarm(),
        };
        if is_over {
            *check = LogCheck::default();
        }
        if let Err(error) = &compared
            && error.is_alarm()
            && !matches!(error, SigningError::Stopped(_))
        {
            self.record_stop(&error.to_string()).await?;
        }
        compared
    }

    /// Checks the whole log at the start, and the next part of it whenever one is due.
    pub(super) async fn check_as_scheduled(
        &self,
        schedule: &mut CheckSchedule,
    ) -> Result<(), SigningError> {
        let Some(last) = schedule.last else {
            let checked = self.check().await;
            // After an error of the database the check is repeated in the next cycle.
            if checked.as_ref().err().is_none_or(SigningError::is_alarm) {
                schedule.last = Some(Instant::now());
            }
            return checked;
        };
        if last.elapsed() >= PART_INTERVAL {
            schedule.last = Some(Instant::now());
            let most = part_length(self.signed_size().await?);
            self.check_part(&mut schedule.check, most).await?;
        }
        Ok(())
    }

    async fn compare_part(&self, check: &mut LogCheck, most: i64) -> Result<bool, SigningError> {
        let organisation = self.log.organisation();
        let Some(log) = stored::find(self.log.store(), organisation).await? else {
            return Ok(true);
        };
        // A process with an old key cannot read the newest checkpoint, which is no alarm.
        self.must_have_newest_key(&log).await?;
        let begun = match check.begun.take() {
            Some(begun) => begun,
            None => self.begin_comparison(&log).await?,
        };
        let comparison = check.begun.insert(begun);
        let size = comparison.head.as_ref().map_or(0, |head| to_i64(head.size));
        let mut left = most;
        loop {
            let next = to_i64(comparison.tiles.size());
            let wanted = BATCH_MAX.min(size - next).min(left);
            if wanted <= 0 {
                break;
            }
            let rows = events::read_page(self.log.store(), organisation, next, wanted).await?;
            if rows.is_empty() {
                return Err(SigningError::LogRewritten(size));
            }
            for (position, row) in (next..).zip(&rows) {
                if row.position != position {
                    return Err(SigningError::LogRewritten(size));
                }
                comparison
                    .tiles
                    .push(merkle::leaf_hash(canonical_json(row).as_bytes()));
            }
            comparison.tiles.drop_full_tiles();
            left -= to_i64(comparison.tiles.size()) - next;
        }
        if to_i64(comparison.tiles.size()) < size {
            return Ok(false);
        }
        if let Some(head) = &comparison.head
            && comparison.tiles.root(head.size) != Some(head.root)
        {
            return Err(SigningError::LogRewritten(size));
        }
        self.end_comparison(size, comparison.stopped.as_deref())
            .await?;
        Ok(true)
    }

    async fn begin_comparison(&self, log: &TlogState) -> Result<Comparison, SigningError> {
        let newest = stored::newest_checkpoint(self.log.store(), self.log.organisation()).await?;
        let head = newest.map(|newest| self.open_newest(log, &newest.note));
        Ok(Comparison {
            head: head.transpose()?,
            stopped: log.stopped.clone(),
            tiles: Tiles::default(),
        })
    }

    /// Records a comparison that found the first `size` events unchanged, and lets a stopped signer
    /// sign again.
    async fn end_comparison(&self, size: i64, stopped: Option<&str>) -> Result<(), SigningError> {
        let organisation = self.log.organisation();
        let mut tx = self.log.store().begin().await?;
        let log = self.lock(&mut tx).await?;
        // If signing has stopped since the comparison began, its cause may be an event that had
        // been read before.
        if let Some(why) = &log.stopped
            && Some(why.as_str()) != stopped
        {
            return Err(SigningError::Stopped(why.clone()));
        }
        self.must_have_newest_key(&log).await?;
        // The cause of a stop may also be the tiles, or a gap after the last checkpoint. Signing
        // resumes only when both are correct.
        let (size_now, _) = self.load_frontier(&mut tx, &log).await?;
        let next = events::read_page_in(&mut tx, organisation, size_now, 1).await?;
        let length = events::length_in(&mut tx, organisation).await?;
        if next
            .first()
            .map_or(size_now < length, |row| row.position != size_now)
        {
            return Err(SigningError::MissingPosition(size_now));
        }
        stored::record_check(&mut tx, organisation, size).await?;
        if log.stopped.is_some() {
            stored::set_stopped(&mut tx, organisation, None).await?;
        }
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_any_size_is_compared_twice_a_day() {
        let waits = PART_INTERVAL + Duration::from_secs(10);
        for size in [0, 1, 4096, 1_000_000, 1_000_000_000] {
            let parts = size / part_length(size) + 1;
            let duration = waits * u32::try_from(parts).unwrap();
            assert!(duration <= Duration::from_hours(12), "{size}: {duration:?}");
        }
        assert_eq!(part_length(1000), PART_MIN);
    }
}
