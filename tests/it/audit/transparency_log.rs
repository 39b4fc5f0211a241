//! The transparency log and its signer: what it signs, what it refuses to sign, and what it
//! publishes.

use microgrants::crypto::keys::{self, KeyPurpose};
use microgrants::domain::{ApplicationId, PersonId};
use microgrants::store::tlog::{self as stored, CheckpointRow};
use microgrants::transparency::checkpoint::Verifier;
use microgrants::transparency::checkpoint_signer::{CheckpointSigner, SigningError};
use microgrants::transparency::log_check::LogCheck;
use microgrants::transparency::merkle::Tiles;
use microgrants::transparency::proof::Proof;
use microgrants::transparency::prover::Prover;

use crate::log::appends::execute_raw;
use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder};
use crate::pages::journeys::signed_in;
use crate::support::fixtures::Office;
use crate::support::service::{Client, serve, token};
use crate::support::test_app::{ORGANISATION, TestApp};

pub fn sealer(app: &TestApp) -> CheckpointSigner {
    CheckpointSigner::new(app.log.clone(), app.keys.checkpoint.secret, "case/log")
}

async fn newest_checkpoint(app: &TestApp) -> CheckpointRow {
    stored::newest_checkpoint(app.store(), ORGANISATION)
        .await
        .unwrap()
        .expect("a head")
}

pub async fn checkpoints(app: &TestApp) -> Vec<CheckpointRow> {
    stored::checkpoints(&mut app.store().snapshot().await.unwrap(), ORGANISATION)
        .await
        .unwrap()
}

