//! Schemas of requests and responses: derived by Rust types, then completed. Parts of unions get
//! names, every size gets a bound, and recurring inline schemas become components.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::api::{self, Accepted, FileKept, RESOURCES};
use super::{JsonObject, events, schema_ref, unions};
use crate::domain::command::collect_schemas;
use crate::http::problem::ProblemDocument;

/// The most entries of a list or map in a request, where the type sets no smaller limit.
/// `api::bodies` enforces it.
const REQUEST_ENTRIES_MAX: usize = api::ENTRIES_MAX;
/// The most entries of a list in a response that is not a page.
const RESPONSE_ENTRIES_MAX: usize = 100_000;
/// The longest text in any record, in characters.
const TEXT_MAX: usize = 40_000;
/// The largest integer that every language reads exactly, 2^53 − 1.
const INTEGER_MAX: i64 = (1 << 53) - 1;
const SCHEMA_REF_PREFIX: &str = "#/components/schemas/";

/// All schemas by name.
pub(super) fn all() -> JsonObject {
    let mut schemas = derived_schemas();
    events::add_event_schemas(&mut schemas);
    unions::name_parts(&mut schemas);
    open_joined_parts(&mut schemas);
    let inline = schemas.clone();
    let keys: Vec<_> = inline
        .iter()
        .filter(|(_, schema)| schema["type"] == "string")
        .collect();
    let params = reachable(&schemas, body_names());
    for (name, schema) in &mut schemas {
        add_bounds(schema, params.contains(name), &keys);
    }
    let mut shared = SharedSchemas::new(&schemas);
    for schema in schemas.values_mut() {
        shared.replace(schema, true);
        mark_deprecated(schema);
    }
    schemas.extend(shared.used);
    for read in api::read_routes().iter().filter(|read| read.shape.is_page) {
        let name = (read.shape.name)();
        let (is_cut, is_counted) = (read.query.contains(&"limit"), read.query.contains(&"count"));
        let known = schemas
            .entry(format!("{name}Page"))
            .or_insert_with(|| page_schema(&name, is_cut));
        if is_counted {
            known["properties"]["total"] = json!({
                "type": "integer", "format": "int64", "minimum": 0, "maximum": INTEGER_MAX,
                "description": "The number of all items, if `count` requests it.",
            });
        }
    }
    schemas
}

/// Marks the fields whose description says that they are deprecated. A derived reference to a
/// schema cannot have the mark.
fn mark_deprecated(schema: &mut Value) {
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    for field in fields.into_iter().flat_map(JsonObject::values_mut) {
        let description = field.get("description").and_then(Value::as_str);
        if description.is_some_and(|says| says.starts_with("Deprecated")) {
            field["deprecated"] = Value::Bool(true);
        }
    }
}

/// The schemas that the types of requests, responses and events derive.
fn derived_schemas() -> JsonObject {
    let mut found: Vec<(String, RefOr<Schema>)> = Vec::new();
    collect_schemas::<ProblemDocument>(&mut found);
    collect_schemas::<Accepted>(&mut found);
    collect_schemas::<FileKept>(&mut found);
    for read in api::read_routes() {
        (read.shape.schemas)(&mut found);
    }
    for act in api::action_routes() {
        (act.shape.schemas)(&mut found);
    }
    for spec in RESOURCES
        .iter()
        .flat_map(|noun| noun.commands)
        .filter(|spec| api::is_offered(spec))
    {
        (spec.schemas)(&mut found);
    }
    events::schemas(&mut found);
    found
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default()))
        .collect()
}

/// The schema names of all command bodies.
fn body_names() -> Vec<String> {
    RESOURCES
        .iter()
        .flat_map(|noun| noun.commands)
        .filter(|spec| api::is_offered(spec))
        .map(|spec| (spec.body)())
        .collect()
}

/// Writes out each part of an `allOf` that allows no other properties: the other parts have
/// properties of their own.
fn open_joined_parts(schemas: &mut JsonObject) {
    let closed: JsonObject = schemas
        .iter()
        .filter(|(_, schema)| schema["additionalProperties"] == false)
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let parts = schemas
        .values_mut()
        .filter_map(|schema| schema.get_mut("allOf")?.as_array_mut());
    for part in parts.flatten() {
        let name = part["$ref"].as_str();
        let name = name.and_then(|to| to.strip_prefix(SCHEMA_REF_PREFIX));
        if let Some(Value::Object(own)) = name.and_then(|name| closed.get(name)) {
            let mut own = own.clone();
            own.remove("additionalProperties");
            own.remove("description");
            *part = Value::Object(own);
        }
    }
}

