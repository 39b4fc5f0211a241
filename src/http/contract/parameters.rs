//! What requests may have beside a body: parts of the address, of the query, and headers. Each is said once and referred to.

use serde_json::{Value, json};

use super::api::{self, Read};
use super::{Object, Shared, pascal, refer, schema};

const DIGITS: &str = "^[0-9]{1,18}$";
/// The largest position that can be asked for.
const POSITION_MOST: i64 = i64::MAX / 2;

fn text(pattern: &str, most: usize) -> Value {
    json!({ "type": "string", "pattern": pattern, "maxLength": most })
}

fn integer(minimum: i64, maximum: i64) -> Value {
    let format = if maximum > i64::from(i32::MAX) { "int64" } else { "int32" };
    json!({ "type": "integer", "format": format, "minimum": minimum, "maximum": maximum })
}

fn day() -> Value {
    json!({ "type": "string", "format": "date", "maxLength": 10 })
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid", "maxLength": 36 })
}

/// Refers to a parameter, which is kept under its name.
fn shared(shared: &mut Shared, name: &str, parameter: Value) -> Value {
    shared.parameters.insert(name.to_owned(), parameter);
    refer("parameters", name)
}

/// What a query parameter means.
fn query(name: &str) -> Value {
    let (about, schema) = match name {
        "after" => ("The cursor that the page before gave as `next`.", text("^[^\\u0000]{0,100}$", 100)),
        "limit" => ("How many items a page has.", integer(1, api::PAGE_MOST)),
        "as_at" => (
            "The end of a day, or a position: everything that had been recorded by then. A position inside a command gives the state \
             before the command.",
            json!({ "anyOf": [day(), text(DIGITS, 18)] }),
        ),
        "min_position" => ("Wait until the views have passed this position.", integer(0, POSITION_MOST)),
        "after_position" => ("Only events after this position.", integer(-1, POSITION_MOST)),
        "wait" => ("For how many seconds to wait for the next event, where there is none yet.", integer(0, 25)),
        "effective" => ("Count by when it happened, not by when it was recorded; then `as_at` is a day.", json!({ "type": "boolean" })),
        "from" => ("The first day.", day()),
        "until" => ("The last day; today when it is not given.", day()),
        "due_by" => ("Only what is due by this day.", day()),
        "by" => ("What to add up by.", json!({ "type": "string", "enum": ["fund", "funder", "area", "round", "sign", "grant"] })),
        "purpose" => ("What the file is for.", schema("FilePurpose")),
        "fund" | "group" => ("Only of this one.", id()),
        _ => ("Only those that have this.", text("^[a-z0-9_-]{1,60}$", 60)),
    };
    json!({ "name": name, "in": "query", "required": false, "description": about, "schema": schema })
}

/// The name under which a query parameter is kept: a filter has another than the part of an address.
fn kept_as(name: &str) -> String {
    let of = if matches!(name, "fund" | "group" | "round" | "area") { "Of" } else { "" };
    format!("{of}{}", pascal(name))
}

/// The query of a read.
pub(super) fn of_query(read: &Read, all: &mut Shared) -> Vec<Value> {
    let mut parameters = Vec::new();
    for name in read.query {
        let parameter = if *name == "state" { state(read.shape.states, &all.schemas) } else { shared(all, &kept_as(name), query(name)) };
        parameters.push(parameter);
    }
    parameters
}

/// What an uploaded file is for.
pub(super) fn purpose(all: &mut Shared) -> Value {
    let mut purpose = query("purpose");
    purpose["required"] = json!(true);
    shared(all, "Purpose", purpose)
}

fn state(states: &'static [&'static str], schemas: &Object) -> Value {
    let named = schemas.iter().find(|(_, schema)| schema["enum"] == json!(states)).map(|(name, _)| schema(name));
    let schema = named.unwrap_or_else(|| json!({ "type": "string", "enum": states }));
    json!({ "name": "state", "in": "query", "required": false, "description": "Only those that stand so.", "schema": schema })
}

/// The parts of an address.
pub(super) fn in_path(address: &str, all: &mut Shared) -> Vec<Value> {
    let mut parameters = Vec::new();
    for name in address.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let (about, schema) = match name {
            "position" => ("The event's position.".to_owned(), integer(0, POSITION_MOST)),
            "funder" => ("The funder's key.".to_owned(), text("^[a-z][a-z0-9-]{0,39}$", 40)),
            "file" => ("The file's digest.".to_owned(), text("^[0-9a-f]{64}$", 64)),
            other => (format!("The {other}'s id."), id()),
        };
        let parameter = json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema });
        parameters.push(shared(all, &pascal(name), parameter));
    }
    parameters
}

/// Under which a repeat is known.
pub(super) fn idempotency_key(all: &mut Shared) -> Value {
    let key = json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": true,
        "description": "New for each new request; the same again to repeat one.",
        "schema": text("^[A-Za-z0-9._:-]{1,100}$", 100),
        "example": "8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f",
    });
    shared(all, "Key", key)
}

/// The version that a command is for.
pub(super) fn if_match(all: &mut Shared) -> Value {
    let version = json!({
        "name": "If-Match",
        "in": "header",
        "required": false,
        "description": "The version that was read, as its ETag gave it: another refuses the command.",
        "schema": text("^(\\*|\"[0-9]{1,18}\")$", 20),
        "example": "\"7\"",
    });
    shared(all, "IfMatch", version)
}