on_each_engine!(every_event_is_proven_against_the_newest_head);
async fn every_event_is_proven_against_the_newest_head(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let first = newest_checkpoint(&app).await;
    office.prepared(&app, 700).await;
    assert_eq!(
        Prover::new(app.log.clone())
            .proof(first.size)
            .await
            .unwrap(),
        None,
        "it was not sealed yet"
    );
    sealer(&app).catch_up().await.unwrap();
    let length = app.log.length().await.unwrap();
    assert_eq!(newest_checkpoint(&app).await.size, length);
    let key = stored::find(app.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .verifier;
    for position in 0..length {
        let proof = Prover::new(app.log.clone())
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
    assert!(sealer(&app).check().await.is_ok());
}

on_each_engine!(a_head_is_signed_once_for_a_size_by_however_many_sealers);
async fn a_head_is_signed_once_for_a_size_by_however_many_sealers(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let second = app.another_process().await;
    let (one, other) = (sealer(&app), sealer(&second));
    for _ in 0..10 {
        office.submitted(&app, 500).await;
        let (first, second) = tokio::join!(one.catch_up(), other.catch_up());
        first.unwrap();
        second.unwrap();
    }
    let key = Verifier::parse(
        &stored::find(app.store(), ORGANISATION)
            .await
            .unwrap()
            .unwrap()
            .verifier,
    )
    .unwrap();
    let heads = checkpoints(&app).await;
    assert!(heads.len() >= 10 && heads.windows(2).all(|pair| pair[0].size < pair[1].size));
    assert!(
        heads
            .iter()
            .all(|head| key.open(&head.note, "case/log").is_ok())
    );
    one.check().await.unwrap();
}

/// Asserts that the signer refuses, records the reason in the database, and continues to refuse.
async fn assert_sealer_stops(app: &TestApp, says: &str) {
    let before = checkpoints(app).await;
    let error = sealer(app).catch_up().await.unwrap_err();
    assert!(
        error.is_alarm() && error.to_string().contains(says),
        "{error}"
    );
    let stopped = stored::find(app.store(), ORGANISATION)
        .await
        .unwrap()
        .unwrap()
        .stopped
        .expect("it stands in the database");
    assert!(stopped.contains(says), "{stopped}");
    assert!(matches!(
        sealer(app).catch_up().await,
        Err(SigningError::Stopped(_))
    ));
    assert_eq!(checkpoints(app).await, before);
}

/// The SQL that reads a payload as text, and the suffix that makes a text a payload.
pub fn payload_casts(app: &TestApp) -> (&'static str, &'static str) {
    if app.store().postgres_pool().is_some() {
        ("payload::text", "::json")
    } else {
        ("payload", "")
    }
}

/// Replaces a text in the payloads of all events of a type, as if an earlier version had accepted
/// it.
pub async fn rewrite_payloads(app: &TestApp, event: &str, from: &str, to: &str) {
    let (read, written) = payload_casts(app);
    let sql = format!(
        "UPDATE events SET payload = replace({read}, '{from}', '{to}'){written} \
            WHERE event_type = '{event}'"
    );
    rewrite_log(app, &sql).await;
}

/// Removes the guard, changes something, and restores the guard.
pub async fn rewrite_log(app: &TestApp, sql: &str) {
    let (off, on) = if app.store().postgres_pool().is_some() {
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
    execute_raw(app, &format!("{off};\n{sql};\n{on}")).await;
}

on_each_engine!(a_hole_is_not_sealed);
async fn a_hole_is_not_sealed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let sealed = newest_checkpoint(&app).await.size;
    office.submitted(&app, 500).await;
    rewrite_log(
        &app,
        &format!("DELETE FROM events WHERE position = {}", sealed + 1),
    )
    .await;
    assert_sealer_stops(&app, &format!("position {} is missing", sealed + 1)).await;
}

on_each_engine!(a_log_that_was_rewritten_is_not_sealed_further);
async fn a_log_that_was_rewritten_is_not_sealed_further(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let original = microgrants::store::events::read_page(app.store(), ORGANISATION, 3, 1)
        .await
        .unwrap()
        .remove(0);
    rewrite_log(
        &app,
        "UPDATE events SET command_id = '00000000-0000-0000-0000-000000000000' WHERE position = 3",
    )
    .await;
    office.submitted(&app, 500).await;
    let error = sealer(&app).check().await.unwrap_err();
    assert!(
        matches!(error, SigningError::LogRewritten(_)) && error.is_alarm(),
        "{error}"
    );
    assert!(matches!(
        sealer(&app).catch_up().await,
        Err(SigningError::Stopped(_))
    ));
    // Once the log matches its checkpoints again, a check permits signing.
    rewrite_log(
        &app,
        &format!(
            "UPDATE events SET command_id = '{}' WHERE position = 3",
            original.command_id
        ),
    )
    .await;
    sealer(&app).check().await.unwrap();
    sealer(&app).catch_up().await.unwrap();
    assert_eq!(
        newest_checkpoint(&app).await.size,
        app.log.length().await.unwrap()
    );
}

/// Executes the statement of the app's engine.
async fn execute_for_engine(app: &TestApp, postgres: &str, sqlite: &str) {
    let is_postgres = app.store().postgres_pool().is_some();
    execute_raw(app, if is_postgres { postgres } else { sqlite }).await;
}

on_each_engine!(a_hash_that_was_appended_to_a_tile_is_not_taken_for_an_events);
/// A hash appended to a tile by somebody else must not be used for the next event.
async fn a_hash_that_was_appended_to_a_tile_is_not_taken_for_an_events(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    office.submitted(&app, 500).await;
    let zeros = "00".repeat(32);
    let (postgres, sqlite) = (
        format!("UPDATE tree_tiles SET hashes = hashes || '\\x{zeros}'::bytea"),
        format!("UPDATE tree_tiles SET hashes = CAST(hashes || x'{zeros}' AS BLOB)"),
    );
    execute_for_engine(&app, &postgres, &sqlite).await;
    assert_sealer_stops(&app, "tiles").await;
    assert!(
        sealer(&app).check().await.is_err(),
        "and a check does not let it go on"
    );
    let (postgres, sqlite) = (
        "UPDATE tree_tiles SET hashes = substring(hashes FROM 1 FOR length(hashes) - 32)",
        "UPDATE tree_tiles SET hashes = substr(hashes, 1, length(hashes) - 32)",
    );
    execute_for_engine(&app, postgres, sqlite).await;
    sealer(&app).check().await.unwrap();
    sealer(&app).catch_up().await.unwrap();
}

on_each_engine!(a_process_from_before_the_keys_rotation_signs_nothing);
/// A process that was not restarted after a key rotation signs nothing, and does not stop other
/// signers.
async fn a_process_from_before_the_keys_rotation_signs_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let folder = app.folder.path().join("keys");
    let (old, new) = keys::begin_rotation(app.store(), &folder, KeyPurpose::Checkpoint)
        .await
        .unwrap();
    sealer(&app).rotate_key(&old.id, &new).await.unwrap();
    keys::install_next_key(&folder, KeyPurpose::Checkpoint, Some(&old.id)).unwrap();
    office.submitted(&app, 500).await;
    assert!(matches!(
        sealer(&app).catch_up().await,
        Err(SigningError::KeyRotated)
    ));
    // Nor does its daily check stop the signer that has the new key.
    assert!(matches!(
        sealer(&app).check().await,
        Err(SigningError::KeyRotated)
    ));
    let restarted = app.restarted().await;
    sealer(&restarted).catch_up().await.unwrap();
    assert_eq!(
        newest_checkpoint(&restarted).await.size,
        restarted.log.length().await.unwrap()
    );
}

on_each_engine!(a_tile_that_was_changed_is_not_built_upon);
async fn a_tile_that_was_changed_is_not_built_upon(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    office.submitted(&app, 500).await;
    let zeros = "00".repeat(32);
    let (postgres, sqlite) = (
        format!("UPDATE tree_tiles SET hashes = '\\x{zeros}'::bytea || substring(hashes FROM 33)"),
        format!("UPDATE tree_tiles SET hashes = CAST(x'{zeros}' || substr(hashes, 33) AS BLOB)"),
    );
    execute_for_engine(&app, &postgres, &sqlite).await;
    assert_sealer_stops(&app, "tiles").await;
}

on_each_engine!(a_head_of_another_key_is_not_built_upon);
async fn a_head_of_another_key_is_not_built_upon(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let foreign = CheckpointSigner::new(app.log.clone(), [9; 32], "case/log");
    foreign.catch_up().await.unwrap();
    office.submitted(&app, 500).await;
    assert_sealer_stops(&app, "not the one that signs this log").await;
}

/// The root of a tree that fits into one tile.
fn root_of(tile: &[u8]) -> [u8; 32] {
    let mut tiles = Tiles::default();
    tile.as_chunks().0.iter().for_each(|hash| tiles.push(*hash));
    tiles.root(tiles.size()).unwrap()
}

/// The service of a log under one checkpoint, with a submitted application.
struct SealedLog {
    ada: Client,
    application: ApplicationId,
    member: PersonId,
    size: i64,
}

impl SealedLog {
    async fn serve(app: &TestApp, office: &Office) -> Self {
        let (application, _, member) = office.submitted(app, 500).await;
        app.catch_up().await;
        let ada = serve(app, office.ada);
        sealer(app).catch_up().await.unwrap();
        sealer(app).check().await.unwrap();
        Self {
            ada,
            application,
            member,
            size: app.log.length().await.unwrap(),
        }
    }

    fn key(&self) -> Verifier {
        Verifier::parse(&self.text("/log/key")).unwrap()
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8(self.ada.bytes(path)).unwrap()
    }
}

on_each_engine!(nothing_is_served_before_a_head_is_signed);
async fn nothing_is_served_before_a_head_is_signed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    app.catch_up().await;
    let ada = serve(&app, office.ada);
    for nothing in ["/log/checkpoint", "/log/key", "/log/tile/0/000.p/1"] {
        ada.get(nothing).assert_problem(404, "not_found");
    }
    assert_eq!(ada.get("/readyz").body["sealed"]["length"], 0);

    sealer(&app).catch_up().await.unwrap();
    sealer(&app).check().await.unwrap();

    let size = app.log.length().await.unwrap();
    assert_eq!(ada.get("/readyz").body["sealed"]["length"], size);
}

