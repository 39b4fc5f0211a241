//! Examples of request bodies, one for each command, written by hand in `examples.json`.

use serde_json::Value;

use super::JsonObject;
use super::api::Resource;
use crate::domain::command::CommandSpec;

/// All examples, by plural and name of the command: `grants/close`.
pub(super) fn load_examples() -> JsonObject {
    serde_json::from_str(include_str!("examples.json")).unwrap_or_default()
}

/// The example of a command's body.
pub(super) fn example_of(noun: &Resource, spec: &CommandSpec, all: &JsonObject) -> Option<Value> {
    all.get(&format!("{}/{}", noun.plural, spec.name)).cloned()
}

#[cfg(test)]
mod tests {
    use super::super::api::{self, RESOURCES};
    use super::*;

    #[test]
    fn every_example_is_a_body_of_its_command() {
        let mut examples = load_examples();
        for noun in &RESOURCES {
            for spec in noun.commands.iter().filter(|spec| api::is_offered(spec)) {
                let name = format!("{}/{}", noun.plural, spec.name);
                let body = examples
                    .remove(&name)
                    .unwrap_or_else(|| panic!("{name} has no example"))
                    .to_string();
                let read =
                    api::commands::parse_body(noun, spec, uuid::Uuid::nil(), body.as_bytes());
                assert!(read.is_ok(), "{name}: {}", read.unwrap_err());
            }
        }
        assert!(
            examples.is_empty(),
            "no command takes {:?}",
            examples.keys()
        );
    }
}
