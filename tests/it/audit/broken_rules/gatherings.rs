//! Breaks of the rules about gatherings. Each puts a gathering of its own into the log.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [
        of_leads(),
        of_places(),
        of_steps(),
        of_givers(),
        of_values(),
    ]
    .concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// An event of the gathering that is put in: its name and its fields.
type OwnEvent = (&'static str, Value);

/// Puts a gathering in whose plan says this, and then these events of it, as an officer.
fn put(log: &mut LogLines, plan: &Value, events: &[OwnEvent]) {
    let officer = log.holders("officer").swap_remove(0);
    put_as(log, plan, events, &officer);
}

/// The same with an open gathering that officers lead.
fn put_open(log: &mut LogLines, events: &[OwnEvent]) {
    let all: Vec<OwnEvent> = std::iter::once(&opened()).chain(events).cloned().collect();
    put(log, &json!({}), &all);
}

/// Puts a gathering in whose plan says this. The last of its events is given by this actor, the
/// others by an officer. The days are those of the clock.
fn put_as(log: &mut LogLines, plan: &Value, events: &[OwnEvent], last_by: &str) {
    let mut at = log.first("FundPaused");
    let today = log.day_before(at);
    let mut fields = json!({
        "kind": "activity",
        "about": { "title": "A walk", "description": "We walk." },
        "leads": log.holders("officer"),
        "sign_up": "named",
        "risk_check": false,
        "planned_on": today,
    });
    for (name, value) in plan.as_object().expect("fields") {
        fields[name] = value.clone();
    }
    let officer = log.holders("officer").swap_remove(0);
    let first = ("GatheringPlanned", fields);
    for (place, (event, fields)) in std::iter::once(&first).chain(events).enumerate() {
        let mut fields = fields.clone();
        if *event == "GatheringOpened" && fields["opened_on"].is_null() {
            fields["opened_on"] = json!(today);
        }
        let is_last = place == events.len();
        let actor = if is_last { last_by } else { officer.as_str() };
        let new = NewEvent {
            stream: "gathering",
            id: uuid::Uuid::from_u128(4040).to_string(),
            event,
            fields,
            actor: actor.to_owned(),
        };
        log.insert(at, new);
        at += 1;
    }
}

fn of_leads() -> Vec<Break> {
    use Rule::GatheringLed as LED;
    vec![
        broken(LED, "a gathering opened that no one led", |log| {
            put(log, &json!({ "leads": [] }), &[opened()]);
        }),
        broken(LED, "a gathering opened without a risk check", |log| {
            put(log, &json!({ "risk_check": true }), &[opened()]);
        }),
        broken(LED, "the risk check was out of date", |log| {
            let checked = ("RiskChecked", json!({ "good_until": "2020-01-05" }));
            put(log, &json!({ "risk_check": true }), &[checked, opened()]);
        }),
        broken(LED, "the last lead left", |log| {
            let lead = log.holders("officer").swap_remove(0);
            let left = ("LeadLeft", json!({ "person": lead }));
            put(log, &json!({ "leads": [lead] }), &[opened(), left]);
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

/// The day is put in with the event.
fn opened() -> OwnEvent {
    ("GatheringOpened", json!({}))
}

fn person(number: u128) -> String {
    uuid::Uuid::from_u128(4100 + number).to_string()
}

/// The session of the gathering, with this many places.
fn session(event: &'static str, places: u32) -> OwnEvent {
    let plan = json!({
        "day": "2026-02-05",
        "starts_at": "13:30",
        "ends_at": "15:00",
        "place_for": "everyone",
        "places": places,
    });
    (event, json!({ "session": 1, "plan": plan }))
}

fn place(number: u128, waited: bool) -> OwnEvent {
    let fields = json!({ "session": 1, "person": person(number), "waited": waited });
    ("PlaceTaken", fields)
}

fn waits(number: u128, rank: u32) -> OwnEvent {
    let fields = json!({ "session": 1, "person": person(number), "rank": rank });
    ("WaitingJoined", fields)
}

fn of_places() -> Vec<Break> {
    use Rule::SessionPlaces as PLACES;
    vec![
        broken(PLACES, "two people have the one place", |log| {
            let events = [session("SessionAdded", 1), place(1, false), place(2, false)];
            put_open(log, &events);
        }),
        broken(PLACES, "a person has two places", |log| {
            let events = [session("SessionAdded", 3), place(1, false), place(1, false)];
            put_open(log, &events);
        }),
        broken(PLACES, "a person waits who has a place", |log| {
            let events = [session("SessionAdded", 1), place(1, false), waits(1, 1)];
            put_open(log, &events);
        }),
        broken(PLACES, "a person waits for a free place", |log| {
            let events = [session("SessionAdded", 2), place(1, false), waits(2, 1)];
            put_open(log, &events);
        }),
        broken(PLACES, "a person who waits is ahead of another", |log| {
            let events = [
                session("SessionAdded", 1),
                place(1, false),
                waits(2, 1),
                waits(3, 1),
            ];
            put_open(log, &events);
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
            put_open(log, &events);
        }),
        broken(PLACES, "a session has fewer places than people", |log| {
            let events = [
                session("SessionAdded", 2),
                place(1, false),
                place(2, false),
                session("SessionMoved", 1),
            ];
            put_open(log, &events);
        }),
        broken(PLACES, "a name was kept where people are counted", |log| {
            let events = [opened(), session("SessionAdded", 2), place(1, false)];
            put(log, &json!({ "sign_up": "counted" }), &events);
        }),
    ]
}

fn cancelled() -> OwnEvent {
    let fields = json!({ "session": 1, "reason": "It snows." });
    ("SessionCancelled", fields)
}

fn of_steps() -> Vec<Break> {
    use Rule::StepsInOrder as STEPS;
    vec![
        broken(STEPS, "a gathering opened twice", |log| {
            put_open(log, &[opened()]);
        }),
        broken(STEPS, "a person signed up before it opened", |log| {
            let events = [session("SessionAdded", 1), place(1, false)];
            put(log, &json!({}), &events);
        }),
        broken(STEPS, "a person signed up for no session", |log| {
            put_open(log, &[place(1, false)]);
        }),
        broken(STEPS, "a session was held that was cancelled", |log| {
            let held = json!({ "session": 1, "came": { "people": 3 } });
            let events = [
                session("SessionAdded", 1),
                cancelled(),
                ("SessionHeld", held),
            ];
            put_open(log, &events);
        }),
        broken(
            Rule::DaysOfTheClock,
            "a gathering opened on a day long ago",
            |log| {
                let long_ago = json!({ "opened_on": "2020-01-06" });
                put(log, &json!({}), &[("GatheringOpened", long_ago)]);
            },
        ),
    ]
}

fn of_givers() -> Vec<Break> {
    use Rule::ActorAllowed as ALLOWED;
    vec![
        broken(ALLOWED, "a stranger opened a gathering", |log| {
            put_as(log, &json!({}), &[opened()], &person(1));
        }),
        broken(ALLOWED, "a person signed another up", |log| {
            let events = [opened(), session("SessionAdded", 2), place(1, false)];
            put_as(log, &json!({}), &events, &person(2));
        }),
        broken(ALLOWED, "a person who left the lead cancelled", |log| {
            let offered = json!({ "person": person(1) });
            let taken = json!({ "person": person(1), "staff": false });
            let events = [
                ("LeadOffered", offered.clone()),
                ("LeadTaken", taken),
                session("SessionAdded", 2),
                ("LeadLeft", offered),
                cancelled(),
            ];
            put_as(log, &json!({}), &events, &person(1));
        }),
    ]
}

/// Something that a person wrote about their needs.
fn needs_of(number: u128) -> Value {
    json!({ "subject": person(number), "digest": "0".repeat(64) })
}

fn of_values() -> Vec<Break> {
    vec![
        broken(
            Rule::OwnKey,
            "the key of another encrypts what a person needs",
            |log| {
                let (event, mut fields) = place(1, false);
                fields["needs"] = needs_of(2);
                put_open(log, &[session("SessionAdded", 2), (event, fields)]);
            },
        ),
        broken(
            Rule::OwnKey,
            "the needs of somebody were deleted who had not signed up",
            |log| {
                let forgotten = json!({ "session": 1, "needs": [needs_of(2)] });
                let events = [
                    session("SessionAdded", 2),
                    place(1, false),
                    ("NeedsForgotten", forgotten),
                ];
                put_open(log, &events);
            },
        ),
        broken(
            Rule::OwnKey,
            "what somebody asked for was deleted who had not asked",
            |log| {
                let forgotten = json!({ "words": [needs_of(2)] });
                put_open(log, &[("HandForgotten", forgotten)]);
            },
        ),
        broken(
            Rule::ThemeAdopted,
            "a gathering is about a theme that was not adopted",
            |log| {
                let about = json!({
                    "title": "A walk", "description": "We walk.", "themes": ["fishing"],
                });
                put(log, &json!({ "about": about }), &[]);
            },
        ),
    ]
}
