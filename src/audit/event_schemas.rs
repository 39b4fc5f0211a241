//! JSON Schemas (draft 2020-12) of the events and of a line of the log, made from the schemas that
//! the types of events derive.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::export_layout::EVENTS;
use super::line_form::{METADATA, SERVICE_ACTORS};
use super::manifest::{DigestWriter, FolderError};
use crate::domain::command::collect_schemas;
use crate::domain::{
    Aggregate, Application, Asset, Barrier, Fund, Gathering, Grant, Group, Introduction,
    Organisation, Person,
};
use crate::eventlog::upcast;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// How derived schemas refer to each other, and how a file of its own does.
const DERIVED_REF: &str = "#/components/schemas/";
pub(super) const LOCAL_REF: &str = "#/$defs/";
/// A UUID as the log has it.
const UUID_PATTERN: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/// Fields that mean the same in every event that does not describe them itself.
const COMMON_FIELDS: [(&str, &str); 21] = [
    ("application", "The application."),
    ("area", "The key of the area."),
    ("batch", "The key of the batch of payments in its fund."),
    ("by", "The person who did it."),
    ("check", "The key of the check."),
    ("confirmed_by", "The person who confirmed it."),
    (
        "entry",
        "The number of the entry of the bank within the grant.",
    ),
    ("fund", "The fund."),
    ("grant", "The grant."),
    ("group", "The group."),
    ("payment", "The number of the payment within the grant."),
    ("proposal", "The number of the proposal: 1, 2, 3 …"),
    ("proposed_by", "The person who proposed it."),
    ("reason", "Why, for the record."),
    ("role", "The role."),
    ("round", "The key of the round in its fund."),
    ("sitting", "Who decided."),
    (
        "update",
        "The number of the update within the grant: 1, 2, 3 …",
    ),
    (
        "variation",
        "The number of the change within the grant: 1, 2, 3 …",
    ),
    ("version", "The number of this version: 1, 2, 3 …"),
    ("webhook", "The number of the webhook: 1, 2, 3 …"),
];

/// The schema of an event.
pub(super) struct EventSchema {
    /// The type of the stream.
    pub(super) stream: &'static str,
    pub(super) name: String,
    /// An object with the fields of the event.
    pub(super) fields: Value,
}

impl EventSchema {
    /// Stream and name, as in the table of rules.
    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", self.stream, self.name)
    }

    pub(super) fn version(&self) -> &'static str {
        upcast::newest_version(&self.name)
    }
}

/// The schemas of all events, and of the values in them by name.
#[derive(Default)]
pub(super) struct EventSchemas {
    pub(super) events: Vec<EventSchema>,
    pub(super) values: BTreeMap<String, Value>,
}

impl EventSchemas {
    /// The schemas of all aggregates' events, in the order of the life of a log.
    pub(super) fn collect() -> Self {
        let mut schemas = Self::default();
        schemas.add::<Organisation>();
        schemas.add::<Person>();
        schemas.add::<Fund>();
        schemas.add::<Group>();
        schemas.add::<Application>();
        schemas.add::<Grant>();
        schemas.add::<Gathering>();
        schemas.add::<Asset>();
        schemas.add::<Introduction>();
        schemas.add::<Barrier>();
        schemas.values.insert("Money".to_owned(), money());
        schemas
    }

    fn add<A: Aggregate>(&mut self)
    where
        A::Event: ToSchema,
    {
        let mut found = Vec::new();
        collect_schemas::<A::Event>(&mut found);
        let of_events = <A::Event as ToSchema>::name();
        for (name, schema) in found {
            let mut schema = serde_json::to_value(schema).unwrap_or_default();
            make_local(&mut schema);
            if name == of_events {
                if let Value::Array(parts) = schema["oneOf"].take() {
                    self.add_events(A::TYPE, parts);
                }
            } else {
                self.values.insert(name, schema);
            }
        }
    }

    /// Adds the parts of a union of events. Each part is an object with one property, which has
    /// the name of the event.
    fn add_events(&mut self, stream: &'static str, parts: Vec<Value>) {
        for mut part in parts {
            let described = part["description"].take();
            let Some(properties) = part["properties"].as_object_mut() else {
                continue;
            };
            for (name, mut fields) in std::mem::take(properties) {
                if fields["description"].is_null() {
                    fields["description"] = described.clone();
                }
                describe_common_fields(&mut fields);
                self.events.push(EventSchema {
                    stream,
                    name,
                    fields,
                });
            }
        }
    }

