//! Gatherings with one session, in every state that people can meet them in.

use jiff::civil::{Date, date};
use microgrants::domain::Actor;
use serde_json::json;
use uuid::Uuid;

use super::with_stranger;
use crate::domain::matrix::samples::{GATHERING, sample};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::Scenario;

pub fn gathering(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(1));
    setting.issue_samples("organisation", ORGANISATION.0, &["adopt-aims"]);
    if state == "unknown" {
        return (setting, GATHERING);
    }
    let (by, mut plan) = sample("gathering", "plan");
    if state == "counted" {
        plan["sign_up"] = json!("counted");
    }
    setting.issue_named(by.actor(&setting), "gathering", GATHERING, "plan", &plan);
    setting.issue_samples("gathering", GATHERING, &["add-session"]);
    if state == "draft" {
        return (setting, GATHERING);
    }
    setting.issue_samples("gathering", GATHERING, &["open"]);
    let steps: &[&str] = match state {
        "offered" => &["offer-lead"],
        "shared" => &["offer-lead", "take-lead"],
        "signed_up" | "over" | "held" | "long_over" => &["sign-up"],
        "hand_asked" => &["ask-for-hand"],
        "ended" => &["cancel-session", "end", "give-tally"],
        _ => &[],
    };
    setting.issue_samples("gathering", GATHERING, steps);
    if ["full", "waiting", "signed_up"].contains(&state) {
        let member = setting.members[0];
        let body = json!({ "session": 1, "person": member });
        let member = Actor::Person(member);
        setting.issue_named(member, "gathering", GATHERING, "sign-up", &body);
    }
    if state == "waiting" {
        setting.issue_samples("gathering", GATHERING, &["sign-up"]);
    }
    if let Some(today) = day_of_state(state) {
        setting.world.today = today;
    }
    if ["held", "long_over"].contains(&state) {
        setting.issue_samples("gathering", GATHERING, &["record-attendance"]);
    }
    (setting, GATHERING)
}

/// The session is on 5 July.
fn day_of_state(state: &str) -> Option<Date> {
    match state {
        "soon" => Some(date(2026, 7, 4)),
        "over" | "held" => Some(date(2026, 7, 6)),
        "long_over" => Some(date(2026, 8, 5)),
        "hand_asked" => Some(date(2028, 8, 5)),
        _ => None,
    }
}
