//! The notice after an action names the people of the group who get a message about it.

use microgrants::domain::ApplicationId;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::reach_by_phone_only;
use crate::support::test_app::TestApp;

/// Asks the group of an application a question, on its page at the desk.
fn ask(app: &TestApp, browser: &mut Browser, application: ApplicationId) -> Page {
    let at = format!("/desk/applications/{application}");
    let due_on = app.in_days(14).to_string();
    let page = browser.get(&at);
    browser.submit_form(
        &page,
        &format!("/desk/do/applications/{application}/request-changes"),
        &[
            ("at", &at),
            ("form", "request-changes"),
            ("questions:list", "idea"),
            ("note", "Who will come?"),
            ("due_on", &due_on),
        ],
    )
}

on_each_engine!(a_notice_names_those_who_are_emailed_and_those_to_phone);
async fn a_notice_names_those_who_are_emailed_and_those_to_phone(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (first, ..) = office.submitted(&app, 700).await;
    let (second, _, member) = office.submitted(&app, 800).await;
    reach_by_phone_only(&app, member, "Zofia Nowak").await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;

    let asked = ask(&app, &mut ada, first);
    assert!(
        asked.contains("Question sent.") && asked.contains("We email Cass."),
        "{}",
        visible_text(&asked)
    );
    let by_hand = ask(&app, &mut ada, second);
    assert!(
        by_hand.contains("Zofia Nowak has no email: phone or write to them.")
            && by_hand.contains("href=\"/desk/tell\">People to phone or write to")
            && !by_hand.contains("We email"),
        "{}",
        visible_text(&by_hand)
    );
    let mut ben = signed_in(&app, &address, office.ben).await;
    let others = ben.get(&asked.path);
    assert!(
        others.status == 200 && !others.contains("We email"),
        "a link with the same parameter says nothing to others: {}",
        visible_text(&others)
    );
}
