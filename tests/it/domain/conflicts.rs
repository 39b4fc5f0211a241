//! Conflicts of interest through the API: others' scores are hidden in lists, records, past days
//! and the event feed.

use microgrants::domain::Role;
use serde_json::{Value, json};

use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token, token_for_roles};
use crate::support::test_app::TestApp;

/// An application that Ada has scored, and those who may want to see her score.
struct ScoredApplication {
    office: Office,
    ada: Client,
    ben: Client,
    /// The group's member.
    cass: Client,
    path: String,
    /// Addresses that show the application: itself, a list, and as at the score.
    ways: [String; 3],
    /// The position of Ada's score.
    position: i64,
}

impl ScoredApplication {
    async fn begin(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let (application, group, member) = office.ready(app, 900).await;
        let ada = serve(app, office.ada);
        let path = format!("/api/v1/applications/{application}");
        let secret = "A secret until you gave your own";
        let score = json!({ "criteria": { "need": 5 }, "note": secret });
        let position = post_ok(&ada, &format!("{path}/score"), &score);
        Self {
            ben: ada.with_token(&token(app, office.ben)),
            cass: ada.with_token(&token(app, member)),
            ways: [
                path.clone(),
                format!("/api/v1/applications?group={group}"),
                format!("{path}?as_at={position}"),
            ],
            office,
            ada,
            path,
            position,
        }
    }

    fn post_as_ben(&self, command: &str, body: &Value) {
        post_ok(&self.ben, &format!("{}/{command}", self.path), body);
    }

    /// What the event feed shows of Ada's score.
    fn feed(&self, client: &Client) -> Value {
        let events = client.get("/api/v1/log/events?limit=500").body;
        let event = events["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|event| event["position"] == self.position)
            .unwrap();
        event["payload"].clone()
    }
}

/// Posts a command that must be accepted. Returns its position.
fn post_ok(client: &Client, path: &str, body: &Value) -> i64 {
    let answer = client.post(path, body);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body["position"].as_i64().unwrap()
}

fn visible_scores(client: &Client, path: &str) -> Vec<Value> {
    let body = client.get(path).body;
    let record = body["items"].get(0).unwrap_or(&body).clone();
    record["scores"].as_array().cloned().unwrap_or_default()
}

on_each_engine!(others_scores_are_hidden_until_ones_own_is_given);
async fn others_scores_are_hidden_until_ones_own_is_given(app: TestApp) {
    let scored = ScoredApplication::begin(&app).await;
    let ScoredApplication { ada, ben, cass, .. } = &scored;

    for way in &scored.ways {
        assert_eq!(
            visible_scores(ada, way).len(),
            1,
            "one's own score is shown: {way}"
        );
        assert!(
            visible_scores(ben, way).is_empty() && visible_scores(cass, way).is_empty(),
            "{way}"
        );
    }
    assert!(scored.feed(ben).is_null() && scored.feed(ada).is_object());

    // A panel member who may still score sees no scores, even after declaring.
    scored.post_as_ben("declare", &json!({}));
    assert!(visible_scores(ben, &scored.path).is_empty());
    // A token without the panel role must not show the scores either.
    let roles = Some(vec![Role::Administrator]);
    let as_administrator = ben.with_token(&token_for_roles(&app, scored.office.ben, roles));
    assert!(
        visible_scores(&as_administrator, &scored.path).is_empty()
            && scored.feed(&as_administrator).is_null()
    );

    let own = json!({ "criteria": { "need": 2 }, "note": "Own" });
    scored.post_as_ben("score", &own);
    for way in &scored.ways {
        assert!(!visible_scores(ben, way).is_empty(), "{way}");
    }
    assert!(scored.feed(ben).is_object());
}

on_each_engine!(a_late_interest_hides_the_scores_again);
/// A late declaration of interest hides the scores again, as at any day, and sets the person's own
/// score aside.
async fn a_late_interest_hides_the_scores_again(app: TestApp) {
    let scored = ScoredApplication::begin(&app).await;
    let own = json!({ "criteria": { "need": 2 }, "note": "Own" });
    scored.post_as_ben("declare", &json!({}));
    scored.post_as_ben("score", &own);

    let interest = json!({ "interest": { "kind": "family", "note": "A cousin" } });
    scored.post_as_ben("declare", &interest);

    let of_ben = |score: &Value| score["by"] == json!(scored.office.ben);
    for way in &scored.ways {
        let seen = visible_scores(&scored.ben, way);
        assert!(seen.iter().all(of_ben), "{way}: {seen:?}");
    }
    assert!(scored.feed(&scored.ben).is_null());
    let seen = visible_scores(&scored.ada, &scored.path);
    assert!(
        seen.iter()
            .any(|score| of_ben(score) && score["set_aside"].is_string()),
        "{seen:?}"
    );
    let seen = scored.cass.get(&scored.path).body;
    assert!(
        seen["interests"]["declared"]
            .as_object()
            .is_some_and(serde_json::Map::is_empty),
        "the group sees nothing of it: {seen}"
    );
}

fn not_yet() -> Value {
    json!({ "reason": "Not yet" })
}

on_each_engine!(a_panel_member_from_outside_makes_the_quorum);
async fn a_panel_member_from_outside_makes_the_quorum(app: TestApp) {
    // Given an application in which both of the office have an interest
    let office = Office::open(&app, 5000).await;
    let (application, ..) = office.submitted(&app, 900).await;
    let ada = serve(&app, office.ada);
    let ben = ada.with_token(&token(&app, office.ben));
    let path = format!("/api/v1/applications/{application}");
    post_ok(&ada, &format!("{path}/confirm-eligibility"), &json!({}));
    let interest = json!({ "interest": { "kind": "committee", "note": "Both sit on it" } });
    for client in [&ada, &ben] {
        post_ok(client, &format!("{path}/declare"), &interest);
        client
            .post(&format!("{path}/defer"), &not_yet())
            .assert_problem(403, "interested");
    }

    // When
    let guest = guest_of_the_panel(&app, &office, &ada).await;
    post_ok(&guest, &format!("{path}/declare"), &json!({}));
    post_ok(&guest, &format!("{path}/defer"), &not_yet());

    // Then
    let seen = guest.get(&path).body;
    let withdrew = seen["withdrew"].as_array().unwrap();
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

async fn guest_of_the_panel(app: &TestApp, office: &Office, client: &Client) -> Client {
    let guest = person(app, "Guest").await;
    office.give_role(app, guest, Role::Panel).await;
    client.with_token(&token(app, guest))
}

on_each_engine!(a_meeting_says_which_of_its_lines_is_refused);
async fn a_meeting_says_which_of_its_lines_is_refused(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (draft, ..) = office.draft(&app, 800).await;
    let ada = serve(&app, office.ada);
    let guest = guest_of_the_panel(&app, &office, &ada).await;
    let line = json!({ "application": draft, "verdict": { "defer": not_yet() } });
    let empty = json!({ "application": draft, "verdict": {} });
    let record = |lines: &[&Value]| {
        guest.post(
            &format!("/api/v1/funds/{}/record-meeting", office.fund),
            &json!({ "round": "first", "met_on": app.today(), "decisions": lines }),
        )
    };

    let answer = record(&[&line]);
    answer.assert_problem(409, "application_not_in_state");
    assert_eq!(
        answer.body["field"],
        format!("application {draft}"),
        "which line it was: {}",
        answer.body
    );
    record(&[&line, &line]).assert_problem(422, "named_twice");
    record(&[&empty]).assert_problem(422, "invalid_field");
}
