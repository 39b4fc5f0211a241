//! The aims: adopting them at the desk, and what everyone reads of them.

use microgrants::domain::Role;
use microgrants::projections::OrganisationRow;
use serde_json::json;

use crate::domain::connections::ApiCommands;
use crate::pages::journeys::{register_zofia, serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

const AIMS: &str = "/desk/texts/aims";
const STRENGTHS: &str = "Very strongly\nFairly strongly\nNot very strongly\nNot at all strongly";
const BELONGING: &str = "How strongly do you feel you belong to your immediate neighbourhood?";

fn assert_shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text}: {}", visible_text(page));
    }
}

/// Sends the form of the aims.
fn adopt(desk: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = desk.get(AIMS);
    let own = [("at", AIMS), ("form", "aims")];
    desk.submit_form(&page, "/desk/do/aims", &[&own[..], fields].concat())
}

/// The fields of an aim with one question.
fn fields(words: &str) -> Vec<(&str, &str)> {
    vec![
        ("name-0", "People meet"),
        ("level-0", "1"),
        ("counts-0", "sessions"),
        ("counts-0", "people"),
        ("name-1", "People belong"),
        ("name-1-pl", "Ludzie czują się u siebie"),
        ("level-1", "4"),
        ("question-1-0", "belonging"),
        ("words-1-0", words),
        ("options-1-0", STRENGTHS),
        ("source-1-0", "Community Life Survey"),
        ("licence-1-0", "Open Government Licence v3.0"),
    ]
}

async fn organisation(app: &TestApp) -> OrganisationRow {
    app.catch_up().await;
    let id = app.commands.organisation();
    let found = app.views().find(id, None).await.unwrap();
    found.expect("the organisation")
}

on_each_engine!(aims_are_adopted_and_a_changed_question_is_a_new_one);
async fn aims_are_adopted_and_a_changed_question_is_a_new_one(app: TestApp) {
    // Given an administrator, who finds the official questions to start from.
    let (office, address) = serve_office(&app).await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get(AIMS);
    assert_shows(
        &page,
        &["How often do you feel lonely?", "https://www.ons.gov.uk"],
    );

    // When something is missing, then what was typed is still there.
    let wrong = adopt(&mut desk, &[("name-0", "People meet"), ("level-0", "1")]);
    assert_eq!(wrong.status, 422);
    let says = "Tick what is counted, or enter what people are asked";
    assert_shows(&wrong, &[says, "value=\"People meet\""]);

    // When they are adopted, and then a question gets other words.
    let saved = adopt(&mut desk, &fields(BELONGING));
    assert_shows(&saved, &["Aims saved"]);
    let own = organisation(&app).await;
    assert_eq!((own.aims_version, own.aims.len()), (1, 2));
    assert_eq!(own.aims[1].questions[0].question.as_str(), "belonging");
    let saved = adopt(&mut desk, &fields("Do you feel at home here?"));
    assert_shows(&saved, &["Aims saved"]);

    // Then it is a question of its own, and others may not choose the aims.
    let own = organisation(&app).await;
    let question = own.aims[1].questions[0].question.as_str();
    assert_eq!(question, "do-you-feel-at-home-here-v2");
    let officer = register_zofia(&app, "officer@example.org").await;
    office.give_role(&app, officer, Role::Officer).await;
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, officer).await;
    assert_eq!(desk.get(AIMS).status, 403);
    assert_shows(&desk.get("/desk/aims"), &["People belong", "Year before"]);
}

on_each_engine!(few_answers_are_fewer_than_five_for_everyone_outside);
async fn few_answers_are_fewer_than_five_for_everyone_outside(app: TestApp) {
    // Given aims, and a group that asked four people and later twelve.
    let (office, address) = serve_office(&app).await;
    let (group, _) = office.group(&app).await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    assert_shows(&adopt(&mut desk, &fields(BELONGING)), &["Aims saved"]);
    let api = ApiCommands { house: &app };
    for (counts, occasion) in [
        (
            json!({ "very-strongly": 3, "fairly-strongly": 1 }),
            "baseline",
        ),
        (
            json!({ "very-strongly": 5, "fairly-strongly": 7 }),
            "follow_up",
        ),
    ] {
        let tally = json!({
            "version": 1,
            "question": "belonging",
            "counts": counts,
            "asked_on": app.today(),
            "occasion": occasion,
        });
        api.issue_ok(office.ada, "group/give-tally", group.0, tally)
            .await;
    }
    app.catch_up().await;

    // Then the page of impact has both next to each other, without the four.
    let mut visitor = Browser::new(&address);
    let page = visitor.get("/impact");
    let beside = [
        "What we hope for",
        BELONGING,
        "fewer than five",
        "5 (42%)",
        "7 (58%)",
    ];
    assert_shows(&page, &beside);
    assert_shows(
        &page,
        &["<caption", "scope=\"row\"", "Community Life Survey"],
    );
    assert!(!page.contains("3 (75%)"), "{}", visible_text(&page));
    assert!(!page.contains("<script"), "no page has a script");

    // Then the office sees every number.
    assert_shows(&desk.get("/desk/aims"), &["3 (75%)", "1 (25%)", "5 (42%)"]);
}
