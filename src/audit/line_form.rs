//! What the names of a line must say about its event: ids as the program writes them, a version
//! that exists, and the metadata of the event's command. `docs/reference/log-format.md` has the
//! same.

use jiff::Timestamp;
use uuid::Uuid;

use crate::eventlog::recorded_event::Metadata;
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

/// What is wrong with the names of an event.
pub(super) fn faults(row: &EventRow, metadata: &Metadata) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, id) in [("id", &row.aggregate_id), ("command_id", &row.command_id)] {
        if !is_uuid(id) {
            faults.push(format!("{name} is not a UUID in lower case"));
        }
    }
    if !upcast::is_known_version(&row.event_type, &row.event_version) {
        let (event, version) = (&row.event_type, &row.event_version);
        faults.push(format!("{event} has no version {version}"));
    }
    if !is_named(&row.payload, &row.event_type) {
        let event = &row.event_type;
        faults.push(format!("it is called {event}, and its payload is not"));
    }
    faults.extend(metadata_fault(row, metadata));
    faults
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

/// The first fault of the metadata.
fn metadata_fault(row: &EventRow, metadata: &Metadata) -> Option<String> {
    let missing = METADATA
        .into_iter()
        .find(|name| metadata.get(name).is_none());
    if let Some(missing) = missing {
        return Some(format!("its metadata have no {missing}"));
    }
    if metadata.get("command_id") != Some(row.command_id.as_str()) {
        return Some("its metadata name another command_id".to_owned());
    }
    let checks: [(&str, FormCheck); 5] = [
        ("actor", is_actor),
        ("causation_id", is_uuid),
        ("correlation_id", is_uuid),
        ("on_behalf_of", is_uuid),
        ("decided_at", is_time),
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

/// Whether a text is a time in UTC.
fn is_time(text: &str) -> bool {
    text.ends_with('Z') && text.parse::<Timestamp>().is_ok()
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
    fn a_payload_has_the_name_of_its_event() {
        assert!(is_named(r#"{"FundOpened":{}}"#, "FundOpened"));
        for other in [r#"{"FundOpenedTwice":{}}"#, r#""FundOpened""#, "{}", ""] {
            assert!(!is_named(other, "FundOpened"), "{other}");
        }
    }
}
