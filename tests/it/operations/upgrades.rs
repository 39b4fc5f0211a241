//! Operation and upgrades: readiness, databases of earlier and later versions, and rows of another
//! schema version.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use microgrants::clock::Clock;
use microgrants::commands::{CommandError, Commands};
use microgrants::domain::command::WithReason;
use microgrants::domain::{Command, FundCommand};
use microgrants::eventlog::LogError;
use microgrants::http::supervisor::Supervisor;
use microgrants::projections;
use microgrants::store::{checkpoints, events, view_rows};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::migrate::Migrator;
use sqlx::{Row as _, SqlitePool};

use crate::log::appends::{RawConnection, execute_raw, raw_connection};
use crate::support::fixtures::{Office, person, text};
use crate::support::replay;
use crate::support::scenario::command_from_json;
use crate::support::service::{
    Client, ServiceProcess, serve, serve_commands, serve_with_tasks, token,
};
use crate::support::test_app::{ORGANISATION, TestApp, request};

on_sqlite!(readiness_names_what_failed_beside_serving);
async fn readiness_names_what_failed_beside_serving(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let beside = Supervisor::default();
    let client = serve_with_tasks(
        &app,
        app.commands.clone(),
        &token(&app, office.ada),
        beside.clone(),
        |_| (),
    );
    beside
        .spawn("jobs", async {})
        .await
        .expect("it ends as it may");
    assert_eq!(client.get("/readyz").status, 200);
    beside
        .spawn("mail", async { panic!("as it is meant to") })
        .await
        .expect("it is caught");
    let ready = client.get("/readyz");
    assert_eq!(
        (ready.status, &ready.body["failed"]),
        (503, &serde_json::json!(["mail"]))
    );
}

on_each_engine!(a_loop_of_crashes_is_told_until_it_is_over);
async fn a_loop_of_crashes_is_told_until_it_is_over(app: TestApp) {
    let place = app.close().await;
    let ready = |process: &ServiceProcess| {
        let ready = Client::new(&process.address, "").get("/readyz");
        (ready.status, ready.body["failed"].clone())
    };
    for _ in 0..3 {
        let process = ServiceProcess::start(&place);
        assert_eq!(ready(&process), (200, json!([])));
        process.kill();
    }
    let looping = ServiceProcess::start(&place);
    assert_eq!(ready(&looping), (503, json!(["crash_loop"])));
    std::process::Command::new("kill")
        .args(["-TERM", &looping.id().to_string()])
        .status()
        .unwrap();
    assert!(looping.wait_for_exit().success());
    let after = ServiceProcess::start(&place);
    assert_eq!(
        ready(&after),
        (200, json!([])),
        "a start that came to its end is none of a loop"
    );
}

on_each_engine!(a_clock_that_is_off_refuses_at_once_and_readiness_says_so);
async fn a_clock_that_is_off_refuses_at_once_and_readiness_says_so(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve_commands(&app, app.commands.clone(), &token(&app, office.ada), |_| ());
    for seconds in [10, -3600] {
        let now = app.commands.now().as_microsecond() + seconds * 1_000_000;
        let off = Commands::new(
            app.log.clone(),
            Clock::Simulated(Arc::new(AtomicI64::new(now))),
        );
        let (before, since) = (app.log.length().await.unwrap(), Instant::now());
        let pause = FundCommand::Pause(WithReason {
            reason: text("A pause"),
        });
        let refused = off
            .execute(request(office.ada, Command::Fund(office.fund, pause)))
            .await;
        let off_by = match refused {
            Err(CommandError::Log(LogError::ClockOff { seconds })) => Some(seconds),
            _ => None,
        };
        assert_eq!(off_by, Some(seconds), "{refused:?}");
        assert!(
            since.elapsed() < Duration::from_secs(2),
            "it is not tried again and again: {:?}",
            since.elapsed()
        );
        assert_eq!(app.log.length().await.unwrap(), before);
        let ready = client.get("/readyz");
        assert_eq!(
            (ready.status, &ready.body["failed"]),
            (503, &json!(["clock"]))
        );
        // With a correct clock the next command is recorded, which is all that readiness needs.
        person(&app, "Grace").await;
        assert_eq!(client.get("/readyz").status, 200);
    }
}

