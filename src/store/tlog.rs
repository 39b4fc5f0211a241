//! The tables of the transparency log: its state, its checkpoints, and the tiles of its Merkle
//! tree.

use super::{Store, StoreResult, Tx, in_transaction, on_reader};

/// The state of the transparency log: its origin, and why signing has stopped, if it has.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TlogState {
    pub origin: String,
    /// The public keys that verify its checkpoints, one a line, the oldest first. The name of a key
    /// is the origin of the checkpoints that it signed.
    pub verifier: String,
    pub stopped: Option<String>,
    /// The number of events at the last comparison of the whole event log with the checkpoints, and
    /// the time of that comparison, in microseconds since 1970.
    pub checked_size: Option<i64>,
    pub checked_at: Option<i64>,
}

impl TlogState {
    /// The public key of the current signing key.
    #[must_use]
    pub fn newest_key(&self) -> &str {
        self.verifier.lines().last().unwrap_or_default()
    }

    /// The origin before, if the newest key is the first one of a new origin.
    #[must_use]
    pub fn previous_origin(&self) -> Option<&str> {
        let before = self.verifier.lines().rev().nth(1)?;
        let (name, _) = before.split_once('+')?;
        (name != self.origin).then_some(name)
    }
}

/// A checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CheckpointRow {
    /// The number of events that it covers.
    pub size: i64,
    pub note: String,
    /// When the last of them was recorded, in microseconds since 1970.
    pub through: i64,
}

/// The coordinates of a tile: its level, and its number in that level.
pub type TileCoordinates = (i64, i64);

/// Locks the state of the organisation's transparency log, after creating it with this origin and
/// key if there is none.
pub async fn lock(
    tx: &mut Tx,
    organisation: &str,
    origin: &str,
    verifier: &str,
) -> StoreResult<TlogState> {
    const BEGIN: &str = "INSERT INTO tree_logs (organisation, origin, verifier) \
        VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let sql = format!("{SELECT_STATE}{}", tx.engine().lock());
    Ok(in_transaction!(tx, db => {
        sqlx::query(BEGIN).bind(organisation).bind(origin).bind(verifier).execute(&mut *db).await?;
        sqlx::query_as(&sql).bind(organisation).fetch_one(db).await?
    }))
}

const SELECT_STATE: &str = "SELECT origin, verifier, stopped, checked_size, checked_at \
    FROM tree_logs WHERE organisation = $1";

/// The state of the organisation's transparency log; `None` before it was created.
pub async fn find(store: &Store, organisation: &str) -> StoreResult<Option<TlogState>> {
    Ok(
        on_reader!(store, db => sqlx::query_as(SELECT_STATE).bind(organisation)
            .fetch_optional(db).await?),
    )
}

/// The same, inside a transaction.
pub async fn find_in(tx: &mut Tx, organisation: &str) -> StoreResult<Option<TlogState>> {
    Ok(
        in_transaction!(tx, db => sqlx::query_as(SELECT_STATE).bind(organisation)
            .fetch_optional(db).await?),
    )
}

/// Stores why signing has stopped; `None` resumes it.
pub async fn set_stopped(tx: &mut Tx, organisation: &str, why: Option<&str>) -> StoreResult<()> {
    const SQL: &str = "UPDATE tree_logs SET stopped = $2 WHERE organisation = $1";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(why)
        .execute(db).await?; });
    Ok(())
}

/// Records that the whole event log was compared with the checkpoints, and matched.
pub async fn record_check(tx: &mut Tx, organisation: &str, size: i64) -> StoreResult<()> {
    let clock = tx.engine().clock();
    let sql = format!(
        "UPDATE tree_logs SET checked_size = $2, checked_at = {clock} WHERE organisation = $1"
    );
    in_transaction!(tx, db => { sqlx::query(&sql).bind(organisation).bind(size)
        .execute(db).await?; });
    Ok(())
}

