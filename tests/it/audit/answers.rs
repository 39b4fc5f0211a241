//! The answer fits the question: it says what was not checked, it says first that a folder does not
//! hold, and a folder of another form is a finding.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use microgrants::audit::{self, FindingRule, FormRule, Trusted, export_layout};
use serde_json::Value;

use crate::audit::auditing::AuditCommand;
use crate::audit::tampered_export::TamperedExport;
use crate::audit::transparency_log::sealer;
use crate::support::fixtures::Office;
use crate::support::test_app::TestApp;

/// Changes the text of a file.
type FileEdit = fn(&str) -> String;

on_each_engine!(a_folder_of_another_form_is_a_finding);
async fn a_folder_of_another_form_is_a_finding(app: TestApp) {
    Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let path = |name: &str| damaged.path.join(name);
    let found = || {
        let report = audit::verify(&damaged.path, &Trusted::default(), |_| {}).unwrap();
        let rules: Vec<_> = report.findings.iter().map(|found| found.rule).collect();
        (rules, format!("{:?}", report.findings))
    };
    assert_eq!(found().0, []);

    // The instructions are not those of the program.
    fs::write(path(export_layout::README), "All is well.\n").unwrap();
    damaged.rewrite_manifest();
    let (rules, says) = found();
    assert_eq!(rules, [FormRule::Manifest.into()], "{says}");

    // They are those of an earlier program.
    let earlier = include_str!("../../fixtures/readme_of_earlier_exports.txt");
    assert_ne!(earlier, export_layout::README_TEXT);
    fs::write(path(export_layout::README), earlier).unwrap();
    damaged.rewrite_manifest();
    assert_eq!(found().0, []);
    damaged.restore();

    // A file that no export has.
    fs::write(path("verify.sh"), "exit 0\n").unwrap();
    let (rules, says) = found();
    assert_eq!(rules, [FormRule::Manifest.into()], "{says}");
    assert!(says.contains("verify.sh"), "{says}");
    fs::remove_file(path("verify.sh")).unwrap();

    // A file that is missing, and its line too.
    fs::remove_file(path(export_layout::ERASURES)).unwrap();
    let (rules, says) = found();
    assert!(rules.contains(&FormRule::Manifest.into()), "{says}");
    assert!(says.contains("erasures.jsonl is missing"), "{says}");
    damaged.restore();

    // A manifest with a further line, or with one that is no digest.
    let manifest = fs::read_to_string(path(export_layout::MANIFEST)).unwrap();
    let first = manifest.lines().next().unwrap();
    for line in [
        format!("{}  other.txt", "0".repeat(64)),
        first.to_owned(),
        String::new(),
    ] {
        fs::write(path(export_layout::MANIFEST), format!("{manifest}{line}\n")).unwrap();
        let (rules, says) = found();
        assert_eq!(rules, [FormRule::Manifest.into()], "{line}: {says}");
    }
    damaged.restore();
    assert_eq!(found().0, []);
}

on_each_engine!(a_file_of_lenient_lines_is_a_finding);
async fn a_file_of_lenient_lines_is_a_finding(app: TestApp) {
    Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let edits: [(&str, FileEdit); 6] = [
        ("no last line feed", |text| text.trim_end().to_owned()),
        ("a carriage return", |text| text.replace('\n', "\r\n")),
        ("a blank line at the end", |text| format!("{text}\n")),
        ("a blank line at the start", |text| format!("\n{text}")),
        ("a blank", |text| format!(" {text}")),
        ("a byte order mark", |text| format!("\u{feff}{text}")),
    ];
    let files: [(&str, FormRule); 4] = [
        (export_layout::EVENTS, FormRule::Readable),
        (export_layout::CHECKPOINTS, FormRule::Head),
        (export_layout::LEAVES, FormRule::Sealed),
        (export_layout::KEY, FormRule::Head),
    ];
    for (name, rule) in files {
        let text = fs::read_to_string(damaged.path.join(name)).unwrap();
        for (says, edit) in edits {
            fs::write(damaged.path.join(name), edit(&text)).unwrap();
            damaged.rewrite_manifest();
            let report = audit::verify(&damaged.path, &Trusted::default(), |_| {}).unwrap();
            let rules: Vec<FindingRule> = report.findings.iter().map(|found| found.rule).collect();
            assert!(rules.contains(&rule.into()), "{says} in {name}: {rules:?}");
            damaged.restore();
        }
    }
}

