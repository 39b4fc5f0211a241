//! The tables that a backup contains in addition to the events, row by row as JSON that is the same
//! for both engines.

use futures::TryStreamExt as _;
use serde_json::Value;

use super::{Engine, StoreResult, Tx, in_transaction};

/// A table of a backup: its name, and its columns without `organisation`.
#[derive(Clone, Copy, Debug)]
pub struct BackupTable {
    pub name: &'static str,
    columns: &'static [(&'static str, ColumnKind)],
    /// Its rows belong to no organisation.
    shared: bool,
    /// Backups of earlier versions do not have it.
    pub optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnKind {
    Text,
    Integer,
    Bytes,
}
use ColumnKind::{Bytes, Integer, Text};

/// Every table that neither holds the events, nor is derived from them, nor is short-lived, as
/// sessions are.
pub static BACKUP_TABLES: [BackupTable; 10] = [
    BackupTable {
        name: "commands",
        columns: &[("command_id", Text), ("answer", Text)],
        shared: false,
        optional: false,
    },
    BackupTable {
        name: "subject_keys",
        columns: &[("subject", Text), ("kek_id", Text), ("wrapped", Bytes)],
        shared: false,
        optional: false,
    },
    BackupTable {
        name: "sealed_values",
        columns: &[("digest", Text), ("subject", Text), ("sealed", Bytes)],
        shared: false,
        optional: false,
    },
    BackupTable {
        name: "blind_index",
        columns: &[("kind", Text), ("digest", Text), ("subject", Text)],
        shared: false,
        optional: false,
    },
    BackupTable {
        name: "mails",
        columns: &[
            ("id", Text),
            ("kind", Text),
            ("person", Text),
            ("about", Text),
            ("state", Text),
            ("tries", Integer),
            ("made_at", Integer),
            ("due_at", Integer),
            ("sent_at", Integer),
            ("error", Text),
        ],
        shared: false,
        optional: false,
    },
    BackupTable {
        name: "accesses",
        columns: &[
            ("id", Text),
            ("day", Text),
            ("person", Text),
            ("subject", Text),
            ("what", Text),
            ("times", Integer),
            ("last_at", Integer),
        ],
        shared: false,
        optional: true,
    },
    BackupTable {
        name: "saved_views",
        columns: &[
            ("id", Text),
            ("list", Text),
            ("name", Text),
            ("query", Text),
            ("owner", Text),
            ("audience", Text),
            ("saved_at", Integer),
        ],
        shared: false,
        optional: true,
    },
    BackupTable {
        name: "mail_passwords",
        columns: &[("id", Text), ("sealed", Bytes), ("entered_at", Integer)],
        shared: false,
        optional: true,
    },
    BackupTable {
        name: "followers",
        columns: &[("name", Text), ("next_position", Integer)],
        shared: false,
        optional: false,
    },
    BackupTable {
        name: "known_keys",
        columns: &[("purpose", Text), ("key_id", Text), ("first", Integer)],
        shared: true,
        optional: false,
    },
];

impl BackupTable {
    fn select(&self, engine: Engine) -> String {
        let shown = |(name, kind): &(&str, ColumnKind)| {
            let value = if *kind == Bytes {
                engine.hex(name)
            } else {
                (*name).to_owned()
            };
            format!("'{name}', {value}")
        };
        let columns: Vec<_> = self.columns.iter().map(shown).collect();
        let order: Vec<_> = self
            .columns
            .iter()
            .filter(|(_, kind)| *kind == Text)
            .map(|(name, _)| engine.bytewise(name))
            .collect();
        let whose = if self.shared {
            "$1 = $1"
        } else {
            "organisation = $1"
        };
        format!(
            "SELECT {} FROM {} WHERE {whose} ORDER BY {}",
            engine.object(&columns.join(", ")),
            self.name,
            order.join(", ")
        )
    }

    fn insert(&self, engine: Engine) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        let kinds: Vec<_> = self
            .columns
            .iter()
            .map(|(name, kind)| (*name, if *kind == Integer { "bigint" } else { "text" }))
            .collect();
        let value = |(name, kind): &(&str, ColumnKind)| {
            if *kind == Bytes {
                engine.bytes(&format!("r.{name}"))
            } else {
                format!("r.{name}")
            }
        };
        let values: Vec<_> = self.columns.iter().map(value).collect();
        let (own, whose) = if self.shared {
            ("", "")
        } else {
            ("organisation, ", "$1, ")
        };
        let (names, values, rows) = (
            names.join(", "),
            values.join(", "),
            engine.rows("$2", &kinds),
        );
        // Without a WHERE, SQLite parses ON CONFLICT as the condition of a join.
        let conflict = if self.shared {
            " ON CONFLICT DO NOTHING"
        } else {
            ""
        };
        format!(
            "INSERT INTO {} ({own}{names}) SELECT {whose}{values} FROM {rows} \
                WHERE $1 = $1{conflict}",
            self.name
        )
    }
}

/// Calls `take` with each row of a table as a line of canonical JSON. The rows are ordered by their
/// text columns, byte by byte.
pub async fn for_each_row(
    tx: &mut Tx,
    organisation: &str,
    table: &BackupTable,
    mut take: impl FnMut(&str),
) -> StoreResult<()> {
    let sql = table.select(tx.engine());
    in_transaction!(tx, db => {
        let mut rows = sqlx::query_as::<_, (String,)>(&sql).bind(organisation).fetch(db);
        while let Some((row,)) = rows.try_next().await? {
            let row: Value = serde_json::from_str(&row).unwrap_or_default();
            take(&row.to_string());
        }
    });
    Ok(())
}

/// Inserts rows into a table. In a shared table, existing rows stay.
pub async fn insert_rows(
    tx: &mut Tx,
    organisation: &str,
    table: &BackupTable,
    rows: &[Value],
) -> StoreResult<()> {
    let sql = table.insert(tx.engine());
    let rows = serde_json::to_string(rows).unwrap_or_default();
    in_transaction!(tx, db => { sqlx::query(&sql).bind(organisation).bind(rows)
        .execute(db).await?; });
    Ok(())
}