const FIRST_SCHEMA: &str = "tests/fixtures/first_schema";

/// Only the first migration.
fn first_migration(all: &Migrator) -> Migrator {
    let first = all
        .iter()
        .filter(|migration| migration.version == 1)
        .cloned()
        .collect();
    Migrator {
        migrations: Cow::Owned(first),
        ..*all
    }
}

/// Replaces the database with one of the first schema, with stored rows and keys.
async fn load_first_schema(app: &TestApp) {
    let folder = app.folder.path();
    std::fs::remove_dir_all(folder.join("keys")).unwrap();
    std::fs::create_dir(folder.join("keys")).unwrap();
    for entry in std::fs::read_dir(format!("{FIRST_SCHEMA}/keys"))
        .expect("the fixture is there")
        .flatten()
    {
        let file = folder.join("keys").join(entry.file_name());
        std::fs::copy(entry.path(), &file).unwrap();
        // A checkout makes files readable by everybody; the program refuses a key with such
        // permissions.
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    }
    let stored = std::fs::read_to_string(format!("{FIRST_SCHEMA}/rows.sql")).unwrap();
    match raw_connection(app).await {
        RawConnection::Sqlite(pool) => {
            // Removes every table of the newest schema.
            let tables: Vec<String> = sqlx::query_scalar(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            )
            .fetch_all(&pool)
            .await
            .unwrap();
            for table in tables {
                sqlx::raw_sql(&format!("DROP TABLE \"{table}\""))
                    .execute(&pool)
                    .await
                    .unwrap();
            }
            first_migration(&sqlx::migrate!("migrations/sqlite"))
                .run(&pool)
                .await
                .unwrap();
            sqlx::raw_sql(&stored).execute(&pool).await.unwrap();
            pool.close().await;
        }
        RawConnection::Postgres(pool) => {
            sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                .execute(&pool)
                .await
                .unwrap();
            first_migration(&sqlx::migrate!("migrations/postgres"))
                .run(&pool)
                .await
                .unwrap();
            sqlx::raw_sql(&stored.replace("X'", "'\\x"))
                .execute(&pool)
                .await
                .unwrap();
        }
    }
}

on_each_engine!(a_database_of_the_first_schema_is_brought_up_to_date);
async fn a_database_of_the_first_schema_is_brought_up_to_date(app: TestApp) {
    if !Path::new(FIRST_SCHEMA).exists() {
        make_fixture().await;
        panic!("{FIRST_SCHEMA} was written anew: look at it and commit it");
    }
    load_first_schema(&app).await;
    let place = app.close().await;
    let app = TestApp::open(place.folder, place.url).await;
    assert_eq!(
        replay::replay_log(&app).await,
        2,
        "the log is whole, and holds its awards"
    );
    crate::projections::read_models::assert_equals_rebuild(&app).await;
    // Values encrypted then can be decrypted now, and the next command continues the log.
    let rows = events::read_page(app.store(), ORGANISATION, 0, 1000)
        .await
        .unwrap();
    let person = rows
        .iter()
        .find(|row| row.event_type == "PersonRegistered")
        .unwrap();
    let ada: microgrants::domain::PersonId = person
        .aggregate_id
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let client = serve(&app, ada);
    assert_eq!(
        client.get(&format!("/api/v1/people/{ada}")).body["name"],
        "Ada"
    );
    assert_eq!(
        client.get("/api/v1/budget").body["lines"][0]["committed"],
        "1250.00"
    );
    // The fixture was made two days ahead of its clock.
    app.pass_days(3);
    crate::support::fixtures::person(&app, "Grace").await;
    assert_eq!(
        app.log.length().await.unwrap(),
        i64::try_from(rows.len()).unwrap() + 1
    );
}

