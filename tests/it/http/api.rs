//! The API: invalid input gets a problem document and changes nothing, groups see their own
//! records, and contract and routes agree.

use base64::Engine as _;
use microgrants::clock::new_id;
use microgrants::domain::{ApplicationId, PersonId, Role};
use microgrants::http::problem;
use serde_json::{Value, json};

use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token, token_for_roles, tokens};
use crate::support::test_app::TestApp;

fn command_path(application: ApplicationId, command: &str) -> String {
    format!("/api/v1/applications/{application}/{command}")
}

on_each_engine!(bad_input_is_a_problem_and_changes_nothing);
async fn bad_input_is_a_problem_and_changes_nothing(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (draft, group, _) = office.draft(&house, 900).await;
    let client = serve(&house, office.ada);
    let before = house.log.length().await.unwrap();
    let fund = json!({ "name": "A", "purpose": "B", "areas": ["oldham"], "rules": { "minimum": "500.00", "maximum": "2500.00", "eyes": 2, "quorum": 1, "checks": [], "offer_days": 28, "signers": 2 } });
    let with = |pointer: &str, value: Value| {
        let mut body = fund.clone();
        *body.pointer_mut(pointer).expect("a field of the body") = value;
        client.post("/api/v1/funds", &body)
    };
    for amount in [
        "500.001", "5e2", "-500", "+500", "", "500.", "£500", "1,000",
    ] {
        let answer = with("/rules/minimum", json!(amount));
        answer.assert_problem(422, "invalid_field");
        assert_eq!(answer.body["field"], "rules.minimum", "{amount}");
    }
    with("/rules/minimum", json!(500)).assert_problem(422, "invalid_field");
    with("/rules/minimum", json!("400.00")).assert_problem(422, "bounds_too_wide");
    with("/rules/maximum", json!("2500.01")).assert_problem(422, "bounds_too_wide");
    with("/rules/eyes", json!(1)).assert_problem(422, "rules_incomplete");
    with("/name", json!("x".repeat(141))).assert_problem(422, "invalid_field");
    with("/name", json!("   ")).assert_problem(422, "invalid_field");
    with("/name", json!("a\u{0}b")).assert_problem(422, "invalid_field");
    with("/name", json!(7)).assert_problem(422, "invalid_field");
    with("/areas", json!(["Old Ham"])).assert_problem(422, "invalid_field");
    let mut unknown = fund.clone();
    unknown["colour"] = json!("red");
    let answer = client.post("/api/v1/funds", &unknown);
    answer.assert_problem(422, "invalid_field");
    assert_eq!(answer.body["field"], "colour");
    let mut missing = fund.clone();
    missing.as_object_mut().unwrap().remove("purpose");
    let answer = client.post("/api/v1/funds", &missing);
    answer.assert_problem(422, "invalid_field");
    assert_eq!(answer.body["field"], "purpose");
    let key = [("Idempotency-Key", "k")];
    for body in [
        "{",
        "",
        "[]",
        "null",
        "{} {}",
        "\u{feff}{}",
        "[\"A\",\"B\"]",
    ] {
        let answer = client.post_with("/api/v1/funds", body, &key);
        assert!(
            ["malformed_json", "invalid_field"].contains(&answer.code()),
            "{body}: {}",
            answer.body
        );
    }
    client
        .post_with(
            "/api/v1/funds",
            &fund.to_string(),
            &[("Idempotency-Key", "k"), ("Content-Type", "text/plain")],
        )
        .assert_problem(415, "unsupported_media_type");
    client
        .post_with("/api/v1/funds", &fund.to_string(), &[])
        .assert_problem(400, "key_missing");
    client
        .post_with(
            "/api/v1/funds",
            &fund.to_string(),
            &[("Idempotency-Key", "a b")],
        )
        .assert_problem(400, "invalid_key");
    client
        .post_with("/api/v1/funds", &"x".repeat(600_000), &key)
        .assert_problem(413, "too_large");
    client
        .post_with(
            &command_path(draft, "submit"),
            &json!({ "channel": "web" }).to_string(),
            &[("Idempotency-Key", "k"), ("If-Match", "\"1\"")],
        )
        .assert_problem(412, "stale");
    let nobody = ApplicationId(uuid::Uuid::from_u128(7));
    client
        .post(&command_path(nobody, "confirm-eligibility"), &json!({}))
        .assert_problem(404, "unknown");
    client
        .post(
            &command_path(nobody, "save-answers"),
            &json!({ "answers": { "idea": "words" } }),
        )
        .assert_problem(404, "unknown");
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
    client
        .post(
            "/api/v1/applications/not-an-id/submit",
            &json!({ "channel": "web" }),
        )
        .assert_problem(404, "not_found");
    client
        .post(&command_path(draft, "applaud"), &json!({}))
        .assert_problem(404, "no_such_address");
    client
        .post("/api/v1/grants", &json!({}))
        .assert_problem(405, "method_not_allowed");
    client
        .post(
            &format!("/api/v1/groups/{group}/provide-payee"),
            &json!({ "route": "own_account", "account": { "holder": "A", "numbers": "1" } }),
        )
        .assert_problem(422, "invalid_field");
    client
        .post(
            "/api/v1/people",
            &json!({ "name": "A", "email": "not-an-address" }),
        )
        .assert_problem(422, "invalid_field");
    client
        .post(
            &command_path(draft, "save-answers"),
            &json!({ "requested": "499.99" }),
        )
        .assert_problem(422, "outside_bounds");
    client
        .post(
            &command_path(draft, "save-answers"),
            &json!({ "answers": { "shoe-size": "9" } }),
        )
        .assert_problem(422, "unknown_question");
    bad_queries(&client);
    client
        .get(&format!("/api/v1/grants/{}", uuid::Uuid::nil()))
        .assert_problem(404, "not_found");
    client
        .get("/api/v1/grants?min_position=99999999")
        .assert_problem(400, "invalid_query");
    client
        .get("/nowhere")
        .assert_problem(404, "no_such_address");
    assert_eq!(
        house.log.length().await.unwrap(),
        before,
        "nothing of this is in the log"
    );
}

