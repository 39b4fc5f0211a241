//! Webhooks that administrators manage: their positions in the log, and their deliveries.
//!
//! They share the table `webhooks` with the webhooks of the configuration (see the module
//! `webhooks`); theirs are the rows with `managed = 1`. Times are in microseconds since 1970.

use super::{Store, StoreResult, in_transaction, on_reader};

/// The number of newest deliveries of a webhook that are stored. Older ones are deleted unless they
/// are waiting.
const FINISHED_DELIVERIES_MAX: i64 = 1000;

/// The state of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WebhookProgress {
    pub name: String,
    /// The position of the first event that is in no delivery yet.
    #[sqlx(rename = "next_position")]
    pub next: i64,
    /// When it is processed next; while it is claimed, when the claim expires.
    pub due_at: i64,
    /// The number of consecutive failures, and when the first of them was.
    pub failures: i64,
    pub failing_since: Option<i64>,
    /// When it was paused because deliveries had failed for too long.
    pub paused_at: Option<i64>,
    pub took_at: Option<i64>,
    pub error: Option<String>,
}

/// A delivery: the events from one position (inclusive) to another (exclusive).
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeliveryRow {
    #[sqlx(rename = "from_position")]
    pub from: i64,
    #[sqlx(rename = "through_position")]
    pub through: i64,
    /// `waiting`, `taken` or `given_up`.
    pub state: String,
    pub tries: i64,
    pub made_at: i64,
    pub due_at: i64,
    pub give_up_at: i64,
    pub tried_at: Option<i64>,
    pub error: Option<String>,
}

const SELECT_WEBHOOK: &str = "SELECT name, next_position, due_at, failures, failing_since, \
    paused_at, took_at, error FROM webhooks \
    WHERE organisation = $1 AND managed = 1";
const SELECT_DELIVERY: &str = "SELECT from_position, through_position, state, tries, made_at, \
    due_at, give_up_at, tried_at, error \
    FROM webhook_deliveries WHERE organisation = $1 AND name = $2";

/// Inserts a webhook at a position unless it exists.
pub async fn begin(
    store: &Store,
    organisation: &str,
    name: &str,
    position: i64,
) -> StoreResult<()> {
    const SQL: &str = "INSERT INTO webhooks (organisation, name, next_position, through_position, \
        tries, due_at, managed) \
        VALUES ($1, $2, $3, $3, 0, 0, 1) ON CONFLICT DO NOTHING";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(name).bind(position)
        .execute(db).await?; });
    tx.commit().await
}

/// Deletes a webhook that was ended, with its deliveries.
pub async fn delete(store: &Store, organisation: &str, name: &str) -> StoreResult<()> {
    const SQL: [&str; 2] = [
        "DELETE FROM webhook_deliveries WHERE organisation = $1 AND name = $2",
        "DELETE FROM webhooks WHERE organisation = $1 AND name = $2 AND managed = 1",
    ];
    let mut tx = store.begin().await?;
    for sql in SQL {
        in_transaction!(&mut tx, db => { sqlx::query(sql).bind(organisation).bind(name)
            .execute(db).await?; });
    }
    tx.commit().await
}

/// The states of all managed webhooks.
pub async fn all(store: &Store, organisation: &str) -> StoreResult<Vec<WebhookProgress>> {
    let sql = format!("{SELECT_WEBHOOK} ORDER BY name");
    Ok(on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).fetch_all(db).await?))
}

/// The state of one managed webhook.
pub async fn find(
    store: &Store,
    organisation: &str,
    name: &str,
) -> StoreResult<Option<WebhookProgress>> {
    let sql = format!("{SELECT_WEBHOOK} AND name = $2");
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(name)
            .fetch_optional(db).await?),
    )
}

