//! Erasure: personal data decrypts nowhere afterwards, the log still verifies, and a backup does
//! not bring it back.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use microgrants::audit::{self, Trusted};
use microgrants::crypto::vault::VaultError;
use microgrants::domain::file::{FileDigest, FilePurpose, KeepFile, RemoveFile};
use microgrants::domain::{
    ApplicationId, Command, GroupCommand, GroupId, PersonId, Refusal, Role, Roles,
};
use microgrants::erasure::{ErasureList, Purger};
use microgrants::files::FileError;
use microgrants::projections::{GroupRow, PersonRow};
use microgrants::store::outbox::{self, NewMail};
use microgrants::store::personal_data;
use microgrants::views::Reader;
use serde_json::json;
use uuid::Uuid;

use crate::audit::transparency_log::sealer;
use crate::operations::backup::take_backup;
use crate::operations::{files, mails};
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

fn purger(app: &TestApp) -> Purger {
    let folder = app.folder.path();
    Purger::new(
        app.log.clone(),
        app.files(),
        folder.join("mails"),
        ErasureList::at(&folder.join("erasures.jsonl")),
    )
}

/// Completes every erasure of the log outside the database.
pub async fn purge(app: &TestApp) {
    while purger(app).run_once().await.unwrap() {}
}

fn officer(office: &Office) -> Reader {
    let roles = Roles::from([Role::Officer]);
    Reader {
        person: office.ada,
        granted_roles: roles.clone(),
        roles,
    }
}

async fn name_of(app: &TestApp, office: &Office, person: Uuid) -> Option<String> {
    let row: PersonRow = app.views().find(person, None).await.unwrap().unwrap();
    app.views()
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

/// A group and its member, with an application, a file, and a mail to the member.
struct Subjects {
    office: Office,
    application: ApplicationId,
    group: GroupId,
    member: PersonId,
    file: FileDigest,
}

impl Subjects {
    async fn with_personal_data(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let (application, group, member) = office.submitted(app, 500).await;
        let kept = files::store_file(app, &app.files(), group, files::pdf(900)).await;
        let file = kept.file.clone();
        let keep = KeepFile {
            file: kept.file,
            media: kept.media,
            bytes: kept.bytes,
            purpose: FilePurpose::Receipt,
            application: None,
        };
        app.issue_ok(member, Command::Group(group, GroupCommand::KeepFile(keep)))
            .await;
        write_mail(app, member).await;
        sealer(app).catch_up().await.unwrap();
        app.catch_up().await;
        Self {
            office,
            application,
            group,
            member,
            file,
        }
    }

    fn ids(&self) -> [Uuid; 2] {
        [self.group.0, self.member.0]
    }

    /// The member's encrypted name, and the wrapped keys of both.
    async fn secrets(&self, app: &TestApp) -> Vec<Vec<u8>> {
        let row: PersonRow = app.views().find(self.member, None).await.unwrap().unwrap();
        let values = personal_data::encrypted_values(app.store(), ORGANISATION, &[row.name.digest])
            .await
            .unwrap();
        let mut secrets: Vec<_> = values.into_iter().map(|(_, sealed)| sealed).collect();
        for subject in self.ids() {
            secrets.extend(wrapped_key(app, subject).await);
        }
        secrets
    }

    /// Erases both. The erasure job runs twice, since a repeat must change nothing.
    async fn erase(&self, app: &TestApp) {
        app.issue_ok(self.office.ada, erase("group", self.group.0))
            .await;
        app.issue_ok(self.office.ada, erase("person", self.member.0))
            .await;
        purge(app).await;
        purge(app).await;
        sealer(app).catch_up().await.unwrap();
        app.catch_up().await;
    }
}

/// A mail to a person, in the outbox and in the folder of mails.
async fn write_mail(app: &TestApp, person: PersonId) {
    let mail = NewMail {
        id: "m1".into(),
        kind: "submitted".into(),
        person: person.to_string(),
        about: "1".into(),
    };
    let mut tx = app.store().begin().await.unwrap();
    outbox::insert(&mut tx, ORGANISATION, &mail, 0)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let file = mail_file(app);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, "To: cass@example.org").unwrap();
}

fn mail_file(app: &TestApp) -> PathBuf {
    app.folder.path().join("mails/m1.eml")
}

