//! API tokens: their names, the roles and access that they depend on, and whether they were ended.
//! Times are in microseconds since 1970.

use super::{Store, StoreResult, Tx, in_transaction, on_reader};

/// A token's record. The token itself is not stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TokenRow {
    pub jti: String,
    pub person: String,
    /// The name that its person gave it.
    pub name: String,
    /// The roles that it may use, as far as its person had them when it was made, separated by
    /// commas.
    pub roles: String,
    /// How many times the person's access had been ended by then.
    pub access: i64,
    /// A person's id, or `operator`.
    pub made_by: String,
    pub made_at: i64,
    pub expires_at: i64,
    /// When it was last used, to the minute.
    pub used_at: Option<i64>,
    pub ended_at: Option<i64>,
}

const COLUMNS: &str =
    "jti, person, name, roles, access, made_by, made_at, expires_at, used_at, ended_at";
const MINUTE: i64 = 60_000_000;
/// How long an expired token is stored.
const EXPIRED_RETENTION: i64 = 30 * 24 * 60 * MINUTE;

/// Inserts a token, and deletes those that expired long ago. Returns whether it was new.
pub async fn insert(store: &Store, organisation: &str, token: &TokenRow) -> StoreResult<bool> {
    const FORGET: &str = "DELETE FROM tokens WHERE organisation = $1 AND expires_at <= $2";
    const SQL: &str = "INSERT INTO tokens (organisation, jti, person, name, roles, access, \
        made_by, made_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    let mut tx = store.begin().await?;
    let inserted = in_transaction!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(token.made_at - EXPIRED_RETENTION)
            .execute(&mut *db).await?;
        let query = sqlx::query(SQL).bind(organisation).bind(&token.jti).bind(&token.person)
            .bind(&token.name);
        let query = query.bind(&token.roles).bind(token.access).bind(&token.made_by)
            .bind(token.made_at).bind(token.expires_at);
        query.execute(db).await?.rows_affected()
    });
    tx.commit().await?;
    Ok(inserted == 1)
}

/// A token that was not ended.
pub async fn find(store: &Store, organisation: &str, jti: &str) -> StoreResult<Option<TokenRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tokens WHERE organisation = $1 AND jti = $2 AND ended_at IS NULL"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(jti)
            .fetch_optional(db).await?),
    )
}

/// The tokens of a person that were not ended and have not expired, the newest first.
pub async fn active_of_person(
    store: &Store,
    organisation: &str,
    person: &str,
    now: i64,
) -> StoreResult<Vec<TokenRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tokens WHERE organisation = $1 AND person = $2 AND expires_at > $3 \
            AND ended_at IS NULL \
            ORDER BY made_at DESC, jti"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(person).bind(now)
            .fetch_all(db).await?),
    )
}

/// All stored tokens of a person, the oldest first.
pub async fn all_of_person(
    store: &Store,
    organisation: &str,
    person: &str,
) -> StoreResult<Vec<TokenRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tokens WHERE organisation = $1 AND person = $2 ORDER BY made_at, jti"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(person)
            .fetch_all(db).await?),
    )
}

/// Records the use of a token, unless a use was recorded within the last minute. Does not wait for
/// the disk.
pub async fn touch(store: &Store, organisation: &str, jti: &str, now: i64) -> StoreResult<()> {
    const SQL: &str = "UPDATE tokens SET used_at = $3 WHERE organisation = $1 AND jti = $2 \
        AND (used_at IS NULL OR used_at <= $4)";
    let mut tx = store.begin_derived().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(jti).bind(now)
        .bind(now - MINUTE).execute(db).await?; });
    tx.commit().await
}

/// Ends one token of a person.
pub async fn end(
    store: &Store,
    organisation: &str,
    person: &str,
    jti: &str,
    now: i64,
) -> StoreResult<()> {
    const SQL: &str = "UPDATE tokens SET ended_at = $3 WHERE organisation = $1 AND person = $2 \
        AND jti = $4 AND ended_at IS NULL";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(person).bind(now)
        .bind(jti).execute(db).await?; });
    tx.commit().await
}

/// Ends all tokens of all organisations, because the signing key was rotated. Returns how many were
/// ended.
pub async fn end_all(tx: &mut Tx, now: i64) -> StoreResult<u64> {
    const SQL: &str = "UPDATE tokens SET ended_at = $1 WHERE ended_at IS NULL";
    Ok(in_transaction!(tx, db => sqlx::query(SQL).bind(now).execute(db).await?.rows_affected()))
}
