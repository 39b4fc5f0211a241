//! Links: the operations that can follow a response, with its values as parameters.

use serde_json::{Value, json};

use super::JsonObject;
use super::api::{self, ReadRoute, Resource};
use super::operations::command_operation_id;
use crate::domain::role::Permission;

fn link(operation: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: JsonObject = parameters
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
pub(super) fn links_of_command(noun: &Resource, made: bool) -> JsonObject {
    let mut links = JsonObject::new();
    let Some(one) = noun.id_parameter else {
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
        .find(|maker| made && noun.create_command == Some(maker.name))
    {
        let others = noun.commands.iter().filter(|other| {
            let own = other.permission == maker.permission
                || matches!(other.permission, Permission::StaffOrMember(_));
            own && other.name != maker.name && api::is_offered(other)
        });
        links.extend(others.map(|other| {
            (
                other.name.to_owned(),
                link(&command_operation_id(noun, other), &[(one, "/id")]),
            )
        }));
    }
    links
}

/// The links of a page: to the next page and to the first record.
pub(super) fn links_of_read(read: &ReadRoute) -> JsonObject {
    let mut links = JsonObject::new();
    if !read.shape.is_page {
        return links;
    }
    let noun = api::RESOURCES.iter().find(|noun| noun.plural == read.name);
    if let Some(one) = noun.and_then(|noun| noun.id_parameter) {
        links.insert("first".to_owned(), link(one, &[(one, "/items/0/id")]));
    }
    if read.query.contains(&"after") && !read.path.contains('{') {
        links.insert("next".to_owned(), link(read.name, &[("after", "/next")]));
    }
    links
}
