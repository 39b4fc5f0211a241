//! Projection commits: positions, ended row versions, new row versions and postings of one or more
//! projections, stored together.
//!
//! Concurrency is optimistic: a projection advances only if its stored position equals `from`, so
//! the loser of a race writes nothing.

use serde::Serialize;

use super::bindings::{Bindings, bind_all, execute_all, require_row_count};
use super::postings::{self, PostingRow};
use super::view_rows::{self, RowVersion};
use super::{Engine, Store, StoreError, StoreResult, Tx};

/// The positions and rows of projection generations that are stored together.
#[derive(Debug, Default)]
pub struct ProjectionCommit {
    pub advances: Vec<PositionAdvance>,
    pub changes: Vec<RowChanges>,
}

/// The advance of one generation of a projection: from the position expected in the database to the
/// next position.
#[derive(Clone, Debug, Serialize)]
pub struct PositionAdvance {
    pub name: &'static str,
    pub generation: i64,
    pub from: i64,
    pub to: i64,
}

/// The rows to store for a generation that advances.
#[derive(Debug)]
pub struct RowChanges {
    pub name: &'static str,
    pub generation: i64,
    pub versions: Vec<RowVersion>,
    pub postings: Vec<PostingRow>,
}

impl ProjectionCommit {
    /// Stores everything in a transaction of its own that does not wait for the disk, as a crash
    /// loses nothing that cannot be derived from the log again. Returns whether all generations
    /// advanced. On PostgreSQL those that were at another position store nothing while the others
    /// do; on SQLite none stores anything then.
    pub async fn store(&self, store: &Store, organisation: &str) -> StoreResult<bool> {
        if self.advances.iter().all(|one| one.from == one.to) {
            return Ok(true);
        }
        match store {
            Store::Postgres(server) => {
                let mut values = Bindings::new(organisation);
                let parts = self
                    .statements(Engine::Postgres, &mut values, "TRUE")
                    .join(", ");
                let sql = format!(
                    "WITH {parts} SELECT COUNT(*), set_config('synchronous_commit', 'off', true) \
                        FROM moved"
                );
                let (moved, _): (i64, String) = bind_all!(sqlx::query_as(&sql), values)
                    .fetch_one(&server.writers)
                    .await?;
                Ok(self.all_advanced(moved))
            }
            Store::Sqlite(_) => {
                let mut tx = store.begin_derived().await?;
                match self.store_in(&mut tx, organisation).await {
                    Ok(()) => tx.commit().await.map(|()| true),
                    // Another process advanced them, perhaps with the same rows.
                    Err(error)
                        if error.is_unique_violation()
                            || matches!(error, StoreError::RowCountMismatch { .. }) =>
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
    /// Fails with [`StoreError::RowCountMismatch`] if one generation is at another position; then
    /// the transaction must not be committed.
    pub async fn store_in(&self, tx: &mut Tx, organisation: &str) -> StoreResult<()> {
        let mut values = Bindings::new(organisation);
        let parts = self.statements(tx.engine(), &mut values, "TRUE");
        match tx {
            Tx::Postgres(tx) => {
                let sql = format!("WITH {} SELECT COUNT(*) FROM moved", parts.join(", "));
                let (moved,): (i64,) = bind_all!(sqlx::query_as(&sql), values)
                    .fetch_one(&mut **tx)
                    .await?;
                require_row_count(moved.unsigned_abs(), self.advances.len())
            }
            Tx::Sqlite(tx) => execute_all(tx, &parts, &values, self.row_count()).await,
        }
    }

    /// The SQL that advances the positions and stores the rows. `condition` is a further condition
    /// of every advance.
    ///
    /// For SQLite these are statements, which must change [`Self::row_count`] rows in all. For
    /// PostgreSQL they are parts of one `WITH`: the part `moved` has the generations that advanced,
    /// and the rows of others are not stored.
    pub(super) fn statements(
        &self,
        engine: Engine,
        values: &mut Bindings,
        condition: &str,
    ) -> Vec<String> {
        let moves = values.rows(&self.advances);
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
                "UPDATE projections AS p SET next_position = r.\"to\" FROM {rows} \
                    WHERE p.organisation = $1 AND p.name = r.name \
                    AND p.generation = r.generation AND p.next_position = r.\"from\" \
                    AND p.error IS NULL AND p.state <> 'retired' AND {condition}{free}"
            )
        };
        let stored = self
            .changes
            .iter()
            .flat_map(|change| change.insert_statements(engine, values));
        match engine {
            Engine::Sqlite => std::iter::once(update("")).chain(stored).collect(),
            Engine::Postgres => {
                // A rebuild or the projector may lock positions for a while. An append does not
                // wait for that: a locked position counts as not advanced.
                let free = "free AS (SELECT name, generation FROM projections \
                    WHERE organisation = $1 FOR UPDATE SKIP LOCKED)"
                    .to_owned();
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
    pub(super) fn row_count(&self) -> usize {
        self.advances.len()
            + self
                .changes
                .iter()
                .map(|change| change.versions.len() + change.postings.len())
                .sum::<usize>()
    }

    /// Whether this number of advanced generations is all of them.
    pub(super) fn all_advanced(&self, moved: i64) -> bool {
        usize::try_from(moved) == Ok(self.advances.len())
    }
}

impl RowChanges {
    /// The statements that store the rows. On PostgreSQL they store nothing if the generation has
    /// not advanced; on SQLite the whole transaction is rolled back then.
    fn insert_statements(&self, engine: Engine, values: &mut Bindings) -> Vec<String> {
        let generation = values.number(self.generation);
        let moved = match engine {
            Engine::Postgres => {
                format!(
                    "EXISTS (SELECT 1 FROM moved WHERE moved.name = '{}' \
                        AND moved.generation = {generation})",
                    self.name
                )
            }
            Engine::Sqlite => "TRUE".to_owned(),
        };
        let mut statements = Vec::new();
        if !self.versions.is_empty() {
            statements.push(view_rows::upsert_sql(
                engine,
                self.name,
                &generation,
                &values.rows(&self.versions),
                &moved,
            ));
        }
        if !self.postings.is_empty() {
            statements.push(postings::insert_sql(
                engine,
                &generation,
                &values.rows(&self.postings),
                &moved,
            ));
        }
        statements
    }
}
