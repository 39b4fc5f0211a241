//! Queries of the lists of the desk: sorted by any of their columns, page by page in both
//! directions, counted and summed.
//!
//! A page begins after the last row of the page before it, not at an offset, so that each page
//! costs the same and no row is lost or repeated while others change.

use std::collections::BTreeSet;

use super::bindings::{Bindings, bind_all};
use super::filter::Filter;
pub use super::list_columns::{
    ApplicationColumn, AssetColumn, BarrierColumn, GatheringColumn, GrantColumn, GroupColumn,
    ListAmount, ListKey, PaymentColumn, PersonColumn, UpdateColumn,
};
use super::view_rows::{
    CURRENT, ViewRow, alias_in_live_generation, in_live_generation, is_current,
};
use super::{Engine, Store, StoreResult, on_reader};

/// The order of a list. Rows with an equal key are ordered by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListOrder {
    pub key: ListKey,
    pub descending: bool,
}

/// A row of a list: its sort key and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPlace {
    pub key: String,
    pub id: String,
}

impl ListPlace {
    /// Whether the key can be compared in this order.
    #[must_use]
    pub fn fits(&self, order: ListOrder) -> bool {
        !order.key.is_number() || self.key.parse::<i64>().is_ok()
    }
}

/// Where a part of a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListStart<'a> {
    First,
    After(&'a ListPlace),
    /// The rows before this one, the nearest first.
    Before(&'a ListPlace),
}

/// A query of one list.
#[derive(Clone, Debug)]
pub struct ListQuery<'a> {
    /// The rows valid at this position; `None` for the current ones.
    pub as_at: Option<i64>,
    /// All of them must match.
    pub filters: &'a [Filter],
    pub order: ListOrder,
    pub start: ListStart<'a>,
    pub limit: i64,
}

/// A row with its sort key.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ListedRow {
    #[sqlx(flatten)]
    pub row: ViewRow,
    pub sort_key: String,
}

impl ListedRow {
    #[must_use]
    pub fn place(self) -> ListPlace {
        ListPlace {
            key: self.sort_key,
            id: self.row.id,
        }
    }
}

/// The number of rows of a list, and up to two sums in pence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct ListTotals {
    #[sqlx(rename = "listed")]
    pub rows: i64,
    #[sqlx(rename = "sum_a")]
    pub first: i64,
    #[sqlx(rename = "sum_b")]
    pub second: i64,
}

impl<'q> ListQuery<'q> {
    fn is_descending(&self) -> bool {
        self.order.descending != matches!(self.start, ListStart::Before(_))
    }

    /// Composes the statement. If several states are asked for, the first rows of each are looked
    /// up in its index and merged; otherwise nearly the whole list might have to be read or sorted.
    /// Only the bodies of the merged rows are read.
    fn select_sql(&self, engine: Engine, organisation: &str) -> (String, Bindings) {
        let mut values = Bindings::new(organisation);
        let key = self.order.key.sql(engine, self.order.descending);
        let states = self.several_states();
        let rows = self.rows_sql(engine, states.map(|(number, _)| number), &mut values);
        let direction = if self.is_descending() { " DESC" } else { "" };
        let limit = values.number(self.limit);
        let part = |columns: &str, one: &str| {
            format!(
                "SELECT {columns}, CAST({key} AS text) AS sort_key {rows}{one} \
                    ORDER BY {key}{direction}, v.id{direction} LIMIT {limit}"
            )
        };
        let Some((_, states)) = states else {
            return (part("v.id, v.since, v.until, v.body", ""), values);
        };
        let states: BTreeSet<_> = states.iter().collect();
        let each = |(number, state)| {
            let one = format!(" AND v.state = {}", values.text(state));
            format!("SELECT * FROM ({}) AS part_{number}", part("v.id", &one))
        };
        let parts: Vec<_> = states.into_iter().enumerate().map(each).collect();
        let order = |of: &str| {
            let key = engine.bytewise(&format!("{of}.sort_key"));
            format!("ORDER BY {key}{direction}, {of}.id{direction}")
        };
        // CROSS JOIN makes SQLite read the merged rows first, and look each of them up.
        let sql = format!(
            "SELECT b.id, b.since, b.until, b.body, listed.sort_key FROM \
                (SELECT * FROM ({}) AS merged {} LIMIT {limit}) AS listed \
                CROSS JOIN view_{table} b WHERE b.organisation = $1 AND {} \
                AND b.until = {CURRENT} AND b.id = listed.id {}",
            parts.join(" UNION ALL "),
            order("merged"),
            alias_in_live_generation("b", self.order.key.table),
            order("listed"),
            table = self.order.key.table,
        );
        (sql, values)
    }

