//! The tables of personal data: subjects' wrapped keys, ciphertexts and blind indexes; and the ids
//! of the service's keys. Keys are wrapped and values encrypted in the vault, not here.

use serde::Serialize;

use super::{Engine, Store, StoreError, StoreResult, Tx, in_transaction, on_reader};
use crate::domain::personal_data::BlindIndexKind;

/// A subject's key to insert.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectKeyRow {
    pub subject: String,
    pub kek_id: String,
    /// Nonce and wrapped key, in hexadecimal.
    pub wrapped: String,
}

/// An encrypted value to insert.
#[derive(Clone, Debug, Serialize)]
pub struct EncryptedRow {
    pub digest: String,
    pub subject: String,
    /// Nonce and ciphertext, in hexadecimal.
    pub sealed: String,
}

/// A blind index entry to insert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlindIndexRow {
    pub kind: &'static str,
    pub digest: String,
    pub subject: String,
}

/// Inserts the keys of new subjects.
///
/// Fails with [`StoreError::KeyRotated`] if the key-encryption key has been rotated since they were
/// wrapped.
pub async fn insert_keys(
    tx: &mut Tx,
    organisation: &str,
    keys: &[SubjectKeyRow],
) -> StoreResult<()> {
    let engine = tx.engine();
    let sql = format!(
        "INSERT INTO subject_keys (organisation, subject, kek_id, wrapped) \
            SELECT $1, r.subject, r.kek_id, {} FROM {} \
            WHERE EXISTS (SELECT 1 FROM known_keys k WHERE k.purpose = 'kek' \
            AND k.key_id = r.kek_id)",
        engine.bytes("r.wrapped"),
        engine.rows(
            "$2",
            &[("subject", "text"), ("kek_id", "text"), ("wrapped", "text")]
        )
    );
    let rows = serde_json::to_string(keys).unwrap_or_default();
    let inserted = in_transaction!(tx, db => sqlx::query(&sql).bind(organisation).bind(rows)
        .execute(db).await?.rows_affected());
    // A process started before a rotation must not insert keys that could not be unwrapped after
    // its restart.
    if inserted == keys.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::KeyRotated)
    }
}

/// The statement that inserts encrypted values.
pub(super) fn insert_encrypted_sql(engine: Engine, sealed: &str) -> String {
    format!(
        "INSERT INTO sealed_values (organisation, digest, subject, sealed) \
            SELECT $1, r.digest, r.subject, {} FROM {}",
        engine.bytes("r.sealed"),
        engine.rows(
            sealed,
            &[("digest", "text"), ("subject", "text"), ("sealed", "text")]
        )
    )
}

/// Deletes a subject's index entries of a kind. If a person's address is deleted, all sessions,
/// links and tokens of the person end in the same transaction: they may be in the hands of someone
/// who reads that mailbox.
pub async fn release_index(
    tx: &mut Tx,
    organisation: &str,
    kind: &str,
    subject: &str,
) -> StoreResult<()> {
    const SQL: &str =
        "DELETE FROM blind_index WHERE organisation = $1 AND subject = $2 AND kind = $3";
    let gone = in_transaction!(tx, db => sqlx::query(SQL).bind(organisation).bind(subject)
        .bind(kind).execute(db).await?.rows_affected());
    if gone == 0 || kind != BlindIndexKind::Email.name() {
        return Ok(());
    }
    super::sessions::end_access(tx, organisation, subject).await
}

/// Replaces a subject's index entries of the kinds given. An entry that exists already is left as
/// it is, and then ends no sessions.
pub async fn replace_index(
    tx: &mut Tx,
    organisation: &str,
    entries: &[BlindIndexRow],
) -> StoreResult<()> {
    const SAME: &str = "SELECT count(*) FROM blind_index WHERE organisation = $1 AND kind = $2 \
        AND digest = $3 AND subject = $4";
    const INSERT: &str =
        "INSERT INTO blind_index (organisation, kind, digest, subject) VALUES ($1, $2, $3, $4)";
    for entry in entries {
        let (same,): (i64,) = in_transaction!(tx, db => {
            sqlx::query_as(SAME).bind(organisation).bind(entry.kind).bind(&entry.digest)
                .bind(&entry.subject).fetch_one(db).await?
        });
        if same > 0 {
            continue;
        }
        release_index(tx, organisation, entry.kind, &entry.subject).await?;
        in_transaction!(tx, db => {
            sqlx::query(INSERT).bind(organisation).bind(entry.kind).bind(&entry.digest)
                .bind(&entry.subject).execute(db).await?;
        });
    }
    Ok(())
}

