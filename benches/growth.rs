//! What grows with the log: pages and reads with few and with many applications, and the cost of
//! starting, replaying and verifying a long log. Run with `cargo bench --bench growth`, or `cargo
//! bench --bench growth -- sqlite 50 500000` (many minutes, gibibytes). Figures of different runs
//! are not comparable.

#![expect(clippy::float_arithmetic, reason = "rates and ratios")]

#[path = "../tests/it/support/browser.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the cases use more of it, and may"
)]
mod browser;
#[path = "../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "the cases use more of it")]
mod postgres;
mod side_by_side;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use browser::Browser;
use microgrants::audit::RuleChecker;
use microgrants::clock::{Clock, new_id};
use microgrants::commands::{Caller, CommandRequest, Commands};
use microgrants::crypto::keys::{Keys, SecretKey};
use microgrants::crypto::vault::Vault;
use microgrants::domain::{
    Actor, ApplicationCommand, ApplicationId, Command, FundId, GroupCommand, GroupId,
    PersonCommand, PersonId,
};
use microgrants::eventlog::{Log, TimestampSource};
use microgrants::projections::{self, Projector};
use microgrants::store::{Store, view_rows};
use microgrants::transparency::log_entry;
use microgrants::transparency::merkle::{Tiles, leaf_hash};
use serde_json::json;
use side_by_side::http::{Connection, get};
use side_by_side::median;
use side_by_side::service::{Service, member, program};
use tempfile::TempDir;

/// Rounds, and requests per page and round.
const ROUNDS: usize = 5;
const REQUESTS_PER_PAGE: usize = 60;
/// Number of concurrent loaders.
const LOADERS: usize = 64;

fn main() {
    let sizes: Vec<usize> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![50, 5_000]
    } else {
        sizes
    };
    let named = |engine: &str| std::env::args().any(|argument| argument == engine);
    let (sqlite, postgres) = if named("sqlite") || named("postgres") {
        (named("sqlite"), named("postgres"))
    } else {
        (true, true)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        if sqlite {
            println!("SQLite");
            let grown = grow_to_sizes(&sizes, |folder: PathBuf| async move {
                format!("sqlite://{}/log.db", folder.display())
            })
            .await;
            measure_pages(&grown).await;
            let largest = grown.into_iter().next_back().expect("a size");
            measure_long_log(largest).await;
        }
        if !postgres {
            println!("PostgreSQL was not asked for");
        } else if postgres::is_available() {
            println!("PostgreSQL");
            let grown = grow_to_sizes(&sizes, |_| async {
                postgres::new_database(postgres::Commits::Durable).await
            })
            .await;
            measure_pages(&grown).await;
        } else {
            println!(
                "PostgreSQL server binaries were not found: nothing was measured on PostgreSQL"
            );
        }
    });
}

