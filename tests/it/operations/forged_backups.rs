//! Forged backups: each way to change a backup is refused, also if the manifest fits again, and
//! also, where the log says otherwise, if somebody with the office's key signed it again.

use std::fs;
use std::path::{Path, PathBuf};

use microgrants::backup::{BackupError, InvalidBackup, RestoreError, RestoreOptions};
use microgrants::clock::new_id;
use microgrants::store::{events, subscriptions};
use microgrants::transparency::checkpoint::{Checkpoint, Signer};
use microgrants::transparency::merkle::{Tiles, leaf_hash};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::audit::transparency_log::rewrite_log;
use crate::operations::backup::{RestoreTarget, copy_folder, same_origin, take_backup, try_backup};
use crate::operations::files;
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::{ORGANISATION, TestApp};

const EVENTS: &str = "log/events.jsonl";
const ORIGIN: &str = "case/log";

/// A copy of a backup, to be changed by somebody who may have the office's key.
struct Forged {
    path: PathBuf,
    signer: Signer,
}

/// A way to change a backup.
struct Forgery {
    name: &'static str,
    edit: fn(&Forged),
    /// What the refusal says if the office's key signed it again. Without it, only the signature
    /// protects what was changed.
    signed: Option<&'static str>,
}

impl Forged {
    fn copy_of(app: &TestApp, backup: &Path) -> Self {
        let path = app.folder.path().join("forged");
        let _ = fs::remove_dir_all(&path);
        copy_folder(backup, &path);
        let signer = Signer::new(ORIGIN, &app.keys.checkpoint.secret);
        Self { path, signer }
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path.join(name)).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn write(&self, name: &str, lines: &[String]) {
        let text: String = lines
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect();
        fs::write(self.path.join(name), text).unwrap();
    }

    fn rows(&self, name: &str) -> Vec<Value> {
        let row = |line: &String| serde_json::from_str(line).unwrap();
        self.lines(name).iter().map(row).collect()
    }

    fn edit_rows(&self, name: &str, edit: impl FnOnce(&mut Vec<Value>)) {
        let mut rows = self.rows(name);
        edit(&mut rows);
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        self.write(name, &lines);
    }

    /// Swaps a column of two rows.
    fn swap(&self, name: &str, column: &str, (one, other): (usize, usize)) {
        self.edit_rows(name, |rows| {
            let first = rows[one][column].take();
            rows[one][column] = rows[other][column].take();
            rows[other][column] = first;
        });
    }

    fn remove_row(&self, name: &str, holds: impl Fn(&Value) -> bool) {
        self.edit_rows(name, |rows| {
            let at = rows.iter().position(holds).unwrap();
            rows.remove(at);
        });
    }

    /// Writes events, with their leaf hashes and their number.
    fn write_events(&self, lines: &[String]) {
        let leaf = |line: &String| hex::encode(leaf_hash(line.as_bytes()));
        let leaves: Vec<String> = lines.iter().map(leaf).collect();
        self.write(EVENTS, lines);
        self.write("log/leaves.txt", &leaves);
        self.edit_rows("about.json", |rows| rows[0]["events"] = json!(lines.len()));
    }

    /// Appends an event that gives a group's member a role.
    fn append_role(&self, role: &str) {
        let mut lines = self.lines(EVENTS);
        let rows = self.rows(EVENTS);
        let last = |holds: fn(&Value) -> bool| rows.iter().rfind(|row| holds(row)).unwrap();
        let added = last(|row| row["event"] == "MemberAdded");
        let mut given = last(|row| row["stream"] == "organisation").clone();
        given["sequence"] = json!(given["sequence"].as_i64().unwrap() + 1);
        given["position"] = json!(rows.len());
        given["recorded_at"] = last(|_| true)["recorded_at"].clone();
        let command = new_id();
        given["command_id"] = json!(command);
        for id in ["causation_id", "command_id", "correlation_id"] {
            given["metadata"][id] = json!(command);
        }
        given["metadata"]["decided_at"] = last(|_| true)["metadata"]["decided_at"].clone();
        given["event"] = json!("RoleGiven");
        given["payload"] = json!({ "RoleGiven": {
            "person": added["payload"]["MemberAdded"]["person"], "role": role,
        } });
        lines.push(serde_json_canonicalizer::to_string(&given).unwrap());
        self.write_events(&lines);
    }