/// Claims a webhook until a time if its state is still `seen`. Returns whether it was claimed: of
/// two processes only one succeeds.
pub async fn claim(
    store: &Store,
    organisation: &str,
    seen: &WebhookProgress,
    until: i64,
) -> StoreResult<bool> {
    const SQL: &str = "UPDATE webhooks SET due_at = $4 WHERE organisation = $1 AND name = $2 \
        AND managed = 1 AND due_at = $3 \
        AND next_position = $5 AND paused_at IS NULL";
    let mut tx = store.begin().await?;
    let claimed = in_transaction!(&mut tx, db => {
        sqlx::query(SQL).bind(organisation).bind(&seen.name).bind(seen.due_at).bind(until)
            .bind(seen.next).execute(db).await?.rows_affected()
    });
    tx.commit().await?;
    Ok(claimed == 1)
}

/// The waiting delivery that has been due for longest.
pub async fn due(
    store: &Store,
    organisation: &str,
    name: &str,
    now: i64,
) -> StoreResult<Option<DeliveryRow>> {
    let sql = format!(
        "{SELECT_DELIVERY} AND state = 'waiting' AND due_at <= $3 ORDER BY due_at, from_position \
            LIMIT 1"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(name).bind(now)
            .fetch_optional(db).await?),
    )
}

/// Advances a claimed webhook past events that it does not subscribe to, and releases the claim.
pub async fn skip_to(
    store: &Store,
    organisation: &str,
    name: &str,
    through: i64,
    claim: i64,
) -> StoreResult<()> {
    const SQL: &str = "UPDATE webhooks SET next_position = $3, through_position = $3, due_at = 0 \
         WHERE organisation = $1 AND name = $2 AND due_at = $4";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(name).bind(through)
        .bind(claim).execute(db).await?; });
    tx.commit().await
}

/// Advances a claimed webhook past the events of a new delivery, inserts the delivery, and deletes
/// old ones. Returns whether the claim was still valid; if not, nothing is changed.
pub async fn enqueue(
    store: &Store,
    organisation: &str,
    name: &str,
    delivery: &DeliveryRow,
    claim: i64,
) -> StoreResult<bool> {
    const MOVE: &str = "UPDATE webhooks SET next_position = $3, through_position = $3 \
         WHERE organisation = $1 AND name = $2 AND due_at = $4 AND next_position = $5";
    const SQL: &str = "INSERT INTO webhook_deliveries \
        (organisation, name, from_position, through_position, state, tries, made_at, due_at, \
        give_up_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    const FORGET: &str = "DELETE FROM webhook_deliveries WHERE organisation = $1 AND name = $2 \
        AND state <> 'waiting' \
        AND from_position <= (SELECT from_position FROM webhook_deliveries \
        WHERE organisation = $1 AND name = $2 \
        ORDER BY from_position DESC LIMIT 1 OFFSET $3)";
    let DeliveryRow {
        from,
        through,
        state,
        tries,
        made_at,
        due_at,
        give_up_at,
        ..
    } = delivery;
    let mut tx = store.begin().await?;
    let moved = in_transaction!(&mut tx, db => {
        sqlx::query(MOVE).bind(organisation).bind(name).bind(through).bind(claim).bind(from)
            .execute(db).await?.rows_affected()
    });
    if moved == 0 {
        return Ok(false);
    }
    in_transaction!(&mut tx, db => {
        sqlx::query(SQL).bind(organisation).bind(name).bind(from).bind(through).bind(state)
            .bind(tries).bind(made_at).bind(due_at)
            .bind(give_up_at).execute(&mut *db).await?;
        sqlx::query(FORGET).bind(organisation).bind(name).bind(FINISHED_DELIVERIES_MAX)
            .execute(&mut *db).await?;
    });
    tx.commit().await?;
    Ok(true)
}

/// The outcome of an attempt to deliver.
#[derive(Clone, Debug)]
pub enum AttemptOutcome {
    Accepted,
    /// The reason; when the delivery is retried (`None`: it is given up); when the webhook is
    /// processed next; whether it is paused.
    Failed {
        error: String,
        again_at: Option<i64>,
        due_at: i64,
        paused: bool,
    },
}

