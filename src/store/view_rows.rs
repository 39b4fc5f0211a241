//! The rows of read models. Each version of a row is valid from the position that created it
//! (`since`) until the position that replaced it (`until`, exclusive).
//!
//! Searches run on connections that plan each execution anew: a plan made while a table was empty
//! would stay bad for long.

use serde::Serialize;

use super::filter::escape_wildcards;
use super::{Engine, Executor, Store, StoreResult, Tx, in_transaction, on_executor, on_reader};

/// The value of `until` in a current row.
pub const CURRENT: i64 = i64::MAX;

/// The predicate for current rows. It must be this literal and not a bind parameter, or the partial
/// indexes are not used.
pub(super) fn is_current() -> String {
    format!("v.until = {CURRENT}")
}

/// A row version to store: a new one, or the end of the current one.
#[derive(Clone, Debug, Serialize)]
pub struct RowVersion {
    pub id: String,
    pub since: i64,
    pub until: i64,
    pub body: String,
}

impl RowVersion {
    /// Ends the version that began at `since`. Its stored body is not changed: `body` here is
    /// ignored.
    #[must_use]
    pub fn closing(id: &str, since: i64, until: i64) -> Self {
        Self {
            id: id.to_owned(),
            since,
            until,
            body: "{}".to_owned(),
        }
    }
}

/// A version of a row, with its body as JSON.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ViewRow {
    pub id: String,
    pub since: i64,
    pub until: i64,
    pub body: String,
}

/// The current rows of a generation to load.
#[derive(Clone, Debug)]
pub struct RowLookup {
    pub table: &'static str,
    pub generation: i64,
    pub ids: Vec<String>,
}

/// Loads current rows of several projections in one statement, each with the name of its table.
pub async fn load_current(
    source: &mut Executor<'_>,
    organisation: &str,
    needed: &[RowLookup],
) -> StoreResult<Vec<(String, ViewRow)>> {
    let engine = source.engine();
    let part = |(number, needed): (usize, &RowLookup)| {
        let (generation, ids) = (number * 2 + 2, number * 2 + 3);
        format!(
            "SELECT '{0}' AS \"table\", v.id, v.since, v.until, v.body FROM view_{0} v \
                WHERE v.organisation = $1 \
                AND v.generation = ${generation} AND {1} AND {2}",
            needed.table,
            is_current(),
            engine.among("v.id", &format!("${ids}"))
        )
    };
    let sql = needed
        .iter()
        .enumerate()
        .map(part)
        .collect::<Vec<_>>()
        .join(" UNION ALL ");
    let loaded: Vec<LoadedRow> = on_executor!(source, db => {
        let mut query = sqlx::query_as(&sql).bind(organisation);
        for one in needed {
            query = query.bind(one.generation).bind(serde_json::to_string(&one.ids)
                .unwrap_or_default());
        }
        query.fetch_all(db).await?
    });
    Ok(loaded
        .into_iter()
        .map(|loaded| (loaded.table, loaded.row))
        .collect())
}

#[derive(sqlx::FromRow)]
struct LoadedRow {
    table: String,
    #[sqlx(flatten)]
    row: ViewRow,
}

/// The statement that ends current versions and inserts new ones.
pub(super) fn upsert_sql(
    engine: Engine,
    table: &str,
    generation: &str,
    versions: &str,
    moved: &str,
) -> String {
    let rows = engine.rows(
        versions,
        &[
            ("id", "text"),
            ("since", "bigint"),
            ("until", "bigint"),
            ("body", "text"),
        ],
    );
    format!(
        "INSERT INTO view_{table} (organisation, generation, id, since, until, body) \
         SELECT $1, {generation}, r.id, r.since, r.until, r.body FROM {rows} WHERE {moved} \
         ON CONFLICT (organisation, generation, id, since) DO UPDATE SET until = excluded.until"
    )
}

