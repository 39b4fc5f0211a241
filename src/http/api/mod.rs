//! The API under `/api/v1`: the tables of its routes.
//!
//! Reads and actions are listed below; commands come from the tables of the domain. Both the routes
//! and the OpenAPI contract are generated from these tables, so neither can lack what the other
//! has.

mod accesses;
pub(super) mod applications;
mod command_body;
pub(super) mod commands;
mod files;
mod funds;
pub(super) mod grants;
mod groups;
mod json_input;
mod legible;
pub(super) mod log;
mod organisation;
mod people;
mod query;
mod response;
pub(super) mod webhooks;

use std::collections::BTreeMap;

use actix_web::http::header::ALLOW;
use actix_web::{ResponseError as _, Route, web};
use strum::VariantNames;
use utoipa::openapi::{RefOr, schema::Schema};

use super::problem::ErrorCode;
use crate::domain::application::ApplicationState;
use crate::domain::command::{CommandSpec, collect_schemas};
use crate::domain::fund::FundState;
use crate::domain::grant::{GrantState, PaymentState, UpdateState};
use crate::domain::{
    ApplicationCommand, FundCommand, GrantCommand, GroupCommand, OrganisationCommand, PersonCommand,
};
use crate::transparency::proof::Proof;
use crate::views::{
    Answer, ApplicationView, Budget, FundView, GrantView, GroupView, HistoryLine, OrganisationView,
    Outcome, PaymentView, PersonView, RelatedGroup, Statement, UpdateView,
};
pub use accesses::AccessView;
pub use files::FileKept;
pub(super) use json_input::ENTRIES_MAX;
pub use log::{EventView, LogStatus};
pub(super) use query::PAGE_MAX;
pub use response::{Accepted, Collection};
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
pub const RESOURCES: [Resource; 6] = [
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
];

/// What a route responds with.
pub struct ResponseShape {
    pub name: fn() -> String,
    pub schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
    /// A page of records, rather than one.
    pub is_page: bool,
    /// The bytes of a file, rather than JSON.
    pub is_file: bool,
    /// The values that the query parameter `state` accepts.
    pub states: &'static [&'static str],
}

impl ResponseShape {
    fn record<T: utoipa::ToSchema>() -> Self {
        Self {
            name: || T::name().into_owned(),
            schemas: collect_schemas::<T>,
            is_page: false,
            is_file: false,
            states: &[],
        }
    }

    fn file() -> Self {
        Self {
            name: String::new,
            schemas: |_| (),
            is_page: false,
            is_file: true,
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

/// A GET route of the API.
pub struct ReadRoute {
    pub path: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    /// The names of its query parameters. The module `contract` describes each.
    pub query: &'static [&'static str],
    pub shape: ResponseShape,
    route: fn() -> Route,
}

const PAGE_PARAMS: [&str; 4] = ["after", "limit", "as_at", "min_position"];
/// The query parameters of each list.
const PEOPLE_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "email",
    "role",
];
const FUNDS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "state",
];
const GROUPS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "area",
    "name",
    "identifier",
];
const APPLICATIONS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "expand",
    "state",
    "fund",
    "round",
    "group",
    "area",
    "reference",
];
const GRANTS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "expand",
    "state",
    "fund",
    "round",
    "group",
    "area",
];
const PAYMENTS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "expand",
    "state",
    "fund",
    "group",
    "grant",
    "batch",
];
const UPDATES_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "expand",
    "state",
    "fund",
    "group",
    "grant",
    "due_by",
];
const GRANT_ITEMS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "expand",
];
/// The values of `expand`: for records that name their group and fund, and for records that also
/// name their grant.
pub(super) const FUND_EXPANSIONS: &[&str] = &["group", "fund"];
pub(super) const GRANT_EXPANSIONS: &[&str] = &["group", "fund", "grant"];

