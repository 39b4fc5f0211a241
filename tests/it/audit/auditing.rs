//! The auditor's work with an exported folder and no server: replaying it, comparing the service's
//! views with it, following a grant, and keeping checkpoints as a witness.

use std::path::PathBuf;

use microgrants::audit::{
    self, CheckpointSource, ScratchDatabase, WitnessError, WitnessReport, witness,
};
use microgrants::transparency::checkpoint::{Checkpoint, Signer, Verifier};
use microgrants::transparency::checkpoint_signer::CheckpointSigner;
use microgrants::views::{AsAt, GroupBy, Sums};

use crate::audit::rotated_keys::rotate_signing_key;
use crate::audit::transparency_log::{rewrite_log, sealer};
use crate::log::appends::execute_raw;
use crate::support::fixtures::Office;
use crate::support::service::{Deployment, serve};
use crate::support::test_app::{ORGANISATION, TestApp};

async fn export_log(app: &TestApp, name: &str) -> PathBuf {
    sealer(app).catch_up().await.unwrap();
    let folder = app.folder.path().join(name);
    audit::export(app.store(), ORGANISATION, &folder, |_, _| {})
        .await
        .unwrap();
    folder
}

fn sums(position: i64) -> Sums<'static> {
    Sums {
        by: GroupBy::Fund,
        fund: None,
        area: None,
        position,
        effective_on: None,
    }
}

on_each_engine!(a_replay_of_a_folder_gives_the_views_as_at_any_position);
async fn a_replay_of_a_folder_gives_the_views_as_at_any_position(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.prepared(&app, 700).await;
    app.pass_days(2);
    office.awarded(&app, 900).await;
    office.returned(&app, 800, 50).await;
    app.catch_up().await;
    let replayed = ScratchDatabase::replay(&export_log(&app, "export").await)
        .await
        .unwrap();
    assert_eq!(replayed.size(), app.log.length().await.unwrap());
    let views = app.views();
    for position in 0..replayed.size() {
        let (ours, theirs) = (
            replayed.views().budget(sums(position)).await.unwrap(),
            views.budget(sums(position)).await.unwrap(),
        );
        assert_eq!(
            serde_json::to_value(ours).unwrap(),
            serde_json::to_value(theirs).unwrap(),
            "position {position}"
        );
    }
    for days in [-1, 0, 1, 2] {
        let day = AsAt::Day(app.in_days(days - 2));
        assert_eq!(
            replayed.views().position_as_at(day).await.unwrap(),
            views.position_as_at(day).await.unwrap()
        );
    }
    let mut rows = 0;
    for name in microgrants::projections::names() {
        replayed
            .for_each_row(
                audit::projection_named(name).unwrap(),
                replayed.size() - 1,
                |_| {
                    rows += 1;
                },
            )
            .await
            .unwrap();
    }
    assert!(rows > 10, "{rows} rows");
    assert_eq!(replayed.diff(app.store(), ORGANISATION).await.unwrap(), []);
    // The service continues; its views as at the end of the folder stay the same.
    office.submitted(&app, 500).await;
    app.catch_up().await;
    assert_eq!(replayed.diff(app.store(), ORGANISATION).await.unwrap(), []);
}

on_each_engine!(a_view_that_was_changed_is_found_by_a_replay);
async fn a_view_that_was_changed_is_found_by_a_replay(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.prepared(&app, 700).await;
    app.catch_up().await;
    let replayed = ScratchDatabase::replay(&export_log(&app, "export").await)
        .await
        .unwrap();
    execute_raw(
        &app,
        "UPDATE postings SET amount = amount + 1 WHERE figure = 'committed'",
    )
    .await;
    execute_raw(
        &app,
        "UPDATE view_funds SET body = replace(body, 'A fund', 'Another')",
    )
    .await;
    let findings = replayed.diff(app.store(), ORGANISATION).await.unwrap();
    let says: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(
        says.iter()
            .any(|says| says.contains("a figure is not what a replay gives")),
        "{says:?}"
    );
    assert!(
        says.iter()
            .any(|says| says.contains("the view funds") && says.starts_with("position ")),
        "{says:?}"
    );
}