fn bad_queries(client: &Client) {
    for path in [
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
    ] {
        client.get(path).assert_problem(400, "invalid_query");
    }
    let too_long = format!("/api/v1/grants?after={}", "a".repeat(1001));
    client.get(&too_long).assert_problem(400, "invalid_query");
}

on_each_engine!(a_token_that_is_not_ours_is_refused);
async fn a_token_that_is_not_ours_is_refused(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    let client = serve(&house, office.ada);
    let good = token(&house, office.ada);
    let parts: Vec<_> = good.split('.').collect();
    let encode =
        |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let none = format!(
        "{}.{}.",
        encode(json!({ "alg": "none", "typ": "JWT", "kid": tokens(&house).key_id() })),
        parts[1]
    );
    let hmac = format!(
        "{}.{}.{}",
        encode(json!({ "alg": "HS256", "typ": "JWT", "kid": tokens(&house).key_id() })),
        parts[1],
        parts[2]
    );
    let altered = format!(
        "{}.{}.{}",
        parts[0],
        encode(json!({ "sub": office.ben })),
        parts[2]
    );
    let foreign_key = microgrants::crypto::keys::SecretKey {
        id: house.keys.token.id.clone(),
        secret: [7; 32],
    };
    let foreign = microgrants::http::bearer_auth::Tokens::new(
        &foreign_key,
        crate::support::test_app::ORGANISATION,
    )
    .unwrap();
    let hour = std::time::Duration::from_hours(1);
    let foreign = foreign
        .sign(new_id(), office.ada, None, house.commands.now(), hour)
        .unwrap();
    let elsewhere =
        microgrants::http::bearer_auth::Tokens::new(&house.keys.token, "another").unwrap();
    let elsewhere = elsewhere
        .sign(new_id(), office.ada, None, house.commands.now(), hour)
        .unwrap();
    let stranger = token(&house, PersonId(uuid::Uuid::from_u128(1)));
    let unlisted = tokens(&house)
        .sign(new_id(), office.ada, None, house.commands.now(), hour)
        .unwrap();
    for bad in [
        none.as_str(),
        &hmac,
        &altered,
        &foreign,
        &elsewhere,
        &stranger,
        &unlisted,
        "x",
        "",
        "a.b.c",
    ] {
        client
            .with_token(bad)
            .get("/api/v1/funds")
            .assert_problem(401, "unauthenticated");
        client
            .with_token(bad)
            .post("/api/v1/funds", &json!({}))
            .assert_problem(401, "unauthenticated");
    }
    let day_ago = house.commands.now() - jiff::SignedDuration::from_hours(24);
    let expired = tokens(&house)
        .sign(new_id(), office.ada, None, day_ago, hour)
        .unwrap();
    client
        .with_token(&expired)
        .get("/api/v1/funds")
        .assert_problem(401, "token_expired");
}

