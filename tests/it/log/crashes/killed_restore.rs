//! A restore that is killed at random moments leaves either every event, with the record of the
//! restore last, or none.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use microgrants::store::{Store, events};
use tempfile::TempDir;

use super::kill_count;
use crate::log::earlier_version;
use crate::operations::backup::RestoreTarget;
use crate::support::postgres::{self, Commits};
use crate::support::random::SeededRandom;
use crate::support::replay;
use crate::support::test_app::{ORGANISATION, TestApp};

/// An empty database in the folder of the backup that every run restores.
async fn new_target(engine_of: &TestApp, folder: &Arc<TempDir>, number: usize) -> RestoreTarget {
    let sqlite = format!("sqlite://{}/log-{number}.db", folder.path().display());
    let url = if engine_of.store().postgres_pool().is_some() {
        postgres::new_database(Commits::Quick).await
    } else {
        sqlite
    };
    RestoreTarget {
        folder: Arc::clone(folder),
        url,
    }
}

on_each_engine!(a_restore_that_is_killed_leaves_all_or_nothing);
async fn a_restore_that_is_killed_leaves_all_or_nothing(app: TestApp) {
    // Given
    let folder = Arc::new(TempDir::with_prefix("microgrants-case").unwrap());
    earlier_version::unpack(folder.path());
    let restore = |into: &RestoreTarget| {
        let mut program = into.place().program();
        program
            .args(["restore", "backup", "--new-origin", "The disk was lost."])
            .args(["--accept-unsealed", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        program.spawn().unwrap()
    };
    let undisturbed = new_target(&app, &folder, 0).await;
    let began = Instant::now();
    assert!(restore(&undisturbed).wait().unwrap().success());
    let lasts = began.elapsed();
    let whole = length(&undisturbed).await;
    let mut moments = SeededRandom::from_environment();
    let (mut nothing, mut everything) = (0, 0);
    let mut into = new_target(&app, &folder, 1).await;

    // When
    for number in 0..kill_count() {
        let mut program = restore(&into);
        std::thread::sleep(moments.pause(lasts));
        program.kill().unwrap();
        program.wait().unwrap();
        if length(&into).await == 0 {
            assert!(into.is_empty().await, "seed {}", moments.seed());
            nothing += 1;
        } else {
            assert_whole(&into, whole, moments.seed()).await;
            everything += 1;
            into = new_target(&app, &folder, number + 2).await;
        }
    }

    // Then
    assert!(
        restore(&into).wait().unwrap().success(),
        "what was left empty is restored into"
    );
    assert_whole(&into, whole, moments.seed()).await;
    assert!(
        replay::replay_log(&into.house().await).await > 40,
        "its awards hold by replay"
    );
    let engine = if app.store().postgres_pool().is_some() {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    let seed = moments.seed();
    let _ = writeln!(
        std::io::stderr(),
        "{engine}: {} kills of a restore (seed {seed}), {nothing} left nothing, {everything} \
            everything",
        kill_count()
    );
}

async fn length(of: &RestoreTarget) -> i64 {
    let store = Store::open(&of.url).await.unwrap();
    let length = events::length(&store, ORGANISATION).await.unwrap();
    store.close().await;
    length
}

/// Checks that every event is there, and that the last one records the restore.
async fn assert_whole(restored: &RestoreTarget, whole: i64, seed: u64) {
    let store = Store::open(&restored.url).await.unwrap();
    let rows = events::read_page(&store, ORGANISATION, 0, 100_000)
        .await
        .unwrap();
    store.close().await;
    assert_eq!(rows.len(), usize::try_from(whole).unwrap(), "seed {seed}");
    assert_eq!(
        rows.last().unwrap().event_type,
        "LogRestored",
        "seed {seed}"
    );
}
