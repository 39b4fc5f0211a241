//! Queries over read models: order, cursor and the statement.

use std::collections::BTreeSet;

use super::bindings::{Bindings, bind_all};
use super::filter::Filter;
use super::view_rows::{CURRENT, ViewRow, in_live_generation, is_current};
use super::{Engine, Store, StoreResult, on_reader};

/// The columns that have an index over current rows.
const INDEXED_COLUMNS: [&str; 18] = [
    "id",
    "state",
    "group_id",
    "grant_id",
    "batch",
    "reference",
    "erasure",
    "entries_wait",
    "attendance_waits",
    "revocation_waits",
    "help_waits",
    "contact_waits",
    "correction_waits",
    "requested",
    "awarded",
    "amount",
    "person",
    "session_id",
];
/// The largest number of values of an indexed column that are looked up separately; of more, all
/// are looked up together.
pub const SEPARATE_LOOKUPS_MAX: usize = 16;

/// The order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SortOrder {
    pub key: SortKey,
    /// Descending.
    pub descending: bool,
}

/// The sort key. Rows with an equal key are ordered by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    Id,
    /// By the time at which they were created.
    Created,
    /// By the last change: the position that created the version.
    Updated,
    /// By name. Only groups have this column.
    Name,
}

impl SortKey {
    fn column(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Created => "created_at",
            Self::Updated => "since",
            Self::Name => "name_key",
        }
    }
}

/// The last row of the previous page: its sort key and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowCursor<'a> {
    /// Empty if rows are ordered by id.
    pub key: &'a str,
    pub id: &'a str,
}

/// A query over one read model.
#[derive(Clone, Debug)]
pub struct RowQuery<'a> {
    pub table: &'static str,
    /// The rows valid at this position; `None` for the current ones.
    pub as_at: Option<i64>,
    /// All of them must match.
    pub filters: Vec<Filter>,
    pub order: SortOrder,
    /// Only rows after this one, in that order.
    pub after: Option<RowCursor<'a>>,
    pub limit: i64,
}

impl RowQuery<'_> {
    /// Composes the statement. If an indexed column has several values, the first rows of each
    /// value are selected separately and merged. Otherwise the planner would have to choose between
    /// reading all rows in order and sorting all that match, and either may be nearly the whole
    /// table.
    fn select_sql(&self, engine: Engine, organisation: &str, columns: &str) -> (String, Bindings) {
        let mut values = Bindings::new(organisation);
        values.number(self.as_at.unwrap_or(CURRENT));
        values.text(self.after.map_or("", |after| after.id));
        values.number(self.limit);
        let several = self.multi_value_filter();
        let but = several.map(|(number, ..)| number);
        let rows = self.tables_sql(engine, but, &mut values);
        let direction = if self.order.descending { " DESC" } else { "" };
        let by = match self.order.key {
            SortKey::Id => format!("v.id{direction}"),
            key => format!("v.{}{direction}, v.id{direction}", key.column()),
        };
        let part = |one: &str| format!("SELECT {columns} {rows}{one} ORDER BY {by} LIMIT $4");
        let Some((_, column, any)) = several else {
            return (part(""), values);
        };
        let any: BTreeSet<_> = any.iter().collect();
        let each = |(number, value)| {
            let one = format!(" AND v.{column} = {}", values.text(value));
            format!("SELECT * FROM ({}) AS part_{number}", part(&one))
        };
        let parts: Vec<_> = any.into_iter().enumerate().map(each).collect();
        (
            format!(
                "{} ORDER BY id{direction} LIMIT $4",
                parts.join(" UNION ALL ")
            ),
            values,
        )
    }

    /// The first filter whose values are looked up separately: its number, column and values. Only
    /// for current rows ordered by id, because past versions have no index on filter columns.
    fn multi_value_filter(&self) -> Option<(usize, &'static str, &[String])> {
        if self.as_at.is_some() || self.order.key != SortKey::Id {
            return None;
        }
        self.filters
            .iter()
            .enumerate()
            .find_map(|(number, filter)| {
                let (column, values) = filter.several_values()?;
                let looked_up =
                    INDEXED_COLUMNS.contains(&column) && values.len() <= SEPARATE_LOOKUPS_MAX;
                looked_up.then_some((number, column, values))
            })
    }

    /// The FROM clause with all filters except the one numbered `but`.
    fn tables_sql(&self, engine: Engine, but: Option<usize>, values: &mut Bindings) -> String {
        let table = self.table;
        let stood = match self.as_at {
            Some(_) => "v.since <= $2 AND v.until > $2".to_owned(),
            None => is_current(),
        };
        let after = self.after_cursor(values);
        let mut rows = format!(
            "FROM view_{table} v WHERE v.organisation = $1 AND {} AND {stood} AND {after}",
            in_live_generation(table)
        );
        for (number, filter) in self.filters.iter().enumerate() {
            if Some(number) != but {
                rows.extend([" AND ", &filter.condition_sql(engine, values)]);
            }
        }
        rows
    }

    /// The condition that a row comes after the cursor.
    fn after_cursor(&self, values: &mut Bindings) -> String {
        // A range over all ids would keep SQLite from looking up the ids of a filter.
        let Some(after) = self.after else {
            return "$3 = ''".to_owned();
        };
        let sign = if self.order.descending { "<" } else { ">" };
        let key = match self.order.key {
            SortKey::Id => return format!("v.id {sign} $3"),
            SortKey::Updated => values.number(after.key.parse().unwrap_or_default()),
            SortKey::Created | SortKey::Name => values.text(after.key),
        };
        format!("(v.{}, v.id) {sign} ({key}, $3)", self.order.key.column())
    }
}

