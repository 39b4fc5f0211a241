//! The files of kept forms. They are not in the log, because no command names them yet.

use super::{Store, StoreResult, in_transaction, on_reader};

/// The kept form that files belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFilesKey {
    /// Keyed digests of the browser's secret, and of the secret with the person and the page.
    pub browser: String,
    pub page: String,
    /// The keyed digest of the person for whom the page was made.
    pub typist: String,
}

/// The most bytes of files that are kept.
#[derive(Clone, Copy, Debug)]
pub struct KeptFileLimits {
    pub of_browser: i64,
    pub of_organisation: i64,
}

/// Deletes the files whose forms are not kept any more.
pub(super) const WITHOUT_FORM: &str = "DELETE FROM kept_files WHERE organisation = $1 AND NOT \
    EXISTS (SELECT 1 FROM kept_forms WHERE kept_forms.organisation = kept_files.organisation \
    AND kept_forms.browser = kept_files.browser AND kept_forms.page = kept_files.page)";
const REMOVE: &str = "DELETE FROM kept_files WHERE organisation = $1 AND browser = $2 \
    AND page = $3 AND file = $4";

/// Keeps new files of a form, by their ids, and of its earlier ones those with the ids in
/// `remaining`. Returns whether the browser and the organisation have room for them; if not,
/// nothing changes.
pub async fn put(
    store: &Store,
    organisation: &str,
    key: &KeptFilesKey,
    (remaining, new): (&[String], &[(String, Vec<u8>)]),
    most: KeptFileLimits,
) -> StoreResult<bool> {
    const IDS: &str = "SELECT file FROM kept_files WHERE organisation = $1 AND browser = $2 \
        AND page = $3";
    const SQL: &str = "INSERT INTO kept_files (organisation, browser, page, file, typist, sealed) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    const SIZES: &str = "SELECT CAST(COALESCE(SUM(length(sealed)), 0) AS bigint), \
        CAST(COALESCE(SUM(CASE WHEN browser = $2 THEN length(sealed) ELSE 0 END), 0) AS bigint) \
        FROM kept_files WHERE organisation = $1";
    let KeptFilesKey {
        browser,
        page,
        typist,
    } = key;
    let mut tx = store.begin().await?;
    let (all, own): (i64, i64) = in_transaction!(&mut tx, db => {
        let known: Vec<(String,)> = sqlx::query_as(IDS).bind(organisation).bind(browser)
            .bind(page).fetch_all(&mut *db).await?;
        for (file,) in known.iter().filter(|(file,)| !remaining.contains(file)) {
            sqlx::query(REMOVE).bind(organisation).bind(browser).bind(page).bind(file)
                .execute(&mut *db).await?;
        }
        for (file, sealed) in new {
            sqlx::query(SQL).bind(organisation).bind(browser).bind(page).bind(file).bind(typist)
                .bind(sealed).execute(&mut *db).await?;
        }
        sqlx::query_as(SIZES).bind(organisation).bind(browser).fetch_one(db).await?
    });
    if all > most.of_organisation || own > most.of_browser {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// The ids of the files of a kept form.
pub async fn ids(
    store: &Store,
    organisation: &str,
    browser: &str,
    page: &str,
) -> StoreResult<Vec<String>> {
    const SQL: &str = "SELECT file FROM kept_files WHERE organisation = $1 AND browser = $2 \
        AND page = $3 ORDER BY file";
    let found: Vec<(String,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(browser).bind(page).fetch_all(db).await?);
    Ok(found.into_iter().map(|(file,)| file).collect())
}

/// A file of a kept form, encrypted.
pub async fn find(
    store: &Store,
    organisation: &str,
    (browser, page): (&str, &str),
    file: &str,
) -> StoreResult<Option<Vec<u8>>> {
    const SQL: &str = "SELECT sealed FROM kept_files WHERE organisation = $1 AND browser = $2 \
        AND page = $3 AND file = $4";
    let found: Option<(Vec<u8>,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(browser).bind(page).bind(file).fetch_optional(db).await?);
    Ok(found.map(|(sealed,)| sealed))
}

/// Deletes a file of a kept form.
pub async fn remove(
    store: &Store,
    organisation: &str,
    (browser, page): (&str, &str),
    file: &str,
) -> StoreResult<()> {
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(REMOVE).bind(organisation).bind(browser)
        .bind(page).bind(file).execute(db).await?; });
    tx.commit().await
}

/// Gives the files of a kept form to another one of the same browser.
pub async fn hand_over(
    store: &Store,
    organisation: &str,
    from_page: &str,
    to: &KeptFilesKey,
) -> StoreResult<()> {
    const SQL: &str = "UPDATE kept_files SET page = $4, typist = $5 WHERE organisation = $1 \
        AND browser = $2 AND page = $3";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(&to.browser)
        .bind(from_page).bind(&to.page).bind(&to.typist).execute(db).await?; });
    tx.commit().await
}

/// Deletes the files of a browser that belong to other people.
pub async fn remove_of_others(
    store: &Store,
    organisation: &str,
    browser: &str,
    typist: &str,
) -> StoreResult<()> {
    const SQL: &str =
        "DELETE FROM kept_files WHERE organisation = $1 AND browser = $2 AND typist <> $3";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(browser)
        .bind(typist).execute(db).await?; });
    tx.commit().await
}

/// Deletes the files of a person.
pub async fn remove_of_person(store: &Store, organisation: &str, typist: &str) -> StoreResult<()> {
    const SQL: &str = "DELETE FROM kept_files WHERE organisation = $1 AND typist = $2";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(typist)
        .execute(db).await?; });
    tx.commit().await
}
