//! Baselines for comparison: the plain crates under the same web server, one indexed select, and an
//! empty answer.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use cqrs_es::CqrsFramework;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use microgrants::domain::fund::{Allocate, CreateFund, Rules};
use microgrants::domain::{
    Actor, Aggregate as _, DecisionContext, Fund, FundCommand, Money, Organisation,
    OrganisationEvent, TrackedRead,
};
use microgrants::eventlog::cqrs_adapter::{CqrsAggregate, CqrsCommand};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

/// The decision context for the plain crates, which have no roles: an organisation in which the
/// actor holds them.
pub fn decision_context() -> DecisionContext {
    let mut organisation = Organisation::default();
    organisation
        .apply(&OrganisationEvent::OrganisationFounded {
            name: "Bench".parse().expect("a line"),
            simulated: None,
        })
        .expect("no money");
    let mut facts = DecisionContext::new(Actor::Operator, jiff::civil::date(2026, 6, 1));
    facts.organisation = TrackedRead::new(Arc::new(organisation));
    facts
}

pub fn create() -> CreateFund {
    let rules = Rules {
        quorum: 1,
        checks_at_risk: std::collections::BTreeSet::new(),
        update_every_days: None,
        remind_days: 0,
        payee_wait_days: Some(0),
        confirm_days: None,
        minimum: Money::from_pounds(500),
        maximum: Money::from_pounds(2500),
        people_per_payment: 2,
        checks: std::collections::BTreeSet::new(),
        offer_days: 28,
        signers: 2,
        texts: microgrants::domain::fund::FundTexts::default(),
    };
    CreateFund {
        name: "A fund".parse().expect("a line"),
        purpose: "To meet".parse().expect("a text"),
        areas: ["oldham".parse().expect("a slug")].into(),
        rules,
    }
}

/// The events table of the plain crates, for either engine.
pub fn table(text: &str, bigint: &str, json: &str) -> String {
    format!(
        "CREATE TABLE events (aggregate_type {text} NOT NULL, aggregate_id {text} NOT NULL, sequence {bigint} NOT NULL, event_type {text} NOT NULL, \
         event_version {text} NOT NULL, payload {json} NOT NULL, metadata {json} NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence)); \
         CREATE TABLE one (id {text} PRIMARY KEY, body {text} NOT NULL); INSERT INTO one VALUES ('budget', '{{\"allocated\":\"100.00\"}}')"
    )
}

pub async fn sqlite(path: &std::path::Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path.join("plain.db"))
        .create_if_missing(true);
    let options = options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(30));
    let pool = SqlitePoolOptions::new()
        .max_connections(10)
        .connect_with(options)
        .await
        .expect("a database");
    sqlx::raw_sql(&table("TEXT", "INTEGER", "TEXT"))
        .execute(&pool)
        .await
        .expect("a table");
    pool
}

/// The single indexed select, on either engine.
#[derive(Clone)]
pub enum SingleSelect {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl SingleSelect {
    async fn fetch(&self) -> String {
        const SQL: &str = "SELECT body FROM one WHERE id = $1";
        match self {
            Self::Postgres(pool) => sqlx::query_scalar(SQL)
                .bind("budget")
                .fetch_one(pool)
                .await
                .expect("a row"),
            Self::Sqlite(pool) => sqlx::query_scalar(SQL)
                .bind("budget")
                .fetch_one(pool)
                .await
                .expect("a row"),
        }
    }
}

/// Serves the baselines with as many workers as our service has. Returns the host and port.
pub fn serve<R>(repository: R, selects: SingleSelect) -> String
where
    R: PersistedEventRepository + 'static,
{
    let store = PersistedEventStore::<R, CqrsAggregate<Fund>>::new_event_store(repository);
    let framework = web::Data::new(CqrsFramework::new(store, vec![], ()));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(framework.clone())
                .app_data(web::Data::new(selects.clone()))
                .route(
                    "/empty",
                    web::get().to(|| async {
                        HttpResponse::Ok()
                            .content_type("application/json")
                            .body("{}")
                    }),
                )
                .route(
                    "/one",
                    web::get().to(|selects: web::Data<SingleSelect>| async move {
                        HttpResponse::Ok()
                            .content_type("application/json")
                            .body(selects.fetch().await)
                    }),
                )
                .route("/funds/{fund}/create", web::post().to(create_fund::<R>))
                .route(
                    "/funds/{fund}/allocate",
                    web::post().to(allocate_funding::<R>),
                )
        });
        let server = server
            .tcp_nodelay(true)
            .listen(listener)
            .expect("a server")
            .run();
        actix_web::rt::System::new().block_on(server)
    });
    host
}

type Framework<R> = CqrsFramework<CqrsAggregate<Fund>, PersistedEventStore<R, CqrsAggregate<Fund>>>;

async fn create_fund<R: PersistedEventRepository>(
    framework: web::Data<Framework<R>>,
    path: web::Path<String>,
) -> HttpResponse {
    http_response(
        framework
            .execute(
                &path,
                CqrsCommand {
                    command: FundCommand::Create(create()),
                    facts: decision_context(),
                },
            )
            .await,
    )
}

async fn allocate_funding<R: PersistedEventRepository>(
    framework: web::Data<Framework<R>>,
    path: web::Path<String>,
    body: web::Json<Allocate>,
) -> HttpResponse {
    http_response(
        framework
            .execute(
                &path,
                CqrsCommand {
                    command: FundCommand::Allocate(body.into_inner()),
                    facts: decision_context(),
                },
            )
            .await,
    )
}

fn http_response<E: std::fmt::Display>(outcome: Result<(), E>) -> HttpResponse {
    match outcome {
        Ok(()) => HttpResponse::Ok()
            .content_type("application/json")
            .body("{}"),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}
