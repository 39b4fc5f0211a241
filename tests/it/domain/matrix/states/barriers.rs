//! Barriers in every state, and the pledges of a person.

use jiff::civil::date;
use microgrants::domain::{Actor, PersonId};
use serde_json::json;
use uuid::Uuid;

use super::with_stranger;
use crate::domain::matrix::samples::{BARRIER, OTHER_BARRIER, STRANGER, sample};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::Scenario;

pub fn barrier(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(1));
    // Another one, to which it can be joined.
    let (_, raised) = sample("barrier", "raise");
    let by = Actor::Person(PersonId(STRANGER));
    setting.issue_named(by, "barrier", OTHER_BARRIER, "raise", &raised);
    let steps: &[&str] = match state {
        "unknown" => &[],
        "raised" | "old" => &["raise"],
        "summed_up" => &["raise", "sum-up"],
        "joined" => &["raise", "join"],
        "passed_on" | "late" => &["raise", "sum-up", "pass-on"],
        "answered" => &["raise", "sum-up", "pass-on", "record-answer"],
        "withdrawn" => &["raise", "sum-up", "pass-on", "record-answer", "withdraw"],
        _ => &["raise", "close"],
    };
    setting.issue_samples("barrier", BARRIER, steps);
    match state {
        "late" => setting.world.today = date(2026, 7, 4),
        "old" => setting.world.today = date(2028, 6, 2),
        _ => {}
    }
    (setting, BARRIER)
}

/// A person who took a pledge.
pub fn pledge(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::founded());
    if state == "none_published" {
        return (setting, STRANGER);
    }
    setting.issue_samples("organisation", ORGANISATION.0, &["publish-pledges"]);
    let steps: &[&str] = match state {
        "taken" | "due" => &["pledge"],
        "kept" => &["pledge", "keep-pledge"],
        "dropped" => &["pledge", "drop-pledge"],
        _ => &[],
    };
    setting.issue_samples("person", STRANGER, steps);
    if state == "due" {
        setting.world.today = date(2026, 6, 24);
    }
    if state == "reminded" {
        let taken = json!({ "pledges": ["tell-three"], "version": 1 });
        let own = Actor::Person(PersonId(STRANGER));
        setting.issue_named(own, "person", STRANGER, "pledge", &taken);
        setting.world.today = date(2026, 6, 24);
        setting.issue_samples("person", STRANGER, &["remind-of-pledges"]);
    }
    (setting, STRANGER)
}