    /// The values that a schema refers to, directly or through other values.
    fn values_of(&self, schema: &Value) -> Map<String, Value> {
        let (mut known, mut next) = (BTreeSet::new(), Vec::new());
        collect_refs(schema, &mut next);
        while let Some(name) = next.pop() {
            if let Some(value) = self.values.get(&name)
                && known.insert(name)
            {
                collect_refs(value, &mut next);
            }
        }
        let value = |name: String| {
            let schema = self.values.get(&name)?.clone();
            Some((name, schema))
        };
        known.into_iter().filter_map(value).collect()
    }

    /// The names of the values that events have.
    pub(super) fn used_values(&self) -> BTreeSet<String> {
        let used = self
            .events
            .iter()
            .flat_map(|event| self.values_of(&event.fields));
        used.map(|(name, _)| name).collect()
    }

    /// The schema of the payload of an event: an object with one property, named after the event.
    fn payload_schema(&self, event: &EventSchema) -> Value {
        let name = &event.name;
        json!({
            "$schema": DIALECT,
            "title": event.full_name(),
            "description": event.fields["description"],
            "type": "object",
            "required": [name],
            "properties": { name: event.fields },
            "additionalProperties": false,
            "$defs": self.values_of(&event.fields),
        })
    }

    /// The schema of the metadata.
    fn metadata_schema(&self, uuid: &Value) -> Value {
        let roles = self.values.get("Role").map(|role| &role["enum"]);
        let roles = roles.and_then(Value::as_array).into_iter().flatten();
        let role = roles
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join("|");
        json!({
            "type": "object",
            "required": METADATA,
            "properties": {
                "actor": { "anyOf": [uuid, { "enum": SERVICE_ACTORS }] },
                "causation_id": uuid,
                "channel": self.values.get("Channel"),
                "command": { "type": "string", "pattern": "^[a-z]+/[a-z-]+$" },
                "command_id": uuid,
                "correlation_id": uuid,
                "decided_at": { "type": "string", "format": "date-time", "pattern": "Z$" },
                "on_behalf_of": uuid,
                "roles": { "type": "string", "pattern": format!("^({role})( ({role}))*$") },
            },
            "additionalProperties": { "type": "string" },
        })
    }

    /// The schema of a line of the log. The payload has a schema of its own for each event.
    fn line_schema(&self) -> Value {
        let uuid = json!({ "type": "string", "pattern": UUID_PATTERN });
        let versions: BTreeSet<_> = self.events.iter().map(EventSchema::version).collect();
        let kind = |stream: &&str| {
            let of_stream = self.events.iter().filter(|event| event.stream == *stream);
            let names: Vec<_> = of_stream.map(|event| &event.name).collect();
            json!({
                "properties": { "stream": { "const": stream }, "event": { "enum": names } },
            })
        };
        let streams: BTreeSet<_> = self.events.iter().map(|event| event.stream).collect();
        let kinds: Vec<_> = streams.iter().map(kind).collect();
        json!({
            "$schema": DIALECT,
            "title": format!("A line of {EVENTS}"),
            "type": "object",
            "required": [
                "command_id", "event", "id", "metadata", "payload", "position", "recorded_at",
                "sequence", "stream", "v", "version",
            ],
            "properties": {
                "command_id": uuid,
                "event": { "type": "string" },
                "id": uuid,
                "metadata": self.metadata_schema(&uuid),
                "payload": { "type": "object", "minProperties": 1, "maxProperties": 1 },
                "position": { "type": "integer", "minimum": 0 },
                "recorded_at": {
                    "type": "integer", "description": "Microseconds since 1970, in UTC.",
                },
                "sequence": { "type": "integer", "minimum": 1 },
                "stream": { "enum": streams },
                "v": { "const": 1 },
                "version": { "enum": versions },
            },
            "additionalProperties": false,
            "oneOf": kinds,
        })
    }
}

/// Writes the schema of a line, and one schema for each event, into a new folder. Returns the
/// number of files.
pub fn write_event_schemas(folder: &Path) -> Result<usize, FolderError> {
    std::fs::create_dir_all(folder).map_err(FolderError::at(folder))?;
    let schemas = EventSchemas::collect();
    write_schema(folder, "envelope", &schemas.line_schema())?;
    for event in &schemas.events {
        write_schema(folder, &event.full_name(), &schemas.payload_schema(event))?;
    }
    Ok(schemas.events.len() + 1)
}

