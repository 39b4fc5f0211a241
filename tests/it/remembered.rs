//! The writer's head cache: changes to the log by other processes and cut connections lose no event
//! and write none twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use microgrants::commands::clock::new_id;
use microgrants::commands::{RepeatKey, Request};
use microgrants::domain::command::{Because, Nothing};
use microgrants::domain::{Command, FundCommand, FundId, PersonId};
use microgrants::store::events;

use crate::cases::Cases;
use crate::faults::{CutAt, LATE, Proxy};
use crate::house::{House, ORGANISATION, request};
use crate::log::meddle;
use crate::office::{Office, text};
use crate::projections::equals_a_rebuild;
use crate::replay;

pub fn cases(cases: &mut Cases) {
    cases.both(
        "remembered::of_two_writers_each_notices_what_the_other_wrote",
        two,
    );
    cases.both("remembered::a_repeat_gets_the_first_answer", repeated);
    cases.postgres("remembered::a_lost_answer_is_found_out", lost_answer);
    cases.postgres(
        "remembered::what_never_arrived_is_written_once",
        never_arrived,
    );
    cases.postgres(
        "remembered::what_arrives_late_is_written_once",
        arrives_late,
    );
    cases.postgres(
        "remembered::what_was_said_to_be_lost_never_arrives",
        fenced_off,
    );
    cases.postgres(
        "remembered::a_repeat_whose_answer_is_lost_is_a_repeat",
        lost_repeat,
    );
}

fn pause(fund: FundId) -> Command {
    Command::Fund(
        fund,
        FundCommand::Pause(Because {
            reason: text("A pause"),
        }),
    )
}

fn resume(fund: FundId) -> Command {
    Command::Fund(fund, FundCommand::Resume(Nothing {}))
}

async fn there_and_back(house: &House, by: PersonId, fund: FundId, times: usize) {
    for _ in 0..times {
        house.takes(by, pause(fund)).await;
        house.takes(by, resume(fund)).await;
    }
}

