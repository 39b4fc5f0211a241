//! Encrypted passwords of mail servers. They are secrets, so events contain only their ids. Times
//! are in microseconds since 1970.

use super::{Store, StoreResult, in_transaction, on_reader};

/// An encrypted password, by the id that events name it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailPasswordRow {
    pub id: String,
    pub sealed: Vec<u8>,
    pub entered_at: i64,
}

/// Stores a password, and deletes all others but that in force. One that exists stays as it is.
pub async fn put(
    store: &Store,
    organisation: &str,
    password: &MailPasswordRow,
    in_force: &str,
) -> StoreResult<()> {
    const UNUSED: &str = "DELETE FROM mail_passwords WHERE organisation = $1 \
        AND id NOT IN ($2, $3)";
    const SQL: &str = "INSERT INTO mail_passwords (organisation, id, sealed, entered_at) \
        VALUES ($1, $2, $3, $4) ON CONFLICT (organisation, id) DO NOTHING";
    let MailPasswordRow {
        id,
        sealed,
        entered_at,
    } = password;
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(UNUSED).bind(organisation).bind(id).bind(in_force).execute(&mut *db).await?;
        sqlx::query(SQL).bind(organisation).bind(id).bind(sealed).bind(entered_at)
            .execute(db).await?;
    });
    tx.commit().await
}

/// An encrypted password.
pub async fn find(store: &Store, organisation: &str, id: &str) -> StoreResult<Option<Vec<u8>>> {
    const SQL: &str = "SELECT sealed FROM mail_passwords WHERE organisation = $1 AND id = $2";
    let found: Option<(Vec<u8>,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(id).fetch_optional(db).await?);
    Ok(found.map(|(sealed,)| sealed))
}
