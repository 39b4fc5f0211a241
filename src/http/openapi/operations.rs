//! The section `paths`: an operation for each read, action and command, and the upload.

use serde_json::{Value, json};

use super::api::{self, PREFIX, RESOURCES, ReadRoute, Resource};
use super::{JsonObject, OpenApiComponents, examples, parameters, responses, schema_ref};
use crate::domain::Role;
use crate::domain::command::CommandSpec;
use crate::domain::role::Permission;

/// The tags with their descriptions.
const TAGS: [(&str, &str); 9] = [
    (
        "organisation",
        "The organisation: its signs of success, questions, agreement, emails and roles.",
    ),
    (
        "people",
        "People: staff, panel, auditors, and members of groups.",
    ),
    (
        "funds",
        "Funds, their rules, money and rounds, and the statements of what moved.",
    ),
    (
        "figures",
        "What was allocated, committed, paid and returned, and what came of it.",
    ),
    (
        "groups",
        "Groups that ask for money: their members, bank details and files.",
    ),
    (
        "applications",
        "Applications from the first answer to the decision.",
    ),
    (
        "grants",
        "Grants from the offer to their close: agreement, checks, payments and updates.",
    ),
    (
        "webhooks",
        "Connections that tell other programs of events, and what became of each delivery.",
    ),
    (
        "log",
        "The log of events, and the proofs that an event is in it.",
    ),
];

/// The descriptions of reads, by name: what they contain, and for whom.
const READ_DESCRIPTIONS: [(&str, &str); 30] = [
    (
        "organisation",
        "Signs of success, questions and agreement as they are in force, your own wording of \
            emails, and earlier agreements.",
    ),
    (
        "people",
        "Staff see everyone, in order of their ids; other people see only themselves. Addresses \
            are shown to those who work with groups.",
    ),
    (
        "person",
        "Name and contact details are shown to the person and to staff who work with groups. They \
            are absent once they are erased.",
    ),
    (
        "funds",
        "Each with its rules, rounds and newest batches of payments.",
    ),
    (
        "fund",
        "With its rules, rounds and newest batches of payments. The ETag is the version that \
            `If-Match` takes.",
    ),
    (
        "fund_statement",
        "Opening balances, each movement with its position in the log, and closing balances, by \
            when they were recorded. For staff.",
    ),
    (
        "funder_statement",
        "The same as the statement of a fund, over all funds that have money of this funder. For \
            staff.",
    ),
    (
        "budget",
        "Adds up by fund unless `by` says otherwise; as at any past day or position. For staff.",
    ),
    (
        "outcomes",
        "Adds up what groups said and staff judged, by sign unless `by` says otherwise. For staff.",
    ),
    (
        "groups",
        "Staff see every group; members see those that they are in.",
    ),
    (
        "group",
        "With members, bank details, files and checks on file. Members get 404 for another group.",
    ),
    (
        "group_history",
        "Each application with what was asked for, awarded, paid and returned, also of groups that \
            were merged into this one.",
    ),
    (
        "group_links",
        "Found by keyed look-ups, without decrypting anything. They are shown and not forbidden. \
            For staff.",
    ),
    (
        "group_file",
        "Decrypted while it is read, as its own media type or as bytes. Staff and the group's \
            members only.",
    ),
    (
        "applications",
        "Staff see all; members see their groups' own. Scores are withheld from those who have yet \
            to score.",
    ),
    (
        "application",
        "With its decision, place on the reserve list, conflicts of interest, and the scores that \
            the reader may see.",
    ),
    (
        "application_answers",
        "The newest answer to each question, decrypted; absent where it was erased.",
    ),
    ("grants", "Staff see all; members see their groups' own."),
    (
        "grant",
        "With checks, instalments, changes, news, stories and money to return. The id of a grant \
            is the id of its application.",
    ),
    (
        "grant_payments",
        "In order of their numbers; who prepared and approved them is absent for members.",
    ),
    (
        "grant_updates",
        "In order of their numbers, with what the group said of each sign and what staff judge.",
    ),
    (
        "payments",
        "Over all grants that the reader may see; `state` finds what waits for an approval, for \
            the bank, or to be confirmed.",
    ),
    (
        "updates",
        "Over all grants that the reader may see; `due_by` finds what is due by a day.",
    ),
    (
        "webhooks",
        "Those that are active, proposed or paused, with their newest deliveries. For auditors and \
            administrators.",
    ),
    (
        "webhook",
        "With its address, its kinds of events and its state. For auditors and administrators.",
    ),
    (
        "webhook_deliveries",
        "The newest first: when each was tried, what was answered, and when it is tried next.",
    ),
    (
        "log_accesses",
        "Who took all data on a person, or the addresses of everyone, by day. For auditors and \
            administrators.",
    ),
    (
        "log_head",
        "The log's length, how far the views have read, and the newest signed head. For auditors \
            and administrators.",
    ),
    (
        "log_proof",
        "The event as it was hashed, the hashes on its way to the root, and the signed head. For \
            auditors and administrators.",
    ),
    (
        "log_events",
        "With `wait` the answer comes as soon as there is a new event. Events have personal values \
            only as seals. For auditors and administrators.",
    ),
];

