//! Inline projections: rows written in the transaction of the append are visible immediately, and a
//! fault in them does not stop writers.

use microgrants::domain::command::{Because, Nothing};
use microgrants::domain::{Command, FundCommand};
use microgrants::projections::FundRow;
use microgrants::store::checkpoints;

use crate::cases::Cases;
use crate::house::{House, ORGANISATION};
use crate::log::meddle;
use crate::office::{Office, text};
use crate::projections::{busy, dump, equals_a_rebuild, rebuild_all};

pub fn cases(cases: &mut Cases) {
    cases.both("along::the_views_stand_with_the_answer", at_once);
    cases.both(
        "along::views_that_fell_behind_catch_up_with_an_append",
        behind,
    );
    cases.both(
        "along::another_process_that_moves_them_changes_nothing",
        two_processes,
    );
    cases.both(
        "along::a_rebuild_meanwhile_keeps_nobody_from_writing",
        rebuilt,
    );
    cases.both(
        "along::a_view_that_cannot_be_made_keeps_nobody_from_writing",
        damaged,
    );
    cases.postgres(
        "along::an_append_does_not_wait_for_whoever_holds_the_views",
        held,
    );
}

fn pause(office: &Office) -> Command {
    Command::Fund(
        office.fund,
        FundCommand::Pause(Because {
            reason: text("A pause"),
        }),
    )
}

fn resume(office: &Office) -> Command {
    Command::Fund(office.fund, FundCommand::Resume(Nothing {}))
}

/// The fund's state in the views, and whether the views have reached the end of the log.
async fn seen(house: &House, office: &Office) -> (String, bool) {
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

async fn at_once(house: House) {
    let office = Office::open(&house, 100_000).await;
    house.catch_up().await;
    house.projector.go_along();
    house.takes(office.ada, pause(&office)).await;
    assert_eq!(seen(&house, &office).await, shows("paused"));
    house.takes(office.ada, resume(&office)).await;
    assert_eq!(seen(&house, &office).await, shows("open"));
    busy(&house, &office, 8).await;
    // No projector ran.
    assert_eq!(
        house.projector.stored_position().await.unwrap(),
        house.log.length().await.unwrap()
    );
    let live = dump(&house).await;
    assert!(live.len() > 300, "{} rows", live.len());
    rebuild_all(&house).await;
    assert_eq!(live, dump(&house).await);
}

async fn behind(house: House) {
    let office = Office::open(&house, 1000).await;
    house.catch_up().await;
    house.takes(office.ada, pause(&office)).await;
    assert_eq!(seen(&house, &office).await, ("open".to_owned(), false));
    house.projector.go_along();
    house.takes(office.ada, resume(&office)).await;
    assert_eq!(seen(&house, &office).await, shows("open"));
    equals_a_rebuild(&house).await;
}

async fn two_processes(house: House) {
    let office = Office::open(&house, 100_000).await;
    let other = house.open_again().await;
    for one in [&house, &other] {
        one.catch_up().await;
        one.projector.go_along();
    }
    for _ in 0..3 {
        house.takes(office.ada, pause(&office)).await;
        other.takes(office.ada, resume(&office)).await;
        other.catch_up().await;
        assert_eq!(seen(&other, &office).await, shows("open"));
    }
    // Both processes write concurrently.
    tokio::join!(busy(&house, &office, 4), busy(&other, &office, 4));
    house.catch_up().await;
    other.catch_up().await;
    assert_eq!(
        house.projector.stored_position().await.unwrap(),
        house.log.length().await.unwrap()
    );
    equals_a_rebuild(&house).await;
}

async fn rebuilt(house: House) {
    let office = Office::open(&house, 100_000).await;
    house.catch_up().await;
    house.projector.go_along();
    // The cached state of this process belongs to a generation that no longer exists.
    rebuild_all(&house).await;
    house.takes(office.ada, pause(&office)).await;
    house.catch_up().await;
    assert_eq!(seen(&house, &office).await, shows("paused"));
    house.takes(office.ada, resume(&office)).await;
    tokio::join!(busy(&house, &office, 10), rebuild_all(&house));
    equals_a_rebuild(&house).await;
}

async fn damaged(house: House) {
    let office = Office::open(&house, 1000).await;
    house.catch_up().await;
    // A second process with an empty row cache.
    let other = house.open_again().await;
    other.takes(office.ada, pause(&office)).await;
    other.catch_up().await;
    let other = house.open_again().await;
    crate::office::person(&house, "Somebody else").await;
    other.catch_up().await;
    other.projector.go_along();
    meddle(
        &house,
        "UPDATE view_funds SET body = '{\"state\":\"no fund\"}'",
    )
    .await;
    other.takes(office.ada, resume(&office)).await;
    other.catch_up().await;
    let known = checkpoints::all(house.store(), ORGANISATION).await.unwrap();
    let stopped: Vec<_> = known
        .iter()
        .filter(|one| one.error.is_some())
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(stopped, ["funds"]);
    other.takes(office.ada, pause(&office)).await;
    other.catch_up().await;
    other.takes(office.ada, resume(&office)).await;
    assert_eq!(
        other.projector.next_position(),
        other.log.length().await.unwrap(),
        "the others are brought along"
    );
    other.projector.rebuild("funds").await.unwrap();
    equals_a_rebuild(&other).await;
}

async fn held(house: House) {
    let office = Office::open(&house, 1000).await;
    house.catch_up().await;
    house.projector.go_along();
    let mut holder = house.store().begin().await.unwrap();
    checkpoints::lock(&mut holder, ORGANISATION).await.unwrap();
    let waited = tokio::time::timeout(
        std::time::Duration::from_secs(3),
        house.takes(office.ada, pause(&office)),
    );
    waited.await.expect("nobody waits for the holder");
    assert_eq!(seen(&house, &office).await, ("open".to_owned(), false));
    drop(holder);
    house.catch_up().await;
    assert_eq!(seen(&house, &office).await, shows("paused"));
    equals_a_rebuild(&house).await;
}
