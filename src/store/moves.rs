//! Moving the views on: checkpoints, the rows that ended, those that were made and the figures,
//! stored at once.
//!
//! A projection moves only from the position where it is thought to stand, so that whoever comes
//! second changes nothing.

use serde::Serialize;

use super::postings::{self, PostingRow};
use super::rows::{self, Version};
use super::values::{Values, bound, run_all, whole_or_not};
use super::{Engine, Store, StoreError, Stored, Tx};

/// Generations of projections that move on together, and what is to be stored of them.
#[derive(Debug, Default)]
pub struct Moves {
    pub moves: Vec<Move>,
    pub changes: Vec<Change>,
}

/// How far one generation of a projection goes.
#[derive(Clone, Debug, Serialize)]
pub struct Move {
    pub name: &'static str,
    pub generation: i64,
    pub from: i64,
    pub to: i64,
}

/// What is to be stored for a generation that moves.
#[derive(Debug)]
pub struct Change {
    pub name: &'static str,
    pub generation: i64,
    pub versions: Vec<Version>,
    pub postings: Vec<PostingRow>,
}

impl Moves {
    /// Stores them in a transaction of its own, for which nobody waits until it is on the disk:
    /// what a crash of the machine takes away is made again out of the log. Whether all of them
    /// stood where they were thought to; of one that did not, nothing is stored.
    ///
    /// # Errors
    /// When the database refuses or does not answer.
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
                    // Somebody else moved them, and may have stored the same.
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

    /// Stores them inside a transaction, in which they are known to stand there.
    ///
    /// # Errors
    /// [`StoreError::NotWhole`] when one does not; when the database refuses or does not answer.
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

    /// For SQLite the statements, of which all must be whole. For PostgreSQL the parts of one
    /// statement: `moved` names the generations that moved, and of the others nothing is stored.
    /// None moves but on a condition.
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
                // Whoever rebuilds or follows holds checkpoints for a while; nobody waits for that.
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

    /// How many rows change if all of them move.
    pub(super) fn rows(&self) -> usize {
        self.moves.len()
            + self
                .changes
                .iter()
                .map(|change| change.versions.len() + change.postings.len())
                .sum::<usize>()
    }

    /// Whether so many are all of them.
    pub(super) fn are_whole(&self, moved: i64) -> bool {
        usize::try_from(moved) == Ok(self.moves.len())
    }
}

impl Change {
    /// The statements that store it, if its generation moves. On SQLite nothing is committed where
    /// one does not.
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
