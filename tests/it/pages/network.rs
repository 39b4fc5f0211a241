//! The picture of the network at the desk and on the page of impact, and what the money went with.

use microgrants::domain::{GroupId, PersonId, Role};
use serde_json::{Value, json};

use crate::pages::journeys::{signed_in, visible_text};
use crate::support::browser::Browser;
use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve};
use crate::support::test_app::TestApp;

fn take(by: &Client, address: &str, body: &Value) {
    let answer = by.post(address, body);
    assert!(answer.status < 300, "{address} {body}: {}", answer.body);
}

/// A group whose entry everyone finds in the directory.
async fn listed_group(app: &TestApp, ada: &Client, office: &Office) -> GroupId {
    let (group, _) = office.group(app).await;
    let entry = json!({
        "way": "offer", "kind": "group", "name": "Bowls", "holder": { "group": group },
    });
    let id = ada.post("/api/v1/assets", &entry).id();
    let listing = json!({ "name": "Bowls", "description": "Anyone can join in." });
    take(ada, &format!("/api/v1/assets/{id}/publish"), &listing);
    group
}

/// A workshop to which people of these groups came.
fn meet(app: &TestApp, ada: &Client, lead: PersonId, groups: &[GroupId]) {
    let plan = json!({
        "kind": "workshop",
        "about": { "title": "A workshop", "description": "We learn." },
        "leads": [lead],
    });
    let id = ada.post("/api/v1/gatherings", &plan).id();
    let at = |command: &str| format!("/api/v1/gatherings/{id}/{command}");
    let session = json!({ "day": app.in_days(-1), "starts_at": "13:30", "ends_at": "16:00" });
    take(ada, &at("add-session"), &session);
    take(ada, &at("open"), &json!({}));
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| json!({ "group": group, "people": 2 }))
        .collect();
    let came = json!({ "session": 1, "came": { "people": 12, "groups": groups } });
    take(ada, &at("record-attendance"), &came);
}

on_each_engine!(who_knows_whom_is_drawn_with_a_table);
async fn who_knows_whom_is_drawn_with_a_table(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    let mut groups = Vec::new();
    for _ in 0..5 {
        groups.push(listed_group(&app, &ada, &office).await);
    }
    let connector = person(&app, "Connie").await;
    office.give_role(&app, connector, Role::Connector).await;
    app.catch_up().await;

    // Before anybody met, the desk says so, and the page of impact says nothing.
    let mut desk = signed_in(&app, ada.address(), office.ada).await;
    let page = visible_text(&desk.get("/desk/network"));
    assert!(page.contains("No two know each other yet"), "{page}");
    assert!(page.contains("Not connected to anyone yet: 5"), "{page}");
    let mut everyone = Browser::new(ada.address());
    let says_who = |page: &str| page.contains("Who knows whom");
    assert!(!says_who(&visible_text(&everyone.get("/impact"))));

    // Once two met, the desk draws them; a pair is too few for the page of impact.
    meet(&app, &ada, office.ada, &groups[..2]);
    app.catch_up().await;
    let page = desk.get("/desk/network");
    assert_eq!(page.text.matches(" r=\"10\"/>").count(), 2);
    assert!(page.contains("<title id=\"network-title\">") && page.contains("<desc "));
    let text = visible_text(&page);
    assert!(text.contains("1. Soup and song"), "{text}");
    assert!(!says_who(&visible_text(&everyone.get("/impact"))));

    // Once all met, everyone reads the figures, and sees a picture without names.
    meet(&app, &ada, office.ada, &groups);
    app.catch_up().await;
    let page = everyone.get("/impact");
    let text = visible_text(&page);
    assert!(
        says_who(&text) && text.contains("pairs that know each other 10"),
        "{text}"
    );
    assert_eq!(page.text.matches("<line class=\"se\"").count(), 10);
    let file = desk.get("/desk/network/file");
    assert_eq!(file.text.matches("<edge ").count(), 10, "{}", file.text);

    // And a connector sees who knows whom, and not the money.
    let mut connectors = signed_in(&app, ada.address(), connector).await;
    let page = visible_text(&connectors.get("/desk/network"));
    assert!(page.contains("Who knows whom"), "{page}");
    assert_eq!(connectors.get("/desk/value").status, 404);
}

on_each_engine!(the_money_is_shown_beside_what_it_went_with);
async fn the_money_is_shown_beside_what_it_went_with(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    office.returned(&app, 500, 120).await;
    meet(&app, &ada, office.ada, &[]);
    app.catch_up().await;
    let mut desk = signed_in(&app, ada.address(), office.ada).await;
    let page = visible_text(&desk.get("/desk/value"));
    for says in [
        "What the money went with",
        "£380",
        "No fund",
        "Everything",
        "12",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let sheet = desk.get("/desk/sheets/value.csv");
    assert!(sheet.contains("\"Everything\",5000.00,"), "{}", sheet.text);
}
