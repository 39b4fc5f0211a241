//! Generates examples of responses from their schemas: required fields only, each with a plausible
//! value.

use serde_json::{Value, json};

use super::JsonObject;

/// The deepest nesting of an example, which ends recursive schemas.
const DEPTH_MAX: usize = 12;

/// An example of a schema. Prefers its own examples, then the first value of an enum, then the
/// first part of a union.
pub(super) fn sample(schema: &Value, schemas: &JsonObject) -> Value {
    sample_at_depth(schema, schemas, 0)
}

fn sample_at_depth(schema: &Value, schemas: &JsonObject, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
        return schemas.get(name).map_or(Value::Null, |schema| {
            sample_at_depth(schema, schemas, depth + 1)
        });
    }
    let said = [
        &schema["examples"][0],
        &schema["example"],
        &schema["enum"][0],
    ];
    if let Some(said) = said.into_iter().find(|said| !said.is_null()) {
        return said.clone();
    }
    if let Some(first) = schema["oneOf"].as_array().and_then(|parts| parts.first()) {
        return sample_at_depth(first, schemas, depth + 1);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().filter_map(|part| {
            sample_at_depth(part, schemas, depth + 1)
                .as_object()
                .cloned()
        });
        return Value::Object(parts.flatten().collect());
    }
    let of_type = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    match of_type {
        Some("object") => object(schema, schemas, depth),
        Some("array") if schema["minItems"].as_u64() > Some(0) => {
            json!([sample_at_depth(&schema["items"], schemas, depth + 1)])
        }
        Some("array") => json!([]),
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or_default().max(1)),
        Some("boolean") => json!(false),
        Some("string") => json!(text(schema)),
        _ => Value::Null,
    }
}

fn object(schema: &Value, schemas: &JsonObject, depth: usize) -> Value {
    let required = schema["required"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let property = |name: &Value| {
        let name = name.as_str()?;
        Some((
            name.to_owned(),
            sample_at_depth(&schema["properties"][name], schemas, depth + 1),
        ))
    };
    Value::Object(required.iter().filter_map(property).collect())
}

fn text(schema: &Value) -> &'static str {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    match schema["format"].as_str() {
        Some("uuid") => "0192f0c1-7a3b-7c21-9d4e-5f60718293a4",
        Some("date") => "2026-10-31",
        Some("date-time") => "2026-10-31T09:30:00Z",
        _ if pattern.contains("{64}") => {
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        }
        _ if pattern.contains("{2}$") => "750.00",
        _ => "As it was written",
    }
}
