//! A panel's evening in the browser: scoring, the meeting's form, its review page, and the letters
//! that are held.

use crate::pages::journeys::{serve_office, signed_in, visible_text};
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
    assert!(!page.contains(" checked"), "nothing is chosen");
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
    assert_eq!(next.path, format!("{round}/score/{second}"));
    let pack = browser.get(&round);
    assert!(pack.contains("12.0"), "{}", visible_text(&pack));
}

on_each_engine!(a_meeting_is_checked_before_it_is_recorded);
#[expect(clippy::too_many_lines, reason = "one journey, step by step")]
async fn a_meeting_is_checked_before_it_is_recorded(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (first, ..) = office.ready(&app, 700).await;
    let (second, ..) = office.ready(&app, 800).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let round = format!("/desk/panel/{}/first", office.fund);
    let page = browser.get(&format!("{round}/record"));
    let named = |name: &str, id| format!("{name}-{id}");
    let [to_award, to_decline] = [named("verdict", first), named("verdict", second)];
    let [amount, title, words] = ["amount", "title", "description"].map(|name| named(name, first));
    let [reason, message] = ["reason", "message"].map(|name| named(name, second));
    let (today, letters_on) = (app.today().to_string(), app.in_days(5).to_string());
    let (ends_on, due_on) = (app.in_days(90).to_string(), app.in_days(100).to_string());
    let mut fields = vec![
        ("met_on", today.as_str()),
        ("letters_on", letters_on.as_str()),
        ("ends_on", ends_on.as_str()),
        ("update_due_on", due_on.as_str()),
        (to_award.as_str(), "award"),
        (amount.as_str(), "700"),
        (title.as_str(), "Soup on Mondays"),
        (words.as_str(), "Neighbours cook."),
        (to_decline.as_str(), "no"),
        (reason.as_str(), "No leader."),
    ];
    let before = app.log.length().await.unwrap();

    let check = format!("{round}/check");
    let wrong = browser.submit_form(&page, &check, &fields);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.contains("write what the group will read") && wrong.contains("Soup on Mondays"),
        "{}",
        visible_text(&wrong)
    );
    fields.push((message.as_str(), "Tell us who would run it."));
    let total = browser.submit_form(&wrong, &format!("{round}/record"), &fields);
    assert!(
        total.status == 200 && total.contains("£700"),
        "{}",
        visible_text(&total)
    );
    let review = browser.submit_form(&total, &check, &fields);
    assert!(
        review.status == 200 && review.contains("Tell us who would run it."),
        "{} {}",
        review.status,
        visible_text(&review)
    );
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing is recorded yet"
    );

    let action = format!("/desk/do/meeting/{}/first", office.fund);
    let letters = browser.submit_form(&review, &action, &fields);
    assert_eq!(
        letters.path.split('?').next(),
        Some(format!("{round}/letters").as_str())
    );
    assert!(
        letters.contains("Release now") && letters.contains("Tell us who would run it."),
        "{}",
        visible_text(&letters)
    );
    let letters_page = format!("{round}/letters");
    let release = format!("/desk/do/funds/{}/release-letters", office.fund);
    let released = browser.submit_form(
        &letters,
        &release,
        &[
            ("round", "first"),
            ("met_on", today.as_str()),
            ("at", letters_page.as_str()),
        ],
    );
    assert!(
        released.contains("No letter is held") && !released.contains("Release now"),
        "{}",
        visible_text(&released)
    );
}