    /// The filter by several states, if their rows can be looked up in this order.
    fn several_states(&self) -> Option<(usize, &'q [String])> {
        if self.as_at.is_some() || !self.order.key.is_indexed_by_state() {
            return None;
        }
        let states = |(number, filter): (usize, &'q Filter)| {
            let (column, values) = filter.several_values()?;
            (column == "state").then_some((number, values))
        };
        self.filters.iter().enumerate().find_map(states)
    }

    /// The FROM clause with all filters except the one numbered `but`.
    fn rows_sql(&self, engine: Engine, but: Option<usize>, values: &mut Bindings) -> String {
        let table = self.order.key.table;
        let valid = match self.as_at {
            Some(position) => {
                let position = values.number(position);
                format!("v.since <= {position} AND v.until > {position}")
            }
            None => is_current(),
        };
        let mut rows = format!(
            "FROM view_{table} v WHERE v.organisation = $1 AND {} AND {valid}",
            in_live_generation(table)
        );
        for (number, filter) in self.filters.iter().enumerate() {
            if Some(number) != but {
                rows.extend([" AND ", &filter.condition_sql(engine, values)]);
            }
        }
        if let ListStart::After(place) | ListStart::Before(place) = self.start {
            let sign = if self.is_descending() { "<" } else { ">" };
            let key = self.order.key.sql(engine, self.order.descending);
            let from = if self.order.key.is_number() {
                values.number(place.key.parse().unwrap_or_default())
            } else {
                values.text(place.key.as_str())
            };
            let id = values.text(place.id.as_str());
            rows.extend([
                " AND (", &key, ", v.id) ", sign, " (", &from, ", ", &id, ")",
            ]);
        }
        rows
    }
}

/// The rows of a part of a list. Those before a row come in the reverse order.
pub async fn find(
    store: &Store,
    organisation: &str,
    wanted: &ListQuery<'_>,
) -> StoreResult<Vec<ListedRow>> {
    let (sql, values) = wanted.select_sql(store.engine(), organisation);
    Ok(on_reader!(store, db => bind_all!(sqlx::query_as(&sql), values).fetch_all(db).await?))
}

/// Counts and sums the rows from the start of the query, up to its limit.
pub async fn totals(
    store: &Store,
    organisation: &str,
    wanted: &ListQuery<'_>,
    amounts: [Option<ListAmount>; 2],
) -> StoreResult<ListTotals> {
    let engine = store.engine();
    let mut values = Bindings::new(organisation);
    let rows = wanted.rows_sql(engine, None, &mut values);
    let limit = values.number(wanted.limit);
    let [first, second] =
        amounts.map(|amount| amount.map_or_else(|| "0".to_owned(), |amount| amount.sql(engine)));
    let sql = format!(
        "SELECT COUNT(*) AS listed, CAST(COALESCE(SUM(t.a), 0) AS bigint) AS sum_a, \
            CAST(COALESCE(SUM(t.b), 0) AS bigint) AS sum_b \
            FROM (SELECT {first} AS a, {second} AS b {rows} LIMIT {limit}) AS t"
    );
    Ok(on_reader!(store, db => bind_all!(sqlx::query_as(&sql), values).fetch_one(db).await?))
}

#[cfg(test)]
mod tests {
    use super::super::query_plan_tests::{empty_database, explain};
    use super::*;

