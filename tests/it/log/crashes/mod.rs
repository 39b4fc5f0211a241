//! The real program, driven over HTTP and killed at random moments. Acknowledged commands are in
//! the log once, others at most once; the views equal a rebuild; every signed checkpoint belongs to
//! the same tree; every mail arrives.
//!
//! `MICROGRANTS_KILLS` sets the number of kills (200 in `scripts/crashes`); `MICROGRANTS_SEED`
//! repeats the same moments.

mod connection_reset;
mod database_outage;
mod durability;
mod full_disk;
mod killed_restore;
pub mod ledger;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use microgrants::store::events::{self, EventRow};
use microgrants::store::{outbox, tlog};
use microgrants::transparency::checkpoint::KeyChain;
use microgrants::transparency::log_entry;
use microgrants::transparency::merkle::{Tiles, leaf_hash};

use crate::support::fixtures::Office;
use crate::support::random::SeededRandom;
use crate::support::replay;
use crate::support::service::{Client, Deployment, ServiceProcess, token};
use crate::support::test_app::{ORGANISATION, TestApp};
use ledger::{ClientLedger, Reconciliation, Workload, reconcile};

const CLIENTS: usize = 8;

fn kill_count() -> usize {
    std::env::var("MICROGRANTS_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(10)
}

on_each_engine!(what_was_acknowledged_survives_being_killed);
async fn what_was_acknowledged_survives_being_killed(app: TestApp) {
    // Given
    let kills = kill_count();
    let mut moments = SeededRandom::from_environment();
    let seed = moments.seed();
    let office = Office::open(&app, 5000).await;
    crate::operations::mails::mailer(&app)
        .subscribe()
        .await
        .unwrap();
    let work = Workload::prepare(&app, &office, 20 + kills * 4).await;
    let token = token(&app, office.ada);
    let place = app.close().await;
    let mut books: Vec<ClientLedger> = (0..CLIENTS).map(|_| ClientLedger::default()).collect();
    let mut heads = Vec::new();

    // When
    for _ in 0..kills {
        // Some processes are killed before they serve.
        if moments.one_in(6) {
            let mut early = place
                .program()
                .args(["serve", "--listen", "127.0.0.1:0"])
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(moments.pause(Duration::from_millis(400)));
            early.kill().unwrap();
            early.wait().unwrap();
        }
        heads.extend(run_until_killed(
            &place,
            &token,
            &work,
            &mut books,
            &mut moments,
        ));
    }
    let place = deliver_remaining_mails(place, &token);

    // Then
    let app = TestApp::open(place.folder, place.url).await;
    let settled = assert_log_holds(&app, &books, &heads).await;
    assert!(
        settled.acknowledged > kills && settled.unacknowledged > 0 && !heads.is_empty(),
        "{settled:?}, {} heads",
        heads.len()
    );
    let mails = assert_every_mail(&app, settled.submitted).await;
    let engine = if app.store().postgres_pool().is_some() {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    let heads = heads.len();
    let _ = writeln!(
        std::io::stderr(),
        "{engine}: {kills} kills (seed {seed}), {settled:?}, {heads} heads, {mails}"
    );
}

/// Starts the service, lets every client write, and kills it a random time after its first answer.
/// Returns the newest checkpoint, if it signed one.
fn run_until_killed(
    place: &Deployment,
    token: &str,
    work: &Workload,
    books: &mut [ClientLedger],
    moments: &mut SeededRandom,
) -> Option<String> {
    let process = ServiceProcess::start(place);
    let client = Client::new(&process.address, token);
    let told = AtomicUsize::new(0);
    let pause = moments.pause(Duration::from_millis(300));
    std::thread::scope(|scope| {
        let clients: Vec<_> = books
            .iter_mut()
            .map(|book| {
                let (client, told) = (client.clone(), &told);
                scope.spawn(move || {
                    book.write_until_stopped(&client, work, told, &AtomicUsize::new(usize::MAX));
                })
            })
            .collect();
        while told.load(Ordering::SeqCst) == 0 && !clients.iter().all(ScopedJoinHandle::is_finished)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(pause);
        let head = client
            .try_get("/log/checkpoint")
            .ok()
            .filter(|head| head.status == 200);
        process.kill();
        for client in clients {
            client.join().expect("a client comes through");
        }
        head.and_then(|head| head.body.as_str().map(str::to_owned))
    })
}

/// Runs the service until no mail is due.
fn deliver_remaining_mails(place: Deployment, token: &str) -> Deployment {
    let process = ServiceProcess::start(&place);
    let client = Client::new(&process.address, token);
    let since = Instant::now();
    let waits = |text: &str, name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.parse::<u64>().ok())
            .is_none_or(|left| left > 0)
    };
    loop {
        let measured = client.get("/metrics");
        let text = measured.body.as_str().expect("text");
        if ![
            "microgrants_follower_lag_events{follower=\"mail\"} ",
            "microgrants_mails{state=\"due\"} ",
            "microgrants_mails{state=\"claimed\"} ",
        ]
        .iter()
        .any(|name| waits(text, name))
        {
            break;
        }
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "every mail leaves"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    process.kill();
    place
}

/// Checks the log, compares it with the clients' records, rebuilds the views, and checks that every
/// checkpoint is of the log's tree.
async fn assert_log_holds(
    app: &TestApp,
    books: &[ClientLedger],
    heads: &[String],
) -> Reconciliation {
    replay::replay_log(app).await;
    let rows = events::read_page(app.store(), ORGANISATION, 0, 10_000_000)
        .await
        .unwrap();
    let settled = reconcile(books, &rows);
    crate::projections::read_models::assert_equals_rebuild(app).await;
    let mut every = heads.to_vec();
    every.extend(
        crate::audit::transparency_log::checkpoints(app)
            .await
            .into_iter()
            .map(|head| head.note),
    );
    if !every.is_empty() {
        let chain = tlog::find(app.store(), ORGANISATION)
            .await
            .unwrap()
            .expect("it was sealed")
            .verifier;
        assert_one_tree(&chain, &every, &rows);
    }
    crate::audit::transparency_log::sealer(app)
        .check()
        .await
        .expect("the log is what was signed");
    settled
}

/// Checks that every checkpoint has the root of the first `size` events.
fn assert_one_tree(chain: &str, heads: &[String], rows: &[EventRow]) {
    let chain = KeyChain::parse(chain).unwrap();
    let mut tiles = Tiles::default();
    let mut roots = vec![microgrants::transparency::merkle::empty_root()];
    for (row, size) in rows.iter().zip(1..) {
        tiles.push(leaf_hash(log_entry::canonical_json(row).as_bytes()));
        roots.push(tiles.root(size).expect("a root"));
    }
    for note in heads {
        let head = chain
            .open_any(note)
            .expect("a head that was signed by this log's key");
        assert_eq!(
            roots[usize::try_from(head.size).unwrap()],
            head.root,
            "a head of {} is of this tree",
            head.size
        );
    }
}

/// Checks that every group that submitted has one mail under one Message-ID. Returns a summary with
/// the number of retries.
async fn assert_every_mail(app: &TestApp, submitted: usize) -> String {
    let rows = outbox::newest(app.store(), ORGANISATION, "", 1_000_000)
        .await
        .unwrap();
    let written: Vec<_> = rows.iter().filter(|row| row.kind == "submitted").collect();
    assert_eq!(written.len(), submitted, "one mail for each form");
    assert!(rows.iter().all(|row| row.state == "sent"), "{rows:?}");
    let letters = crate::operations::mails::mails_in_folder(&app.folder.path().join("data/mails"));
    for row in &written {
        assert!(letters.keys().any(|id| id.starts_with(&row.id)), "{row:?}");
    }
    let again: i64 = written.iter().map(|row| row.tries - 1).sum();
    let mut says = String::new();
    let _ = write!(says, "{} mails, {again} tried again", written.len());
    says
}
