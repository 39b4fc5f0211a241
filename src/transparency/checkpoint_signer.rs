//! The checkpoint signer: follows the event log, extends the Merkle tree and signs checkpoints of
//! it.
//!
//! # Signing
//!
//! A background task calls [`CheckpointSigner::sign_batch`] until it has caught up with the log,
//! then waits 10 seconds, or for 1,024 events if these come sooner. Each call adds at most 4,096
//! events to the tree and writes one checkpoint and the changed tiles in one transaction. The
//! transaction locks the organisation's row of `tree_logs` first, so two processes never sign at
//! the same time.
//!
//! # Consistency
//!
//! The tree is extended only from its frontier, the last tile of each level, as it is stored.
//! Before anything is signed the stored tiles must give the root of the last checkpoint, the last
//! checkpoint must have a valid signature of the current key, and the new events must follow
//! without a gap. So each checkpoint is consistent with the one before.
//!
//! # Full check
//!
//! Extending the frontier does not detect that an old event was changed in the database. The log is
//! therefore hashed again, whole at the start and then in parts: see the module `log_check`.
//!
//! # Alarm
//!
//! A missing position, tiles that do not fit or a rewritten log stop the signer
//! ([`SigningError::is_alarm`]). The reason is stored in `tree_logs.stopped` and shown in
//! `/readyz`, and every process refuses to sign until a full check succeeds. A database that does
//! not answer is no alarm: the call is repeated.
//!
//! # Key rotation
//!
//! The event `CheckpointKeyRotated` names the new key first, so the old key signs a checkpoint that
//! covers it. [`CheckpointSigner::rotate_key`] then has this checkpoint signed by the new key as
//! well and stores both keys in one transaction. A process that still has the old key stops signing
//! with [`SigningError::KeyRotated`] until it is restarted.
//!
//! # Change of origin
//!
//! A log that was restored under a new origin keeps the checkpoints of the origin before. The tree
//! is the same and grows from the last of them; the key is the same under the new name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::checkpoint::{Checkpoint, NoteError, Signer};
use super::log_check::CheckSchedule;
use super::log_entry::canonical_json;
use super::merkle::{self, Hash, TileId, Tiles};
use crate::crypto::keys::{self, KeyPurpose, SecretKey};
use crate::eventlog::Log;
use crate::store::tlog::{self as stored, CheckpointRow, TileCoordinates, TlogState};
use crate::store::{StoreError, Tx, events, personal_data};

/// How often a checkpoint is signed while events are appended, and the number of events after which
/// it is signed sooner.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);
const CHECKPOINT_EVENTS: i64 = 1024;
/// The most events that one transaction adds to the tree.
pub(super) const BATCH_MAX: i64 = 4096;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("position {0} is missing in the log")]
    MissingPosition(i64),
    #[error("the tree's tiles do not make the head that was signed at {0} events")]
    TilesMismatch(i64),
    #[error("the log's first {0} events are not those whose head was signed")]
    LogRewritten(i64),
    #[error("the last signed head cannot be read: {0}")]
    Checkpoint(#[from] NoteError),
    #[error("sealing has stopped: {0}")]
    Stopped(String),
    #[error("another key signs this log now: restart this process")]
    KeyRotated,
    #[error("the key in the tree's table is not the one that signs this log")]
    KeyReplaced,
}

impl SigningError {
    /// Whether the log or the tree is not the signed one. Otherwise the database did not answer, or
    /// this process has an old key.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::KeyRotated)
    }
}

/// Signs checkpoints of one organisation's log.
#[derive(Clone)]
pub struct CheckpointSigner {
    pub(super) log: Log,
    secret: [u8; 32],
    origin: Arc<str>,
}

impl CheckpointSigner {
    /// A signer with this secret key. `origin` is used if the log has no checkpoint yet; a log that
    /// has an origin keeps it.
    #[must_use]
    pub fn new(log: Log, secret: [u8; 32], origin: &str) -> Self {
        Self {
            log,
            secret,
            origin: origin.into(),
        }
    }

    /// The signing key under the name of an origin.
    #[must_use]
    pub fn signer_for(&self, origin: &str) -> Signer {
        Signer::new(origin, &self.secret)
    }

    /// Follows the log for as long as the process runs.
    pub async fn run(self) {
        let mut checks = CheckSchedule::default();
        loop {
            if let Err(error) = self.run_cycle(&mut checks).await {
                tracing::error!(%error, "the log is not sealed");
                tokio::time::sleep(CHECKPOINT_INTERVAL).await;
            }
        }
    }

