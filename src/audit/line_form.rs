//! The form of a line of the log: ids as the program writes them, a version that exists, the
//! spelling of values, and the metadata of the event's command. `docs/reference/log-format.md`
//! documents it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::application::Channel;
use crate::domain::event::EVENT_NAMES;
use crate::domain::{Event, Money};
use crate::eventlog::recorded_event::{
    DECISION_AGE_MAX_US, DECISION_AHEAD_MAX_US, Metadata, RecordedEvent,
};
use crate::eventlog::upcast;
use crate::store::events::EventRow;

/// The metadata that every event has. An event can have `roles` and `on_behalf_of` as well.
pub(super) const METADATA: [&str; 7] = [
    "actor",
    "causation_id",
    "channel",
    "command",
    "command_id",
    "correlation_id",
    "decided_at",
];

/// Who can act apart from people.
pub(super) const SERVICE_ACTORS: [&str; 2] = ["operator", "job"];

/// The largest whole number of a log. A reader that takes numbers as RFC 8785 does holds no larger
/// one exactly.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The first fault in the names of a line: its ids, event type, version, and the name in its
/// payload. Such an event is not checked further, because its record and content are uncertain.
pub(super) fn name_fault(row: &EventRow) -> Option<String> {
    for (name, id) in [("id", &row.aggregate_id), ("command_id", &row.command_id)] {
        if !is_uuid(id) {
            return Some(format!("{name} is not a UUID in lower case"));
        }
    }
    let (event, version) = (&row.event_type, &row.event_version);
    if !upcast::is_known_version(event, version) {
        return Some(format!("{event} has no version {version}"));
    }
    let is_named = is_named(&row.payload, event);
    (!is_named).then(|| format!("it is called {event}, and its payload is not"))
}

/// The first number, amount, day, moment or digest that is not written as the program writes it.
/// Such an event counts as unreadable, so that every verifier continues from the same state and
/// none interprets the value.
pub(super) fn payload_fault(row: &EventRow, event: &Event) -> Option<String> {
    number_fault(&row.payload)
        .or_else(|| spelling_fault(&row.payload, event))
        .or_else(|| digest_fault(&row.payload))
}

/// A number of a payload that is no whole number from 0 on, or is too large.
fn number_fault(payload: &str) -> Option<String> {
    let is_number = |part: &str| part.starts_with(|first: char| "-0123456789".contains(first));
    let is_of_log = |part: &str| part.parse::<u64>().is_ok_and(|number| number <= NUMBER_MAX);
    // After an odd number of backslashes, a quote is a sign of the text.
    let goes_on = |part: &str| (part.len() - part.trim_end_matches('\\').len()) % 2 == 1;
    let mut parts = payload.split('"');
    loop {
        // What is between two texts, and then the text.
        let between = parts.next()?;
        let mut numbers = between.split([':', ',', '[', ']', '{', '}']);
        if let Some(other) = numbers.find(|part| is_number(part) && !is_of_log(part)) {
            return Some(format!("it has {other}, which is no number of a log"));
        }
        while goes_on(parts.next()?) {}
    }
}

/// The first id, amount, day or moment of a payload that is written in another way than the program
/// writes it. Fields that the program would write and an earlier one did not are not compared.
fn spelling_fault(payload: &str, event: &Event) -> Option<String> {
    // Most payloads have no text that can be meant: to write them anew takes long.
    if !payload.split('"').any(is_other_spelling) {
        return None;
    }
    let said: Value = serde_json::from_str(payload).ok()?;
    let written = event.to_json().ok()?;
    find_other_spelling(&said, &written)
}

/// Whether a text could be read as an id, an amount, a day or a moment, and is not written as one.
fn is_other_spelling(text: &str) -> bool {
    let is_read = || {
        text.parse::<Money>().is_ok()
            || text.parse::<Date>().is_ok()
            || text.parse::<Timestamp>().is_ok()
    };
    let is_number =
        text.starts_with(|first: char| first.is_ascii_digit() || "+-\u{2212}".contains(first));
    let can_be_read = Uuid::try_parse(text).is_ok() || is_number && is_read();
    can_be_read && !has_one_spelling(text) && !is_moment(text)
}

/// The digest of each personal value and each file is written in one way.
fn digest_fault(payload: &str) -> Option<String> {
    let is_digest = |rest: &str| {
        let digest = rest.split('"').next().unwrap_or_default();
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        digest.len() == 64 && digest.bytes().all(is_hex)
    };
    // A text that quotes this has other signs, because its quotes are escaped.
    let mut digests = payload.split("\"digest\":\"").skip(1);
    let has_other = digests.any(|rest| !is_digest(rest));
    has_other.then(|| "a digest is not 64 hexadecimal digits in lower case".to_owned())
}

