//! Grants, from the offer to the end.

use jiff::civil::date;
use microgrants::domain::Actor;
use microgrants::domain::organisation::sha256_hex;
use serde_json::json;
use uuid::Uuid;

use super::payments::{STEPS_TO_CONFIRMED, paid};
use super::{APPLICATION, GROUP, change_rules};
use crate::domain::matrix::samples::{FILE, rules};
use crate::support::fixtures::{AGREEMENT_TEXT, gbp};
use crate::support::scenario::Scenario;

pub fn offered() -> Scenario {
    offer_of(1000)
}

fn offer_of(pounds: u32) -> Scenario {
    let mut setting = Scenario::ready(1);
    let award = setting.award(0, gbp(pounds));
    setting.issue_ok(0, award);
    setting
}

/// One of the two people who are needed has signed the agreement for themselves.
pub fn with_one_signature() -> Scenario {
    let mut setting = offered();
    let member = Actor::Person(setting.members[0]);
    let signed = json!({
        "hash": sha256_hex(AGREEMENT_TEXT),
        "method": "web_each",
        "names": ["A"],
    });
    setting.issue_named(member, "grant", APPLICATION, "accept-agreement", &signed);
    setting
}

pub fn accepted() -> Scenario {
    accept(offered())
}

pub fn accept(mut setting: Scenario) -> Scenario {
    setting.issue_samples("grant", APPLICATION, &["accept-agreement"]);
    let (file, member) = (
        json!({ "file": FILE, "media": "application/pdf", "bytes": 9, "purpose": "receipt" }),
        setting.members[0],
    );
    setting.issue_named(Actor::Person(member), "group", GROUP, "keep-file", &file);
    setting
}

/// A grant whose payments can be prepared.
pub fn payable() -> Scenario {
    pay_ready(accepted())
}

fn pay_ready(mut setting: Scenario) -> Scenario {
    setting.issue_samples("grant", APPLICATION, &["pass-check"]);
    setting.issue_samples("group", GROUP, &["provide-payee", "verify-payee"]);
    setting
}

pub fn grant(state: &str) -> (Scenario, Uuid) {
    let setting = match state {
        "blank" => Scenario::ready(1),
        "offered" => offered(),
        "offer_declined" | "offer_withdrawn" | "offer_lapsed" => {
            let mut setting = offered();
            if state == "offer_lapsed" {
                setting.world.today = date(2026, 8, 1);
            }
            let step = match state {
                "offer_declined" => "decline-offer",
                "offer_withdrawn" => "withdraw-offer",
                _ => "lapse-offer",
            };
            setting.issue_samples("grant", APPLICATION, &[step]);
            setting
        }
        "offer_overdue" => {
            let mut setting = offered();
            setting.world.today = date(2026, 8, 1);
            setting
        }
        // As much is unpaid here as in the state where half of a thousand was paid.
        "accepted" => pay_ready(accept(offer_of(500))),
        "on_hold" => {
            let mut setting = pay_ready(accept(offer_of(500)));
            setting.issue_samples("grant", APPLICATION, &["hold"]);
            setting
        }
        _ => {
            let mut setting = paid(&STEPS_TO_CONFIRMED);
            setting.world.today = date(2026, 6, 3);
            let steps: &[&str] = match state {
                "live" => &[],
                "reported" => &["receive-update"],
                "terminated" => &["terminate"],
                _ => &["receive-update", "accept-update", "close"],
            };
            setting.issue_samples("grant", APPLICATION, steps);
            setting
        }
    };
    (setting, APPLICATION)
}

