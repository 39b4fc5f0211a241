//! Steady load for a long time: memory must stay flat and latency low. Run with `cargo bench
//! --bench soak -- SECONDS`, for example 1200; the default is half a minute.

mod side_by_side;

use std::sync::Arc;
use std::time::{Duration, Instant};

use microgrants::clock::new_id;
use serde_json::json;
use side_by_side::http::{Connection, get};
use side_by_side::service::{Service, allocate};

/// Commands and reads per second.
const COMMANDS_PER_SECOND: u32 = 60;
const READS_PER_SECOND: u32 = 240;
/// Number of applications that are filled in by turns, since nobody saves one application thousands
/// of times.
const DRAFT_COUNT: u32 = 1000;

fn main() {
    let seconds = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(30);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(soak(Duration::from_secs(seconds)));
}

async fn soak(span: Duration) {
    let folder = tempfile::TempDir::with_prefix("microgrants-bench").expect("a folder");
    let url = format!("sqlite://{}/ours.db", folder.path().display());
    let service = Arc::new(Service::start_new(&url, folder.path()));
    let mut connection = Connection::connect_to(&service.host).await;
    let fund = service.open_fund(&mut connection).await;
    let mut drafts = Vec::new();
    for _ in 0..DRAFT_COUNT.min(span.as_secs().try_into().unwrap_or(DRAFT_COUNT)) {
        drafts.push(service.draft(&mut connection, &fund).await);
    }
    let draft = drafts[0].clone();
    let (end, bearer) = (Instant::now() + span, service.bearer());
    let reads = [
        get("/api/v1/budget", &bearer),
        get("/api/v1/applications?limit=50", &bearer),
        get(&format!("/api/v1/applications/{draft}/answers"), &bearer),
        get("/", "Accept: text/html\r\n"),
        get("/metrics", ""),
    ];
    let host = service.host.clone();
    let reading = tokio::spawn(async move {
        let mut connection = Connection::connect_to(&host).await;
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / READS_PER_SECOND);
        let (mut slowest, mut count) = (Duration::ZERO, 0_usize);
        while Instant::now() < end {
            ticks.tick().await;
            let begun = Instant::now();
            connection.send_ok(&reads[count % reads.len()]).await;
            slowest = slowest.max(begun.elapsed());
            count += 1;
        }
        (count, slowest)
    });
    let (commanding, of_fund) = (Arc::clone(&service), fund.clone());
    let writing = tokio::spawn(async move {
        let mut connection = Connection::connect_to(&commanding.host).await;
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / COMMANDS_PER_SECOND);
        let (mut slowest, mut count) = (Duration::ZERO, 0_usize);
        while Instant::now() < end {
            ticks.tick().await;
            let key = new_id().to_string();
            let request = if count % 2 == 0 {
                commanding.command(&format!("funds/{of_fund}/allocate"), &key, &allocate())
            } else {
                let answers =
                    json!({ "answers": { "idea": format!("Soup, for the {count}th time") } });
                commanding.command(
                    &format!(
                        "applications/{}/save-answers",
                        drafts[count / 2 % drafts.len()]
                    ),
                    &key,
                    &answers,
                )
            };
            let begun = Instant::now();
            connection.send_ok(&request).await;
            slowest = slowest.max(begun.elapsed());
            count += 1;
        }
        (count, slowest)
    });
    // After a tenth of the time the caches are full.
    tokio::time::sleep(span / 10).await;
    let begun = service.memory_mib();
    let mut most = begun;
    while Instant::now() < end {
        tokio::time::sleep((span / 20).min(Duration::from_mins(1))).await;
        most = most.max(service.memory_mib());
    }
    let ((reads, slowest_read), (commands, slowest_command)) = (
        reading.await.expect("a reader"),
        writing.await.expect("a writer"),
    );
    println!(
        "{span:?}: {commands} commands (the slowest {slowest_command:.0?}), {reads} reads (the slowest {slowest_read:.0?}); memory {begun} MiB after a \
         tenth, {} at the end, {most} at most",
        service.memory_mib()
    );
    let asked = |a_second: u32| {
        usize::try_from(span.as_secs() * u64::from(a_second) * 19 / 20).expect("a count")
    };
    assert!(
        commands >= asked(COMMANDS_PER_SECOND) && reads >= asked(READS_PER_SECOND),
        "the rate was kept"
    );
    assert!(
        slowest_read.max(slowest_command) < Duration::from_secs(2),
        "nobody waited for long"
    );
    assert!(
        begun > 0 && most <= begun + begun / 4 + 8,
        "memory stays flat"
    );
}
