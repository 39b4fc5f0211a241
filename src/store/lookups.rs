//! What the writer reads under the lock of the log's head before it resolves a batch: sequences of
//! streams, replies to commands, existing keys, and subjects of blind index entries.
//!
//! All look-ups are one statement, whose rows have a kind. They are decoded here, and returned by
//! type in [`Found`].

use serde::Serialize;
use uuid::Uuid;

use super::bindings::{Bindings, bind_all};
use super::events::{self, CommandRow, LogHead};
use super::{Engine, StoreResult, Tx, in_transaction};

/// What to look up for a batch.
#[derive(Debug, Default)]
pub struct Lookups<'a> {
    pub streams: Vec<StreamLookup<'a>>,
    pub commands: Vec<CommandLookup>,
    pub subjects: Vec<SubjectLookup>,
    pub index: Vec<IndexLookup<'a>>,
}

#[derive(Debug, Serialize)]
pub struct StreamLookup<'a> {
    pub aggregate_type: &'a str,
    pub aggregate_id: &'a str,
}

#[derive(Debug, Serialize)]
pub struct CommandLookup {
    pub command_id: String,
}

impl CommandLookup {
    #[must_use]
    pub fn of(command: Uuid) -> Self {
        Self {
            command_id: command.to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct SubjectLookup {
    pub subject: String,
}

#[derive(Debug, Serialize)]
pub struct IndexLookup<'a> {
    pub kind: &'a str,
    pub digest: &'a str,
}

/// The results. A stream without events has the sequence 0; a command, key or index entry that
/// does not exist is left out.
#[derive(Debug, Default)]
pub struct Found {
    pub streams: Vec<FoundStream>,
    pub commands: Vec<CommandRow>,
    /// The subjects whose keys exist.
    pub subjects: Vec<String>,
    pub index: Vec<FoundIndexEntry>,
}

#[derive(Debug)]
pub struct FoundStream {
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
}

#[derive(Debug)]
pub struct FoundIndexEntry {
    pub kind: String,
    pub digest: String,
    pub subject: String,
}

/// Locks the head, and looks up under its lock.
///
/// PostgreSQL needs a second statement for the look-ups, because a statement's snapshot is taken
/// before it waits for the lock. SQLite's writing transaction has the lock already, so one
/// statement reads the head as well.
pub async fn lock_and_look_up(
    tx: &mut Tx,
    organisation: &str,
    lookups: &Lookups<'_>,
) -> StoreResult<(LogHead, Found)> {
    let mut values = Bindings::new(organisation);
    let sql = lookup_sql(tx.engine(), &mut values, lookups);
    match tx {
        Tx::Postgres(_) => {
            let head = events::lock_head(tx, organisation).await?;
            let rows: Vec<LookupRow> = in_transaction!(tx, db => bind_all!(sqlx::query_as(&sql),
                values).fetch_all(db).await?);
            Ok((head, decode(rows).1))
        }
        Tx::Sqlite(tx) => {
            let head =
                ["next_position", "last_at", "epoch", Engine::Sqlite.clock()].map(|column| {
                    format!(
                        "SELECT 'head' AS kind, '' AS name, '' AS part, {column} AS number, \
                            NULL AS text FROM log_head WHERE organisation = $1 UNION ALL "
                    )
                });
            let sql = format!("{}{sql}", head.concat());
            let rows: Vec<LookupRow> = bind_all!(sqlx::query_as(&sql), values)
                .fetch_all(&mut **tx)
                .await?;
            let (head, found) = decode(rows);
            let [next_position, last_at, epoch, clock] =
                head.try_into().map_err(|_| sqlx::Error::RowNotFound)?;
            let head = LogHead {
                next_position,
                last_at,
                epoch,
                clock,
            };
            Ok((head, found))
        }
    }
}

#[derive(sqlx::FromRow)]
struct LookupRow {
    kind: String,
    name: String,
    part: String,
    number: Option<i64>,
    text: Option<String>,
}

/// The columns of the head in order, and the results.
fn decode(rows: Vec<LookupRow>) -> (Vec<i64>, Found) {
    let (mut head, mut found) = (Vec::new(), Found::default());
    for row in rows {
        match (row.kind.as_str(), row.number, row.text) {
            ("head", Some(number), _) => head.push(number),
            ("stream", sequence, _) => found.streams.push(FoundStream {
                aggregate_type: row.name,
                aggregate_id: row.part,
                sequence: sequence.unwrap_or_default(),
            }),
            ("command", _, Some(answer)) => found.commands.push(CommandRow {
                command_id: row.name,
                answer,
            }),
            ("key", _, Some(_)) => found.subjects.push(row.name),
            ("index", _, Some(subject)) => found.index.push(FoundIndexEntry {
                kind: row.name,
                digest: row.part,
                subject,
            }),
            _ => {}
        }
    }
    (head, found)
}

/// Each look-up is a sub-select on a unique key, so a generic plan stays good as the tables grow.
fn lookup_sql(engine: Engine, values: &mut Bindings, lookups: &Lookups<'_>) -> String {
    const NO_NUMBER: &str = "CAST(NULL AS bigint)";
    let mut parts = vec![
        format!(
            "SELECT 'stream' AS kind, r.aggregate_type AS name, r.aggregate_id AS part, \
                (SELECT e.sequence FROM events e WHERE e.aggregate_type = r.aggregate_type \
                AND e.aggregate_id = r.aggregate_id \
                AND e.organisation = $1 ORDER BY e.sequence DESC \
                LIMIT 1) AS number, CAST(NULL AS text) AS text FROM {}",
            engine.rows(
                &values.rows(&lookups.streams),
                &[("aggregate_type", "text"), ("aggregate_id", "text")]
            )
        ),
        format!(
            "SELECT 'command', r.command_id, '', {NO_NUMBER}, \
                (SELECT c.answer FROM commands c WHERE c.organisation = $1 \
                AND c.command_id = r.command_id) FROM {}",
            engine.rows(&values.rows(&lookups.commands), &[("command_id", "text")])
        ),
    ];
    if !lookups.subjects.is_empty() {
        parts.push(format!(
            "SELECT 'key', r.subject, '', {NO_NUMBER}, (SELECT k.subject FROM subject_keys k \
                WHERE k.organisation = $1 \
                AND k.subject = r.subject AND k.wrapped IS NOT NULL) FROM {}",
            engine.rows(&values.rows(&lookups.subjects), &[("subject", "text")])
        ));
    }
    if !lookups.index.is_empty() {
        parts.push(format!(
            "SELECT 'index', r.kind, r.digest, {NO_NUMBER}, (SELECT b.subject FROM blind_index b \
                WHERE b.organisation = $1 \
                AND b.kind = r.kind AND b.digest = r.digest LIMIT 1) FROM {}",
            engine.rows(
                &values.rows(&lookups.index),
                &[("kind", "text"), ("digest", "text")]
            )
        ));
    }
    parts.join(" UNION ALL ")
}
