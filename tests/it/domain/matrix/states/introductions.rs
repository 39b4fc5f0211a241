//! Introductions of a person to an entry that a group holds, in every state, and what a person
//! agrees to.

use jiff::civil::{Date, date};
use serde_json::{Value, json};
use uuid::Uuid;

use super::with_stranger;
use crate::domain::matrix::samples::{INTRODUCTION, STRANGER, WELCOMING_ENTRY, sample};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::Scenario;

/// The words of a notice.
const INTRODUCTION_NOTICE: &str = "We tell the group what you agree to share.";

pub fn introduction(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(1));
    published_entry(&mut setting);
    let steps: &[&str] = match state {
        "unknown" => &[],
        "asked" => &["ask"],
        "agreed" => &["ask", "agree"],
        "made" | "waits" | "long_over" => &["ask", "agree", "make"],
        "welcomed" => &["ask", "agree", "make", "welcome"],
        "declined" => &["ask", "agree", "make", "decline"],
        "came_to" => &["ask", "agree", "make", "welcome", "say-how"],
        "taken_back" => &["ask", "agree", "make", "take-back"],
        _ => &["ask", "agree", "close"],
    };
    setting.issue_samples("introduction", INTRODUCTION, steps);
    if let Some(today) = day_of_state(state) {
        setting.world.today = today;
    }
    (setting, INTRODUCTION)
}

/// It was made on 1 June 2026.
fn day_of_state(state: &str) -> Option<Date> {
    match state {
        "waits" => Some(date(2026, 6, 8)),
        "long_over" => Some(date(2027, 6, 2)),
        _ => None,
    }
}

/// An entry of the directory that the first group holds and that welcomes people, and the notices
/// on which they agree.
pub fn published_entry(setting: &mut Scenario) {
    for purpose in ["introductions", "invitations"] {
        let notice = json!({ "purpose": purpose, "text": INTRODUCTION_NOTICE });
        let organisation = ORGANISATION.0;
        setting.issue_json_ok(0, "organisation", organisation, "publish-notice", &notice);
    }
    let record: Value = json!({
        "way": "offer",
        "kind": "group",
        "holder": { "group": setting.group(0) },
        "name": "Soup and song",
    });
    let listing: Value = json!({
        "name": "Soup and song",
        "description": "We cook and sing.",
        "welcomes": true,
    });
    setting.issue_json_ok(0, "asset", WELCOMING_ENTRY, "record", &record);
    setting.issue_json_ok(0, "asset", WELCOMING_ENTRY, "publish", &listing);
}

pub fn consent(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(1));
    published_entry(&mut setting);
    if state == "given" {
        let (by, body) = sample("person", "agree");
        setting.issue_named(by.actor(&setting), "person", STRANGER, "agree", &body);
    }
    (setting, STRANGER)
}