fn write_schema(folder: &Path, name: &str, schema: &Value) -> Result<(), FolderError> {
    let mut file = DigestWriter::new(folder, &format!("{name}.schema.json"))?;
    file.write_line(&serde_json::to_string_pretty(schema).unwrap_or_default())?;
    file.finish().map(|_| ())
}

/// An amount as it is stored. Requests may leave out pence.
fn money() -> Value {
    json!({
        "type": "string",
        "description": "An amount in pounds sterling, always with two decimals.",
        "pattern": "^(0|[1-9][0-9]*)\\.[0-9]{2}$",
        "examples": ["750.00"],
    })
}

/// Makes references local, joins wrapped descriptions, and removes what only OpenAPI has.
fn make_local(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(make_local),
        Value::Object(schema) => {
            if schema
                .get("discriminator")
                .is_some_and(|one| one["propertyName"].is_string())
            {
                schema.remove("discriminator");
            }
            if let Some(Value::String(to)) = schema.get_mut("$ref")
                && let Some(name) = to.strip_prefix(DERIVED_REF)
            {
                *to = format!("{LOCAL_REF}{name}");
            }
            if let Some(Value::String(about)) = schema.get_mut("description") {
                *about = about.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            schema.values_mut().for_each(make_local);
        }
        _ => {}
    }
}

/// Describes the fields that have the same meaning in all events.
fn describe_common_fields(event: &mut Value) {
    let fields = event.get_mut("properties").and_then(Value::as_object_mut);
    for (name, field) in fields.into_iter().flatten() {
        let common = COMMON_FIELDS.iter().find(|(common, _)| common == name);
        if let Some((_, meaning)) = common
            && description(field).is_none()
        {
            field["description"] = json!(meaning);
        }
    }
}

/// The description of a field, which a field that can be null has in its other part.
pub(super) fn description(schema: &Value) -> Option<&str> {
    let parts = schema["oneOf"].as_array().into_iter().flatten();
    std::iter::once(schema)
        .chain(parts)
        .find_map(|part| part["description"].as_str())
}

fn collect_refs(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let to = map.get("$ref").and_then(Value::as_str);
            found.extend(
                to.and_then(|to| to.strip_prefix(LOCAL_REF))
                    .map(str::to_owned),
            );
            map.values().for_each(|value| collect_refs(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_refs(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EVENT_NAMES;

    #[test]
    fn each_event_has_a_schema() {
        let schemas = EventSchemas::collect();
        let found: BTreeSet<_> = schemas.events.iter().map(EventSchema::full_name).collect();
        let declared: BTreeSet<_> = EVENT_NAMES
            .iter()
            .flat_map(|(stream, names)| names.iter().map(move |name| format!("{stream}.{name}")))
            .collect();
        assert_eq!(found, declared);
    }

    #[test]
    fn each_event_field_and_value_is_described() {
        let schemas = EventSchemas::collect();
        let mut missing = Vec::new();
        for event in &schemas.events {
            if description(&event.fields).is_none() {
                missing.push(event.full_name());
            }
            let fields = event.fields["properties"].as_object().into_iter().flatten();
            missing.extend(
                fields
                    .filter(|(_, field)| description(field).is_none())
                    .map(|(name, _)| format!("{}: {name}", event.full_name())),
            );
        }
        for name in schemas.used_values() {
            if schemas.values[&name]["description"].is_null() {
                missing.push(name);
            }
        }
        assert!(missing.is_empty(), "no description: {missing:#?}");
    }

    #[test]
    fn a_schema_has_every_value_that_it_refers_to() {
        let schemas = EventSchemas::collect();
        for event in &schemas.events {
            let whole = schemas.payload_schema(event);
            let mut refs = Vec::new();
            collect_refs(&whole, &mut refs);
            for name in refs {
                assert!(
                    whole["$defs"][&name].is_object(),
                    "{}: {name}",
                    event.full_name()
                );
            }
            assert!(!whole.to_string().contains(DERIVED_REF));
        }
    }

    #[test]
    fn each_common_field_is_one_of_an_event() {
        let schemas = EventSchemas::collect();
        for (name, meaning) in COMMON_FIELDS {
            let mut events = schemas.events.iter();
            assert!(
                events.any(|event| description(&event.fields["properties"][name]) == Some(meaning)),
                "{name}"
            );
        }
    }
}
