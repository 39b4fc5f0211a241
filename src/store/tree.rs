//! The tree over the log: its origin, its signed heads, and its tiles.

use super::{Store, Stored, Tx, in_tx, reading};

/// Under which origin a log is signed, and why nothing is signed any more, if that is so.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TreeLog {
    pub origin: String,
    /// The public keys that verify its heads, one a line, the oldest first.
    pub verifier: String,
    pub stopped: Option<String>,
    /// How many events the log had when it was last held against what was signed, and when that
    /// was, in microseconds since 1970.
    pub checked_size: Option<i64>,
    pub checked_at: Option<i64>,
}

impl TreeLog {
    /// The public key that signs now.
    #[must_use]
    pub fn newest_key(&self) -> &str {
        self.verifier.lines().last().unwrap_or_default()
    }
}

/// A signed head.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeadRow {
    /// How many events it is over.
    pub size: i64,
    pub note: String,
    /// When the last of them was recorded, in microseconds since 1970.
    pub through: i64,
}

/// A tile's place.
pub type TileAt = (i64, i64);

/// Locks the organisation's tree; it gets this origin and this key if it never had any.
///
/// # Errors
/// When the database does not answer.
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

/// The organisation's tree, if it was begun.
///
/// # Errors
/// When the database does not answer.
pub async fn find(store: &Store, organisation: &str) -> Stored<Option<TreeLog>> {
    Ok(reading!(store, db => sqlx::query_as(FIND).bind(organisation).fetch_optional(db).await?))
}

/// The same, inside a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn find_in(tx: &mut Tx, organisation: &str) -> Stored<Option<TreeLog>> {
    Ok(in_tx!(tx, db => sqlx::query_as(FIND).bind(organisation).fetch_optional(db).await?))
}

/// Notes why nothing is signed any more, or that signing goes on.
///
/// # Errors
/// When the database does not answer.
pub async fn note_stop(tx: &mut Tx, organisation: &str, why: Option<&str>) -> Stored<()> {
    const SQL: &str = "UPDATE tree_logs SET stopped = $2 WHERE organisation = $1";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(why).execute(db).await?; });
    Ok(())
}

/// Notes that the whole log was held against what was signed, and was the same.
///
/// # Errors
/// When the database does not answer.
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

/// The newest head.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(store: &Store, organisation: &str) -> Stored<Option<HeadRow>> {
    Ok(reading!(store, db => sqlx::query_as(NEWEST).bind(organisation).fetch_optional(db).await?))
}

/// The same, inside a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_in(tx: &mut Tx, organisation: &str) -> Stored<Option<HeadRow>> {
    Ok(in_tx!(tx, db => sqlx::query_as(NEWEST).bind(organisation).fetch_optional(db).await?))
}

/// Every head, the smallest first.
///
/// # Errors
/// When the database does not answer.
pub async fn heads(tx: &mut Tx, organisation: &str) -> Stored<Vec<HeadRow>> {
    const SQL: &str =
        "SELECT size, note, through FROM tree_heads WHERE organisation = $1 ORDER BY size";
    Ok(in_tx!(tx, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}

/// Notes that another key signs from here on: the newest head under both signatures, and all keys
/// that ever signed, one a line.
///
/// # Errors
/// When the database does not answer.
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

/// Keeps a head.
///
/// # Errors
/// When the database does not answer, or has a head of this size.
pub async fn keep_head(tx: &mut Tx, organisation: &str, head: &HeadRow) -> Stored<()> {
    const SQL: &str =
        "INSERT INTO tree_heads (organisation, size, note, through) VALUES ($1, $2, $3, $4)";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(head.size).bind(&head.note).bind(head.through).execute(db).await?; });
    Ok(())
}

const TILE: &str =
    "SELECT hashes FROM tree_tiles WHERE organisation = $1 AND level = $2 AND tile = $3";

/// A tile's hashes, one after the other.
///
/// # Errors
/// When the database does not answer.
pub async fn tile(
    store: &Store,
    organisation: &str,
    (level, tile): TileAt,
) -> Stored<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>,)> = reading!(store, db => sqlx::query_as(TILE).bind(organisation).bind(level).bind(tile).fetch_optional(db).await?);
    Ok(found.map(|(hashes,)| hashes))
}

/// The same, inside a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn tile_in(
    tx: &mut Tx,
    organisation: &str,
    (level, tile): TileAt,
) -> Stored<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>,)> = in_tx!(tx, db => sqlx::query_as(TILE).bind(organisation).bind(level).bind(tile).fetch_optional(db).await?);
    Ok(found.map(|(hashes,)| hashes))
}

/// Keeps a tile that is new or has grown.
///
/// # Errors
/// When the database does not answer.
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
