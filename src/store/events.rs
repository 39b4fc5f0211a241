//! The tables of the log: its head, its events, and what commands were answered.

use serde::Serialize;

use super::{Store, Stored, Tx, in_tx, reading};

/// The head of an organisation's log, locked.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Head {
    pub next_position: i64,
    /// When the last event was recorded, in microseconds since 1970.
    pub last_at: i64,
    /// What the database's clock says now.
    pub clock: i64,
}

/// An event as it is inserted.
#[derive(Clone, Debug, Serialize)]
pub struct NewEvent<'a> {
    pub aggregate_type: &'a str,
    pub aggregate_id: &'a str,
    pub sequence: i64,
    pub event_type: &'a str,
    pub event_version: &'a str,
    pub payload: &'a str,
    pub metadata: &'a str,
    pub position: i64,
    pub command_id: &'a str,
}

/// An event as it is stored.
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

/// What a command was answered, as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct CommandRow {
    pub command_id: String,
    pub answer: String,
}

/// One thing that the log knows about a batch.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Fact {
    /// `stream`, `command`, `key` or `index`.
    pub kind: String,
    /// Which stream, command, subject or entry.
    pub name: String,
    /// A stream's head, what a command was answered, whose a living key or an entry is; none when there is none.
    pub value: Option<String>,
}

const COLUMNS: &str = "position, recorded_at, aggregate_type, aggregate_id, sequence, event_type, event_version, \
     CAST(payload AS text) AS payload, CAST(metadata AS text) AS metadata, command_id";

/// Makes sure that the organisation's log has a head.
///
/// # Errors
/// When the database does not answer.
pub async fn begin_log(tx: &mut Tx, organisation: &str) -> Stored<()> {
    const SQL: &str = "INSERT INTO log_head (organisation, next_position, last_at) VALUES ($1, 0, 0) ON CONFLICT (organisation) DO NOTHING";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).execute(db).await?; });
    Ok(())
}

/// Locks the head of the log: from here to the commit nobody else appends.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_head(tx: &mut Tx, organisation: &str) -> Stored<Head> {
    let (clock, lock) = (tx.engine().clock(), tx.engine().lock());
    let sql = format!("SELECT next_position, last_at, {clock} AS clock FROM log_head WHERE organisation = $1{lock}");
    Ok(in_tx!(tx, db => sqlx::query_as(&sql).bind(organisation).fetch_one(db).await?))
}

/// What one command was answered, as JSON.
///
/// # Errors
/// When the database does not answer.
pub async fn answer(store: &Store, organisation: &str, command: &str) -> Stored<Option<String>> {
    let found: Option<(String,)> = reading!(store, db => sqlx::query_as(ANSWER).bind(organisation).bind(command).fetch_optional(db).await?);
    Ok(found.map(|(answer,)| answer))
}

const ANSWER: &str = "SELECT answer FROM commands WHERE organisation = $1 AND command_id = $2";

/// The same, inside a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn answer_in(tx: &mut Tx, organisation: &str, command: &str) -> Stored<Option<String>> {
    let found: Option<(String,)> = in_tx!(tx, db => sqlx::query_as(ANSWER).bind(organisation).bind(command).fetch_optional(db).await?);
    Ok(found.map(|(answer,)| answer))
}

/// The heads of streams, answers of commands that were appended before, whether subjects' keys live, and who holds
/// index entries: all read in one statement, under the lock.
///
/// Each is looked up by a sub-select on a unique key: a plan that was made while the tables were empty stays good.
///
/// # Errors
/// When the database does not answer.
pub async fn facts(tx: &mut Tx, organisation: &str, asked: &Asked<'_>) -> Stored<Vec<Fact>> {
    let engine = tx.engine();
    let mut parts = vec![
        format!(
            "SELECT 'stream' AS kind, r.aggregate_type || '/' || r.aggregate_id AS name, \
             CAST((SELECT e.sequence FROM events e WHERE e.aggregate_type = r.aggregate_type AND e.aggregate_id = r.aggregate_id \
             AND e.organisation = $1 ORDER BY e.sequence DESC LIMIT 1) AS text) AS value FROM {}",
            engine.rows("$2", &[("aggregate_type", "text"), ("aggregate_id", "text")])
        ),
        format!(
            "SELECT 'command', r.command_id, (SELECT c.answer FROM commands c WHERE c.organisation = $1 AND c.command_id = r.command_id) FROM {}",
            engine.rows("$3", &[("command_id", "text")])
        ),
    ];
    if asked.personal() {
        parts.push(format!(
            "SELECT 'key', r.subject, (SELECT k.subject FROM subject_keys k WHERE k.organisation = $1 AND k.subject = r.subject \
             AND k.wrapped IS NOT NULL) FROM {}",
            engine.rows("$4", &[("subject", "text")])
        ));
        parts.push(format!(
            "SELECT 'index', r.kind || '/' || r.digest, (SELECT b.subject FROM blind_index b WHERE b.organisation = $1 AND b.kind = r.kind \
             AND b.digest = r.digest LIMIT 1) FROM {}",
            engine.rows("$5", &[("kind", "text"), ("digest", "text")])
        ));
    }
    let sql = parts.join(" UNION ALL ");
    let [streams, commands] =
        [serde_json::to_string(&asked.streams), serde_json::to_string(&asked.commands)].map(Result::unwrap_or_default);
    let [subjects, index] = [serde_json::to_string(&asked.subjects), serde_json::to_string(&asked.index)].map(Result::unwrap_or_default);
    Ok(in_tx!(tx, db => {
        let query = sqlx::query_as(&sql).bind(organisation).bind(streams).bind(commands);
        if asked.personal() { query.bind(subjects).bind(index).fetch_all(db).await? } else { query.fetch_all(db).await? }
    }))
}

