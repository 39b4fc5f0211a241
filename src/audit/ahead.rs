//! Reading exported events ahead of what checks them, on a thread of its own.

use std::io;
use std::sync::mpsc;
use std::thread::Scope;

use crate::log::record::Recorded;
use crate::seal::leaf;
use crate::seal::tree::{Hash, leaf_hash};
use crate::store::events::EventRow;

/// How many lines are handed over at once, and how many times so many wait at most.
const LINES: usize = 256;
const WAITING: usize = 8;

/// A line of the exported log, and what can be said of it alone.
pub(super) struct Line {
    pub(super) hash: Hash,
    pub(super) read: Result<Seen, String>,
}

/// An event as it stands in its line, and what it says.
pub(super) struct Seen {
    pub(super) row: EventRow,
    pub(super) event: Result<Recorded, String>,
}

impl Line {
    fn of(line: &[u8]) -> Self {
        let text = std::str::from_utf8(line).map_err(|error| error.to_string());
        let row = text.and_then(|line| leaf::read(line).map_err(|error| error.to_string()));
        let seen = |row: EventRow| Seen { event: Recorded::read(&row).map_err(|error| error.to_string()), row };
        Self { hash: leaf_hash(line), read: row.map(seen) }
    }
}

/// Lines in their order, read while those before them are checked.
pub(super) fn ahead<'scope>(
    scope: &'scope Scope<'scope, '_>,
    lines: impl Iterator<Item = io::Result<Vec<u8>>> + Send + 'scope,
) -> impl Iterator<Item = io::Result<Line>> {
    let (give, take) = mpsc::sync_channel::<Vec<io::Result<Line>>>(WAITING);
    scope.spawn(move || {
        let mut lines = lines.map(|line| line.map(|line| Line::of(&line))).peekable();
        while lines.peek().is_some() && give.send(lines.by_ref().take(LINES).collect()).is_ok() {}
    });
    take.into_iter().flatten()
}
