//! The newest rows of each of several owners: payment batches of funds, files and past grants of
//! groups.

use super::rows::{Row, STANDING, live, stands};
use super::{Engine, Store, Stored, reading};

/// Which rows to find, and how many for each owner.
#[derive(Clone, Copy, Debug)]
pub struct Newest<'a> {
    pub table: &'static str,
    /// The column with the id of the owner.
    pub owner: &'static str,
    pub owners: &'a [String],
    /// The rows valid at this position; `None` for the current ones.
    pub as_at: Option<i64>,
    pub most: i64,
}

impl Newest<'_> {
    fn finding(&self, engine: Engine) -> String {
        let Self { table, owner, .. } = self;
        let current = match self.as_at {
            Some(_) => "v.since <= $2 AND v.until > $2".to_owned(),
            None => stands(),
        };
        format!(
            "SELECT n.id, n.since, n.until, n.body FROM (SELECT v.id, v.since, v.until, v.body, \
             ROW_NUMBER() OVER (PARTITION BY v.{owner} ORDER BY v.since DESC) AS place FROM view_{table} v \
             WHERE v.organisation = $1 AND {} AND {current} AND {}) AS n WHERE n.place <= $4 ORDER BY n.since",
            live(table),
            engine.among(&format!("v.{owner}"), "$3")
        )
    }
}

/// Finds the newest rows in the live generation, ordered by the positions that created them.
pub async fn find(store: &Store, organisation: &str, newest: &Newest<'_>) -> Stored<Vec<Row>> {
    let sql = newest.finding(store.engine());
    let owners = serde_json::to_string(newest.owners).unwrap_or_default();
    let as_at = newest.as_at.unwrap_or(STANDING);
    Ok(reading!(store, db => {
        sqlx::query_as(&sql).bind(organisation).bind(as_at).bind(owners).bind(newest.most).fetch_all(db).await?
    }))
}

#[cfg(test)]
mod tests {
    use super::super::plans::{scratch, steps};
    use super::*;

    #[tokio::test]
    async fn an_owners_rows_are_looked_up_by_the_owner() {
        let (_folder, store) = scratch().await;
        for (table, owner) in [
            ("batches", "fund"),
            ("files", "group_id"),
            ("past_grants", "group_id"),
        ] {
            let newest = Newest {
                table,
                owner,
                owners: &[],
                as_at: None,
                most: 500,
            };
            let steps = steps(&store, &newest.finding(store.engine())).await;
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