    /// Checks the log if that is due, signs everything that was appended, then waits until the next
    /// checkpoint is due.
    async fn run_cycle(&self, checks: &mut CheckSchedule) -> Result<(), SigningError> {
        self.check_as_scheduled(checks).await?;
        // Events that arrive during this loop wait for the next cycle unless they fill a batch:
        // each checkpoint is a commit that appends may have to wait for.
        while self.sign_batch().await? >= BATCH_MAX {}
        let sealed = self.signed_size().await?;
        let mut growth = self.log.watch_length();
        let _ = tokio::time::timeout(
            CHECKPOINT_INTERVAL,
            growth.wait_for(|length| length - sealed >= CHECKPOINT_EVENTS),
        )
        .await;
        Ok(())
    }

    /// The number of events under the newest checkpoint.
    pub(super) async fn signed_size(&self) -> Result<i64, StoreError> {
        Ok(
            stored::newest_checkpoint(self.log.store(), self.log.organisation())
                .await?
                .map_or(0, |head| head.size),
        )
    }

    /// Signs a checkpoint over everything that was appended so far.
    pub async fn catch_up(&self) -> Result<(), SigningError> {
        while self.sign_batch().await? > 0 {}
        Ok(())
    }

    /// Signs a checkpoint over the events that were appended, at most one batch. Returns how many
    /// events it added.
    ///
    /// An error that is an alarm is stored and shown in `/readyz`. After that nothing is signed
    /// until [`CheckpointSigner::check`] succeeds.
    pub async fn sign_batch(&self) -> Result<i64, SigningError> {
        let sealed = self.sign_next().await;
        if let Err(error) = &sealed
            && error.is_alarm()
            && !matches!(error, SigningError::Stopped(_))
        {
            self.record_stop(&error.to_string()).await?;
        }
        sealed
    }

    /// Locks the state of the transparency log, and creates it if there is none.
    pub(super) async fn lock(&self, tx: &mut Tx) -> Result<TlogState, StoreError> {
        let key = self.signer_for(&self.origin).verifier().text();
        stored::lock(tx, self.log.organisation(), &self.origin, &key).await
    }

    pub(super) async fn record_stop(&self, why: &str) -> Result<(), StoreError> {
        let mut tx = self.log.store().begin().await?;
        self.lock(&mut tx).await?;
        stored::set_stopped(&mut tx, self.log.organisation(), Some(why)).await?;
        tx.commit().await
    }

    async fn sign_next(&self) -> Result<i64, SigningError> {
        let organisation = self.log.organisation();
        let mut tx = self.log.store().begin().await?;
        let log = self.lock(&mut tx).await?;
        if let Some(why) = log.stopped {
            return Err(SigningError::Stopped(why));
        }
        self.must_have_newest_key(&log).await?;
        let (size, mut tiles) = self.load_frontier(&mut tx, &log).await?;
        let before: BTreeMap<TileId, usize> = tiles
            .tiles()
            .map(|(id, hashes)| (id, hashes.len()))
            .collect();
        let rows = events::read_page_in(&mut tx, organisation, size, BATCH_MAX).await?;
        for (position, row) in (size..).zip(&rows) {
            if row.position != position {
                return Err(SigningError::MissingPosition(position));
            }
            tiles.push(merkle::leaf_hash(canonical_json(row).as_bytes()));
        }
        let Some(last) = rows.last() else {
            return Ok(0);
        };
        let grown = tiles.size();
        let root = tiles.root(grown).ok_or(SigningError::TilesMismatch(size))?;
        let head = Checkpoint {
            origin: log.origin.clone(),
            size: grown,
            root,
        };
        let note = self.signer_for(&log.origin).sign(&head);
        stored::insert_checkpoint(
            &mut tx,
            organisation,
            &CheckpointRow {
                size: to_i64(grown),
                note,
                through: last.recorded_at,
            },
        )
        .await?;
        for (id, hashes) in tiles
            .tiles()
            .filter(|(id, hashes)| before.get(id) != Some(&hashes.len()))
        {
            stored::upsert_tile(&mut tx, organisation, tile_at(id), hashes.as_flattened()).await?;
        }
        tx.commit().await?;
        Ok(to_i64(grown) - size)
    }

