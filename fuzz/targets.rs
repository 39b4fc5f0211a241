//! Fuzz targets: every parser of untrusted bytes, with the invariants that hold for any input.
//! `cargo fuzz` runs them guided by coverage (`scripts/fuzz`); the integration tests run them with
//! mutated copies of the corpus.

use std::collections::BTreeMap;

use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use bytes::Bytes;
use microgrants::domain::Money;
use microgrants::eventlog::recorded_event::RecordedEvent;
use microgrants::http::pages::multipart;
use microgrants::import::{ImportTable, LINES_MAX};
use microgrants::transparency::checkpoint::{KeyChain, Verifier, checkpoint_size};
use microgrants::transparency::checkpoint_signer::hashes_from_bytes;
use microgrants::transparency::log_entry;
use microgrants::transparency::merkle::{FULL_TILE_LEN, Tiles, is_consistent, is_included};
use microgrants::transparency::proof::Proof;

/// Parses its input and checks the invariants. Returns whether the input could be parsed.
pub type Target = fn(&[u8]) -> bool;

/// Every target by its name.
pub const TARGETS: [(&str, Target); 9] = [
    ("event", event),
    ("note", note),
    ("tile", tile),
    ("proof", proof),
    ("table", table),
    ("statement", statement),
    ("package", package),
    ("multipart", multipart),
    ("money", money),
];

/// A line of an exported log: a parsed event serialises to the same line.
pub fn event(data: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(data) else {
        return false;
    };
    let Ok(row) = log_entry::parse(line) else {
        return false;
    };
    assert_eq!(log_entry::canonical_json(&row), line);
    RecordedEvent::from_row(&row).is_ok_and(|event| event.position == row.position)
}

/// A key, a NUL byte, and a signed note: an accepted checkpoint has the size and origin of the
/// note.
pub fn note(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let (key, note) = text.split_once('\0').unwrap_or(("", text));
    let _ = checkpoint_size(note);
    if let Ok(verifier) = Verifier::parse(key) {
        assert_eq!(Verifier::parse(&verifier.text()).ok(), Some(verifier));
    }
    let Ok(chain) = KeyChain::parse(key) else {
        return false;
    };
    let Ok(head) = chain.open_any(note) else {
        return false;
    };
    assert!(
        note.starts_with(&head.text()),
        "a head says what its note says"
    );
    assert_eq!(checkpoint_size(note).ok(), Some(head.size));
    true
}

/// A size and the hashes of a tile: they form no tree, or a consistent one.
pub fn tile(data: &[u8]) -> bool {
    let Some((size, bytes)) = data.split_first_chunk::<2>() else {
        return false;
    };
    let hashes = hashes_from_bytes(bytes);
    let size = u64::from(u16::from_be_bytes(*size));
    let first = hashes.first().copied();
    let tiles = Tiles::from_tiles(
        size,
        BTreeMap::from([((0, 0), hashes.iter().take(FULL_TILE_LEN).copied().collect())]),
    );
    let Some(root) = tiles.root(size) else {
        return false;
    };
    for half in [0, size / 2, size] {
        let _ = is_consistent((half, &root), (size, &root), &hashes);
    }
    if let Some(first) = first {
        let _ = is_included(first, size / 2, size, &hashes, &root);
        assert!(
            size != 1 || root == first,
            "a tree of one leaf is that leaf"
        );
    }
    true
}

/// An inclusion proof: an accepted proof names the position of the event that it contains.
pub fn proof(data: &[u8]) -> bool {
    let Ok(proof) = serde_json::from_slice::<Proof>(data) else {
        return false;
    };
    let Ok((position, size)) = proof.check(None) else {
        return false;
    };
    let row = log_entry::parse(&proof.event).expect("it was read before");
    assert!(
        row.position == position && u64::try_from(position).is_ok_and(|position| position < size)
    );
    true
}

/// An imported table, in any of its formats.
pub fn table(data: &[u8]) -> bool {
    let Ok(table) = ImportTable::read(data) else {
        return false;
    };
    assert!(
        table.line_count() <= LINES_MAX,
        "no table is longer than it may be"
    );
    true
}

/// A bank statement.
pub fn statement(data: &[u8]) -> bool {
    microgrants::bank::read_statement(data).is_ok()
}

/// A package of open data.
pub fn package(data: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice(data) else {
        return false;
    };
    microgrants::export::open_data::preflight(&value, "2026-12-01".parse().expect("a day"))
        .is_empty()
}

/// A multipart form with a file: the parsed fields and file are no larger than the body.
pub fn multipart(data: &[u8]) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("multipart/form-data; boundary=between"),
    );
    let chunks: Vec<_> = data
        .chunks(64)
        .map(|chunk| Ok::<_, PayloadError>(Bytes::copy_from_slice(chunk)))
        .collect();
    let body = Multipart::new(&headers, futures::stream::iter(chunks));
    let Ok(parts) = futures::executor::block_on(multipart::read_parts(body)) else {
        return false;
    };
    let words: usize = parts
        .fields
        .iter()
        .map(|(name, text)| name.len() + text.len())
        .sum();
    assert!(words + parts.bytes.len() <= data.len(), "{parts:?}");
    true
}

/// An amount of money: a parsed amount survives serialisation, and has only digits and a point.
pub fn money(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let Ok(money) = text.parse::<Money>() else {
        return false;
    };
    let written = serde_json::to_value(money).expect("JSON");
    assert_eq!(
        written
            .as_str()
            .and_then(|written| written.parse::<Money>().ok()),
        Some(money)
    );
    assert!(
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.'),
        "{text}"
    );
    true
}
