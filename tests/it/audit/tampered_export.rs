//! An exported folder to tamper with, and the second verifier, which is a program in Python.
//!
//! Without Python or its cryptography package, the cases of the second verifier are reported as
//! ignored.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, ChildStdout, Stdio};

use microgrants::audit::{self, Finding, FindingRule, Trusted, export_layout};
use microgrants::domain::Rule;
use microgrants::transparency::checkpoint::{Checkpoint, Signer};
use microgrants::transparency::merkle::{Tiles, leaf_hash};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::test_app::{ORGANISATION, TestApp};

/// The origin of the logs of cases.
pub const ORIGIN: &str = "case/log";

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
    pub originals: Vec<(String, Vec<u8>)>,
    pub key: String,
    pub secret: [u8; 32],
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

    /// The same in a folder of its own next to this one, with a second verifier if this has one.
    pub fn copy(&self, number: usize) -> Self {
        let copy = Self {
            path: self.path.with_file_name(format!("export-{number}")),
            originals: self.originals.clone(),
            key: self.key.clone(),
            secret: self.secret,
            python: self.python.as_ref().map(|_| PythonVerifier::start()),
            tried: 0,
        };
        fs::create_dir(&copy.path).unwrap();
        copy.restore();
        copy
    }

    pub fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.path.join(name)).unwrap()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
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
    pub fn sign_checkpoint(&self, size: usize, secret: &[u8; 32]) -> String {
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

    /// The position and the rule of each finding of the second verifier in such a log.
    pub fn found_by_second(&mut self, changed: &[String]) -> Vec<(Option<i64>, String)> {
        self.sign_again(changed);
        let second = self.python.as_mut().expect("a second verifier");
        let verdict = second.ask(&self.path, &self.key);
        self.restore();
        assert_eq!(verdict["checked"], true, "{verdict}");
        let found = verdict["found"].as_array().unwrap();
        let named = |one: &Value| Some((one[0].as_i64(), one[1].as_str()?.to_owned()));
        found.iter().filter_map(named).collect()
    }

    /// The rules that the second verifier names in such a log.
    pub fn rules_of_second(&mut self, changed: &[String]) -> Vec<String> {
        let found = self.found_by_second(changed).into_iter();
        found.map(|(_, rule)| rule).collect()
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
