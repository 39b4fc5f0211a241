//! Schemas of events, for the event feed and for webhook deliveries.

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::{JsonObject, pascal_case, samples, schema_ref, unions};
use crate::domain::application::ApplicationEvent;
use crate::domain::asset::AssetEvent;
use crate::domain::barrier::BarrierEvent;
use crate::domain::command::collect_schemas;
use crate::domain::fund::FundEvent;
use crate::domain::gathering::GatheringEvent;
use crate::domain::grant::GrantEvent;
use crate::domain::group::GroupEvent;
use crate::domain::introduction::IntroductionEvent;
use crate::domain::organisation::OrganisationEvent;
use crate::domain::person::PersonEvent;

/// The types of streams.
const STREAMS: [&str; 10] = [
    "application",
    "asset",
    "barrier",
    "fund",
    "gathering",
    "grant",
    "group",
    "introduction",
    "organisation",
    "person",
];

/// Collects the schemas that event types derive.
pub(super) fn schemas(found: &mut Vec<(String, RefOr<Schema>)>) {
    collect_schemas::<ApplicationEvent>(found);
    collect_schemas::<AssetEvent>(found);
    collect_schemas::<BarrierEvent>(found);
    collect_schemas::<FundEvent>(found);
    collect_schemas::<GatheringEvent>(found);
    collect_schemas::<GrantEvent>(found);
    collect_schemas::<GroupEvent>(found);
    collect_schemas::<IntroductionEvent>(found);
    collect_schemas::<OrganisationEvent>(found);
    collect_schemas::<PersonEvent>(found);
}

/// Replaces the untyped payload of `Event` by the schemas of each stream's events, and adds the
/// schemas of deliveries.
pub(super) fn add_event_schemas(schemas: &mut JsonObject) {
    for stream in STREAMS {
        let names = flatten_payloads(&format!("{}Event", pascal_case(stream)), schemas);
        schemas.insert(
            format!("{}EventName", pascal_case(stream)),
            json!({ "type": "string", "enum": names }),
        );
    }
    let record = schemas.remove("Event").unwrap_or_default();
    add_stream_variants(record, schemas);
    schemas.insert("SealedEvent".to_owned(), hashed_event_schema());
    schemas.insert("EventDelivery".to_owned(), delivery_schema());
}

/// Serde writes an event as an object with one property, named after the event. Turns the union of
/// such objects into one object with optional properties, and returns their names.
fn flatten_payloads(name: &str, schemas: &mut JsonObject) -> Vec<String> {
    let Some(events) = schemas.get_mut(name) else {
        return Vec::new();
    };
    let (mut names, mut properties) = (Vec::new(), JsonObject::new());
    for mut part in events["oneOf"]
        .as_array_mut()
        .map(std::mem::take)
        .unwrap_or_default()
    {
        if let Some(event) = unions::only_key(&part) {
            properties.insert(event.clone(), part["properties"][&event].take());
            names.push(event);
        }
    }
    *events = json!({
        "type": "object",
        "description": format!(
            "{} It has one property, which `event` names.",
            events["description"].as_str().unwrap_or_default(),
        ),
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
        "properties": properties,
    });
    names
}

/// Makes `Event` a union with one part per stream, each with the common fields of `EventRecord`.
fn add_stream_variants(mut record: Value, schemas: &mut JsonObject) {
    let apart = ["stream", "event", "payload"];
    if let Some(properties) = record["properties"].as_object_mut() {
        properties.retain(|name, _| !apart.contains(&name.as_str()));
    }
    if let Some(required) = record["required"].as_array_mut() {
        required.retain(|name| !apart.iter().any(|apart| name == apart));
    }
    let about = record["description"].take();
    record["description"] = json!("The fields that all events have.");
    let (mut parts, mut mapping) = (Vec::new(), JsonObject::new());
    for stream in STREAMS {
        let (of, part_name) = (
            pascal_case(stream),
            format!("EventOf{}", pascal_case(stream)),
        );
        let payload = json!({
            "oneOf": [schema_ref(&format!("{of}Event")), { "type": "null" }],
            "description": "Absent if it is a score that the reader may not see.",
        });
        let own = json!({
            "type": "object",
            "required": ["stream", "event"],
            "properties": {
                "stream": { "type": "string", "enum": [stream] },
                "event": schema_ref(&format!("{of}EventName")),
                "payload": payload,
            },
        });
        schemas.insert(
            part_name.clone(),
            json!({ "allOf": [schema_ref("EventRecord"), own] }),
        );
        parts.push(schema_ref(&part_name));
        mapping.insert(
            stream.to_owned(),
            json!(format!("#/components/schemas/{part_name}")),
        );
    }
    schemas.insert("EventRecord".to_owned(), record);
    let discriminator = json!({ "propertyName": "stream", "mapping": mapping });
    schemas.insert(
        "Event".to_owned(),
        json!({ "oneOf": parts, "discriminator": discriminator, "description": about }),
    );
}