/// What a batch asks about.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    pub streams: Vec<StreamAsked<'a>>,
    pub commands: Vec<CommandAsked>,
    pub subjects: Vec<SubjectAsked>,
    pub index: Vec<IndexAsked<'a>>,
}

impl Asked<'_> {
    fn personal(&self) -> bool {
        !self.subjects.is_empty() || !self.index.is_empty()
    }
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

/// What an append writes to the log's own tables.
#[derive(Debug)]
pub struct Written<'a> {
    pub events: &'a [NewEvent<'a>],
    pub answers: &'a [CommandRow],
    pub next_position: i64,
    pub last_at: i64,
}

/// Inserts events and answers, and moves the head on: one statement on PostgreSQL, three on SQLite.
///
/// # Errors
/// When the database refuses or does not answer.
pub async fn write(tx: &mut Tx, organisation: &str, written: &Written<'_>) -> Stored<()> {
    let engine = tx.engine();
    let answers = serde_json::to_string(written.answers).unwrap_or_default();
    let answer_rows = engine.rows("$2", &[("command_id", "text"), ("answer", "text")]);
    let answer = format!("INSERT INTO commands (organisation, command_id, answer) SELECT $1, r.command_id, r.answer FROM {answer_rows}");
    let (next, last_at) = (written.next_position, written.last_at);
    match tx {
        Tx::Postgres(tx) => {
            let texts =
                |of: for<'a> fn(&'a NewEvent<'a>) -> &'a str| written.events.iter().map(|event| of(event).to_owned()).collect::<Vec<_>>();
            let numbers = |of: fn(&NewEvent<'_>) -> i64| written.events.iter().map(of).collect::<Vec<_>>();
            let sql = format!("WITH inserted AS ({INSERT_ARRAYS}), answered AS ({answer}) {MOVE_HEAD}");
            let query = sqlx::query(&sql).bind(organisation).bind(answers).bind(next).bind(last_at);
            let query = query.bind(texts(|event| event.aggregate_type)).bind(texts(|event| event.aggregate_id));
            let query = query.bind(numbers(|event| event.sequence)).bind(texts(|event| event.event_type));
            let query = query.bind(texts(|event| event.event_version)).bind(texts(|event| event.payload));
            let query = query.bind(texts(|event| event.metadata)).bind(numbers(|event| event.position));
            query.bind(texts(|event| event.command_id)).execute(&mut **tx).await?;
        }
        Tx::Sqlite(tx) => {
            let new = serde_json::to_string(written.events).unwrap_or_default();
            sqlx::query(&insert_sql(engine)).bind(organisation).bind(new).bind(0).bind(last_at).execute(&mut **tx).await?;
            sqlx::query(&answer).bind(organisation).bind(answers).execute(&mut **tx).await?;
            sqlx::query(MOVE_HEAD).bind(organisation).bind("").bind(next).bind(last_at).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

const MOVE_HEAD: &str = "UPDATE log_head SET next_position = $3, last_at = $4 WHERE organisation = $1";

/// PostgreSQL takes an array for each column: payloads need not be quoted into another JSON text and out again.
const INSERT_ARRAYS: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
     organisation, position, recorded_at, command_id) \
     SELECT r.kind, r.id, r.sequence, r.name, r.version, r.payload::json, r.metadata::json, $1, r.place, $4, r.command \
     FROM unnest($5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::text[]) \
     AS r(kind, id, sequence, name, version, payload, metadata, place, command)";

const NEW_EVENT: [(&str, &str); 9] = [
    ("aggregate_type", "text"),
    ("aggregate_id", "text"),
    ("sequence", "bigint"),
    ("event_type", "text"),
    ("event_version", "text"),
    ("payload", "text"),
    ("metadata", "text"),
    ("position", "bigint"),
    ("command_id", "text"),
];

fn insert_sql(engine: super::Engine) -> String {
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, organisation, position, \
         recorded_at, command_id) SELECT r.aggregate_type, r.aggregate_id, r.sequence, r.event_type, r.event_version, r.payload, r.metadata, $1, \
         r.position, $4, r.command_id FROM {}",
        engine.rows("$2", &NEW_EVENT)
    )
}

/// Puts events that were recorded elsewhere into the log of an organisation, with their positions and times.
///
/// # Errors
/// When the database refuses or does not answer.
pub async fn put(tx: &mut Tx, organisation: &str, rows: &[EventRow]) -> Stored<()> {
    let engine = tx.engine();
    let columns = [&NEW_EVENT[..], &[("recorded_at", "bigint")]].concat();
    let sql = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, organisation, position, \
         recorded_at, command_id) SELECT r.aggregate_type, r.aggregate_id, r.sequence, r.event_type, r.event_version, {}, {}, $1, \
         r.position, r.recorded_at, r.command_id FROM {}",
        engine.json("r.payload"),
        engine.json("r.metadata"),
        engine.rows("$2", &columns)
    );
    let rows = serde_json::to_string(rows).unwrap_or_default();
    in_tx!(tx, db => { sqlx::query(&sql).bind(organisation).bind(rows).execute(db).await?; });
    Ok(())
}