/// Removes the rows of a generation that is no longer read.
pub async fn remove_generation(
    tx: &mut Tx,
    table: &str,
    organisation: &str,
    generation: i64,
) -> StoreResult<()> {
    let sql = format!("DELETE FROM {table} WHERE organisation = $1 AND generation = $2");
    in_transaction!(tx, db => { sqlx::query(&sql).bind(organisation).bind(generation)
        .execute(db).await?; });
    Ok(())
}

/// The predicate for rows `v` of the live generation. A sub-select, and not a join, lets SQLite use
/// the index of the rows.
pub(super) fn in_live_generation(table: &str) -> String {
    alias_in_live_generation("v", table)
}

/// The same for another table alias. The statement's first parameter must be the organisation.
pub(super) fn alias_in_live_generation(name: &str, projection: &str) -> String {
    format!(
        "{name}.generation = (SELECT p.generation FROM projections p WHERE p.organisation = $1 \
            AND p.name = '{projection}' AND p.state = 'live')"
    )
}

/// The position that created the newest row version of a table; -1 if there is none.
pub async fn newest_position(
    store: &Store,
    organisation: &str,
    table: &'static str,
) -> StoreResult<i64> {
    let sql = format!(
        "SELECT COALESCE(MAX(v.since), -1) FROM view_{table} v WHERE v.organisation = $1 AND {}",
        in_live_generation(table)
    );
    let (newest,): (i64,) =
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).fetch_one(db).await?);
    Ok(newest)
}

/// The current groups whose names contain a text, in any case.
pub async fn groups_named(
    store: &Store,
    organisation: &str,
    text: &str,
    most: i64,
) -> StoreResult<Vec<ViewRow>> {
    let sql = format!(
        "SELECT v.id, v.since, v.until, v.body FROM view_groups v WHERE v.organisation = $1 \
            AND {} AND {} \
            AND lower(v.name) LIKE $2 ESCAPE '!' ORDER BY v.name, v.id LIMIT $3",
        in_live_generation("groups"),
        is_current()
    );
    let plain = escape_wildcards(&text.to_lowercase());
    let pattern = format!("%{plain}%");
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(pattern).bind(most)
            .fetch_all(db).await?),
    )
}

/// The current rows of the live generation with these ids.
pub async fn find_current(
    store: &Store,
    organisation: &str,
    table: &'static str,
    ids: &[String],
) -> StoreResult<Vec<ViewRow>> {
    let among = store.engine().among("v.id", "$2");
    let sql = format!(
        "SELECT v.id, v.since, v.until, v.body FROM view_{table} v WHERE v.organisation = $1 \
            AND {} AND {} AND {among} ORDER BY v.id",
        in_live_generation(table),
        is_current()
    );
    let ids = serde_json::to_string(ids).unwrap_or_default();
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(ids)
            .fetch_all(db).await?),
    )
}

/// All versions of all rows of a generation, in order, to compare a rebuild with the live rows.
pub async fn dump(
    store: &Store,
    table: &str,
    organisation: &str,
    generation: i64,
) -> StoreResult<Vec<ViewRow>> {
    let sql = format!(
        "SELECT id, since, until, body FROM view_{table} WHERE organisation = $1 \
            AND generation = $2 ORDER BY id, since"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(generation)
            .fetch_all(db).await?),
    )
}

/// The body of the current row with the next greater id, and the position of its projection, read
/// in one statement.
pub async fn next_current_row(
    store: &Store,
    organisation: &str,
    table: &'static str,
    id: &str,
) -> StoreResult<Option<(i64, Option<String>)>> {
    let sql = format!(
        "SELECT p.next_position, (SELECT v.body FROM view_{table} v \
            WHERE v.organisation = p.organisation AND v.generation = p.generation \
            AND {} AND v.id > $2 ORDER BY v.id LIMIT 1) \
            FROM projections p WHERE p.organisation = $1 AND p.name = '{table}' \
            AND p.state = 'live'",
        is_current()
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(id)
            .fetch_optional(db).await?),
    )
}
