//! The contract, `openapi.yaml`: made from the tables that the routes are made from.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, ParameterStyle, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
};

use super::api::{self, Accepted, FileKept, NOUNS, Noun, PREFIX, Read};
use super::problem::Document;
use crate::domain::command::{Spec, schemas_of};
use crate::domain::role::Who;

type Schemas = Vec<(String, RefOr<Schema>)>;

/// The version that is stated in place of the newest: it has all that is used here, and more tools read it.
const VERSION: [&str; 2] = ["3.2.0", "3.1.0"];

/// The contract as YAML.
///
/// # Panics
/// Never: the tables are fixed, and a test makes it.
#[must_use]
pub fn contract() -> String {
    let [newest, version] = VERSION.map(|version| format!("openapi: {version}"));
    document().to_yaml().expect("the tables make a contract").replacen(&newest, &version, 1)
}

/// The same as JSON.
pub(super) fn contract_as_json() -> String {
    let [newest, version] = VERSION.map(|version| format!("\"openapi\":\"{version}\""));
    document().to_json().expect("the tables make a contract").replacen(&newest, &version, 1)
}

fn document() -> OpenApi {
    let mut schemas: Schemas = Vec::new();
    schemas_of::<Document>(&mut schemas);
    schemas_of::<Accepted>(&mut schemas);
    schemas_of::<FileKept>(&mut schemas);
    let mut paths: BTreeMap<String, PathItem> = BTreeMap::new();
    let mut add = |path: String, method: HttpMethod, operation: Operation| {
        let item = PathItem::new(method, operation);
        match paths.get_mut(&path) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.insert(path, item);
            }
        }
    };
    for read in api::reads() {
        (read.shape.schemas)(&mut schemas);
        add(format!("{PREFIX}{}", read.path), HttpMethod::Get, reading(&read));
    }
    for act in api::acts() {
        (act.shape.schemas)(&mut schemas);
        add(format!("{PREFIX}{}", act.path), HttpMethod::Post, acting(&act));
    }
    add(format!("{PREFIX}{}", api::FILES), HttpMethod::Post, upload());
    for noun in &NOUNS {
        for spec in noun.commands.iter().filter(|spec| api::offered(spec)) {
            (spec.schemas)(&mut schemas);
            add(api::address(noun, spec), HttpMethod::Post, command(noun, spec));
        }
    }
    let paths = paths.into_iter().fold(PathsBuilder::new(), |all, (path, item)| all.path(path, item));
    let schemas: BTreeMap<_, _> = schemas.into_iter().collect();
    let components = schemas.into_iter().fold(ComponentsBuilder::new(), |all, (name, schema)| all.schema(name, schema));
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = components.security_scheme("token", token).response("problem", problem()).build();
    let info = InfoBuilder::new().title("Microgrants").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT));
    let info = info.license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()));
    OpenApiBuilder::new().info(info.build()).paths(paths.build()).components(Some(components)).build()
}

const ABOUT: &str = "Apply, award, pay, report and close, with every change an immutable event. Money is a string of pounds with at \
     most two decimals; dates are ISO dates in Europe/London. Every command takes an Idempotency-Key, and a repeat gets the first \
     answer. Every error is a problem document (RFC 9457) with a stable code.";

fn reference(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

fn text(pattern: Option<&str>) -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(Type::String).pattern(pattern).build())
}

fn integer(minimum: i64, maximum: i64) -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(minimum)).maximum(Some(maximum)).build())
}

fn parameter(name: &str, place: ParameterIn, required: bool, about: &str, schema: Schema) -> Parameter {
    let required = if required { Required::True } else { Required::False };
    ParameterBuilder::new().name(name).parameter_in(place).required(required).description(Some(about)).schema(Some(schema)).build()
}

/// Any of several words, with commas between them.
fn several(name: &str, about: &str, words: &'static [&'static str]) -> Parameter {
    let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied())).build();
    let words = ArrayBuilder::new().items(word).min_items(Some(1)).build();
    let mut several = parameter(name, ParameterIn::Query, false, about, Schema::Array(words));
    (several.style, several.explode) = (Some(ParameterStyle::Form), Some(false));
    several
}

/// One of several words.
fn one_of(words: &'static [&'static str]) -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied())).build())
}

/// The orders of lists; only groups have names.
const SORTS: &[&str] = &["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at"];
const SORTS_OF_GROUPS: &[&str] = &["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"];

