//! Refusals over the life of an application and a grant, each in the state where it arises; every
//! pair of acts that needs two people; and what a decision, a check and a payment record.

mod changes;
mod decisions;
mod every_pair_takes_two_people;
mod news;
mod payments;

use jiff::civil::date;
use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::{Actor, ApplicationEvent, Event};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::samples::rules;
use crate::domain::matrix::states::{APPLICATION, accepted};
use crate::domain::refusals::SeenRefusals;
use crate::support::fixtures::AGREEMENT_TEXT;
use crate::support::scenario::{FUND, Scenario, command_from_json};

const GROUP: Uuid = Uuid::from_u128(200);

/// A scenario, and the refusals seen so far.
struct RefusalCheck<'a> {
    scenario: Scenario,
    seen: &'a mut SeenRefusals,
}

impl<'a> RefusalCheck<'a> {
    fn new(scenario: Scenario, seen: &'a mut SeenRefusals) -> Self {
        Self { scenario, seen }
    }

    fn assert_refused(&mut self, staff: usize, code: &'static str, path: &str, body: &Value) {
        self.assert_actor_refused(Actor::Person(self.scenario.staff[staff]), code, path, body);
    }

    fn assert_member_refused(&mut self, code: &'static str, path: &str, body: &Value) {
        self.assert_actor_refused(Actor::Person(self.scenario.members[0]), code, path, body);
    }

    fn assert_actor_refused(&mut self, actor: Actor, code: &'static str, path: &str, body: &Value) {
        let (noun, name) = path.split_once('/').expect("a noun and a name");
        self.seen.assert_actor_refused(
            &mut self.scenario,
            actor,
            code,
            command_from_json(noun, id_of(noun), name, body),
        );
    }

    fn issue_ok(&mut self, staff: usize, path: &str, body: &Value) {
        issue_ok(&mut self.scenario, staff, path, body);
    }

    fn issue_as_member(&mut self, path: &str, body: &Value) {
        issue_as_member(&mut self.scenario, path, body);
    }
}

/// Runs every refusal of this folder, for the list of all refusals.
pub fn refusals(seen: &mut SeenRefusals) {
    decisions::refusals(seen);
    payments::refusals(seen);
    changes::refusals(seen);
}

fn id_of(noun: &str) -> Uuid {
    match noun {
        "fund" => FUND.0,
        "group" => GROUP,
        _ => APPLICATION,
    }
}

fn issue_ok(scenario: &mut Scenario, staff: usize, path: &str, body: &Value) {
    let (noun, name) = path.split_once('/').expect("a noun and a name");
    scenario.issue_json_ok(staff, noun, id_of(noun), name, body);
}

fn issue_as_member(scenario: &mut Scenario, path: &str, body: &Value) {
    let (noun, name) = path.split_once('/').expect("a noun and a name");
    let actor = Actor::Person(scenario.members[0]);
    scenario
        .issue_json(actor, noun, id_of(noun), name, body)
        .unwrap_or_else(|refusal| panic!("{path} {body}: {refusal}"));
}

/// The code with which a command of a member of staff is refused.
fn refused_code(scenario: &mut Scenario, staff: usize, path: &str, body: &Value) -> &'static str {
    let (noun, name) = path.split_once('/').expect("a noun and a name");
    let actor = Actor::Person(scenario.staff[staff]);
    scenario
        .issue_json(actor, noun, id_of(noun), name, body)
        .expect_err(path)
        .code()
}

fn interest(kind: &str) -> Value {
    json!({ "interest": { "kind": kind, "note": "It is on the record" } })
}

fn score() -> Value {
    json!({ "criteria": { "need": 4 }, "note": "Good" })
}

fn award(amount: &str) -> Value {
    json!({ "amount": amount, "ends_on": "2026-09-01", "update_due_on": "2026-09-15" })
}

fn identity_seen() -> Value {
    json!({ "check": "identity", "note": "Seen" })
}

