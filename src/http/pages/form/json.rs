//! The JSON of a command from the fields of a form.

use std::collections::BTreeMap;

use serde_json::Value;
use strum::{EnumString, IntoStaticStr};

use super::{FormData, SURE};
use crate::domain::money::strip_formatting;
use crate::http::pages::kept_form::TYPED_BY;

/// The deepest path of a field, in dots. No command has one that deep.
const DEPTH_MAX: usize = 8;

/// The type of a field whose value is not a text: a suffix of the field's name after a colon, as in
/// `amount:money`.
#[derive(Clone, Copy, Debug, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum FieldType {
    Number,
    Money,
    YesNo,
    /// An item of a list of texts.
    List,
    /// A name that becomes a key.
    Key,
    /// Names on lines of their own, or with commas between them, that become a list of keys.
    Keys,
    /// Texts on lines of their own that become a list.
    Lines,
    /// JSON that the page made, in a hidden field.
    Json,
}

impl FieldType {
    /// The name of the field with this path.
    pub fn name_of(self, path: &str) -> String {
        format!("{path}:{}", <&str>::from(self))
    }

    /// The JSON of an entered value. If a number is expected and the value is not one, it stays a
    /// text, which the command refuses.
    fn value(self, entered: &str) -> Value {
        match self {
            Self::Number => strip_formatting(entered)
                .parse::<u64>()
                .map_or_else(|_| Value::String(entered.to_owned()), Value::from),
            Self::Money => Value::String(strip_formatting(entered)),
            Self::YesNo => Value::Bool(matches!(entered, "yes" | "true" | "on")),
            Self::List => Value::String(entered.to_owned()),
            Self::Json => {
                serde_json::from_str(entered).unwrap_or_else(|_| Value::String(entered.to_owned()))
            }
            Self::Key => Value::String(slug_of(entered)),
            Self::Keys => entered
                .split([',', '\n'])
                .map(slug_of)
                .filter(|key| !key.is_empty())
                .map(Value::String)
                .collect(),
            Self::Lines => entered
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(|line| Value::String(line.to_owned()))
                .collect(),
        }
    }
}

impl FormData {
    /// The fields as the JSON of a command. The name of a field is a path, with dots; a
    /// [`FieldType`] may follow after a colon. Without a type it is a text. Empty fields are left
    /// out, and fields that are too deep or belong to the form itself.
    pub fn to_json(&self) -> Value {
        let mut body = Value::Object(serde_json::Map::new());
        for (name, value) in self.pairs() {
            let value = value.trim();
            let too_deep = name.matches('.').count() > DEPTH_MAX;
            if value.is_empty()
                || too_deep
                || matches!(
                    name.as_str(),
                    "csrf" | "key" | "at" | "form" | SURE | TYPED_BY
                )
            {
                continue;
            }
            let (path, field) = match name.split_once(':') {
                Some((path, field)) => (path, field.parse::<FieldType>().ok()),
                None => (name.as_str(), None),
            };
            let value = field.map_or_else(
                || Value::String(value.to_owned()),
                |field| field.value(value),
            );
            insert_at_path(
                &mut body,
                path,
                value,
                matches!(field, Some(FieldType::List)),
            );
        }
        numbered_keys_to_arrays(body)
    }
}

/// The key of a name: "Winter 2026" becomes `winter-2026`.
pub fn slug_of(typed: &str) -> String {
    let plain: String = typed
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    plain
        .split('-')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// Sets the value at a path of field names, or appends it to the list there.
fn insert_at_path(body: &mut Value, path: &str, value: Value, in_list: bool) {
    let mut at = body;
    for step in path.split('.') {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        let Value::Object(fields) = at else { return };
        at = fields.entry(step).or_insert(Value::Null);
    }
    if !in_list {
        *at = value;
    } else if let Value::Array(items) = at {
        items.push(value);
    } else {
        *at = Value::Array(vec![value]);
    }
}

/// Turns objects whose keys are all numbers into arrays, in the order of the numbers:
/// `decisions.0.verdict` belongs to the first item of a list.
fn numbered_keys_to_arrays(value: Value) -> Value {
    match value {
        Value::Object(fields)
            if !fields.is_empty()
                && fields
                    .keys()
                    .all(|key| key.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            let ordered: BTreeMap<u32, Value> = fields
                .into_iter()
                .filter_map(|(key, value)| {
                    Some((key.parse().ok()?, numbered_keys_to_arrays(value)))
                })
                .collect();
            Value::Array(ordered.into_values().collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| (key, numbered_keys_to_arrays(value)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_the_json_of_a_command() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let posted = FormData::new(vec![
            pair("csrf", "x"),
            pair("sure", "yes"),
            pair("amount:money", " £1,850.00 "),
            pair("present:list", "a"),
            pair("present:list", "b"),
            pair("criteria.need:number", "4"),
            pair("criteria.reach:number", "1,250"),
            pair("criteria.plan:number", "1,5"),
            pair("decisions.0.verdict.defer.reason", "later"),
            pair("late:yes-no", "yes"),
            pair("reason", "  "),
            pair("round:key", " Winter 2026 "),
            pair("areas:keys", "Stockport, Oldham\r\nHigh Peak"),
            pair("ideas:lines", "Share a van, a shed\r\n\r\n Soup "),
            pair(&"a.".repeat(100_000), "deep"),
        ]);
        let says = serde_json::json!({
            "amount": "1850.00", "present": ["a", "b"],
            "criteria": { "need": 4, "reach": 1250, "plan": "1,5" }, "late": true,
            "round": "winter-2026", "areas": ["stockport", "oldham", "high-peak"],
            "ideas": ["Share a van, a shed", "Soup"],
            "decisions": [{ "verdict": { "defer": { "reason": "later" } } }],
        });
        assert_eq!(posted.to_json(), says);
    }
}
