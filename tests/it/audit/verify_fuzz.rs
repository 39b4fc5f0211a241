//! Exported logs with random edits that the office's own key signed again: the verifier reports
//! what is wrong with each, or that it cannot be checked. It never fails.
//!
//! `MICROGRANTS_FUZZ_SECONDS` is the time for one parser; the verifier reads as much as ten, and
//! gets the time of ten. Without the variable it has three seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use microgrants::audit::{
    self, AuditError, FolderCheck, Report, ScratchDatabase, Trusted, export_layout, ledger,
};
use microgrants::transparency::checkpoint::{Checkpoint, Signer};
use microgrants::transparency::merkle::{Tiles, leaf_hash};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::audit::transparency_log::sealer;
use crate::operations::backup::copy_folder;
use crate::security::fuzz_corpus::mutated;
use crate::support::fixtures::Office;
use crate::support::random::SeededRandom;
use crate::support::test_app::{ORGANISATION, TestApp};

const ORIGIN: &str = "case/log";
/// How many parsers the verifier has the time of, and its time without the variable.
const PARSERS: u64 = 10;
const USUAL_TIME: Duration = Duration::from_secs(3);
/// One of so many edited folders is also reported on, or replayed, which takes longer.
const REPORT_ONE_IN: usize = 10;
const REPLAY_ONE_IN: usize = 150;

/// Numbers and texts that often break a reader.
const NUMBERS: [i64; 12] = [
    0,
    -1,
    1,
    2,
    255,
    65_535,
    4_294_967_295,
    4_294_967_296,
    i64::MAX,
    i64::MIN,
    1_764_000_000_000_000,
    -62_135_596_800_000_000,
];
const SUMS: [&str; 10] = [
    "0.00",
    "0.01",
    "500.00",
    "2500.00",
    "99999999.00",
    "99999999.99",
    "100000000.00",
    "-1.00",
    "1e9",
    "0000000000000000000000000000000000001.00",
];
const DAYS: [&str; 8] = [
    "2026-02-30",
    "-009999-01-01",
    "9999-12-31",
    "0000-01-01",
    "1970-01-01",
    "2026-11-28T00:00:00Z",
    "9999-12-30T22:00:00.999999999Z",
    "-009999-01-02T01:59:59Z",
];
const TEXTS: [&str; 8] = [
    "",
    "\u{0}",
    "\u{202e}ton",
    "\u{1f9d1}\u{200d}\u{1f33e}",
    "00000000-0000-0000-0000-000000000000",
    "0190A0B0-0000-7000-8000-00000000000A",
    "../../etc",
    "18446744073709551616",
];

/// An exported log in memory, and the folder into which its edits are written.
struct FuzzedLog {
    folder: PathBuf,
    secret: [u8; 32],
    events: Vec<Value>,
    files: BTreeMap<&'static str, Vec<u8>>,
    /// The values of the fields with each name, for edits that stay plausible.
    values: BTreeMap<String, Vec<Value>>,
    names: Vec<String>,
}

impl FuzzedLog {
    async fn export(app: &TestApp) -> Self {
        sealer(app).catch_up().await.unwrap();
        let folder = app.folder.path().join("fuzzed");
        audit::export(app.store(), ORGANISATION, &folder, |_, _| {})
            .await
            .unwrap();
        let files: BTreeMap<_, _> = export_layout::MANIFEST_FILES
            .into_iter()
            .map(|name| (name, fs::read(folder.join(name)).unwrap()))
            .collect();
        let mut events: Vec<Value> = files[export_layout::EVENTS]
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let (mut values, mut names) = (BTreeMap::<String, Vec<Value>>::new(), Vec::new());
        for event in &mut events {
            names.push(event["event"].as_str().unwrap().to_owned());
            let mut found = Vec::new();
            scalars("", event, &mut found);
            for (name, value) in found {
                values.entry(name).or_default().push(value.clone());
            }
        }
        Self {
            folder,
            secret: app.keys.checkpoint.secret,
            events,
            files,
            values,
            names,
        }
    }