/// A grant of £2,500 that its group accepted, of a fund whose rules two people changed.
fn accepted_under(rules: &Value) -> Scenario {
    let mut world = Scenario::ready(1);
    for (staff, path) in [(0, "fund/propose-rules"), (1, "fund/confirm-rules")] {
        issue_ok(&mut world, staff, path, &json!({ "rules": rules }));
    }
    issue_ok(&mut world, 0, "application/award", &award("2500.00"));
    let hash = sha256_hex(AGREEMENT_TEXT);
    let accept = json!({ "hash": hash, "method": "web", "names": ["A", "B"] });
    issue_as_member(&mut world, "grant/accept-agreement", &accept);
    world
}

/// A fund can require three people per payment: then two others approve, and neither of them twice.
#[test]
fn a_fund_may_ask_for_three() {
    let mut rules = rules(28);
    rules["eyes"] = json!(3);
    let mut world = accepted_under(&rules);
    issue_ok(&mut world, 0, "grant/pass-check", &identity_seen());
    let account = json!({ "holder": "Soup and song", "numbers": "12-34-56 12345678" });
    let payee = json!({ "route": "own_account", "account": account });
    issue_as_member(&mut world, "group/provide-payee", &payee);
    let verify = json!({ "payee": 1, "method": "A statement" });
    issue_ok(&mut world, 0, "group/verify-payee", &verify);
    let prepare = json!({ "amount": "100.00" });
    issue_ok(&mut world, 0, "grant/prepare-payment", &prepare);

    let approve = json!({ "payment": 1 });
    let send = json!({ "payment": 1, "happened_on": "2026-06-01" });
    issue_ok(&mut world, 1, "grant/approve-payment", &approve);
    assert_eq!(
        refused_code(&mut world, 1, "grant/approve-payment", &approve),
        "same_person"
    );
    assert_eq!(
        refused_code(&mut world, 0, "grant/send-payment", &send),
        "payment_not_in_state"
    );

    issue_ok(&mut world, 2, "grant/approve-payment", &approve);
    issue_ok(&mut world, 0, "grant/send-payment", &send);
}

/// Updates every thirty days from June to September, and at the end: four in all.
#[test]
fn a_fund_may_ask_for_updates_every_so_many_days() {
    let mut rules = rules(28);
    rules["update_every_days"] = json!(30);

    let world = accepted_under(&rules);

    let due: Vec<_> = world
        .world
        .history
        .iter()
        .filter(|event| format!("{event:?}").contains("UpdateRequested"))
        .collect();
    assert_eq!(due.len(), 4, "{due:?}");
}

#[test]
fn the_decision_says_who_was_there_and_who_withdrew() {
    let mut world = Scenario::drafts(1);
    let helper = world.staff[2];
    let help = json!({ "by": helper, "kind": "helped_to_word" });
    issue_as_member(
        &mut world,
        "application/submit",
        &json!({ "channel": "web", "help": help }),
    );
    issue_ok(&mut world, 0, "application/confirm-eligibility", &json!({}));
    let confirm = json!({ "helper": helper });
    issue_ok(&mut world, 2, "application/confirm-help", &confirm);
    issue_ok(&mut world, 0, "application/declare", &json!({}));
    issue_ok(
        &mut world,
        1,
        "application/declare",
        &interest("employment"),
    );

    let decline = json!({ "reason": "Others reach more", "feedback": "Say who would come" });
    issue_ok(&mut world, 0, "application/decline", &decline);

    let last = world.world.history.last().map(|(_, event)| event.clone());
    let Some(Event::Application(ApplicationEvent::Declined { sitting, .. })) = last else {
        panic!("{last:?}")
    };
    assert_eq!(
        sitting.present.into_iter().collect::<Vec<_>>(),
        [world.staff[0]]
    );
    assert_eq!(
        sitting.withdrew.into_iter().collect::<Vec<_>>(),
        [world.staff[1], helper],
        "whoever helped to word it counts"
    );
}

#[test]
fn a_late_declaration_sets_the_score_aside() {
    let mut world = Scenario::ready(1);
    for staff in [0, 1] {
        issue_ok(&mut world, staff, "application/score", &score());
    }

    issue_ok(
        &mut world,
        1,
        "application/declare",
        &interest("friendship"),
    );

    let names: Vec<_> = world
        .world
        .history
        .iter()
        .rev()
        .take(2)
        .map(|event| format!("{event:?}"))
        .collect();
    assert!(
        names[0].contains("ScoreSetAside") && names[1].contains("InterestDeclared"),
        "{names:?}"
    );
    let revise = json!({ "criteria": { "need": 1 }, "note": "n", "reason": "r" });
    assert_eq!(
        refused_code(&mut world, 1, "application/revise-score", &revise),
        "interested"
    );
}