/// These schemas, and all that they refer to, directly or indirectly.
fn reachable(schemas: &JsonObject, names: Vec<String>) -> BTreeSet<String> {
    let (mut known, mut next) = (BTreeSet::new(), names);
    while let Some(name) = next.pop() {
        if let Some(schema) = schemas.get(&name)
            && known.insert(name)
        {
            collect_refs(schema, &mut next);
        }
    }
    known
}

fn collect_refs(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(
                map.get("$ref")
                    .and_then(Value::as_str)
                    .and_then(|to| to.strip_prefix(SCHEMA_REF_PREFIX))
                    .map(str::to_owned),
            );
            map.values().for_each(|value| collect_refs(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_refs(item, found)),
        _ => {}
    }
}

/// Whether a keyword of a schema contains data rather than schemas.
fn is_data(name: &str) -> bool {
    matches!(
        name,
        "enum" | "example" | "examples" | "required" | "default" | "mapping" | "discriminator"
    )
}

/// Whether a schema has a type, alone or in a list with `null`.
fn has_type(schema: &JsonObject, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(some)) => some.iter().any(|one| one == name),
        _ => false,
    }
}

/// Adds bounds of lengths, numbers and entries where the type sets none. `asked` is true for
/// schemas that occur in requests.
fn add_bounds(value: &mut Value, params: bool, keys: &[(&String, &Value)]) {
    let Value::Object(schema) = value else {
        if let Value::Array(items) = value {
            for item in items {
                add_bounds(item, params, keys);
            }
        }
        return;
    };
    if has_type(schema, "string") && !schema.contains_key("enum") {
        let format = schema.get("format").and_then(Value::as_str);
        let most = match format {
            Some("uuid") => 36,
            Some("date") => 10,
            Some("date-time") => 32,
            _ => TEXT_MAX,
        };
        schema.entry("maxLength").or_insert(json!(most));
    }
    if has_type(schema, "integer") {
        let wide = *schema.entry("format").or_insert(json!("int64")) == "int64";
        // -1 is the position before the first event. All other integers are at least 0.
        schema.entry("minimum").or_insert(json!(-1));
        schema.entry("maximum").or_insert(json!(if wide {
            INTEGER_MAX
        } else {
            i64::from(i32::MAX)
        }));
    }
    if has_type(schema, "array") {
        schema.entry("maxItems").or_insert(json!(if params {
            REQUEST_ENTRIES_MAX
        } else {
            RESPONSE_ENTRIES_MAX
        }));
        // What is sent twice counts once.
        if params {
            schema.remove("uniqueItems");
        }
    }
    if has_type(schema, "object")
        && schema
            .get("additionalProperties")
            .is_some_and(Value::is_object)
    {
        add_map_bounds(schema, params, keys);
    }
    for (_, value) in schema.iter_mut().filter(|(name, _)| !is_data(name)) {
        add_bounds(value, params, keys);
    }
}

/// Bounds a map: keys that equal a named schema refer to it, others get a maximum length.
fn add_map_bounds(schema: &mut JsonObject, params: bool, keys: &[(&String, &Value)]) {
    if params {
        schema
            .entry("maxProperties")
            .or_insert(json!(REQUEST_ENTRIES_MAX));
    }
    let Some(key) = schema.get_mut("propertyNames") else {
        return;
    };
    if let Some((name, _)) = keys.iter().find(|(_, known)| **known == *key) {
        *key = self::schema_ref(name);
    } else if let Some(key) = key.as_object_mut().filter(|key| has_type(key, "string")) {
        key.entry("maxLength").or_insert(json!(140));
    }
}

/// The schema of a page of a list. `is_cut` if it has a `limit`.
fn page_schema(name: &str, is_cut: bool) -> Value {
    let most = if is_cut {
        api::PAGE_MAX
    } else {
        i64::try_from(RESPONSE_ENTRIES_MAX).unwrap_or(i64::MAX)
    };
    json!({
        "type": "object",
        "required": ["items", "has_more"],
        "properties": {
            "items": { "type": "array", "items": schema_ref(name), "maxItems": most },
            "has_more": { "type": "boolean" },
            "next": {
                "type": "string", "maxLength": 1000,
                "description": "Send it as `after` for the next page. Absent on the last page.",
            },
        },
    })
}

