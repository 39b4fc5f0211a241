//! The API: tokens, idempotency keys, pages of lists and readiness; groups see their own records.

use std::time::Duration;

use base64::Engine as _;
use microgrants::auth::tokens::Tokens;
use microgrants::clock::new_id;
use microgrants::crypto::keys::SecretKey;
use microgrants::domain::{GrantId, GroupId, PersonId, Role};
use serde_json::{Value, json};

use crate::support::fixtures::{FORM_ANSWER, Office, person};
use crate::support::service::{Client, serve, token, token_for_roles, tokens};
use crate::support::test_app::{ORGANISATION, TestApp};

on_each_engine!(a_token_that_is_not_ours_is_refused);
async fn a_token_that_is_not_ours_is_refused(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    let hour = Duration::from_hours(1);
    let day_ago = app.commands.now() - jiff::SignedDuration::from_hours(24);
    let expired = tokens(&app)
        .sign(new_id(), office.ada, None, day_ago, hour)
        .unwrap();
    let made_up = ["x", "", "a.b.c"].map(str::to_owned);
    let all = altered_tokens(&app, &office)
        .into_iter()
        .chain(wrongly_signed_tokens(&app, &office))
        .chain(made_up);

    for bad in all {
        let bad = client.with_token(&bad);

        bad.get("/api/v1/funds")
            .assert_problem(401, "unauthenticated");
        bad.post("/api/v1/funds", &json!({}))
            .assert_problem(401, "unauthenticated");
    }
    client
        .with_token(&expired)
        .get("/api/v1/funds")
        .assert_problem(401, "token_expired");
}

/// A valid token with another algorithm, or with another person.
fn altered_tokens(app: &TestApp, office: &Office) -> [String; 3] {
    let good = token(app, office.ada);
    let parts: Vec<_> = good.split('.').collect();
    let encode =
        |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let header = |algorithm: &str| {
        encode(json!({ "alg": algorithm, "typ": "JWT", "kid": tokens(app).key_id() }))
    };
    let none = format!("{}.{}.", header("none"), parts[1]);
    let hmac = format!("{}.{}.{}", header("HS256"), parts[1], parts[2]);
    let other_person = encode(json!({ "sub": office.ben }));
    let altered = format!("{}.{other_person}.{}", parts[0], parts[2]);
    [none, hmac, altered]
}

/// Tokens of another key, of another organisation, of a person who is unknown, and one that was
/// signed but never issued.
fn wrongly_signed_tokens(app: &TestApp, office: &Office) -> [String; 4] {
    let foreign_key = SecretKey {
        id: app.keys.token.id.clone(),
        secret: [7; 32],
    };
    let foreign = Tokens::new(&foreign_key, ORGANISATION).unwrap();
    let elsewhere = Tokens::new(&app.keys.token, "another").unwrap();
    let sign = |by: &Tokens| {
        let hour = Duration::from_hours(1);
        by.sign(new_id(), office.ada, None, app.commands.now(), hour)
            .unwrap()
    };
    let stranger = token(app, PersonId(uuid::Uuid::from_u128(1)));
    [
        sign(&foreign),
        sign(&elsewhere),
        stranger,
        sign(&tokens(app)),
    ]
}

