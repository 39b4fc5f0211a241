//! Erasure: personal data decrypts nowhere afterwards, the log still verifies, and a backup does
//! not bring it back.

use std::fs;
use std::time::Duration;

use microgrants::audit::{self, Trusted};
use microgrants::crypto::vault::VaultError;
use microgrants::domain::file::{FilePurpose, KeepFile};
use microgrants::domain::{Command, GroupCommand, Refusal, Role, Roles};
use microgrants::erasure::{ErasureList, Purger};
use microgrants::files::FileError;
use microgrants::projections::{GroupRow, PersonRow};
use microgrants::views::Reader;
use serde_json::json;
use uuid::Uuid;

use crate::audit::transparency_log::sealer;
use crate::operations::files;
use crate::pages::journeys::signed_in;
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::{Office, person};
use crate::support::replay;
use crate::support::scenario::command_from_json;
use crate::support::service::{Deployment, serve};
use crate::support::test_app::{ORGANISATION, TestApp};

fn because() -> serde_json::Value {
    json!({ "reason": "Asked for on the telephone." })
}

fn erase(noun: &str, id: Uuid) -> Command {
    command_from_json(noun, id, "erase", &because())
}

fn purger(house: &TestApp) -> Purger {
    let folder = house.folder.path();
    Purger::new(
        house.log.clone(),
        house.files(),
        folder.join("mails"),
        ErasureList::at(&folder.join("erasures.jsonl")),
    )
}

async fn purge(house: &TestApp) {
    while purger(house).run_once().await.unwrap() {}
}

fn officer(office: &Office) -> Reader {
    let roles = Roles::from([Role::Officer]);
    Reader {
        person: office.ada,
        granted_roles: roles.clone(),
        roles,
    }
}

async fn name_of(house: &TestApp, office: &Office, person: Uuid) -> Option<String> {
    let row: PersonRow = house
        .views()
        .find(&person.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    house
        .views()
        .decrypt_people(&officer(office), vec![row])
        .await
        .unwrap()
        .remove(0)
        .name
}

/// Whether a file of the folder contains these bytes.
fn files_contain(folder: &std::path::Path, bytes: &[u8]) -> bool {
    let files = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file());
    files
        .map(|path| fs::read(path).unwrap())
        .any(|file| file.windows(bytes.len()).any(|part| part == bytes))
}

on_each_engine!(leaves_nothing_that_opens_and_a_log_that_verifies);
async fn leaves_nothing_that_opens_and_a_log_that_verifies(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (application, group, member) = office.submitted(&house, 500).await;
    let kept = files::store_file(&house, &house.files(), group, files::pdf(900)).await;
    let keep = KeepFile {
        file: kept.file.clone(),
        media: kept.media,
        bytes: kept.bytes,
        purpose: FilePurpose::Receipt,
    };
    house
        .issue_ok(member, Command::Group(group, GroupCommand::KeepFile(keep)))
        .await;
    sealer(&house).catch_up().await.unwrap();
    house.catch_up().await;
    let folder = house.folder.path();
    audit::export(
        house.store(),
        ORGANISATION,
        &folder.join("before"),
        |_, _| {},
    )
    .await
    .unwrap();
    let mails = folder.join("mails");
    fs::create_dir_all(&mails).unwrap();
    let mut tx = house.store().begin().await.unwrap();
    let mail = microgrants::store::outbox::NewMail {
        id: "m1".into(),
        kind: "submitted".into(),
        person: member.to_string(),
        about: "1".into(),
    };
    microgrants::store::outbox::insert(&mut tx, ORGANISATION, &mail, 0)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    fs::write(mails.join("m1.eml"), "To: cass@example.org").unwrap();

    let row: PersonRow = house
        .views()
        .find(&member.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    let mut secrets = Vec::new();
    for (_, sealed) in microgrants::store::personal_data::encrypted_values(
        house.store(),
        ORGANISATION,
        &[row.name.digest],
    )
    .await
    .unwrap()
    {
        secrets.push(sealed);
    }
    for subject in [group.0, member.0] {
        let key = microgrants::store::personal_data::wrapped_key(
            house.store(),
            ORGANISATION,
            &subject.to_string(),
        )
        .await
        .unwrap()
        .unwrap();
        secrets.extend(key.1);
    }
    assert_eq!(secrets.len(), 3);
    if house.store().postgres_pool().is_none() {
        assert!(
            secrets.iter().all(|secret| files_contain(folder, secret)),
            "they are found where they are"
        );
    }

    house.issue_ok(office.ada, erase("group", group.0)).await;
    house.issue_ok(office.ada, erase("person", member.0)).await;
    purge(&house).await;
    purge(&house).await;
    sealer(&house).catch_up().await.unwrap();
    house.catch_up().await;

    // Keys, values, blind index entries, files and mails are gone; views show the erasure.
    for subject in [group.0, member.0] {
        let key = microgrants::store::personal_data::wrapped_key(
            house.store(),
            ORGANISATION,
            &subject.to_string(),
        )
        .await
        .unwrap()
        .unwrap();
        assert_eq!(key.1, None, "the key is destroyed");
    }
    assert_eq!(name_of(&house, &office, member.0).await, None);
    let row: GroupRow = house
        .views()
        .find(&group.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert!(row.erasure.is_done());
    let answers = house.views().answers(application.0, None).await.unwrap();
    assert!(
        !answers.is_empty() && answers.iter().all(|answer| answer.answer.is_none()),
        "{answers:?}"
    );
    assert!(matches!(
        house.files().read_encrypted(&kept.file).await.map(drop),
        Err(FileError::Missing)
    ));
    assert!(!mails.join("m1.eml").exists());
    let listed = ErasureList::at(&folder.join("erasures.jsonl"))
        .records_of(ORGANISATION)
        .unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|erased| erased.subject)
            .collect::<Vec<_>>(),
        [group.0, member.0]
    );
    if house.store().postgres_pool().is_none() {
        for secret in &secrets {
            assert!(
                !files_contain(folder, secret),
                "neither ciphertext nor key is left in any file, nor in the write-ahead log"
            );
        }
    }

    // The log still verifies with the same result, since it was not changed.
    audit::export(
        house.store(),
        ORGANISATION,
        &folder.join("after"),
        |_, _| {},
    )
    .await
    .unwrap();
    let (before, after) = (
        fs::read_to_string(folder.join("before/events.jsonl")).unwrap(),
        fs::read_to_string(folder.join("after/events.jsonl")).unwrap(),
    );
    assert!(after.starts_with(&before) && after.contains("PersonalDataErased"));
    let told = fs::read_to_string(folder.join("after/erasures.jsonl")).unwrap();
    assert!(
        told.lines().count() == 2
            && told.contains(&group.to_string())
            && told.contains(&member.to_string()),
        "{told}"
    );
    let head = fs::read_to_string(folder.join("before/heads.jsonl")).unwrap();
    let head: audit::export_layout::CheckpointLine =
        serde_json::from_str(head.lines().last().unwrap()).unwrap();
    let report = audit::verify(
        &folder.join("after"),
        &Trusted {
            key: None,
            head: Some(head.note),
        },
        |_| {},
    )
    .unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    replay::replay_log(&house).await;
    assert_equals_rebuild(&house).await;
    assert!(matches!(
        house
            .issue_refused(office.ada, erase("group", group.0))
            .await,
        Refusal::Erased
    ));
    assert!(matches!(
        house
            .issue_refused(office.ada, erase("person", member.0))
            .await,
        Refusal::Erased
    ));
}

