//! Durability, checked with strace: a command is flushed before it is acknowledged, and a mail
//! before it counts as sent.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::fixtures::Office;
use crate::support::service::{Client, ServiceProcess, token};
use crate::support::test_app::TestApp;

const COMMANDS: usize = 40;

on_sqlite!(
    every_acknowledged_command_was_flushed_first,
    ignore = "needs strace"
);
/// With one client every command is its own batch: a successful flush must lie between each request
/// and its answer.
async fn every_acknowledged_command_was_flushed_first(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let token = token(&app, office.ada);
    let path = format!("/api/v1/funds/{}/allocate", office.fund);
    let place = app.close().await;
    let trace = place.folder.path().join("trace");
    let process = ServiceProcess::start(&place);
    let client = Client::new(&process.address, &token);
    let mut strace = attach_strace(
        &process,
        &client,
        &trace,
        "fdatasync,fsync,sendto,write,writev,recvfrom,read",
    );
    let before = read_trace(&trace).lines().count();
    for number in 0..COMMANDS {
        let body = json!({
            "source": { "funder": "health-partnership" }, "amount": "1.00",
            "reference": format!("R{number}"), "received_on": "2026-01-01",
        });
        assert_eq!(client.post(&path, &body).status, 200);
    }
    process.kill();
    strace.wait().expect("strace ends with what it traces");
    let trace = read_trace(&trace);
    let (mut asked, mut flushes, mut since_asked, mut answers) = (0, 0, 0, 0);
    for line in trace.lines().skip(before) {
        if (line.contains("fdatasync") || line.contains("fsync")) && line.ends_with("= 0") {
            (flushes, since_asked) = (flushes + 1, since_asked + 1);
        } else if line.contains("POST /api/v1/fun") {
            (asked, since_asked) = (asked + 1, 0);
        } else if line.contains("HTTP/1.1 200") {
            answers += 1;
            assert!(
                since_asked > 0,
                "answer {answers} left before anything was flushed"
            );
        }
    }
    assert_eq!((asked, answers), (COMMANDS, COMMANDS));
    let _ = writeln!(
        std::io::stderr(),
        "SQLite: {answers} answers, {flushes} flushes, at least one before each"
    );
}

on_sqlite!(
    a_mail_in_a_folder_is_flushed_before_it_is_named,
    ignore = "needs strace"
);
/// For a mail into a folder: the file is flushed, then renamed, then the folder is flushed.
async fn a_mail_in_a_folder_is_flushed_before_it_is_named(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    crate::operations::mails::mailer(&app)
        .subscribe()
        .await
        .unwrap();
    let token = token(&app, office.ada);
    let place = app.close().await;
    let trace = place.folder.path().join("trace");
    let process = ServiceProcess::start(&place);
    let client = Client::new(&process.address, &token);
    let mut strace = attach_strace(
        &process,
        &client,
        &trace,
        "fsync,rename,renameat,renameat2,sendto,write,writev",
    );
    let email = format!("{}@example.org", office.ada.0.simple());
    let change = json!({ "name": "Ada Q", "email": email });
    let changed = client.post(
        &format!("/api/v1/people/{}/change-contact", office.ada),
        &change,
    );
    assert_eq!(changed.status, 200, "{}", changed.body);
    let since = Instant::now();
    let folder = place.folder.path().join("data/mails");
    while !read_trace(&trace)
        .lines()
        .any(|line| flushes(line, "data/mails>"))
    {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "a mail arrives in {}",
            folder.display()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    process.kill();
    strace.wait().expect("strace ends with what it traces");
    let trace = read_trace(&trace);
    let first = |what: &dyn Fn(&str) -> bool| trace.lines().position(what).unwrap_or(usize::MAX);
    let file = first(&|line| flushes(line, ".part>"));
    let named =
        first(&|line| line.contains("rename") && line.contains(".part") && line.contains(".eml"));
    let listed = first(&|line| flushes(line, "data/mails>"));
    assert!(
        file < named && named < listed && listed < usize::MAX,
        "flushed at {file}, named at {named}, listed at {listed}"
    );
}

fn flushes(line: &str, file: &str) -> bool {
    line.contains("fsync(") && line.contains(file)
}

/// Attaches strace to a running service, and returns when calls appear in the trace.
fn attach_strace(process: &ServiceProcess, client: &Client, trace: &Path, calls: &str) -> Child {
    let (id, calls) = (process.id().to_string(), format!("trace={calls}"));
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-q", "-y", "-s", "16", "-e", &calls, "-p", &id, "-o"])
        .arg(trace);
    let strace = strace.stderr(Stdio::null()).spawn().expect("strace starts");
    let since = Instant::now();
    // strace writes nothing until it is attached, so repeat a request until its answer is in the
    // trace.
    while !read_trace(trace).contains("HTTP/1.1 200") {
        assert!(since.elapsed() < Duration::from_secs(20), "strace attaches");
        client.get("/healthz");
    }
    strace
}

fn read_trace(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}
