//! The tables of the routes that read records, and of the actions that are not commands.

use actix_web::{Route, web};

use super::{
    AccessView, DeliveryView, EventView, LogStatus, ResponseShape, SecretShown, WebhookView,
    accesses, applications, assets, barriers, files, funds, gatherings, grants, groups,
    introductions, library, log, network, organisation, people, webhooks,
};
use crate::domain::application::ApplicationState;
use crate::domain::fund::FundState;
use crate::domain::gathering::{GatheringState, SessionState};
use crate::domain::grant::{GrantState, PaymentState, UpdateState};
use crate::projections::{GatheringSessionRow, SignUpState};
use crate::transparency::proof::Proof;
use crate::views::{
    Answer, ApplicationView, Budget, FundView, GatheringView, GrantView, GroupView, HistoryLine,
    MovementSummary, OrganisationView, Outcome, PaymentView, PersonView, RelatedGroup, SignUpView,
    Statement, UpdateView,
};

/// A GET route of the API.
pub struct ReadRoute {
    pub path: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    /// The names of its query parameters. The module `contract` describes each.
    pub query: &'static [&'static str],
    pub shape: ResponseShape,
    pub(super) route: fn() -> Route,
}

pub(super) const PAGE_PARAMS: [&str; 4] = ["after", "limit", "as_at", "min_position"];
/// The query parameters of each list.
pub(super) const PEOPLE_PARAMS: &[&str] = &[
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
pub(super) const FUNDS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "state",
];
pub(super) const GROUPS_PARAMS: &[&str] = &[
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
pub(super) const APPLICATIONS_PARAMS: &[&str] = &[
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
    "theme",
    "reference",
];
pub(super) const GRANTS_PARAMS: &[&str] = &[
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
    "theme",
];
pub(super) const PAYMENTS_PARAMS: &[&str] = &[
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
pub(super) const UPDATES_PARAMS: &[&str] = &[
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
pub(super) const GRANT_ITEMS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "expand",
];
pub(super) const GATHERINGS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "state",
    "fund",
    "group",
    "area",
];
pub(super) const GATHERING_ITEMS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "state",
];
/// The values of `expand`: for records that name their group and fund, and for records that also
/// name their grant.
pub(in crate::http) const FUND_EXPANSIONS: &[&str] = &["group", "fund"];
pub(in crate::http) const GRANT_EXPANSIONS: &[&str] = &["group", "fund", "grant"];

/// All GET routes.
#[must_use]
pub fn read_routes() -> Vec<ReadRoute> {
    let by_topic = [
        people_routes(),
        fund_routes(),
        group_routes(),
        application_routes(),
        grant_routes(),
        gathering_routes(),
        assets::routes(),
        introductions::routes(),
        barriers::routes(),
        library::routes(),
        network::routes(),
        log_routes(),
        webhook_routes(),
    ];
    by_topic.into_iter().flatten().collect()
}

/// The organisation and its people.
fn people_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/organisation",
            name: "organisation",
            summary: "The organisation with its signs, themes, questions and agreement.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<OrganisationView>(),
            route: || web::get().to(organisation::show),
        },
        ReadRoute {
            path: "/people",
            name: "people",
            summary: "People with their roles.",
            query: PEOPLE_PARAMS,
            shape: ResponseShape::page::<PersonView>(),
            route: || web::get().to(people::list),
        },
        ReadRoute {
            path: "/people/{person}",
            name: "person",
            summary: "One person.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<PersonView>(),
            route: || web::get().to(people::show),
        },
    ]
}

/// Funds, with the figures and statements of their money.
fn fund_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/funds",
            name: "funds",
            summary: "Funds with their rules and rounds.",
            query: FUNDS_PARAMS,
            shape: ResponseShape::page_by_state::<FundView, FundState>(),
            route: || web::get().to(funds::list),
        },
        ReadRoute {
            path: "/funds/{fund}",
            name: "fund",
            summary: "One fund.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<FundView>(),
            route: || web::get().to(funds::show),
        },
        ReadRoute {
            path: "/funds/{fund}/statement",
            name: "fund_statement",
            summary: "The balance of a fund, every transaction between two days, and the balance \
                after.",
            query: &["from", "until", "min_position"],
            shape: ResponseShape::record::<Statement>(),
            route: || web::get().to(funds::statement),
        },
        ReadRoute {
            path: "/funders/{funder}/statement",
            name: "funder_statement",
            summary: "The balance of a funder's money, every transaction between two days, and the \
                balance after.",
            query: &["from", "until", "min_position"],
            shape: ResponseShape::record::<Statement>(),
            route: || web::get().to(funds::statement_of_funder),
        },
        ReadRoute {
            path: "/budget",
            name: "budget",
            summary: "What was allocated, requested, committed, paid and returned.",
            query: &["by", "fund", "as_at", "effective", "min_position"],
            shape: ResponseShape::record::<Budget>(),
            route: || web::get().to(funds::budget),
        },
        ReadRoute {
            path: "/outcomes",
            name: "outcomes",
            summary: "What the money achieved.",
            query: &["by", "fund", "as_at", "effective", "min_position"],
            shape: ResponseShape::record::<Outcome>(),
            route: || web::get().to(funds::outcomes),
        },
    ]
}