const SELECT_NEWEST_CHECKPOINT: &str =
    "SELECT size, note, through FROM tree_heads WHERE organisation = $1 ORDER BY size DESC LIMIT 1";

/// The newest checkpoint.
pub async fn newest_checkpoint(
    store: &Store,
    organisation: &str,
) -> StoreResult<Option<CheckpointRow>> {
    Ok(
        on_reader!(store, db => sqlx::query_as(SELECT_NEWEST_CHECKPOINT).bind(organisation)
            .fetch_optional(db).await?),
    )
}

/// The same, inside a transaction.
pub async fn newest_checkpoint_in(
    tx: &mut Tx,
    organisation: &str,
) -> StoreResult<Option<CheckpointRow>> {
    Ok(
        in_transaction!(tx, db => sqlx::query_as(SELECT_NEWEST_CHECKPOINT).bind(organisation)
            .fetch_optional(db).await?),
    )
}

/// All checkpoints, the smallest first.
pub async fn checkpoints(tx: &mut Tx, organisation: &str) -> StoreResult<Vec<CheckpointRow>> {
    const SQL: &str =
        "SELECT size, note, through FROM tree_heads WHERE organisation = $1 ORDER BY size";
    Ok(in_transaction!(tx, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}

/// Rotates the signing key: stores the newest checkpoint under both signatures, and the public keys
/// of all signers, one a line.
pub async fn rotate_key(
    tx: &mut Tx,
    organisation: &str,
    size: i64,
    note: &str,
    verifier: &str,
) -> StoreResult<()> {
    const HEAD: &str = "UPDATE tree_heads SET note = $3 WHERE organisation = $1 AND size = $2";
    const LOG: &str = "UPDATE tree_logs SET verifier = $2 WHERE organisation = $1";
    in_transaction!(tx, db => {
        sqlx::query(HEAD).bind(organisation).bind(size).bind(note).execute(&mut *db).await?;
        sqlx::query(LOG).bind(organisation).bind(verifier).execute(db).await?;
    });
    Ok(())
}

/// Inserts a checkpoint. Fails if there is one of this size.
pub async fn insert_checkpoint(
    tx: &mut Tx,
    organisation: &str,
    head: &CheckpointRow,
) -> StoreResult<()> {
    const SQL: &str =
        "INSERT INTO tree_heads (organisation, size, note, through) VALUES ($1, $2, $3, $4)";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(head.size).bind(&head.note)
        .bind(head.through).execute(db).await?; });
    Ok(())
}

const SELECT_TILE: &str =
    "SELECT hashes FROM tree_tiles WHERE organisation = $1 AND level = $2 AND tile = $3";

/// The hashes of a tile, concatenated.
pub async fn tile(
    store: &Store,
    organisation: &str,
    (level, tile): TileCoordinates,
) -> StoreResult<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>,)> = on_reader!(store, db => sqlx::query_as(SELECT_TILE)
        .bind(organisation).bind(level).bind(tile).fetch_optional(db).await?);
    Ok(found.map(|(hashes,)| hashes))
}

/// The same, inside a transaction.
pub async fn tile_in(
    tx: &mut Tx,
    organisation: &str,
    (level, tile): TileCoordinates,
) -> StoreResult<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>,)> = in_transaction!(tx, db => sqlx::query_as(SELECT_TILE)
        .bind(organisation).bind(level).bind(tile).fetch_optional(db).await?);
    Ok(found.map(|(hashes,)| hashes))
}

/// Inserts a tile, or replaces it by its longer version.
pub async fn upsert_tile(
    tx: &mut Tx,
    organisation: &str,
    (level, tile): TileCoordinates,
    hashes: &[u8],
) -> StoreResult<()> {
    const SQL: &str = "INSERT INTO tree_tiles (organisation, level, tile, hashes) \
        VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organisation, level, tile) DO UPDATE SET hashes = excluded.hashes";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(level).bind(tile)
        .bind(hashes).execute(db).await?; });
    Ok(())
}
