//! Webhooks of the configuration: the position of each in the log, and its claimed delivery.
//! Managed webhooks are in the module `webhook_deliveries`. Times are in microseconds since 1970.

use super::{Store, StoreResult, in_transaction, on_reader};

/// A claimed delivery: the events from one position (inclusive) to another (exclusive).
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ClaimedDelivery {
    pub name: String,
    #[sqlx(rename = "next_position")]
    pub next: i64,
    #[sqlx(rename = "through_position")]
    pub through: i64,
    pub tries: i64,
    pub due_at: i64,
}

/// Inserts a webhook at a position unless it exists.
pub async fn begin(
    store: &Store,
    organisation: &str,
    name: &str,
    position: i64,
) -> StoreResult<()> {
    const SQL: &str = "INSERT INTO webhooks (organisation, name, next_position, through_position, \
        tries, due_at) \
        VALUES ($1, $2, $3, $3, 0, 0) ON CONFLICT DO NOTHING";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(name).bind(position)
        .execute(db).await?; });
    tx.commit().await
}

/// Claims the next delivery if there is one and it is due. A range that was claimed before keeps
/// its end, so a retry sends the same events.
pub async fn claim(
    store: &Store,
    organisation: &str,
    name: &str,
    (length, most): (i64, i64),
    (now, until): (i64, i64),
) -> StoreResult<Option<ClaimedDelivery>> {
    const SQL: &str = "UPDATE webhooks SET tries = tries + 1, due_at = $6, through_position = CASE \
        WHEN through_position > next_position THEN through_position WHEN $3 - next_position > $4 \
        THEN next_position + $4 ELSE $3 END \
        WHERE organisation = $1 AND name = $2 AND due_at <= $5 AND next_position < $3 \
        RETURNING name, next_position, through_position, tries, due_at";
    let waits: Option<(i64,)> = {
        const LOOK: &str = "SELECT next_position FROM webhooks WHERE organisation = $1 \
            AND name = $2 AND due_at <= $3 AND next_position < $4";
        on_reader!(store, db => sqlx::query_as(LOOK).bind(organisation).bind(name).bind(now)
            .bind(length).fetch_optional(db).await?)
    };
    if waits.is_none() {
        return Ok(None);
    }
    let mut tx = store.begin().await?;
    let claimed = in_transaction!(&mut tx, db => {
        sqlx::query_as(SQL).bind(organisation).bind(name).bind(length).bind(most).bind(now)
            .bind(until).fetch_optional(db).await?
    });
    tx.commit().await?;
    Ok(claimed)
}

/// Records that a delivery succeeded, unless another process has claimed it since.
pub async fn record_success(
    store: &Store,
    organisation: &str,
    delivery: &ClaimedDelivery,
    now: i64,
) -> StoreResult<()> {
    const SQL: &str = "UPDATE webhooks SET next_position = $4, tries = 0, due_at = 0, \
        error = NULL, took_at = $5 \
        WHERE organisation = $1 AND name = $2 AND next_position = $3 AND due_at = $6";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(SQL).bind(organisation).bind(&delivery.name).bind(delivery.next)
            .bind(delivery.through).bind(now).bind(delivery.due_at)
            .execute(db).await?;
    });
    tx.commit().await
}

/// Records that a delivery failed, and when it is retried.
pub async fn record_failure(
    store: &Store,
    organisation: &str,
    delivery: &ClaimedDelivery,
    at: i64,
    why: &str,
) -> StoreResult<()> {
    const SQL: &str = "UPDATE webhooks SET due_at = $4, error = $5 WHERE organisation = $1 \
        AND name = $2 AND next_position = $3 AND due_at = $6";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(SQL).bind(organisation).bind(&delivery.name).bind(delivery.next).bind(at)
            .bind(why).bind(delivery.due_at).execute(db).await?;
    });
    tx.commit().await
}

/// The position of each webhook, managed ones included, and the error of its last delivery, if that
/// failed.
pub async fn all(
    store: &Store,
    organisation: &str,
) -> StoreResult<Vec<(String, i64, Option<String>)>> {
    const SQL: &str =
        "SELECT name, next_position, error FROM webhooks WHERE organisation = $1 ORDER BY name";
    Ok(on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}
