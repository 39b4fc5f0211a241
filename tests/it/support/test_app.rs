//! A test app for each case, with its own database, keys, log, commands and projections.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use microgrants::clock::Clock;
use microgrants::commands::{Caller, CommandError, CommandRequest, Commands};
use microgrants::crypto::keys::Keys;
use microgrants::crypto::vault::Vault;
use microgrants::domain::{Actor, Command, PersonId, Refusal};
use microgrants::eventlog::append::AppendReceipt;
use microgrants::eventlog::{Log, TimestampSource};
use microgrants::files::FileStore;
use microgrants::projections::Projector;
use microgrants::store::Store;
use microgrants::views::Views;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::support::migrated;
use crate::support::service::Deployment;

pub const ORGANISATION: &str = "case";

/// One process's view of the case; several can open the same database.
pub struct TestApp {
    pub folder: Arc<TempDir>,
    pub url: String,
    pub keys: Keys,
    pub log: Log,
    pub commands: Commands,
    pub projector: Projector,
    /// The app's clock, in microseconds since 1970.
    now: Arc<AtomicI64>,
    /// Dropped with the app, which ends the services that it has.
    alive: watch::Sender<()>,
}

impl TestApp {
    pub async fn sqlite() -> Self {
        let folder =
            Arc::new(TempDir::with_prefix("microgrants-case").expect("a temporary folder"));
        let url = migrated::sqlite_in(folder.path()).await;
        Self::open(folder, url).await
    }

    pub async fn postgres() -> Self {
        let folder =
            Arc::new(TempDir::with_prefix("microgrants-case").expect("a temporary folder"));
        Self::open(folder, migrated::on_postgres().await).await
    }

    pub async fn open(folder: Arc<TempDir>, url: String) -> Self {
        let store = Store::open(&url).await.expect("the database opens");
        Self::with_store(folder, url, store).await
    }

