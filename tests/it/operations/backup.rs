//! Backups: either engine restores the other's backup to the same bytes, and a damaged backup is
//! not restored.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use microgrants::audit;
use microgrants::backup::{
    self, BackupError, BackupSummary, InvalidBackup, NewOrigin, RestoreError, RestoreOptions,
    RestoreOrigin,
};
use microgrants::clock::new_id;
use microgrants::crypto::keys::Keys;
use microgrants::crypto::rotation;
use microgrants::domain::file::{FilePurpose, KeepFile};
use microgrants::domain::{Command, GroupCommand, GroupId, PersonId};
use microgrants::eventlog::append::AppendReceipt;
use microgrants::files::{FileStore, StoredFile};
use microgrants::store::backup_tables::{self, BACKUP_TABLES};
use microgrants::store::{Store, events};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::audit::transparency_log::{checkpoints, sealer};
use crate::operations::files;
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::{Office, person, text};
use crate::support::folders::files_below;
use crate::support::postgres::{self, Commits};
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
    pub async fn on_other_engine(app: &TestApp) -> Self {
        let folder = Arc::new(TempDir::with_prefix("microgrants-case").unwrap());
        let to_postgres = app.store().postgres_pool().is_none() && postgres::is_available();
        let sqlite = format!("sqlite://{}/log.db", folder.path().display());
        let url = if to_postgres {
            postgres::new_database(Commits::Quick).await
        } else {
            sqlite
        };
        copy_folder(&app.folder.path().join("keys"), &folder.path().join("keys"));
        Self { folder, url }
    }

    fn files(&self) -> FileStore {
        FileStore::in_folder(self.folder.path().join("files"))
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    pub async fn restore(&self, from: &Path, origin: &RestoreOrigin) -> Result<(), RestoreError> {
        self.restore_with(from, &origin.clone().into()).await
    }

    pub async fn restore_with(
        &self,
        from: &Path,
        options: &RestoreOptions,
    ) -> Result<(), RestoreError> {
        let store = Store::open(&self.url).await.unwrap();
        let restored = backup::restore(
            &store,
            ORGANISATION,
            &self.files(),
            &self.keys(),
            from,
            options,
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
            matches!(
                &refused,
                Err(RestoreError::Invalid(error @ InvalidBackup::Keys(_)))
                    if error.to_string().contains(id)
            ),
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

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in files_below(from) {
        let into = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(into.parent().unwrap()).unwrap();
        fs::copy(&file, into).unwrap();
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

pub async fn take_backup(app: &TestApp, name: &str) -> PathBuf {
    try_backup(app, name).await.unwrap();
    app.folder.path().join(name)
}

/// Makes a backup in a new folder of this name.
pub async fn try_backup(app: &TestApp, name: &str) -> Result<BackupSummary, BackupError> {
    backup::create(
        app.store(),
        ORGANISATION,
        &app.files(),
        &app.folder.path().join("keys"),
        &app.folder.path().join(name),
        async || seal(app).await,
        |_, _| {},
    )
    .await
}

async fn seal(app: &TestApp) -> Result<(), BackupError> {
    Ok(sealer(app).catch_up().await?)
}

/// Stores a file of a group and records it, so that the backup contains it.
async fn store_file(
    app: &TestApp,
    group: GroupId,
    member: PersonId,
) -> (StoredFile, AppendReceipt) {
    let kept = files::store_file(app, &app.files(), group, files::pdf(5000)).await;
    let keep = KeepFile {
        file: kept.file.clone(),
        media: kept.media,
        bytes: kept.bytes,
        purpose: FilePurpose::Receipt,
        application: None,
    };
    let answer = app
        .issue_ok(member, Command::Group(group, GroupCommand::KeepFile(keep)))
        .await;
    (kept, answer)
}

pub async fn newest(app: &TestApp) -> String {
    checkpoints(app).await.pop().unwrap().note
}

/// A backup of a log with a grant and a file, and what it was restored to on the other engine.
struct RestoredBackup {
    office: Office,
    group: GroupId,
    file: StoredFile,
    /// The receipt of the command that recorded the file.
    receipt: AppendReceipt,
    folder: PathBuf,
    target: RestoreTarget,
    restored: TestApp,
}

impl RestoredBackup {
    async fn of(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let (_, group, member) = office.prepared(app, 700).await;
        let (file, receipt) = store_file(app, group, member).await;
        sealer(app).catch_up().await.unwrap();
        // These events are under no checkpoint yet.
        office.submitted(app, 900).await;
        let folder = take_backup(app, "backup").await;
        let target = RestoreTarget::on_other_engine(app).await;
        target
            .restore(&folder, &same_origin(app).await)
            .await
            .unwrap();
        let restored = target.house().await;
        Self {
            office,
            group,
            file,
            receipt,
            folder,
            target,
            restored,
        }
    }
}

/// The restore of a log whose newest checkpoint is known.
pub async fn same_origin(app: &TestApp) -> RestoreOrigin {
    RestoreOrigin::Same {
        head: newest(app).await,
    }
}

/// The restore of a log that goes on under a new origin.
pub fn new_origin() -> RestoreOrigin {
    RestoreOrigin::New(NewOrigin {
        command: new_id(),
        known_size: None,
        reason: text("The disk was lost."),
    })
}

pub async fn export_log(app: &TestApp) -> PathBuf {
    let export = app.folder.path().join("export");
    audit::export(app.store(), ORGANISATION, &export, |_, _| {})
        .await
        .unwrap();
    export
}

on_each_engine!(the_other_engine_restores_it_to_the_same_bytes);
/// The same data gives the same backup on either engine, and the same export.
async fn the_other_engine_restores_it_to_the_same_bytes(app: TestApp) {
    let backup = RestoredBackup::of(&app).await;
    let restored = &backup.restored;

    sealer(restored).check().await.unwrap();
    assert_eq!(replay::replay_log(restored).await, 1);
    assert_eq!(
        restored.log.length().await.unwrap(),
        app.log.length().await.unwrap()
    );
    assert_eq!(
        digests(&take_backup(restored, "backup").await),
        digests(&backup.folder)
    );

    for each in [&app, restored] {
        sealer(each).catch_up().await.unwrap();
    }
    assert_eq!(
        digests(&export_log(restored).await),
        digests(&export_log(&app).await)
    );
}

on_each_engine!(a_restored_log_goes_on);
/// Encrypted values decrypt, repeats get their first answers, and new commands are accepted.
async fn a_restored_log_goes_on(app: TestApp) {
    let backup = RestoredBackup::of(&app).await;
    let restored = &backup.restored;

    assert_eq!(
        files::read_file(
            restored,
            &backup.target.files(),
            backup.group,
            &backup.file.file
        )
        .await,
        files::pdf(5000)
    );
    let command = restored
        .log
        .read_events(backup.receipt.first_position, 1)
        .await
        .unwrap()
        .remove(0)
        .command_id;
    assert_eq!(
        restored.log.find_receipt(command).await.unwrap().as_ref(),
        Some(&backup.receipt)
    );
    restored.catch_up().await;
    assert_equals_rebuild(restored).await;
    backup.office.submitted(restored, 500).await;
    sealer(restored).catch_up().await.unwrap();
}

on_each_engine!(a_database_with_events_takes_nothing);
async fn a_database_with_events_takes_nothing(app: TestApp) {
    let backup = RestoredBackup::of(&app).await;

    let again = backup::restore(
        backup.restored.store(),
        ORGANISATION,
        &backup.target.files(),
        &backup.target.keys(),
        &backup.folder,
        &new_origin().into(),
    )
    .await;

    assert!(matches!(again, Err(RestoreError::NotEmpty)), "{again:?}");
}

on_each_engine!(what_was_damaged_is_not_restored);
async fn what_was_damaged_is_not_restored(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (_, group, _) = office.draft(&app, 700).await;
    sealer(&app).catch_up().await.unwrap();
    person(&app, "Later").await;
    files::store_file(&app, &app.files(), group, files::pdf(500)).await;
    let folder = take_backup(&app, "backup").await;
    let empty = RestoreTarget::on_other_engine(&app).await;
    let origin = same_origin(&app).await;
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
        // A link to the same bytes is no file of the backup.
        let elsewhere = app.folder.path().join("elsewhere");
        fs::write(&elsewhere, &whole).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert!(
            empty.restore(&folder, &origin).await.is_err(),
            "a link for {}",
            name.display()
        );
        fs::remove_file(&path).unwrap();
        fs::write(&path, whole).unwrap();
    }
    assert!(tried > 30, "{tried}");
    assert!(empty.is_empty().await, "nothing was put in");
    empty.restore(&folder, &origin).await.unwrap();
}

on_each_engine!(a_backup_with_a_linked_folder_is_not_restored);
async fn a_backup_with_a_linked_folder_is_not_restored(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (_, group, _) = office.submitted(&app, 700).await;
    files::store_file(&app, &app.files(), group, files::pdf(900)).await;
    sealer(&app).catch_up().await.unwrap();
    let folder = take_backup(&app, "backup").await;
    let origin = same_origin(&app).await;
    let empty = RestoreTarget::on_other_engine(&app).await;

    for name in ["log", "files"] {
        // When
        let elsewhere = app.folder.path().join(format!("{name} elsewhere"));
        fs::rename(folder.join(name), &elsewhere).unwrap();
        symlink(&elsewhere, folder.join(name)).unwrap();
        let refused = empty.restore(&folder, &origin).await.unwrap_err();

        // Then
        let says = refused.to_string();
        assert!(says.contains(&format!("{name} is a link")), "{says}");
        assert!(empty.is_empty().await, "nothing was put in");
        fs::remove_file(folder.join(name)).unwrap();
        fs::rename(&elsewhere, folder.join(name)).unwrap();
    }
    // The operator can name the backup itself by a link.
    let linked = app.folder.path().join("linked");
    symlink(&folder, &linked).unwrap();
    empty.restore(&linked, &origin).await.unwrap();
}

on_each_engine!(a_database_of_other_keys_takes_nothing);
async fn a_database_of_other_keys_takes_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.submitted(&app, 700).await;
    sealer(&app).catch_up().await.unwrap();
    let folder = take_backup(&app, "backup").await;
    let empty = RestoreTarget::on_other_engine(&app).await;
    let store = Store::open(&empty.url).await.unwrap();
    Keys::load(&store, &empty.folder.path().join("other keys"))
        .await
        .unwrap();
    store.close().await;
    let refused = empty.restore(&folder, &same_origin(&app).await).await;
    assert!(
        matches!(refused, Err(RestoreError::OtherKeys)),
        "{refused:?}"
    );
    assert!(empty.is_empty().await);
}

on_each_engine!(the_keys_of_a_backup_are_in_place_before_anything_is_put_in);
async fn the_keys_of_a_backup_are_in_place_before_anything_is_put_in(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.submitted(&app, 700).await;
    sealer(&app).catch_up().await.unwrap();
    let folder = take_backup(&app, "backup").await;
    let origin = same_origin(&app).await;
    let empty = RestoreTarget::on_other_engine(&app).await;
    let (own, other) = (app.folder.path().join("keys"), TestApp::sqlite().await);
    let Keys {
        kek,
        index,
        token,
        checkpoint: seal,
    } = &app.keys;
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
    rotation::rotate_kek(app.store(), &own).await.unwrap();
    let rotated = RestoreTarget::on_other_engine(&app).await;
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

on_each_engine!(a_restore_that_fails_in_the_middle_leaves_nothing);
async fn a_restore_that_fails_in_the_middle_leaves_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (_, group, member) = office.draft(&app, 700).await;
    store_file(&app, group, member).await;
    sealer(&app).catch_up().await.unwrap();
    let folder = take_backup(&app, "backup").await;
    let empty = RestoreTarget::on_other_engine(&app).await;
    // A file lies at the path of the files' folder, so no file can be written there.
    let files = empty.folder.path().join("files");
    fs::write(&files, "").unwrap();
    let new = new_origin();
    for origin in [same_origin(&app).await, new.clone()] {
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
    let length = app.log.length().await.unwrap();
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

on_each_engine!(a_backup_during_appends_ends_at_a_signed_head);
/// No event of a backup follows its last checkpoint, however many are appended meanwhile.
async fn a_backup_during_appends_ends_at_a_signed_head(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let appends = async {
        for _ in 0..10 {
            office.submitted(&app, 500).await;
        }
    };
    let backups = async {
        for name in ["first", "second", "third"] {
            let taken = try_backup(&app, name).await.unwrap();
            let heads = app.folder.path().join(name).join("log/heads.jsonl");
            let heads = fs::read_to_string(heads).unwrap();
            let newest: serde_json::Value =
                serde_json::from_str(heads.lines().last().unwrap()).unwrap();
            assert_eq!(newest["size"], taken.events, "{name}");
        }
    };
    tokio::join!(appends, backups);
}

on_each_engine!(the_command_line_takes_it_while_the_service_runs);
async fn the_command_line_takes_it_while_the_service_runs(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.prepared(&app, 700).await;
    let length = app.log.length().await.unwrap();
    let place = app.close().await;
    let process = ServiceProcess::start(&place);
    let folder = place.folder.path().join("backup");
    // The service needs a moment before it can be asked to sign a checkpoint.
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
    assert!(!folder.join("unsealed.jsonl").exists());
    let head = folder.join("log/heads.jsonl");
    let line: serde_json::Value =
        serde_json::from_str(fs::read_to_string(head).unwrap().lines().last().unwrap()).unwrap();
    assert_eq!(line["size"], length, "the head covers everything");
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
