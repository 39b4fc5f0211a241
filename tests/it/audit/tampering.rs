//! Tampering with an exported log in every way, checked by two verifiers: ours, and one in Python.

use microgrants::audit::{self, Finding, FormRule, Trusted, export_layout};
use microgrants::transparency::checkpoint::{Checkpoint, Signer};
use microgrants::transparency::merkle::leaf_hash;
use serde_json::Value;

use super::tampered_export::{ORIGIN, PythonVerifier, TamperedExport};
use crate::audit::transparency_log::sealer;
use crate::support::fixtures::{Office, person};
use crate::support::test_app::{ORGANISATION, TestApp};

/// The smallest log with several checkpoints: four people.
async fn smallest_log(app: &TestApp) {
    for name in ["Ada", "Ben", "Cass", "Dee"] {
        person(app, name).await;
        sealer(app).catch_up().await.unwrap();
    }
}

/// A log with two staff, a group and its draft, and several checkpoints.
pub async fn small_log(app: &TestApp) {
    let office = Office::open(app, 5000).await;
    sealer(app).catch_up().await.unwrap();
    office.group(app).await;
    sealer(app).catch_up().await.unwrap();
    office.draft(app, 500).await;
    sealer(app).catch_up().await.unwrap();
}

/// Seals a log, and records and seals a prepared payment after that. Returns the first checkpoint.
async fn grow_after_checkpoint(app: &TestApp) -> String {
    let office = Office::open(app, 5000).await;
    sealer(app).catch_up().await.unwrap();
    let earlier = microgrants::store::tlog::newest_checkpoint(app.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .note;
    office.prepared(app, 700).await;
    sealer(app).catch_up().await.unwrap();
    earlier
}

on_each_engine!(a_whole_log_holds_and_an_older_head_of_it_is_known);
async fn a_whole_log_holds_and_an_older_head_of_it_is_known(app: TestApp) {
    let earlier = grow_after_checkpoint(&app).await;
    let mut damaged = TamperedExport::export(&app, None).await;
    damaged.assert_holds();
    let trusted = Trusted {
        key: Some(damaged.key.clone()),
        head: Some(earlier),
    };
    let report = audit::verify(&damaged.path, &trusted, |_| {}).unwrap();
    assert!(
        report.is_clean() && report.awards == 1 && report.heads == 2,
        "{report:?}"
    );
    assert_eq!(report.events, app.log.length().await.unwrap());
}

on_each_engine!(an_older_head_reveals_a_log_that_was_cut_back);
/// A log that was cut back and signed again is consistent in itself; a checkpoint stored elsewhere
/// reveals it.
async fn an_older_head_reveals_a_log_that_was_cut_back(app: TestApp) {
    let earlier = grow_after_checkpoint(&app).await;
    let damaged = TamperedExport::export(&app, None).await;
    let with_earlier = |damaged: &TamperedExport, head: &str| {
        let trusted = Trusted {
            key: Some(damaged.key.clone()),
            head: Some(head.to_owned()),
        };
        audit::verify(&damaged.path, &trusted, |_| {})
            .unwrap()
            .findings
    };
    let size = usize::try_from(app.log.length().await.unwrap()).unwrap();
    let last = damaged.sign_checkpoint(size, &damaged.secret.clone());
    let events = damaged.lines(export_layout::EVENTS);
    damaged.write_lines(export_layout::EVENTS, &events[..size - 1]);
    let note = damaged.sign_checkpoint(size - 1, &damaged.secret.clone());
    let line = serde_json::to_string(&export_layout::CheckpointLine {
        note,
        size: i64::try_from(size - 1).unwrap(),
        through: 0,
    })
    .unwrap();
    damaged.write_lines(export_layout::CHECKPOINTS, &[line]);
    damaged.rewrite_leaves();
    let found = with_earlier(&damaged, &last);
    assert!(
        found
            .iter()
            .any(|finding| finding.rule == FormRule::Head.into()
                && finding.says.contains("rolled back")),
        "{found:?}"
    );
    let found = with_earlier(&damaged, &earlier);
    assert!(
        found.iter().any(
            |finding| finding.rule == FormRule::Head.into() && finding.says.contains("missing")
        ),
        "{found:?}"
    );
    // A different checkpoint of the same size reveals a fork.
    let forked = damaged.sign_checkpoint(size - 2, &damaged.secret.clone());
    let forked = Signer::new(ORIGIN, &damaged.secret).sign(&Checkpoint {
        origin: ORIGIN.into(),
        size: u64::try_from(size - 1).unwrap(),
        root: leaf_hash(forked.as_bytes()),
    });
    let found = with_earlier(&damaged, &forked);
    let is_fork = |finding: &Finding| {
        finding.rule == FormRule::Head.into() && finding.says.contains("forked")
    };
    assert!(found.iter().any(is_fork), "{found:?}");
}

on_sqlite!(
    every_changed_byte_is_found_by_both_verifiers,
    ignore = "needs cryptography of Python"
);
async fn every_changed_byte_is_found_by_both_verifiers(app: TestApp) {
    smallest_log(&app).await;
    let mut damaged = TamperedExport::export(&app, Some(PythonVerifier::start())).await;
    damaged.assert_holds();
    // Any byte of any file: the manifest no longer matches, or is itself changed.
    let mut events = 0;
    for (name, whole) in damaged.originals.clone() {
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            damaged.write(&name, &bytes);
            damaged.assert_detected(&format!("byte {at} of {name}"), None);
        }
        // Any byte of any event, with leaves and manifest recomputed: only the signed checkpoint
        // reveals it.
        if name == export_layout::EVENTS {
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= 1;
                damaged.write(&name, &bytes);
                damaged.rewrite_leaves();
                let position = whole[..at].split(|byte| *byte == b'\n').count() - 1;
                damaged.assert_detected(
                    &format!("byte {at} of the events"),
                    i64::try_from(position).ok(),
                );
                events += 1;
            }
        }
    }
    damaged.assert_holds();
    println!(
        "{} changed bytes were tried, {events} of them in events that were hashed again: all were \
            found by both verifiers",
        damaged.tried
    );
    assert!(damaged.tried > 5000 && events > 2000);
}

