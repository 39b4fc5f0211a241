//! Moving the views on: checkpoints, the rows that ended, those that were made and the figures, stored at once.
//!
//! A projection moves only from the position where it is thought to stand, so that whoever comes second changes nothing.

use serde::Serialize;

use super::postings::{self, PostingRow};
use super::rows::{self, Version};
use super::values::{Values, bound, run_all, whole_or_not};
use super::{Engine, Store, StoreError, Stored, Tx};

/// How far one generation of a projection goes.
#[derive(Clone, Debug, Serialize)]
pub struct Move {
    pub name: String,
    pub generation: i64,
    pub from: i64,
    pub to: i64,
}

/// What is to be stored for a generation that moves.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    pub name: &'static str,
    pub generation: i64,
    pub versions: &'a [Version],
    pub postings: &'a [PostingRow],
}

/// Moves projections in a transaction of its own, for which nobody waits until it is on the disk: what a crash of the machine takes
/// away is made again out of the log. Whether all of them stood where they were thought to; of one that did not, nothing is stored.
///
/// # Errors
/// When the database refuses or does not answer.
pub async fn store(store: &Store, organisation: &str, moves: &[Move], changes: &[Change<'_>]) -> Stored<bool> {
    match store {
        Store::Postgres(server) => {
            let (with, values) = whole(organisation, moves, changes);
            let sql = format!("{with} SELECT COUNT(*), set_config('synchronous_commit', 'off', true) FROM moved");
            let (done, _): (i64, String) = bound!(sqlx::query_as(&sql), values).fetch_one(&server.writers).await?;
            Ok(usize::try_from(done) == Ok(moves.len()))
        }
        Store::Sqlite(_) => {
            let mut tx = store.begin_derived().await?;
            let stored = store_in(&mut tx, organisation, moves, changes).await;
            match stored {
                Ok(()) => tx.commit().await.map(|()| true),
                // Somebody else moved them, and may have stored the same.
                Err(error) if error.is_double() || matches!(error, StoreError::NotWhole { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        }
    }
}

/// The same inside a transaction, in which they are known to stand there.
///
/// # Errors
/// [`StoreError::NotWhole`] when one does not; when the database refuses or does not answer.
pub async fn store_in(tx: &mut Tx, organisation: &str, moves: &[Move], changes: &[Change<'_>]) -> Stored<()> {
    match tx {
        Tx::Postgres(tx) => {
            let (with, values) = whole(organisation, moves, changes);
            let sql = format!("{with} SELECT COUNT(*) FROM moved");
            let (done,): (i64,) = bound!(sqlx::query_as(&sql), values).fetch_one(&mut **tx).await?;
            whole_or_not(done.unsigned_abs(), moves.len())
        }
        Tx::Sqlite(tx) => {
            let mut values = Values::new(organisation);
            let mut statements = vec![moving(Engine::Sqlite, &mut values, moves)];
            for change in changes {
                statements.extend(storing(Engine::Sqlite, &mut values, *change));
            }
            let rows = moves.len() + changes.iter().map(|change| change.versions.len() + change.postings.len()).sum::<usize>();
            run_all(tx, &statements, &values, rows).await
        }
    }
}

/// The parts of one statement of PostgreSQL for all of it: whatever did not move stores nothing.
fn whole(organisation: &str, moves: &[Move], changes: &[Change<'_>]) -> (String, Values) {
    let mut values = Values::new(organisation);
    let mut parts = vec![format!("moved AS ({} RETURNING p.name, p.generation)", moving(Engine::Postgres, &mut values, moves))];
    let stored: Vec<_> = changes.iter().flat_map(|change| storing(Engine::Postgres, &mut values, *change)).collect();
    parts.extend(stored.iter().enumerate().map(|(number, part)| format!("stored_{number} AS ({part})")));
    (format!("WITH {}", parts.join(", ")), values)
}

fn moving(engine: Engine, values: &mut Values, moves: &[Move]) -> String {
    let moves = values.rows(&moves);
    let rows = engine.rows(&moves, &[("name", "text"), ("generation", "bigint"), ("from", "bigint"), ("to", "bigint")]);
    format!(
        "UPDATE projections AS p SET next_position = r.\"to\" FROM {rows} WHERE p.organisation = $1 AND p.name = r.name \
         AND p.generation = r.generation AND p.next_position = r.\"from\" AND p.error IS NULL AND p.state <> 'retired'"
    )
}

/// The statements that store a change, if its generation moves. On SQLite nothing is committed where one does not.
fn storing(engine: Engine, values: &mut Values, change: Change<'_>) -> Vec<String> {
    let generation = values.number(change.generation);
    let moved = match engine {
        Engine::Postgres => {
            format!("EXISTS (SELECT 1 FROM moved WHERE moved.name = '{}' AND moved.generation = {generation})", change.name)
        }
        Engine::Sqlite => "TRUE".to_owned(),
    };
    let mut statements = Vec::new();
    if !change.versions.is_empty() {
        statements.push(rows::storing(engine, change.name, &generation, &values.rows(&change.versions), &moved));
    }
    if !change.postings.is_empty() {
        statements.push(postings::storing(engine, &generation, &values.rows(&change.postings), &moved));
    }
    statements
}
