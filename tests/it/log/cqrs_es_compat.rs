//! The cqrs-es crates: they read our events table, and their snapshot store is shown to apply
//! events twice.

use std::collections::HashMap;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use cqrs_es::test::TestFramework;
use cqrs_es::{Aggregate, AggregateContext as _, CqrsFramework, DomainEvent, EventStore as _};
use microgrants::domain::command::NoBody;
use microgrants::domain::fund::{CreateFund, FundState};
use microgrants::domain::{Actor, DecisionContext, Fund, FundCommand, FundEvent, Refusal};
use microgrants::eventlog::cqrs_adapter::{CqrsAggregate, CqrsCommand, CqrsEvent};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use sqlite_es::SqliteEventRepository;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::support::fixtures::{Office, rules, text};
use crate::support::test_app::{ORGANISATION, TestApp};

async fn reads_fund<R: PersistedEventRepository>(app: &TestApp, office: &Office, repository: R) {
    let id = format!("{ORGANISATION}/{}", office.fund);
    let store = PersistedEventStore::<R, CqrsAggregate<Fund>>::new_event_store(repository);
    let mut context = store
        .load_aggregate(&id)
        .await
        .expect("their store loads our stream");
    let ours = app
        .log
        .refresh::<Fund>(office.fund.0)
        .await
        .expect("our log loads it")
        .state;
    let theirs = &context.aggregate().0;
    assert_eq!(theirs.state(), FundState::Open);
    assert_eq!(
        serde_json::to_value(theirs).unwrap(),
        serde_json::to_value(&*ours).unwrap()
    );
    let events = store
        .load_events(&id)
        .await
        .expect("their store loads our events");
    assert_eq!(events.len(), 5);
    assert_eq!(events[0].metadata["actor"], office.ada.to_string());
}

on_sqlite!(the_stock_sqlite_repository_reads_our_table);
async fn the_stock_sqlite_repository_reads_our_table(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let options = app
        .url
        .parse::<SqliteConnectOptions>()
        .unwrap()
        .read_only(true);
    let pool = SqlitePoolOptions::new()
        .connect_with(options)
        .await
        .unwrap();
    reads_fund(&app, &office, SqliteEventRepository::new(pool)).await;
}

on_postgres!(the_stock_postgres_repository_reads_our_table);
async fn the_stock_postgres_repository_reads_our_table(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let pool = app.store().postgres_pool().unwrap().clone();
    reads_fund(&app, &office, PostgresEventRepository::new(pool)).await;
}

/// A sum, so that an event applied twice is visible.
#[derive(Default, Serialize, Deserialize)]
struct Counter(u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Counted {
    Added(u32),
}

impl DomainEvent for Counted {
    fn event_type(&self) -> String {
        "Added".into()
    }

    fn event_version(&self) -> String {
        "1.0".into()
    }
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Command = u32;
    type Event = Counted;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, add: u32, (): &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        sink.write(Counted::Added(add), self).await;
        Ok(())
    }

    fn apply(&mut self, Counted::Added(add): Counted) {
        self.0 += add;
    }
}

on_sqlite!(their_snapshot_store_applies_each_event_twice);
/// In cqrs-es 0.5.0 the event sink applies an event, and storing the snapshot applies it once more.
/// Only the event-store mode is used for this reason. If this case fails, the crates have been
/// fixed.
async fn their_snapshot_store_applies_each_event_twice(app: TestApp) {
    let file = app.folder.path().join("theirs.db");
    let pool = SqlitePoolOptions::new()
        .connect_with(
            SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true),
        )
        .await
        .unwrap();
    for sql in [
        "CREATE TABLE events (aggregate_type TEXT, aggregate_id TEXT, sequence INTEGER, event_type \
            TEXT, event_version TEXT, payload TEXT, \
         metadata TEXT, PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
        "CREATE TABLE snapshots (aggregate_type TEXT, aggregate_id TEXT, last_sequence INTEGER, \
            current_snapshot INTEGER, payload TEXT, \
         PRIMARY KEY (aggregate_type, aggregate_id, last_sequence))",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let total = async |store: PersistedEventStore<SqliteEventRepository, Counter>, id: &str| {
        let framework = CqrsFramework::new(store, vec![], ());
        framework
            .execute_with_metadata(id, 1, HashMap::new())
            .await
            .unwrap();
    };
    let repository = || SqliteEventRepository::new(pool.clone());
    total(
        PersistedEventStore::new_event_store(repository()),
        "by-events",
    )
    .await;
    total(
        PersistedEventStore::new_snapshot_store(repository(), 1),
        "by-snapshot",
    )
    .await;
    let by_events = PersistedEventStore::<_, Counter>::new_event_store(repository())
        .load_aggregate("by-events")
        .await
        .unwrap()
        .aggregate;
    let by_snapshot = PersistedEventStore::<_, Counter>::new_snapshot_store(repository(), 1)
        .load_aggregate("by-snapshot")
        .await
        .unwrap()
        .aggregate;
    assert_eq!((by_events.0, by_snapshot.0), (1, 2));
}

#[test]
fn our_aggregates_run_in_their_test_kit() {
    let issued = |command| CqrsCommand {
        command,
        facts: DecisionContext::new(Actor::Operator, jiff::civil::date(2026, 3, 1)),
    };
    let create = CreateFund {
        name: text("A fund"),
        purpose: text("To meet"),
        areas: [text("oldham")].into(),
        rules: rules(),
    };
    let created = FundEvent::FundCreated {
        name: text("A fund"),
        purpose: text("To meet"),
        areas: [text("oldham")].into(),
        rules: rules(),
    };
    let framework = || TestFramework::<CqrsAggregate<Fund>>::with(());
    framework()
        .given_no_previous_events()
        .when(issued(FundCommand::Create(create.clone())))
        .then_expect_events(vec![CqrsEvent(created.clone())]);
    framework()
        .given(vec![CqrsEvent(created)])
        .when(issued(FundCommand::Create(create)))
        .then_expect_error(Refusal::Exists("fund"));
    framework()
        .given_no_previous_events()
        .when(issued(FundCommand::Archive(NoBody {})))
        .then_expect_error(Refusal::Unknown("fund"));
}
