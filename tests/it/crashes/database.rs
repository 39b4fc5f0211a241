//! The database fails under a running service: its connections are cut, or the server is killed.
//! The service recovers without a restart, and no acknowledged command is lost.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::ledger::{Book, Work};
use super::{CLIENTS, Moments, holds, kills};
use crate::cases::Cases;
use crate::house::House;
use crate::office::Office;
use crate::postgres::Cluster;
use crate::service::{Client, Place, Process, token};

pub fn cases(cases: &mut Cases) {
    cases.postgres("crashes::the_service_outlives_its_connections", connections);
    cases.postgres("crashes::the_service_outlives_the_database_server", server);
}

/// Runs writing clients while `harm` is done to the database this many times. After each time the
/// clients must get answers again.
fn endure(
    place: &Place,
    token: &str,
    work: &Work,
    times: usize,
    mut harm: impl FnMut(),
) -> Vec<Book> {
    let process = Process::start(place);
    let client = Client::new(&process.address, token);
    let mut books: Vec<Book> = (0..CLIENTS).map(|_| Book::default()).collect();
    let (told, until) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    std::thread::scope(|scope| {
        let writers: Vec<_> = books
            .iter_mut()
            .map(|book| {
                let (client, told, until) = (client.clone(), &told, &until);
                scope.spawn(move || book.live(&client, work, told, until))
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
        until.store(0, Ordering::SeqCst);
        for writer in writers {
            writer.join().expect("a client comes through");
        }
    });
    // Settles unacknowledged commands while the service still runs.
    for book in &mut books {
        book.live(&client, work, &told, &AtomicUsize::new(0));
    }
    process.kill();
    books
}

async fn connections(house: House) {
    let office = Office::open(&house, 5000).await;
    let work = Work::prepare(&house, &office, 20).await;
    let token = token(&house, office.ada);
    // This pool has another application name, so it does not cut its own connection.
    let pool = sqlx::PgPool::connect(&house.url).await.unwrap();
    let runtime = tokio::runtime::Handle::current();
    let mut moments = Moments::new();
    let (times, mut cut) = (kills(), 0);
    let place = house.place();
    let books = tokio::task::block_in_place(|| {
        endure(&place, &token, &work, times, || {
            std::thread::sleep(moments.pause(60));
            let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'microgrants'";
            let gone = runtime
                .block_on(sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool))
                .unwrap();
            assert!(gone > 0, "there was something to cut");
            cut += gone;
        })
    });
    let house = house.beside().await;
    let settled = holds(&house, &books, &[]).await;
    let _ = writeln!(
        std::io::stderr(),
        "PostgreSQL: {times} times all connections cut ({cut} of them), {settled:?}"
    );
}

async fn server(_: House) {
    let mut cluster = Cluster::make();
    cluster.start();
    let folder = std::sync::Arc::new(tempfile::TempDir::with_prefix("microgrants-case").unwrap());
    let house = House::open(folder, cluster.new_database("killed").await).await;
    let office = Office::open(&house, 5000).await;
    let work = Work::prepare(&house, &office, 20).await;
    let token = token(&house, office.ada);
    let place = house.leave().await;
    let mut moments = Moments::new();
    let times = kills().div_ceil(2);
    let (mut servers, mut backends) = (0, 0);
    let books = tokio::task::block_in_place(|| {
        endure(&place, &token, &work, times, || {
            std::thread::sleep(moments.pause(100));
            if servers > backends && cluster.kill_backend() {
                backends += 1;
                return;
            }
            servers += 1;
            cluster.kill();
            std::thread::sleep(moments.pause(500));
            cluster.start();
        })
    });
    assert!(
        times < 2 || backends > 0,
        "a process that serves a connection was killed, too"
    );
    let house = House::open(place.folder, place.url).await;
    let settled = holds(&house, &books, &[]).await;
    let _ = writeln!(
        std::io::stderr(),
        "PostgreSQL: its server killed {servers} times, one of its other processes {backends} times, {settled:?}"
    );
}