on_each_engine!(a_token_can_only_leave_roles_away);
async fn a_token_can_only_leave_roles_away(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let cass = person(&app, "Cass").await;
    let client = serve(&app, office.ada);
    let pause = json!({ "reason": "A pause" });
    let path = format!("/api/v1/funds/{}/pause", office.fund);
    client
        .with_token(&token_for_roles(
            &app,
            office.ada,
            Some(vec![Role::Officer]),
        ))
        .post(&path, &pause)
        .assert_problem(403, "not_yours");
    client
        .with_token(&token_for_roles(
            &app,
            cass,
            Some(vec![Role::Administrator]),
        ))
        .post(&path, &pause)
        .assert_problem(403, "not_yours");
    assert_eq!(
        client
            .with_token(&token_for_roles(
                &app,
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
            &app,
            office.ada,
            Some(vec![Role::Officer]),
        ))
        .get("/api/v1/log/events")
        .assert_problem(403, "not_yours");
}

on_each_engine!(keys_repeat_and_if_match_guards);
async fn keys_repeat_and_if_match_guards(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
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

fn listed(client: &Client, path: &str) -> usize {
    client.get(path).body["items"]
        .as_array()
        .map_or(0, Vec::len)
}

on_each_engine!(a_group_sees_its_own_records_only);
async fn a_group_sees_its_own_records_only(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (mine, _, me) = office.prepared(&app, 500).await;
    let (theirs, _, _) = office.prepared(&app, 600).await;
    app.catch_up().await;
    let client = serve(&app, me);
    let nobody = client.with_token(&token(&app, person(&app, "Nobody").await));

    for path in [
        "/api/v1/grants",
        "/api/v1/applications",
        "/api/v1/groups",
        "/api/v1/people",
    ] {
        assert_eq!(listed(&client, path), 1, "{path}");
    }
    let answers = client.get(&format!("/api/v1/applications/{mine}/answers"));
    assert_eq!(answers.body["items"][0]["answer"], FORM_ANSWER);
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
    assert_eq!(
        (
            listed(&nobody, "/api/v1/grants"),
            listed(&nobody, "/api/v1/groups")
        ),
        (0, 0)
    );
}

on_each_engine!(a_record_of_another_group_looks_like_none);
async fn a_record_of_another_group_looks_like_none(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (mine, my_group, me) = office.prepared(&app, 500).await;
    let (theirs, their_group, they) = office.prepared(&app, 600).await;
    app.catch_up().await;
    let client = serve(&app, me);
    let records = |grant: GrantId, group: GroupId, person: PersonId| {
        [
            format!("/api/v1/grants/{grant}"),
            format!("/api/v1/grants/{grant}/payments"),
            format!("/api/v1/grants/{grant}/updates"),
            format!("/api/v1/applications/{grant}"),
            format!("/api/v1/applications/{grant}/answers"),
            format!("/api/v1/groups/{group}"),
            format!("/api/v1/people/{person}"),
        ]
    };

    for path in records(mine, my_group, me) {
        assert_eq!(client.get(&path).status, 200, "{path}");
    }
    for path in records(theirs, their_group, they) {
        let id = path.split('/').nth(4).unwrap();
        let unknown = client.get(&path.replace(id, &uuid::Uuid::nil().to_string()));
        let other = client.get(&path);
        other.assert_problem(404, "not_found");
        assert_eq!(other.body, unknown.body, "another's record looks like none");
    }
}

on_each_engine!(a_former_member_sees_the_group_no_longer);
/// Not even as at a past position.
async fn a_former_member_sees_the_group_no_longer(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (grant, group, member) = office.prepared(&app, 500).await;
    app.catch_up().await;
    let client = serve(&app, member);
    let position = app.log.length().await.unwrap() - 1;
    let paths = [
        format!("/api/v1/groups/{group}?as_at={position}"),
        format!("/api/v1/grants/{grant}"),
        format!("/api/v1/applications/{grant}/answers"),
    ];

    let left = client.with_token(&token(&app, office.ada)).post(
        &format!("/api/v1/groups/{group}/remove-member"),
        &json!({ "person": member }),
    );

    assert_eq!(left.status, 200, "{}", left.body);
    for path in paths {
        client.get(&path).assert_problem(404, "not_found");
    }
}

on_each_engine!(lists_come_in_pages);
async fn lists_come_in_pages(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    for _ in 0..7 {
        office.draft(&app, 500).await;
    }
    app.catch_up().await;
    let client = serve(&app, office.ada);
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
async fn readiness_tells_the_truth(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    client.get("/api/v1/funds?min_position=5");
    assert_eq!(
        (client.get("/healthz").status, client.get("/readyz").status),
        (200, 200)
    );
    drop(client);
    crate::log::appends::execute_raw(&app, "UPDATE view_funds SET body = '{}'").await;
    // A restarted process with an empty row cache.
    let place = app.close().await;
    let app = TestApp::open(place.folder, place.url).await;
    let client = serve(&app, office.ada);
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

on_sqlite!(a_whole_number_is_an_integer_and_a_list_has_an_end);
/// Values are validated as the contract types them: integers, lists, dates and files.
async fn a_whole_number_is_an_integer_and_a_list_has_an_end(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let client = serve(&app, office.ada);
    let path = format!("/api/v1/funds/{}/set-rules", office.fund);
    let set = |eyes: &str, key: &str| {
        let bounds = r#""minimum":"500.00","maximum":"2500.00","quorum":2,"checks":[]"#;
        let days = r#""offer_days":28.0,"signers":2e0"#;
        client.post_with(
            &path,
            &format!(r#"{{"rules":{{{bounds},{days},"eyes":{eyes}}}}}"#),
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
