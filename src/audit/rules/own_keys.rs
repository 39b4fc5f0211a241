//! Encryption keys: each personal value must be encrypted under the key of the person or group that
//! its record is about. For an event of a gathering that is the person whom the event names; for an
//! entry of the directory, its holder; for a barrier, the group or the person who raised it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::introductions::introduced;
use super::{Broken, LogState, RuleRoom};
use crate::domain::asset::Party;
use crate::domain::{AssetEvent, BarrierEvent, Event, GatheringEvent, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct OwnKeys {
    /// By gathering and session: those who signed up, whose needs are deleted after it.
    signed_up: BTreeMap<(Uuid, u16), BTreeSet<Uuid>>,
    /// By gathering: the leads who asked for a hand, whose words are deleted later.
    asked: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// By barrier: the group or the person who raised it.
    raised: BTreeMap<Uuid, Uuid>,
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
            Event::Person(happened) => (of_one(Some(id)), serde_json::to_string(happened)),
            Event::Group(happened) => (of_one(Some(id)), serde_json::to_string(happened)),
            Event::Application(happened) => {
                (of_one(of_application), serde_json::to_string(happened))
            }
            Event::Grant(happened) => (of_one(of_application), serde_json::to_string(happened)),
            Event::Gathering(happened) => (
                self.owners_in(id, happened),
                serde_json::to_string(happened),
            ),
            Event::Asset(happened) => {
                let holder = match happened {
                    AssetEvent::AssetRecorded { holder, .. } => *holder,
                    _ => before.holder_of(id),
                };
                (
                    of_one(holder.map(Party::id)),
                    serde_json::to_string(happened),
                )
            }
            Event::Introduction(happened) => {
                let owner = introduced(event, before).map(Party::id);
                (of_one(owner), serde_json::to_string(happened))
            }
            Event::Barrier(happened) => {
                if let BarrierEvent::BarrierRaised { person, group, .. } = happened {
                    let by = group.map_or(person.0, |group| group.0);
                    self.raised.insert(id, by);
                }
                let raised = self.raised.get(&id).copied();
                (of_one(raised), serde_json::to_string(happened))
            }
            Event::Organisation(_) | Event::Fund(_) => return,
        };
        let is_own = payload
            .is_ok_and(|payload| subjects_in(&payload).all(|subject| owners.contains(&subject)));
        let says = "a personal value is encrypted under the key of another person or group";
        broken.unless(is_own, Rule::OwnKey, says);
    }
}

impl OwnKeys {
    /// The subjects whose keys may encrypt values in an event of a gathering.
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
            E::HandAskedFor { lead, .. } => {
                self.asked.entry(gathering).or_default().insert(lead.0);
                BTreeSet::from([lead.0])
            }
            E::HandForgotten { .. } => self.asked.remove(&gathering).unwrap_or_default(),
            E::NeedsForgotten { session, .. } => {
                let of_session = self.signed_up.remove(&(gathering, *session));
                of_session.unwrap_or_default()
            }
            _ => BTreeSet::new(),
        }
    }
}

/// The subjects of all personal values in the JSON of an event. The text is searched, because
/// parsing it takes several times as long as serialising.
fn subjects_in(payload: &str) -> impl Iterator<Item = Uuid> {
    // A quote within a text has a backslash before it, so that only a name ends in this way.
    payload.split("{\"subject\":\"").skip(1).filter_map(|rest| {
        let (subject, rest) = rest.split_once('"')?;
        let digest = rest.strip_prefix(",\"digest\":\"")?.split('"').next()?;
        (digest.len() == 64).then(|| subject.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::subjects_in;
    use crate::domain::personal_data::Encrypted;

    #[test]
    fn the_subjects_of_all_personal_values_are_found() {
        let [one, two] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let value = |subject| Encrypted {
            subject,
            digest: "ab".repeat(32),
        };
        let text = r#"{"subject":"00000000-0000-0000-0000-000000000003","digest":"x"}"#;
        let answers = std::collections::BTreeMap::from([("idea", value(one)), ("why", value(two))]);
        let written = [
            serde_json::to_string(&answers),
            serde_json::to_string(&json!({ "note": text, "subject": "a word" })),
        ];
        let found =
            written.map(|payload| subjects_in(&payload.expect("written")).collect::<Vec<_>>());
        assert_eq!(found, [vec![one, two], Vec::new()]);
    }
}
