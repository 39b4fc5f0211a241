//! Backups: either engine restores the other's backup to the same bytes, and a damaged backup is
//! not restored.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use microgrants::audit::{self, Trusted};
use microgrants::backup::{self, NewOrigin, RestoreError, RestoreOrigin};
use microgrants::clock::new_id;
use microgrants::commands::{Caller, CommandRequest};
use microgrants::crypto::keys::Keys;
use microgrants::crypto::rotation;
use microgrants::domain::command::WithReason;
use microgrants::domain::file::{FilePurpose, KeepFile};
use microgrants::domain::organisation::RoleRef;
use microgrants::domain::{
    Command, GroupCommand, GroupId, Organisation, OrganisationCommand, PersonCommand, PersonId,
    Role,
};
use microgrants::erasure::{ErasureList, ErasureRecord};
use microgrants::eventlog::append::AppendReceipt;
use microgrants::files::{FileStore, StoredFile};
use microgrants::store::backup_tables::{self, BACKUP_TABLES};
use microgrants::store::{Store, events, personal_data};
use microgrants::transparency::checkpoint::{Checkpoint, Signer};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::audit::transparency_log::{checkpoints, sealer};
use crate::operations::files;
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::{Office, person, text};
use crate::support::folders::files_below;
use crate::support::postgres;
use crate::support::replay;
use crate::support::service::{Deployment, ServiceProcess};
use crate::support::test_app::{ORGANISATION, TestApp};

/// An empty database with empty folders for keys and files.
pub struct RestoreTarget {
    pub folder: Arc<TempDir>,
    pub url: String,
}

impl RestoreTarget {
    /// On the other engine where PostgreSQL is available, otherwise on the same.
    async fn on_other_engine(house: &TestApp) -> Self {
        let folder = Arc::new(TempDir::with_prefix("microgrants-case").unwrap());
        let to_postgres = house.store().postgres_pool().is_none() && postgres::is_available();
        let sqlite = format!("sqlite://{}/log.db", folder.path().display());
        let url = if to_postgres {
            postgres::new_database().await
        } else {
            sqlite
        };
        copy(
            &house.folder.path().join("keys"),
            &folder.path().join("keys"),
        );
        Self { folder, url }
    }