/// Runs the query on the live generation.
pub async fn find(
    store: &Store,
    organisation: &str,
    wanted: &RowQuery<'_>,
) -> StoreResult<Vec<ViewRow>> {
    let (sql, values) = wanted.select_sql(
        store.engine(),
        organisation,
        "v.id, v.since, v.until, v.body",
    );
    Ok(on_reader!(store, db => bind_all!(sqlx::query_as(&sql), values).fetch_all(db).await?))
}

/// Counts the rows that match, up to the query's limit.
pub async fn count(store: &Store, organisation: &str, wanted: &RowQuery<'_>) -> StoreResult<i64> {
    let (sql, values) = wanted.select_sql(store.engine(), organisation, "v.id");
    let sql = format!("SELECT COUNT(*) FROM ({sql}) AS counted");
    let (count,): (i64,) =
        on_reader!(store, db => bind_all!(sqlx::query_as(&sql), values).fetch_one(db).await?);
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::super::query_plan_tests::{empty_database, explain};
    use super::*;

    async fn plan(store: &Store, wanted: &RowQuery<'_>) -> String {
        explain(store, &wanted.select_sql(store.engine(), "main", "v.id").0)
            .await
            .into_iter()
            .filter(|step| step.contains(" v "))
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// A query of current rows, ordered by id.
    fn query(table: &'static str, filters: Vec<Filter>) -> RowQuery<'static> {
        RowQuery {
            table,
            as_at: None,
            filters,
            order: SortOrder::default(),
            after: None,
            limit: 50,
        }
    }

    /// Whether a step of a plan looks up rows in an index of a table.
    fn looks_up(step: &str, table: &str, index: &str) -> bool {
        step.starts_with("SEARCH v ") && step.contains(&format!("INDEX view_{table}_{index} "))
    }

    #[tokio::test]
    async fn what_stands_is_looked_up_among_what_stands() {
        let (_folder, store) = empty_database().await;
        let one = |column| vec![Filter::equals(column, "one")];
        let some = |column| vec![Filter::any_of(column, ["one", "two"])];
        for (table, filters, index) in [
            ("applications", Vec::new(), "now"),
            ("applications", one("id"), "now"),
            ("applications", one("reference"), "reference"),
            ("applications", one("group_id"), "group_id"),
            ("applications", some("state"), "state"),
            ("grants", one("group_id"), "group_id"),
            ("payments", one("grant_id"), "grant_id"),
            ("payments", one("batch"), "batch"),
            ("payments", one("state"), "state"),
            ("updates", one("grant_id"), "grant_id"),
            ("groups", one("erasure"), "erasure"),
            ("grants", one("entries_wait"), "entries_wait"),
            ("grants", one("attendance_waits"), "attendance_waits"),
            ("grants", one("revocation_waits"), "revocation_waits"),
            ("applications", one("attendance_waits"), "attendance_waits"),
            ("applications", one("help_waits"), "help_waits"),
            ("people", one("contact_waits"), "contact_waits"),
            ("groups", one("correction_waits"), "correction_waits"),
            ("applications", one("requested"), "requested"),
            ("grants", one("awarded"), "awarded"),
            ("payments", one("amount"), "amount"),
            ("published", Vec::new(), "now"),
            ("applications", one("fund"), "fund"),
            ("grants", one("fund"), "fund"),
            ("gatherings", one("grew_from"), "grew_from"),
            ("sign_ups", some("person"), "person"),
            ("sign_ups", some("session_id"), "session_id"),
            (
                "sessions",
                vec![Filter::at_most("day", "2026-07-05")],
                "day",
            ),
            (
                "groups",
                vec![
                    Filter::at_least("name_key", "a"),
                    Filter::before("name_key", "b"),
                ],
                "name_key",
            ),
        ] {
            let wanted = query(table, filters);
            let plan = plan(&store, &wanted).await;
            let looked_up = |step: &str| looks_up(step, table, index);
            assert!(plan.split("; ").all(looked_up), "{wanted:?}: {plan}");
        }
    }

    #[tokio::test]
    async fn a_column_without_an_index_is_read_once() {
        let (_folder, store) = empty_database().await;
        let by_area = query("applications", vec![Filter::any_of("area", ["one", "two"])]);
        assert_eq!(plan(&store, &by_area).await.split("; ").count(), 1);
    }

    #[tokio::test]
    async fn a_past_state_is_looked_up_by_its_id() {
        let (_folder, store) = empty_database().await;
        let past = RowQuery {
            as_at: Some(7),
            ..query("applications", vec![Filter::equals("id", "one")])
        };
        let plan = plan(&store, &past).await;
        assert!(
            plan.contains("(organisation=? AND generation=? AND id=?"),
            "{plan}"
        );
    }

    #[tokio::test]
    async fn each_order_is_that_of_an_index() {
        let (_folder, store) = empty_database().await;
        let after = RowCursor {
            key: "7",
            id: "one",
        };
        for table in [
            "people",
            "groups",
            "applications",
            "grants",
            "payments",
            "updates",
        ] {
            for (key, index) in [
                (SortKey::Id, "now"),
                (SortKey::Created, "created_at"),
                (SortKey::Updated, "since"),
                (SortKey::Name, "name_key"),
            ] {
                if key == SortKey::Name && table != "groups" {
                    continue;
                }
                for (descending, after) in [
                    (false, None),
                    (false, Some(after)),
                    (true, None),
                    (true, Some(after)),
                ] {
                    let wanted = RowQuery {
                        order: SortOrder { key, descending },
                        after,
                        ..query(table, Vec::new())
                    };
                    let steps =
                        explain(&store, &wanted.select_sql(store.engine(), "main", "v.id").0).await;
                    let looked_up = |step: &String| looks_up(step, table, index);
                    assert!(steps.iter().any(looked_up), "{wanted:?}: {steps:?}");
                    let sorted = |step: &String| step.contains("TEMP B-TREE");
                    assert!(!steps.iter().any(sorted), "{wanted:?}: {steps:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn changed_rows_are_looked_up_by_position() {
        let (_folder, store) = empty_database().await;
        let wanted = RowQuery {
            order: SortOrder {
                key: SortKey::Updated,
                descending: false,
            },
            ..query("grants", vec![Filter::changed_after(7)])
        };
        let plan = plan(&store, &wanted).await;
        assert!(
            plan.contains("INDEX view_grants_since (organisation=? AND generation=? AND since>?)"),
            "{plan}"
        );
    }

    #[tokio::test]
    async fn rows_of_a_funds_grants_are_looked_up_by_the_fund() {
        let (_folder, store) = empty_database().await;
        let wanted = query("payments", vec![Filter::of_grant("fund", "one")]);
        let steps = explain(&store, &wanted.select_sql(store.engine(), "main", "v.id").0).await;
        assert!(
            steps
                .iter()
                .any(|step| step.contains("INDEX view_grants_fund ")),
            "{steps:?}"
        );
    }

    #[tokio::test]
    async fn a_column_may_be_filtered_twice() {
        let (_folder, store) = empty_database().await;
        let wanted = query(
            "grants",
            vec![
                Filter::equals("group_id", "asked"),
                Filter::any_of("group_id", ["own", "nil"]),
                Filter::in_state(["active", "closed"]),
            ],
        );
        let (sql, _) = wanted.select_sql(store.engine(), "main", "v.id");
        let parts: Vec<_> = sql.split(" UNION ALL ").collect();
        let held_twice = |part: &&str| {
            part.matches("v.group_id = ").count() == 2 && part.contains("v.state IN ")
        };
        assert!(parts.len() == 2 && parts.iter().all(held_twice), "{sql}");
    }

    #[tokio::test]
    async fn a_filter_is_valid_sql() {
        let (_folder, store) = empty_database().await;
        for filter in [
            Filter::any_of("id", Vec::<String>::new()),
            Filter::at_most("unproven_since", "2026-10-31"),
            Filter::includes("roles", "officer"),
        ] {
            let wanted = query("people", vec![filter]);
            let found = find(&store, "main", &wanted).await;
            assert!(found.is_ok(), "{wanted:?}");
        }
    }
}
