//! Gatherings: who leads one, who may sign up, and who came.

use jiff::civil::date;
use microgrants::domain::{Actor, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::SeenRefusals;
use crate::domain::matrix::samples::GATHERING;
use crate::support::scenario::{Scenario, command_from_json};

const OTHER: Uuid = Uuid::from_u128(401);

pub fn refusals(seen: &mut SeenRefusals) {
    let mut setting = Scenario::drafts(3);
    leads(seen, &mut setting);
    places(seen, &mut setting);
    attendance(seen, &mut setting);
    counted(seen, &mut setting);
}

fn session(day: &str, from: &str, until: &str, places: u32) -> Value {
    json!({ "day": day, "starts_at": from, "ends_at": until, "places": places })
}

fn about(area: &str) -> Value {
    json!({ "title": "A call to action", "description": "We meet.", "area": area })
}

/// Issues a command as the first member of staff. It must be accepted.
fn take(setting: &mut Scenario, id: Uuid, name: &str, body: &Value) {
    setting.issue_json_ok(0, "gathering", id, name, body);
}

fn refuse(
    seen: &mut SeenRefusals,
    setting: &mut Scenario,
    actor: Actor,
    code: &'static str,
    (name, body): (&str, &Value),
) {
    let command = command_from_json("gathering", GATHERING, name, body);
    seen.assert_actor_refused(setting, actor, code, command);
}

fn leads(seen: &mut SeenRefusals, setting: &mut Scenario) {
    let (staff, member) = (Actor::Person(setting.staff[0]), setting.members[0]);
    let other = setting.members[1];
    let own = Actor::Person(member);
    let of = |person: PersonId| json!({ "person": person });
    let plan = |area: &str, leads: &[PersonId]| {
        json!({
            "kind": "call_to_action", "about": about(area), "leads": leads, "risk_check": true,
        })
    };
    refuse(
        seen,
        setting,
        staff,
        "unknown",
        ("plan", &plan("mars", &[])),
    );
    let led_by_member = plan("oldham", &[member]);
    refuse(
        seen,
        setting,
        staff,
        "lead_not_offered",
        ("plan", &led_by_member),
    );
    refuse(
        seen,
        setting,
        own,
        "not_yours",
        ("plan", &plan("oldham", &[])),
    );
    take(setting, GATHERING, "plan", &plan("oldham", &[]));
    refuse(seen, setting, staff, "no_lead", ("open", &json!({})));

    take(setting, GATHERING, "offer-lead", &of(member));
    take(setting, GATHERING, "offer-lead", &of(other));
    refuse(seen, setting, own, "unknown", ("take-lead", &of(member)));
    refuse(seen, setting, staff, "not_yours", ("take-lead", &of(other)));
    take(setting, GATHERING, "offer-lead", &of(member));
    setting
        .issue_json(own, "gathering", GATHERING, "take-lead", &of(member))
        .expect("it was offered");
    refuse(
        seen,
        setting,
        staff,
        "risk_check_missing",
        ("open", &json!({})),
    );
    let past = json!({ "good_until": "2026-05-31" });
    refuse(
        seen,
        setting,
        staff,
        "dates_out_of_order",
        ("pass-risk-check", &past),
    );
    take(
        setting,
        GATHERING,
        "pass-risk-check",
        &json!({ "good_until": "2026-06-01" }),
    );
    take(setting, GATHERING, "open", &json!({}));
    refuse(
        seen,
        setting,
        staff,
        "gathering_not_in_state",
        ("open", &json!({})),
    );
    refuse(seen, setting, own, "last_lead", ("leave-lead", &of(member)));
    let asked = json!({ "lead": other, "words": "Tea" });
    refuse(seen, setting, staff, "unknown", ("ask-for-hand", &asked));
    refuse(seen, setting, own, "not_yours", ("end", &json!({})));
}

/// A session of one place: the second person waits, and gets the place when the first steps down.
fn places(seen: &mut SeenRefusals, setting: &mut Scenario) {
    let (staff, lead) = (Actor::Person(setting.staff[0]), setting.members[0]);
    let [first, second] = [setting.members[1], setting.members[2]];
    let of = |person: PersonId| json!({ "session": 1, "person": person });
    let backwards = session("2026-07-05", "16:00", "16:00", 1);
    refuse(
        seen,
        setting,
        staff,
        "dates_out_of_order",
        ("add-session", &backwards),
    );
    let without = session("2026-07-05", "13:30", "16:00", 0);
    refuse(seen, setting, staff, "nothing", ("add-session", &without));
    let own = Actor::Person(first);
    let plan = session("2026-07-05", "13:30", "16:00", 1);
    refuse(seen, setting, own, "not_yours", ("add-session", &plan));
    setting
        .issue_json(
            Actor::Person(lead),
            "gathering",
            GATHERING,
            "add-session",
            &plan,
        )
        .expect("a lead adds sessions");

    refuse(seen, setting, own, "not_yours", ("sign-up", &of(second)));
    let mut unasked = of(first);
    unasked["needs"] = json!({ "words": "A ramp", "consent": false });
    refuse(seen, setting, own, "consent_missing", ("sign-up", &unasked));
    let mut of_other_group = of(first);
    of_other_group["group"] = json!(setting.group(0));
    refuse(
        seen,
        setting,
        own,
        "not_of_group",
        ("sign-up", &of_other_group),
    );
    setting
        .issue_json(own, "gathering", GATHERING, "sign-up", &of(first))
        .expect("there is a place");
    take(setting, GATHERING, "sign-up", &of(second));
    refuse(
        seen,
        setting,
        staff,
        "signed_up_already",
        ("sign-up", &of(first)),
    );
    refuse(
        seen,
        setting,
        staff,
        "signed_up_already",
        ("sign-up", &of(second)),
    );
    refuse(
        seen,
        setting,
        staff,
        "not_signed_up",
        ("step-down", &of(lead)),
    );
    let number = json!({ "session": 1, "people": 3 });
    refuse(
        seen,
        setting,
        staff,
        "named_only",
        ("count-sign-ups", &number),
    );
    let before = setting.world.history.len();
    take(setting, GATHERING, "step-down", &of(first));
    let names: Vec<String> = setting.world.history[before..]
        .iter()
        .map(|(_, event)| format!("{event:?}"))
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names[1].contains("PlaceTaken") && names[1].contains(&second.to_string()),
        "{names:?}"
    );
    take(setting, GATHERING, "sign-up", &of(first));
    let roomier = json!({ "session": 1, "to": session("2026-07-05", "13:30", "16:00", 2) });
    take(setting, GATHERING, "move-session", &roomier);
    let narrower = json!({ "session": 1, "to": plan });
    refuse(
        seen,
        setting,
        staff,
        "too_few_places",
        ("move-session", &narrower),
    );
    refuse(
        seen,
        setting,
        staff,
        "no_change",
        ("move-session", &roomier),
    );
    refuse(seen, setting, staff, "sessions_left", ("end", &json!({})));
    refuse(
        seen,
        setting,
        Actor::Job,
        "reminder_not_due",
        ("remind", &json!({ "session": 1 })),
    );
}

