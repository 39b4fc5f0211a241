//! The API under `/api/v1`: the tables of its routes.
//!
//! Reads and actions are listed below; commands come from the tables of the domain. Both the routes
//! and the OpenAPI contract are generated from these tables, so neither can lack what the other
//! has.

mod accesses;
mod answers;
pub(super) mod applications;
mod asked;
mod bodies;
mod body;
pub(super) mod commands;
mod files;
mod funds;
pub(super) mod grants;
mod groups;
mod legible;
pub(super) mod log;
mod organisation;
mod people;
pub(super) mod webhooks;

use std::collections::BTreeMap;

use actix_web::http::header::ALLOW;
use actix_web::{ResponseError as _, Route, web};
use strum::VariantNames;
use utoipa::openapi::{RefOr, schema::Schema};

use super::problem::Fault;
use crate::domain::application::ApplicationState;
use crate::domain::command::{Spec, schemas_of};
use crate::domain::fund::FundState;
use crate::domain::grant::{GrantState, PaymentState, UpdateState};
use crate::domain::{
    ApplicationCommand, FundCommand, GrantCommand, GroupCommand, OrganisationCommand, PersonCommand,
};
use crate::seal::proof::Proof;
use crate::views::{
    Answer, ApplicationSeen, Budget, FundSeen, GrantSeen, GroupSeen, HistoryLine, Link,
    OrganisationSeen, Outcome, PaymentSeen, PersonSeen, Statement, UpdateSeen,
};
pub use accesses::AccessSeen;
pub use answers::{Accepted, Collection};
pub(super) use asked::PAGE_MOST;
pub(super) use bodies::ENTRIES_MOST;
pub use files::FileKept;
pub use log::{EventSeen, LogHead};
pub use webhooks::{DeliverySeen, SecretShown, WebhookSeen};

pub const PREFIX: &str = "/api/v1";
/// The path of uploads.
pub const FILES: &str = "/groups/{group}/files";

/// A kind of record with its commands, such as grants.
pub struct Noun {
    pub plural: &'static str,
    /// The path parameter with the id of a record, which is also the singular name; the
    /// organisation has none.
    pub one: Option<&'static str>,
    /// The command that creates a record, if the API has one. It is sent to the collection, and the
    /// service assigns the id.
    pub makes: Option<&'static str>,
    pub commands: &'static [Spec],
}

/// All kinds of records. Each plural is the first part of the address.
pub const NOUNS: [Noun; 6] = [
    Noun {
        plural: "organisation",
        one: None,
        makes: None,
        commands: OrganisationCommand::SPECS,
    },
    Noun {
        plural: "people",
        one: Some("person"),
        makes: Some("register"),
        commands: PersonCommand::SPECS,
    },
    Noun {
        plural: "funds",
        one: Some("fund"),
        makes: Some("create"),
        commands: FundCommand::SPECS,
    },
    Noun {
        plural: "groups",
        one: Some("group"),
        makes: Some("register"),
        commands: GroupCommand::SPECS,
    },
    Noun {
        plural: "applications",
        one: Some("application"),
        makes: Some("start"),
        commands: ApplicationCommand::SPECS,
    },
    Noun {
        plural: "grants",
        one: Some("grant"),
        makes: None,
        commands: GrantCommand::SPECS,
    },
];

/// What a route responds with.
pub struct Shape {
    pub name: fn() -> String,
    pub schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
    /// A page of records, rather than one.
    pub many: bool,
    /// The bytes of a file, rather than JSON.
    pub file: bool,
    /// The values that the query parameter `state` accepts.
    pub states: &'static [&'static str],
}

impl Shape {
    fn one<T: utoipa::ToSchema>() -> Self {
        Self {
            name: || T::name().into_owned(),
            schemas: schemas_of::<T>,
            many: false,
            file: false,
            states: &[],
        }
    }

    fn file() -> Self {
        Self {
            name: String::new,
            schemas: |_| (),
            many: false,
            file: true,
            states: &[],
        }
    }

