//! Tampering with an exported log in every way, checked by two verifiers: ours, and one in Python.
//!
//! Without Python or its cryptography package, the cases of the second verifier are reported as
//! ignored.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use microgrants::audit::{self, Rule, Trusted, folder};
use microgrants::log::keys::{self, Purpose, to_hex};
use microgrants::seal::note::{Head, Signer};
use microgrants::seal::tree::{Tiles, leaf_hash};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cases::Cases;
use crate::house::{House, ORGANISATION};
use crate::office::{Office, person};
use crate::sealing::sealer;
use crate::setting::command_of;

const ORIGIN: &str = "case/log";

pub fn cases(cases: &mut Cases) {
    cases.both(
        "damage::a_whole_log_holds_and_an_older_head_of_it_is_known",
        holds,
    );
    cases.both(
        "damage::every_rule_that_two_people_or_money_must_keep_is_replayed",
        rules,
    );
    cases.both(
        "damage::tables_that_say_something_else_than_the_log_are_found",
        tables,
    );
    cases.both(
        "damage::a_log_whose_key_was_rotated_holds_and_no_key_comes_in_unvouched",
        rotated,
    );
    let python = second();
    cases.with(
        python.is_some(),
        "damage::every_changed_byte_is_found_by_both_verifiers",
        every_byte,
    );
    cases.with(
        python.is_some(),
        "damage::every_other_damage_is_found_by_both_verifiers",
        every_other,
    );
}

/// The Python interpreter that has the second verifier's package, if there is one.
fn second() -> Option<PathBuf> {
    let judges = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/judges/bin/python"
    ));
    let has = |python: &PathBuf| {
        let asked = Command::new(python)
            .args(["-c", "import cryptography"])
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    };
    [judges, PathBuf::from("python3")].into_iter().find(has)
}

