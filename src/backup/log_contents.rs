//! What the events of a log say about the tables of a backup.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use uuid::Uuid;

use crate::domain::payee::EncryptedPayee;
use crate::domain::personal_data::{BlindIndexKind, Encrypted};
use crate::domain::{Event, GroupEvent, PersonEvent};
use crate::eventlog::recorded_event::RecordedEvent;

/// The SHA-256 of an encrypted value.
pub(super) type ValueDigest = [u8; 32];

/// What the tables must hold, by a replay of the events.
#[derive(Default)]
pub(super) struct LogContents {
    /// The number of events.
    pub(super) events: i64,
    /// The people and groups that are not erased.
    pub(super) living: BTreeSet<Uuid>,
    pub(super) erased: BTreeSet<Uuid>,
    /// The subject of each encrypted value that an event names and that was not forgotten since.
    pub(super) values: HashMap<ValueDigest, Uuid>,
    /// The current values by which subjects are found.
    indexed: BTreeMap<Uuid, Vec<(BlindIndexKind, String)>>,
    /// The first and the last position of each command.
    pub(super) commands: HashMap<Uuid, (i64, i64)>,
    /// The records that have events.
    pub(super) records: BTreeSet<Uuid>,
}

impl LogContents {
    /// Applies the next event. `payload` is its JSON, in which values are found by their form, so
    /// that events of every version count.
    pub(super) fn process(&mut self, event: &RecordedEvent, payload: &str) {
        self.events += 1;
        self.records.insert(event.stream);
        let (_, last) = self
            .commands
            .entry(event.command_id)
            .or_insert((event.position, event.position));
        *last = event.position;
        let payload: Value = serde_json::from_str(payload).unwrap_or_default();
        self.find_values(&payload);
        let subject = event.stream;
        match &event.event {
            Event::Person(PersonEvent::PersonalDataErased { .. })
            | Event::Group(GroupEvent::PersonalDataErased { .. }) => self.erase(subject),
            Event::Person(happened) => self.process_person(subject, happened),
            Event::Group(happened) => self.process_group(subject, happened),
            _ => {}
        }
        self.forget(event.event.forgotten_values());
    }

    fn erase(&mut self, subject: Uuid) {
        self.living.remove(&subject);
        self.indexed.remove(&subject);
        self.erased.insert(subject);
    }

    /// The tables may still have values that were forgotten: they are deleted a little later.
    fn forget(&mut self, values: &[Encrypted]) {
        for value in values {
            if let Some(digest) = parse_digest(&value.digest) {
                self.values.remove(&digest);
            }
        }
    }

    fn process_person(&mut self, person: Uuid, event: &PersonEvent) {
        match event {
            PersonEvent::PersonRegistered { email, .. } => {
                self.add_living(person);
                self.set_index(person, BlindIndexKind::Email, email.as_ref());
            }
            PersonEvent::ContactChanged { email, .. } => {
                self.set_index(person, BlindIndexKind::Email, email.as_ref());
            }
            _ => {}
        }
    }

    fn process_group(&mut self, group: Uuid, event: &GroupEvent) {
        match event {
            GroupEvent::GroupRegistered { .. } => self.add_living(group),
            GroupEvent::ContactSet {
                postcode,
                telephone,
            } => {
                self.set_index(group, BlindIndexKind::Postcode, postcode.as_ref());
                self.set_index(group, BlindIndexKind::Telephone, telephone.as_ref());
            }
            GroupEvent::PayeeProvided { details, .. } => {
                let numbers = match details {
                    EncryptedPayee::OwnAccount { numbers, .. }
                    | EncryptedPayee::HoldingBody { numbers, .. } => Some(numbers),
                    EncryptedPayee::PurchaseForGroup {} => None,
                };
                self.set_index(group, BlindIndexKind::Account, numbers);
            }
            _ => {}
        }
    }

    fn add_living(&mut self, subject: Uuid) {
        if !self.erased.contains(&subject) {
            self.living.insert(subject);
        }
    }

    /// The value by which a subject is found from here on; none ends that it is found.
    fn set_index(&mut self, subject: Uuid, kind: BlindIndexKind, value: Option<&Encrypted>) {
        let own = self.indexed.entry(subject).or_default();
        own.retain(|(other, _)| *other != kind);
        own.extend(value.map(|value| (kind, value.digest.clone())));
    }

    /// Notes every reference to an encrypted value in a payload.
    fn find_values(&mut self, payload: &Value) {
        match payload {
            Value::Object(fields) => {
                if let Some((digest, subject)) = as_reference(payload) {
                    self.values.insert(digest, subject);
                    self.add_living(subject);
                }
                fields.values().for_each(|field| self.find_values(field));
            }
            Value::Array(items) => items.iter().for_each(|item| self.find_values(item)),
            _ => {}
        }
    }

    /// The values by which subjects are found: by digest, the subjects with the kind of index.
    pub(super) fn indexed_values(&self) -> HashMap<ValueDigest, Vec<(Uuid, BlindIndexKind)>> {
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for (subject, values) in &self.indexed {
            for (kind, digest) in values {
                if let Some(digest) = parse_digest(digest) {
                    found.entry(digest).or_default().push((*subject, *kind));
                }
            }
        }
        found
    }
}

/// A JSON object that is a reference to an encrypted value: its digest and subject, and no more.
fn as_reference(object: &Value) -> Option<(ValueDigest, Uuid)> {
    let fields = object.as_object().filter(|fields| fields.len() == 2)?;
    let digest = fields.get("digest")?.as_str().and_then(parse_digest)?;
    let subject = fields.get("subject")?.as_str()?.parse().ok()?;
    Some((digest, subject))
}

/// A digest in hexadecimal, in small letters as it is stored.
pub(super) fn parse_digest(text: &str) -> Option<ValueDigest> {
    let digest: ValueDigest = hex::decode(text).ok()?.try_into().ok()?;
    (hex::encode(digest) == text).then_some(digest)
}
