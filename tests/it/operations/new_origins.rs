//! Restores under a new origin: a log that lacks events or was forked goes on only so, records it
//! before anything else, and people erased since the backup are erased again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use microgrants::audit::export_layout::CheckpointLine;
use microgrants::audit::{self, FormRule, Report, Trusted};
use microgrants::backup::{RestoreError, RestoreOrigin};
use microgrants::commands::{Caller, CommandRequest};
use microgrants::domain::command::WithReason;
use microgrants::domain::organisation::RoleRef;
use microgrants::domain::{
    Command, Organisation, OrganisationCommand, PersonCommand, PersonId, Role,
};
use microgrants::erasure::{ErasureList, ErasureRecord};
use microgrants::store::{events, personal_data, tlog};
use microgrants::transparency::checkpoint::{Checkpoint, Signer};

use crate::audit::transparency_log::{checkpoints, sealer};
use crate::operations::backup::{
    RestoreTarget, export_log, new_origin, newest, same_origin, take_backup,
};
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::{Office, person, text};
use crate::support::service::ServiceProcess;
use crate::support::test_app::{ORGANISATION, TestApp};

/// A backup that lacks the newest events of the log, and an empty target for it.
struct OldBackup {
    folder: PathBuf,
    /// The length of the backup.
    has: i64,
    /// The length of the log.
    known: i64,
    target: RestoreTarget,
}

impl OldBackup {
    async fn of(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        sealer(app).catch_up().await.unwrap();
        let folder = take_backup(app, "backup").await;
        let has = app.log.length().await.unwrap();
        office.submitted(app, 500).await;
        sealer(app).catch_up().await.unwrap();
        Self {
            folder,
            has,
            known: app.log.length().await.unwrap(),
            target: RestoreTarget::on_other_engine(app).await,
        }
    }

    /// Runs the command line, with the newest checkpoint of the log and further arguments.
    async fn restore_by_command(&self, app: &TestApp, arguments: &[&str]) -> Output {
        let note = app.folder.path().join("head.txt");
        fs::write(&note, newest(app).await).unwrap();
        self.target
            .place()
            .program()
            .arg("restore")
            .arg(&self.folder)
            .arg("--head")
            .arg(&note)
            .args(arguments)
            .output()
            .unwrap()
    }
}

on_each_engine!(an_older_or_a_forked_log_is_refused);
async fn an_older_or_a_forked_log_is_refused(app: TestApp) {
    // Given
    let backup = OldBackup::of(&app).await;
    let forked = Signer::new("case/log", &app.keys.checkpoint.secret).sign(&Checkpoint {
        origin: "case/log".into(),
        size: 5,
        root: [1; 32],
    });
    let forked = RestoreOrigin::Same { head: forked };

    // When
    let older = backup
        .target
        .restore(&backup.folder, &same_origin(&app).await)
        .await
        .unwrap_err();
    let forked = backup
        .target
        .restore(&backup.folder, &forked)
        .await
        .unwrap_err();

    // Then
    assert!(
        matches!(
            older,
            RestoreError::EventsLost { known, has } if (known, has) == (backup.known, backup.has)
        ),
        "{older}"
    );
    assert!(
        older
            .to_string()
            .contains(&format!("{} events are lost", backup.known - backup.has)),
        "{older}"
    );
    assert!(matches!(forked, RestoreError::Forked), "{forked}");
    assert!(backup.target.is_empty().await);
}