/// Erases a subject: destroys its key, and deletes its values, index entries, sessions, links and
/// tokens.
pub async fn erase_subject(tx: &mut Tx, organisation: &str, subject: &str) -> StoreResult<()> {
    for sql in [
        "UPDATE subject_keys SET wrapped = NULL WHERE organisation = $1 AND subject = $2",
        "DELETE FROM sealed_values WHERE organisation = $1 AND subject = $2",
        "DELETE FROM blind_index WHERE organisation = $1 AND subject = $2",
        "DELETE FROM sessions WHERE organisation = $1 AND person = $2",
        "DELETE FROM sign_in_links WHERE organisation = $1 AND person = $2",
        "DELETE FROM tokens WHERE organisation = $1 AND person = $2",
    ] {
        in_transaction!(tx, db => { sqlx::query(sql).bind(organisation).bind(subject)
            .execute(db).await?; });
    }
    Ok(())
}

/// The id of the key-encryption key, and a subject's wrapped key, `None` if that was destroyed.
pub async fn wrapped_key(
    store: &Store,
    organisation: &str,
    subject: &str,
) -> StoreResult<Option<(String, Option<Vec<u8>>)>> {
    const SQL: &str =
        "SELECT kek_id, wrapped FROM subject_keys WHERE organisation = $1 AND subject = $2";
    Ok(
        on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).bind(subject)
            .fetch_optional(db).await?),
    )
}

/// The ciphertexts with these digests, each with its digest.
pub async fn encrypted_values(
    store: &Store,
    organisation: &str,
    digests: &[String],
) -> StoreResult<Vec<(String, Vec<u8>)>> {
    let sql = format!(
        "SELECT digest, sealed FROM sealed_values WHERE organisation = $1 AND {}",
        store.engine().among("digest", "$2")
    );
    let digests = serde_json::to_string(digests).unwrap_or_default();
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(digests)
            .fetch_all(db).await?),
    )
}

/// All ciphertexts of a subject, each with its digest.
pub async fn encrypted_values_of(
    store: &Store,
    organisation: &str,
    subject: &str,
) -> StoreResult<Vec<(String, Vec<u8>)>> {
    const SQL: &str =
        "SELECT digest, sealed FROM sealed_values WHERE organisation = $1 AND subject = $2";
    Ok(
        on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).bind(subject)
            .fetch_all(db).await?),
    )
}

/// Deletes the ciphertexts with these digests.
pub async fn delete_values(
    store: &Store,
    organisation: &str,
    digests: &[String],
) -> StoreResult<()> {
    let sql = format!(
        "DELETE FROM sealed_values WHERE organisation = $1 AND {}",
        store.engine().among("digest", "$2")
    );
    let digests = serde_json::to_string(digests).unwrap_or_default();
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(&sql).bind(organisation).bind(digests).execute(db).await?;
    });
    tx.commit().await
}

/// The subject of an index entry.
pub async fn subject_of(
    store: &Store,
    organisation: &str,
    kind: &str,
    digest: &str,
) -> StoreResult<Option<String>> {
    const SQL: &str =
        "SELECT subject FROM blind_index WHERE organisation = $1 AND kind = $2 AND digest = $3";
    let found: Option<(String,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(kind).bind(digest).fetch_optional(db).await?);
    Ok(found.map(|(subject,)| subject))
}

