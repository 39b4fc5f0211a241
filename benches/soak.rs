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
    let records = Records::create(&service, span).await;
    let end = Instant::now() + span;
    let reading = tokio::spawn(read_until(
        end,
        service.host.clone(),
        requests_to_read(&service, &records.drafts[0]),
    ));
    let commanding = tokio::spawn(command_until(end, Arc::clone(&service), records));
    let memory = Memory::watch(&service, span, end).await;
    let reads = reading.await.expect("a reader");
    let commands = commanding.await.expect("a writer");
    report(span, &commands, &reads, &memory);
    assert_steady(span, &commands, &reads, &memory);
}

/// The records that commands change.
struct Records {
    fund: String,
    drafts: Vec<String>,
}

impl Records {
    /// Creates them before the load begins: no more drafts than the load lasts seconds.
    async fn create(service: &Service, span: Duration) -> Self {
        let mut connection = Connection::connect_to(&service.host).await;
        let fund = service.open_fund(&mut connection).await;
        let mut drafts = Vec::new();
        for _ in 0..DRAFT_COUNT.min(span.as_secs().try_into().unwrap_or(DRAFT_COUNT)) {
            drafts.push(service.draft(&mut connection, &fund).await);
        }
        Self { fund, drafts }
    }

    /// The command of this number: money is allocated and answers are saved by turns.
    fn command(&self, service: &Service, number: usize) -> Vec<u8> {
        let key = new_id().to_string();
        if number.is_multiple_of(2) {
            return service.command(&format!("funds/{}/allocate", self.fund), &key, &allocate());
        }
        let draft = &self.drafts[number / 2 % self.drafts.len()];
        let answers = json!({ "answers": { "idea": format!("Soup, for the {number}th time") } });
        service.command(
            &format!("applications/{draft}/save-answers"),
            &key,
            &answers,
        )
    }
}

fn requests_to_read(service: &Service, draft: &str) -> [Vec<u8>; 5] {
    let bearer = service.bearer();
    [
        get("/api/v1/budget", &bearer),
        get("/api/v1/applications?limit=50", &bearer),
        get(&format!("/api/v1/applications/{draft}/answers"), &bearer),
        get("/", "Accept: text/html\r\n"),
        get("/metrics", ""),
    ]
}

/// How many requests were answered, and how long the slowest took.
struct Answered {
    count: usize,
    slowest: Duration,
}

async fn read_until(end: Instant, host: String, requests: [Vec<u8>; 5]) -> Answered {
    send_until(end, &host, READS_PER_SECOND, |number| {
        requests[number % requests.len()].clone()
    })
    .await
}

async fn command_until(end: Instant, service: Arc<Service>, records: Records) -> Answered {
    send_until(end, &service.host, COMMANDS_PER_SECOND, |number| {
        records.command(&service, number)
    })
    .await
}

/// Sends requests at a steady rate, one after the other. The closure makes each by its number.
async fn send_until(
    end: Instant,
    host: &str,
    per_second: u32,
    request: impl Fn(usize) -> Vec<u8>,
) -> Answered {
    let mut connection = Connection::connect_to(host).await;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    let (mut slowest, mut count) = (Duration::ZERO, 0);
    while Instant::now() < end {
        ticks.tick().await;
        let request = request(count);
        let begun = Instant::now();
        connection.send_ok(&request).await;
        slowest = slowest.max(begun.elapsed());
        count += 1;
    }
    Answered { count, slowest }
}

/// Resident memory of the service, in MiB.
struct Memory {
    /// After a tenth of the time, when the caches are full.
    after_a_tenth: u64,
    most: u64,
    at_end: u64,
}

impl Memory {
    async fn watch(service: &Service, span: Duration, end: Instant) -> Self {
        tokio::time::sleep(span / 10).await;
        let after_a_tenth = service.memory_mib();
        let mut most = after_a_tenth;
        while Instant::now() < end {
            tokio::time::sleep((span / 20).min(Duration::from_mins(1))).await;
            most = most.max(service.memory_mib());
        }
        Self {
            after_a_tenth,
            most,
            at_end: service.memory_mib(),
        }
    }
}

fn report(span: Duration, commands: &Answered, reads: &Answered, memory: &Memory) {
    println!(
        "{span:?}: {} commands (the slowest {:.0?}), {} reads (the slowest {:.0?}); memory {} MiB after a \
         tenth, {} at the end, {} at most",
        commands.count,
        commands.slowest,
        reads.count,
        reads.slowest,
        memory.after_a_tenth,
        memory.at_end,
        memory.most
    );
}

fn assert_steady(span: Duration, commands: &Answered, reads: &Answered, memory: &Memory) {
    let least = |per_second: u32| {
        usize::try_from(span.as_secs() * u64::from(per_second) * 19 / 20).expect("a count")
    };
    assert!(
        commands.count >= least(COMMANDS_PER_SECOND) && reads.count >= least(READS_PER_SECOND),
        "the rate was kept"
    );
    assert!(
        reads.slowest.max(commands.slowest) < Duration::from_secs(2),
        "nobody waited for long"
    );
    let before = memory.after_a_tenth;
    assert!(
        before > 0 && memory.most <= before + before / 4 + 8,
        "memory stays flat"
    );
}
