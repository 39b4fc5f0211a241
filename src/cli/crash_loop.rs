//! Detection of crash loops: counts recent starts of the service that did not end regularly.
//!
//! A process records its starts in a file `starts-N` of the folder for state, and locks the file
//! while it runs. Several processes can share the folder. The lock ends with the process, so the
//! next process takes over the file of one that crashed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

/// Age up to which starts count, in seconds.
const WINDOW_SECONDS: i64 = 3600;
/// Number of earlier starts without an end that make a crash loop.
const LOOP_STARTS_MIN: usize = 3;
/// Time for which the service must run before a crash loop counts as over.
pub(super) const SETTLE_TIME: Duration = Duration::from_mins(10);
/// Maximum number of processes that share a folder.
const PROCESSES_MAX: usize = 64;

/// The locked file of starts.
pub(super) struct StartHistory {
    file: File,
    /// Number of earlier starts within the hour without a regular end.
    unfinished: usize,
}

impl StartHistory {
    /// Records a start in the first file that no other process holds.
    pub(super) fn record_start(folder: &Path, now: Timestamp) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        for number in 0..PROCESSES_MAX {
            let path = folder.join(format!("starts-{number}"));
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            match file.try_lock() {
                Ok(()) => {
                    let unfinished = append_start(&mut file, now.as_second())?;
                    return Ok(Self { file, unfinished });
                }
                // Another running process holds this file.
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(cause)) => return Err(cause),
            }
        }
        Err(io::Error::other("too many processes share it"))
    }

    /// Number of earlier starts within the hour, if they are a crash loop.
    pub(super) fn crash_loop_starts(&self) -> Option<usize> {
        Some(self.unfinished).filter(|unfinished| *unfinished >= LOOP_STARTS_MIN)
    }

    /// Records a regular end, which clears the recorded starts.
    pub(super) fn record_end(self) -> io::Result<()> {
        self.file.set_len(0)
    }
}

/// Appends a start to those of the last hour. Returns the number of earlier ones.
fn append_start(file: &mut File, now: i64) -> io::Result<usize> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut starts: Vec<i64> = text
        .lines()
        .filter_map(|line| line.parse().ok())
        .filter(|start| (now - WINDOW_SECONDS..=now).contains(start))
        .collect();
    let before = starts.len();
    starts.push(now);
    file.set_len(0)?;
    file.rewind()?;
    for start in starts {
        writeln!(file, "{start}")?;
    }
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn starts_without_an_end_are_a_loop_until_one_ends_or_an_hour_is_over() {
        let folder = tempfile::TempDir::new().unwrap();
        let start = |second: i64| StartHistory::record_start(folder.path(), at(second)).unwrap();
        let loops: Vec<_> = (0..5)
            .map(|minute| start(minute * 60).crash_loop_starts())
            .collect();
        assert_eq!(loops, [None, None, None, Some(3), Some(4)]);
        let last = start(300);
        assert_eq!(last.crash_loop_starts(), Some(5));
        last.record_end().unwrap();
        assert_eq!(start(301).unfinished, 0);
        assert_eq!(start(301 + 3601).unfinished, 0);
    }

    #[test]
    fn processes_that_run_side_by_side_are_no_loop() {
        let folder = tempfile::TempDir::new().unwrap();
        let running: Vec<_> = (0..5)
            .map(|second| StartHistory::record_start(folder.path(), at(second)).unwrap())
            .collect();
        assert!(running.iter().all(|one| one.unfinished == 0));
    }
}