/// Number of events by type, after asserting that positions have no gap.
async fn counted(house: &House) -> BTreeMap<String, usize> {
    let rows = events::page(house.store(), ORGANISATION, 0, 100_000)
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

async fn two(house: House) {
    const TIMES: usize = 40;
    let office = Office::open(&house, 1000).await;
    house.catch_up().await;
    let beside = Office {
        fund: FundId(new_id()),
        ..office
    };
    beside.open_fund(&house, 1000).await;
    let other = if house.store().postgres().is_some() {
        house.beside().await
    } else {
        house.open_again().await
    };
    house.projector.go_along();
    other.projector.go_along();
    // Alternately, on the same record.
    for _ in 0..10 {
        house.takes(office.ada, pause(office.fund)).await;
        other.takes(office.ada, resume(office.fund)).await;
        other.takes(office.ada, pause(office.fund)).await;
        house.takes(office.ada, resume(office.fund)).await;
    }
    // Concurrently, each on its own record.
    let ours = there_and_back(&house, office.ada, office.fund, TIMES);
    let theirs = there_and_back(&other, office.ada, beside.fund, TIMES);
    tokio::join!(ours, theirs);
    let counts = counted(&house).await;
    assert_eq!(
        (counts["FundPaused"], counts["FundResumed"]),
        (2 * TIMES + 20, 2 * TIMES + 20)
    );
    replay::whole(&house).await;
    equals_a_rebuild(&house).await;
}

async fn repeated(house: House) {
    let office = Office::open(&house, 1000).await;
    let keyed = |key: &str, command| Request {
        repeat: Some(RepeatKey::own(key, "hash")),
        ..request(office.ada, command)
    };
    let issue = async |key: &str, command| house.commands.issue(keyed(key, command)).await.unwrap();
    let paused = issue("one", pause(office.fund)).await;
    let resumed = issue("two", resume(office.fund)).await;
    for _ in 0..3 {
        assert_eq!(issue("one", pause(office.fund)).await, paused);
        assert_eq!(issue("two", resume(office.fund)).await, resumed);
    }
    there_and_back(&house, office.ada, office.fund, 1).await;
    let counts = counted(&house).await;
    assert_eq!((counts["FundPaused"], counts["FundResumed"]), (2, 2));
}

/// Pauses a cached fund through a connection that is cut at the event. The conditional write
/// carries its commit, so the command succeeds; under the lock of the head, the event precedes the
/// commit, and the command would fail.
async fn paused_over(house: House, at: CutAt) {
    let office = Office::open(&house, 1000).await;
    let proxy = Proxy::before(&house, at).await;
    let far = House::open(Arc::clone(&house.folder), proxy.url.clone()).await;
    there_and_back(&far, office.ada, office.fund, 2).await;
    let answer = proxy
        .cut(far.commands.issue(request(office.ada, pause(office.fund))))
        .await
        .expect("it is in the log, so it is answered");
    assert_eq!(answer.last_position + 1, house.log.length().await.unwrap());
    assert_eq!(counted(&house).await["FundPaused"], 3);
    far.takes(office.ada, resume(office.fund)).await;
    let length = house.log.length().await.unwrap();
    tokio::time::sleep(LATE * 2).await;
    assert_eq!(
        house.log.length().await.unwrap(),
        length,
        "nothing comes after it"
    );
    far.takes(office.ada, pause(office.fund)).await;
    replay::whole(&house).await;
}

async fn lost_answer(house: House) {
    paused_over(house, CutAt::Answer(b"FundPaused")).await;
}

async fn never_arrived(house: House) {
    paused_over(house, CutAt::Statement(b"FundPaused")).await;
}

async fn arrives_late(house: House) {
    paused_over(house, CutAt::Late(b"FundPaused")).await;
}

/// The statement arrives after its command was looked up, and after the retry under the lock of the
/// head was refused.
async fn fenced_off(house: House) {
    let office = Office::open(&house, 1000).await;
    let proxy = Proxy::before(&house, CutAt::Late(b"FundPaused")).await;
    let far = House::open(Arc::clone(&house.folder), proxy.url.clone()).await;
    there_and_back(&far, office.ada, office.fund, 2).await;
    meddle(
        &house,
        "CREATE SEQUENCE tries;
         CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('tries') = 1 THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_type = 'FundPaused') EXECUTE FUNCTION refuse();",
    )
    .await;
    let answer = proxy
        .cut(far.commands.issue(request(office.ada, pause(office.fund))))
        .await;
    assert!(answer.is_err(), "{answer:?}");
    tokio::time::sleep(LATE * 2).await;
    assert_eq!(
        counted(&house).await["FundPaused"],
        2,
        "what was said not to be recorded is not"
    );
    far.takes(office.ada, pause(office.fund)).await;
    replay::whole(&house).await;
}

/// A repeat whose command would be accepted under another key, over a connection that is cut: the
/// state must not contain events that are not in the log.
async fn lost_repeat(house: House) {
    let office = Office::open(&house, 1000).await;
    let proxy = Proxy::before(&house, CutAt::Answer(b"FundPaused")).await;
    let far = House::open(Arc::clone(&house.folder), proxy.url.clone()).await;
    let keyed = || Request {
        repeat: Some(RepeatKey::own("one", "hash")),
        ..request(office.ada, pause(office.fund))
    };
    let first = far.commands.issue(keyed()).await.unwrap();
    far.takes(office.ada, resume(office.fund)).await;
    there_and_back(&far, office.ada, office.fund, 2).await;
    assert_eq!(proxy.cut(far.commands.issue(keyed())).await.unwrap(), first);
    there_and_back(&far, office.ada, office.fund, 2).await;
    assert_eq!(counted(&house).await["FundPaused"], 5);
    replay::whole(&house).await;
}