pub fn check(state: &str) -> (Scenario, Uuid) {
    let mut setting = if state == "none" {
        Scenario::ready(1)
    } else {
        accepted()
    };
    match state {
        "passed" => setting.issue_samples("grant", APPLICATION, &["pass-check"]),
        "on_file" => setting.issue_samples("group", GROUP, &["file-check"]),
        "out_of_date" => {
            let pass = json!({ "check": "identity", "note": "Seen", "good_until": "2026-06-02" });
            setting.issue_json_ok(0, "grant", APPLICATION, "pass-check", &pass);
            setting.world.today = date(2026, 6, 3);
        }
        "failed" => setting.issue_samples("grant", APPLICATION, &["fail-check"]),
        "waiver_proposed" => setting.issue_samples("grant", APPLICATION, &["propose-waiver"]),
        "waived" => {
            setting.issue_samples("grant", APPLICATION, &["propose-waiver", "confirm-waiver"]);
        }
        _ => {}
    }
    (setting, APPLICATION)
}

pub fn variation(state: &str) -> (Scenario, Uuid) {
    let mut setting = accepted();
    let steps: &[&str] = match state {
        "none" => &[],
        "requested" => &["request-variation"],
        "approved" => &["request-variation", "approve-variation"],
        _ => &["request-variation", "refuse-variation"],
    };
    setting.issue_samples("grant", APPLICATION, steps);
    (setting, APPLICATION)
}

/// An award raised at a meeting that names a second person as present.
pub fn raised_award(state: &str) -> (Scenario, Uuid) {
    let mut setting = accepted();
    if state != "none" {
        setting.issue_samples("grant", APPLICATION, &["request-variation"]);
        setting.issue_json_ok(
            0,
            "grant",
            APPLICATION,
            "approve-variation",
            &json!({ "variation": 1, "present": [Uuid::from_u128(11)] }),
        );
    }
    if state == "confirmed" {
        setting.issue_samples("grant", APPLICATION, &["confirm-attendance"]);
    }
    (setting, APPLICATION)
}

/// A grant awarded by two people, as the fund's rules require.
fn awarded_by_two() -> Scenario {
    let mut setting = Scenario::ready(1);
    let mut strict = rules(28);
    strict["quorum"] = json!(2);
    change_rules(&mut setting, &strict);
    let award = json!({
        "amount": "2500.00",
        "ends_on": "2026-09-01",
        "update_due_on": "2026-09-15",
        "present": [Uuid::from_u128(11)],
    });
    setting.issue_json_ok(0, "application", APPLICATION, "award", &award);
    setting
}

/// An offer that is sent once the people named as present have confirmed it.
pub fn offer(state: &str) -> (Scenario, Uuid) {
    let mut setting = awarded_by_two();
    if state == "sent" {
        setting.issue_samples("application", APPLICATION, &["confirm-attendance"]);
    }
    (setting, APPLICATION)
}

/// A grant awarded by two people, whose revocation is proposed.
pub fn revocation(state: &str) -> (Scenario, Uuid) {
    let (mut setting, id) = offer("sent");
    setting.issue_samples("grant", APPLICATION, &["accept-agreement"]);
    if state != "none" {
        let revoke = json!({ "reason": "They moved away", "present": [Uuid::from_u128(11)] });
        setting.issue_json_ok(0, "grant", APPLICATION, "terminate", &revoke);
    }
    if state == "confirmed" {
        setting.issue_samples("grant", APPLICATION, &["confirm-revocation"]);
    }
    (setting, id)
}

pub fn update(state: &str) -> (Scenario, Uuid) {
    let mut setting = if state == "none" {
        offered()
    } else {
        accepted()
    };
    // The final update is due on 15 September, near enough for a reminder.
    setting.world.today = if state == "none" {
        date(2026, 6, 5)
    } else {
        date(2026, 9, 5)
    };
    let steps: &[&str] = match state {
        "received" => &["receive-update"],
        "queried" => &["receive-update", "query-update"],
        "accepted" => &["receive-update", "accept-update"],
        "excused" => &["excuse-update"],
        _ => &[],
    };
    setting.issue_samples("grant", APPLICATION, steps);
    (setting, APPLICATION)
}

pub fn story(state: &str) -> (Scenario, Uuid) {
    let mut setting = accepted();
    let steps: &[&str] = match state {
        "none" => &[],
        "published" => &["publish-story"],
        _ => &["publish-story", "withdraw-story"],
    };
    setting.issue_samples("grant", APPLICATION, steps);
    (setting, APPLICATION)
}
