//! Parses a request body into a command, and reports all wrong fields together.
//!
//! # Several errors
//!
//! Serde stops at the first error. To find the others, each field is deserialised in a body of its
//! own, and missing fields are found by the schema of the body in the contract.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, schema::Schema};
use uuid::Uuid;

use super::Resource;
use super::json_input::{BoundedJson, normalise_integers, tidy_texts};
use super::legible::must_be_legible;
use crate::domain::command::CommandSpec;
use crate::domain::{
    ApplicationCommand, ApplicationId, AssetCommand, AssetId, BarrierCommand, BarrierId, Command,
    FundCommand, FundId, GatheringCommand, GatheringId, GrantCommand, GrantId, GroupCommand,
    GroupId, IntroductionCommand, IntroductionId, OrganisationCommand, PersonCommand, PersonId,
};
use crate::http::problem::{ErrorCode, FieldError, FieldErrorCode, Problem};

/// The most wrong fields that are reported.
const FIELD_ERRORS_MAX: usize = 20;
/// The deepest path in which required fields are looked for, in dots.
const REQUIRED_DEPTH_MAX: usize = 4;

/// Parses a body into a command. The problem has the path of every wrong field.
pub(in crate::http) fn parse_body(
    noun: &Resource,
    spec: &CommandSpec,
    id: Uuid,
    body: &[u8],
) -> Result<Command, Problem> {
    // Syntax first: an error after this is an error of a field, not malformed JSON.
    serde_json::from_slice::<serde::de::IgnoredAny>(body)
        .map_err(|error| ErrorCode::MalformedJson.problem(plain_message(&error)))?;
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ErrorCode::InvalidField.problem("the body must be one JSON object"));
    }
    serde_json::from_slice::<BoundedJson>(body)
        .map_err(|error| ErrorCode::InvalidField.problem(plain_message(&error)))?;
    let body = &*tidy_texts(body);
    must_be_legible(body)?;
    let body = &*normalise_integers(body);
    let read = parse_command(noun, spec, id, body)
        .ok_or_else(|| ErrorCode::NoSuchAddress.problem("there is no such command"))?;
    let command = read.map_err(|first| {
        let fields = serde_json::from_slice(body).unwrap_or_default();
        Problem::from_fields(wrong_fields(noun, spec, first, &fields))
    })?;
    must_have_plain_days(&command, body)?;
    Ok(command)
}

/// Refuses a day with a time or in another form than `2026-12-31`. The parser takes the other forms
/// of ISO 8601, and a time in another zone can mean another day.
fn must_have_plain_days(command: &Command, body: &[u8]) -> Result<(), Problem> {
    let days = command.days();
    if days.is_empty() {
        return Ok(());
    }
    let mut texts = BTreeSet::new();
    collect_texts(serde_json::from_slice(body).unwrap_or_default(), &mut texts);
    let wrong = days
        .into_iter()
        .filter(|(_, day)| !texts.contains(&day.to_string()))
        .map(|(field, _)| FieldError {
            field: field.to_owned(),
            code: FieldErrorCode::Invalid,
            detail: "write a day as in 2026-12-31".to_owned(),
        });
    let wrong: Vec<_> = wrong.take(FIELD_ERRORS_MAX).collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Problem::from_fields(wrong))
    }
}

/// Adds all texts in a value.
fn collect_texts(value: Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(texts.insert(text)),
        Value::Array(items) => items
            .into_iter()
            .for_each(|item| collect_texts(item, texts)),
        Value::Object(fields) => fields
            .into_iter()
            .for_each(|(_, field)| collect_texts(field, texts)),
        _ => {}
    }
}

