//! Breaks of the rules about the directory. Each puts an entry of its own into the log.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [
        of_privacy(),
        of_hours(),
        of_steps(),
        of_givers(),
        of_values(),
    ]
    .concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// An event of the entry that is put in: its name and its fields.
type OwnEvent = (&'static str, Value);

/// Puts an entry in whose first event says this, and then these events of it, as an officer.
fn put(log: &mut LogLines, recorded: &Value, events: &[OwnEvent]) {
    let officer = log.holders("officer").swap_remove(0);
    put_as(log, recorded, events, &officer);
}

/// The same. The last of the events is given by this actor, the others by an officer.
fn put_as(log: &mut LogLines, recorded: &Value, events: &[OwnEvent], last_by: &str) {
    let mut at = log.first("FundPaused");
    let officer = log.holders("officer").swap_remove(0);
    let today = log.day_before(at);
    let mut fields = json!({
        "way": "offer",
        "kind": "organisation",
        "name": "A surgery",
        "keeper": officer,
        "recorded_on": today,
    });
    for (name, value) in recorded.as_object().expect("fields") {
        fields[name] = value.clone();
    }
    if fields["name"].is_null() {
        fields.as_object_mut().expect("fields").remove("name");
    }
    let first = ("AssetRecorded", fields);
    for (place, (event, fields)) in std::iter::once(&first).chain(events).enumerate() {
        let mut fields = fields.clone();
        for day in [
            "published_on",
            "confirmed_on",
            "withdrawn_on",
            "tied_on",
            "on",
        ] {
            if fields.get(day).is_some_and(Value::is_null) {
                fields[day] = json!(today);
            }
        }
        let is_last = place == events.len();
        let actor = if is_last { last_by } else { officer.as_str() };
        let new = NewEvent {
            stream: "asset",
            id: uuid::Uuid::from_u128(5050).to_string(),
            event,
            fields,
            actor: actor.to_owned(),
        };
        log.insert(at, new);
        at += 1;
    }
}

fn person(number: u128) -> String {
    uuid::Uuid::from_u128(5100 + number).to_string()
}

fn group(number: u128) -> Value {
    json!({ "group": uuid::Uuid::from_u128(5200 + number) })
}

/// Something that a person wrote about what they hold.
fn words_of(number: u128) -> Value {
    json!({ "subject": person(number), "digest": "0".repeat(64) })
}

/// What a person holds, as its first event says it.
fn of_person() -> Value {
    json!({
        "kind": "skill",
        "name": null,
        "holder": { "person": person(1) },
        "words": words_of(1),
    })
}

/// The day is put in with the event.
fn published() -> OwnEvent {
    let listing = json!({ "name": "A surgery", "description": "We listen.", "welcomes": false });
    let fields = json!({ "listing": listing, "published_on": null });
    ("AssetPublished", fields)
}

fn exchange(number: u32, (giver, receiver): (Value, Value), minutes: u32) -> OwnEvent {
    let fields = json!({
        "exchange": number,
        "giver": giver,
        "receiver": receiver,
        "minutes": minutes,
        "on": null,
    });
    ("ExchangeRecorded", fields)
}

fn of_privacy() -> Vec<Break> {
    use Rule::{DirectoryConsent as CONSENT, DirectoryPrivate as PRIVATE};
    vec![
        broken(CONSENT, "a skill was recorded without consent", |log| {
            put(log, &of_person(), &[]);
        }),
        broken(PRIVATE, "an entry that nobody holds has no name", |log| {
            put(log, &json!({ "name": null }), &[]);
        }),
        broken(PRIVATE, "a skill is nobody's", |log| {
            put(log, &json!({ "kind": "skill" }), &[]);
        }),
        broken(CONSENT, "a person gave time without consent", |log| {
            let giver = json!({ "person": person(1) });
            put(log, &json!({}), &[exchange(1, (giver, group(1)), 90)]);
        }),
    ]
}

fn of_hours() -> Vec<Break> {
    use Rule::HoursBalanced as HOURS;
    vec![
        broken(Rule::HoursReceived, "a group gave time to itself", |log| {
            put(log, &json!({}), &[exchange(1, (group(1), group(1)), 90)]);
        }),
        broken(
            Rule::HoursReceived,
            "a member recorded what the group gave",
            |log| {
                let joined = log.first("MemberAdded");
                let (own, member) = (log.id(joined), log.fields(joined)["person"].clone());
                let given = exchange(1, (json!({ "group": own }), group(1)), 90);
                let member = member.as_str().expect("a member");
                put_as(
                    log,
                    &json!({ "holder": { "group": own } }),
                    &[given],
                    member,
                );
            },
        ),
        broken(HOURS, "an exchange has no minutes", |log| {
            put(log, &json!({}), &[exchange(1, (group(1), group(2)), 0)]);
        }),
        broken(HOURS, "an exchange has a number too high", |log| {
            put(log, &json!({}), &[exchange(2, (group(1), group(2)), 90)]);
        }),
        broken(HOURS, "an exchange was corrected that was not", |log| {
            let fields = json!({ "exchange": 1, "minutes": 60, "reason": "Less." });
            put(log, &json!({}), &[("ExchangeCorrected", fields)]);
        }),
    ]
}

fn of_steps() -> Vec<Break> {
    use Rule::StepsInOrder as STEPS;
    vec![
        broken(STEPS, "an entry was paused that was not published", |log| {
            put(log, &json!({}), &[("AssetPaused", json!({}))]);
        }),
        broken(
            STEPS,
            "an entry was published after it was withdrawn",
            |log| {
                let withdrawn = ("AssetWithdrawn", json!({ "withdrawn_on": null }));
                put(log, &json!({}), &[withdrawn, published()]);
            },
        ),
        broken(
            Rule::DaysOfTheClock,
            "an entry was confirmed on a day long ago",
            |log| {
                let confirmed = json!({ "confirmed_on": "2020-01-06" });
                put(
                    log,
                    &json!({}),
                    &[published(), ("AssetConfirmed", confirmed)],
                );
            },
        ),
    ]
}

fn of_givers() -> Vec<Break> {
    use Rule::ActorAllowed as ALLOWED;
    vec![
        broken(ALLOWED, "a stranger published an entry", |log| {
            put_as(log, &json!({}), &[published()], &person(1));
        }),
        broken(ALLOWED, "a stranger confirmed an entry", |log| {
            let confirmed = ("AssetConfirmed", json!({ "confirmed_on": null }));
            put_as(log, &json!({}), &[published(), confirmed], &person(1));
        }),
    ]
}

fn of_values() -> Vec<Break> {
    vec![
        broken(
            Rule::OwnKey,
            "the key of somebody else encrypts words about an entry",
            |log| {
                let proposed = json!({ "words": words_of(2) });
                put(
                    log,
                    &json!({ "holder": group(1) }),
                    &[("WordsProposed", proposed)],
                );
            },
        ),
        broken(
            Rule::ThemeAdopted,
            "an entry is about a theme that was not adopted",
            |log| {
                put(log, &json!({ "themes": ["fishing"] }), &[]);
            },
        ),
    ]
}
