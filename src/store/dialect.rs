//! The few words in which the two dialects differ.

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    /// Rows out of one JSON parameter: an array of objects with these columns, each `text` or `bigint`.
    pub(super) fn rows(self, parameter: &str, columns: &[(&str, &str)]) -> String {
        match self {
            Self::Postgres => {
                let columns: Vec<_> = columns.iter().map(|(name, kind)| format!("\"{name}\" {kind}")).collect();
                format!("json_to_recordset({parameter}::json) AS r({})", columns.join(", "))
            }
            Self::Sqlite => {
                let columns: Vec<_> = columns.iter().map(|(name, _)| format!("value ->> '{name}' AS \"{name}\"")).collect();
                format!("(SELECT {} FROM json_each({parameter})) AS r", columns.join(", "))
            }
        }
    }

    /// Whether a column has one of the texts of a JSON array parameter. PostgreSQL is given an array, which it looks up
    /// in an index, where a sub-select would have it guess how many rows there are.
    pub(super) fn among(self, column: &str, parameter: &str) -> String {
        match self {
            Self::Postgres => format!("{column} = ANY (ARRAY(SELECT json_array_elements_text({parameter}::json)))"),
            Self::Sqlite => format!("{column} IN (SELECT value FROM json_each({parameter}))"),
        }
    }

    /// Hexadecimal text as bytes, for storing.
    pub(super) fn bytes(self, text: &str) -> String {
        match self {
            Self::Postgres => format!("decode({text}, 'hex')"),
            Self::Sqlite => format!("unhex({text})"),
        }
    }

    /// Locks the rows that a SELECT finds; SQLite's writing transaction is a lock already.
    pub(super) fn lock(self) -> &'static str {
        match self {
            Self::Postgres => " FOR UPDATE",
            Self::Sqlite => "",
        }
    }

    /// The database's clock, in microseconds since 1970.
    pub(super) fn clock(self) -> &'static str {
        match self {
            Self::Postgres => "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
            Self::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
        }
    }
}
