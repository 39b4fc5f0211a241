//! Parameters of requests in the path, the query and headers. Each is a component that operations
//! refer to.

use serde_json::{Value, json};

use super::api::{self, ReadRoute};
use super::{JsonObject, OpenApiComponents, component_ref, pascal_case, schema_ref};
use crate::domain::registered_number::{IDENTIFIER_LENGTH_MAX, IDENTIFIER_PATTERN};
use crate::http::entity_tags::CONDITION_MAX;

/// What totals can be grouped by.
const GROUPINGS: [&str; 7] = ["fund", "funder", "area", "theme", "round", "sign", "grant"];
const DIGITS: &str = "^[0-9]{1,18}$";
/// The largest position that a request can contain.
const POSITION_MAX: i64 = i64::MAX / 2;

fn text(pattern: &str, most: usize) -> Value {
    json!({ "type": "string", "pattern": pattern, "maxLength": most })
}

fn integer(minimum: i64, maximum: i64) -> Value {
    let format = if maximum > i64::from(i32::MAX) {
        "int64"
    } else {
        "int32"
    };
    json!({ "type": "integer", "format": format, "minimum": minimum, "maximum": maximum })
}

fn day() -> Value {
    json!({ "type": "string", "format": "date", "maxLength": 10 })
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid", "maxLength": 36 })
}

/// A time in this form, or a position of the log.
fn or_position(time: &Value) -> Value {
    json!({ "anyOf": [time, text(DIGITS, 18)] })
}

/// Adds a parameter to the components, and returns a reference to it.
fn add_shared(shared: &mut OpenApiComponents, name: &str, parameter: Value) -> Value {
    shared.parameters.insert(name.to_owned(), parameter);
    component_ref("parameters", name)
}

/// A parameter that is one of the words of a type.
fn with_words(name: &str) -> (&'static str, Value) {
    match name {
        "purpose" => ("What the file is for.", schema_ref("FilePurpose")),
        "role" => ("Only people with this role.", schema_ref("Role")),
        "kind" => ("Only lessons of this kind.", schema_ref("LessonKind")),
        _ => ("Only what comes from this.", schema_ref("LibrarySource")),
    }
}

/// The filters of the directory.
fn of_directory(name: &str) -> (&'static str, Value) {
    match name {
        "named" => (
            "Only records with this text in their name, in any case.",
            text("^\\S[^\\u0000]{0,139}$", 140),
        ),
        "keeper" => ("Only what this person keeps.", id()),
        "without_keeper" => (
            "Only entries whose keeper has no role for it any more.",
            json!({ "type": "boolean" }),
        ),
        "mine" => (
            "Only what the reader holds as a person.",
            json!({ "type": "boolean" }),
        ),
        _ => ("Only what counts as out of date by this day.", day()),
    }
}

/// The definition of a query parameter.
fn query_parameter(name: &str) -> Value {
    let (about, schema) = match name {
        "after" => (
            "The `next` of the previous page, with the same order.",
            text("^[^\\u0000]{0,1000}$", 1000),
        ),
        "limit" => ("The most items on a page.", integer(1, api::PAGE_MAX)),
        "as_at" => (
            "A day or a position in the log. The response is as it was at the end of that day or \
                at that position. A position inside a command gives the state before the command.",
            or_position(&day()),
        ),
        "min_position" => (
            "Wait until the views have reached this position.",
            integer(0, POSITION_MAX),
        ),
        "after_position" => (
            "Only events after this position.",
            integer(-1, POSITION_MAX),
        ),
        "wait" => (
            "The seconds to wait for the next event, if there is none yet.",
            integer(0, 25),
        ),
        "effective" => (
            "Count by the day on which something happened instead of the day of recording. `as_at` \
                must then be a day.",
            json!({ "type": "boolean" }),
        ),
        "from" => ("The first day.", day()),
        "until" => ("The last day. Today if it is absent.", day()),
        "due_by" => ("Only what is due by this day.", day()),
        "by" => (
            "What to group the totals by.",
            json!({ "type": "string", "enum": GROUPINGS }),
        ),
        "purpose" | "role" | "kind" | "source" => with_words(name),
        "count" => (
            "Return the number of all items as `total`.",
            json!({ "type": "boolean" }),
        ),
        "updated_since" => (
            "Only records that changed at this time or later, or after this position in the log.",
            or_position(&json!({ "type": "string", "format": "date-time", "maxLength": 40 })),
        ),
        "name" => (
            "Only groups whose names begin with this. Capitals and accents do not matter.",
            text("^\\S[^\\u0000]{0,139}$", 140),
        ),
        "email" => (
            "Only the person with this email address. For staff who may see addresses.",
            json!({ "type": "string", "format": "email", "maxLength": 254 }),
        ),
        "identifier" => (
            "Only groups with this charity, company or society number.",
            text(IDENTIFIER_PATTERN, IDENTIFIER_LENGTH_MAX),
        ),
        "reference" => (
            "Only the application with this reference.",
            text("^[0-9]{6,18}$", 18),
        ),
        "named" | "keeper" | "without_keeper" | "mine" | "stale_by" => of_directory(name),
        "fund" | "group" | "grant" => ("Only records of this one.", id()),
        _ => (
            "Only records with this value.",
            text("^[a-z0-9_-]{1,60}$", 60),
        ),
    };
    json!({
        "name": name, "in": "query", "required": false, "description": about, "schema": schema,
    })
}

