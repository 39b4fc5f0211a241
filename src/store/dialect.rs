//! The SQL fragments that differ between PostgreSQL and SQLite.
//!
//! # Rows as JSON
//!
//! A list of rows, or of values, is one JSON parameter. PostgreSQL expands it by
//! `json_to_recordset`, SQLite by `json_each`. Column names come from constants of this program and
//! are not escaped; only bound values come from outside.
//!
//! # Bytes
//!
//! Bytes are passed and returned as hexadecimal text inside JSON, and stored as `bytea` or `BLOB`.
//!
//! # Locks and clock
//!
//! A writing transaction of SQLite locks the whole database, so only PostgreSQL locks rows. The
//! clock is that of the database, and on PostgreSQL that of the moment, not of the start of the
//! transaction.

/// The database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    /// A table expression `r` from one JSON parameter: an array of objects with these columns, each
    /// `text` or `bigint`.
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

    /// Whether a column equals one of the texts of a JSON array parameter. PostgreSQL gets an
    /// array, which it looks up in an index; of a sub-select it would have to guess the number of
    /// rows.
    pub(super) fn among(self, column: &str, parameter: &str) -> String {
        match self {
            Self::Postgres => format!(
                "{column} = ANY (ARRAY(SELECT json_array_elements_text({parameter}::json)))"
            ),
            Self::Sqlite => format!("{column} IN (SELECT value FROM json_each({parameter}))"),
        }
    }

    /// Hexadecimal text to bytes, for storing.
    pub(super) fn bytes(self, text: &str) -> String {
        match self {
            Self::Postgres => format!("decode({text}, 'hex')"),
            Self::Sqlite => format!("unhex({text})"),
        }
    }

    /// Bytes to hexadecimal text, for reading; NULL stays NULL.
    pub(super) fn hex(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("encode({column}, 'hex')"),
            Self::Sqlite => format!("CASE WHEN {column} IS NOT NULL THEN lower(hex({column})) END"),
        }
    }

    /// A JSON object, as text, from alternating names and values.
    pub(super) fn object(self, names_and_values: &str) -> String {
        match self {
            Self::Postgres => format!("CAST(json_build_object({names_and_values}) AS text)"),
            Self::Sqlite => format!("json_object({names_and_values})"),
        }
    }

    /// A text column ordered by its bytes, independent of the database's collation.
    pub(super) fn bytewise(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("{column} COLLATE \"C\""),
            Self::Sqlite => column.to_owned(),
        }
    }

    /// A field of a JSON body as text; NULL if it has none.
    pub(super) fn field(self, body: &str, name: &str) -> String {
        match self {
            Self::Postgres => format!("({body}::json ->> '{name}')"),
            Self::Sqlite => format!("({body} ->> '{name}')"),
        }
    }

    /// An amount of money of a JSON body, in pence; NULL if it has none.
    pub(super) fn pence(self, body: &str, name: &str) -> String {
        format!(
            "CAST(replace({}, '.', '') AS bigint)",
            self.field(body, name)
        )
    }

    /// The length of a list in a JSON body.
    pub(super) fn list_length(self, body: &str, name: &str) -> String {
        match self {
            Self::Postgres => {
                format!("CAST(json_array_length({body}::json -> '{name}') AS bigint)")
            }
            Self::Sqlite => format!("json_array_length({body}, '$.{name}')"),
        }
    }

    /// JSON text as the value of a JSON column.
    pub(super) fn json(self, text: &str) -> String {
        match self {
            Self::Postgres => format!("{text}::json"),
            Self::Sqlite => text.to_owned(),
        }
    }

    /// The suffix that locks the rows of a SELECT; empty for SQLite, whose writing transaction is a
    /// lock.
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