    /// Signs a head over the events.
    fn append_head(&self) {
        let mut tree = Tiles::default();
        for line in self.lines(EVENTS) {
            tree.push(leaf_hash(line.as_bytes()));
        }
        let head = Checkpoint {
            origin: ORIGIN.into(),
            size: tree.size(),
            root: tree.root(tree.size()).unwrap(),
        };
        let through = self.rows(EVENTS).pop().unwrap()["recorded_at"].clone();
        let note = self.signer.sign(&head);
        self.edit_rows("log/heads.jsonl", |rows| {
            rows.push(json!({ "note": note, "size": tree.size(), "through": through }));
        });
    }

    /// Makes both manifests fit the files.
    fn refit(&self) {
        for folder in [self.path.join("log"), self.path.clone()] {
            let manifest = folder.join("MANIFEST.sha256");
            let text = fs::read_to_string(&manifest).unwrap();
            let refitted: String = text
                .lines()
                .filter_map(|line| {
                    let (_, name) = line.split_once("  ").unwrap();
                    let bytes = fs::read(folder.join(name)).ok()?;
                    Some(format!("{}  {name}\n", hex::encode(Sha256::digest(bytes))))
                })
                .collect();
            fs::write(manifest, refitted).unwrap();
        }
    }

    /// Signs the manifest with the office's key.
    fn sign(&self) {
        let manifest = fs::read(self.path.join("MANIFEST.sha256")).unwrap();
        let events = &self.rows("about.json")[0]["events"];
        let text = format!(
            "microgrants backup 2\norigin {ORIGIN}\norganisation {ORGANISATION}\nevents {events}\n\
                manifest {}\n",
            hex::encode(Sha256::digest(manifest))
        );
        fs::write(
            self.path.join("MANIFEST.note"),
            self.signer.sign_text(&text),
        )
        .unwrap();
    }
}

fn is_of_living(row: &Value) -> bool {
    !row["wrapped"].is_null()
}

/// Changes of the log.
fn forgeries_of_log() -> Vec<Forgery> {
    let refused = Some("the backup does not hold");
    vec![
        Forgery {
            name: "a member becomes administrator",
            edit: |forged| forged.append_role("administrator"),
            signed: refused,
        },
        Forgery {
            name: "one event gives the role of finance",
            edit: |forged| forged.append_role("finance"),
            signed: refused,
        },
        Forgery {
            name: "one event gives a role, under a head that is signed again",
            edit: |forged| {
                forged.append_role("finance");
                forged.append_head();
            },
            signed: Some("one person gave a role alone"),
        },
        Forgery {
            name: "a sum is edited",
            edit: |forged| {
                let edited = |line: &String| line.replace("\"700.00\"", "\"900.00\"");
                let lines: Vec<String> = forged.lines(EVENTS).iter().map(edited).collect();
                assert_ne!(lines, forged.lines(EVENTS));
                forged.write_events(&lines);
            },
            signed: refused,
        },
        Forgery {
            name: "the last events are cut off",
            edit: |forged| {
                let mut lines = forged.lines(EVENTS);
                lines.truncate(lines.len() - 3);
                forged.write_events(&lines);
            },
            signed: refused,
        },
    ]
}

/// Changes of people's keys and values.
fn forgeries_of_values() -> Vec<Forgery> {
    vec![
        Forgery {
            name: "an encrypted value is removed",
            edit: |forged| forged.remove_row("sealed_values.jsonl", |_| true),
            signed: Some("is missing"),
        },
        Forgery {
            name: "two encrypted values are swapped",
            edit: |forged| forged.swap("sealed_values.jsonl", "sealed", (0, 1)),
            signed: Some("it is not the value that its digest is of"),
        },
        Forgery {
            name: "a value is given to somebody else",
            edit: |forged| {
                forged.edit_rows("sealed_values.jsonl", |rows| {
                    let other = rows
                        .iter()
                        .find(|row| row["subject"] != rows[0]["subject"])
                        .map(|row| row["subject"].clone());
                    rows[0]["subject"] = other.unwrap();
                });
            },
            signed: Some("the log names another subject of this value"),
        },
        Forgery {
            name: "the key of a person is removed",
            edit: |forged| forged.remove_row("subject_keys.jsonl", is_of_living),
            signed: Some("is missing"),
        },
        Forgery {
            name: "the keys of two people are swapped",
            edit: |forged| {
                let rows = forged.rows("subject_keys.jsonl");
                let living = |at: &usize| is_of_living(&rows[*at]);
                let at: Vec<usize> = (0..rows.len()).filter(living).collect();
                forged.swap("subject_keys.jsonl", "wrapped", (at[0], at[1]));
            },
            signed: Some("does not unwrap"),
        },
        Forgery {
            name: "an erased person has a key again",
            edit: |forged| {
                forged.edit_rows("subject_keys.jsonl", |rows| {
                    let key = rows.iter().find(|row| is_of_living(row)).unwrap()["wrapped"].clone();
                    let erased = rows.iter_mut().find(|row| !is_of_living(row));
                    erased.unwrap()["wrapped"] = key;
                });
            },
            signed: Some("was erased"),
        },
    ]
}

