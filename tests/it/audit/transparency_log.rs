//! The transparency log and its signer: what it signs, what it refuses to sign, and what it
//! publishes.

use microgrants::crypto::keys::{self, KeyPurpose};
use microgrants::store::tlog::{self as stored, CheckpointRow};
use microgrants::transparency::checkpoint::Verifier;
use microgrants::transparency::checkpoint_signer::{CheckpointSigner, SigningError};
use microgrants::transparency::merkle::Tiles;
use microgrants::transparency::proof::Proof;
use microgrants::transparency::prover::Prover;

use crate::log::appends::execute_raw;
use crate::pages::journeys::signed_in;
use crate::support::fixtures::Office;
use crate::support::service::{serve, token};
use crate::support::test_app::{ORGANISATION, TestApp};

pub fn sealer(house: &TestApp) -> CheckpointSigner {
    CheckpointSigner::new(house.log.clone(), house.keys.checkpoint.secret, "case/log")
}

async fn newest_checkpoint(house: &TestApp) -> CheckpointRow {
    stored::newest_checkpoint(house.store(), ORGANISATION)
        .await
        .unwrap()
        .expect("a head")
}

pub async fn checkpoints(house: &TestApp) -> Vec<CheckpointRow> {
    stored::checkpoints(&mut house.store().snapshot().await.unwrap(), ORGANISATION)
        .await
        .unwrap()
}

on_each_engine!(every_event_is_proven_against_the_newest_head);
async fn every_event_is_proven_against_the_newest_head(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    let first = newest_checkpoint(&house).await;
    office.prepared(&house, 700).await;
    assert_eq!(
        Prover::new(house.log.clone())
            .proof(first.size)
            .await
            .unwrap(),
        None,
        "it was not sealed yet"
    );
    sealer(&house).catch_up().await.unwrap();
    let length = house.log.length().await.unwrap();
    assert_eq!(newest_checkpoint(&house).await.size, length);
    let key = stored::find(house.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .verifier;
    for position in 0..length {
        let proof = Prover::new(house.log.clone())
            .proof(position)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            proof.check(Some(&key)).unwrap(),
            (position, u64::try_from(length).unwrap())
        );
        let mut other = proof.clone();
        other.event = other.event.replacen("\"sequence\":", "\"sequence\":1", 1);
        assert!(other.check(Some(&key)).is_err());
    }
    assert!(sealer(&house).check().await.is_ok());
}

on_each_engine!(a_head_is_signed_once_for_a_size_by_however_many_sealers);
async fn a_head_is_signed_once_for_a_size_by_however_many_sealers(house: TestApp) {
    let office = Office::open(&house, 50_000).await;
    let beside = if house.store().postgres_pool().is_some() {
        house.second_process().await
    } else {
        house.restarted().await
    };
    let (one, other) = (sealer(&house), sealer(&beside));
    for _ in 0..10 {
        office.submitted(&house, 500).await;
        let (first, second) = tokio::join!(one.catch_up(), other.catch_up());
        first.unwrap();
        second.unwrap();
    }
    let key = Verifier::parse(
        &stored::find(house.store(), ORGANISATION)
            .await
            .unwrap()
            .unwrap()
            .verifier,
    )
    .unwrap();
    let heads = checkpoints(&house).await;
    assert!(heads.len() >= 10 && heads.windows(2).all(|pair| pair[0].size < pair[1].size));
    assert!(
        heads
            .iter()
            .all(|head| key.open(&head.note, "case/log").is_ok())
    );
    one.check().await.unwrap();
}

