//! Personal values: each names the person or group whose key encrypts it, which is the one that
//! the record is about.

use serde_json::Value;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{Event, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct OwnKeys;

impl RuleRoom for OwnKeys {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::OwnKey]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let id = event.stream;
        let of_application = before.application(id).map(|origin| origin.group);
        let (owner, payload) = match &event.event {
            Event::Person(happened) => (Some(id), serde_json::to_value(happened)),
            Event::Group(happened) => (Some(id), serde_json::to_value(happened)),
            Event::Application(happened) => (of_application, serde_json::to_value(happened)),
            Event::Grant(happened) => (of_application, serde_json::to_value(happened)),
            Event::Organisation(_) | Event::Fund(_) => return,
        };
        let owner = owner.map(|owner| owner.to_string());
        let is_own = payload.is_ok_and(|payload| names_only(&payload, owner.as_deref()));
        let says = "a personal value is encrypted under the key of another person or group";
        broken.unless(is_own, Rule::OwnKey, says);
    }
}

/// Whether every personal value within a value has this subject.
fn names_only(value: &Value, owner: Option<&str>) -> bool {
    match value {
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            match (text("digest"), text("subject")) {
                (Some(_), Some(subject)) if fields.len() == 2 => owner == Some(subject),
                _ => fields.values().all(|field| names_only(field, owner)),
            }
        }
        Value::Array(items) => items.iter().all(|item| names_only(item, owner)),
        _ => true,
    }
}