/// A witness, and the service of the log that it watches.
struct Watch {
    state: PathBuf,
    address: String,
}

impl Watch {
    async fn start(app: &TestApp, office: &Office) -> Self {
        sealer(app).catch_up().await.unwrap();
        app.catch_up().await;
        Self {
            state: app.folder.path().join("witness"),
            address: serve(app, office.ada).address().to_owned(),
        }
    }

    async fn look_at_service(&self) -> Result<WitnessReport, WitnessError> {
        let source = CheckpointSource::Service(self.address.clone());
        self.look(source).await
    }

    async fn look_at_folder(&self, folder: PathBuf) -> Result<WitnessReport, WitnessError> {
        self.look(CheckpointSource::Folder(folder)).await
    }

    async fn look(&self, source: CheckpointSource) -> Result<WitnessReport, WitnessError> {
        self.look_with_key(source, None).await
    }

    /// Looks with the key that is known from elsewhere.
    async fn look_with_key(
        &self,
        source: CheckpointSource,
        key: Option<String>,
    ) -> Result<WitnessReport, WitnessError> {
        let state = self.state.clone();
        tokio::task::spawn_blocking(move || {
            witness(&state, "auditor", &source, key.as_deref(), 1_764_000_000)
        })
        .await
        .unwrap()
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.state.join(name)).unwrap()
    }

    fn assert_keeps(&self, seen: &WitnessReport) {
        assert_eq!(
            self.text("head.txt"),
            seen.note,
            "what was refused is not kept"
        );
    }
}

/// What contradicts the log that was seen, and the folder with both signed notes.
fn conflict(found: Result<WitnessReport, WitnessError>) -> (WitnessError, PathBuf) {
    match found {
        Err(error @ WitnessError::Conflict { .. }) => {
            assert!(error.is_finding());
            let says = error.to_string();
            let WitnessError::Conflict { cause, evidence } = error else {
                unreachable!()
            };
            assert!(says.contains(&evidence.display().to_string()), "{says}");
            (*cause, evidence)
        }
        other => panic!("no conflict: {other:?}"),
    }
}

/// Lets the log grow to more than one tile of its tree.
async fn grow(app: &TestApp, office: &Office) {
    for _ in 0..30 {
        office.ready(app, 500).await;
    }
    sealer(app).catch_up().await.unwrap();
}

on_each_engine!(a_witness_sees_whether_a_log_only_grew);
async fn a_witness_sees_whether_a_log_only_grew(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let watch = Watch::start(&app, &office).await;

    let first = watch.look_at_service().await.unwrap();
    grow(&app, &office).await;
    let second = watch.look_at_service().await.unwrap();
    let folder = export_log(&app, "export").await;
    let third = watch.look_at_folder(folder).await.unwrap();

    assert_eq!(
        (first.before, first.note.lines().count()),
        (None, 6),
        "two signatures stand under it"
    );
    assert_eq!(second.before, Some(first.size));
    assert!(
        second.size > 256,
        "the tree has more than one tile: {}",
        second.size
    );
    assert_eq!((third.before, third.size), (Some(second.size), second.size));
    watch.assert_keeps(&third);
}