    fn files(&self) -> FileStore {
        FileStore::in_folder(self.folder.path().join("files"))
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    async fn restore(&self, from: &Path, origin: &RestoreOrigin) -> Result<(), RestoreError> {
        let store = Store::open(&self.url).await.unwrap();
        let restored = backup::restore(
            &store,
            ORGANISATION,
            &self.files(),
            &self.keys(),
            from,
            origin,
        )
        .await;
        store.close().await;
        restored.map(drop)
    }

    /// Asserts that a restore fails because the named key is missing, and leaves the database
    /// empty.
    async fn assert_needs_key(&self, id: &str, from: &Path, origin: &RestoreOrigin) {
        let refused = self.restore(from, origin).await;
        assert!(
            matches!(&refused, Err(error @ RestoreError::KeysMissing(_)) if error.to_string().contains(id)),
            "{id}: {refused:?}"
        );
        assert!(self.is_empty().await, "{id}");
    }

    /// Whether the database has neither events nor rows of the tables that are backed up with them.
    pub async fn is_empty(&self) -> bool {
        let store = Store::open(&self.url).await.unwrap();
        let mut rows = events::length(&store, ORGANISATION).await.unwrap();
        rows += i64::try_from(
            events::read_page(&store, ORGANISATION, 0, 10)
                .await
                .unwrap()
                .len(),
        )
        .unwrap();
        let mut tx = store.snapshot().await.unwrap();
        for table in BACKUP_TABLES
            .iter()
            .filter(|table| table.name != "known_keys")
        {
            backup_tables::for_each_row(&mut tx, ORGANISATION, table, |_| rows += 1)
                .await
                .unwrap();
        }
        drop(tx);
        store.close().await;
        rows == 0
    }

    pub fn place(&self) -> Deployment {
        Deployment {
            folder: Arc::clone(&self.folder),
            url: self.url.clone(),
        }
    }

    pub async fn house(&self) -> TestApp {
        TestApp::open(Arc::clone(&self.folder), self.url.clone()).await
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Every file below a folder, by its relative path, with its digest.
fn digests(folder: &Path) -> Vec<(PathBuf, String)> {
    let digest = |path: PathBuf| {
        (
            path.strip_prefix(folder).unwrap().to_owned(),
            hex::encode(Sha256::digest(fs::read(&path).unwrap())),
        )
    };
    files_below(folder).into_iter().map(digest).collect()
}

async fn take_backup(house: &TestApp, name: &str) -> PathBuf {
    let folder = house.folder.path().join(name);
    backup::create(
        house.store(),
        ORGANISATION,
        &house.files(),
        &folder,
        |_, _| {},
    )
    .await
    .unwrap();
    folder
}

/// Stores a file of a group and records it, so that the backup contains it.
async fn store_file(
    house: &TestApp,
    group: GroupId,
    member: PersonId,
) -> (StoredFile, AppendReceipt) {
    let kept = files::store_file(house, &house.files(), group, files::pdf(5000)).await;
    let keep = KeepFile {
        file: kept.file.clone(),
        media: kept.media,
        bytes: kept.bytes,
        purpose: FilePurpose::Receipt,
    };
    let answer = house
        .issue_ok(member, Command::Group(group, GroupCommand::KeepFile(keep)))
        .await;
    (kept, answer)
}

async fn newest(house: &TestApp) -> String {
    checkpoints(house).await.pop().unwrap().note
}

on_each_engine!(the_other_engine_restores_it_to_the_same_bytes);
async fn the_other_engine_restores_it_to_the_same_bytes(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (_, group, member) = office.prepared(&house, 700).await;
    let (kept, answer) = store_file(&house, group, member).await;
    sealer(&house).catch_up().await.unwrap();
    // Some events lie after the last checkpoint.
    office.submitted(&house, 900).await;
    let folder = take_backup(&house, "backup").await;

    let empty = RestoreTarget::on_other_engine(&house).await;
    empty
        .restore(
            &folder,
            &RestoreOrigin::Same {
                head: newest(&house).await,
            },
        )
        .await
        .unwrap();
    let restored = empty.house().await;
    sealer(&restored).check().await.unwrap();
    assert_eq!(replay::replay_log(&restored).await, 1);
    assert_eq!(
        restored.log.length().await.unwrap(),
        house.log.length().await.unwrap()
    );

    // The same data gives the same backup on either engine, before and after both have signed the
    // remaining events.
    assert_eq!(
        digests(&take_backup(&restored, "backup").await),
        digests(&folder)
    );
    for each in [&house, &restored] {
        sealer(each).catch_up().await.unwrap();
        audit::export(
            each.store(),
            ORGANISATION,
            &each.folder.path().join("export"),
            |_, _| {},
        )
        .await
        .unwrap();
    }
    assert_eq!(
        digests(&restored.folder.path().join("export")),
        digests(&house.folder.path().join("export"))
    );

    // Encrypted values decrypt, repeats get their first answers, and new commands are accepted.
    assert_eq!(
        files::read_file(&restored, &empty.files(), group, &kept.file).await,
        files::pdf(5000)
    );
    let command = restored
        .log
        .read_events(answer.first_position, 1)
        .await
        .unwrap()
        .remove(0)
        .command_id;
    assert_eq!(
        restored.log.find_receipt(command).await.unwrap(),
        Some(answer)
    );
    restored.catch_up().await;
    assert_equals_rebuild(&restored).await;
    office.submitted(&restored, 500).await;
    sealer(&restored).catch_up().await.unwrap();
    let new = RestoreOrigin::New(NewOrigin {
        command: new_id(),
        known_size: None,
        reason: text("Once more."),
    });
    let again = backup::restore(
        restored.store(),
        ORGANISATION,
        &empty.files(),
        &empty.keys(),
        &folder,
        &new,
    )
    .await;
    assert!(matches!(again, Err(RestoreError::NotEmpty)), "{again:?}");
}

on_each_engine!(what_was_damaged_is_not_restored);
async fn what_was_damaged_is_not_restored(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (_, group, _) = office.draft(&house, 700).await;
    sealer(&house).catch_up().await.unwrap();
    person(&house, "Later").await;
    files::store_file(&house, &house.files(), group, files::pdf(500)).await;
    let folder = take_backup(&house, "backup").await;
    let empty = RestoreTarget::on_other_engine(&house).await;
    let origin = RestoreOrigin::Same {
        head: newest(&house).await,
    };
    let mut tried = 0;
    for (name, _) in digests(&folder) {
        let path = folder.join(&name);
        let whole = fs::read(&path).unwrap();
        for at in [0, whole.len() / 2, whole.len().saturating_sub(1)]
            .into_iter()
            .filter(|at| *at < whole.len())
        {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            assert!(
                empty.restore(&folder, &origin).await.is_err(),
                "byte {at} of {}",
                name.display()
            );
            tried += 1;
        }
        fs::remove_file(&path).unwrap();
        assert!(
            empty.restore(&folder, &origin).await.is_err(),
            "without {}",
            name.display()
        );
        fs::write(&path, whole).unwrap();
    }
    assert!(tried > 30, "{tried}");
    // An encrypted value under another value's digest, with a matching manifest.
    let table = folder.join("sealed_values.jsonl");
    let whole = fs::read_to_string(&table).unwrap();
    let other = whole.replacen("\"sealed\":\"", "\"sealed\":\"00", 1);
    let manifest = fs::read_to_string(folder.join("MANIFEST.sha256")).unwrap();
    let digest = |text: &str| hex::encode(Sha256::digest(text));
    fs::write(
        folder.join("MANIFEST.sha256"),
        manifest.replace(&digest(&whole), &digest(&other)),
    )
    .unwrap();
    fs::write(&table, other).unwrap();
    let error = empty
        .restore(&folder, &origin)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("sealed_values"), "{error}");
    fs::write(&table, whole).unwrap();
    fs::write(folder.join("MANIFEST.sha256"), manifest).unwrap();
    assert!(empty.is_empty().await, "nothing was put in");
    empty.restore(&folder, &origin).await.unwrap();
}

on_each_engine!(an_older_or_a_forked_log_goes_on_only_under_a_new_origin);
async fn an_older_or_a_forked_log_goes_on_only_under_a_new_origin(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    let folder = take_backup(&house, "backup").await;
    let has = house.log.length().await.unwrap();
    office.submitted(&house, 500).await;
    sealer(&house).catch_up().await.unwrap();
    let known = house.log.length().await.unwrap();

    let empty = RestoreTarget::on_other_engine(&house).await;
    let later = RestoreOrigin::Same {
        head: newest(&house).await,
    };
    let error = empty.restore(&folder, &later).await.unwrap_err();
    assert!(
        matches!(error, RestoreError::EventsLost { known: k, has: h } if (k, h) == (known, has)),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&format!("{} events are lost", known - has)),
        "{error}"
    );
    let forked = Signer::new("case/log", &house.keys.checkpoint.secret);
    let forked = forked.sign(&Checkpoint {
        origin: "case/log".into(),
        size: 5,
        root: [1; 32],
    });
    let error = empty
        .restore(&folder, &RestoreOrigin::Same { head: forked })
        .await
        .unwrap_err();
    assert!(matches!(error, RestoreError::Forked), "{error}");
    assert!(empty.is_empty().await);

    let note = house.folder.path().join("head.txt");
    fs::write(&note, newest(&house).await).unwrap();
    let place = empty.place();
    let run = |arguments: &[&str]| {
        place
            .program()
            .arg("restore")
            .arg(&folder)
            .args(arguments)
            .output()
            .unwrap()
    };
    let refused = run(&["--head", note.to_str().unwrap()]);
    assert!(
        !refused.status.success()
            && String::from_utf8_lossy(&refused.stderr).contains("--new-origin REASON")
    );
    let taken = run(&[
        "--head",
        note.to_str().unwrap(),
        "--new-origin",
        "The disk was lost.",
    ]);
    assert!(
        taken.status.success(),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    let restored = empty.house().await;
    let last = events::read_page(restored.store(), ORGANISATION, has, 10)
        .await
        .unwrap();
    let says = &last[0].payload;
    assert_eq!(last.len(), 1);
    for part in [
        "LogRestored",
        "case/log",
        "The disk was lost.",
        &format!("\"known\":{known}"),
        &format!("\"sealed\":{has}"),
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
    let key = microgrants::store::tlog::find(restored.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(key.origin, "case/log");
    let own = checkpoints(&restored).await;
    assert_eq!(
        own.iter().map(|head| head.size).collect::<Vec<_>>(),
        [has + 1]
    );
}

on_each_engine!(a_log_under_a_new_origin_records_so_before_anything_else);
async fn a_log_under_a_new_origin_records_so_before_anything_else(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    office.prepared(&house, 700).await;
    let cass = person(&house, "Cass").await;
    sealer(&house).catch_up().await.unwrap();
    let folder = take_backup(&house, "backup").await;
    let has = house.log.length().await.unwrap();
    let list = house.folder.path().join("erasures.jsonl");
    let erased = ErasureRecord {
        organisation: ORGANISATION.into(),
        kind: "person".into(),
        subject: cass.0,
        position: has,
    };
    ErasureList::at(&list).add(&erased).unwrap();

    let empty = RestoreTarget::on_other_engine(&house).await;
    let mut restore = empty.place().program();
    restore
        .arg("restore")
        .arg(&folder)
        .args(["--new-origin", "The disk was lost."])
        .arg("--erasures")
        .arg(&list);
    let run = restore.output().unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let restored = empty.house().await;
    let rows = events::read_page(restored.store(), ORGANISATION, has, 10)
        .await
        .unwrap();
    let names: Vec<_> = rows.iter().map(|row| row.event_type.as_str()).collect();
    assert_eq!(
        names,
        ["LogRestored", "PersonalDataErased"],
        "it comes right after what was restored"
    );
    let key = personal_data::wrapped_key(restored.store(), ORGANISATION, &cass.to_string())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(key.1, None);

    // The restore is recorded as a command of the operator, with metadata and a reply, and the log
    // verifies.
    let founded = events::read_page(restored.store(), ORGANISATION, 0, 1)
        .await
        .unwrap()
        .remove(0);
    let metadata = |row: &events::EventRow| {
        serde_json::from_str::<BTreeMap<String, String>>(&row.metadata).unwrap()
    };
    assert_eq!(
        metadata(&founded).into_keys().collect::<Vec<_>>(),
        metadata(&rows[0]).into_keys().collect::<Vec<_>>()
    );
    assert_eq!(metadata(&rows[0])["command"], "organisation/record-restore");
    let answer = restored
        .log
        .find_receipt(rows[0].command_id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (answer.id, answer.first_position, answer.last_position),
        (restored.commands.organisation().0, has, has)
    );
    let export = restored.folder.path().join("export");
    audit::export(restored.store(), ORGANISATION, &export, |_, _| {})
        .await
        .unwrap();
    let report = audit::verify(&export, &Trusted::default(), |_| {}).unwrap();
    assert!(
        report.is_clean() && report.events == has + 2,
        "{} events: {:?}",
        report.events,
        report.findings
    );
    restored.catch_up().await;
    assert_equals_rebuild(&restored).await;
    office.submitted(&restored, 500).await;
}

on_each_engine!(a_database_of_other_keys_takes_nothing);
async fn a_database_of_other_keys_takes_nothing(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    office.submitted(&house, 700).await;
    sealer(&house).catch_up().await.unwrap();
    let folder = take_backup(&house, "backup").await;
    let empty = RestoreTarget::on_other_engine(&house).await;
    let store = Store::open(&empty.url).await.unwrap();
    Keys::load(&store, &empty.folder.path().join("other keys"))
        .await
        .unwrap();
    store.close().await;
    let refused = empty
        .restore(
            &folder,
            &RestoreOrigin::Same {
                head: newest(&house).await,
            },
        )
        .await;
    assert!(
        matches!(refused, Err(RestoreError::OtherKeys)),
        "{refused:?}"
    );
    assert!(empty.is_empty().await);
}

on_each_engine!(the_keys_of_a_backup_are_in_place_before_anything_is_put_in);
async fn the_keys_of_a_backup_are_in_place_before_anything_is_put_in(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    office.submitted(&house, 700).await;
    sealer(&house).catch_up().await.unwrap();
    let folder = take_backup(&house, "backup").await;
    let origin = RestoreOrigin::Same {
        head: newest(&house).await,
    };
    let empty = RestoreTarget::on_other_engine(&house).await;
    let (own, other) = (house.folder.path().join("keys"), TestApp::sqlite().await);
    let Keys {
        kek,
        index,
        token,
        checkpoint: seal,
    } = &house.keys;
    for (name, key) in [
        ("kek.key", kek),
        ("index.key", index),
        ("token.key", token),
        ("seal.key", seal),
    ] {
        let file = empty.keys().join(name);
        fs::copy(other.folder.path().join("keys").join(name), &file).unwrap();
        empty.assert_needs_key(&key.id, &folder, &origin).await;
        fs::remove_file(&file).unwrap();
        empty.assert_needs_key(&key.id, &folder, &origin).await;
        assert!(!file.exists(), "no key is made in the place of {name}");
        fs::copy(own.join(name), &file).unwrap();
    }
    empty.restore(&folder, &origin).await.unwrap();
    assert_eq!(empty.house().await.keys.kek.id, kek.id);

    // After a rotation, an older backup needs the old key.
    rotation::rotate_kek(house.store(), &own).await.unwrap();
    let rotated = RestoreTarget::on_other_engine(&house).await;
    rotated.assert_needs_key(&kek.id, &folder, &origin).await;
    // The next start would finish a rotation to the key that the backup names.
    fs::rename(
        rotated.keys().join(format!("kek-{}.key", kek.id)),
        rotated.keys().join("kek.next.key"),
    )
    .unwrap();
    rotated.restore(&folder, &origin).await.unwrap();
    assert_eq!(rotated.house().await.keys.kek.id, kek.id);
}

on_each_engine!(people_who_are_erased_again_hold_no_role);
async fn people_who_are_erased_again_hold_no_role(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let cass = person(&house, "Cass").await;
    let organisation = house.commands.organisation();
    let end = OrganisationCommand::EndRole(RoleRef {
        person: cass,
        role: Role::Finance,
    });
    let because = || WithReason {
        reason: text("She asked for it."),
    };
    office.give_role(&house, cass, Role::Finance).await;
    sealer(&house).catch_up().await.unwrap();
    let folder = take_backup(&house, "backup").await;
    house
        .issue_ok(office.ada, Command::Organisation(organisation, end))
        .await;
    let erasure = house
        .issue_ok(
            office.ada,
            Command::Person(cass, PersonCommand::Erase(because())),
        )
        .await;
    let list = house.folder.path().join("erasures.jsonl");
    let erased = ErasureRecord {
        organisation: ORGANISATION.into(),
        kind: "person".into(),
        subject: cass.0,
        position: erasure.first_position,
    };
    ErasureList::at(&list).add(&erased).unwrap();

    let empty = RestoreTarget::on_other_engine(&house).await;
    let mut restore = empty.place().program();
    restore
        .arg("restore")
        .arg(&folder)
        .args(["--new-origin", "The disk was lost."])
        .arg("--erasures")
        .arg(&list);
    let run = restore.output().unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert_holds_no_role(&empty.house().await, cass).await;

    // The restore was interrupted after the erasure; the next start ends the roles.
    let broken_off = RestoreTarget::on_other_engine(&house).await;
    let new = NewOrigin {
        command: new_id(),
        known_size: None,
        reason: text("The disk was lost."),
    };
    broken_off
        .restore(&folder, &RestoreOrigin::New(new))
        .await
        .unwrap();
    let restored = broken_off.house().await;
    let again = Command::Person(cass, PersonCommand::EraseAgain(because()));
    restored
        .commands
        .execute(CommandRequest::new(Caller::operator(), again))
        .await
        .unwrap();
    assert_eq!(
        organisation_of(&restored).await.approver_count(),
        3,
        "her role came back"
    );
    let mut serve = restored.close().await.program();
    serve.env("MICROGRANTS_ERASURES", &list);
    ServiceProcess::from_command(serve).kill();
    assert_holds_no_role(&broken_off.house().await, cass).await;
}

async fn organisation_of(house: &TestApp) -> Arc<Organisation> {
    house
        .log
        .refresh::<Organisation>(house.commands.organisation().0)
        .await
        .unwrap()
        .state
}

async fn assert_holds_no_role(restored: &TestApp, person: PersonId) {
    let organisation = organisation_of(restored).await;
    assert!(!organisation.has_or_awaits_role(person));
    assert_eq!(organisation.approver_count(), 2, "Ada and Ben");
    sealer(restored).catch_up().await.unwrap();
    let export = restored.folder.path().join("export");
    audit::export(restored.store(), ORGANISATION, &export, |_, _| {})
        .await
        .unwrap();
    let report = audit::verify(&export, &Trusted::default(), |_| {}).unwrap();
    assert!(
        report.is_clean() && report.events == restored.log.length().await.unwrap(),
        "{:?}",
        report.findings
    );
}

on_each_engine!(a_restore_that_fails_in_the_middle_leaves_nothing);
async fn a_restore_that_fails_in_the_middle_leaves_nothing(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (_, group, member) = office.draft(&house, 700).await;
    store_file(&house, group, member).await;
    sealer(&house).catch_up().await.unwrap();
    let folder = take_backup(&house, "backup").await;
    let empty = RestoreTarget::on_other_engine(&house).await;
    // A file lies at the path of the files' folder, so no file can be written there.
    let files = empty.folder.path().join("files");
    fs::write(&files, "").unwrap();
    let new = RestoreOrigin::New(NewOrigin {
        command: new_id(),
        known_size: None,
        reason: text("The disk was lost."),
    });
    for origin in [
        RestoreOrigin::Same {
            head: newest(&house).await,
        },
        new.clone(),
    ] {
        let failed = empty.restore(&folder, &origin).await;
        assert!(
            matches!(failed, Err(RestoreError::PutFile(..))),
            "{failed:?}"
        );
        assert!(empty.is_empty().await, "{origin:?}");
    }
    fs::remove_file(&files).unwrap();
    empty.restore(&folder, &new).await.unwrap();
    let restored = empty.house().await;
    let length = house.log.length().await.unwrap();
    let after = events::read_page(restored.store(), ORGANISATION, length, 10)
        .await
        .unwrap();
    assert_eq!(
        after
            .iter()
            .map(|row| row.event_type.as_str())
            .collect::<Vec<_>>(),
        ["LogRestored"]
    );
}

on_each_engine!(the_command_line_takes_it_while_the_service_runs);
async fn the_command_line_takes_it_while_the_service_runs(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    office.prepared(&house, 700).await;
    let length = house.log.length().await.unwrap();
    let place = house.close().await;
    let process = ServiceProcess::start(&place);
    let folder = place.folder.path().join("backup");
    // The running service needs a moment to sign its first checkpoint.
    let mut took = None;
    for _ in 0..50 {
        let output = place.program().arg("backup").arg(&folder).output().unwrap();
        if output.status.success() {
            took = Some(String::from_utf8(output.stdout).unwrap());
            break;
        }
        let _ = fs::remove_dir_all(&folder);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(
        took.unwrap()
            .contains(&format!("{length} events and 0 files"))
    );
    drop(process);
    let head = folder.join("log/heads.jsonl");
    let line: serde_json::Value =
        serde_json::from_str(fs::read_to_string(head).unwrap().lines().last().unwrap()).unwrap();
    let note = place.folder.path().join("head.txt");
    fs::write(&note, line["note"].as_str().unwrap()).unwrap();
    let restore = |url: &str| {
        let mut program = Deployment {
            folder: Arc::clone(&place.folder),
            url: url.to_owned(),
        }
        .program();
        program
            .arg("restore")
            .arg(&folder)
            .arg("--head")
            .arg(&note)
            .output()
            .unwrap()
    };
    let into = restore(&format!(
        "sqlite://{}/other.db",
        place.folder.path().display()
    ));
    assert!(
        into.status.success(),
        "{}",
        String::from_utf8_lossy(&into.stderr)
    );
    assert!(String::from_utf8_lossy(&into.stdout).contains(&format!("{length} events")));
    assert!(
        !restore(&place.url).status.success(),
        "a log that is not empty is not restored into"
    );
}