    /// Fails if the log is signed by another key than this process's.
    pub(super) async fn must_have_newest_key(&self, log: &TlogState) -> Result<(), SigningError> {
        if log.newest_key() == self.signer_for(&log.origin).verifier().text() {
            return Ok(());
        }
        let own = keys::key_id(KeyPurpose::Checkpoint, &self.secret);
        let known = personal_data::known_keys(self.log.store(), KeyPurpose::Checkpoint.name());
        Err(if known.await?.contains(&own) {
            SigningError::KeyReplaced
        } else {
            SigningError::KeyRotated
        })
    }

    /// Verifies the newest checkpoint. After a change of origin it may still be of the origin
    /// before.
    pub(super) fn open_newest(&self, log: &TlogState, note: &str) -> Result<Checkpoint, NoteError> {
        let open = |origin: &str| self.signer_for(origin).verifier().open(note, origin);
        match (open(&log.origin), log.previous_origin()) {
            (Err(NoteError::MissingSignature(_)), Some(before)) => open(before),
            (opened, _) => opened,
        }
    }

    /// The size of the last checkpoint and the tiles that the tree is extended from. Together the
    /// tiles must give the root of that checkpoint.
    pub(super) async fn load_frontier(
        &self,
        tx: &mut Tx,
        log: &TlogState,
    ) -> Result<(i64, Tiles), SigningError> {
        let organisation = self.log.organisation();
        let Some(newest) = stored::newest_checkpoint_in(tx, organisation).await? else {
            return Ok((0, Tiles::default()));
        };
        let head = self.open_newest(log, &newest.note)?;
        if to_i64(head.size) != newest.size {
            return Err(SigningError::TilesMismatch(newest.size));
        }
        let mut read = BTreeMap::new();
        for id in Tiles::frontier(head.size)
            .into_iter()
            .chain(merkle::tiles_for(&[(0, head.size)]))
        {
            let hashes = stored::tile_in(tx, organisation, tile_at(id))
                .await?
                .unwrap_or_default();
            // A surplus hash would be used as the hash of an event that is still to come.
            if hashes.len() != merkle::tile_width(id, head.size) * size_of::<Hash>() {
                return Err(SigningError::TilesMismatch(newest.size));
            }
            if !hashes.is_empty() {
                read.insert(id, hashes_from_bytes(&hashes));
            }
        }
        let tiles = Tiles::from_tiles(head.size, read);
        if tiles.root(head.size) != Some(head.root) {
            return Err(SigningError::TilesMismatch(newest.size));
        }
        Ok((newest.size, tiles))
    }

    /// A new key as text, under the log's origin. A log without a checkpoint has no key to replace,
    /// which is an error.
    pub async fn next_key(&self, new: &SecretKey) -> Result<String, SigningError> {
        let log = stored::find(self.log.store(), self.log.organisation())
            .await?
            .ok_or(SigningError::MissingPosition(0))?;
        Ok(Signer::new(&log.origin, &new.secret).verifier().text())
    }

    /// Replaces the key. The event that names [`CheckpointSigner::next_key`] must have been
    /// appended before: the old key signs a checkpoint that covers it, and so does the new key.
    ///
    /// The whole log is checked first. A log without a checkpoint has nothing to sign, which is an
    /// error.
    pub async fn rotate_key(&self, old: &str, new: &SecretKey) -> Result<(), SigningError> {
        self.check().await?;
        self.catch_up().await?;
        let organisation = self.log.organisation();
        let mut tx = self.log.store().begin().await?;
        let log = self.lock(&mut tx).await?;
        let newest = stored::newest_checkpoint_in(&mut tx, organisation)
            .await?
            .ok_or(SigningError::MissingPosition(0))?;
        self.signer_for(&log.origin)
            .verifier()
            .open(&newest.note, &log.origin)?;
        let next = Signer::new(&log.origin, &new.secret);
        let note = next.countersign(&newest.note)?;
        stored::rotate_key(
            &mut tx,
            organisation,
            newest.size,
            &note,
            &format!("{}\n{}", log.verifier, next.verifier().text()),
        )
        .await?;
        personal_data::replace_known_key(&mut tx, KeyPurpose::Checkpoint.name(), old, &new.id)
            .await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn to_i64(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// The key of a tile in the database.
#[must_use]
pub fn tile_at((level, tile): TileId) -> TileCoordinates {
    (i64::from(level), to_i64(tile))
}

/// The hashes of a tile, from its bytes. Bytes after the last whole hash are ignored.
#[must_use]
pub fn hashes_from_bytes(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks().0.to_vec()
}
