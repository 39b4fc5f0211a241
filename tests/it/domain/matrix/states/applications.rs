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
        // A day later, when the group has heard of it.
        "ineligible" => {
            let steps = ["submit", "refuse-eligibility"];
            setting.issue_samples("application", APPLICATION, &steps);
            setting.world.today = date(2026, 6, 2);
        }
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

/// What an officer said about the eligibility, just now or a day ago.
pub fn eligibility(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    let step = match state {
        "submitted" => None,
        "eligible" | "eligible_for_a_day" => Some("confirm-eligibility"),
        _ => Some("refuse-eligibility"),
    };
    setting.issue_samples("application", APPLICATION, &["submit"]);
    if let Some(step) = step {
        setting.issue_samples("application", APPLICATION, &[step]);
    }
    if state.ends_with("_for_a_day") {
        setting.world.today = date(2026, 6, 2);
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

/// A decision of a meeting, whose letter is held in the states that say so.
pub fn letter(state: &str) -> (Scenario, Uuid) {
    if let "in_assessment" | "declined" = state {
        return application(state);
    }
    let (mut setting, _) = application("in_assessment");
    let verdict = match state {
        "awarded_held" => json!({ "award": {
            "amount": "2500.00",
            "ends_on": "2026-09-01",
            "update_due_on": "2026-09-15",
        } }),
        "declined_held" => {
            json!({ "decline": { "reason": "Others reach more", "feedback": "Say who comes" } })
        }
        "deferred_held" => json!({ "defer": { "reason": "Not yet", "message": "In spring" } }),
        _ => json!({ "reserve": { "rank": 1, "reason": "Next", "message": "You are next" } }),
    };
    let meeting = json!({
        "round": "first",
        "met_on": "2026-06-01",
        "letters_on": "2026-06-08",
        "decisions": [{ "application": APPLICATION, "verdict": verdict }],
    });
    setting.issue_json_ok(0, "fund", FUND.0, "record-meeting", &meeting);
    (setting, APPLICATION)
}

/// A fund with a meeting whose letters are held.
pub fn letters(state: &str) -> (Scenario, Uuid) {
    let (setting, _) = letter(if state == "held" {
        "declined_held"
    } else {
        "in_assessment"
    });
    (setting, FUND.0)
}

/// A grant whose letter is held.
pub fn held_offer(state: &str) -> (Scenario, Uuid) {
    if state == "held" {
        letter("awarded_held")
    } else {
        (super::grants::offered(), APPLICATION)
    }
}
