//! Looking for events: by stream, person and time.

use super::events::{COLUMNS, EventRow};
use super::{Store, Stored, reading};
use crate::domain::{Application, Fund, Grant, Group, Organisation, Person, Stream as _};

/// Which events are looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// From this position on.
    pub from: i64,
    /// The id of a stream, as it is stored; empty for every stream.
    pub stream: String,
    /// Who did it; empty for everybody.
    pub actor: String,
    /// Recorded from and before these instants, in microseconds since 1970.
    pub since: i64,
    pub before: i64,
    pub most: i64,
    /// Where there are more of a stream, the newest of them, and not the oldest.
    pub newest: bool,
}

/// Events in order, by stream, person and time.
///
/// # Errors
/// When the database does not answer.
pub async fn events(store: &Store, organisation: &str, search: &Search) -> Stored<Vec<EventRow>> {
    let sql = sql(search);
    Ok(reading!(store, db => {
        sqlx::query_as(&sql).bind(organisation).bind(search.from).bind(&search.stream).bind(&search.actor).bind(search.since)
            .bind(search.before).bind(search.most).fetch_all(db).await?
    }))
}

fn sql(search: &Search) -> String {
    let wanted =
        "($4 = '' OR metadata ->> 'actor' = $4) AND recorded_at >= $5 AND recorded_at < $6";
    if search.stream.is_empty() {
        format!(
            "SELECT {COLUMNS} FROM events WHERE organisation = $1 AND position >= $2 AND {wanted} AND $3 = '' ORDER BY position LIMIT $7"
        )
    } else {
        let order = if search.newest {
            "position DESC"
        } else {
            "position"
        };
        // One stream's events are looked up by its key, whichever kind it is of, and only then put
        // in order. What is done to organisation and position keeps SQLite from their index, in
        // which it would go through the whole log.
        let kinds = [
            Person::TYPE,
            Organisation::TYPE,
            Fund::TYPE,
            Group::TYPE,
            Application::TYPE,
            Grant::TYPE,
        ]
        .join("', '");
        format!(
            "WITH found AS MATERIALIZED (SELECT position FROM events WHERE aggregate_type IN ('{kinds}') AND aggregate_id = $3 \
             AND organisation || '' = $1 AND position + 0 >= $2 AND {wanted}) \
             SELECT {COLUMNS} FROM events WHERE organisation = $1 \
             AND position IN (SELECT position FROM found ORDER BY {order} LIMIT $7) ORDER BY position"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::plans::{scratch, steps};
    use super::*;

    #[tokio::test]
    async fn events_are_looked_up_by_their_stream_or_in_the_order_of_positions() {
        let (_folder, store) = scratch().await;
        let of_stream = steps(
            &store,
            &sql(&Search {
                stream: "main/one".into(),
                ..Search::default()
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
        let of_all = steps(&store, &sql(&Search::default())).await;
        assert!(
            of_all
                .iter()
                .any(|step| step.contains("(organisation=? AND position>?)")),
            "{of_all:?}"
        );
    }
}