/// A file of a folder that anybody can damage, and what a verifier says of it.
const DAMAGES: [(&str, Damage); 5] = [
    ("is missing", |_| {}),
    ("is not a plain file", |path| fs::create_dir(path).unwrap()),
    ("is not a plain file", |path| {
        symlink("/dev/zero", path).unwrap();
    }),
    ("is not a plain file", |path| {
        let made = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    }),
    ("", |path| fs::write(path, [0xff, 0xfe, b'\n']).unwrap()),
];

/// Puts something else in the place of a file that was removed.
type Damage = fn(&Path);

on_sqlite!(damage_to_a_file_hides_no_other_finding);
async fn damage_to_a_file_hides_no_other_finding(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    let folder = audit.path("folder");
    let files = export_layout::MANIFEST_FILES
        .into_iter()
        .chain([export_layout::MANIFEST]);
    for name in files {
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        for (says, damage) in DAMAGES {
            fs::remove_file(&path).unwrap();
            damage(&path);
            fs::write(folder.join("other.txt"), "").unwrap();
            let (code, said) = audit.run(&["verify", "folder"]);
            assert_eq!(code, Some(1), "{name}: {said}");
            let expected = [format!("manifest: {name} {says}"), "other.txt".to_owned()];
            if !says.is_empty() {
                assert!(expected.iter().all(|part| said.contains(part)), "{said}");
            }
            if path.is_dir() {
                fs::remove_dir(&path).unwrap();
            } else if path.symlink_metadata().is_ok() {
                fs::remove_file(&path).unwrap();
            }
            fs::write(&path, &whole).unwrap();
            fs::remove_file(folder.join("other.txt")).unwrap();
        }
    }
    assert_eq!(audit.run(&["verify", "folder"]).0, Some(0));
}

on_sqlite!(a_key_file_without_a_key_hides_no_other_finding);
async fn a_key_file_without_a_key_hides_no_other_finding(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    let key = fs::read_to_string(audit.path("folder/key.txt")).unwrap();
    fs::write(audit.path("known.txt"), &key).unwrap();
    keep_head(&audit);
    edit_amount(&audit);
    for text in [
        String::new(),
        "garbage\n".to_owned(),
        format!("{key}garbage\n"),
    ] {
        fs::write(audit.path("folder/key.txt"), &text).unwrap();
        for (arguments, says) in [
            (&["verify", "folder"][..], "no signature was checked"),
            (
                &["verify", "folder", "--head", "head.txt"][..],
                "no signature was checked",
            ),
            (
                &["verify", "folder", "--key", "known.txt"][..],
                "with the key that was passed only",
            ),
        ] {
            let (code, said) = audit.run(arguments);
            assert_eq!(code, Some(1), "{text:?}: {said}");
            assert!(said.contains(says), "{text:?}: {said}");
            assert!(said.contains("sealed: "), "{text:?}: {said}");
        }
    }
}

on_sqlite!(json_is_printed_also_if_nothing_could_be_checked);
async fn json_is_printed_also_if_nothing_could_be_checked(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    fs::write(audit.path("none.txt"), "garbage\n").unwrap();
    let with_missing = ["verify", "folder", "--key", "nowhere.txt"];
    let with_no_key = ["verify", "folder", "--key", "none.txt"];
    let with_no_head = ["verify", "folder", "--head", "none.txt"];
    let with_endless_key = ["verify", "folder", "--key", "/dev/zero"];
    let with_endless_head = ["verify", "folder", "--head", "/dev/zero"];
    let first_object = |says: &str| {
        let mut values = serde_json::Deserializer::from_str(says).into_iter::<Value>();
        values.next().unwrap().unwrap()
    };
    for arguments in [
        &["verify", "nowhere"][..],
        &with_missing[..],
        &with_no_key[..],
        &with_no_head[..],
        &with_endless_key[..],
        &with_endless_head[..],
    ] {
        let (code, says) = audit.run(&[arguments, &["--json"][..]].concat());
        assert_eq!(code, Some(2), "{says}");
        let answer = first_object(&says);
        assert_eq!(answer["checked"], false, "{says}");
        assert!(answer["error"].is_string(), "{says}");
    }
    let (_, says) = audit.run(&["verify", "folder", "--json"]);
    assert_eq!(first_object(&says)["checked"], true);
}

