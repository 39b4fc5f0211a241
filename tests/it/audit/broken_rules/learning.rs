//! Breaks of the rules about lessons, aims and tallies, and about chosen stories. Each puts its own
//! events into the log, before the same one.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [of_lessons(), of_aims(), of_tallies(), of_stories()].concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// An event that is put in: its stream, its name and its fields.
type OwnEvent = (&'static str, &'static str, Value);

/// Puts events in, given by an officer. Days that are null are those of the clock.
fn put(log: &mut LogLines, events: Vec<OwnEvent>) {
    let first = log.first("FundPaused");
    let today = log.day_before(first);
    let organisation = log.id(log.first("OrganisationFounded"));
    let officer = log.holders("officer").swap_remove(0);
    for (at, (stream, event, mut fields)) in (first..).zip(events) {
        for day in [
            "published_on",
            "asked_on",
            "planned_on",
            "opened_on",
            "chosen_on",
        ] {
            if fields.get(day) == Some(&Value::Null) {
                fields[day] = json!(today);
            }
        }
        let id = match stream {
            "organisation" => organisation.clone(),
            _ => uuid::Uuid::from_u128(4050).to_string(),
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

/// A lesson whose event says this in addition.
fn lesson(number: u32, fields: &Value) -> OwnEvent {
    let mut whole = json!({
        "lesson": number,
        "title": "Begin with a meal",
        "words": "People talk when they eat.",
        "kind": "lesson",
        "voice": "staff",
        "themes": [],
        "signs": [],
        "published_on": null,
    });
    for (name, value) in fields.as_object().expect("fields") {
        whole[name] = value.clone();
    }
    ("organisation", "LessonPublished", whole)
}

fn withdrawn(number: u32) -> OwnEvent {
    let fields = json!({ "lesson": number });
    ("organisation", "LessonWithdrawn", fields)
}

fn of_lessons() -> Vec<Break> {
    use Rule::LessonConsented as CONSENTED;
    use Rule::StepsInOrder as STEPS;
    vec![
        broken(CONSENTED, "words of a group without consent", |log| {
            put(log, vec![lesson(1, &json!({ "voice": "group" }))]);
        }),
        broken(CONSENTED, "words of an update without consent", |log| {
            let grant = log.id(log.first("GrantOffered"));
            let origin = json!({ "from": "grant", "grant": grant, "update": 1 });
            put(log, vec![lesson(1, &json!({ "grew_from": origin }))]);
        }),
        broken(CONSENTED, "consent that came after it", |log| {
            let later = json!({ "consented_on": "2099-01-01", "how": "A call" });
            let fields = json!({ "voice": "group", "consent": later });
            put(log, vec![lesson(1, &fields)]);
        }),
        broken(CONSENTED, "a lesson without the next number", |log| {
            put(log, vec![lesson(7, &json!({}))]);
        }),
        broken(
            Rule::ThemeAdopted,
            "a lesson is about a theme that was not adopted",
            |log| put(log, vec![lesson(1, &json!({ "themes": ["fishing"] }))]),
        ),
        broken(STEPS, "a lesson was withdrawn twice", |log| {
            let events = vec![lesson(1, &json!({})), withdrawn(1), withdrawn(1)];
            put(log, events);
        }),
        broken(
            STEPS,
            "a lesson was withdrawn that was not published",
            |log| {
                put(log, vec![withdrawn(70)]);
            },
        ),
        broken(
            Rule::DaysOfTheClock,
            "a lesson was published on a day long ago",
            |log| {
                let long_ago = json!({ "published_on": "2020-01-06" });
                put(log, vec![lesson(1, &long_ago)]);
            },
        ),
    ]
}

fn aims(version: u32) -> OwnEvent {
    let option = |key: &str| json!({ "option": key, "label": key });
    let question = json!({
        "question": "lonely",
        "words": "How often do you feel lonely?",
        "options": [option("often"), option("never")],
        "source": "The office",
        "licence": "Any",
    });
    let aim = json!({ "aim": "meeting", "name": "Meeting", "level": 4, "questions": [question] });
    let fields = json!({ "version": version, "aims": [aim] });
    ("organisation", "AimsAdopted", fields)
}

fn of_aims() -> Vec<Break> {
    vec![broken(
        Rule::TallyOfAims,
        "aims were adopted without the next version",
        |log| put(log, vec![aims(9)]),
    )]
}

/// An open gathering, after which these events of it come.
fn at_gathering(own: Vec<OwnEvent>) -> Vec<OwnEvent> {
    let planned = json!({
        "kind": "circle",
        "about": { "title": "A circle", "description": "We meet." },
        "leads": [uuid::Uuid::from_u128(4051)],
        "sign_up": "named",
        "risk_check": false,
        "planned_on": null,
    });
    let mut all = vec![
        aims(1),
        ("gathering", "GatheringPlanned", planned),
        ("gathering", "GatheringOpened", json!({ "opened_on": null })),
    ];
    all.extend(own);
    all
}

/// A tally of the gathering, as the first, whose event says this in addition.
fn tally(fields: &Value) -> OwnEvent {
    let mut whole = json!({
        "tally": 1,
        "version": 1,
        "question": "lonely",
        "counts": { "often": 5 },
        "asked_on": null,
        "occasion": "baseline",
    });
    for (name, value) in fields.as_object().expect("fields") {
        whole[name] = value.clone();
    }
    ("gathering", "TallyGiven", whole)
}

fn corrected(number: u32, counts: &Value) -> OwnEvent {
    let fields = json!({ "tally": number, "counts": counts, "reason": "Misread" });
    ("gathering", "TallyCorrected", fields)
}

fn of_tallies() -> Vec<Break> {
    use Rule::TallyOfAims as TALLY;
    vec![
        broken(TALLY, "a tally of a version that was not adopted", |log| {
            put(log, at_gathering(vec![tally(&json!({ "version": 2 }))]));
        }),
        broken(TALLY, "a tally of an unknown question", |log| {
            put(
                log,
                at_gathering(vec![tally(&json!({ "question": "happy" }))]),
            );
        }),
        broken(TALLY, "a tally with an unknown option", |log| {
            let counts = json!({ "counts": { "sometimes": 5 } });
            put(log, at_gathering(vec![tally(&counts)]));
        }),
        broken(TALLY, "the answer of one person", |log| {
            let counts = json!({ "counts": { "often": 1 } });
            put(log, at_gathering(vec![tally(&counts)]));
        }),
        broken(TALLY, "a tally without the next number", |log| {
            put(log, at_gathering(vec![tally(&json!({ "tally": 2 }))]));
        }),
        broken(TALLY, "a correction of no tally", |log| {
            let counts = json!({ "often": 4 });
            put(log, at_gathering(vec![corrected(1, &counts)]));
        }),
        broken(TALLY, "a correction with an unknown option", |log| {
            let events = vec![tally(&json!({})), corrected(1, &json!({ "sometimes": 4 }))];
            put(log, at_gathering(events));
        }),
        broken(
            Rule::DaysOfTheClock,
            "people were asked on a day to come",
            |log| {
                let to_come = json!({ "asked_on": "2099-01-01" });
                put(log, at_gathering(vec![tally(&to_come)]));
            },
        ),
    ]
}

fn chosen(grant: &str, story: u32) -> OwnEvent {
    let fields = json!({ "grant": grant, "story": story, "why": "Much.", "chosen_on": null });
    ("gathering", "StoryChosen", fields)
}

fn of_stories() -> Vec<Break> {
    use Rule::ChosenStory as STORY;
    vec![
        broken(STORY, "a story was chosen that was not published", |log| {
            let grant = log.id(log.first("GrantOffered"));
            put(log, at_gathering(vec![chosen(&grant, 70)]));
        }),
        broken(STORY, "a story was chosen twice", |log| {
            let grant = uuid::Uuid::from_u128(4052).to_string();
            let twice = vec![chosen(&grant, 1), chosen(&grant, 1)];
            put(log, at_gathering(twice));
        }),
    ]
}