/// What each query parameter means.
fn query(name: &str) -> Parameter {
    let (about, schema) = match name {
        "after" => ("The cursor that the page before gave as `next`, in the same order.", text(Some("^[^\\x00]{0,1000}$"))),
        "limit" => ("How many items a page has.", integer(1, 500)),
        "as_at" => (
            "The end of a day, or a position: everything that had been recorded by then. A position inside a command gives the state \
             before the command.",
            text(Some("^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,18})$")),
        ),
        "min_position" => ("Wait until the views have passed this position.", integer(0, i64::MAX / 2)),
        "after_position" => ("Only events after this position.", integer(-1, i64::MAX / 2)),
        "wait" => ("For how many seconds to wait for the next event, where there is none yet.", integer(0, 25)),
        "effective" => (
            "Count by when it happened, not by when it was recorded; then `as_at` is a day.",
            Schema::Object(ObjectBuilder::new().schema_type(Type::Boolean).build()),
        ),
        "from" => ("The first day.", text(Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))),
        "until" => ("The last day; today when it is not given.", text(Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))),
        "due_by" => ("Only what is due by this day.", text(Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))),
        "by" => ("What to add up by.", text(Some("^(fund|funder|area|round|sign|grant)$"))),
        "count" => ("Say in `total` how many there are in all.", Schema::Object(ObjectBuilder::new().schema_type(Type::Boolean).build())),
        "updated_since" => (
            "Only what was changed at this instant or later, or after this position of the log.",
            text(Some("^([0-9]{1,18}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))$")),
        ),
        "name" => ("Only groups whose names begin so; capitals and accents do not matter.", text(Some("^\\S[^\\x00]{0,139}$"))),
        "email" => (
            "Only whoever has this address: for those who may see addresses.",
            Schema::Object(
                ObjectBuilder::new().schema_type(Type::String).format(Some(utoipa::openapi::SchemaFormat::Custom("email".into()))).build(),
            ),
        ),
        "identifier" => ("Only groups with this charity or company number.", text(Some("^GB-(CHC-[0-9]{6,7}|COH-[A-Z0-9]{2}[0-9]{6})$"))),
        "reference" => ("Only the application that has this reference.", text(Some("^[0-9]{6,18}$"))),
        "role" => ("Only those who hold this role.", one_of(&["administrator", "officer", "finance", "panel", "auditor"])),
        "purpose" => ("What the file is for.", text(Some("^(scan|receipt|document|photograph|signed_form)$"))),
        "fund" | "group" | "grant" => ("Only of this one.", text(Some("^[0-9a-f-]{36}$"))),
        _ => ("Only those that have this.", text(Some("^[a-z0-9_-]{1,60}$"))),
    };
    parameter(name, ParameterIn::Query, false, about, schema)
}

fn in_path(address: &str) -> impl Iterator<Item = Parameter> {
    let names: Vec<_> = address.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect();
    names.into_iter().map(|name| {
        if name == "position" {
            return parameter(&name, ParameterIn::Path, true, "The event's position.", integer(0, i64::MAX / 2));
        }
        if name == "webhook" {
            return parameter(&name, ParameterIn::Path, true, "The webhook's number.", integer(1, i64::from(u32::MAX)));
        }
        if name == "delivery" {
            return parameter(&name, ParameterIn::Path, true, "The position of its first event.", integer(0, i64::MAX / 2));
        }
        if name == "funder" {
            return parameter(&name, ParameterIn::Path, true, "The funder's key.", text(Some("^[a-z][a-z0-9-]{0,39}$")));
        }
        if name == "file" {
            return parameter(&name, ParameterIn::Path, true, "The file's digest.", text(Some("^[0-9a-f]{64}$")));
        }
        let uuid = ObjectBuilder::new().schema_type(Type::String).format(Some(utoipa::openapi::SchemaFormat::Custom("uuid".into())));
        parameter(&name, ParameterIn::Path, true, "The record's id.", Schema::Object(uuid.build()))
    })
}

fn json(schema: RefOr<Schema>) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

fn problem() -> Response {
    ResponseBuilder::new()
        .description("What went wrong, with a stable code")
        .content("application/problem+json", json(reference("Problem")))
        .build()
}

fn with_problems(operation: OperationBuilder, statuses: &[&str]) -> OperationBuilder {
    let refer = || RefOr::Ref(Ref::from_response_name("problem"));
    statuses.iter().fold(operation, |operation, status| operation.response(*status, refer()))
}

/// The bytes of a file, of whatever kind.
fn binary() -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(RefOr::T(Schema::Object(ObjectBuilder::new().build())))).build()
}