fn find_other_spelling(said: &Value, written: &Value) -> Option<String> {
    match (said, written) {
        (Value::String(said), Value::String(written)) => {
            let is_moment_changed = || is_moment(written) && !is_moment(said);
            let is_other = said != written && (has_one_spelling(written) || is_moment_changed());
            is_other.then(|| format!("it has {said:?}, and the program writes {written:?}"))
        }
        (Value::Array(said), Value::Array(written)) => said
            .iter()
            .zip(written)
            // The order of a set does not count.
            .filter(|(said, _)| !written.contains(said))
            .find_map(|(said, written)| find_other_spelling(said, written)),
        (Value::Object(said), Value::Object(written)) => said
            .iter()
            .find_map(|(name, said)| find_other_spelling(said, written.get(name)?)),
        _ => None,
    }
}

/// Whether a text is an id in lower case, an amount with two decimals, or a day with its year,
/// month and day.
fn has_one_spelling(text: &str) -> bool {
    let amount = text.parse::<Money>();
    amount.is_ok_and(|amount| String::from(amount) == text)
        || text
            .parse::<Date>()
            .is_ok_and(|day| day.to_string() == text)
        || is_uuid(text)
}

/// Whether a text is a moment in UTC such as `2026-07-05T08:00:00Z`, with or without decimals. No
/// leap second is written.
fn is_moment(text: &str) -> bool {
    let whole = text
        .strip_suffix('Z')
        .map(|text| match text.split_once('.') {
            Some((whole, decimals)) if is_decimals(decimals) => whole,
            _ => text,
        });
    let has_form = whole.is_some_and(|whole| {
        let sign = |at: usize, byte: u8| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        };
        let is_of_form = whole.len() == 19 && whole.bytes().enumerate().all(|(at, b)| sign(at, b));
        is_of_form && !whole.ends_with(":60")
    });
    has_form && text.parse::<Timestamp>().is_ok()
}

