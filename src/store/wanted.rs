//! What rows a reader wants, and the statement that finds them.

use std::collections::BTreeSet;

use super::rows::{Row, STANDING, live, stands};
use super::values::{Values, bound};
use super::{Engine, Store, Stored, reading};

/// The columns of views by which what stands is looked up.
const INDEXED: [&str; 13] = [
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
];
/// So many values of such a column are each looked up by itself; of more, all at once.
const EACH_MOST: usize = 16;

/// What rows a reader wants.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub table: &'static str,
    /// The rows as they stood after this position; `None` asks for what stands now.
    pub as_at: Option<i64>,
    /// Columns and the values of which they must have one; a column that ends in `<=` may have any up to its one value.
    pub filters: Vec<(&'static str, Vec<String>)>,
    /// Only rows after this id, in the order of ids.
    pub after: Option<&'a str>,
    pub most: i64,
}

impl Wanted<'_> {
    /// Finds the wanted rows in the order of their ids. Where an indexed column may have one of several values, the first rows of each
    /// value are looked up and put together: otherwise a plan has to choose between going through all rows in order and putting all
    /// that match in order, and either may be nearly everything.
    fn finding(&self, engine: Engine, organisation: &str, columns: &str) -> (String, Values) {
        let mut values = Values::new(organisation);
        values.number(self.as_at.unwrap_or(STANDING));
        values.text(self.after.unwrap_or_default());
        values.number(self.most);
        let several = self.several();
        let rows = self.rows(engine, several, &mut values);
        let part = |one: &str| format!("SELECT {columns} {rows}{one} ORDER BY v.id LIMIT $4");
        let Some(at) = several else { return (part(""), values) };
        let (column, any) = &self.filters[at];
        let any: BTreeSet<_> = any.iter().collect();
        let each = |(number, value)| {
            let one = format!(" AND v.{column} = {}", values.text(value));
            format!("SELECT * FROM ({}) AS part_{number}", part(&one))
        };
        let parts: Vec<_> = any.into_iter().enumerate().map(each).collect();
        (format!("{} ORDER BY id LIMIT $4", parts.join(" UNION ALL ")), values)
    }

    /// The first filter by which each of several values is looked up. A past state has no index of what it is filtered by.
    fn several(&self) -> Option<usize> {
        let looked_up = |(column, values): &(&str, Vec<String>)| INDEXED.contains(column) && (2..=EACH_MOST).contains(&values.len());
        self.filters.iter().position(looked_up).filter(|_| self.as_at.is_none())
    }

    /// Where the rows are, and which of them are wanted by every filter but one.
    fn rows(&self, engine: Engine, but: Option<usize>, values: &mut Values) -> String {
        let table = self.table;
        let stood = match self.as_at {
            Some(_) => "v.since <= $2 AND v.until > $2".to_owned(),
            None => stands(),
        };
        // A range that holds every id would keep SQLite from looking the ids of a filter up.
        let after = if self.after.is_some() { "v.id > $3" } else { "$3 = ''" };
        let mut rows = format!("FROM view_{table} v WHERE v.organisation = $1 AND {} AND {stood} AND {after}", live(table));
        for (_, (column, any)) in self.filters.iter().enumerate().filter(|(number, _)| Some(*number) != but) {
            let condition = match any.as_slice() {
                [value] if column.ends_with("<=") => format!("v.{column} {}", values.text(value)),
                [value] => format!("v.{column} = {}", values.text(value)),
                any => engine.among(&format!("v.{column}"), &values.rows(&any)),
            };
            rows.extend([" AND ", &condition]);
        }
        rows
    }
}

/// Finds rows in the live generation.
///
/// # Errors
/// When the database does not answer.
pub async fn find(store: &Store, organisation: &str, wanted: &Wanted<'_>) -> Stored<Vec<Row>> {
    let (sql, values) = wanted.finding(store.engine(), organisation, "v.id, v.since, v.until, v.body");
    Ok(reading!(store, db => bound!(sqlx::query_as(&sql), values).fetch_all(db).await?))
}

/// How many rows there are, counted up to a limit.
///
/// # Errors
/// When the database does not answer.
pub async fn count(store: &Store, organisation: &str, wanted: &Wanted<'_>) -> Stored<i64> {
    let (sql, values) = wanted.finding(store.engine(), organisation, "v.id");
    let sql = format!("SELECT COUNT(*) FROM ({sql}) AS counted");
    let (count,): (i64,) = reading!(store, db => bound!(sqlx::query_as(&sql), values).fetch_one(db).await?);
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::super::plans::{scratch, steps};
    use super::*;

    async fn plan(store: &Store, wanted: &Wanted<'_>) -> String {
        steps(store, &wanted.finding(store.engine(), "main", "v.id").0)
            .await
            .into_iter()
            .filter(|step| step.contains(" v "))
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[tokio::test]
    async fn what_stands_is_looked_up_among_what_stands() {
        let (_folder, store) = scratch().await;
        let one = |column: &'static str| vec![(column, vec!["one".to_owned()])];
        let some = |column: &'static str| vec![(column, vec!["one".to_owned(), "two".to_owned()])];
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
            ("published", Vec::new(), "now"),
        ] {
            let wanted = Wanted { table, as_at: None, filters, after: None, most: 50 };
            let plan = plan(&store, &wanted).await;
            let looked_up = |step: &str| step.starts_with("SEARCH v ") && step.contains(&format!("INDEX view_{table}_{index} "));
            assert!(plan.split("; ").all(looked_up), "{wanted:?}: {plan}");
        }
        let by_area = Wanted { table: "applications", as_at: None, filters: some("area"), after: None, most: 50 };
        assert_eq!(plan(&store, &by_area).await.split("; ").count(), 1, "what has no index is gone through once");
        let past = Wanted { table: "applications", as_at: Some(7), filters: one("id"), after: None, most: 1 };
        assert!(plan(&store, &past).await.contains("(organisation=? AND generation=? AND id=?"), "a past state is looked up by its id");
    }

    #[tokio::test]
    async fn a_column_may_be_filtered_twice() {
        let (_folder, store) = scratch().await;
        let asked = |filters| Wanted { table: "grants", as_at: None, filters, after: None, most: 50 };
        let (sql, _) = asked(vec![
            ("group_id", vec!["asked".to_owned()]),
            ("group_id", vec!["own".to_owned(), "nil".to_owned()]),
            ("state", vec!["active".to_owned(), "closed".to_owned()]),
        ])
        .finding(store.engine(), "main", "v.id");
        let parts: Vec<_> = sql.split(" UNION ALL ").collect();
        let held_twice = |part: &&str| part.matches("v.group_id = ").count() == 2 && part.contains("v.state IN ");
        assert!(parts.len() == 2 && parts.iter().all(held_twice), "{sql}");
    }
}
