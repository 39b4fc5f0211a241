//! Inline projections: rows written in the transaction of the append are visible immediately, and a
//! fault in them does not stop writers.

use microgrants::projections::FundRow;
use microgrants::store::checkpoints;

use crate::log::appends::execute_raw;
use crate::projections::read_models::{
    assert_equals_rebuild, dump_rows, generate_activity, rebuild_all,
};
use crate::support::fixtures::Office;
use crate::support::steps::{pause, resume};
use crate::support::test_app::{ORGANISATION, TestApp};

/// The fund's state in the views, and whether the views have reached the end of the log.
async fn fund_in_views(app: &TestApp, office: &Office) -> (String, bool) {
    let fund: FundRow = app.views().find(office.fund, None).await.unwrap().unwrap();
    let state = serde_json::to_value(fund.state)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    (
        state,
        app.projector.next_position() == app.log.length().await.unwrap(),
    )
}

fn shows(state: &str) -> (String, bool) {
    (state.to_owned(), true)
}

on_each_engine!(the_views_stand_with_the_answer);
async fn the_views_stand_with_the_answer(app: TestApp) {
    let office = Office::open(&app, 100_000).await;
    app.catch_up().await;
    app.projector.enable_inline();
    app.issue_ok(office.ada, pause(office.fund)).await;
    assert_eq!(fund_in_views(&app, &office).await, shows("paused"));
    app.issue_ok(office.ada, resume(office.fund)).await;
    assert_eq!(fund_in_views(&app, &office).await, shows("open"));
    generate_activity(&app, &office, 8).await;
    // No projector ran.
    assert_eq!(
        app.projector.stored_position().await.unwrap(),
        app.log.length().await.unwrap()
    );
    let live = dump_rows(&app).await;
    assert!(live.len() > 300, "{} rows", live.len());
    rebuild_all(&app).await;
    assert_eq!(live, dump_rows(&app).await);
}

on_each_engine!(views_that_fell_behind_catch_up_with_an_append);
async fn views_that_fell_behind_catch_up_with_an_append(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    app.issue_ok(office.ada, pause(office.fund)).await;
    assert_eq!(
        fund_in_views(&app, &office).await,
        ("open".to_owned(), false)
    );
    app.projector.enable_inline();
    app.issue_ok(office.ada, resume(office.fund)).await;
    assert_eq!(fund_in_views(&app, &office).await, shows("open"));
    assert_equals_rebuild(&app).await;
}

on_each_engine!(another_process_that_moves_them_changes_nothing);
async fn another_process_that_moves_them_changes_nothing(app: TestApp) {
    let office = Office::open(&app, 100_000).await;
    let other = app.restarted().await;
    for one in [&app, &other] {
        one.catch_up().await;
        one.projector.enable_inline();
    }
    for _ in 0..3 {
        app.issue_ok(office.ada, pause(office.fund)).await;
        other.issue_ok(office.ada, resume(office.fund)).await;
        other.catch_up().await;
        assert_eq!(fund_in_views(&other, &office).await, shows("open"));
    }
    // Both processes write concurrently.
    tokio::join!(
        generate_activity(&app, &office, 4),
        generate_activity(&other, &office, 4)
    );
    app.catch_up().await;
    other.catch_up().await;
    assert_eq!(
        app.projector.stored_position().await.unwrap(),
        app.log.length().await.unwrap()
    );
    assert_equals_rebuild(&app).await;
}

on_each_engine!(a_rebuild_meanwhile_keeps_nobody_from_writing);
async fn a_rebuild_meanwhile_keeps_nobody_from_writing(app: TestApp) {
    let office = Office::open(&app, 100_000).await;
    app.catch_up().await;
    app.projector.enable_inline();
    // The cached state of this process belongs to a generation that no longer exists.
    rebuild_all(&app).await;
    app.issue_ok(office.ada, pause(office.fund)).await;
    app.catch_up().await;
    assert_eq!(fund_in_views(&app, &office).await, shows("paused"));
    app.issue_ok(office.ada, resume(office.fund)).await;
    tokio::join!(generate_activity(&app, &office, 10), rebuild_all(&app));
    assert_equals_rebuild(&app).await;
}

on_each_engine!(a_view_that_cannot_be_made_keeps_nobody_from_writing);
async fn a_view_that_cannot_be_made_keeps_nobody_from_writing(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    // A second process with an empty row cache.
    let other = app.restarted().await;
    other.issue_ok(office.ada, pause(office.fund)).await;
    other.catch_up().await;
    let other = app.restarted().await;
    crate::support::fixtures::person(&app, "Somebody else").await;
    other.catch_up().await;
    other.projector.enable_inline();
    execute_raw(
        &app,
        "UPDATE view_funds SET body = '{\"state\":\"no fund\"}'",
    )
    .await;
    other.issue_ok(office.ada, resume(office.fund)).await;
    other.catch_up().await;
    let known = checkpoints::all(app.store(), ORGANISATION).await.unwrap();
    let stopped: Vec<_> = known
        .iter()
        .filter(|one| one.error.is_some())
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(stopped, ["funds"]);
    other.issue_ok(office.ada, pause(office.fund)).await;
    other.catch_up().await;
    other.issue_ok(office.ada, resume(office.fund)).await;
    assert_eq!(
        other.projector.next_position(),
        other.log.length().await.unwrap(),
        "the others are brought along"
    );
    other.projector.rebuild("funds").await.unwrap();
    assert_equals_rebuild(&other).await;
}

on_postgres!(an_append_does_not_wait_for_whoever_holds_the_views);
async fn an_append_does_not_wait_for_whoever_holds_the_views(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    app.projector.enable_inline();
    let mut holder = app.store().begin().await.unwrap();
    checkpoints::lock(&mut holder, ORGANISATION).await.unwrap();
    let waited = tokio::time::timeout(
        std::time::Duration::from_secs(3),
        app.issue_ok(office.ada, pause(office.fund)),
    );
    waited.await.expect("nobody waits for the holder");
    assert_eq!(
        fund_in_views(&app, &office).await,
        ("open".to_owned(), false)
    );
    drop(holder);
    app.catch_up().await;
    assert_eq!(fund_in_views(&app, &office).await, shows("paused"));
    assert_equals_rebuild(&app).await;
}
