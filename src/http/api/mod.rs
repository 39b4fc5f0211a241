//! The API under `/api/v1`.
//!
//! Reads and actions are listed in `routes`; commands come from the tables of the domain. Both the
//! routes and the OpenAPI contract are generated from these tables, so neither can lack what the
//! other has.

mod accesses;
pub(super) mod applications;
mod assets;
mod barriers;
mod command_body;
pub(super) mod commands;
mod files;
mod funds;
mod gatherings;
pub(super) mod grants;
mod groups;
mod introductions;
mod json_input;
mod legible;
mod library;
pub(super) mod log;
mod network;
mod organisation;
mod people;
mod query;
mod response;
mod routes;
pub(super) mod webhooks;

use std::collections::BTreeMap;

use actix_web::http::header::ALLOW;
use actix_web::{ResponseError as _, Route, web};
use strum::VariantNames;
use utoipa::openapi::{RefOr, schema::Schema};

use super::problem::ErrorCode;
use crate::domain::command::{CommandSpec, collect_schemas};
use crate::domain::{
    ApplicationCommand, AssetCommand, BarrierCommand, FundCommand, GatheringCommand, GrantCommand,
    GroupCommand, IntroductionCommand, OrganisationCommand, PersonCommand,
};
pub use accesses::AccessView;
pub use files::FileKept;
pub(super) use json_input::ENTRIES_MAX;
pub use log::{EventView, LogStatus};
pub(super) use query::PAGE_MAX;
pub use response::{Accepted, Collection};
use routes::{
    APPLICATIONS_PARAMS, FUNDS_PARAMS, GATHERING_ITEMS_PARAMS, GATHERINGS_PARAMS,
    GRANT_ITEMS_PARAMS, GRANTS_PARAMS, GROUPS_PARAMS, PAGE_PARAMS, PAYMENTS_PARAMS, PEOPLE_PARAMS,
    UPDATES_PARAMS,
};
pub use routes::{ActionRoute, ReadRoute, action_routes, read_routes};
pub(super) use routes::{FUND_EXPANSIONS, GRANT_EXPANSIONS};
pub use webhooks::{DeliveryView, SecretShown, WebhookView};

pub const PREFIX: &str = "/api/v1";
/// The path of uploads.
pub const FILES_PATH: &str = "/groups/{group}/files";

/// A kind of record with its commands, such as grants.
pub struct Resource {
    pub plural: &'static str,
    /// The path parameter with the id of a record, which is also the singular name; the
    /// organisation has none.
    pub id_parameter: Option<&'static str>,
    /// The command that creates a record, if the API has one. It is sent to the collection, and the
    /// service assigns the id.
    pub create_command: Option<&'static str>,
    pub commands: &'static [CommandSpec],
}

/// All kinds of records. Each plural is the first part of the address.
pub const RESOURCES: [Resource; 10] = [
    Resource {
        plural: "organisation",
        id_parameter: None,
        create_command: None,
        commands: OrganisationCommand::SPECS,
    },
    Resource {
        plural: "people",
        id_parameter: Some("person"),
        create_command: Some("register"),
        commands: PersonCommand::SPECS,
    },
    Resource {
        plural: "funds",
        id_parameter: Some("fund"),
        create_command: Some("create"),
        commands: FundCommand::SPECS,
    },
    Resource {
        plural: "groups",
        id_parameter: Some("group"),
        create_command: Some("register"),
        commands: GroupCommand::SPECS,
    },
    Resource {
        plural: "applications",
        id_parameter: Some("application"),
        create_command: Some("start"),
        commands: ApplicationCommand::SPECS,
    },
    Resource {
        plural: "grants",
        id_parameter: Some("grant"),
        create_command: None,
        commands: GrantCommand::SPECS,
    },
    Resource {
        plural: "gatherings",
        id_parameter: Some("gathering"),
        create_command: Some("plan"),
        commands: GatheringCommand::SPECS,
    },
    Resource {
        plural: "assets",
        id_parameter: Some("asset"),
        create_command: Some("record"),
        commands: AssetCommand::SPECS,
    },
    Resource {
        plural: "introductions",
        id_parameter: Some("introduction"),
        create_command: Some("ask"),
        commands: IntroductionCommand::SPECS,
    },
    Resource {
        plural: "barriers",
        id_parameter: Some("barrier"),
        create_command: Some("raise"),
        commands: BarrierCommand::SPECS,
    },
];

