//! The OpenAPI contract, generated from the same tables as the routes.
//!
//! Its sources are the tables of commands, reads and actions, and the schemas that Rust types
//! derive. Its output is one document in which everything that is used repeatedly is a component.
//!
//! | Module | Content |
//! |---|---|
//! | `schemas`, `unions`, `events` | names, bounds and shared parts of schemas |
//! | `operations` | paths |
//! | `parameters`, `responses`, `links` | components that operations refer to |
//! | `examples`, `samples` | examples of requests and responses |
//! | `yaml` | the writer of `openapi.yaml` |

mod events;
mod examples;
mod links;
mod operations;
mod parameters;
mod responses;
mod samples;
mod schemas;
mod unions;
mod yaml;

use serde_json::{Map, Value, json};

use super::api;

type JsonObject = Map<String, Value>;

/// Components that operations add to and refer to.
struct OpenApiComponents {
    schemas: JsonObject,
    parameters: JsonObject,
    responses: JsonObject,
}

/// The contract as YAML.
#[must_use]
pub fn openapi_yaml() -> String {
    yaml::write(&sections())
}

/// The contract as JSON.
#[must_use]
pub fn openapi_json() -> Value {
    Value::Object(
        sections()
            .into_iter()
            .map(|(name, section)| (name.to_owned(), section))
            .collect(),
    )
}

const DESCRIPTION: &str = "Apply, award, pay, report and close, with every change an immutable \
    event. Money is a string of pounds with at most two decimals; dates are ISO dates in \
    Europe/London. Every command takes an Idempotency-Key, and a repeated request gets the first \
    response. Every error is a problem document (RFC 9457) with a stable code. A list in a request \
    has at most 500 entries.";

/// The top-level sections of the document, in the order of the file.
fn sections() -> Vec<(&'static str, Value)> {
    let mut shared = OpenApiComponents {
        schemas: schemas::all(),
        parameters: JsonObject::new(),
        responses: responses::problems(),
    };
    let paths = operations::paths(&mut shared);
    let webhooks = events::webhooks(&shared.schemas);
    let info = json!({
        "title": "Microgrants",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "contact": { "name": "The people who run this service" },
        "license": { "name": "MIT", "identifier": "MIT" },
    });
    let components = json!({
        "schemas": shared.schemas,
        "parameters": shared.parameters,
        "responses": shared.responses,
        "headers": responses::headers(),
        "examples": responses::examples(),
        "securitySchemes": { "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of a person, made on their account page. It is signed and \
                checked as RFC8725 recommends: one algorithm (EdDSA), one key, issuer, audience \
                and expiry."
        } },
    });
    vec![
        ("openapi", json!("3.1.0")),
        ("info", info),
        (
            "servers",
            json!([{
                "url": "/",
                "description": "The service that serves this contract, in production or for a test",
                "x-internal": false,
            }]),
        ),
        ("security", json!([{ "token": [] }])),
        ("tags", operations::tags()),
        ("paths", Value::Object(paths)),
        ("webhooks", webhooks),
        ("components", components),
    ]
}

/// A reference to a component.
fn component_ref(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

fn schema_ref(name: &str) -> Value {
    component_ref("schemas", name)
}

/// Converts snake case or kebab case to Pascal case: `own_account` to `OwnAccount`.
fn pascal_case(name: &str) -> String {
    let capital = |word: &str| {
        word.chars()
            .take(1)
            .flat_map(char::to_uppercase)
            .chain(word.chars().skip(1))
            .collect::<String>()
    };
    name.split(['-', '_']).map(capital).collect()
}
