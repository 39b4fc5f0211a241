//! Lists of the API: filtering, sorting and following them, looking records up, and names with ids.

use std::collections::BTreeSet;

use microgrants::domain::command::NoBody;
use microgrants::domain::{ApplicationCommand, ApplicationId, Command, PersonId};
use serde_json::{Value, json};

use crate::support::fixtures::{Office, approve};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

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

on_each_engine!(lists_take_several_states_and_say_how_many_there_are);
async fn lists_take_several_states_and_say_how_many_there_are(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let (draft, ..) = office.draft(&app, 600).await;
    let (submitted, ..) = office.submitted(&app, 700).await;
    office.awarded(&app, 800).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
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

/// Records of every kind, made and changed at several times. Returns seven applications with a
/// member of each group, the first of them withdrawn.
async fn records_of_several_times(
    app: &TestApp,
    office: &Office,
) -> Vec<(ApplicationId, PersonId)> {
    let mut drafts = Vec::new();
    for number in 0..7 {
        if number % 3 == 0 {
            app.pass_seconds(10);
        }
        let (draft, _, member) = office.draft(app, 600).await;
        drafts.push((draft, member));
    }
    app.pass_seconds(10);
    withdraw(app, drafts[0]).await;
    office.prepared(app, 700).await;
    app.catch_up().await;
    drafts
}

async fn withdraw(app: &TestApp, (draft, member): (ApplicationId, PersonId)) {
    let withdraw = ApplicationCommand::Withdraw(NoBody {});
    app.issue_ok(member, Command::Application(draft, withdraw))
        .await;
}

on_each_engine!(a_list_in_any_order_comes_whole_in_pages);
async fn a_list_in_any_order_comes_whole_in_pages(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    records_of_several_times(&app, &office).await;
    let client = serve(&app, office.ada);

    for list in [
        "applications",
        "groups",
        "people",
        "grants",
        "payments",
        "updates",
        "funds",
    ] {
        for sort in ["id", "created_at", "updated_at"] {
            assert_whole_in_order(&client, list, sort);
        }
    }
    assert_whole_in_order(&client, "groups", "name");
}

/// Compares a list in pages, rising and falling, with the whole list.
fn assert_whole_in_order(client: &Client, list: &str, sort: &str) {
    let whole = client.get(&format!("/api/v1/{list}")).body["items"]
        .as_array()
        .unwrap()
        .clone();
    assert!(!whole.is_empty(), "{list}");

    let rising = all_pages(client, &format!("/api/v1/{list}?sort={sort}"), 2);
    let falling = all_pages(client, &format!("/api/v1/{list}?sort=-{sort}"), 3);

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

on_each_engine!(a_record_says_when_it_was_made_and_changed);
async fn a_record_says_when_it_was_made_and_changed(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    records_of_several_times(&app, &office).await;
    let client = serve(&app, office.ada);

    let newest = client
        .get("/api/v1/applications?sort=-updated_at&limit=1")
        .body;
    let withdrawn = client
        .get("/api/v1/applications?sort=updated_at&state=withdrawn")
        .body;

    assert_eq!(newest["items"][0]["state"], "awarded", "{newest}");
    let [made, changed] = ["created_at", "updated_at"].map(|time| {
        withdrawn["items"][0][time]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    });
    assert!(changed.as_second() - made.as_second() >= 20, "{withdrawn}");
    assert!(client.get("/api/v1/organisation").body["updated_at"].is_string());
}

on_each_engine!(a_cursor_keeps_its_position_while_records_change);
async fn a_cursor_keeps_its_position_while_records_change(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let drafts = records_of_several_times(&app, &office).await;
    let client = serve(&app, office.ada);
    let page = client
        .get("/api/v1/applications?sort=updated_at&limit=3")
        .body;

    withdraw(&app, drafts[1]).await;
    app.catch_up().await;
    let rest = client
        .get(&format!(
            "/api/v1/applications?sort=updated_at&after={}",
            page["next"].as_str().unwrap()
        ))
        .body;

    let (second, _) = drafts[1];
    assert_eq!(
        ids(&rest).last(),
        Some(&second.to_string()),
        "what changed comes again, at the end"
    );
}

on_each_engine!(what_changed_since_is_what_changed);
async fn what_changed_since_is_what_changed(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let (first, ..) = office.submitted(&app, 600).await;
    let (second, ..) = office.submitted(&app, 700).await;
    app.pass_seconds(60);
    let (position, then) = (app.log.length().await.unwrap() - 1, app.commands.now());
    app.pass_seconds(60);
    let eligible = ApplicationCommand::ConfirmEligibility(NoBody {});
    app.issue_ok(office.ada, Command::Application(second, eligible))
        .await;
    let (third, ..) = office.draft(&app, 800).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
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

/// The ids that a list finds, read from this position on.
fn found(client: &Client, query: &str, position: &Value) -> Vec<String> {
    let path = format!("/api/v1/{query}&min_position={position}");
    ids(&client.get(&path).body)
}

on_each_engine!(groups_are_found_by_name_and_identifier);
async fn groups_are_found_by_name_and_identifier(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let (_, group, member) = office.prepared(&app, 700).await;
    office.prepared(&app, 800).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let numbered = client.post(
        &format!("/api/v1/groups/{group}/record-identifier"),
        &json!({ "identifier": "GB-CHC-1234567" }),
    );
    assert!(numbered.status < 300, "{}", numbered.body);
    let cafe = client.post(
        "/api/v1/groups",
        &json!({ "name": "Café Mühle", "area": "oldham", "standing": "new", "member": member }),
    );
    let position = &cafe.body["position"];
    let of = |query: &str| found(&client, query, position);

    for name in ["Caf%C3%A9", "cafe%20m", "CAFE%20MUHLE", "caf%C3%89"] {
        assert_eq!(of(&format!("groups?name={name}")), [cafe.id()], "{name}");
    }
    assert_eq!(of("groups?name=soup&sort=-name").len(), 2);
    assert_eq!(of("groups?identifier=GB-CHC-1234567"), [group.to_string()]);
    for none in [
        "groups?identifier=GB-CHC-7654321",
        "groups?name=m%C3%BChle",
        "groups?name=%25",
    ] {
        assert!(of(none).is_empty(), "{none}");
    }
    let own = client.with_token(&token(&app, member));
    let theirs = found(&own, "groups?identifier=GB-CHC-1234567", position);
    assert!(theirs.contains(&group.to_string()));
}

on_each_engine!(numbers_are_taken_and_found_in_any_usual_spelling);
async fn numbers_are_taken_and_found_in_any_usual_spelling(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let (_, group, _) = office.prepared(&app, 700).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let path = format!("/api/v1/groups/{group}/record-identifier");

    for (typed, kept) in [
        (" gb-chc- 1234567", "GB-CHC-1234567"),
        ("gb-sc-sc 012345", "GB-SC-SC012345"),
        ("GB-NIC-NIC100012", "GB-NIC-100012"),
        ("GB-COH-1234568", "GB-COH-01234568"),
        ("GB-MPR-ip12345r", "GB-MPR-12345R"),
    ] {
        let numbered = client.post(&path, &json!({ "identifier": typed }));
        assert!(numbered.status < 300, "{typed}: {}", numbered.body);
        let again = client.post(&path, &json!({ "identifier": kept }));
        assert_eq!(again.body["code"], "no_change", "{typed}: {}", again.body);
        let query = format!("groups?identifier={}", kept.to_lowercase());
        let position = &numbered.body["position"];
        assert_eq!(
            found(&client, &query, position),
            [group.to_string()],
            "{typed}"
        );
    }
    for typed in [
        "SC012345",
        "GB-CHC-1234567-1",
        "GB-SC-SC12345",
        "GB-EDU-123456",
    ] {
        let refused = client.post(&path, &json!({ "identifier": typed }));
        assert!(
            refused.status == 400 || refused.status == 422,
            "{typed}: {}",
            refused.body
        );
    }
}

on_each_engine!(people_are_found_by_address_and_role);
async fn people_are_found_by_address_and_role(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let (_, _, member) = office.prepared(&app, 700).await;
    office.prepared(&app, 800).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let length = app.log.length().await.unwrap();
    let position = json!(length - 1);
    let of = |client: &Client, query: &str| found(client, query, &position);
    let address_of = |person: PersonId| {
        client.get(&format!("/api/v1/people/{person}")).body["email"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let members = format!("people?email={}", address_of(member).to_uppercase());
    let adas = format!("people?email={}", address_of(office.ada));

    assert_eq!(of(&client, &members), [member.to_string()]);
    assert!(of(&client, "people?email=nobody@example.org").is_empty());
    assert!(of(&client, "people?role=auditor").is_empty());
    let staff: BTreeSet<_> = of(&client, "people?role=finance").into_iter().collect();
    assert_eq!(
        staff,
        [office.ada, office.ben]
            .map(|person| person.to_string())
            .into()
    );
    // A member finds only themselves, with any filter.
    let own = client.with_token(&token(&app, member));
    assert!(of(&own, &adas).is_empty() && of(&own, "people?role=finance").is_empty());
    assert_eq!(of(&own, &members), [member.to_string()]);
}

on_each_engine!(payments_are_counted_by_fund_grant_group_batch_and_state);
async fn payments_are_counted_by_fund_grant_group_batch_and_state(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let (grant, group, _) = office.prepared(&app, 700).await;
    office.prepared(&app, 800).await;
    app.issue_ok(office.ben, Command::Grant(grant, approve(1)))
        .await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let line = json!({ "grant": grant, "payment": 1, "amount": "700.00" });
    let batch = json!({ "batch": "june", "sent_on": app.today(), "payments": [line] });
    let ben = client.with_token(&token(&app, office.ben));
    let sent = ben.post(&format!("/api/v1/funds/{}/send-batch", office.fund), &batch);
    let position = &sent.body["position"];
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
        let path = format!("/api/v1/payments?{query}&count=true&min_position={position}");
        assert_eq!(client.get(&path).body["total"], payments, "{query}");
    }
}

on_each_engine!(names_stand_beside_ids_where_they_are_asked_for);
async fn names_stand_beside_ids_where_they_are_asked_for(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let (grant, group, member) = office.prepared(&app, 700).await;
    let (_, _, other) = office.prepared(&app, 800).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
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
    let own = client.with_token(&token(&app, member));
    assert_eq!(names(&own, "/api/v1/grants?expand=group,fund"), both);
    let stranger = client.with_token(&token(&app, other));
    stranger
        .get(&format!("/api/v1/grants/{grant}?expand=group"))
        .assert_problem(404, "not_found");
}

on_each_engine!(what_is_put_together_whole_comes_in_pages_too);
async fn what_is_put_together_whole_comes_in_pages_too(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let (first, group, _) = office.prepared(&app, 700).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
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
    office.prepared(&app, 800).await;
    app.catch_up().await;
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