/// Writes the newest head of the exported folder to a file outside it.
fn keep_head(audit: &AuditCommand) {
    let heads = fs::read_to_string(audit.path("folder/heads.jsonl")).unwrap();
    let line: export_layout::CheckpointLine =
        serde_json::from_str(heads.lines().last().unwrap()).unwrap();
    fs::write(audit.path("head.txt"), line.note).unwrap();
}

on_sqlite!(every_verdict_says_what_was_not_checked);
async fn every_verdict_says_what_was_not_checked(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    keep_head(&audit);
    let (of_key, of_head) = (
        "not checked: whose key",
        "not checked: whether the log was cut",
    );
    let with_key = ["verify", "folder", "--key", "folder/key.txt"];
    let with_head = ["verify", "folder", "--head", "head.txt"];
    let with_both = [&with_key[..], &with_head[2..]].concat();
    for (arguments, key_is_open, head_is_open) in [
        (&["verify", "folder"][..], true, true),
        (&with_key[..], false, true),
        (&with_head[..], true, false),
        (&with_both[..], false, false),
    ] {
        let (code, says) = audit.run(arguments);
        assert_eq!(code, Some(0), "{says}");
        let open = (says.contains(of_key), says.contains(of_head));
        assert_eq!(open, (key_is_open, head_is_open), "{says}");
    }
    let (_, says) = audit.run(&["verify", "folder", "--json"]);
    let report: Value = serde_json::from_str(&says).unwrap();
    assert_eq!(report["not_checked"].as_array().map(Vec::len), Some(2));

    let (_, proof) = audit.run(&["prove", "folder", "--position", "3"]);
    fs::write(audit.path("proof.json"), &proof).unwrap();
    let (code, says) = audit.run(&["check", "proof.json"]);
    assert!(code == Some(0) && says.contains(of_key), "{says}");
    let (code, says) = audit.run(&["check", "proof.json", "--key", "folder/key.txt"]);
    assert!(code == Some(0) && !says.contains("not checked"), "{says}");

    edit_amount(&audit);
    let (code, says) = audit.run(&["verify", "folder"]);
    assert!(
        code == Some(1) && says.contains(of_key) && says.contains(of_head),
        "{says}"
    );
}

fn edit_amount(audit: &AuditCommand) {
    let events = audit.path("folder/events.jsonl");
    let text = fs::read_to_string(&events).unwrap();
    fs::write(&events, text.replace("700.00", "701.00")).unwrap();
}

/// Edits of a folder's heads, after which none of them can be read.
const HEADS_LOST: [(&str, FileEdit); 3] = [
    ("no head", |_| String::new()),
    ("a line that is no head", |text| format!("{text}{{}}\n")),
    ("a note that is no head", |text| text.replace("\\n\\n", "")),
];

on_sqlite!(a_folder_without_a_readable_head_is_reported_on_all_the_same);
async fn a_folder_without_a_readable_head_is_reported_on_all_the_same(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    let path = audit.path("folder").join(export_layout::CHECKPOINTS);
    let heads = fs::read_to_string(&path).unwrap();
    let grant = audit.grant();
    let asked = [
        (&["replay", "folder"][..], "\"allocated\""),
        (
            &["explain", "folder", "--grant", grant][..],
            "no readable head",
        ),
        (
            &["explain", "folder", "--grant", grant, "--html"][..],
            "No readable head",
        ),
        (&["ledger", "folder"][..], "Grants-payable"),
        (&["sample", "folder", "1"][..], "no grant was drawn"),
        (&["prove", "folder", "--position", "2"][..], "head"),
    ];
    for (damage, edit) in HEADS_LOST {
        fs::write(&path, edit(&heads)).unwrap();
        for (arguments, answer) in asked {
            let (code, says) = audit.run(arguments);
            assert_eq!(code, Some(1), "{damage}, {arguments:?}: {says}");
            assert!(
                says.contains("DOES NOT HOLD"),
                "{damage}, {arguments:?}: {says}"
            );
            assert!(says.contains(answer), "{damage}, {arguments:?}: {says}");
        }
    }
    // That the folder does not hold weighs more than why there is no answer.
    let nobody = "00000000-0000-0000-0000-000000000009";
    let (code, says) = audit.run(&["explain", "folder", "--grant", nobody]);
    assert_eq!(code, Some(1), "{says}");
    assert!(says.contains("nothing in this log is about"), "{says}");
    // There is nothing to answer from.
    for task in [&["ledger", "nowhere"][..], &["sample", "nowhere", "1"][..]] {
        assert_eq!(audit.run(task).0, Some(2), "{task:?}");
    }
}

