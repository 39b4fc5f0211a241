//! Personal values: encrypted everywhere, decrypted only for those who may see them, and every
//! event loads without their keys.

use microgrants::commands::{CommandError, IdempotencyKey};
use microgrants::crypto::keys::{KeyError, Keys};
use microgrants::crypto::rotation;
use microgrants::domain::person::PersonDetails;
use microgrants::domain::{Command, PersonCommand, PersonId, Refusal, Role, Roles};
use microgrants::projections::{GroupRow, PersonRow};
use microgrants::store::{Store, events};
use microgrants::views::Reader;

use crate::log::appends::execute_raw;
use crate::support::fixtures::{Office, open};
use crate::support::test_app::{ORGANISATION, TestApp};

const CANARY: &str = "Zebedee Quillfeather";

fn details(email: &str) -> PersonDetails {
    PersonDetails {
        name: open(CANARY),
        email: Some(open(email)),
        telephone: Some(open("0161 496 0000")),
        postal_address: None,
        typed_email: None,
    }
}

async fn register(app: &TestApp, email: &str) -> Result<PersonId, CommandError> {
    let id = PersonId(microgrants::clock::new_id());
    let command = Command::Person(id, PersonCommand::Register(details(email)));
    let request = microgrants::commands::CommandRequest::new(
        microgrants::commands::Caller::operator(),
        command,
    );
    app.commands.execute(request).await.map(|_| id)
}

on_each_engine!(whoever_is_registered_again_keeps_their_key);
/// A repeated registration keeps the key under which the person's data is encrypted.
async fn whoever_is_registered_again_keeps_their_key(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let id = PersonId(microgrants::clock::new_id());
    let command = || Command::Person(id, PersonCommand::Register(details("zebedee@example.org")));
    let repeated = || microgrants::commands::CommandRequest {
        idempotency_key: Some(IdempotencyKey::per_caller("once", "the same")),
        ..microgrants::commands::CommandRequest::new(
            microgrants::commands::Caller::operator(),
            command(),
        )
    };
    let first = app.commands.execute(repeated()).await.unwrap();
    assert_eq!(app.commands.execute(repeated()).await.unwrap(), first);
    assert!(matches!(
        app.issue_refused(office.ada, command()).await,
        Refusal::Exists(_)
    ));
    let moved = PersonDetails {
        email: Some(open("moved@example.org")),
        ..details("")
    };
    app.issue_ok(id, Command::Person(id, PersonCommand::ChangeContact(moved)))
        .await;
    app.catch_up().await;
    let app = app.restarted().await;
    app.catch_up().await;
    let row: PersonRow = app.views().find(id, None).await.unwrap().unwrap();
    let seen = app
        .views()
        .decrypt_people(&officer(office.ada), vec![row])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (seen.name.as_deref(), seen.email.as_deref()),
        (Some(CANARY), Some("moved@example.org"))
    );
}

fn officer(person: PersonId) -> Reader {
    let roles = Roles::from([Role::Officer]);
    Reader {
        person,
        granted_roles: roles.clone(),
        roles,
    }
}

on_each_engine!(a_personal_value_stands_nowhere_in_clear);
async fn a_personal_value_stands_nowhere_in_clear(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let person = register(&app, "zebedee@example.org").await.unwrap();
    let (_, group, _) = office.payable(&app, 500).await;
    app.catch_up().await;
    let views = app.views();
    let row: PersonRow = views.find(person, None).await.unwrap().unwrap();
    let seen = views
        .decrypt_people(&officer(office.ada), vec![row.clone()])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (seen.name.as_deref(), seen.email.as_deref()),
        (Some(CANARY), Some("zebedee@example.org"))
    );
    let roles = Roles::from([Role::Auditor]);
    let auditor = Reader {
        person: office.ada,
        granted_roles: roles.clone(),
        roles,
    };
    assert_eq!(
        views.decrypt_people(&auditor, vec![row]).await.unwrap()[0].name,
        None,
        "an auditor needs no names"
    );
    let row: GroupRow = views.find(group, None).await.unwrap().unwrap();
    let payee = views
        .decrypt_groups(&officer(office.ada), vec![row], None)
        .await
        .unwrap()
        .remove(0)
        .payee
        .unwrap();
    assert_eq!(payee.numbers.as_deref(), Some("12-34-56 12345678"));
    let everything = dump_database(&app).await;
    assert!(
        everything.contains("An anchor"),
        "the dump shows what stands in clear"
    );
    for secret in [
        CANARY,
        "zebedee@example.org",
        "0161 496",
        "12345678",
        crate::support::fixtures::FORM_ANSWER,
    ] {
        assert!(!everything.contains(secret), "{secret} stands in clear");
    }
}