/// All subjects of an index entry. Only those of an index that is not unique can be several.
pub async fn subjects_of(
    store: &Store,
    organisation: &str,
    kind: &str,
    digest: &str,
) -> StoreResult<Vec<String>> {
    const SQL: &str = "SELECT subject FROM blind_index WHERE organisation = $1 AND kind = $2 \
        AND digest = $3 ORDER BY subject";
    let found: Vec<(String,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(kind).bind(digest).fetch_all(db).await?);
    Ok(found.into_iter().map(|(subject,)| subject).collect())
}

/// The other subjects that share a value with this one, with the kind of index. E-mail addresses
/// are unique and never appear.
pub async fn subjects_sharing_values(
    store: &Store,
    organisation: &str,
    subject: &str,
) -> StoreResult<Vec<(String, String)>> {
    const SQL: &str = "SELECT o.kind, o.subject FROM blind_index b JOIN blind_index o \
        ON o.organisation = b.organisation AND o.kind = b.kind \
        AND o.digest = b.digest AND o.subject <> b.subject WHERE b.organisation = $1 \
        AND b.subject = $2 ORDER BY o.subject, o.kind";
    Ok(
        on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).bind(subject)
            .fetch_all(db).await?),
    )
}

/// Reads all keys of all organisations that are not destroyed. Locks them and the heads of all
/// logs, so nothing is appended until the transaction ends.
pub async fn lock_living_keys(tx: &mut Tx) -> StoreResult<Vec<(String, String, Vec<u8>)>> {
    let heads = format!("SELECT next_position FROM log_head{}", tx.engine().lock());
    in_transaction!(tx, db => { sqlx::query(&heads).fetch_all(db).await?; });
    let sql = format!(
        "SELECT organisation, subject, wrapped FROM subject_keys WHERE wrapped IS NOT NULL{}",
        tx.engine().lock()
    );
    Ok(in_transaction!(tx, db => sqlx::query_as(&sql).fetch_all(db).await?))
}

/// Replaces a subject's wrapped key unless it was destroyed.
pub async fn replace_wrapped_key(
    tx: &mut Tx,
    (organisation, subject): (&str, &str),
    kek_id: &str,
    wrapped: &[u8],
) -> StoreResult<()> {
    const SQL: &str = "UPDATE subject_keys SET kek_id = $3, wrapped = $4 WHERE organisation = $1 \
        AND subject = $2 AND wrapped IS NOT NULL";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(subject).bind(kek_id)
        .bind(wrapped).execute(db).await?; });
    Ok(())
}

/// Replaces the id of a known key after a rotation.
pub async fn replace_known_key(
    tx: &mut Tx,
    purpose: &str,
    old: &str,
    new: &str,
) -> StoreResult<()> {
    const SQL: &str = "UPDATE known_keys SET key_id = $3 WHERE purpose = $1 AND key_id = $2";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(purpose).bind(old).bind(new)
        .execute(db).await?; });
    Ok(())
}

/// The ids of the keys of one purpose that the database is used with.
pub async fn known_keys(store: &Store, purpose: &str) -> StoreResult<Vec<String>> {
    const SQL: &str = "SELECT key_id FROM known_keys WHERE purpose = $1 ORDER BY key_id";
    let found: Vec<(String,)> =
        on_reader!(store, db => sqlx::query_as(SQL).bind(purpose).fetch_all(db).await?);
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Registers the first key of a purpose and returns its id. If another process was first, nothing
/// is changed, and the id of its key is returned.
pub async fn register_key(store: &Store, purpose: &str, key_id: &str) -> StoreResult<String> {
    const CLAIM: &str = "INSERT INTO known_keys (purpose, key_id, first) VALUES ($1, $2, 1) \
        ON CONFLICT (purpose, first) DO NOTHING";
    const FIRST: &str = "SELECT key_id FROM known_keys WHERE purpose = $1 AND first = 1";
    let mut tx = store.begin().await?;
    let (first,): (String,) = in_transaction!(&mut tx, db => {
        sqlx::query(CLAIM).bind(purpose).bind(key_id).execute(&mut *db).await?;
        sqlx::query_as(FIRST).bind(purpose).fetch_one(db).await?
    });
    tx.commit().await?;
    Ok(first)
}