on_each_engine!(the_root_of_a_head_follows_from_public_tiles);
async fn the_root_of_a_head_follows_from_public_tiles(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let log = SealedLog::serve(&app, &office).await;

    let head = log.key().open(&log.text("/log/checkpoint"), "case/log");
    let tile = log.ada.bytes(&format!("/log/tile/0/000.p/{}", log.size));

    let head = head.unwrap();
    assert_eq!(
        (head.size, head.root),
        (u64::try_from(log.size).unwrap(), root_of(&tile))
    );
    assert_eq!(log.ada.bytes("/log/tile/0/000.p/3"), tile[..96]);
    for nothing in [
        "/log/tile/0/000",
        "/log/tile/1/000.p/1",
        "/log/tile/0/001.p/1",
        "/log/tile/entries/000.p/1",
        "/log/tile/0/x",
    ] {
        log.ada.get(nothing).assert_problem(404, "not_found");
    }
}

on_each_engine!(the_api_gives_heads_and_proofs_to_staff_and_not_to_groups);
async fn the_api_gives_heads_and_proofs_to_staff_and_not_to_groups(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let log = SealedLog::serve(&app, &office).await;
    let key = log.key().text();

    let seen = log.ada.get("/api/v1/log/head").body;
    let proof = log.ada.get("/api/v1/log/events/3/proof").body;

    assert_eq!(
        (&seen["sealed"], seen["key"].as_str()),
        (&serde_json::json!(log.size), Some(key.as_str()))
    );
    let proof: Proof = serde_json::from_value(proof).unwrap();
    assert_eq!(
        proof.check(Some(&key)).unwrap(),
        (3, u64::try_from(log.size).unwrap())
    );
    for unknown in [log.size.to_string(), "x".to_owned()] {
        log.ada
            .get(&format!("/api/v1/log/events/{unknown}/proof"))
            .assert_problem(404, "not_found");
    }
    log.ada
        .with_token(&token(&app, log.member))
        .get("/api/v1/log/events/3/proof")
        .assert_problem(403, "not_yours");
}