on_sqlite!(an_answer_from_an_edited_folder_says_so_first);
async fn an_answer_from_an_edited_folder_says_so_first(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    let asked = [
        (&["replay", "folder"][..], "\"allocated\""),
        (&["replay", "folder", "--view", "grants"][..], "\"state\""),
        (&["prove", "folder", "--position", "2"][..], "\"hashes\""),
        (&["diff", "folder"][..], ""),
    ];
    for (arguments, answer) in asked {
        let (code, says) = audit.run(arguments);
        assert!(code == Some(0) && says.contains(answer), "{says}");
        assert!(!says.contains("NOT HOLD"), "{says}");
    }
    edit_amount(&audit);
    for (arguments, answer) in asked {
        let (code, says) = audit.run(arguments);
        assert_eq!(code, Some(1), "{says}");
        assert!(says.contains("DOES NOT HOLD"), "{says}");
        assert!(says.contains(answer), "{says}");
    }
    let (_, says) = audit.run(&["diff", "folder"]);
    assert!(
        says.contains("the service has \"700.00\", and a replay \"701.00\""),
        "{says}"
    );
}

on_sqlite!(a_replay_answers_as_the_service_does);
async fn a_replay_answers_as_the_service_does(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    let lines = |arguments: &[&str]| {
        let (code, says) = audit.run(&[&["replay", "folder"][..], arguments].concat());
        assert_eq!(code, Some(0), "{says}");
        let view: Value = serde_json::from_str(&says).unwrap();
        view["lines"].as_array().unwrap().clone()
    };
    let by_funder = lines(&["--by", "funder"]);
    assert!(
        by_funder.iter().any(|line| line["allocated"] == "5000.00"),
        "{by_funder:?}"
    );
    for by in ["area", "theme", "round"] {
        let found = lines(&["--by", by]);
        assert!(
            found.iter().any(|line| line["committed"] == "700.00"),
            "{by}: {found:?}"
        );
    }
    let late = lines(&["--effective", "--as-at", "2099-12-31"]);
    assert!(
        late.iter().any(|line| line["allocated"] == "5000.00"),
        "{late:?}"
    );
    let early = lines(&["--effective", "--as-at", "1999-12-31"]);
    assert!(
        early.iter().all(|line| line["allocated"] == "0.00"),
        "{early:?}"
    );

    let funder = by_funder
        .iter()
        .find(|line| line["allocated"] == "5000.00")
        .and_then(|line| line["of"].as_str())
        .unwrap();
    let days = ["--from", "1999-12-31", "--until", "2099-12-31"];
    let statement = [&["--view", "statement", "--of", funder][..], &days[..]].concat();
    assert!(lines(&statement).len() > 1);

    for (arguments, says) in [
        (
            &["--as-at", "999999"][..],
            "the log does not reach this position yet",
        ),
        (
            &["--effective", "--as-at", "3"][..],
            "this is a date such as 2026-10-31",
        ),
        (
            &["--view", "grants", "--by", "fund"][..],
            "--by and --effective",
        ),
        (&["--view", "statement"][..], "--of"),
        (
            &["--view", "statement", "--of", "nobody"][..],
            "no money of nobody",
        ),
    ] {
        let (code, said) = audit.run(&[&["replay", "folder"][..], arguments].concat());
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

on_sqlite!(the_help_of_an_auditors_task_is_short);
async fn the_help_of_an_auditors_task_is_short(app: TestApp) {
    let audit = AuditCommand::with_export(app).await;
    let (code, says) = audit.run(&["verify", "--help"]);
    assert!(code == Some(0) && says.contains("--head"), "{says}");
    assert!(
        !says.contains("--smtp-url") && says.lines().count() < 40,
        "{says}"
    );
}
