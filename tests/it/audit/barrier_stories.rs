//! The story of a barrier, from an exported folder.

use microgrants::audit::{self, FolderCheck};
use microgrants::clock::new_id;
use microgrants::domain::PersonId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::books::export_log;
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

async fn issue(app: &TestApp, by: PersonId, (id, name): (Uuid, &str), body: &Value) {
    let command = command_from_json("barrier", id, name, body);
    app.issue_ok(by, command).await;
}

on_each_engine!(a_barrier_is_told_without_the_words_of_whoever_raised_it);
async fn a_barrier_is_told_without_the_words_of_whoever_raised_it(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let nia = person(&app, "Nia").await;
    let [first, second] = [new_id(), new_id()];
    for (id, words) in [(first, "marigold one"), (second, "marigold two")] {
        let raised = json!({ "person": nia, "words": words });
        issue(&app, nia, (id, "raise"), &raised).await;
    }
    let into = json!({ "into": first });
    issue(&app, office.ada, (second, "join"), &into).await;
    let summary = json!({ "summary": "Clinics close early." });
    issue(&app, office.ada, (first, "sum-up"), &summary).await;
    let pass_on = json!({
        "to": "The hospital trust",
        "asked": "Can a clinic open in the evening?",
        "due_on": app.in_days(5),
    });
    issue(&app, office.ada, (first, "pass-on"), &pass_on).await;
    let answer = json!({ "answer": "It opens in May.", "comes_to": "planned" });
    issue(&app, office.ada, (first, "record-answer"), &answer).await;
    app.catch_up().await;

    let folder = export_log(&app).await;
    let check = FolderCheck::of(&folder).unwrap();
    let story = audit::explain_barrier(&folder, &check, first).unwrap();
    let story = story.expect("a barrier");
    assert_eq!(story.verdict, "It was answered, and a change is planned.");
    assert_eq!(
        story.missing,
        ["Nobody said that the planned change was made."]
    );
    let text = story.to_string();
    for says in [
        "Clinics close early.",
        "which 1 person raised, was joined to it.",
        "passed it on to The hospital trust",
        "It opens in May.",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert!(!text.contains("marigold"), "{text}");
    let unknown = audit::explain_barrier(&folder, &check, Uuid::nil()).unwrap();
    assert!(unknown.is_none());
}