/// All GET routes.
#[must_use]
#[rustfmt::skip]
pub fn read_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute { path: "/organisation", name: "organisation", summary: "The organisation: its signs, form and agreement.", query: &["as_at", "min_position"], shape: ResponseShape::record::<OrganisationView>(), route: || web::get().to(organisation::show) },
        ReadRoute { path: "/people", name: "people", summary: "People with their roles.", query: PEOPLE_PARAMS, shape: ResponseShape::page::<PersonView>(), route: || web::get().to(people::list) },
        ReadRoute { path: "/people/{person}", name: "person", summary: "One person.", query: &["as_at", "min_position"], shape: ResponseShape::record::<PersonView>(), route: || web::get().to(people::show) },
        ReadRoute { path: "/funds", name: "funds", summary: "Funds with their rules and rounds.", query: FUNDS_PARAMS, shape: ResponseShape::page_by_state::<FundView, FundState>(), route: || web::get().to(funds::list) },
        ReadRoute { path: "/funds/{fund}", name: "fund", summary: "One fund.", query: &["as_at", "min_position"], shape: ResponseShape::record::<FundView>(), route: || web::get().to(funds::show) },
        ReadRoute { path: "/funds/{fund}/statement", name: "fund_statement", summary: "The balance of a fund, every transaction between two days, and the balance after.", query: &["from", "until", "min_position"], shape: ResponseShape::record::<Statement>(), route: || web::get().to(funds::statement) },
        ReadRoute { path: "/funders/{funder}/statement", name: "funder_statement", summary: "The balance of a funder's money, every transaction between two days, and the balance after.", query: &["from", "until", "min_position"], shape: ResponseShape::record::<Statement>(), route: || web::get().to(funds::statement_of_funder) },
        ReadRoute { path: "/budget", name: "budget", summary: "What was allocated, requested, committed, paid and returned.", query: &["by", "fund", "as_at", "effective", "min_position"], shape: ResponseShape::record::<Budget>(), route: || web::get().to(funds::budget) },
        ReadRoute { path: "/outcomes", name: "outcomes", summary: "What came of the money.", query: &["by", "fund", "as_at", "effective", "min_position"], shape: ResponseShape::record::<Outcome>(), route: || web::get().to(funds::outcomes) },
        ReadRoute { path: "/groups", name: "groups", summary: "Groups; for a group's member, their own.", query: GROUPS_PARAMS, shape: ResponseShape::page::<GroupView>(), route: || web::get().to(groups::list) },
        ReadRoute { path: "/groups/{group}", name: "group", summary: "One group.", query: &["as_at", "min_position"], shape: ResponseShape::record::<GroupView>(), route: || web::get().to(groups::show) },
        ReadRoute { path: "/groups/{group}/history", name: "group_history", summary: "A group's applications and grants over all funds.", query: &PAGE_PARAMS, shape: ResponseShape::page::<HistoryLine>(), route: || web::get().to(groups::history) },
        ReadRoute { path: "/groups/{group}/links", name: "group_links", summary: "Groups that share an account, a postcode or a phone number with this one.", query: &["after", "limit"], shape: ResponseShape::page::<RelatedGroup>(), route: || web::get().to(groups::links) },
        ReadRoute { path: "/groups/{group}/files/{file}", name: "group_file", summary: "One file of a group, opened.", query: &[], shape: ResponseShape::file(), route: || web::get().to(files::download) },
        ReadRoute { path: "/applications", name: "applications", summary: "Applications; for a group's member, their own.", query: APPLICATIONS_PARAMS, shape: ResponseShape::page_by_state::<ApplicationView, ApplicationState>(), route: || web::get().to(applications::list) },
        ReadRoute { path: "/applications/{application}", name: "application", summary: "One application.", query: &["as_at", "min_position", "expand"], shape: ResponseShape::record::<ApplicationView>(), route: || web::get().to(applications::show) },
        ReadRoute { path: "/applications/{application}/answers", name: "application_answers", summary: "The latest answers, in the group's words.", query: &PAGE_PARAMS, shape: ResponseShape::page::<Answer>(), route: || web::get().to(applications::answers) },
        ReadRoute { path: "/grants", name: "grants", summary: "Grants; for a group's member, their own.", query: GRANTS_PARAMS, shape: ResponseShape::page_by_state::<GrantView, GrantState>(), route: || web::get().to(grants::list) },
        ReadRoute { path: "/grants/{grant}", name: "grant", summary: "One grant.", query: &["as_at", "min_position", "expand"], shape: ResponseShape::record::<GrantView>(), route: || web::get().to(grants::show) },
        ReadRoute { path: "/grants/{grant}/payments", name: "grant_payments", summary: "A grant's payments.", query: GRANT_ITEMS_PARAMS, shape: ResponseShape::page::<PaymentView>(), route: || web::get().to(grants::grant_payments) },
        ReadRoute { path: "/grants/{grant}/updates", name: "grant_updates", summary: "A grant's updates, in the group's words.", query: GRANT_ITEMS_PARAMS, shape: ResponseShape::page::<UpdateView>(), route: || web::get().to(grants::grant_updates) },
        ReadRoute { path: "/payments", name: "payments", summary: "Payments: to approve, to send, to confirm.", query: PAYMENTS_PARAMS, shape: ResponseShape::page_by_state::<PaymentView, PaymentState>(), route: || web::get().to(grants::payments) },
        ReadRoute { path: "/updates", name: "updates", summary: "Updates: due by a day, received, accepted.", query: UPDATES_PARAMS, shape: ResponseShape::page_by_state::<UpdateView, UpdateState>(), route: || web::get().to(grants::updates) },
        ReadRoute { path: "/log/head", name: "log_head", summary: "How many events the log holds, and what was sealed of it.", query: &[], shape: ResponseShape::record::<LogStatus>(), route: || web::get().to(log::head) },
        ReadRoute { path: "/log/events/{position}/proof", name: "log_proof", summary: "The proof that an event is in the log that the newest head is over.", query: &[], shape: ResponseShape::record::<Proof>(), route: || web::get().to(log::proof) },
        ReadRoute { path: "/log/accesses", name: "log_accesses", summary: "Who looked at all data on a person, and who took the addresses of everyone, the newest day first.", query: &["after", "limit"], shape: ResponseShape::page::<AccessView>(), route: || web::get().to(accesses::list) },
        ReadRoute { path: "/log/events", name: "log_events", summary: "Events as they are stored, in order.", query: &["after_position", "limit", "wait"], shape: ResponseShape::page::<EventView>(), route: || web::get().to(log::events) },
        ReadRoute { path: "/webhooks", name: "webhooks", summary: "Webhooks: who outside is told of events.", query: &[], shape: ResponseShape::page::<WebhookView>(), route: || web::get().to(webhooks::list) },
        ReadRoute { path: "/webhooks/{webhook}", name: "webhook", summary: "One webhook, and how it does.", query: &[], shape: ResponseShape::record::<WebhookView>(), route: || web::get().to(webhooks::show) },
        ReadRoute { path: "/webhooks/{webhook}/deliveries", name: "webhook_deliveries", summary: "A webhook's latest deliveries, the newest first.", query: &["after", "limit"], shape: ResponseShape::page::<DeliveryView>(), route: || web::get().to(webhooks::deliveries) },
    ]
}