on_each_engine!(waits_for_open_grants_and_for_records_of_money);
async fn waits_for_open_grants_and_for_records_of_money(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, group, _) = office.prepared(&house, 700).await;
    let asked = command_from_json("group", group.0, "request-erasure", &json!({}));
    house.issue_ok(office.ada, asked).await;
    house.catch_up().await;
    let address = serve(&house, office.ada).address().to_owned();
    let mut desk = signed_in(&house, &address, office.ada).await;
    assert!(
        desk.get("/desk").contains("ask to be erased")
            && desk.get("/desk/erasures").contains("one month to answer")
    );
    assert!(matches!(
        house
            .issue_refused(office.ada, erase("group", group.0))
            .await,
        Refusal::GrantOpen
    ));
    house
        .issue_ok(
            office.ada,
            command_from_json("group", group.0, "refuse-erasure", &because()),
        )
        .await;
    // Once money was paid and the grant has ended, the group's records are retained for seven
    // years.
    for (by, name, body) in [
        (office.ben, "approve-payment", json!({ "payment": 1 })),
        (
            office.ben,
            "send-payment",
            json!({ "payment": 1, "happened_on": house.today() }),
        ),
        (
            office.ben,
            "confirm-payment",
            json!({ "payment": 1, "happened_on": house.today() }),
        ),
        (
            office.ada,
            "excuse-update",
            json!({ "update": 1, "reason": "They closed." }),
        ),
        (office.ada, "close", json!({})),
    ] {
        house
            .issue_ok(by, command_from_json("grant", grant.0, name, &body))
            .await;
    }
    assert!(matches!(
        house
            .issue_refused(office.ada, erase("group", group.0))
            .await,
        Refusal::RecordsKept(_)
    ));
    house.pass_days(7 * 365);
    assert!(matches!(
        house
            .issue_refused(office.ada, erase("group", group.0))
            .await,
        Refusal::RecordsKept(_)
    ));
    house.pass_days(3);
    house.catch_up().await;
    let mut desk = signed_in(&house, &address, office.ada).await;
    let page = desk.get("/desk/erasures");
    assert!(page.contains("was paid, last on"), "{}", page.text);
    house.issue_ok(office.ada, erase("group", group.0)).await;
    house.catch_up().await;
    assert!(desk.get("/desk/erasures").contains("No group is due"));
}

