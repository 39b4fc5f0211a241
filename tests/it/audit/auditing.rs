//! The auditor's work with an exported folder and no server: replaying it, comparing the service's
//! views with it, following a grant, and keeping checkpoints as a witness.

use std::path::PathBuf;

use microgrants::audit::{
    self, CheckpointSource, ScratchDatabase, WitnessError, WitnessReport, witness,
};
use microgrants::transparency::checkpoint_signer::CheckpointSigner;
use microgrants::views::{AsAt, GroupBy, Sums};

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

on_each_engine!(a_grants_story_is_told_with_its_positions);
async fn a_grants_story_is_told_with_its_positions(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    office.prepared(&app, 800).await;
    let folder = export_log(&app, "export").await;
    let story = audit::explain(&folder, grant.0).unwrap();
    let told = |words: &str| story.iter().filter(|line| line.contains(words)).count();
    for (words, count) in [
        ("application started", 1),
        ("awarded", 1),
        ("committed", 1),
        ("grant offered", 1),
        ("payment prepared", 1),
    ] {
        assert!(told(words) >= count, "{words}: {story:#?}");
    }
    assert!(
        story.iter().all(|line| line.starts_with("position "))
            && told("700.00") > 0
            && told("800.00") == 0,
        "{story:#?}"
    );
    assert_eq!(
        audit::explain(&folder, uuid::Uuid::nil()).unwrap(),
        Vec::<String>::new()
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
        let state = self.state.clone();
        tokio::task::spawn_blocking(move || witness(&state, "auditor", &source, 1_764_000_000))
            .await
            .unwrap()
    }

    fn assert_keeps(&self, seen: &WitnessReport) {
        let kept = std::fs::read_to_string(self.state.join("head.txt")).unwrap();
        assert_eq!(kept, seen.note, "what was refused is not kept");
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

    let served = watch.look_at_service().await.unwrap_err();
    let exported = watch.look_at_folder(folder).await;

    assert!(
        matches!(served, WitnessError::Rewritten(size) if size == seen.size) && served.is_finding(),
        "{served}"
    );
    assert!(matches!(exported, Err(WitnessError::Rewritten(_))));
    watch.assert_keeps(&seen);
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

    let found = watch.look_at_folder(folder).await;

    assert!(matches!(found, Err(WitnessError::RolledBack { .. })));
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

    let found = watch.look_at_folder(folder).await;

    assert!(matches!(found, Err(WitnessError::OtherKey)));
    watch.assert_keeps(&seen);
}

/// The program's `audit` command, run where a log was exported into `folder`.
struct AuditCommand {
    place: Deployment,
    grant: String,
}

impl AuditCommand {
    /// Exports a log with one award.
    async fn with_export(app: TestApp) -> Self {
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
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
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

    fn path(&self, name: &str) -> PathBuf {
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
    assert!(says.contains("payment prepared"), "{says}");
    let nobody = "00000000-0000-0000-0000-000000000009";
    for (arguments, code) in [
        (&["replay", "folder", "--view", "colours"][..], 2),
        (&["replay", "folder", "--as-at", "soon"][..], 2),
        (&["diff", "folder"][..], 0),
        (&["explain", "folder", "--grant", nobody][..], 2),
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
