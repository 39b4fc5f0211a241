//! The rows of views. Each version of a row stands from the position that made it until the one
//! that replaced it.
//!
//! Statements that search are planned anew each time: a plan made while a table was empty would
//! stay bad for long.

use serde::Serialize;

use super::{Engine, Source, Store, Stored, Tx, from_source, in_tx, reading};

/// Until when a row stands that nothing has replaced.
pub const STANDING: i64 = i64::MAX;

/// That a row stands, in the words of the indexes of what stands: with a parameter in its place no
/// plan could use them.
pub(super) fn stands() -> String {
    format!("v.until = {STANDING}")
}

/// A version of a row as it is stored: a new one, or where one that stood ends.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    pub id: String,
    pub since: i64,
    pub until: i64,
    pub body: String,
}

impl Version {
    /// The end of a version that stands: what it holds stays as it is.
    #[must_use]
    pub fn ended(id: &str, since: i64, until: i64) -> Self {
        Self {
            id: id.to_owned(),
            since,
            until,
            body: "{}".to_owned(),
        }
    }
}

/// A row as it stood: its id, since when, and its JSON.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    pub id: String,
    pub since: i64,
    pub until: i64,
    pub body: String,
}

/// Which standing rows of a generation are to be loaded.
#[derive(Clone, Debug)]
pub struct Needed {
    pub table: &'static str,
    pub generation: i64,
    pub ids: Vec<String>,
}

/// Loads standing rows of several projections in one statement, each with its table.
///
/// # Errors
/// When the database does not answer.
pub async fn load(
    source: &mut Source<'_>,
    organisation: &str,
    needed: &[Needed],
) -> Stored<Vec<(String, Row)>> {
    let engine = source.engine();
    let part = |(number, needed): (usize, &Needed)| {
        let (generation, ids) = (number * 2 + 2, number * 2 + 3);
        format!(
            "SELECT '{0}' AS \"table\", v.id, v.since, v.until, v.body FROM view_{0} v WHERE v.organisation = $1 \
             AND v.generation = ${generation} AND {1} AND {2}",
            needed.table,
            stands(),
            engine.among("v.id", &format!("${ids}"))
        )
    };
    let sql = needed
        .iter()
        .enumerate()
        .map(part)
        .collect::<Vec<_>>()
        .join(" UNION ALL ");
    let loaded: Vec<Loaded> = from_source!(source, db => {
        let mut query = sqlx::query_as(&sql).bind(organisation);
        for one in needed {
            query = query.bind(one.generation).bind(serde_json::to_string(&one.ids).unwrap_or_default());
        }
        query.fetch_all(db).await?
    });
    Ok(loaded
        .into_iter()
        .map(|loaded| (loaded.table, loaded.row))
        .collect())
}

#[derive(sqlx::FromRow)]
struct Loaded {
    table: String,
    #[sqlx(flatten)]
    row: Row,
}

/// Ends versions that stood, and inserts new ones.
pub(super) fn storing(
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

/// Removes a generation that nobody reads any more.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &mut Tx, table: &str, organisation: &str, generation: i64) -> Stored<()> {
    let sql = format!("DELETE FROM {table} WHERE organisation = $1 AND generation = $2");
    in_tx!(tx, db => { sqlx::query(&sql).bind(organisation).bind(generation).execute(db).await?; });
    Ok(())
}

/// That a row is of the generation that is live. As a value, and not as a table beside: SQLite then
/// finds the rows in their index.
pub(super) fn live(table: &str) -> String {
    live_as("v", table)
}

/// The same of whatever is named so in a statement whose first parameter is the organisation.
pub(super) fn live_as(name: &str, projection: &str) -> String {
    format!(
        "{name}.generation = (SELECT p.generation FROM projections p WHERE p.organisation = $1 AND p.name = '{projection}' AND p.state = 'live')"
    )
}

/// The position that made the newest row of a table; -1 where there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(store: &Store, organisation: &str, table: &'static str) -> Stored<i64> {
    let sql = format!(
        "SELECT COALESCE(MAX(v.since), -1) FROM view_{table} v WHERE v.organisation = $1 AND {}",
        live(table)
    );
    let (newest,): (i64,) =
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).fetch_one(db).await?);
    Ok(newest)
}

/// The standing groups whose names hold a text, whatever its capitals.
///
/// # Errors
/// When the database does not answer.
pub async fn groups_named(
    store: &Store,
    organisation: &str,
    text: &str,
    most: i64,
) -> Stored<Vec<Row>> {
    let sql = format!(
        "SELECT v.id, v.since, v.until, v.body FROM view_groups v WHERE v.organisation = $1 AND {} AND {} \
         AND lower(v.name) LIKE $2 ESCAPE '!' ORDER BY v.name, v.id LIMIT $3",
        live("groups"),
        stands()
    );
    let plain: String = text
        .to_lowercase()
        .chars()
        .flat_map(|c| {
            if matches!(c, '%' | '_' | '!') {
                vec!['!', c]
            } else {
                vec![c]
            }
        })
        .collect();
    let pattern = format!("%{plain}%");
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(pattern).bind(most).fetch_all(db).await?),
    )
}

/// The standing rows of the live generation with these ids.
///
/// # Errors
/// When the database does not answer.
pub async fn standing(
    store: &Store,
    organisation: &str,
    table: &'static str,
    ids: &[String],
) -> Stored<Vec<Row>> {
    let among = store.engine().among("v.id", "$2");
    let sql = format!(
        "SELECT v.id, v.since, v.until, v.body FROM view_{table} v WHERE v.organisation = $1 AND {} AND {} AND {among} ORDER BY v.id",
        live(table),
        stands()
    );
    let ids = serde_json::to_string(ids).unwrap_or_default();
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(ids).fetch_all(db).await?),
    )
}

/// Every version of every row of a generation, in order: for holding a rebuild against the live
/// rows.
///
/// # Errors
/// When the database does not answer.
pub async fn dump(
    store: &Store,
    table: &str,
    organisation: &str,
    generation: i64,
) -> Stored<Vec<Row>> {
    let sql = format!(
        "SELECT id, since, until, body FROM view_{table} WHERE organisation = $1 AND generation = $2 ORDER BY id, since"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(generation).fetch_all(db).await?),
    )
}

/// The standing row with the next greater id, and where its projection will read next: both at one
/// moment.
///
/// # Errors
/// When the database does not answer.
pub async fn next_by(
    store: &Store,
    organisation: &str,
    table: &'static str,
    id: &str,
) -> Stored<Option<(i64, Option<String>)>> {
    let sql = format!(
        "SELECT p.next_position, (SELECT v.body FROM view_{table} v WHERE v.organisation = p.organisation AND v.generation = p.generation \
         AND {} AND v.id > $2 ORDER BY v.id LIMIT 1) \
         FROM projections p WHERE p.organisation = $1 AND p.name = '{table}' AND p.state = 'live'",
        stands()
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(id).fetch_optional(db).await?),
    )
}
