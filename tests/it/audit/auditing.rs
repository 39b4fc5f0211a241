//! The auditor's work with an exported folder and no server: replaying it, comparing the service's
//! views with it, following a grant, and keeping checkpoints as a witness.

use std::path::PathBuf;

use microgrants::audit::{self, CheckpointSource, ScratchDatabase, WitnessError, witness};
use microgrants::views::{AsAt, GroupBy, Sums};

use crate::audit::transparency_log::{rewrite_log, sealer};
use crate::log::appends::execute_raw;
use crate::support::fixtures::Office;
use crate::support::service::serve;
use crate::support::test_app::{ORGANISATION, TestApp};

async fn export_log(house: &TestApp, name: &str) -> PathBuf {
    sealer(house).catch_up().await.unwrap();
    let folder = house.folder.path().join(name);
    audit::export(house.store(), ORGANISATION, &folder, |_, _| {})
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
async fn a_replay_of_a_folder_gives_the_views_as_at_any_position(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    office.prepared(&house, 700).await;
    house.pass_days(2);
    office.awarded(&house, 900).await;
    house.catch_up().await;
    let replayed = ScratchDatabase::replay(&export_log(&house, "export").await)
        .await
        .unwrap();
    assert_eq!(replayed.size(), house.log.length().await.unwrap());
    let views = house.views();
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
        let day = AsAt::Day(house.in_days(days - 2));
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
    assert_eq!(
        replayed.diff(house.store(), ORGANISATION).await.unwrap(),
        []
    );
    // The service continues; its views as at the end of the folder stay the same.
    office.submitted(&house, 500).await;
    house.catch_up().await;
    assert_eq!(
        replayed.diff(house.store(), ORGANISATION).await.unwrap(),
        []
    );
}

on_each_engine!(a_view_that_was_changed_is_found_by_a_replay);
async fn a_view_that_was_changed_is_found_by_a_replay(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    office.prepared(&house, 700).await;
    house.catch_up().await;
    let replayed = ScratchDatabase::replay(&export_log(&house, "export").await)
        .await
        .unwrap();
    execute_raw(
        &house,
        "UPDATE postings SET amount = amount + 1 WHERE figure = 'committed'",
    )
    .await;
    execute_raw(
        &house,
        "UPDATE view_funds SET body = replace(body, 'A fund', 'Another')",
    )
    .await;
    let findings = replayed.diff(house.store(), ORGANISATION).await.unwrap();
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
async fn a_grants_story_is_told_with_its_positions(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, ..) = office.prepared(&house, 700).await;
    office.prepared(&house, 800).await;
    let folder = export_log(&house, "export").await;
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

on_each_engine!(a_witness_sees_whether_a_log_only_grew);
async fn a_witness_sees_whether_a_log_only_grew(house: TestApp) {
    let office = Office::open(&house, 50_000).await;
    sealer(&house).catch_up().await.unwrap();
    house.catch_up().await;
    let address = serve(&house, office.ada).address().to_owned();
    let state = house.folder.path().join("witness");
    let look = |state: PathBuf, source: CheckpointSource| async move {
        tokio::task::spawn_blocking(move || witness(&state, "auditor", &source, 1_764_000_000))
            .await
            .unwrap()
    };
    let service = || CheckpointSource::Service(address.clone());
    let first = look(state.clone(), service()).await.unwrap();
    assert_eq!(
        (first.before, first.note.lines().count()),
        (None, 6),
        "two signatures stand under it"
    );
    for _ in 0..30 {
        office.ready(&house, 500).await;
    }
    sealer(&house).catch_up().await.unwrap();
    let second = look(state.clone(), service()).await.unwrap();
    assert_eq!(second.before, Some(first.size));
    assert!(
        second.size > 256,
        "the tree has more than one tile: {}",
        second.size
    );
    let folder = export_log(&house, "export").await;
    let third = look(state.clone(), CheckpointSource::Folder(folder))
        .await
        .unwrap();
    assert_eq!((third.before, third.size), (Some(second.size), second.size));

    // A log that was rewritten and signed again under the same key.
    rewrite_log(
        &house,
        "UPDATE events SET command_id = '00000000-0000-0000-0000-000000000000' WHERE position = 3",
    )
    .await;
    execute_raw(&house, "DELETE FROM tree_heads").await;
    execute_raw(&house, "DELETE FROM tree_tiles").await;
    sealer(&house).catch_up().await.unwrap();
    let rewritten = look(state.clone(), service()).await.unwrap_err();
    assert!(
        matches!(rewritten, WitnessError::Rewritten(size) if size == second.size)
            && rewritten.is_finding(),
        "{rewritten}"
    );
    let folder = export_log(&house, "rewritten").await;
    assert!(matches!(
        look(state.clone(), CheckpointSource::Folder(folder)).await,
        Err(WitnessError::Rewritten(_))
    ));
    // A log that is shorter than before.
    let short = TestApp::sqlite().await;
    Office::open(&short, 5000).await;
    let again = microgrants::transparency::checkpoint_signer::CheckpointSigner::new(
        short.log.clone(),
        house.keys.checkpoint.secret,
        "case/log",
    );
    again.catch_up().await.unwrap();
    let folder = short.folder.path().join("export");
    audit::export(short.store(), ORGANISATION, &folder, |_, _| {})
        .await
        .unwrap();
    assert!(matches!(
        look(state.clone(), CheckpointSource::Folder(folder)).await,
        Err(WitnessError::RolledBack { .. })
    ));
    // A log signed by another key.
    let own = TestApp::sqlite().await;
    Office::open(&own, 5000).await;
    let folder = export_log(&own, "export").await;
    assert!(matches!(
        look(state.clone(), CheckpointSource::Folder(folder)).await,
        Err(WitnessError::OtherKey)
    ));
    let kept = std::fs::read_to_string(state.join("head.txt")).unwrap();
    assert_eq!(kept, third.note, "what was refused is not kept");
}

on_sqlite!(the_command_line_says_by_its_exit_code_what_was_found);
async fn the_command_line_says_by_its_exit_code_what_was_found(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, ..) = office.prepared(&house, 700).await;
    house.catch_up().await;
    let place = house.close().await;
    let run = |arguments: &[&str]| {
        let output = place
            .program()
            .arg("audit")
            .args(arguments)
            .output()
            .unwrap();
        (
            output.status.code(),
            format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        )
    };
    let (code, says) = run(&["export", "folder"]);
    assert_eq!(code, Some(0), "{says}");
    let (code, says) = run(&["verify", "folder"]);
    assert!(code == Some(0) && says.contains("1 awards hold"), "{says}");
    let (code, says) = run(&["verify", "folder", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&says).unwrap();
    assert_eq!(
        (
            code,
            report["awards"].as_i64(),
            report["findings"].as_array().map(Vec::len)
        ),
        (Some(0), Some(1), Some(0))
    );
    let (code, says) = run(&["replay", "folder", "--view", "grants"]);
    assert!(
        code == Some(0) && says.contains(&grant.to_string()),
        "{says}"
    );
    assert!(
        run(&["replay", "folder", "--as-at", "3"])
            .1
            .contains("\"position\":3")
    );
    assert_eq!(run(&["replay", "folder", "--view", "colours"]).0, Some(2));
    assert_eq!(run(&["replay", "folder", "--as-at", "soon"]).0, Some(2));
    assert_eq!(run(&["diff", "folder"]).0, Some(0));
    assert!(
        run(&["explain", "folder", "--grant", &grant.to_string()])
            .1
            .contains("payment prepared")
    );
    assert_eq!(
        run(&[
            "explain",
            "folder",
            "--grant",
            "00000000-0000-0000-0000-000000000009"
        ])
        .0,
        Some(2)
    );
    let (code, says) = run(&["witness", "folder"]);
    assert!(
        code == Some(0) && says.contains("seen for the first time"),
        "{says}"
    );
    assert!(run(&["witness", "folder"]).1.contains("the log only grew"));
    let (code, proof) = run(&["prove", "folder", "--position", "3"]);
    assert_eq!(code, Some(0), "{proof}");
    std::fs::write(place.folder.path().join("proof.json"), &proof).unwrap();
    assert_eq!(
        run(&["check", "proof.json", "--key", "folder/key.txt"]).0,
        Some(0)
    );
    std::fs::write(
        place.folder.path().join("proof.json"),
        proof.replacen("\\\"position\\\":3", "\\\"position\\\":4", 1),
    )
    .unwrap();
    assert_eq!(run(&["check", "proof.json"]).0, Some(1));
    assert_eq!(run(&["verify", "nowhere"]).0, Some(2));
    let events = place.folder.path().join("folder/events.jsonl");
    let text = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, text.replacen("700.00", "701.00", 1)).unwrap();
    let (code, says) = run(&["verify", "folder"]);
    assert!(code == Some(1) && says.contains("position "), "{says}");
}