/// Groups.
fn group_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/groups",
            name: "groups",
            summary: "Groups. Members see their own.",
            query: GROUPS_PARAMS,
            shape: ResponseShape::page::<GroupView>(),
            route: || web::get().to(groups::list),
        },
        ReadRoute {
            path: "/groups/{group}",
            name: "group",
            summary: "One group.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<GroupView>(),
            route: || web::get().to(groups::show),
        },
        ReadRoute {
            path: "/groups/{group}/history",
            name: "group_history",
            summary: "A group's applications and grants over all funds.",
            query: &PAGE_PARAMS,
            shape: ResponseShape::page::<HistoryLine>(),
            route: || web::get().to(groups::history),
        },
        ReadRoute {
            path: "/groups/{group}/links",
            name: "group_links",
            summary: "Groups that share a name, a number, people, an address or an account with \
                this one.",
            query: &["after", "limit"],
            shape: ResponseShape::page::<RelatedGroup>(),
            route: || web::get().to(groups::links),
        },
        ReadRoute {
            path: "/groups/{group}/files/{file}",
            name: "group_file",
            summary: "One file of a group, decrypted.",
            query: &[],
            shape: ResponseShape::file_of(&[
                "application/octet-stream",
                "image/jpeg",
                "application/pdf",
            ]),
            route: || web::get().to(files::download),
        },
    ]
}

/// Applications.
fn application_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/applications",
            name: "applications",
            summary: "Applications. Members see those of their groups.",
            query: APPLICATIONS_PARAMS,
            shape: ResponseShape::page_by_state::<ApplicationView, ApplicationState>(),
            route: || web::get().to(applications::list),
        },
        ReadRoute {
            path: "/applications/{application}",
            name: "application",
            summary: "One application.",
            query: &["as_at", "min_position", "expand"],
            shape: ResponseShape::record::<ApplicationView>(),
            route: || web::get().to(applications::show),
        },
        ReadRoute {
            path: "/applications/{application}/answers",
            name: "application_answers",
            summary: "The latest answers, in the group's words.",
            query: &PAGE_PARAMS,
            shape: ResponseShape::page::<Answer>(),
            route: || web::get().to(applications::answers),
        },
    ]
}

/// Grants, with their payments and updates.
fn grant_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/grants",
            name: "grants",
            summary: "Grants. Members see those of their groups.",
            query: GRANTS_PARAMS,
            shape: ResponseShape::page_by_state::<GrantView, GrantState>(),
            route: || web::get().to(grants::list),
        },
        ReadRoute {
            path: "/grants/{grant}",
            name: "grant",
            summary: "One grant.",
            query: &["as_at", "min_position", "expand"],
            shape: ResponseShape::record::<GrantView>(),
            route: || web::get().to(grants::show),
        },
        ReadRoute {
            path: "/grants/{grant}/payments",
            name: "grant_payments",
            summary: "A grant's payments.",
            query: GRANT_ITEMS_PARAMS,
            shape: ResponseShape::page::<PaymentView>(),
            route: || web::get().to(grants::grant_payments),
        },
        ReadRoute {
            path: "/grants/{grant}/updates",
            name: "grant_updates",
            summary: "A grant's updates, in the group's words.",
            query: GRANT_ITEMS_PARAMS,
            shape: ResponseShape::page::<UpdateView>(),
            route: || web::get().to(grants::grant_updates),
        },
        ReadRoute {
            path: "/payments",
            name: "payments",
            summary: "Payments: to approve, to send, to confirm.",
            query: PAYMENTS_PARAMS,
            shape: ResponseShape::page_by_state::<PaymentView, PaymentState>(),
            route: || web::get().to(grants::payments),
        },
        ReadRoute {
            path: "/updates",
            name: "updates",
            summary: "Updates: due by a day, received, accepted.",
            query: UPDATES_PARAMS,
            shape: ResponseShape::page_by_state::<UpdateView, UpdateState>(),
            route: || web::get().to(grants::updates),
        },
    ]
}