on_each_engine!(a_token_can_only_leave_roles_away);
async fn a_token_can_only_leave_roles_away(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    let cass = person(&house, "Cass").await;
    let client = serve(&house, office.ada);
    let pause = json!({ "reason": "A pause" });
    let path = format!("/api/v1/funds/{}/pause", office.fund);
    client
        .with_token(&token_for_roles(
            &house,
            office.ada,
            Some(vec![Role::Officer]),
        ))
        .post(&path, &pause)
        .assert_problem(403, "not_yours");
    client
        .with_token(&token_for_roles(
            &house,
            cass,
            Some(vec![Role::Administrator]),
        ))
        .post(&path, &pause)
        .assert_problem(403, "not_yours");
    assert_eq!(
        client
            .with_token(&token_for_roles(
                &house,
                office.ada,
                Some(vec![Role::Administrator])
            ))
            .post(&path, &pause)
            .status,
        200
    );
    assert_eq!(client.get("/api/v1/log/events").status, 200);
    client
        .with_token(&token_for_roles(
            &house,
            office.ada,
            Some(vec![Role::Officer]),
        ))
        .get("/api/v1/log/events")
        .assert_problem(403, "not_yours");
}

on_each_engine!(keys_repeat_and_if_match_guards);
async fn keys_repeat_and_if_match_guards(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    let client = serve(&house, office.ada);
    let path = format!("/api/v1/funds/{}", office.fund);
    let read = client.get(&path);
    let etag = read.etag.clone().expect("a version");
    let pause = json!({ "reason": "A pause" }).to_string();
    let headers = [("Idempotency-Key", "once"), ("If-Match", etag.as_str())];
    let first = client.post_with(&format!("{path}/pause"), &pause, &headers);
    assert_eq!(first.status, 200, "{}", first.body);
    // A repeat gets the first answer, although `If-Match` no longer matches.
    assert_eq!(
        client.post_with(&format!("{path}/pause"), &pause, &headers),
        first
    );
    let other = json!({ "reason": "Another" }).to_string();
    client
        .post_with(&format!("{path}/pause"), &other, &headers)
        .assert_problem(422, "key_reused");
    let new = [("Idempotency-Key", "twice"), ("If-Match", etag.as_str())];
    client
        .post_with(&format!("{path}/resume"), "{}", &new)
        .assert_problem(412, "stale");
    let position = first.body["position"].as_i64().unwrap();
    let after = client.get(&format!("{path}?min_position={position}"));
    assert_eq!(
        (after.body["state"].as_str(), after.etag != read.etag),
        (Some("paused"), true)
    );
    assert_eq!(
        client.get(&format!("{path}?as_at={}", position - 1)).body["state"],
        "open"
    );
}