on_sqlite!(
    every_other_damage_is_found_by_both_verifiers,
    ignore = "needs cryptography of Python"
);
async fn every_other_damage_is_found_by_both_verifiers(app: TestApp) {
    small_log(&app).await;
    let mut damaged = TamperedExport::export(&app, Some(PythonVerifier::start())).await;
    damaged.assert_holds();
    let events = damaged.lines(export_layout::EVENTS);
    let heads = damaged.lines(export_layout::CHECKPOINTS);
    for at in 0..events.len() {
        let position = i64::try_from(at).ok();
        let mut removed = events.clone();
        removed.remove(at);
        damaged.write_lines(export_layout::EVENTS, &removed);
        damaged.rewrite_leaves();
        damaged.assert_detected(&format!("event {at} removed"), position);
        let mut inserted = events.clone();
        inserted.insert(at, events[at].clone());
        damaged.write_lines(export_layout::EVENTS, &inserted);
        damaged.rewrite_leaves();
        damaged.assert_detected(&format!("event {at} doubled"), Some(position.unwrap() + 1));
        if at + 1 < events.len() {
            let mut swapped = events.clone();
            swapped.swap(at, at + 1);
            damaged.write_lines(export_layout::EVENTS, &swapped);
            damaged.rewrite_leaves();
            damaged.assert_detected(&format!("events {at} and {} swapped", at + 1), position);
        }
        damaged.write_lines(export_layout::EVENTS, &events[..at]);
        damaged.rewrite_leaves();
        damaged.assert_detected(&format!("cut off at {at}"), position);
    }
    // Events after the last checkpoint.
    for left in 1..heads.len() {
        damaged.write_lines(export_layout::CHECKPOINTS, &heads[..left]);
        damaged.rewrite_manifest();
        let size: Value = serde_json::from_str(&heads[left - 1]).unwrap();
        damaged.assert_detected(&format!("{left} heads left"), size["size"].as_i64());
    }
    damaged.write_lines(export_layout::CHECKPOINTS, &[]);
    damaged.rewrite_manifest();
    damaged.assert_detected("no head left", None);
    heads_forged(&mut damaged, &heads);
    damaged.assert_holds();
    println!(
        "{} other damages were tried: all were found by both verifiers",
        damaged.tried
    );
    assert!(damaged.tried > 4 * events.len() - 5);
}

