//! Positions of projections, by generation (table `projections`).

use super::{Store, StoreResult, Tx, in_transaction, on_reader};

/// The position of one generation of a projection.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ProjectionPosition {
    pub name: String,
    pub generation: i64,
    /// The position that it reads next.
    pub next_position: i64,
    /// `building`, `live` or `retired`.
    pub state: String,
    /// Why it stopped, if it has.
    pub error: Option<String>,
    /// The schema version of its rows; 0 for rows from before schema versions were stored.
    pub shape: i64,
}

/// Creates the first, live generation of a projection unless it has one.
pub async fn ensure_live(
    tx: &mut Tx,
    organisation: &str,
    name: &str,
    shape: i64,
) -> StoreResult<()> {
    const SQL: &str = "INSERT INTO projections (organisation, name, generation, next_position, \
        state, shape) \
        SELECT $1, $2, 1, 0, 'live', $3 WHERE NOT EXISTS (SELECT 1 FROM projections \
        WHERE organisation = $1 AND name = $2) \
        ON CONFLICT DO NOTHING";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(name).bind(shape)
        .execute(db).await?; });
    Ok(())
}

/// Locks and reads the positions of all generations of the organisation.
pub async fn lock(tx: &mut Tx, organisation: &str) -> StoreResult<Vec<ProjectionPosition>> {
    let sql = format!("{}{}", all_sql(), tx.engine().lock());
    Ok(in_transaction!(tx, db => sqlx::query_as(&sql).bind(organisation).fetch_all(db).await?))
}

/// Reads the positions of all generations.
pub async fn all(store: &Store, organisation: &str) -> StoreResult<Vec<ProjectionPosition>> {
    let sql = all_sql();
    Ok(on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).fetch_all(db).await?))
}

fn all_sql() -> String {
    "SELECT name, generation, next_position, state, error, shape FROM projections \
        WHERE organisation = $1 ORDER BY name, generation"
        .to_owned()
}

/// Inserts or replaces a position with its state.
pub async fn save(
    tx: &mut Tx,
    organisation: &str,
    checkpoint: &ProjectionPosition,
) -> StoreResult<()> {
    const SQL: &str = "INSERT INTO projections (organisation, name, generation, next_position, \
        state, error, shape) VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (organisation, name, generation) DO UPDATE \
        SET next_position = excluded.next_position, state = excluded.state, \
        error = excluded.error, shape = excluded.shape";
    let ProjectionPosition {
        name,
        generation,
        next_position,
        state,
        error,
        shape,
    } = checkpoint;
    in_transaction!(tx, db => {
        let query = sqlx::query(SQL).bind(organisation).bind(name).bind(generation)
            .bind(next_position).bind(state).bind(error);
        query.bind(shape).execute(db).await?;
    });
    Ok(())
}

/// The position of a live projection, and the length of the log, read in one statement.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LiveProjection {
    pub name: String,
    pub generation: i64,
    pub shape: i64,
    pub next_position: i64,
    pub length: i64,
}

/// All live projections that have not stopped.
pub async fn live(store: &Store, organisation: &str) -> StoreResult<Vec<LiveProjection>> {
    const SQL: &str = "SELECT p.name, p.generation, p.shape, p.next_position, \
        h.next_position AS length FROM projections p \
        JOIN log_head h ON h.organisation = p.organisation WHERE p.organisation = $1 \
        AND p.state = 'live' AND p.error IS NULL";
    Ok(on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}

/// Deletes the position of a generation whose rows were removed.
pub async fn remove(
    tx: &mut Tx,
    organisation: &str,
    checkpoint: &ProjectionPosition,
) -> StoreResult<()> {
    const SQL: &str =
        "DELETE FROM projections WHERE organisation = $1 AND name = $2 AND generation = $3";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(&checkpoint.name)
        .bind(checkpoint.generation).execute(db).await?; });
    Ok(())
}
