//! Refusals of an application: conflicts of interest, the panel, the reserve list, forms on paper.

use microgrants::domain::{Actor, Command, PersonId, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{RefusalCheck, award, interest, score};
use crate::domain::matrix::samples::rules;
use crate::domain::matrix::states::APPLICATION;
use crate::domain::refusals::SeenRefusals;
use crate::support::scenario::{FUND, Scenario, command_from_json, register_person};

pub fn refusals(seen: &mut SeenRefusals) {
    conflicts(seen);
    panel(seen);
    reserve_list(seen);
    paper(seen);
}

fn conflicts(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(Scenario::drafts(1), seen);
    ask.issue_as_member("application/submit", &json!({ "channel": "web" }));
    ask.issue_ok(0, "application/confirm-eligibility", &json!({}));
    ask.issue_ok(
        0,
        "application/write-summary",
        &json!({ "title": "Soup", "description": "Neighbours cook." }),
    );

    declared_interests(&mut ask);
    interests_of_those_present(&mut ask);
    let joined = panel_member_joins_the_group(&mut ask);
    reviews(&mut ask, joined);
    review_by_somebody_else(&mut ask);
}

fn declared_interests(ask: &mut RefusalCheck<'_>) {
    ask.assert_refused(0, "not_declared", "application/score", &score());
    ask.assert_refused(0, "not_declared", "application/award", &award("2500.00"));

    ask.issue_ok(1, "application/declare", &interest("family"));
    ask.assert_refused(1, "interested", "application/score", &score());
    let not_yet = json!({ "reason": "Not yet" });
    ask.assert_refused(1, "interested", "application/defer", &not_yet);
    ask.assert_refused(1, "interest_stands", "application/declare", &json!({}));

    ask.issue_ok(0, "application/declare", &json!({}));
    ask.assert_refused(0, "not_as_asked", "application/award", &award("600.00"));
}

/// A decision is refused if a person named as present has an interest or is not on the panel.
fn interests_of_those_present(ask: &mut RefusalCheck<'_>) {
    let present = |person: PersonId| json!({ "reason": "Not yet", "present": [person] });
    let (interested, nobody) = (ask.scenario.staff[1], PersonId(Uuid::from_u128(100)));

    ask.assert_refused(0, "interested", "application/defer", &present(interested));
    ask.assert_refused(0, "not_on_panel", "application/defer", &present(nobody));
}

/// A panel member who joins the group has an interest for that reason alone.
fn panel_member_joins_the_group(ask: &mut RefusalCheck<'_>) -> PersonId {
    let own = ask.scenario.staff[2];
    ask.issue_ok(0, "group/add-member", &json!({ "person": own }));
    ask.issue_ok(2, "group/join", &json!({ "person": own }));

    ask.assert_refused(2, "interested", "application/declare", &json!({}));
    own
}

/// A person who decided does not review the decision, and an interest that ended still counts.
fn reviews(ask: &mut RefusalCheck<'_>, joined: PersonId) {
    ask.issue_ok(
        0,
        "application/decline",
        &json!({ "reason": "Others", "feedback": "Say who would come" }),
    );
    ask.issue_as_member("application/request-review", &json!({ "words": "We had" }));

    let upheld = json!({ "upheld": true, "reason": "They had" });
    for (staff, code) in [(0, "same_person"), (1, "interested")] {
        ask.assert_refused(staff, code, "application/decide-review", &upheld);
    }

    ask.issue_ok(0, "group/remove-member", &json!({ "person": joined }));
    ask.assert_refused(2, "interested", "application/declare", &json!({}));
}

/// Somebody from outside decides the review, once.
fn review_by_somebody_else(ask: &mut RefusalCheck<'_>) {
    let outside = PersonId(Uuid::from_u128(13));
    ask.scenario
        .world
        .issue(Actor::Operator, Command::Person(outside, register_person()))
        .expect("taken");
    ask.scenario.give_role(outside, Role::Panel);
    ask.scenario.staff.push(outside);

    let decide = |reason: &str| json!({ "upheld": false, "reason": reason });
    ask.assert_refused(
        3,
        "not_declared",
        "application/decide-review",
        &decide("No"),
    );
    ask.issue_ok(3, "application/declare", &json!({}));
    ask.issue_ok(3, "application/decide-review", &decide("We looked again"));
    ask.scenario.staff.pop();

    ask.assert_member_refused(
        "reviewed_already",
        "application/request-review",
        &json!({ "words": "Once more" }),
    );
}

/// Three staff, and rules that require two people without an interest.
fn panel(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(Scenario::ready(1), seen);
    let mut rules = rules(28);
    rules["quorum"] = json!(2);
    ask.issue_ok(0, "fund/propose-rules", &json!({ "rules": rules }));
    ask.issue_ok(1, "fund/confirm-rules", &json!({ "rules": rules }));
    ask.assert_refused(0, "quorum_missing", "application/award", &award("2500.00"));

    let defer = json!({ "defer": { "reason": "Not yet" } });
    let line = json!({ "application": Uuid::from_u128(301), "verdict": defer });
    let meeting = json!({ "round": "first", "met_on": "2026-06-01", "decisions": [line] });
    ask.assert_refused(0, "unknown", "fund/record-meeting", &meeting);

    let other = json!({ "fund": Uuid::from_u128(9), "round": "first", "verdict": defer });
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

fn reserve(rank: u16) -> Value {
    json!({ "rank": rank, "reason": "Next" })
}

fn first_reserve(scenario: &Scenario) -> Option<u16> {
    scenario.world.funds[&FUND.0].first_reserve(&"first".parse().unwrap())
}

fn reserve_list(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(Scenario::ready(3), seen);
    let (second, third) = (Uuid::from_u128(301), Uuid::from_u128(302));
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
    assert_eq!(
        first_reserve(&ask.scenario),
        Some(1),
        "whoever was promoted leaves the list"
    );

    ask.scenario
        .issue_json_ok(0, "application", third, "reserve", &reserve(2));
    a_meeting_promotes_in_order(&mut ask, [second, third]);
    // An application that is withdrawn leaves the reserve list too.
    for application in [third, second] {
        ask.scenario
            .issue_json_ok(0, "application", application, "withdraw", &json!({}));
    }
    assert_eq!(first_reserve(&ask.scenario), None);
}

/// A meeting can promote several applications in their order, without a reason. The scenario is
/// left as it was.
fn a_meeting_promotes_in_order(ask: &mut RefusalCheck<'_>, applications: [Uuid; 2]) {
    let before = ask.scenario.world.clone();
    let lines = applications.map(|application| {
        let verdict = json!({ "promote": award("2500.00") });
        json!({ "application": application, "verdict": verdict })
    });
    let meeting = json!({ "round": "first", "met_on": "2026-06-01", "decisions": lines });

    ask.issue_ok(0, "fund/record-meeting", &meeting);

    assert_eq!(first_reserve(&ask.scenario), None);
    ask.scenario.world = before;
}

/// Applications that staff key in: verbatim keying is not an interest, but the person who keyed it
/// does not decide alone.
fn paper(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(Scenario::drafts(1), seen);
    let (ada, ben) = (ask.scenario.staff[0], ask.scenario.staff[1]);
    let help = |kind: Value| json!({ "channel": "paper", "help": { "by": ada, "kind": kind } });
    let verbatim = |read_back: bool| help(json!({ "keyed_verbatim": { "read_back": read_back } }));
    let scan = help(json!({ "keyed_verbatim": { "scan": "0".repeat(64) } }));

    for (code, body) in [
        ("help_unsaid", json!({ "channel": "paper" })),
        ("not_read_back", verbatim(false)),
        ("unknown", scan),
    ] {
        ask.assert_refused(0, code, "application/submit", &body);
    }

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
        &json!({ "reason": "Not yet", "present": [ben] }),
    );
}
