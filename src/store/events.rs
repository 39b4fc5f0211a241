//! The tables of the event log: its head, the events, and the replies to commands.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;

use super::bindings::{Bindings, bind_all, execute_all};
use super::personal_data::{self, EncryptedRow};
use super::projection_commit::ProjectionCommit;
use super::{Engine, Store, StoreError, StoreResult, Tx, in_transaction, on_reader};

/// The head of an organisation's log.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct LogHead {
    pub next_position: i64,
    /// When the newest event was recorded, in microseconds since 1970.
    pub last_at: i64,
    /// Advanced to fence an in-doubt batch. A conditional write requires the epoch that it was
    /// resolved against.
    pub epoch: i64,
    /// The database's clock, in microseconds since 1970.
    pub clock: i64,
}

impl LogHead {
    /// Whether nobody appended or fenced between the two. The time tells apart logs of the same
    /// length, as after a failover to a replica that had not received the newest events.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let identity = |head: &Self| (head.next_position, head.last_at, head.epoch);
        identity(self) == identity(other)
    }
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

/// How long a conditional write waits for a connection.
const WRITER_ACQUIRE_TIMEOUT: Duration = Duration::from_millis(250);

pub(super) const COLUMNS: &str = "position, recorded_at, aggregate_type, aggregate_id, sequence, \
    event_type, event_version, \
    CAST(payload AS text) AS payload, CAST(metadata AS text) AS metadata, command_id";

/// Creates the head of the organisation's log unless it exists.
pub async fn ensure_head(tx: &mut Tx, organisation: &str) -> StoreResult<()> {
    const SQL: &str = "INSERT INTO log_head (organisation, next_position, last_at) \
        VALUES ($1, 0, 0) ON CONFLICT (organisation) DO NOTHING";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).execute(db).await?; });
    Ok(())
}

/// Locks the head of the log: no other process appends until the transaction ends.
pub async fn lock_head(tx: &mut Tx, organisation: &str) -> StoreResult<LogHead> {
    let (clock, lock) = (tx.engine().clock(), tx.engine().lock());
    let sql = format!(
        "SELECT next_position, last_at, epoch, {clock} AS clock FROM log_head \
            WHERE organisation = $1{lock}"
    );
    Ok(in_transaction!(tx, db => sqlx::query_as(&sql).bind(organisation).fetch_one(db).await?))
}

/// The reply to a command, as JSON.
pub async fn answer(
    store: &Store,
    organisation: &str,
    command: &str,
) -> StoreResult<Option<String>> {
    let found: Option<(String,)> = on_reader!(store, db => sqlx::query_as(SELECT_ANSWER)
        .bind(organisation).bind(command).fetch_optional(db).await?);
    Ok(found.map(|(answer,)| answer))
}

const SELECT_ANSWER: &str =
    "SELECT answer FROM commands WHERE organisation = $1 AND command_id = $2";

/// The rows of a batch and the new head.
#[derive(Debug)]
pub struct AppendRows<'a> {
    pub events: &'a [EventRow],
    pub commands: &'a [CommandRow],
    pub encrypted: &'a [&'a EncryptedRow],
    pub next_position: i64,
    pub last_at: i64,
    /// The rows of the inline projection.
    pub projections: Option<&'a ProjectionCommit>,
    /// The head that a conditional write requires; `None` if the head is locked.
    pub expected_head: Option<LogHead>,
}

/// The outcome of writing a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    Complete,
    /// Written without the rows of some projections, as those were not at the expected position.
    /// Only on PostgreSQL.
    WithoutViews,
    /// Nothing was written: the head was not the required one. On SQLite also if a projection was
    /// not at the expected position.
    NotWritten,
}

/// Why a batch was not written, or may not have been.
#[derive(Debug)]
pub enum WriteError {
    /// Nothing was written.
    BeforeCommit(StoreError),
    /// The acknowledgement of the commit was lost: it is unknown whether it was written.
    InDoubt(StoreError),
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        Self::BeforeCommit(error)
    }
}

