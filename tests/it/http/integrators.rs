//! Conveniences of the API for client programs: the record in the answer, all wrong fields in one
//! problem, filtering, sorting and following lists, conditional requests, and marked repeats.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use microgrants::commands::{Caller, CommandRequest, IdempotencyKey};
use microgrants::domain::command::WithReason;
use microgrants::domain::{Actor, Command, FundCommand, PersonId};
use serde_json::{Value, json};

use crate::support::fixtures::{Office, approve, person, text};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

/// A client that also returns response headers.
struct HeaderClient {
    address: String,
    token: String,
    agent: ureq::Agent,
}

struct RawResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

impl RawResponse {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl HeaderClient {
    fn of(house: &TestApp, client: &Client, person: PersonId) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self {
            address: client.address().to_owned(),
            token: token(house, person),
            agent: config.into(),
        }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> RawResponse {
        self.without_body(self.agent.get(format!("{}{path}", self.address)), headers)
    }

    fn head(&self, path: &str) -> RawResponse {
        self.without_body(self.agent.head(format!("{}{path}", self.address)), &[])
    }

    fn without_body(
        &self,
        request: ureq::RequestBuilder<ureq::typestate::WithoutBody>,
        headers: &[(&str, &str)],
    ) -> RawResponse {
        let request = request.header("Authorization", format!("Bearer {}", self.token));
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        read_response(request.call().unwrap())
    }

    fn post(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> RawResponse {
        let request = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token));
        let request = request.header("Content-Type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        read_response(request.send(body).unwrap())
    }
}

fn read_response(mut response: ureq::http::Response<ureq::Body>) -> RawResponse {
    let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
        (
            name.as_str().to_owned(),
            value.to_str().unwrap_or_default().to_owned(),
        )
    };
    let headers = response.headers().iter().map(header).collect();
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap_or_default();
    RawResponse {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}

fn ids(body: &Value) -> Vec<String> {
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    body["items"]
        .as_array()
        .unwrap_or_else(|| panic!("{body}"))
        .iter()
        .map(id)
        .collect()
}

/// Every item of a list, page by page.
fn all_pages(client: &Client, path: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    let joined = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = client.get(&format!("{path}{joined}limit={limit}{after}"));
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        items.extend(page.body["items"].as_array().unwrap().clone());
        assert_eq!(
            page.body["has_more"],
            page.body["next"].is_string(),
            "{}",
            page.body
        );
        match page.body["next"].as_str() {
            Some(next) => after = format!("&after={}", next.replace('/', "%2F")),
            None => return items,
        }
    }
}

