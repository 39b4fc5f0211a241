//! Refusals over the life of an application and a grant, each in the state where it arises; and
//! every pair of acts that needs two people.

use jiff::civil::date;
use microgrants::domain::{Actor, Command, PersonId, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::states::{
    APPLICATION, STEPS_TO_CONFIRMED, accepted, offered, paid, payable,
};
use crate::domain::refusals::SeenRefusals;
use crate::support::scenario::{FUND, Scenario, command_from_json, register_person};

const GROUP: Uuid = Uuid::from_u128(200);

/// A scenario, and the refusals seen so far.
struct RefusalCheck<'a> {
    scenario: Scenario,
    seen: &'a mut SeenRefusals,
}

impl RefusalCheck<'_> {
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
        let (noun, name) = path.split_once('/').expect("a noun and a name");
        self.scenario
            .issue_json_ok(staff, noun, id_of(noun), name, body);
    }

    fn issue_as_member(&mut self, path: &str, body: &Value) {
        let (noun, name) = path.split_once('/').expect("a noun and a name");
        let actor = Actor::Person(self.scenario.members[0]);
        self.scenario
            .issue_json(actor, noun, id_of(noun), name, body)
            .unwrap_or_else(|refusal| panic!("{path} {body}: {refusal}"));
    }
}

fn id_of(noun: &str) -> Uuid {
    match noun {
        "fund" => FUND.0,
        "group" => GROUP,
        _ => APPLICATION,
    }
}