    /// Writes a log into the folder, signed as the holder of the key could.
    fn write_signed(&self, lines: &[Vec<u8>]) {
        let (mut tiles, mut leaves) = (Tiles::default(), String::new());
        for line in lines {
            let hash = leaf_hash(line);
            tiles.push(hash);
            leaves.push_str(&hex::encode(hash));
            leaves.push('\n');
        }
        let through = lines
            .iter()
            .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
            .filter_map(|event| event["recorded_at"].as_i64())
            .max();
        let head = Checkpoint {
            origin: ORIGIN.to_owned(),
            size: tiles.size(),
            root: tiles.root(tiles.size()).unwrap(),
        };
        let head = export_layout::CheckpointLine {
            note: Signer::new(ORIGIN, &self.secret).sign(&head),
            size: i64::try_from(lines.len()).unwrap(),
            through: through.unwrap_or_default(),
        };
        let head = format!("{}\n", serde_json::to_string(&head).unwrap());
        let mut events = lines.join(&b'\n');
        if !lines.is_empty() {
            events.push(b'\n');
        }
        let mut files = self.files.clone();
        files.insert(export_layout::EVENTS, events);
        files.insert(export_layout::LEAVES, leaves.into_bytes());
        files.insert(export_layout::CHECKPOINTS, head.into_bytes());
        self.write_files(&files);
    }

    fn write_files(&self, files: &BTreeMap<&'static str, Vec<u8>>) {
        let mut manifest = String::new();
        for (name, bytes) in files {
            let digest = hex::encode(Sha256::digest(bytes));
            manifest.push_str(&digest);
            manifest.push_str("  ");
            manifest.push_str(name);
            manifest.push('\n');
            fs::write(self.folder.join(name), bytes).unwrap();
        }
        fs::write(self.folder.join(export_layout::MANIFEST), manifest).unwrap();
    }

    /// Writes the log with a few random edits. Returns their number.
    fn write_edited(&self, random: &mut SeededRandom) -> usize {
        let mut events = self.events.clone();
        let edits = 1 + random.below(4);
        for _ in 0..edits {
            match random.below(8) {
                0 => move_events(&mut events, random),
                _ => self.edit_event(&mut events, random),
            }
        }
        if !random.one_in(4) {
            renumber(&mut events);
        }
        let mut lines: Vec<Vec<u8>> = events.iter().map(to_line).collect();
        if random.one_in(6) {
            break_line(&mut lines, random);
        }
        self.write_signed(&lines);
        if random.one_in(8) {
            self.break_file(random);
        }
        edits
    }

    /// Changes one field of one event, or its name.
    fn edit_event(&self, events: &mut [Value], random: &mut SeededRandom) {
        let Some(at) = random_index(events, random) else {
            return;
        };
        let event = &mut events[at];
        if random.one_in(12) {
            let name = random.choose(&self.names).clone();
            let old = event["event"].as_str().unwrap_or_default().to_owned();
            if let Some(fields) = event["payload"]
                .as_object_mut()
                .and_then(|payload| payload.remove(&old))
            {
                event["payload"] = json!({ name.as_str(): fields });
            }
            event["event"] = name.into();
            return;
        }
        // Most edits are of what happened, not of the line around it.
        let part = if random.one_in(5) {
            event
        } else {
            &mut event["payload"]
        };
        let mut found = Vec::new();
        scalars("", part, &mut found);
        let Some(chosen) = random_index(&found, random) else {
            return;
        };
        let (name, value) = found.swap_remove(chosen);
        *value = self.other_value(&name, value, random);
    }

    fn other_value(&self, name: &str, value: &Value, random: &mut SeededRandom) -> Value {
        match random.below(10) {
            0..4 => match self.values.get(name) {
                Some(values) => random.choose(values).clone(),
                None => Value::Null,
            },
            4..8 => same_kind(value, random),
            _ => wrong_kind(random),
        }
    }

    /// Breaks another file than the events, with or without its digest.
    fn break_file(&self, random: &mut SeededRandom) {
        let names = [
            export_layout::CHECKPOINTS,
            export_layout::KEY,
            export_layout::LEAVES,
            export_layout::MANIFEST,
            export_layout::GRANTS,
            export_layout::ERASURES,
            export_layout::README,
        ];
        let name = *random.choose(&names);
        let path = self.folder.join(name);
        let bytes = fs::read(&path).unwrap();
        let broken = if name == export_layout::CHECKPOINTS && random.one_in(2) {
            let mut head: Value = serde_json::from_slice(&bytes).unwrap();
            let field = *random.choose(&["size", "through"]);
            head[field] = (*random.choose(&NUMBERS)).into();
            format!("{head}\n").into_bytes()
        } else {
            mutated(&[bytes], random)
        };
        fs::write(path, broken).unwrap();
    }

