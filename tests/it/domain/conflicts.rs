//! Conflicts of interest through the API: others' scores are hidden in lists, records, past days
//! and the event feed.

use microgrants::domain::Role;
use serde_json::{Value, json};

use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token, token_for_roles};
use crate::support::test_app::TestApp;

fn visible_scores(client: &Client, path: &str) -> Vec<Value> {
    let body = client.get(path).body;
    let record = body["items"].get(0).unwrap_or(&body).clone();
    record["scores"].as_array().cloned().unwrap_or_default()
}

on_each_engine!(others_scores_are_hidden_until_ones_own_is_given);
async fn others_scores_are_hidden_until_ones_own_is_given(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (application, group, member) = office.ready(&house, 900).await;
    let client = serve(&house, office.ada);
    let (ada, ben) = (
        client.clone(),
        client.with_token(&token(&house, office.ben)),
    );
    let cass = client.with_token(&token(&house, member));
    let path = format!("/api/v1/applications/{application}");
    let post = |client: &Client, command: &str, body: Value| {
        let answer = client.post(&format!("{path}/{command}"), &body);
        assert_eq!(answer.status, 200, "{command}: {}", answer.body);
        answer.body["position"].as_i64().unwrap()
    };
    let position = post(
        &ada,
        "score",
        json!({ "criteria": { "need": 5 }, "note": "A secret until you gave your own" }),
    );
    let ways = [
        path.clone(),
        format!("/api/v1/applications?group={group}"),
        format!("{path}?as_at={position}"),
    ];
    let feed = |client: &Client| {
        let events = client.get("/api/v1/log/events?limit=500").body["items"]
            .as_array()
            .cloned()
            .unwrap();
        events
            .into_iter()
            .find(|event| event["position"] == position)
            .unwrap()["payload"]
            .clone()
    };
    for way in &ways {
        assert_eq!(
            visible_scores(&ada, way).len(),
            1,
            "one's own score is shown: {way}"
        );
        assert!(
            visible_scores(&ben, way).is_empty() && visible_scores(&cass, way).is_empty(),
            "{way}"
        );
    }
    assert!(feed(&ben).is_null() && feed(&ada).is_object());
    // A panel member who may still score sees no scores, even after declaring.
    post(&ben, "declare", json!({}));
    assert!(visible_scores(&ben, &path).is_empty());
    // A token without the panel role must not show the scores either.
    let as_officer = client.with_token(&token_for_roles(
        &house,
        office.ben,
        Some(vec![Role::Administrator]),
    ));
    assert!(visible_scores(&as_officer, &path).is_empty() && feed(&as_officer).is_null());
    post(
        &ben,
        "score",
        json!({ "criteria": { "need": 2 }, "note": "Own" }),
    );
    for way in &ways {
        assert!(!visible_scores(&ben, way).is_empty(), "{way}");
    }
    assert!(feed(&ben).is_object());
    // A late declaration of interest hides the scores again, as at any day, and sets the person's
    // own score aside.
    post(
        &ben,
        "declare",
        json!({ "interest": { "kind": "family", "note": "A cousin" } }),
    );
    for way in &ways {
        assert!(
            visible_scores(&ben, way)
                .iter()
                .all(|score| score["by"] == json!(office.ben)),
            "{way}"
        );
    }
    assert!(feed(&ben).is_null());
    let aside = visible_scores(&ada, &path);
    assert!(
        aside
            .iter()
            .any(|score| score["by"] == json!(office.ben) && score["set_aside"].is_string()),
        "{aside:?}"
    );
    let seen = cass.get(&path).body;
    assert!(
        seen["interests"]["declared"]
            .as_object()
            .is_some_and(serde_json::Map::is_empty),
        "the group sees nothing of it: {seen}"
    );
}

on_each_engine!(a_panel_member_from_outside_makes_the_quorum);
async fn a_panel_member_from_outside_makes_the_quorum(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (application, ..) = office.submitted(&house, 900).await;
    let client = serve(&house, office.ada);
    let ben = client.with_token(&token(&house, office.ben));
    let post = |client: &Client, command: &str, body: Value| {
        client.post(
            &format!("/api/v1/applications/{application}/{command}"),
            &body,
        )
    };
    assert_eq!(post(&client, "confirm-eligibility", json!({})).status, 200);
    let interest = json!({ "interest": { "kind": "committee", "note": "Both sit on it" } });
    for client in [&client, &ben] {
        assert_eq!(post(client, "declare", interest.clone()).status, 200);
        post(client, "defer", json!({ "reason": "Not yet" })).assert_problem(403, "interested");
    }
    let guest = person(&house, "Guest").await;
    office.give_role(&house, guest, Role::Panel).await;
    let guest = client.with_token(&token(&house, guest));
    assert_eq!(post(&guest, "declare", json!({})).status, 200);
    assert_eq!(
        post(&guest, "defer", json!({ "reason": "Not yet" })).status,
        200
    );
    let (other, ..) = office.draft(&house, 800).await;
    let line = |application| json!({ "application": application, "verdict": { "defer": { "reason": "Not yet" } } });
    let meeting =
        |lines: Value| json!({ "round": "first", "met_on": house.today(), "decisions": lines });
    let path = format!("/api/v1/funds/{}/record-meeting", office.fund);
    let answer = guest.post(&path, &meeting(json!([line(other)])));
    answer.assert_problem(409, "application_not_in_state");
    assert_eq!(
        answer.body["field"],
        format!("application {other}"),
        "which line it was: {}",
        answer.body
    );
    guest
        .post(&path, &meeting(json!([line(other), line(other)])))
        .assert_problem(422, "named_twice");
    guest
        .post(
            &path,
            &meeting(json!([{ "application": other, "verdict": {} }])),
        )
        .assert_problem(422, "invalid_field");
    let seen = guest
        .get(&format!("/api/v1/applications/{application}"))
        .body;
    let withdrew: Vec<_> = seen["withdrew"].as_array().unwrap().clone();
    assert_eq!(
        (seen["present"].as_array().unwrap().len(), withdrew.len()),
        (1, 2),
        "{seen}"
    );
    assert!(
        [office.ada, office.ben]
            .iter()
            .all(|person| withdrew.contains(&json!(person)))
    );
}
