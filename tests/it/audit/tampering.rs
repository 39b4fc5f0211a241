//! Tampering with an exported log in every way, checked by two verifiers: ours, and one in Python.
//!
//! Without Python or its cryptography package, the cases of the second verifier are reported as
//! ignored.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, ChildStdout, Stdio};

use microgrants::audit::{self, Finding, FindingRule, FormRule, Trusted, export_layout};
use microgrants::commands::{Caller, CommandRequest};
use microgrants::crypto::keys::{self, KeyPurpose, SecretKey};
use microgrants::domain::organisation::RecordKeyRotation;
use microgrants::domain::{Command, OrganisationCommand, Person, Role, Rule};
use microgrants::transparency::checkpoint::{Checkpoint, Signer};
use microgrants::transparency::merkle::{Tiles, leaf_hash};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::audit::transparency_log::{checkpoints, sealer};
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::steps::change_contact;
use crate::support::test_app::{ORGANISATION, TestApp};

const ORIGIN: &str = "case/log";

/// The Python interpreter that has the second verifier's package, if there is one.
pub fn find_python() -> Option<PathBuf> {
    let validators = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/validators/bin/python"
    ));
    let has = |python: &PathBuf| {
        let asked = process::Command::new(python)
            .args(["-c", "import cryptography"])
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    };
    [validators, PathBuf::from("python3")].into_iter().find(has)
}