    /// Checks the folder in every way that needs no service. Fails the test if the program does.
    async fn check(&self, random: &mut SeededRandom, tried: usize) {
        let trusted = self.trusted(random);
        let verified = catch_unwind(AssertUnwindSafe(|| {
            audit::verify(&self.folder, &trusted, |_| {})
        }));
        match verified {
            Ok(Ok(report)) => assert_readable(&report),
            Ok(Err(error)) => assert!(!error.to_string().is_empty()),
            Err(_) => self.fail("verify", random.seed(), tried),
        }
        let position = random.below(self.events.len() + 2);
        let position = i64::try_from(position).unwrap();
        let proved = catch_unwind(AssertUnwindSafe(|| {
            audit::prove(&self.folder, position).map(|proof| proof.check(None).is_ok())
        }));
        if proved.is_err() {
            self.fail("prove", random.seed(), tried);
        }
        if random.one_in(REPORT_ONE_IN) {
            let reported = catch_unwind(AssertUnwindSafe(|| self.report()));
            if reported.is_err() {
                self.fail("a report", random.seed(), tried);
            }
        }
        if random.one_in(REPLAY_ONE_IN) {
            let replayed = AssertUnwindSafe(ScratchDatabase::replay(&self.folder));
            if replayed.catch_unwind().await.is_err() {
                self.fail("replay", random.seed(), tried);
            }
        }
    }

    /// Makes every report that an auditor can ask for. Returns the length of their texts.
    fn report(&self) -> Result<usize, AuditError> {
        let check = FolderCheck::of(&self.folder)?;
        let books = ledger::books_of(&self.folder, None)?;
        let warning = check.warning();
        let mut printed = vec![
            ledger::beancount(&books, warning.as_deref()),
            ledger::hledger(&books, warning.as_deref()),
            ledger::journal_csv(&books),
            ledger::trial_balance(&books),
            ledger::fund_ledgers(&books),
            audit::sample(&self.folder, &check, 3)?.to_string(),
        ];
        let grants: BTreeSet<_> = self
            .events
            .iter()
            .filter(|event| event["stream"] == "grant")
            .filter_map(|event| event["id"].as_str())
            .collect();
        for grant in grants {
            let story = audit::explain(&self.folder, &check, grant)?;
            printed.extend(story.map(|story| story.to_string()));
        }
        Ok(printed.iter().map(String::len).sum())
    }

    /// Fails the test, and keeps the folder.
    fn fail(&self, what: &str, seed: u64, tried: usize) -> ! {
        let kept = std::env::temp_dir().join(format!("microgrants-verify-{seed}-{tried}"));
        copy_folder(&self.folder, &kept);
        panic!(
            "{what} failed at the folder {} (seed {seed}, folder {tried})",
            kept.display()
        )
    }

    /// What the auditor passes: nothing, the key, or a head of the log before the edits.
    fn trusted(&self, random: &mut SeededRandom) -> Trusted {
        let text = |name: &str| String::from_utf8_lossy(&self.files[name]).into_owned();
        let key = random.one_in(2).then(|| text(export_layout::KEY));
        let head = random.one_in(2).then(|| {
            let heads = text(export_layout::CHECKPOINTS);
            let line = heads.lines().last().unwrap();
            let line: export_layout::CheckpointLine = serde_json::from_str(line).unwrap();
            line.note
        });
        Trusted { key, head }
    }
}

/// An event as a line: payload and metadata in canonical form, and the numbers around them exact.
fn to_line(event: &Value) -> Vec<u8> {
    let mut event = event.clone();
    for name in ["payload", "metadata"] {
        let part = serde_json_canonicalizer::to_string(&event[name]);
        if let Some(part) = part.ok().and_then(|part| serde_json::from_str(&part).ok()) {
            event[name] = part;
        }
    }
    serde_json::to_vec(&event).unwrap()
}

/// Asserts that a report can be printed and read, and that no finding says that the program failed.
fn assert_readable(report: &Report) {
    let json = serde_json::to_string(report).unwrap();
    let read: Value = serde_json::from_str(&json).unwrap();
    let count = read["findings"].as_array().map(Vec::len);
    assert_eq!(count, Some(report.findings.len()));
    for finding in &report.findings {
        let says = finding.to_string();
        assert!(!says.contains("the program failed"), "{says}");
    }
}

/// The values in a part of an event that are no objects or lists, each with the name of its field.
fn scalars<'a>(name: &str, value: &'a mut Value, found: &mut Vec<(String, &'a mut Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                scalars(name, value, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                scalars(name, item, found);
            }
        }
        scalar => found.push((name.to_owned(), scalar)),
    }
}

fn random_index<T>(all: &[T], random: &mut SeededRandom) -> Option<usize> {
    (!all.is_empty()).then(|| random.below(all.len()))
}

