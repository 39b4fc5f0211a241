//! Helpers for tests of query plans: SQLite plans by the statement alone, so an empty database is
//! enough.

use tempfile::TempDir;

use super::Store;

/// An empty database, and its temporary folder.
pub(super) async fn empty_database() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&format!("sqlite://{}/log.db", folder.path().display()))
        .await
        .unwrap();
    (folder, store)
}

/// The steps of the plan of a statement.
pub(super) async fn explain(store: &Store, sql: &str) -> Vec<String> {
    let Store::Sqlite(lite) = store else {
        unreachable!("it was opened as SQLite")
    };
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(&format!("EXPLAIN QUERY PLAN {sql}"))
        .fetch_all(&lite.readers)
        .await
        .unwrap();
    steps.into_iter().map(|(.., step)| step).collect()
}
