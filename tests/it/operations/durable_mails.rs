//! Durable mails: none is lost while the process is killed again and again during delivery to a
//! real mail server.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, Stdio};
use std::time::{Duration, Instant};

use microgrants::domain::{ApplicationCommand, Command};
use microgrants::store::Store;
use microgrants::store::outbox::newest;

use crate::operations::mails::{free_port, mailer, set_email};
use crate::support::fixtures::{Office, submit};
use crate::support::service::Deployment;
use crate::support::test_app::{ORGANISATION, TestApp};

/// The Python interpreter that has aiosmtpd, if there is one.
fn find_aiosmtpd() -> Option<PathBuf> {
    let python = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/validators/bin/python"
    ));
    let has = Program::new(&python)
        .args(["-c", "import aiosmtpd"])
        .stderr(Stdio::null())
        .status();
    has.is_ok_and(|status| status.success()).then_some(python)
}

struct MailServer(Child);

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a mail server that stores its mails in a folder.
fn serve_smtp(python: &Path, port: u16, folder: &Path) -> MailServer {
    let listen = format!("127.0.0.1:{port}");
    let mut program = Program::new(python);
    program
        .args([
            "-m",
            "aiosmtpd",
            "-n",
            "-l",
            &listen,
            "-c",
            "aiosmtpd.handlers.Mailbox",
        ])
        .arg(folder);
    let child = program
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the mail server starts");
    let since = Instant::now();
    while TcpStream::connect(&listen).is_err() {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "the mail server answers"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    MailServer(child)
}

/// The Message-IDs in the mail server's folder.
fn received_message_ids(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("new")) else {
        return Vec::new();
    };
    let id = |entry: std::fs::DirEntry| {
        let bytes = std::fs::read(entry.path()).ok()?;
        Some(
            mail_parser::MessageParser::default()
                .parse(&bytes)?
                .message_id()?
                .to_owned(),
        )
    };
    entries.flatten().filter_map(id).collect()
}

/// A database, and the mail server that its service delivers to.
struct MailedService {
    place: Deployment,
    port: u16,
    mailbox: PathBuf,
    _server: MailServer,
}

impl MailedService {
    fn new(place: Deployment) -> Self {
        let mailbox = place.folder.path().join("mailbox");
        let port = free_port();
        let server = serve_smtp(&find_aiosmtpd().unwrap(), port, &mailbox);
        Self {
            place,
            port,
            mailbox,
            _server: server,
        }
    }

    fn start(&self) -> Child {
        let mut program = self.place.program();
        program
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--mail-claim-seconds",
                "1",
            ])
            .env("MICROGRANTS_MAIL_FROM", "grants@example.org")
            .env(
                "MICROGRANTS_SMTP_URL",
                format!("smtp://127.0.0.1:{}", self.port),
            )
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        program.spawn().expect("the program starts")
    }

    /// Starts the service and kills it, this many times, a little later each time.
    fn start_and_kill(&self, times: u64) {
        for kill in 0..times {
            let service = self.start();
            std::thread::sleep(Duration::from_millis(150 + kill * 23));
            kill_and_wait(service);
        }
    }

    /// Runs the service until this many mails have arrived, or for a minute, and a little longer.
    /// Returns how often each Message-ID arrived.
    fn deliver(&self, mails: usize) -> BTreeMap<String, usize> {
        let service = self.start();
        let since = Instant::now();
        while self.received().len() < mails && since.elapsed() <= Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(200));
        }
        std::thread::sleep(Duration::from_millis(1500));
        let received = self.received();
        kill_and_wait(service);
        received
    }

    fn received(&self) -> BTreeMap<String, usize> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for id in received_message_ids(&self.mailbox) {
            *counts.entry(id).or_default() += 1;
        }
        counts
    }
}

fn kill_and_wait(mut service: Child) {
    service.kill().unwrap();
    service.wait().unwrap();
}

on_sqlite!(
    none_is_lost_when_the_process_is_killed,
    ignore = "needs aiosmtpd"
);
/// Groups submit applications; then the service is killed again and again while it sends mails, a
/// little later each time.
async fn none_is_lost_when_the_process_is_killed(app: TestApp) {
    const GROUPS: usize = 30;
    const KILLS: u64 = 24;
    // Given
    submit_applications(&app, GROUPS).await;
    let service = MailedService::new(app.close().await);

    // When
    service.start_and_kill(KILLS);
    let received = service.deliver(GROUPS);

    // Then
    let store = Store::open(&service.place.url).await.unwrap();
    let rows = newest(&store, ORGANISATION, "", 1000).await.unwrap();
    store.close().await;
    assert_eq!(
        (received.len(), rows.len()),
        (GROUPS, GROUPS),
        "every group got its mail, and no other was sent"
    );
    assert!(rows.iter().all(|row| row.state == "sent"), "{rows:?}");
    let repeated: usize = received.values().map(|count| count - 1).sum();
    assert!(
        repeated <= usize::try_from(KILLS).unwrap(),
        "at most one is repeated a kill: {repeated}"
    );
    for row in &rows {
        assert!(
            received.contains_key(&format!("{}@example.org", row.id)),
            "each under the Message-ID that it always had"
        );
    }
    let _ = writeln!(
        std::io::stderr(),
        "mails: {GROUPS} sent over {KILLS} kills, {repeated} repeated under the same Message-ID"
    );
}

/// Submits applications of this many groups, with mail switched on.
async fn submit_applications(app: &TestApp, groups: usize) {
    let office = Office::open(app, 10_000).await;
    let mut drafts = Vec::new();
    for number in 0..groups {
        let (application, _, member) = office.draft(app, 900).await;
        set_email(app, member, &format!("group{number}@example.org")).await;
        drafts.push((application, member));
    }
    mailer(app).subscribe().await.unwrap();
    for (application, member) in drafts {
        app.issue_ok(
            member,
            Command::Application(application, ApplicationCommand::Submit(submit())),
        )
        .await;
    }
}