/// Another value of the same kind: a number, a sum, a day or a text.
fn same_kind(value: &Value, random: &mut SeededRandom) -> Value {
    let Some(text) = value.as_str() else {
        return match value {
            Value::Bool(is) => (!is).into(),
            _ => {
                if random.one_in(6) {
                    u64::MAX.into()
                } else {
                    (*random.choose(&NUMBERS)).into()
                }
            }
        };
    };
    let begins_as_day = text.as_bytes().get(4) == Some(&b'-') && text.starts_with('2');
    if text.contains('.')
        && text
            .bytes()
            .all(|byte| byte == b'.' || byte.is_ascii_digit())
    {
        (*random.choose(&SUMS)).into()
    } else if begins_as_day {
        (*random.choose(&DAYS)).into()
    } else {
        (*random.choose(&TEXTS)).into()
    }
}

/// A value of a kind that the field does not have: deep, huge or simply another one.
fn wrong_kind(random: &mut SeededRandom) -> Value {
    match random.below(8) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({ "": {} }),
        3 => json!(1.5e300),
        4 => "x".repeat(200_000).into(),
        5 => (0..120).fold(json!(0), |inner, _| json!([inner])),
        6 => (0..100).fold(json!(0), |inner, _| json!({ "a": inner })),
        _ => json!([[u64::MAX, -1], { "amount": "1.00" }]),
    }
}

/// Swaps, removes, doubles or moves whole events.
fn move_events(events: &mut Vec<Value>, random: &mut SeededRandom) {
    let (Some(at), Some(to)) = (random_index(events, random), random_index(events, random)) else {
        return;
    };
    match random.below(5) {
        0 => events.swap(at, to),
        1 => drop(events.remove(at)),
        2 => events.insert(at, events[at].clone()),
        3 => events.insert(to, events[at].clone()),
        _ => {
            let moved = events.remove(at);
            events.insert(to.min(events.len()), moved);
        }
    }
}

/// Gives each event the position, sequence and time that a writer would.
fn renumber(events: &mut [Value]) {
    let mut sequences: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut last_at = 0;
    for (position, event) in events.iter_mut().enumerate() {
        if !event.is_object() {
            continue;
        }
        let stream = (event["stream"].to_string(), event["id"].to_string());
        let sequence = sequences.entry(stream).or_default();
        *sequence += 1;
        last_at = last_at.max(event["recorded_at"].as_i64().unwrap_or_default());
        event["position"] = position.into();
        event["sequence"] = (*sequence).into();
        event["recorded_at"] = last_at.into();
    }
}

/// Breaks the bytes of one line.
fn break_line(lines: &mut Vec<Vec<u8>>, random: &mut SeededRandom) {
    let Some(at) = random_index(lines, random) else {
        return;
    };
    match random.below(6) {
        0 => lines[at].truncate(40),
        1 => lines[at].extend([0xff, 0xfe, 0xc0]),
        2 => lines[at] = b"[".repeat(100_000),
        3 => lines.insert(at, Vec::new()),
        4 => lines[at].push(b'\r'),
        _ => {
            let line = std::mem::take(&mut lines[at]);
            lines[at] = mutated(&[line], random);
            lines[at].retain(|byte| *byte != b'\n');
        }
    }
}

fn time_budget() -> Duration {
    std::env::var("MICROGRANTS_FUZZ_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse::<u64>().ok())
        .map_or(USUAL_TIME, |seconds| {
            Duration::from_secs(seconds.saturating_mul(PARSERS))
        })
}

on_sqlite!(no_edit_of_a_signed_log_makes_the_verifier_fail);
async fn no_edit_of_a_signed_log_makes_the_verifier_fail(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    office.returned(&app, 700, 100).await;
    office.prepared(&app, 900).await;
    office.submitted(&app, 500).await;
    let log = FuzzedLog::export(&app).await;
    let lines: Vec<_> = log.events.iter().map(to_line).collect();
    log.write_signed(&lines);
    let report = audit::verify(&log.folder, &Trusted::default(), |_| {}).unwrap();
    assert!(report.is_clean(), "before any edit: {:?}", report.findings);

    let mut random = SeededRandom::from_environment();
    let (since, mut folders, mut edits) = (Instant::now(), 0, 0);
    while since.elapsed() < time_budget() {
        edits += log.write_edited(&mut random);
        log.check(&mut random, folders).await;
        folders += 1;
    }
    eprintln!(
        "fuzzed: verify, {edits} edits in {folders} folders of {} events (seed {})",
        log.events.len(),
        random.seed()
    );
    assert!(folders >= 10, "{folders} folders");
}
