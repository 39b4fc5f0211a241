//! The command line: the first people, tokens and the contract. Errors are one line and a non-zero
//! exit status.

use std::net::TcpListener;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::fixtures::Office;
use crate::support::service::{Client, Deployment, ServiceProcess};
use crate::support::test_app::TestApp;

fn run(place: &Deployment, arguments: &[&str]) -> Output {
    place
        .program()
        .args(arguments)
        .output()
        .expect("the program runs")
}

pub fn run_ok(place: &Deployment, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

/// Runs the program and asserts that it fails with one line. Returns that line.
pub fn run_failing(place: &Deployment, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    let says = String::from_utf8(output.stderr)
        .expect("text")
        .trim()
        .to_owned();
    assert!(!output.status.success(), "{arguments:?} was taken");
    assert_eq!(
        says.lines()
            .filter(|line| line.contains("error") || line.starts_with("microgrants:"))
            .count(),
        1,
        "{says}"
    );
    says
}

/// Adds the first two people, each with every role but the auditor's. Returns their ids.
fn add_founders(place: &Deployment) -> [String; 2] {
    let roles = "administrator,officer,finance,panel";
    let ada = run_ok(
        place,
        &[
            "people",
            "add",
            "--name",
            "Ada",
            "--email",
            "ada@example.org",
            "--roles",
            roles,
            "--organisation-name",
            "An anchor",
        ],
    );
    let ben = run_ok(place, &["people", "add", "--name", "Ben", "--roles", roles]);
    [ada, ben]
}

on_each_engine!(the_first_two_people_begin_an_office);
async fn the_first_two_people_begin_an_office(app: TestApp) {
    // Given
    let place = app.close().await;
    assert_eq!(run_ok(&place, &["migrate"]), "the database is up to date");

    // When
    let tokens = add_founders(&place).map(|person| run_ok(&place, &["token", "--person", &person]));

    // Then
    assert_nobody_else_is_added(&place);
    assert_two_people_give_a_role(&place, &tokens);
}

fn assert_nobody_else_is_added(place: &Deployment) {
    assert!(
        run_failing(
            place,
            &["people", "add", "--name", "Cat", "--roles", "officer"]
        )
        .contains("it now takes two administrators to give a role")
    );
    assert!(
        run_failing(
            place,
            &[
                "people",
                "add",
                "--name",
                "Eve",
                "--email",
                "ada@example.org"
            ]
        )
        .contains("belongs to someone else")
    );
    assert!(
        run_failing(
            place,
            &["token", "--person", "018f0000-0000-7000-8000-000000000000"]
        )
        .contains("no person here")
    );
}

fn assert_two_people_give_a_role(place: &Deployment, tokens: &[String; 2]) {
    let process = ServiceProcess::start(place);
    let ada = Client::new(&process.address, &tokens[0]);
    let ben = ada.with_token(&tokens[1]);
    assert_eq!(ada.get("/api/v1/organisation").body["name"], "An anchor");
    let cat = ada.post("/api/v1/people", &json!({ "name": "Cat" })).id();
    let role = json!({ "person": cat, "role": "finance" });

    assert_eq!(
        ada.post("/api/v1/organisation/propose-role", &role).status,
        200
    );
    ada.post("/api/v1/organisation/confirm-role", &role)
        .assert_problem(403, "same_person");
    assert_eq!(
        ben.post("/api/v1/organisation/confirm-role", &role).status,
        200
    );

    assert_eq!(
        ada.get(&format!("/api/v1/people/{cat}")).body["roles"],
        json!(["finance"])
    );
}

on_each_engine!(projections_are_rebuilt_by_name);
async fn projections_are_rebuilt_by_name(app: TestApp) {
    let place = app.close().await;
    let [ada, _] = add_founders(&place);
    let token = run_ok(&place, &["token", "--person", &ada]);

    let rebuilt = run_ok(&place, &["rebuild"]);
    let refused = run_failing(&place, &["rebuild", "colours"]);

    assert!(rebuilt.contains("people: generation 2"), "{rebuilt}");
    assert!(refused.contains("no projection named colours"), "{refused}");
    let process = ServiceProcess::start(&place);
    let client = Client::new(&process.address, &token);
    assert_eq!(client.get("/api/v1/organisation").body["name"], "An anchor");
}

/// A layout of the bank that cannot be used stops the start, and the line says what is wrong.
fn assert_wrong_layouts_are_named(place: &Deployment) {
    let start = |file: &str| {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--bank-layout", file];
        run_failing(place, &arguments)
    };
    assert!(start("nowhere.json").contains("layout in nowhere.json: the file cannot be read"));
    for (layout, says) in [
        ("{", "the file is not a layout in JSON"),
        (
            r#"{ "name": "ours", "colums": [] }"#,
            "unknown field `colums`",
        ),
        (
            r#"{ "name": "ours" }"#,
            "ours needs a column with the sort code",
        ),
        (
            r#"{ "name": "ours", "format": "pain.001.001.09",
                 "statement": { "columns": ["day", "amount"] } }"#,
            "the statement of ours needs a column for the description",
        ),
    ] {
        std::fs::write(place.folder.path().join("bank.json"), layout).unwrap();
        let line = start("bank.json");
        assert!(line.contains("the bank's layout in bank.json: "), "{line}");
        assert!(line.contains(says), "{line}");
    }
}