/// The second verifier as a child process that checks one folder after another.
struct Second {
    process: Child,
    asks: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Second {
    fn start() -> Self {
        let mut command = Command::new(second().expect("Python"));
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
        let (asks, says) = (
            process.stdin.take().unwrap(),
            BufReader::new(process.stdout.take().unwrap()),
        );
        Self {
            process,
            asks,
            says,
        }
    }

    fn verify(&mut self, folder: &Path, key: &str) -> Verdict {
        writeln!(self.asks, "{}\t{key}", folder.display()).unwrap();
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
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

impl Drop for Second {
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

fn first(folder: &Path, key: &str) -> Verdict {
    match audit::verify(
        folder,
        &Trusted {
            key: Some(key.to_owned()),
            head: None,
        },
        |_| {},
    ) {
        Ok(report) if report.holds() => Verdict::Holds,
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
struct Damaged {
    path: PathBuf,
    whole: Vec<(String, Vec<u8>)>,
    key: String,
    secret: [u8; 32],
    second: Option<Second>,
    tried: usize,
}

impl Damaged {
    async fn of(house: &House, second: Option<Second>) -> Self {
        let path = house.folder.path().join("export");
        audit::export(house.store(), ORGANISATION, &path, |_, _| {})
            .await
            .unwrap();
        let names = folder::FILES.iter().chain([&folder::MANIFEST]);
        let whole = names
            .map(|name| ((*name).to_owned(), fs::read(path.join(name)).unwrap()))
            .collect();
        let key = fs::read_to_string(path.join(folder::KEY))
            .unwrap()
            .trim()
            .to_owned();
        Self {
            path,
            whole,
            key,
            secret: house.keys.seal.secret,
            second,
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
    fn name_files(&self) {
        let name = |name: &&str| format!("{}  {name}", to_hex(&Sha256::digest(self.file(name))));
        self.write_lines(
            folder::MANIFEST,
            &folder::FILES.iter().map(name).collect::<Vec<_>>(),
        );
    }

    /// Recomputes the leaf hashes for the changed events, and the manifest.
    fn hash_leaves(&self) {
        let events = self.file(folder::EVENTS);
        let lines = events
            .strip_suffix(b"\n")
            .unwrap_or(&events)
            .split(|byte| *byte == b'\n');
        let leaves: Vec<_> = lines.map(|line| to_hex(&leaf_hash(line))).collect();
        self.write_lines(folder::LEAVES, &leaves);
        self.name_files();
    }

    fn mend(&self) {
        self.whole
            .iter()
            .for_each(|(name, bytes)| self.write(name, bytes));
    }

    fn verdicts(&mut self) -> [Verdict; 2] {
        let ours = first(&self.path, &self.key);
        let theirs = self
            .second
            .as_mut()
            .map_or(ours, |second| second.verify(&self.path, &self.key));
        [ours, theirs]
    }

    /// Asserts that both verifiers report the change and name no position after it, then restores
    /// the folder.
    fn found(&mut self, says: &str, at: Option<i64>) {
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
        self.mend();
    }

    fn holds(&mut self) {
        assert_eq!(self.verdicts(), [Verdict::Holds; 2]);
    }

    /// Signs a checkpoint over the folder's first events, as a holder of the key could.
    fn head_of(&self, size: usize, secret: &[u8; 32]) -> String {
        let mut tiles = Tiles::default();
        self.lines(folder::EVENTS)[..size]
            .iter()
            .for_each(|line| tiles.push(leaf_hash(line.as_bytes())));
        let size = tiles.size();
        Signer::new(ORIGIN, secret).sign(&Head {
            origin: ORIGIN.into(),
            size,
            root: tiles.root(size).unwrap(),
        })
    }
}

/// The smallest log with several checkpoints: four people.
async fn smallest(house: &House) {
    for name in ["Ada", "Ben", "Cass", "Dee"] {
        person(house, name).await;
        sealer(house).catch_up().await.unwrap();
    }
}

/// A log with two staff, a group and its draft, and several checkpoints.
async fn small(house: &House) {
    let office = Office::open(house, 5000).await;
    sealer(house).catch_up().await.unwrap();
    office.group(house).await;
    sealer(house).catch_up().await.unwrap();
    office.draft(house, 500).await;
    sealer(house).catch_up().await.unwrap();
}

async fn holds(house: House) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    let earlier = microgrants::store::tree::newest(house.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .note;
    office.prepared(&house, 700).await;
    sealer(&house).catch_up().await.unwrap();
    let mut damaged = Damaged::of(&house, None).await;
    damaged.holds();
    let trusted = Trusted {
        key: Some(damaged.key.clone()),
        head: Some(earlier.clone()),
    };
    let report = audit::verify(&damaged.path, &trusted, |_| {}).unwrap();
    assert!(
        report.holds() && report.awards == 1 && report.heads == 2,
        "{report:?}"
    );
    assert_eq!(report.events, house.log.length().await.unwrap());

    // A log that was cut back and signed again is consistent in itself; a checkpoint stored
    // elsewhere reveals it.
    let with_earlier = |damaged: &Damaged, head: &str| {
        let trusted = Trusted {
            key: Some(damaged.key.clone()),
            head: Some(head.to_owned()),
        };
        audit::verify(&damaged.path, &trusted, |_| {})
            .unwrap()
            .findings
    };
    let size = usize::try_from(house.log.length().await.unwrap()).unwrap();
    let last = damaged.head_of(size, &damaged.secret.clone());
    let events = damaged.lines(folder::EVENTS);
    damaged.write_lines(folder::EVENTS, &events[..size - 1]);
    let note = damaged.head_of(size - 1, &damaged.secret.clone());
    let line = serde_json::to_string(&folder::HeadLine {
        note,
        size: i64::try_from(size - 1).unwrap(),
        through: 0,
    })
    .unwrap();
    damaged.write_lines(folder::HEADS, &[line]);
    damaged.hash_leaves();
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
    let forked = damaged.head_of(size - 2, &damaged.secret.clone());
    let forked = Signer::new(ORIGIN, &damaged.secret).sign(&Head {
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

async fn every_byte(house: House) {
    smallest(&house).await;
    let mut damaged = Damaged::of(&house, Some(Second::start())).await;
    damaged.holds();
    // Any byte of any file: the manifest no longer matches, or is itself changed.
    let mut events = 0;
    for (name, whole) in damaged.whole.clone() {
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            damaged.write(&name, &bytes);
            damaged.found(&format!("byte {at} of {name}"), None);
        }
        // Any byte of any event, with leaves and manifest recomputed: only the signed checkpoint
        // reveals it.
        if name == folder::EVENTS {
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= 1;
                damaged.write(&name, &bytes);
                damaged.hash_leaves();
                let position = whole[..at].split(|byte| *byte == b'\n').count() - 1;
                damaged.found(
                    &format!("byte {at} of the events"),
                    i64::try_from(position).ok(),
                );
                events += 1;
            }
        }
    }
    damaged.holds();
    println!(
        "{} changed bytes were tried, {events} of them in events that were hashed again: all were found by both verifiers",
        damaged.tried
    );
    assert!(damaged.tried > 5000 && events > 2000);
}

async fn every_other(house: House) {
    small(&house).await;
    let mut damaged = Damaged::of(&house, Some(Second::start())).await;
    damaged.holds();
    let events = damaged.lines(folder::EVENTS);
    let heads = damaged.lines(folder::HEADS);
    for at in 0..events.len() {
        let position = i64::try_from(at).ok();
        let mut removed = events.clone();
        removed.remove(at);
        damaged.write_lines(folder::EVENTS, &removed);
        damaged.hash_leaves();
        damaged.found(&format!("event {at} removed"), position);
        let mut inserted = events.clone();
        inserted.insert(at, events[at].clone());
        damaged.write_lines(folder::EVENTS, &inserted);
        damaged.hash_leaves();
        damaged.found(&format!("event {at} doubled"), Some(position.unwrap() + 1));
        if at + 1 < events.len() {
            let mut swapped = events.clone();
            swapped.swap(at, at + 1);
            damaged.write_lines(folder::EVENTS, &swapped);
            damaged.hash_leaves();
            damaged.found(&format!("events {at} and {} swapped", at + 1), position);
        }
        damaged.write_lines(folder::EVENTS, &events[..at]);
        damaged.hash_leaves();
        damaged.found(&format!("cut off at {at}"), position);
    }
    // Events after the last checkpoint.
    for left in 1..heads.len() {
        damaged.write_lines(folder::HEADS, &heads[..left]);
        damaged.name_files();
        let size: Value = serde_json::from_str(&heads[left - 1]).unwrap();
        damaged.found(&format!("{left} heads left"), size["size"].as_i64());
    }
    damaged.write_lines(folder::HEADS, &[]);
    damaged.name_files();
    damaged.found("no head left", None);
    heads_forged(&mut damaged, &heads);
    damaged.holds();
    println!(
        "{} other damages were tried: all were found by both verifiers",
        damaged.tried
    );
    assert!(damaged.tried > 4 * events.len() - 5);
}

/// Checkpoints with other content, other signers, or in the wrong place.
fn heads_forged(damaged: &mut Damaged, heads: &[String]) {
    let own = damaged.secret;
    for (at, line) in heads.iter().enumerate() {
        let head: folder::HeadLine = serde_json::from_str(line).unwrap();
        let size = usize::try_from(head.size).unwrap();
        let with = |note: String| folder::HeadLine {
            note,
            size: head.size,
            through: head.through,
        };
        let over_less = damaged.head_of(size - 1, &own);
        let other_key = damaged.head_of(size, &[9; 32]);
        let other_log = Signer::new("other/log", &own).sign(&Head {
            origin: "other/log".into(),
            size: u64::try_from(size).unwrap(),
            root: [0; 32],
        });
        let other_root = Signer::new(ORIGIN, &own).sign(&Head {
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
            damaged.write_lines(folder::HEADS, &lines);
            damaged.name_files();
            damaged.found(&format!("head {at} {says}"), None);
        }
        let mut lines = heads.to_vec();
        lines.insert(at, line.clone());
        damaged.write_lines(folder::HEADS, &lines);
        damaged.name_files();
        damaged.found(&format!("head {at} twice"), None);
        let mut lines = heads.to_vec();
        lines[at] = line.replacen("\"size\":", "\"size\":1", 1);
        damaged.write_lines(folder::HEADS, &lines);
        damaged.name_files();
        damaged.found(&format!("head {at} under another size"), None);
    }
    let other = Signer::new(ORIGIN, &[9; 32]).verifier().text();
    damaged.write(folder::KEY, format!("{other}\n").as_bytes());
    damaged.name_files();
    damaged.found("another key", None);
}

/// Rotates the signing key as the command does. Returns a test app with the new key.
async fn hand_over(house: &House) -> House {
    let folder = house.folder.path().join("keys");
    let (old, new) = keys::begin_rotation(house.store(), &folder, Purpose::Seal)
        .await
        .unwrap();
    sealer(house).hand_over(&old.id, &new).await.unwrap();
    keys::take_next(&folder, Purpose::Seal, Some(&old.id)).unwrap();
    house.open_again().await
}

async fn rotated(house: House) {
    small(&house).await;
    let first = microgrants::store::tree::find(house.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .verifier;
    let earlier = crate::sealing::heads(&house).await.remove(0).note;
    let house = hand_over(&house).await;
    let last_of_first = crate::sealing::heads(&house).await.pop().unwrap();
    person(&house, "Eve").await;
    sealer(&house).catch_up().await.unwrap();
    let house = hand_over(&house).await;
    person(&house, "Fay").await;
    sealer(&house).catch_up().await.unwrap();
    sealer(&house).check().await.unwrap();
    let mut damaged = Damaged::of(&house, second().map(|_| Second::start())).await;
    let keys = damaged.lines(folder::KEY);
    assert_eq!((keys.len(), keys[0].as_str()), (3, first.as_str()));
    damaged.key.clone_from(&keys[2]);
    damaged.holds();
    let trusted = Trusted {
        key: Some(keys[2].clone()),
        head: Some(earlier.clone()),
    };
    assert!(
        audit::verify(&damaged.path, &trusted, |_| {})
            .unwrap()
            .holds(),
        "and a head of the first key is still one of the log's"
    );
    for old in &keys[..2] {
        damaged.key.clone_from(old);
        damaged.found("only a key is known that does not sign any more", None);
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
            folder::KEY,
            &changed.into_iter().cloned().collect::<Vec<_>>(),
        );
        damaged.name_files();
        damaged.found("other keys", None);
    }
    let heads = damaged.lines(folder::HEADS);
    let at = heads
        .iter()
        .position(|line| {
            serde_json::from_str::<folder::HeadLine>(line).unwrap().size == last_of_first.size
        })
        .unwrap();
    let vouching: folder::HeadLine = serde_json::from_str(&heads[at]).unwrap();
    for left_out in [3, 4] {
        let mut lines: Vec<_> = vouching.note.lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 6);
        lines.remove(left_out + 1);
        let mut changed = heads.clone();
        let note = format!("{}\n", lines.join("\n"));
        changed[at] = serde_json::to_string(&folder::HeadLine {
            note,
            size: vouching.size,
            through: vouching.through,
        })
        .unwrap();
        damaged.write_lines(folder::HEADS, &changed);
        damaged.name_files();
        damaged.found("one signature of the two left out", None);
    }
    damaged.holds();
    // A proof refers to the current signing key.
    let proof = audit::prove(&damaged.path, 1).unwrap();
    assert_eq!(
        (proof.key.as_str(), proof.check(Some(c)).unwrap().0),
        (c.as_str(), 1)
    );
}

/// Derived tables in the folder that contradict the log.
async fn tables(house: House) {
    let office = Office::open(&house, 5000).await;
    office.prepared(&house, 700).await;
    sealer(&house).catch_up().await.unwrap();
    let damaged = Damaged::of(&house, None).await;
    let grants = String::from_utf8(damaged.file(folder::GRANTS)).unwrap();
    assert!(
        grants.contains(",700.00,0.00,") && grants.lines().count() == 2,
        "{grants}"
    );
    for (name, lie) in [
        (folder::GRANTS, grants.replace("700.00", "800.00")),
        (folder::ERASURES, "{}\n".to_owned()),
    ] {
        damaged.write(name, lie.as_bytes());
        damaged.name_files();
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
        damaged.mend();
    }
}

/// A complete and signed log that violates a rule: only replay reveals it.
async fn rules(house: House) {
    let office = Office::open(&house, 5000).await;
    let (grant, ..) = office.prepared(&house, 700).await;
    let approve = command_of(
        "grant",
        grant.0,
        "approve-payment",
        &json!({ "payment": 1 }),
    );
    house.takes(office.ben, approve).await;
    let send = command_of(
        "grant",
        grant.0,
        "send-payment",
        &json!({ "payment": 1, "happened_on": house.today() }),
    );
    house.takes(office.ben, send).await;
    sealer(&house).catch_up().await.unwrap();
    let damaged = Damaged::of(&house, None).await;
    let events = damaged.lines(folder::EVENTS);
    let signed_anew = |name: &str, change: &dyn Fn(&str) -> String| {
        let mut changed = events.clone();
        let at = changed
            .iter()
            .position(|line| line.contains(&format!("\"event\":\"{name}\"")))
            .expect(name);
        changed[at] = change(&changed[at]);
        assert_ne!(changed[at], events[at], "{name} was changed");
        damaged.write_lines(folder::EVENTS, &changed);
        let note = damaged.head_of(changed.len(), &damaged.secret);
        let size = i64::try_from(changed.len()).unwrap();
        let line = serde_json::to_string(&folder::HeadLine {
            note,
            size,
            through: 0,
        })
        .unwrap();
        damaged.write_lines(folder::HEADS, &[line]);
        damaged.hash_leaves();
        let report = audit::verify(&damaged.path, &Trusted::default(), |_| {}).unwrap();
        let found = report.findings.into_iter().map(|finding| finding.rule);
        damaged.mend();
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
