//! The writer's head cache: changes to the log by other processes and cut connections lose no event
//! and write none twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use microgrants::clock::new_id;
use microgrants::commands::{CommandRequest, IdempotencyKey};
use microgrants::domain::{FundId, PersonId};
use microgrants::store::events;

use crate::log::appends::execute_raw;
use crate::log::faults::{CutPoint, FaultyProxy, LATE_BY};
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::Office;
use crate::support::replay;
use crate::support::steps::{pause, resume};
use crate::support::test_app::{ORGANISATION, TestApp, request};

async fn pause_and_resume(app: &TestApp, by: PersonId, fund: FundId, times: usize) {
    for _ in 0..times {
        app.issue_ok(by, pause(fund)).await;
        app.issue_ok(by, resume(fund)).await;
    }
}

/// Number of events by type, after asserting that positions have no gap.
async fn count_events(app: &TestApp) -> BTreeMap<String, usize> {
    let rows = events::read_page(app.store(), ORGANISATION, 0, 100_000)
        .await
        .unwrap();
    assert!(
        (0..).zip(&rows).all(|(at, row)| row.position == at),
        "no position is missing or taken twice"
    );
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.event_type).or_default() += 1;
    }
    counts
}

on_each_engine!(of_two_writers_each_notices_what_the_other_wrote);
async fn of_two_writers_each_notices_what_the_other_wrote(app: TestApp) {
    const TIMES: usize = 40;
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    let beside = Office {
        fund: FundId(new_id()),
        ..office
    };
    beside.open_fund(&app, 1000).await;
    let other = app.another_process().await;
    app.projector.enable_inline();
    other.projector.enable_inline();
    // Alternately, on the same record.
    for _ in 0..10 {
        app.issue_ok(office.ada, pause(office.fund)).await;
        other.issue_ok(office.ada, resume(office.fund)).await;
        other.issue_ok(office.ada, pause(office.fund)).await;
        app.issue_ok(office.ada, resume(office.fund)).await;
    }
    // Concurrently, each on its own record.
    let ours = pause_and_resume(&app, office.ada, office.fund, TIMES);
    let theirs = pause_and_resume(&other, office.ada, beside.fund, TIMES);
    tokio::join!(ours, theirs);
    let counts = count_events(&app).await;
    assert_eq!(
        (counts["FundPaused"], counts["FundResumed"]),
        (2 * TIMES + 20, 2 * TIMES + 20)
    );
    replay::replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

on_each_engine!(a_repeat_gets_the_first_answer);
async fn a_repeat_gets_the_first_answer(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let keyed = |key: &str, command| CommandRequest {
        idempotency_key: Some(IdempotencyKey::per_caller(key, "hash")),
        ..request(office.ada, command)
    };
    let issue = async |key: &str, command| app.commands.execute(keyed(key, command)).await.unwrap();
    let paused = issue("one", pause(office.fund)).await;
    let resumed = issue("two", resume(office.fund)).await;
    for _ in 0..3 {
        assert_eq!(issue("one", pause(office.fund)).await, paused);
        assert_eq!(issue("two", resume(office.fund)).await, resumed);
    }
    pause_and_resume(&app, office.ada, office.fund, 1).await;
    let counts = count_events(&app).await;
    assert_eq!((counts["FundPaused"], counts["FundResumed"]), (2, 2));
}

/// Pauses a cached fund through a connection that is cut at the event. The conditional write
/// carries its commit, so the command succeeds; under the lock of the head, the event precedes the
/// commit, and the command would fail.
async fn pause_through_proxy(app: TestApp, at: CutPoint) {
    let office = Office::open(&app, 1000).await;
    let proxy = FaultyProxy::in_front_of(&app, at).await;
    let far = TestApp::open(Arc::clone(&app.folder), proxy.url.clone()).await;
    pause_and_resume(&far, office.ada, office.fund, 2).await;
    let answer = proxy
        .with_cut(
            far.commands
                .execute(request(office.ada, pause(office.fund))),
        )
        .await
        .expect("it is in the log, so it is answered");
    assert_eq!(answer.last_position + 1, app.log.length().await.unwrap());
    assert_eq!(count_events(&app).await["FundPaused"], 3);
    far.issue_ok(office.ada, resume(office.fund)).await;
    let length = app.log.length().await.unwrap();
    tokio::time::sleep(LATE_BY * 2).await;
    assert_eq!(
        app.log.length().await.unwrap(),
        length,
        "nothing comes after it"
    );
    far.issue_ok(office.ada, pause(office.fund)).await;
    replay::replay_log(&app).await;
}

on_postgres!(a_lost_answer_is_found_out);
async fn a_lost_answer_is_found_out(app: TestApp) {
    pause_through_proxy(app, CutPoint::Answer(b"FundPaused")).await;
}

on_postgres!(what_never_arrived_is_written_once);
async fn what_never_arrived_is_written_once(app: TestApp) {
    pause_through_proxy(app, CutPoint::Statement(b"FundPaused")).await;
}

on_postgres!(what_arrives_late_is_written_once);
async fn what_arrives_late_is_written_once(app: TestApp) {
    pause_through_proxy(app, CutPoint::Late(b"FundPaused")).await;
}

on_postgres!(what_was_said_to_be_lost_never_arrives);
/// The statement arrives after its command was looked up, and after the retry under the lock of the
/// head was refused.
async fn what_was_said_to_be_lost_never_arrives(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let proxy = FaultyProxy::in_front_of(&app, CutPoint::Late(b"FundPaused")).await;
    let far = TestApp::open(Arc::clone(&app.folder), proxy.url.clone()).await;
    pause_and_resume(&far, office.ada, office.fund, 2).await;
    execute_raw(
        &app,
        "CREATE SEQUENCE tries;
         CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('tries') = 1 THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_type = \
         'FundPaused') EXECUTE FUNCTION refuse();",
    )
    .await;
    let answer = proxy
        .with_cut(
            far.commands
                .execute(request(office.ada, pause(office.fund))),
        )
        .await;
    assert!(answer.is_err(), "{answer:?}");
    tokio::time::sleep(LATE_BY * 2).await;
    assert_eq!(
        count_events(&app).await["FundPaused"],
        2,
        "what was said not to be recorded is not"
    );
    far.issue_ok(office.ada, pause(office.fund)).await;
    replay::replay_log(&app).await;
}

on_postgres!(a_repeat_whose_answer_is_lost_is_a_repeat);
/// A repeat whose command would be accepted under another key, over a connection that is cut: the
/// state must not contain events that are not in the log.
async fn a_repeat_whose_answer_is_lost_is_a_repeat(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let proxy = FaultyProxy::in_front_of(&app, CutPoint::Answer(b"FundPaused")).await;
    let far = TestApp::open(Arc::clone(&app.folder), proxy.url.clone()).await;
    let keyed = || CommandRequest {
        idempotency_key: Some(IdempotencyKey::per_caller("one", "hash")),
        ..request(office.ada, pause(office.fund))
    };
    let first = far.commands.execute(keyed()).await.unwrap();
    far.issue_ok(office.ada, resume(office.fund)).await;
    pause_and_resume(&far, office.ada, office.fund, 2).await;
    assert_eq!(
        proxy.with_cut(far.commands.execute(keyed())).await.unwrap(),
        first
    );
    pause_and_resume(&far, office.ada, office.fund, 2).await;
    assert_eq!(count_events(&app).await["FundPaused"], 5);
    replay::replay_log(&app).await;
}
