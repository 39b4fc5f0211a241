//! The public directory: what everyone reads of it, and what nobody but the office does.

use microgrants::clock::new_id;
use microgrants::domain::{GroupId, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::pages::journeys::{serve_office, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Words that only the office and those who hold an entry may read.
pub const SEALED: &str = "Ring the bell of number nine";

/// Takes a command on an entry, in the name of an officer or of somebody who holds it.
pub async fn take(app: &TestApp, by: PersonId, id: Uuid, (name, body): (&str, &Value)) {
    let command = command_from_json("asset", id, name, body);
    app.issue_ok(by, command).await;
    app.catch_up().await;
}

/// Records an entry with a name, a kind and more fields.
pub async fn record(app: &TestApp, by: PersonId, name: &str, more: &Value) -> Uuid {
    let id = new_id();
    let mut body = json!({ "way": "offer", "kind": "thing", "name": name });
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    take(app, by, id, ("record", &body)).await;
    id
}

/// Publishes an entry with its name and more words.
pub async fn publish(app: &TestApp, by: PersonId, id: Uuid, name: &str, more: &Value) {
    let mut body = json!({ "name": name, "description": "For everyone nearby." });
    for (field, value) in more.as_object().expect("fields") {
        body[field] = value.clone();
    }
    take(app, by, id, ("publish", &body)).await;
}

/// An entry of a group in the directory, for which its members proposed words.
pub async fn of_group(app: &TestApp, by: PersonId, group: GroupId, name: &str) -> Uuid {
    let holder = json!({ "holder": { "group": group }, "kind": "group", "area": "oldham" });
    let id = record(app, by, name, &holder).await;
    let words = json!({ "words": SEALED });
    take(app, by, id, ("propose", &words)).await;
    let listing = json!({ "when": "Every Tuesday, 2pm to 4pm", "area": "oldham" });
    publish(app, by, id, name, &listing).await;
    id
}

fn assert_lists(page: &Page, names: &[&str], others: &[&str]) {
    assert_eq!(page.status, 200, "{}", visible_text(page));
    for name in names {
        assert!(page.contains(name), "{name}: {}", visible_text(page));
    }
    for name in others {
        assert!(!page.contains(name), "{name}: {}", visible_text(page));
    }
}

on_each_engine!(everyone_finds_what_is_published_and_nothing_else);
async fn everyone_finds_what_is_published_and_nothing_else(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = Browser::new(&address);
    assert!(
        !browser.get("/").contains("href=\"/directory\""),
        "there is none yet"
    );
    let (group, _) = office.group(&app).await;
    let ada = office.ada;
    let bowls = of_group(&app, ada, group, "Indoor bowls").await;
    let wish = json!({ "way": "wish", "kind": "place", "area": "stockport" });
    let hall = record(&app, ada, "A hall for a choir", &wish).await;
    publish(
        &app,
        ada,
        hall,
        "A hall for a choir",
        &json!({ "area": "stockport" }),
    )
    .await;
    let hidden = record(&app, ada, "Not published yet", &json!({})).await;
    let gone = record(&app, ada, "Gone for good", &json!({})).await;
    publish(&app, ada, gone, "Gone for good", &json!({})).await;
    take(&app, ada, gone, ("withdraw", &json!({}))).await;

    let secret = ["Not published yet", "Gone for good", SEALED];
    let all = browser.get("/directory");
    assert_lists(
        &all,
        &["Indoor bowls", "A hall for a choir", "Last checked on"],
        &secret,
    );
    assert!(browser.get("/").contains("href=\"/directory\""));
    for (query, found, other) in [
        ("area=oldham", "Indoor bowls", "A hall for a choir"),
        ("way=wish", "A hall for a choir", "Indoor bowls"),
        ("day=TU", "Indoor bowls", "A hall for a choir"),
    ] {
        let page = browser.get(&format!("/directory?{query}"));
        assert_lists(&page, &[found], &[other]);
    }
    let none = browser.get("/directory?day=SU&theme=none");
    assert_lists(
        &none,
        &["Nothing in the directory matches"],
        &["Indoor bowls"],
    );

    let page = browser.get(&format!("/directory/{bowls}"));
    assert_lists(
        &page,
        &["Indoor bowls", "Every Tuesday", "For everyone nearby."],
        &[SEALED],
    );
    for id in [hidden, gone, new_id()] {
        assert_eq!(browser.get(&format!("/directory/{id}")).status, 404);
    }
    let polish = browser.get("/language/pl?to=/directory");
    assert_lists(
        &polish,
        &["Katalog", "Ostatnio sprawdzono"],
        &["Last checked on"],
    );
}

on_each_engine!(an_entry_leads_to_those_that_know_it);
async fn an_entry_leads_to_those_that_know_it(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let ada = office.ada;
    let mut ids = Vec::new();
    for name in ["A library", "A garden", "A shed"] {
        let id = record(&app, ada, name, &json!({ "kind": "place" })).await;
        ids.push(id);
        if name != "A shed" {
            publish(&app, ada, id, name, &json!({})).await;
        }
    }
    let [library, garden, shed] = ids.as_slice() else {
        panic!("three entries");
    };
    for other in [garden, shed] {
        let tie = json!({ "to": other, "how": "partner" });
        take(&app, ada, *library, ("tie", &tie)).await;
    }

    let mut browser = Browser::new(&address);
    let page = browser.get(&format!("/directory/{library}"));
    assert_lists(&page, &["Who they know", "A garden"], &["A shed"]);
    let page = browser.get(&format!("/directory/{garden}"));
    assert_lists(&page, &["A library"], &[]);
}
