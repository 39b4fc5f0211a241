//! A log written by a version without the rules about people: it is restored, passes replay, its
//! views are built, and commands continue. The backup holds the illustrative seeds, with keys that
//! are used nowhere else.

use std::fs::{self, Permissions};
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use microgrants::backup::{self, NewOrigin, RestoreOrigin};
use microgrants::clock::new_id;
use microgrants::domain::{Grant, PersonId, Role};
use microgrants::projections::{GrantRow, PersonRow, UpdateRow};
use microgrants::store::Store;
use microgrants::views::{GroupBy, Sums};
use serde_json::json;
use tempfile::TempDir;

use crate::domain::connections::ApiCommands;
use crate::support::postgres;
use crate::support::replay;
use crate::support::test_app::{ORGANISATION, TestApp};

const OLD_BACKUP: &[u8] = include_bytes!("../../fixtures/program_before_rules_about_people.zip");

/// Unpacks the backup and the keys of that version into a folder.
pub fn unpack(into: &Path) {
    zip::ZipArchive::new(Cursor::new(OLD_BACKUP))
        .unwrap()
        .extract(into)
        .unwrap();
    for key in fs::read_dir(into.join("keys")).unwrap().flatten() {
        fs::set_permissions(key.path(), Permissions::from_mode(0o600)).unwrap();
    }
}

on_each_engine!(its_log_holds_and_goes_on);
async fn its_log_holds_and_goes_on(house: TestApp) {
    let folder = std::sync::Arc::new(TempDir::with_prefix("microgrants-case").unwrap());
    unpack(folder.path());
    let sqlite = format!("sqlite://{}/log.db", folder.path().display());
    let url = if house.store().postgres_pool().is_some() {
        postgres::new_database().await
    } else {
        sqlite
    };
    let store = Store::open(&url).await.unwrap();
    let origin = RestoreOrigin::New(NewOrigin {
        command: new_id(),
        known_size: None,
        reason: "A newer program".parse().unwrap(),
    });
    let (files, keys, from) = (
        microgrants::files::FileStore::in_folder(folder.path().join("files")),
        folder.path().join("keys"),
        folder.path().join("backup"),
    );
    backup::restore(&store, ORGANISATION, &files, &keys, &from, &origin)
        .await
        .unwrap();
    store.close().await;
    let old = TestApp::open(std::sync::Arc::clone(&folder), url).await;
    assert!(
        replay::replay_log(&old).await > 40,
        "its awards hold by replay"
    );
    old.catch_up().await;
    // The budget answers for every day of the log.
    let views = old.views();
    let day = old.today().to_string();
    for by in [
        GroupBy::Fund,
        GroupBy::Funder,
        GroupBy::Area,
        GroupBy::Round,
    ] {
        for effective_on in [None, Some(day.as_str())] {
            let sums = Sums {
                by,
                fund: None,
                area: None,
                position: i64::MAX,
                effective_on,
            };
            assert!(!views.budget(sums).await.unwrap().lines.is_empty());
        }
    }
    // Every grant of the log has a row, and accepts commands.
    let grants: Vec<GrantRow> = views.all_rows(None, Vec::new()).await.unwrap();
    for row in &grants {
        let grant = old.log.refresh::<Grant>(row.id).await.unwrap().state;
        assert_eq!(
            (
                grant.award().total(),
                grant.paid().total(),
                grant.due_back()
            ),
            (row.award, row.paid, row.due_back),
            "{}",
            row.id
        );
    }
    let people: Vec<PersonRow> = views.all_rows(None, Vec::new()).await.unwrap();
    let holder = |role: Role| {
        people
            .iter()
            .find(|person| person.roles.contains(&role))
            .map(|person| PersonId(person.id))
            .unwrap()
    };
    let asking = ApiCommands { house: &old };
    let updates: Vec<UpdateRow> = views
        .all_rows(None, vec![("state", vec!["received".into()])])
        .await
        .unwrap();
    let update = updates.first().expect("an update that waits to be read");
    asking
        .issue_ok(
            holder(Role::Officer),
            "grant/accept-update",
            update.grant,
            json!({ "update": update.update }),
        )
        .await;
    let paid = grants
        .iter()
        .find(|grant| !grant.paid.is_zero() && grant.due_back.is_zero())
        .expect("a grant that was paid");
    let back = json!({ "amount": "1.00", "received_on": old.today() });
    asking
        .issue_ok(holder(Role::Finance), "grant/receive-return", paid.id, back)
        .await;
    old.catch_up().await;
    let row: GrantRow = old
        .views()
        .find(&paid.id.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.paid.plus(crate::support::fixtures::gbp(1)), paid.paid);
    replay::replay_log(&old).await;
    crate::projections::read_models::assert_equals_rebuild(&old).await;
}
