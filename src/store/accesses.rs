//! Who looked at what is held on somebody, and who took everybody's addresses. A second look on the
//! same day is counted, and makes no row of its own.

use jiff::civil::Date;

use super::{Store, Stored, in_tx, reading};

/// For how many years it is known.
const YEARS: i64 = 6;

/// What somebody looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked<'a> {
    /// Everything that is held on a person or a group.
    Held(&'a str),
    /// The addresses of everybody.
    Addresses,
}

/// What one person looked at on one day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccessRow {
    pub id: String,
    pub day: String,
    pub person: String,
    /// Whom it was about; empty where it was everybody.
    pub subject: String,
    /// `held` or `addresses`.
    pub what: String,
    pub times: i64,
    pub last_at: i64,
}

/// Which of them are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Accesses<'a> {
    All,
    /// Those about somebody; those to the addresses of everybody, where it is empty.
    Of(&'a str),
    /// Those by somebody.
    By(&'a str),
}

/// Notes that somebody looked, and forgets what is older than anybody asks for.
///
/// # Errors
/// When the database does not answer.
pub async fn note(
    store: &Store,
    organisation: &str,
    person: &str,
    looked: Looked<'_>,
    day: Date,
    now: i64,
) -> Stored<()> {
    const FORGET: &str = "DELETE FROM accesses WHERE organisation = $1 AND day < $2";
    const SQL: &str = "INSERT INTO accesses (organisation, id, day, person, subject, what, times, last_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7) \
         ON CONFLICT (organisation, id) DO UPDATE SET times = accesses.times + 1, last_at = excluded.last_at";
    let (what, subject) = match looked {
        Looked::Held(subject) => ("held", subject),
        Looked::Addresses => ("addresses", ""),
    };
    let oldest = day
        .saturating_sub(jiff::Span::new().years(YEARS))
        .to_string();
    let day = day.to_string();
    let id = format!("{day}/{person}/{what}/{subject}");
    let mut tx = store.begin().await?;
    in_tx!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(oldest).execute(&mut *db).await?;
        sqlx::query(SQL).bind(organisation).bind(id).bind(day).bind(person).bind(subject).bind(what).bind(now).execute(&mut *db).await?;
    });
    tx.commit().await
}

/// Those that are asked for, the newest first, after an id.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(
    store: &Store,
    organisation: &str,
    which: Accesses<'_>,
    after: &str,
    most: i64,
) -> Stored<Vec<AccessRow>> {
    let (and, whose) = match which {
        Accesses::All => ("$2 = ''", ""),
        Accesses::Of(subject) => ("subject = $2", subject),
        Accesses::By(person) => ("person = $2", person),
    };
    let sql = format!(
        "SELECT id, day, person, subject, what, times, last_at FROM accesses \
         WHERE organisation = $1 AND {and} AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(whose).bind(after).bind(most).fetch_all(db).await?),
    )
}
