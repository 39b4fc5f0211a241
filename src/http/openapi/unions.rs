//! Names the parts of unions, and adds the discriminator that distinguishes them.

use serde_json::{Value, json};

use super::{JsonObject, pascal_case, schema_ref};

/// Makes each part of every union a schema of its own.
pub(super) fn name_parts(schemas: &mut JsonObject) {
    let unions: Vec<_> = schemas
        .iter()
        .filter(|(_, schema)| schema["oneOf"].is_array())
        .map(|(name, _)| name.clone())
        .collect();
    for name in unions {
        let Some(union) = schemas.get_mut(&name).map(Value::take) else {
            continue;
        };
        let union = named_union(&name, union, schemas);
        schemas.insert(name, union);
    }
}

fn named_union(name: &str, mut union: Value, schemas: &mut JsonObject) -> Value {
    let Value::Array(parts) = union["oneOf"].take() else {
        return union;
    };
    let tag = discriminator(&parts);
    let (mut refers, mut mapping, mut words) = (Vec::new(), JsonObject::new(), Vec::new());
    for mut part in parts {
        if part["type"] == "string" {
            words.push(part);
        } else if let Some(tag) = &tag {
            let key = part["properties"][tag]["enum"][0]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let part_name = format!("{name}{}", pascal_case(&key));
            refers.push(schema_ref(&part_name));
            mapping.insert(key, json!(format!("#/components/schemas/{part_name}")));
            schemas.insert(part_name, part);
        } else if let Some(key) = only_key(&part) {
            let part_name = format!("{name}{}", pascal_case(&key));
            drop_repeated_description(&mut part, &key);
            part["additionalProperties"] = json!(false);
            refers.push(schema_ref(&part_name));
            schemas.insert(part_name, part);
        } else {
            refers.push(part);
        }
    }
    if !words.is_empty() {
        let plain = format!("{name}Plain");
        refers.insert(0, schema_ref(&plain));
        schemas.insert(plain, enum_schema(&words));
    }
    union["oneOf"] = Value::Array(refers);
    if let Some(tag) = tag {
        union["discriminator"] = json!({ "propertyName": tag, "mapping": mapping });
    }
    union
}

/// The property that has a single, different value in each part, if there is one.
fn discriminator(parts: &[Value]) -> Option<String> {
    let has = |part: &Value, name: &str| {
        part["properties"][name]["enum"]
            .as_array()
            .is_some_and(|values| values.len() == 1)
    };
    let mut names = parts.first()?["properties"].as_object()?.keys();
    names
        .find(|name| parts.iter().all(|part| has(part, name)))
        .cloned()
}

/// The name of the property, if the part is an object with exactly one.
pub(super) fn only_key(part: &Value) -> Option<String> {
    let required = part["required"].as_array()?;
    let one = part["properties"]
        .as_object()
        .is_some_and(|properties| properties.len() == 1)
        && required.len() == 1;
    required
        .first()
        .filter(|_| one)?
        .as_str()
        .map(str::to_owned)
}

/// Removes the property's description if it repeats that of the part.
fn drop_repeated_description(part: &mut Value, key: &str) {
    if part["description"] == part["properties"][key]["description"]
        && let Some(inner) = part["properties"][key].as_object_mut()
    {
        inner.remove("description");
    }
}

/// Combines the parts that are plain strings into one enum.
fn enum_schema(parts: &[Value]) -> Value {
    let words: Vec<_> = parts
        .iter()
        .filter_map(|part| part["enum"].as_array())
        .flatten()
        .cloned()
        .collect();
    let said = |part: &Value| {
        Some(format!(
            "`{}`: {}",
            part["enum"][0].as_str()?,
            part["description"].as_str()?
        ))
    };
    let about: Vec<_> = parts.iter().filter_map(said).collect();
    let mut schema = json!({ "type": "string", "enum": words });
    if !about.is_empty() {
        schema["description"] = json!(about.join(" "));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_union_has_a_name() {
        let paper = json!({
            "type": "object", "required": ["paper"],
            "properties": { "paper": { "type": "object" } },
        });
        let tagged = |route: &str| {
            json!({
                "type": "object", "required": ["route"],
                "properties": { "route": { "type": "string", "enum": [route] } },
            })
        };
        let mut schemas = JsonObject::new();
        schemas.insert(
            "Way".into(),
            json!({
                "oneOf": [{ "type": "string", "enum": ["web"], "description": "By hand." }, paper],
            }),
        );
        schemas.insert(
            "Payee".into(),
            json!({ "oneOf": [tagged("own_account"), tagged("other")] }),
        );
        name_parts(&mut schemas);
        assert_eq!(
            schemas["Way"],
            json!({ "oneOf": [schema_ref("WayPlain"), schema_ref("WayPaper")] })
        );
        assert_eq!(
            schemas["WayPlain"],
            json!({ "type": "string", "enum": ["web"], "description": "`web`: By hand." })
        );
        assert_eq!(
            schemas["Payee"]["discriminator"]["mapping"]["own_account"],
            "#/components/schemas/PayeeOwnAccount"
        );
        assert!(
            schemas.contains_key("PayeeOther")
                && schemas["WayPaper"]["additionalProperties"] == false
        );
    }
}
