//! Sessions of browsers, and the links and codes by which people sign in. All of a person's end
//! when their address is given up: see [`super::personal_data::release_index`]. Times are in
//! microseconds since 1970.

use super::{Store, StoreResult, Tx, in_transaction, on_reader};

/// A session. The table has the digest of its key; the key itself is only in the browser.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    pub digest: String,
    pub person: String,
    /// 1 once the person has proven that the address is theirs, otherwise 0.
    pub proven: i64,
    pub device: String,
    pub started_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
    /// The person's roles at the start of the session, separated by commas.
    pub roles: String,
    /// How many times the person's access had been ended by then.
    pub access: i64,
}

/// A sign-in link.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LinkRow {
    pub id: String,
    /// Empty if no person has the address that was entered; such a link signs nobody in.
    pub person: String,
    /// What the person gets by using the link (`auth/links.rs`), and the person who began it; empty
    /// for a plain sign-in.
    pub joins: String,
    pub brought_by: String,
    pub wrong_codes: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
    /// The keyed digest of the browser in which the link's code may be typed; empty if in none.
    pub browser: String,
}

const SESSION: &str =
    "digest, person, proven, device, started_at, seen_at, expires_at, roles, access";
const LINK: &str = "id, person, joins, brought_by, wrong_codes, expires_at, used_at, browser";

/// Inserts a session, and deletes expired ones.
pub async fn insert(store: &Store, organisation: &str, session: &SessionRow) -> StoreResult<()> {
    const FORGET: &str = "DELETE FROM sessions WHERE organisation = $1 AND expires_at <= $2";
    const SQL: &str = "INSERT INTO sessions (organisation, digest, person, proven, device, \
        started_at, seen_at, expires_at, roles, access) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let SessionRow {
        digest,
        person,
        proven,
        device,
        started_at,
        seen_at,
        expires_at,
        roles,
        access,
    } = session;
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(started_at).execute(&mut *db).await?;
        sqlx::query(SQL).bind(organisation).bind(digest).bind(person).bind(proven).bind(device)
            .bind(started_at).bind(seen_at)
            .bind(expires_at).bind(roles).bind(access).execute(&mut *db).await?;
    });
    tx.commit().await
}

/// A session that has not expired.
pub async fn find(
    store: &Store,
    organisation: &str,
    digest: &str,
    now: i64,
) -> StoreResult<Option<SessionRow>> {
    let sql = format!(
        "SELECT {SESSION} FROM sessions WHERE organisation = $1 AND digest = $2 AND expires_at > $3"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(digest).bind(now)
            .fetch_optional(db).await?),
    )
}

/// A person's sessions that have not expired, the newest first.
pub async fn active_of_person(
    store: &Store,
    organisation: &str,
    person: &str,
    now: i64,
) -> StoreResult<Vec<SessionRow>> {
    let sql = format!(
        "SELECT {SESSION} FROM sessions WHERE organisation = $1 AND person = $2 \
            AND expires_at > $3 ORDER BY started_at DESC, digest"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(person).bind(now)
            .fetch_all(db).await?),
    )
}

/// All stored sessions of a person, the newest first.
pub async fn all_of_person(
    store: &Store,
    organisation: &str,
    person: &str,
) -> StoreResult<Vec<SessionRow>> {
    let sql = format!(
        "SELECT {SESSION} FROM sessions WHERE organisation = $1 AND person = $2 \
            ORDER BY started_at DESC, digest"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(person)
            .fetch_all(db).await?),
    )
}

/// Records the use of a session, and extends it until `expires_at`.
pub async fn touch(
    store: &Store,
    organisation: &str,
    digest: &str,
    seen_at: i64,
    expires_at: i64,
) -> StoreResult<()> {
    const SQL: &str =
        "UPDATE sessions SET seen_at = $3, expires_at = $4 WHERE organisation = $1 AND digest = $2";
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(digest).bind(seen_at)
        .bind(expires_at).execute(db).await?; });
    tx.commit().await
}

/// Ends a person's sessions, sign-in links and tokens.
pub async fn end_access(tx: &mut Tx, organisation: &str, person: &str) -> StoreResult<()> {
    let tokens = format!(
        "UPDATE tokens SET ended_at = {} WHERE organisation = $1 AND person = $2 \
            AND ended_at IS NULL",
        tx.engine().clock()
    );
    for sql in [
        "DELETE FROM sessions WHERE organisation = $1 AND person = $2",
        "DELETE FROM sign_in_links WHERE organisation = $1 AND person = $2",
        tokens.as_str(),
    ] {
        in_transaction!(tx, db => { sqlx::query(sql).bind(organisation).bind(person)
            .execute(db).await?; });
    }
    Ok(())
}

/// Which sessions of a person to end.
#[derive(Clone, Copy, Debug)]
pub enum SessionsToEnd<'a> {
    One(&'a str),
    /// Those in which the address is unproven.
    Unproven,
}

/// Ends sessions of a person.
pub async fn end(
    store: &Store,
    organisation: &str,
    person: &str,
    which: SessionsToEnd<'_>,
) -> StoreResult<()> {
    let (and, digest) = match which {
        SessionsToEnd::One(digest) => ("digest = $3", digest),
        SessionsToEnd::Unproven => ("proven = 0 AND $3 = ''", ""),
    };
    let sql = format!("DELETE FROM sessions WHERE organisation = $1 AND person = $2 AND {and}");
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => { sqlx::query(&sql).bind(organisation).bind(person).bind(digest)
        .execute(db).await?; });
    tx.commit().await
}

