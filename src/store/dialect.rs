//! The few words in which the two dialects differ.

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    /// Rows out of one JSON parameter: an array of objects with these columns, each `text` or
    /// `bigint`.
    pub(super) fn rows(self, parameter: &str, columns: &[(&str, &str)]) -> String {
        match self {
            Self::Postgres => {
                let columns: Vec<_> = columns
                    .iter()
                    .map(|(name, kind)| format!("\"{name}\" {kind}"))
                    .collect();
                format!(
                    "json_to_recordset({parameter}::json) AS r({})",
                    columns.join(", ")
                )
            }
            Self::Sqlite => {
                let columns: Vec<_> = columns
                    .iter()
                    .map(|(name, _)| format!("value ->> '{name}' AS \"{name}\""))
                    .collect();
                format!(
                    "(SELECT {} FROM json_each({parameter})) AS r",
                    columns.join(", ")
                )
            }
        }
    }

    /// Whether a column has one of the texts of a JSON array parameter. PostgreSQL is given an
    /// array, which it looks up in an index, where a sub-select would have it guess how many rows
    /// there are.
    pub(super) fn among(self, column: &str, parameter: &str) -> String {
        match self {
            Self::Postgres => format!(
                "{column} = ANY (ARRAY(SELECT json_array_elements_text({parameter}::json)))"
            ),
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

    /// Bytes as hexadecimal text, for reading; none where there are none.
    pub(super) fn hex(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("encode({column}, 'hex')"),
            Self::Sqlite => format!("CASE WHEN {column} IS NOT NULL THEN lower(hex({column})) END"),
        }
    }

    /// One JSON object out of names and values, as text.
    pub(super) fn object(self, names_and_values: &str) -> String {
        match self {
            Self::Postgres => format!("CAST(json_build_object({names_and_values}) AS text)"),
            Self::Sqlite => format!("json_object({names_and_values})"),
        }
    }

    /// A text column in the order of its bytes, whatever the database's language.
    pub(super) fn bytewise(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("{column} COLLATE \"C\""),
            Self::Sqlite => column.to_owned(),
        }
    }

    /// JSON text as a JSON column takes it.
    pub(super) fn json(self, text: &str) -> String {
        match self {
            Self::Postgres => format!("{text}::json"),
            Self::Sqlite => text.to_owned(),
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