on_each_engine!(a_group_sees_its_own_records_only);
async fn a_group_sees_its_own_records_only(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (mine, my_group, me) = office.prepared(&house, 500).await;
    let (theirs, their_group, they) = office.prepared(&house, 600).await;
    house.catch_up().await;
    let client = serve(&house, me);
    let listed = |client: &Client, path: &str| {
        client.get(path).body["items"]
            .as_array()
            .map_or(0, Vec::len)
    };
    for path in [
        "/api/v1/grants",
        "/api/v1/applications",
        "/api/v1/groups",
        "/api/v1/people",
    ] {
        assert_eq!(listed(&client, path), 1, "{path}");
    }
    for (mine, theirs) in [
        (
            format!("/api/v1/grants/{mine}"),
            format!("/api/v1/grants/{theirs}"),
        ),
        (
            format!("/api/v1/grants/{mine}/payments"),
            format!("/api/v1/grants/{theirs}/payments"),
        ),
        (
            format!("/api/v1/grants/{mine}/updates"),
            format!("/api/v1/grants/{theirs}/updates"),
        ),
        (
            format!("/api/v1/applications/{mine}"),
            format!("/api/v1/applications/{theirs}"),
        ),
        (
            format!("/api/v1/applications/{mine}/answers"),
            format!("/api/v1/applications/{theirs}/answers"),
        ),
        (
            format!("/api/v1/groups/{my_group}"),
            format!("/api/v1/groups/{their_group}"),
        ),
        (
            format!("/api/v1/people/{me}"),
            format!("/api/v1/people/{they}"),
        ),
    ] {
        assert_eq!(client.get(&mine).status, 200, "{mine}");
        let id = theirs.split('/').nth(4).unwrap();
        let (other, unknown) = (
            client.get(&theirs),
            client.get(&theirs.replace(id, &uuid::Uuid::nil().to_string())),
        );
        other.assert_problem(404, "not_found");
        assert_eq!(other.body, unknown.body, "another's record looks like none");
    }
    let answers = client.get(&format!("/api/v1/applications/{mine}/answers"));
    assert_eq!(
        answers.body["items"][0]["answer"],
        crate::support::fixtures::FORM_ANSWER
    );
    client
        .post(
            &format!("/api/v1/applications/{theirs}/withdraw"),
            &json!({}),
        )
        .assert_problem(404, "not_found");
    for path in [
        "/api/v1/budget",
        "/api/v1/outcomes",
        "/api/v1/payments",
        "/api/v1/updates",
        "/api/v1/log/head",
        "/api/v1/log/events",
    ] {
        client.get(path).assert_problem(403, "not_yours");
    }
    // A former member no longer sees the group, not even as at a past position.
    let position = house.log.length().await.unwrap() - 1;
    let left = client.with_token(&token(&house, office.ada)).post(
        &format!("/api/v1/groups/{my_group}/remove-member"),
        &json!({ "person": me }),
    );
    assert_eq!(left.status, 200, "{}", left.body);
    for path in [
        format!("/api/v1/groups/{my_group}?as_at={position}"),
        format!("/api/v1/grants/{mine}"),
        format!("/api/v1/applications/{mine}/answers"),
    ] {
        client.get(&path).assert_problem(404, "not_found");
    }
    let nobody = client.with_token(&token(&house, person(&house, "Nobody").await));
    assert_eq!(
        (
            listed(&nobody, "/api/v1/grants"),
            listed(&nobody, "/api/v1/groups")
        ),
        (0, 0)
    );
}

on_each_engine!(lists_come_in_pages);
async fn lists_come_in_pages(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    for _ in 0..7 {
        office.draft(&house, 500).await;
    }
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let whole = client.get("/api/v1/applications").body["items"]
        .as_array()
        .unwrap()
        .clone();
    let mut paged = Vec::new();
    let mut next = String::new();
    loop {
        let page = client
            .get(&format!("/api/v1/applications?limit=3{next}"))
            .body;
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&after={cursor}"),
            None => break,
        }
    }
    assert_eq!((paged.len(), paged), (7, whole));
}

on_each_engine!(readiness_tells_the_truth);
async fn readiness_tells_the_truth(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    let client = serve(&house, office.ada);
    client.get("/api/v1/funds?min_position=5");
    assert_eq!(
        (client.get("/healthz").status, client.get("/readyz").status),
        (200, 200)
    );
    drop(client);
    crate::log::appends::execute_raw(&house, "UPDATE view_funds SET body = '{}'").await;
    // A restarted process with an empty row cache.
    let place = house.close().await;
    let house = TestApp::open(place.folder, place.url).await;
    let client = serve(&house, office.ada);
    let answer = client.post(
        &format!("/api/v1/funds/{}/pause", office.fund),
        &json!({ "reason": "A pause" }),
    );
    assert_eq!(
        answer.status, 200,
        "the log goes on without the view: {}",
        answer.body
    );
    let position = answer.body["position"].to_string();
    let since = std::time::Instant::now();
    let mut ready = client.get("/readyz");
    while ready.status == 200 && since.elapsed().as_secs() < 5 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        ready = client.get("/readyz");
    }
    assert_eq!(ready.status, 503, "{}", ready.body);
    let stopped = ready.body["projections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["stopped"].is_string())
        .unwrap()
        .clone();
    assert_eq!(stopped["projection"], "funds");
    assert!(
        stopped["stopped"].as_str().unwrap().contains(&position),
        "{stopped}"
    );
    assert!(
        client
            .get("/metrics")
            .body
            .as_str()
            .unwrap()
            .contains("microgrants_projection_stopped{projection=\"funds\"} 1")
    );
}

