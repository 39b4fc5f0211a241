//! Refuses bodies with a text that has nothing visible. Events recorded earlier may contain such
//! text, so the types of stored values do not refuse it.

use serde_json::Value;

use crate::domain::text::{TextError, check_legible};
use crate::http::problem::{FieldError, FieldErrorCode, Problem};

/// Fails with a problem that names the first field with such a text.
pub(super) fn must_be_legible(body: &[u8]) -> Result<(), Problem> {
    let read = serde_json::from_slice::<Value>(body).ok();
    match read.and_then(|body| first_illegible(&body, "")) {
        Some((field, error)) => {
            let detail = error.to_string();
            Err(Problem::from_fields(vec![FieldError {
                field,
                code: FieldErrorCode::Invalid,
                detail,
            }]))
        }
        None => Ok(()),
    }
}

/// The path and error of the first such text.
fn first_illegible(value: &Value, path: &str) -> Option<(String, TextError)> {
    let within = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::String(text) => check_legible(text)
            .err()
            .map(|error| (path.to_owned(), error)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(at, item)| first_illegible(item, &format!("{path}[{at}]"))),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| first_illegible(value, &within(name))),
        _ => None,
    }
}