fn is_decimals(text: &str) -> bool {
    (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is a UUID as the program writes it: in lower case, with hyphens.
fn is_uuid(text: &str) -> bool {
    let mut buffer = Uuid::encode_buffer();
    Uuid::try_parse(text).is_ok_and(|id| *id.hyphenated().encode_lower(&mut buffer) == *text)
}

/// Whether the event's name is the first one of its payload, in canonical form. The decoded payload
/// has one name only.
fn is_named(payload: &str, event: &str) -> bool {
    payload
        .strip_prefix("{\"")
        .and_then(|rest| rest.strip_prefix(event))
        .is_some_and(|rest| rest.starts_with("\":"))
}

/// The first fault of the metadata. They hide nothing of what the event says.
pub(super) fn metadata_fault(row: &EventRow, metadata: &Metadata) -> Option<String> {
    let missing = METADATA
        .into_iter()
        .find(|name| metadata.get(name).is_none());
    if let Some(missing) = missing {
        return Some(format!("its metadata have no {missing}"));
    }
    if metadata.get("command_id") != Some(row.command_id.as_str()) {
        return Some("its metadata name another command_id".to_owned());
    }
    let checks: [(&str, FormCheck); 7] = [
        ("actor", is_actor),
        ("causation_id", is_uuid),
        ("channel", is_channel),
        ("command", is_command),
        ("correlation_id", is_uuid),
        ("on_behalf_of", is_uuid),
        ("decided_at", is_moment),
    ];
    checks
        .into_iter()
        .find(|(name, holds)| metadata.get(name).is_some_and(|value| !holds(value)))
        .map(|(name, _)| format!("{name} in its metadata has another form"))
}

/// Whether a text has the form of its name.
type FormCheck = fn(&str) -> bool;

fn is_actor(text: &str) -> bool {
    SERVICE_ACTORS.contains(&text) || is_uuid(text)
}

/// Whether a text is a way in which a command comes.
fn is_channel(text: &str) -> bool {
    text.parse::<Channel>().is_ok()
}

/// Whether a text is a kind of record and the name of a command, which is in small letters with
/// hyphens. Earlier programs had other commands.
fn is_command(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.split_once('/').is_some_and(|(stream, name)| {
        EVENT_NAMES.iter().any(|(known, _)| *known == stream) && name.split('-').all(is_word)
    })
}

/// What is wrong with the moment at which an event was decided. A moment that is none is another
/// fault.
pub(super) fn late_decision(event: &RecordedEvent) -> Option<String> {
    let decided_at: Timestamp = event.metadata.get("decided_at")?.parse().ok()?;
    let (decided, recorded) = (
        decided_at.as_microsecond(),
        event.recorded_at.as_microsecond(),
    );
    let age = recorded.saturating_sub(decided);
    if (-DECISION_AHEAD_MAX_US..=DECISION_AGE_MAX_US).contains(&age) {
        return None;
    }
    let recorded_at = event.recorded_at;
    Some(format!(
        "it was decided at {decided_at} and recorded at {recorded_at}: the program does both \
         within a minute"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert!(is_uuid("0190a0b0-0000-7000-8000-00000000000a"));
        for other in [
            "0190A0B0-0000-7000-8000-00000000000A",
            "0190a0b000007000800000000000000a",
            "{0190a0b0-0000-7000-8000-00000000000a}",
            "urn:uuid:0190a0b0-0000-7000-8000-00000000000a",
            "",
        ] {
            assert!(!is_uuid(other), "{other}");
        }
    }

    #[test]
    fn an_amount_a_day_and_a_moment_have_one_spelling() {
        let id = "0190a0b0-0000-7000-8000-00000000000a";
        for text in ["937.00", "0.00", "2026-05-09", id] {
            assert!(has_one_spelling(text) && !is_other_spelling(text), "{text}");
        }
        for text in [
            "937",
            "937.0",
            "0937.00",
            "20260509",
            "2026-05-09T00:00:00",
            "2026-05-09 10:00:00Z",
            "0190A0B0-0000-7000-8000-00000000000A",
            "0190a0b000007000800000000000000a",
        ] {
            assert!(!has_one_spelling(text) && is_other_spelling(text), "{text}");
        }
        for text in ["2026-05-09T10:00:00Z", "2026-05-09T10:00:00.123456Z"] {
            assert!(is_moment(text) && !is_other_spelling(text), "{text}");
        }
        for text in [
            "2026-05-09 10:00:00Z",
            "2026-05-09T10:00:60Z",
            "2026-05-09T10:00:00+00:00",
            "2026-05-09T10:00:00.Z",
            "2026-02-30T10:00:00Z",
            "9 May",
        ] {
            assert!(!is_moment(text), "{text}");
        }
    }

    #[test]
    fn a_number_is_whole_and_not_too_large() {
        for payload in [
            r#"{"FundOpened":{}}"#,
            r#"{"A":{"b":0,"c":[1,2],"d":{"e":9007199254740991},"f":"-1","g":"\"x\":-2"}}"#,
            r#"{"A":{"b":"c\\","d":"-1","e":"\\\"-2"}}"#,
        ] {
            assert_eq!(number_fault(payload), None, "{payload}");
        }
        for (payload, number) in [
            (r#"{"A":{"b":-1}}"#, "-1"),
            (
                r#"{"A":{"b":"x","c":[1,9007199254740992]}}"#,
                "9007199254740992",
            ),
            (r#"{"A":{"b":"\"","c":1.5}}"#, "1.5"),
            (r#"{"A":{"b":1e+30}}"#, "1e+30"),
        ] {
            let says = number_fault(payload).unwrap_or_default();
            assert!(says.contains(number), "{payload}: {says}");
        }
    }

    #[test]
    fn a_digest_has_one_spelling() {
        let payload = |digest: &str| format!(r#"{{"AddressProven":{{"digest":"{digest}"}}}}"#);
        assert_eq!(digest_fault(&payload(&"0a".repeat(32))), None);
        for other in ["", " ", &"0A".repeat(32), &"0a".repeat(31)] {
            assert!(digest_fault(&payload(other)).is_some(), "{other}");
        }
        assert_eq!(
            digest_fault(r#"{"FundPaused":{"reason":"\"digest\":\"x"}}"#),
            None
        );
    }

    #[test]
    fn a_command_has_a_kind_of_record_and_a_name() {
        for command in ["application/award", "group/provide-payee"] {
            assert!(is_command(command), "{command}");
        }
        for other in [
            "nonsense",
            "grant/",
            "nobody/award",
            "grant/Award",
            "grant/a--b",
            "",
        ] {
            assert!(!is_command(other), "{other}");
        }
    }

    #[test]
    fn a_payload_has_the_name_of_its_event() {
        assert!(is_named(r#"{"FundOpened":{}}"#, "FundOpened"));
        for other in [r#"{"FundOpenedTwice":{}}"#, r#""FundOpened""#, "{}", ""] {
            assert!(!is_named(other, "FundOpened"), "{other}");
        }
    }
}