/// The command, or the first error; `None` if there is no such command.
fn parse_command(
    noun: &Resource,
    spec: &CommandSpec,
    id: Uuid,
    body: &[u8],
) -> Option<Result<Command, FieldError>> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let body = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let name = spec.name;
    let command = match noun.plural {
        "organisation" => OrganisationCommand::read(name, body).map(|read| {
            read.map(|command| Command::Organisation(crate::domain::OrganisationId(id), command))
        }),
        "people" => PersonCommand::read(name, body)
            .map(|read| read.map(|command| Command::Person(PersonId(id), command))),
        "funds" => FundCommand::read(name, body)
            .map(|read| read.map(|command| Command::Fund(FundId(id), command))),
        "groups" => GroupCommand::read(name, body)
            .map(|read| read.map(|command| Command::Group(GroupId(id), command))),
        "applications" => ApplicationCommand::read(name, body)
            .map(|read| read.map(|command| Command::Application(ApplicationId(id), command))),
        "gatherings" => GatheringCommand::read(name, body)
            .map(|read| read.map(|command| Command::Gathering(GatheringId(id), command))),
        "assets" => AssetCommand::read(name, body)
            .map(|read| read.map(|command| Command::Asset(AssetId(id), command))),
        "introductions" => IntroductionCommand::read(name, body)
            .map(|read| read.map(|command| Command::Introduction(IntroductionId(id), command))),
        "barriers" => BarrierCommand::read(name, body)
            .map(|read| read.map(|command| Command::Barrier(BarrierId(id), command))),
        _ => GrantCommand::read(name, body)
            .map(|read| read.map(|command| Command::Grant(GrantId(id), command))),
    };
    Some(command?.map_err(|error| field_error(&error, &track.path())))
}

/// The first error, then those of other fields, then the missing fields.
fn wrong_fields(
    noun: &Resource,
    spec: &CommandSpec,
    first: FieldError,
    fields: &Map<String, Value>,
) -> Vec<FieldError> {
    let shape = BodySchema::of_command(spec, fields);
    let mut found = vec![first];
    let mut note = |error: FieldError| {
        if found.len() < FIELD_ERRORS_MAX && !found.iter().any(|known| known.field == error.field) {
            found.push(error);
        }
        found.len() < FIELD_ERRORS_MAX
    };
    for (name, value) in fields {
        let alone: Map<_, _> = shape
            .discriminator
            .iter()
            .cloned()
            .chain([(name.clone(), value.clone())])
            .collect();
        let Ok(body) = serde_json::to_vec(&alone) else {
            continue;
        };
        if let Some(Err(error)) = parse_command(noun, spec, Uuid::nil(), &body)
            && let Some(error) = shape.attribute_error(name, error)
            && !note(error)
        {
            return found;
        }
    }
    for name in shape
        .required
        .iter()
        .filter(|name| !fields.contains_key(*name))
    {
        let missing = FieldError {
            field: name.clone(),
            code: FieldErrorCode::Missing,
            detail: format!("missing field `{name}`"),
        };
        if !note(missing) {
            break;
        }
    }
    found
}

/// The paths of a command's required fields, with those inside required fields.
pub(in crate::http) fn required_fields(spec: &CommandSpec) -> Vec<String> {
    let mut schemas = Vec::new();
    (spec.schemas)(&mut schemas);
    let mut found = Vec::new();
    if let Some((_, body)) = schemas.first() {
        collect_required(body, &schemas, "", &mut found);
    }
    found
}

fn collect_required(
    schema: &RefOr<Schema>,
    schemas: &[(String, RefOr<Schema>)],
    within: &str,
    found: &mut Vec<String>,
) {
    let Some(Schema::Object(object)) = resolve_ref(schema, schemas) else {
        return;
    };
    for name in &object.required {
        let path = format!("{within}{name}");
        if let Some(field) = object.properties.get(name)
            && path.matches('.').count() < REQUIRED_DEPTH_MAX
        {
            collect_required(field, schemas, &format!("{path}."), found);
        }
        found.push(path);
    }
}

/// The part of the body's schema that finding errors needs.
#[derive(Default)]
struct BodySchema {
    /// The required fields.
    required: Vec<String>,
    /// The field that selects one of several variants, with the value that was sent.
    discriminator: Option<(String, Value)>,
}