/// Inserts a link, and the mail with it if there is one, and deletes links that expired a day ago.
/// Earlier codes of the person and of the browser become invalid. For an address that belongs to
/// nobody the same statements run, and the mail is deleted again: the response time does not show
/// whether the address is known.
pub async fn issue_link(
    store: &Store,
    organisation: &str,
    link: &LinkRow,
    mail: Option<&super::outbox::NewMail>,
    now: i64,
) -> StoreResult<()> {
    const DAY: i64 = 86_400_000_000;
    const FORGET: &str = "DELETE FROM sign_in_links WHERE organisation = $1 AND expires_at <= $2";
    const NEWEST: &str = "UPDATE sign_in_links SET browser = '' WHERE organisation = $1 \
        AND browser <> '' AND (person = $2 OR browser = $3)";
    const SQL: &str = "INSERT INTO sign_in_links (organisation, id, person, joins, brought_by, \
        wrong_codes, expires_at, browser) \
        VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
    // A link for an unknown address must not invalidate the codes of other unknown addresses.
    let whose: &str = if link.person.is_empty() {
        "nobody"
    } else {
        &link.person
    };
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(now - DAY).execute(&mut *db).await?;
        sqlx::query(NEWEST).bind(organisation).bind(whose).bind(&link.browser)
            .execute(&mut *db).await?;
        sqlx::query(SQL).bind(organisation).bind(&link.id).bind(&link.person).bind(&link.joins)
            .bind(&link.brought_by)
            .bind(link.expires_at).bind(&link.browser).execute(&mut *db).await?;
    });
    if let Some(mail) = mail {
        super::outbox::insert(&mut tx, organisation, mail, now).await?;
        if link.person.is_empty() {
            super::outbox::remove(&mut tx, organisation, &mail.id).await?;
        }
    }
    tx.commit().await
}

/// A link by its id, unless it is for an unknown address.
pub async fn find_link(
    store: &Store,
    organisation: &str,
    id: &str,
) -> StoreResult<Option<LinkRow>> {
    let sql = format!(
        "SELECT {LINK} FROM sign_in_links WHERE organisation = $1 AND id = $2 AND person <> ''"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(id)
            .fetch_optional(db).await?),
    )
}

/// Redeems a link. Returns whether it was valid: of two concurrent calls only one succeeds.
pub async fn redeem_link(
    store: &Store,
    organisation: &str,
    id: &str,
    now: i64,
) -> StoreResult<bool> {
    const SQL: &str = "UPDATE sign_in_links SET used_at = $3 \
        WHERE organisation = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3 \
        AND person <> ''";
    let mut tx = store.begin().await?;
    let used = in_transaction!(&mut tx, db => sqlx::query(SQL).bind(organisation).bind(id).bind(now)
        .execute(db).await?.rows_affected());
    tx.commit().await?;
    Ok(used == 1)
}

/// Counts an attempt to type a code in a browser, and returns the link that the code belongs to,
/// unless `most` attempts were made before.
pub async fn count_code_attempt(
    store: &Store,
    organisation: &str,
    browser: &str,
    now: i64,
    most: i64,
) -> StoreResult<Option<LinkRow>> {
    let sql = format!(
        "UPDATE sign_in_links SET wrong_codes = wrong_codes + 1 \
            WHERE organisation = $1 AND browser = $2 AND used_at IS NULL AND expires_at > $3 \
            AND wrong_codes < $4 RETURNING {LINK}"
    );
    let mut tx = store.begin().await?;
    let open = in_transaction!(&mut tx, db => sqlx::query_as(&sql).bind(organisation).bind(browser)
        .bind(now).bind(most).fetch_optional(db).await?);
    tx.commit().await?;
    Ok(open)
}

/// Binds a link to the address that it is mailed to, given by its digest. Returns whether it may be
/// mailed there: a link is sent to one address only.
pub async fn bind_link_to_address(
    store: &Store,
    organisation: &str,
    id: &str,
    address: &str,
) -> StoreResult<bool> {
    const SQL: &str = "UPDATE sign_in_links SET mailed_to = $3 WHERE organisation = $1 \
        AND id = $2 AND mailed_to IN ('', $3)";
    let mut tx = store.begin().await?;
    let noted = in_transaction!(&mut tx, db => sqlx::query(SQL).bind(organisation).bind(id)
        .bind(address).execute(db).await?.rows_affected());
    tx.commit().await?;
    Ok(noted == 1)
}

/// The digest of the address that a link was mailed to; `None` if no mail contained it.
pub async fn link_address(
    store: &Store,
    organisation: &str,
    id: &str,
) -> StoreResult<Option<String>> {
    const SQL: &str = "SELECT mailed_to FROM sign_in_links WHERE organisation = $1 AND id = $2 \
        AND mailed_to <> ''";
    let found: Option<(String,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(organisation)
        .bind(id).fetch_optional(db).await?);
    Ok(found.map(|(address,)| address))
}
