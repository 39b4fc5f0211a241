//! Invalid input to the API: it gets a problem document, and changes nothing.

use microgrants::domain::ApplicationId;
use serde_json::{Value, json};

use crate::support::fixtures::Office;
use crate::support::service::{ApiResponse, Client, serve};
use crate::support::test_app::TestApp;

fn command_path(application: ApplicationId, command: &str) -> String {
    format!("/api/v1/applications/{application}/{command}")
}

/// A fund that can be created.
fn fund_body() -> Value {
    json!({
        "name": "A", "purpose": "B", "areas": ["oldham"],
        "rules": {
            "minimum": "500.00", "maximum": "2500.00", "eyes": 2, "quorum": 1, "checks": [],
            "offer_days": 28, "signers": 2,
        },
    })
}

/// Posts a fund with one field changed.
fn post_fund_with(client: &Client, pointer: &str, value: Value) -> ApiResponse {
    let mut body = fund_body();
    *body.pointer_mut(pointer).expect("a field of the body") = value;
    client.post("/api/v1/funds", &body)
}

async fn assert_log_unchanged(app: &TestApp, before: i64) {
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing of this is in the log"
    );
}

on_each_engine!(a_bad_field_is_a_problem_and_changes_nothing);
async fn a_bad_field_is_a_problem_and_changes_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let client = serve(&app, office.ada);
    let before = app.log.length().await.unwrap();

    for amount in [
        "500.001", "5e2", "-500", "+500", "", "500.", "£500", "1,000",
    ] {
        let answer = post_fund_with(&client, "/rules/minimum", json!(amount));
        answer.assert_problem(422, "invalid_field");
        assert_eq!(answer.body["field"], "rules.minimum", "{amount}");
    }
    for (pointer, value, code) in [
        ("/rules/minimum", json!(500), "invalid_field"),
        ("/rules/minimum", json!("400.00"), "bounds_too_wide"),
        ("/rules/maximum", json!("2500.01"), "bounds_too_wide"),
        ("/rules/eyes", json!(1), "rules_incomplete"),
        ("/name", json!("x".repeat(141)), "invalid_field"),
        ("/name", json!("   "), "invalid_field"),
        ("/name", json!("\u{0}"), "invalid_field"),
        ("/name", json!(7), "invalid_field"),
        ("/areas", json!(["Old Ham"]), "invalid_field"),
    ] {
        post_fund_with(&client, pointer, value).assert_problem(422, code);
    }
    let mut unknown = fund_body();
    unknown["colour"] = json!("red");
    let mut missing = fund_body();
    missing.as_object_mut().unwrap().remove("purpose");
    for (body, field) in [(unknown, "colour"), (missing, "purpose")] {
        let answer = client.post("/api/v1/funds", &body);
        answer.assert_problem(422, "invalid_field");
        assert_eq!(answer.body["field"], field);
    }

    assert_log_unchanged(&app, before).await;
}

on_each_engine!(a_bad_body_of_a_command_is_a_problem_and_changes_nothing);
async fn a_bad_body_of_a_command_is_a_problem_and_changes_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (draft, group, _) = office.draft(&app, 900).await;
    let client = serve(&app, office.ada);
    let before = app.log.length().await.unwrap();

    let worded = client.post(
        &command_path(draft, "declare"),
        &json!({ "interest": "words" }),
    );
    worded.assert_problem(422, "invalid_field");
    assert_eq!(
        (&worded.body["field"], &worded.body["detail"]),
        (
            &json!("interest"),
            &json!("invalid type: string \"words\", expected an object")
        )
    );
    let account = json!({ "holder": "A", "numbers": "1" });
    for (path, body, code) in [
        (
            format!("/api/v1/groups/{group}/provide-payee"),
            json!({ "route": "own_account", "account": account }),
            "invalid_field",
        ),
        (
            "/api/v1/people".to_owned(),
            json!({ "name": "A", "email": "not-an-address" }),
            "invalid_field",
        ),
        (
            command_path(draft, "save-answers"),
            json!({ "requested": "499.99" }),
            "outside_bounds",
        ),
        (
            command_path(draft, "save-answers"),
            json!({ "answers": { "shoe-size": "9" } }),
            "unknown_question",
        ),
    ] {
        client.post(&path, &body).assert_problem(422, code);
    }

    assert_log_unchanged(&app, before).await;
}

