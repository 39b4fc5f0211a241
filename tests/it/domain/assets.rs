//! Random histories of the time bank: after each record and correction, the balances of all
//! parties together are nought. The rules of the table hold in the whole log, and no money moves.

use std::collections::BTreeMap;

use microgrants::audit::RuleChecker;
use microgrants::domain::asset::Party;
use microgrants::domain::{Actor, AssetEvent, Event};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::samples::{ASSET, sample};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::random::SeededRandom;
use crate::support::scenario::Scenario;

const HISTORIES: u64 = 20;
const COMMANDS_PER_HISTORY: usize = 200;
const GROUPS: usize = 4;

/// What each party gave less what it received, by the events alone.
fn balances(history: &[(Uuid, Event)]) -> BTreeMap<Party, i64> {
    let (mut exchanges, mut all) = (BTreeMap::new(), BTreeMap::new());
    let mut count = |(giver, receiver): (Party, Party), minutes: i64| {
        *all.entry(giver).or_insert(0) += minutes;
        *all.entry(receiver).or_insert(0) -= minutes;
    };
    for (_, event) in history {
        match event {
            Event::Asset(AssetEvent::ExchangeRecorded {
                exchange,
                giver,
                receiver,
                minutes,
                ..
            }) => {
                exchanges.insert(*exchange, ((*giver, *receiver), *minutes));
                count((*giver, *receiver), i64::from(*minutes));
            }
            Event::Asset(AssetEvent::ExchangeCorrected {
                exchange, minutes, ..
            }) => {
                let (sides, before) = exchanges.get_mut(exchange).expect("it was recorded");
                count(*sides, i64::from(*minutes) - i64::from(*before));
                *before = *minutes;
            }
            _ => {}
        }
    }
    all
}

fn assert_rules_hold(setting: &Scenario) {
    let mut replay = RuleChecker::default();
    for event in setting.world.recorded_from(0) {
        replay.process(&event);
    }
    let found = replay.finish().findings.sorted();
    assert!(found.is_empty(), "{found:?}");
}

/// A published entry of the first group.
fn published() -> Scenario {
    let mut setting = Scenario::drafts(GROUPS);
    for name in ["record", "publish"] {
        let body = sample("asset", name).1;
        setting.issue_json_ok(0, "asset", ASSET, name, &body);
    }
    setting
}

#[test]
fn hours_always_sum_to_nought() {
    let mut taken = 0;
    for seed in 1..=HISTORIES {
        taken += random_history(&mut SeededRandom::new(seed));
    }
    assert!(taken > 500, "{taken} commands were taken");
}

fn random_history(dice: &mut SeededRandom) -> usize {
    let mut setting = published();
    let budget_of = |setting: &Scenario| {
        let funds = setting.world.funds.values();
        let all = funds.map(|fund| format!("{:?}", fund.budget()));
        all.collect::<Vec<_>>()
    };
    let (before, mut taken) = (budget_of(&setting), 0);
    for _ in 0..COMMANDS_PER_HISTORY {
        let (name, body) = draw(dice, &setting);
        let actor = if dice.one_in(3) {
            Actor::Person(*dice.choose(&setting.members))
        } else {
            Actor::Person(setting.staff[0])
        };
        let answer = setting.issue_json(actor, "asset", ASSET, name, &body);
        taken += usize::from(answer.is_ok());
        let sum: i64 = balances(&setting.world.history).values().sum();
        assert_eq!(sum, 0, "{name} {body}");
    }
    assert_eq!(budget_of(&setting), before, "no money moves");
    assert_rules_hold(&setting);
    taken
}

fn draw(dice: &mut SeededRandom, setting: &Scenario) -> (&'static str, Value) {
    let mut group = || json!({ "group": setting.group(dice.below(GROUPS)) });
    let (giver, receiver) = (group(), group());
    if dice.one_in(3) {
        let body = json!({
            "exchange": dice.below(20),
            "minutes": dice.below(4) * 30,
            "reason": "It was counted wrongly.",
        });
        return ("correct-exchange", body);
    }
    let body = json!({
        "giver": giver,
        "receiver": receiver,
        "minutes": dice.below(5) * 30,
        "on": "2026-06-01",
    });
    ("record-exchange", body)
}