/// The schema of an event in the form that the Merkle tree hashes.
fn hashed_event_schema() -> Value {
    let position = json!({ "type": "integer", "format": "int64" });
    let kinds = STREAMS
        .iter()
        .map(|stream| schema_ref(&format!("{}Event", pascal_case(stream))))
        .chain([json!({ "type": "null" })]);
    json!({
        "type": "object",
        "description": "An event as it is hashed, in canonical JSON, so that a proof can be \
            checked against it. Scores are left out.",
        "required": [
            "command_id", "event", "id", "metadata", "payload", "position", "recorded_at",
            "sequence", "stream", "v", "version",
        ],
        "properties": {
            "command_id": { "type": "string", "maxLength": 100 },
            "event": { "type": "string", "maxLength": 100 },
            "id": { "type": "string", "maxLength": 100 },
            "metadata": {
                "type": "object", "additionalProperties": { "type": "string" },
                "propertyNames": { "type": "string" },
            },
            "payload": { "anyOf": kinds.collect::<Vec<_>>() },
            "position": position,
            "recorded_at": {
                "type": "integer", "format": "int64", "description": "Microseconds since 1970.",
            },
            "sequence": position,
            "stream": { "type": "string", "enum": STREAMS },
            "v": {
                "type": "integer", "format": "int32", "minimum": 1, "maximum": 255,
                "description": "The version of this format.",
            },
            "version": { "type": "string", "maxLength": 20 },
        },
    })
}

/// The schema of a webhook's request body.
fn delivery_schema() -> Value {
    let position = json!({ "type": "integer", "format": "int64" });
    json!({
        "type": "object",
        "description": "New events in the order of the log, without gaps. A repeated delivery has \
            the same id.",
        "required": ["type", "organisation", "from", "next", "events"],
        "properties": {
            "type": { "type": "string", "enum": ["log.events"] },
            "organisation": { "type": "string", "format": "uuid" },
            "from": position,
            "next": position,
            "events": { "type": "array", "items": schema_ref("SealedEvent"), "maxItems": 500 },
        },
    })
}

/// The section `webhooks`: the requests that the service sends.
pub(super) fn webhooks(schemas: &JsonObject) -> Value {
    let header = |name: &str, about: &str, example: &str| {
        let schema = json!({ "type": "string", "maxLength": 200 });
        json!({
            "name": name, "in": "header", "required": true, "description": about, "schema": schema,
            "example": example,
        })
    };
    let example = samples::sample(&schema_ref("EventDelivery"), schemas);
    let answer = |about: &str| json!({ "description": about });
    json!({ "events": { "post": {
        "operationId": "events",
        "summary": "Sends new events.",
        "description": "Signed as in Standard Webhooks: HMAC-SHA-256 with the shared secret over \
            id, time and body, joined by full stops. A 2xx response accepts the delivery. After \
            any other response, or none, it is sent again after increasing waits.",
        "tags": ["log"],
        "security": [],
        "parameters": [
            header(
                "webhook-id",
                "The id of the delivery. It stays the same when the delivery is repeated.",
                "5f0c4a0e-3c52-5a59-8b2e-6d3f8c1a7b90",
            ),
            header(
                "webhook-timestamp", "The time of sending, in seconds since 1970.", "1792857600",
            ),
            header(
                "webhook-signature", "`v1,` followed by the signature in base64.",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ],
        "requestBody": {
            "required": true,
            "content": {
                "application/json": { "schema": schema_ref("EventDelivery"), "example": example },
            },
        },
        "responses": {
            "2XX": answer("Accepted."), "4XX": answer("Not accepted. It is sent again."),
            "5XX": answer("Not accepted. It is sent again."),
        },
    } } })
}