/// A POST route for administrators that is not a command of the domain.
pub struct ActionRoute {
    pub path: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    pub shape: ResponseShape,
    /// Whether it appends events. Then it takes `Idempotency-Key` and `If-Match` as commands do.
    pub recorded: bool,
    route: fn() -> Route,
}

/// All such routes.
#[must_use]
#[rustfmt::skip]
pub fn action_routes() -> Vec<ActionRoute> {
    vec![
        ActionRoute { path: "/webhooks/{webhook}/secret", name: "webhook_make_secret", summary: "Makes the next secret of a webhook, and shows it this once. The one before still signs as well.", shape: ResponseShape::record::<SecretShown>(), recorded: true, route: || web::post().to(webhooks::make_secret) },
        ActionRoute { path: "/webhooks/{webhook}/resume", name: "webhook_resume", summary: "Resumes a webhook that was paused because it took nothing for days.", shape: ResponseShape::record::<WebhookView>(), recorded: false, route: || web::post().to(webhooks::resume) },
        ActionRoute { path: "/webhooks/{webhook}/deliveries/{delivery}/send-again", name: "webhook_send_again", summary: "Sends a delivery again, and tries for three days.", shape: ResponseShape::record::<DeliveryView>(), recorded: false, route: || web::post().to(webhooks::send_again) },
    ]
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
