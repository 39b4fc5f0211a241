//! Tampering with an exported log in every way, checked by two verifiers: ours, and one in Python.
//!
//! Without Python or its cryptography package, the cases of the second verifier are reported as
//! ignored.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use microgrants::audit::{self, Rule, Trusted, export_layout};
use microgrants::crypto::keys::{self, KeyPurpose};
use microgrants::transparency::checkpoint::{Checkpoint, Signer};
use microgrants::transparency::merkle::{Tiles, leaf_hash};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::audit::transparency_log::sealer;
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::{ORGANISATION, TestApp};

const ORIGIN: &str = "case/log";

/// The Python interpreter that has the second verifier's package, if there is one.
fn find_python() -> Option<PathBuf> {
    let validators = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/validators/bin/python"
    ));
    let has = |python: &PathBuf| {
        let asked = Command::new(python)
            .args(["-c", "import cryptography"])
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    };
    [validators, PathBuf::from("python3")].into_iter().find(has)
}

/// The second verifier as a child process that checks one folder after another.
struct PythonVerifier {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl PythonVerifier {
    fn start() -> Self {
        let mut command = Command::new(find_python().expect("Python"));
        command.arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/verify_many.py"
        ));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/audit/verify.py"));
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let (input, output) = (
            process.stdin.take().unwrap(),
            BufReader::new(process.stdout.take().unwrap()),
        );
        Self {
            process,
            input,
            output,
        }
    }

    fn verify(&mut self, folder: &Path, key: &str) -> Verdict {
        writeln!(self.input, "{}\t{key}", folder.display()).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let verdict: Value = serde_json::from_str(&line).unwrap();
        if verdict["checked"] == false {
            return Verdict::NotChecked;
        }
        let found = verdict["found"].as_array().unwrap();
        if found.is_empty() {
            Verdict::Holds
        } else {
            Verdict::Found(found.iter().filter_map(|one| one[0].as_i64()).min())
        }
    }
}

impl Drop for PythonVerifier {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Holds,
    /// Lowest position named by a finding, if any names one.
    Found(Option<i64>),
    NotChecked,
}

fn verify_with_ours(folder: &Path, key: &str) -> Verdict {
    match audit::verify(
        folder,
        &Trusted {
            key: Some(key.to_owned()),
            head: None,
        },
        |_| {},
    ) {
        Ok(report) if report.is_clean() => Verdict::Holds,
        Ok(report) => Verdict::Found(
            report
                .findings
                .iter()
                .filter_map(|finding| finding.position)
                .min(),
        ),
        Err(_) => Verdict::NotChecked,
    }
}

/// An exported folder that can be tampered with and restored.
struct TamperedExport {
    path: PathBuf,
    originals: Vec<(String, Vec<u8>)>,
    key: String,
    secret: [u8; 32],
    python: Option<PythonVerifier>,
    tried: usize,
}

impl TamperedExport {
    async fn export(house: &TestApp, second: Option<PythonVerifier>) -> Self {
        let path = house.folder.path().join("export");
        audit::export(house.store(), ORGANISATION, &path, |_, _| {})
            .await
            .unwrap();
        let names = export_layout::MANIFEST_FILES
            .iter()
            .chain([&export_layout::MANIFEST]);
        let whole = names
            .map(|name| ((*name).to_owned(), fs::read(path.join(name)).unwrap()))
            .collect();
        let key = fs::read_to_string(path.join(export_layout::KEY))
            .unwrap()
            .trim()
            .to_owned();
        Self {
            path,
            originals: whole,
            key,
            secret: house.keys.checkpoint.secret,
            python: second,
            tried: 0,
        }
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.path.join(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path.join(name), bytes).unwrap();
    }

