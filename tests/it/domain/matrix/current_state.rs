//! The current state of a table's record, as one word.

use microgrants::domain::erasure::Erasure;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::support::in_memory_domain::InMemoryDomain;

pub fn current_state(table: &str, world: &InMemoryDomain, id: Uuid) -> String {
    let grant = |path: &str| {
        world
            .grants
            .get(&id)
            .map_or_else(String::new, |grant| state_at(grant, path))
    };
    let fund = |path: &str| {
        world
            .funds
            .get(&id)
            .map_or_else(String::new, |fund| state_at(fund, path))
    };
    let of_application = |path: &str| {
        world
            .applications
            .get(&id)
            .map_or_else(String::new, |application| state_at(application, path))
    };
    match table {
        "person" => match world.people.get(&id).filter(|person| person.exists()) {
            None => "unknown".into(),
            Some(person) => {
                let known = if person.unproven().is_some() {
                    "introduced"
                } else {
                    "registered"
                };
                erasure(person.erasure()).unwrap_or(known).to_owned()
            }
        },
        "organisation" => word_for(world.organisation.exists(), "founded", "blank"),
        "fund" => fund("/state"),
        "round" => fund("/rounds/first/state"),
        "group" => group(world, id),
        "application" => world
            .applications
            .get(&id)
            .map_or_else(String::new, |application| state_at(application, "/state")),
        "grant" => {
            let runs = ["accepted", "live", "reported"].contains(&grant("/state").as_str());
            if runs && grant("/held") == "true" {
                "on_hold".into()
            } else {
                grant("/state")
            }
        }
        "payment" => grant("/payments/1/state"),
        "update" => grant("/updates/1/state"),
        "check" => grant("/checks/identity"),
        "variation" => grant("/variations/1/state"),
        "contact" => word_for(
            world
                .people
                .get(&id)
                .is_some_and(|person| person.proposed_contact().is_some()),
            "proposed",
            "settled",
        ),
        "correction" => word_for(
            world
                .groups
                .get(&id)
                .is_some_and(|group| !state_at(group, "/proposed/name").is_empty()),
            "proposed",
            "settled",
        ),
        "helper" => proposal_state(
            &of_application("/interests/named"),
            &of_application("/interests/helped"),
            ["named", "confirmed"],
        ),
        "attendance" => proposal_state(
            &of_application("/attendance/unconfirmed"),
            &of_application("/attendance/confirmed/1"),
            ["named", "confirmed"],
        ),
        "draft" => of_application("/state"),
        "entry" => match (grant("/unsettled/1"), grant("/unsettled/1/proposed")) {
            (unsettled, _) if unsettled.is_empty() => {
                word_for(grant("/entries_made") == "0", "none", "settled")
            }
            (_, proposed) => word_for(proposed.is_empty(), "unsettled", "settlement_proposed"),
        },
        "schedule" => proposal_state(
            &grant("/proposed_schedule"),
            &grant("/instalments"),
            ["proposed", "scheduled"],
        ),
        "raised_award" => proposal_state(
            &grant("/attendance/unconfirmed"),
            &grant("/attendance/confirmed/1"),
            ["named", "confirmed"],
        ),
        "member" => {
            let stranger = super::samples::STRANGER;
            let group = |path: &str| {
                world
                    .groups
                    .get(&id)
                    .map_or_else(String::new, |group| state_at(group, path))
            };
            let is_member = world
                .groups
                .get(&id)
                .is_some_and(|group| group.has_member(microgrants::domain::PersonId(stranger)));
            if is_member {
                "member".into()
            } else {
                word_for(
                    group("/invited").contains(&stranger.to_string()),
                    "invited",
                    "none",
                )
            }
        }
        "revocation" => match (grant("/state").as_str(), grant("/revocations").as_str()) {
            ("terminated", _) => "confirmed".into(),
            (_, "0") => "none".into(),
            _ => "proposed".into(),
        },
        "offer" => match (grant("/state").as_str(), grant("/offer_waits").as_str()) {
            ("offered", "true") => "waits".into(),
            ("offered", _) => "sent".into(),
            (state, _) => state.to_owned(),
        },
        "early_payment" => match (
            grant("/payments/1/early_proposed"),
            grant("/payments/1/leaves_early"),
        ) {
            (proposed, early) if proposed.is_empty() && early.is_empty() => {
                grant("/payments/1/state")
            }
            (proposed, _) => word_for(proposed.is_empty(), "confirmed", "proposed"),
        },
        "story" => match grant("/stories/1").as_str() {
            "true" => "published".into(),
            "false" => "withdrawn".into(),
            _ => String::new(),
        },
        _ => match (
            grant("/dues/underspend/amount").as_str(),
            grant("/dues/underspend/waiver").as_str(),
        ) {
            ("" | "0.00", _) => "nothing_due".into(),
            (_, "") => "due".into(),
            _ => "waiver_proposed".into(),
        },
    }
}

fn erasure(erasure: Erasure) -> Option<&'static str> {
    match erasure {
        Erasure::Asked => Some("erasure_asked"),
        Erasure::Done => Some("erased"),
        Erasure::NotAsked | Erasure::Refused => None,
    }
}

/// The state of something that one person proposes and another confirms.
fn proposal_state(said: &str, confirmed: &str, words: [&str; 2]) -> String {
    match (said, confirmed) {
        ("", "") => "none",
        ("", _) => words[1],
        _ => words[0],
    }
    .to_owned()
}

fn word_for(first: bool, yes: &str, no: &str) -> String {
    if first { yes.to_owned() } else { no.to_owned() }
}

fn group(world: &InMemoryDomain, id: Uuid) -> String {
    let Some(group) = world.groups.get(&id) else {
        return "unknown".into();
    };
    if let Some(word) = erasure(group.erasure()) {
        return word.into();
    }
    if group.must_be_active().is_err() {
        return "merged".into();
    }
    group.payee().map_or("registered".into(), |payee| {
        word_for(payee.verified_by.is_some(), "payee_verified", "payee_keyed")
    })
}

/// The value at a path of a state: a text, the name of a variant, or `true` and `false`.
fn state_at<S: Serialize>(state: &S, path: &str) -> String {
    let state = serde_json::to_value(state).expect("a state is JSON");
    let word = match state.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Array(all)) => {
            if all.is_empty() {
                String::new()
            } else {
                "some".into()
            }
        }
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    // Variant names of enums are written in upper camel case; serialised names have underscores.
    let mut name = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
