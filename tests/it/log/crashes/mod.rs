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

/// Pseudorandom numbers, the same for the same seed (`SplitMix64`).
pub struct SeededRandom(u64);

impl SeededRandom {
    pub fn new() -> Self {
        let given = std::env::var("MICROGRANTS_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        Self(given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0))
    }

    pub fn seed(&self) -> u64 {
        self.0
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % most
    }

    fn pause(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.below(most))
    }
}

on_each_engine!(what_was_acknowledged_survives_being_killed);
async fn what_was_acknowledged_survives_being_killed(house: TestApp) {
    let kills = kill_count();
    let mut moments = SeededRandom::new();
    let seed = moments.seed();
    let office = Office::open(&house, 5000).await;
    crate::operations::mails::mailer(&house)
        .subscribe()
        .await
        .unwrap();
    let work = Workload::prepare(&house, &office, 20 + kills * 4).await;
    let token = token(&house, office.ada);
    let place = house.close().await;
    let mut books: Vec<ClientLedger> = (0..CLIENTS).map(|_| ClientLedger::default()).collect();
    let mut heads = Vec::new();
    for _ in 0..kills {
        // Some processes are killed before they serve.
        if moments.below(6) == 0 {
            let mut early = place
                .program()
                .args(["serve", "--listen", "127.0.0.1:0"])
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(moments.pause(400));
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
    let house = TestApp::open(place.folder, place.url).await;
    let settled = assert_log_holds(&house, &books, &heads).await;
    assert!(
        settled.acknowledged > kills && settled.unacknowledged > 0 && !heads.is_empty(),
        "{settled:?}, {} heads",
        heads.len()
    );
    let mails = assert_every_mail(&house, settled.submitted).await;
    let engine = if house.store().postgres_pool().is_some() {
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
    let pause = moments.pause(300);
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
    house: &TestApp,
    books: &[ClientLedger],
    heads: &[String],
) -> Reconciliation {
    replay::replay_log(house).await;
    let rows = events::read_page(house.store(), ORGANISATION, 0, 10_000_000)
        .await
        .unwrap();
    let settled = reconcile(books, &rows);
    crate::projections::read_models::assert_equals_rebuild(house).await;
    let mut every = heads.to_vec();
    every.extend(
        crate::audit::transparency_log::checkpoints(house)
            .await
            .into_iter()
            .map(|head| head.note),
    );
    if !every.is_empty() {
        let chain = tlog::find(house.store(), ORGANISATION)
            .await
            .unwrap()
            .expect("it was sealed")
            .verifier;
        assert_one_tree(&chain, &every, &rows);
    }
    crate::audit::transparency_log::sealer(house)
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
async fn assert_every_mail(house: &TestApp, submitted: usize) -> String {
    let rows = outbox::newest(house.store(), ORGANISATION, "", 1_000_000)
        .await
        .unwrap();
    let written: Vec<_> = rows.iter().filter(|row| row.kind == "submitted").collect();
    assert_eq!(written.len(), submitted, "one mail for each form");
    assert!(rows.iter().all(|row| row.state == "sent"), "{rows:?}");
    let letters =
        crate::operations::mails::mails_in_folder(&house.folder.path().join("data/mails"));
    for row in &written {
        assert!(letters.keys().any(|id| id.starts_with(&row.id)), "{row:?}");
    }
    let again: i64 = written.iter().map(|row| row.tries - 1).sum();
    let mut says = String::new();
    let _ = write!(says, "{} mails, {again} tried again", written.len());
    says
}
