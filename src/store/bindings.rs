//! The bound values of statements that are composed from parts.

use serde::Serialize;
use sqlx::SqliteConnection;

use super::{StoreError, StoreResult};

/// The values of a statement, by number. The first is the organisation. Each method that adds a
/// value returns its placeholder, such as `$2`.
pub(super) struct Bindings(pub(super) Vec<Binding>);

pub(super) enum Binding {
    Text(String),
    Number(i64),
}

impl Bindings {
    pub(super) fn new(organisation: &str) -> Self {
        Self(vec![Binding::Text(organisation.to_owned())])
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn number(&mut self, number: i64) -> String {
        self.add(Binding::Number(number))
    }

    pub(super) fn text(&mut self, text: impl Into<String>) -> String {
        self.add(Binding::Text(text.into()))
    }

    /// Adds rows as one JSON parameter.
    pub(super) fn rows<T: Serialize>(&mut self, rows: &T) -> String {
        self.add(Binding::Text(
            serde_json::to_string(rows).unwrap_or_default(),
        ))
    }

    fn add(&mut self, value: Binding) -> String {
        self.0.push(value);
        format!("${}", self.0.len())
    }
}

/// Binds all values to a statement. Several statements may share them, since placeholders are
/// numbered.
macro_rules! bind_all {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in &$values.0 {
            query = match value {
                $crate::store::bindings::Binding::Text(text) => query.bind(text.as_str()),
                $crate::store::bindings::Binding::Number(number) => query.bind(*number),
            };
        }
        query
    }};
}
pub(super) use bind_all;

/// Runs statements of SQLite as one text: each alone would be a round trip to the connection's
/// thread.
///
/// Fails with [`StoreError::RowCountMismatch`] unless they changed `rows` rows in all; then nothing
/// may be committed.
pub(super) async fn execute_all(
    db: &mut SqliteConnection,
    statements: &[String],
    values: &Bindings,
    rows: usize,
) -> StoreResult<()> {
    let sql = statements.join("; ");
    let changed = bind_all!(sqlx::query(&sql), values)
        .execute(db)
        .await?
        .rows_affected();
    require_row_count(changed, rows)
}

pub(super) fn require_row_count(changed: u64, expected: usize) -> StoreResult<()> {
    if changed == expected as u64 {
        Ok(())
    } else {
        Err(StoreError::RowCountMismatch { changed, expected })
    }
}
