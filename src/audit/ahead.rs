//! Reading exported events ahead of what checks them, on a thread of its own.

use std::io;
use std::sync::mpsc;
use std::thread::Scope;

use crate::seal::leaf;
use crate::seal::tree::{Hash, leaf_hash};
use crate::store::events::EventRow;

/// How many lines are handed over at once, and how many times so many wait at most.
const LINES: usize = 256;
const WAITING: usize = 8;

/// A line of the exported log: its hash, and the event if it is one in its canonical form. What the
/// event says is read by whoever checks it, which takes about as long.
pub(super) struct Line {
    pub(super) hash: Hash,
    pub(super) row: Result<EventRow, String>,
}

impl Line {
    fn of(line: &[u8]) -> Self {
        let text = std::str::from_utf8(line).map_err(|error| error.to_string());
        Self {
            hash: leaf_hash(line),
            row: text.and_then(|line| leaf::read(line).map_err(|error| error.to_string())),
        }
    }
}

/// Lines in their order, read while those before them are checked.
pub(super) fn ahead<'scope>(
    scope: &'scope Scope<'scope, '_>,
    lines: impl Iterator<Item = io::Result<Vec<u8>>> + Send + 'scope,
) -> impl Iterator<Item = io::Result<Line>> {
    let (give, take) = mpsc::sync_channel::<Vec<io::Result<Line>>>(WAITING);
    scope.spawn(move || {
        let mut lines = lines
            .map(|line| line.map(|line| Line::of(&line)))
            .peekable();
        while lines.peek().is_some() && give.send(lines.by_ref().take(LINES).collect()).is_ok() {}
    });
    take.into_iter().flatten()
}
