//! Breaks of the rules about pledges and barriers. Each puts records of its own into the log.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [of_pledges(), of_answers(), of_others()].concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// An event that is put in: its stream and name, its fields, and the day field that is filled in.
type OwnEvent = (&'static str, &'static str, Value, Option<&'static str>);

/// The barrier that is put in, and the one that is joined to it.
const BARRIERS: [u128; 2] = [4600, 4601];

fn id_of(number: u128) -> String {
    uuid::Uuid::from_u128(number).to_string()
}

fn person(number: u128) -> String {
    id_of(4610 + number)
}

/// Puts these events in as an officer. Those of barriers are of the first, unless their fields name
/// another in `of`. The days are those of the clock.
fn put(log: &mut LogLines, events: &[OwnEvent]) {
    let first = log.first("FundPaused");
    let today = log.day_before(first);
    let officer = log.holders("officer").swap_remove(0);
    let organisation = log.id(log.first("OrganisationFounded"));
    for (at, (stream, event, fields, day)) in (first..).zip(events) {
        let mut fields = fields.clone();
        let of = fields
            .as_object_mut()
            .and_then(|fields| fields.remove("of"))
            .and_then(|of| of.as_str().map(str::to_owned));
        if let Some(day) = day {
            fields[*day] = json!(today);
        }
        let id = match *stream {
            "organisation" => organisation.clone(),
            "person" => person(1),
            _ => of.unwrap_or_else(|| id_of(BARRIERS[0])),
        };
        let new = NewEvent {
            stream,
            id,
            event,
            fields,
            actor: officer.clone(),
        };
        log.insert(at, new);
    }
}

fn published(version: u32, keys: &[&str]) -> OwnEvent {
    let pledge = |key: &&str| json!({ "pledge": key, "words": "I walk.", "due_after_days": 5 });
    let pledges: Vec<Value> = keys.iter().map(pledge).collect();
    let fields = json!({ "version": version, "pledges": pledges });
    ("organisation", "PledgesPublished", fields, None)
}

fn taken(pledge: &str, version: u32) -> OwnEvent {
    let fields = json!({ "pledge": pledge, "version": version, "due_on": "2026-03-01" });
    ("person", "PledgeTaken", fields, Some("taken_on"))
}

fn kept(pledge: &str) -> OwnEvent {
    let fields = json!({ "pledge": pledge });
    ("person", "PledgeKept", fields, Some("kept_on"))
}

fn of_pledges() -> Vec<Break> {
    use Rule::PledgeInForce as IN_FORCE;
    vec![
        broken(
            IN_FORCE,
            "a pledge was taken before any was published",
            |log| {
                put(log, &[taken("walk", 1)]);
            },
        ),
        broken(IN_FORCE, "a pledge was taken that does not stand", |log| {
            put(log, &[published(1, &["walk"]), taken("swim", 1)]);
        }),
        broken(IN_FORCE, "a pledge was taken in an older version", |log| {
            let events = [
                published(1, &["walk"]),
                published(2, &["walk"]),
                taken("walk", 1),
            ];
            put(log, &events);
        }),
        broken(IN_FORCE, "the pledges skip a version", |log| {
            put(log, &[published(3, &["walk"])]);
        }),
        broken(IN_FORCE, "two pledges have the same key", |log| {
            put(log, &[published(1, &["walk", "walk"])]);
        }),
        broken(IN_FORCE, "a pledge was kept twice", |log| {
            let events = [
                published(1, &["walk"]),
                taken("walk", 1),
                kept("walk"),
                kept("walk"),
            ];
            put(log, &events);
        }),
    ]
}

/// A barrier of a person, under whose key its words are.
fn raised(number: usize, by: u128, key: u128) -> OwnEvent {
    let words = json!({ "subject": person(key), "digest": "0".repeat(64) });
    let fields = json!({ "of": id_of(BARRIERS[number]), "person": person(by), "words": words });
    ("barrier", "BarrierRaised", fields, Some("raised_on"))
}

fn summed_up() -> OwnEvent {
    let fields = json!({ "summary": "There is no bus." });
    ("barrier", "BarrierSummedUp", fields, None)
}

fn passed_on() -> OwnEvent {
    let fields = json!({ "to": "The council", "asked": "A bus?", "due_on": "2026-03-01" });
    ("barrier", "BarrierPassedOn", fields, Some("passed_on"))
}

fn answered(comes_to: &str) -> OwnEvent {
    let fields = json!({ "answer": "There will be one.", "comes_to": comes_to });
    ("barrier", "BarrierAnswered", fields, Some("answered_on"))
}

fn withdrawn() -> OwnEvent {
    ("barrier", "BarrierWithdrawn", json!({}), None)
}

fn closed() -> OwnEvent {
    let fields = json!({ "reason": "It is done." });
    ("barrier", "BarrierClosed", fields, None)
}

fn joined() -> OwnEvent {
    let fields = json!({ "of": id_of(BARRIERS[1]), "into": id_of(BARRIERS[0]) });
    ("barrier", "BarrierJoined", fields, None)
}

fn taken_in(raised_by: &[String]) -> OwnEvent {
    let fields = json!({ "joined": id_of(BARRIERS[1]), "raised_by": raised_by });
    ("barrier", "BarrierTakenIn", fields, None)
}

fn of_answers() -> Vec<Break> {
    use Rule::AnswerAfterPassingOn as ANSWER;
    vec![
        broken(
            ANSWER,
            "a barrier was answered that nobody passed on",
            |log| {
                put(log, &[raised(0, 1, 1), summed_up(), answered("planned")]);
            },
        ),
        broken(ANSWER, "the same comes of a further answer", |log| {
            let events = [
                raised(0, 1, 1),
                summed_up(),
                passed_on(),
                answered("planned"),
                answered("planned"),
            ];
            put(log, &events);
        }),
        broken(
            ANSWER,
            "a barrier was withdrawn that was closed before",
            |log| {
                put(log, &[raised(0, 1, 1), closed(), withdrawn()]);
            },
        ),
        broken(
            ANSWER,
            "a barrier was answered after it was withdrawn",
            |log| {
                let events = [
                    raised(0, 1, 1),
                    summed_up(),
                    passed_on(),
                    withdrawn(),
                    answered("made"),
                ];
                put(log, &events);
            },
        ),
        broken(ANSWER, "a barrier took in one that was not joined", |log| {
            let events = [raised(0, 1, 1), raised(1, 2, 2), taken_in(&[person(2)])];
            put(log, &events);
        }),
        broken(ANSWER, "somebody who raised it is left out", |log| {
            let events = [raised(0, 1, 1), raised(1, 2, 2), joined(), taken_in(&[])];
            put(log, &events);
        }),
        broken(ANSWER, "a barrier was joined and not taken in", |log| {
            put(log, &[raised(0, 1, 1), raised(1, 2, 2), joined()]);
        }),
    ]
}

fn of_others() -> Vec<Break> {
    vec![
        broken(
            Rule::StepsInOrder,
            "a barrier was summed up twice over",
            |log| {
                let events = [raised(0, 1, 1), summed_up(), passed_on(), summed_up()];
                put(log, &events);
            },
        ),
        broken(
            Rule::OwnKey,
            "the key of another encrypts the words",
            |log| {
                put(log, &[raised(0, 1, 2)]);
            },
        ),
        broken(
            Rule::ThemeAdopted,
            "a barrier has an unknown theme",
            |log| {
                let (stream, event, mut fields, day) = raised(0, 1, 1);
                fields["theme"] = json!("fishing");
                put(log, &[(stream, event, fields, day)]);
            },
        ),
        broken(
            Rule::DaysOfTheClock,
            "a barrier was raised on another day",
            |log| {
                let (stream, event, mut fields, _) = raised(0, 1, 1);
                fields["raised_on"] = json!("2020-01-05");
                put(log, &[(stream, event, fields, None)]);
            },
        ),
    ]
}
