//! Conveniences of the API for client programs: the record in the answer, all wrong fields in one
//! problem, and marked repeats.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use microgrants::commands::{Caller, CommandRequest, IdempotencyKey};
use microgrants::domain::command::WithReason;
use microgrants::domain::{Actor, Command, FundCommand};
use serde_json::{Value, json};

use super::header_client::HeaderClient;
use crate::support::fixtures::{Office, person, text};
use crate::support::service::serve;
use crate::support::test_app::TestApp;

const PREFER_RECORD: [(&str, &str); 2] = [
    ("Idempotency-Key", "a"),
    ("Prefer", "respond-async, return=representation"),
];

fn new_group() -> String {
    json!({ "name": "Soup and song", "area": "oldham", "standing": "new" }).to_string()
}

on_each_engine!(a_command_answers_with_the_record_where_that_is_preferred);
async fn a_command_answers_with_the_record_where_that_is_preferred(app: TestApp) {
    Office::open(&app, 5000).await;
    let cass = person(&app, "Cass").await;
    app.catch_up().await;
    let client = serve(&app, cass);
    let asker = HeaderClient::of(&app, &client, cass);

    let made = asker.post("/api/v1/groups", &new_group(), &PREFER_RECORD);

    let id = made.body["id"].as_str().unwrap().to_owned();
    let address = format!("/api/v1/groups/{id}");
    assert_eq!(
        (made.status, &made.body["name"]),
        (201, &json!("Soup and song")),
        "{}",
        made.body
    );
    assert_eq!(made.header("preference-applied"), "return=representation");
    assert_eq!(
        (made.header("location"), made.header("content-location")),
        (address.as_str(), address.as_str())
    );
    let position: i64 = made.header("microgrants-position").parse().unwrap();
    let first: i64 = made.header("microgrants-first-position").parse().unwrap();
    assert!(first <= position);
    let read = asker.get(&format!("{address}?min_position={position}"), &[]);
    assert_eq!(
        (&read.body, read.header("etag")),
        (&made.body, made.header("etag")),
        "it is what its address gives"
    );
    // Without the preference the answer has no record, and a repeat may ask for another form of it.
    let repeated = asker.post("/api/v1/groups", &new_group(), &PREFER_RECORD[..1]);
    assert_eq!((repeated.status, &repeated.body["id"]), (201, &json!(id)));
    assert_eq!(
        (
            &repeated.body["position"],
            repeated.header("idempotent-replayed")
        ),
        (&json!(position), "true")
    );
}

on_each_engine!(a_part_that_a_command_made_is_named_by_its_number);
/// The number continues the earlier ones.
async fn a_part_that_a_command_made_is_named_by_its_number(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let ada = HeaderClient::of(&app, &client, office.ada);
    let agreement = json!({ "text": "We tell you what came of it." }).to_string();

    let published = ada.post(
        "/api/v1/organisation/publish-agreement",
        &agreement,
        &PREFER_RECORD,
    );

    assert_eq!(
        (published.status, published.header("microgrants-made")),
        (200, "2"),
        "{}",
        published.body
    );
    assert_eq!(
        (
            &published.body["agreement_version"],
            published.header("content-location")
        ),
        (&json!(2), "/api/v1/organisation")
    );
}

on_each_engine!(a_repeat_is_answered_without_a_record_that_is_no_longer_visible);
/// The person still learns that the command was recorded.
async fn a_repeat_is_answered_without_a_record_that_is_no_longer_visible(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let cass = person(&app, "Cass").await;
    app.catch_up().await;
    let client = serve(&app, cass);
    let asker = HeaderClient::of(&app, &client, cass);
    let ada = HeaderClient::of(&app, &client, office.ada);
    let made = asker.post("/api/v1/groups", &new_group(), &PREFER_RECORD);
    let id = made.body["id"].as_str().unwrap();
    let leave = ada.post(
        &format!("/api/v1/groups/{id}/remove-member"),
        &json!({ "person": cass }).to_string(),
        &PREFER_RECORD[..1],
    );
    assert_eq!(leave.status, 200, "{}", leave.body);
    app.catch_up().await;

    let again = asker.post("/api/v1/groups", &new_group(), &PREFER_RECORD);

    assert_eq!(
        (
            again.status,
            &again.body["id"],
            again.header("preference-applied")
        ),
        (201, &json!(id), ""),
        "{}",
        again.body
    );
}

