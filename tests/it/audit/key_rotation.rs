//! The keys that sign a log, and the heads that an auditor knows from elsewhere: what holds, and
//! what contradicts the folder.

use microgrants::audit::export_layout::{CHECKPOINTS, CheckpointLine, EVENTS, KEY};
use microgrants::audit::{self, FormRule, Report, Trusted};
use microgrants::crypto::keys::{self, KeyPurpose};
use microgrants::transparency::checkpoint::{Checkpoint, Signer};

use crate::audit::rotated_keys::{record_next_key, rotate_signing_key, rotate_without_event};
use crate::audit::tampered_export::TamperedExport;
use crate::audit::tampering::small_log;
use crate::audit::transparency_log::{checkpoints, sealer};
use crate::support::fixtures::person;
use crate::support::test_app::{ORGANISATION, TestApp};

const ORIGIN: &str = "case/log";

fn stranger() -> Signer {
    Signer::new(ORIGIN, &[9; 32])
}

/// What an auditor knows from elsewhere.
fn trusted(key: Option<&str>, head: Option<&str>) -> Trusted {
    Trusted {
        key: key.map(str::to_owned),
        head: head.map(str::to_owned),
    }
}

fn verify(export: &TamperedExport, trusted: &Trusted) -> Report {
    audit::verify(&export.path, trusted, |_| {}).unwrap()
}

/// What the findings about heads say.
fn said_of_heads(report: &Report) -> Vec<&str> {
    let of_heads = report
        .findings
        .iter()
        .filter(|finding| finding.rule == FormRule::Head.into());
    of_heads.map(|finding| finding.says.as_str()).collect()
}

async fn newest(app: &TestApp) -> String {
    checkpoints(app).await.pop().unwrap().note
}

/// Appends a stranger's key. He signs the last head but one as well, and the last one alone.
fn append_strangers_key(export: &TamperedExport) {
    let read = |line: String| serde_json::from_str::<CheckpointLine>(&line).unwrap();
    let mut heads: Vec<_> = export.lines(CHECKPOINTS).into_iter().map(read).collect();
    let [.., before, last] = heads.as_mut_slice() else {
        panic!("two heads");
    };
    before.note = stranger().countersign(&before.note).unwrap();
    last.note = stranger().sign(&Checkpoint::of_note(&last.note).unwrap());
    let lines: Vec<_> = heads
        .iter()
        .map(|line| serde_json::to_string(line).unwrap())
        .collect();
    export.write_lines(CHECKPOINTS, &lines);
    let mut keys = export.lines(KEY);
    keys.push(stranger().verifier().text());
    export.write_lines(KEY, &keys);
    export.rewrite_manifest();
}

on_each_engine!(a_strangers_key_does_not_hold_with_or_without_the_key);
async fn a_strangers_key_does_not_hold_with_or_without_the_key(app: TestApp) {
    // Given
    small_log(&app).await;
    let export = TamperedExport::export(&app, None).await;
    let (key, head) = (export.lines(KEY).remove(0), newest(&app).await);

    // When
    append_strangers_key(&export);

    // Then
    let alone = verify(&export, &trusted(None, None));
    assert!(
        said_of_heads(&alone)
            .iter()
            .any(|says| says.contains("names the key case/log+")),
        "{:?}",
        alone.findings
    );
    for known in [
        trusted(Some(&key), None),
        trusted(None, Some(&head)),
        trusted(Some(&key), Some(&head)),
    ] {
        let report = verify(&export, &known);
        assert!(!said_of_heads(&report).is_empty(), "{known:?}");
    }
}

on_each_engine!(a_rotation_by_an_earlier_program_holds_for_who_knows_the_newest_key);
async fn a_rotation_by_an_earlier_program_holds_for_who_knows_the_newest_key(app: TestApp) {
    // Given
    small_log(&app).await;
    let old_head = newest(&app).await;
    let app = rotate_without_event(&app).await;
    person(&app, "Eve").await;
    sealer(&app).catch_up().await.unwrap();
    let export = TamperedExport::export(&app, None).await;
    let keys = export.lines(KEY);
    let [old, new] = keys.as_slice() else {
        panic!("two keys");
    };
    let head = newest(&app).await;

    // Then
    for holds in [trusted(Some(new), None), trusted(None, Some(&head))] {
        let report = verify(&export, &holds);
        assert!(report.is_clean(), "{holds:?}: {:?}", report.findings);
    }
    for open in [
        trusted(None, None),
        trusted(Some(old), None),
        trusted(None, Some(&old_head)),
    ] {
        let report = verify(&export, &open);
        assert!(
            said_of_heads(&report)
                .iter()
                .any(|says| says.contains("pass --key")),
            "{open:?}: {:?}",
            report.findings
        );
    }

    // A later rotation has its event, and needs no more than before.
    let app = rotate_signing_key(&app).await;
    let later = app.folder.path().join("later");
    audit::export(app.store(), ORGANISATION, &later, |_, _| {})
        .await
        .unwrap();
    let all = std::fs::read_to_string(later.join(KEY)).unwrap();
    let known = trusted(Some(&all), None);
    let report = audit::verify(&later, &known, |_| {}).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    let report = audit::verify(&later, &Trusted::default(), |_| {}).unwrap();
    assert_eq!(said_of_heads(&report).len(), 1, "{:?}", report.findings);
}

