//! Forms that were submitted after the session had ended, kept for a short time. They are not in
//! the log, because no command was made of them yet. Times are in microseconds since 1970.

use super::kept_files::WITHOUT_FORM;
use super::{Store, StoreResult, in_transaction, on_reader};

/// A kept form. Of a browser, one form of each person and page is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFormRow {
    /// Keyed digests of the browser's secret, and of the secret with the person and the page.
    pub browser: String,
    pub page: String,
    pub sealed: Vec<u8>,
    pub kept_at: i64,
    pub expires_at: i64,
}

/// The most forms that are kept.
#[derive(Clone, Copy, Debug)]
pub struct KeptFormLimits {
    /// Of one browser: then its oldest is deleted.
    pub of_browser: i64,
    /// Of the organisation, and their bytes: then no other is kept.
    pub of_organisation: i64,
    pub bytes: i64,
}

const FORGET: &str = "DELETE FROM kept_forms WHERE organisation = $1 AND expires_at <= $2";

/// Keeps a form in place of an earlier one of the same person and page, and deletes expired ones
/// and the oldest of the browser. Returns whether the organisation has room for it.
pub async fn put(
    store: &Store,
    organisation: &str,
    form: &KeptFormRow,
    most: KeptFormLimits,
) -> StoreResult<bool> {
    const OLDEST: &str = "DELETE FROM kept_forms WHERE organisation = $1 AND browser = $2 \
        AND page <> $3 AND page NOT IN (SELECT page FROM kept_forms WHERE organisation = $1 \
        AND browser = $2 AND page <> $3 ORDER BY kept_at DESC, page LIMIT $4)";
    const SIZE: &str = "SELECT count(*), CAST(COALESCE(SUM(length(sealed)), 0) AS bigint) \
        FROM kept_forms WHERE organisation = $1";
    const SQL: &str = "INSERT INTO kept_forms (organisation, browser, page, sealed, kept_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (organisation, browser, page) DO UPDATE SET sealed = excluded.sealed, \
        kept_at = excluded.kept_at, expires_at = excluded.expires_at";
    let KeptFormRow {
        browser,
        page,
        sealed,
        kept_at,
        expires_at,
    } = form;
    let others = most.of_browser - 1;
    let mut tx = store.begin().await?;
    let (forms, bytes): (i64, i64) = in_transaction!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(kept_at).execute(&mut *db).await?;
        sqlx::query(OLDEST).bind(organisation).bind(browser).bind(page).bind(others)
            .execute(&mut *db).await?;
        sqlx::query(SQL).bind(organisation).bind(browser).bind(page).bind(sealed).bind(kept_at)
            .bind(expires_at).execute(&mut *db).await?;
        sqlx::query(WITHOUT_FORM).bind(organisation).execute(&mut *db).await?;
        sqlx::query_as(SIZE).bind(organisation).fetch_one(db).await?
    });
    if forms > most.of_organisation || bytes > most.bytes {
        // Nothing of the transaction remains.
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// Deletes the forms that have expired, with their files.
pub async fn remove_expired(store: &Store, organisation: &str, now: i64) -> StoreResult<()> {
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(now).execute(&mut *db).await?;
        sqlx::query(WITHOUT_FORM).bind(organisation).execute(db).await?;
    });
    tx.commit().await
}

/// The form of a page that was kept for a browser, encrypted; for an empty page, those of all its
/// pages, the newest first.
pub async fn find(
    store: &Store,
    organisation: &str,
    browser: &str,
    page: &str,
    now: i64,
) -> StoreResult<Vec<Vec<u8>>> {
    const SQL: &str = "SELECT sealed FROM kept_forms WHERE organisation = $1 AND browser = $2 \
        AND expires_at > $3 AND (page = $4 OR $4 = '') ORDER BY kept_at DESC, page";
    let found: Vec<(Vec<u8>,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(browser).bind(now).bind(page).fetch_all(db).await?);
    Ok(found.into_iter().map(|(sealed,)| sealed).collect())
}

/// Deletes the form of a page that was kept for a browser, with its files.
pub async fn remove(
    store: &Store,
    organisation: &str,
    browser: &str,
    page: &str,
) -> StoreResult<()> {
    const SQL: &str =
        "DELETE FROM kept_forms WHERE organisation = $1 AND browser = $2 AND page = $3";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(SQL).bind(organisation).bind(browser).bind(page).execute(&mut *db).await?;
        sqlx::query(WITHOUT_FORM).bind(organisation).execute(db).await?;
    });
    tx.commit().await
}
