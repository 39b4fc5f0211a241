//! Links: the operations that can follow a response, with its values as parameters.

use serde_json::{Value, json};

use super::Object;
use super::api::{self, Noun, Read};
use super::operations::command_id;
use crate::domain::role::Who;

fn link(operation: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: Object = parameters
        .iter()
        .map(|(name, pointer)| {
            (
                (*name).to_owned(),
                json!(format!("$response.body#{pointer}")),
            )
        })
        .collect();
    json!({ "operationId": operation, "parameters": parameters })
}

/// The links of a command's response: to the read of the record, and if the command creates a
/// record, to the other commands that the same people may send for it.
pub(super) fn of_commands(noun: &Noun, made: bool) -> Object {
    let mut links = Object::new();
    let Some(one) = noun.one else {
        links.insert(
            "read".to_owned(),
            link(noun.plural, &[("min_position", "/position")]),
        );
        return links;
    };
    links.insert(
        "read".to_owned(),
        link(one, &[(one, "/id"), ("min_position", "/position")]),
    );
    if let Some(maker) = noun
        .commands
        .iter()
        .find(|maker| made && noun.makes == Some(maker.name))
    {
        let others = noun.commands.iter().filter(|other| {
            let own = other.who == maker.who || matches!(other.who, Who::StaffOrOwn(_));
            own && other.name != maker.name && api::offered(other)
        });
        links.extend(others.map(|other| {
            (
                other.name.to_owned(),
                link(&command_id(noun, other), &[(one, "/id")]),
            )
        }));
    }
    links
}

/// The links of a page: to the next page and to the first record.
pub(super) fn of_read(read: &Read) -> Object {
    let mut links = Object::new();
    if !read.shape.many {
        return links;
    }
    let noun = api::NOUNS.iter().find(|noun| noun.plural == read.name);
    if let Some(one) = noun.and_then(|noun| noun.one) {
        links.insert("first".to_owned(), link(one, &[(one, "/items/0/id")]));
    }
    if read.query.contains(&"after") && !read.path.contains('{') {
        links.insert("next".to_owned(), link(read.name, &[("after", "/next")]));
    }
    links
}
