//! Old versions of events load for ever: each step makes a stored payload one version newer.
//!
//! The steps are cqrs-es upcasters, so that its own loading of aggregates takes them too. Each
//! event's newest version is what the domain writes; its golden file, and one for every older
//! version, stand in `tests/golden`.

use std::borrow::Cow;

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster, SerializedEvent};
use serde_json::Value;

/// The version that every event has until a step is added for it.
const FIRST: &str = "1.0";

/// One step: from the versions before `to`, by `change`.
struct Step {
    event_type: &'static str,
    to: &'static str,
    change: fn(Value) -> Value,
}

/// Every step, oldest first. There is none yet: every event is at its first version.
const STEPS: &[Step] = &[];

/// Whether a stored event is of the version that the domain writes.
fn is_current(event_type: &str, version: &str) -> bool {
    let newest = STEPS
        .iter()
        .rev()
        .find(|step| step.event_type == event_type)
        .map_or(FIRST, |step| step.to);
    version == newest
}

/// The steps, for cqrs-es.
#[must_use]
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    of(STEPS)
}

fn of(steps: &[Step]) -> Vec<Box<dyn EventUpcaster>> {
    let upcaster = |step: &Step| {
        SemanticVersionEventUpcaster::new(step.event_type, step.to, Box::new(step.change))
    };
    steps
        .iter()
        .map(|step| Box::new(upcaster(step)) as Box<dyn EventUpcaster>)
        .collect()
}

/// A stored payload at the version that the domain reads: as it is, when it is of that version.
///
/// # Errors
/// When an old payload is not JSON.
pub fn current<'a>(
    event_type: &str,
    version: &str,
    payload: &'a str,
) -> Result<Cow<'a, str>, serde_json::Error> {
    if is_current(event_type, version) {
        return Ok(Cow::Borrowed(payload));
    }
    apply(&upcasters(), event_type, version, payload).map(Cow::Owned)
}

/// An event of cqrs-es, every step taken.
pub(super) fn newest(event: SerializedEvent, steps: &[Box<dyn EventUpcaster>]) -> SerializedEvent {
    steps.iter().fold(event, |event, step| {
        if step.can_upcast(&event.event_type, &event.event_version) {
            step.upcast(event)
        } else {
            event
        }
    })
}

fn apply(
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
    let newest = steps.iter().fold(stored, |event, step| {
        if step.can_upcast(&event.event_type, &event.event_version) {
            step.upcast(event)
        } else {
            event
        }
    });
    serde_json::to_string(&newest.payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_taken_once_and_in_order() {
        let steps = of(&[
            Step {
                event_type: "FundPaused",
                to: "1.1",
                change: |payload| serde_json::json!({ "then": payload }),
            },
            Step {
                event_type: "FundPaused",
                to: "2.0",
                change: |payload| serde_json::json!({ "now": payload }),
            },
        ]);
        assert_eq!(
            apply(&steps, "FundPaused", "1.0", "1").unwrap(),
            r#"{"now":{"then":1}}"#
        );
        assert_eq!(
            apply(&steps, "FundPaused", "1.1", "1").unwrap(),
            r#"{"now":1}"#
        );
        assert_eq!(apply(&steps, "FundPaused", "2.0", "1").unwrap(), "1");
        assert_eq!(apply(&steps, "FundOpened", "1.0", "1").unwrap(), "1");
    }
}