/// An hour and a half for a person, corrected to an hour: what the one has, the other owes.
#[test]
fn what_one_gives_another_owes() {
    let mut setting = published();
    let (neighbour, group) = (setting.members[1], setting.group(0));
    let notice = json!({ "purpose": "time_bank", "text": "We count the hours you give." });
    setting.issue_json_ok(0, "organisation", ORGANISATION.0, "publish-notice", &notice);
    let agreed = json!({
        "purpose": "time_bank", "basis": "consent", "notice": 1, "channel": "phone",
    });
    setting.issue_json_ok(0, "person", neighbour.0, "agree", &agreed);
    let exchange = json!({
        "giver": { "group": group },
        "receiver": { "person": neighbour },
        "minutes": 90,
        "on": "2026-06-01",
    });
    setting.issue_json_ok(0, "asset", ASSET, "record-exchange", &exchange);
    let (giver, receiver) = (Party::Group(group), Party::Person(neighbour));
    let both = |minutes: i64| BTreeMap::from([(giver, minutes), (receiver, -minutes)]);
    assert_eq!(balances(&setting.world.history), both(90));

    let corrected = sample("asset", "correct-exchange").1;
    setting.issue_json_ok(0, "asset", ASSET, "correct-exchange", &corrected);
    assert_eq!(balances(&setting.world.history), both(60));

    let taken_back = json!({ "purpose": "time_bank", "channel": "phone" });
    setting.issue_json_ok(0, "person", neighbour.0, "take-back", &taken_back);
    let staff = Actor::Person(setting.staff[0]);
    let refusal = setting
        .issue_json(staff, "asset", ASSET, "record-exchange", &exchange)
        .expect_err("they took it back");
    assert_eq!(refusal.code(), "not_in_time_bank");
    assert_rules_hold(&setting);
}

/// A person takes their consent back: their entry is withdrawn, and what they wrote is forgotten.
#[test]
fn a_skill_goes_with_the_consent() {
    let mut setting = Scenario::drafts(1);
    let person = setting.members[0];
    let notice = json!({ "purpose": "skills", "text": "We keep what you can do." });
    setting.issue_json_ok(0, "organisation", ORGANISATION.0, "publish-notice", &notice);
    let agreed = json!({
        "purpose": "skills", "basis": "consent", "notice": 1, "channel": "phone",
    });
    setting.issue_json_ok(0, "person", person.0, "agree", &agreed);
    let skill = json!({
        "way": "offer",
        "kind": "skill",
        "holder": { "person": person },
        "words": "I can mend bicycles",
    });
    setting.issue_json_ok(0, "asset", ASSET, "record", &skill);
    let forget = |setting: &mut Scenario| {
        setting.issue_json(Actor::Job, "asset", ASSET, "forget-words", &json!({}))
    };
    let refusal = forget(&mut setting).expect_err("they agree");
    assert_eq!(refusal.code(), "not_expired");

    let taken_back = json!({ "purpose": "skills", "channel": "phone" });
    setting.issue_json_ok(0, "person", person.0, "take-back", &taken_back);
    let before = setting.world.history.len();
    forget(&mut setting).expect("it is due");
    let happened: Vec<&str> = setting.world.history[before..]
        .iter()
        .map(|(_, event)| event.kind().1)
        .collect();
    assert_eq!(happened, ["AssetWithdrawn", "WordsForgotten"]);
    assert_rules_hold(&setting);
}

/// Who was erased agrees to nothing any more: time that they give then is named by the rules.
#[test]
fn an_erased_person_is_not_in_the_time_bank() {
    let mut setting = published();
    let (neighbour, group) = (setting.members[1], setting.group(0));
    let notice = json!({ "purpose": "time_bank", "text": "We count the hours you give." });
    setting.issue_json_ok(0, "organisation", ORGANISATION.0, "publish-notice", &notice);
    let agreed = json!({
        "purpose": "time_bank", "basis": "consent", "notice": 1, "channel": "phone",
    });
    setting.issue_json_ok(0, "person", neighbour.0, "agree", &agreed);
    let exchange = json!({
        "giver": { "group": group },
        "receiver": { "person": neighbour },
        "minutes": 90,
        "on": "2026-06-01",
    });
    setting.issue_json_ok(0, "asset", ASSET, "record-exchange", &exchange);
    let own = Actor::Person(neighbour);
    setting
        .issue_json(own, "person", neighbour.0, "request-erasure", &json!({}))
        .expect("asked");
    let because = json!({ "reason": "They asked" });
    setting.issue_json_ok(0, "person", neighbour.0, "erase", &because);
    assert_rules_hold(&setting);

    let mut events = setting.world.recorded_from(0);
    let is_exchange =
        |event: &Event| matches!(event, Event::Asset(AssetEvent::ExchangeRecorded { .. }));
    let recorded = events.iter().find(|one| is_exchange(&one.event));
    let mut again = recorded.expect("an exchange").clone();
    if let Event::Asset(AssetEvent::ExchangeRecorded { exchange, .. }) = &mut again.event {
        *exchange = 2;
    }
    again.position = i64::try_from(events.len()).expect("few events");
    events.push(again);
    let mut replay = RuleChecker::default();
    for event in &events {
        replay.process(event);
    }
    let found = replay.finish().findings.sorted();
    let names_it = |says: &str| says.contains("who had not agreed to it");
    assert!(found.iter().any(|one| names_it(&one.says)), "{found:?}");
}
