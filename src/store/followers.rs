//! Subscriptions (table `followers`): positions of tasks that follow the log and act outside the
//! database.

use super::{Store, Stored, Tx, in_tx, reading};

/// All subscriptions and webhooks, each with the position that it reads next.
pub async fn all(store: &Store, organisation: &str) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "SELECT name, next_position FROM followers WHERE organisation = $1 \
         UNION ALL SELECT 'webhook ' || name, next_position FROM webhooks WHERE organisation = $1 ORDER BY 1";
    Ok(reading!(store, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}

/// The position that a subscription reads next, without a lock; 0 if it has never read.
pub async fn next_of(store: &Store, organisation: &str, name: &str) -> Stored<i64> {
    const SQL: &str = "SELECT next_position FROM followers WHERE organisation = $1 AND name = $2";
    let found: Option<(i64,)> = reading!(store, db => sqlx::query_as(SQL).bind(organisation).bind(name).fetch_optional(db).await?);
    Ok(found.map_or(0, |(next,)| next))
}

/// Locks a subscription and returns the position that it reads next. Creates it at `begins` if it
/// has never read.
pub async fn lock(tx: &mut Tx, organisation: &str, name: &str, begins: i64) -> Stored<i64> {
    const BEGIN: &str = "INSERT INTO followers (organisation, name, next_position) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let sql = format!(
        "SELECT next_position FROM followers WHERE organisation = $1 AND name = $2{}",
        tx.engine().lock()
    );
    let (next,): (i64,) = in_tx!(tx, db => {
        sqlx::query(BEGIN).bind(organisation).bind(name).bind(begins).execute(&mut *db).await?;
        sqlx::query_as(&sql).bind(organisation).bind(name).fetch_one(db).await?
    });
    Ok(next)
}

/// Advances a subscription.
pub async fn advance(tx: &mut Tx, organisation: &str, name: &str, next: i64) -> Stored<()> {
    const SQL: &str =
        "UPDATE followers SET next_position = $3 WHERE organisation = $1 AND name = $2";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(name).bind(next).execute(db).await?; });
    Ok(())
}