/// Changes of the other tables.
fn forgeries_of_tables() -> Vec<Forgery> {
    vec![
        Forgery {
            name: "the addresses of two people are swapped in the look-up",
            edit: |forged| {
                let rows = forged.rows("blind_index.jsonl");
                let is_address = |at: &usize| rows[*at]["kind"] == "email";
                let at: Vec<usize> = (0..rows.len()).filter(is_address).collect();
                forged.swap("blind_index.jsonl", "digest", (at[0], at[1]));
            },
            signed: Some("is not found by this email"),
        },
        Forgery {
            name: "a look-up is removed",
            edit: |forged| forged.remove_row("blind_index.jsonl", |_| true),
            signed: Some("is missing"),
        },
        Forgery {
            name: "the answers of two commands are swapped",
            edit: |forged| forged.swap("commands.jsonl", "answer", (0, 1)),
            signed: Some("was answered with"),
        },
        Forgery {
            name: "the answer of a command is removed",
            edit: |forged| forged.remove_row("commands.jsonl", |_| true),
            signed: Some("the answer of the command"),
        },
        Forgery {
            name: "no key is known",
            edit: |forged| forged.write("known_keys.jsonl", &[]),
            signed: Some("no kek key is named"),
        },
        Forgery {
            name: "another key is known",
            edit: |forged| {
                forged.edit_rows("known_keys.jsonl", |rows| {
                    for row in rows.iter_mut() {
                        row["key_id"] = json!("0123456789abcdef");
                    }
                });
            },
            signed: Some("it needs 0123456789abcdef"),
        },
        Forgery {
            name: "a subscription is set back",
            edit: |forged| set_subscription(forged, 0),
            signed: None,
        },
        Forgery {
            name: "a subscription is ahead of the log",
            edit: |forged| set_subscription(forged, 1_000_000),
            signed: Some("its position is not in the log"),
        },
        Forgery {
            name: "an uploaded file is removed",
            edit: |forged| fs::remove_dir_all(forged.path.join("files")).unwrap(),
            signed: None,
        },
        Forgery {
            name: "a file is put in",
            edit: |forged| fs::write(forged.path.join("unsealed.jsonl"), "").unwrap(),
            signed: Some("unsealed.jsonl is not one of the files"),
        },
    ]
}

fn set_subscription(forged: &Forged, position: i64) {
    forged.edit_rows("followers.jsonl", |rows| {
        rows[0]["next_position"] = json!(position);
    });
}

/// A backup with a grant, a file, an erased person and a subscription.
async fn backup_of_office(app: &TestApp) -> PathBuf {
    let office = Office::open(app, 5000).await;
    let (_, group, member) = office.prepared(app, 700).await;
    let kept = files::store_file(app, &app.files(), group, files::pdf(900)).await;
    let keep = json!({
        "file": kept.file, "media": kept.media, "bytes": kept.bytes, "purpose": "receipt",
    });
    app.issue_ok(
        member,
        command_from_json("group", group.0, "keep-file", &keep),
    )
    .await;
    let dee = person(app, "Dee").await;
    let because = json!({ "reason": "Asked for." });
    app.issue_ok(
        office.ada,
        command_from_json("person", dee.0, "erase", &because),
    )
    .await;
    let length = app.log.length().await.unwrap();
    let mut tx = app.store().begin().await.unwrap();
    subscriptions::lock(&mut tx, ORGANISATION, "mail", length)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    take_backup(app, "backup").await
}

on_each_engine!(a_forged_backup_is_not_restored);
async fn a_forged_backup_is_not_restored(app: TestApp) {
    // Given
    let backup = backup_of_office(&app).await;
    let target = RestoreTarget::on_other_engine(&app).await;
    let origin = same_origin(&app).await;
    let forgeries = [
        forgeries_of_log(),
        forgeries_of_values(),
        forgeries_of_tables(),
    ];

    for forgery in forgeries.into_iter().flatten() {
        let name = forgery.name;
        let forged = Forged::copy_of(&app, &backup);

        // When
        (forgery.edit)(&forged);
        forged.refit();
        let refitted = target.restore(&forged.path, &origin).await;
        forged.sign();

        // Then
        let says = refitted.expect_err(name).to_string();
        match forgery.signed {
            None => assert!(
                says.contains("the signature of the backup"),
                "{name}: {says}"
            ),
            Some(expected) => {
                let signed = target.restore(&forged.path, &origin).await;
                let says = signed.expect_err(name).to_string();
                assert!(says.contains(expected), "{name}: {says}");
            }
        }
        assert!(target.is_empty().await, "{name}");
    }
    let genuine = Forged::copy_of(&app, &backup);
    genuine.refit();
    genuine.sign();
    target.restore(&genuine.path, &origin).await.unwrap();
}