    fn many<T: utoipa::ToSchema>() -> Self {
        Self {
            many: true,
            ..Self::one::<T>()
        }
    }

    fn many_in<T: utoipa::ToSchema, State: VariantNames>() -> Self {
        Self {
            states: State::VARIANTS,
            ..Self::many::<T>()
        }
    }
}

/// A GET route of the API.
pub struct Read {
    pub path: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    /// The names of its query parameters. The module `contract` describes each.
    pub query: &'static [&'static str],
    pub shape: Shape,
    route: fn() -> Route,
}

const PAGE: [&str; 4] = ["after", "limit", "as_at", "min_position"];
/// The query parameters of each list.
const PEOPLE: &[&str] = &[
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
const FUNDS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "state",
];
const GROUPS: &[&str] = &[
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
const APPLICATIONS: &[&str] = &[
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
const GRANTS: &[&str] = &[
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
const PAYMENTS: &[&str] = &[
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
const UPDATES: &[&str] = &[
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
const OF_ONE_GRANT: &[&str] = &[
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
pub(super) const OF_FUND: &[&str] = &["group", "fund"];
pub(super) const OF_GRANT: &[&str] = &["group", "fund", "grant"];

/// All GET routes.
#[must_use]
#[rustfmt::skip]
pub fn reads() -> Vec<Read> {
    vec![
        Read { path: "/organisation", name: "organisation", summary: "The organisation: its signs, form and agreement.", query: &["as_at", "min_position"], shape: Shape::one::<OrganisationSeen>(), route: || web::get().to(organisation::show) },
        Read { path: "/people", name: "people", summary: "People with their roles.", query: PEOPLE, shape: Shape::many::<PersonSeen>(), route: || web::get().to(people::list) },
        Read { path: "/people/{person}", name: "person", summary: "One person.", query: &["as_at", "min_position"], shape: Shape::one::<PersonSeen>(), route: || web::get().to(people::show) },
        Read { path: "/funds", name: "funds", summary: "Funds with their rules and rounds.", query: FUNDS, shape: Shape::many_in::<FundSeen, FundState>(), route: || web::get().to(funds::list) },
        Read { path: "/funds/{fund}", name: "fund", summary: "One fund.", query: &["as_at", "min_position"], shape: Shape::one::<FundSeen>(), route: || web::get().to(funds::show) },
        Read { path: "/funds/{fund}/statement", name: "fund_statement", summary: "What stood in a fund, every movement between two days, and what stands after.", query: &["from", "until", "min_position"], shape: Shape::one::<Statement>(), route: || web::get().to(funds::statement) },
        Read { path: "/funders/{funder}/statement", name: "funder_statement", summary: "What stood of a funder's money, every movement between two days, and what stands after.", query: &["from", "until", "min_position"], shape: Shape::one::<Statement>(), route: || web::get().to(funds::statement_of_funder) },
        Read { path: "/budget", name: "budget", summary: "What was allocated, requested, committed, paid and returned.", query: &["by", "fund", "as_at", "effective", "min_position"], shape: Shape::one::<Budget>(), route: || web::get().to(funds::budget) },
        Read { path: "/outcomes", name: "outcomes", summary: "What came of the money.", query: &["by", "fund", "as_at", "effective", "min_position"], shape: Shape::one::<Outcome>(), route: || web::get().to(funds::outcomes) },
        Read { path: "/groups", name: "groups", summary: "Groups; for a group's member, their own.", query: GROUPS, shape: Shape::many::<GroupSeen>(), route: || web::get().to(groups::list) },
        Read { path: "/groups/{group}", name: "group", summary: "One group.", query: &["as_at", "min_position"], shape: Shape::one::<GroupSeen>(), route: || web::get().to(groups::show) },
        Read { path: "/groups/{group}/history", name: "group_history", summary: "A group's applications and grants over all funds.", query: &PAGE, shape: Shape::many::<HistoryLine>(), route: || web::get().to(groups::history) },
        Read { path: "/groups/{group}/links", name: "group_links", summary: "Groups that share an account, a postcode or a telephone number with this one.", query: &["after", "limit"], shape: Shape::many::<Link>(), route: || web::get().to(groups::links) },
        Read { path: "/groups/{group}/files/{file}", name: "group_file", summary: "One file of a group, opened.", query: &[], shape: Shape::file(), route: || web::get().to(files::open) },
        Read { path: "/applications", name: "applications", summary: "Applications; for a group's member, their own.", query: APPLICATIONS, shape: Shape::many_in::<ApplicationSeen, ApplicationState>(), route: || web::get().to(applications::list) },
        Read { path: "/applications/{application}", name: "application", summary: "One application.", query: &["as_at", "min_position", "expand"], shape: Shape::one::<ApplicationSeen>(), route: || web::get().to(applications::show) },
        Read { path: "/applications/{application}/answers", name: "application_answers", summary: "The latest answers, in the group's words.", query: &PAGE, shape: Shape::many::<Answer>(), route: || web::get().to(applications::answers) },
        Read { path: "/grants", name: "grants", summary: "Grants; for a group's member, their own.", query: GRANTS, shape: Shape::many_in::<GrantSeen, GrantState>(), route: || web::get().to(grants::list) },
        Read { path: "/grants/{grant}", name: "grant", summary: "One grant.", query: &["as_at", "min_position", "expand"], shape: Shape::one::<GrantSeen>(), route: || web::get().to(grants::show) },
        Read { path: "/grants/{grant}/payments", name: "grant_payments", summary: "A grant's payments.", query: OF_ONE_GRANT, shape: Shape::many::<PaymentSeen>(), route: || web::get().to(grants::payments_of) },
        Read { path: "/grants/{grant}/updates", name: "grant_updates", summary: "A grant's updates, in the group's words.", query: OF_ONE_GRANT, shape: Shape::many::<UpdateSeen>(), route: || web::get().to(grants::updates_of) },
        Read { path: "/payments", name: "payments", summary: "Payments: to approve, to send, to confirm.", query: PAYMENTS, shape: Shape::many_in::<PaymentSeen, PaymentState>(), route: || web::get().to(grants::payments) },
        Read { path: "/updates", name: "updates", summary: "Updates: due by a day, received, accepted.", query: UPDATES, shape: Shape::many_in::<UpdateSeen, UpdateState>(), route: || web::get().to(grants::updates) },
        Read { path: "/log/head", name: "log_head", summary: "How many events the log holds, and what was sealed of it.", query: &[], shape: Shape::one::<LogHead>(), route: || web::get().to(log::head) },
        Read { path: "/log/events/{position}/proof", name: "log_proof", summary: "The proof that an event is in the log that the newest head is over.", query: &[], shape: Shape::one::<Proof>(), route: || web::get().to(log::proof) },
        Read { path: "/log/accesses", name: "log_accesses", summary: "Who looked at everything that is held on somebody, and who took everybody's addresses, the newest day first.", query: &["after", "limit"], shape: Shape::many::<AccessSeen>(), route: || web::get().to(accesses::list) },
        Read { path: "/log/events", name: "log_events", summary: "Events as they are stored, in order.", query: &["after_position", "limit", "wait"], shape: Shape::many::<EventSeen>(), route: || web::get().to(log::events) },
        Read { path: "/webhooks", name: "webhooks", summary: "Webhooks: who outside is told of events.", query: &[], shape: Shape::many::<WebhookSeen>(), route: || web::get().to(webhooks::list) },
        Read { path: "/webhooks/{webhook}", name: "webhook", summary: "One webhook, and how it does.", query: &[], shape: Shape::one::<WebhookSeen>(), route: || web::get().to(webhooks::show) },
        Read { path: "/webhooks/{webhook}/deliveries", name: "webhook_deliveries", summary: "A webhook's latest deliveries, the newest first.", query: &["after", "limit"], shape: Shape::many::<DeliverySeen>(), route: || web::get().to(webhooks::deliveries) },
    ]
}

/// A POST route for administrators that is not a command of the domain.
pub struct Act {
    pub path: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    pub shape: Shape,
    /// Whether it appends events. Then it takes `Idempotency-Key` and `If-Match` as commands do.
    pub recorded: bool,
    route: fn() -> Route,
}

/// All such routes.
#[must_use]
#[rustfmt::skip]
pub fn acts() -> Vec<Act> {
    vec![
        Act { path: "/webhooks/{webhook}/secret", name: "webhook_make_secret", summary: "Makes the next secret of a webhook, and shows it this once. The one before goes on signing beside it.", shape: Shape::one::<SecretShown>(), recorded: true, route: || web::post().to(webhooks::make_secret) },
        Act { path: "/webhooks/{webhook}/resume", name: "webhook_resume", summary: "Lets a webhook go on that was paused, as nothing was taken for days.", shape: Shape::one::<WebhookSeen>(), recorded: false, route: || web::post().to(webhooks::resume) },
        Act { path: "/webhooks/{webhook}/deliveries/{delivery}/send-again", name: "webhook_send_again", summary: "Sends a delivery again, and tries for three days.", shape: Shape::one::<DeliverySeen>(), recorded: false, route: || web::post().to(webhooks::send_again) },
    ]
}

/// The rest of an address after its first part, with the routes there and their methods.
type Paths = BTreeMap<String, Vec<(Route, &'static str)>>;

/// Registers all routes, grouped by the first part of the address: Actix then compares a request
/// with the routes of one group only.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut nouns: BTreeMap<String, Paths> = BTreeMap::new();
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
    for read in reads() {
        add(read.path, (read.route)(), "GET");
    }
    for act in acts() {
        add(act.path, (act.route)(), "POST");
    }
    add(FILES, web::post().to(files::keep), "POST");
    for noun in &NOUNS {
        for spec in noun.commands.iter().filter(|spec| offered(spec)) {
            add(&path(noun, spec), commands::route(noun, spec), "POST");
        }
    }
    let resource = |(path, routes): (String, Vec<(Route, &'static str)>)| {
        let (routes, methods): (Vec<_>, Vec<_>) = routes.into_iter().unzip();
        let resource = web::resource(path).default_service(not_allowed_but(methods.join(", ")));
        routes
            .into_iter()
            .fold(resource, actix_web::Resource::route)
    };
    let scope = |(noun, paths): (String, Paths)| {
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
pub fn offered(spec: &Spec) -> bool {
    use crate::domain::role::Who;
    !matches!(
        spec.who,
        Who::Operator | Who::Job | Who::Upload(_) | Who::Download(_) | Who::Consequence
    )
}

/// The address of a command, with path parameters in braces.
#[must_use]
pub fn address(noun: &Noun, spec: &Spec) -> String {
    format!("{PREFIX}{}", path(noun, spec))
}

fn path(noun: &Noun, spec: &Spec) -> String {
    match (noun.one, noun.makes) {
        (_, Some(makes)) if makes == spec.name => format!("/{}", noun.plural),
        (Some(one), _) => format!("/{}/{{{one}}}/{}", noun.plural, spec.name),
        (None, _) => format!("/{}/{}", noun.plural, spec.name),
    }
}

/// A route that answers 405 and lists the allowed methods, to which it adds HEAD if they include
/// GET.
pub(super) fn not_allowed_but(allow: String) -> Route {
    // The middleware in `reading` answers HEAD wherever GET is allowed.
    let allow = if allow.contains("GET") {
        format!("{allow}, HEAD")
    } else {
        allow
    };
    web::to(move || {
        let mut response = Fault::MethodNotAllowed
            .problem(format!("this address takes {allow}"))
            .error_response();
        if let Ok(allow) = allow.parse() {
            response.headers_mut().insert(ALLOW, allow);
        }
        std::future::ready(response)
    })
}
