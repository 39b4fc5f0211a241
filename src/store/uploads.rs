//! Upload usage: what each group or person uploaded on the last day on which they uploaded.

use super::{Store, StoreResult, in_transaction};

/// A number of files, and of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadUsage {
    pub files: u64,
    pub bytes: u64,
}

/// Adds to the usage of a group or person on a day, and returns the total of that day. Usage of an
/// earlier day is overwritten.
pub async fn add(
    store: &Store,
    organisation: &str,
    sender: &str,
    day: &str,
    more: UploadUsage,
) -> StoreResult<UploadUsage> {
    const SQL: &str = "INSERT INTO uploads (organisation, group_id, day, files, bytes) \
        VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (organisation, group_id) DO UPDATE SET \
        files = CASE WHEN uploads.day = excluded.day THEN uploads.files ELSE 0 END + \
        excluded.files, \
        bytes = CASE WHEN uploads.day = excluded.day THEN uploads.bytes ELSE 0 END + \
        excluded.bytes, \
        day = excluded.day RETURNING files, bytes";
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut tx = store.begin_derived().await?;
    let (files, bytes): (i64, i64) = in_transaction!(&mut tx, db => {
        sqlx::query_as(SQL).bind(organisation).bind(sender).bind(day).bind(number(more.files))
            .bind(number(more.bytes)).fetch_one(db).await?
    });
    tx.commit().await?;
    Ok(UploadUsage {
        files: files.unsigned_abs(),
        bytes: bytes.unsigned_abs(),
    })
}
