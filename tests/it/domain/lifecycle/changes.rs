//! Refusals after the payment: variations, returns, stories, updates; and merged groups.

use jiff::civil::date;
use microgrants::domain::Actor;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{GROUP, RefusalCheck};
use crate::domain::matrix::states::{APPLICATION, STEPS_TO_CONFIRMED, accepted, paid};
use crate::domain::refusals::SeenRefusals;
use crate::support::scenario::{FUND, Scenario, command_from_json};

pub fn refusals(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(paid(&STEPS_TO_CONFIRMED), seen);
    variations(&mut ask);
    returns(&mut ask);
    variations_by_those_concerned(&mut ask);
    stories(&mut ask);
    updates(seen);
    groups(seen);
}

fn variation_of_amount(amount: &str) -> Value {
    json!({ "change": { "amount": amount }, "words": "Costs changed" })
}

fn variations(ask: &mut RefusalCheck<'_>) {
    for (code, body) in [
        ("below_paid", variation_of_amount("499.00")),
        ("outside_bounds", variation_of_amount("2500.01")),
        ("no_change", json!({ "change": {}, "words": "Nothing" })),
    ] {
        ask.assert_member_refused(code, "grant/request-variation", &body);
    }

    ask.issue_as_member("grant/request-variation", &variation_of_amount("1500.00"));
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
}

fn returns(ask: &mut RefusalCheck<'_>) {
    let clawback = |amount: &str| json!({ "amount": amount, "reason": "Spent otherwise" });
    ask.assert_refused(
        0,
        "clawback_too_large",
        "grant/demand-clawback",
        &clawback("500.01"),
    );
    ask.assert_refused(
        0,
        "nothing_due",
        "grant/request-return",
        &json!({ "owed": "clawback", "due_on": "2026-12-01" }),
    );

    ask.issue_ok(0, "grant/demand-clawback", &clawback("1.00"));
    let waive = json!({ "owed": "clawback", "amount": "1.01", "reason": "Too little to chase" });
    ask.assert_refused(0, "return_not_due", "grant/propose-return-waiver", &waive);
    let tomorrow = json!({ "owed": "clawback", "amount": "1.00", "received_on": "2026-06-02" });
    ask.assert_refused(0, "date_in_future", "grant/receive-return", &tomorrow);
}

/// A panel member with an interest approves no variation; and only staff write public texts.
fn variations_by_those_concerned(ask: &mut RefusalCheck<'_>) {
    let purpose = json!({ "title": "Song", "description": "Neighbours sing." });
    let purpose = json!({ "change": { "purpose": purpose }, "words": "Instead" });
    ask.assert_member_refused("not_yours", "grant/request-variation", &purpose);

    let ben = json!({ "person": ask.scenario.staff[1] });
    ask.issue_ok(0, "group/add-member", &ben);
    ask.issue_ok(1, "group/join", &ben);
    ask.issue_as_member("grant/request-variation", &variation_of_amount("1600.00"));
    ask.assert_refused(
        1,
        "interested",
        "grant/approve-variation",
        &json!({ "variation": 2 }),
    );
}

fn stories(ask: &mut RefusalCheck<'_>) {
    let publish =
        json!({ "words": "They cook.", "consented_on": "2026-06-01", "consent": "A form" });
    ask.issue_ok(0, "grant/publish-story", &publish);

    let withdraw = json!({ "story": 1 });
    ask.issue_as_member("grant/withdraw-story", &withdraw);
    ask.assert_member_refused("story_withdrawn", "grant/withdraw-story", &withdraw);
}

fn updates(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(accepted(), seen);
    let update = |channel: &str, consent: bool| {
        json!({
            "update": 1,
            "channel": channel,
            "words": "Well",
            "people": 1,
            "volunteers": 0,
            "spent": "1.00",
            "outcomes": [],
            "consent": consent,
        })
    };
    for (code, body) in [
        ("members_own_act", update("web", true)),
        ("consent_missing", update("phone", false)),
    ] {
        ask.assert_refused(0, code, "grant/receive-update", &body);
    }
    let identity = json!({ "check": "identity" });
    ask.assert_refused(0, "check_not_on_file", "grant/reuse-check", &identity);

    reminders(&mut ask);
    ask.issue_ok(0, "grant/receive-update", &update("phone", true));
    ask.assert_actor_refused(
        Actor::Job,
        "update_not_in_state",
        "grant/remind-update",
        &reminder("overdue"),
    );
}

fn reminder(occasion: &str) -> Value {
    json!({ "update": 1, "occasion": occasion })
}

/// The service reminds once, when the day has come.
fn reminders(ask: &mut RefusalCheck<'_>) {
    let (before, overdue) = (reminder("before"), reminder("overdue"));
    for early in [&before, &overdue] {
        ask.assert_actor_refused(Actor::Job, "reminder_not_due", "grant/remind-update", early);
    }
    ask.assert_refused(0, "not_yours", "grant/remind-update", &before);

    ask.scenario.world.today = date(2026, 9, 20);
    ask.scenario
        .issue_json(Actor::Job, "grant", APPLICATION, "remind-update", &overdue)
        .expect("it is overdue");
    ask.assert_actor_refused(
        Actor::Job,
        "reminder_not_due",
        "grant/remind-update",
        &overdue,
    );
}

fn groups(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(Scenario::drafts(2), seen);
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
