//! The database fails under a running service: its connections are cut, or the server is killed.
//! The service recovers without a restart, and no acknowledged command is lost.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::ledger::{ClientLedger, Workload};
use super::{CLIENTS, assert_log_holds, kill_count};
use crate::support::fixtures::Office;
use crate::support::postgres::Cluster;
use crate::support::random::SeededRandom;
use crate::support::service::{Client, Deployment, ServiceProcess, token};
use crate::support::test_app::TestApp;

/// Tells the writers, when it is dropped, that there are enough acknowledgements.
struct StopWriters<'a>(&'a AtomicUsize);

impl Drop for StopWriters<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::SeqCst);
    }
}

/// Runs writing clients while `harm` is done to the database this many times. After each time the
/// clients must get answers again.
fn write_during(
    place: &Deployment,
    token: &str,
    work: &Workload,
    times: usize,
    mut harm: impl FnMut(),
) -> Vec<ClientLedger> {
    let process = ServiceProcess::start(place);
    let client = Client::new(&process.address, token);
    let mut books: Vec<ClientLedger> = (0..CLIENTS).map(|_| ClientLedger::default()).collect();
    let (told, until) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    std::thread::scope(|scope| {
        // A failed assertion below stops the writers, too. The scope waits for them.
        let stop = StopWriters(&until);
        let writers: Vec<_> = books
            .iter_mut()
            .map(|book| {
                let (client, told, until) = (client.clone(), &told, &until);
                scope.spawn(move || book.write_until_stopped(&client, work, told, until))
            })
            .collect();
        for _ in 0..times {
            harm();
            let (before, since) = (told.load(Ordering::SeqCst), Instant::now());
            while told.load(Ordering::SeqCst) < before + CLIENTS + 1 {
                assert!(
                    since.elapsed() < Duration::from_mins(1),
                    "somebody is answered again"
                );
                assert!(
                    !writers
                        .iter()
                        .any(std::thread::ScopedJoinHandle::is_finished),
                    "the service never goes away"
                );
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        drop(stop);
        for writer in writers {
            writer.join().expect("a client comes through");
        }
    });
    // Settles unacknowledged commands while the service still runs.
    for book in &mut books {
        book.write_until_stopped(&client, work, &told, &AtomicUsize::new(0));
    }
    process.kill();
    books
}

on_postgres!(the_service_outlives_its_connections);
async fn the_service_outlives_its_connections(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let work = Workload::prepare(&app, &office, 20).await;
    let token = token(&app, office.ada);
    // This pool has another application name, so it does not cut its own connection.
    let pool = sqlx::PgPool::connect(&app.url).await.unwrap();
    let runtime = tokio::runtime::Handle::current();
    let mut moments = SeededRandom::from_environment();
    let (times, mut cut) = (kill_count(), 0);
    let place = app.deployment();

    let books = tokio::task::block_in_place(|| {
        write_during(&place, &token, &work, times, || {
            std::thread::sleep(moments.pause(Duration::from_millis(60)));
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND \
                 application_name = 'microgrants'";
            let gone = runtime
                .block_on(sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool))
                .unwrap();
            assert!(gone > 0, "there was something to cut");
            cut += gone;
        })
    });

    let app = app.second_process().await;
    let settled = assert_log_holds(&app, &books, &[]).await;
    let _ = writeln!(
        std::io::stderr(),
        "PostgreSQL: {times} times all connections cut ({cut} of them), {settled:?}"
    );
}

on_postgres!(the_service_outlives_the_database_server);
async fn the_service_outlives_the_database_server(_: TestApp) {
    let mut cluster = Cluster::create();
    cluster.start();
    let folder = std::sync::Arc::new(tempfile::TempDir::with_prefix("microgrants-case").unwrap());
    let app = TestApp::open(folder, cluster.new_database("killed").await).await;
    let office = Office::open(&app, 5000).await;
    let work = Workload::prepare(&app, &office, 20).await;
    let token = token(&app, office.ada);
    let place = app.close().await;
    let mut moments = SeededRandom::from_environment();
    let times = kill_count().div_ceil(2);
    let (mut servers, mut backends) = (0, 0);

    let books = tokio::task::block_in_place(|| {
        write_during(&place, &token, &work, times, || {
            std::thread::sleep(moments.pause(Duration::from_millis(100)));
            if servers > backends && cluster.kill_backend() {
                backends += 1;
                return;
            }
            servers += 1;
            cluster.kill();
            std::thread::sleep(moments.pause(Duration::from_millis(500)));
            cluster.start();
        })
    });

    assert!(
        times < 2 || backends > 0,
        "a process that serves a connection was killed, too"
    );
    let app = TestApp::open(place.folder, place.url).await;
    let settled = assert_log_holds(&app, &books, &[]).await;
    let _ = writeln!(
        std::io::stderr(),
        "PostgreSQL: its server killed {servers} times, one of its other processes {backends} \
            times, {settled:?}"
    );
}
