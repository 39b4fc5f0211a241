//! Mails that are due, under way and sent. A mail is claimed before it is sent, so that no two
//! processes send it at once.

use super::{Store, Stored, Tx, in_tx, reading};

/// A mail as it is put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    pub id: String,
    pub kind: String,
    pub person: String,
    pub about: String,
}

/// A mail as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MailRow {
    pub id: String,
    pub kind: String,
    pub person: String,
    /// An event's position, or the id of a link.
    pub about: String,
    pub state: String,
    pub tries: i64,
    pub made_at: i64,
    pub due_at: i64,
    pub sent_at: Option<i64>,
    pub error: Option<String>,
}

const COLUMNS: &str = "id, kind, person, about, state, tries, made_at, due_at, sent_at, error";

/// Puts a mail in, unless it is there already.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut Tx, organisation: &str, mail: &NewMail, now: i64) -> Stored<()> {
    const SQL: &str = "INSERT INTO mails (organisation, id, kind, person, about, state, tries, made_at, due_at) \
         VALUES ($1, $2, $3, $4, $5, 'due', 0, $6, $6) ON CONFLICT DO NOTHING";
    in_tx!(tx, db => {
        sqlx::query(SQL).bind(organisation).bind(&mail.id).bind(&mail.kind).bind(&mail.person).bind(&mail.about).bind(now).execute(db).await?;
    });
    Ok(())
}

/// Takes a mail back that was put in within the same transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn take_back(tx: &mut Tx, organisation: &str, id: &str) -> Stored<()> {
    const SQL: &str = "DELETE FROM mails WHERE organisation = $1 AND id = $2";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(id).execute(db).await?; });
    Ok(())
}

/// Claims a mail that is due, or whose claim ran out, until a time: whoever claims sends.
///
/// # Errors
/// When the database does not answer.
pub async fn claim(
    store: &Store,
    organisation: &str,
    now: i64,
    until: i64,
) -> Stored<Option<MailRow>> {
    let mut tx = store.begin().await?;
    let lock = match tx.engine() {
        super::Engine::Postgres => " FOR UPDATE SKIP LOCKED",
        super::Engine::Sqlite => "",
    };
    let sql = format!(
        "UPDATE mails SET state = 'claimed', tries = tries + 1, due_at = $3 WHERE organisation = $1 AND id = \
         (SELECT id FROM mails WHERE organisation = $1 AND state IN ('due', 'claimed') AND due_at <= $2 ORDER BY due_at, id LIMIT 1{lock}) \
         RETURNING {COLUMNS}"
    );
    let claimed = in_tx!(&mut tx, db => sqlx::query_as(&sql).bind(organisation).bind(now).bind(until).fetch_optional(db).await?);
    tx.commit().await?;
    Ok(claimed)
}

/// What became of a mail that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    Sent,
    /// It was not needed any more.
    Dropped(String),
    /// It is tried again at a time.
    Again {
        at: i64,
        error: String,
    },
    /// What it is about is not there yet: it is looked at again at a time, and this was no try.
    NotYet {
        at: i64,
        error: String,
    },
    Failed(String),
}

/// Notes what became of a mail, unless its claim ran out and somebody else claimed it since.
///
/// # Errors
/// When the database does not answer.
pub async fn note(
    store: &Store,
    organisation: &str,
    mail: &MailRow,
    became: &Became,
    now: i64,
) -> Stored<()> {
    const SQL: &str = "UPDATE mails SET state = $3, due_at = $4, sent_at = $5, error = $6, tries = tries - $8 \
         WHERE organisation = $1 AND id = $2 AND state = 'claimed' AND due_at = $7";
    let (state, due_at, sent_at, error) = match became {
        Became::Sent => ("sent", now, Some(now), None),
        Became::Dropped(why) => ("dropped", now, None, Some(why.as_str())),
        Became::Again { at, error } | Became::NotYet { at, error } => {
            ("due", *at, None, Some(error.as_str()))
        }
        Became::Failed(error) => ("failed", now, None, Some(error.as_str())),
    };
    let no_try = i64::from(matches!(became, Became::NotYet { .. }));
    let mut tx = store.begin().await?;
    in_tx!(&mut tx, db => {
        let query = sqlx::query(SQL).bind(organisation).bind(&mail.id).bind(state).bind(due_at).bind(sent_at).bind(error);
        query.bind(mail.due_at).bind(no_try).execute(db).await?;
    });
    tx.commit().await
}

/// Tries a mail that failed once more.
///
/// # Errors
/// When the database does not answer.
pub async fn try_again(store: &Store, organisation: &str, id: &str, now: i64) -> Stored<()> {
    const SQL: &str = "UPDATE mails SET state = 'due', tries = 0, due_at = $3 WHERE organisation = $1 AND id = $2 AND state = 'failed'";
    let mut tx = store.begin().await?;
    in_tx!(&mut tx, db => { sqlx::query(SQL).bind(organisation).bind(id).bind(now).execute(db).await?; });
    tx.commit().await
}

/// The newest mails, in one state or in all.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(
    store: &Store,
    organisation: &str,
    state: &str,
    most: i64,
) -> Stored<Vec<MailRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mails WHERE organisation = $1 AND ($2 = '' OR state = $2) ORDER BY made_at DESC, id DESC LIMIT $3"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(state).bind(most).fetch_all(db).await?),
    )
}

/// The ids of every mail that was ever made for a person.
///
/// # Errors
/// When the database does not answer.
pub async fn of_person(store: &Store, organisation: &str, person: &str) -> Stored<Vec<String>> {
    const SQL: &str = "SELECT id FROM mails WHERE organisation = $1 AND person = $2";
    let found: Vec<(String,)> = reading!(store, db => sqlx::query_as(SQL).bind(organisation).bind(person).fetch_all(db).await?);
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Every mail that was made for a person, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn to_person(store: &Store, organisation: &str, person: &str) -> Stored<Vec<MailRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mails WHERE organisation = $1 AND person = $2 ORDER BY made_at, id"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(person).fetch_all(db).await?),
    )
}

/// How many mails there are in each state that is not settled: due, claimed, failed.
///
/// # Errors
/// When the database does not answer.
pub async fn unsettled(store: &Store, organisation: &str) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "SELECT state, count(*) FROM mails WHERE organisation = $1 AND state IN ('due', 'claimed', 'failed') GROUP BY state";
    Ok(reading!(store, db => sqlx::query_as(SQL).bind(organisation).fetch_all(db).await?))
}
