//! The section `paths`: an operation for each read, action and command, and the upload.

use serde_json::{Value, json};

use super::api::{self, PREFIX, RESOURCES, ReadRoute, Resource};
use super::{JsonObject, OpenApiComponents, examples, parameters, responses, schema_ref};
use crate::domain::Role;
use crate::domain::command::CommandSpec;
use crate::domain::role::Permission;

/// The tags with their descriptions.
const TAGS: [(&str, &str); 15] = [
    (
        "organisation",
        "The organisation: its signs of success, themes, questions, agreement, emails and roles.",
    ),
    (
        "people",
        "People: staff, panel, auditors, and members of groups.",
    ),
    (
        "funds",
        "Funds with their rules, money, rounds and statements.",
    ),
    (
        "figures",
        "Totals of what was allocated, committed, paid and returned, and what it achieved.",
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
        "gatherings",
        "Gatherings with their sessions, sign-ups, leads and who came.",
    ),
    (
        "assets",
        "The directory: what places have and wish for, whom they know, and the hours given.",
    ),
    (
        "introductions",
        "Introductions of people to entries of the directory, and what came of them.",
    ),
    (
        "notices",
        "What people are told before they agree to something.",
    ),
    (
        "barriers",
        "What gets in people's way: raised, summed up, passed on, answered.",
    ),
    (
        "library",
        "What was learned: lessons, chosen stories, notes of sessions and reports.",
    ),
    (
        "webhooks",
        "Connections that send events to other programs, and the result of each delivery.",
    ),
    (
        "log",
        "The log of events, and proofs that it contains an event.",
    ),
];