on_each_engine!(an_award_says_where_its_grant_is);
async fn an_award_says_where_its_grant_is(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (application, ..) = office.ready(&app, 800).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let ada = HeaderClient::of(&app, &client, office.ada);
    let award = json!({
        "amount": "750.00", "reason": "A plan that will work", "ends_on": app.in_days(60),
        "update_due_on": app.in_days(80),
    });
    let answer = ada.post(
        &format!("/api/v1/applications/{application}/award"),
        &award.to_string(),
        &[("Idempotency-Key", "a")],
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    let at = answer.header("location");
    assert_eq!(at, format!("/api/v1/grants/{application}"));
    assert_eq!(
        client
            .get(&format!("{at}?min_position={}", answer.body["position"]))
            .body["state"],
        "offered"
    );
}

/// An administrator's client.
pub(super) async fn serve_administrator(app: &TestApp) -> HeaderClient {
    let office = Office::open(app, 5000).await;
    app.catch_up().await;
    let client = serve(app, office.ada);
    HeaderClient::of(app, &client, office.ada)
}

on_each_engine!(every_wrong_field_is_named_at_once);
async fn every_wrong_field_is_named_at_once(app: TestApp) {
    let ada = serve_administrator(&app).await;
    let body = json!({ "name": "", "area": "BAD", "standing": "x", "extra": 1 }).to_string();

    let answer = ada.post("/api/v1/groups", &body, &[("Idempotency-Key", "a")]);

    assert_eq!(
        (answer.status, &answer.body["code"]),
        (422, &json!("invalid_field"))
    );
    let errors = answer.body["errors"].as_array().unwrap();
    let found: BTreeSet<_> = errors
        .iter()
        .map(|error| {
            (
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("name", "invalid"),
            ("area", "invalid"),
            ("standing", "invalid"),
            ("extra", "unknown")
        ]
        .into()
    );
    assert!(
        errors.iter().all(|error| error["detail"]
            .as_str()
            .is_some_and(|detail| !detail.is_empty())),
        "{errors:?}"
    );
    assert_eq!(
        (&answer.body["field"], &answer.body["detail"]),
        (&errors[0]["field"], &errors[0]["detail"]),
        "as it was before"
    );
    assert_eq!(
        answer.body["request_id"],
        answer.header("x-request-id"),
        "the operator finds it by this"
    );
}

on_each_engine!(every_missing_field_is_named_at_once);
async fn every_missing_field_is_named_at_once(app: TestApp) {
    let ada = serve_administrator(&app).await;

    let answer = ada.post("/api/v1/groups", "{}", &[("Idempotency-Key", "b")]);

    let errors = answer.body["errors"].as_array().unwrap();
    let missing: BTreeSet<_> = errors
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert!(
        missing.is_superset(&["name", "area", "standing"].into()),
        "{}",
        answer.body
    );
    assert!(
        errors.iter().all(|error| error["code"] == "missing"),
        "{}",
        answer.body
    );
}

on_each_engine!(twenty_of_many_wrong_fields_are_named);
async fn twenty_of_many_wrong_fields_are_named(app: TestApp) {
    let ada = serve_administrator(&app).await;
    let many: Value = (0..400)
        .map(|number| (format!("f{number}"), json!(number)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let since = Instant::now();

    let answer = ada.post(
        "/api/v1/groups",
        &many.to_string(),
        &[("Idempotency-Key", "c")],
    );

    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 20);
    assert!(
        since.elapsed() < Duration::from_secs(2),
        "{:?}",
        since.elapsed()
    );
}

on_each_engine!(the_same_json_is_the_same_request_however_it_is_written);
async fn the_same_json_is_the_same_request_however_it_is_written(app: TestApp) {
    let ada = serve_administrator(&app).await;
    let post = |body: &str| ada.post("/api/v1/groups", body, &[("Idempotency-Key", "once")]);

    let first = post(r#"{"name":"Soup","area":"oldham","standing":"new"}"#);

    assert_eq!(
        (first.status, first.header("idempotent-replayed")),
        (201, ""),
        "{}",
        first.body
    );
    for same in [
        r#"{"name":"Soup","area":"oldham","standing":"new"}"#,
        "{ \"standing\": \"new\",\n  \"area\": \"oldham\", \"name\": \"Soup\" }",
        r#"{"name":"\u0053oup","area":"oldham","standing":"new"}"#,
    ] {
        let again = post(same);
        assert_eq!(
            (
                again.status,
                &again.body,
                again.header("idempotent-replayed")
            ),
            (201, &first.body, "true"),
            "{same}"
        );
    }
    let other = post(r#"{"name":"Soups","area":"oldham","standing":"new"}"#);
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("key_reused"))
    );
}

on_each_engine!(the_same_bytes_repeat_a_request_of_an_earlier_version);
/// An earlier version recorded commands with the hash of the raw bytes.
async fn the_same_bytes_repeat_a_request_of_an_earlier_version(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let ada = HeaderClient::of(&app, &client, office.ada);
    let path = format!("/api/v1/funds/{}/pause", office.fund);
    let body = "{ \"reason\": \"A pause\" }";
    let hash = app
        .log
        .vault()
        .request_hash(format!("{path}\n{body}").as_bytes());
    let pause = FundCommand::Pause(WithReason {
        reason: text("A pause"),
    });
    let caller = Caller {
        actor: Actor::Person(office.ada),
        role_scope: None,
    };
    let earlier = CommandRequest {
        idempotency_key: Some(IdempotencyKey::per_caller("earlier", hash)),
        ..CommandRequest::new(caller, Command::Fund(office.fund, pause))
    };
    let recorded = app.commands.execute(earlier).await.unwrap();
    let key = [("Idempotency-Key", "earlier")];

    let again = ada.post(&path, body, &key);
    let other = ada.post(&path, "{ \"reason\": \"Another\" }", &key);

    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (200, "true"),
        "{}",
        again.body
    );
    assert_eq!(again.body["position"], recorded.last_position);
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("key_reused"))
    );
}