/// The component name of a query parameter. Filters get the prefix `Of`, because path parameters
/// have the same names.
fn component_name(name: &str) -> String {
    let of = if matches!(
        name,
        "fund" | "group" | "grant" | "round" | "area" | "theme"
    ) {
        "Of"
    } else {
        ""
    };
    format!("{of}{}", pascal_case(name))
}

/// The query parameters of a read.
pub(super) fn query_parameters(read: &ReadRoute, all: &mut OpenApiComponents) -> Vec<Value> {
    let mut parameters = Vec::new();
    for name in read.query {
        parameters.push(match *name {
            "state" => state(read.shape.states, &all.schemas),
            "expand" => expand(read, all),
            "sort" => sort(read, all),
            name => add_shared(all, &component_name(name), query_parameter(name)),
        });
    }
    parameters
}

/// The parameter for the purpose of an upload.
pub(super) fn purpose(all: &mut OpenApiComponents) -> Value {
    let mut purpose = query_parameter("purpose");
    purpose["required"] = json!(true);
    add_shared(all, "Purpose", purpose)
}

fn state(states: &'static [&'static str], schemas: &JsonObject) -> Value {
    let named = schemas
        .iter()
        .find(|(_, schema)| schema["enum"] == json!(states))
        .map(|(name, _)| schema_ref(name));
    let schema = named.unwrap_or_else(|| json!({ "type": "string", "enum": states }));
    list_parameter(
        "state",
        "Only records in one of these states.",
        &schema,
        states.len(),
    )
}

/// A parameter with several values, separated by commas.
fn list_parameter(name: &str, about: &str, word: &Value, most: usize) -> Value {
    let words = json!({ "type": "array", "items": word, "minItems": 1, "maxItems": most });
    json!({
        "name": name, "in": "query", "required": false, "description": about, "style": "form",
        "explode": false, "schema": words,
    })
}

/// The parameter `expand`.
fn expand(read: &ReadRoute, all: &mut OpenApiComponents) -> Value {
    let of_grant = read.name.contains("payments") || read.name.contains("updates");
    let (kept, words) = if of_grant {
        ("ExpandOfGrant", api::GRANT_EXPANSIONS)
    } else {
        ("Expand", api::FUND_EXPANSIONS)
    };
    let about = "The kinds of ids whose names are added in `names`.";
    add_shared(
        all,
        kept,
        list_parameter(
            "expand",
            about,
            &json!({ "type": "string", "enum": words }),
            words.len(),
        ),
    )
}

/// The parameter `sort`. Only groups can be sorted by name.
fn sort(read: &ReadRoute, all: &mut OpenApiComponents) -> Value {
    let named = read.name == "groups";
    let keys = ["id", "created_at", "updated_at"]
        .into_iter()
        .chain(named.then_some("name"));
    let words: Vec<_> = keys
        .flat_map(|key| [key.to_owned(), format!("-{key}")])
        .collect();
    let about = "The order of the items. A `-` in front reverses it.";
    let sort = json!({
        "name": "sort", "in": "query", "required": false, "description": about,
        "schema": { "type": "string", "enum": words },
    });
    add_shared(all, if named { "SortOfGroups" } else { "Sort" }, sort)
}

/// The header `If-None-Match`.
pub(super) fn if_none_match(all: &mut OpenApiComponents) -> Value {
    let known = json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The ETags of the versions that you have, with commas between them. If the \
            record is still as in one of them, the response is 304 without a body.",
        "schema": text(
            "^(\\*|(W/)?\"[!#-~]*\"( *, *(W/)?\"[!#-~]*\")*)$",
            CONDITION_MAX,
        ),
        "example": "\"7-0123456789abcdef\"",
    });
    add_shared(all, "IfNoneMatch", known)
}

/// The path parameters of an address.
pub(super) fn path_parameters(address: &str, all: &mut OpenApiComponents) -> Vec<Value> {
    let mut parameters = Vec::new();
    for name in address
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
    {
        let (about, schema) = match name {
            "position" => ("The event's position.".to_owned(), integer(0, POSITION_MAX)),
            "webhook" => (
                "The webhook's number.".to_owned(),
                integer(1, i64::from(u32::MAX)),
            ),
            "delivery" => (
                "The position of its first event.".to_owned(),
                integer(0, POSITION_MAX),
            ),
            "funder" => (
                "The funder's key.".to_owned(),
                text("^[a-z][a-z0-9-]{0,39}$", 40),
            ),
            "file" => ("The file's digest.".to_owned(), text("^[0-9a-f]{64}$", 64)),
            other => (format!("The {other}'s id."), id()),
        };
        let parameter = json!({
            "name": name, "in": "path", "required": true, "description": about, "schema": schema,
        });
        parameters.push(add_shared(all, &pascal_case(name), parameter));
    }
    parameters
}

/// The header `Idempotency-Key`.
pub(super) fn idempotency_key(all: &mut OpenApiComponents) -> Value {
    let key = json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": true,
        "description": "A new value for each new request. Use the same value to repeat a request.",
        "schema": text("^[A-Za-z0-9._:-]{1,100}$", 100),
        "example": "8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f",
    });
    add_shared(all, "Key", key)
}

/// The header `If-Match`.
pub(super) fn if_match(all: &mut OpenApiComponents) -> Value {
    let version = json!({
        "name": "If-Match",
        "in": "header",
        "required": false,
        "description": "The ETag of the version that was read. The command is refused if the \
            record has changed since.",
        "schema": text("^(\\*|\"[0-9]{1,18}(-[0-9a-f]{16})?\")$", 40),
        "example": "\"7\"",
    });
    add_shared(all, "IfMatch", version)
}
