//! Responses, their headers, and examples of problems.

use serde_json::{Value, json};

use super::api::{Act, Noun, Read};
use super::{Object, Shared, links, pascal, refer, samples, schema};
use crate::domain::Refusal;
use crate::http::problem::{Fault, Problem};

const JSON: &str = "application/json";

/// The headers of the rate limit, and further ones.
fn with_limits(more: &[&str]) -> Value {
    let names = ["RateLimit", "RateLimit-Policy"].iter().chain(more);
    Value::Object(
        names
            .map(|name| ((*name).to_owned(), refer("headers", name)))
            .collect(),
    )
}

/// The components of headers.
pub(super) fn headers() -> Value {
    let text = |about: &str, example: &str| json!({ "description": about, "schema": { "type": "string", "maxLength": 200 }, "example": example });
    json!({
        "RateLimit": text("How many requests are left, and in how many seconds all are again (draft-ietf-httpapi-ratelimit-headers).", "\"default\";r=5999;t=1"),
        "RateLimit-Policy": text("How many requests are let through in how many seconds.", "\"default\";q=6000;w=60"),
        "Retry-After": {
            "description": "After how many seconds it is worth trying again.",
            "schema": { "type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400 },
            "example": 30,
        },
        "Location": text("Where what was made is read.", "/api/v1/groups/0192f0c1-7a3b-7c21-9d4e-5f60718293a4"),
        "ETag": text("The version, as `If-Match` takes it.", "\"7-0123456789abcdef\""),
        "Idempotent-Replayed": text("`true` where the request was answered before, and this is the same answer.", "true"),
    })
}

/// The components of error responses.
pub(super) fn problems() -> Object {
    let problem = |about: &str, headers: Value, example: &str| {
        let examples = json!({ example: refer("examples", example) });
        let content = json!({ "application/problem+json": { "schema": schema("Problem"), "examples": examples } });
        json!({ "description": about, "headers": headers, "content": content })
    };
    let limited = with_limits(&["Retry-After"]);
    [
        (
            "Problem",
            problem(
                "What went wrong, with a stable code and what to do about it.",
                limited.clone(),
                "Refused",
            ),
        ),
        (
            "TooMany",
            problem(
                "Asked too often: wait as long as `Retry-After` says.",
                limited,
                "TooMany",
            ),
        ),
        (
            "Internal",
            problem(
                "Something went wrong in the service.",
                with_limits(&[]),
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
        "Accepted": { "value": { "id": "0192f0c1-7a3b-7c21-9d4e-5f60718293a4", "first_position": 1204, "position": 1205 } },
        "Refused": problem(Refusal::NotYours.into()),
        "TooMany": problem(Fault::TooMany.problem("this person's programs ask too often")),
        "Internal": problem(Fault::Internal.problem("something went wrong here")),
    })
}

/// The responses of an operation: the successful one and the errors.
pub(super) fn answers(status: &str, hoped_for: &Value) -> Value {
    json!({
        status: hoped_for,
        "429": refer("responses", "TooMany"),
        "500": refer("responses", "Internal"),
        "default": refer("responses", "Problem"),
    })
}

/// The response to commands of a kind of record; `made` if the command creates one.
pub(super) fn recorded(noun: &Noun, made: bool, all: &mut Shared) -> Value {
    let name = format!(
        "{}{}",
        pascal(noun.one.unwrap_or(noun.plural)),
        if made { "Made" } else { "Recorded" }
    );
    let (about, headers) = if made {
        (
            "Recorded: there is a new one. `Prefer: return=representation` asks for the record.",
            with_limits(&["Idempotent-Replayed", "Location"]),
        )
    } else {
        (
            "Recorded. `Prefer: return=representation` asks for the record.",
            with_limits(&["Idempotent-Replayed"]),
        )
    };
    let examples = json!({ "recorded": refer("examples", "Accepted") });
    let response = json!({
        "description": about,
        "headers": headers,
        "content": { JSON: { "schema": schema("Accepted"), "examples": examples } },
        "links": links::of_commands(noun, made),
    });
    let response_of = refer("responses", &name);
    all.responses.insert(name, response);
    response_of
}

/// The response to an action.
pub(super) fn done(act: &Act, all: &Shared) -> Value {
    let of = schema(&(act.shape.name)());
    let example = samples::of(&of, &all.schemas);
    json!({ "description": "Done.", "headers": with_limits(&[]), "content": { JSON: { "schema": of, "example": example } } })
}

/// The response to an upload.
pub(super) fn file_kept(all: &mut Shared) -> Value {
    let example = samples::of(&schema("FileKept"), &all.schemas);
    let response = json!({
        "description": "Kept.",
        "headers": with_limits(&["Location"]),
        "content": { JSON: { "schema": schema("FileKept"), "example": example } },
    });
    all.responses.insert("FileKept".to_owned(), response);
    refer("responses", "FileKept")
}

/// The response to a read.
pub(super) fn read(read: &Read, all: &Shared) -> Value {
    if read.shape.file {
        let content: Object = ["application/octet-stream", "image/jpeg", "application/pdf"]
            .into_iter()
            .map(|media| (media.to_owned(), bytes(media)))
            .collect();
        return json!({ "description": "The file's bytes.", "headers": with_limits(&[]), "content": content });
    }
    let name = (read.shape.name)();
    let of = schema(&if read.shape.many {
        format!("{name}Page")
    } else {
        name.clone()
    });
    let example = if read.shape.many {
        json!({ "items": [samples::of(&schema(&name), &all.schemas)], "has_more": false })
    } else {
        samples::of(&of, &all.schemas)
    };
    let versioned = !read.shape.many && read.path.ends_with('}');
    let headers = if versioned {
        with_limits(&["ETag"])
    } else {
        with_limits(&[])
    };
    let mut response = json!({
        "description": "As asked.",
        "headers": headers,
        "content": { JSON: { "schema": of, "example": example } },
    });
    let links = links::of_read(read);
    if !links.is_empty() {
        response["links"] = Value::Object(links);
    }
    response
}

/// The content of a file, which has a media type but no JSON schema.
pub(super) fn bytes(media: &str) -> Value {
    json!({
        "schema": { "type": "string", "format": "binary", "contentMediaType": media, "maxLength": crate::files::FILE_MOST },
        "example": "%PDF-1.7 …",
    })
}