pub(super) fn tags() -> Value {
    TAGS.iter()
        .map(|(name, about)| json!({ "name": name, "description": about }))
        .collect()
}

/// The tag of an address: its first part, or the tag that this belongs to.
fn tag(path: &str) -> &str {
    match path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default()
    {
        "funders" => "funds",
        "budget" | "outcomes" => "figures",
        "payments" | "updates" => "grants",
        noun => noun,
    }
}

/// All paths with their operations.
pub(super) fn paths(all: &mut OpenApiComponents) -> JsonObject {
    let mut paths = JsonObject::new();
    let mut add = |path: String, method: &str, operation: Value| {
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method] = operation;
    };
    for read in api::read_routes() {
        add(
            format!("{PREFIX}{}", read.path),
            "get",
            read_operation(&read, all),
        );
    }
    for act in api::action_routes() {
        add(
            format!("{PREFIX}{}", act.path),
            "post",
            action_operation(&act, all),
        );
    }
    add(
        format!("{PREFIX}{}", api::FILES_PATH),
        "post",
        upload_operation(all),
    );
    let bodies = examples::load_examples();
    for noun in &RESOURCES {
        for spec in noun.commands.iter().filter(|spec| api::is_offered(spec)) {
            add(
                api::command_address(noun, spec),
                "post",
                command_operation(noun, spec, &bodies, all),
            );
        }
    }
    paths
}

