//! The events as a document: `docs/events.md`, and `audit events`.

use std::fmt::Write as _;

use serde_json::Value;
use strum::IntoEnumIterator as _;

use super::event_schemas::{EventSchema, EventSchemas, LOCAL_REF, description};
use crate::domain::{EventPermission, Giver, Rule};

const INTRODUCTION: &str = "# Events

<!-- Made by `microgrants audit events`. Do not edit. -->

Every event of the log, with its fields. [The format](reference/log-format.md) says what a line of
the log has besides its payload, and [the rules](rules.md) say what must hold. `microgrants audit
schemas FOLDER` writes a JSON Schema for each event, and one for a line.

The payload is an object with one name, the event's. Its value is an object with the fields below.

## How to read the tables

| Word | What the log has |
| --- | --- |
| UUID | a text, in lower case with hyphens |
| text | a text |
| day | a text such as `2026-07-05`: a day in Europe/London |
| time | a text such as `2026-07-05T08:00:00Z`: an instant in UTC |
| whole number | a number without decimals or exponent: a count, or a number by which a thing is called |
| true or false | `true` or `false` |
| list | an array, whose order counts |
| set | an array without equal entries, whose order does not count |
| map | an object whose names are the keys |
| [Money](#money) | pounds sterling as a text, with two decimals |
| [Encrypted](#encrypted) | the digest of a personal value, which is not in the log |

The column *Absent* says what the log can have in place of a value. *no*: there is always a value.
*absent*: the field can be left out, and then it is empty, zero or false, unless its meaning says
otherwise. *null*: the field can be null or left out; both mean the same. A field that only newer
programs write is absent in old events, and no rule that needs it applies to those.

A name that is not listed is ignored in the fields of an event. Numbers of things within a record,
such as payments, begin at 1 and go up by one. A key is a [Slug](#slug).

*Given by* says who may give the event, as the rule [`actor-allowed`](rules.md#actor-allowed) checks
it: a person who holds a role, a `member` of the group that the event is about, a `lead` of the
gathering that it is about, the `person` whom it is about or introduces or who holds the entry that
it is about, `anybody` who is a person, a `job` of the service, or the `operator` of the machine.
*Earlier also* names those who gave it with earlier programs.

The rules `actor-named`, `role-held` and `actor-allowed` are about every event. Further rules are
named at the events that can break them.
";

const FIELD_TABLE: &str = "| Field | Type | Absent | Meaning |\n| --- | --- | --- | --- |\n";

/// The catalogue of events in Markdown.
#[must_use]
pub fn events_markdown() -> String {
    let schemas = EventSchemas::collect();
    let mut text = INTRODUCTION.to_owned();
    let mut stream = "";
    for event in &schemas.events {
        if event.stream != stream {
            stream = event.stream;
            let _ = writeln!(text, "\n## Events of the stream `{stream}`");
        }
        describe_event(&mut text, event);
    }
    text.push_str("\n## Values\n\nWhat fields have that more than a text or a number is.\n");
    for name in schemas.used_values() {
        if let Some(schema) = schemas.values.get(&name) {
            describe_value(&mut text, &name, schema);
        }
    }
    text
}

fn describe_event(text: &mut String, event: &EventSchema) {
    let name = event.full_name();
    let _ = writeln!(
        text,
        "\n### `{name}`\n\n{}\n\nVersion {}.{}{}",
        description(&event.fields).unwrap_or_default(),
        event.version(),
        givers_of(&name),
        rules_of(&name)
    );
    if !describe_fields(text, &event.fields) {
        text.push_str("\nIt has no fields.\n");
    }
}

/// Who may give an event.
fn givers_of(event: &str) -> String {
    let permission = event
        .split_once('.')
        .and_then(|(stream, name)| EventPermission::of(stream, name));
    let Some(permission) = permission else {
        return String::new();
    };
    let join = |givers: Vec<Giver>| {
        let names = givers.into_iter().map(|giver| {
            let name: &str = giver.into();
            format!("`{name}`")
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let mut text = format!(
        " Given by: {}.",
        join(permission.givers().into_iter().collect())
    );
    if !permission.earlier().is_empty() {
        let earlier = join(permission.earlier().to_vec());
        let _ = write!(text, " Earlier also: {earlier}.");
    }
    text
}

/// The rules that an event can break, apart from those about every event.
fn rules_of(event: &str) -> String {
    let rules: Vec<_> = Rule::iter()
        .filter(|rule| rule.events().contains(&event))
        .map(|rule| {
            let name: &str = rule.into();
            format!("[`{name}`](rules.md#{name})")
        })
        .collect();
    if rules.is_empty() {
        String::new()
    } else {
        format!(" Rules: {}.", rules.join(", "))
    }
}

/// Adds the table of an object's fields. Returns whether it has any.
fn describe_fields(text: &mut String, object: &Value) -> bool {
    let fields = fields_of(object);
    if fields.is_empty() {
        return false;
    }
    let _ = write!(text, "\n{FIELD_TABLE}");
    for field in fields {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            field.name,
            type_name(field.schema),
            field.absent(),
            description(field.schema).unwrap_or_default()
        );
    }
    true
}

struct EventField<'a> {
    name: &'a str,
    schema: &'a Value,
    is_required: bool,
}

impl EventField<'_> {
    fn absent(&self) -> &'static str {
        if is_nullable(self.schema) {
            "null"
        } else if self.is_required {
            "no"
        } else {
            "absent"
        }
    }
}

/// The fields of an object: those that are always there in the order of their declaration, then the
/// others.
fn fields_of(object: &Value) -> Vec<EventField<'_>> {
    let required: Vec<&str> = object["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = object["properties"].as_object().into_iter().flatten();
    let mut fields: Vec<_> = properties
        .map(|(name, schema)| EventField {
            name,
            schema,
            is_required: required.contains(&name.as_str()),
        })
        .collect();
    fields.sort_by_key(|field| {
        let place = required.iter().position(|name| *name == field.name);
        place.unwrap_or(required.len())
    });
    fields
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

fn is_nullable(schema: &Value) -> bool {
    let mut types = schema["type"].as_array().into_iter().flatten();
    let mut parts = schema["oneOf"].as_array().into_iter().flatten();
    types.any(|one| one == "null") || parts.any(is_null)
}

/// The type of a value in the words of the catalogue.
fn type_name(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix(LOCAL_REF).unwrap_or(name);
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(parts) = schema["oneOf"].as_array() {
        let parts = parts.iter().filter(|part| !is_null(part));
        return parts.map(type_name).collect::<Vec<_>>().join(" or ");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words_of(words);
    }
    match (json_type(schema), schema["format"].as_str()) {
        ("string", Some("uuid")) => "UUID".to_owned(),
        ("string", Some("date")) => "day".to_owned(),
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("array", _) if schema["uniqueItems"] == true => {
            format!("set of {}", type_name(&schema["items"]))
        }
        ("array", _) => format!("list of {}", type_name(&schema["items"])),
        _ if schema["additionalProperties"].is_object() => {
            let value = type_name(&schema["additionalProperties"]);
            match &schema["propertyNames"] {
                Value::Null => format!("map from text to {value}"),
                key => format!("map from {} to {value}", type_name(key)),
            }
        }
        _ => "object".to_owned(),
    }
}

/// The type of a schema that is not null.
fn json_type(schema: &Value) -> &str {
    let several = schema["type"].as_array().into_iter().flatten();
    std::iter::once(&schema["type"])
        .chain(several)
        .filter_map(Value::as_str)
        .find(|name| *name != "null")
        .unwrap_or_default()
}

/// Texts of an enumeration, in backticks.
fn words_of(words: &[Value]) -> String {
    let words: Vec<_> = words
        .iter()
        .filter_map(Value::as_str)
        .map(|word| format!("`{word}`"))
        .collect();
    words.join(", ")
}

/// Describes a value that has a name of its own.
fn describe_value(text: &mut String, name: &str, schema: &Value) {
    let about = schema["description"].as_str().unwrap_or_default();
    let stop = if about.ends_with('.') { "" } else { "." };
    let _ = writeln!(text, "\n### {name}\n\n{about}{stop}");
    if let Some(parts) = schema["oneOf"].as_array() {
        text.push_str("\nOne of:\n\n");
        for part in parts {
            describe_part(text, part);
        }
    } else if !describe_fields(text, schema) {
        let _ = writeln!(text, "\n{}", form_of(schema));
    }
}

/// One form of a value, as an entry of a list. An object has its fields as a list below it.
fn describe_part(text: &mut String, part: &Value) {
    let fields = fields_of(part);
    let what = if fields.is_empty() {
        type_name(part)
    } else {
        "an object".to_owned()
    };
    let _ = writeln!(text, "- {what}{}", after_colon(part));
    describe_fields_as_list(text, &fields, 1);
}

fn describe_fields_as_list(text: &mut String, fields: &[EventField<'_>], depth: usize) {
    let indent = "  ".repeat(depth);
    for field in fields {
        let inner = fields_of(field.schema);
        let absent = match field.absent() {
            "no" => "",
            "null" => ", can be null",
            _ => ", can be absent",
        };
        let _ = writeln!(
            text,
            "{indent}- `{}`, {}{absent}{}",
            field.name,
            type_name(field.schema),
            after_colon(field.schema)
        );
        describe_fields_as_list(text, &inner, depth + 1);
    }
}

fn after_colon(schema: &Value) -> String {
    description(schema).map_or_else(String::new, |about| format!(": {about}"))
}

/// The form of a text, a number or a list.
fn form_of(schema: &Value) -> String {
    let mut form = vec![type_name(schema)];
    if let Some(pattern) = schema["pattern"].as_str() {
        form.push(format!("pattern `{pattern}`"));
    }
    for (bound, what) in [
        ("minLength", "characters, at least"),
        ("maxLength", "characters, at most"),
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("maxItems", "entries, at most"),
    ] {
        if let Some(number) = schema[bound].as_u64() {
            form.push(format!("{what} {number}"));
        }
    }
    if let Some(example) = schema["examples"][0].as_str() {
        form.push(format!("such as `{}`", example.replace('\n', " ")));
    }
    format!("Form: {}.", form.join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Made anew with `microgrants audit events >docs/events.md`.
    #[test]
    fn the_document_has_every_event() {
        let stored = include_str!("../../docs/events.md");
        assert_eq!(stored, events_markdown());
    }

    /// The second verifier has a table of its own, in the form `stream.Event givers | earlier`.
    #[test]
    fn the_second_verifier_knows_who_gives_each_event() {
        let table = include_str!("../../audit/verifier/givers.py");
        let lines: Vec<&str> = table.lines().collect();
        for event in &EventSchemas::collect().events {
            let name = event.full_name();
            let says = givers_of(&name);
            let line = says
                .replace(" Given by:", "")
                .replace(". Earlier also:", " |")
                .replace(['`', ',', '.'], "");
            let line = format!("{name}{line}");
            assert!(lines.contains(&line.as_str()), "{line}");
        }
    }

    /// The second verifier has the words of each value in one line, in the form `Name word|word`.
    #[test]
    fn the_second_verifier_knows_the_words_of_each_value() {
        let table = include_str!("../../audit/verifier/values.py").replace("\\\n", "");
        let lines: Vec<&str> = table.lines().collect();
        let schemas = EventSchemas::collect();
        for name in schemas.used_values() {
            let Some(words) = schemas.values[&name]["enum"].as_array() else {
                continue;
            };
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            let line = format!("{name} {}", words.join("|"));
            assert!(lines.contains(&line.as_str()), "{line}");
        }
    }

    #[test]
    fn types_have_the_words_of_the_catalogue() {
        let money = json!({ "$ref": "#/$defs/Money" });
        for (schema, says, absent) in [
            (money.clone(), "[Money](#money)", "absent"),
            (
                json!({ "oneOf": [money, { "type": "null" }] }),
                "[Money](#money)",
                "null",
            ),
            (
                json!({ "type": ["string", "null"], "format": "date" }),
                "day",
                "null",
            ),
            (
                json!({ "type": "array", "uniqueItems": true, "items": { "type": "string" } }),
                "set of text",
                "absent",
            ),
            (
                json!({
                    "type": "object", "additionalProperties": { "type": "integer" },
                    "propertyNames": { "type": "string", "format": "uuid" },
                }),
                "map from UUID to whole number",
                "absent",
            ),
        ] {
            let field = EventField {
                name: "field",
                schema: &schema,
                is_required: false,
            };
            assert_eq!(
                (type_name(&schema).as_str(), field.absent()),
                (says, absent)
            );
        }
    }
}
