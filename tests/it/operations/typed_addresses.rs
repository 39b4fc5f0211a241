//! Names and addresses that people type: an address counts once a mail to it was answered.

use microgrants::auth::links::{self, NewSignInLink};
use microgrants::domain::{Group, PersonId};
use microgrants::projections::PersonRow;
use serde_json::{Value, json};
use uuid::Uuid;

use super::mail_texts::{link_in, register_and_start, sign_in_mail};
use crate::domain::connections::ApiCommands;
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person};
use crate::support::service::serve;
use crate::support::test_app::TestApp;

/// Opens a link from a mail, and submits its form.
fn open_link(address: &str, link: &str, fields: &[(&str, &str)]) -> Page {
    let mut browser = Browser::new(address);
    let page = browser.get(link);
    browser.submit_form(&page, link, fields)
}

async fn row(app: &TestApp, person: PersonId) -> PersonRow {
    app.catch_up().await;
    app.views().find(person, None).await.unwrap().unwrap()
}

on_each_engine!(an_address_is_proven_by_what_was_mailed_to_it);
async fn an_address_is_proven_by_what_was_mailed_to_it(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let person =
        register_and_start(&app, &office, "Zofia", "zofia@example.org", "Soup and song").await;
    assert_eq!(
        row(&app, person).await.known_email,
        None,
        "typed is not shown"
    );
    assert!(
        row(&app, office.ada).await.known_email.is_some(),
        "whom the operator registered is known"
    );
    let before = link_in(&sign_in_mail(&app, person).await);
    // The link went to the previous address, so it does not prove the new one.
    let change = json!({ "name": "Zofia", "email": "victim@example.org" });
    ApiCommands { house: &app }
        .issue_ok(person, "person/change-contact", person.0, change)
        .await;
    let mut browser = Browser::new(&address);
    let page = browser.get(&before);
    if page.contains("name=\"csrf\"") {
        browser.submit_form(&page, &before, &[]);
    }
    let known = row(&app, person).await;
    assert!(
        known.known_email.is_none() || known.known_email != known.email,
        "it proves the address that it went to, or nothing"
    );
    open_link(&address, &link_in(&sign_in_mail(&app, person).await), &[]);
    let known = row(&app, person).await;
    assert!(
        known.known_email.is_some() && known.known_email == known.email,
        "signing in by a mail to it shows that it is theirs"
    );
    let length = app.log.length().await.unwrap();
    open_link(&address, &link_in(&sign_in_mail(&app, person).await), &[]);
    assert_eq!(app.log.length().await.unwrap(), length, "once is enough");
}

on_each_engine!(a_link_signs_in_without_joining);
async fn a_link_signs_in_without_joining(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (group, member) = office.group(&app).await;
    let invited = person(&app, "Dee").await;
    app.catch_up().await;
    let link = async || {
        let invited = NewSignInLink {
            person: invited,
            joins: Some((group.0, member)),
            valid_minutes: 30,
            by_mail: false,
        };
        format!(
            "/sign-in/{}",
            links::issue(&app.commands, invited).await.unwrap().token
        )
    };
    let is_member = async || {
        app.log
            .refresh::<Group>(group.0)
            .await
            .unwrap()
            .state
            .has_member(invited)
    };
    let shown = Browser::new(&address).get(&link().await);
    assert!(
        shown.contains("Yes, I belong to Soup and song") && !shown.contains(" checked"),
        "{}",
        visible_text(&shown)
    );
    let page = open_link(&address, &link().await, &[]);
    assert_eq!((page.status, page.path.as_str()), (200, "/my"));
    assert!(!is_member().await, "signing in is not joining");
    open_link(&address, &link().await, &[("join", "yes")]);
    assert!(is_member().await);
}

on_each_engine!(names_are_seen_and_one_address_is_one_person);
async fn names_are_seen_and_one_address_is_one_person(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let client = serve(&app, office.ada);
    let long = "x".repeat(101);
    let group = json!({ "name": "Soup", "area": "oldham", "standing": "new" });
    let with = |mut body: Value, name: &str, value: &str| {
        body[name] = json!(value);
        body
    };
    for bad in [
        "\u{200b}",
        "\u{3164}",
        "\u{301}",
        "Soup\u{3164}",
        "Go to https://evil.example",
        "www.evil.example",
        &long,
    ] {
        client
            .post("/api/v1/people", &json!({ "name": bad }))
            .assert_problem(422, "invalid_field");
        client
            .post("/api/v1/groups", &with(group.clone(), "name", bad))
            .assert_problem(422, "invalid_field");
    }
    let said = client.post(
        "/api/v1/organisation/publish-agreement",
        &json!({ "text": "\u{3164}" }),
    );
    said.assert_problem(422, "invalid_field");
    assert_eq!(said.body["field"], "text");
    // Different spellings of an address belong to one person.
    let register = |email: &str| {
        client.post(
            "/api/v1/people",
            &json!({ "name": "Morgan", "email": email }),
        )
    };
    assert_eq!(register("morgan@example.org").status, 201);
    for twin in [
        "Morgan@Example.ORG",
        "ｍｏｒｇａｎ@example.org",
        "morgan@ｅｘａｍｐｌｅ.org",
        "morgan@example\u{3002}org",
        "mor\u{200b}gan@example.org",
        "morgan@exam\u{ad}ple.org",
        "mailto:morgan@example.org",
        "Morgan Price <morgan@example.org>",
    ] {
        register(twin).assert_problem(409, "taken");
    }
    for twin in ["m\u{43e}rgan@example.org", "morgan\u{301}@example.org"] {
        register(twin).assert_problem(422, "invalid_field");
    }
    assert_eq!(register("morgan@b\u{fc}cher.example").status, 201);
    register("morgan@bu\u{308}cher.example").assert_problem(409, "taken");
}

on_each_engine!(addresses_that_resemble_each_other_are_marked);
async fn addresses_that_resemble_each_other_are_marked(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let api = ApiCommands { house: &app };
    let of = |email: &str| json!({ "name": "Morgan", "email": email });
    let (one, other) = (Uuid::from_u128(81), Uuid::from_u128(82));
    api.issue_ok(
        office.ada,
        "person/register",
        one,
        of("mor.gan+officer@example.org"),
    )
    .await;
    api.issue_ok(
        office.ada,
        "person/register",
        other,
        of("morgan@example.org"),
    )
    .await;
    api.give_role(&office, PersonId(one), "officer").await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    assert!(
        !ada.get("/desk/people")
            .contains("almost the same as another"),
        "one of the two has no role"
    );
    let page = ada.get(&format!("/desk/people/{other}"));
    assert!(
        page.contains("perhaps the same inbox"),
        "before a role is proposed: {}",
        visible_text(&page)
    );
    api.give_role(&office, PersonId(other), "finance").await;
    app.catch_up().await;
    assert_eq!(
        ada.get("/desk/people")
            .text
            .matches("almost the same as another")
            .count(),
        2
    );
}