on_each_engine!(an_older_log_goes_on_only_under_a_new_origin);
async fn an_older_log_goes_on_only_under_a_new_origin(app: TestApp) {
    // Given
    let backup = OldBackup::of(&app).await;

    // When
    let refused = backup.restore_by_command(&app, &[]).await;
    let taken = backup
        .restore_by_command(&app, &["--new-origin", "The disk was lost."])
        .await;

    // Then
    assert!(
        !refused.status.success()
            && String::from_utf8_lossy(&refused.stderr).contains("--new-origin REASON")
    );
    assert!(
        taken.status.success(),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    let restored = backup.target.house().await;
    let last = events::read_page(restored.store(), ORGANISATION, backup.has, 10)
        .await
        .unwrap();
    let says = &last[0].payload;
    assert_eq!(last.len(), 1);
    for part in [
        "LogRestored",
        "case/log",
        "The disk was lost.",
        &format!("\"known\":{}", backup.known),
        &format!("\"sealed\":{}", backup.has),
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
    let key = tlog::find(restored.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(key.origin, "case/log");
    let own = checkpoints(&restored).await;
    assert_eq!(
        own.iter().map(|head| head.size).collect::<Vec<_>>(),
        [backup.has, backup.has + 1],
        "the heads of the origin before are kept"
    );
}

/// The export of a log that goes on under a new origin.
struct ExportOfNewOrigin {
    folder: PathBuf,
    has: i64,
    /// A head of the origin before that covers what was restored, and one that covers more.
    kept: String,
    lost: String,
    /// Its folder has the export.
    _restored: TestApp,
}

impl ExportOfNewOrigin {
    async fn of(app: &TestApp) -> Self {
        let backup = OldBackup::of(app).await;
        let run = backup
            .restore_by_command(app, &["--new-origin", "The disk was lost."])
            .await;
        assert!(run.status.success());
        let restored = backup.target.house().await;
        person(&restored, "Eve").await;
        sealer(&restored).catch_up().await.unwrap();
        sealer(&restored).check().await.unwrap();
        Self {
            folder: export_log(&restored).await,
            has: backup.has,
            kept: checkpoints(app).await.remove(0).note,
            lost: newest(app).await,
            _restored: restored,
        }
    }

    fn verify(&self, key: Option<&str>, head: Option<&str>) -> Report {
        let trusted = Trusted {
            key: key.map(str::to_owned),
            head: head.map(str::to_owned),
        };
        audit::verify(&self.folder, &trusted, |_| {}).unwrap()
    }

    /// Changes the lines of a file, but not the manifest.
    fn keep_lines(&self, name: &str, keep: impl Fn(usize) -> bool) {
        let path = self.folder.join(name);
        let text = fs::read_to_string(&path).unwrap();
        let kept = text.lines().enumerate().filter(|(at, _)| keep(*at));
        let kept: Vec<_> = kept.map(|(_, line)| format!("{line}\n")).collect();
        fs::write(&path, kept.concat()).unwrap();
    }
}

fn said_of_heads(report: &Report) -> Vec<&str> {
    let of_heads = report
        .findings
        .iter()
        .filter(|finding| finding.rule == FormRule::Head.into());
    of_heads.map(|finding| finding.says.as_str()).collect()
}

on_each_engine!(a_head_of_the_origin_before_is_true_of_the_first_events);
async fn a_head_of_the_origin_before_is_true_of_the_first_events(app: TestApp) {
    // Given
    let export = ExportOfNewOrigin::of(&app).await;
    let keys = fs::read_to_string(export.folder.join("key.txt")).unwrap();
    let (old, _) = keys.split_once('\n').unwrap();
    let forked = Signer::new("case/log", &app.keys.checkpoint.secret).sign(&Checkpoint {
        origin: "case/log".into(),
        size: u64::try_from(export.has).unwrap(),
        root: [1; 32],
    });

    // When
    let kept = export.verify(None, Some(&export.kept));
    let known = export.verify(Some(old), Some(&export.kept));
    let lost = export.verify(None, Some(&export.lost));
    let forked = export.verify(None, Some(&forked));

    // Then
    for holds in [&kept, &known] {
        assert!(holds.is_clean(), "{:?}", holds.findings);
        assert_eq!(holds.known_head, u64::try_from(export.has).ok());
    }
    assert_eq!(kept.heads, 3);
    for (report, says) in [(&lost, "were restored"), (&forked, "forked or rewritten")] {
        let said = said_of_heads(report);
        assert!(said.len() == 1 && said[0].contains(says), "{said:?}");
        assert_eq!(report.known_head, None);
    }
}

on_each_engine!(heads_of_the_origin_before_that_are_left_out_do_not_change_the_answer);
/// Earlier programs exported only the heads of the new origin.
async fn heads_of_the_origin_before_that_are_left_out_do_not_change_the_answer(app: TestApp) {
    let export = ExportOfNewOrigin::of(&app).await;
    export.keep_lines("heads.jsonl", |at| at > 0);
    export.keep_lines("key.txt", |at| at > 0);

    let kept = export.verify(None, Some(&export.kept));
    let lost = export.verify(None, Some(&export.lost));

    assert_eq!(said_of_heads(&kept), [] as [&str; 0]);
    assert_eq!(kept.known_head, u64::try_from(export.has).ok());
    assert_eq!(said_of_heads(&lost).len(), 1, "{:?}", lost.findings);
}

on_each_engine!(a_new_origin_needs_its_event);
/// The heads of a log that was not restored are signed under another name.
async fn a_new_origin_needs_its_event(app: TestApp) {
    Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    person(&app, "Eve").await;
    sealer(&app).catch_up().await.unwrap();
    let folder = export_log(&app).await;
    let renamed = Signer::new("case/other", &app.keys.checkpoint.secret);
    let heads = fs::read_to_string(folder.join("heads.jsonl")).unwrap();
    let mut heads: Vec<CheckpointLine> = heads
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = heads.last_mut().unwrap();
    last.note = renamed.sign(&Checkpoint {
        origin: "case/other".into(),
        ..Checkpoint::of_note(&last.note).unwrap()
    });
    let lines: Vec<_> = heads
        .iter()
        .map(|line| format!("{}\n", serde_json::to_string(line).unwrap()))
        .collect();
    fs::write(folder.join("heads.jsonl"), lines.concat()).unwrap();
    let keys = fs::read_to_string(folder.join("key.txt")).unwrap();
    let keys = format!("{keys}{}\n", renamed.verifier().text());
    fs::write(folder.join("key.txt"), keys).unwrap();

    let report = audit::verify(&folder, &Trusted::default(), |_| {}).unwrap();

    let said = said_of_heads(&report);
    assert!(
        said.len() == 1 && said[0].contains("no event under this head says"),
        "{said:?}"
    );
}

/// Adds the erasure of a person, at a position of the log, to a list of erasures. Returns its path.
fn list_erasure(app: &TestApp, person: PersonId, position: i64) -> PathBuf {
    let list = app.folder.path().join("erasures.jsonl");
    let erased = ErasureRecord {
        organisation: ORGANISATION.into(),
        kind: "person".into(),
        subject: person.0,
        position,
    };
    ErasureList::at(&list).add(&erased).unwrap();
    list
}

/// Restores by the command line under a new origin, with a list of erasures.
fn restore_with_erasures(target: &RestoreTarget, folder: &Path, erasures: &Path) {
    let run = target
        .place()
        .program()
        .arg("restore")
        .arg(folder)
        .args(["--new-origin", "The disk was lost."])
        .arg("--erasures")
        .arg(erasures)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

on_each_engine!(a_log_under_a_new_origin_records_so_before_anything_else);
async fn a_log_under_a_new_origin_records_so_before_anything_else(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    office.prepared(&app, 700).await;
    let cass = person(&app, "Cass").await;
    sealer(&app).catch_up().await.unwrap();
    let folder = take_backup(&app, "backup").await;
    let has = app.log.length().await.unwrap();
    let list = list_erasure(&app, cass, has);
    let target = RestoreTarget::on_other_engine(&app).await;

    // When
    restore_with_erasures(&target, &folder, &list);

    // Then
    let restored = target.house().await;
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
    assert_is_operators_command(&restored, &rows[0]).await;
    let report = audit::verify(&export_log(&restored).await, &Trusted::default(), |_| {}).unwrap();
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

/// Asserts that the restore is recorded as a command of the operator, with metadata and a reply.
async fn assert_is_operators_command(restored: &TestApp, row: &events::EventRow) {
    let founded = events::read_page(restored.store(), ORGANISATION, 0, 1)
        .await
        .unwrap()
        .remove(0);
    let metadata = |row: &events::EventRow| {
        serde_json::from_str::<BTreeMap<String, String>>(&row.metadata).unwrap()
    };
    assert_eq!(
        metadata(&founded).into_keys().collect::<Vec<_>>(),
        metadata(row).into_keys().collect::<Vec<_>>()
    );
    assert_eq!(metadata(row)["command"], "organisation/record-restore");
    let answer = restored
        .log
        .find_receipt(row.command_id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (answer.id, answer.first_position, answer.last_position),
        (
            restored.commands.organisation().0,
            row.position,
            row.position
        )
    );
}

/// A backup in which Cass holds a role, and the list of her later erasure.
struct BackupOfErased {
    cass: PersonId,
    folder: PathBuf,
    list: PathBuf,
    target: RestoreTarget,
}

impl BackupOfErased {
    async fn of(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let cass = person(app, "Cass").await;
        office.give_role(app, cass, Role::Finance).await;
        sealer(app).catch_up().await.unwrap();
        let folder = take_backup(app, "backup").await;
        let end = OrganisationCommand::EndRole(RoleRef {
            person: cass,
            role: Role::Finance,
        });
        app.issue_ok(
            office.ada,
            Command::Organisation(app.commands.organisation(), end),
        )
        .await;
        let erase = Command::Person(cass, PersonCommand::Erase(because()));
        let erasure = app.issue_ok(office.ada, erase).await;
        Self {
            cass,
            folder,
            list: list_erasure(app, cass, erasure.first_position),
            target: RestoreTarget::on_other_engine(app).await,
        }
    }
}

fn because() -> WithReason {
    WithReason {
        reason: text("She asked for it."),
    }
}

on_each_engine!(people_who_are_erased_again_hold_no_role);
async fn people_who_are_erased_again_hold_no_role(app: TestApp) {
    let backup = BackupOfErased::of(&app).await;

    restore_with_erasures(&backup.target, &backup.folder, &backup.list);

    assert_holds_no_role(&backup.target.house().await, backup.cass).await;
}

on_each_engine!(a_start_ends_the_roles_that_an_interrupted_restore_left);
async fn a_start_ends_the_roles_that_an_interrupted_restore_left(app: TestApp) {
    // Given
    let backup = BackupOfErased::of(&app).await;
    let target = &backup.target;
    target.restore(&backup.folder, &new_origin()).await.unwrap();
    let restored = target.house().await;
    let again = Command::Person(backup.cass, PersonCommand::EraseAgain(because()));
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

    // When
    let mut serve = restored.close().await.program();
    serve.env("MICROGRANTS_ERASURES", &backup.list);
    ServiceProcess::from_command(serve).kill();

    // Then
    assert_holds_no_role(&target.house().await, backup.cass).await;
}

async fn organisation_of(app: &TestApp) -> Arc<Organisation> {
    app.log
        .refresh::<Organisation>(app.commands.organisation().0)
        .await
        .unwrap()
        .state
}

async fn assert_holds_no_role(restored: &TestApp, person: PersonId) {
    let organisation = organisation_of(restored).await;
    assert!(!organisation.has_or_awaits_role(person));
    assert_eq!(organisation.approver_count(), 2, "Ada and Ben");
    sealer(restored).catch_up().await.unwrap();
    let report = audit::verify(&export_log(restored).await, &Trusted::default(), |_| {}).unwrap();
    assert!(
        report.is_clean() && report.events == restored.log.length().await.unwrap(),
        "{:?}",
        report.findings
    );
}
