//! Saved views: lists that a person saved under a name. Not in the log, because they hold nothing
//! of the programme.

use super::{Store, StoreResult, in_transaction, on_reader};

/// The audience of a view that everyone in the office sees.
pub const OFFICE: &str = "office";
/// The largest number of saved views of one list for a person.
const OFFERED_MAX: i64 = 40;

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SavedViewRow {
    pub id: String,
    /// The list, by the last part of its address.
    pub list: String,
    pub name: String,
    /// The query of the list's address.
    pub query: String,
    /// The person who saved it.
    pub owner: String,
    /// The person who sees it, or [`OFFICE`].
    pub audience: String,
}

/// The views of one list that a person sees, by name.
pub async fn of_list(
    store: &Store,
    organisation: &str,
    list: &str,
    person: &str,
) -> StoreResult<Vec<SavedViewRow>> {
    let sql = format!(
        "SELECT id, list, name, query, owner, audience FROM saved_views \
            WHERE organisation = $1 AND list = $2 AND audience IN ($3, '{OFFICE}') ORDER BY {}, id \
            LIMIT {OFFERED_MAX}",
        store.engine().bytewise("name")
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(list).bind(person)
            .fetch_all(db).await?),
    )
}

/// A view by its id.
pub async fn find(
    store: &Store,
    organisation: &str,
    id: &str,
) -> StoreResult<Option<SavedViewRow>> {
    const SQL: &str = "SELECT id, list, name, query, owner, audience FROM saved_views \
        WHERE organisation = $1 AND id = $2";
    Ok(
        on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).bind(id)
        .fetch_optional(db).await?),
    )
}

/// Saves a view. One of the same list, audience and name is replaced if `owner` saved it; otherwise
/// nothing is stored. Returns whether it was.
pub async fn save(
    store: &Store,
    organisation: &str,
    view: &SavedViewRow,
    now: i64,
) -> StoreResult<bool> {
    const SQL: &str = "INSERT INTO saved_views (organisation, id, list, name, query, owner, \
        audience, saved_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (organisation, list, audience, name) DO UPDATE \
        SET query = excluded.query, saved_at = excluded.saved_at \
        WHERE saved_views.owner = excluded.owner";
    let mut tx = store.begin_derived().await?;
    let saved = in_transaction!(&mut tx, db => sqlx::query(SQL).bind(organisation).bind(&view.id)
        .bind(&view.list).bind(&view.name).bind(&view.query).bind(&view.owner).bind(&view.audience)
        .bind(now).execute(db).await?.rows_affected());
    tx.commit().await?;
    Ok(saved > 0)
}

pub async fn remove(store: &Store, organisation: &str, id: &str) -> StoreResult<()> {
    const SQL: &str = "DELETE FROM saved_views WHERE organisation = $1 AND id = $2";
    let mut tx = store.begin_derived().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(id)
        .execute(db).await?; });
    tx.commit().await
}

/// Removes all views that a person saved, when their personal data is erased.
pub async fn remove_of_person(store: &Store, organisation: &str, person: &str) -> StoreResult<()> {
    const SQL: &str = "DELETE FROM saved_views WHERE organisation = $1 AND owner = $2";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(person)
        .execute(db).await?; });
    tx.commit().await
}
