//! Breaks of the rules about introductions and consent. Each puts an introduction of its own into
//! the log.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [
        of_notices(),
        of_agreements(),
        of_welcome(),
        of_checks(),
        of_others(),
    ]
    .concat()
}

/// The number of the entry to which people are introduced.
const ENTRY: u128 = 6200;

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// An event of the introduction that is put in: its name and its fields.
type OwnEvent = (&'static str, Value);

fn id_of(number: u128) -> String {
    uuid::Uuid::from_u128(number).to_string()
}

/// Puts a notice of this version in, counted from those of the log, and then these events of an
/// introduction, as an officer. The days that the fields leave out are those of the clock.
fn put(log: &mut LogLines, notice: u32, events: &[OwnEvent]) {
    let officer = log.holders("officer").swap_remove(0);
    put_as(log, notice, events, &officer);
}

/// The same. The last of the events is given by this actor.
fn put_as(log: &mut LogLines, notice: u32, events: &[OwnEvent], last_by: &str) {
    put_between(log, notice, events, (&holder_of(events), last_by));
}

/// The same, as an officer. The entry is held by this party.
fn put_held(log: &mut LogLines, notice: u32, events: &[OwnEvent], holder: &Value) {
    let officer = log.holders("officer").swap_remove(0);
    put_between(log, notice, events, (holder, &officer));
}

fn put_between(
    log: &mut LogLines,
    notice: u32,
    events: &[OwnEvent],
    (holder, last_by): (&Value, &str),
) {
    let mut at = log.first("FundPaused");
    let today = log.day_before(at);
    let officer = log.holders("officer").swap_remove(0);
    let administrator = log.holders("administrator").swap_remove(0);
    let before = notices_before(log, at);
    let published = NewEvent {
        stream: "organisation",
        id: log.id(log.first("OrganisationFounded")),
        event: "NoticePublished",
        fields: json!({
            "version": before + notice,
            "purpose": "introductions",
            "hash": "0",
            "text": "We tell them.",
        }),
        actor: administrator,
    };
    log.insert(at, published);
    at += 1;
    for (event, fields) in entry_events(&today, &officer, holder) {
        let new = NewEvent {
            stream: "asset",
            id: id_of(ENTRY),
            event,
            fields,
            actor: officer.clone(),
        };
        log.insert(at, new);
        at += 1;
    }
    for (place, (event, fields)) in events.iter().enumerate() {
        let mut fields = fields.clone();
        let day = match *event {
            "IntroductionAsked" => Some("asked_on"),
            "IntroductionAgreed" => Some("agreed_on"),
            "IntroductionMade" => Some("made_on"),
            "IntroductionTakenBack" => Some("taken_back_on"),
            _ => None,
        };
        if let Some(named) = fields["notice"].as_u64() {
            fields["notice"] = json!(named + u64::from(before));
        }
        if let Some(day) = day.filter(|day| fields[*day].is_null()) {
            fields[day] = json!(today);
        }
        let is_last = place + 1 == events.len();
        let actor = if is_last { last_by } else { officer.as_str() };
        let new = NewEvent {
            stream: "introduction",
            id: id_of(6060),
            event,
            fields,
            actor: actor.to_owned(),
        };
        log.insert(at, new);
        at += 1;
    }
}

/// The group that holds the entry, as an introduction names it when it is made.
fn holder_of(events: &[OwnEvent]) -> Value {
    let held = events.iter().find_map(|(_, fields)| fields.get("holder"));
    held.map_or(Value::Null, |group| json!({ "group": group }))
}

/// An entry that welcomes people.
fn entry_events(today: &str, keeper: &str, holder: &Value) -> [OwnEvent; 2] {
    let mut recorded = json!({
        "way": "offer",
        "kind": "organisation",
        "name": "A tea room",
        "keeper": keeper,
        "recorded_on": today,
    });
    if !holder.is_null() {
        recorded["holder"] = holder.clone();
    }
    let listing = json!({ "name": "A tea room", "description": "Come in.", "welcomes": true });
    let published = json!({ "listing": listing, "published_on": today });
    [("AssetRecorded", recorded), ("AssetPublished", published)]
}

/// How many notices for introductions were published before a place of the log.
fn notices_before(log: &LogLines, at: usize) -> u32 {
    let published = log.all("NoticePublished").into_iter();
    let before = published
        .filter(|place| *place < at)
        .filter(|place| log.fields(*place)["purpose"] == "introductions");
    u32::try_from(before.count()).expect("few")
}

fn asked(at_risk: bool) -> OwnEvent {
    let of = json!({ "person": id_of(6100) });
    let fields = json!({ "of": of, "to": id_of(ENTRY), "at_risk": at_risk });
    ("IntroductionAsked", fields)
}

fn agreed(notice: u32, read_back: bool) -> OwnEvent {
    let fields = json!({
        "notice": notice, "channel": "phone", "read_back": read_back, "shares": ["name"],
    });
    ("IntroductionAgreed", fields)
}

fn made(to: u128) -> OwnEvent {
    ("IntroductionMade", json!({ "to": id_of(to) }))
}

fn of_notices() -> Vec<Break> {
    use Rule::ConsentOnNotice as NOTICE;
    vec![
        broken(
            NOTICE,
            "they agreed on a notice of another version",
            |log| {
                put(log, 1, &[asked(false), agreed(2, true)]);
            },
        ),
        broken(NOTICE, "a notice skipped a version", |log| {
            put(log, 3, &[asked(false)]);
        }),
    ]
}

fn of_agreements() -> Vec<Break> {
    use Rule::IntroductionAgreed as AGREED;
    vec![
        broken(
            AGREED,
            "a person was introduced who had not agreed",
            |log| {
                put(log, 1, &[asked(false), made(ENTRY)]);
            },
        ),
        broken(AGREED, "a person was introduced to another entry", |log| {
            put(log, 1, &[asked(false), agreed(1, true), made(ENTRY + 1)]);
        }),
        broken(
            AGREED,
            "a person was introduced who had taken it back",
            |log| {
                let back = ("IntroductionTakenBack", json!({ "channel": "phone" }));
                put(log, 1, &[asked(false), agreed(1, true), back, made(ENTRY)]);
            },
        ),
        broken(AGREED, "nobody read it back", |log| {
            put(log, 1, &[asked(false), agreed(1, false)]);
        }),
    ]
}

fn of_welcome() -> Vec<Break> {
    use Rule::IntroductionWelcomed as WELCOMED;
    vec![
        broken(WELCOMED, "an entry does not welcome people", |log| {
            let (event, mut fields) = asked(false);
            fields["to"] = json!(id_of(ENTRY + 1));
            put(log, 1, &[(event, fields)]);
        }),
        broken(WELCOMED, "a group was introduced to its own entry", |log| {
            let group = log.id(log.first("GroupRegistered"));
            let (event, mut of_group) = asked(false);
            of_group["of"] = json!({ "group": group });
            let (made, mut by_own) = made(ENTRY);
            by_own["holder"] = json!(group);
            let events = [(event, of_group), agreed(1, true), (made, by_own)];
            put(log, 1, &events);
        }),
        broken(WELCOMED, "another group is named as the holder", |log| {
            let (event, mut fields) = made(ENTRY);
            let group = log.id(log.first("GroupRegistered"));
            fields["holder"] = json!(group);
            let events = [asked(false), agreed(1, true), (event, fields)];
            put_held(log, 1, &events, &Value::Null);
        }),
    ]
}

fn of_checks() -> Vec<Break> {
    use Rule::IntroductionChecked as CHECKED;
    vec![
        broken(CHECKED, "a person at risk came to nobody's entry", |log| {
            put(log, 1, &[asked(true), agreed(1, true), made(ENTRY)]);
        }),
        broken(CHECKED, "staff said so when they made it", |log| {
            let (event, mut fields) = made(ENTRY);
            fields["at_risk"] = json!(true);
            put(log, 1, &[asked(false), agreed(1, true), (event, fields)]);
        }),
        broken(
            CHECKED,
            "a person at risk came to an unchecked group",
            |log| {
                let group = log.id(log.first("GroupRegistered"));
                let (event, mut fields) = made(ENTRY);
                fields["holder"] = json!(group);
                put(log, 1, &[asked(true), agreed(1, true), (event, fields)]);
            },
        ),
    ]
}

fn of_others() -> Vec<Break> {
    vec![
        broken(Rule::StepsInOrder, "it was made twice", |log| {
            let events = [asked(false), agreed(1, true), made(ENTRY), made(ENTRY)];
            put(log, 1, &events);
        }),
        broken(
            Rule::ActorAllowed,
            "a stranger agreed for somebody else",
            |log| {
                put_as(log, 1, &[asked(false), agreed(1, true)], &id_of(6101));
            },
        ),
        broken(
            Rule::OwnKey,
            "the key of another encrypts what matters",
            |log| {
                let (event, mut fields) = agreed(1, true);
                fields["matters"] = json!({ "subject": id_of(6101), "digest": "0".repeat(64) });
                put(log, 1, &[asked(false), (event, fields)]);
            },
        ),
        broken(
            Rule::ActorNamed,
            "another is named who recorded it",
            |log| {
                let (event, mut fields) = agreed(1, true);
                fields["keyed_by"] = json!(id_of(6101));
                put(log, 1, &[asked(false), (event, fields)]);
            },
        ),
        broken(Rule::DaysOfTheClock, "it was asked long ago", |log| {
            let (event, mut fields) = asked(false);
            fields["asked_on"] = json!("2020-01-06");
            put(log, 1, &[(event, fields)]);
        }),
    ]
}