/// The wrapped key of a subject, unless it was destroyed.
async fn wrapped_key(app: &TestApp, subject: Uuid) -> Option<Vec<u8>> {
    personal_data::wrapped_key(app.store(), ORGANISATION, &subject.to_string())
        .await
        .unwrap()
        .expect("a row of the subject")
        .1
}

on_each_engine!(leaves_nothing_that_opens);
async fn leaves_nothing_that_opens(app: TestApp) {
    // Given
    let subjects = Subjects::with_personal_data(&app).await;
    let folder = app.folder.path();
    let on_sqlite = app.store().postgres_pool().is_none();
    let secrets = subjects.secrets(&app).await;
    assert_eq!(secrets.len(), 3);
    if on_sqlite {
        assert!(
            secrets.iter().all(|secret| files_contain(folder, secret)),
            "they are found where they are"
        );
    }

    // When
    subjects.erase(&app).await;

    // Then
    assert_views_show_erasure(&app, &subjects).await;
    for subject in subjects.ids() {
        assert_eq!(
            wrapped_key(&app, subject).await,
            None,
            "the key is destroyed"
        );
    }
    assert!(matches!(
        app.files().read_encrypted(&subjects.file).await.map(drop),
        Err(FileError::Missing)
    ));
    assert!(!mail_file(&app).exists());
    let listed = ErasureList::at(&folder.join("erasures.jsonl"))
        .records_of(ORGANISATION)
        .unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|erased| erased.subject)
            .collect::<Vec<_>>(),
        subjects.ids()
    );
    if on_sqlite {
        assert!(
            !secrets.iter().any(|secret| files_contain(folder, secret)),
            "neither ciphertext nor key is left in any file, nor in the write-ahead log"
        );
    }
}

on_each_engine!(no_mail_says_what_the_office_asked_about_one_answer);
async fn no_mail_says_what_the_office_asked_about_one_answer(app: TestApp) {
    // Given
    const MARKER: &str = "planted-marker-4711";
    let office = Office::open(&app, 5000).await;
    let post = mails::mailer(&app);
    post.subscribe().await.unwrap();
    let (application, group, member) = office.submitted(&app, 500).await;
    mails::set_email(&app, member, "cass@example.org").await;
    let ask = json!({
        "questions": ["idea"],
        "note": "Say more",
        "notes": { "idea": MARKER },
        "due_on": app.in_days(5),
    });
    let ask = command_from_json("application", application.0, "request-changes", &ask);
    app.issue_ok(office.ada, ask).await;
    mails::deliver_all(&app, &post).await;
    let says_marker = || {
        let mails = mails::mails_in_folder(&mails::mail_folder(&app));
        mails.values().any(|says| says.contains(MARKER))
    };
    assert!(says_marker(), "the group was asked");

    // When
    for (noun, id) in [("group", group.0), ("person", member.0)] {
        app.issue_ok(office.ada, erase(noun, id)).await;
    }
    purge(&app).await;

    // Then
    assert!(!says_marker());
}

async fn assert_views_show_erasure(app: &TestApp, subjects: &Subjects) {
    assert_eq!(
        name_of(app, &subjects.office, subjects.member.0).await,
        None
    );
    let row: GroupRow = app
        .views()
        .find(subjects.group, None)
        .await
        .unwrap()
        .unwrap();
    assert!(row.erasure.is_done());
    let answers = app
        .views()
        .answers(subjects.application.0, None)
        .await
        .unwrap();
    assert!(
        !answers.is_empty() && answers.iter().all(|answer| answer.answer.is_none()),
        "{answers:?}"
    );
}

