//! One SQLite database has one writer, under every path that leads to its file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use microgrants::store::{Store, StoreError, events};

use crate::support::fixtures::person;
use crate::support::test_app::{ORGANISATION, TestApp};

fn url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

async fn is_locked(file: &Path) {
    let opened = Store::open(&url(file)).await;
    assert!(
        matches!(opened, Err(StoreError::Locked(_))),
        "{}: {opened:?}",
        file.display()
    );
}

on_sqlite!(every_name_of_a_file_meets_the_same_lock);
async fn every_name_of_a_file_meets_the_same_lock(app: TestApp) {
    person(&app, "Ada").await;
    let folder = app.folder.path().to_owned();
    symlink("log.db", folder.join("alias.db")).unwrap();
    symlink(folder.join("alias.db"), folder.join("alias of an alias.db")).unwrap();
    symlink(&folder, folder.join("elsewhere")).unwrap();
    fs::create_dir(folder.join("below")).unwrap();
    let names = [
        "log.db",
        "alias.db",
        "alias of an alias.db",
        "elsewhere/log.db",
        "below/../log.db",
        "./below/../elsewhere/alias.db",
    ];
    for name in names {
        is_locked(&folder.join(name)).await;
    }
    // A reader needs no lock, and sees the write-ahead log of the one file.
    let reader = Store::open_read_only(&url(&folder.join("alias.db")))
        .await
        .unwrap();
    assert_eq!(
        events::length(&reader, ORGANISATION).await.unwrap(),
        app.log.length().await.unwrap()
    );
    reader.close().await;

    let place = app.close().await;
    for name in names {
        let again = TestApp::open(Arc::clone(&place.folder), url(&folder.join(name))).await;
        is_locked(&folder.join("log.db")).await;
        person(&again, "Grace").await;
        again.close().await;
    }
    let strays = ["alias.db.lock", "alias.db-wal", "alias of an alias.db.lock"];
    assert!(
        strays.iter().all(|name| !folder.join(name).exists()),
        "whatever lies next to the file goes by its one name"
    );
}

on_sqlite!(a_link_to_a_file_that_does_not_exist_yet_meets_it_too);
async fn a_link_to_a_file_that_does_not_exist_yet_meets_it_too(app: TestApp) {
    let folder = app.folder.path();
    fs::create_dir(folder.join("real")).unwrap();
    symlink("real/new.db", folder.join("link.db")).unwrap();
    let store = Store::open(&url(&folder.join("link.db"))).await.unwrap();
    assert!(folder.join("real/new.db").exists() && folder.join("real/new.db.lock").exists());
    is_locked(&folder.join("real/new.db")).await;
    is_locked(&folder.join("link.db")).await;
    store.close().await;
}

on_sqlite!(a_file_with_hard_links_is_refused);
async fn a_file_with_hard_links_is_refused(app: TestApp) {
    let place = app.close().await;
    let (first, second) = (
        place.folder.path().join("log.db"),
        place.folder.path().join("second.db"),
    );
    fs::hard_link(&first, &second).unwrap();
    for name in [&first, &second] {
        for refused in [
            Store::open(&url(name)).await,
            Store::open_read_only(&url(name)).await,
        ] {
            let says = refused
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(
                says.contains("hard link") && says.contains("remove it first"),
                "{says}"
            );
        }
    }
    fs::remove_file(&second).unwrap();
    Store::open(&url(&first)).await.unwrap().close().await;
}