/// A running service over a log with this many applications, and the requests that are timed.
struct GrownService {
    applications: usize,
    service: Service,
    started: Duration,
    /// Number of events folded into the views from position 0, and how long that took.
    views_stored: (usize, Duration),
    requests: Vec<(&'static str, Vec<u8>)>,
    url: String,
    folder: TempDir,
}

async fn grow_to_sizes<F: Future<Output = String>>(
    sizes: &[usize],
    database: impl Fn(PathBuf) -> F,
) -> Vec<GrownService> {
    let mut all = Vec::new();
    for size in sizes {
        let folder = TempDir::with_prefix("microgrants-bench").expect("a folder");
        let url = database(folder.path().to_owned()).await;
        all.push(grow_to_size(*size, url, folder).await);
    }
    all
}

/// Sets up a service over a log with this many applications.
async fn grow_to_size(applications: usize, url: String, folder: TempDir) -> GrownService {
    let service = Service::start_new(&url, folder.path());
    let records = Records::create(&service).await;
    let token = service.token.clone();
    let officer = token_subject(&token);
    drop(service);
    let views_stored = Loader::open(&url, folder.path(), &records.fund, &officer)
        .await
        .load(applications - 1)
        .await;
    // A token or link is made while no service holds the database.
    let links = [&officer, &records.member].map(|person| sign_in_link(&url, folder.path(), person));
    let begun = Instant::now();
    let service = Service::start(&url, folder.path(), token);
    let started = begun.elapsed();
    wait_until_idle(&service).await;
    println!(
        " {applications} applications: started in {started:.2?}, {} MiB at rest",
        service.memory_mib()
    );
    let headers = links.map(|link| session_headers(&service, &link));
    GrownService {
        applications,
        requests: timed_requests(&service, &records.application, &headers),
        service,
        started,
        views_stored,
        url,
        folder,
    }
}

/// The first records of a log: an open fund, and an application to it by a group's only member.
struct Records {
    fund: String,
    member: String,
    application: String,
}

impl Records {
    async fn create(service: &Service) -> Self {
        let mut connection = Connection::connect_to(&service.host).await;
        let fund = service.open_fund(&mut connection).await;
        let (group, member) = service.group(&mut connection).await;
        let application = apply(service, &mut connection, &fund, &group).await;
        Self {
            fund,
            member,
            application,
        }
    }
}

/// The path of a new link to sign in with.
fn sign_in_link(url: &str, folder: &Path, person: &str) -> String {
    let output = program(url, folder)
        .args(["link", "--person", person])
        .output()
        .expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("text");
    format!(
        "/sign-in/{}",
        text.trim().rsplit('/').next().expect("a link")
    )
}

/// Signs in with a link. Returns the headers of requests in that session.
fn session_headers(service: &Service, link: &str) -> String {
    let mut browser = Browser::new(&format!("http://{}", service.host));
    let page = browser.get(link);
    browser.submit_form(&page, link, &[]);
    format!(
        "Accept: text/html\r\nCookie: session={}\r\n",
        browser.cookies["session"]
    )
}

/// The requests that are timed, with the session headers of an officer and of a member.
fn timed_requests(
    service: &Service,
    application: &str,
    [officer, member]: &[String; 2],
) -> Vec<(&'static str, Vec<u8>)> {
    let bearer = service.bearer();
    vec![
        ("the desk's first page", get("/desk", officer)),
        (
            "the desk's list of applications",
            get("/desk/applications", officer),
        ),
        (
            "one application at the desk",
            get(&format!("/desk/applications/{application}"), officer),
        ),
        ("a group's own page", get("/my", member)),
        (
            "a group's application",
            get(&format!("/my/applications/{application}"), member),
        ),
        ("the API's budget", get("/api/v1/budget", &bearer)),
        (
            "the API's first applications",
            get("/api/v1/applications?limit=50", &bearer),
        ),
        ("the public page", get("/", "Accept: text/html\r\n")),
    ]
}

/// Waits until every subscription and projection has reached the end of the log.
async fn wait_until_idle(service: &Service) {
    let mut connection = Connection::connect_to(&service.host).await;
    loop {
        let (_, metrics) = connection.ask(&get("/metrics", "")).await;
        let metrics = String::from_utf8_lossy(metrics).into_owned();
        let measure = |name: &str| {
            metrics
                .lines()
                .find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
        };
        let lag = metrics
            .lines()
            .filter(|line| line.starts_with("microgrants_follower_lag_events{"));
        if measure("microgrants_sealed_events") == measure("microgrants_log_events")
            && lag.clone().all(|line| line.ends_with(" 0"))
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Writes applications through commands of this process, while no service runs.
#[derive(Clone)]
struct Loader {
    commands: Commands,
    fund: FundId,
    officer: PersonId,
}

impl Loader {
    async fn open(url: &str, folder: &Path, fund: &str, officer: &str) -> Self {
        let store = Store::open(url).await.expect("the database");
        let keys = Keys::load(&store, &folder.join("data/keys"))
            .await
            .expect("keys");
        let vault = Vault::new(store.clone(), "main", keys.kek, keys.index);
        let log = Log::open(store, "main", vault, TimestampSource::Database)
            .await
            .expect("the log");
        let commands = Commands::new(log, Clock::System);
        Self {
            commands,
            fund: fund.parse().expect("a fund"),
            officer: officer.parse().expect("a person"),
        }
    }

    /// Writes this many applications, then builds the views from position 0. Returns the number of
    /// events and the time that the views took.
    async fn load(self, applications: usize) -> (usize, Duration) {
        let begun = Instant::now();
        let left = Arc::new(AtomicUsize::new(applications));
        let loaders: Vec<_> = (0..LOADERS.min(applications))
            .map(|_| {
                let (loader, left) = (self.clone(), Arc::clone(&left));
                tokio::spawn(async move {
                    while left
                        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                            left.checked_sub(1)
                        })
                        .is_ok()
                    {
                        loader.submit_application().await;
                    }
                })
            })
            .collect();
        for loader in loaders {
            loader.await.expect("a loader comes through");
        }
        let loaded = begun.elapsed();
        let log = self.commands.log();
        forget_views(log.store()).await;
        let projector = Projector::open(log.clone()).await.expect("projections");
        let begun = Instant::now();
        while projector.advance().await.expect("they go on") {}
        let stored = begun.elapsed();
        let events = usize::try_from(log.length().await.expect("a length")).expect("a length");
        println!(
            " {applications} applications more: recorded in {loaded:.1?}; every view of {events} events, from zero, stored in {stored:.1?}: {:.0} /s",
            per_second(events, stored)
        );
        log.store().close().await;
        (events, stored)
    }

    async fn submit_application(&self) {
        let (person, group) = (PersonId(new_id()), GroupId(new_id()));
        let command = PersonCommand::read("register", member())
            .expect("there is one")
            .expect("a body");
        self.issue(Command::Person(person, command)).await;
        let joining = json!({ "person": person });
        for (name, body) in [
            ("register", side_by_side::service::group()),
            ("add-member", joining.clone()),
            ("join", joining),
        ] {
            let command = GroupCommand::read(name, body)
                .expect("there is one")
                .expect("a body");
            self.issue(Command::Group(group, command)).await;
        }
        let application = ApplicationId(new_id());
        for (name, body) in form(
            &self.fund.to_string(),
            &group.to_string(),
            &self.officer.to_string(),
        ) {
            let command = ApplicationCommand::read(name, body)
                .expect("there is one")
                .expect("a body");
            self.issue(Command::Application(application, command)).await;
        }
    }

    async fn issue(&self, command: Command) {
        let caller = Caller {
            actor: Actor::Person(self.officer),
            role_scope: None,
        };
        self.commands
            .execute(CommandRequest::new(caller, command))
            .await
            .expect("it is taken");
    }
}

/// The commands that start, fill in and submit an application.
fn form(fund: &str, group: &str, officer: &str) -> [(&'static str, serde_json::Value); 3] {
    let answers = json!({ "requested": "800.00", "area": "oldham", "activity": "food", "people_at_risk": false, "answers": { "idea": "Soup" } });
    let help = json!({ "by": officer, "kind": "helped_to_word" });
    [
        (
            "start",
            json!({ "fund": fund, "round": "first", "group": group }),
        ),
        ("save-answers", answers),
        ("submit", json!({ "channel": "web", "help": help })),
    ]
}

/// The person of a token: the `sub` claim of its payload.
fn token_subject(token: &str) -> String {
    use base64::Engine as _;
    let claims = token.split('.').nth(1).expect("claims");
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .expect("base64");
    serde_json::from_slice::<serde_json::Value>(&claims).expect("JSON")["sub"]
        .as_str()
        .expect("a person")
        .to_owned()
}

async fn apply(service: &Service, connection: &mut Connection, fund: &str, group: &str) -> String {
    let [(_, start), later @ ..] = form(fund, group, &token_subject(&service.token));
    let application = service.send_ok(connection, "applications", &start).await;
    for (name, body) in later {
        service
            .send_ok(
                connection,
                &format!("applications/{application}/{name}"),
                &body,
            )
            .await;
    }
    application
}

/// Empties every view and resets its position to 0.
async fn forget_views(store: &Store) {
    let mut tx = store.begin().await.expect("a transaction");
    for name in projections::names() {
        view_rows::remove_generation(&mut tx, &format!("view_{name}"), "main", 1)
            .await
            .expect("emptied");
    }
    view_rows::remove_generation(&mut tx, "postings", "main", 1)
        .await
        .expect("emptied");
    view_rows::remove_generation(&mut tx, "projections", "main", 1)
        .await
        .expect("emptied");
    tx.commit().await.expect("committed");
}

/// Times each page at every size in turn, and prints the ratio of the largest size to the smallest.
async fn measure_pages(grown: &[GrownService]) {
    let names: Vec<_> = grown[0].requests.iter().map(|(name, _)| *name).collect();
    for (at, name) in names.iter().enumerate() {
        let mut seen: Vec<Vec<f64>> = vec![Vec::new(); grown.len()];
        for _ in 0..ROUNDS {
            for (one, seen) in grown.iter().zip(&mut seen) {
                let mut connection = Connection::connect_to(&one.service.host).await;
                for _ in 0..REQUESTS_PER_PAGE {
                    let begun = Instant::now();
                    connection.send_ok(&one.requests[at].1).await;
                    seen.push(begun.elapsed().as_secs_f64() * 1000.0);
                }
            }
        }
        let figures: Vec<_> = seen
            .into_iter()
            .map(|mut all| {
                all.sort_by(f64::total_cmp);
                (median(all.clone()), all[all.len() * 99 / 100])
            })
            .collect();
        let shown: Vec<_> = figures
            .iter()
            .zip(grown)
            .map(|((p50, p99), one)| {
                format!("{:>7}: p50 {p50:>6.2} p99 {p99:>6.2} ms", one.applications)
            })
            .collect();
        let ratio = figures[figures.len() - 1].0 / figures[0].0;
        println!("  {name:<34} {}   {ratio:>5.2} ×", shown.join("   "));
    }
}

/// Costs of a long log: reading its rows, decoding them, checking the rules, building the views
/// from position 0, exporting and verifying.
async fn measure_long_log(grown: GrownService) {
    let GrownService {
        service,
        started,
        views_stored: stored,
        url,
        folder,
        ..
    } = grown;
    let exported = folder.path().join("exported");
    let begun = Instant::now();
    let output = program(&url, folder.path())
        .args(["audit", "export"])
        .arg(&exported)
        .output()
        .expect("the program runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let export = begun.elapsed();
    drop(service);
    let (lines, hashed) = hash_leaves(&exported);
    assert!(
        lines >= stored.0,
        "the whole log is sealed, and so is exported: {lines} of {}",
        stored.0
    );
    println!(" {lines} events; the service started in {started:.2?}; exported in {export:.1?}");
    println!(
        "  parsed and hashed on one core                {:>9.0} /s",
        per_second(lines, hashed)
    );
    let begun = Instant::now();
    let output = program(&url, folder.path())
        .args(["audit", "verify"])
        .arg(&exported)
        .output()
        .expect("the program runs");
    let verified = begun.elapsed();
    let says = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{says}");
    println!(
        "  verified                                     {:>9.0} /s   {:>5.2} × parsed and hashed",
        per_second(lines, verified),
        hashed.as_secs_f64() / verified.as_secs_f64()
    );
    measure_views(&url, lines, stored).await;
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// What an auditor does with each line: parse it, make it canonical again, and hash it into the
/// tree.
fn hash_leaves(exported: &Path) -> (usize, Duration) {
    let text = std::fs::read_to_string(exported.join("events.jsonl")).expect("the events");
    let begun = Instant::now();
    let mut tiles = Tiles::default();
    let mut count = 0;
    for line in text.lines() {
        let row = log_entry::parse(line).expect("an event");
        tiles.push(leaf_hash(log_entry::canonical_json(&row).as_bytes()));
        tiles.drop_full_tiles();
        count += 1;
    }
    (count, begun.elapsed())
}

/// A row of the `events` table.
type RawEventRow = (
    i64,
    String,
    String,
    i64,
    String,
    String,
    String,
    String,
    i64,
    String,
);

/// Times reading the rows in order, decoding and checking them, and building every view from
/// position 0.
async fn measure_views(url: &str, events: usize, (of, stored): (usize, Duration)) {
    let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
    let begun = Instant::now();
    let (mut next, mut bytes) = (0_i64, 0);
    loop {
        let rows: Vec<RawEventRow> = sqlx::query_as(
            "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at, command_id \
             FROM events WHERE organisation = 'main' AND position >= $1 ORDER BY position LIMIT 5000",
        )
        .bind(next)
        .fetch_all(&pool)
        .await
        .expect("rows");
        let Some(last) = rows.last() else { break };
        next = last.0 + 1;
        bytes += rows.iter().map(|row| row.6.len()).sum::<usize>();
    }
    let raw = begun.elapsed();
    println!(
        "  raw ordered rows                             {:>9.0} /s   ({} MiB of payloads)",
        per_second(events, raw),
        bytes >> 20
    );
    pool.close().await;
    let store = Store::open(url).await.expect("the database");
    let none = || SecretKey {
        id: String::new(),
        secret: [0; 32],
    };
    let vault = Vault::new(store.clone(), "main", none(), none());
    let log = Log::open(store, "main", vault, TimestampSource::Database)
        .await
        .expect("the log");
    let begun = Instant::now();
    let (mut replay, mut next) = (RuleChecker::default(), 0);
    loop {
        let page = log.read_events(next, 5000).await.expect("events");
        let Some(last) = page.last() else { break };
        next = last.position + 1;
        for event in &page {
            replay.process(event);
        }
    }
    assert!(replay.finish().findings.is_empty(), "the rules hold");
    let rules = begun.elapsed();
    let of_raw = |took: Duration| raw.as_secs_f64() / took.as_secs_f64();
    println!(
        "  decoded, and the rules replayed              {:>9.0} /s   {:>5.2} × raw ordered rows",
        per_second(events, rules),
        of_raw(rules)
    );
    println!(
        "  every view, from zero, stored                {:>9.0} /s   {:>5.2} × raw ordered rows",
        per_second(of, stored),
        per_second(of, stored) / per_second(events, raw)
    );
    log.store().close().await;
}