#[test]
fn the_committed_contract_is_the_one_that_is_served() {
    let committed = include_str!("../../../openapi.yaml");
    assert!(
        committed == microgrants::http::openapi_yaml(),
        "openapi.yaml is not what `microgrants openapi` prints: write it anew"
    );
    let contract = microgrants::http::openapi_json();
    let most = 2200 * each_operation(&contract).count();
    assert!(
        committed.len() < most,
        "the contract has {} bytes: what is said twice is said in a component",
        committed.len()
    );
    assert!(problem::codes_with_advice().all(|(_, advice)| !advice.is_empty()));
    let codes: Vec<_> = problem::codes().collect();
    assert_eq!(
        contract["components"]["schemas"]["Problem"]["properties"]["code"]["enum"],
        json!(codes)
    );
    let once: std::collections::BTreeSet<_> = codes.iter().collect();
    assert_eq!(once.len(), codes.len(), "one code has one meaning");
}

/// Every operation of the contract, with its path.
fn each_operation(contract: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let paths = contract["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, item)| {
        item.as_object()
            .expect("operations")
            .values()
            .map(move |operation| (path, operation))
    })
}

/// Every link in the contract names an existing operation, and every reference resolves.
#[test]
fn every_link_of_the_contract_leads_to_an_operation() {
    fn walk<'a>(value: &'a Value, links: &mut Vec<&'a str>, references: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                references.extend(map.get("$ref").and_then(Value::as_str));
                let linked = map
                    .get("links")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flat_map(serde_json::Map::values);
                links.extend(linked.filter_map(|link| link["operationId"].as_str()));
                map.values()
                    .for_each(|value| walk(value, links, references));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, links, references)),
            _ => {}
        }
    }
    let contract = microgrants::http::openapi_json();
    let (mut links, mut references) = (Vec::new(), Vec::new());
    walk(&contract, &mut links, &mut references);
    let operations: std::collections::BTreeSet<_> = each_operation(&contract)
        .filter_map(|(_, one)| one["operationId"].as_str())
        .collect();
    assert!(links.len() > 40, "{} links", links.len());
    assert!(
        links.iter().all(|name| operations.contains(name)),
        "{links:?}"
    );
    for reference in references {
        assert!(
            contract
                .pointer(reference.trim_start_matches('#'))
                .is_some(),
            "{reference} leads nowhere"
        );
    }
}

/// Each operation has a description, an example request, answer and refusal, and documents 429 and
/// 500.
#[test]
fn every_operation_of_the_contract_is_told_whole() {
    let contract = microgrants::http::openapi_json();
    let resolved = |value: &Value| {
        let reference = value["$ref"]
            .as_str()
            .map(|reference| reference.trim_start_matches('#').to_owned());
        reference.map_or_else(
            || value.clone(),
            |pointer| contract.pointer(&pointer).cloned().unwrap_or_default(),
        )
    };
    let shown = |content: &Value| {
        let media = content.as_object().expect("content");
        media
            .values()
            .all(|media| !media["example"].is_null() || media["examples"].is_object())
    };
    for (path, operation) in each_operation(&contract) {
        assert!(
            operation["description"]
                .as_str()
                .is_some_and(|text| text.len() > 20),
            "{path}"
        );
        if let Some(body) = operation.get("requestBody") {
            assert!(shown(&body["content"]), "{path} shows no request");
        }
        let responses = operation["responses"].as_object().expect("responses");
        assert!(
            ["429", "500", "default"]
                .iter()
                .all(|status| responses.contains_key(*status)),
            "{path}"
        );
        // A 304 has no body.
        for (status, response) in responses.iter().filter(|(status, _)| *status != "304") {
            let response = resolved(response);
            assert!(
                shown(&response["content"]),
                "{path} shows no answer for {status}"
            );
            assert!(
                response["headers"]["RateLimit"].is_object(),
                "{path} says no limit for {status}"
            );
        }
    }
    let events = &contract["components"]["schemas"]["GrantEvent"]["properties"];
    assert!(
        events["PaymentPrepared"]["properties"]["payment"].is_object()
            && events.as_object().expect("events").len() > 50
    );
}

