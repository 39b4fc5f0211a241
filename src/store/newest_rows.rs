//! The newest rows of each of several owners: payment batches of funds, files and past grants of
//! groups.

use super::view_rows::{CURRENT, ViewRow, in_live_generation, is_current};
use super::{Engine, Store, StoreResult, on_reader};

/// Which rows to find, and how many for each owner.
#[derive(Clone, Copy, Debug)]
pub struct NewestRows<'a> {
    pub table: &'static str,
    /// The column with the id of the owner.
    pub owner: &'static str,
    pub owners: &'a [String],
    /// The rows valid at this position; `None` for the current ones.
    pub as_at: Option<i64>,
    pub limit_per_owner: i64,
}

impl NewestRows<'_> {
    fn select_sql(&self, engine: Engine) -> String {
        let Self { table, owner, .. } = self;
        let current = match self.as_at {
            Some(_) => "v.since <= $2 AND v.until > $2".to_owned(),
            None => is_current(),
        };
        format!(
            "SELECT n.id, n.since, n.until, n.body FROM (SELECT v.id, v.since, v.until, v.body, \
                ROW_NUMBER() OVER (PARTITION BY v.{owner} ORDER BY v.since DESC) AS place \
                FROM view_{table} v \
                WHERE v.organisation = $1 AND {} AND {current} AND {}) AS n WHERE n.place <= $4 \
                ORDER BY n.since",
            in_live_generation(table),
            engine.among(&format!("v.{owner}"), "$3")
        )
    }
}

/// Finds the newest rows in the live generation, ordered by the positions that created them.
pub async fn find(
    store: &Store,
    organisation: &str,
    newest: &NewestRows<'_>,
) -> StoreResult<Vec<ViewRow>> {
    let sql = newest.select_sql(store.engine());
    let owners = serde_json::to_string(newest.owners).unwrap_or_default();
    let as_at = newest.as_at.unwrap_or(CURRENT);
    Ok(on_reader!(store, db => {
        sqlx::query_as(&sql).bind(organisation).bind(as_at).bind(owners)
            .bind(newest.limit_per_owner).fetch_all(db).await?
    }))
}

#[cfg(test)]
mod tests {
    use super::super::query_plan_tests::{empty_database, explain};
    use super::*;

    #[tokio::test]
    async fn an_owners_rows_are_looked_up_by_the_owner() {
        let (_folder, store) = empty_database().await;
        for (table, owner) in [
            ("batches", "fund"),
            ("files", "group_id"),
            ("past_grants", "group_id"),
        ] {
            let newest = NewestRows {
                table,
                owner,
                owners: &[],
                as_at: None,
                limit_per_owner: 500,
            };
            let steps = explain(&store, &newest.select_sql(store.engine())).await;
            let looked_up = format!("INDEX view_{table}_{owner} ");
            assert!(
                steps
                    .iter()
                    .any(|step| step.starts_with("SEARCH v ") && step.contains(&looked_up)),
                "{steps:?}"
            );
        }
    }
}
