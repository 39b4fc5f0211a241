//! The current state of a table's record, as one word.

use std::collections::BTreeMap;

use microgrants::domain::PersonId;
use microgrants::domain::erasure::Erasure;
use microgrants::domain::file::FileDigest;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::samples::{FILE, STRANGER};
use super::states::APPLICATION;
use crate::support::in_memory_domain::InMemoryDomain;

pub fn current_state(table: &str, world: &InMemoryDomain, id: Uuid) -> String {
    match table {
        "organisation" => word_for(world.organisation.exists(), "founded", "blank"),
        "person" => person(world, id),
        "contact" => contact(world, id),
        "telling" => telling(world, id),
        "fund" => part_of(&world.funds, id, "/state"),
        "round" => part_of(&world.funds, id, "/rounds/first/state"),
        "group" => group(world, id),
        "correction" => correction(world, id),
        "member" => member(world, id),
        "file" => file(world, id),
        "application" | "draft" | "eligibility" => part_of(&world.applications, id, "/state"),
        "helper" => proposal_state(
            &part_of(&world.applications, id, "/interests/named"),
            &part_of(&world.applications, id, "/interests/helped"),
            ["named", "confirmed"],
        ),
        "letter" => letter(&|path| part_of(&world.applications, id, path)),
        "letters" => word_for(
            part_of(
                &world.funds,
                id,
                "/rounds/first/letters/2026-06-01/letters_on",
            )
            .is_empty(),
            "none",
            "held",
        ),
        "held_offer" => word_for(
            part_of(&world.grants, id, "/letters_on").is_empty(),
            "none",
            "held",
        ),
        "gathering" => part_of(&world.gatherings, id, "/state"),
        "asset" => part_of(&world.assets, id, "/state"),
        "introduction" => part_of(&world.introductions, id, "/state"),
        "consent" => {
            let given = part_of(&world.people, id, "/consents/invitations");
            word_for(given.is_empty(), "none", "given")
        }
        "barrier" => part_of(&world.barriers, id, "/state"),
        "pledge" => proposal_state(
            &part_of(&world.people, id, "/pledges/open/tell-three"),
            &part_of(&world.people, id, "/pledges/kept/0"),
            ["taken", "kept"],
        ),
        "attendance" => attendance(&|path| part_of(&world.applications, id, path)),
        _ => part_of_grant(table, &|path| part_of(&world.grants, id, path)),
    }
}

/// Whether the group has the file, and has sent the application that the file was handed in with.
fn file(world: &InMemoryDomain, id: Uuid) -> String {
    let file: FileDigest = FILE.parse().expect("a digest");
    let group = world.groups.get(&id);
    let is_draft = part_of(&world.applications, APPLICATION, "/state") == "draft";
    if group.is_some_and(|group| group.has_file(&file)) {
        word_for(is_draft, "handed_in", "sent")
    } else {
        "none".to_owned()
    }
}

/// The state of an application, and whether the letter about its decision is held.
fn letter(application: &dyn Fn(&str) -> String) -> String {
    let state = application("/state");
    if application("/held/letter/letters_on").is_empty() {
        state
    } else {
        format!("{state}_held")
    }
}

/// Whether a mail waits for a call or a letter to the person.
fn telling(world: &InMemoryDomain, id: Uuid) -> String {
    let Some(person) = world.people.get(&id) else {
        return "unknown".into();
    };
    if !part_of(&world.people, id, "/waiting_mails/passed_on").is_empty() {
        return "passed_on".into();
    }
    if part_of(&world.people, id, "/waiting_mails/waiting").is_empty() {
        return "settled".into();
    }
    word_for(person.has_email(), "waiting", "waiting_without_email")
}

/// The value at a path of a record's state, or nothing if there is no record.
fn part_of<S: Serialize>(all: &BTreeMap<Uuid, S>, id: Uuid, path: &str) -> String {
    all.get(&id)
        .map_or_else(String::new, |record| state_at(record, path))
}

