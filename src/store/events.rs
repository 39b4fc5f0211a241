//! The tables of the event log: its head, the events, and the replies to commands.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;

use super::moves::Moves;
use super::personal::{self, SealedRow};
use super::values::{Values, bound, run_all};
use super::{Engine, Store, StoreError, Stored, Tx, in_tx, reading};

/// The head of an organisation's log.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Head {
    pub next_position: i64,
    /// When the newest event was recorded, in microseconds since 1970. It is raised by a
    /// microsecond to fence an in-doubt batch.
    pub last_at: i64,
    /// The database's clock, in microseconds since 1970.
    pub clock: i64,
}

/// A row of `events`.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct EventRow {
    pub position: i64,
    pub recorded_at: i64,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
    pub metadata: String,
    pub command_id: String,
}

#[cfg(test)]
impl EventRow {
    pub(crate) fn for_tests(position: i64) -> Self {
        let text = String::new;
        Self {
            position,
            recorded_at: 0,
            aggregate_type: text(),
            aggregate_id: text(),
            sequence: 1,
            event_type: text(),
            event_version: text(),
            payload: text(),
            metadata: text(),
            command_id: text(),
        }
    }
}

/// The reply to a command, as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct CommandRow {
    pub command_id: String,
    pub answer: String,
}

/// One row of the look-ups for a batch.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Fact {
    /// The kind of look-up: `stream`, `command`, `key` or `index`.
    pub kind: String,
    /// The stream, command, subject or index entry that was looked up.
    pub name: String,
    /// The sequence of the stream, the reply to the command, or the subject of the existing key or
    /// index entry; `None` if there is none.
    pub value: Option<String>,
}

/// How long a conditional write waits for a connection.
const SOON: Duration = Duration::from_millis(250);

pub(super) const COLUMNS: &str = "position, recorded_at, aggregate_type, aggregate_id, sequence, event_type, event_version, \
     CAST(payload AS text) AS payload, CAST(metadata AS text) AS metadata, command_id";

/// Creates the head of the organisation's log unless it exists.
pub async fn begin_log(tx: &mut Tx, organisation: &str) -> Stored<()> {
    const SQL: &str = "INSERT INTO log_head (organisation, next_position, last_at) VALUES ($1, 0, 0) ON CONFLICT (organisation) DO NOTHING";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).execute(db).await?; });
    Ok(())
}

/// Locks the head of the log: no other process appends until the transaction ends.
pub async fn lock_head(tx: &mut Tx, organisation: &str) -> Stored<Head> {
    let (clock, lock) = (tx.engine().clock(), tx.engine().lock());
    let sql = format!(
        "SELECT next_position, last_at, {clock} AS clock FROM log_head WHERE organisation = $1{lock}"
    );
    Ok(in_tx!(tx, db => sqlx::query_as(&sql).bind(organisation).fetch_one(db).await?))
}

/// The reply to a command, as JSON.
pub async fn answer(store: &Store, organisation: &str, command: &str) -> Stored<Option<String>> {
    let found: Option<(String,)> = reading!(store, db => sqlx::query_as(ANSWER).bind(organisation).bind(command).fetch_optional(db).await?);
    Ok(found.map(|(answer,)| answer))
}

const ANSWER: &str = "SELECT answer FROM commands WHERE organisation = $1 AND command_id = $2";

/// Locks the head, and reads under its lock the sequences of streams, the replies to commands in
/// the log, which subjects' keys exist, and the subjects of index entries.
///
/// PostgreSQL needs a second statement for the look-ups, because a statement's snapshot is taken
/// before it waits for the lock. SQLite's writing transaction has the lock already, so one
/// statement is enough.
pub async fn lock(tx: &mut Tx, organisation: &str, asked: &Asked<'_>) -> Stored<(Head, Vec<Fact>)> {
    let mut values = Values::new(organisation);
    let facts = facts(tx.engine(), &mut values, asked);
    match tx {
        Tx::Postgres(_) => {
            let head = lock_head(tx, organisation).await?;
            Ok((
                head,
                in_tx!(tx, db => bound!(sqlx::query_as(&facts), values).fetch_all(db).await?),
            ))
        }
        Tx::Sqlite(tx) => {
            let head = ["next_position", "last_at", Engine::Sqlite.clock()].map(|what| {
                format!("SELECT 'head' AS kind, '' AS name, CAST({what} AS text) AS value FROM log_head WHERE organisation = $1 UNION ALL ")
            });
            let sql = format!("{}{facts}", head.concat());
            let read: Vec<Fact> = bound!(sqlx::query_as(&sql), values)
                .fetch_all(&mut **tx)
                .await?;
            let (head, facts): (Vec<_>, Vec<_>) =
                read.into_iter().partition(|fact| fact.kind == "head");
            let numbers: Vec<i64> = head
                .iter()
                .filter_map(|fact| fact.value.as_ref()?.parse().ok())
                .collect();
            let [next_position, last_at, clock] =
                numbers.try_into().map_err(|_| sqlx::Error::RowNotFound)?;
            Ok((
                Head {
                    next_position,
                    last_at,
                    clock,
                },
                facts,
            ))
        }
    }
}

