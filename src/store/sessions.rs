//! Who is signed in with which browser, and the links with which people sign in. All of them end
//! with the address that their person had: see [`super::personal::give_up_index`].

use super::{Store, Stored, Tx, in_tx, reading};

/// A session as it is kept: its key lies in the browser alone.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    pub digest: String,
    pub person: String,
    /// 1 once the person has shown that the address is theirs.
    pub proven: i64,
    pub device: String,
    pub started_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
    /// The roles that the person held when it began, with commas between.
    pub roles: String,
    /// How often the person's access had been ended by then.
    pub access: i64,
}

/// A link to sign in with.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LinkRow {
    pub id: String,
    /// Empty where nobody has the address that was asked for: then it lets nobody in.
    pub person: String,
    /// The group that the person joins by it, and who brings them in; empty when it only signs in.
    pub joins: String,
    pub brought_by: String,
    pub wrong_codes: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
    /// The keyed digest of the browser that may type its code; empty where none may.
    pub browser: String,
}

const SESSION: &str =
    "digest, person, proven, device, started_at, seen_at, expires_at, roles, access";
const LINK: &str = "id, person, joins, brought_by, wrong_codes, expires_at, used_at, browser";

/// Keeps a new session, and forgets those that have run out.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(store: &Store, organisation: &str, session: &SessionRow) -> Stored<()> {
    const FORGET: &str = "DELETE FROM sessions WHERE organisation = $1 AND expires_at <= $2";
    const SQL: &str = "INSERT INTO sessions (organisation, digest, person, proven, device, started_at, seen_at, expires_at, roles, access) \
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
    in_tx!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(started_at).execute(&mut *db).await?;
        sqlx::query(SQL).bind(organisation).bind(digest).bind(person).bind(proven).bind(device).bind(started_at).bind(seen_at)
            .bind(expires_at).bind(roles).bind(access).execute(&mut *db).await?;
    });
    tx.commit().await
}

/// A session that has not run out.
///
/// # Errors
/// When the database does not answer.
pub async fn find(
    store: &Store,
    organisation: &str,
    digest: &str,
    now: i64,
) -> Stored<Option<SessionRow>> {
    let sql = format!(
        "SELECT {SESSION} FROM sessions WHERE organisation = $1 AND digest = $2 AND expires_at > $3"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(digest).bind(now).fetch_optional(db).await?),
    )
}

/// A person's sessions that have not run out, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of(
    store: &Store,
    organisation: &str,
    person: &str,
    now: i64,
) -> Stored<Vec<SessionRow>> {
    let sql = format!(
        "SELECT {SESSION} FROM sessions WHERE organisation = $1 AND person = $2 AND expires_at > $3 ORDER BY started_at DESC, digest"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(person).bind(now).fetch_all(db).await?),
    )
}

/// Every session of a person that is remembered, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn held(store: &Store, organisation: &str, person: &str) -> Stored<Vec<SessionRow>> {
    let sql = format!(
        "SELECT {SESSION} FROM sessions WHERE organisation = $1 AND person = $2 ORDER BY started_at DESC, digest"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(person).fetch_all(db).await?),
    )
}

/// Notes that a session is in use, and until when it is good from now on.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(
    store: &Store,
    organisation: &str,
    digest: &str,
    seen_at: i64,
    expires_at: i64,
) -> Stored<()> {
    const SQL: &str =
        "UPDATE sessions SET seen_at = $3, expires_at = $4 WHERE organisation = $1 AND digest = $2";
    let mut tx = store.begin().await?;
    in_tx!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(digest).bind(seen_at).bind(expires_at).execute(db).await?; });
    tx.commit().await
}

/// Ends everything with which a person is signed in, or could sign in without another mail.
///
/// # Errors
/// When the database does not answer.
pub async fn end_access(tx: &mut Tx, organisation: &str, person: &str) -> Stored<()> {
    let tokens = format!(
        "UPDATE tokens SET ended_at = {} WHERE organisation = $1 AND person = $2 AND ended_at IS NULL",
        tx.engine().clock()
    );
    for sql in [
        "DELETE FROM sessions WHERE organisation = $1 AND person = $2",
        "DELETE FROM sign_in_links WHERE organisation = $1 AND person = $2",
        tokens.as_str(),
    ] {
        in_tx!(tx, db => { sqlx::query(sql).bind(organisation).bind(person).execute(db).await?; });
    }
    Ok(())
}

/// Which sessions of a person end.
#[derive(Clone, Copy, Debug)]
pub enum Ends<'a> {
    One(&'a str),
    /// Those in which the person has not shown that the address is theirs.
    Unproven,
}

/// Ends sessions of a person.
///
/// # Errors
/// When the database does not answer.
pub async fn end(store: &Store, organisation: &str, person: &str, which: Ends<'_>) -> Stored<()> {
    let (and, digest) = match which {
        Ends::One(digest) => ("digest = $3", digest),
        Ends::Unproven => ("proven = 0 AND $3 = ''", ""),
    };
    let sql = format!("DELETE FROM sessions WHERE organisation = $1 AND person = $2 AND {and}");
    let mut tx = store.begin().await?;
    in_tx!(&mut tx, db => { sqlx::query(&sql).bind(organisation).bind(person).bind(digest).execute(db).await?; });
    tx.commit().await
}