on_each_engine!(a_group_gets_a_receipt_for_what_it_submitted_and_for_nothing_else);
async fn a_group_gets_a_receipt_for_what_it_submitted_and_for_nothing_else(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let log = SealedLog::serve(&app, &office).await;
    let (_, _, stranger) = office.submitted(&app, 500).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, log.ada.address(), log.member).await;
    let mut other = signed_in(&app, log.ada.address(), stranger).await;
    let receipt = format!("/my/applications/{}/receipt", log.application);

    let page = browser.get(&receipt);

    assert!(
        page.contains("You sent your application") && page.contains("Keep the proof"),
        "{}",
        page.text
    );
    let (_, rest) = page.text.split_once(&format!("{receipt}/")).unwrap();
    let position: i64 = rest.split('"').next().unwrap().parse().unwrap();
    let proof = browser.get(&format!("{receipt}/{position}")).text;
    let proof: Proof = serde_json::from_str(&proof).unwrap();
    assert_eq!(proof.check(None).unwrap().0, position);
    assert!(proof.event.contains("ApplicationSubmitted"));
    for unknown in ["0".to_owned(), (position - 1).to_string(), "x".to_owned()] {
        assert_eq!(browser.get(&format!("{receipt}/{unknown}")).status, 404);
    }
    assert_eq!(other.get(&receipt).status, 404);
}

on_each_engine!(the_desk_shows_head_and_check_and_everybody_learns_how_to_check);
async fn the_desk_shows_head_and_check_and_everybody_learns_how_to_check(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let log = SealedLog::serve(&app, &office).await;
    office.submitted(&app, 500).await;
    app.catch_up().await;
    let mut desk = signed_in(&app, log.ada.address(), office.ada).await;

    let page = desk.get("/desk/log");

    assert!(
        page.contains("entries are as they were signed")
            && page.contains(&format!("{} of", log.size)),
        "{}",
        page.text
    );
    assert!(desk.get("/desk/log/3").contains("Download the proof"));
    assert!(
        desk.get(&format!("/desk/log/{}", log.size + 1))
            .contains("once this entry is signed")
    );
    let proof: Proof = serde_json::from_str(&desk.get("/desk/log/3/proof").text).unwrap();
    assert_eq!(proof.check(None).unwrap().0, 3);
    assert!(
        desk.get("/impact")
            .contains("For auditors: check this page")
    );
}