on_sqlite!(a_whole_number_is_an_integer_and_a_list_has_an_end);
/// Values are validated as the contract types them: integers, lists, dates and files.
async fn a_whole_number_is_an_integer_and_a_list_has_an_end(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let client = serve(&house, office.ada);
    let path = format!("/api/v1/funds/{}/set-rules", office.fund);
    let set = |eyes: &str, key: &str| {
        let bounds = r#""minimum":"500.00","maximum":"2500.00","quorum":2,"checks":[],"offer_days":28.0,"signers":2e0"#;
        client.post_with(
            &path,
            &format!(r#"{{"rules":{{{bounds},"eyes":{eyes}}}}}"#),
            &[("Idempotency-Key", key)],
        )
    };
    assert_ne!(set("2.0", "whole").code(), "invalid_field");
    set("2.5", "broken").assert_problem(422, "invalid_field");
    let people = vec![uuid::Uuid::nil(); 501];
    let long = json!({ "reason": "No.", "feedback": "No.", "present": people });
    client
        .post(
            &format!("/api/v1/applications/{}/decline", uuid::Uuid::nil()),
            &long,
        )
        .assert_problem(422, "invalid_field");
    for day in ["20261031", "2026-10-31T00:00:00", "0000-00-00"] {
        client
            .get(&format!("/api/v1/groups?as_at={day}"))
            .assert_problem(400, "invalid_query");
    }
}

on_sqlite!(every_operation_of_the_contract_is_there);
/// No operation answers "no such address" or "method not allowed".
async fn every_operation_of_the_contract_is_there(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    let client = serve(&house, office.ada);
    let mut count = 0;
    let mut path = String::new();
    for line in microgrants::http::openapi_yaml()
        .lines()
        .take_while(|line| *line != "webhooks:")
    {
        if let Some(found) = line
            .strip_prefix("  /")
            .and_then(|rest| rest.strip_suffix(':'))
        {
            path = found
                .split('/')
                .map(|part| {
                    if part.starts_with('{') {
                        uuid::Uuid::nil().to_string()
                    } else {
                        part.to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join("/");
        }
        let answer = match line {
            "    get:" => client.get(&format!("/{path}")),
            "    post:" => client.post(&format!("/{path}"), &json!({})),
            _ => continue,
        };
        count += 1;
        assert!(
            !["no_such_address", "method_not_allowed", "internal"].contains(&answer.code()),
            "{path}: {}",
            answer.body
        );
    }
    assert!(count > 80, "{count} operations");
}

on_sqlite!(one_application_from_start_to_close);
/// A grant from application to closure through the API alone, by the people who are needed for it.
async fn one_application_from_start_to_close(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let cass = person(&house, "Cass").await;
    let client = serve(&house, office.ada);
    let (ada, ben, cass) = (
        client.clone(),
        client.with_token(&token(&house, office.ben)),
        client.with_token(&token(&house, cass)),
    );
    let group = cass
        .post(
            "/api/v1/groups",
            &json!({ "name": "Soup and song", "area": "oldham", "standing": "new" }),
        )
        .id();
    let application = cass
        .post(
            "/api/v1/applications",
            &json!({ "fund": office.fund, "round": "first", "group": group }),
        )
        .id();
    let on = |client: &Client, command: &str, body: Value| {
        let answer = client.post(
            &format!("/api/v1/applications/{application}/{command}"),
            &body,
        );
        assert_eq!(answer.status, 200, "{command}: {}", answer.body);
    };
    on(
        &cass,
        "save-answers",
        json!({ "requested": "800.00", "area": "oldham", "people_at_risk": false, "answers": { "idea": "Soup" } }),
    );
    on(&cass, "submit", json!({ "channel": "web" }));
    on(&ada, "confirm-eligibility", json!({}));
    on(&ada, "declare", json!({}));
    on(
        &ada,
        "score",
        json!({ "criteria": { "need": 4 }, "note": "Good." }),
    );
    on(
        &ada,
        "write-summary",
        json!({ "title": "Soup", "description": "Neighbours cook together." }),
    );
    on(
        &ada,
        "award",
        json!({ "amount": "750.00", "reason": "Without the hall", "ends_on": house.in_days(60), "update_due_on": house.in_days(80) }),
    );
    let grant = |client: &Client, command: &str, body: Value| {
        let answer = client.post(&format!("/api/v1/grants/{application}/{command}"), &body);
        assert_eq!(answer.status, 200, "{command}: {}", answer.body);
    };
    let hash = cass.get(&format!("/api/v1/grants/{application}")).body["agreement_hash"].clone();
    grant(
        &cass,
        "accept-agreement",
        json!({ "hash": hash, "method": "web", "names": ["Cass", "Dee"] }),
    );
    let payee = json!({ "route": "own_account", "account": { "holder": "Soup and song", "numbers": "12-34-56 12345678" } });
    assert_eq!(
        cass.post(&format!("/api/v1/groups/{group}/provide-payee"), &payee)
            .status,
        200
    );
    assert_eq!(
        ada.post(
            &format!("/api/v1/groups/{group}/verify-payee"),
            &json!({ "payee": 1, "method": "Statement seen" })
        )
        .status,
        200
    );
    grant(
        &ada,
        "pass-check",
        json!({ "check": "identity", "note": "Seen." }),
    );
    grant(&ada, "prepare-payment", json!({ "amount": "750.00" }));
    ada.post(
        &format!("/api/v1/grants/{application}/approve-payment"),
        &json!({ "payment": 1 }),
    )
    .assert_problem(403, "same_person");
    grant(&ben, "approve-payment", json!({ "payment": 1 }));
    grant(
        &ben,
        "send-payment",
        json!({ "payment": 1, "happened_on": house.today() }),
    );
    grant(
        &ben,
        "confirm-payment",
        json!({ "payment": 1, "happened_on": house.today() }),
    );
    let outcome = json!({ "sign": "bringing-people-together", "strength": "strong", "words": "Nobody eats alone." });
    let update = json!({ "update": 1, "channel": "web", "words": "It went well.", "people": 20, "volunteers": 3, "spent": "700.00", "outcomes": [outcome] });
    grant(&cass, "receive-update", update);
    grant(
        &ada,
        "judge-outcome",
        json!({ "update": 1, "sign": "bringing-people-together", "strength": "some", "reason": "Seen on a visit." }),
    );
    grant(&ada, "accept-update", json!({ "update": 1 }));
    grant(&cass, "declare-underspend", json!({ "amount": "50.00" }));
    ada.post(&format!("/api/v1/grants/{application}/close"), &json!({}))
        .assert_problem(409, "return_outstanding");
    grant(
        &ben,
        "receive-return",
        json!({ "amount": "50.00", "received_on": house.today() }),
    );
    grant(&ada, "close", json!({}));
    let budget = ada.get("/api/v1/budget").body["lines"][0].clone();
    for (figure, amount) in [
        ("allocated", "5000.00"),
        ("committed", "700.00"),
        ("paid", "750.00"),
        ("returned", "50.00"),
        ("uncommitted", "4300.00"),
        ("unpaid", "0.00"),
    ] {
        assert_eq!(budget[figure], amount, "{figure}");
    }
    let outcomes = ada.get("/api/v1/outcomes").body["lines"][0].clone();
    assert_eq!(
        (&outcomes["said_points"], &outcomes["judged_points"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        ada.get(&format!("/api/v1/grants/{application}")).body["state"],
        "closed"
    );
}
