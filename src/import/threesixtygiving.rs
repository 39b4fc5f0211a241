//! Parser of 360Giving packages in JSON: each grant becomes a line with the standard's CSV titles.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::cell::{CellFault, CellKind, TableCell};
use super::line::{ImportLine, LINES_MAX, TableError, unknown_format};
use super::table::ImportTable;

/// Fields of a grant that are read: the CSV title, and the path in the JSON.
const FIELDS: [(&str, &str); 11] = [
    ("identifier", "/id"),
    ("title", "/title"),
    ("description", "/description"),
    ("currency", "/currency"),
    ("amount awarded", "/amountAwarded"),
    ("award date", "/awardDate"),
    ("recipient org:identifier", "/recipientOrganization/0/id"),
    ("recipient org:name", "/recipientOrganization/0/name"),
    ("funding org:identifier", "/fundingOrganization/0/id"),
    ("funding org:name", "/fundingOrganization/0/name"),
    ("beneficiary location:name", "/beneficiaryLocation/0/name"),
];

/// Reads the grants to organisations. Grants to individuals are left out, since groups are
/// organisations; a note says how many.
pub(super) fn read(text: &str) -> Result<ImportTable, TableError> {
    let UniqueFields(package) = serde_json::from_str(text.trim_start()).map_err(unknown_format)?;
    let grants = package
        .get("grants")
        .and_then(Value::as_array)
        .ok_or_else(|| TableError::Unknown("it has no grants".to_owned()))?;
    if grants.len() > LINES_MAX {
        return Err(TableError::TooLong);
    }
    let lines: Vec<ImportLine> = (1..)
        .zip(grants)
        .filter(|(_, grant)| grant.get("recipientIndividual").is_none())
        .map(|(number, grant)| line_of(number, grant))
        .collect();
    let left_out = match grants.len() - lines.len() {
        0 => None,
        1 => Some("1 grant is to a person, not to a group. It is left out.".to_owned()),
        count => Some(format!(
            "{count} grants are to people, not to groups. They are left out."
        )),
    };
    Ok(ImportTable {
        lines,
        heads: None,
        notes: left_out.into_iter().collect(),
    })
}

fn line_of(number: usize, grant: &Value) -> ImportLine {
    let cell = |(title, path): (&'static str, &str)| {
        let cell = match grant.pointer(path)? {
            Value::Null => return None,
            Value::String(text) => TableCell::typed(text),
            Value::Number(number) => TableCell::new(number.to_string(), CellKind::Number),
            other => TableCell::faulty(other.to_string(), CellFault::NotPlain),
        };
        let place = path.trim_start_matches('/').replace("/0/", ".");
        (!cell.is_empty()).then(|| (title, cell.at(place)))
    };
    let organisations = |field: &str| {
        grant
            .get(field)
            .and_then(Value::as_array)
            .is_some_and(|listed| listed.len() > 1)
    };
    let several = [
        ("recipient org:name", "recipientOrganization"),
        ("funding org:name", "fundingOrganization"),
    ]
    .into_iter()
    .filter(|(_, field)| organisations(field))
    .map(|(title, field)| {
        let cell = TableCell::faulty("", CellFault::Several);
        (title, cell.at(field))
    });
    let cells: Vec<(&str, TableCell)> = FIELDS.into_iter().filter_map(cell).collect();
    ImportLine::new(number, cells.into_iter().chain(several))
}

/// A JSON value in which no object has a field twice: programs differ in which of the two they
/// read.
struct UniqueFields(Value);

impl<'de> Deserialize<'de> for UniqueFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        UniqueFieldsSeed.deserialize(deserializer).map(Self)
    }
}

struct UniqueFieldsSeed;

impl<'de> DeserializeSeed<'de> for UniqueFieldsSeed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueFieldsSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = serde_json::Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let value = object.next_value_seed(Self)?;
            if fields.contains_key(&name) {
                let says = format!("it has “{name}” twice for the same thing: remove one");
                return Err(A::Error::custom(says));
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(fields: &str) -> String {
        format!(
            "{{\"grants\": [{{\"id\": \"360G-x-1\", {fields}, \
                \"recipientOrganization\": [{{\"name\": \"Soup\"}}]}}]}}"
        )
    }

    #[test]
    fn a_field_that_is_named_twice_is_an_error() {
        assert!(read(&grant("\"amountAwarded\": 500")).is_ok());
        let doubled = read(&grant("\"amountAwarded\": 500, \"amountAwarded\": 9999"));
        assert!(
            matches!(&doubled, Err(TableError::Unknown(why)) if why.contains("“amountAwarded”")),
            "{doubled:?}"
        );
    }

    #[test]
    fn a_value_that_is_not_text_or_a_number_is_named() {
        let text = grant("\"amountAwarded\": [500], \"title\": null");
        let table = read(&text).expect("a table");
        let found = table.lines[0].find(&["amount awarded"]);
        let error = found.expect_err("it is named");
        assert!(error.0.starts_with("amountAwarded “[500]”"), "{error:?}");
        assert_eq!(table.lines[0].find(&["title"]), Ok(None));
    }

    #[test]
    fn several_recipients_are_not_cut_to_one() {
        let text = r#"{"grants": [{"id": "360G-x-1",
            "recipientOrganization": [{"name": "Soup"}, {"name": "Song"}]},
            {"id": "360G-x-2", "recipientIndividual": {"name": "A"}}]}"#;
        let table = read(text).expect("a table");
        assert!(table.lines[0].find(&["recipient org:name"]).is_err());
        assert_eq!(table.lines.len(), 1);
        assert!(table.notes[0].contains("left out"), "{:?}", table.notes);
    }
}
