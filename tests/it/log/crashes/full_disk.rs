//! A full disk: a command gets 503 and is not in the log; when there is room again, the service
//! continues.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::assert_log_holds;
use super::ledger::{ClientLedger, Workload};
use crate::support::fixtures::Office;
use crate::support::postgres::Cluster;
use crate::support::service::{Client, ServiceProcess, token};
use crate::support::test_app::TestApp;

/// A small file system in memory, unmounted when this is dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<Self> {
        let folder = TempDir::with_prefix("microgrants-disk").ok()?;
        let mut mount = Command::new("mount");
        mount
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={megabytes}m,mode=755"),
                "tmpfs",
            ])
            .arg(folder.path());
        let mounted = mount
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        mounted.then(|| Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills the file system with one file. Returns its path.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let mut file = std::fs::File::create(&ballast).unwrap();
        for size in [1 << 20, 4096, 1] {
            while file.write(&vec![0; size]).is_ok_and(|written| written > 0) {}
        }
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
    }
}

on_sqlite!(
    a_full_disk_is_said_and_heals,
    ignore = "mounts a small disk"
);
async fn a_full_disk_is_said_and_heals(_: TestApp) {
    let disk = SmallDisk::mount(32).unwrap();
    let folder = Arc::new(TempDir::with_prefix_in("case", disk.path()).unwrap());
    let url = format!("sqlite://{}/log.db", folder.path().display());
    fill_and_recover(&disk, TestApp::open(folder, url).await, || ()).await;
}

on_postgres!(
    a_full_disk_of_the_server_is_said_and_heals,
    ignore = "mounts a small disk"
);
async fn a_full_disk_of_the_server_is_said_and_heals(_: TestApp) {
    let disk = SmallDisk::mount(256).unwrap();
    let mut cluster = Cluster::create_in(disk.path());
    cluster.start();
    let folder = Arc::new(TempDir::with_prefix("microgrants-case").unwrap());
    let url = cluster.new_database("filled").await;
    fill_and_recover(&disk, TestApp::open(folder, url).await, || cluster.start()).await;
}

/// Fills the disk under a running service and frees it again. `see_to` restarts the database where
/// that is needed.
async fn fill_and_recover(disk: &SmallDisk, app: TestApp, mut see_to: impl FnMut()) {
    let office = Office::open(&app, 5000).await;
    let work = Workload::prepare(&app, &office, 0).await;
    let token = token(&app, office.ada);
    let place = app.close().await;
    let process = ServiceProcess::start(&place);
    let client = Client::new(&process.address, &token);
    let (mut book, told) = (ClientLedger::default(), AtomicUsize::new(0));
    book.write_until_stopped(&client, &work, &told, &AtomicUsize::new(20));
    let ballast = disk.fill();
    let mut large = 0;
    let refused = loop {
        let answer = create(&client);
        if answer.status != 201 {
            break answer;
        }
        large += 1;
        assert!(large < 20_000, "it is refused once there is no room");
    };
    refused.assert_problem(503, "unavailable");
    std::fs::remove_file(ballast).unwrap();
    see_to();
    let since = Instant::now();
    // Refusals until then are not counted.
    loop {
        let answer = create(&client);
        if answer.status == 201 {
            break;
        }
        answer.assert_problem(503, "unavailable");
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "it goes on once there is room"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    let more = AtomicUsize::new(0);
    book.write_until_stopped(&client, &work, &more, &AtomicUsize::new(20));
    let since = Instant::now();
    while client.get("/readyz").status != 200 {
        assert!(since.elapsed() < Duration::from_secs(30), "and is ready");
        std::thread::sleep(Duration::from_millis(100));
    }
    process.kill();
    let app = TestApp::open(place.folder, place.url).await;
    let settled = assert_log_holds(&app, &[book], &[]).await;
    assert_eq!(settled.unacknowledged, 0, "{settled:?}");
    let rows = microgrants::store::events::read_page(
        app.store(),
        crate::support::test_app::ORGANISATION,
        0,
        1_000_000,
    )
    .await
    .unwrap();
    let found = rows
        .iter()
        .filter(|row| row.payload.contains("\"name\":\"Large\""))
        .count();
    assert_eq!(
        found,
        large + 1,
        "what was answered with 503 is not in the log"
    );
}

/// Creates a fund with a long purpose, so that a little room fills quickly.
fn create(client: &Client) -> crate::support::service::ApiResponse {
    let rules = serde_json::to_value(crate::support::fixtures::rules()).unwrap();
    client.post(
        "/api/v1/funds",
        &json!({
            "name": "Large", "purpose": "room ".repeat(200), "areas": ["oldham"], "rules": rules,
        }),
    )
}