/// Inline schemas that recur, with the component names that they get.
struct SharedSchemas {
    named: Vec<(&'static str, Value)>,
    /// How often each component occurs in a union with `null`.
    nullable: BTreeMap<String, usize>,
    used: JsonObject,
}

impl SharedSchemas {
    fn new(schemas: &JsonObject) -> Self {
        let int32 = |minimum: u32, maximum: i32| {
            json!({
                "type": "integer", "format": "int32", "minimum": minimum, "maximum": maximum,
            })
        };
        let or_none = |mut schema: Value| {
            schema["type"] = json!([schema["type"], "null"]);
            schema
        };
        let day = json!({ "type": "string", "format": "date", "maxLength": 10 });
        let (count, small) = (int32(0, i32::MAX), int32(0, 65_535));
        let named = vec![
            ("DayOrNone", or_none(day.clone())),
            ("Day", day),
            (
                "Id",
                json!({ "type": "string", "format": "uuid", "maxLength": 36 }),
            ),
            ("CountOrNone", or_none(count.clone())),
            ("Count", count),
            ("SmallOrNone", or_none(small.clone())),
            ("Small", small),
            ("Number", int32(1, 65_535)),
            (
                "Position",
                json!({
                    "type": "integer", "format": "int64", "minimum": -1, "maximum": INTEGER_MAX,
                }),
            ),
            (
                "TextOrNone",
                or_none(json!({ "type": "string", "maxLength": TEXT_MAX })),
            ),
        ];
        let mut nullable = BTreeMap::new();
        schemas
            .values()
            .for_each(|schema| count_nullable(schema, &mut nullable));
        Self {
            named,
            nullable,
            used: JsonObject::new(),
        }
    }

    /// Replaces recurring inline schemas with references. `whole` marks a component itself, which
    /// is not replaced.
    fn replace(&mut self, value: &mut Value, whole: bool) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item, false)),
            Value::Object(schema) => {
                if let Some(Value::String(about)) = schema.get_mut("description") {
                    *about = join_wrapped_lines(about);
                }
                for (_, value) in schema.iter_mut().filter(|(name, _)| !is_data(name)) {
                    self.replace(value, false);
                }
                if !whole && let Some(reference) = self.reference(schema) {
                    *value = reference;
                }
            }
            _ => {}
        }
    }

    fn reference(&mut self, schema: &JsonObject) -> Option<Value> {
        let mut plain = schema.clone();
        let mut about = plain.remove("description").filter(Value::is_string);
        let name = if let Some((name, known)) = self
            .named
            .iter()
            .find(|(_, known)| known.as_object() == Some(&plain))
        {
            self.used.insert((*name).to_owned(), known.clone());
            (*name).to_owned()
        } else {
            let of = nullable_target(schema)
                .filter(|of| self.nullable.get(*of).is_some_and(|times| *times > 1))?;
            about = about.or_else(|| schema["oneOf"][0].get("description").cloned());
            let name = format!("{of}OrNone");
            self.used.insert(
                name.clone(),
                json!({ "oneOf": [self::schema_ref(of), { "type": "null" }] }),
            );
            name
        };
        let mut reference = self::schema_ref(&name);
        if let Some(about) = about {
            reference["description"] = about;
        }
        Some(reference)
    }
}

/// The component that a union combines with `null`.
fn nullable_target(schema: &JsonObject) -> Option<&str> {
    let parts = schema
        .get("oneOf")?
        .as_array()
        .filter(|parts| parts.len() == 2 && parts[1]["type"] == "null")?;
    parts[0]
        .get("$ref")?
        .as_str()?
        .strip_prefix(SCHEMA_REF_PREFIX)
}

fn count_nullable(value: &Value, found: &mut BTreeMap<String, usize>) {
    match value {
        Value::Object(schema) => {
            if let Some(of) = nullable_target(schema) {
                *found.entry(of.to_owned()).or_default() += 1;
            }
            schema
                .values()
                .for_each(|value| count_nullable(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| count_nullable(item, found)),
        _ => {}
    }
}

/// Joins the lines of a wrapped doc comment; paragraphs stay separate.
fn join_wrapped_lines(about: &str) -> String {
    let paragraphs: Vec<_> = about
        .split("\n\n")
        .map(|lines| lines.replace('\n', " "))
        .collect();
    paragraphs.join("\n\n")
}