/// Everything in the database, as text.
async fn dump_database(app: &TestApp) -> String {
    if let Store::Sqlite(_) = app.store() {
        let mut bytes = Vec::new();
        for file in ["log.db", "log.db-wal"] {
            bytes.extend(std::fs::read(app.folder.path().join(file)).unwrap_or_default());
        }
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let pool = app.store().postgres_pool().unwrap();
    let tables: Vec<(String,)> =
        sqlx::query_as("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(pool)
            .await
            .unwrap();
    let mut all = String::new();
    for (table,) in tables {
        let rows: Vec<(String,)> = sqlx::query_as(&format!("SELECT t::text FROM {table} t"))
            .fetch_all(pool)
            .await
            .unwrap();
        all.extend(rows.into_iter().map(|(row,)| row));
    }
    all
}

on_each_engine!(everything_loads_with_a_key_missing);
async fn everything_loads_with_a_key_missing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let person = register(&app, "zebedee@example.org").await.unwrap();
    let (grant, ..) = office.prepared(&app, 500).await;
    execute_raw(&app, "UPDATE subject_keys SET wrapped = NULL").await;
    let blind = TestApp::restarted(&app).await;
    for row in events::read_page(blind.store(), ORGANISATION, 0, 10_000)
        .await
        .unwrap()
    {
        microgrants::eventlog::recorded_event::RecordedEvent::from_row(&row).unwrap();
    }
    blind.catch_up().await;
    let views = blind.views();
    let row: PersonRow = views.find(person, None).await.unwrap().unwrap();
    assert_eq!(
        views
            .decrypt_people(&officer(office.ada), vec![row])
            .await
            .unwrap()[0]
            .name,
        None
    );
    // Rules need no personal value.
    blind
        .issue_ok(
            office.ben,
            Command::Grant(grant, crate::support::fixtures::approve(1)),
        )
        .await;
    // A command that would encrypt under a destroyed key is refused.
    let change = Command::Person(
        person,
        PersonCommand::ChangeContact(details("other@example.org")),
    );
    assert_eq!(
        blind.issue_refused(office.ada, change).await,
        Refusal::Erased
    );
}

on_each_engine!(one_e_mail_address_is_one_person);
async fn one_e_mail_address_is_one_person(app: TestApp) {
    Office::open(&app, 1000).await;
    register(&app, "one@example.org").await.unwrap();
    let second = register(&app, "one@example.org").await;
    assert!(
        matches!(second, Err(CommandError::Refused(Refusal::Taken("email")))),
        "{second:?}"
    );
    let (first, second) = tokio::join!(
        register(&app, "two@example.org"),
        register(&app, "two@example.org")
    );
    assert_eq!(
        usize::from(first.is_ok()) + usize::from(second.is_ok()),
        1,
        "in a race too"
    );
    let other = register(&app, "three@example.org").await.unwrap();
    let change = |email| Command::Person(other, PersonCommand::ChangeContact(details(email)));
    assert_eq!(
        app.issue_refused(other, change("one@example.org")).await,
        Refusal::Taken("email")
    );
    app.issue_ok(other, change("four@example.org")).await;
    register(&app, "three@example.org")
        .await
        .expect("an address that was given up is free");
}

on_each_engine!(a_missing_or_foreign_key_stops_the_start_and_is_named);
async fn a_missing_or_foreign_key_stops_the_start_and_is_named(app: TestApp) {
    let folder = app.folder.path().join("keys");
    let kek = folder.join("kek.key");
    let text = std::fs::read_to_string(&kek).unwrap();
    let id = app.keys.kek.id.clone();
    std::fs::remove_file(&kek).unwrap();
    let missing = Keys::load(app.store(), &folder).await.unwrap_err();
    assert!(
        matches!(missing, KeyError::Missing { .. }) && missing.to_string().contains(&id),
        "{missing}"
    );
    assert!(
        !kek.exists(),
        "no key is made in the place of one that is missing"
    );
    let write = |text: &str, mode: u32| {
        std::fs::write(&kek, text).unwrap();
        std::fs::set_permissions(&kek, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    write(&"ab".repeat(32), 0o600);
    let foreign = Keys::load(app.store(), &folder).await.unwrap_err();
    assert!(
        matches!(foreign, KeyError::Foreign { .. }) && foreign.to_string().contains(&id),
        "{foreign}"
    );
    write(&text, 0o644);
    assert!(matches!(
        Keys::load(app.store(), &folder).await.unwrap_err(),
        KeyError::Exposed { .. }
    ));
    write("not a key", 0o600);
    assert!(matches!(
        Keys::load(app.store(), &folder).await.unwrap_err(),
        KeyError::Malformed { .. }
    ));
    write(&text, 0o600);
    assert_eq!(Keys::load(app.store(), &folder).await.unwrap().kek.id, id);
}

on_each_engine!(the_key_encryption_key_is_rotated_and_a_broken_off_rotation_is_finished);
async fn the_key_encryption_key_is_rotated_and_a_broken_off_rotation_is_finished(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let person = register(&app, "zebedee@example.org").await.unwrap();
    app.catch_up().await;
    let folder = app.folder.path().join("keys");
    let name = async |app: &TestApp| {
        let row: PersonRow = app.views().find(person, None).await.unwrap().unwrap();
        app.views()
            .decrypt_people(&officer(office.ada), vec![row])
            .await
            .map(|mut people| people.remove(0).name)
    };
    let first = std::fs::read_to_string(folder.join("kek.key")).unwrap();
    let (old_id, before) = (
        app.keys.kek.id.clone(),
        microgrants::store::personal_data::known_keys(app.store(), "kek")
            .await
            .unwrap(),
    );
    assert_eq!(before, std::slice::from_ref(&old_id));
    let wrapped = rotation::rotate_kek(app.store(), &folder).await.unwrap();
    assert!(wrapped >= 3, "{wrapped} keys");
    let second = std::fs::read_to_string(folder.join("kek.key")).unwrap();
    assert_ne!(first, second);
    assert_eq!(
        std::fs::read_to_string(folder.join(format!("kek-{old_id}.key"))).unwrap(),
        first,
        "older backups need it"
    );
    // A process that was not restarted after a rotation registers nobody, since it would wrap the
    // new key with the old key-encryption key.
    let before = app.log.length().await.unwrap();
    assert!(register(&app, "later@example.org").await.is_err());
    assert_eq!(app.log.length().await.unwrap(), before);
    let after = app.restarted().await;
    register(&after, "later@example.org").await.unwrap();
    after.catch_up().await;
    assert_eq!(name(&after).await.unwrap().as_deref(), Some(CANARY));
    // With the old key-encryption key nothing can be decrypted: the start refuses it, and names the
    // key that is needed.
    std::fs::write(folder.join("kek.key"), &first).unwrap();
    let refused = Keys::load(app.store(), &folder).await.unwrap_err();
    assert!(
        matches!(&refused, KeyError::Foreign { needed, .. } if *needed == after.keys.kek.id),
        "{refused}"
    );
    // A rotation that was interrupted after the database and before the files is completed at the
    // next start.
    std::fs::write(folder.join("kek.next.key"), &second).unwrap();
    set_mode(&folder.join("kek.next.key"));
    let finished = Keys::load(app.store(), &folder).await.unwrap();
    assert_eq!(finished.kek.id, after.keys.kek.id);
    assert!(!folder.join("kek.next.key").exists());
    // A rotation that was interrupted before the database was changed continues with the key that
    // it made.
    std::fs::write(folder.join("kek.next.key"), "ab".repeat(32)).unwrap();
    set_mode(&folder.join("kek.next.key"));
    assert_eq!(
        Keys::load(app.store(), &folder).await.unwrap().kek.id,
        after.keys.kek.id
    );
    rotation::rotate_kek(app.store(), &folder).await.unwrap();
    assert_eq!(
        std::fs::read_to_string(folder.join("kek.key")).unwrap(),
        "ab".repeat(32)
    );
    let third = app.restarted().await;
    assert_eq!(name(&third).await.unwrap().as_deref(), Some(CANARY));
}

fn set_mode(file: &std::path::Path) {
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}