    fn first_page(key: ListKey, filters: &[Filter]) -> ListQuery<'_> {
        ListQuery {
            as_at: None,
            filters,
            order: ListOrder {
                key,
                descending: false,
            },
            start: ListStart::First,
            limit: 51,
        }
    }

    async fn plan(wanted: &ListQuery<'_>) -> Vec<String> {
        let (_folder, store) = empty_database().await;
        explain(&store, &wanted.select_sql(store.engine(), "main").0).await
    }

    fn place() -> ListPlace {
        ListPlace {
            key: "7".to_owned(),
            id: "one".to_owned(),
        }
    }

    #[tokio::test]
    async fn the_usual_order_of_each_list_is_that_of_an_index() {
        let place = place();
        for (key, index) in [
            (ApplicationColumn::Urgency.key(), "urgency"),
            (GrantColumn::Urgency.key(), "urgency"),
            (PaymentColumn::Urgency.key(), "urgency"),
            (UpdateColumn::Urgency.key(), "urgency"),
            (GroupColumn::Name.key(), "name_key"),
            (PersonColumn::Registered.key(), "created_at"),
        ] {
            for descending in [false, true] {
                for start in [
                    ListStart::First,
                    ListStart::After(&place),
                    ListStart::Before(&place),
                ] {
                    let order = ListOrder { key, descending };
                    let wanted = ListQuery {
                        order,
                        start,
                        ..first_page(key, &[])
                    };
                    let steps = plan(&wanted).await;
                    let name = format!("INDEX view_{}_{index} ", key.table);
                    assert!(
                        steps.iter().any(|step| step.contains(&name)),
                        "{wanted:?}: {steps:?}"
                    );
                    assert!(
                        !steps.iter().any(|step| step.contains("TEMP B-TREE")),
                        "{wanted:?}: {steps:?}"
                    );
                }
            }
        }
    }

    #[tokio::test]
    async fn the_rows_of_each_state_are_looked_up_in_their_order() {
        for key in [
            ApplicationColumn::Urgency.key(),
            GrantColumn::Urgency.key(),
            PaymentColumn::Urgency.key(),
            UpdateColumn::Urgency.key(),
        ] {
            for states in [vec!["one"], vec!["one", "two"]] {
                let filters = [Filter::any_of("state", &states)];
                let wanted = first_page(key, &filters);
                let steps = plan(&wanted).await;
                let index = format!("INDEX view_{}_state_urgency ", key.table);
                let found: Vec<_> = steps.iter().filter(|step| step.contains(" v ")).collect();
                assert!(
                    found.len() == states.len() && found.iter().all(|step| step.contains(&index)),
                    "{wanted:?}: {steps:?}"
                );
                // The bodies are read after the merge, each by its id.
                let bodies = format!("INDEX view_{}_now ", key.table);
                assert_eq!(
                    steps
                        .iter()
                        .any(|step| step.contains(" b ") && step.contains(&bodies)),
                    states.len() > 1,
                    "{wanted:?}: {steps:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn every_column_is_valid_sql_in_both_directions() {
        let (_folder, store) = empty_database().await;
        let place = place();
        for key in [
            ApplicationColumn::Group.key(),
            ApplicationColumn::Requested.key(),
            ApplicationColumn::Rank.key(),
            ApplicationColumn::Submitted.key(),
            PaymentColumn::Group.key(),
            UpdateColumn::Spent.key(),
            GroupColumn::Members.key(),
            GatheringColumn::Title.key(),
            GatheringColumn::Area.key(),
            GatheringColumn::Planned.key(),
            AssetColumn::Name.key(),
            AssetColumn::Stale.key(),
            AssetColumn::Recorded.key(),
            BarrierColumn::Raised.key(),
            BarrierColumn::People.key(),
        ] {
            for descending in [false, true] {
                let wanted = ListQuery {
                    order: ListOrder { key, descending },
                    start: ListStart::Before(&place),
                    as_at: Some(7),
                    ..first_page(key, &[])
                };
                let found = find(&store, "main", &wanted).await;
                assert!(found.is_ok(), "{wanted:?}: {found:?}");
            }
        }
        let amounts = [Some(ListAmount::Requested), None];
        let wanted = first_page(ApplicationColumn::Group.key(), &[]);
        let none = totals(&store, "main", &wanted, amounts).await.unwrap();
        assert_eq!(none, ListTotals::default());
    }
}