on_each_engine!(a_log_that_is_not_what_was_signed_is_said_loudly);
async fn a_log_that_is_not_what_was_signed_is_said_loudly(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    app.catch_up().await;
    let ada = serve(&app, office.ada);
    assert_eq!(ada.get("/readyz").status, 200);
    rewrite_log(
        &app,
        "UPDATE events SET command_id = '00000000-0000-0000-0000-000000000000' WHERE position = 3",
    )
    .await;
    sealer(&app).check().await.unwrap_err();
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
    let mut desk = signed_in(&app, ada.address(), office.ada).await;
    assert!(
        desk.get("/desk/log")
            .contains("The log is no longer signed")
    );
}

/// Continues a comparison of the log, five events at a time, to its end.
async fn compare_to_end(app: &TestApp, check: &mut LogCheck) -> Result<(), SigningError> {
    while !sealer(app).check_part(check, 5).await? {}
    Ok(())
}

/// Changes an event that was read before. Returns the change that makes it as it was.
async fn change_third_event(app: &TestApp) -> String {
    let original = microgrants::store::events::read_page(app.store(), ORGANISATION, 3, 1)
        .await
        .unwrap()
        .remove(0);
    let set =
        |command: &str| format!("UPDATE events SET command_id = '{command}' WHERE position = 3");
    rewrite_log(app, &set("00000000-0000-0000-0000-000000000000")).await;
    set(&original.command_id)
}

on_each_engine!(an_event_that_is_changed_while_the_service_runs_is_found_in_parts);
async fn an_event_that_is_changed_while_the_service_runs_is_found_in_parts(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let log = SealedLog::serve(&app, &office).await;
    let mailer = mailer(&app).sending_checkpoints_to(vec!["auditor@example.org".to_owned()]);
    mailer.subscribe().await.unwrap();
    let mut desk = signed_in(&app, log.ada.address(), office.ada).await;
    let mut check = LogCheck::default();
    assert!(!sealer(&app).check_part(&mut check, 5).await.unwrap());

    // When
    change_third_event(&app).await;
    compare_to_end(&app, &mut check).await.unwrap();
    let found = compare_to_end(&app, &mut check).await;

    // Then
    assert!(
        matches!(found, Err(SigningError::LogRewritten(size)) if size == log.size),
        "{found:?}"
    );
    let ready = log.ada.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(
        ready.body["sealed"]["stopped"]
            .as_str()
            .unwrap()
            .contains("not those whose head was signed"),
        "{}",
        ready.body
    );
    office.submitted(&app, 500).await;
    assert!(matches!(
        sealer(&app).catch_up().await,
        Err(SigningError::Stopped(_))
    ));
    assert_eq!(newest_checkpoint(&app).await.size, log.size);
    let page = desk.get("/desk/log");
    assert!(
        page.contains("The log is no longer signed") && page.contains("Checked here last on"),
        "{}",
        page.text
    );
    deliver_all(&app, &mailer).await;
    let alarms = mails_in_folder(&mail_folder(&app)).into_values();
    assert_eq!(alarms.filter(|says| says.contains("ALARM")).count(), 1);
}

on_each_engine!(a_comparison_from_before_an_alarm_does_not_end_it);
async fn a_comparison_from_before_an_alarm_does_not_end_it(app: TestApp) {
    // Given
    Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let mut check = LogCheck::default();
    assert!(!sealer(&app).check_part(&mut check, 5).await.unwrap());
    let as_it_was = change_third_event(&app).await;
    sealer(&app).check().await.unwrap_err();

    // When
    let stale = compare_to_end(&app, &mut check).await;

    // Then
    assert!(matches!(stale, Err(SigningError::Stopped(_))), "{stale:?}");
    assert!(matches!(
        sealer(&app).catch_up().await,
        Err(SigningError::Stopped(_))
    ));
    assert!(compare_to_end(&app, &mut check).await.is_err());
    rewrite_log(&app, &as_it_was).await;
    compare_to_end(&app, &mut check).await.unwrap();
    sealer(&app).catch_up().await.unwrap();
}
