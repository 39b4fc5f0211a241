//! Throughput of whole commands, measured in one run: this crate, plain cqrs-es on the same engine,
//! and single-row inserts of the same row. Run with `cargo bench --bench append`; figures of
//! different runs are not comparable.
//!
//! One command loads its fund, decides, and appends durably. The fund has a handful of events or
//! five hundred.

#![expect(clippy::float_arithmetic, reason = "rates and ratios")]

#[path = "../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "the cases use more of it")]
mod postgres;
mod side_by_side;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cqrs_es::CqrsFramework;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use microgrants::clock::{Clock, new_id};
use microgrants::commands::{Caller, CommandRequest, Commands};
use microgrants::crypto::keys::Keys;
use microgrants::crypto::vault::Vault;
use microgrants::domain::fund::Allocate;
use microgrants::domain::funding_source::FundingSource;
use microgrants::domain::organisation::{FoundOrganisation, NameFounder};
use microgrants::domain::person::PersonDetails;
use microgrants::domain::personal_data::PersonalInput;
use microgrants::domain::{
    Actor, Command, Fund, FundCommand, FundId, Money, OrganisationCommand, PersonCommand, PersonId,
    Role,
};
use microgrants::eventlog::cqrs_adapter::{CqrsAggregate, CqrsCommand};
use microgrants::eventlog::{Log, TimestampSource};
use microgrants::store::Store;
use postgres_es::PostgresEventRepository;
use side_by_side::{Measurement, ROUNDS, baselines, run_callers};
use sqlite_es::SqliteEventRepository;
use sqlx::postgres::PgPoolOptions;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        measure_sqlite().await;
        if postgres::is_available() {
            measure_postgres().await;
        } else {
            println!(
                "PostgreSQL server binaries were not found: nothing was measured on PostgreSQL"
            );
        }
    });
}

/// This crate's write path over one database, with an organisation and one person who holds the
/// roles needed.
#[derive(Clone)]
struct BenchedService {
    commands: Commands,
    finance: PersonId,
}

impl BenchedService {
    async fn open(url: &str, keys: &std::path::Path) -> Self {
        let store = Store::open(url).await.expect("a database");
        let keys = Keys::load(&store, keys).await.expect("keys");
        let vault = Vault::new(store.clone(), "bench", keys.kek, keys.index);
        let log = Log::open(store, "bench", vault, TimestampSource::Database)
            .await
            .expect("a log");
        let commands = Commands::new(log, Clock::System);
        let finance = PersonId(new_id());
        let ours = Self { commands, finance };
        let organisation = ours.commands.organisation();
        let found = OrganisationCommand::Found(FoundOrganisation {
            name: "Bench".parse().expect("a line"),
            simulated: None,
        });
        let details = PersonDetails {
            name: PersonalInput::Open("Ada".into()),
            email: None,
            telephone: None,
            postal_address: None,
            typed_email: None,
        };
        let founder = NameFounder {
            person: finance,
            roles: [Role::Administrator, Role::Finance].into(),
        };
        for command in [
            Command::Organisation(organisation, found),
            Command::Person(finance, PersonCommand::Register(details)),
            Command::Organisation(organisation, OrganisationCommand::NameFounder(founder)),
        ] {
            ours.commands
                .execute(CommandRequest::new(Caller::operator(), command))
                .await
                .expect("taken");
        }
        ours
    }

    async fn funds(&self, count: usize, events: usize) -> Vec<FundId> {
        let mut funds = Vec::new();
        for _ in 0..count {
            let fund = FundId(new_id());
            self.issue(fund, FundCommand::Create(baselines::create()))
                .await;
            for _ in 1..events {
                self.allocate(fund).await;
            }
            funds.push(fund);
        }
        funds
    }

    async fn allocate(&self, fund: FundId) {
        self.issue(fund, FundCommand::Allocate(allocate())).await;
    }

    async fn issue(&self, fund: FundId, command: FundCommand) {
        let caller = Caller {
            actor: Actor::Person(self.finance),
            role_scope: None,
        };
        self.commands
            .execute(CommandRequest::new(caller, Command::Fund(fund, command)))
            .await
            .expect("taken");
    }
}

fn allocate() -> Allocate {
    let source = FundingSource {
        funder: "health".parse().expect("a slug"),
        area: None,
    };
    Allocate {
        source,
        amount: Money::from_pounds(1),
        reference: "R1".parse().expect("a line"),
        received_on: jiff::civil::date(2026, 1, 1),
    }
}

async fn measure_ours(
    measured: &mut Measurement,
    ours: &BenchedService,
    callers: usize,
    events: usize,
) {
    let funds = Arc::new(ours.funds(callers, events).await);
    let ours = ours.clone();
    run_callers(measured, callers, move |caller, _| {
        let (ours, funds) = (ours.clone(), Arc::clone(&funds));
        async move { ours.allocate(funds[caller]).await }
    })
    .await;
}