    fn lines(&self, name: &str) -> Vec<String> {
        String::from_utf8(self.file(name))
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn write_lines(&self, name: &str, lines: &[String]) {
        self.write(
            name,
            lines
                .iter()
                .flat_map(|line| [line.as_str(), "\n"])
                .collect::<String>()
                .as_bytes(),
        );
    }

    /// Recomputes the manifest for the changed files, as an attacker with access to the folder
    /// could.
    fn rewrite_manifest(&self) {
        let name =
            |name: &&str| format!("{}  {name}", hex::encode(Sha256::digest(self.file(name))));
        self.write_lines(
            export_layout::MANIFEST,
            &export_layout::MANIFEST_FILES
                .iter()
                .map(name)
                .collect::<Vec<_>>(),
        );
    }

    /// Recomputes the leaf hashes for the changed events, and the manifest.
    fn rewrite_leaves(&self) {
        let events = self.file(export_layout::EVENTS);
        let lines = events
            .strip_suffix(b"\n")
            .unwrap_or(&events)
            .split(|byte| *byte == b'\n');
        let leaves: Vec<_> = lines.map(|line| hex::encode(leaf_hash(line))).collect();
        self.write_lines(export_layout::LEAVES, &leaves);
        self.rewrite_manifest();
    }

    fn restore(&self) {
        self.originals
            .iter()
            .for_each(|(name, bytes)| self.write(name, bytes));
    }

    fn verdicts(&mut self) -> [Verdict; 2] {
        let ours = verify_with_ours(&self.path, &self.key);
        let theirs = self
            .python
            .as_mut()
            .map_or(ours, |second| second.verify(&self.path, &self.key));
        [ours, theirs]
    }

    /// Asserts that both verifiers report the change and name no position after it, then restores
    /// the folder.
    fn assert_detected(&mut self, says: &str, at: Option<i64>) {
        self.tried += 1;
        for verdict in self.verdicts() {
            match (verdict, at) {
                (Verdict::Holds, _) => panic!("{says}: not found"),
                (Verdict::Found(Some(named)), Some(at)) => assert!(
                    named <= at,
                    "{says}: position {named} was named, and not {at}"
                ),
                (Verdict::Found(None), Some(_)) => panic!("{says}: no position was named"),
                _ => {}
            }
        }
        self.restore();
    }

    fn assert_holds(&mut self) {
        assert_eq!(self.verdicts(), [Verdict::Holds; 2]);
    }

    /// Signs a checkpoint over the folder's first events, as a holder of the key could.
    fn sign_checkpoint(&self, size: usize, secret: &[u8; 32]) -> String {
        let mut tiles = Tiles::default();
        self.lines(export_layout::EVENTS)[..size]
            .iter()
            .for_each(|line| tiles.push(leaf_hash(line.as_bytes())));
        let size = tiles.size();
        Signer::new(ORIGIN, secret).sign(&Checkpoint {
            origin: ORIGIN.into(),
            size,
            root: tiles.root(size).unwrap(),
        })
    }
}

/// The smallest log with several checkpoints: four people.
async fn smallest_log(house: &TestApp) {
    for name in ["Ada", "Ben", "Cass", "Dee"] {
        person(house, name).await;
        sealer(house).catch_up().await.unwrap();
    }
}

/// A log with two staff, a group and its draft, and several checkpoints.
async fn small_log(house: &TestApp) {
    let office = Office::open(house, 5000).await;
    sealer(house).catch_up().await.unwrap();
    office.group(house).await;
    sealer(house).catch_up().await.unwrap();
    office.draft(house, 500).await;
    sealer(house).catch_up().await.unwrap();
}

on_each_engine!(a_whole_log_holds_and_an_older_head_of_it_is_known);
async fn a_whole_log_holds_and_an_older_head_of_it_is_known(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    let earlier = microgrants::store::tlog::newest_checkpoint(house.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .note;
    office.prepared(&house, 700).await;
    sealer(&house).catch_up().await.unwrap();
    let mut damaged = TamperedExport::export(&house, None).await;
    damaged.assert_holds();
    let trusted = Trusted {
        key: Some(damaged.key.clone()),
        head: Some(earlier.clone()),
    };
    let report = audit::verify(&damaged.path, &trusted, |_| {}).unwrap();
    assert!(
        report.is_clean() && report.awards == 1 && report.heads == 2,
        "{report:?}"
    );
    assert_eq!(report.events, house.log.length().await.unwrap());

    // A log that was cut back and signed again is consistent in itself; a checkpoint stored
    // elsewhere reveals it.
    let with_earlier = |damaged: &TamperedExport, head: &str| {
        let trusted = Trusted {
            key: Some(damaged.key.clone()),
            head: Some(head.to_owned()),
        };
        audit::verify(&damaged.path, &trusted, |_| {})
            .unwrap()
            .findings
    };
    let size = usize::try_from(house.log.length().await.unwrap()).unwrap();
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
            .any(|finding| finding.rule == Rule::Head && finding.says.contains("rolled back")),
        "{found:?}"
    );
    let found = with_earlier(&damaged, &earlier);
    assert!(
        found
            .iter()
            .any(|finding| finding.rule == Rule::Head && finding.says.contains("missing")),
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
    assert!(
        found
            .iter()
            .any(|finding| finding.rule == Rule::Head && finding.says.contains("forked")),
        "{found:?}"
    );
}

on_sqlite!(
    every_changed_byte_is_found_by_both_verifiers,
    ignore = "needs cryptography of Python"
);
async fn every_changed_byte_is_found_by_both_verifiers(house: TestApp) {
    smallest_log(&house).await;
    let mut damaged = TamperedExport::export(&house, Some(PythonVerifier::start())).await;
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
        "{} changed bytes were tried, {events} of them in events that were hashed again: all were found by both verifiers",
        damaged.tried
    );
    assert!(damaged.tried > 5000 && events > 2000);
}

on_sqlite!(
    every_other_damage_is_found_by_both_verifiers,
    ignore = "needs cryptography of Python"
);
async fn every_other_damage_is_found_by_both_verifiers(house: TestApp) {
    small_log(&house).await;
    let mut damaged = TamperedExport::export(&house, Some(PythonVerifier::start())).await;
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

/// Rotates the signing key as the command does. Returns a test app with the new key.
async fn rotate_signing_key(house: &TestApp) -> TestApp {
    let folder = house.folder.path().join("keys");
    let (old, new) = keys::begin_rotation(house.store(), &folder, KeyPurpose::Checkpoint)
        .await
        .unwrap();
    sealer(house).rotate_key(&old.id, &new).await.unwrap();
    keys::install_next_key(&folder, KeyPurpose::Checkpoint, Some(&old.id)).unwrap();
    house.restarted().await
}

on_each_engine!(a_log_whose_key_was_rotated_holds_and_no_key_comes_in_unvouched);
async fn a_log_whose_key_was_rotated_holds_and_no_key_comes_in_unvouched(house: TestApp) {
    small_log(&house).await;
    let first = microgrants::store::tlog::find(house.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .verifier;
    let earlier = crate::audit::transparency_log::checkpoints(&house)
        .await
        .remove(0)
        .note;
    let house = rotate_signing_key(&house).await;
    let last_of_first = crate::audit::transparency_log::checkpoints(&house)
        .await
        .pop()
        .unwrap();
    person(&house, "Eve").await;
    sealer(&house).catch_up().await.unwrap();
    let house = rotate_signing_key(&house).await;
    person(&house, "Fay").await;
    sealer(&house).catch_up().await.unwrap();
    sealer(&house).check().await.unwrap();
    let mut damaged =
        TamperedExport::export(&house, find_python().map(|_| PythonVerifier::start())).await;
    let keys = damaged.lines(export_layout::KEY);
    assert_eq!((keys.len(), keys[0].as_str()), (3, first.as_str()));
    damaged.key.clone_from(&keys[2]);
    damaged.assert_holds();
    let trusted = Trusted {
        key: Some(keys[2].clone()),
        head: Some(earlier.clone()),
    };
    assert!(
        audit::verify(&damaged.path, &trusted, |_| {})
            .unwrap()
            .is_clean(),
        "and a head of the first key is still one of the log's"
    );
    for old in &keys[..2] {
        damaged.key.clone_from(old);
        damaged.assert_detected("only a key is known that does not sign any more", None);
    }
    // Keys that are unvouched for, reordered, left out, or foreign.
    let stranger = Signer::new(ORIGIN, &[9; 32]).verifier().text();
    let [a, b, c] = keys.as_slice() else {
        panic!("three keys")
    };
    damaged.key.clone_from(c);
    for changed in [
        vec![b, a, c],
        vec![a, c],
        vec![b, c],
        vec![c],
        vec![a, b, c, &stranger],
        vec![a, &stranger, c],
        vec![a, c, b],
    ] {
        damaged.write_lines(
            export_layout::KEY,
            &changed.into_iter().cloned().collect::<Vec<_>>(),
        );
        damaged.rewrite_manifest();
        damaged.assert_detected("other keys", None);
    }
    let heads = damaged.lines(export_layout::CHECKPOINTS);
    let at = heads
        .iter()
        .position(|line| {
            serde_json::from_str::<export_layout::CheckpointLine>(line)
                .unwrap()
                .size
                == last_of_first.size
        })
        .unwrap();
    let vouching: export_layout::CheckpointLine = serde_json::from_str(&heads[at]).unwrap();
    for left_out in [3, 4] {
        let mut lines: Vec<_> = vouching.note.lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 6);
        lines.remove(left_out + 1);
        let mut changed = heads.clone();
        let note = format!("{}\n", lines.join("\n"));
        changed[at] = serde_json::to_string(&export_layout::CheckpointLine {
            note,
            size: vouching.size,
            through: vouching.through,
        })
        .unwrap();
        damaged.write_lines(export_layout::CHECKPOINTS, &changed);
        damaged.rewrite_manifest();
        damaged.assert_detected("one signature of the two left out", None);
    }
    damaged.assert_holds();
    // A proof refers to the current signing key.
    let proof = audit::prove(&damaged.path, 1).unwrap();
    assert_eq!(
        (proof.key.as_str(), proof.check(Some(c)).unwrap().0),
        (c.as_str(), 1)
    );
}

on_each_engine!(tables_that_say_something_else_than_the_log_are_found);
/// Derived tables in the folder that contradict the log.
async fn tables_that_say_something_else_than_the_log_are_found(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    office.prepared(&house, 700).await;
    sealer(&house).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&house, None).await;
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
            [Rule::Told],
            "{name}"
        );
        damaged.restore();
    }
}