/// Inserts the rows of a batch and advances the head and the projections, in one statement or text.
///
/// On SQLite it fails with [`StoreError::RowCountMismatch`] if the head or a projection is not at
/// the expected position.
pub async fn write(
    tx: &mut Tx,
    organisation: &str,
    written: &AppendRows<'_>,
) -> StoreResult<WriteOutcome> {
    match tx {
        Tx::Postgres(tx) => write_postgres(tx, organisation, written).await,
        Tx::Sqlite(tx) => {
            let mut values = Bindings::new(organisation);
            let AppendStatements {
                head,
                commands: answered,
                encrypted: sealed,
                views,
                ..
            } = AppendStatements::of(Engine::Sqlite, &mut values, written);
            let inserted = insert_events_sql(Engine::Sqlite, &values.rows(&written.events));
            let statements: Vec<_> = [Some(head), Some(inserted), Some(answered), sealed]
                .into_iter()
                .flatten()
                .chain(views)
                .collect();
            let rows = written.events.len() + written.commands.len() + written.encrypted.len() + 1;
            execute_all(
                tx,
                &statements,
                &values,
                rows + written.projections.map_or(0, ProjectionCommit::row_count),
            )
            .await?;
            Ok(WriteOutcome::Complete)
        }
    }
}

/// Conditional write: like [`write()`], in a transaction of its own, which is committed. Fails with
/// [`WriteError::InDoubt`] if it is unknown whether it was.
pub async fn write_if_head_matches(
    store: &Store,
    organisation: &str,
    written: &AppendRows<'_>,
) -> Result<WriteOutcome, WriteError> {
    match store {
        Store::Postgres(server) => {
            let mut connection =
                acquire_with_timeout(async { Ok(server.writers.acquire().await?) }).await?;
            let wrote = write_postgres(&mut connection, organisation, written).await;
            wrote.map_err(|error| {
                if error.is_rolled_back() {
                    WriteError::BeforeCommit(error)
                } else {
                    WriteError::InDoubt(error)
                }
            })
        }
        Store::Sqlite(_) => {
            let mut tx = acquire_with_timeout(store.begin_append()).await?;
            match write(&mut tx, organisation, written).await {
                Err(StoreError::RowCountMismatch { .. }) => Ok(WriteOutcome::NotWritten),
                wrote => {
                    let wrote = wrote?;
                    tx.commit().await.map_err(WriteError::InDoubt)?;
                    Ok(wrote)
                }
            }
        }
    }
}

/// Waits at most [`WRITER_ACQUIRE_TIMEOUT`] for a connection: the batch has its timestamps already,
/// and a long wait would make them wrong.
async fn acquire_with_timeout<T>(begins: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    let begun = tokio::time::timeout(WRITER_ACQUIRE_TIMEOUT, begins).await;
    begun.unwrap_or(Err(StoreError::Sql(sqlx::Error::PoolTimedOut)))
}

/// The statements that are the same for both engines. On PostgreSQL they are parts of one `WITH`,
/// and store nothing if the head was not advanced.
struct AppendStatements {
    head: String,
    /// The placeholder of the new `last_at`.
    last_at: String,
    commands: String,
    encrypted: Option<String>,
    views: Vec<String>,
}

/// The condition that the head was advanced, for the parts of PostgreSQL's one statement.
const HEAD_MOVED: &str = "EXISTS (SELECT 1 FROM head)";

impl AppendStatements {
    fn of(engine: Engine, values: &mut Bindings, written: &AppendRows<'_>) -> Self {
        let (next, last_at) = (
            values.number(written.next_position),
            values.number(written.last_at),
        );
        let left_at = written.expected_head.map(|left| {
            let [position, last_at, epoch] =
                [left.next_position, left.last_at, left.epoch].map(|part| values.number(part));
            format!(" AND next_position = {position} AND last_at = {last_at} AND epoch = {epoch}")
        });
        let left_at = left_at.unwrap_or_default();
        let head = format!(
            "UPDATE log_head SET next_position = {next}, last_at = {last_at} \
                WHERE organisation = $1{left_at}"
        );
        let moved = match engine {
            Engine::Postgres => HEAD_MOVED,
            Engine::Sqlite => "TRUE",
        };
        let commands = format!(
            "INSERT INTO commands (organisation, command_id, answer) \
                SELECT $1, r.command_id, r.answer FROM {} WHERE {moved}",
            engine.rows(
                &values.rows(&written.commands),
                &[("command_id", "text"), ("answer", "text")]
            )
        );
        let encrypted = (!written.encrypted.is_empty()).then(|| {
            format!(
                "{} WHERE {moved}",
                personal_data::insert_encrypted_sql(engine, &values.rows(&written.encrypted))
            )
        });
        let views = written
            .projections
            .map(|moves| moves.statements(engine, values, moved))
            .unwrap_or_default();
        Self {
            head,
            last_at,
            commands,
            encrypted,
            views,
        }
    }
}

