//! The section `paths`: an operation for each read, action and command, and the upload.

use serde_json::{Value, json};

use super::api::{self, NOUNS, Noun, PREFIX, Read};
use super::{Object, Shared, examples, parameters, responses, schema};
use crate::domain::Role;
use crate::domain::command::Spec;
use crate::domain::role::Who;

/// The tags with their descriptions.
const TAGS: [(&str, &str); 9] = [
    (
        "organisation",
        "The organisation: its signs of success, form, agreement, mails and roles.",
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
        "Groups that ask for money: their members, payees and files.",
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
        "Who outside is told of events, and what became of each delivery.",
    ),
    (
        "log",
        "The log of events, and the proofs that an event is in it.",
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
pub(super) fn paths(all: &mut Shared) -> Object {
    let mut paths = Object::new();
    let mut add = |path: String, method: &str, operation: Value| {
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method] = operation;
    };
    for read in api::reads() {
        add(format!("{PREFIX}{}", read.path), "get", reading(&read, all));
    }
    for act in api::acts() {
        add(format!("{PREFIX}{}", act.path), "post", acting(&act, all));
    }
    add(format!("{PREFIX}{}", api::FILES), "post", upload(all));
    let bodies = examples::all();
    for noun in &NOUNS {
        for spec in noun.commands.iter().filter(|spec| api::offered(spec)) {
            add(
                api::address(noun, spec),
                "post",
                command(noun, spec, &bodies, all),
            );
        }
    }
    paths
}

fn reading(read: &Read, all: &mut Shared) -> Value {
    let mut parameters = parameters::in_path(read.path, all);
    parameters.extend(parameters::of_query(read, all));
    let mut responses = responses::answers("200", &responses::read(read, all));
    if tagged(read) {
        parameters.push(parameters::if_none_match(all));
        responses["304"] = json!({ "description": "Unchanged since it was read with this tag." });
    }
    let mut operation = json!({
        "operationId": read.name,
        "summary": read.summary,
        "description": about(read),
        "tags": [tag(read.path)],
        "responses": responses,
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation
}

/// Whether the response has an ETag: only single records do.
fn tagged(read: &Read) -> bool {
    NOUNS.iter().any(|noun| {
        noun.one
            .map_or(noun.plural == read.name, |one| one == read.name)
    })
}

/// The operation of an action, which has no body.
fn acting(act: &api::Act, all: &mut Shared) -> Value {
    let mut parameters = parameters::in_path(act.path, all);
    if act.recorded {
        parameters.push(parameters::idempotency_key(all));
        parameters.push(parameters::if_match(all));
    }
    json!({
        "operationId": act.name,
        "summary": act.summary,
        "description": whose(Who::Staff(&[Role::Administrator])),
        "tags": ["webhooks"],
        "parameters": parameters,
        "responses": responses::answers("200", &responses::done(act, all)),
    })
}

fn upload(all: &mut Shared) -> Value {
    let mut parameters = parameters::in_path(api::FILES, all);
    parameters.push(parameters::purpose(all));
    parameters.push(parameters::idempotency_key(all));
    let body = json!({
        "required": true,
        "description": "The file itself, of at most 10 MiB.",
        "content": { "application/octet-stream": responses::bytes("application/octet-stream") },
    });
    json!({
        "operationId": "group_keep_file",
        "summary": "Keeps a file among the group's: a photograph (JPEG, PNG, WebP) or a PDF, found out from its bytes.",
        "description": whose(Who::Upload(&[Role::Officer, Role::Finance])),
        "tags": ["groups"],
        "parameters": parameters,
        "requestBody": body,
        "responses": responses::answers("201", &responses::file_kept(all)),
    })
}

pub(super) fn command_id(noun: &Noun, spec: &Spec) -> String {
    format!(
        "{}_{}",
        noun.one.unwrap_or(noun.plural),
        spec.name.replace('-', "_")
    )
}

fn command(noun: &Noun, spec: &Spec, bodies: &Object, all: &mut Shared) -> Value {
    let mut parameters = parameters::in_path(&api::address(noun, spec), all);
    parameters.push(parameters::idempotency_key(all));
    parameters.push(parameters::if_match(all));
    let name = (spec.body)();
    let needed = is_needed(&all.schemas[&name]);
    let mut media = json!({ "schema": schema(&name) });
    if let Some(example) = examples::of(noun, spec, bodies) {
        media["example"] = example;
    }
    let made = noun.makes == Some(spec.name);
    let mut about = whose(spec.who);
    if !needed {
        about.push_str(" Without a body it is taken as `{}`.");
    }
    json!({
        "operationId": command_id(noun, spec),
        "summary": spec.summary.trim(),
        "description": about,
        "tags": [noun.plural],
        "parameters": parameters,
        "requestBody": { "required": needed, "content": { "application/json": media } },
        "responses": responses::answers(if made { "201" } else { "200" }, &responses::recorded(noun, made, all)),
    })
}

/// Whether a body has required fields.
fn is_needed(body: &Value) -> bool {
    body["oneOf"].is_array()
        || body["required"]
            .as_array()
            .is_some_and(|required| !required.is_empty())
}

fn whose(who: Who) -> String {
    let names = |roles: &[Role]| {
        roles
            .iter()
            .map(|role| <&str>::from(*role))
            .collect::<Vec<_>>()
            .join(" or ")
    };
    match who {
        Who::Anyone => "For anybody who is signed in.".into(),
        Who::Staff(roles) => format!("For a person with the role {}.", names(roles)),
        Who::StaffOrJob(roles) => {
            format!(
                "For a person with the role {}; the service does it by itself when the day has come.",
                names(roles)
            )
        }
        Who::StaffOrOwn(roles) | Who::Upload(roles) => format!(
            "For a member of the group, or a person with the role {}.",
            names(roles)
        ),
        Who::Download(_) | Who::Operator | Who::Job | Who::Consequence => "Not offered.".into(),
    }
}

/// The description of a read: what it contains, and for whom.
fn about(read: &Read) -> &'static str {
    match read.name {
        "organisation" => {
            "Signs of success, form and agreement as they are in force, staff's own mail texts, and earlier agreements."
        }
        "people" => {
            "For staff everybody, in order of their ids; for anybody else themselves. Addresses are opened for those who work with groups."
        }
        "person" => {
            "Name and contact details are opened for the person and for staff who work with groups; erased, they are absent."
        }
        "funds" => "Each with its rules, rounds and newest batches of payments.",
        "fund" => {
            "With its rules, rounds and newest batches of payments. The ETag is the version that `If-Match` takes."
        }
        "fund_statement" => {
            "Opening balances, each movement with its position in the log, and closing balances, by when they were recorded. For staff."
        }
        "funder_statement" => {
            "The same as a fund's statement, over all funds that one funder's money is in. For staff."
        }
        "budget" => {
            "Adds up by fund unless `by` says otherwise; as at any past day or position. For staff."
        }
        "outcomes" => {
            "Adds up what groups said and staff judged, by sign unless `by` says otherwise. For staff."
        }
        "groups" => "Staff see every group; members see those that they are in.",
        "group" => "With members, payee, files and checks on file. What is another group's is 404.",
        "group_history" => {
            "Each application with what was asked for, awarded, paid and returned, also of groups that were merged into this one."
        }
        "group_links" => {
            "Found by keyed look-ups, without opening anything: they are told, not forbidden. For staff."
        }
        "group_file" => {
            "Decrypted while it is read, as its own media type or as bytes. Staff and the group's members only."
        }
        "applications" => {
            "Staff see all; members see their groups' own. Scores are withheld from whoever has still to score."
        }
        "application" => {
            "With decision, reserve rank, interests and those scores that the reader may see."
        }
        "application_answers" => {
            "The newest answer to each question, decrypted; absent where it was erased."
        }
        "grants" => "Staff see all; members see their groups' own.",
        "grant" => {
            "With checks, instalments, variations, stories and what is due back. A grant's id is its application's."
        }
        "grant_payments" => {
            "In order of their numbers; who prepared and approved them is absent for members."
        }
        "grant_updates" => {
            "In order of their numbers, with what the group said of each sign and what staff judge."
        }
        "payments" => {
            "Over all grants that the reader may see; `state` finds what waits for an approval, for the bank, or to be confirmed."
        }
        "updates" => {
            "Over all grants that the reader may see; `due_by` finds what is due by a day."
        }
        "webhooks" => {
            "Those that stand, are proposed or are paused, with their newest deliveries. For auditors and administrators."
        }
        "webhook" => {
            "With its address, its kinds of events and how it stands. For auditors and administrators."
        }
        "webhook_deliveries" => {
            "The newest first: when each was tried, what was answered, and when it is tried next."
        }
        "log_accesses" => {
            "Who took what is held on a person, or everybody's addresses, by day. For auditors and administrators."
        }
        "log_head" => {
            "The log's length, how far the views have read, and the newest signed head. For auditors and administrators."
        }
        "log_proof" => {
            "The event as it was hashed, the hashes on its way to the root, and the signed head. For auditors and administrators."
        }
        "log_events" => {
            "With `wait` the answer comes as soon as there is a new event. Personal values stand in events as seals only. For auditors and administrators."
        }
        _ => "What the reader may see of it; what is another's is 404.",
    }
}
