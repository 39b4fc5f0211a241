//! The outbox: mails that are due, claimed, sent or failed. A mail is claimed before it is sent, so
//! that two processes do not send it at the same time. Times are in microseconds since 1970.

use super::{Store, StoreResult, Tx, in_transaction, on_reader};

/// State of a mail that cannot be sent by email, until staff pass it on.
pub const BY_HAND: &str = "by_hand";

/// A mail to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    pub id: String,
    pub kind: String,
    pub person: String,
    pub about: String,
}

/// A mail and its state.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MailRow {
    pub id: String,
    pub kind: String,
    pub person: String,
    /// The position of an event, or the id of a sign-in link.
    pub about: String,
    pub state: String,
    pub tries: i64,
    pub made_at: i64,
    pub due_at: i64,
    pub sent_at: Option<i64>,
    pub error: Option<String>,
}

const COLUMNS: &str = "id, kind, person, about, state, tries, made_at, due_at, sent_at, error";

/// Inserts a mail unless one with its id exists.
pub async fn insert(tx: &mut Tx, organisation: &str, mail: &NewMail, now: i64) -> StoreResult<()> {
    const SQL: &str = "INSERT INTO mails (organisation, id, kind, person, about, state, tries, \
        made_at, due_at) \
        VALUES ($1, $2, $3, $4, $5, 'due', 0, $6, $6) ON CONFLICT DO NOTHING";
    in_transaction!(tx, db => {
        sqlx::query(SQL).bind(organisation).bind(&mail.id).bind(&mail.kind).bind(&mail.person)
            .bind(&mail.about).bind(now).execute(db).await?;
    });
    Ok(())
}

/// Deletes a mail that was inserted in the same transaction.
pub async fn remove(tx: &mut Tx, organisation: &str, id: &str) -> StoreResult<()> {
    const SQL: &str = "DELETE FROM mails WHERE organisation = $1 AND id = $2";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(id).execute(db).await?; });
    Ok(())
}

/// Claims, until a time, the mail that has been due for longest. A mail whose claim has expired is
/// due again.
pub async fn claim(
    store: &Store,
    organisation: &str,
    now: i64,
    until: i64,
) -> StoreResult<Option<MailRow>> {
    let mut tx = store.begin().await?;
    let lock = match tx.engine() {
        super::Engine::Postgres => " FOR UPDATE SKIP LOCKED",
        super::Engine::Sqlite => "",
    };
    let sql = format!(
        "UPDATE mails SET state = 'claimed', tries = tries + 1, due_at = $3 \
            WHERE organisation = $1 AND id = \
            (SELECT id FROM mails WHERE organisation = $1 AND state IN ('due', 'claimed') \
            AND due_at <= $2 ORDER BY due_at, id LIMIT 1{lock}) \
            RETURNING {COLUMNS}"
    );
    let claimed = in_transaction!(&mut tx, db => sqlx::query_as(&sql).bind(organisation).bind(now)
        .bind(until).fetch_optional(db).await?);
    tx.commit().await?;
    Ok(claimed)
}

/// The outcome of a claimed mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    Sent,
    /// It is no longer needed, for this reason.
    Dropped(String),
    /// Sending failed, and is retried at a time.
    Retry {
        at: i64,
        error: String,
    },
    /// The data it is about is not available yet. It is due again at a time, and this does not
    /// count as an attempt.
    Postponed {
        at: i64,
        error: String,
    },
    Failed(String),
    /// It cannot be sent by email, and waits for a call or a letter.
    ByHand(String),
}

/// Records the outcome of a mail, unless its claim has expired and another process has claimed it.
pub async fn record_outcome(
    store: &Store,
    organisation: &str,
    mail: &MailRow,
    became: &DeliveryOutcome,
    now: i64,
) -> StoreResult<()> {
    const SQL: &str = "UPDATE mails SET state = $3, due_at = $4, sent_at = $5, error = $6, \
        tries = tries - $8 \
        WHERE organisation = $1 AND id = $2 AND state = 'claimed' AND due_at = $7";
    let (state, due_at, sent_at, error) = match became {
        DeliveryOutcome::Sent => ("sent", now, Some(now), None),
        DeliveryOutcome::Dropped(why) => ("dropped", now, None, Some(why.as_str())),
        DeliveryOutcome::Retry { at, error } | DeliveryOutcome::Postponed { at, error } => {
            ("due", *at, None, Some(error.as_str()))
        }
        DeliveryOutcome::Failed(error) => ("failed", now, None, Some(error.as_str())),
        DeliveryOutcome::ByHand(why) => (BY_HAND, now, None, Some(why.as_str())),
    };
    let no_try = i64::from(matches!(became, DeliveryOutcome::Postponed { .. }));
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        let query = sqlx::query(SQL).bind(organisation).bind(&mail.id).bind(state).bind(due_at)
            .bind(sent_at).bind(error);
        query.bind(mail.due_at).bind(no_try).execute(db).await?;
    });
    tx.commit().await
}

