//! Breaks of the rules about gatherings. Each puts a gathering of its own into the log.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [of_leads(), of_places()].concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// Puts a gathering in whose plan says this, and then these events of it.
fn put(log: &mut LogLines, plan: &Value, events: &[(&'static str, Value)]) {
    let mut fields = json!({
        "kind": "activity",
        "about": { "title": "A walk", "description": "We walk." },
        "leads": log.holders("officer"),
        "sign_up": "named",
        "risk_check": false,
        "planned_on": "2026-01-05",
    });
    for (name, value) in plan.as_object().expect("fields") {
        fields[name] = value.clone();
    }
    let actor = log.holders("officer").swap_remove(0);
    let first = ("GatheringPlanned", fields);
    let mut at = log.first("FundPaused");
    for (event, fields) in std::iter::once(&first).chain(events) {
        let new = NewEvent {
            stream: "gathering",
            id: uuid::Uuid::from_u128(4040).to_string(),
            event: *event,
            fields: fields.clone(),
            actor: actor.clone(),
        };
        log.insert(at, new);
        at += 1;
    }
}

fn of_leads() -> Vec<Break> {
    use Rule::GatheringLed as LED;
    vec![
        broken(LED, "a gathering opened that no one led", |log| {
            put(log, &json!({ "leads": [] }), &[opened_on()]);
        }),
        broken(LED, "a gathering opened without a risk check", |log| {
            put(log, &json!({ "risk_check": true }), &[opened_on()]);
        }),
        broken(LED, "the risk check was out of date", |log| {
            let checked = ("RiskChecked", json!({ "good_until": "2026-01-05" }));
            put(log, &json!({ "risk_check": true }), &[checked, opened_on()]);
        }),
        broken(LED, "the last lead left", |log| {
            let lead = log.holders("officer").swap_remove(0);
            let left = ("LeadLeft", json!({ "person": lead }));
            put(log, &json!({ "leads": [lead] }), &[opened_on(), left]);
        }),
        broken(LED, "an offer was taken that another had replaced", |log| {
            let taken = json!({ "person": person(1), "staff": false });
            let events = [
                ("LeadOffered", json!({ "person": person(1) })),
                ("LeadOffered", json!({ "person": person(2) })),
                ("LeadTaken", taken),
            ];
            put(log, &json!({}), &events);
        }),
    ]
}

fn opened_on() -> (&'static str, Value) {
    ("GatheringOpened", json!({ "opened_on": "2026-01-06" }))
}

fn person(number: u128) -> String {
    uuid::Uuid::from_u128(4100 + number).to_string()
}

/// The session of the gathering, with this many places.
fn session(event: &'static str, places: u32) -> (&'static str, Value) {
    let plan = json!({
        "day": "2026-02-05",
        "starts_at": "13:30",
        "ends_at": "15:00",
        "place_for": "everyone",
        "places": places,
    });
    (event, json!({ "session": 1, "plan": plan }))
}

fn place(number: u128, waited: bool) -> (&'static str, Value) {
    let fields = json!({ "session": 1, "person": person(number), "waited": waited });
    ("PlaceTaken", fields)
}

fn waits(number: u128, rank: u32) -> (&'static str, Value) {
    let fields = json!({ "session": 1, "person": person(number), "rank": rank });
    ("WaitingJoined", fields)
}

fn of_places() -> Vec<Break> {
    use Rule::SessionPlaces as PLACES;
    vec![
        broken(PLACES, "two people have the one place", |log| {
            let events = [session("SessionAdded", 1), place(1, false), place(2, false)];
            put(log, &json!({}), &events);
        }),
        broken(PLACES, "a person has two places", |log| {
            let events = [session("SessionAdded", 3), place(1, false), place(1, false)];
            put(log, &json!({}), &events);
        }),
        broken(PLACES, "a person waits who has a place", |log| {
            let events = [session("SessionAdded", 1), place(1, false), waits(1, 1)];
            put(log, &json!({}), &events);
        }),
        broken(PLACES, "a person waits for a free place", |log| {
            let events = [session("SessionAdded", 2), place(1, false), waits(2, 1)];
            put(log, &json!({}), &events);
        }),
        broken(PLACES, "a person who waits is ahead of another", |log| {
            let events = [
                session("SessionAdded", 1),
                place(1, false),
                waits(2, 1),
                waits(3, 1),
            ];
            put(log, &json!({}), &events);
        }),
        broken(PLACES, "the second who waited got the place", |log| {
            let given_up = json!({ "session": 1, "person": person(1) });
            let events = [
                session("SessionAdded", 1),
                place(1, false),
                waits(2, 1),
                waits(3, 2),
                ("PlaceGivenUp", given_up),
                place(3, true),
            ];
            put(log, &json!({}), &events);
        }),
        broken(PLACES, "a session has fewer places than people", |log| {
            let events = [
                session("SessionAdded", 2),
                place(1, false),
                place(2, false),
                session("SessionMoved", 1),
            ];
            put(log, &json!({}), &events);
        }),
        broken(PLACES, "a name was kept where people are counted", |log| {
            let events = [session("SessionAdded", 2), place(1, false)];
            put(log, &json!({ "sign_up": "counted" }), &events);
        }),
    ]
}
