//! Responses, their headers, and examples of problems.

use serde_json::{Value, json};

use super::api::{ActionRoute, ReadRoute, Resource};
use super::{
    JsonObject, OpenApiComponents, component_ref, links, pascal_case, samples, schema_ref,
};
use crate::domain::Refusal;
use crate::http::problem::{ErrorCode, Problem};

const JSON: &str = "application/json";

/// The headers of the rate limit, and further ones.
fn rate_limit_headers(more: &[&str]) -> Value {
    let names = ["RateLimit", "RateLimit-Policy"].iter().chain(more);
    Value::Object(
        names
            .map(|name| ((*name).to_owned(), component_ref("headers", name)))
            .collect(),
    )
}

/// The components of headers.
pub(super) fn headers() -> Value {
    let text = |about: &str, example: &str| {
        json!({
            "description": about, "schema": { "type": "string", "maxLength": 200 },
            "example": example,
        })
    };
    json!({
        "RateLimit": text(
            "The number of requests left, and the seconds until the limit is full again \
                (draft-ietf-httpapi-ratelimit-headers).",
            "\"default\";r=5999;t=1",
        ),
        "RateLimit-Policy": text(
            "The number of requests allowed, and the seconds that it applies to.",
            "\"default\";q=6000;w=60",
        ),
        "Retry-After": {
            "description": "The seconds to wait before trying again.",
            "schema": { "type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400 },
            "example": 30,
        },
        "Location": text(
            "The address of the new record.", "/api/v1/groups/0192f0c1-7a3b-7c21-9d4e-5f60718293a4",
        ),
        "ETag": text("The version of the record, for `If-Match`.", "\"7-0123456789abcdef\""),
        "Idempotent-Replayed": text(
            "`true` if this is a repeat of an earlier request, with the same response.", "true",
        ),
    })
}

/// The components of error responses.
pub(super) fn problems() -> JsonObject {
    let problem = |about: &str, headers: Value, example: &str| {
        let examples = json!({ example: component_ref("examples", example) });
        let content = json!({
            "application/problem+json": { "schema": schema_ref("Problem"), "examples": examples },
        });
        json!({ "description": about, "headers": headers, "content": content })
    };
    let limited = rate_limit_headers(&["Retry-After"]);
    [
        (
            "Problem",
            problem(
                "What went wrong, with a stable code and advice.",
                limited.clone(),
                "Refused",
            ),
        ),
        (
            "TooMany",
            problem(
                "Too many requests. Wait as long as `Retry-After` says.",
                limited,
                "TooMany",
            ),
        ),
        (
            "Internal",
            problem(
                "Something went wrong in the service.",
                rate_limit_headers(&[]),
                "Internal",
            ),
        ),
    ]
    .into_iter()
    .map(|(name, response)| (name.to_owned(), response))
    .collect()
}

/// The components of examples.
pub(super) fn examples() -> Value {
    let problem = |problem: Problem| json!({ "value": problem.document() });
    json!({
        "Accepted": {
            "value": {
                "id": "0192f0c1-7a3b-7c21-9d4e-5f60718293a4", "first_position": 1204,
                "position": 1205,
            },
        },
        "Refused": problem(Refusal::NotYours.into()),
        "TooMany": problem(
            ErrorCode::TooMany.problem("your programs have sent too many requests"),
        ),
        "Internal": problem(ErrorCode::Internal.problem("something went wrong on our side")),
    })
}

/// The responses of an operation: the successful one and the errors.
pub(super) fn with_error_responses(status: &str, hoped_for: &Value) -> Value {
    json!({
        status: hoped_for,
        "429": component_ref("responses", "TooMany"),
        "500": component_ref("responses", "Internal"),
        "default": component_ref("responses", "Problem"),
    })
}

/// The response to commands of a kind of record; `made` if the command creates one.
pub(super) fn command_response(noun: &Resource, made: bool, all: &mut OpenApiComponents) -> Value {
    let name = format!(
        "{}{}",
        pascal_case(noun.id_parameter.unwrap_or(noun.plural)),
        if made { "Made" } else { "Recorded" }
    );
    let (about, headers) = if made {
        (
            "Recorded as a new record. Send `Prefer: return=representation` to get the record.",
            rate_limit_headers(&["Idempotent-Replayed", "Location"]),
        )
    } else {
        (
            "Recorded. Send `Prefer: return=representation` to get the record.",
            rate_limit_headers(&["Idempotent-Replayed"]),
        )
    };
    let examples = json!({ "recorded": component_ref("examples", "Accepted") });
    let response = json!({
        "description": about,
        "headers": headers,
        "content": { JSON: { "schema": schema_ref("Accepted"), "examples": examples } },
        "links": links::links_of_command(noun, made),
    });
    let response_of = component_ref("responses", &name);
    all.responses.insert(name, response);
    response_of
}

/// The response to an action.
pub(super) fn action_response(act: &ActionRoute, all: &OpenApiComponents) -> Value {
    let of = schema_ref(&(act.shape.name)());
    let example = samples::sample(&of, &all.schemas);
    json!({
        "description": "Done.", "headers": rate_limit_headers(&[]),
        "content": { JSON: { "schema": of, "example": example } },
    })
}

/// The response to an upload.
pub(super) fn upload_response(all: &mut OpenApiComponents) -> Value {
    let example = samples::sample(&schema_ref("FileKept"), &all.schemas);
    let response = json!({
        "description": "Saved.",
        "headers": rate_limit_headers(&["Location"]),
        "content": { JSON: { "schema": schema_ref("FileKept"), "example": example } },
    });
    all.responses.insert("FileKept".to_owned(), response);
    component_ref("responses", "FileKept")
}

/// The response to a read.
pub(super) fn read_response(read: &ReadRoute, all: &OpenApiComponents) -> Value {
    if !read.shape.file_of.is_empty() {
        let media = read.shape.file_of.iter();
        let content: JsonObject = media
            .map(|media| ((*media).to_owned(), binary_content(media)))
            .collect();
        return json!({
            "description": "The bytes of the file.", "headers": rate_limit_headers(&[]),
            "content": content,
        });
    }
    let name = (read.shape.name)();
    let of = schema_ref(&if read.shape.is_page {
        format!("{name}Page")
    } else {
        name.clone()
    });
    let example = if read.shape.is_page {
        json!({ "items": [samples::sample(&schema_ref(&name), &all.schemas)], "has_more": false })
    } else {
        samples::sample(&of, &all.schemas)
    };
    let versioned = !read.shape.is_page && read.path.ends_with('}');
    let headers = if versioned {
        rate_limit_headers(&["ETag"])
    } else {
        rate_limit_headers(&[])
    };
    let mut response = json!({
        "description": "The requested data.",
        "headers": headers,
        "content": { JSON: { "schema": of, "example": example } },
    });
    let links = links::links_of_read(read);
    if !links.is_empty() {
        response["links"] = Value::Object(links);
    }
    response
}

/// The content of a file, which has a media type but no JSON schema.
pub(super) fn binary_content(media: &str) -> Value {
    let example = match media {
        "text/xml" => "<?xml version=\"1.0\" encoding=\"UTF-8\"?> …",
        _ => "%PDF-1.7 …",
    };
    json!({
        "schema": {
            "type": "string", "format": "binary", "contentMediaType": media,
            "maxLength": crate::files::FILE_SIZE_MAX,
        },
        "example": example,
    })
}