/// Produces rows in every table.
async fn exercise_every_table(app: &TestApp, office: &Office) {
    let (first, group, member) = office.prepared(app, 700).await;
    let second = office.returned(app, 600, 50).await;
    app.pass_days(2);
    let on = async |by, noun: &str, id, name: &str, body: serde_json::Value| {
        app.issue_ok(by, command_from_json(noun, id, name, &body))
            .await;
    };
    let past = json!({
        "reference": "360G-other-1", "title": "Tools", "description": "Tools for the garden.",
        "amount": "3000.00", "awarded_on": "2020-05-01", "funder": "Another funder",
    });
    on(office.ada, "group", group.0, "record-past-grant", past).await;
    on(
        member,
        "group",
        group.0,
        "set-contact",
        json!({ "postcode": "OL1 1AA", "telephone": "0161 496 0000" }),
    )
    .await;
    let story = json!({ "words": "They cook.", "consented_on": app.today(), "consent": "A form" });
    on(office.ada, "grant", first.0, "publish-story", story).await;
    let vary = json!({ "change": { "ends_on": app.in_days(95) }, "words": "The hall is closed." });
    on(member, "grant", first.0, "request-variation", vary).await;
    let correct = json!({ "payment": 1, "paid_on": app.in_days(-1), "reason": "As the bank says" });
    on(office.ben, "grant", second.0, "correct-payment", correct).await;
    let outcome = json!({
        "sign": "bringing-people-together", "strength": "strong", "words": "Nobody eats alone.",
    });
    let update = json!({
        "update": 1, "channel": "phone", "consent": true, "words": "It went well.", "people": 20,
        "volunteers": 3, "spent": "500.00", "outcomes": [outcome],
    });
    on(office.ada, "grant", second.0, "receive-update", update).await;
    on(
        office.ben,
        "grant",
        first.0,
        "approve-payment",
        json!({ "payment": 1 }),
    )
    .await;
    let line = json!({ "grant": first, "payment": 1, "amount": "700.00" });
    let batch = json!({ "batch": "november", "sent_on": app.today(), "payments": [line] });
    on(office.ben, "fund", office.fund.0, "send-batch", batch).await;
    let file = json!({
        "file": "9f".repeat(32), "media": "application/pdf", "bytes": 5000, "purpose": "document",
    });
    on(member, "group", group.0, "keep-file", file).await;
    on(
        office.ada,
        "grant",
        second.0,
        "accept-update",
        json!({ "update": 1 }),
    )
    .await;
    on(
        member,
        "group",
        group.0,
        "record-identifier",
        json!({ "identifier": "GB-CHC-1234567" }),
    )
    .await;
}

/// Writes the fixture from a small log, as rows of the first schema's tables.
async fn make_fixture() {
    let app = TestApp::sqlite().await;
    let office = Office::open(&app, 5000).await;
    exercise_every_table(&app, &office).await;
    app.catch_up().await;
    std::fs::create_dir_all(format!("{FIRST_SCHEMA}/keys")).unwrap();
    for entry in std::fs::read_dir(app.folder.path().join("keys"))
        .unwrap()
        .flatten()
    {
        std::fs::copy(
            entry.path(),
            format!("{FIRST_SCHEMA}/keys/{}", entry.file_name().display()),
        )
        .unwrap();
    }
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    first_migration(&sqlx::migrate!("migrations/sqlite"))
        .run(&pool)
        .await
        .unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name \
            NOT LIKE '_sqlx%' ORDER BY name",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let RawConnection::Sqlite(from) = raw_connection(&app).await else {
        unreachable!("the app is on SQLite")
    };
    let mut text = String::from(
        "-- A small log in the tables of the first schema, for the test of an upgrade. \
            Illustrative.\n",
    );
    for table in tables {
        // Generated columns are not stored.
        let columns: Vec<String> = sqlx::query_scalar(&format!(
            "SELECT name FROM pragma_table_info('{table}') ORDER BY cid"
        ))
        .fetch_all(&pool)
        .await
        .unwrap();
        let quoted: Vec<_> = columns
            .iter()
            .map(|column| format!("quote({column})"))
            .collect();
        let select = format!("SELECT {} FROM {table}", quoted.join(" || ', ' || "));
        for row in sqlx::query(&select).fetch_all(&from).await.unwrap() {
            let values: String = row.get(0);
            writeln!(
                text,
                "INSERT INTO {table} ({}) VALUES ({values});",
                columns.join(", ")
            )
            .unwrap();
        }
    }
    std::fs::write(format!("{FIRST_SCHEMA}/rows.sql"), text).unwrap();
}