on_each_engine!(a_witness_finds_a_log_that_was_rewritten);
/// The log was signed again under the same key.
async fn a_witness_finds_a_log_that_was_rewritten(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    grow(&app, &office).await;
    let watch = Watch::start(&app, &office).await;
    let seen = watch.look_at_service().await.unwrap();
    rewrite_log(
        &app,
        "UPDATE events SET command_id = '00000000-0000-0000-0000-000000000000' WHERE position = 3",
    )
    .await;
    execute_raw(&app, "DELETE FROM tree_heads").await;
    execute_raw(&app, "DELETE FROM tree_tiles").await;
    sealer(&app).catch_up().await.unwrap();
    let folder = export_log(&app, "rewritten").await;

    let (served, evidence) = conflict(watch.look_at_service().await);
    let (exported, _) = conflict(watch.look_at_folder(folder.clone()).await);

    assert!(
        matches!(served, WitnessError::Rewritten(size) if size == seen.size),
        "{served}"
    );
    assert!(matches!(exported, WitnessError::Rewritten(_)));
    watch.assert_keeps(&seen);
    // Both notes are signed by the office, and each is of another tree.
    let key = std::fs::read_to_string(folder.join("key.txt")).unwrap();
    let key = Verifier::parse(&key).unwrap();
    let open = |name: &str| {
        let note = std::fs::read_to_string(evidence.join(name)).unwrap();
        key.open(&note, "case/log").unwrap()
    };
    let (before, now) = (open("seen-before.txt"), open("served-now.txt"));
    assert!(before.size == now.size && before.root != now.root);
}

on_each_engine!(a_witness_finds_a_log_that_is_shorter_than_before);
async fn a_witness_finds_a_log_that_is_shorter_than_before(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    office.ready(&app, 500).await;
    let watch = Watch::start(&app, &office).await;
    let seen = watch.look_at_service().await.unwrap();
    let short = TestApp::sqlite().await;
    Office::open(&short, 5000).await;
    let signer = CheckpointSigner::new(short.log.clone(), app.keys.checkpoint.secret, "case/log");
    signer.catch_up().await.unwrap();
    let folder = short.folder.path().join("export");
    audit::export(short.store(), ORGANISATION, &folder, |_, _| {})
        .await
        .unwrap();

    let (found, _) = conflict(watch.look_at_folder(folder).await);

    assert!(matches!(found, WitnessError::RolledBack { .. }));
    watch.assert_keeps(&seen);
}

on_each_engine!(a_witness_finds_a_log_that_another_key_signed);
async fn a_witness_finds_a_log_that_another_key_signed(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let watch = Watch::start(&app, &office).await;
    let seen = watch.look_at_service().await.unwrap();
    let own = TestApp::sqlite().await;
    Office::open(&own, 5000).await;
    let folder = export_log(&own, "export").await;

    let (found, _) = conflict(watch.look_at_folder(folder).await);

    assert!(matches!(found, WitnessError::OtherKey));
    watch.assert_keeps(&seen);
}

on_each_engine!(a_witness_keeps_every_head_that_it_saw);
async fn a_witness_keeps_every_head_that_it_saw(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let watch = Watch::start(&app, &office).await;

    let first = watch.look_at_service().await.unwrap();
    office.ready(&app, 500).await;
    sealer(&app).catch_up().await.unwrap();
    let second = watch.look_at_service().await.unwrap();
    watch.look_at_service().await.unwrap();

    let lines = watch.text("heads.jsonl");
    let seen: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sizes: Vec<_> = seen.iter().map(|line| line["size"].as_u64()).collect();
    assert_eq!(sizes, [Some(first.size), Some(second.size)]);
    assert_eq!(seen[0]["note"].as_str(), Some(first.note.as_str()));
    // Without its last head the log would seem to be seen for the first time.
    for change in ["", "removed"] {
        let file = watch.state.join("head.txt");
        std::fs::write(&file, "").unwrap();
        if change == "removed" {
            std::fs::remove_file(&file).unwrap();
        }
        let found = watch.look_at_service().await.unwrap_err();
        assert!(
            matches!(&found, WitnessError::StateRemoved(path) if *path == file)
                && found.is_finding(),
            "{found}"
        );
    }
    std::fs::write(watch.state.join("head.txt"), &first.note).unwrap();
    let third = watch.look_at_service().await.unwrap();
    assert_eq!(
        third.before,
        Some(second.size),
        "an older head was put back"
    );
}

