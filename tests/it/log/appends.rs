//! The event log: gapless positions, times that never decrease, idempotency, the database's guard
//! against changes, canonical payloads.

use microgrants::clock::new_id;
use microgrants::commands::{CommandError, CommandRequest, IdempotencyKey};
use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::{Command, FundCommand, Refusal};
use microgrants::store::{Store, events};

use crate::support::fixtures::{Office, text};
use crate::support::test_app::{ORGANISATION, TestApp, request};

on_each_engine!(positions_are_dense_and_times_never_fall);
async fn positions_are_dense_and_times_never_fall(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    for _ in 0..5 {
        office.awarded(&app, 500).await;
        app.pass_days(1);
    }
    let length = app.log.length().await.unwrap();
    let all = app.log.read_events(0, length + 10).await.unwrap();
    let positions: Vec<_> = all.iter().map(|event| event.position).collect();
    assert_eq!(positions, (0..length).collect::<Vec<_>>());
    assert!(all.is_sorted_by_key(|event| event.recorded_at));
    assert!(
        all.iter()
            .all(|event| event.metadata.get("decided_at").is_some()
                && event.metadata.get("actor").is_some())
    );
    let mut sequences = std::collections::BTreeMap::new();
    for event in &all {
        let next = sequences
            .entry((
                format!("{:?}", std::mem::discriminant(&event.event)),
                event.stream,
            ))
            .or_insert(0);
        *next += 1;
        assert_eq!(event.sequence, *next, "sequences of a stream have no gaps");
    }
}

fn request_with_key(
    office: &Office,
    key: &str,
    hash: &str,
    command: FundCommand,
) -> CommandRequest {
    let repeat = Some(IdempotencyKey::per_caller(key, hash));
    CommandRequest {
        idempotency_key: repeat,
        ..request(office.ada, Command::Fund(office.fund, command))
    }
}

fn pause() -> FundCommand {
    FundCommand::Pause(WithReason {
        reason: text("A pause"),
    })
}

on_each_engine!(a_repeat_gets_the_first_answer_even_when_it_would_now_be_refused);
async fn a_repeat_gets_the_first_answer_even_when_it_would_now_be_refused(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let first = app
        .commands
        .execute(request_with_key(&office, "one", "hash", pause()))
        .await
        .unwrap();
    let length = app.log.length().await.unwrap();
    // The fund is paused now, so the same command under another key is refused.
    let refused = app
        .commands
        .execute(request_with_key(&office, "two", "hash", pause()))
        .await;
    assert!(
        matches!(
            refused,
            Err(CommandError::Refused(Refusal::FundNotInState("paused")))
        ),
        "{refused:?}"
    );
    let again = app
        .commands
        .execute(request_with_key(&office, "one", "hash", pause()))
        .await
        .unwrap();
    assert_eq!((first, length), (again, app.log.length().await.unwrap()));
}

on_each_engine!(the_same_key_with_another_request_is_refused);
async fn the_same_key_with_another_request_is_refused(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.commands
        .execute(request_with_key(&office, "one", "hash", pause()))
        .await
        .unwrap();
    let length = app.log.length().await.unwrap();
    let other = app
        .commands
        .execute(request_with_key(&office, "one", "other", pause()))
        .await;
    assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
    assert_eq!(length, app.log.length().await.unwrap());
}

on_each_engine!(a_stale_if_match_changes_nothing);
async fn a_stale_if_match_changes_nothing(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let seen = app
        .log
        .refresh::<microgrants::domain::Fund>(office.fund.0)
        .await
        .unwrap()
        .sequence;
    let matching = |if_match, command| CommandRequest {
        if_match: Some(if_match),
        ..request(office.ada, Command::Fund(office.fund, command))
    };
    app.commands.execute(matching(seen, pause())).await.unwrap();
    let late = app
        .commands
        .execute(matching(seen, FundCommand::Resume(NoBody {})))
        .await;
    assert!(matches!(late, Err(CommandError::Stale)), "{late:?}");
    app.commands
        .execute(matching(seen + 1, FundCommand::Resume(NoBody {})))
        .await
        .unwrap();
}

