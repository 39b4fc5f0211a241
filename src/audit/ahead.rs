//! Parses exported events on a thread of its own, ahead of the checks.

use std::io;
use std::sync::mpsc;
use std::thread::Scope;

use crate::seal::leaf;
use crate::seal::tree::{Hash, leaf_hash};
use crate::store::events::EventRow;

/// The lines in a chunk, and the most chunks that wait in the channel.
const LINES: usize = 256;
const WAITING: usize = 8;

/// A line of the exported log: its leaf hash, and the event if the line is one in canonical form.
/// The payload is decoded by the checking thread; both threads then have about equally much to do.
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

/// The lines in order, parsed on a thread of `scope` while the caller works on earlier ones.
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
