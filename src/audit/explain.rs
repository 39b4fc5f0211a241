//! The history of one grant from an exported folder, in plain words with positions: from the draft
//! of the application to the last payment.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::AuditError;
use super::export_layout::EVENTS;
use super::manifest::FolderError;
use super::verify::read_lines;
use crate::clock::day_of;
use crate::domain::event::event_label;
use crate::transparency::log_entry;

/// Describes, one line each, the events of the grant and those with its id in their payload. An
/// application has the same id as its grant.
pub fn explain(folder: &Path, grant: Uuid) -> Result<Vec<String>, AuditError> {
    let id = grant.to_string();
    let mut story = Vec::new();
    for line in read_lines(folder, EVENTS)? {
        let line = line.map_err(FolderError::at(Path::new(EVENTS)))?;
        let line = String::from_utf8_lossy(&line);
        if !line.contains(&id) {
            continue;
        }
        let row = log_entry::parse(&line).map_err(|error| AuditError::Replay(error.to_string()))?;
        if row.aggregate_id != id && !row.payload.contains(&id) {
            continue;
        }
        let day = Timestamp::from_microsecond(row.recorded_at)
            .map(day_of)
            .map_err(|error| AuditError::Replay(error.to_string()))?;
        let metadata: Value = serde_json::from_str(&row.metadata).unwrap_or_default();
        let payload: Value = serde_json::from_str(&row.payload).unwrap_or_default();
        let by = match metadata["actor"].as_str().unwrap_or_default() {
            "job" => "the service by itself".to_owned(),
            "operator" => "the operator".to_owned(),
            person => format!("person {person}"),
        };
        let mut says = format!(
            "position {}, {day}: {}, by {by}",
            row.position,
            event_label(&row.event_type).to_lowercase()
        );
        let told = payload
            .as_object()
            .and_then(|payload| payload.values().next());
        for (name, value) in told.and_then(Value::as_object).into_iter().flatten() {
            if let Some(value) = describe_value(value).filter(|value| *value != id) {
                let _ = write!(says, "; {}: {value}", name.replace('_', " "));
            }
        }
        story.push(says);
    }
    Ok(story)
}

/// A value in words. `None` if it is empty. Encrypted values become `(sealed)`.
fn describe_value(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        // A line break in free text must not look like the next line of the output.
        Value::String(text) => Some(
            text.chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect(),
        ),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(items) => Some(
            items
                .iter()
                .filter_map(describe_value)
                .collect::<Vec<_>>()
                .join(", "),
        )
        .filter(|text| !text.is_empty()),
        Value::Object(fields)
            if fields.contains_key("digest") && fields.contains_key("subject") =>
        {
            Some("(sealed)".to_owned())
        }
        Value::Object(fields) => {
            let said = fields.iter().filter_map(|(name, value)| {
                Some(format!(
                    "{} {}",
                    name.replace('_', " "),
                    describe_value(value)?
                ))
            });
            Some(said.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_and_values_are_said_plainly() {
        assert_eq!(event_label("PaymentSent").to_lowercase(), "payment sent");
        let sealed = json!({ "subject": "x", "digest": "y" });
        assert_eq!(
            describe_value(&json!([sealed, "a", null, { "payment": 2, "why": null }])).unwrap(),
            "(sealed), a, payment 2"
        );
        assert_eq!(
            describe_value(&json!("soup\nposition 9: paid \u{1b}[2J")).unwrap(),
            "soup position 9: paid  [2J"
        );
        assert_eq!(
            (
                describe_value(&json!(null)),
                describe_value(&json!([])),
                describe_value(&json!({}))
            ),
            (None, None, None)
        );
    }
}