#[test]
fn an_instalment_waits_for_its_check_and_for_nothing_else() {
    let mut world = accepted();
    let request = json!({ "check": "write-up", "note": "A page on the first half" });
    issue_ok(&mut world, 0, "grant/request-check", &request);
    issue_ok(&mut world, 0, "grant/pass-check", &identity_seen());
    let purchase = json!({ "route": "purchase_for_group" });
    issue_ok(&mut world, 0, "group/provide-payee", &purchase);
    let verify = json!({ "payee": 1, "method": "A call" });
    issue_ok(&mut world, 1, "group/verify-payee", &verify);
    let first = json!({ "amount": "500.00", "released": "at_once" });
    let after_write_up = json!({ "after_check": { "check": "write-up" } });
    let second = json!({ "amount": "500.00", "released": after_write_up });
    issue_ok(
        &mut world,
        0,
        "grant/schedule-payments",
        &json!({ "instalments": [first, second] }),
    );

    let prepare = |instalment: u16| json!({ "instalment": instalment, "supplier": "A shop" });
    issue_ok(&mut world, 0, "grant/prepare-payment", &prepare(1));
    assert_eq!(
        refused_code(&mut world, 0, "grant/prepare-payment", &prepare(2)),
        "check_outstanding"
    );

    let read = json!({ "check": "write-up", "note": "Read" });
    issue_ok(&mut world, 0, "grant/pass-check", &read);
    issue_ok(&mut world, 0, "grant/prepare-payment", &prepare(2));
}

#[test]
fn what_is_on_file_and_in_date_is_rested_on() {
    // Given a check on file, with its last day, and a second grant of the group
    let mut world = Scenario::drafts(1);
    send_and_award(&mut world, APPLICATION);
    let on_file = json!({ "check": "identity", "note": "Seen", "good_until": "2026-12-31" });
    issue_ok(&mut world, 0, "grant/pass-check", &on_file);
    let second = Uuid::from_u128(400);
    start_with_people_at_risk(&mut world, second);
    send_and_award(&mut world, second);

    // Then it rests on the check on file, until that is out of date
    let ada = Actor::Person(world.staff[0]);
    let passed = world.issue_json(ada, "grant", second, "pass-check", &identity_seen());
    assert_eq!(
        passed.expect_err("it rests on the one on file").code(),
        "check_not_in_state"
    );
    // People at risk are involved, so the fund's further check is required.
    let safeguarding = json!({ "check": "safeguarding", "note": "Policy seen" });
    world.issue_json_ok(0, "grant", second, "pass-check", &safeguarding);
    world.world.today = date(2027, 1, 1);
    let again = json!({ "check": "identity", "note": "Seen again" });
    world.issue_json_ok(0, "grant", second, "pass-check", &again);
}

fn start_with_people_at_risk(world: &mut Scenario, application: Uuid) {
    let member = Actor::Person(world.members[0]);
    let start = json!({ "fund": FUND, "round": "first", "group": GROUP });
    let answers = json!({
        "requested": "2500.00",
        "area": "oldham",
        "people_at_risk": true,
        "answers": { "idea": "Song" },
    });
    for (name, body) in [("start", start), ("save-answers", answers)] {
        world
            .issue_json(member, "application", application, name, &body)
            .expect("taken");
    }
}

fn send_and_award(world: &mut Scenario, application: Uuid) {
    let member = Actor::Person(world.members[0]);
    let submit = json!({ "channel": "web" });
    world
        .issue_json(member, "application", application, "submit", &submit)
        .expect("taken");
    let summary = json!({ "title": "Soup", "description": "Neighbours cook." });
    for (name, body) in [
        ("confirm-eligibility", json!({})),
        ("declare", json!({})),
        ("write-summary", summary),
        ("award", award("2500.00")),
    ] {
        world.issue_json_ok(0, "application", application, name, &body);
    }
}