on_sqlite!(wrong_configuration_is_one_line);
async fn wrong_configuration_is_one_line(app: TestApp) {
    let place = app.close().await;
    assert!(
        run_failing(&place, &["migrate", "--database-url", "mysql://here/there"])
            .contains("must begin with sqlite:// or postgres://")
    );
    assert!(
        run_failing(
            &place,
            &[
                "migrate",
                "--database-url",
                "postgres://nobody@127.0.0.1:1/none"
            ]
        )
        .contains("database")
    );
    run_failing(&place, &["serve", "--listen", "here"]);
    run_failing(&place, &["token", "--person", "me"]);
    assert!(
        run_failing(
            &place,
            &["people", "add", "--name", "Ada", "--email", "nowhere"]
        )
        .contains("not an email address")
    );
    assert!(run_failing(&place, &["seed", "nowhere"]).contains("programme.json"));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(run_failing(&place, &["serve", "--listen", &address]).contains("is in use"));
    assert_wrong_layouts_are_named(&place);
    std::fs::remove_file(place.folder.path().join("keys/token.key")).unwrap();
    assert!(run_failing(&place, &["serve", "--listen", "127.0.0.1:0"]).contains("the token key"));
    assert_eq!(
        run_ok(&place, &["openapi"]),
        microgrants::http::openapi_yaml().trim()
    );
}

on_each_engine!(exports_are_written_while_the_service_runs);
/// On SQLite from a copy of the database, which the service holds.
async fn exports_are_written_while_the_service_runs(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (_, group, _) = office.prepared(&app, 700).await;
    let ada = office.ada.to_string();
    let place = app.close().await;
    let process = ServiceProcess::start(&place);
    let token = run_ok(&place, &["token", "--person", &ada]);
    let client = Client::new(&process.address, &token);
    let record_past_grant = |reference: &str| {
        let past = json!({
            "reference": reference,
            "title": "Tools",
            "description": "Tools for the garden.",
            "amount": "3000.00",
            "awarded_on": "2020-05-01",
            "funder": "Another funder",
        });
        let path = format!("/api/v1/groups/{group}/record-past-grant");
        let recorded = client.post(&path, &past);
        assert_eq!(recorded.status, 200, "{}", recorded.body);
    };
    let written = |file: &str| -> Value {
        let text = std::fs::read_to_string(place.folder.path().join(file)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    record_past_grant("360G-other-1");

    let prefix = ["--publisher-prefix", "360G-example"];
    let export = [&["export", "360giving", "grants.json"], &prefix[..]].concat();
    assert_eq!(run_ok(&place, &export), "1 grants are in grants.json");
    let grants = written("grants.json");
    assert_eq!(grants["grants"][0]["amountAwarded"], 700);
    let export = ["export", "history", "history.json"];
    assert!(run_ok(&place, &export).starts_with("1 grants"));
    let history = written("history.json").to_string();
    assert!(history.contains("Tools for the garden."), "{history}");

    // The service still answers and records, and the next export has it.
    record_past_grant("360G-other-2");
    assert!(run_ok(&place, &export).starts_with("2 grants"));
    assert_eq!(client.get("/api/v1/organisation").body["name"], "An anchor");
    let without = run_failing(&place, &["export", "360giving", "grants.json"]);
    assert!(without.contains("--publisher-prefix"), "{without}");
}

on_sqlite!(one_process_writes_an_sqlite_file);
async fn one_process_writes_an_sqlite_file(app: TestApp) {
    let place = app.deployment();
    assert!(run_failing(&place, &["migrate"]).contains("another process has the database"));
    let place = app.close().await;
    run_ok(&place, &["migrate"]);
}

on_sqlite!(a_closed_database_can_be_opened_while_clones_live);
/// The demo reopens the database while the loader's writer may still be closing.
async fn a_closed_database_can_be_opened_while_clones_live(app: TestApp) {
    let clone = app.store().clone();
    let place = app.close().await;
    microgrants::store::Store::open(&place.url)
        .await
        .expect("nobody holds it any more");
    drop(clone);
}
