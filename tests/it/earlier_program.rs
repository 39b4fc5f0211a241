//! A log written by a version without the rules about people: it is restored, passes replay, its
//! views are built, and commands continue. The backup holds the illustrative seeds, with keys that
//! are used nowhere else.

use std::fs::{self, Permissions};
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use microgrants::backup::{self, NewOrigin, Origin};
use microgrants::commands::clock::new_id;
use microgrants::domain::{Grant, PersonId, Role};
use microgrants::projections::{GrantRow, PersonRow, UpdateRow};
use microgrants::store::Store;
use microgrants::views::{By, Sums};
use serde_json::json;
use tempfile::TempDir;

use crate::cases::Cases;
use crate::connections::Asking;
use crate::house::{House, ORGANISATION};
use crate::{postgres, replay};

pub fn cases(cases: &mut Cases) {
    cases.both("earlier_program::its_log_holds_and_goes_on", goes_on);
}

const BACKUP: &[u8] = include_bytes!("../fixtures/program_before_rules_about_people.zip");

/// Unpacks the backup and the keys of that version into a folder.
pub fn unpack(into: &Path) {
    zip::ZipArchive::new(Cursor::new(BACKUP))
        .unwrap()
        .extract(into)
        .unwrap();
    for key in fs::read_dir(into.join("keys")).unwrap().flatten() {
        fs::set_permissions(key.path(), Permissions::from_mode(0o600)).unwrap();
    }
}

async fn goes_on(house: House) {
    let folder = std::sync::Arc::new(TempDir::with_prefix("microgrants-case").unwrap());
    unpack(folder.path());
    let sqlite = format!("sqlite://{}/log.db", folder.path().display());
    let url = if house.store().postgres().is_some() {
        postgres::new_database().await
    } else {
        sqlite
    };
    let store = Store::open(&url).await.unwrap();
    let origin = Origin::New(NewOrigin {
        command: new_id(),
        known: None,
        reason: "A newer program".parse().unwrap(),
    });
    let (files, keys, from) = (
        microgrants::files::Files::in_folder(folder.path().join("files")),
        folder.path().join("keys"),
        folder.path().join("backup"),
    );
    backup::restore(&store, ORGANISATION, &files, &keys, &from, &origin)
        .await
        .unwrap();
    store.close().await;
    let old = House::open(std::sync::Arc::clone(&folder), url).await;
    assert!(replay::whole(&old).await > 40, "its awards hold by replay");
    old.catch_up().await;
    // The budget answers for every day of the log.
    let views = old.views();
    let day = old.today().to_string();
    for by in [By::Fund, By::Funder, By::Area, By::Round] {
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
    let grants: Vec<GrantRow> = views.every(None, Vec::new()).await.unwrap();
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
    let people: Vec<PersonRow> = views.every(None, Vec::new()).await.unwrap();
    let holder = |role: Role| {
        people
            .iter()
            .find(|person| person.roles.contains(&role))
            .map(|person| PersonId(person.id))
            .unwrap()
    };
    let asking = Asking { house: &old };
    let updates: Vec<UpdateRow> = views
        .every(None, vec![("state", vec!["received".into()])])
        .await
        .unwrap();
    let update = updates.first().expect("an update that waits to be read");
    asking
        .takes(
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
        .takes(holder(Role::Finance), "grant/receive-return", paid.id, back)
        .await;
    old.catch_up().await;
    let row: GrantRow = old
        .views()
        .find(&paid.id.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.paid.plus(crate::office::gbp(1)), paid.paid);
    replay::whole(&old).await;
    crate::projections::equals_a_rebuild(&old).await;
}
