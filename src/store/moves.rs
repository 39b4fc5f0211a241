//! Projection commits: positions, ended row versions, new row versions and postings of one or more
//! projections, stored together.
//!
//! Concurrency is optimistic: a projection advances only if its stored position equals `from`, so
//! the loser of a race writes nothing.

use serde::Serialize;

use super::postings::{self, PostingRow};
use super::rows::{self, Version};
use super::values::{Values, bound, run_all, whole_or_not};
use super::{Engine, Store, StoreError, Stored, Tx};

/// The positions and rows of projection generations that are stored together.
#[derive(Debug, Default)]
pub struct Moves {
    pub moves: Vec<Move>,
    pub changes: Vec<Change>,
}

/// The advance of one generation of a projection: from the position expected in the database to the
/// next position.
#[derive(Clone, Debug, Serialize)]
pub struct Move {
    pub name: &'static str,
    pub generation: i64,
    pub from: i64,
    pub to: i64,
}

/// The rows to store for a generation that advances.
#[derive(Debug)]
pub struct Change {
    pub name: &'static str,
    pub generation: i64,
    pub versions: Vec<Version>,
    pub postings: Vec<PostingRow>,
}

impl Moves {
    /// Stores everything in a transaction of its own that does not wait for the disk, as a crash
    /// loses nothing that cannot be derived from the log again. Returns whether all generations
    /// advanced. On PostgreSQL those that were at another position store nothing while the others
    /// do; on SQLite none stores anything then.
    pub async fn store(&self, store: &Store, organisation: &str) -> Stored<bool> {
        if self.moves.iter().all(|one| one.from == one.to) {
            return Ok(true);
        }
        match store {
            Store::Postgres(server) => {
                let mut values = Values::new(organisation);
                let parts = self.parts(Engine::Postgres, &mut values, "TRUE").join(", ");
                let sql = format!(
                    "WITH {parts} SELECT COUNT(*), set_config('synchronous_commit', 'off', true) FROM moved"
                );
                let (moved, _): (i64, String) = bound!(sqlx::query_as(&sql), values)
                    .fetch_one(&server.writers)
                    .await?;
                Ok(self.are_whole(moved))
            }
            Store::Sqlite(_) => {
                let mut tx = store.begin_derived().await?;
                match self.store_in(&mut tx, organisation).await {
                    Ok(()) => tx.commit().await.map(|()| true),
                    // Another process advanced them, perhaps with the same rows.
                    Err(error)
                        if error.is_double() || matches!(error, StoreError::NotWhole { .. }) =>
                    {
                        Ok(false)
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Stores everything in the given transaction.
    ///
    /// Fails with [`StoreError::NotWhole`] if one generation is at another position; then the
    /// transaction must not be committed.
    pub async fn store_in(&self, tx: &mut Tx, organisation: &str) -> Stored<()> {
        let mut values = Values::new(organisation);
        let parts = self.parts(tx.engine(), &mut values, "TRUE");
        match tx {
            Tx::Postgres(tx) => {
                let sql = format!("WITH {} SELECT COUNT(*) FROM moved", parts.join(", "));
                let (moved,): (i64,) = bound!(sqlx::query_as(&sql), values)
                    .fetch_one(&mut **tx)
                    .await?;
                whole_or_not(moved.unsigned_abs(), self.moves.len())
            }
            Tx::Sqlite(tx) => run_all(tx, &parts, &values, self.rows()).await,
        }
    }

    /// The SQL that advances the positions and stores the rows. `condition` is a further condition
    /// of every advance.
    ///
    /// For SQLite these are statements, which must change [`Self::rows`] rows in all. For
    /// PostgreSQL they are parts of one `WITH`: the part `moved` has the generations that advanced,
    /// and the rows of others are not stored.
    pub(super) fn parts(
        &self,
        engine: Engine,
        values: &mut Values,
        condition: &str,
    ) -> Vec<String> {
        let moves = values.rows(&self.moves);
        let rows = engine.rows(
            &moves,
            &[
                ("name", "text"),
                ("generation", "bigint"),
                ("from", "bigint"),
                ("to", "bigint"),
            ],
        );
        let update = |free: &str| {
            format!(
                "UPDATE projections AS p SET next_position = r.\"to\" FROM {rows} WHERE p.organisation = $1 AND p.name = r.name \
                 AND p.generation = r.generation AND p.next_position = r.\"from\" AND p.error IS NULL AND p.state <> 'retired' AND {condition}{free}"
            )
        };
        let stored = self
            .changes
            .iter()
            .flat_map(|change| change.storing(engine, values));
        match engine {
            Engine::Sqlite => std::iter::once(update("")).chain(stored).collect(),
            Engine::Postgres => {
                // A rebuild or the projector may lock positions for a while. An append does not
                // wait for that: a locked position counts as not advanced.
                let free = "free AS (SELECT name, generation FROM projections WHERE organisation = $1 FOR UPDATE SKIP LOCKED)".to_owned();
                let update =
                    update(" AND (p.name, p.generation) IN (SELECT name, generation FROM free)");
                let named = format!("moved AS ({update} RETURNING p.name, p.generation)");
                let stored = stored
                    .enumerate()
                    .map(|(number, part)| format!("stored_{number} AS ({part})"));
                [free, named].into_iter().chain(stored).collect()
            }
        }
    }

    /// The number of rows that change if all generations advance.
    pub(super) fn rows(&self) -> usize {
        self.moves.len()
            + self
                .changes
                .iter()
                .map(|change| change.versions.len() + change.postings.len())
                .sum::<usize>()
    }

    /// Whether this number of advanced generations is all of them.
    pub(super) fn are_whole(&self, moved: i64) -> bool {
        usize::try_from(moved) == Ok(self.moves.len())
    }
}

impl Change {
    /// The statements that store the rows. On PostgreSQL they store nothing if the generation has
    /// not advanced; on SQLite the whole transaction is rolled back then.
    fn storing(&self, engine: Engine, values: &mut Values) -> Vec<String> {
        let generation = values.number(self.generation);
        let moved = match engine {
            Engine::Postgres => {
                format!(
                    "EXISTS (SELECT 1 FROM moved WHERE moved.name = '{}' AND moved.generation = {generation})",
                    self.name
                )
            }
            Engine::Sqlite => "TRUE".to_owned(),
        };
        let mut statements = Vec::new();
        if !self.versions.is_empty() {
            statements.push(rows::storing(
                engine,
                self.name,
                &generation,
                &values.rows(&self.versions),
                &moved,
            ));
        }
        if !self.postings.is_empty() {
            statements.push(postings::storing(
                engine,
                &generation,
                &values.rows(&self.postings),
                &moved,
            ));
        }
        statements
    }
}