on_each_engine!(a_witness_takes_the_key_that_is_known_from_elsewhere_only);
async fn a_witness_takes_the_key_that_is_known_from_elsewhere_only(app: TestApp) {
    // Given
    let office = Office::open(&app, 50_000).await;
    let watch = Watch::start(&app, &office).await;
    let service = || CheckpointSource::Service(watch.address.clone());
    let stranger = Signer::new("case/log", &[9; 32]).verifier().text();

    // When
    let refused = watch.look_with_key(service(), Some(stranger)).await;

    // Then
    assert!(
        matches!(refused, Err(WitnessError::OtherKey)),
        "{refused:?}"
    );
    assert!(!watch.state.join("head.txt").exists());
    let key = |folder: &PathBuf| std::fs::read_to_string(folder.join("key.txt")).unwrap();
    let before = export_log(&app, "before").await;
    let pinned = watch.look_with_key(service(), Some(key(&before))).await;
    assert_eq!(pinned.unwrap().before, None);

    // A rotated key is taken once it is passed.
    let app = rotate_signing_key(&app).await;
    let after = export_log(&app, "after").await;
    let unknown = watch.look_at_folder(after.clone()).await;
    assert!(matches!(conflict(unknown).0, WitnessError::OtherKey));
    let source = CheckpointSource::Folder(after.clone());
    watch
        .look_with_key(source, Some(key(&after)))
        .await
        .unwrap();
    watch.look_at_folder(after).await.unwrap();
}

/// The program's `audit` command, run where a log was exported into `folder`.
pub struct AuditCommand {
    place: Deployment,
    grant: String,
}

impl AuditCommand {
    /// Exports a log with one award.
    pub async fn with_export(app: TestApp) -> Self {
        let office = Office::open(&app, 5000).await;
        let (grant, ..) = office.prepared(&app, 700).await;
        app.catch_up().await;
        let audit = Self {
            place: app.close().await,
            grant: grant.to_string(),
        };
        let (code, says) = audit.run(&["export", "folder"]);
        assert_eq!(code, Some(0), "{says}");
        audit
    }

    /// Runs a subcommand. Returns its exit code and its output.
    pub fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self
            .place
            .program()
            .arg("audit")
            .args(arguments)
            .output()
            .unwrap();
        let says = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (output.status.code(), says)
    }

    /// The id of the grant in the log.
    pub fn grant(&self) -> &str {
        &self.grant
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.folder.path().join(name)
    }
}

on_sqlite!(the_command_line_says_by_its_exit_code_what_was_found);
async fn the_command_line_says_by_its_exit_code_what_was_found(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;

    let (code, says) = audit.run(&["verify", "folder"]);
    assert!(code == Some(0) && says.contains("1 awards hold"), "{says}");
    let (code, says) = audit.run(&["verify", "folder", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&says).unwrap();
    assert_eq!(
        (
            code,
            report["awards"].as_i64(),
            report["findings"].as_array().map(Vec::len)
        ),
        (Some(0), Some(1), Some(0))
    );
    assert_eq!(audit.run(&["verify", "nowhere"]).0, Some(2));

    let events = audit.path("folder/events.jsonl");
    let text = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, text.replacen("700.00", "701.00", 1)).unwrap();

    let (code, says) = audit.run(&["verify", "folder"]);
    assert!(code == Some(1) && says.contains("position "), "{says}");
}

