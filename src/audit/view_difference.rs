//! How the rows and figures that a service stored differ from those of a replay, field by field.

use std::collections::BTreeMap;

use serde_json::Value;

use super::findings::{Finding, FormRule};
use crate::store::postings::PostingRow;
use crate::store::view_rows::{CURRENT, ViewRow};

/// The most fields of a row that a finding names, and the most characters of a value.
const FIELDS_MAX: usize = 5;
const VALUE_CHARS_MAX: usize = 100;

/// The fields of a row by their paths.
type FieldValues = BTreeMap<String, Value>;

/// One finding for each row that differs, at the first version that does. Later versions of the row
/// are counted in it.
pub(super) fn differing_rows(view: &str, replayed: &[ViewRow], stored: &[ViewRow]) -> Vec<Finding> {
    let mut findings: BTreeMap<&str, Finding> = BTreeMap::new();
    for ((id, since), versions) in pair(replayed, stored, |row| (row.id.as_str(), row.since)) {
        let Some(says) = describe(versions, fields_of_row) else {
            continue;
        };
        findings
            .entry(id)
            .and_modify(|first| first.follow_ups += 1)
            .or_insert_with(|| difference(since, format!("the view {view}, row {id}: {says}")));
    }
    let mut findings: Vec<_> = findings.into_values().collect();
    findings.sort_by_key(|finding| finding.position);
    findings
}

/// One finding for each posting that differs.
pub(super) fn differing_figures(replayed: &[PostingRow], stored: &[PostingRow]) -> Vec<Finding> {
    pair(replayed, stored, |posting| {
        (posting.position, posting.ordinal)
    })
    .into_iter()
    .filter_map(|((position, _), postings)| {
        let figure = postings.0.or(postings.1).map(|posting| &posting.figure)?;
        let says = describe(postings, fields_of_posting)?;
        Some(difference(
            position,
            format!("a figure is not what a replay gives: {figure}: {says}"),
        ))
    })
    .collect()
}

fn difference(position: i64, says: String) -> Finding {
    Finding {
        position: Some(position),
        rule: FormRule::View.into(),
        says,
        follow_ups: 0,
    }
}

/// The items of two lists by their keys: the replayed one and the stored one.
fn pair<'a, T, K: Ord>(
    replayed: &'a [T],
    stored: &'a [T],
    key: impl Fn(&'a T) -> K,
) -> BTreeMap<K, (Option<&'a T>, Option<&'a T>)> {
    let mut pairs: BTreeMap<K, (Option<&T>, Option<&T>)> = BTreeMap::new();
    for item in replayed {
        pairs.entry(key(item)).or_default().0 = Some(item);
    }
    for item in stored {
        pairs.entry(key(item)).or_default().1 = Some(item);
    }
    pairs
}

/// What is different, or `None` if nothing is.
fn describe<T: PartialEq>(
    pair: (Option<&T>, Option<&T>),
    fields: impl Fn(&T) -> FieldValues,
) -> Option<String> {
    let (replayed, stored) = match pair {
        (Some(replayed), Some(stored)) if replayed == stored => return None,
        (Some(replayed), Some(stored)) => (fields(replayed), fields(stored)),
        (Some(_), None) => return Some("the service does not have it".to_owned()),
        (None, Some(_)) => return Some("a replay does not give it".to_owned()),
        (None, None) => return None,
    };
    let names = replayed.keys().chain(stored.keys());
    let mut differing: Vec<&String> = names
        .filter(|name| replayed.get(*name) != stored.get(*name))
        .collect();
    differing.sort();
    differing.dedup();
    let mut says: Vec<String> = differing
        .iter()
        .take(FIELDS_MAX)
        .map(|name| {
            let (stored, replayed) = (stored.get(*name), replayed.get(*name));
            format!(
                "{name}: the service has {}, and a replay {}",
                shown(stored),
                shown(replayed)
            )
        })
        .collect();
    if differing.len() > FIELDS_MAX {
        says.push(format!("and {} fields more", differing.len() - FIELDS_MAX));
    }
    Some(says.join("; ")).filter(|says| !says.is_empty())
}

/// A value as JSON, shortened.
fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn fields_of_row(row: &ViewRow) -> FieldValues {
    let mut fields = FieldValues::new();
    let body: Value = serde_json::from_str(&row.body).unwrap_or_else(|_| row.body.as_str().into());
    flatten("", body, &mut fields);
    let until = Some(row.until).filter(|until| *until != CURRENT);
    fields.insert("replaced at position".to_owned(), until.into());
    fields
}

fn fields_of_posting(posting: &PostingRow) -> FieldValues {
    let mut fields = FieldValues::new();
    let body = serde_json::to_value(posting).unwrap_or_default();
    flatten("", body, &mut fields);
    fields
}

/// Adds the fields of an object with their paths. A list is one value.
fn flatten(path: &str, value: Value, fields: &mut FieldValues) {
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            for (name, value) in inner {
                let path = if path.is_empty() {
                    name
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, value, fields);
            }
        }
        value => {
            fields.insert(path.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, since: i64, body: &str) -> ViewRow {
        ViewRow {
            id: id.to_owned(),
            since,
            until: CURRENT,
            body: body.to_owned(),
        }
    }

    #[test]
    fn a_row_is_named_once_with_the_field_and_both_values() {
        let replayed = [
            row("a", 3, r#"{"name":"A fund","sums":{"paid":"1.00"}}"#),
            row("a", 5, r#"{"name":"A fund","sums":{"paid":"2.00"}}"#),
            row("b", 4, r#"{"name":"B"}"#),
            row("c", 6, "{}"),
        ];
        let mut stored = replayed.clone();
        stored[0].body = stored[0].body.replace("1.00", "9.00");
        stored[1].body = stored[1].body.replace("2.00", "9.00");
        stored[3].id = "d".to_owned();
        let found = differing_rows("funds", &replayed, &stored);
        let says: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            says,
            [
                "position 3: view: the view funds, row a: sums.paid: the service has \"9.00\", and \
                 a replay \"1.00\" (and 1 later because of it)",
                "position 6: view: the view funds, row c: the service does not have it",
                "position 6: view: the view funds, row d: a replay does not give it",
            ]
        );
        assert!(differing_rows("funds", &replayed, &replayed).is_empty());
    }

    #[test]
    fn a_long_value_is_shortened() {
        let long = Value::String("ż".repeat(500));
        assert!(shown(Some(&long)).chars().count() <= VALUE_CHARS_MAX + 1);
        assert_eq!(shown(None), "nothing");
    }
}