on_each_engine!(a_newer_database_is_refused);
async fn a_newer_database_is_refused(app: TestApp) {
    execute_raw(
        &app,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
            VALUES (9999, 'later', TRUE, '00', 1)"
            .replace(
                "'00'",
                if app.store().postgres_pool().is_some() {
                    "'\\x00'"
                } else {
                    "X'00'"
                },
            )
            .as_str(),
    )
    .await;
    let place = app.close().await;
    let output = place
        .program()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let says = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && says.contains("a newer program") && says.lines().count() <= 2,
        "{says}"
    );
}

on_each_engine!(rows_of_another_shape_are_made_anew);
async fn rows_of_another_shape_are_made_anew(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.prepared(&app, 700).await;
    app.catch_up().await;
    let generation = async |app: &TestApp, name: &str| {
        let all = checkpoints::all(app.store(), ORGANISATION).await.unwrap();
        all.into_iter()
            .find(|one| one.name == name && one.state == "live")
            .unwrap()
            .generation
    };
    execute_raw(
        &app,
        "UPDATE projections SET shape = 0 WHERE name = 'funds'; UPDATE view_funds SET body = '{}'",
    )
    .await;
    let again = if app.store().postgres_pool().is_some() {
        app.second_process().await
    } else {
        app.restarted().await
    };
    assert_eq!(
        (
            generation(&again, "funds").await,
            generation(&again, "grants").await
        ),
        (2, 1),
        "these and no others"
    );
    let row: microgrants::projections::FundRow = again
        .views()
        .find(office.fund, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.name.as_str(), "A fund");
    crate::projections::read_models::assert_equals_rebuild(&again).await;
}

const SCHEMA_DIGESTS: &str = "tests/fixtures/shapes.txt";
/// The stored log is older than these.
const NOT_IN_STORED_LOG: [&str; 15] = [
    "gatherings",
    "sessions",
    "sign_ups",
    "assets",
    "exchanges",
    "listed",
    "ties",
    "consents",
    "introductions",
    "notices",
    "barriers",
    "pledges",
    "lessons",
    "chosen_stories",
    "tallies",
];

on_sqlite!(whoever_changes_rows_raises_their_shape);
/// The stored log produces the same rows as when their schema version was last raised.
async fn whoever_changes_rows_raises_their_shape(app: TestApp) {
    load_first_schema(&app).await;
    let place = app.close().await;
    let app = TestApp::open(place.folder, place.url).await;
    app.catch_up().await;
    let live = checkpoints::all(app.store(), ORGANISATION).await.unwrap();
    let mut found = String::from(
        "# Each projection, the shape of its rows, and what the rows of the stored log come to. \
            Raise SHAPE, then delete this file.\n",
    );
    for (name, shape) in projections::schema_versions() {
        let generation = live
            .iter()
            .find(|one| one.name == name && one.state == "live")
            .unwrap()
            .generation;
        let rows = view_rows::dump(app.store(), name, ORGANISATION, generation)
            .await
            .unwrap();
        assert!(
            !rows.is_empty() || NOT_IN_STORED_LOG.contains(&name),
            "the stored log makes rows of {name}"
        );
        let digest = Sha256::digest(
            rows.iter()
                .map(|row| format!("{row:?}").replace("ViewRow {", "Row {"))
                .collect::<Vec<_>>()
                .join("\n"),
        );
        writeln!(found, "{name} {shape} {}", hex::encode(&digest[..8])).unwrap();
    }
    let Ok(stored) = std::fs::read_to_string(SCHEMA_DIGESTS) else {
        std::fs::write(SCHEMA_DIGESTS, found).unwrap();
        panic!("{SCHEMA_DIGESTS} was written anew: look at it and commit it");
    };
    assert_eq!(
        stored, found,
        "rows are made otherwise: raise the SHAPE of those projections, so that older rows are \
            made anew"
    );
}