/// Each look-up is a sub-select on a unique key, so a generic plan stays good as the tables grow.
fn facts(engine: Engine, values: &mut Values, asked: &Asked<'_>) -> String {
    let mut parts = vec![
        format!(
            "SELECT 'stream' AS kind, r.aggregate_type || '/' || r.aggregate_id AS name, \
             CAST((SELECT e.sequence FROM events e WHERE e.aggregate_type = r.aggregate_type AND e.aggregate_id = r.aggregate_id \
             AND e.organisation = $1 ORDER BY e.sequence DESC LIMIT 1) AS text) AS value FROM {}",
            engine.rows(
                &values.rows(&asked.streams),
                &[("aggregate_type", "text"), ("aggregate_id", "text")]
            )
        ),
        format!(
            "SELECT 'command', r.command_id, (SELECT c.answer FROM commands c WHERE c.organisation = $1 AND c.command_id = r.command_id) FROM {}",
            engine.rows(&values.rows(&asked.commands), &[("command_id", "text")])
        ),
    ];
    if !asked.subjects.is_empty() {
        parts.push(format!(
            "SELECT 'key', r.subject, (SELECT k.subject FROM subject_keys k WHERE k.organisation = $1 AND k.subject = r.subject \
             AND k.wrapped IS NOT NULL) FROM {}",
            engine.rows(&values.rows(&asked.subjects), &[("subject", "text")])
        ));
    }
    if !asked.index.is_empty() {
        parts.push(format!(
            "SELECT 'index', r.kind || '/' || r.digest, (SELECT b.subject FROM blind_index b WHERE b.organisation = $1 AND b.kind = r.kind \
             AND b.digest = r.digest LIMIT 1) FROM {}",
            engine.rows(&values.rows(&asked.index), &[("kind", "text"), ("digest", "text")])
        ));
    }
    parts.join(" UNION ALL ")
}

/// What a batch looks up under the lock of the head.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    pub streams: Vec<StreamAsked<'a>>,
    pub commands: Vec<CommandAsked>,
    pub subjects: Vec<SubjectAsked>,
    pub index: Vec<IndexAsked<'a>>,
}

#[derive(Debug, Serialize)]
pub struct StreamAsked<'a> {
    pub aggregate_type: &'a str,
    pub aggregate_id: &'a str,
}

#[derive(Debug, Serialize)]
pub struct CommandAsked {
    pub command_id: String,
}

#[derive(Debug, Serialize)]
pub struct SubjectAsked {
    pub subject: String,
}

#[derive(Debug, Serialize)]
pub struct IndexAsked<'a> {
    pub kind: &'a str,
    pub digest: &'a str,
}

/// The rows of a batch and the new head.
#[derive(Debug)]
pub struct Written<'a> {
    pub events: &'a [EventRow],
    pub answers: &'a [CommandRow],
    pub sealed: &'a [&'a SealedRow],
    pub next_position: i64,
    pub last_at: i64,
    /// The rows of the inline projection.
    pub moves: Option<&'a Moves>,
    /// The head that a conditional write requires; `None` if the head is locked.
    pub left_at: Option<Head>,
}

/// The outcome of writing a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    Whole,
    /// Written without the rows of some projections, as those were not at the expected position.
    /// Only on PostgreSQL.
    WithoutViews,
    /// Nothing was written: the head was not the required one. On SQLite also if a projection was
    /// not at the expected position.
    Nothing,
}

/// Why a batch was not written, or may not have been.
#[derive(Debug)]
pub enum WriteError {
    /// Nothing was written.
    Before(StoreError),
    /// The acknowledgement of the commit was lost: it is unknown whether it was written.
    AtCommit(StoreError),
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        Self::Before(error)
    }
}