on_sqlite!(the_command_line_replays_compares_and_explains);
async fn the_command_line_replays_compares_and_explains(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;

    let (code, says) = audit.run(&["replay", "folder", "--view", "grants"]);
    assert!(code == Some(0) && says.contains(&audit.grant), "{says}");
    let (_, says) = audit.run(&["replay", "folder", "--as-at", "3"]);
    assert!(says.contains("\"position\":3"), "{says}");
    let (_, says) = audit.run(&["explain", "folder", "--grant", &audit.grant]);
    assert!(says.contains("prepared payment 1"), "{says}");
    let (code, says) = audit.run(&["explain", "folder", "--grant", &audit.grant, "--html"]);
    assert!(
        code == Some(0) && says.starts_with("<!DOCTYPE html>"),
        "{says}"
    );
    let (code, says) = audit.run(&["ledger", "folder"]);
    assert!(
        code == Some(0) && says.contains("Liabilities:Grants-payable:"),
        "{says}"
    );
    let (code, says) = audit.run(&["ledger", "folder", "--trial-balance"]);
    assert!(code == Some(0) && says.contains("Debit"), "{says}");
    let (code, says) = audit.run(&["sample", "folder", "1"]);
    assert!(
        code == Some(0) && says.starts_with("1 of 1 grants"),
        "{says}"
    );
    let nobody = "00000000-0000-0000-0000-000000000009";
    for (arguments, code) in [
        (&["replay", "folder", "--view", "colours"][..], 2),
        (&["replay", "folder", "--as-at", "soon"][..], 2),
        (&["diff", "folder"][..], 0),
        (&["explain", "folder", "--grant", nobody][..], 2),
        (&["ledger", "folder", "--as-at", "999999"][..], 2),
        (&["ledger", "folder", "--format", "hledger"][..], 0),
        (&["ledger", "folder", "--by-fund", "--format", "csv"][..], 0),
    ] {
        assert_eq!(audit.run(arguments).0, Some(code), "{arguments:?}");
    }
}

on_sqlite!(the_command_line_is_a_witness);
async fn the_command_line_is_a_witness(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;

    let (code, first) = audit.run(&["witness", "folder"]);
    let (_, second) = audit.run(&["witness", "folder"]);

    assert!(
        code == Some(0) && first.contains("seen for the first time"),
        "{first}"
    );
    assert!(second.contains("the log only grew"), "{second}");
    let key = audit.run(&["witness", "folder", "--key", "folder/key.txt"]);
    assert_eq!(key.0, Some(0), "{}", key.1);
    std::fs::remove_file(audit.path("witness/head.txt")).unwrap();
    let (code, says) = audit.run(&["witness", "folder"]);
    assert!(
        code == Some(1) && says.contains("head.txt is missing or empty"),
        "{says}"
    );
}

on_sqlite!(a_head_that_contradicts_the_folder_is_no_missing_check);
async fn a_head_that_contradicts_the_folder_is_no_missing_check(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    let heads = std::fs::read_to_string(audit.path("folder/heads.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(heads.lines().last().unwrap()).unwrap();
    let own = line["note"].as_str().unwrap();
    let state = Checkpoint::of_note(own).unwrap();
    let by_another = Signer::new(&state.origin, &[9; 32]).sign(&state);

    for (note, code, words) in [
        (own, 0, "the head that was passed is true of the first"),
        (
            by_another.as_str(),
            1,
            "no key of this folder signed the head",
        ),
        (
            "no note",
            2,
            "the head that was passed: this is not a signed note",
        ),
    ] {
        std::fs::write(audit.path("head.txt"), note).unwrap();
        let (found, says) = audit.run(&["verify", "folder", "--head", "head.txt"]);
        assert!(found == Some(code) && says.contains(words), "{says}");
    }
}

on_sqlite!(the_command_line_proves_an_event_and_checks_the_proof);
async fn the_command_line_proves_an_event_and_checks_the_proof(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    let file = audit.path("proof.json");

    let (code, proof) = audit.run(&["prove", "folder", "--position", "3"]);
    assert_eq!(code, Some(0), "{proof}");
    std::fs::write(&file, &proof).unwrap();
    let (code, says) = audit.run(&["check", "proof.json", "--key", "folder/key.txt"]);
    assert_eq!(code, Some(0), "{says}");

    let changed = proof.replacen("\\\"position\\\":3", "\\\"position\\\":4", 1);
    std::fs::write(&file, changed).unwrap();
    assert_eq!(audit.run(&["check", "proof.json"]).0, Some(1));
}