/// What a route responds with.
pub struct ResponseShape {
    pub name: fn() -> String,
    pub schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
    /// A page of records, rather than one.
    pub is_page: bool,
    /// The media types of the file that it is, rather than JSON.
    pub file_of: &'static [&'static str],
    /// The values that the query parameter `state` accepts.
    pub states: &'static [&'static str],
}

impl ResponseShape {
    fn record<T: utoipa::ToSchema>() -> Self {
        Self {
            name: || T::name().into_owned(),
            schemas: collect_schemas::<T>,
            is_page: false,
            file_of: &[],
            states: &[],
        }
    }

    fn file_of(media: &'static [&'static str]) -> Self {
        Self {
            name: String::new,
            schemas: |_| (),
            is_page: false,
            file_of: media,
            states: &[],
        }
    }

    fn page<T: utoipa::ToSchema>() -> Self {
        Self {
            is_page: true,
            ..Self::record::<T>()
        }
    }

    fn page_by_state<T: utoipa::ToSchema, State: VariantNames>() -> Self {
        Self {
            states: State::VARIANTS,
            ..Self::page::<T>()
        }
    }
}

/// The rest of an address after its first part, with the routes there and their methods.
type RoutesByPath = BTreeMap<String, Vec<(Route, &'static str)>>;

/// Registers all routes, grouped by the first part of the address: Actix then compares a request
/// with the routes of one group only.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut nouns: BTreeMap<String, RoutesByPath> = BTreeMap::new();
    let mut add = |path: &str, route: Route, method| {
        let rest = path.trim_start_matches('/');
        let (noun, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
        nouns
            .entry(noun.to_owned())
            .or_default()
            .entry(rest.to_owned())
            .or_default()
            .push((route, method));
    };
    for read in read_routes() {
        add(read.path, (read.route)(), "GET");
    }
    for act in action_routes() {
        add(act.path, (act.route)(), "POST");
    }
    add(FILES_PATH, web::post().to(files::upload), "POST");
    for noun in &RESOURCES {
        for spec in noun.commands.iter().filter(|spec| is_offered(spec)) {
            add(
                &command_path(noun, spec),
                commands::route(noun, spec),
                "POST",
            );
        }
    }
    let resource = |(path, routes): (String, Vec<(Route, &'static str)>)| {
        let (routes, methods): (Vec<_>, Vec<_>) = routes.into_iter().unzip();
        let resource = web::resource(path).default_service(method_not_allowed(methods.join(", ")));
        routes
            .into_iter()
            .fold(resource, actix_web::Resource::route)
    };
    let scope = |(noun, paths): (String, RoutesByPath)| {
        paths
            .into_iter()
            .map(resource)
            .fold(web::scope(&format!("/{noun}")), actix_web::Scope::service)
    };
    config.service(
        nouns
            .into_iter()
            .map(scope)
            .fold(web::scope(PREFIX), actix_web::Scope::service),
    );
}

/// Whether the API has a route for a command. It has none for commands of the operator or the
/// service, for consequences of other commands, and for those that are part of an upload or
/// download.
#[must_use]
pub fn is_offered(spec: &CommandSpec) -> bool {
    use crate::domain::role::Permission;
    !matches!(
        spec.permission,
        Permission::Operator
            | Permission::Job
            | Permission::Upload(_)
            | Permission::Download(_)
            | Permission::FollowUp
    )
}

/// The address of a command, with path parameters in braces.
#[must_use]
pub fn command_address(noun: &Resource, spec: &CommandSpec) -> String {
    format!("{PREFIX}{}", command_path(noun, spec))
}

fn command_path(noun: &Resource, spec: &CommandSpec) -> String {
    match (noun.id_parameter, noun.create_command) {
        (_, Some(makes)) if makes == spec.name => format!("/{}", noun.plural),
        (Some(one), _) => format!("/{}/{{{one}}}/{}", noun.plural, spec.name),
        (None, _) => format!("/{}/{}", noun.plural, spec.name),
    }
}

/// A route that answers 405 and lists the allowed methods, to which it adds HEAD if they include
/// GET.
pub(super) fn method_not_allowed(allow: String) -> Route {
    // The middleware in `reading` answers HEAD wherever GET is allowed.
    let allow = if allow.contains("GET") {
        format!("{allow}, HEAD")
    } else {
        allow
    };
    web::to(move || {
        let mut response = ErrorCode::MethodNotAllowed
            .problem(format!("this address accepts only {allow}"))
            .error_response();
        if let Ok(allow) = allow.parse() {
            response.headers_mut().insert(ALLOW, allow);
        }
        std::future::ready(response)
    })
}