/// Moves the head of a log that was put in.
///
/// # Errors
/// When the database does not answer.
pub async fn put_head(tx: &mut Tx, organisation: &str, next_position: i64, last_at: i64) -> Stored<()> {
    const SQL: &str = "UPDATE log_head SET next_position = $2, last_at = $3 WHERE organisation = $1";
    in_tx!(tx, db => { sqlx::query(SQL).bind(organisation).bind(next_position).bind(last_at).execute(db).await?; });
    Ok(())
}

/// Events in order, from a position on.
///
/// # Errors
/// When the database does not answer.
pub async fn page(store: &Store, organisation: &str, from: i64, most: i64) -> Stored<Vec<EventRow>> {
    let sql = page_sql();
    Ok(reading!(store, db => sqlx::query_as(&sql).bind(organisation).bind(from).bind(most).fetch_all(db).await?))
}

/// The same, inside a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn page_in(tx: &mut Tx, organisation: &str, from: i64, most: i64) -> Stored<Vec<EventRow>> {
    let sql = page_sql();
    Ok(in_tx!(tx, db => sqlx::query_as(&sql).bind(organisation).bind(from).bind(most).fetch_all(db).await?))
}

fn page_sql() -> String {
    format!("SELECT {COLUMNS} FROM events WHERE organisation = $1 AND position >= $2 ORDER BY position LIMIT $3")
}

/// One stream's events after a sequence, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn stream(store: &Store, organisation: &str, aggregate_type: &str, aggregate_id: &str, after: i64) -> Stored<Vec<EventRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND organisation = $3 AND sequence > $4 ORDER BY sequence"
    );
    Ok(
        reading!(store, db => sqlx::query_as(&sql).bind(aggregate_type).bind(aggregate_id).bind(organisation).bind(after).fetch_all(db).await?),
    )
}

/// Which events are looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// From this position on.
    pub from: i64,
    /// The id of a stream, as it is stored; empty for every stream.
    pub stream: String,
    /// Who did it; empty for everybody.
    pub actor: String,
    /// Recorded from and before these instants, in microseconds since 1970.
    pub since: i64,
    pub before: i64,
    pub most: i64,
}

/// Events in order, by stream, person and time.
///
/// # Errors
/// When the database does not answer.
pub async fn search(store: &Store, organisation: &str, search: &Search) -> Stored<Vec<EventRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE organisation = $1 AND position >= $2 AND ($3 = '' OR aggregate_id = $3) \
         AND ($4 = '' OR metadata ->> 'actor' = $4) AND recorded_at >= $5 AND recorded_at < $6 ORDER BY position LIMIT $7"
    );
    Ok(reading!(store, db => {
        sqlx::query_as(&sql).bind(organisation).bind(search.from).bind(&search.stream).bind(&search.actor).bind(search.since)
            .bind(search.before).bind(search.most).fetch_all(db).await?
    }))
}

const LENGTH: &str = "SELECT next_position FROM log_head WHERE organisation = $1";

/// How many events the log holds.
///
/// # Errors
/// When the database does not answer.
pub async fn length(store: &Store, organisation: &str) -> Stored<i64> {
    let found: Option<(i64,)> = reading!(store, db => sqlx::query_as(LENGTH).bind(organisation).fetch_optional(db).await?);
    Ok(found.map_or(0, |(next,)| next))
}

/// The same, inside a transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn length_in(tx: &mut Tx, organisation: &str) -> Stored<i64> {
    let found: Option<(i64,)> = in_tx!(tx, db => sqlx::query_as(LENGTH).bind(organisation).fetch_optional(db).await?);
    Ok(found.map_or(0, |(next,)| next))
}