/// Runs every refusal of this file, for the list of all refusals.
pub fn refusals(seen: &mut SeenRefusals) {
    conflicts(&mut RefusalCheck {
        scenario: Scenario::drafts(1),
        seen,
    });
    panel(seen);
    reserve_list(seen);
    paper(&mut RefusalCheck {
        scenario: Scenario::drafts(1),
        seen,
    });
    payments(seen);
    changes(&mut RefusalCheck {
        scenario: paid(&STEPS_TO_CONFIRMED),
        seen,
    });
    updates(&mut RefusalCheck {
        scenario: accepted(),
        seen,
    });
    groups(&mut RefusalCheck {
        scenario: Scenario::drafts(2),
        seen,
    });
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

fn conflicts(ask: &mut RefusalCheck<'_>) {
    ask.issue_as_member("application/submit", &json!({ "channel": "web" }));
    ask.issue_ok(0, "application/confirm-eligibility", &json!({}));
    ask.issue_ok(
        0,
        "application/write-summary",
        &json!({ "title": "Soup", "description": "Neighbours cook." }),
    );
    ask.assert_refused(0, "not_declared", "application/score", &score());
    ask.assert_refused(0, "not_declared", "application/award", &award("2500.00"));
    ask.issue_ok(1, "application/declare", &interest("family"));
    ask.assert_refused(1, "interested", "application/score", &score());
    ask.assert_refused(
        1,
        "interested",
        "application/defer",
        &json!({ "reason": "Not yet" }),
    );
    ask.assert_refused(1, "interest_stands", "application/declare", &json!({}));
    ask.issue_ok(0, "application/declare", &json!({}));
    ask.assert_refused(0, "not_as_asked", "application/award", &award("600.00"));
    // A decision is refused if a person named as present has an interest or is not on the panel.
    let present = |person: PersonId| json!({ "reason": "Not yet", "present": [person] });
    let (interested, nobody) = (ask.scenario.staff[1], PersonId(Uuid::from_u128(100)));
    ask.assert_refused(0, "interested", "application/defer", &present(interested));
    ask.assert_refused(0, "not_on_panel", "application/defer", &present(nobody));
    // A panel member who joins the group has an interest for that reason alone.
    let own = ask.scenario.staff[2];
    ask.issue_ok(0, "group/add-member", &json!({ "person": own }));
    ask.issue_ok(2, "group/join", &json!({ "person": own }));
    ask.assert_refused(2, "interested", "application/declare", &json!({}));
    ask.issue_ok(
        0,
        "application/decline",
        &json!({ "reason": "Others", "feedback": "Say who would come" }),
    );
    ask.issue_as_member("application/request-review", &json!({ "words": "We had" }));
    ask.assert_refused(
        0,
        "same_person",
        "application/decide-review",
        &json!({ "upheld": true, "reason": "They had" }),
    );
    ask.assert_refused(
        1,
        "interested",
        "application/decide-review",
        &json!({ "upheld": true, "reason": "They had" }),
    );
    // Leaving the group again does not end the interest.
    ask.issue_ok(0, "group/remove-member", &json!({ "person": own }));
    ask.assert_refused(2, "interested", "application/declare", &json!({}));
    let outside = PersonId(Uuid::from_u128(13));
    ask.scenario
        .world
        .issue(Actor::Operator, Command::Person(outside, register_person()))
        .expect("taken");
    ask.scenario.give_role(outside, Role::Panel);
    ask.scenario.staff.push(outside);
    ask.assert_refused(
        3,
        "not_declared",
        "application/decide-review",
        &json!({ "upheld": false, "reason": "No" }),
    );
    ask.issue_ok(3, "application/declare", &json!({}));
    ask.issue_ok(
        3,
        "application/decide-review",
        &json!({ "upheld": false, "reason": "We looked again" }),
    );
    ask.scenario.staff.pop();
    ask.assert_member_refused(
        "reviewed_already",
        "application/request-review",
        &json!({ "words": "Once more" }),
    );
}

/// Three staff, and rules that require two people without an interest.
fn panel(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck {
        scenario: Scenario::ready(1),
        seen,
    };
    let mut rules = crate::domain::matrix::samples::rules(28);
    rules["quorum"] = json!(2);
    ask.issue_ok(0, "fund/propose-rules", &json!({ "rules": rules }));
    ask.issue_ok(1, "fund/confirm-rules", &json!({ "rules": rules }));
    ask.assert_refused(0, "quorum_missing", "application/award", &award("2500.00"));
    let line = json!({ "application": Uuid::from_u128(301), "verdict": { "defer": { "reason": "Not yet" } } });
    let meeting = json!({ "round": "first", "met_on": "2026-06-01", "decisions": [line] });
    ask.assert_refused(0, "unknown", "fund/record-meeting", &meeting);
    let other = json!({ "fund": Uuid::from_u128(9), "round": "first", "verdict": { "defer": { "reason": "Not yet" } } });
    let actor = Actor::Person(ask.scenario.staff[0]);
    let refusal = ask
        .scenario
        .issue_json(
            actor,
            "application",
            APPLICATION,
            "decide-at-meeting",
            &other,
        )
        .expect_err("of another fund");
    ask.seen.record(&refusal, "not_in_round");
}

fn reserve_list(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck {
        scenario: Scenario::ready(3),
        seen,
    };
    let second = Uuid::from_u128(301);
    let reserve = |rank: u16| json!({ "rank": rank, "reason": "Next" });
    ask.issue_ok(0, "application/reserve", &reserve(2));
    let taken = command_from_json("application", second, "reserve", &reserve(2));
    let actor = Actor::Person(ask.scenario.staff[0]);
    ask.seen
        .assert_actor_refused(&mut ask.scenario, actor, "rank_taken", taken);
    ask.scenario
        .issue_json_ok(0, "application", second, "reserve", &reserve(1));
    ask.assert_refused(0, "out_of_turn", "application/promote", &award("2500.00"));
    let mut reason = award("2500.00");
    reason["reason"] = json!("The first one waits for its hall");
    ask.issue_ok(0, "application/promote", &reason);
    let fund = &ask.scenario.world.funds[&FUND.0];
    assert_eq!(
        fund.first_reserve(&"first".parse().unwrap()),
        Some(1),
        "whoever was promoted leaves the list"
    );
    // A meeting can promote several applications in their order, without a reason.
    let third = Uuid::from_u128(302);
    ask.scenario
        .issue_json_ok(0, "application", third, "reserve", &reserve(2));
    let line = |application: Uuid| json!({ "application": application, "verdict": { "promote": award("2500.00") } });
    let meeting = json!({ "round": "first", "met_on": "2026-06-01", "decisions": [line(second), line(third)] });
    let mut met = ask.scenario.world.clone();
    std::mem::swap(&mut ask.scenario.world, &mut met);
    ask.issue_ok(0, "fund/record-meeting", &meeting);
    assert_eq!(
        ask.scenario.world.funds[&FUND.0].first_reserve(&"first".parse().unwrap()),
        None
    );
    ask.scenario.world = met;
    ask.scenario
        .issue_json_ok(0, "application", third, "withdraw", &json!({}));
    // An application that is withdrawn leaves the reserve list too.
    ask.scenario
        .issue_json_ok(0, "application", second, "withdraw", &json!({}));
    assert_eq!(
        ask.scenario.world.funds[&FUND.0].first_reserve(&"first".parse().unwrap()),
        None
    );
}

/// Applications that staff key in: verbatim keying is not an interest, but the person who keyed it
/// does not decide alone.
fn paper(ask: &mut RefusalCheck<'_>) {
    let ada = ask.scenario.staff[0];
    let help = |kind: Value| json!({ "channel": "paper", "help": { "by": ada, "kind": kind } });
    let verbatim = |read_back: bool| help(json!({ "keyed_verbatim": { "read_back": read_back } }));
    ask.assert_refused(
        0,
        "help_unsaid",
        "application/submit",
        &json!({ "channel": "paper" }),
    );
    ask.assert_refused(0, "not_read_back", "application/submit", &verbatim(false));
    let scan = help(json!({ "keyed_verbatim": { "scan": "0".repeat(64) } }));
    ask.assert_refused(0, "unknown", "application/submit", &scan);
    ask.issue_ok(0, "application/submit", &verbatim(true));
    ask.issue_ok(0, "application/confirm-eligibility", &json!({}));
    for staff in [0, 1] {
        ask.issue_ok(staff, "application/declare", &json!({}));
    }
    ask.assert_refused(
        0,
        "keyer_alone",
        "application/defer",
        &json!({ "reason": "Not yet" }),
    );
    ask.issue_ok(
        0,
        "application/defer",
        &json!({ "reason": "Not yet", "present": [ask.scenario.staff[1]] }),
    );
}

fn payments(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck {
        scenario: payable(),
        seen,
    };
    let part = |amount: &str, released: Value| json!({ "amount": amount, "released": released });
    let two = |first: &str| json!({ "instalments": [part(first, json!("at_once")), part("600.00", json!({ "from_day": { "day": "2026-08-01" } }))] });
    ask.assert_refused(
        0,
        "schedule_differs",
        "grant/schedule-payments",
        &two("300.00"),
    );
    let tied = json!({ "instalments": [part("1000.00", json!({ "after_check": { "check": "identity" } }))] });
    ask.assert_refused(
        0,
        "check_for_every_payment",
        "grant/schedule-payments",
        &tied,
    );
    let many: Vec<_> = (0..25).map(|_| part("40.00", json!("at_once"))).collect();
    ask.assert_refused(
        0,
        "too_many_items",
        "grant/schedule-payments",
        &json!({ "instalments": many }),
    );
    ask.issue_ok(0, "grant/schedule-payments", &two("400.00"));
    ask.assert_refused(
        0,
        "instalment_missing",
        "grant/prepare-payment",
        &json!({ "amount": "400.00" }),
    );
    ask.assert_refused(
        0,
        "instalment_not_due",
        "grant/prepare-payment",
        &json!({ "instalment": 2 }),
    );
    ask.assert_refused(
        0,
        "amount_differs",
        "grant/prepare-payment",
        &json!({ "instalment": 1, "amount": "399.00" }),
    );
    ask.issue_ok(0, "grant/prepare-payment", &json!({ "instalment": 1 }));
    ask.assert_refused(
        0,
        "exists",
        "grant/prepare-payment",
        &json!({ "instalment": 1 }),
    );
    ask.issue_ok(0, "grant/hold", &json!({ "reason": "A new treasurer" }));
    ask.assert_refused(
        1,
        "grant_on_hold",
        "grant/approve-payment",
        &json!({ "payment": 1 }),
    );
    ask.issue_ok(0, "grant/resume", &json!({}));
    ask.issue_ok(1, "grant/approve-payment", &json!({ "payment": 1 }));
    let batch = |amount: &str| json!({ "batch": "june", "sent_on": "2026-06-01", "payments": [{ "grant": APPLICATION, "payment": 1, "amount": amount }] });
    ask.assert_refused(0, "amount_differs", "fund/send-batch", &batch("401.00"));
    let mut twice = batch("400.00");
    twice["payments"] = json!([twice["payments"][0], twice["payments"][0]]);
    ask.assert_refused(0, "named_twice", "fund/send-batch", &twice);
    ask.issue_ok(0, "fund/send-batch", &batch("400.00"));
    ask.assert_refused(0, "exists", "fund/send-batch", &batch("400.00"));
    let file = |batch: &str, total: &str, reason: Option<&str>| json!({ "batch": batch, "payments": 1, "total": total, "digest": "ab".repeat(32), "reason": reason });
    ask.assert_refused(
        0,
        "unknown",
        "fund/make-bank-file",
        &file("july", "400.00", None),
    );
    ask.assert_refused(
        0,
        "amount_differs",
        "fund/make-bank-file",
        &file("june", "400.01", None),
    );
    ask.assert_refused(
        0,
        "nothing",
        "fund/make-bank-file",
        &file("june", "0.00", None),
    );
    ask.issue_ok(0, "fund/make-bank-file", &file("june", "400.00", None));
    ask.assert_refused(
        0,
        "file_made",
        "fund/make-bank-file",
        &file("june", "400.00", None),
    );
    ask.issue_ok(
        0,
        "fund/make-bank-file",
        &file("june", "400.00", Some("The bank's page lost the first")),
    );

    // A purchase for the group needs a supplier and a receipt.
    let mut ask = RefusalCheck {
        scenario: accepted(),
        seen: ask.seen,
    };
    ask.issue_ok(
        0,
        "grant/pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    ask.issue_as_member(
        "group/provide-payee",
        &json!({ "route": "purchase_for_group" }),
    );
    ask.issue_ok(
        0,
        "group/verify-payee",
        &json!({ "payee": 1, "method": "A call to the group" }),
    );
    ask.assert_refused(
        0,
        "supplier_missing",
        "grant/prepare-payment",
        &json!({ "amount": "100.00" }),
    );
    ask.issue_ok(
        0,
        "grant/prepare-payment",
        &json!({ "amount": "100.00", "supplier": "A shop" }),
    );
    ask.issue_ok(1, "grant/approve-payment", &json!({ "payment": 1 }));
    ask.issue_ok(
        1,
        "grant/send-payment",
        &json!({ "payment": 1, "happened_on": "2026-06-01" }),
    );
    let confirm = |receipt: Option<&str>| json!({ "payment": 1, "happened_on": "2026-06-01", "receipt": receipt });
    ask.assert_refused(
        1,
        "receipt_missing",
        "grant/confirm-payment",
        &confirm(None),
    );
    ask.assert_refused(
        1,
        "unknown",
        "grant/confirm-payment",
        &confirm(Some(&"1".repeat(64))),
    );
    ask.issue_ok(
        1,
        "grant/confirm-payment",
        &confirm(Some(crate::domain::matrix::samples::FILE)),
    );
}

fn changes(ask: &mut RefusalCheck<'_>) {
    let amount = |pounds: &str| json!({ "change": { "amount": pounds }, "words": "Costs changed" });
    ask.assert_member_refused("below_paid", "grant/request-variation", &amount("499.00"));
    ask.assert_member_refused(
        "outside_bounds",
        "grant/request-variation",
        &amount("2500.01"),
    );
    ask.assert_member_refused(
        "no_change",
        "grant/request-variation",
        &json!({ "change": {}, "words": "Nothing" }),
    );
    ask.issue_as_member("grant/request-variation", &amount("1500.00"));
    ask.issue_ok(
        1,
        "grant/refuse-variation",
        &json!({ "variation": 1, "reason": "Not this year" }),
    );
    ask.assert_refused(
        1,
        "variation_not_in_state",
        "grant/approve-variation",
        &json!({ "variation": 1 }),
    );
    ask.assert_refused(
        0,
        "clawback_too_large",
        "grant/demand-clawback",
        &json!({ "amount": "500.01", "reason": "Spent otherwise" }),
    );
    let receive = |amount: &str, received_on: &str| json!({ "owed": "clawback", "amount": amount, "received_on": received_on });
    ask.assert_refused(
        0,
        "nothing_due",
        "grant/request-return",
        &json!({ "owed": "clawback", "due_on": "2026-12-01" }),
    );
    ask.issue_ok(
        0,
        "grant/demand-clawback",
        &json!({ "amount": "1.00", "reason": "Spent otherwise" }),
    );
    let waive = json!({ "owed": "clawback", "amount": "1.01", "reason": "Too little to chase" });
    ask.assert_refused(0, "return_not_due", "grant/propose-return-waiver", &waive);
    ask.assert_refused(
        0,
        "date_in_future",
        "grant/receive-return",
        &receive("1.00", "2026-06-02"),
    );
    // A panel member with an interest approves no variation; and only staff write public texts.
    let purpose = json!({ "change": { "purpose": { "title": "Song", "description": "Neighbours sing." } }, "words": "Instead" });
    ask.assert_member_refused("not_yours", "grant/request-variation", &purpose);
    ask.issue_ok(
        0,
        "group/add-member",
        &json!({ "person": ask.scenario.staff[1] }),
    );
    ask.issue_ok(1, "group/join", &json!({ "person": ask.scenario.staff[1] }));
    ask.issue_as_member("grant/request-variation", &amount("1600.00"));
    ask.assert_refused(
        1,
        "interested",
        "grant/approve-variation",
        &json!({ "variation": 2 }),
    );
    ask.issue_ok(
        0,
        "grant/publish-story",
        &json!({ "words": "They cook.", "consented_on": "2026-06-01", "consent": "A form" }),
    );
    ask.issue_as_member("grant/withdraw-story", &json!({ "story": 1 }));
    ask.assert_member_refused(
        "story_withdrawn",
        "grant/withdraw-story",
        &json!({ "story": 1 }),
    );
}

fn updates(ask: &mut RefusalCheck<'_>) {
    let update = |channel: &str, consent: bool| json!({ "update": 1, "channel": channel, "words": "Well", "people": 1, "volunteers": 0, "spent": "1.00", "outcomes": [], "consent": consent });
    ask.assert_refused(
        0,
        "members_own_act",
        "grant/receive-update",
        &update("web", true),
    );
    ask.assert_refused(
        0,
        "consent_missing",
        "grant/receive-update",
        &update("phone", false),
    );
    ask.assert_actor_refused(
        Actor::Job,
        "reminder_not_due",
        "grant/remind-update",
        &json!({ "update": 1, "occasion": "before" }),
    );
    ask.assert_actor_refused(
        Actor::Job,
        "reminder_not_due",
        "grant/remind-update",
        &json!({ "update": 1, "occasion": "overdue" }),
    );
    ask.assert_refused(
        0,
        "not_yours",
        "grant/remind-update",
        &json!({ "update": 1, "occasion": "before" }),
    );
    ask.assert_refused(
        0,
        "check_not_on_file",
        "grant/reuse-check",
        &json!({ "check": "identity" }),
    );
    ask.scenario.world.today = date(2026, 9, 20);
    let overdue = json!({ "update": 1, "occasion": "overdue" });
    let actor = Actor::Job;
    ask.scenario
        .issue_json(actor, "grant", APPLICATION, "remind-update", &overdue)
        .expect("it is overdue");
    ask.assert_actor_refused(actor, "reminder_not_due", "grant/remind-update", &overdue);
    ask.issue_ok(0, "grant/receive-update", &update("phone", true));
    ask.assert_actor_refused(
        actor,
        "update_not_in_state",
        "grant/remind-update",
        &overdue,
    );
}

fn groups(ask: &mut RefusalCheck<'_>) {
    let into = |group: u128| json!({ "into": Uuid::from_u128(group), "reason": "The same people" });
    ask.assert_refused(0, "group_merged", "group/merge", &into(200));
    ask.assert_refused(0, "unknown", "group/merge", &into(999));
    ask.issue_ok(0, "group/merge", &into(201));
    let start = json!({ "fund": FUND, "round": "first", "group": GROUP });
    let actor = Actor::Person(ask.scenario.members[0]);
    ask.seen.assert_actor_refused(
        &mut ask.scenario,
        actor,
        "group_merged",
        command_from_json("application", Uuid::from_u128(777), "start", &start),
    );
}

/// Each pair of acts that needs two people: the same person is refused with any roles, another
/// person is accepted.
#[test]
fn every_pair_takes_two_people() {
    let mut seen = SeenRefusals::default();
    let payee = json!({ "route": "own_account", "account": { "holder": "Soup and song", "numbers": "12-34-56 12345678" } });
    let verify = json!({ "payee": 1, "method": "A statement was seen" });

    // Key and verify a payee; key a payee and approve a payment to it; prepare and approve a
    // payment.
    let mut ask = RefusalCheck {
        scenario: accepted(),
        seen: &mut seen,
    };
    ask.issue_ok(
        0,
        "grant/pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    ask.issue_ok(0, "group/provide-payee", &payee);
    ask.assert_refused(0, "keyed_payee", "group/verify-payee", &verify);
    ask.issue_ok(1, "group/verify-payee", &verify);
    ask.issue_ok(1, "grant/prepare-payment", &json!({ "amount": "100.00" }));
    ask.assert_refused(
        0,
        "keyed_payee",
        "grant/approve-payment",
        &json!({ "payment": 1 }),
    );
    ask.assert_refused(
        1,
        "same_person",
        "grant/approve-payment",
        &json!({ "payment": 1 }),
    );
    ask.issue_ok(2, "grant/approve-payment", &json!({ "payment": 1 }));

    // Propose and confirm: a waiver of a check, of a return, of a clawback; rules; a role that
    // moves money.
    let mut ask = RefusalCheck {
        scenario: offered(),
        seen: ask.seen,
    };
    ask.issue_ok(
        0,
        "grant/propose-waiver",
        &json!({ "check": "identity", "note": "Known for years" }),
    );
    ask.assert_refused(
        0,
        "same_person",
        "grant/confirm-waiver",
        &json!({ "check": "identity" }),
    );
    ask.issue_ok(1, "grant/confirm-waiver", &json!({ "check": "identity" }));
    let mut ask = RefusalCheck {
        scenario: paid(&STEPS_TO_CONFIRMED),
        seen: ask.seen,
    };
    ask.issue_ok(
        0,
        "grant/declare-underspend",
        &json!({ "amount": "600.00" }),
    );
    ask.issue_ok(
        0,
        "grant/demand-clawback",
        &json!({ "amount": "50.00", "reason": "Spent otherwise" }),
    );
    for owed in ["underspend", "clawback"] {
        ask.issue_ok(
            0,
            "grant/propose-return-waiver",
            &json!({ "owed": owed, "amount": "10.00", "reason": "Too little to chase" }),
        );
        ask.assert_refused(
            0,
            "same_person",
            "grant/confirm-return-waiver",
            &json!({ "owed": owed, "amount": "10.00" }),
        );
        // A confirmation must name the amount that was proposed.
        ask.assert_refused(
            1,
            "not_proposed",
            "grant/confirm-return-waiver",
            &json!({ "owed": owed, "amount": "9.00" }),
        );
        ask.issue_ok(
            1,
            "grant/confirm-return-waiver",
            &json!({ "owed": owed, "amount": "10.00" }),
        );
    }
    assert_eq!(
        ask.scenario.world.grants[&APPLICATION].due_back(),
        crate::support::fixtures::gbp(130)
    );
    let rules = json!({ "rules": crate::domain::matrix::samples::rules(20) });
    ask.issue_ok(0, "fund/propose-rules", &rules);
    ask.assert_refused(0, "same_person", "fund/confirm-rules", &rules);
    ask.issue_ok(1, "fund/confirm-rules", &rules);

    // Request and approve a variation.
    ask.issue_ok(
        0,
        "grant/request-variation",
        &json!({ "change": { "update_due_on": "2026-10-01" }, "words": "Later" }),
    );
    ask.assert_refused(
        0,
        "same_person",
        "grant/approve-variation",
        &json!({ "variation": 1 }),
    );
    ask.issue_ok(1, "grant/approve-variation", &json!({ "variation": 1 }));
}

/// A fund can require three people per payment: then two others approve, and neither of them twice.
#[test]
fn a_fund_may_ask_for_three() {
    let mut rules = crate::domain::matrix::samples::rules(28);
    (rules["eyes"], rules["update_every_days"]) = (json!(3), json!(30));
    let mut world = Scenario::ready(1);
    world.issue_json_ok(
        0,
        "fund",
        FUND.0,
        "propose-rules",
        &json!({ "rules": rules }),
    );
    world.issue_json_ok(
        1,
        "fund",
        FUND.0,
        "confirm-rules",
        &json!({ "rules": rules }),
    );
    world.issue_json_ok(0, "application", APPLICATION, "award", &award("2500.00"));
    let member = Actor::Person(world.members[0]);
    let accept = json!({ "hash": microgrants::domain::organisation::sha256_hex(crate::support::fixtures::AGREEMENT_TEXT), "method": "web", "names": ["A", "B"] });
    world
        .issue_json(member, "grant", APPLICATION, "accept-agreement", &accept)
        .expect("taken");
    // Updates every thirty days from June to September, and at the end: four in all.
    let due: Vec<_> = world
        .world
        .history
        .iter()
        .filter(|event| format!("{event:?}").contains("UpdateRequested"))
        .collect();
    assert_eq!(due.len(), 4, "{due:?}");
    world.issue_json_ok(
        0,
        "grant",
        APPLICATION,
        "pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    let payee = json!({ "route": "own_account", "account": { "holder": "Soup and song", "numbers": "12-34-56 12345678" } });
    world
        .issue_json(member, "group", GROUP, "provide-payee", &payee)
        .expect("taken");
    world.issue_json_ok(
        0,
        "group",
        GROUP,
        "verify-payee",
        &json!({ "payee": 1, "method": "A statement" }),
    );
    world.issue_json_ok(
        0,
        "grant",
        APPLICATION,
        "prepare-payment",
        &json!({ "amount": "100.00" }),
    );
    let (approve, send) = (
        json!({ "payment": 1 }),
        json!({ "payment": 1, "happened_on": "2026-06-01" }),
    );
    world.issue_json_ok(1, "grant", APPLICATION, "approve-payment", &approve);
    let mut refused = |staff: usize, name: &str, body: &Value| {
        let actor = Actor::Person(world.staff[staff]);
        world
            .issue_json(actor, "grant", APPLICATION, name, body)
            .expect_err("two must approve")
            .code()
    };
    assert_eq!(refused(1, "approve-payment", &approve), "same_person");
    assert_eq!(refused(0, "send-payment", &send), "payment_not_in_state");
    world.issue_json_ok(2, "grant", APPLICATION, "approve-payment", &approve);
    world.issue_json_ok(0, "grant", APPLICATION, "send-payment", &send);
}

#[test]
fn the_decision_says_who_was_there_and_who_withdrew() {
    let mut world = Scenario::drafts(1);
    let member = Actor::Person(world.members[0]);
    let help = json!({ "by": world.staff[2], "kind": "helped_to_word" });
    world
        .issue_json(
            member,
            "application",
            APPLICATION,
            "submit",
            &json!({ "channel": "web", "help": help }),
        )
        .expect("taken");
    world.issue_json_ok(
        0,
        "application",
        APPLICATION,
        "confirm-eligibility",
        &json!({}),
    );
    world.issue_json_ok(
        2,
        "application",
        APPLICATION,
        "confirm-help",
        &json!({ "helper": world.staff[2] }),
    );
    world.issue_json_ok(0, "application", APPLICATION, "declare", &json!({}));
    world.issue_json_ok(
        1,
        "application",
        APPLICATION,
        "declare",
        &interest("employment"),
    );
    let decline = json!({ "reason": "Others reach more", "feedback": "Say who would come" });
    world.issue_json_ok(0, "application", APPLICATION, "decline", &decline);
    let last = world.world.history.last().map(|(_, event)| event.clone());
    let Some(microgrants::domain::Event::Application(
        microgrants::domain::ApplicationEvent::Declined { sitting, .. },
    )) = last
    else {
        panic!("{last:?}")
    };
    assert_eq!(
        sitting.present.into_iter().collect::<Vec<_>>(),
        [world.staff[0]]
    );
    assert_eq!(
        sitting.withdrew.into_iter().collect::<Vec<_>>(),
        [world.staff[1], world.staff[2]],
        "whoever helped to word it counts"
    );
}

#[test]
fn a_late_declaration_sets_the_score_aside() {
    let mut world = Scenario::ready(1);
    for staff in [0, 1] {
        world.issue_json_ok(staff, "application", APPLICATION, "score", &score());
    }
    world.issue_json_ok(
        1,
        "application",
        APPLICATION,
        "declare",
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
    let actor = Actor::Person(world.staff[1]);
    let refusal = world.issue_json(
        actor,
        "application",
        APPLICATION,
        "revise-score",
        &json!({ "criteria": { "need": 1 }, "note": "n", "reason": "r" }),
    );
    assert_eq!(
        refusal.expect_err("they are interested").code(),
        "interested"
    );
}

#[test]
fn an_instalment_waits_for_its_check_and_for_nothing_else() {
    let mut world = accepted();
    world.issue_json_ok(
        0,
        "grant",
        APPLICATION,
        "request-check",
        &json!({ "check": "write-up", "note": "A page on the first half" }),
    );
    world.issue_json_ok(
        0,
        "grant",
        APPLICATION,
        "pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    world.issue_json_ok(
        0,
        "group",
        GROUP,
        "provide-payee",
        &json!({ "route": "purchase_for_group" }),
    );
    world.issue_json_ok(
        1,
        "group",
        GROUP,
        "verify-payee",
        &json!({ "payee": 1, "method": "A call" }),
    );
    let first = json!({ "amount": "500.00", "released": "at_once" });
    let second =
        json!({ "amount": "500.00", "released": { "after_check": { "check": "write-up" } } });
    world.issue_json_ok(
        0,
        "grant",
        APPLICATION,
        "schedule-payments",
        &json!({ "instalments": [first, second] }),
    );
    let prepare = |instalment: u16| json!({ "instalment": instalment, "supplier": "A shop" });
    world.issue_json_ok(0, "grant", APPLICATION, "prepare-payment", &prepare(1));
    let actor = Actor::Person(world.staff[0]);
    let refusal = world
        .issue_json(actor, "grant", APPLICATION, "prepare-payment", &prepare(2))
        .expect_err("the check is outstanding");
    assert_eq!(refusal.code(), "check_outstanding");
    world.issue_json_ok(
        0,
        "grant",
        APPLICATION,
        "pass-check",
        &json!({ "check": "write-up", "note": "Read" }),
    );
    world.issue_json_ok(0, "grant", APPLICATION, "prepare-payment", &prepare(2));
}

#[test]
fn what_is_on_file_and_in_date_is_rested_on() {
    let mut world = Scenario::drafts(1);
    let second = Uuid::from_u128(400);
    let member = Actor::Person(world.members[0]);
    let apply = |world: &mut Scenario, id: Uuid| {
        world
            .issue_json(
                member,
                "application",
                id,
                "submit",
                &json!({ "channel": "web" }),
            )
            .expect("taken");
        for name in ["confirm-eligibility", "declare"] {
            world.issue_json_ok(0, "application", id, name, &json!({}));
        }
        world.issue_json_ok(
            0,
            "application",
            id,
            "write-summary",
            &json!({ "title": "Soup", "description": "Neighbours cook." }),
        );
        world.issue_json_ok(0, "application", id, "award", &award("2500.00"));
    };
    apply(&mut world, APPLICATION);
    let pass = json!({ "check": "identity", "note": "Seen", "good_until": "2026-12-31" });
    world.issue_json_ok(0, "grant", APPLICATION, "pass-check", &pass);
    let start = json!({ "fund": FUND, "round": "first", "group": GROUP });
    world
        .issue_json(member, "application", second, "start", &start)
        .expect("taken");
    let answers = json!({ "requested": "2500.00", "area": "oldham", "people_at_risk": true, "answers": { "idea": "Song" } });
    world
        .issue_json(member, "application", second, "save-answers", &answers)
        .expect("taken");
    apply(&mut world, second);
    let actor = Actor::Person(world.staff[0]);
    let passed = world.issue_json(
        actor,
        "grant",
        second,
        "pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    assert_eq!(
        passed.expect_err("it rests on the one on file").code(),
        "check_not_in_state"
    );
    // People at risk are involved, so the fund's further check is required.
    world.issue_json_ok(
        0,
        "grant",
        second,
        "pass-check",
        &json!({ "check": "safeguarding", "note": "Policy seen" }),
    );
    // An outdated check no longer counts.
    world.world.today = date(2027, 1, 1);
    world.issue_json_ok(
        0,
        "grant",
        second,
        "pass-check",
        &json!({ "check": "identity", "note": "Seen again" }),
    );
}