/// The second verifier as a child process that checks one folder after another.
pub struct PythonVerifier {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl PythonVerifier {
    pub fn start() -> Self {
        let mut command = process::Command::new(find_python().expect("Python"));
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

    /// The answer of the script: whether it could check, and each finding's position and rule.
    fn ask(&mut self, folder: &Path, key: &str) -> Value {
        writeln!(self.input, "{}\t{key}", folder.display()).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn verify(&mut self, folder: &Path, key: &str) -> Verdict {
        let verdict = self.ask(folder, key);
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
pub struct TamperedExport {
    pub path: PathBuf,
    originals: Vec<(String, Vec<u8>)>,
    key: String,
    secret: [u8; 32],
    python: Option<PythonVerifier>,
    pub tried: usize,
}

impl TamperedExport {
    pub async fn export(app: &TestApp, second: Option<PythonVerifier>) -> Self {
        let path = app.folder.path().join("export");
        audit::export(app.store(), ORGANISATION, &path, |_, _| {})
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
            secret: app.keys.checkpoint.secret,
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

    pub fn lines(&self, name: &str) -> Vec<String> {
        String::from_utf8(self.file(name))
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    pub fn write_lines(&self, name: &str, lines: &[String]) {
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
    pub fn rewrite_manifest(&self) {
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
    pub fn rewrite_leaves(&self) {
        let events = self.file(export_layout::EVENTS);
        let lines = events
            .strip_suffix(b"\n")
            .unwrap_or(&events)
            .split(|byte| *byte == b'\n');
        let leaves: Vec<_> = lines.map(|line| hex::encode(leaf_hash(line))).collect();
        self.write_lines(export_layout::LEAVES, &leaves);
        self.rewrite_manifest();
    }

    pub fn restore(&self) {
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
    pub fn assert_detected(&mut self, says: &str, at: Option<i64>) {
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

    pub fn assert_holds(&mut self) {
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

/// Rotates the signing key as the command does. Returns a test app with the new key.
pub async fn rotate_signing_key(app: &TestApp) -> TestApp {
    let new = begin_rotation(app).await.1;
    record_next_key(app, &new).await;
    rotate_without_event(app).await
}

async fn begin_rotation(app: &TestApp) -> (SecretKey, SecretKey) {
    let folder = app.folder.path().join("keys");
    keys::begin_rotation(app.store(), &folder, KeyPurpose::Checkpoint)
        .await
        .unwrap()
}

/// Records the key that signs next.
pub async fn record_next_key(app: &TestApp, new: &SecretKey) {
    let key = sealer(app).next_key(new).await.unwrap().parse().unwrap();
    let command = OrganisationCommand::RecordKeyRotation(RecordKeyRotation { key });
    let command = Command::Organisation(app.commands.organisation(), command);
    app.commands
        .execute(CommandRequest::new(Caller::operator(), command))
        .await
        .unwrap();
}

/// Rotates the signing key as earlier programs did. A rotation that was begun uses the same key.
pub async fn rotate_without_event(app: &TestApp) -> TestApp {
    let folder = app.folder.path().join("keys");
    let (old, new) = begin_rotation(app).await;
    sealer(app).rotate_key(&old.id, &new).await.unwrap();
    keys::install_next_key(&folder, KeyPurpose::Checkpoint, Some(&old.id)).unwrap();
    app.restarted().await
}

/// The export of a log whose signing key was rotated twice. The key that is known is the last.
struct RotatedExport {
    damaged: TamperedExport,
    keys: Vec<String>,
    /// A checkpoint of the first key.
    earlier: String,
    /// The number of events under the checkpoint that vouches for the second key.
    last_of_first: i64,
}

impl RotatedExport {
    async fn new(app: &TestApp) -> Self {
        small_log(app).await;
        let first = microgrants::store::tlog::find(app.store(), ORGANISATION)
            .await
            .unwrap()
            .unwrap()
            .verifier;
        let earlier = checkpoints(app).await.remove(0).note;
        let app = rotate_signing_key(app).await;
        let last_of_first = checkpoints(&app).await.pop().unwrap().size;
        person(&app, "Eve").await;
        sealer(&app).catch_up().await.unwrap();
        let app = rotate_signing_key(&app).await;
        person(&app, "Fay").await;
        sealer(&app).catch_up().await.unwrap();
        sealer(&app).check().await.unwrap();
        let second = find_python().map(|_| PythonVerifier::start());
        let mut damaged = TamperedExport::export(&app, second).await;
        let keys = damaged.lines(export_layout::KEY);
        assert_eq!((keys.len(), &keys[0]), (3, &first));
        damaged.key.clone_from(&keys[2]);
        Self {
            damaged,
            keys,
            earlier,
            last_of_first,
        }
    }
}

on_each_engine!(a_log_whose_key_was_rotated_holds_and_no_key_comes_in_unvouched);
async fn a_log_whose_key_was_rotated_holds_and_no_key_comes_in_unvouched(app: TestApp) {
    let RotatedExport {
        mut damaged,
        keys,
        earlier,
        ..
    } = RotatedExport::new(&app).await;
    let [a, b, c] = keys.as_slice() else {
        panic!("three keys")
    };
    damaged.assert_holds();
    let trusted = Trusted {
        key: Some(c.clone()),
        head: Some(earlier),
    };
    assert!(
        audit::verify(&damaged.path, &trusted, |_| {})
            .unwrap()
            .is_clean(),
        "and a head of the first key is still one of the log's"
    );
    for old in [a, b] {
        damaged.key.clone_from(old);
        damaged.assert_detected("only a key is known that does not sign any more", None);
    }
    damaged.key.clone_from(c);

    // Keys that are unvouched for, reordered, left out, or foreign.
    let stranger = Signer::new(ORIGIN, &[9; 32]).verifier().text();
    for changed in [
        vec![b, a, c],
        vec![a, c],
        vec![b, c],
        vec![c],
        vec![a, b, c, &stranger],
        vec![a, &stranger, c],
        vec![a, c, b],
    ] {
        let changed: Vec<_> = changed.into_iter().cloned().collect();
        damaged.write_lines(export_layout::KEY, &changed);
        damaged.rewrite_manifest();
        damaged.assert_detected("other keys", None);
    }

    damaged.assert_holds();
}

on_each_engine!(a_first_key_that_is_left_out_with_its_heads_is_missed);
async fn a_first_key_that_is_left_out_with_its_heads_is_missed(app: TestApp) {
    let RotatedExport {
        mut damaged,
        keys,
        last_of_first,
        ..
    } = RotatedExport::new(&app).await;
    let heads = damaged.lines(export_layout::CHECKPOINTS);
    let is_later = |line: &&String| {
        let line: export_layout::CheckpointLine = serde_json::from_str(line).unwrap();
        line.size >= last_of_first
    };
    let later: Vec<_> = heads.iter().filter(is_later).cloned().collect();
    assert!(later.len() < heads.len());

    damaged.write_lines(export_layout::KEY, &keys[1..]);
    damaged.write_lines(export_layout::CHECKPOINTS, &later);
    damaged.rewrite_manifest();

    damaged.assert_detected("the first key and its heads left out", None);
    damaged.assert_holds();
}

on_each_engine!(a_rotation_needs_the_signatures_of_both_keys);
async fn a_rotation_needs_the_signatures_of_both_keys(app: TestApp) {
    let RotatedExport {
        mut damaged,
        last_of_first,
        ..
    } = RotatedExport::new(&app).await;
    let heads = damaged.lines(export_layout::CHECKPOINTS);
    let read = |line: &str| -> export_layout::CheckpointLine {
        serde_json::from_str(line).expect("a checkpoint")
    };
    let at = heads
        .iter()
        .position(|line| read(line).size == last_of_first)
        .unwrap();
    let vouching = read(&heads[at]);

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
}

on_each_engine!(a_proof_refers_to_the_key_that_signs_now);
async fn a_proof_refers_to_the_key_that_signs_now(app: TestApp) {
    let RotatedExport { damaged, keys, .. } = RotatedExport::new(&app).await;

    let proof = audit::prove(&damaged.path, 1).unwrap();

    assert_eq!(
        (proof.key.as_str(), proof.check(Some(&keys[2])).unwrap().0),
        (keys[2].as_str(), 1)
    );
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

impl TamperedExport {
    /// The rules that are violated after one event was changed and the log was signed again.
    pub fn rules_violated_by(&self, event: &str, change: impl Fn(&str) -> String) -> Vec<Rule> {
        let events = self.lines(export_layout::EVENTS);
        let at = events
            .iter()
            .position(|line| line.contains(&format!("\"event\":\"{event}\"")))
            .expect(event);
        let mut changed = events.clone();
        changed[at] = change(&events[at]);
        assert_ne!(changed[at], events[at], "{event} was changed");
        self.rules_violated_in(&changed)
    }

    /// The rules that are violated by a log that a holder of the key signed again.
    pub fn rules_violated_in(&self, changed: &[String]) -> Vec<Rule> {
        let found = self.findings_in(changed).into_iter();
        let of_table = found.filter_map(|finding| match finding.rule {
            FindingRule::Domain(rule) => Some(rule),
            FindingRule::Form(_) => None,
        });
        of_table.collect()
    }

    /// The findings in a log that a holder of the key signed again.
    pub fn findings_in(&self, changed: &[String]) -> Vec<Finding> {
        self.sign_again(changed);
        let report = audit::verify(&self.path, &Trusted::default(), |_| {}).unwrap();
        self.restore();
        report.findings
    }

    /// What is not checked in such a log, because it is judged as one of an earlier program.
    pub fn not_checked_in(&self, changed: &[String]) -> Vec<String> {
        self.sign_again(changed);
        let report = audit::verify(&self.path, &Trusted::default(), |_| {}).unwrap();
        self.restore();
        report.not_checked
    }

    /// The rules that the second verifier names in such a log.
    pub fn rules_of_second(&mut self, changed: &[String]) -> Vec<String> {
        self.sign_again(changed);
        let second = self.python.as_mut().expect("a second verifier");
        let verdict = second.ask(&self.path, &self.key);
        self.restore();
        assert_eq!(verdict["checked"], true, "{verdict}");
        let found = verdict["found"].as_array().unwrap();
        let rules = found.iter().filter_map(|one| one[1].as_str());
        rules.map(str::to_owned).collect()
    }

    /// Writes other events, and signs the log as a holder of the key could.
    fn sign_again(&self, changed: &[String]) {
        self.write_lines(export_layout::EVENTS, changed);
        let line = serde_json::to_string(&export_layout::CheckpointLine {
            note: self.sign_checkpoint(changed.len(), &self.secret),
            size: i64::try_from(changed.len()).unwrap(),
            through: 0,
        })
        .unwrap();
        self.write_lines(export_layout::CHECKPOINTS, &[line]);
        self.rewrite_leaves();
    }
}

/// The person in a field of an event.
pub fn person_in(line: &str, field: &str) -> String {
    let from = line.find(&format!("\"{field}\":\"")).unwrap() + field.len() + 4;
    line[from..from + 36].to_owned()
}

/// Who prepared the first payment.
fn preparer_in(events: &[String]) -> String {
    let is_preparation = |line: &&String| line.contains("\"event\":\"PaymentPrepared\"");
    let preparation = events.iter().find(is_preparation).expect("a preparation");
    person_in(preparation, "prepared_by")
}

on_each_engine!(every_rule_that_two_people_or_money_must_keep_is_replayed);
/// A complete and signed log that violates a rule: only replay reveals it.
async fn every_rule_that_two_people_or_money_must_keep_is_replayed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    for (command, body) in [
        ("approve-payment", json!({ "payment": 1 })),
        (
            "send-payment",
            json!({ "payment": 1, "happened_on": app.today() }),
        ),
    ] {
        let command = command_from_json("grant", grant.0, command, &body);
        app.issue_ok(office.ben, command).await;
    }
    let ada = format!("{}@example.org", office.ada.0.simple());
    app.issue_ok(office.ada, change_contact(office.ada, "Ada Q", &ada))
        .await;
    let known = app.log.refresh::<Person>(office.ada.0).await.unwrap().state;
    let proven = known.email().expect("an address").digest.clone();
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let preparer = preparer_in(&damaged.lines(export_layout::EVENTS));

    for (event, said, lie, rule) in [
        ("Awarded", "\"700.00\"", "\"2700.00\"", Rule::AwardBounds),
        ("Committed", "\"700.00\"", "\"5700.00\"", Rule::Budget),
        (
            "GrantOffered",
            "\"700.00\"",
            "\"1700.00\"",
            Rule::WholeAward,
        ),
        (
            "PaymentSent",
            "\"700.00\"",
            "\"500.00\"",
            Rule::PaymentAmount,
        ),
        (
            "PaymentPrepared",
            "\"payee\":1",
            "\"payee\":2",
            Rule::PayeeVerified,
        ),
        (
            "ApplicationSubmitted",
            "\"reached_by\":[\"email\"]",
            "\"reached_by\":[\"post\"]",
            Rule::ApplicationReachable,
        ),
    ] {
        let found = damaged.rules_violated_by(event, |line| line.replace(said, lie));
        assert!(found.contains(&rule), "{event}: {found:?}");
    }
    let found = damaged.rules_violated_by("PaymentApproved", |line| {
        line.replace(&person_in(line, "approved_by"), &preparer)
    });
    assert!(found.contains(&Rule::PaymentByTwo), "{found:?}");
    let found = damaged.rules_violated_by("PaymentApproved", |line| {
        line.replace("\"payment\":1", "\"payment\":2")
    });
    assert!(
        found.contains(&Rule::PaymentOrder),
        "it was sent, and not approved: {found:?}"
    );
    let found = damaged.rules_violated_by("ContactChanged", |line| {
        line.replacen(&proven, &"0".repeat(64), 1)
    });
    assert!(found.contains(&Rule::ContactByTwo), "{found:?}");
}

on_each_engine!(an_officer_who_approved_more_than_days_is_found);
/// Officers agree to other days only. A signed log says that one agreed to more than that.
async fn an_officer_who_approved_more_than_days_is_found(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, _, member) = office.payable(&app, 1000).await;
    let olive = person(&app, "Olive").await;
    office.give_role(&app, olive, Role::Officer).await;
    let later = json!({ "change": { "update_due_on": app.in_days(200) }, "words": "Later" });
    for (by, stream, command, body) in [
        (olive, "application", "declare", json!({})),
        (member, "grant", "request-variation", later),
        (
            olive,
            "grant",
            "approve-variation",
            json!({ "variation": 1 }),
        ),
    ] {
        let command = command_from_json(stream, grant.0, command, &body);
        app.issue_ok(by, command).await;
    }
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let events = damaged.lines(export_layout::EVENTS);
    assert!(
        !damaged
            .rules_violated_in(&events)
            .contains(&Rule::ChangeByTwo)
    );

    let songs = json!({ "description": "An evening of songs", "title": "Songs" });
    let purpose = format!("\"purpose\":{songs}");
    for (said, lie) in [
        ("\"amount\":null", "\"amount\":\"1000.00\""),
        ("\"purpose\":null", purpose.as_str()),
    ] {
        let found = damaged.rules_violated_by("VariationApproved", |line| line.replace(said, lie));
        assert!(found.contains(&Rule::ChangeByTwo), "{lie}: {found:?}");
    }
}
