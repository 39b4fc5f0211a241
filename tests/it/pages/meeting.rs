//! A panel's evening in the browser: scoring, the meeting's form, its review page, and the letters
//! that are held.

use microgrants::domain::{ApplicationId, FundId};
use serde_json::json;

use crate::pages::journeys::{serve_office, signed_in, signed_in_officer, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::scenario::command_from_json;
use crate::support::steps::score;
use crate::support::test_app::TestApp;

on_each_engine!(an_application_is_scored_with_no_value_chosen_before);
async fn an_application_is_scored_with_no_value_chosen_before(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (first, ..) = office.ready(&app, 700).await;
    let (second, ..) = office.ready(&app, 800).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let round = format!("/desk/panel/{}/first", office.fund);

    let page = browser.get(&format!("{round}/score"));
    assert_eq!(page.path, format!("{round}/score/{first}"));
    assert!(!page.contains("\" checked>"), "nothing is chosen");
    let says = visible_text(&page);
    for part in [
        "£700",
        "2 of 2 still to score",
        "What the office found",
        "Eligible: ",
        "its first application.",
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
    let action = format!("/desk/do/score/{}/first/{first}", office.fund);
    let missing = browser.submit_form(&page, &action, &[("need", "4"), ("note", "Good")]);
    assert_eq!(missing.status, 422);
    assert!(
        missing.contains("People: choose from 0 to 5")
            && missing.contains("Local: choose from 0 to 5")
            && !missing.contains("Need: choose"),
        "{}",
        visible_text(&missing)
    );
    let points = [
        ("need", "4"),
        ("people", "3"),
        ("local", "5"),
        ("note", "Good"),
    ];
    let next = browser.submit_form(&missing, &action, &points);
    assert!(
        next.path
            .starts_with(&format!("{round}/score/{second}?done="))
            && next.contains("Score saved."),
        "{}",
        next.path
    );
    let skipped = browser.get(&format!("{round}/score?after={second}"));
    assert!(
        skipped.path == round && !skipped.contains("Score saved."),
        "{}",
        skipped.path
    );
    assert!(next.contains("1 of 2 still to score"));
    let pack = browser.get(&round);
    assert!(pack.contains("12.0"), "{}", visible_text(&pack));
}

on_each_engine!(someone_who_gives_no_score_sees_the_mean_after_declaring);
async fn someone_who_gives_no_score_sees_the_mean_after_declaring(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (application, ..) = office.ready(&app, 700).await;
    app.issue_ok(office.ada, score(application)).await;
    let mut officer = signed_in_officer(&app, &office, &address).await;
    let round = format!("/desk/panel/{}/first", office.fund);
    let path = format!("/desk/applications/{application}");

    let pack = officer.get(&round);
    assert!(
        pack.contains("Declare first")
            && !pack.contains("after yours")
            && !pack.contains("scorebar"),
        "{}",
        visible_text(&pack)
    );
    let page = officer.get(&format!("{path}?do=declare-none"));
    let declared = officer.submit_form(
        &page,
        &format!("/desk/do/applications/{application}/declare"),
        &[("at", &path), ("form", "declare-none")],
    );
    assert_eq!(declared.status, 200, "{}", visible_text(&declared));
    let pack = officer.get(&round);
    assert!(
        pack.contains("scorebar")
            && pack.contains("1 score only")
            && !pack.contains("Declare first"),
        "{}",
        visible_text(&pack)
    );
}

/// The fields of a meeting that awards £700 to one application and declines another. The message to
/// the declined group is missing.
fn meeting(app: &TestApp, award: ApplicationId, decline: ApplicationId) -> Vec<(String, String)> {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let of = |name: &str, id: ApplicationId, value: &str| field(&format!("{name}-{id}"), value);
    vec![
        field("met_on", &app.today().to_string()),
        field("letters_on", &app.in_days(5).to_string()),
        field("ends_on", &app.in_days(90).to_string()),
        field("update_due_on", &app.in_days(100).to_string()),
        of("verdict", award, "award"),
        of("amount", award, "700"),
        of("title", award, "Soup on Mondays"),
        of("description", award, "Neighbours cook."),
        of("verdict", decline, "no"),
        of("reason", decline, "No leader."),
    ]
}

/// Submits a form with these fields.
fn send(browser: &mut Browser, page: &Page, path: &str, fields: &[(String, String)]) -> Page {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.submit_form(page, path, &fields)
}

/// Releases the letters that a page lists, before their day.
fn release(browser: &mut Browser, letters: &Page, fund: FundId, met_on: &str) -> Page {
    let at = format!("/desk/panel/{fund}/first/letters");
    browser.submit_form(
        letters,
        &format!("/desk/do/funds/{fund}/release-letters"),
        &[("round", "first"), ("met_on", met_on), ("at", &at)],
    )
}

on_each_engine!(a_meeting_is_recorded_from_the_list_of_rounds);
async fn a_meeting_is_recorded_from_the_list_of_rounds(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    office.ready(&app, 700).await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let open = ada.get("/desk/panel");
    app.pass_days(31);

    // When
    for step in ["close-round", "start-deciding"] {
        let body = json!({ "round": "first" });
        app.issue_ok(
            office.ada,
            command_from_json("fund", office.fund.0, step, &body),
        )
        .await;
    }
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let decides = ada.get("/desk/panel");

    // Then
    let record = format!("href=\"/desk/panel/{}/first/record\"", office.fund);
    assert!(!open.contains(&record), "{}", visible_text(&open));
    assert!(decides.contains(&record), "{}", visible_text(&decides));
}

on_each_engine!(a_meeting_is_checked_before_it_is_recorded);
async fn a_meeting_is_checked_before_it_is_recorded(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (first, ..) = office.ready(&app, 700).await;
    let (second, ..) = office.ready(&app, 800).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let round = format!("/desk/panel/{}/first", office.fund);
    let page = browser.get(&format!("{round}/record"));
    let mut fields = meeting(&app, first, second);
    let before = app.log.length().await.unwrap();

    let check = format!("{round}/check");
    let wrong = send(&mut browser, &page, &check, &fields);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.contains("write what you want to tell the group")
            && wrong.contains("Soup on Mondays")
            && wrong.contains("</span>Write what you want to tell the group</p>")
            && wrong.contains(&format!("href=\"#meeting-message-{second}\""))
            && wrong.contains(&format!(
                "id=\"meeting-message-{second}\" aria-invalid=\"true\""
            )),
        "{}",
        visible_text(&wrong)
    );
    let message = "Tell us who would run it.";
    fields.push((format!("message-{second}"), message.to_owned()));
    let total = send(&mut browser, &wrong, &format!("{round}/record"), &fields);
    assert!(
        total.status == 200 && total.contains("£700") && total.contains("Last counted at"),
        "{}",
        visible_text(&total)
    );
    let review = send(&mut browser, &total, &check, &fields);
    assert!(
        review.status == 200 && review.contains(message),
        "{} {}",
        review.status,
        visible_text(&review)
    );
    assert!(
        !visible_text(&review).contains("phone us on ."),
        "{}",
        visible_text(&review)
    );
    let after = app.log.length().await.unwrap();
    assert_eq!(after, before, "nothing is recorded yet");

    let action = format!("/desk/do/meeting/{}/first", office.fund);
    let letters = send(&mut browser, &review, &action, &fields);
    let path = letters.path.split('?').next();
    assert_eq!(path, Some(format!("{round}/letters").as_str()));
    assert!(
        letters.contains("Release now") && letters.contains(message),
        "{}",
        visible_text(&letters)
    );
    let met_on = app.today().to_string();
    let released = release(&mut browser, &letters, office.fund, &met_on);
    assert!(
        released.contains("No letter is held")
            && released.contains("2 letters went out.")
            && !released.contains("Release now"),
        "{}",
        visible_text(&released)
    );
}
