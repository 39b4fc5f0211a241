//! Subscriptions (table `followers`): positions of tasks that follow the log and act outside the
//! database.

use super::{Store, StoreResult, Tx, in_transaction, on_reader};

/// All subscriptions and webhooks, each with the position that it reads next.
pub async fn all(store: &Store, organisation: &str) -> StoreResult<Vec<(String, i64)>> {
    const SQL: &str = "SELECT name, next_position FROM followers WHERE organisation = $1 \
        UNION ALL SELECT 'webhook ' || name, next_position FROM webhooks WHERE organisation = $1 \
        ORDER BY 1";
    Ok(on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}

/// The position that a subscription reads next, without a lock; 0 if it has never read.
pub async fn next_position(store: &Store, organisation: &str, name: &str) -> StoreResult<i64> {
    const SQL: &str = "SELECT next_position FROM followers WHERE organisation = $1 AND name = $2";
    let found: Option<(i64,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(name).fetch_optional(db).await?);
    Ok(found.map_or(0, |(next,)| next))
}

/// Locks a subscription and returns the position that it reads next. Creates it at `begins` if it
/// has never read.
pub async fn lock(tx: &mut Tx, organisation: &str, name: &str, begins: i64) -> StoreResult<i64> {
    const BEGIN: &str = "INSERT INTO followers (organisation, name, next_position) \
        VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let sql = format!(
        "SELECT next_position FROM followers WHERE organisation = $1 AND name = $2{}",
        tx.engine().lock()
    );
    let (next,): (i64,) = in_transaction!(tx, db => {
        sqlx::query(BEGIN).bind(organisation).bind(name).bind(begins).execute(&mut *db).await?;
        sqlx::query_as(&sql).bind(organisation).bind(name).fetch_one(db).await?
    });
    Ok(next)
}

/// Advances a subscription.
pub async fn advance(tx: &mut Tx, organisation: &str, name: &str, next: i64) -> StoreResult<()> {
    const SQL: &str =
        "UPDATE followers SET next_position = $3 WHERE organisation = $1 AND name = $2";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(name).bind(next)
        .execute(db).await?; });
    Ok(())
}