impl BodySchema {
    fn of_command(spec: &CommandSpec, fields: &Map<String, Value>) -> Self {
        let mut schemas = Vec::new();
        (spec.schemas)(&mut schemas);
        let Some((_, body)) = schemas.first() else {
            return Self::default();
        };
        match resolve_ref(body, &schemas) {
            Some(Schema::Object(object)) => Self {
                required: object.required.clone(),
                discriminator: None,
            },
            Some(Schema::OneOf(kinds)) => kinds
                .items
                .iter()
                .find_map(|kind| Self::of_variant(kind, &schemas, fields))
                .unwrap_or_default(),
            _ => Self::default(),
        }
    }

    /// The schema of a variant, if the body selects it by a field that allows only one value.
    fn of_variant(
        kind: &RefOr<Schema>,
        schemas: &[(String, RefOr<Schema>)],
        fields: &Map<String, Value>,
    ) -> Option<Self> {
        let Some(Schema::Object(object)) = resolve_ref(kind, schemas) else {
            return None;
        };
        let says = |(name, schema): (&String, &RefOr<Schema>)| {
            let Some(Schema::Object(field)) = resolve_ref(schema, schemas) else {
                return None;
            };
            let [value] = field.enum_values.as_deref()? else {
                return None;
            };
            (fields.get(name) == Some(value)).then(|| (name.clone(), value.clone()))
        };
        let kind = object.properties.iter().find_map(says)?;
        Some(Self {
            required: object.required.clone(),
            discriminator: Some(kind),
        })
    }

    /// The error of a field that was deserialised alone, if it belongs to this field. Errors about
    /// other fields are expected there, because those are missing.
    fn attribute_error(&self, name: &str, error: FieldError) -> Option<FieldError> {
        let below = error
            .field
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        if below && !(error.code == FieldErrorCode::Missing && error.field == name) {
            return Some(error);
        }
        // In an internally tagged enum serde reports no path, so the error is attributed to the
        // field that was sent.
        let other = error.code == FieldErrorCode::Missing && self.required.contains(&error.field);
        let below = if error.field.is_empty() {
            name.to_owned()
        } else {
            format!("{name}.{}", error.field)
        };
        (self.discriminator.is_some() && !other).then_some(FieldError {
            field: below,
            ..error
        })
    }
}

/// A schema, with a reference resolved.
fn resolve_ref<'s>(
    schema: &'s RefOr<Schema>,
    schemas: &'s [(String, RefOr<Schema>)],
) -> Option<&'s Schema> {
    match schema {
        RefOr::T(schema) => Some(schema),
        RefOr::Ref(to) => {
            let name = to.ref_location.rsplit('/').next()?;
            let (_, schema) = schemas.iter().find(|(known, _)| known == name)?;
            if let RefOr::T(schema) = schema {
                Some(schema)
            } else {
                None
            }
        }
    }
}

fn field_error(error: &serde_json::Error, path: &serde_path_to_error::Path) -> FieldError {
    let detail = plain_message(error);
    let code = if detail.starts_with("missing field ") {
        FieldErrorCode::Missing
    } else if detail.starts_with("unknown field ") {
        FieldErrorCode::Unknown
    } else {
        FieldErrorCode::Invalid
    };
    // A path of "." means the body itself. Names of missing and duplicate fields are only in the
    // message, in backticks.
    let path = Some(path.to_string()).filter(|path| path != ".");
    let named = detail
        .split('`')
        .nth(1)
        .filter(|_| path.is_none() || code == FieldErrorCode::Missing);
    let field = path
        .into_iter()
        .chain(named.map(str::to_owned))
        .collect::<Vec<_>>()
        .join(".");
    FieldError {
        field,
        code,
        detail,
    }
}

