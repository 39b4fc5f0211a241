//! Applications: drafts, helpers, decisions.

use jiff::civil::date;
use microgrants::domain::Actor;
use serde_json::json;
use uuid::Uuid;

use super::APPLICATION;
use crate::domain::matrix::samples::NEW_APPLICATION;
use crate::support::scenario::{FUND, Scenario};

pub fn application(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    let eligible = ["submit", "confirm-eligibility", "write-summary"];
    let declare = |setting: &mut Scenario| {
        for staff in [0, 1] {
            setting.issue_json_ok(staff, "application", APPLICATION, "declare", &json!({}));
        }
    };
    match state {
        "blank" => return (setting, NEW_APPLICATION),
        "draft" => {}
        "draft_overdue" => setting.world.today = date(2026, 7, 1),
        "lapsed" => {
            setting.world.today = date(2026, 7, 1);
            setting.issue_samples("application", APPLICATION, &["lapse"]);
        }
        "withdrawn" => setting.issue_samples("application", APPLICATION, &["withdraw"]),
        "submitted" => setting.issue_samples("application", APPLICATION, &["submit"]),
        "changes_requested" => {
            setting.issue_samples("application", APPLICATION, &["submit", "request-changes"]);
        }
        "ineligible" => setting.issue_samples(
            "application",
            APPLICATION,
            &["submit", "refuse-eligibility"],
        ),
        "eligible" => {
            setting.issue_samples("application", APPLICATION, &eligible);
            declare(&mut setting);
        }
        _ => {
            setting.issue_samples("application", APPLICATION, &eligible);
            declare(&mut setting);
            setting.issue_json_ok(
                0,
                "application",
                APPLICATION,
                "score",
                &json!({ "criteria": { "need": 4 }, "note": "Good" }),
            );
            let steps: &[&str] = match state {
                "in_assessment" => &[],
                "reserve_list" => &["reserve"],
                "deferred" => &["defer"],
                "declined" => &["decline"],
                "under_review" => &["decline", "request-review"],
                _ => &["award"],
            };
            setting.issue_samples("application", APPLICATION, steps);
        }
    }
    (setting, APPLICATION)
}

/// A draft around the deadline, 30 June.
pub fn draft(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    setting.world.today = match state {
        "begun" => date(2026, 6, 20),
        "closing" | "reminded" => date(2026, 6, 28),
        _ => date(2026, 7, 1),
    };
    if state == "reminded" {
        setting.issue_samples("application", APPLICATION, &["remind-draft"]);
    }
    if ["lapsed", "extended", "reopened"].contains(&state) {
        setting.issue_samples("application", APPLICATION, &["lapse"]);
    }
    if ["extended", "reopened"].contains(&state) {
        setting.issue_samples("fund", FUND.0, &["extend-round"]);
    }
    if state == "reopened" {
        setting.issue_samples("application", APPLICATION, &["reopen-draft"]);
    }
    (setting, APPLICATION)
}

/// An application with a helper named by the group.
pub fn helper(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    if state != "none" {
        let (member, help) = (
            setting.members[0],
            json!({ "by": Uuid::from_u128(10), "kind": "helped_to_word" }),
        );
        setting.issue_named(
            Actor::Person(member),
            "application",
            APPLICATION,
            "submit",
            &json!({ "channel": "web", "help": help }),
        );
    }
    if state == "confirmed" {
        setting.issue_samples("application", APPLICATION, &["confirm-help"]);
    }
    (setting, APPLICATION)
}

/// A decision that names a second person as present.
pub fn attendance(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::ready(1);
    if state != "none" {
        let decline =
            json!({ "reason": "Others", "feedback": "Say more", "present": [Uuid::from_u128(11)] });
        setting.issue_json_ok(0, "application", APPLICATION, "decline", &decline);
    }
    if state == "confirmed" {
        setting.issue_samples("application", APPLICATION, &["confirm-attendance"]);
    }
    (setting, APPLICATION)
}

/// A person who declares an interest after scoring.
pub fn with_an_interest() -> Scenario {
    let mut setting = Scenario::ready(1);
    setting.issue_json_ok(
        0,
        "application",
        APPLICATION,
        "score",
        &json!({ "criteria": { "need": 4 }, "note": "Good" }),
    );
    let interest =
        json!({ "interest": { "kind": "family", "note": "A cousin is on the committee" } });
    setting.issue_json_ok(0, "application", APPLICATION, "declare", &interest);
    setting
}
