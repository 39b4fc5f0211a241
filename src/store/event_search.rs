//! Search for events by stream, person and time.

use super::events::{COLUMNS, EventRow};
use super::{Store, StoreResult, on_reader};
use crate::domain::{
    Aggregate as _, Application, Asset, Barrier, Fund, Gathering, Grant, Group, Introduction,
    Organisation, Person,
};

/// The criteria of a search.
#[derive(Clone, Debug, Default)]
pub struct EventSearch {
    /// From this position on.
    pub from: i64,
    /// Before this position; 0 for no limit.
    pub until: i64,
    /// The stored id of a stream; empty for all streams.
    pub stream: String,
    /// The id of the person who acted; empty for all.
    pub actor: String,
    /// Recorded at `since` or later and before `before`, in microseconds since 1970.
    pub since: i64,
    pub before: i64,
    pub limit: i64,
    /// If more events match than the limit, select the newest instead of the oldest.
    pub newest: bool,
}

/// The matching events, in order of position.
pub async fn events(
    store: &Store,
    organisation: &str,
    search: &EventSearch,
) -> StoreResult<Vec<EventRow>> {
    let sql = search_sql(search);
    let until = if search.until == 0 {
        i64::MAX
    } else {
        search.until
    };
    let mut found: Vec<EventRow> = on_reader!(store, db => {
        sqlx::query_as(&sql).bind(organisation).bind(search.from).bind(&search.stream)
            .bind(&search.actor).bind(search.since)
            .bind(search.before).bind(search.limit).bind(until).fetch_all(db).await?
    });
    found.sort_by_key(|row| row.position);
    Ok(found)
}

fn search_sql(search: &EventSearch) -> String {
    let wanted =
        "($4 = '' OR metadata ->> 'actor' = $4) AND recorded_at >= $5 AND recorded_at < $6";
    let order = if search.newest {
        "position DESC"
    } else {
        "position"
    };
    if search.stream.is_empty() {
        format!(
            "SELECT {COLUMNS} FROM events WHERE organisation = $1 AND position >= $2 \
                AND position < $8 AND {wanted} AND $3 = '' ORDER BY {order} LIMIT $7"
        )
    } else {
        // A stream's events are found by its key, for every type of aggregate, and then sorted. The
        // expressions on organisation and position keep SQLite from the index on these columns,
        // which would read the whole log.
        let kinds = [
            Person::TYPE,
            Organisation::TYPE,
            Fund::TYPE,
            Group::TYPE,
            Application::TYPE,
            Grant::TYPE,
            Gathering::TYPE,
            Asset::TYPE,
            Introduction::TYPE,
            Barrier::TYPE,
        ]
        .join("', '");
        format!(
            "WITH found AS MATERIALIZED (SELECT position FROM events \
                WHERE aggregate_type IN ('{kinds}') AND aggregate_id = $3 \
                AND organisation || '' = $1 AND position + 0 >= $2 AND position + 0 < $8 \
                AND {wanted}) \
                SELECT {COLUMNS} FROM events WHERE organisation = $1 \
                AND position IN (SELECT position FROM found ORDER BY {order} LIMIT $7) \
                ORDER BY position"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::query_plan_tests::{empty_database, explain};
    use super::*;

    #[tokio::test]
    async fn events_are_looked_up_by_their_stream_or_in_the_order_of_positions() {
        let (_folder, store) = empty_database().await;
        let of_stream = explain(
            &store,
            &search_sql(&EventSearch {
                stream: "main/one".into(),
                ..EventSearch::default()
            }),
        )
        .await;
        assert!(
            of_stream
                .iter()
                .any(|step| step.contains("(aggregate_type=? AND aggregate_id=?)")),
            "{of_stream:?}"
        );
        assert!(
            of_stream
                .iter()
                .all(|step| !step.starts_with("SCAN events")),
            "{of_stream:?}"
        );
        let of_all = explain(&store, &search_sql(&EventSearch::default())).await;
        assert!(
            of_all
                .iter()
                .any(|step| step.contains("(organisation=? AND position>? AND position<?)")),
            "{of_all:?}"
        );
    }
}
