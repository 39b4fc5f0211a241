//! The record of accesses: who read all data of a person or group, and who exported all addresses.
//! Repeated accesses on one day are counted in one row.

use jiff::civil::Date;

use super::{Store, StoreResult, in_transaction, on_reader};

/// How many years accesses are stored.
const RETENTION_YEARS: i64 = 6;

/// The data that was accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessedData<'a> {
    /// All data of a person or a group (subject access).
    SubjectAccess(&'a str),
    /// The addresses of all people.
    Addresses,
}

/// The accesses of one person to one kind of data on one day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccessRow {
    pub id: String,
    pub day: String,
    pub person: String,
    /// The person or group whose data it was; empty for the addresses of all people.
    pub subject: String,
    /// `held` or `addresses`.
    pub what: String,
    pub times: i64,
    pub last_at: i64,
}

/// Which accesses to read.
#[derive(Clone, Copy, Debug)]
pub enum AccessFilter<'a> {
    All,
    /// Accesses to the data of a person or group; if empty, to the addresses of all people.
    Of(&'a str),
    /// Accesses by a person.
    By(&'a str),
}

/// Records an access, and deletes accesses older than six years.
pub async fn record(
    store: &Store,
    organisation: &str,
    person: &str,
    looked: AccessedData<'_>,
    day: Date,
    now: i64,
) -> StoreResult<()> {
    const FORGET: &str = "DELETE FROM accesses WHERE organisation = $1 AND day < $2";
    const SQL: &str = "INSERT INTO accesses (organisation, id, day, person, subject, what, times, \
        last_at) \
        VALUES ($1, $2, $3, $4, $5, $6, 1, $7) \
        ON CONFLICT (organisation, id) DO UPDATE SET times = accesses.times + 1, \
        last_at = excluded.last_at";
    let (what, subject) = match looked {
        AccessedData::SubjectAccess(subject) => ("held", subject),
        AccessedData::Addresses => ("addresses", ""),
    };
    let oldest = day
        .saturating_sub(jiff::Span::new().years(RETENTION_YEARS))
        .to_string();
    let day = day.to_string();
    let id = format!("{day}/{person}/{what}/{subject}");
    let mut tx = store.begin().await?;
    in_transaction!(&mut tx, db => {
        sqlx::query(FORGET).bind(organisation).bind(oldest).execute(&mut *db).await?;
        sqlx::query(SQL).bind(organisation).bind(id).bind(day).bind(person).bind(subject).bind(what)
            .bind(now).execute(&mut *db).await?;
    });
    tx.commit().await
}

/// The accesses selected, the newest first, starting after the id `after`.
pub async fn newest(
    store: &Store,
    organisation: &str,
    which: AccessFilter<'_>,
    after: &str,
    most: i64,
) -> StoreResult<Vec<AccessRow>> {
    let (and, whose) = match which {
        AccessFilter::All => ("$2 = ''", ""),
        AccessFilter::Of(subject) => ("subject = $2", subject),
        AccessFilter::By(person) => ("person = $2", person),
    };
    let sql = format!(
        "SELECT id, day, person, subject, what, times, last_at FROM accesses \
         WHERE organisation = $1 AND {and} AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(whose).bind(after)
            .bind(most).fetch_all(db).await?),
    )
}