on_each_engine!(an_event_that_names_another_key_lets_no_key_in);
async fn an_event_that_names_another_key_lets_no_key_in(app: TestApp) {
    small_log(&app).await;
    let other = keys::SecretKey {
        id: "other".to_owned(),
        secret: [7; 32],
    };
    record_next_key(&app, &other).await;
    let app = rotate_without_event(&app).await;
    let export = TamperedExport::export(&app, None).await;
    let key = export.lines(KEY).remove(1);

    for known in [trusted(None, None), trusted(Some(&key), None)] {
        let report = verify(&export, &known);

        assert!(
            said_of_heads(&report)
                .iter()
                .any(|says| says.contains("signs after this head")),
            "{known:?}: {:?}",
            report.findings
        );
    }
}

on_each_engine!(a_head_of_a_key_that_the_folder_does_not_have_is_a_finding_among_others);
async fn a_head_of_a_key_that_the_folder_does_not_have_is_a_finding_among_others(app: TestApp) {
    // Given
    small_log(&app).await;
    let export = TamperedExport::export(&app, None).await;
    let head = newest(&app).await;
    let state = Checkpoint::of_note(&head).unwrap();
    let by_another = stranger().sign(&state);
    let of_another = Signer::new("other/log", &[9; 32]).sign(&Checkpoint {
        origin: "other/log".to_owned(),
        ..state
    });

    // When
    let mut events = export.lines(EVENTS);
    events[3] = events[3].replacen("\"v\":1", "\"v\":2", 1);
    export.write_lines(EVENTS, &events);

    // Then
    for (note, says) in [
        (&by_another, "no key of this folder signed"),
        (&of_another, "never had that origin"),
    ] {
        let report = verify(&export, &trusted(None, Some(note)));
        assert!(
            said_of_heads(&report)
                .iter()
                .any(|said| said.contains(says)),
            "{says}: {:?}",
            report.findings
        );
        assert_eq!(report.known_head, None);
        for rule in [FormRule::Manifest, FormRule::Sealed, FormRule::Readable] {
            assert!(
                report
                    .findings
                    .iter()
                    .any(|found| found.rule == rule.into()),
                "{rule:?}: {:?}",
                report.findings
            );
        }
    }
}

on_each_engine!(a_log_that_was_cut_before_a_rotation_does_not_hold_with_a_later_head);
/// The folder does not have the key that signed the head.
async fn a_log_that_was_cut_before_a_rotation_does_not_hold_with_a_later_head(app: TestApp) {
    small_log(&app).await;
    let export = TamperedExport::export(&app, None).await;
    let app = rotate_signing_key(&app).await;
    person(&app, "Eve").await;
    sealer(&app).catch_up().await.unwrap();

    let report = verify(&export, &trusted(None, Some(&newest(&app).await)));

    let said = said_of_heads(&report);
    assert!(
        said.iter().any(|says| says.contains("rolled back"))
            && said
                .iter()
                .any(|says| says.contains("no key of this folder")),
        "{said:?}"
    );
}

on_each_engine!(the_command_line_records_the_key_before_it_signs);
/// Also after a rotation that was interrupted once the event was recorded.
async fn the_command_line_records_the_key_before_it_signs(app: TestApp) {
    // Given
    small_log(&app).await;
    let folder = app.folder.path().join("keys");
    let (_, new) = keys::begin_rotation(app.store(), &folder, KeyPurpose::Checkpoint)
        .await
        .unwrap();
    record_next_key(&app, &new).await;
    let place = app.close().await;
    let run = |arguments: &[&str]| {
        let output = place.program().args(arguments).output().unwrap();
        let says = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), says)
    };

    // When
    for _ in 0..2 {
        let (code, says) = run(&["rotate-seal"]);
        assert_eq!(code, Some(0), "{says}");
    }

    // Then
    let (code, says) = run(&["audit", "export", "folder"]);
    assert_eq!(code, Some(0), "{says}");
    let exported = place.folder.path().join("folder");
    let events = std::fs::read_to_string(exported.join(EVENTS)).unwrap();
    let keys = std::fs::read_to_string(exported.join(KEY)).unwrap();
    let named: Vec<_> = events
        .lines()
        .filter(|line| line.contains("\"event\":\"CheckpointKeyRotated\""))
        .collect();
    assert_eq!((named.len(), keys.lines().count()), (2, 3));
    for (event, key) in named.iter().zip(keys.lines().skip(1)) {
        assert!(event.contains(key), "{event}");
    }
    let report = audit::verify(&exported, &Trusted::default(), |_| {}).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
}