on_each_engine!(events_are_never_changed_or_removed);
async fn events_are_never_changed_or_removed(app: TestApp) {
    Office::open(&app, 1000).await;
    for sql in ["UPDATE events SET event_type = 'x'", "DELETE FROM events"] {
        let refused = match raw_connection(&app).await {
            RawConnection::Postgres(pool) => sqlx::query(sql).execute(&pool).await.err(),
            RawConnection::Sqlite(pool) => sqlx::query(sql).execute(&pool).await.err(),
        };
        assert!(
            refused.is_some_and(|error| error.to_string().contains("never changed")),
            "{sql}"
        );
    }
}

/// A database connection that bypasses our code.
pub enum RawConnection {
    Postgres(sqlx::PgPool),
    Sqlite(sqlx::SqlitePool),
}

pub async fn raw_connection(app: &TestApp) -> RawConnection {
    match app.store() {
        Store::Postgres(_) => RawConnection::Postgres(app.store().postgres_pool().unwrap().clone()),
        Store::Sqlite(_) => {
            RawConnection::Sqlite(sqlx::SqlitePool::connect(&app.url).await.unwrap())
        }
    }
}

/// Runs a statement that bypasses our code.
pub async fn execute_raw(app: &TestApp, sql: &str) {
    match raw_connection(app).await {
        RawConnection::Postgres(pool) => drop(sqlx::raw_sql(sql).execute(&pool).await.unwrap()),
        RawConnection::Sqlite(pool) => drop(sqlx::raw_sql(sql).execute(&pool).await.unwrap()),
    }
}

on_each_engine!(stored_payloads_are_canonical);
async fn stored_payloads_are_canonical(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.prepared(&app, 700).await;
    for row in events::read_page(app.store(), ORGANISATION, 0, 1000)
        .await
        .unwrap()
    {
        for stored in [&row.payload, &row.metadata] {
            let value: serde_json::Value = serde_json::from_str(stored).unwrap();
            assert_eq!(
                *stored,
                serde_json_canonicalizer::to_string(&value).unwrap(),
                "position {}",
                row.position
            );
        }
    }
}

on_each_engine!(a_clock_behind_the_log_stops_the_log);
async fn a_clock_behind_the_log_stops_the_log(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.pass_days(-1);
    let behind = app
        .issue(office.ada, Command::Fund(office.fund, pause()))
        .await;
    assert!(
        behind
            .as_ref()
            .is_err_and(|error| error.to_string().contains("behind its log")),
        "{behind:?}"
    );
    app.pass_days(1);
    app.issue_ok(office.ada, Command::Fund(office.fund, pause()))
        .await;
}

on_each_engine!(what_cannot_be_read_is_named_by_stream_and_position);
async fn what_cannot_be_read_is_named_by_stream_and_position(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let length = app.log.length().await.unwrap();
    let sequence = 6;
    let (payload, metadata) = match app.store() {
        Store::Postgres(_) => ("'{\"FundVanished\":{}}'::json", "'{}'::json"),
        Store::Sqlite(_) => ("'{\"FundVanished\":{}}'", "'{}'"),
    };
    execute_raw(
        &app,
        &format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
                event_version, payload, metadata, organisation, position, \
             recorded_at, command_id) VALUES ('fund', '{ORGANISATION}/{}', {sequence}, \
             'FundVanished', '1.0', {payload}, {metadata}, \
             '{ORGANISATION}', {length}, 1, '{}')",
            office.fund,
            new_id()
        ),
    )
    .await;
    let page = app
        .log
        .read_events(length, 10)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        page.contains(&format!("{}", office.fund)) && page.contains(&format!("position {length}")),
        "{page}"
    );
    let other = app.fresh_log().await;
    let load = other
        .load::<microgrants::domain::Fund>(office.fund.0)
        .await
        .unwrap_err()
        .to_string();
    assert!(load.contains(&format!("{}", office.fund)), "{load}");
}