/// Asserts that the signer refuses, records the reason in the database, and continues to refuse.
async fn assert_sealer_stops(house: &TestApp, says: &str) {
    let before = checkpoints(house).await;
    let error = sealer(house).catch_up().await.unwrap_err();
    assert!(
        error.is_alarm() && error.to_string().contains(says),
        "{error}"
    );
    let stopped = stored::find(house.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .stopped
        .expect("it stands in the database");
    assert!(stopped.contains(says), "{stopped}");
    assert!(matches!(
        sealer(house).catch_up().await,
        Err(SigningError::Stopped(_))
    ));
    assert_eq!(checkpoints(house).await, before);
}

/// Removes the guard, changes something, and restores the guard.
pub async fn rewrite_log(house: &TestApp, sql: &str) {
    let (off, on) = if house.store().postgres_pool().is_some() {
        (
            "ALTER TABLE events DISABLE TRIGGER USER".to_owned(),
            "ALTER TABLE events ENABLE TRIGGER USER".to_owned(),
        )
    } else {
        let on = include_str!("../../../migrations/sqlite/0001_first.sql");
        let from = on.find("CREATE TRIGGER events_stay_as_they_are").unwrap();
        let to = on[from..].find("-- What each command").unwrap();
        (
            "DROP TRIGGER events_stay_as_they_are; DROP TRIGGER events_stay".to_owned(),
            on[from..from + to].to_owned(),
        )
    };
    execute_raw(house, &format!("{off};\n{sql};\n{on}")).await;
}

on_each_engine!(a_hole_is_not_sealed);
async fn a_hole_is_not_sealed(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    let sealed = newest_checkpoint(&house).await.size;
    office.submitted(&house, 500).await;
    rewrite_log(
        &house,
        &format!("DELETE FROM events WHERE position = {}", sealed + 1),
    )
    .await;
    assert_sealer_stops(&house, &format!("position {} is missing", sealed + 1)).await;
}

on_each_engine!(a_log_that_was_rewritten_is_not_sealed_further);
async fn a_log_that_was_rewritten_is_not_sealed_further(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    let original = microgrants::store::events::read_page(house.store(), ORGANISATION, 3, 1)
        .await
        .unwrap()
        .remove(0);
    rewrite_log(
        &house,
        "UPDATE events SET command_id = '00000000-0000-0000-0000-000000000000' WHERE position = 3",
    )
    .await;
    office.submitted(&house, 500).await;
    let error = sealer(&house).check().await.unwrap_err();
    assert!(
        matches!(error, SigningError::LogRewritten(_)) && error.is_alarm(),
        "{error}"
    );
    assert!(matches!(
        sealer(&house).catch_up().await,
        Err(SigningError::Stopped(_))
    ));
    // Once the log matches its checkpoints again, a check permits signing.
    rewrite_log(
        &house,
        &format!(
            "UPDATE events SET command_id = '{}' WHERE position = 3",
            original.command_id
        ),
    )
    .await;
    sealer(&house).check().await.unwrap();
    sealer(&house).catch_up().await.unwrap();
    assert_eq!(
        newest_checkpoint(&house).await.size,
        house.log.length().await.unwrap()
    );
}

on_each_engine!(a_hash_that_was_appended_to_a_tile_is_not_taken_for_an_events);
/// A hash appended to a tile by somebody else must not be used for the next event.
async fn a_hash_that_was_appended_to_a_tile_is_not_taken_for_an_events(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    office.submitted(&house, 500).await;
    let zeros = "00".repeat(32);
    let (postgres, sqlite) = (
        format!("UPDATE tree_tiles SET hashes = hashes || '\\x{zeros}'::bytea"),
        format!("UPDATE tree_tiles SET hashes = CAST(hashes || x'{zeros}' AS BLOB)"),
    );
    execute_raw(
        &house,
        if house.store().postgres_pool().is_some() {
            &postgres
        } else {
            &sqlite
        },
    )
    .await;
    assert_sealer_stops(&house, "tiles").await;
    assert!(
        sealer(&house).check().await.is_err(),
        "and a check does not let it go on"
    );
    let (postgres, sqlite) = (
        "UPDATE tree_tiles SET hashes = substring(hashes FROM 1 FOR length(hashes) - 32)",
        "UPDATE tree_tiles SET hashes = substr(hashes, 1, length(hashes) - 32)",
    );
    execute_raw(
        &house,
        if house.store().postgres_pool().is_some() {
            postgres
        } else {
            sqlite
        },
    )
    .await;
    sealer(&house).check().await.unwrap();
    sealer(&house).catch_up().await.unwrap();
}

on_each_engine!(a_process_from_before_the_keys_rotation_signs_nothing);
/// A process that was not restarted after a key rotation signs nothing, and does not stop other
/// signers.
async fn a_process_from_before_the_keys_rotation_signs_nothing(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    let folder = house.folder.path().join("keys");
    let (old, new) = keys::begin_rotation(house.store(), &folder, KeyPurpose::Checkpoint)
        .await
        .unwrap();
    sealer(&house).rotate_key(&old.id, &new).await.unwrap();
    keys::install_next_key(&folder, KeyPurpose::Checkpoint, Some(&old.id)).unwrap();
    office.submitted(&house, 500).await;
    assert!(matches!(
        sealer(&house).catch_up().await,
        Err(SigningError::KeyRotated)
    ));
    // Nor does its daily check stop the signer that has the new key.
    assert!(matches!(
        sealer(&house).check().await,
        Err(SigningError::KeyRotated)
    ));
    let restarted = house.restarted().await;
    sealer(&restarted).catch_up().await.unwrap();
    assert_eq!(
        newest_checkpoint(&restarted).await.size,
        restarted.log.length().await.unwrap()
    );
}

on_each_engine!(a_tile_that_was_changed_is_not_built_upon);
async fn a_tile_that_was_changed_is_not_built_upon(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    office.submitted(&house, 500).await;
    let zeros = "00".repeat(32);
    let (postgres, sqlite) = (
        format!("UPDATE tree_tiles SET hashes = '\\x{zeros}'::bytea || substring(hashes FROM 33)"),
        format!("UPDATE tree_tiles SET hashes = CAST(x'{zeros}' || substr(hashes, 33) AS BLOB)"),
    );
    execute_raw(
        &house,
        if house.store().postgres_pool().is_some() {
            &postgres
        } else {
            &sqlite
        },
    )
    .await;
    assert_sealer_stops(&house, "tiles").await;
}

on_each_engine!(a_head_of_another_key_is_not_built_upon);
async fn a_head_of_another_key_is_not_built_upon(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let foreign = CheckpointSigner::new(house.log.clone(), [9; 32], "case/log");
    foreign.catch_up().await.unwrap();
    office.submitted(&house, 500).await;
    assert_sealer_stops(&house, "not the one that signs this log").await;
}

/// The root of a tree that fits into one tile.
fn root_of(tile: &[u8]) -> [u8; 32] {
    let mut tiles = Tiles::default();
    tile.as_chunks().0.iter().for_each(|hash| tiles.push(*hash));
    tiles.root(tiles.size()).unwrap()
}

on_each_engine!(heads_tiles_and_proofs_are_served_to_those_they_are_for);
async fn heads_tiles_and_proofs_are_served_to_those_they_are_for(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (application, _, member) = office.submitted(&house, 500).await;
    house.catch_up().await;
    let ada = serve(&house, office.ada);
    for nothing in ["/log/checkpoint", "/log/key", "/log/tile/0/000.p/1"] {
        ada.get(nothing).assert_problem(404, "not_found");
    }
    assert_eq!(ada.get("/readyz").body["sealed"]["length"], 0);
    sealer(&house).catch_up().await.unwrap();
    sealer(&house).check().await.unwrap();
    let size = house.log.length().await.unwrap();
    assert_eq!(ada.get("/readyz").body["sealed"]["length"], size);

    // The root of the checkpoint can be computed from public resources.
    let text = |path: &str| String::from_utf8(ada.bytes(path)).unwrap();
    let key = Verifier::parse(&text("/log/key")).unwrap();
    let head = key.open(&text("/log/checkpoint"), "case/log").unwrap();
    let tile = ada.bytes(&format!("/log/tile/0/000.p/{size}"));
    assert_eq!(
        (head.size, head.root),
        (u64::try_from(size).unwrap(), root_of(&tile))
    );
    assert_eq!(ada.bytes("/log/tile/0/000.p/3"), tile[..96]);
    for nothing in [
        "/log/tile/0/000",
        "/log/tile/1/000.p/1",
        "/log/tile/0/001.p/1",
        "/log/tile/entries/000.p/1",
        "/log/tile/0/x",
    ] {
        ada.get(nothing).assert_problem(404, "not_found");
    }

    // The API gives auditors and administrators the checkpoint and proofs, and groups neither.
    let seen = ada.get("/api/v1/log/head").body;
    assert_eq!(
        (&seen["sealed"], seen["key"].as_str()),
        (&serde_json::json!(size), Some(key.text().as_str()))
    );
    let proof: Proof = serde_json::from_value(ada.get("/api/v1/log/events/3/proof").body).unwrap();
    assert_eq!(proof.check(Some(&key.text())).unwrap(), (3, head.size));
    ada.get(&format!("/api/v1/log/events/{size}/proof"))
        .assert_problem(404, "not_found");
    ada.get("/api/v1/log/events/x/proof")
        .assert_problem(404, "not_found");
    ada.with_token(&token(&house, member))
        .get("/api/v1/log/events/3/proof")
        .assert_problem(403, "not_yours");

    // A group gets a receipt for what it submitted, and for nothing else.
    let mut browser = signed_in(&house, ada.address(), member).await;
    let page = browser.get(&format!("/my/applications/{application}/receipt"));
    assert!(
        page.contains("You handed in your form") && page.contains("Keep the proof"),
        "{}",
        page.text
    );
    let at = page
        .text
        .split(&format!("/my/applications/{application}/receipt/"))
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let proof: Proof = serde_json::from_str(
        &browser
            .get(&format!("/my/applications/{application}/receipt/{at}"))
            .text,
    )
    .unwrap();
    assert_eq!(proof.check(None).unwrap().0, at.parse::<i64>().unwrap());
    assert!(proof.event.contains("ApplicationSubmitted"));
    for other in [
        "0".to_owned(),
        (at.parse::<i64>().unwrap() - 1).to_string(),
        "x".to_owned(),
    ] {
        assert_eq!(
            browser
                .get(&format!("/my/applications/{application}/receipt/{other}"))
                .status,
            404
        );
    }
    let (_, _, stranger) = office.submitted(&house, 500).await;
    house.catch_up().await;
    let mut other = signed_in(&house, ada.address(), stranger).await;
    assert_eq!(
        other
            .get(&format!("/my/applications/{application}/receipt"))
            .status,
        404
    );

    // The desk shows checkpoint and check; the public page explains to everybody how to check.
    let mut desk = signed_in(&house, ada.address(), office.ada).await;
    let page = desk.get("/desk/log");
    assert!(
        page.contains("they were what was signed")
            && page.contains(&format!("Sealed: {size} events")),
        "{}",
        page.text
    );
    assert!(desk.get("/desk/log/3").contains("Keep the proof"));
    assert!(
        desk.get(&format!("/desk/log/{}", size + 1))
            .contains("once it is sealed")
    );
    let proof: Proof = serde_json::from_str(&desk.get("/desk/log/3/proof").text).unwrap();
    assert_eq!(proof.check(None).unwrap().0, 3);
    assert!(desk.get("/impact").contains("How to check this page"));
}

on_each_engine!(a_log_that_is_not_what_was_signed_is_said_loudly);
async fn a_log_that_is_not_what_was_signed_is_said_loudly(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    sealer(&house).catch_up().await.unwrap();
    house.catch_up().await;
    let ada = serve(&house, office.ada);
    assert_eq!(ada.get("/readyz").status, 200);
    rewrite_log(
        &house,
        "UPDATE events SET command_id = '00000000-0000-0000-0000-000000000000' WHERE position = 3",
    )
    .await;
    sealer(&house).check().await.unwrap_err();
    let ready = ada.get("/readyz");
    assert_eq!(
        (ready.status, ready.body["ready"].as_bool()),
        (503, Some(false))
    );
    assert!(
        ready.body["sealed"]["stopped"]
            .as_str()
            .unwrap()
            .contains("not those whose head was signed"),
        "{}",
        ready.body
    );
    let mut desk = signed_in(&house, ada.address(), office.ada).await;
    assert!(
        desk.get("/desk/log")
            .contains("The log is not sealed any more")
    );
}
