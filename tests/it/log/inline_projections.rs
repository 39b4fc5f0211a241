//! Inline projections: rows written in the transaction of the append are visible immediately, and a
//! fault in them does not stop writers.

use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::{Command, FundCommand};
use microgrants::projections::FundRow;
use microgrants::store::checkpoints;

use crate::log::appends::execute_raw;
use crate::projections::read_models::{
    assert_equals_rebuild, dump_rows, generate_activity, rebuild_all,
};
use crate::support::fixtures::{Office, text};
use crate::support::test_app::{ORGANISATION, TestApp};

fn pause(office: &Office) -> Command {
    Command::Fund(
        office.fund,
        FundCommand::Pause(WithReason {
            reason: text("A pause"),
        }),
    )
}

fn resume(office: &Office) -> Command {
    Command::Fund(office.fund, FundCommand::Resume(NoBody {}))
}

/// The fund's state in the views, and whether the views have reached the end of the log.
async fn fund_in_views(house: &TestApp, office: &Office) -> (String, bool) {
    let fund: FundRow = house
        .views()
        .find(&office.fund.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    let state = serde_json::to_value(fund.state)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    (
        state,
        house.projector.next_position() == house.log.length().await.unwrap(),
    )
}

fn shows(state: &str) -> (String, bool) {
    (state.to_owned(), true)
}

on_each_engine!(the_views_stand_with_the_answer);
async fn the_views_stand_with_the_answer(house: TestApp) {
    let office = Office::open(&house, 100_000).await;
    house.catch_up().await;
    house.projector.enable_inline();
    house.issue_ok(office.ada, pause(&office)).await;
    assert_eq!(fund_in_views(&house, &office).await, shows("paused"));
    house.issue_ok(office.ada, resume(&office)).await;
    assert_eq!(fund_in_views(&house, &office).await, shows("open"));
    generate_activity(&house, &office, 8).await;
    // No projector ran.
    assert_eq!(
        house.projector.stored_position().await.unwrap(),
        house.log.length().await.unwrap()
    );
    let live = dump_rows(&house).await;
    assert!(live.len() > 300, "{} rows", live.len());
    rebuild_all(&house).await;
    assert_eq!(live, dump_rows(&house).await);
}

on_each_engine!(views_that_fell_behind_catch_up_with_an_append);
async fn views_that_fell_behind_catch_up_with_an_append(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    house.catch_up().await;
    house.issue_ok(office.ada, pause(&office)).await;
    assert_eq!(
        fund_in_views(&house, &office).await,
        ("open".to_owned(), false)
    );
    house.projector.enable_inline();
    house.issue_ok(office.ada, resume(&office)).await;
    assert_eq!(fund_in_views(&house, &office).await, shows("open"));
    assert_equals_rebuild(&house).await;
}

on_each_engine!(another_process_that_moves_them_changes_nothing);
async fn another_process_that_moves_them_changes_nothing(house: TestApp) {
    let office = Office::open(&house, 100_000).await;
    let other = house.restarted().await;
    for one in [&house, &other] {
        one.catch_up().await;
        one.projector.enable_inline();
    }
    for _ in 0..3 {
        house.issue_ok(office.ada, pause(&office)).await;
        other.issue_ok(office.ada, resume(&office)).await;
        other.catch_up().await;
        assert_eq!(fund_in_views(&other, &office).await, shows("open"));
    }
    // Both processes write concurrently.
    tokio::join!(
        generate_activity(&house, &office, 4),
        generate_activity(&other, &office, 4)
    );
    house.catch_up().await;
    other.catch_up().await;
    assert_eq!(
        house.projector.stored_position().await.unwrap(),
        house.log.length().await.unwrap()
    );
    assert_equals_rebuild(&house).await;
}

on_each_engine!(a_rebuild_meanwhile_keeps_nobody_from_writing);
async fn a_rebuild_meanwhile_keeps_nobody_from_writing(house: TestApp) {
    let office = Office::open(&house, 100_000).await;
    house.catch_up().await;
    house.projector.enable_inline();
    // The cached state of this process belongs to a generation that no longer exists.
    rebuild_all(&house).await;
    house.issue_ok(office.ada, pause(&office)).await;
    house.catch_up().await;
    assert_eq!(fund_in_views(&house, &office).await, shows("paused"));
    house.issue_ok(office.ada, resume(&office)).await;
    tokio::join!(generate_activity(&house, &office, 10), rebuild_all(&house));
    assert_equals_rebuild(&house).await;
}

on_each_engine!(a_view_that_cannot_be_made_keeps_nobody_from_writing);
async fn a_view_that_cannot_be_made_keeps_nobody_from_writing(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    house.catch_up().await;
    // A second process with an empty row cache.
    let other = house.restarted().await;
    other.issue_ok(office.ada, pause(&office)).await;
    other.catch_up().await;
    let other = house.restarted().await;
    crate::support::fixtures::person(&house, "Somebody else").await;
    other.catch_up().await;
    other.projector.enable_inline();
    execute_raw(
        &house,
        "UPDATE view_funds SET body = '{\"state\":\"no fund\"}'",
    )
    .await;
    other.issue_ok(office.ada, resume(&office)).await;
    other.catch_up().await;
    let known = checkpoints::all(house.store(), ORGANISATION).await.unwrap();
    let stopped: Vec<_> = known
        .iter()
        .filter(|one| one.error.is_some())
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(stopped, ["funds"]);
    other.issue_ok(office.ada, pause(&office)).await;
    other.catch_up().await;
    other.issue_ok(office.ada, resume(&office)).await;
    assert_eq!(
        other.projector.next_position(),
        other.log.length().await.unwrap(),
        "the others are brought along"
    );
    other.projector.rebuild("funds").await.unwrap();
    assert_equals_rebuild(&other).await;
}

on_postgres!(an_append_does_not_wait_for_whoever_holds_the_views);
async fn an_append_does_not_wait_for_whoever_holds_the_views(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    house.catch_up().await;
    house.projector.enable_inline();
    let mut holder = house.store().begin().await.unwrap();
    checkpoints::lock(&mut holder, ORGANISATION).await.unwrap();
    let waited = tokio::time::timeout(
        std::time::Duration::from_secs(3),
        house.issue_ok(office.ada, pause(&office)),
    );
    waited.await.expect("nobody waits for the holder");
    assert_eq!(
        fund_in_views(&house, &office).await,
        ("open".to_owned(), false)
    );
    drop(holder);
    house.catch_up().await;
    assert_eq!(fund_in_views(&house, &office).await, shows("paused"));
    assert_equals_rebuild(&house).await;
}