fn read_operation(read: &ReadRoute, all: &mut OpenApiComponents) -> Value {
    let mut parameters = parameters::path_parameters(read.path, all);
    parameters.extend(parameters::query_parameters(read, all));
    let mut responses =
        responses::with_error_responses("200", &responses::read_response(read, all));
    if has_etag(read) {
        parameters.push(parameters::if_none_match(all));
        responses["304"] = json!({ "description": "Unchanged since it was read with this tag." });
    }
    let mut operation = json!({
        "operationId": read.name,
        "summary": read.summary,
        "description": read_description(read),
        "tags": [tag(read.path)],
        "responses": responses,
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation
}

/// Whether the response has an ETag: only single records do.
fn has_etag(read: &ReadRoute) -> bool {
    RESOURCES.iter().any(|noun| {
        noun.id_parameter
            .map_or(noun.plural == read.name, |one| one == read.name)
    })
}

/// The operation of an action, which has no body.
fn action_operation(act: &api::ActionRoute, all: &mut OpenApiComponents) -> Value {
    let mut parameters = parameters::path_parameters(act.path, all);
    if act.recorded {
        parameters.push(parameters::idempotency_key(all));
        parameters.push(parameters::if_match(all));
    }
    json!({
        "operationId": act.name,
        "summary": act.summary,
        "description": permission_text(Permission::Staff(&[Role::Administrator])),
        "tags": ["webhooks"],
        "parameters": parameters,
        "responses": responses::with_error_responses("200", &responses::action_response(act, all)),
    })
}

fn upload_operation(all: &mut OpenApiComponents) -> Value {
    let mut parameters = parameters::path_parameters(api::FILES_PATH, all);
    parameters.push(parameters::purpose(all));
    parameters.push(parameters::idempotency_key(all));
    let body = json!({
        "required": true,
        "description": "The file itself, of at most 10 MiB.",
        "content": {
            "application/octet-stream": responses::binary_content("application/octet-stream"),
        },
    });
    json!({
        "operationId": "group_keep_file",
        "summary": "Keeps a file among the group's: a photograph (JPEG, PNG, WebP) or a PDF, found \
            out from its bytes.",
        "description": permission_text(Permission::Upload(&[Role::Officer, Role::Finance])),
        "tags": ["groups"],
        "parameters": parameters,
        "requestBody": body,
        "responses": responses::with_error_responses("201", &responses::upload_response(all)),
    })
}

pub(super) fn command_operation_id(noun: &Resource, spec: &CommandSpec) -> String {
    format!(
        "{}_{}",
        noun.id_parameter.unwrap_or(noun.plural),
        spec.name.replace('-', "_")
    )
}

fn command_operation(
    noun: &Resource,
    spec: &CommandSpec,
    bodies: &JsonObject,
    all: &mut OpenApiComponents,
) -> Value {
    let mut parameters = parameters::path_parameters(&api::command_address(noun, spec), all);
    parameters.push(parameters::idempotency_key(all));
    parameters.push(parameters::if_match(all));
    let name = (spec.body)();
    let needed = is_body_required(&all.schemas[&name]);
    let mut media = json!({ "schema": schema_ref(&name) });
    if let Some(example) = examples::example_of(noun, spec, bodies) {
        media["example"] = example;
    }
    let made = noun.create_command == Some(spec.name);
    let mut about = permission_text(spec.permission);
    if !needed {
        about.push_str(" Without a body it is taken as `{}`.");
    }
    json!({
        "operationId": command_operation_id(noun, spec),
        "summary": spec.summary.trim(),
        "description": about,
        "tags": [noun.plural],
        "parameters": parameters,
        "requestBody": { "required": needed, "content": { "application/json": media } },
        "responses": responses::with_error_responses(
            if made { "201" } else { "200" }, &responses::command_response(noun, made, all),
        ),
    })
}

/// Whether a body has required fields.
fn is_body_required(body: &Value) -> bool {
    body["oneOf"].is_array()
        || body["required"]
            .as_array()
            .is_some_and(|required| !required.is_empty())
}

fn permission_text(who: Permission) -> String {
    let names = |roles: &[Role]| {
        roles
            .iter()
            .map(|role| <&str>::from(*role))
            .collect::<Vec<_>>()
            .join(" or ")
    };
    match who {
        Permission::Anyone => "For anybody who is signed in.".into(),
        Permission::Staff(roles) => format!("For a person with the role {}.", names(roles)),
        Permission::StaffOrJob(roles) => {
            format!(
                "For a person with the role {}; the service does it by itself when the day has \
                    come.",
                names(roles)
            )
        }
        Permission::StaffOrMember(roles) | Permission::Upload(roles) => format!(
            "For a member of the group, or a person with the role {}.",
            names(roles)
        ),
        Permission::Download(_) | Permission::Operator | Permission::Job | Permission::FollowUp => {
            "Not offered.".into()
        }
    }
}

/// The description of a read: what it contains, and for whom.
fn read_description(read: &ReadRoute) -> &'static str {
    READ_DESCRIPTIONS
        .iter()
        .find(|(name, _)| *name == read.name)
        .map_or(
            "What the reader may see of it; what is another's is 404.",
            |(_, description)| *description,
        )
}