/// Inserts the rows of a batch and advances the head and the projections, in one statement or text.
///
/// On SQLite it fails with [`StoreError::NotWhole`] if the head or a projection is not at the
/// expected position.
pub async fn write(tx: &mut Tx, organisation: &str, written: &Written<'_>) -> Stored<Wrote> {
    match tx {
        Tx::Postgres(tx) => write_postgres(tx, organisation, written).await,
        Tx::Sqlite(tx) => {
            let mut values = Values::new(organisation);
            let Parts {
                head,
                answered,
                sealed,
                views,
                ..
            } = Parts::of(Engine::Sqlite, &mut values, written);
            let inserted = inserting(Engine::Sqlite, &values.rows(&written.events));
            let statements: Vec<_> = [Some(head), Some(inserted), Some(answered), sealed]
                .into_iter()
                .flatten()
                .chain(views)
                .collect();
            let rows = written.events.len() + written.answers.len() + written.sealed.len() + 1;
            run_all(
                tx,
                &statements,
                &values,
                rows + written.moves.map_or(0, Moves::rows),
            )
            .await?;
            Ok(Wrote::Whole)
        }
    }
}

/// Conditional write: like [`write()`], in a transaction of its own, which is committed. Fails with
/// [`WriteError::AtCommit`] if it is unknown whether it was.
pub async fn write_at_once(
    store: &Store,
    organisation: &str,
    written: &Written<'_>,
) -> Result<Wrote, WriteError> {
    match store {
        Store::Postgres(server) => {
            let mut connection = soon(async { Ok(server.writers.acquire().await?) }).await?;
            let wrote = write_postgres(&mut connection, organisation, written).await;
            wrote.map_err(|error| {
                if error.is_refusal() {
                    WriteError::Before(error)
                } else {
                    WriteError::AtCommit(error)
                }
            })
        }
        Store::Sqlite(_) => {
            let mut tx = soon(store.begin_append()).await?;
            match write(&mut tx, organisation, written).await {
                Err(StoreError::NotWhole { .. }) => Ok(Wrote::Nothing),
                wrote => {
                    let wrote = wrote?;
                    tx.commit().await.map_err(WriteError::AtCommit)?;
                    Ok(wrote)
                }
            }
        }
    }
}

/// Waits at most [`SOON`] for a connection: the batch has its timestamps already, and a long wait
/// would make them wrong.
async fn soon<T>(begins: impl Future<Output = Stored<T>>) -> Stored<T> {
    let begun = tokio::time::timeout(SOON, begins).await;
    begun.unwrap_or(Err(StoreError::Sql(sqlx::Error::PoolTimedOut)))
}

/// The statements that are the same for both engines. On PostgreSQL they are parts of one `WITH`,
/// and store nothing if the head was not advanced.
struct Parts {
    head: String,
    /// The placeholder of the new `last_at`.
    last_at: String,
    answered: String,
    sealed: Option<String>,
    views: Vec<String>,
}

/// The condition that the head was advanced, for the parts of PostgreSQL's one statement.
const HEAD_MOVED: &str = "EXISTS (SELECT 1 FROM head)";

impl Parts {
    fn of(engine: Engine, values: &mut Values, written: &Written<'_>) -> Self {
        let (next, last_at) = (
            values.number(written.next_position),
            values.number(written.last_at),
        );
        let left_at = written.left_at.map(|left| {
            let (position, last_at) = (
                values.number(left.next_position),
                values.number(left.last_at),
            );
            format!(" AND next_position = {position} AND last_at = {last_at}")
        });
        let left_at = left_at.unwrap_or_default();
        let head = format!(
            "UPDATE log_head SET next_position = {next}, last_at = {last_at} WHERE organisation = $1{left_at}"
        );
        let moved = match engine {
            Engine::Postgres => HEAD_MOVED,
            Engine::Sqlite => "TRUE",
        };
        let answered = format!(
            "INSERT INTO commands (organisation, command_id, answer) SELECT $1, r.command_id, r.answer FROM {} WHERE {moved}",
            engine.rows(
                &values.rows(&written.answers),
                &[("command_id", "text"), ("answer", "text")]
            )
        );
        let sealed = (!written.sealed.is_empty()).then(|| {
            format!(
                "{} WHERE {moved}",
                personal::sealing(engine, &values.rows(&written.sealed))
            )
        });
        let views = written
            .moves
            .map(|moves| moves.parts(engine, values, moved))
            .unwrap_or_default();
        Self {
            head,
            last_at,
            answered,
            sealed,
            views,
        }
    }
}

