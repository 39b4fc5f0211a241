//! Reading a body into the command that it is. Where it is none, everything that is wrong in it is
//! named at once.
//!
//! Whatever reads a body stops at the first thing that is wrong. So each field is read again by
//! itself, and what is missing comes from the schema that the contract has of the body.

use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, schema::Schema};
use uuid::Uuid;

use super::Noun;
use super::bodies::{Bounded, whole_numbers};
use super::legible::must_be_legible;
use crate::domain::command::Spec;
use crate::domain::{
    ApplicationCommand, ApplicationId, Command, FundCommand, FundId, GrantCommand, GrantId,
    GroupCommand, GroupId, OrganisationCommand, PersonCommand, PersonId,
};
use crate::http::problem::{Fault, FieldError, FieldFault, Problem};

/// How many wrong fields are named at most.
const NAMED_MOST: usize = 20;

/// Reads a body into the command that it is; the paths of the fields that are wrong are named.
pub(in crate::http) fn read(
    noun: &Noun,
    spec: &Spec,
    id: Uuid,
    body: &[u8],
) -> Result<Command, Problem> {
    // What is JSON at all is asked first: after that, everything that is wrong is a field.
    serde_json::from_slice::<serde::de::IgnoredAny>(body)
        .map_err(|error| Fault::MalformedJson.problem(plain(&error)))?;
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Fault::InvalidField.problem("the body is one JSON object"));
    }
    serde_json::from_slice::<Bounded>(body)
        .map_err(|error| Fault::InvalidField.problem(plain(&error)))?;
    must_be_legible(body)?;
    let body = &*whole_numbers(body);
    let read = command(noun, spec, id, body)
        .ok_or_else(|| Fault::NoSuchAddress.problem("there is no such command"))?;
    read.map_err(|first| {
        let fields = serde_json::from_slice(body).unwrap_or_default();
        Problem::of_fields(wrong_fields(noun, spec, first, &fields))
    })
}

/// What a body is, or the first thing that is wrong in it; nothing where there is no such command.
fn command(noun: &Noun, spec: &Spec, id: Uuid, body: &[u8]) -> Option<Result<Command, FieldError>> {
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
        _ => GrantCommand::read(name, body)
            .map(|read| read.map(|command| Command::Grant(GrantId(id), command))),
    };
    Some(command?.map_err(|error| wrong(&error, &track.path())))
}

/// The first thing that is wrong, and after it what is wrong in each other field, and which fields
/// are missing.
fn wrong_fields(
    noun: &Noun,
    spec: &Spec,
    first: FieldError,
    fields: &Map<String, Value>,
) -> Vec<FieldError> {
    let shape = Shape::of(spec, fields);
    let mut found = vec![first];
    let mut note = |error: FieldError| {
        if found.len() < NAMED_MOST && !found.iter().any(|known| known.field == error.field) {
            found.push(error);
        }
        found.len() < NAMED_MOST
    };
    for (name, value) in fields {
        let alone: Map<_, _> = shape
            .kind
            .iter()
            .cloned()
            .chain([(name.clone(), value.clone())])
            .collect();
        let Ok(body) = serde_json::to_vec(&alone) else {
            continue;
        };
        if let Some(Err(error)) = command(noun, spec, Uuid::nil(), &body)
            && let Some(error) = shape.is_of(name, error)
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
            code: FieldFault::Missing,
            detail: format!("missing field `{name}`"),
        };
        if !note(missing) {
            break;
        }
    }
    found
}

/// What the contract says of a body.
#[derive(Default)]
struct Shape {
    /// The fields that there must be.
    required: Vec<String>,
    /// The field that says which of several kinds it is, as it was sent.
    kind: Option<(String, Value)>,
}

impl Shape {
    fn of(spec: &Spec, fields: &Map<String, Value>) -> Self {
        let mut schemas = Vec::new();
        (spec.schemas)(&mut schemas);
        let Some((_, body)) = schemas.first() else {
            return Self::default();
        };
        match resolved(body, &schemas) {
            Some(Schema::Object(object)) => Self {
                required: object.required.clone(),
                kind: None,
            },
            Some(Schema::OneOf(kinds)) => kinds
                .items
                .iter()
                .find_map(|kind| Self::of_kind(kind, &schemas, fields))
                .unwrap_or_default(),
            _ => Self::default(),
        }
    }

    /// One of several kinds, if the body says that it is this one: in a field that can have one
    /// value only.
    fn of_kind(
        kind: &RefOr<Schema>,
        schemas: &[(String, RefOr<Schema>)],
        fields: &Map<String, Value>,
    ) -> Option<Self> {
        let Some(Schema::Object(object)) = resolved(kind, schemas) else {
            return None;
        };
        let says = |(name, schema): (&String, &RefOr<Schema>)| {
            let Some(Schema::Object(field)) = resolved(schema, schemas) else {
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
            kind: Some(kind),
        })
    }

    /// The error that a field met when it was read alone, if it is its own: that others are missing
    /// then says nothing.
    fn is_of(&self, name: &str, error: FieldError) -> Option<FieldError> {
        let below = error
            .field
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        if below && !(error.code == FieldFault::Missing && error.field == name) {
            return Some(error);
        }
        // Where a field decides of what kind a body is, nothing says where in the others an error
        // lies.
        let other = error.code == FieldFault::Missing && self.required.contains(&error.field);
        let below = if error.field.is_empty() {
            name.to_owned()
        } else {
            format!("{name}.{}", error.field)
        };
        (self.kind.is_some() && !other).then_some(FieldError {
            field: below,
            ..error
        })
    }
}

/// A schema, or the one that it refers to.
fn resolved<'s>(
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

fn wrong(error: &serde_json::Error, path: &serde_path_to_error::Path) -> FieldError {
    let detail = plain(error);
    let code = if detail.starts_with("missing field ") {
        FieldFault::Missing
    } else if detail.starts_with("unknown field ") {
        FieldFault::Unknown
    } else {
        FieldFault::Invalid
    };
    // A path of "." means the body itself. A missing field is named in the message only, and so is
    // one that is there twice.
    let path = Some(path.to_string()).filter(|path| path != ".");
    let named = detail
        .split('`')
        .nth(1)
        .filter(|_| path.is_none() || code == FieldFault::Missing);
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

/// The message without the line and column, which say nothing about one line of JSON, and without
/// the names of our types.
fn plain(error: &serde_json::Error) -> String {
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
    use crate::http::api::NOUNS;

    fn wrong_in(plural: &str, name: &str, body: &Value) -> Vec<(String, FieldFault)> {
        let noun = NOUNS.iter().find(|noun| noun.plural == plural).unwrap();
        let spec = noun.commands.iter().find(|spec| spec.name == name).unwrap();
        let problem = read(noun, spec, Uuid::nil(), body.to_string().as_bytes()).unwrap_err();
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
        use FieldFault::{Invalid, Missing, Unknown};
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
    fn within_a_field_the_first_is_named_by_its_path() {
        use FieldFault::Invalid;
        let body = json!({ "name": "A", "purpose": "B", "areas": ["a", "B"], "rules": { "minimum": "x" } });
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
        assert_eq!(wrong_in("groups", "register", &body).len(), NAMED_MOST);
    }
}