on_each_engine!(a_repeated_upload_is_the_same_file);
async fn a_repeated_upload_is_the_same_file(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    let client = serve(&app, member);
    let upload = |key: &str| {
        client.upload(
            &format!("/api/v1/groups/{group}/files?purpose=document"),
            &crate::operations::files::pdf(200),
            key,
        )
    };

    let (first, again) = (upload("a"), upload("a"));

    assert_eq!(first.body["file"], again.body["file"]);
}

on_each_engine!(nobody_waits_behind_the_end_of_the_log);
async fn nobody_waits_behind_the_end_of_the_log(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let length = app.log.length().await.unwrap();
    let since = Instant::now();
    for wait in [0, 20] {
        let answer = client.get(&format!(
            "/api/v1/log/events?wait={wait}&after_position={}",
            length + 1000
        ));
        answer.assert_problem(400, "invalid_query");
        assert_eq!(answer.body["field"], "after_position");
        client
            .get(&format!(
                "/api/v1/log/events?wait={wait}&after_position={length}"
            ))
            .assert_problem(400, "invalid_query");
    }
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "nobody waited: {:?}",
        since.elapsed()
    );
    let end = client.get(&format!(
        "/api/v1/log/events?wait=1&after_position={}",
        length - 1
    ));
    assert_eq!(
        (end.status, &end.body["items"], &end.body["has_more"]),
        (200, &json!([]), &json!(false))
    );
    for (parameter, path) in [
        ("min_position", "grants?min_position=99999999"),
        ("as_at", "grants?as_at=99999999"),
    ] {
        let answer = client.get(&format!("/api/v1/{path}"));
        answer.assert_problem(400, "invalid_query");
        assert_eq!(answer.body["field"], parameter);
    }
    // A funder who never gave anything is not found, and neither is an invalid key.
    assert_eq!(
        client
            .get("/api/v1/funders/health-partnership/statement")
            .status,
        200
    );
    for none in ["nobody", "%C2%9F", "Health", "a".repeat(41).as_str()] {
        client
            .get(&format!("/api/v1/funders/{none}/statement"))
            .assert_problem(404, "not_found");
    }
}