on_each_engine!(a_request_that_cannot_be_read_is_a_problem_and_changes_nothing);
async fn a_request_that_cannot_be_read_is_a_problem_and_changes_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (draft, _, _) = office.draft(&app, 900).await;
    let client = serve(&app, office.ada);
    let before = app.log.length().await.unwrap();
    let fund = fund_body().to_string();
    let post_fund =
        |body: &str, headers: &[(&str, &str)]| client.post_with("/api/v1/funds", body, headers);
    let key = ("Idempotency-Key", "k");

    for body in [
        "{",
        "",
        "[]",
        "null",
        "{} {}",
        "\u{feff}{}",
        "[\"A\",\"B\"]",
    ] {
        let answer = post_fund(body, &[key]);
        assert!(
            ["malformed_json", "invalid_field"].contains(&answer.code()),
            "{body}: {}",
            answer.body
        );
    }
    post_fund(&fund, &[key, ("Content-Type", "text/plain")])
        .assert_problem(415, "unsupported_media_type");
    post_fund(&fund, &[]).assert_problem(400, "key_missing");
    post_fund(&fund, &[("Idempotency-Key", "a b")]).assert_problem(400, "invalid_key");
    post_fund(&"x".repeat(600_000), &[key]).assert_problem(413, "too_large");
    client
        .post_with(
            &command_path(draft, "submit"),
            &json!({ "channel": "web" }).to_string(),
            &[key, ("If-Match", "\"1\"")],
        )
        .assert_problem(412, "stale");

    assert_log_unchanged(&app, before).await;
}

on_each_engine!(a_record_or_address_that_is_unknown_is_a_problem_and_changes_nothing);
async fn a_record_or_address_that_is_unknown_is_a_problem_and_changes_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (draft, _, _) = office.draft(&app, 900).await;
    let client = serve(&app, office.ada);
    let before = app.log.length().await.unwrap();
    let nobody = ApplicationId(uuid::Uuid::from_u128(7));

    for (path, body, status, code) in [
        (
            command_path(nobody, "confirm-eligibility"),
            json!({}),
            404,
            "unknown",
        ),
        (
            command_path(nobody, "save-answers"),
            json!({ "answers": { "idea": "words" } }),
            404,
            "unknown",
        ),
        (
            "/api/v1/applications/not-an-id/submit".to_owned(),
            json!({ "channel": "web" }),
            404,
            "not_found",
        ),
        (
            command_path(draft, "applaud"),
            json!({}),
            404,
            "no_such_address",
        ),
        (
            "/api/v1/grants".to_owned(),
            json!({}),
            405,
            "method_not_allowed",
        ),
    ] {
        client.post(&path, &body).assert_problem(status, code);
    }
    client
        .get(&format!("/api/v1/grants/{}", uuid::Uuid::nil()))
        .assert_problem(404, "not_found");
    client
        .get("/nowhere")
        .assert_problem(404, "no_such_address");

    assert_log_unchanged(&app, before).await;
}

on_each_engine!(a_bad_query_is_a_problem_and_changes_nothing);
async fn a_bad_query_is_a_problem_and_changes_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let client = serve(&app, office.ada);
    let before = app.log.length().await.unwrap();

    for path in BAD_QUERIES {
        client.get(path).assert_problem(400, "invalid_query");
    }
    let too_long = format!("/api/v1/grants?after={}", "a".repeat(1001));
    client.get(&too_long).assert_problem(400, "invalid_query");

    assert_log_unchanged(&app, before).await;
}

const BAD_QUERIES: [&str; 30] = [
    "/api/v1/grants?limit=0",
    "/api/v1/grants?limit=501",
    "/api/v1/grants?colour=red",
    "/api/v1/grants?as_at=yesterday",
    "/api/v1/grants?fund=one",
    "/api/v1/budget?by=colour",
    "/api/v1/grants?limit=1&limit=2",
    "/api/v1/grants?state=live&state=lost",
    "/api/v1/grants?state=live,lost",
    "/api/v1/grants?state=",
    "/api/v1/grants?sort=name",
    "/api/v1/grants?sort=colour",
    "/api/v1/grants?sort=updated_at&after=one",
    "/api/v1/grants?expand=grant",
    "/api/v1/grants?expand=group,group,group,group",
    "/api/v1/applications?reference=null",
    "/api/v1/applications?reference=12345",
    "/api/v1/grants?updated_since=yesterday",
    "/api/v1/grants?count=perhaps",
    "/api/v1/payments?batch=A%20batch",
    "/api/v1/people?role=king",
    "/api/v1/people?email=nobody",
    "/api/v1/groups?identifier=1234567",
    "/api/v1/groups?name=%20",
    "/api/v1/funds?state=lost",
    "/api/v1/applications?state=lost",
    "/api/v1/grants?state=lost",
    "/api/v1/payments?state=lost",
    "/api/v1/updates?state=lost",
    "/api/v1/grants?min_position=99999999",
];