on_each_engine!(a_person_with_a_role_is_not_erased_and_an_erased_one_signs_in_no_more);
async fn a_person_with_a_role_is_not_erased_and_an_erased_one_signs_in_no_more(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    assert!(matches!(
        house
            .issue_refused(office.ben, erase("person", office.ada.0))
            .await,
        Refusal::StillInRole
    ));
    let cass = person(&house, "Cass").await;
    house.catch_up().await;
    let address = serve(&house, office.ada).address().to_owned();
    let mut browser = signed_in(&house, &address, cass).await;
    let page = browser.get("/account");
    browser.submit_form(&page, "/account", &[("form", "erase"), ("sure", "yes")]);
    house.catch_up().await;
    assert!(browser.get("/account").contains("You asked us to erase"));
    assert!(matches!(
        house
            .issue_refused(
                cass,
                command_from_json("person", cass.0, "request-erasure", &json!({}))
            )
            .await,
        Refusal::NoChange
    ));
    let stranger = person(&house, "Dee").await;
    assert!(matches!(
        house
            .issue_refused(
                stranger,
                command_from_json("person", cass.0, "request-erasure", &json!({}))
            )
            .await,
        Refusal::NotYours
    ));
    house.issue_ok(office.ada, erase("person", cass.0)).await;
    assert!(
        browser.get("/my").path.contains("/sign-in"),
        "the session ended with it"
    );
    // The address is free for a new registration.
    assert!(matches!(
        house
            .issue_refused(
                office.ada,
                command_from_json(
                    "person",
                    cass.0,
                    "change-contact",
                    &json!({ "name": "Cass" })
                )
            )
            .await,
        Refusal::Erased
    ));
}

on_each_engine!(a_backup_brings_nobody_back);
async fn a_backup_brings_nobody_back(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (_, group, member) = office.submitted(&house, 500).await;
    sealer(&house).catch_up().await.unwrap();
    let folder = house.folder.path().join("backup");
    microgrants::backup::create(
        house.store(),
        ORGANISATION,
        &house.files(),
        &folder,
        |_, _| {},
    )
    .await
    .unwrap();
    let head = microgrants::store::tlog::newest_checkpoint(house.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .note;
    let note = house.folder.path().join("head.txt");
    fs::write(&note, head).unwrap();
    house.issue_ok(office.ada, erase("group", group.0)).await;
    house.issue_ok(office.ada, erase("person", member.0)).await;
    purge(&house).await;
    let length = house.log.length().await.unwrap();
    let url = format!("sqlite://{}/restored.db", house.folder.path().display());
    let place = Deployment {
        folder: std::sync::Arc::clone(&house.folder),
        url: url.clone(),
    };
    let list = house.folder.path().join("erasures.jsonl");
    let run = place
        .program()
        .arg("restore")
        .arg(&folder)
        .arg("--head")
        .arg(&note)
        .arg("--erasures")
        .arg(&list)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(
        String::from_utf8_lossy(&run.stdout).contains("2 people or groups"),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    let restored = TestApp::open(std::sync::Arc::clone(&house.folder), url).await;
    assert_eq!(
        restored.log.length().await.unwrap(),
        length,
        "as many events: two erasures"
    );
    for subject in [group.0, member.0] {
        let key = microgrants::store::personal_data::wrapped_key(
            restored.store(),
            ORGANISATION,
            &subject.to_string(),
        )
        .await
        .unwrap()
        .unwrap();
        assert_eq!(key.1, None);
    }
    restored.catch_up().await;
    assert_eq!(name_of(&restored, &office, member.0).await, None);
    replay::replay_log(&restored).await;
}

on_each_engine!(another_process_opens_nothing_either);
async fn another_process_opens_nothing_either(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let cass = person(&house, "Cass").await;
    let other = if house.store().postgres_pool().is_some() {
        house.second_process().await
    } else {
        house.restarted().await
    };
    other.catch_up().await;
    assert_eq!(
        name_of(&other, &office, cass.0).await.as_deref(),
        Some("Cass"),
        "its key is remembered here"
    );
    house.issue_ok(office.ada, erase("person", cass.0)).await;
    assert_eq!(name_of(&other, &office, cass.0).await, None);
    let change = command_from_json(
        "person",
        cass.0,
        "change-contact",
        &json!({ "name": "Cass again" }),
    );
    assert!(matches!(
        other.issue_refused(office.ada, change).await,
        Refusal::Erased
    ));
}

on_each_engine!(another_process_forgets_a_key_within_seconds);
/// A file that the erasure job has not yet removed: it must not decrypt once the key is destroyed.
async fn another_process_forgets_a_key_within_seconds(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (group, _) = office.group(&house).await;
    let kept = files::store_file(&house, &house.files(), group, files::pdf(900)).await;
    let other = if house.store().postgres_pool().is_some() {
        house.second_process().await
    } else {
        house.restarted().await
    };
    assert_eq!(
        files::read_file(&other, &other.files(), group, &kept.file).await,
        files::pdf(900),
        "its key is kept here"
    );
    house.issue_ok(office.ada, erase("group", group.0)).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let opened = other
        .files()
        .open(other.log.vault(), group.0, &kept.file)
        .await
        .map(drop);
    assert!(
        matches!(opened, Err(FileError::Vault(VaultError::NoKey(_)))),
        "{opened:?}"
    );
}
