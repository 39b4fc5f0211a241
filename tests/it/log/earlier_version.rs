//! A log written by a version without the rules about people: it is restored, passes replay, its
//! views are built, and commands continue. The backup holds the illustrative seeds, with keys that
//! are used nowhere else.

use std::fs::{self, Permissions};
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use microgrants::backup::{self, NewOrigin, RestoreOptions, RestoreOrigin};
use microgrants::clock::new_id;
use microgrants::domain::{Grant, PersonId, Role};
use microgrants::files::FileStore;
use microgrants::projections::{GrantRow, PersonRow, UpdateRow};
use microgrants::store::Store;
use microgrants::views::{Filter, GroupBy, Sums};
use serde_json::json;
use tempfile::TempDir;

use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::gbp;
use crate::support::postgres::{self, Commits};
use crate::support::replay;
use crate::support::scenario::command_from_json;
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
async fn its_log_holds_and_goes_on(app: TestApp) {
    let old = restore(&app).await;

    let awards = replay::replay_log(&old).await;
    old.catch_up().await;

    assert!(awards > 40, "its awards hold by replay");
    assert_budget_of_every_day(&old).await;
    assert_row_of_every_grant(&old).await;
    accept_an_update(&old).await;
    receive_a_return(&old).await;
    replay::replay_log(&old).await;
    assert_equals_rebuild(&old).await;
}

/// Restores the backup on the same engine.
async fn restore(engine_of: &TestApp) -> TestApp {
    let folder = Arc::new(TempDir::with_prefix("microgrants-case").unwrap());
    unpack(folder.path());
    let url = if engine_of.store().postgres_pool().is_some() {
        postgres::new_database(Commits::Quick).await
    } else {
        format!("sqlite://{}/log.db", folder.path().display())
    };
    let store = Store::open(&url).await.unwrap();
    let origin = RestoreOrigin::New(NewOrigin {
        command: new_id(),
        known_size: None,
        reason: "A newer program".parse().unwrap(),
    });
    // That version did not sign its backups. All of the events are under a checkpoint.
    let options = RestoreOptions {
        origin,
        accept_unsealed: Some(0),
    };
    backup::restore(
        &store,
        ORGANISATION,
        &FileStore::in_folder(folder.path().join("files")),
        &folder.path().join("keys"),
        &folder.path().join("backup"),
        &options,
    )
    .await
    .unwrap();
    store.close().await;
    TestApp::open(folder, url).await
}

/// The budget answers for every day of the log.
async fn assert_budget_of_every_day(old: &TestApp) {
    let views = old.views();
    let day = old.today().to_string();
    for by in [
        GroupBy::Fund,
        GroupBy::Funder,
        GroupBy::Area,
        GroupBy::Theme,
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
}

/// Every grant of the log has a row with its figures.
async fn assert_row_of_every_grant(old: &TestApp) {
    for row in grants(old).await {
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
}

async fn grants(old: &TestApp) -> Vec<GrantRow> {
    old.views().all_rows(None, Vec::new()).await.unwrap()
}

/// Somebody who holds the role.
async fn holder(old: &TestApp, role: Role) -> PersonId {
    let people: Vec<PersonRow> = old.views().all_rows(None, Vec::new()).await.unwrap();
    people
        .iter()
        .find(|person| person.roles.contains(&role))
        .map(|person| PersonId(person.id))
        .unwrap()
}

async fn accept_an_update(old: &TestApp) {
    let updates: Vec<UpdateRow> = old
        .views()
        .all_rows(None, vec![Filter::equals("state", "received")])
        .await
        .unwrap();
    let update = updates.first().expect("an update that waits to be read");
    let body = json!({ "update": update.update });
    let accept = command_from_json("grant", update.grant, "accept-update", &body);
    let officer = holder(old, Role::Officer).await;

    old.issue_ok(officer, accept).await;
}

async fn receive_a_return(old: &TestApp) {
    let paid = grants(old)
        .await
        .into_iter()
        .find(|grant| !grant.paid.is_zero() && grant.due_back.is_zero())
        .expect("a grant that was paid");
    let body = json!({ "amount": "1.00", "received_on": old.today() });
    let receive = command_from_json("grant", paid.id, "receive-return", &body);
    let finance = holder(old, Role::Finance).await;

    old.issue_ok(finance, receive).await;
    old.catch_up().await;

    let row: GrantRow = old.views().find(paid.id, None).await.unwrap().unwrap();
    assert_eq!(row.paid.plus(gbp(1)), paid.paid);
}