on_each_engine!(a_signed_backup_does_not_pass_for_an_unsigned_one);
/// Earlier programs did not sign. A backup in their format is restored only on the operator's word.
async fn a_signed_backup_does_not_pass_for_an_unsigned_one(app: TestApp) {
    let forged = Forged::copy_of(&app, &backup_of_office(&app).await);
    let target = RestoreTarget::on_other_engine(&app).await;
    let origin = same_origin(&app).await;
    let with = |accept_unsealed| RestoreOptions {
        origin: origin.clone(),
        accept_unsealed,
    };
    let signed = target.restore_with(&forged.path, &with(Some(0))).await;
    assert!(
        matches!(signed, Err(RestoreError::Invalid(InvalidBackup::Signed))),
        "{signed:?}"
    );
    fs::remove_file(forged.path.join("MANIFEST.note")).unwrap();
    forged.edit_rows("about.json", |rows| rows[0]["shape"] = json!(1));
    let mut manifest = forged.lines("MANIFEST.sha256");
    manifest.push("0  unsealed.jsonl".to_owned());
    forged.write("MANIFEST.sha256", &manifest);
    // One event follows the last head.
    let lines = forged.lines(EVENTS);
    forged.append_role("finance");
    let tail = forged.lines(EVENTS).pop().unwrap();
    forged.write("unsealed.jsonl", &[tail]);
    forged.write_events(&lines);
    forged.edit_rows("about.json", |rows| {
        rows[0]["events"] = json!(lines.len() + 1);
    });
    forged.refit();

    for accepted in [None, Some(0), Some(2)] {
        let refused = target.restore_with(&forged.path, &with(accepted)).await;
        assert!(
            matches!(
                refused,
                Err(RestoreError::Invalid(InvalidBackup::Unsigned(1)))
            ),
            "{refused:?}"
        );
    }
    // The rules hold for these events, too.
    let refused = target.restore_with(&forged.path, &with(Some(1))).await;
    let says = refused.unwrap_err().to_string();
    assert!(says.contains("one person gave a role alone"), "{says}");
    assert!(target.is_empty().await);
}

on_each_engine!(rows_of_any_form_are_refused);
/// Lines that are no rows end in a refusal, also under the office's signature.
async fn rows_of_any_form_are_refused(app: TestApp) {
    let backup = backup_of_office(&app).await;
    let target = RestoreTarget::on_other_engine(&app).await;
    let origin = same_origin(&app).await;
    for file in [
        "commands.jsonl",
        "subject_keys.jsonl",
        "sealed_values.jsonl",
        "blind_index.jsonl",
        "followers.jsonl",
        "known_keys.jsonl",
        "about.json",
        "log/heads.jsonl",
        "log/key.txt",
        EVENTS,
    ] {
        for line in ["", "{}", "[]", "null", "7", "{\"subject\":7}", "\u{1}"] {
            let forged = Forged::copy_of(&app, &backup);
            let mut lines = forged.lines(file);
            line.clone_into(&mut lines[0]);
            forged.write(file, &lines);
            forged.refit();
            if file != "about.json" {
                forged.sign();
            }
            let refused = target.restore(&forged.path, &origin).await;
            assert!(refused.is_err(), "{line:?} in {file}");
        }
    }
    assert!(target.is_empty().await);
}

on_each_engine!(a_backup_of_a_log_that_does_not_hold_fails);
async fn a_backup_of_a_log_that_does_not_hold_fails(app: TestApp) {
    // Given
    backup_of_office(&app).await;
    let whole = events::read_page(app.store(), ORGANISATION, 3, 1)
        .await
        .unwrap()
        .remove(0);
    rewrite_log(
        &app,
        &format!(
            "UPDATE events SET recorded_at = {} WHERE position = 3",
            whole.recorded_at + 1
        ),
    )
    .await;

    // When
    let failed = try_backup(&app, "second").await;

    // Then
    let error = failed.unwrap_err();
    assert!(
        matches!(&error, BackupError::Invalid(..)) && error.to_string().contains("does not hold"),
        "{error}"
    );
    let place = app.close().await;
    let run = place.program().args(["backup", "third"]).output().unwrap();
    let says = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{says}");
    assert!(says.contains("does not hold"), "{says}");
}