on_each_engine!(a_command_answers_with_the_record_where_that_is_preferred);
async fn a_command_answers_with_the_record_where_that_is_preferred(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let cass = person(&house, "Cass").await;
    house.catch_up().await;
    let client = serve(&house, cass);
    let asker = HeaderClient::of(&house, &client, cass);
    let body = json!({ "name": "Soup and song", "area": "oldham", "standing": "new" }).to_string();
    let prefer = [
        ("Idempotency-Key", "a"),
        ("Prefer", "respond-async, return=representation"),
    ];
    let made = asker.post("/api/v1/groups", &body, &prefer);
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (made.status, &made.body["name"]),
        (201, &json!("Soup and song")),
        "{}",
        made.body
    );
    assert_eq!(made.header("preference-applied"), "return=representation");
    assert_eq!(
        (made.header("location"), made.header("content-location")),
        (
            &*format!("/api/v1/groups/{id}"),
            &*format!("/api/v1/groups/{id}")
        )
    );
    let position: i64 = made.header("microgrants-position").parse().unwrap();
    assert!(
        made.header("microgrants-first-position")
            .parse::<i64>()
            .unwrap()
            <= position
    );
    let read = asker.get(&format!("/api/v1/groups/{id}?min_position={position}"), &[]);
    assert_eq!(
        (&read.body, read.header("etag")),
        (&made.body, made.header("etag")),
        "it is what its address gives"
    );
    // Without the preference the answer has no record, and a repeat may ask for another form of it.
    let repeated = asker.post("/api/v1/groups", &body, &prefer[..1]);
    assert_eq!((repeated.status, &repeated.body["id"]), (201, &json!(id)));
    assert_eq!(
        (
            &repeated.body["position"],
            repeated.header("idempotent-replayed")
        ),
        (&json!(position), "true")
    );
    // A part created within a record is named by its number, which continues the earlier ones.
    let ada = HeaderClient::of(&house, &client, office.ada);
    let path = "/api/v1/organisation/publish-agreement";
    let published = ada.post(
        path,
        &json!({ "text": "We tell you what came of it." }).to_string(),
        &prefer,
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
    // A person who can no longer see the record still learns that the command was recorded.
    let leave = ada.post(
        &format!("/api/v1/groups/{id}/remove-member"),
        &json!({ "person": cass }).to_string(),
        &prefer[..1],
    );
    assert_eq!(leave.status, 200, "{}", leave.body);
    house.catch_up().await;
    let again = asker.post("/api/v1/groups", &body, &prefer);
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
async fn an_award_says_where_its_grant_is(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (application, ..) = office.ready(&house, 800).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let ada = HeaderClient::of(&house, &client, office.ada);
    let award = json!({ "amount": "750.00", "reason": "A plan that will work", "ends_on": house.in_days(60), "update_due_on": house.in_days(80) });
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

on_each_engine!(every_wrong_field_is_named_at_once);
async fn every_wrong_field_is_named_at_once(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let ada = HeaderClient::of(&house, &client, office.ada);
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
    let nothing = ada.post("/api/v1/groups", "{}", &[("Idempotency-Key", "b")]);
    let missing: BTreeSet<_> = nothing.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert!(
        missing.is_superset(&["name", "area", "standing"].into()),
        "{}",
        nothing.body
    );
    assert!(
        nothing.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .all(|error| error["code"] == "missing"),
        "{}",
        nothing.body
    );
    let many: Value = (0..400)
        .map(|number| (format!("f{number}"), json!(number)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let since = Instant::now();
    let many = ada.post(
        "/api/v1/groups",
        &many.to_string(),
        &[("Idempotency-Key", "c")],
    );
    assert_eq!(many.body["errors"].as_array().unwrap().len(), 20);
    assert!(
        since.elapsed() < Duration::from_secs(2),
        "{:?}",
        since.elapsed()
    );
}

on_each_engine!(a_tag_that_is_none_is_bad_input_and_another_version_is_stale);
async fn a_tag_that_is_none_is_bad_input_and_another_version_is_stale(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let fund = format!("/api/v1/funds/{}", office.fund);
    let pause = format!("{fund}/pause");
    let body = json!({ "reason": "A pause" }).to_string();
    let before = house.log.length().await.unwrap();
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
    assert_eq!(house.log.length().await.unwrap(), before);
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

on_each_engine!(lists_take_several_states_and_say_how_many_there_are);
async fn lists_take_several_states_and_say_how_many_there_are(house: TestApp) {
    let office = Office::open(&house, 50_000).await;
    let (draft, ..) = office.draft(&house, 600).await;
    let (submitted, ..) = office.submitted(&house, 700).await;
    office.awarded(&house, 800).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let of = |query: &str| client.get(&format!("/api/v1/applications?{query}")).body;
    let both = BTreeSet::from([draft.to_string(), submitted.to_string()]);
    for query in [
        "state=draft,submitted",
        "state=draft&state=submitted",
        "state=submitted,draft,submitted",
    ] {
        let found = of(&format!("{query}&count=true"));
        assert_eq!(
            (
                ids(&found).into_iter().collect::<BTreeSet<_>>(),
                &found["total"]
            ),
            (both.clone(), &json!(2)),
            "{query}"
        );
        let one = of(&format!("{query}&count=true&limit=1"));
        assert_eq!(
            (ids(&one).len(), &one["total"], &one["has_more"]),
            (1, &json!(2), &json!(true)),
            "{query}"
        );
    }
    assert!(
        of("state=draft").get("total").is_none(),
        "nobody counts unasked"
    );
    assert_eq!(of("count=true")["total"], 3);
    assert_eq!(of(&format!("fund={}&count=true", office.fund))["total"], 3);
    assert_eq!(
        of(&format!("fund={}&count=true", uuid::Uuid::nil()))["total"],
        0
    );
    let reference = client.get(&format!("/api/v1/applications/{draft}")).body["reference"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        ids(&of(&format!("reference={reference}"))),
        [draft.to_string()]
    );
    assert!(ids(&of("reference=000000")).is_empty());
    client
        .get("/api/v1/applications?reference=words")
        .assert_problem(400, "invalid_query");
}

on_each_engine!(a_list_in_any_order_comes_whole_in_pages);
async fn a_list_in_any_order_comes_whole_in_pages(house: TestApp) {
    let office = Office::open(&house, 50_000).await;
    let mut drafts = Vec::new();
    for number in 0..7 {
        if number % 3 == 0 {
            house.pass_seconds(10);
        }
        drafts.push(office.draft(&house, 600).await);
    }
    house.pass_seconds(10);
    let (first, _, member) = drafts[0];
    house
        .issue_ok(
            member,
            Command::Application(
                first,
                microgrants::domain::ApplicationCommand::Withdraw(
                    microgrants::domain::command::NoBody {},
                ),
            ),
        )
        .await;
    office.prepared(&house, 700).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    for list in [
        "applications",
        "groups",
        "people",
        "grants",
        "payments",
        "updates",
        "funds",
    ] {
        let path = |sort: &str| format!("/api/v1/{list}?sort={sort}");
        let whole = client.get(&format!("/api/v1/{list}")).body["items"]
            .as_array()
            .unwrap()
            .clone();
        assert!(!whole.is_empty(), "{list}");
        for sort in ["id", "created_at", "updated_at", "name"] {
            if sort == "name" && list != "groups" {
                continue;
            }
            let (rising, falling) = (
                all_pages(&client, &path(sort), 2),
                all_pages(&client, &path(&format!("-{sort}")), 3),
            );
            assert_eq!(
                rising.len(),
                whole.len(),
                "{list} by {sort}: nothing is left out or comes twice"
            );
            assert!(
                rising.iter().rev().eq(&falling),
                "{list} by {sort}: one is the other reversed"
            );
            assert!(
                rising.iter().map(|item| item[sort].as_str()).is_sorted(),
                "{list} by {sort}: {rising:?}"
            );
            let same: BTreeSet<_> = rising.iter().map(Value::to_string).collect();
            assert_eq!(
                same,
                whole.iter().map(Value::to_string).collect(),
                "{list} by {sort}"
            );
        }
    }
    let newest = client
        .get("/api/v1/applications?sort=-updated_at&limit=1")
        .body;
    assert_eq!(newest["items"][0]["state"], "awarded", "{newest}");
    let withdrawn = client
        .get("/api/v1/applications?sort=updated_at&state=withdrawn")
        .body;
    let times = |item: &Value| {
        ["created_at", "updated_at"].map(|time| {
            item[time]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap()
        })
    };
    let [made, changed] = times(&withdrawn["items"][0]);
    assert!(changed.as_second() - made.as_second() >= 20, "{withdrawn}");
    assert!(client.get("/api/v1/organisation").body["updated_at"].is_string());
    // A cursor keeps its position while records change.
    let page = client
        .get("/api/v1/applications?sort=updated_at&limit=3")
        .body;
    let (second, _, member) = drafts[1];
    house
        .issue_ok(
            member,
            Command::Application(
                second,
                microgrants::domain::ApplicationCommand::Withdraw(
                    microgrants::domain::command::NoBody {},
                ),
            ),
        )
        .await;
    house.catch_up().await;
    let rest = client
        .get(&format!(
            "/api/v1/applications?sort=updated_at&after={}",
            page["next"].as_str().unwrap()
        ))
        .body;
    assert_eq!(
        ids(&rest).last(),
        Some(&second.to_string()),
        "what changed comes again, at the end"
    );
}

on_each_engine!(what_changed_since_is_what_changed);
async fn what_changed_since_is_what_changed(house: TestApp) {
    let office = Office::open(&house, 50_000).await;
    let (first, ..) = office.submitted(&house, 600).await;
    let (second, ..) = office.submitted(&house, 700).await;
    house.pass_seconds(60);
    let (position, then) = (house.log.length().await.unwrap() - 1, house.commands.now());
    house.pass_seconds(60);
    let eligible = microgrants::domain::ApplicationCommand::ConfirmEligibility(
        microgrants::domain::command::NoBody {},
    );
    house
        .issue_ok(office.ada, Command::Application(second, eligible))
        .await;
    let (third, ..) = office.draft(&house, 800).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let since = |list: &str, since: &str| {
        ids(&client
            .get(&format!(
                "/api/v1/{list}?updated_since={since}&sort=updated_at"
            ))
            .body)
    };
    for at in [
        position.to_string(),
        then.to_string(),
        then.to_string().replace('Z', "%2B00:00"),
    ] {
        assert_eq!(
            since("applications", &at),
            [second, third].map(|id| id.to_string()),
            "{at}"
        );
        assert_eq!(
            (since("groups", &at).len(), since("people", &at).len()),
            (1, 1),
            "{at}"
        );
    }
    assert!(since("applications", "0").contains(&first.to_string()));
    assert_eq!(since("applications", "1970-01-01T00:00:00Z").len(), 3);
    assert!(
        since("applications", "99999999").is_empty()
            && since("applications", "2999-01-01T00:00:00Z").is_empty()
    );
    // A client continues from the last time that it read: records of the same instant are repeated,
    // and none is missed.
    let last = client
        .get("/api/v1/applications?sort=-updated_at&limit=1")
        .body["items"][0]["updated_at"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(since("applications", &last).contains(&third.to_string()));
}

on_each_engine!(groups_people_and_payments_are_looked_up);
async fn groups_people_and_payments_are_looked_up(house: TestApp) {
    let office = Office::open(&house, 50_000).await;
    let (grant, group, member) = office.prepared(&house, 700).await;
    office.prepared(&house, 800).await;
    house
        .issue_ok(office.ben, Command::Grant(grant, approve(1)))
        .await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let post = |path: &str, body: &Value| {
        let answer = client.post(path, body);
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer
    };
    let numbered = json!({ "identifier": "GB-CHC-1234567" });
    post(
        &format!("/api/v1/groups/{group}/record-identifier"),
        &numbered,
    );
    let cafe = post(
        "/api/v1/groups",
        &json!({ "name": "Café Mühle", "area": "oldham", "standing": "new", "member": member }),
    )
    .id();
    let line = json!({ "grant": grant, "payment": 1, "amount": "700.00" });
    let batch = json!({ "batch": "june", "sent_on": house.today(), "payments": [line] });
    let ben = client.with_token(&token(&house, office.ben));
    let position = ben
        .post(&format!("/api/v1/funds/{}/send-batch", office.fund), &batch)
        .body["position"]
        .clone();
    let of = |client: &Client, query: &str| {
        ids(&client
            .get(&format!("/api/v1/{query}&min_position={position}"))
            .body)
    };
    for name in ["Caf%C3%A9", "cafe%20m", "CAFE%20MUHLE", "caf%C3%89"] {
        assert_eq!(
            of(&client, &format!("groups?name={name}")),
            std::slice::from_ref(&cafe),
            "{name}"
        );
    }
    assert_eq!(of(&client, "groups?name=soup&sort=-name").len(), 2);
    assert_eq!(
        of(&client, "groups?identifier=GB-CHC-1234567"),
        [group.to_string()]
    );
    for none in [
        "groups?identifier=GB-CHC-7654321",
        "groups?name=m%C3%BChle",
        "groups?name=%25",
        "people?role=auditor",
    ] {
        assert!(of(&client, none).is_empty(), "{none}");
    }
    let address = client.get(&format!("/api/v1/people/{member}")).body["email"]
        .as_str()
        .unwrap()
        .to_uppercase();
    assert_eq!(
        of(&client, &format!("people?email={address}")),
        [member.to_string()]
    );
    assert!(of(&client, "people?email=nobody@example.org").is_empty());
    let staff: BTreeSet<_> = of(&client, "people?role=finance").into_iter().collect();
    assert_eq!(
        staff,
        [office.ada, office.ben]
            .map(|person| person.to_string())
            .into()
    );
    // A member finds only themselves, with any filter.
    let own = client.with_token(&token(&house, member));
    let ada = client.get(&format!("/api/v1/people/{}", office.ada)).body["email"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        of(&own, &format!("people?email={ada}")).is_empty()
            && of(&own, "people?role=finance").is_empty()
    );
    assert_eq!(
        of(&own, &format!("people?email={address}")),
        [member.to_string()]
    );
    assert!(of(&own, "groups?identifier=GB-CHC-1234567").contains(&group.to_string()));
    let count = |query: &str| {
        client
            .get(&format!(
                "/api/v1/payments?{query}&count=true&min_position={position}"
            ))
            .body["total"]
            .clone()
    };
    let nil = uuid::Uuid::nil();
    for (query, payments) in [
        (format!("fund={}", office.fund), 2),
        (format!("grant={grant}"), 1),
        (format!("group={group}"), 1),
        ("batch=june".to_owned(), 1),
        (format!("fund={}&state=prepared,sent", office.fund), 2),
        (format!("fund={}&state=prepared", office.fund), 1),
        (format!("fund={nil}"), 0),
        (format!("grant={nil}"), 0),
        ("batch=july".to_owned(), 0),
    ] {
        assert_eq!(count(&query), payments, "{query}");
    }
}

on_each_engine!(names_stand_beside_ids_where_they_are_asked_for);
async fn names_stand_beside_ids_where_they_are_asked_for(house: TestApp) {
    let office = Office::open(&house, 50_000).await;
    let (grant, group, member) = office.prepared(&house, 700).await;
    let (_, _, other) = office.prepared(&house, 800).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let names = |client: &Client, path: &str| {
        let body = client.get(path).body;
        body["items"]
            .get(0)
            .map_or(body["names"].clone(), |item| item["names"].clone())
    };
    let both = json!({ "group": "Soup and song", "fund": "A fund" });
    for list in [
        format!("applications?group={group}"),
        format!("grants?group={group}"),
        format!("grants/{grant}?"),
        format!("applications/{grant}?"),
    ] {
        assert_eq!(
            names(
                &client,
                &format!("/api/v1/{list}&expand=group,fund").replace("?&", "?")
            ),
            both,
            "{list}"
        );
        assert_eq!(
            names(
                &client,
                &format!("/api/v1/{list}&expand=fund").replace("?&", "?")
            ),
            json!({ "fund": "A fund" }),
            "{list}"
        );
        assert_eq!(
            names(&client, format!("/api/v1/{list}").trim_end_matches('?')),
            Value::Null,
            "{list}"
        );
    }
    let three = json!({ "group": "Soup and song", "fund": "A fund", "grant": "Soup on Saturdays" });
    for list in [
        "payments".to_owned(),
        "updates".to_owned(),
        format!("grants/{grant}/payments"),
        format!("grants/{grant}/updates"),
    ] {
        assert_eq!(
            names(
                &client,
                &format!("/api/v1/{list}?expand=group&expand=fund&expand=grant")
            ),
            three,
            "{list}"
        );
    }
    let own = client.with_token(&token(&house, member));
    assert_eq!(names(&own, "/api/v1/grants?expand=group,fund"), both);
    let stranger = client.with_token(&token(&house, other));
    stranger
        .get(&format!("/api/v1/grants/{grant}?expand=group"))
        .assert_problem(404, "not_found");
}

on_each_engine!(what_is_put_together_whole_comes_in_pages_too);
async fn what_is_put_together_whole_comes_in_pages_too(house: TestApp) {
    let office = Office::open(&house, 50_000).await;
    let (first, group, _) = office.prepared(&house, 700).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let path = format!("/api/v1/groups/{group}/history");
    let whole = client.get(&path).body;
    assert_eq!(whole["has_more"], false);
    assert_eq!(
        all_pages(&client, &path, 1),
        *whole["items"].as_array().unwrap()
    );
    assert!(
        ids(&whole).contains(&first.to_string()) && whole["items"][0]["grant"].is_string(),
        "{whole}"
    );
    // Both groups have the same account.
    office.prepared(&house, 800).await;
    house.catch_up().await;
    let links = format!("/api/v1/groups/{group}/links");
    let linked = client.get(&links).body;
    assert_eq!(
        (
            linked["items"].as_array().unwrap().len(),
            &linked["has_more"]
        ),
        (1, &json!(false)),
        "{linked}"
    );
    assert_eq!(all_pages(&client, &links, 1).len(), 1);
    let answers = format!("/api/v1/applications/{first}/answers");
    assert_eq!(
        all_pages(&client, &answers, 1),
        *client.get(&answers).body["items"].as_array().unwrap()
    );
    let feed = client.get("/api/v1/log/events?limit=3").body;
    assert_eq!(
        (&feed["next"], &feed["has_more"]),
        (&json!("2"), &json!(true)),
        "{feed}"
    );
}

on_each_engine!(what_is_unchanged_is_not_sent_again);
async fn what_is_unchanged_is_not_sent_again(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, group, member) = office.prepared(&house, 700).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let (ada, own) = (
        HeaderClient::of(&house, &client, office.ada),
        HeaderClient::of(&house, &client, member),
    );
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
        let head = ada.head(path);
        assert_eq!(
            (head.status, head.header("etag"), &head.body),
            (200, tag.as_str(), &json!("")),
            "{path}"
        );
    }
    // Another reader gets another body, so the ETag differs; it also changes with anything shown
    // that the version does not count.
    let path = &paths[2];
    assert_ne!(
        ada.get(path, &[]).header("etag"),
        own.get(path, &[]).header("etag")
    );
    let person = format!("/api/v1/people/{member}");
    let tag = ada.get(&person, &[]).header("etag").to_owned();
    let left = client.post(
        &format!("/api/v1/groups/{group}/remove-member"),
        &json!({ "person": member }),
    );
    assert_eq!(left.status, 200, "{}", left.body);
    assert_eq!(
        ada.get(&person, &[("If-None-Match", &tag)]).status,
        200,
        "they are of one group less"
    );
    // HEAD is answered wherever GET is, and reports missing records likewise.
    for path in [
        "/api/v1/grants",
        "/healthz",
        "/readyz",
        "/openapi.yaml",
        "/",
        "/sign-in",
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
    let wrong = ada.post("/api/v1/grants", "{}", &[("Idempotency-Key", "a")]);
    assert_eq!((wrong.status, wrong.header("allow")), (405, "GET, HEAD"));
}

on_each_engine!(what_is_open_may_be_read_from_any_page);
async fn what_is_open_may_be_read_from_any_page(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let ada = HeaderClient::of(&house, &client, office.ada);
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

on_each_engine!(the_same_json_is_the_same_request_however_it_is_written);
async fn the_same_json_is_the_same_request_however_it_is_written(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let ada = HeaderClient::of(&house, &client, office.ada);
    let key = [("Idempotency-Key", "once")];
    let first = ada.post(
        "/api/v1/groups",
        r#"{"name":"Soup","area":"oldham","standing":"new"}"#,
        &key,
    );
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
        let again = ada.post("/api/v1/groups", same, &key);
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
    let other = ada.post(
        "/api/v1/groups",
        r#"{"name":"Soups","area":"oldham","standing":"new"}"#,
        &key,
    );
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("key_reused"))
    );
    // A command that an earlier version recorded with the hash of the raw bytes is repeated by the
    // same bytes.
    let path = format!("/api/v1/funds/{}/pause", office.fund);
    let body = "{ \"reason\": \"A pause\" }";
    let hash = house
        .log
        .vault()
        .request_hash(format!("{path}\n{body}").as_bytes());
    let pause = Command::Fund(
        office.fund,
        FundCommand::Pause(WithReason {
            reason: text("A pause"),
        }),
    );
    let caller = Caller {
        actor: Actor::Person(office.ada),
        role_scope: None,
    };
    let earlier = CommandRequest {
        idempotency_key: Some(IdempotencyKey::per_caller("earlier", hash)),
        ..CommandRequest::new(caller, pause)
    };
    let recorded = house.commands.execute(earlier).await.unwrap();
    let again = ada.post(&path, body, &[("Idempotency-Key", "earlier")]);
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (200, "true"),
        "{}",
        again.body
    );
    assert_eq!(again.body["position"], recorded.last_position);
    let other = ada.post(
        &path,
        "{ \"reason\": \"Another\" }",
        &[("Idempotency-Key", "earlier")],
    );
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("key_reused"))
    );
    // The name of an uploaded file is part of the request, and a repeat is recognised.
    let (group, member) = office.group(&house).await;
    house.catch_up().await;
    let upload = |key: &str| {
        client.with_token(&token(&house, member)).upload(
            &format!("/api/v1/groups/{group}/files?purpose=document"),
            &crate::operations::files::pdf(200),
            key,
        )
    };
    assert_eq!(upload("a").body["file"], upload("a").body["file"]);
}

on_each_engine!(nobody_waits_behind_the_end_of_the_log);
async fn nobody_waits_behind_the_end_of_the_log(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let length = house.log.length().await.unwrap();
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