/// The message of an error without line and column, which do not help in a body on one line, and
/// without names of Rust types.
fn plain_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(message, _)| message);
    message.split_once("expected struct ").map_or_else(
        || message.to_owned(),
        |(got, _)| format!("{got}expected an object"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::api::RESOURCES;

    fn wrong_in(plural: &str, name: &str, body: &Value) -> Vec<(String, FieldErrorCode)> {
        let noun = RESOURCES.iter().find(|noun| noun.plural == plural).unwrap();
        let spec = noun.commands.iter().find(|spec| spec.name == name).unwrap();
        let problem = parse_body(noun, spec, Uuid::nil(), body.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            problem.field(),
            problem.errors().first().map(|error| error.field.as_str()),
            "the first is named as before"
        );
        problem
            .errors()
            .iter()
            .map(|error| (error.field.clone(), error.code))
            .collect()
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        use FieldErrorCode::{Invalid, Missing, Unknown};
        let mut found = wrong_in(
            "groups",
            "register",
            &json!({ "name": "", "area": "BAD", "extra": 1 }),
        );
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = [
            ("area", Invalid),
            ("extra", Unknown),
            ("name", Invalid),
            ("standing", Missing),
        ];
        assert_eq!(
            found,
            expected.map(|(field, code)| (field.to_owned(), code))
        );
        let found = wrong_in("groups", "register", &json!({}));
        assert!(
            found.len() > 2 && found.iter().all(|(_, code)| *code == Missing),
            "{found:?}"
        );
    }

    #[test]
    fn texts_are_in_their_normal_form() {
        let noun = RESOURCES
            .iter()
            .find(|noun| noun.plural == "groups")
            .unwrap();
        let spec = noun
            .commands
            .iter()
            .find(|spec| spec.name == "register")
            .unwrap();
        let body = json!({
            "name": "Cafe\u{301}\tof\u{a0}St Mary\u{92}s\u{200b}", "area": "oldham",
            "standing": "new",
        });
        let read = parse_body(noun, spec, Uuid::nil(), body.to_string().as_bytes());
        let Ok(Command::Group(_, GroupCommand::Register(register))) = read else {
            panic!("it is taken");
        };
        assert_eq!(register.name.as_str(), "Caf\u{e9} of St Mary\u{2019}s");
    }

    #[test]
    fn a_day_has_no_time() {
        let plan = |day: &str| json!({ "day": day, "starts_at": "10:00", "ends_at": "11:00", "place": "The hall" });
        for day in [
            "2026-12-21T10:00[America/New_York]",
            "2026-12-21 10:00",
            "20261221",
            "+002026-12-21",
            "2026-12-21T00:00+05:00[Asia/Karachi]",
        ] {
            let found = wrong_in("gatherings", "add-session", &plan(day));
            assert_eq!(
                found,
                [("day".to_owned(), FieldErrorCode::Invalid)],
                "{day}"
            );
        }
        let noun = RESOURCES.iter().find(|noun| noun.plural == "gatherings");
        let noun = noun.expect("a resource");
        let spec = noun.commands.iter().find(|spec| spec.name == "add-session");
        let body = plan("2026-12-21").to_string();
        let read = parse_body(noun, spec.expect("a command"), Uuid::nil(), body.as_bytes());
        assert!(read.is_ok());
    }

    #[test]
    fn within_a_field_the_first_is_named_by_its_path() {
        use FieldErrorCode::Invalid;
        let body = json!({
            "name": "A", "purpose": "B", "areas": ["a", "B"], "rules": { "minimum": "x" },
        });
        let found = wrong_in("funds", "create", &body);
        assert!(
            found.contains(&("areas[1]".to_owned(), Invalid))
                && found.contains(&("rules.minimum".to_owned(), Invalid)),
            "{found:?}"
        );
    }

    #[test]
    fn a_body_of_several_kinds_is_held_against_its_own() {
        let found = wrong_in(
            "groups",
            "provide-payee",
            &json!({ "route": "holding_body", "account": { "holder": "" } }),
        );
        let fields: Vec<_> = found.iter().map(|(field, _)| field.as_str()).collect();
        assert!(
            fields.contains(&"body") && fields.contains(&"consented_on"),
            "{found:?}"
        );
    }

    #[test]
    fn however_much_is_wrong_so_much_is_named() {
        let body: Value = (0..400)
            .map(|number| (format!("field{number}"), json!(1)))
            .collect::<Map<_, _>>()
            .into();
        assert_eq!(
            wrong_in("groups", "register", &body).len(),
            FIELD_ERRORS_MAX
        );
    }
}
