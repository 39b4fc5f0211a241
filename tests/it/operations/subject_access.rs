//! Subject access: one readable file with everything encrypted under a subject's key, and nothing
//! after erasure.

use crate::pages::journeys::{serve_office, signed_in};
use crate::support::fixtures::FORM_ANSWER;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

on_each_engine!(everything_on_a_group_and_a_person_is_in_one_file);
async fn everything_on_a_group_and_a_person_is_in_one_file(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    let (grant, group, member) = office.prepared(&house, 900).await;
    let update = serde_json::json!({ "update": 1, "channel": "web", "words": "We sang every week", "learned": "Chairs matter", "people": 12,
        "volunteers": 3, "spent": "900.00", "outcomes": [], "files": [], "consent": true });
    let _ = house
        .issue(
            member,
            command_from_json("grant", grant.0, "receive-update", &update),
        )
        .await;
    let contact = serde_json::json!({ "postcode": "OL1 1AA", "telephone": "0161 496 0000" });
    house
        .issue_ok(
            member,
            command_from_json("group", group.0, "set-contact", &contact),
        )
        .await;
    house.catch_up().await;
    let sealed = house.log.vault().decrypt_all(group.0).await.unwrap();
    assert!(sealed.len() > 5, "{sealed:?}");
    let mut browser = signed_in(&house, &address, office.ada).await;
    let file = browser.get(&format!("/desk/groups/{group}/held"));
    assert_eq!(file.headers["content-type"], "text/plain; charset=utf-8");
    for value in sealed.values().map(String::as_str).chain([
        FORM_ANSWER,
        "12345678",
        "OL1 1AA",
        "£900".trim_start_matches('£'),
    ]) {
        let said = value.replace('\n', "\n    ");
        assert!(file.contains(&said), "{value} is missing in {}", file.text);
    }
    let person = browser.get(&format!("/desk/people/{member}/held"));
    for value in house
        .log
        .vault()
        .decrypt_all(member.0)
        .await
        .unwrap()
        .values()
    {
        assert!(
            person.contains(value),
            "{value} is missing in {}",
            person.text
        );
    }
    assert!(
        person.contains("Agreement accepted") && person.contains("Where they are signed in"),
        "{}",
        person.text
    );
    let mut own = signed_in(&house, &address, member).await;
    let mine = own.get("/account/held");
    assert!(
        mine.contains("Agreement accepted") && mine.contains("holds on you"),
        "{}",
        mine.text
    );
    assert_eq!(
        own.get(&format!("/desk/groups/{group}/held")).status,
        404,
        "a group's file is handed out by the office"
    );
    let erase = command_from_json(
        "person",
        member.0,
        "erase",
        &serde_json::json!({ "reason": "They asked" }),
    );
    let ask = command_from_json(
        "person",
        member.0,
        "request-erasure",
        &serde_json::json!({}),
    );
    house.issue_ok(member, ask).await;
    house.issue_ok(office.ada, erase).await;
    house.catch_up().await;
    let after = browser.get(&format!("/desk/people/{member}/held"));
    assert!(
        after.contains("(erased)") && !after.contains("Cass"),
        "{}",
        after.text
    );
}