/// Writes a batch in one statement, which is a transaction of its own if `db` is in none.
async fn write_postgres(
    db: &mut sqlx::PgConnection,
    organisation: &str,
    written: &AppendRows<'_>,
) -> StoreResult<WriteOutcome> {
    let mut values = Bindings::new(organisation);
    let AppendStatements {
        head,
        last_at,
        commands: answered,
        encrypted: sealed,
        views,
    } = AppendStatements::of(Engine::Postgres, &mut values, written);
    let inserted = insert_event_arrays_sql(values.len(), &last_at);
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
    let query = bind_all!(sqlx::query_as(&sql), values);
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
        0 => WriteOutcome::NotWritten,
        _ if written
            .projections
            .is_none_or(|moves| moves.all_advanced(moved)) =>
        {
            WriteOutcome::Complete
        }
        _ => WriteOutcome::WithoutViews,
    })
}

/// PostgreSQL gets one array for each column, which avoids quoting payloads into a JSON text and
/// parsing it.
fn insert_event_arrays_sql(before: usize, last_at: &str) -> String {
    let kinds = [
        "text", "text", "bigint", "text", "text", "text", "text", "bigint", "text",
    ];
    let arrays: Vec<_> = kinds
        .iter()
        .zip(before + 1..)
        .map(|(kind, number)| format!("${number}::{kind}[]"))
        .collect();
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
            payload, metadata, organisation, position, \
            recorded_at, command_id) \
            SELECT r.kind, r.id, r.sequence, r.name, r.version, r.payload::json, r.metadata::json, \
            $1, r.place, {last_at}, r.command \
            FROM unnest({}) AS r(kind, id, sequence, name, version, payload, metadata, place, \
            command) WHERE {HEAD_MOVED}",
        arrays.join(", ")
    )
}

const EVENT_COLUMNS: [(&str, &str); 10] = [
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

fn insert_events_sql(engine: Engine, rows: &str) -> String {
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
            payload, metadata, organisation, position, \
            recorded_at, command_id) SELECT r.aggregate_type, r.aggregate_id, r.sequence, \
            r.event_type, r.event_version, {}, {}, $1, \
            r.position, r.recorded_at, r.command_id FROM {}",
        engine.json("r.payload"),
        engine.json("r.metadata"),
        engine.rows(rows, &EVENT_COLUMNS)
    )
}

/// Inserts events of another database, with their positions and times. The head is set by
/// [`set_head`].
pub async fn import_events(tx: &mut Tx, organisation: &str, rows: &[EventRow]) -> StoreResult<()> {
    let sql = insert_events_sql(tx.engine(), "$2");
    let rows = serde_json::to_string(rows).unwrap_or_default();
    in_transaction!(tx, db => { sqlx::query(&sql).bind(organisation).bind(rows)
        .execute(db).await?; });
    Ok(())
}

/// Fences every conditional write that was resolved before: none of them can be written any more.
pub async fn advance_epoch(tx: &mut Tx, organisation: &str) -> StoreResult<()> {
    const SQL: &str = "UPDATE log_head SET epoch = epoch + 1 WHERE organisation = $1";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).execute(db).await?; });
    Ok(())
}

/// Sets the head alone, after an import.
pub async fn set_head(
    tx: &mut Tx,
    organisation: &str,
    next_position: i64,
    last_at: i64,
) -> StoreResult<()> {
    const SQL: &str =
        "UPDATE log_head SET next_position = $2, last_at = $3 WHERE organisation = $1";
    in_transaction!(tx, db => { sqlx::query(SQL).bind(organisation).bind(next_position)
        .bind(last_at).execute(db).await?; });
    Ok(())
}

/// At most `most` events in order, from a position on.
pub async fn read_page(
    store: &Store,
    organisation: &str,
    from: i64,
    most: i64,
) -> StoreResult<Vec<EventRow>> {
    let sql = page_sql();
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(from).bind(most)
            .fetch_all(db).await?),
    )
}

