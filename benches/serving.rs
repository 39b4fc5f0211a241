//! Requests per second over HTTP, measured in one run: the real program with all its background
//! tasks, actix over the plain crates on the same engine, pgbench's single-row inserts, one indexed
//! select, and an empty answer. Run with `cargo bench --bench serving`; figures of different runs
//! are not comparable.

#[path = "../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "the cases use more of it")]
mod postgres;
mod side_by_side;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use cqrs_es::persist::PersistedEventRepository;
use microgrants::clock::new_id;
use postgres_es::PostgresEventRepository;
use serde_json::json;
use side_by_side::baselines::{self, SingleSelect};
use side_by_side::http::{Connection, get, post};
use side_by_side::service::{Service, allocate};
use side_by_side::{Measurement, ROUND_LENGTH, ROUNDS, run_callers, show};
use sqlite_es::SqliteEventRepository;
use sqlx::postgres::PgPoolOptions;

const CALLERS: [usize; 3] = [1, 16, 64];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::TempDir::with_prefix("microgrants-bench").expect("a folder");
        let pool = baselines::sqlite(folder.path()).await;
        println!("SQLite, synchronous=FULL");
        let url = format!("sqlite://{}/ours.db", folder.path().display());
        measure_engine(
            &url,
            folder.path(),
            SqliteEventRepository::new(pool.clone()),
            SingleSelect::Sqlite(pool),
            None,
        )
        .await;
        if !postgres::is_available() {
            println!(
                "PostgreSQL server binaries were not found: nothing was measured on PostgreSQL"
            );
            return;
        }
        let folder = tempfile::TempDir::with_prefix("microgrants-bench").expect("a folder");
        let plain = postgres::new_database(postgres::Commits::Durable).await;
        // The pool with the defaults of sqlx, as a user of the crates would open it.
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .connect(&plain)
            .await
            .expect("a database");
        sqlx::raw_sql(&baselines::table("text", "bigint", "json"))
            .execute(&pool)
            .await
            .expect("tables");
        println!("PostgreSQL");
        let url = postgres::new_database(postgres::Commits::Durable).await;
        measure_engine(
            &url,
            folder.path(),
            PostgresEventRepository::new(pool.clone()),
            SingleSelect::Postgres(pool),
            Some(&plain),
        )
        .await;
    });
}

async fn measure_engine<R>(
    url: &str,
    folder: &std::path::Path,
    repository: R,
    selects: SingleSelect,
    pgbench: Option<&str>,
) where
    R: PersistedEventRepository + 'static,
{
    let ours = Arc::new(Service::start_new(url, folder));
    println!(" memory at rest: {} MiB", ours.memory_mib());
    let plain = baselines::serve(repository, selects);
    let mut connection = Connection::connect_to(&ours.host).await;
    let fund = ours.open_fund(&mut connection).await;
    let (mut drafts, mut funds) = (Vec::new(), Vec::new());
    for _ in 0..64 {
        drafts.push(ours.draft(&mut connection, &fund).await);
        funds.push(ours.fund(&mut connection).await);
    }
    let (drafts, funds) = (Arc::new(drafts), Arc::new(funds));
    for callers in CALLERS {
        let mut measured = vec![
            Measurement::new("actix over the plain crates"),
            Measurement::new("ours: funding is allocated"),
            Measurement::new("ours: a group's answers are sealed and saved"),
        ];
        if pgbench.is_some() {
            measured.push(Measurement::new("pgbench: single-row inserts"));
        }
        for _ in 0..ROUNDS {
            measure_plain_commands(&mut measured[0], &plain, callers).await;
            let body = allocate();
            measure_commands(&mut measured[1], &ours, callers, &funds, move |fund| {
                (format!("funds/{fund}/allocate"), body.clone())
            })
            .await;
            let body = json!({ "requested": "800.00", "area": "oldham", "answers": { "idea": "We would cook what we grow behind the church." } });
            measure_commands(&mut measured[2], &ours, callers, &drafts, move |id| {
                (format!("applications/{id}/save-answers"), body.clone())
            })
            .await;
            if let Some(url) = pgbench {
                let rate = measure_inserts(url, callers);
                measured[3].rates.push(rate);
            }
        }
        show(&format!("{callers} connection(s)"), &measured);
    }
    measure_submissions(&ours, &plain, &fund).await;
    println!(" memory under load: {} MiB", ours.memory_mib());
    measure_reads(&ours, &plain, &fund).await;
}

/// Each caller sends commands under its own idempotency keys to its own record.
async fn measure_commands(
    measured: &mut Measurement,
    ours: &Arc<Service>,
    callers: usize,
    records: &Arc<Vec<String>>,
    command: impl Fn(&str) -> (String, serde_json::Value) + Clone + Send + Sync + 'static,
) {
    let connections = Connection::connect_many(&ours.host, callers).await;
    let (ours, records, of_run) = (Arc::clone(ours), Arc::clone(records), new_id());
    run_callers(measured, callers, move |caller, number| {
        let (ours, records, connections, command) = (
            Arc::clone(&ours),
            Arc::clone(&records),
            Arc::clone(&connections),
            command.clone(),
        );
        async move {
            let (path, body) = command(&records[caller]);
            let request = ours.command(&path, &format!("{of_run}-{number}"), &body);
            connections[caller].lock().await.send_ok(&request).await;
        }
    })
    .await;
}