/// Writes a batch in one statement, which is a transaction of its own if `db` is in none.
async fn write_postgres(
    db: &mut sqlx::PgConnection,
    organisation: &str,
    written: &Written<'_>,
) -> Stored<Wrote> {
    let mut values = Values::new(organisation);
    let Parts {
        head,
        last_at,
        answered,
        sealed,
        views,
    } = Parts::of(Engine::Postgres, &mut values, written);
    let inserted = insert_arrays(values.count(), &last_at);
    let mut parts = vec![
        format!("head AS ({head} RETURNING 1)"),
        format!("inserted AS ({inserted})"),
        format!("answered AS ({answered})"),
    ];
    parts.extend(sealed.map(|sealed| format!("sealed AS ({sealed})")));
    let count = if views.is_empty() {
        "CAST(0 AS bigint)"
    } else {
        "(SELECT COUNT(*) FROM moved)"
    };
    parts.extend(views);
    let sql = format!(
        "WITH {} SELECT (SELECT COUNT(*) FROM head), {count}",
        parts.join(", ")
    );
    let texts = |of: fn(&EventRow) -> &String| {
        written
            .events
            .iter()
            .map(|event| of(event).clone())
            .collect::<Vec<_>>()
    };
    let numbers = |of: fn(&EventRow) -> i64| written.events.iter().map(of).collect::<Vec<_>>();
    let query = bound!(sqlx::query_as(&sql), values);
    let query = query
        .bind(texts(|event| &event.aggregate_type))
        .bind(texts(|event| &event.aggregate_id));
    let query = query
        .bind(numbers(|event| event.sequence))
        .bind(texts(|event| &event.event_type));
    let query = query
        .bind(texts(|event| &event.event_version))
        .bind(texts(|event| &event.payload));
    let query = query
        .bind(texts(|event| &event.metadata))
        .bind(numbers(|event| event.position));
    // All rows must be fetched: with only the first, this would continue before the transaction has
    // ended.
    let rows: Vec<(i64, i64)> = query
        .bind(texts(|event| &event.command_id))
        .fetch_all(db)
        .await?;
    let (head, moved) = rows.first().copied().unwrap_or_default();
    Ok(match head {
        0 => Wrote::Nothing,
        _ if written.moves.is_none_or(|moves| moves.are_whole(moved)) => Wrote::Whole,
        _ => Wrote::WithoutViews,
    })
}

/// PostgreSQL gets one array for each column, which avoids quoting payloads into a JSON text and
/// parsing it.
fn insert_arrays(before: usize, last_at: &str) -> String {
    let kinds = [
        "text", "text", "bigint", "text", "text", "text", "text", "bigint", "text",
    ];
    let arrays: Vec<_> = kinds
        .iter()
        .zip(before + 1..)
        .map(|(kind, number)| format!("${number}::{kind}[]"))
        .collect();
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, organisation, position, \
         recorded_at, command_id) \
         SELECT r.kind, r.id, r.sequence, r.name, r.version, r.payload::json, r.metadata::json, $1, r.place, {last_at}, r.command \
         FROM unnest({}) AS r(kind, id, sequence, name, version, payload, metadata, place, command) WHERE {HEAD_MOVED}",
        arrays.join(", ")
    )
}

const EVENT: [(&str, &str); 10] = [
    ("aggregate_type", "text"),
    ("aggregate_id", "text"),
    ("sequence", "bigint"),
    ("event_type", "text"),
    ("event_version", "text"),
    ("payload", "text"),
    ("metadata", "text"),
    ("position", "bigint"),
    ("command_id", "text"),
    ("recorded_at", "bigint"),
];

fn inserting(engine: Engine, rows: &str) -> String {
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, organisation, position, \
         recorded_at, command_id) SELECT r.aggregate_type, r.aggregate_id, r.sequence, r.event_type, r.event_version, {}, {}, $1, \
         r.position, r.recorded_at, r.command_id FROM {}",
        engine.json("r.payload"),
        engine.json("r.metadata"),
        engine.rows(rows, &EVENT)
    )
}

