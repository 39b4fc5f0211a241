//! Refuses texts that nobody may type, wherever in a body they stand. The log may hold such texts
//! from before, so the types of what is kept do not refuse them.

use serde_json::Value;

use crate::domain::text::{TextError, legible};
use crate::http::problem::{FieldError, FieldFault, Problem};

/// # Errors
/// A problem that names the first text that is not legible.
pub(super) fn must_be_legible(body: &[u8]) -> Result<(), Problem> {
    let read = serde_json::from_slice::<Value>(body).ok();
    match read.and_then(|body| illegible(&body, "")) {
        Some((field, error)) => {
            let detail = error.to_string();
            Err(Problem::of_fields(vec![FieldError {
                field,
                code: FieldFault::Invalid,
                detail,
            }]))
        }
        None => Ok(()),
    }
}

/// The first text that nobody may type, by its path.
fn illegible(value: &Value, path: &str) -> Option<(String, TextError)> {
    let within = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::String(text) => legible(text).err().map(|error| (path.to_owned(), error)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(at, item)| illegible(item, &format!("{path}[{at}]"))),
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| illegible(value, &within(name))),
        _ => None,
    }
}