/// Gatherings, with their sessions and sign-ups.
fn gathering_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/gatherings",
            name: "gatherings",
            summary: "Gatherings. Others than staff see those that have opened.",
            query: GATHERINGS_PARAMS,
            shape: ResponseShape::page_by_state::<GatheringView, GatheringState>(),
            route: || web::get().to(gatherings::list),
        },
        ReadRoute {
            path: "/gatherings/{gathering}",
            name: "gathering",
            summary: "One gathering.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<GatheringView>(),
            route: || web::get().to(gatherings::show),
        },
        ReadRoute {
            path: "/gatherings/{gathering}/sessions",
            name: "gathering_sessions",
            summary: "A gathering's sessions.",
            query: GATHERING_ITEMS_PARAMS,
            shape: ResponseShape::page_by_state::<GatheringSessionRow, SessionState>(),
            route: || web::get().to(gatherings::sessions),
        },
        ReadRoute {
            path: "/gatherings/{gathering}/sign-ups",
            name: "gathering_sign_ups",
            summary: "Who signed up for a gathering's sessions.",
            query: GATHERING_ITEMS_PARAMS,
            shape: ResponseShape::page_by_state::<SignUpView, SignUpState>(),
            route: || web::get().to(gatherings::sign_ups),
        },
        ReadRoute {
            path: "/movement",
            name: "movement",
            summary: "What came of gatherings.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<MovementSummary>(),
            route: || web::get().to(gatherings::movement),
        },
    ]
}

/// The log.
fn log_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/log/head",
            name: "log_head",
            summary: "The length of the log, and how much of it is signed.",
            query: &[],
            shape: ResponseShape::record::<LogStatus>(),
            route: || web::get().to(log::head),
        },
        ReadRoute {
            path: "/log/events/{position}/proof",
            name: "log_proof",
            summary: "The proof that an event is in the log with the newest signed head.",
            query: &[],
            shape: ResponseShape::record::<Proof>(),
            route: || web::get().to(log::proof),
        },
        ReadRoute {
            path: "/log/accesses",
            name: "log_accesses",
            summary: "Who looked at all data on a person, and who saw the addresses of everyone, \
                the newest day first.",
            query: &["after", "limit"],
            shape: ResponseShape::page::<AccessView>(),
            route: || web::get().to(accesses::list),
        },
        ReadRoute {
            path: "/log/events",
            name: "log_events",
            summary: "Events as they are stored, in order.",
            query: &["after_position", "limit", "wait"],
            shape: ResponseShape::page::<EventView>(),
            route: || web::get().to(log::events),
        },
    ]
}

/// Webhooks.
fn webhook_routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/webhooks",
            name: "webhooks",
            summary: "Webhooks: other programs that receive events.",
            query: &[],
            shape: ResponseShape::page::<WebhookView>(),
            route: || web::get().to(webhooks::list),
        },
        ReadRoute {
            path: "/webhooks/{webhook}",
            name: "webhook",
            summary: "One webhook, and the state of its deliveries.",
            query: &[],
            shape: ResponseShape::record::<WebhookView>(),
            route: || web::get().to(webhooks::show),
        },
        ReadRoute {
            path: "/webhooks/{webhook}/deliveries",
            name: "webhook_deliveries",
            summary: "A webhook's latest deliveries, the newest first.",
            query: &["after", "limit"],
            shape: ResponseShape::page::<DeliveryView>(),
            route: || web::get().to(webhooks::deliveries),
        },
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
    pub(super) route: fn() -> Route,
}

/// All such routes.
#[must_use]
pub fn action_routes() -> Vec<ActionRoute> {
    vec![
        ActionRoute {
            path: "/webhooks/{webhook}/secret",
            name: "webhook_make_secret",
            summary: "Makes a new secret for a webhook and shows it once. The previous secret also \
                signs until there is another.",
            shape: ResponseShape::record::<SecretShown>(),
            recorded: true,
            route: || web::post().to(webhooks::make_secret),
        },
        ActionRoute {
            path: "/webhooks/{webhook}/resume",
            name: "webhook_resume",
            summary: "Resumes a webhook that was paused because it accepted nothing for days.",
            shape: ResponseShape::record::<WebhookView>(),
            recorded: false,
            route: || web::post().to(webhooks::resume),
        },
        ActionRoute {
            path: "/webhooks/{webhook}/deliveries/{delivery}/send-again",
            name: "webhook_send_again",
            summary: "Sends a delivery again, with attempts for three days.",
            shape: ResponseShape::record::<DeliveryView>(),
            recorded: false,
            route: || web::post().to(webhooks::send_again),
        },
    ]
}
