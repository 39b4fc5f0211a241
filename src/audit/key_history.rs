//! The keys and origins that signed a folder's heads, and what the auditor knows of them.
//!
//! # Rotation
//!
//! A key is replaced in three steps: the event `CheckpointKeyRotated` names the next key, a head of
//! the old key covers the event, and the next key signs this head as well. The signature of the
//! next key alone proves nothing, because anyone can add one. So the last such event under the head
//! must name the key that follows.
//!
//! Earlier programs rotated without an event. Such a rotation is accepted only if the auditor knows
//! the newest key of the folder, by `--key` or by a head that it signed.
//!
//! # Origin
//!
//! A log that is restored without its newest events continues under a new origin: the same key
//! under another name. The event `LogRestored` names the origin before and the size of its last
//! head. A head of an origin before is compared with the events themselves: it is true if they have
//! its root.

use super::findings::{Findings, FormRule};
use super::verify::{AuditError, Trusted};
use crate::domain::{Event, OrganisationEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::transparency::checkpoint::{Checkpoint, KeyChain, NoteError, Verifier};
use crate::transparency::merkle::{Hash, Tiles};

/// Follows the keys through the heads of a folder, and then through its events.
pub(super) struct KeyHistory {
    /// The keys of the folder. If they cannot be read, those that the auditor knows; without those
    /// no signature can be checked.
    chain: Option<KeyChain>,
    /// The key that the auditor knows.
    trusted: Option<Verifier>,
    known: Option<KnownHead>,
    /// The key for the next head, by its place in the chain, and the size of the last head.
    place: usize,
    last: u64,
    changes: Vec<KeyChange>,
    /// The keys that events name, with the positions.
    named: Vec<(i64, String)>,
    restores: Vec<OriginEnded>,
}

/// A head that the auditor knows from elsewhere.
struct KnownHead {
    head: Checkpoint,
    /// Whether the newest key of the folder signed it.
    is_of_newest_key: bool,
    /// Why its signature is not valid.
    error: Option<NoteError>,
    /// The root over as many events of the folder.
    root: Option<Hash>,
}

/// A change from one key of the folder to the next.
struct KeyChange {
    /// The place of the next key.
    to: usize,
    /// The size of the last head of the key before it.
    last: u64,
    /// The size of the head that covers the event about the change.
    under: u64,
}

/// What a `LogRestored` says.
struct OriginEnded {
    position: i64,
    origin: String,
    sealed: u64,
}

impl KeyHistory {
    pub(super) fn new(own: Option<KeyChain>, trusted: &Trusted) -> Result<Self, AuditError> {
        let key = trusted.key.as_deref().map(KeyChain::parse);
        let key = key.transpose().map_err(AuditError::Key)?;
        let newest = key.as_ref().map(|key| key.newest().clone());
        let chain = own.or(key);
        let known = trusted.head.as_deref();
        let known = known.map(|note| KnownHead::open(note, chain.as_ref()));
        Ok(Self {
            trusted: newest,
            known: known.transpose().map_err(AuditError::Checkpoint)?,
            chain,
            place: 0,
            last: 0,
            changes: Vec::new(),
            named: Vec::new(),
            restores: Vec::new(),
        })
    }

    /// The keys that signatures are checked with.
    pub(super) fn chain(&self) -> Option<&KeyChain> {
        self.chain.as_ref()
    }

    /// Verifies the next head of the folder with the key whose turn it is. Without keys the head is
    /// read only, so that the events can be compared with it.
    pub(super) fn open(&mut self, note: &str) -> Result<Checkpoint, NoteError> {
        let Some(chain) = &self.chain else {
            return Checkpoint::of_note(note);
        };
        let signed = chain.open(note, self.place)?;
        for to in self.place.saturating_add(1)..=signed.signed_by {
            self.changes.push(KeyChange {
                to,
                last: self.last,
                under: signed.head.size,
            });
        }
        if signed.next > signed.signed_by {
            self.changes.push(KeyChange {
                to: signed.next,
                last: signed.head.size,
                under: signed.head.size,
            });
        }
        (self.place, self.last) = (signed.next, signed.head.size);
        Ok(signed.head)
    }

    /// Whether the heads led to the newest key.
    pub(super) fn is_at_newest(&self) -> bool {
        let chain = self.chain.as_ref();
        chain.is_none_or(|chain| self.place.saturating_add(1) >= chain.key_count())
    }

    /// Notes the root of the tree over the events so far, if the known head is over as many.
    pub(super) fn observe(&mut self, tiles: &Tiles) {
        if let Some(known) = &mut self.known
            && known.head.size == tiles.size()
        {
            known.root = tiles.root(tiles.size());
        }
    }

    /// Notes what an event says about keys and origins.
    pub(super) fn process(&mut self, position: i64, event: &RecordedEvent) {
        match &event.event {
            Event::Organisation(OrganisationEvent::CheckpointKeyRotated { key }) => {
                self.named.push((position, key.to_string()));
            }
            Event::Organisation(OrganisationEvent::LogRestored { origin, sealed, .. }) => {
                self.restores.push(OriginEnded {
                    position,
                    origin: origin.to_string(),
                    sealed: *sealed,
                });
            }
            _ => {}
        }
    }

    /// Checks the keys and the known head after the last event. Returns the size of the known head
    /// if it is true of the log.
    pub(super) fn finish(
        &self,
        heads: &[(Checkpoint, i64)],
        findings: &mut Findings,
    ) -> Option<u64> {
        if self.trusted.is_some() && !self.is_trusted_newest() {
            findings.add(
                None,
                FormRule::Head,
                "the folder's key is not the one that is trusted",
            );
        }
        let first = self.key_at(0).map(Verifier::text);
        if self
            .named
            .iter()
            .any(|(_, key)| Some(key) == first.as_ref())
        {
            findings.add(
                None,
                FormRule::Head,
                "the key before the first one is missing, with its heads",
            );
        }
        for change in &self.changes {
            if let Err(says) = self.check_change(change) {
                findings.add(position_under(change.under), FormRule::Head, says);
            }
        }
        let known = self.known.as_ref()?;
        let position = position_under(known.head.size);
        let signed = known.signature();
        let content = self.check_known_head(known, heads);
        let is_true = signed.is_ok() && content.is_ok();
        for says in [signed, content].into_iter().filter_map(Result::err) {
            findings.add(position, FormRule::Head, says);
        }
        is_true.then_some(known.head.size)
    }

    /// Whether the trusted key is the folder's newest, or the same key under an origin that was the
    /// log's before, as an event says.
    fn is_trusted_newest(&self) -> bool {
        let Some(newest) = self.chain.as_ref().map(KeyChain::newest) else {
            return false;
        };
        self.trusted.as_ref().is_some_and(|key| {
            key == newest
                || (key.renamed(&newest.name) == *newest && self.ended(&key.name).is_some())
        })
    }

    /// Whether the auditor knows the newest key of the folder.
    fn is_newest_known(&self) -> bool {
        let known = self.known.as_ref();
        let by_head = known.is_some_and(|known| known.is_of_newest_key);
        self.is_trusted_newest() || (by_head && self.trusted.is_none())
    }

    fn key_at(&self, place: usize) -> Option<&Verifier> {
        self.chain.as_ref()?.key(place)
    }

    fn ended(&self, origin: &str) -> Option<&OriginEnded> {
        self.restores.iter().find(|ended| ended.origin == origin)
    }

    /// Checks that an event says of the change, under the right head.
    fn check_change(&self, change: &KeyChange) -> Result<(), String> {
        let before = change.to.checked_sub(1).and_then(|at| self.key_at(at));
        let (Some(before), Some(key)) = (before, self.key_at(change.to)) else {
            return Ok(());
        };
        let is_under = |position: i64| u64::try_from(position).is_ok_and(|at| at < change.under);
        if before.name != key.name {
            let is_recorded = self.restores.iter().any(|ended| {
                ended.origin == before.name
                    && ended.sealed == change.last
                    && is_under(ended.position)
            });
            return if is_recorded {
                Ok(())
            } else {
                Err(format!(
                    "no event under this head says that the log continues after {} events of {}",
                    change.last, before.name
                ))
            };
        }
        let mut named = self.named.iter().rev();
        match named.find(|(position, _)| is_under(*position)) {
            Some((_, named)) if *named == key.text() => Ok(()),
            Some((position, named)) => Err(format!(
                "the key {} signs after this head, and position {position} names {named}",
                key.text()
            )),
            None if self.is_newest_known() => Ok(()),
            None => Err(format!(
                "no event under a head of the key before it names the key {}. If an earlier \
                    program rotated the key, pass --key with the newest key as you know it",
                key.text()
            )),
        }
    }

    /// Checks that the known head is one of the log's, or true of its first events if it is of an
    /// origin before.
    fn check_known_head(
        &self,
        known: &KnownHead,
        heads: &[(Checkpoint, i64)],
    ) -> Result<(), String> {
        let head = &known.head;
        let chain = self.chain.as_ref();
        if chain.is_none_or(|chain| chain.origin() == head.origin) {
            return is_among(head, heads).map_err(str::to_owned);
        }
        let Some(ended) = self.ended(&head.origin) else {
            return Err(format!(
                "the head that was passed is of the log {}, and this log never had that origin",
                head.origin
            ));
        };
        if known.root == Some(head.root) {
            return Ok(());
        }
        let restored = u64::try_from(ended.position).unwrap_or_default();
        Err(if head.size > restored {
            format!(
                "the head that was passed is over {} events, and {restored} of them were \
                    restored: since then the log has a new origin",
                head.size
            )
        } else {
            "the first events are not those of the head that was passed: the log was forked or \
                rewritten"
                .to_owned()
        })
    }
}

impl KnownHead {
    /// Reads the head. A note that is none is an error; a signature that is not valid is kept, to
    /// be reported.
    fn open(note: &str, chain: Option<&KeyChain>) -> Result<Self, NoteError> {
        let head = Checkpoint::of_note(note)?;
        let opened = match chain {
            Some(chain) => chain
                .open_any(note)
                .or_else(|_| chain.open_under(note, &head.origin)),
            None => Err(NoteError::MissingSignature(head.origin.clone())),
        };
        let newest = chain.map(KeyChain::newest);
        Ok(Self {
            error: opened.err(),
            is_of_newest_key: newest.is_some_and(|key| key.open(note, &key.name).is_ok()),
            head,
            root: None,
        })
    }

    fn signature(&self) -> Result<(), String> {
        match &self.error {
            None => Ok(()),
            Some(NoteError::MissingSignature(_)) => {
                Err("no key of this folder signed the head that was passed".to_owned())
            }
            Some(error) => Err(format!("the head that was passed: {error}")),
        }
    }
}

/// Whether a head of the log's origin is among the folder's heads.
fn is_among(known: &Checkpoint, heads: &[(Checkpoint, i64)]) -> Result<(), &'static str> {
    let last = heads.last().map_or(0, |(head, _)| head.size);
    let of_size = heads.iter().find(|(head, _)| head.size == known.size);
    match of_size {
        Some((head, _)) if head == known => Ok(()),
        Some(_) => Err("another head of this size was signed: the log was forked"),
        None if known.size > last => Err("the log is shorter than it was: it was rolled back"),
        None => Err("the head that was seen earlier is missing"),
    }
}

/// The last position under a head of this size.
fn position_under(size: u64) -> Option<i64> {
    let last = size.checked_sub(1)?;
    Some(i64::try_from(last).unwrap_or(i64::MAX))
}