on_each_engine!(leaves_a_log_that_verifies);
/// The log still verifies with the same result, since it was not changed.
async fn leaves_a_log_that_verifies(app: TestApp) {
    // Given
    let subjects = Subjects::with_personal_data(&app).await;
    let before = export_log(&app, "before").await;
    let head = fs::read_to_string(before.join("heads.jsonl")).unwrap();
    let head: audit::export_layout::CheckpointLine =
        serde_json::from_str(head.lines().last().unwrap()).unwrap();

    // When
    subjects.erase(&app).await;
    let after = export_log(&app, "after").await;

    // Then
    let [events_before, events_after] =
        [&before, &after].map(|folder| fs::read_to_string(folder.join("events.jsonl")).unwrap());
    assert!(
        events_after.starts_with(&events_before) && events_after.contains("PersonalDataErased")
    );
    let told = fs::read_to_string(after.join("erasures.jsonl")).unwrap();
    assert!(
        told.lines().count() == 2
            && told.contains(&subjects.group.to_string())
            && told.contains(&subjects.member.to_string()),
        "{told}"
    );
    let trusted = Trusted {
        key: None,
        head: Some(head.note),
    };
    let report = audit::verify(&after, &trusted, |_| {}).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    replay::replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

/// Exports the log into a folder of this name.
async fn export_log(app: &TestApp, name: &str) -> PathBuf {
    let folder = app.folder.path().join(name);
    audit::export(app.store(), ORGANISATION, &folder, |_, _| {})
        .await
        .unwrap();
    folder
}

on_each_engine!(is_done_once);
async fn is_done_once(app: TestApp) {
    let subjects = Subjects::with_personal_data(&app).await;

    subjects.erase(&app).await;

    for command in [
        erase("group", subjects.group.0),
        erase("person", subjects.member.0),
    ] {
        assert!(matches!(
            app.issue_refused(subjects.office.ada, command).await,
            Refusal::Erased
        ));
    }
}

on_each_engine!(waits_for_open_grants_and_for_records_of_money);
async fn waits_for_open_grants_and_for_records_of_money(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, group, _) = office.prepared(&app, 700).await;
    let asked = command_from_json("group", group.0, "request-erasure", &json!({}));
    app.issue_ok(office.ada, asked).await;
    app.catch_up().await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut desk = signed_in(&app, &address, office.ada).await;
    assert!(
        desk.get("/desk").contains("1 request to erase data")
            && desk.get("/desk/erasures").contains("one month to answer")
    );
    assert!(matches!(
        app.issue_refused(office.ada, erase("group", group.0)).await,
        Refusal::GrantOpen
    ));
    app.issue_ok(
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
            json!({ "payment": 1, "happened_on": app.today() }),
        ),
        (
            office.ben,
            "confirm-payment",
            json!({ "payment": 1, "happened_on": app.today() }),
        ),
        (
            office.ada,
            "excuse-update",
            json!({ "update": 1, "reason": "They closed." }),
        ),
        (office.ada, "close", json!({})),
    ] {
        app.issue_ok(by, command_from_json("grant", grant.0, name, &body))
            .await;
    }
    assert!(matches!(
        app.issue_refused(office.ada, erase("group", group.0)).await,
        Refusal::RecordsKept(_)
    ));
    app.pass_days(7 * 365);
    assert!(matches!(
        app.issue_refused(office.ada, erase("group", group.0)).await,
        Refusal::RecordsKept(_)
    ));
    app.pass_days(3);
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get("/desk/erasures");
    assert!(page.contains("Was paid, last on"), "{}", page.text);
    app.issue_ok(office.ada, erase("group", group.0)).await;
    app.catch_up().await;
    assert!(desk.get("/desk/erasures").contains("No one is due yet"));
}