/// The same, inside a transaction.
pub async fn read_page_in(
    tx: &mut Tx,
    organisation: &str,
    from: i64,
    most: i64,
) -> StoreResult<Vec<EventRow>> {
    let sql = page_sql();
    Ok(
        in_transaction!(tx, db => sqlx::query_as(&sql).bind(organisation).bind(from).bind(most)
            .fetch_all(db).await?),
    )
}

fn page_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM events WHERE organisation = $1 AND position >= $2 \
            ORDER BY position LIMIT $3"
    )
}

/// The end of the last command that is complete at `position`: `position` itself, or, if the next
/// event belongs to the same command, the last position of the command before. -1 if there is none.
pub async fn command_boundary(
    store: &Store,
    organisation: &str,
    position: i64,
) -> StoreResult<i64> {
    let found: Option<(i64,)> = on_reader!(store, db => sqlx::query_as(BETWEEN_COMMANDS)
        .bind(organisation).bind(position).fetch_optional(db).await?);
    Ok(found.map_or(position, |(position,)| position))
}

/// Returns a row only if the next event belongs to the same command.
const BETWEEN_COMMANDS: &str = "SELECT COALESCE((SELECT b.position FROM events b \
    WHERE b.organisation = $1 AND b.position < $2 \
    AND b.command_id <> e.command_id ORDER BY b.position DESC LIMIT 1), -1) \
    FROM events e JOIN events f ON f.organisation = e.organisation \
    AND f.position = e.position + 1 AND f.command_id = e.command_id \
    WHERE e.organisation = $1 AND e.position = $2";

/// The events of one stream after a sequence, in order.
pub async fn stream_events(
    store: &Store,
    organisation: &str,
    aggregate_type: &str,
    aggregate_id: &str,
    after: i64,
) -> StoreResult<Vec<EventRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 \
            AND organisation = $3 AND sequence > $4 ORDER BY sequence"
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(aggregate_type).bind(aggregate_id)
            .bind(organisation).bind(after).fetch_all(db).await?),
    )
}

/// The stored ids of all streams of a type, in the order in which they began.
pub async fn stream_ids(
    store: &Store,
    organisation: &str,
    aggregate_type: &str,
) -> StoreResult<Vec<String>> {
    const SQL: &str = "SELECT aggregate_id FROM events WHERE aggregate_type = $1 \
        AND organisation = $2 AND sequence = 1 ORDER BY position";
    let found: Vec<(String,)> = on_reader!(store, db => sqlx::query_as(SQL).bind(aggregate_type)
        .bind(organisation).fetch_all(db).await?);
    Ok(found.into_iter().map(|(id,)| id).collect())
}

const SELECT_LENGTH: &str = "SELECT next_position FROM log_head WHERE organisation = $1";

/// The position of the first event recorded at `at` or later, in microseconds since 1970; the
/// length of the log if there is none. Found by binary search, because times never fall as
/// positions rise.
pub async fn first_position_since(store: &Store, organisation: &str, at: i64) -> StoreResult<i64> {
    const SQL: &str = "SELECT recorded_at FROM events WHERE organisation = $1 AND position = $2";
    let (mut from, mut until) = (0, length(store, organisation).await?);
    while from < until {
        let middle = from + (until - from) / 2;
        let recorded: Option<(i64,)> = on_reader!(store, db => sqlx::query_as(SQL)
            .bind(organisation).bind(middle).fetch_optional(db).await?);
        if recorded.is_some_and(|(recorded,)| recorded < at) {
            from = middle + 1;
        } else {
            until = middle;
        }
    }
    Ok(from)
}

/// The number of events in the log, which is the position of the next event.
pub async fn length(store: &Store, organisation: &str) -> StoreResult<i64> {
    let found: Option<(i64,)> = on_reader!(store, db => sqlx::query_as(SELECT_LENGTH)
        .bind(organisation).fetch_optional(db).await?);
    Ok(found.map_or(0, |(next,)| next))
}

/// The same, inside a transaction.
pub async fn length_in(tx: &mut Tx, organisation: &str) -> StoreResult<i64> {
    let found: Option<(i64,)> = in_transaction!(tx, db => sqlx::query_as(SELECT_LENGTH)
        .bind(organisation).fetch_optional(db).await?);
    Ok(found.map_or(0, |(next,)| next))
}