/// The state of a grant, or of its first payment, update and so on. `grant` reads a path of it.
fn part_of_grant(table: &str, grant: &dyn Fn(&str) -> String) -> String {
    match table {
        "grant" => {
            let runs = ["accepted", "live", "reported"].contains(&grant("/state").as_str());
            if runs && grant("/held") == "true" {
                "on_hold".into()
            } else {
                grant("/state")
            }
        }
        "offer" => match (grant("/state").as_str(), grant("/offer_waits").as_str()) {
            ("offered", "true") => "waits".into(),
            ("offered", _) => "sent".into(),
            (state, _) => state.to_owned(),
        },
        "check" => grant("/checks/identity"),
        "schedule" => proposal_state(
            &grant("/proposed_schedule"),
            &grant("/instalments"),
            ["proposed", "scheduled"],
        ),
        "payment" => grant("/payments/1/state"),
        "early_payment" => early_payment(grant),
        "entry" => bank_entry(grant),
        "update" => grant("/updates/1/state"),
        "variation" => grant("/variations/1/state"),
        "raised_award" => attendance(grant),
        "revocation" => match (grant("/state").as_str(), grant("/revocations").as_str()) {
            ("terminated", _) => "confirmed".into(),
            (_, "0") => "none".into(),
            _ => "proposed".into(),
        },
        "story" => match grant("/stories/1").as_str() {
            "true" => "published".into(),
            "false" => "withdrawn".into(),
            _ => String::new(),
        },
        _ => underspend(grant),
    }
}

fn early_payment(grant: &dyn Fn(&str) -> String) -> String {
    let (proposed, early) = (
        grant("/payments/1/early_proposed"),
        grant("/payments/1/leaves_early"),
    );
    if proposed.is_empty() && early.is_empty() {
        grant("/payments/1/state")
    } else {
        word_for(proposed.is_empty(), "confirmed", "proposed")
    }
}

fn bank_entry(grant: &dyn Fn(&str) -> String) -> String {
    if grant("/unsettled/1").is_empty() {
        word_for(grant("/entries_made") == "0", "none", "settled")
    } else {
        let proposed = grant("/unsettled/1/proposed");
        word_for(proposed.is_empty(), "unsettled", "settlement_proposed")
    }
}

fn underspend(grant: &dyn Fn(&str) -> String) -> String {
    match (
        grant("/dues/underspend/amount").as_str(),
        grant("/dues/underspend/waiver").as_str(),
    ) {
        ("" | "0.00", _) => "nothing_due".into(),
        (_, "") => "due".into(),
        _ => "waiver_proposed".into(),
    }
}

/// Whether somebody who was named as present at a decision, of an application or of a grant, has
/// confirmed it.
fn attendance(record: &dyn Fn(&str) -> String) -> String {
    proposal_state(
        &record("/attendance/unconfirmed"),
        &record("/attendance/confirmed/1"),
        ["named", "confirmed"],
    )
}

fn person(world: &InMemoryDomain, id: Uuid) -> String {
    let Some(person) = world.people.get(&id).filter(|person| person.exists()) else {
        return "unknown".into();
    };
    let known = if person.unproven().is_some() {
        "introduced"
    } else {
        "registered"
    };
    erasure(person.erasure()).unwrap_or(known).to_owned()
}

fn contact(world: &InMemoryDomain, id: Uuid) -> String {
    let proposed = world
        .people
        .get(&id)
        .is_some_and(|person| person.proposed_contact().is_some());
    word_for(proposed, "proposed", "settled")
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

fn correction(world: &InMemoryDomain, id: Uuid) -> String {
    let name = part_of(&world.groups, id, "/proposed/name");
    word_for(!name.is_empty(), "proposed", "settled")
}

fn member(world: &InMemoryDomain, id: Uuid) -> String {
    let is_member = world
        .groups
        .get(&id)
        .is_some_and(|group| group.has_member(PersonId(STRANGER)));
    let invited = part_of(&world.groups, id, "/invited");
    match (is_member, invited.contains(&STRANGER.to_string())) {
        (true, _) => "member".into(),
        (_, true) => "invited".into(),
        _ => "none".into(),
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