fn attendance(seen: &mut SeenRefusals, setting: &mut Scenario) {
    let (staff, lead) = (Actor::Person(setting.staff[0]), setting.members[0]);
    let came = |people: u32, named: &[PersonId], groups: &Value| {
        let came = json!({ "people": people, "named": named, "groups": groups });
        json!({ "session": 1, "came": came })
    };
    let nobody = json!([]);
    let notes = |sign: &str| json!({ "session": 1, "learned": "Much.", "signs": [sign] });
    refuse(
        seen,
        setting,
        staff,
        "session_not_over",
        ("record-attendance", &came(2, &[], &nobody)),
    );
    refuse(
        seen,
        setting,
        staff,
        "session_not_over",
        ("write-notes", &notes("acting-early")),
    );
    setting.world.today = date(2026, 7, 6);
    let late = json!({ "session": 1, "person": lead });
    refuse(seen, setting, staff, "session_passed", ("sign-up", &late));
    let walk_in = came(2, &[lead], &nobody);
    refuse(
        seen,
        setting,
        staff,
        "not_signed_up",
        ("record-attendance", &walk_in),
    );
    let many = json!([{ "group": setting.group(0), "people": 3 }]);
    refuse(
        seen,
        setting,
        staff,
        "nothing",
        ("record-attendance", &came(2, &[], &many)),
    );
    let one = json!({ "group": setting.group(0), "people": 1 });
    let twice = json!([one, one]);
    refuse(
        seen,
        setting,
        staff,
        "named_twice",
        ("record-attendance", &came(2, &[], &twice)),
    );
    let nowhere = json!([{ "group": Uuid::from_u128(999), "people": 1 }]);
    refuse(
        seen,
        setting,
        staff,
        "unknown",
        ("record-attendance", &came(2, &[], &nowhere)),
    );
    let first = setting.members[1];
    take(
        setting,
        GATHERING,
        "record-attendance",
        &came(2, &[first], &json!([one])),
    );
    let again = came(2, &[], &nobody);
    refuse(
        seen,
        setting,
        staff,
        "session_not_in_state",
        ("record-attendance", &again),
    );
    refuse(
        seen,
        setting,
        staff,
        "unknown_sign",
        ("write-notes", &notes("shouting")),
    );
    refuse(
        seen,
        setting,
        Actor::Job,
        "not_expired",
        ("forget-needs", &json!({ "session": 1 })),
    );
    take(setting, GATHERING, "end", &json!({}));
}

/// Where people are counted, nobody signs up by name.
fn counted(seen: &mut SeenRefusals, setting: &mut Scenario) {
    let staff = setting.staff[0];
    let plan = json!({
        "kind": "activity", "about": about("oldham"), "leads": [staff], "sign_up": "counted",
        "grew_from": GATHERING,
    });
    take(setting, OTHER, "plan", &plan);
    take(setting, OTHER, "open", &json!({}));
    take(
        setting,
        OTHER,
        "add-session",
        &session("2026-07-09", "15:30", "16:30", 20),
    );
    let named = json!({ "session": 1, "person": setting.members[1] });
    let sign_up = command_from_json("gathering", OTHER, "sign-up", &named);
    seen.assert_actor_refused(setting, Actor::Person(staff), "counted_only", sign_up);
    take(
        setting,
        OTHER,
        "count-sign-ups",
        &json!({ "session": 1, "people": 28 }),
    );
}
