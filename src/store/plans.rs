//! How SQLite would find what a statement asks for, in an empty database: it plans by the form of
//! the statement alone.

use tempfile::TempDir;

use super::Store;

/// An empty database, and the folder in which it lies.
pub(super) async fn scratch() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(&format!("sqlite://{}/log.db", folder.path().display()))
        .await
        .unwrap();
    (folder, store)
}

/// The steps of a statement's plan.
pub(super) async fn steps(store: &Store, sql: &str) -> Vec<String> {
    let Store::Sqlite(lite) = store else {
        unreachable!("it was opened as SQLite")
    };
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(&format!("EXPLAIN QUERY PLAN {sql}"))
        .fetch_all(&lite.readers)
        .await
        .unwrap();
    steps.into_iter().map(|(.., step)| step).collect()
}
