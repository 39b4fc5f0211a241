//! Groups: their names, members and files.

use microgrants::domain::Actor;
use serde_json::json;
use uuid::Uuid;

use super::{APPLICATION, GROUP, with_stranger};
use crate::domain::matrix::samples::{FILE, NEW_GROUP};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::Scenario;

pub fn group(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(2));
    setting.issue_samples("organisation", ORGANISATION.0, &["adopt-aims"]);
    let steps: &[&str] = match state {
        "unknown" => return (setting, NEW_GROUP),
        "payee_keyed" => &["provide-payee"],
        "payee_verified" => &["provide-payee", "verify-payee"],
        "merged" => &["merge"],
        "erasure_asked" => &["request-erasure"],
        "erased" => &["erase"],
        _ => &[],
    };
    setting.issue_samples("group", GROUP, steps);
    (setting, GROUP)
}

/// A group whose member proposed another name.
pub fn correction(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    if state == "proposed" {
        setting.issue_samples("group", GROUP, &["correct"]);
    }
    (setting, GROUP)
}

/// A person whom a member invites to the group.
pub fn member(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(1));
    let steps: &[&str] = match state {
        "none" => &[],
        "invited" => &["add-member"],
        _ => &["add-member", "join"],
    };
    setting.issue_samples("group", GROUP, steps);
    (setting, GROUP)
}

/// A file that answers a question of the group's application.
pub fn file(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    let keep = json!({
        "file": FILE,
        "media": "application/pdf",
        "bytes": 9,
        "purpose": "enclosure",
        "application": APPLICATION,
    });
    if state != "none" {
        let member = Actor::Person(setting.members[0]);
        setting.issue_named(member, "group", GROUP, "keep-file", &keep);
    }
    if state == "sent" {
        setting.issue_samples("application", APPLICATION, &["submit"]);
    }
    (setting, GROUP)
}