fn upload() -> Operation {
    let mut purpose = query("purpose");
    purpose.required = Required::True;
    let answer = ResponseBuilder::new().description("Kept").content("application/json", json(reference("FileKept"))).build();
    let body = RequestBodyBuilder::new().required(Some(Required::True)).description(Some("The file itself, of at most 10 MiB."));
    let operation = OperationBuilder::new()
        .operation_id(Some("group_keep_file"))
        .summary(Some("Keeps a file among the group's: a photograph (JPEG, PNG, WebP) or a PDF, found out from its bytes."))
        .description(Some(whose(Who::Upload(&[crate::domain::Role::Officer, crate::domain::Role::Finance]))))
        .tag("groups")
        .parameters(Some(in_path(api::FILES).chain([purpose, idempotency_key()]).collect::<Vec<_>>()))
        .request_body(Some(body.content("application/octet-stream", binary()).build()))
        .response("201", answer);
    let operation = with_problems(operation, &["400", "401", "403", "404", "409", "413", "422", "503"]);
    operation.security(SecurityRequirement::new("token", Vec::<String>::new())).build()
}

fn idempotency_key() -> Parameter {
    parameter(
        "Idempotency-Key",
        ParameterIn::Header,
        true,
        "New for each new request; the same again to repeat one.",
        text(Some("^[A-Za-z0-9._:-]{1,100}$")),
    )
}

/// What may be asked next, with values of this answer for parameters.
fn link(operation: &str, about: &str, parameters: &[(&str, &str)]) -> Link {
    let link = Link::builder().operation_id(operation).description(about);
    parameters.iter().fold(link, |link, (name, pointer)| link.parameter(*name, format!("$response.body#{pointer}"))).build()
}

/// A command is followed by a read that shows it; one that makes a record also by the others on that record.
fn with_links(answer: ResponseBuilder, noun: &Noun, spec: &Spec) -> ResponseBuilder {
    let Some(one) = noun.one else {
        return answer.link("read", link(noun.plural, "Reads it, once the views show this.", &[("min_position", "/position")]));
    };
    let shown = [(one, "/id"), ("min_position", "/position")];
    let answer = answer.link("read", link(one, "Reads it, once the views show this.", &shown));
    if noun.makes != Some(spec.name) {
        return answer;
    }
    let others = noun.commands.iter().filter(|other| api::offered(other) && other.name != spec.name);
    others.fold(answer, |answer, other| answer.link(other.name, link(&command_id(noun, other), other.summary.trim(), &[(one, "/id")])))
}

/// A page is followed by the next, and by its records one by one.
fn with_page_links(answer: ResponseBuilder, read: &Read) -> ResponseBuilder {
    let of = api::NOUNS.iter().find(|noun| noun.plural == read.name);
    let one = of.and_then(|noun| noun.one).filter(|_| read.shape.many);
    let answer =
        one.into_iter().fold(answer, |answer, one| answer.link("first", link(one, "Reads the first of them.", &[(one, "/items/0/id")])));
    if read.shape.many && read.query.contains(&"after") && !read.path.contains('{') {
        return answer.link("next", link(read.name, "The next page, where there is one.", &[("after", "/next")]));
    }
    answer
}

fn command_id(noun: &Noun, spec: &Spec) -> String {
    format!("{}_{}", noun.one.unwrap_or(noun.plural), spec.name.replace('-', "_"))
}

fn reading(read: &Read) -> Operation {
    let operation =
        OperationBuilder::new().operation_id(Some(read.name)).summary(Some(read.summary)).tag("reads").parameters(Some(asked_of(read)));
    let answer = ResponseBuilder::new().description("As asked");
    let answer = if read.shape.file {
        answer.content("image/jpeg", binary()).content("application/pdf", binary())
    } else {
        with_page_links(answer.content("application/json", json(shape_of(read))), read)
    };
    let operation = with_problems(operation.response("200", answer.build()), &["400", "401", "403", "404", "503"]);
    let operation = if tagged(read) {
        operation.response("304", ResponseBuilder::new().description("Unchanged since it was read with this tag.").build())
    } else {
        operation
    };
    operation.security(SecurityRequirement::new("token", Vec::<String>::new())).build()
}

/// Whether an answer has a tag: one record.
fn tagged(read: &Read) -> bool {
    NOUNS.iter().any(|noun| noun.one.map_or(noun.plural == read.name, |one| one == read.name))
}

fn asked_of(read: &Read) -> Vec<Parameter> {
    let asked = read.query.iter().map(|name| match *name {
        "state" => several(name, "Only those that stand in one of these states.", read.shape.states),
        "expand" => several(name, "Of what the names are put beside the ids, in `names`.", expandable(read)),
        "sort" => {
            let sorts = if read.name == "groups" { SORTS_OF_GROUPS } else { SORTS };
            parameter(name, ParameterIn::Query, false, "In which order; with `-` the last comes first.", one_of(sorts))
        }
        name => query(name),
    });
    let known = "The tag with which the record was read: unchanged, it is not sent again.";
    let known = parameter("If-None-Match", ParameterIn::Header, false, known, text(Some("^(\\*|\"[0-9]{1,18}-[0-9a-f]{16}\")$")));
    in_path(read.path).chain(asked).chain(tagged(read).then_some(known)).collect()
}

