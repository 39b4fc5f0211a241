//! Requests that depend on a version or ask for headers alone, and those from other pages.

use serde_json::json;

use super::header_client::HeaderClient;
use super::integrators::serve_administrator;
use crate::support::fixtures::Office;
use crate::support::service::serve;
use crate::support::test_app::TestApp;

on_each_engine!(a_tag_that_is_none_is_bad_input_and_another_version_is_stale);
async fn a_tag_that_is_none_is_bad_input_and_another_version_is_stale(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let fund = format!("/api/v1/funds/{}", office.fund);
    let pause = format!("{fund}/pause");
    let body = json!({ "reason": "A pause" }).to_string();
    let before = app.log.length().await.unwrap();
    for none in [
        "0",
        "1",
        "\"1",
        "1\"",
        "\"a b\"",
        "\"1\", \"2\"",
        "W/1",
        "x",
    ] {
        for body in [body.as_str(), "{}"] {
            let answer = client.post_with(
                &pause,
                body,
                &[("Idempotency-Key", "a"), ("If-Match", none)],
            );
            answer.assert_problem(400, "invalid_header");
            assert_eq!(answer.body["field"], "If-Match", "{none}");
        }
    }
    for other in [
        "\"1\"",
        "\"1-0000000000000000\"",
        "\"abc\"",
        "\"99999999999999999999\"",
        "W/\"6\"",
    ] {
        let headers = [("Idempotency-Key", "a"), ("If-Match", other)];
        client
            .post_with(&pause, &body, &headers)
            .assert_problem(412, "stale");
        client
            .post_with(&pause, "{}", &headers)
            .assert_problem(422, "invalid_field");
    }
    assert_eq!(app.log.length().await.unwrap(), before);
    let tag = client.get(&fund).etag.unwrap();
    let plain = format!("\"{}\"", tag.trim_matches('"').split('-').next().unwrap());
    let headers = [("Idempotency-Key", "a"), ("If-Match", tag.as_str())];
    assert_eq!(client.post_with(&pause, &body, &headers).status, 200);
    client
        .post_with(
            &format!("{fund}/resume"),
            "{}",
            &[("Idempotency-Key", "b"), ("If-Match", &plain)],
        )
        .assert_problem(412, "stale");
}

on_each_engine!(what_is_unchanged_is_not_sent_again);
async fn what_is_unchanged_is_not_sent_again(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, group, member) = office.prepared(&app, 700).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let ada = HeaderClient::of(&app, &client, office.ada);
    let paths = [
        "/api/v1/organisation".to_owned(),
        format!("/api/v1/funds/{}", office.fund),
        format!("/api/v1/groups/{group}"),
        format!("/api/v1/people/{member}"),
        format!("/api/v1/applications/{grant}"),
        format!("/api/v1/grants/{grant}"),
    ];

    for path in &paths {
        let read = ada.get(path, &[]);
        let tag = read.header("etag").to_owned();
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            let again = ada.get(path, &[("If-None-Match", &known)]);
            assert_eq!(
                (again.status, again.header("etag"), &again.body),
                (304, tag.as_str(), &json!("")),
                "{path} {known}"
            );
        }
        assert_eq!(
            ada.get(path, &[("If-None-Match", "\"x\"")]).status,
            200,
            "{path}"
        );
        for malformed in ["E9#:", "\"x", "\"a b\"", "", "*, \"x\""] {
            let refused = ada.get(path, &[("If-None-Match", malformed)]);
            assert_eq!(
                (refused.status, &refused.body["field"]),
                (400, &json!("If-None-Match")),
                "{path} {malformed}"
            );
        }
        let head = ada.head(path);
        assert_eq!(
            (head.status, head.header("etag"), &head.body),
            (200, tag.as_str(), &json!("")),
            "{path}"
        );
    }
}

on_each_engine!(a_tag_is_of_what_is_shown_and_to_whom);
/// It also changes with anything shown that the version does not count.
async fn a_tag_is_of_what_is_shown_and_to_whom(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (_, group, member) = office.prepared(&app, 700).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let ada = HeaderClient::of(&app, &client, office.ada);
    let own = HeaderClient::of(&app, &client, member);
    let path = format!("/api/v1/groups/{group}");
    assert_ne!(
        ada.get(&path, &[]).header("etag"),
        own.get(&path, &[]).header("etag"),
        "another reader gets another body"
    );
    let person = format!("/api/v1/people/{member}");
    let tag = ada.get(&person, &[]).header("etag").to_owned();

    let left = client.post(
        &format!("{path}/remove-member"),
        &json!({ "person": member }),
    );

    assert_eq!(left.status, 200, "{}", left.body);
    assert_eq!(
        ada.get(&person, &[("If-None-Match", &tag)]).status,
        200,
        "they are of one group less"
    );
}

on_each_engine!(head_is_answered_wherever_get_is);
/// It reports missing records likewise.
async fn head_is_answered_wherever_get_is(app: TestApp) {
    let ada = serve_administrator(&app).await;

    for path in [
        "/api/v1/grants",
        "/healthz",
        "/readyz",
        "/metrics",
        "/problems",
        "/.well-known/jwks.json",
        "/openapi.yaml",
        "/openapi.json",
        "/log/checkpoint",
        "/log/tile/0/000",
        "/open-data/360giving.csv",
        "/",
        "/sign-in",
        "/nothing",
        "/api/v1/log/head",
    ] {
        let (head, get) = (ada.head(path), ada.get(path, &[]));
        assert_eq!(
            (head.status, &head.body),
            (get.status, &json!("")),
            "{path}"
        );
    }
    let nothing = ada.head(&format!("/api/v1/grants/{}", uuid::Uuid::nil()));
    assert_eq!((nothing.status, &nothing.body), (404, &json!("")));
    for path in ["/api/v1/grants", "/openapi.yaml", "/log/key", "/help"] {
        let wrong = ada.post(path, "{}", &[("Idempotency-Key", "a")]);
        assert_eq!(
            (wrong.status, wrong.header("allow")),
            (405, "GET, HEAD"),
            "{path}"
        );
    }
}

on_each_engine!(what_is_open_may_be_read_from_any_page);
async fn what_is_open_may_be_read_from_any_page(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let ada = HeaderClient::of(&app, &client, office.ada);
    for path in [
        "/openapi.yaml",
        "/problems",
        "/.well-known/jwks.json",
        "/log/key",
        "/log/checkpoint",
        "/open-data/360giving.json",
    ] {
        assert_eq!(
            ada.get(path, &[("Origin", "https://elsewhere.example")])
                .header("access-control-allow-origin"),
            "*",
            "{path}"
        );
    }
    for path in [
        "/api/v1/funds",
        "/api/v1/log/head",
        "/",
        "/sign-in",
        "/readyz",
        "/metrics",
        "/my",
    ] {
        let answer = ada.get(path, &[("Origin", "https://elsewhere.example")]);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "",
            "{path} is for nobody's page but ours"
        );
    }
}
