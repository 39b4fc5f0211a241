//! Pledges and barriers in a log: what somebody without a proven address can take and say, and that
//! none of these events moves money or breaks a rule of the table.

use jiff::civil::date;
use microgrants::audit::RuleChecker;
use microgrants::domain::organisation::PLEDGES_MAX;
use microgrants::domain::{Actor, Event, PersonEvent, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::samples::{UNREGISTERED, WELCOMING_ENTRY, sample};
use crate::domain::matrix::states::published_entry;
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::random::SeededRandom;
use crate::support::scenario::Scenario;

const COMMANDS: usize = 2_000;
/// The numbers of the barriers that are drawn.
const BARRIERS: usize = 12;

/// Somebody who entered a name on a public page. They have not proved an address.
fn introduced(setting: &mut Scenario) -> Actor {
    let (_, details) = sample("person", "introduce");
    setting
        .issue_json(Actor::Job, "person", UNREGISTERED, "introduce", &details)
        .expect("introduced");
    Actor::Person(PersonId(UNREGISTERED))
}

fn publish(setting: &mut Scenario) {
    let (_, pledges) = sample("organisation", "publish-pledges");
    setting.issue_json_ok(
        0,
        "organisation",
        ORGANISATION.0,
        "publish-pledges",
        &pledges,
    );
}

fn assert_no_rule_is_broken(setting: &Scenario) {
    let mut replay = RuleChecker::default();
    for event in setting.world.recorded_from(0) {
        replay.process(&event);
    }
    let found = replay.finish().findings.sorted();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_an_unproven_person_promised_ends_with_them() {
    let mut setting = Scenario::drafts(1);
    publish(&mut setting);
    let unproven = introduced(&mut setting);
    let taken = json!({ "pledges": ["tell-three"], "version": 1 });
    let one = json!({ "pledge": "tell-three" });
    for time in 1..=PLEDGES_MAX {
        setting
            .issue_json(unproven, "person", UNREGISTERED, "pledge", &taken)
            .expect("taken");
        if time < PLEDGES_MAX {
            setting
                .issue_json(unproven, "person", UNREGISTERED, "drop-pledge", &one)
                .expect("dropped");
        }
    }
    let raised = json!({ "person": UNREGISTERED, "words": "The bus stops at five." });
    let refusal = setting
        .issue_json(unproven, "barrier", Uuid::from_u128(600), "raise", &raised)
        .expect_err("nobody could be told the answer");
    assert_eq!(refusal.code(), "address_unproven");

    setting.world.today = date(2026, 6, 16);
    let before = setting.world.history.len();
    setting
        .issue_json(Actor::Job, "person", UNREGISTERED, "expire", &json!({}))
        .expect("their time is over");
    let happened: Vec<_> = setting.world.history[before..].iter().collect();
    assert!(
        matches!(
            happened[..],
            [
                (_, Event::Person(PersonEvent::PledgeDropped { .. })),
                (_, Event::Person(PersonEvent::PersonalDataErased { .. })),
            ]
        ),
        "{happened:?}"
    );
    assert_no_rule_is_broken(&setting);
}

#[test]
fn somebody_unproven_takes_pledges_a_few_times_only() {
    let mut setting = Scenario::drafts(1);
    publish(&mut setting);
    let unproven = introduced(&mut setting);
    let taken = json!({ "pledges": ["tell-three"], "version": 1 });
    let one = json!({ "pledge": "tell-three" });
    for _ in 0..PLEDGES_MAX {
        for (name, body) in [("pledge", &taken), ("drop-pledge", &one)] {
            setting
                .issue_json(unproven, "person", UNREGISTERED, name, body)
                .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        }
    }
    let refusal = setting
        .issue_json(unproven, "person", UNREGISTERED, "pledge", &taken)
        .expect_err("once too often");
    assert_eq!(refusal.code(), "address_unproven");
}

#[test]
fn somebody_unproven_agrees_to_nothing_and_asks_for_no_introduction() {
    let mut setting = Scenario::drafts(1);
    published_entry(&mut setting);
    let unproven = introduced(&mut setting);
    let agree = json!({ "purpose": "invitations", "basis": "consent", "notice": 1 });
    let ask = json!({ "of": { "person": UNREGISTERED }, "to": WELCOMING_ENTRY });
    let introduction = Uuid::from_u128(620);
    for (noun, id, name, body) in [
        ("person", UNREGISTERED, "agree", &agree),
        ("introduction", introduction, "ask", &ask),
    ] {
        let refusal = setting
            .issue_json(unproven, noun, id, name, body)
            .expect_err("it may be the address of somebody else");
        assert_eq!(refusal.code(), "address_unproven", "{noun}/{name}");
    }
    // Staff who talked to them can ask.
    setting.issue_json_ok(0, "introduction", introduction, "ask", &ask);
    assert_no_rule_is_broken(&setting);
}

/// A command on a barrier, with its body.
fn draw(dice: &mut SeededRandom, setting: &Scenario) -> (Uuid, &'static str, Value) {
    let barrier = |dice: &mut SeededRandom| Uuid::from_u128(600 + dice.below(BARRIERS) as u128);
    let id = barrier(dice);
    let (name, body) = match dice.below(9) {
        0 | 1 => {
            let person = *dice.choose(&setting.members);
            (
                "raise",
                json!({ "person": person, "words": "The bus stops at five.", "channel": "phone" }),
            )
        }
        2 => ("join", json!({ "into": barrier(dice) })),
        3 => {
            let summary = *dice.choose(&["There is no bus.", "Clinics close early."]);
            ("sum-up", json!({ "summary": summary }))
        }
        4 => ("pass-on", sample("barrier", "pass-on").1),
        5 | 6 => {
            let comes_to = *dice.choose(&["none", "planned", "made"]);
            (
                "record-answer",
                json!({ "answer": "Yes.", "comes_to": comes_to }),
            )
        }
        7 => ("withdraw", json!({})),
        _ => ("close", json!({ "reason": "It is done." })),
    };
    (id, name, body)
}

#[test]
fn barriers_move_no_money_and_break_no_rule() {
    let mut setting = Scenario::drafts(5);
    let staff = Actor::Person(setting.staff[0]);
    let budgets = |setting: &Scenario| {
        let funds = setting.world.funds.values();
        funds
            .map(|fund| format!("{:?}", fund.budget()))
            .collect::<Vec<_>>()
    };
    let before = budgets(&setting);
    let mut dice = SeededRandom::new(44);
    let mut accepted = 0;
    for _ in 0..COMMANDS {
        let (id, name, body) = draw(&mut dice, &setting);
        let issued = setting.issue_json(staff, "barrier", id, name, &body);
        accepted += usize::from(issued.is_ok());
    }
    assert!(accepted > 30, "{accepted} commands were accepted");
    assert_eq!(budgets(&setting), before);
    assert_no_rule_is_broken(&setting);
}