/// Settles a mail that staff passed on. `how` is kept in the column of the reason.
pub async fn settle_by_hand(
    tx: &mut Tx,
    organisation: &str,
    id: &str,
    how: &str,
    now: i64,
) -> StoreResult<()> {
    const SQL: &str = "UPDATE mails SET state = 'told', due_at = $3, sent_at = $3, error = $4 \
        WHERE organisation = $1 AND id = $2 AND state IN ('by_hand', 'failed')";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(id).bind(now)
        .bind(how).execute(db).await?; });
    Ok(())
}

/// Puts a mail that staff passed on back on their list, at the place where it was.
pub async fn wait_by_hand_again(tx: &mut Tx, organisation: &str, id: &str) -> StoreResult<()> {
    const SQL: &str = "UPDATE mails SET state = 'by_hand', due_at = made_at, sent_at = NULL, \
        error = NULL WHERE organisation = $1 AND id = $2 AND state = 'told'";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(id).execute(db).await?; });
    Ok(())
}

/// A mail by its id.
pub async fn find(store: &Store, organisation: &str, id: &str) -> StoreResult<Option<MailRow>> {
    let sql = format!("SELECT {COLUMNS} FROM mails WHERE organisation = $1 AND id = $2");
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(id)
            .fetch_optional(db).await?),
    )
}

/// The mails that wait for a call or a letter, in the order in which they began to wait. The index
/// `mails_due` serves it.
pub async fn waiting_by_hand(
    store: &Store,
    organisation: &str,
    most: i64,
) -> StoreResult<Vec<MailRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mails WHERE organisation = $1 AND state = 'by_hand' \
            ORDER BY due_at, id LIMIT $2"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(most)
            .fetch_all(db).await?),
    )
}

/// The number of mails in a state, by the index `mails_due`.
pub async fn count_in_state(store: &Store, organisation: &str, state: &str) -> StoreResult<i64> {
    const SQL: &str = "SELECT count(*) FROM mails WHERE organisation = $1 AND state = $2";
    let (count,): (i64,) = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(state).fetch_one(db).await?);
    Ok(count)
}

/// Makes a failed mail, or one that waits for a call or a letter, due again.
pub async fn retry(tx: &mut Tx, organisation: &str, id: &str, now: i64) -> StoreResult<()> {
    const SQL: &str = "UPDATE mails SET state = 'due', tries = 0, due_at = $3 \
        WHERE organisation = $1 AND id = $2 AND state IN ('failed', 'by_hand')";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(id).bind(now)
        .execute(db).await?; });
    Ok(())
}

/// The newest mails, in one state, or in all if `state` is empty.
pub async fn newest(
    store: &Store,
    organisation: &str,
    state: &str,
    most: i64,
) -> StoreResult<Vec<MailRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mails WHERE organisation = $1 AND ($2 = '' OR state = $2) \
            ORDER BY made_at DESC, id DESC LIMIT $3"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(state).bind(most)
            .fetch_all(db).await?),
    )
}

/// The ids of all mails to a person.
pub async fn ids_of_person(
    store: &Store,
    organisation: &str,
    person: &str,
) -> StoreResult<Vec<String>> {
    const SQL: &str = "SELECT id FROM mails WHERE organisation = $1 AND person = $2";
    let found: Vec<(String,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(person).fetch_all(db).await?);
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// All mails to a person, the oldest first.
pub async fn all_of_person(
    store: &Store,
    organisation: &str,
    person: &str,
) -> StoreResult<Vec<MailRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mails WHERE organisation = $1 AND person = $2 ORDER BY made_at, id"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(person)
            .fetch_all(db).await?),
    )
}

/// The number of mails in each unfinished state: due, claimed, failed.
pub async fn count_unsettled(store: &Store, organisation: &str) -> StoreResult<Vec<(String, i64)>> {
    const SQL: &str = "SELECT state, count(*) FROM mails WHERE organisation = $1 \
        AND state IN ('due', 'claimed', 'failed') GROUP BY state";
    Ok(on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}