/// Sixteen callers submit applications that were filled in beforehand.
async fn measure_submissions(ours: &Arc<Service>, plain: &str, fund: &str) {
    const CALLERS: usize = 16;
    /// More than can be submitted within one round of measuring.
    const FORMS: usize = 2500;
    let mut measured = [
        Measurement::new("actix over the plain crates"),
        Measurement::new("ours: a form is handed in"),
    ];
    let mut connection = Connection::connect_to(&ours.host).await;
    let (_, people) = connection
        .ask(&get("/api/v1/people?limit=1", &ours.bearer()))
        .await;
    let people: serde_json::Value = serde_json::from_slice(people).expect("JSON");
    let submit = json!({ "channel": "paper", "help": { "by": people["items"][0]["id"], "kind": "helped_to_word" } });
    for _ in 0..ROUNDS {
        measure_plain_commands(&mut measured[0], plain, CALLERS).await;
        let filling = (0..32).map(|_| async {
            let mut connection = Connection::connect_to(&ours.host).await;
            let mut filled = Vec::new();
            for _ in 0..FORMS / 32 {
                let form = ours.draft(&mut connection, fund).await;
                let answers =
                    json!({ "requested": "800.00", "area": "oldham", "people_at_risk": false, "answers": { "idea": "We would cook." } });
                ours.send_ok(&mut connection, &format!("applications/{form}/save-answers"), &answers).await;
                filled.push(form);
            }
            filled
        });
        let filled = Arc::new(Mutex::new(
            futures::future::join_all(filling).await.concat(),
        ));
        let (connections, ours, submit) = (
            Connection::connect_many(&ours.host, CALLERS).await,
            Arc::clone(ours),
            submit.clone(),
        );
        run_callers(&mut measured[1], CALLERS, move |caller, _| {
            let (connections, ours, submit) =
                (Arc::clone(&connections), Arc::clone(&ours), submit.clone());
            let form = filled
                .lock()
                .expect("nobody failed")
                .pop()
                .expect("there are enough");
            async move {
                let request = ours.command(&format!("applications/{form}/submit"), &form, &submit);
                connections[caller].lock().await.send_ok(&request).await;
            }
        })
        .await;
    }
    show(&format!("{CALLERS} connection(s)"), &measured);
}

/// Each caller repeatedly creates a fund and allocates money to it four times.
async fn measure_plain_commands(measured: &mut Measurement, host: &str, callers: usize) {
    let connections = Connection::connect_many(host, callers).await;
    let done: Arc<Vec<AtomicU64>> = Arc::new((0..callers).map(|_| AtomicU64::new(0)).collect());
    let of_run = new_id();
    run_callers(measured, callers, move |caller, _| {
        let (connections, done) = (Arc::clone(&connections), Arc::clone(&done));
        async move {
            let number = done[caller].fetch_add(1, Ordering::Relaxed);
            let what = if number.is_multiple_of(5) {
                "create"
            } else {
                "allocate"
            };
            let request = post(
                &format!("/funds/{of_run}-{caller}-{}/{what}", number / 5),
                "",
                &allocate().to_string(),
            );
            connections[caller].lock().await.send_ok(&request).await;
        }
    })
    .await;
}

/// Single-row inserts per second, with a prepared statement in autocommit, by pgbench.
fn measure_inserts(url: &str, clients: usize) -> f64 {
    let script = "INSERT INTO events VALUES ('single', gen_random_uuid()::text, 1, 'FundingAllocated', '1.0', \
         '{\"FundingAllocated\":{\"amount\":\"1.00\",\"received_on\":\"2026-01-01\",\"reference\":\"R1\",\"source\":{\"funder\":\"health\"}}}', \
         '{\"actor\":\"018f0000-0000-7000-8000-000000000001\",\"command\":\"fund/allocate\"}');\n";
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), script).expect("a script");
    let (clients, seconds) = (clients.to_string(), ROUND_LENGTH.as_secs().to_string());
    let mut pgbench = std::process::Command::new("pgbench");
    pgbench
        .args([
            "-n", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds, "-f",
        ])
        .arg(file.path())
        .arg(url);
    let output = pgbench.output().expect("pgbench is on the path");
    let says = String::from_utf8_lossy(&output.stdout);
    let rate = says
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.unwrap_or_else(|| panic!("{says}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Thirty-two readers, each repeating the same request.
async fn measure_reads(ours: &Service, plain: &str, fund: &str) {
    const READERS: usize = 32;
    let bearer = ours.bearer();
    let requests = [
        ("actix with one indexed select", plain, get("/one", "")),
        ("actix with nothing to do", plain, get("/empty", "")),
        (
            "ours: the budget, its token checked",
            ours.host.as_str(),
            get("/api/v1/budget", &bearer),
        ),
        (
            "ours: one fund, its token checked",
            ours.host.as_str(),
            get(&format!("/api/v1/funds/{fund}"), &bearer),
        ),
        (
            "ours: the first page",
            ours.host.as_str(),
            get("/", "Accept: text/html\r\n"),
        ),
    ];
    let mut measured: Vec<_> = requests
        .iter()
        .map(|(name, ..)| Measurement::new(name))
        .collect();
    for _ in 0..ROUNDS {
        for (measured, (_, host, request)) in measured.iter_mut().zip(&requests) {
            let connections = Connection::connect_many(host, READERS).await;
            let request: Arc<[u8]> = request.clone().into();
            let begun = Instant::now();
            run_callers(measured, READERS, move |caller, _| {
                let (connections, request) = (Arc::clone(&connections), Arc::clone(&request));
                async move { connections[caller].lock().await.send_ok(&request).await }
            })
            .await;
            assert!(begun.elapsed() < ROUND_LENGTH * 10, "a read never hangs");
        }
    }
    show("32 readers", &measured);
}
