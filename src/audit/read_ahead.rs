//! Parses exported events on a thread of its own, ahead of the checks.

use std::io;
use std::sync::mpsc;
use std::thread::Scope;

use crate::store::events::EventRow;
use crate::transparency::log_entry;
use crate::transparency::merkle::{Hash, leaf_hash};

/// The lines in a chunk, and the most chunks that wait in the channel.
const CHUNK_LINES: usize = 256;
const QUEUED_CHUNKS_MAX: usize = 8;

/// A line of the exported log: its leaf hash, and the event if the line is one in canonical form.
/// The payload is decoded by the checking thread; both threads then have about equally much to do.
pub(super) struct ParsedLine {
    pub(super) hash: Hash,
    pub(super) row: Result<EventRow, String>,
}

impl ParsedLine {
    fn parse(line: &[u8]) -> Self {
        let text = std::str::from_utf8(line).map_err(|error| error.to_string());
        Self {
            hash: leaf_hash(line),
            row: text.and_then(|line| log_entry::parse(line).map_err(|error| error.to_string())),
        }
    }
}

/// The lines in order, parsed on a thread of `scope` while the caller works on earlier ones.
pub(super) fn read_ahead<'scope>(
    scope: &'scope Scope<'scope, '_>,
    lines: impl Iterator<Item = io::Result<Vec<u8>>> + Send + 'scope,
) -> impl Iterator<Item = io::Result<ParsedLine>> {
    let (give, take) = mpsc::sync_channel::<Vec<io::Result<ParsedLine>>>(QUEUED_CHUNKS_MAX);
    scope.spawn(move || {
        let mut lines = lines
            .map(|line| line.map(|line| ParsedLine::parse(&line)))
            .peekable();
        while lines.peek().is_some()
            && give
                .send(lines.by_ref().take(CHUNK_LINES).collect())
                .is_ok()
        {}
    });
    take.into_iter().flatten()
}