/// Each caller repeatedly creates a fund and allocates money to it four times.
async fn measure_plain<R>(measured: &mut Measurement, callers: usize, repository: R)
where
    R: PersistedEventRepository + 'static,
{
    let store = PersistedEventStore::<R, CqrsAggregate<Fund>>::new_event_store(repository);
    let framework = Arc::new(CqrsFramework::new(store, vec![], ()));
    let done: Arc<Vec<AtomicU64>> = Arc::new((0..callers).map(|_| AtomicU64::new(0)).collect());
    let run_id = new_id();
    run_callers(measured, callers, move |caller, _| {
        let (framework, done) = (Arc::clone(&framework), Arc::clone(&done));
        async move {
            let number = done[caller].fetch_add(1, Ordering::Relaxed);
            let command = if number.is_multiple_of(5) {
                FundCommand::Create(baselines::create())
            } else {
                FundCommand::Allocate(allocate())
            };
            let id = format!("bench/{run_id}-{caller}-{}", number / 5);
            framework
                .execute(
                    &id,
                    CqrsCommand {
                        command,
                        facts: baselines::decision_context(),
                    },
                )
                .await
                .expect("taken");
        }
    })
    .await;
}

async fn measure_sqlite() {
    let folder = tempfile::TempDir::with_prefix("microgrants-bench").expect("a folder");
    let path = folder.path();
    let ours = BenchedService::open(
        &format!("sqlite://{}/ours.db", path.display()),
        &path.join("keys"),
    )
    .await;
    let pool = baselines::sqlite(path).await;
    println!("SQLite, synchronous=FULL");
    for callers in [1, 16] {
        let mut measured = [
            Measurement::new("sqlite-es"),
            Measurement::new("ours"),
            Measurement::new("ours, streams of 500 events"),
        ];
        for _ in 0..ROUNDS {
            measure_plain(
                &mut measured[0],
                callers,
                SqliteEventRepository::new(pool.clone()),
            )
            .await;
            measure_ours(&mut measured[1], &ours, callers, 5).await;
            measure_ours(&mut measured[2], &ours, callers, 500).await;
        }
        show(callers, &measured);
    }
}

async fn measure_postgres() {
    let folder = tempfile::TempDir::with_prefix("microgrants-bench").expect("a folder");
    let ours = BenchedService::open(
        &postgres::new_database(postgres::Commits::Durable).await,
        &folder.path().join("keys"),
    )
    .await;
    let url = postgres::new_database(postgres::Commits::Durable).await;
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .connect(&url)
        .await
        .expect("a database");
    sqlx::raw_sql(&baselines::table("text", "bigint", "json"))
        .execute(&pool)
        .await
        .expect("a table");
    let unpinged = PgPoolOptions::new()
        .max_connections(16)
        .test_before_acquire(false)
        .connect(&url)
        .await
        .expect("a database");
    println!("PostgreSQL");
    for callers in [1, 16] {
        let mut measured = [
            Measurement::new("cqrs-es + postgres-es"),
            Measurement::new("single-row inserts"),
            Measurement::new("ours"),
            Measurement::new("ours, streams of 500 events"),
        ];
        for _ in 0..ROUNDS {
            measure_plain(
                &mut measured[0],
                callers,
                PostgresEventRepository::new(pool.clone()),
            )
            .await;
            measure_inserts(&mut measured[1], callers, &unpinged).await;
            measure_ours(&mut measured[2], &ours, callers, 5).await;
            measure_ours(&mut measured[3], &ours, callers, 500).await;
        }
        show(callers, &measured);
    }
}

/// Inserts one event row per transaction with a prepared statement, as the upper bound.
async fn measure_inserts(measured: &mut Measurement, callers: usize, pool: &sqlx::PgPool) {
    const SQL: &str = "INSERT INTO events VALUES ('single', $1, 1, 'FundingAllocated', '1.0', $2::text::json, $3::text::json)";
    const PAYLOAD: &str = r#"{"FundingAllocated":{"amount":"1.00","received_on":"2026-01-01","reference":"R1","source":{"funder":"health"}}}"#;
    const METADATA: &str = r#"{"actor":"018f0000-0000-7000-8000-000000000001","channel":"web","command":"fund/allocate","command_id":"018f0000-0000-7000-8000-000000000001","correlation_id":"018f0000-0000-7000-8000-000000000001","decided_at":"2026-01-01T00:00:00Z"}"#;
    let pool = pool.clone();
    let run_id = new_id();
    run_callers(measured, callers, move |_, number| {
        let pool = pool.clone();
        async move {
            sqlx::query(SQL)
                .bind(format!("bench/{run_id}-{number}"))
                .bind(PAYLOAD)
                .bind(METADATA)
                .execute(&pool)
                .await
                .expect("inserted");
        }
    })
    .await;
}

fn show(callers: usize, measured: &[Measurement]) {
    side_by_side::show(&format!("{callers} caller(s)"), measured);
    if let [.., short, long] = measured {
        println!(
            "  a command on a stream of 500 costs {:.2} × one on a stream of 5",
            short.rate() / long.rate()
        );
    }
}
