//! Subject access: one readable file with everything encrypted under a subject's key, and nothing
//! after erasure.

use microgrants::clock::new_id;
use microgrants::domain::{GroupId, PersonId};
use serde_json::{Value, json};

use crate::pages::journeys::{serve_office, signed_in};
use crate::support::fixtures::{FORM_ANSWER, Office};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// A group with a grant and a contact, and its member.
struct Subjects {
    group: GroupId,
    member: PersonId,
}

impl Subjects {
    async fn with_personal_data(app: &TestApp, office: &Office) -> Self {
        let (grant, group, member) = office.prepared(app, 900).await;
        let update = json!({
            "update": 1, "channel": "web", "words": "We sang every week",
            "learned": "Chairs matter", "people": 12, "volunteers": 3, "spent": "900.00",
            "outcomes": [], "files": [], "consent": true,
        });
        let _ = app
            .issue(
                member,
                command_from_json("grant", grant.0, "receive-update", &update),
            )
            .await;
        let contact = json!({ "postcode": "OL1 1AA", "telephone": "0161 496 0000" });
        app.issue_ok(
            member,
            command_from_json("group", group.0, "set-contact", &contact),
        )
        .await;
        let barrier = json!({
            "person": member, "group": group, "words": "The hall has nine steps",
            "channel": "phone",
        });
        let raise = command_from_json("barrier", new_id(), "raise", &barrier);
        app.issue_ok(office.ada, raise).await;
        app.catch_up().await;
        Self { group, member }
    }

    fn group_file(&self) -> String {
        format!("/desk/groups/{}/held", self.group)
    }

    fn person_file(&self) -> String {
        format!("/desk/people/{}/held", self.member)
    }
}

on_each_engine!(everything_on_a_group_is_in_one_file);
async fn everything_on_a_group_is_in_one_file(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let subjects = Subjects::with_personal_data(&app, &office).await;
    let decrypted = app.log.vault().decrypt_all(subjects.group.0).await.unwrap();
    assert!(decrypted.len() > 5, "{decrypted:?}");

    // When
    let mut officer = signed_in(&app, &address, office.ada).await;
    let file = officer.get(&subjects.group_file());
    let mut member = signed_in(&app, &address, subjects.member).await;
    let refused = member.get(&subjects.group_file());

    // Then
    assert_eq!(file.headers["content-type"], "text/plain; charset=utf-8");
    for value in decrypted.values().map(String::as_str).chain([
        FORM_ANSWER,
        "12345678",
        "OL1 1AA",
        "£900".trim_start_matches('£'),
    ]) {
        let said = value.replace('\n', "\n    ");
        assert!(file.contains(&said), "{value} is missing in {}", file.text);
    }
    assert_eq!(
        refused.status, 404,
        "a group's file is handed out by the office"
    );
}

on_each_engine!(everything_on_a_person_is_in_one_file);
async fn everything_on_a_person_is_in_one_file(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let subjects = Subjects::with_personal_data(&app, &office).await;

    // When
    let mut officer = signed_in(&app, &address, office.ada).await;
    let file = officer.get(&subjects.person_file());
    let mut member = signed_in(&app, &address, subjects.member).await;
    let own = member.get("/account/held");

    // Then
    let decrypted = app
        .log
        .vault()
        .decrypt_all(subjects.member.0)
        .await
        .unwrap();
    for value in decrypted.values() {
        assert!(file.contains(value), "{value} is missing in {}", file.text);
    }
    assert!(
        file.contains("Agreement accepted") && file.contains("Where they are signed in"),
        "{}",
        file.text
    );
    assert!(
        own.contains("Agreement accepted") && own.contains("holds about you"),
        "{}",
        own.text
    );
}

on_each_engine!(nothing_on_an_erased_person_is_in_their_file);
async fn nothing_on_an_erased_person_is_in_their_file(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let subjects = Subjects::with_personal_data(&app, &office).await;
    let mut officer = signed_in(&app, &address, office.ada).await;
    let on_person =
        |name: &str, body: &Value| command_from_json("person", subjects.member.0, name, body);

    app.issue_ok(subjects.member, on_person("request-erasure", &json!({})))
        .await;
    app.issue_ok(
        office.ada,
        on_person("erase", &json!({ "reason": "They asked" })),
    )
    .await;
    app.catch_up().await;

    let file = officer.get(&subjects.person_file());
    assert!(
        file.contains("(erased)") && !file.contains("Cass"),
        "{}",
        file.text
    );
}