/// Keeps a new link with the mail that carries it, if one does, and forgets links that ran out long
/// ago. Codes of the person and of the browser from before end. For an address that nobody has, the
/// same is written, but for the mail, which is taken back.
///
/// # Errors
/// When the database does not answer.
pub async fn offer_link(
    store: &Store,
    organisation: &str,
    link: &LinkRow,
    mail: Option<&super::mails::NewMail>,
    now: i64,
) -> Stored<()> {
    const DAY: i64 = 86_400_000_000;
    const FORGET: &str = "DELETE FROM sign_in_links WHERE organisation = $1 AND expires_at <= $2";
    const NEWEST: &str = "UPDATE sign_in_links SET browser = '' WHERE organisation = $1 AND browser <> '' AND (person = $2 OR browser = $3)";
    const SQL: &str = "INSERT INTO sign_in_links (organisation, id, person, joins, brought_by, wrong_codes, expires_at, browser) \
         VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
    // What is written for nobody must not end what is written for nobody elsewhere.
    let whose: &str = if link.person.is_empty() {
        "nobody"
    } else {
        &link.person
    };
    let mut tx = store.begin().await?;
    in_tx!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(now - DAY).execute(&mut *db).await?;
        sqlx::query(NEWEST).bind(organisation).bind(whose).bind(&link.browser).execute(&mut *db).await?;
        sqlx::query(SQL).bind(organisation).bind(&link.id).bind(&link.person).bind(&link.joins).bind(&link.brought_by)
            .bind(link.expires_at).bind(&link.browser).execute(&mut *db).await?;
    });
    if let Some(mail) = mail {
        super::mails::insert(&mut tx, organisation, mail, now).await?;
        if link.person.is_empty() {
            super::mails::take_back(&mut tx, organisation, &mail.id).await?;
        }
    }
    tx.commit().await
}

/// A link by its id.
///
/// # Errors
/// When the database does not answer.
pub async fn link(store: &Store, organisation: &str, id: &str) -> Stored<Option<LinkRow>> {
    let sql = format!(
        "SELECT {LINK} FROM sign_in_links WHERE organisation = $1 AND id = $2 AND person <> ''"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(id).fetch_optional(db).await?),
    )
}

/// Uses a link up; whether it was still good. Of two at once only one gets it.
///
/// # Errors
/// When the database does not answer.
pub async fn use_link(store: &Store, organisation: &str, id: &str, now: i64) -> Stored<bool> {
    const SQL: &str = "UPDATE sign_in_links SET used_at = $3 \
         WHERE organisation = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3 AND person <> ''";
    let mut tx = store.begin().await?;
    let used = in_tx!(&mut tx, db => sqlx::query(SQL).bind(organisation).bind(id).bind(now).execute(db).await?.rows_affected());
    tx.commit().await?;
    Ok(used == 1)
}

/// Counts a try of a code against the link whose code a browser may type, and gives that link,
/// unless it was tried too often.
///
/// # Errors
/// When the database does not answer.
pub async fn try_code(
    store: &Store,
    organisation: &str,
    browser: &str,
    now: i64,
    most: i64,
) -> Stored<Option<LinkRow>> {
    let sql = format!(
        "UPDATE sign_in_links SET wrong_codes = wrong_codes + 1 \
         WHERE organisation = $1 AND browser = $2 AND used_at IS NULL AND expires_at > $3 AND wrong_codes < $4 RETURNING {LINK}"
    );
    let mut tx = store.begin().await?;
    let open = in_tx!(&mut tx, db => sqlx::query_as(&sql).bind(organisation).bind(browser).bind(now).bind(most).fetch_optional(db).await?);
    tx.commit().await?;
    Ok(open)
}

/// Notes to which address a link is mailed, by its digest; whether it may be: a link goes to one
/// address only.
///
/// # Errors
/// When the database does not answer.
pub async fn mail_link_to(
    store: &Store,
    organisation: &str,
    id: &str,
    address: &str,
) -> Stored<bool> {
    const SQL: &str = "UPDATE sign_in_links SET mailed_to = $3 WHERE organisation = $1 AND id = $2 AND mailed_to IN ('', $3)";
    let mut tx = store.begin().await?;
    let noted = in_tx!(&mut tx, db => sqlx::query(SQL).bind(organisation).bind(id).bind(address).execute(db).await?.rows_affected());
    tx.commit().await?;
    Ok(noted == 1)
}

/// To which address a link was mailed, by its digest; none where no mail carried it.
///
/// # Errors
/// When the database does not answer.
pub async fn mailed_to(store: &Store, organisation: &str, id: &str) -> Stored<Option<String>> {
    const SQL: &str = "SELECT mailed_to FROM sign_in_links WHERE organisation = $1 AND id = $2 AND mailed_to <> ''";
    let found: Option<(String,)> = reading!(store, db => sqlx::query_as(SQL).bind(organisation).bind(id).fetch_optional(db).await?);
    Ok(found.map(|(address,)| address))
}