/// Checkpoints with other content, other signers, or in the wrong place.
fn heads_forged(damaged: &mut TamperedExport, heads: &[String]) {
    let own = damaged.secret;
    for (at, line) in heads.iter().enumerate() {
        let head: export_layout::CheckpointLine = serde_json::from_str(line).unwrap();
        let size = usize::try_from(head.size).unwrap();
        let with = |note: String| export_layout::CheckpointLine {
            note,
            size: head.size,
            through: head.through,
        };
        let over_less = damaged.sign_checkpoint(size - 1, &own);
        let other_key = damaged.sign_checkpoint(size, &[9; 32]);
        let other_log = Signer::new("other/log", &own).sign(&Checkpoint {
            origin: "other/log".into(),
            size: u64::try_from(size).unwrap(),
            root: [0; 32],
        });
        let other_root = Signer::new(ORIGIN, &own).sign(&Checkpoint {
            origin: ORIGIN.into(),
            size: u64::try_from(size).unwrap(),
            root: [0; 32],
        });
        for (says, note) in [
            ("over less", over_less),
            ("of another key", other_key),
            ("of another log", other_log),
            ("of another root", other_root),
        ] {
            let mut lines = heads.to_vec();
            lines[at] = serde_json::to_string(&with(note)).unwrap();
            damaged.write_lines(export_layout::CHECKPOINTS, &lines);
            damaged.rewrite_manifest();
            damaged.assert_detected(&format!("head {at} {says}"), None);
        }
        let mut lines = heads.to_vec();
        lines.insert(at, line.clone());
        damaged.write_lines(export_layout::CHECKPOINTS, &lines);
        damaged.rewrite_manifest();
        damaged.assert_detected(&format!("head {at} twice"), None);
        let mut lines = heads.to_vec();
        lines[at] = line.replacen("\"size\":", "\"size\":1", 1);
        damaged.write_lines(export_layout::CHECKPOINTS, &lines);
        damaged.rewrite_manifest();
        damaged.assert_detected(&format!("head {at} under another size"), None);
    }
    let other = Signer::new(ORIGIN, &[9; 32]).verifier().text();
    damaged.write(export_layout::KEY, format!("{other}\n").as_bytes());
    damaged.rewrite_manifest();
    damaged.assert_detected("another key", None);
}

on_each_engine!(tables_that_say_something_else_than_the_log_are_found);
/// Derived tables in the folder that contradict the log.
async fn tables_that_say_something_else_than_the_log_are_found(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.prepared(&app, 700).await;
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let grants = String::from_utf8(damaged.file(export_layout::GRANTS)).unwrap();
    assert!(
        grants.contains(",700.00,0.00,") && grants.lines().count() == 2,
        "{grants}"
    );
    for (name, lie) in [
        (export_layout::GRANTS, grants.replace("700.00", "800.00")),
        (export_layout::ERASURES, "{}\n".to_owned()),
    ] {
        damaged.write(name, lie.as_bytes());
        damaged.rewrite_manifest();
        let report = audit::verify(&damaged.path, &Trusted::default(), |_| {}).unwrap();
        assert_eq!(
            report
                .findings
                .iter()
                .map(|finding| finding.rule)
                .collect::<Vec<_>>(),
            [FormRule::Told.into()],
            "{name}"
        );
        damaged.restore();
    }
}
