//! Personal values: each names the person or group whose key encrypts it, which is the one that
//! the record is about. A gathering is about many people: there it is the one in the event.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{Event, GatheringEvent, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct OwnKeys {
    /// By gathering and session: those who signed up, whose needs are deleted after it.
    signed_up: BTreeMap<(Uuid, u16), BTreeSet<Uuid>>,
}

impl RuleRoom for OwnKeys {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::OwnKey]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let id = event.stream;
        let of_application = before.application(id).map(|origin| origin.group);
        let of_one = |owner: Option<Uuid>| owner.into_iter().collect::<BTreeSet<_>>();
        let (owners, payload) = match &event.event {
            Event::Person(happened) => (of_one(Some(id)), serde_json::to_value(happened)),
            Event::Group(happened) => (of_one(Some(id)), serde_json::to_value(happened)),
            Event::Application(happened) => {
                (of_one(of_application), serde_json::to_value(happened))
            }
            Event::Grant(happened) => (of_one(of_application), serde_json::to_value(happened)),
            Event::Gathering(happened) => {
                (self.owners_in(id, happened), serde_json::to_value(happened))
            }
            Event::Organisation(_) | Event::Fund(_) => return,
        };
        let is_own = payload.is_ok_and(|payload| names_only(&payload, &owners));
        let says = "a personal value is encrypted under the key of another person or group";
        broken.unless(is_own, Rule::OwnKey, says);
    }
}

impl OwnKeys {
    /// Those under whose keys the values in an event of a gathering are.
    fn owners_in(&mut self, gathering: Uuid, event: &GatheringEvent) -> BTreeSet<Uuid> {
        use GatheringEvent as E;
        match event {
            E::PlaceTaken {
                session, person, ..
            }
            | E::WaitingJoined {
                session, person, ..
            } => {
                let of_session = self.signed_up.entry((gathering, *session)).or_default();
                of_session.insert(person.0);
                BTreeSet::from([person.0])
            }
            E::HandAskedFor { lead, .. } => BTreeSet::from([lead.0]),
            E::NeedsForgotten { session, .. } => {
                let of_session = self.signed_up.remove(&(gathering, *session));
                of_session.unwrap_or_default()
            }
            _ => BTreeSet::new(),
        }
    }
}

/// Whether every personal value within a value has one of these subjects.
fn names_only(value: &Value, owners: &BTreeSet<Uuid>) -> bool {
    match value {
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            match (text("digest"), text("subject")) {
                (Some(_), Some(subject)) if fields.len() == 2 => subject
                    .parse::<Uuid>()
                    .is_ok_and(|subject| owners.contains(&subject)),
                _ => fields.values().all(|field| names_only(field, owners)),
            }
        }
        Value::Array(items) => items.iter().all(|item| names_only(item, owners)),
        _ => true,
    }
}
