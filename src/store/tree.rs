//! The tables of the transparency log: its state, its checkpoints, and the tiles of its Merkle
//! tree.

use super::{Store, Stored, Tx, in_tx, reading};

/// The state of the transparency log: its origin, and why signing has stopped, if it has.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TreeLog {
    pub origin: String,
    /// The public keys that verify its checkpoints, one a line, the oldest first.
    pub verifier: String,
    pub stopped: Option<String>,
    /// The number of events at the last comparison of the whole event log with the checkpoints, and
    /// the time of that comparison, in microseconds since 1970.
    pub checked_size: Option<i64>,
    pub checked_at: Option<i64>,
}

impl TreeLog {
    /// The public key of the current signing key.
    #[must_use]
    pub fn newest_key(&self) -> &str {
        self.verifier.lines().last().unwrap_or_default()
    }
}

/// A checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeadRow {
    /// The number of events that it covers.
    pub size: i64,
    pub note: String,
    /// When the last of them was recorded, in microseconds since 1970.
    pub through: i64,
}

/// The coordinates of a tile: its level, and its number in that level.
pub type TileAt = (i64, i64);

/// Locks the state of the organisation's transparency log, after creating it with this origin and
/// key if there is none.
pub async fn lock(
    tx: &mut Tx,
    organisation: &str,
    origin: &str,
    verifier: &str,
) -> Stored<TreeLog> {
    const BEGIN: &str = "INSERT INTO tree_logs (organisation, origin, verifier) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let sql = format!("{FIND}{}", tx.engine().lock());
    Ok(in_tx!(tx, db => {
        sqlx::query(BEGIN).bind(organisation).bind(origin).bind(verifier).execute(&mut *db).await?;
        sqlx::query_as(&sql).bind(organisation).fetch_one(db).await?
    }))
}

const FIND: &str = "SELECT origin, verifier, stopped, checked_size, checked_at FROM tree_logs WHERE organisation = $1";

/// The state of the organisation's transparency log; `None` before it was created.
pub async fn find(store: &Store, organisation: &str) -> Stored<Option<TreeLog>> {
    Ok(reading!(store, db => sqlx::query_as(FIND).bind(organisation).fetch_optional(db).await?))
}

/// The same, inside a transaction.
pub async fn find_in(tx: &mut Tx, organisation: &str) -> Stored<Option<TreeLog>> {
    Ok(in_tx!(tx, db => sqlx::query_as(FIND).bind(organisation).fetch_optional(db).await?))
}

/// Stores why signing has stopped; `None` resumes it.
pub async fn note_stop(tx: &mut Tx, organisation: &str, why: Option<&str>) -> Stored<()> {
    const SQL: &str = "UPDATE tree_logs SET stopped = $2 WHERE organisation = $1";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(why).execute(db).await?; });
    Ok(())
}

/// Records that the whole event log was compared with the checkpoints, and matched.
pub async fn note_check(tx: &mut Tx, organisation: &str, size: i64) -> Stored<()> {
    let clock = tx.engine().clock();
    let sql = format!(
        "UPDATE tree_logs SET checked_size = $2, checked_at = {clock} WHERE organisation = $1"
    );
    in_tx!(tx, db => { sqlx::query(&sql).bind(organisation).bind(size).execute(db).await?; });
    Ok(())
}

const NEWEST: &str =
    "SELECT size, note, through FROM tree_heads WHERE organisation = $1 ORDER BY size DESC LIMIT 1";

/// The newest checkpoint.
pub async fn newest(store: &Store, organisation: &str) -> Stored<Option<HeadRow>> {
    Ok(reading!(store, db => sqlx::query_as(NEWEST).bind(organisation).fetch_optional(db).await?))
}

/// The same, inside a transaction.
pub async fn newest_in(tx: &mut Tx, organisation: &str) -> Stored<Option<HeadRow>> {
    Ok(in_tx!(tx, db => sqlx::query_as(NEWEST).bind(organisation).fetch_optional(db).await?))
}

/// All checkpoints, the smallest first.
pub async fn heads(tx: &mut Tx, organisation: &str) -> Stored<Vec<HeadRow>> {
    const SQL: &str =
        "SELECT size, note, through FROM tree_heads WHERE organisation = $1 ORDER BY size";
    Ok(in_tx!(tx, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}

/// Rotates the signing key: stores the newest checkpoint under both signatures, and the public keys
/// of all signers, one a line.
pub async fn hand_over(
    tx: &mut Tx,
    organisation: &str,
    size: i64,
    note: &str,
    verifier: &str,
) -> Stored<()> {
    const HEAD: &str = "UPDATE tree_heads SET note = $3 WHERE organisation = $1 AND size = $2";
    const LOG: &str = "UPDATE tree_logs SET verifier = $2 WHERE organisation = $1";
    in_tx!(tx, db => {
        sqlx::query(HEAD).bind(organisation).bind(size).bind(note).execute(&mut *db).await?;
        sqlx::query(LOG).bind(organisation).bind(verifier).execute(db).await?;
    });
    Ok(())
}

/// Inserts a checkpoint. Fails if there is one of this size.
pub async fn keep_head(tx: &mut Tx, organisation: &str, head: &HeadRow) -> Stored<()> {
    const SQL: &str =
        "INSERT INTO tree_heads (organisation, size, note, through) VALUES ($1, $2, $3, $4)";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(head.size).bind(&head.note).bind(head.through).execute(db).await?; });
    Ok(())
}

const TILE: &str =
    "SELECT hashes FROM tree_tiles WHERE organisation = $1 AND level = $2 AND tile = $3";

/// The hashes of a tile, concatenated.
pub async fn tile(
    store: &Store,
    organisation: &str,
    (level, tile): TileAt,
) -> Stored<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>,)> = reading!(store, db => sqlx::query_as(TILE).bind(organisation).bind(level).bind(tile).fetch_optional(db).await?);
    Ok(found.map(|(hashes,)| hashes))
}

/// The same, inside a transaction.
pub async fn tile_in(
    tx: &mut Tx,
    organisation: &str,
    (level, tile): TileAt,
) -> Stored<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>,)> = in_tx!(tx, db => sqlx::query_as(TILE).bind(organisation).bind(level).bind(tile).fetch_optional(db).await?);
    Ok(found.map(|(hashes,)| hashes))
}

/// Inserts a tile, or replaces it by its longer version.
pub async fn keep_tile(
    tx: &mut Tx,
    organisation: &str,
    (level, tile): TileAt,
    hashes: &[u8],
) -> Stored<()> {
    const SQL: &str = "INSERT INTO tree_tiles (organisation, level, tile, hashes) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (organisation, level, tile) DO UPDATE SET hashes = excluded.hashes";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(level).bind(tile).bind(hashes).execute(db).await?; });
    Ok(())
}
