//! Writes the document as YAML, with values on one line where they fit.

use serde_json::Value;

/// The longest line with a nested value, in characters.
const WIDTH: usize = 320;
/// Up to this indentation every value is a block, so that paths and operations begin lines and can
/// be searched for.
const BLOCK_INDENT_MAX: usize = 6;

pub(super) fn write(sections: &[(&'static str, Value)]) -> String {
    let mut out = String::new();
    for (name, section) in sections {
        write_value(&mut out, &format!("{name}:"), section, 2);
    }
    out
}

/// Writes a value after `lead`, the beginning of its line. Nested blocks get `indent` spaces.
fn write_value(out: &mut String, lead: &str, value: &Value, indent: usize) {
    let empty = value.as_object().is_some_and(serde_json::Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty);
    if empty || (indent > BLOCK_INDENT_MAX && (value.is_object() || value.is_array())) {
        let line = inline(value);
        if empty || lead.len() + line.chars().count() <= WIDTH {
            return push_line(out, &[lead, " ", &line]);
        }
    }
    match value {
        Value::Object(map) => {
            let mut entries = map.iter();
            if lead.ends_with('-') {
                // The first entry of a list item is written on the line of its dash.
                if let Some((name, value)) = entries.next() {
                    write_value(out, &format!("{lead} {}:", key(name)), value, indent + 2);
                }
            } else {
                push_line(out, &[lead]);
            }
            for (name, value) in entries {
                write_value(
                    out,
                    &format!("{:indent$}{}:", "", key(name)),
                    value,
                    indent + 2,
                );
            }
        }
        Value::Array(items) => {
            push_line(out, &[lead]);
            let indent_of_dash = indent - 2;
            for item in items {
                write_value(out, &format!("{:indent_of_dash$}-", ""), item, indent);
            }
        }
        Value::String(text) if is_block(text) => {
            push_line(out, &[lead, " |-"]);
            for line in text.lines() {
                push_line(out, &[&" ".repeat(indent), line]);
            }
        }
        scalar => push_line(out, &[lead, " ", &inline(scalar)]),
    }
}

fn push_line(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
    out.push('\n');
}

/// A value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entry = |(name, value): (&String, &Value)| {
                let name = if is_plain(name) {
                    name.clone()
                } else {
                    Value::from(name.as_str()).to_string()
                };
                format!("{name}: {}", inline(value))
            };
            format!(
                "{{{}}}",
                map.iter().map(entry).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(inline).collect::<Vec<_>>().join(", ")
        ),
        Value::String(text) if is_plain(text) => text.clone(),
        // Every JSON string is a valid YAML string.
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    let path = name.starts_with('/')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/{}_-".contains(&byte));
    if path || is_plain(name) {
        name.to_owned()
    } else {
        Value::from(name).to_string()
    }
}

/// Whether a text needs no quotes in any version of YAML.
fn is_plain(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_./()$-".contains(&byte))
    };
    let begins =
        text.starts_with(|first: char| first.is_ascii_alphabetic() || "_/$".contains(first));
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    begins && text.split(' ').all(word) && !reserved.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a text can be a literal block without any change.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.ends_with('\n')
        && text
            .split('\n')
            .all(|line| !line.is_empty() && line.trim() == line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_stands_on_a_line_and_nothing_means_something_else() {
        let long = "word ".repeat(60);
        let value = json!({
            "a": { "b": { "list": ["yes", "1", "plain words", "a: b", 3, null, true, {}] } },
            "long": [{ "k": long, "z": 1 }], "lines": "one\ntwo",
        });
        let written = write(&[("top", value)]);
        let expected = format!(
            "top:\n  a:\n    b:\n      list: [\"yes\", \"1\", plain words, \"a: b\", 3, null, \
                true, {{}}]\n  lines: |-\n    one\n    two\n  long:\n  - k: \"{long}\"\n    z: 1\n"
        );
        assert_eq!(written, expected);
    }
}
