//! The directory for other programs: what they may read of it, page by page.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::pages::directory::{SEALED, of_group, publish, record, take};
use crate::pages::journeys::serve_office;
use crate::support::service::{Client, serve};
use crate::support::test_app::TestApp;

const ALL: [&str; 5] = [
    "/open-referral/",
    "/open-referral/services",
    "/open-referral/service_at_locations",
    "/open-referral/taxonomies",
    "/open-referral/taxonomy_terms",
];

fn contents(page: &Value) -> Vec<Value> {
    page["contents"].as_array().expect("contents").clone()
}

on_each_engine!(offers_are_services_and_nothing_sealed_is_among_them);
async fn offers_are_services_and_nothing_sealed_is_among_them(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let ada = office.ada;
    let (group, _) = office.group(&app).await;
    let bowls = of_group(&app, ada, group, "Indoor bowls").await;
    let hall = record(&app, ada, "A hall", &json!({ "kind": "place" })).await;
    let listing = json!({ "access": "There is a ramp.", "website": "https://hall.example.org" });
    publish(&app, ada, hall, "A hall", &listing).await;
    let wish = record(&app, ada, "A wish", &json!({ "way": "wish" })).await;
    publish(&app, ada, wish, "A wish", &json!({})).await;
    let recorded = record(&app, ada, "Not published", &json!({})).await;
    let gone = record(&app, ada, "Gone", &json!({})).await;
    publish(&app, ada, gone, "Gone", &json!({})).await;
    take(&app, ada, gone, ("withdraw", &json!({}))).await;

    // Nobody needs a token, and any origin may read it.
    let anyone = Client::new(&address, "");
    let answer = anyone.get("/open-referral/services");
    assert!(
        answer.status == 200 && answer.etag.is_some(),
        "{}",
        answer.body
    );
    let ids: Vec<Value> = contents(&answer.body)
        .iter()
        .map(|service| service["id"].clone())
        .collect();
    assert_eq!(ids, [json!(hall), json!(bowls)], "by name");

    let service = anyone.get(&format!("/open-referral/services/{bowls}")).body;
    let schedule = &service["schedules"][0];
    assert_eq!(
        (&schedule["freq"], &schedule["byday"], &schedule["opens_at"]),
        (&json!("WEEKLY"), &json!("TU"), &json!("14:00"))
    );
    assert_eq!(service["organization"]["id"], json!(group));
    assert_eq!(service["status"], json!("active"));
    let changed = service["last_modified"].as_str().expect("a moment");
    assert!(changed.len() == 24 && changed.ends_with('Z'), "{changed}");
    let places = anyone.get("/open-referral/service_at_locations").body;
    assert_eq!(places["contents"][0]["location"]["name"], json!("A hall"));

    for id in [wish, recorded, gone, Uuid::nil()] {
        let answer = anyone.get(&format!("/open-referral/services/{id}"));
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
    let mut texts: Vec<String> = ALL.map(|path| anyone.get(path).body.to_string()).into();
    texts.push(service.to_string());
    for text in texts {
        for secret in [SEALED, &ada.to_string(), "keeper", "words", "null"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

on_each_engine!(a_list_is_read_page_by_page);
async fn a_list_is_read_page_by_page(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    for number in 1..=3 {
        let name = format!("Thing {number}");
        let id = record(&app, office.ada, &name, &json!({})).await;
        publish(&app, office.ada, id, &name, &json!({})).await;
    }
    let anyone = Client::new(&address, "");
    let page = anyone.get("/open-referral/services?page=2&per_page=2").body;
    assert_eq!(contents(&page).len(), 1);
    for (field, value) in [
        ("total_items", json!(3)),
        ("total_pages", json!(2)),
        ("page_number", json!(2)),
        ("size", json!(1)),
        ("first_page", json!(false)),
        ("last_page", json!(true)),
        ("empty", json!(false)),
    ] {
        assert_eq!(page[field], value, "{field}");
    }
    let found = anyone.get("/open-referral/services?search=thing%202").body;
    assert_eq!(found["total_items"], json!(1));
    for query in ["page=0", "page=x", "per_page=0", "per_page=501"] {
        let answer = anyone.get(&format!("/open-referral/services?{query}"));
        answer.assert_problem(400, "invalid_query");
    }
    let officer = serve(&app, office.ada);
    let answer = officer.post("/open-referral/services", &json!({}));
    assert_eq!(answer.status, 405, "{}", answer.body);
}

on_each_engine!(an_entry_that_nobody_checked_for_a_year_is_inactive);
async fn an_entry_that_nobody_checked_for_a_year_is_inactive(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (group, _) = office.group(&app).await;
    let bowls = of_group(&app, office.ada, group, "Indoor bowls").await;
    app.pass_days(400);
    app.catch_up().await;
    let anyone = Client::new(&address, "");
    let service = anyone.get(&format!("/open-referral/services/{bowls}")).body;
    assert_eq!(service["status"], "inactive", "{service}");
}