/// Inserts events of another database, with their positions and times. The head is set by
/// [`put_head`].
pub async fn put(tx: &mut Tx, organisation: &str, rows: &[EventRow]) -> Stored<()> {
    let sql = inserting(tx.engine(), "$2");
    let rows = serde_json::to_string(rows).unwrap_or_default();
    in_tx!(tx, db => { sqlx::query(&sql).bind(organisation).bind(rows).execute(db).await?; });
    Ok(())
}

/// Sets the head alone: after an import, or to fence an in-doubt batch.
pub async fn put_head(
    tx: &mut Tx,
    organisation: &str,
    next_position: i64,
    last_at: i64,
) -> Stored<()> {
    const SQL: &str =
        "UPDATE log_head SET next_position = $2, last_at = $3 WHERE organisation = $1";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(next_position).bind(last_at).execute(db).await?; });
    Ok(())
}

/// At most `most` events in order, from a position on.
pub async fn page(
    store: &Store,
    organisation: &str,
    from: i64,
    most: i64,
) -> Stored<Vec<EventRow>> {
    let sql = page_sql();
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(from).bind(most).fetch_all(db).await?),
    )
}

/// The same, inside a transaction.
pub async fn page_in(
    tx: &mut Tx,
    organisation: &str,
    from: i64,
    most: i64,
) -> Stored<Vec<EventRow>> {
    let sql = page_sql();
    Ok(
        in_tx!(tx, db => sqlx::query_as(&sql).bind(organisation).bind(from).bind(most).fetch_all(db).await?),
    )
}

fn page_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM events WHERE organisation = $1 AND position >= $2 ORDER BY position LIMIT $3"
    )
}

/// The end of the last command that is complete at `position`: `position` itself, or, if the next
/// event belongs to the same command, the last position of the command before. -1 if there is none.
pub async fn between_commands(store: &Store, organisation: &str, position: i64) -> Stored<i64> {
    let found: Option<(i64,)> = reading!(store, db => sqlx::query_as(BETWEEN_COMMANDS).bind(organisation).bind(position).fetch_optional(db).await?);
    Ok(found.map_or(position, |(position,)| position))
}

/// Returns a row only if the next event belongs to the same command.
const BETWEEN_COMMANDS: &str = "SELECT COALESCE((SELECT b.position FROM events b WHERE b.organisation = $1 AND b.position < $2 \
     AND b.command_id <> e.command_id ORDER BY b.position DESC LIMIT 1), -1) \
     FROM events e JOIN events f ON f.organisation = e.organisation AND f.position = e.position + 1 AND f.command_id = e.command_id \
     WHERE e.organisation = $1 AND e.position = $2";

/// The events of one stream after a sequence, in order.
pub async fn stream(
    store: &Store,
    organisation: &str,
    aggregate_type: &str,
    aggregate_id: &str,
    after: i64,
) -> Stored<Vec<EventRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND organisation = $3 AND sequence > $4 ORDER BY sequence"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(aggregate_type).bind(aggregate_id).bind(organisation).bind(after).fetch_all(db).await?),
    )
}

const LENGTH: &str = "SELECT next_position FROM log_head WHERE organisation = $1";

/// The position of the first event recorded at `at` or later, in microseconds since 1970; the
/// length of the log if there is none. Found by binary search, because times never fall as
/// positions rise.
pub async fn first_since(store: &Store, organisation: &str, at: i64) -> Stored<i64> {
    const SQL: &str = "SELECT recorded_at FROM events WHERE organisation = $1 AND position = $2";
    let (mut from, mut until) = (0, length(store, organisation).await?);
    while from < until {
        let middle = from + (until - from) / 2;
        let recorded: Option<(i64,)> = reading!(store, db => sqlx::query_as(SQL).bind(organisation).bind(middle).fetch_optional(db).await?);
        if recorded.is_some_and(|(recorded,)| recorded < at) {
            from = middle + 1;
        } else {
            until = middle;
        }
    }
    Ok(from)
}

/// The number of events in the log, which is the position of the next event.
pub async fn length(store: &Store, organisation: &str) -> Stored<i64> {
    let found: Option<(i64,)> =
        reading!(store, db => sqlx::query_as(LENGTH).bind(organisation).fetch_optional(db).await?);
    Ok(found.map_or(0, |(next,)| next))
}

/// The same, inside a transaction.
pub async fn length_in(tx: &mut Tx, organisation: &str) -> Stored<i64> {
    let found: Option<(i64,)> =
        in_tx!(tx, db => sqlx::query_as(LENGTH).bind(organisation).fetch_optional(db).await?);
    Ok(found.map_or(0, |(next,)| next))
}