on_each_engine!(every_rule_that_two_people_or_money_must_keep_is_replayed);
/// A complete and signed log that violates a rule: only replay reveals it.
async fn every_rule_that_two_people_or_money_must_keep_is_replayed(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, ..) = office.prepared(&house, 700).await;
    let approve = command_from_json(
        "grant",
        grant.0,
        "approve-payment",
        &json!({ "payment": 1 }),
    );
    house.issue_ok(office.ben, approve).await;
    let send = command_from_json(
        "grant",
        grant.0,
        "send-payment",
        &json!({ "payment": 1, "happened_on": house.today() }),
    );
    house.issue_ok(office.ben, send).await;
    sealer(&house).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&house, None).await;
    let events = damaged.lines(export_layout::EVENTS);
    let signed_anew = |name: &str, change: &dyn Fn(&str) -> String| {
        let mut changed = events.clone();
        let at = changed
            .iter()
            .position(|line| line.contains(&format!("\"event\":\"{name}\"")))
            .expect(name);
        changed[at] = change(&changed[at]);
        assert_ne!(changed[at], events[at], "{name} was changed");
        damaged.write_lines(export_layout::EVENTS, &changed);
        let note = damaged.sign_checkpoint(changed.len(), &damaged.secret);
        let size = i64::try_from(changed.len()).unwrap();
        let line = serde_json::to_string(&export_layout::CheckpointLine {
            note,
            size,
            through: 0,
        })
        .unwrap();
        damaged.write_lines(export_layout::CHECKPOINTS, &[line]);
        damaged.rewrite_leaves();
        let report = audit::verify(&damaged.path, &Trusted::default(), |_| {}).unwrap();
        let found = report.findings.into_iter().map(|finding| finding.rule);
        damaged.restore();
        found.collect::<Vec<_>>()
    };
    let by = |line: &str, field: &str| {
        let from = line.find(&format!("\"{field}\":\"")).unwrap() + field.len() + 4;
        line[from..from + 36].to_owned()
    };
    let payment = events
        .iter()
        .find(|line| line.contains("\"event\":\"PaymentPrepared\""))
        .unwrap();
    let preparer = by(payment, "prepared_by");
    let found = signed_anew("PaymentApproved", &|line| {
        line.replace(&by(line, "approved_by"), &preparer)
    });
    assert!(found.contains(&Rule::FourEyes), "{found:?}");
    let found = signed_anew("Awarded", &|line| line.replace("\"700.00\"", "\"2700.00\""));
    assert!(found.contains(&Rule::Award), "{found:?}");
    let found = signed_anew("Committed", &|line| {
        line.replace("\"700.00\"", "\"5700.00\"")
    });
    assert!(found.contains(&Rule::Budget), "{found:?}");
    let found = signed_anew("GrantOffered", &|line| {
        line.replace("\"700.00\"", "\"1700.00\"")
    });
    assert!(found.contains(&Rule::WholeAward), "{found:?}");
    let found = signed_anew("PaymentSent", &|line| {
        line.replace("\"700.00\"", "\"500.00\"")
    });
    assert!(found.contains(&Rule::Budget), "{found:?}");
    let found = signed_anew("PaymentApproved", &|line| {
        line.replace("\"payment\":1", "\"payment\":2")
    });
    assert_eq!(
        found.iter().filter(|rule| **rule == Rule::FourEyes).count(),
        2,
        "neither was it approved that was sent: {found:?}"
    );
    let found = signed_anew("PaymentPrepared", &|line| {
        line.replace("\"payee\":1", "\"payee\":2")
    });
    assert!(found.contains(&Rule::Payee), "{found:?}");
}
