//! People, and the organisation.

use jiff::civil::date;
use microgrants::domain::{Actor, Organisation, PersonId};
use serde_json::json;
use uuid::Uuid;

use super::with_stranger;
use crate::domain::matrix::samples::{
    GATHERING, NEW_APPLICATION, NEW_GROUP, STRANGER, UNREGISTERED, sample,
};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{FUND, Scenario};

pub fn person(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::founded());
    if state == "unknown" {
        return (setting, UNREGISTERED);
    }
    // A person who typed a name into a public page; in the state `left` they did not return.
    if state == "introduced" || state == "left" {
        setting.issue_samples("person", UNREGISTERED, &["introduce"]);
        setting.world.today = if state == "left" {
            date(2026, 6, 16)
        } else {
            setting.world.today
        };
        return (setting, UNREGISTERED);
    }
    // A person without a role, so that an officer may change their contact details.
    setting.staff.truncate(3);
    setting.issue_samples("person", STRANGER, &["change-contact", "confirm-contact"]);
    match state {
        "erasure_asked" => setting.issue_samples("person", STRANGER, &["request-erasure"]),
        "erased" => setting.issue_samples("person", STRANGER, &["erase"]),
        _ => {}
    }
    (setting, STRANGER)
}

/// A person whose contact details an officer proposed to change.
pub fn contact(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::founded());
    if state == "proposed" {
        setting.issue_samples("person", STRANGER, &["change-contact"]);
    }
    (setting, STRANGER)
}

/// A person for whom a mail waits that staff must pass on by phone or letter.
pub fn telling(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::founded());
    let id = if state == "waiting_without_email" {
        setting.issue_json_ok(
            0,
            "person",
            UNREGISTERED,
            "register",
            &json!({ "name": "Somebody", "telephone": "0161 496 0000" }),
        );
        UNREGISTERED
    } else {
        STRANGER
    };
    if state != "settled" {
        setting.issue_samples("person", id, &["await-telling"]);
    }
    if state == "passed_on" {
        setting.issue_samples("person", id, &["tell"]);
    }
    (setting, id)
}

/// An unproven person who started an application, and then proved their address.
pub fn with_somebody_unknown() -> Scenario {
    let mut setting = Scenario::drafts(1);
    let unknown = Actor::Person(PersonId(UNREGISTERED));
    setting.issue_samples("person", UNREGISTERED, &["introduce"]);
    setting.issue_named(
        unknown,
        "group",
        NEW_GROUP,
        "register",
        &sample("group", "register").1,
    );
    setting.issue_named(
        unknown,
        "application",
        NEW_APPLICATION,
        "start",
        &json!({ "fund": FUND, "round": "first", "group": NEW_GROUP }),
    );
    setting.issue_samples("gathering", GATHERING, &["plan", "add-session", "open"]);
    let place = json!({ "session": 1, "person": UNREGISTERED });
    setting.issue_named(unknown, "gathering", GATHERING, "sign-up", &place);
    setting.issue_samples("person", UNREGISTERED, &["prove-address"]);
    setting
}

pub fn organisation(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::founded());
    if state == "blank" {
        setting.world.organisation = Organisation::default();
    } else {
        setting.issue_json_ok(
            0,
            "organisation",
            ORGANISATION.0,
            "propose-role",
            &json!({ "person": STRANGER, "role": "finance" }),
        );
        setting.issue_samples("organisation", ORGANISATION.0, &["propose-mail-text"]);
        setting.issue_samples("organisation", ORGANISATION.0, &["propose-webhook"]);
        setting.issue_samples("organisation", ORGANISATION.0, &["propose-settings"]);
        setting.issue_samples("fund", FUND.0, &["create", "allocate"]);
        setting.issue_json_ok(
            0,
            "organisation",
            ORGANISATION.0,
            "share-statement",
            &json!({
                "funder": "health-partnership", "from": "2026-01-01", "until": "2026-03-31",
            }),
        );
    }
    (setting, ORGANISATION.0)
}
