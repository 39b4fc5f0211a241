//! Logs whose signing key was rotated: each key needs the signatures of the key before it.

use microgrants::audit::{self, Trusted, export_layout};
use microgrants::commands::{Caller, CommandRequest};
use microgrants::crypto::keys::{self, KeyPurpose, SecretKey};
use microgrants::domain::organisation::RecordKeyRotation;
use microgrants::domain::{Command, OrganisationCommand};
use microgrants::transparency::checkpoint::Signer;

use super::tampered_export::{ORIGIN, PythonVerifier, TamperedExport, find_python};
use super::tampering::small_log;
use crate::audit::transparency_log::{checkpoints, sealer};
use crate::support::fixtures::person;
use crate::support::test_app::{ORGANISATION, TestApp};

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