/// Of what a read gives the names.
fn expandable(read: &Read) -> &'static [&'static str] {
    if read.name.contains("payments") || read.name.contains("updates") { api::OF_GRANT } else { api::OF_FUND }
}

fn shape_of(read: &Read) -> RefOr<Schema> {
    let one = reference(&(read.shape.name)());
    if !read.shape.many {
        return one;
    }
    let items = Schema::Array(ArrayBuilder::new().items(one).build());
    let page = ObjectBuilder::new().property("items", items).required("items").property("next", text(None));
    let flag = Schema::Object(ObjectBuilder::new().schema_type(Type::Boolean).build());
    let page = page.property("has_more", flag).required("has_more");
    let page = if read.query.contains(&"count") { page.property("total", integer(0, i64::MAX / 2)) } else { page };
    RefOr::T(Schema::Object(page.build()))
}

fn acting(act: &api::Act) -> Operation {
    let heads = [idempotency_key(), if_match()].into_iter().filter(|_| act.recorded);
    let answer = ResponseBuilder::new().description("Done").content("application/json", json(reference(&(act.shape.name)()))).build();
    let operation = OperationBuilder::new()
        .operation_id(Some(act.name))
        .summary(Some(act.summary))
        .description(Some(whose(Who::Staff(&[crate::domain::Role::Administrator]))))
        .tag("webhooks")
        .parameters(Some(in_path(act.path).chain(heads).collect::<Vec<_>>()))
        .response("200", answer);
    let statuses: &[&str] =
        if act.recorded { &["400", "401", "403", "404", "409", "412", "422", "503"] } else { &["401", "403", "404", "503"] };
    with_problems(operation, statuses).security(SecurityRequirement::new("token", Vec::<String>::new())).build()
}

fn if_match() -> Parameter {
    let pattern = text(Some("^(\\*|\"[0-9]{1,18}(-[0-9a-f]{16})?\")$"));
    parameter("If-Match", ParameterIn::Header, false, "The version that was read, as its ETag gave it.", pattern)
}

fn command(noun: &Noun, spec: &Spec) -> Operation {
    let address = api::address(noun, spec);
    let (key, version) = (idempotency_key(), if_match());
    let body = RequestBodyBuilder::new().required(Some(Required::True)).content("application/json", json(reference(&(spec.body)())));
    let replayed = "true where the request was answered before, and this is the same answer.";
    let replayed = HeaderBuilder::new().description(Some(replayed)).schema(Some(one_of(&["true"]))).build();
    let answer = ResponseBuilder::new()
        .description("Recorded. With `Prefer: return=representation` the answer is the record, as its own address gives it.")
        .header("Idempotent-Replayed", replayed)
        .content("application/json", json(reference("Accepted")));
    let answer = with_links(answer, noun, spec).build();
    let status = if noun.makes == Some(spec.name) { "201" } else { "200" };
    let operation = OperationBuilder::new()
        .operation_id(Some(command_id(noun, spec)))
        .summary(Some(spec.summary.trim()))
        .description(Some(whose(spec.who)))
        .tag(noun.plural)
        .parameters(Some(in_path(&address).chain([key, version]).collect::<Vec<_>>()))
        .request_body(Some(body.build()))
        .response(status, answer);
    let operation = with_problems(operation, &["400", "401", "403", "404", "409", "412", "413", "415", "422", "503"]);
    operation.security(SecurityRequirement::new("token", Vec::<String>::new())).build()
}

fn whose(who: Who) -> String {
    let names = |roles: &[crate::domain::Role]| roles.iter().map(|role| <&str>::from(*role)).collect::<Vec<_>>().join(" or ");
    match who {
        Who::Anyone => "For anybody who is signed in.".into(),
        Who::Staff(roles) => format!("For a person with the role {}.", names(roles)),
        Who::StaffOrJob(roles) => {
            format!("For a person with the role {}; the service does it by itself when the day has come.", names(roles))
        }
        Who::StaffOrOwn(roles) | Who::Upload(roles) => format!("For a member of the group, or a person with the role {}.", names(roles)),
        Who::Download(_) | Who::Operator | Who::Job | Who::Consequence => "Not offered.".into(),
    }
}