/// Records the outcome of an attempt, and releases the claim on the webhook.
pub async fn record_attempt(
    store: &Store,
    organisation: &str,
    name: &str,
    from: i64,
    came: &AttemptOutcome,
    (now, claim): (i64, i64),
) -> StoreResult<()> {
    const DELIVERY: &str = "UPDATE webhook_deliveries SET state = $4, tries = tries + 1, \
        tried_at = $5, due_at = $6, error = $7 \
        WHERE organisation = $1 AND name = $2 AND from_position = $3";
    const TAKEN: &str = "UPDATE webhooks SET due_at = 0, failures = 0, failing_since = NULL, \
        error = NULL, took_at = $3 \
        WHERE organisation = $1 AND name = $2 AND due_at = $4";
    const NOT: &str = "UPDATE webhooks SET due_at = $5, failures = failures + 1, \
        failing_since = COALESCE(failing_since, $3), \
        error = $6, paused_at = CASE WHEN $7 = 1 THEN $3 ELSE paused_at END \
        WHERE organisation = $1 AND name = $2 AND due_at = $4";
    let (state, again_at, error) = match came {
        AttemptOutcome::Accepted => ("taken", now, None),
        AttemptOutcome::Failed {
            error,
            again_at: Some(at),
            ..
        } => ("waiting", *at, Some(error.as_str())),
        AttemptOutcome::Failed {
            error,
            again_at: None,
            ..
        } => ("given_up", now, Some(error.as_str())),
    };
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        let query = sqlx::query(DELIVERY).bind(organisation).bind(name).bind(from).bind(state)
            .bind(now).bind(again_at).bind(error);
        query.execute(&mut *db).await?;
        match came {
            AttemptOutcome::Accepted => { sqlx::query(TAKEN).bind(organisation).bind(name).bind(now)
                .bind(claim).execute(&mut *db).await?; }
            AttemptOutcome::Failed { error, due_at, paused, .. } => {
                let query = sqlx::query(NOT).bind(organisation).bind(name).bind(now).bind(claim)
                    .bind(due_at).bind(error);
                query.bind(i64::from(*paused)).execute(&mut *db).await?;
            }
        }
    });
    tx.commit().await
}

/// The deliveries of a webhook before a position, the newest first.
pub async fn newest(
    store: &Store,
    organisation: &str,
    name: &str,
    before: i64,
    most: i64,
) -> StoreResult<Vec<DeliveryRow>> {
    let sql =
        format!("{SELECT_DELIVERY} AND from_position < $3 ORDER BY from_position DESC LIMIT $4");
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(name).bind(before)
            .bind(most).fetch_all(db).await?),
    )
}

/// Schedules a delivery to be sent again. A webhook that waits after failures becomes due earlier,
/// but not before a claim taken now would expire. Returns the delivery; `None` if there is none.
pub async fn redeliver(
    store: &Store,
    organisation: &str,
    name: &str,
    from: i64,
    (now, claim, give_up_at): (i64, i64, i64),
) -> StoreResult<Option<DeliveryRow>> {
    const AGAIN: &str = "UPDATE webhook_deliveries SET state = 'waiting', tries = 0, due_at = $4, \
        give_up_at = $5 \
        WHERE organisation = $1 AND name = $2 AND from_position = $3 \
        RETURNING from_position, through_position, state, tries, made_at, due_at, give_up_at, \
        tried_at, error";
    const SOON: &str = "UPDATE webhooks SET due_at = $3 WHERE organisation = $1 AND name = $2 \
        AND managed = 1 AND due_at > $3";
    let mut tx = store.begin().await?;
    let found = in_transaction!(&mut tx, db => {
        let query = sqlx::query_as(AGAIN).bind(organisation).bind(name).bind(from).bind(now)
            .bind(give_up_at);
        let found = query.fetch_optional(&mut *db).await?;
        sqlx::query(SOON).bind(organisation).bind(name).bind(now + claim).execute(&mut *db).await?;
        found
    });
    tx.commit().await?;
    Ok(found)
}

/// Resumes a paused webhook, and resets its failures.
pub async fn resume(store: &Store, organisation: &str, name: &str) -> StoreResult<()> {
    const SQL: &str = "UPDATE webhooks SET paused_at = NULL, failures = 0, failing_since = NULL, \
        due_at = 0 \
        WHERE organisation = $1 AND name = $2 AND managed = 1 AND paused_at IS NOT NULL";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(name)
        .execute(db).await?; });
    tx.commit().await
}
