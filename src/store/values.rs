//! The bound values of statements that are composed from parts.

use serde::Serialize;
use sqlx::SqliteConnection;

use super::{StoreError, Stored};

/// The values of a statement, by number. The first is the organisation. Each method that adds a
/// value returns its placeholder, such as `$2`.
pub(super) struct Values(pub(super) Vec<Value>);

pub(super) enum Value {
    Text(String),
    Number(i64),
}

impl Values {
    pub(super) fn new(organisation: &str) -> Self {
        Self(vec![Value::Text(organisation.to_owned())])
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn number(&mut self, number: i64) -> String {
        self.add(Value::Number(number))
    }

    pub(super) fn text(&mut self, text: impl Into<String>) -> String {
        self.add(Value::Text(text.into()))
    }

    /// Adds rows as one JSON parameter.
    pub(super) fn rows<T: Serialize>(&mut self, rows: &T) -> String {
        self.add(Value::Text(serde_json::to_string(rows).unwrap_or_default()))
    }

    fn add(&mut self, value: Value) -> String {
        self.0.push(value);
        format!("${}", self.0.len())
    }
}

/// Binds all values to a statement. Several statements may share them, since placeholders are
/// numbered.
macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in &$values.0 {
            query = match value {
                $crate::store::values::Value::Text(text) => query.bind(text.as_str()),
                $crate::store::values::Value::Number(number) => query.bind(*number),
            };
        }
        query
    }};
}
pub(super) use bound;

/// Runs statements of SQLite as one text: each alone would be a round trip to the connection's
/// thread.
///
/// Fails with [`StoreError::NotWhole`] unless they changed `rows` rows in all; then nothing may be
/// committed.
pub(super) async fn run_all(
    db: &mut SqliteConnection,
    statements: &[String],
    values: &Values,
    rows: usize,
) -> Stored<()> {
    let sql = statements.join("; ");
    let changed = bound!(sqlx::query(&sql), values)
        .execute(db)
        .await?
        .rows_affected();
    whole_or_not(changed, rows)
}

pub(super) fn whole_or_not(changed: u64, expected: usize) -> Stored<()> {
    if changed == expected as u64 {
        Ok(())
    } else {
        Err(StoreError::NotWhole { changed, expected })
    }
}
