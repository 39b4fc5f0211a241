//! How often the service was started lately and did not come to its end. Each process notes its own
//! starts in a file of the folder for state, which it holds for as long as it runs: several may
//! share the folder, and whoever comes after one that fell takes over its file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

/// How far back starts count, in seconds, and how many without an end make a loop.
const COUNTED_FOR: i64 = 3600;
const LOOP: usize = 3;
/// For how long a service must run before a loop is over.
pub(super) const SETTLES_IN: Duration = Duration::from_mins(10);
/// How many processes share a folder at most.
const PROCESSES_MOST: usize = 64;

/// The starts of a process and of those before it.
pub(super) struct Starts {
    file: File,
    /// How many of those before did not come to their end within the hour.
    unfinished: usize,
}

impl Starts {
    /// Notes a start.
    pub(super) fn begin(folder: &Path, now: Timestamp) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        for number in 0..PROCESSES_MOST {
            let path = folder.join(format!("starts-{number}"));
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            match file.try_lock() {
                Ok(()) => {
                    let unfinished = note(&mut file, now.as_second())?;
                    return Ok(Self { file, unfinished });
                }
                // It is another process's, which runs.
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(cause)) => return Err(cause),
            }
        }
        Err(io::Error::other("too many processes share it"))
    }

    /// How often it was started before within the hour, where that is a loop of crashes.
    pub(super) fn looping(&self) -> Option<usize> {
        Some(self.unfinished).filter(|unfinished| *unfinished >= LOOP)
    }

    /// Notes that it came to its end.
    pub(super) fn end(self) -> io::Result<()> {
        self.file.set_len(0)
    }
}

/// Adds a start to those of the last hour, of which no end was noted; how many these were.
fn note(file: &mut File, now: i64) -> io::Result<usize> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut starts: Vec<i64> = text
        .lines()
        .filter_map(|line| line.parse().ok())
        .filter(|start| (now - COUNTED_FOR..=now).contains(start))
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
        let start = |second: i64| Starts::begin(folder.path(), at(second)).unwrap();
        let loops: Vec<_> = (0..5).map(|minute| start(minute * 60).looping()).collect();
        assert_eq!(loops, [None, None, None, Some(3), Some(4)]);
        let last = start(300);
        assert_eq!(last.looping(), Some(5));
        last.end().unwrap();
        assert_eq!(start(301).unfinished, 0);
        assert_eq!(start(301 + 3601).unfinished, 0);
    }

    #[test]
    fn processes_that_run_side_by_side_are_no_loop() {
        let folder = tempfile::TempDir::new().unwrap();
        let running: Vec<_> = (0..5)
            .map(|second| Starts::begin(folder.path(), at(second)).unwrap())
            .collect();
        assert!(running.iter().all(|one| one.unfinished == 0));
    }
}