/// The descriptions of reads, by name: what they contain, and for whom.
const READ_DESCRIPTIONS: [(&str, &str); 55] = [
    (
        "organisation",
        "The signs of success, themes, questions and agreement in use, your own wording of emails, \
            and earlier agreements.",
    ),
    (
        "people",
        "Staff see everyone, ordered by id. Other people see only themselves. Only staff who work \
            with groups see addresses.",
    ),
    (
        "person",
        "Only the person and staff who work with groups see the name and contact details. They are \
            absent once erased.",
    ),
    (
        "funds",
        "Each fund with its rules, its rounds and its newest batches of payments.",
    ),
    (
        "fund",
        "The fund with its rules, its rounds and its newest batches of payments. Send the ETag as \
            `If-Match` to change this version.",
    ),
    (
        "fund_statement",
        "Opening balances, each transaction with its position in the log, and closing balances, by \
            the day of recording. For staff.",
    ),
    (
        "funder_statement",
        "Like the statement of a fund, for all funds with money from this funder. For staff.",
    ),
    (
        "budget",
        "Totals by fund, or by what `by` names, as at any past day or position. For staff.",
    ),
    (
        "outcomes",
        "Totals of what groups reported and what staff assessed, by sign or by what `by` names. \
            For staff.",
    ),
    (
        "groups",
        "Staff see all groups. Members see the groups that they are in.",
    ),
    (
        "group",
        "The group with its members, bank details, files and checks on file. Members get 404 for \
            other groups.",
    ),
    (
        "group_history",
        "Each application with the amounts asked for, awarded, paid and returned. It includes \
            groups that were merged into this one.",
    ),
    (
        "group_links",
        "Found by blind indexes, without decrypting anything. Sharing a detail is only shown, and \
            blocks nothing. For staff.",
    ),
    (
        "group_file",
        "The decrypted file, with its own media type. For staff and the members of the group.",
    ),
    (
        "applications",
        "Staff see all applications. Members see those of their groups. Scores are hidden from \
            people who have not scored yet.",
    ),
    (
        "application",
        "The application with its decision, its place on the reserve list, declared conflicts of \
            interest, and the scores that the reader may see.",
    ),
    (
        "application_answers",
        "The newest answer to each question, decrypted. Absent once it is erased.",
    ),
    (
        "grants",
        "Staff see all grants. Members see those of their groups.",
    ),
    (
        "grant",
        "The grant with its checks, instalments, changes, news, stories and money to return. Its \
            id is the id of its application.",
    ),
    (
        "grant_payments",
        "Ordered by number. Members do not see who prepared and approved them.",
    ),
    (
        "grant_updates",
        "Ordered by number, with the group's and the staff's view of each sign.",
    ),
    (
        "gatherings",
        "Others than staff see gatherings that are open or have ended, without the people in them.",
    ),
    (
        "gathering",
        "The gathering with its leads. Others than staff and leads see only themselves among the \
            people in it. Staff and leads also see a draft.",
    ),
    (
        "gathering_sessions",
        "Ordered by number. Where a place is only for those who signed up, others do not see it. \
            Staff and leads see from which groups people came.",
    ),
    (
        "gathering_sign_ups",
        "Staff and leads see everyone. Other people see only themselves. Staff who work with \
            groups, and leads, see their names and what they need.",
    ),
    (
        "assets",
        "People outside the office see what is published. With `group`, members see all entries of \
            their group; with `mine`, people see what they hold themselves. `keeper` and \
            `without_keeper` are for staff.",
    ),
    (
        "asset",
        "The entry with what the directory says about it. Those who hold it and staff also see it \
            while it is not published, and the words that were proposed for it.",
    ),
    (
        "asset_ties",
        "Current ties and ties that have ended. For staff, and for those who hold the entry.",
    ),
    (
        "asset_exchanges",
        "Ordered by number, with the minutes that were recorded or corrected last. For staff, and \
            for those who hold the entry.",
    ),
    (
        "hours",
        "What each person and group gave and received, as at any past day or position. All the \
            balances add up to nought. For staff.",
    ),
    (
        "introductions",
        "Officers and connectors see all. Others see those that introduce them or their group, and \
            those to their group while they agree.",
    ),
    (
        "introduction",
        "Those who hold the entry see only what is shared, once the introduction is made and until \
            consent is withdrawn or it is closed. For everyone else it does not exist.",
    ),
    (
        "person_consents",
        "For the person, officers and connectors.",
    ),
    ("notices", "Each version of each notice, with its words."),
    (
        "barriers",
        "Staff see all. Other people see those that they raised, and those joined to these.",
    ),
    (
        "barrier",
        "People outside the office see a barrier that was passed on, without the people in it, and \
            one that they raised. Officers, connectors and administrators read the words of the \
            person who raised it, and so does this person.",
    ),
    (
        "heard",
        "Barriers that were passed on, the newest first, in the words of staff. The public page \
            shows the same.",
    ),
    (
        "pledges",
        "With how many people took and kept each. People outside the office get no number from one \
            to four.",
    ),
    (
        "group_tallies",
        "Ordered by number. For readers outside the office a number of people under five is null, \
            and so is one from which it could be worked out.",
    ),
    (
        "gathering_tallies",
        "Ordered by number. For readers outside the office a number of people under five is null, \
            and so is one from which it could be worked out.",
    ),
    (
        "movement",
        "Sessions that were held, people who came, leads that were handed over and signs that were \
            seen, as at any past day or position. For staff.",
    ),
    (
        "library",
        "Lessons, chosen stories, what was learned at sessions and reports on areas, as at any \
            past day or position. What was withdrawn since is not there on any day.",
    ),
    (
        "aims",
        "What was counted this quarter and in the same quarter a year before, and answers at the \
            beginning and later, as at any past day or position. Small numbers of people are for \
            the office.",
    ),
    (
        "network",
        "Groups and entries of the directory as far as everyone may know of them, with the ties \
            between them, as at any past day or position. People are never in it. For staff.",
    ),
    (
        "network_graphml",
        "The same groups, entries and ties in the format GraphML, without direction, each tie \
            with its weight. For staff.",
    ),
    (
        "value",
        "The money of each fund next to people, sessions, hours, introductions and changes, as at \
            any past day or position. Hours, introductions and changes belong to no fund. For \
            staff.",
    ),
    (
        "payments",
        "Payments of all grants that the reader may see. Use `state` to find payments that wait \
            for approval, for the bank or for confirmation.",
    ),
    (
        "updates",
        "Updates of all grants that the reader may see. Use `due_by` to find those that are due by \
            a day.",
    ),
    (
        "webhooks",
        "Active, proposed and paused webhooks, with their newest deliveries. For auditors and \
            administrators.",
    ),
    (
        "webhook",
        "The webhook with its address, kinds of events and state. For auditors and administrators.",
    ),
    (
        "webhook_deliveries",
        "The newest first. Each with the last attempt, the response, and the next attempt.",
    ),
    (
        "log_accesses",
        "Who downloaded all data on a person, or saw the addresses of everyone, by day. For \
            auditors and administrators.",
    ),
    (
        "log_head",
        "The length of the log, the position of the views, and the newest signed head. For \
            auditors and administrators.",
    ),
    (
        "log_proof",
        "The event as it was hashed, the hashes on the path to the root, and the signed head. For \
            auditors and administrators.",
    ),
    (
        "log_events",
        "With `wait` the response comes as soon as there is a new event. Personal values in events \
            are encrypted. For auditors and administrators.",
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
        "budget" | "outcomes" | "movement" | "aims" | "network" | "network.graphml" | "value" => {
            "figures"
        }
        "payments" | "updates" => "grants",
        "hours" => "assets",
        "heard" | "pledges" => "barriers",
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
        responses["304"] = json!({ "description": "The record has not changed since the version of \
            this tag." });
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
        "description": "The bytes of the file, at most 10 MiB.",
        "content": {
            "application/octet-stream": responses::binary_content("application/octet-stream"),
        },
    });
    json!({
        "operationId": "group_keep_file",
        "summary": "Adds a file to the group: a photograph (JPEG, PNG, WebP) or a PDF. The type \
            follows from the bytes.",
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
        about.push_str(" An empty body counts as `{}`.");
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
        Permission::Anyone => "For everyone who is signed in.".into(),
        Permission::Staff(roles) => format!("For a person with the role {}.", names(roles)),
        Permission::StaffOrJob(roles) => {
            format!(
                "For a person with the role {}. The service also does it on the day.",
                names(roles)
            )
        }
        Permission::StaffOrLead(roles) => format!(
            "For those who lead the gathering, or a person with the role {}.",
            names(roles)
        ),
        Permission::StaffOrMember(roles) | Permission::Upload(roles) => format!(
            "For a member of the group, or a person with the role {}.",
            names(roles)
        ),
        Permission::Download(_) | Permission::Operator | Permission::Job | Permission::FollowUp => {
            "Not available in the API.".into()
        }
    }
}

/// The description of a read: what it contains, and for whom.
fn read_description(read: &ReadRoute) -> &'static str {
    READ_DESCRIPTIONS
        .iter()
        .find(|(name, _)| *name == read.name)
        .map_or(
            "What the reader may see. Records of other groups are 404.",
            |(_, description)| *description,
        )
}