on_each_engine!(a_person_with_a_role_is_not_erased_and_an_erased_one_signs_in_no_more);
async fn a_person_with_a_role_is_not_erased_and_an_erased_one_signs_in_no_more(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    assert!(matches!(
        app.issue_refused(office.ben, erase("person", office.ada.0))
            .await,
        Refusal::StillInRole
    ));
    let cass = person(&app, "Cass").await;
    app.catch_up().await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut browser = signed_in(&app, &address, cass).await;
    let page = browser.get("/account");
    browser.submit_form(&page, "/account", &[("form", "erase"), ("sure", "yes")]);
    app.catch_up().await;
    assert!(
        browser
            .get("/account")
            .contains("You asked us to delete what we hold about you")
    );
    assert!(matches!(
        app.issue_refused(
            cass,
            command_from_json("person", cass.0, "request-erasure", &json!({}))
        )
        .await,
        Refusal::NoChange
    ));
    let stranger = person(&app, "Dee").await;
    assert!(matches!(
        app.issue_refused(
            stranger,
            command_from_json("person", cass.0, "request-erasure", &json!({}))
        )
        .await,
        Refusal::NotYours
    ));
    app.issue_ok(office.ada, erase("person", cass.0)).await;
    assert!(
        browser.get("/my").path.contains("/sign-in"),
        "the session ended with it"
    );
    // Their record takes no new details.
    assert!(matches!(
        app.issue_refused(
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
async fn a_backup_brings_nobody_back(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (_, group, member) = office.submitted(&app, 500).await;
    let folder = take_backup(&app, "backup").await;
    let head = microgrants::store::tlog::newest_checkpoint(app.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .note;
    let note = app.folder.path().join("head.txt");
    fs::write(&note, head).unwrap();
    app.issue_ok(office.ada, erase("group", group.0)).await;
    app.issue_ok(office.ada, erase("person", member.0)).await;
    purge(&app).await;
    let length = app.log.length().await.unwrap();

    let url = format!("sqlite://{}/restored.db", app.folder.path().display());
    let place = Deployment {
        folder: std::sync::Arc::clone(&app.folder),
        url: url.clone(),
    };
    let list = app.folder.path().join("erasures.jsonl");
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
    let restored = TestApp::open(std::sync::Arc::clone(&app.folder), url).await;
    assert_eq!(
        restored.log.length().await.unwrap(),
        length,
        "as many events: two erasures"
    );
    for subject in [group.0, member.0] {
        assert_eq!(wrapped_key(&restored, subject).await, None);
    }
    restored.catch_up().await;
    assert_eq!(name_of(&restored, &office, member.0).await, None);
    replay::replay_log(&restored).await;
}

on_each_engine!(another_process_opens_nothing_either);
async fn another_process_opens_nothing_either(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let cass = person(&app, "Cass").await;
    let other = app.another_process().await;
    other.catch_up().await;
    assert_eq!(
        name_of(&other, &office, cass.0).await.as_deref(),
        Some("Cass"),
        "its key is remembered here"
    );
    app.issue_ok(office.ada, erase("person", cass.0)).await;
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
async fn another_process_forgets_a_key_within_seconds(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, _) = office.group(&app).await;
    let kept = files::store_file(&app, &app.files(), group, files::pdf(900)).await;
    let other = app.another_process().await;
    assert_eq!(
        files::read_file(&other, &other.files(), group, &kept.file).await,
        files::pdf(900),
        "its key is kept here"
    );
    app.issue_ok(office.ada, erase("group", group.0)).await;
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

on_each_engine!(a_file_of_an_application_can_be_removed_until_it_is_sent);
async fn a_file_of_an_application_can_be_removed_until_it_is_sent(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let draft = office.draft(&app, 500).await;
    let sent = office.submitted(&app, 500).await;
    for ((application, group, member), is_removed) in [(draft, true), (sent, false)] {
        let kept = files::store_file(&app, &app.files(), group, files::pdf(900)).await;
        let file = kept.file.clone();
        let keep = GroupCommand::KeepFile(KeepFile {
            file: kept.file,
            media: kept.media,
            bytes: kept.bytes,
            purpose: FilePurpose::Enclosure,
            application: Some(application),
        });
        app.issue_ok(member, Command::Group(group, keep)).await;
        let remove = |application| {
            let file = file.clone();
            let remove = GroupCommand::RemoveFile(RemoveFile { file, application });
            Command::Group(group, remove)
        };
        let elsewhere = app.issue_refused(member, remove(ApplicationId(group.0)));
        assert_eq!(elsewhere.await, Refusal::Unknown("file"));

        // When
        if is_removed {
            app.issue_ok(member, remove(application)).await;
        } else {
            let refusal = app.issue_refused(member, remove(application)).await;
            assert_eq!(refusal, Refusal::ApplicationNotInState("submitted"));
        }
        app.catch_up().await;
        purge(&app).await;

        // Then
        let listed = app.views().files_of(&[group.to_string()], None).await;
        assert_eq!(listed.unwrap().len(), usize::from(!is_removed));
        let opened = app.files().open(app.log.vault(), group.0, &file).await;
        let is_missing = matches!(opened.map(drop), Err(FileError::Missing));
        assert_eq!(is_missing, is_removed);
    }
}