    pub async fn with_store(folder: Arc<TempDir>, url: String, store: Store) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a case begins now")]
        let now = Arc::new(AtomicI64::new(Timestamp::now().as_microsecond()));
        let keys = Keys::load(&store, &folder.path().join("keys"))
            .await
            .expect("keys");
        let vault = Vault::new(
            store.clone(),
            ORGANISATION,
            keys.kek.clone(),
            keys.index.clone(),
        );
        let recorded_by = TimestampSource::Simulation(Arc::clone(&now));
        let log = Log::open(store, ORGANISATION, vault, recorded_by)
            .await
            .expect("the log opens");
        let commands = Commands::new(log.clone(), Clock::Simulated(Arc::clone(&now)));
        let projector = Projector::open(log.clone()).await.expect("projections");
        Self {
            folder,
            url,
            keys,
            log,
            commands,
            projector,
            now,
            alive: watch::Sender::new(()),
        }
    }

    /// A second process on the same database, with its own writer, caches and connections.
    pub async fn second_process(&self) -> Self {
        let mut other = Self::open(Arc::clone(&self.folder), self.url.clone()).await;
        other.now = Arc::clone(&self.now);
        other
    }

    /// A restarted process on the same open database, with empty caches.
    pub async fn restarted(&self) -> Self {
        Self::with_store(
            Arc::clone(&self.folder),
            self.url.clone(),
            self.store().clone(),
        )
        .await
    }

    /// A second process, as far as the engine allows one: on SQLite, one that shares the open
    /// database.
    pub async fn another_process(&self) -> Self {
        if self.store().postgres_pool().is_some() {
            self.second_process().await
        } else {
            self.restarted().await
        }
    }

    /// Waits until the app is dropped, which its case does last.
    pub fn dropped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut alive = self.alive.subscribe();
        async move { while alive.changed().await.is_ok() {} }
    }

    /// Its database and keys.
    pub fn deployment(&self) -> Deployment {
        Deployment {
            folder: Arc::clone(&self.folder),
            url: self.url.clone(),
        }
    }

    /// Closes the database, so that other processes can use it.
    pub async fn close(self) -> Deployment {
        let place = self.deployment();
        self.store().close().await;
        place
    }

    /// A new log on the same open database, with empty caches.
    pub async fn fresh_log(&self) -> Log {
        let vault = Vault::new(
            self.store().clone(),
            ORGANISATION,
            self.keys.kek.clone(),
            self.keys.index.clone(),
        );
        Log::open(
            self.store().clone(),
            ORGANISATION,
            vault,
            TimestampSource::Database,
        )
        .await
        .expect("the log opens")
    }

    /// Its stored files.
    pub fn files(&self) -> FileStore {
        FileStore::in_folder(self.folder.path().join("files"))
    }

    pub fn store(&self) -> &Store {
        self.log.store()
    }

    pub fn views(&self) -> Views {
        Views::new(self.log.clone(), self.projector.clone())
    }

    /// Advances the clock by days of the calendar in London, to the same time of day. Days of 24
    /// hours would lead to another day where the clocks change and it is nearly midnight.
    pub fn pass_days(&self, days: i64) {
        let now = Timestamp::from_microsecond(self.now.load(Ordering::Relaxed));
        let later = on_a_later_day(now.expect("an instant"), days);
        self.now.store(later.as_microsecond(), Ordering::Relaxed);
    }

    /// Advances the clock by seconds.
    pub fn pass_seconds(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    pub fn today(&self) -> jiff::civil::Date {
        microgrants::clock::day_of(self.commands.now())
    }

    /// The date this many days from today.
    pub fn in_days(&self, days: i64) -> jiff::civil::Date {
        self.today().saturating_add(jiff::Span::new().days(days))
    }

    pub async fn issue(
        &self,
        person: PersonId,
        command: Command,
    ) -> Result<AppendReceipt, CommandError> {
        self.commands.execute(request(person, command)).await
    }

    /// Issues a command that must be accepted.
    pub async fn issue_ok(&self, person: PersonId, command: Command) -> AppendReceipt {
        let says = format!("{command:?}");
        self.issue(person, command)
            .await
            .unwrap_or_else(|error| panic!("{says} was not taken: {error}"))
    }

    /// Issues a command that must be refused and change nothing. Returns the refusal.
    pub async fn issue_refused(&self, person: PersonId, command: Command) -> Refusal {
        let before = self.log.length().await.expect("a length");
        let says = format!("{command:?}");
        match self.issue(person, command).await {
            Err(CommandError::Refused(refusal)) => {
                assert_eq!(
                    self.log.length().await.expect("a length"),
                    before,
                    "a refusal changes nothing"
                );
                refusal
            }
            other => panic!("{says} was not refused: {other:?}"),
        }
    }

    /// Advances every projection to the end of the log.
    pub async fn catch_up(&self) {
        while self.projector.advance().await.expect("projections advance") {}
    }
}

pub fn request(person: PersonId, command: Command) -> CommandRequest {
    CommandRequest::new(
        Caller {
            actor: Actor::Person(person),
            role_scope: None,
        },
        command,
    )
}

/// The same time of day in London, days later.
fn on_a_later_day(now: Timestamp, days: i64) -> Timestamp {
    let now = now.in_tz("Europe/London").expect("the time zone");
    let later = now.checked_add(jiff::Span::new().days(days));
    later.expect("a day in the calendar").timestamp()
}

#[test]
fn days_pass_as_in_the_calendar_where_the_clocks_change() {
    let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
    // On 28 March 2027 the clocks go forward, and on 31 October back.
    for (now, days, later) in [
        ("2027-03-27T23:30:00Z", 2, "2027-03-29T22:30:00Z"),
        ("2027-10-30T22:30:00Z", 2, "2027-11-01T23:30:00Z"),
        ("2027-01-10T23:59:00Z", 1, "2027-01-11T23:59:00Z"),
    ] {
        assert_eq!(on_a_later_day(at(now), days), at(later), "{now}");
    }
}
