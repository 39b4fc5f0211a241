//! Upcasting: a stored event of an old version is read as the newest version.
//!
//! Each step raises the payload of one event type by one version. The steps are cqrs-es upcasters,
//! so that cqrs-es applies them as well when it loads aggregates. The newest version of an event is
//! the one that the domain writes. `tests/golden` has a file for every version of every event.

use std::borrow::Cow;

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster, SerializedEvent};
use serde_json::Value;

/// The version of every event type that has no step.
const INITIAL_VERSION: &str = "1.0";

/// A step: changes the payload of any version before `to` into version `to`.
struct UpcastStep {
    event_type: &'static str,
    to: &'static str,
    change: fn(Value) -> Value,
}

/// All steps, oldest first. There is none yet: every event type has its first version.
const STEPS: &[UpcastStep] = &[];

/// The version of an event type that the domain writes.
#[must_use]
pub fn newest_version(event_type: &str) -> &'static str {
    STEPS
        .iter()
        .rev()
        .find(|step| step.event_type == event_type)
        .map_or(INITIAL_VERSION, |step| step.to)
}

/// Whether an event type has, or had in an earlier program, this version.
#[must_use]
pub fn is_known_version(event_type: &str, version: &str) -> bool {
    version == INITIAL_VERSION
        || STEPS
            .iter()
            .any(|step| step.event_type == event_type && step.to == version)
}

/// All steps as cqrs-es upcasters.
#[must_use]
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    build_upcasters(STEPS)
}

fn build_upcasters(steps: &[UpcastStep]) -> Vec<Box<dyn EventUpcaster>> {
    let upcaster = |step: &UpcastStep| {
        SemanticVersionEventUpcaster::new(step.event_type, step.to, Box::new(step.change))
    };
    steps
        .iter()
        .map(|step| Box::new(upcaster(step)) as Box<dyn EventUpcaster>)
        .collect()
}

/// The payload in the version that the domain reads; borrowed if it already has that version. Fails
/// if an old payload is not JSON.
pub fn upcast_payload<'a>(
    event_type: &str,
    version: &str,
    payload: &'a str,
) -> Result<Cow<'a, str>, serde_json::Error> {
    if version == newest_version(event_type) {
        return Ok(Cow::Borrowed(payload));
    }
    apply_steps(&upcasters(), event_type, version, payload).map(Cow::Owned)
}

/// Applies all steps to an event of cqrs-es.
pub(super) fn upcast_event(
    event: SerializedEvent,
    steps: &[Box<dyn EventUpcaster>],
) -> SerializedEvent {
    steps.iter().fold(event, |event, step| {
        if step.can_upcast(&event.event_type, &event.event_version) {
            step.upcast(event)
        } else {
            event
        }
    })
}

fn apply_steps(
    steps: &[Box<dyn EventUpcaster>],
    event_type: &str,
    version: &str,
    payload: &str,
) -> Result<String, serde_json::Error> {
    let payload = serde_json::from_str(payload)?;
    let stored = SerializedEvent::new(
        String::new(),
        0,
        String::new(),
        event_type.into(),
        version.into(),
        payload,
        Value::Null,
    );
    serde_json::to_string(&upcast_event(stored, steps).payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_taken_once_and_in_order() {
        let steps = build_upcasters(&[
            UpcastStep {
                event_type: "FundPaused",
                to: "1.1",
                change: |payload| serde_json::json!({ "then": payload }),
            },
            UpcastStep {
                event_type: "FundPaused",
                to: "2.0",
                change: |payload| serde_json::json!({ "now": payload }),
            },
        ]);
        assert_eq!(
            apply_steps(&steps, "FundPaused", "1.0", "1").unwrap(),
            r#"{"now":{"then":1}}"#
        );
        assert_eq!(
            apply_steps(&steps, "FundPaused", "1.1", "1").unwrap(),
            r#"{"now":1}"#
        );
        assert_eq!(apply_steps(&steps, "FundPaused", "2.0", "1").unwrap(), "1");
        assert_eq!(apply_steps(&steps, "FundOpened", "1.0", "1").unwrap(), "1");
    }
}
