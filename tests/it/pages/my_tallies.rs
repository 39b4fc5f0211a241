//! How people feel: slips to print, and the numbers that a group or the office counts from them.

use microgrants::domain::aim::starter_aims;
use serde_json::json;
use uuid::Uuid;

use crate::domain::connections::ApiCommands;
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

const LONELY: &str = "How often do you feel lonely?";

fn assert_shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text}: {}", visible_text(page));
    }
}

async fn adopt_starter_aims(app: &TestApp, office: &Office) {
    let organisation = app.commands.organisation().0;
    let aims = json!({ "aims": starter_aims() });
    ApiCommands { house: app }
        .issue_ok(office.ada, "organisation/adopt-aims", organisation, aims)
        .await;
    app.catch_up().await;
}

/// Sends a form of the group's pages.
fn send(browser: &mut Browser, at: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(at);
    assert_eq!(page.status, 200, "{at}: {}", visible_text(&page));
    let own = [("form", "feelings")];
    browser.submit_form(&page, at, &[&own[..], fields].concat())
}

on_each_engine!(a_group_counts_slips_without_names);
async fn a_group_counts_slips_without_names(app: TestApp) {
    // Given aims, and a member of a group.
    let (office, address) = serve_office(&app).await;
    adopt_starter_aims(&app, &office).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let at = format!("/my/groups/{group}/feelings");
    assert_shows(&browser.get("/my"), &[&at]);
    assert_shows(&browser.get(&at), &["How are people feeling?", LONELY]);

    // Then there are slips to print, each with the question and a box for each answer.
    let slips = browser.get(&format!("{at}/slips?question=lonely"));
    assert_eq!(slips.text.matches("class=\"slip flow\"").count(), 8);
    assert_eq!(slips.text.matches("class=\"box\"").count(), 8 * 5);
    assert_shows(&slips, &["Occasionally", "write no name"]);

    // When what was typed is wrong, then it is still there.
    let (ask, today) = (format!("{at}/ask/lonely"), app.today().to_string());
    let when = [("occasion", "baseline"), ("asked_on", today.as_str())];
    for (count, says) in [
        ("many", "Enter a number of people, such as 7"),
        ("1", "Ask at least two people"),
    ] {
        let never = [("counts.never:number", count)];
        let wrong = send(&mut browser, &ask, &[&never[..], &when].concat());
        assert_eq!(wrong.status, 422);
        let typed = format!("value=\"{count}\"");
        assert_shows(&wrong, &[says, &typed, "There is a problem"]);
    }
    let tomorrow = app.in_days(1).to_string();
    let to_come = [
        ("counts.never:number", "6"),
        ("occasion", "follow_up"),
        ("asked_on", tomorrow.as_str()),
    ];
    let wrong = send(&mut browser, &ask, &to_come);
    assert_shows(&wrong, &["This day is still to come", "value=\"6\""]);

    // When four people answered, then the group's own page says fewer than five.
    let few = [
        ("counts.never:number", "3"),
        ("counts.often-always:number", "1"),
    ];
    let saved = send(&mut browser, &ask, &[&few[..], &when].concat());
    assert_shows(
        &saved,
        &["We have the numbers", "fewer than five", "At the beginning"],
    );
    app.catch_up().await;

    correct_one(&app, &mut browser, &at).await;

    // Then nobody else sees the page.
    let other = person(&app, "Other").await;
    app.catch_up().await;
    let mut other = signed_in(&app, &address, other).await;
    assert_eq!(other.get(&at).status, 404);
    assert_eq!(other.get(&ask).status, 404);
}

/// A correction needs a reason, and replaces the numbers.
async fn correct_one(app: &TestApp, browser: &mut Browser, at: &str) {
    let correct = format!("{at}/correct/1");
    let counted = [
        ("counts.never:number", "9"),
        ("counts.often-always:number", "6"),
    ];
    let wrong = send(browser, &correct, &counted);
    assert_shows(&wrong, &["Write what was wrong", "value=\"9\""]);
    let reason = [("reason", "We missed some slips.")];
    let saved = send(browser, &correct, &[&counted[..], &reason].concat());
    assert_shows(
        &saved,
        &["We have the corrected numbers", "People who answered: 15"],
    );
    app.catch_up().await;
    assert_eq!(browser.get(&format!("{at}/correct/2")).status, 404);
}

on_each_engine!(staff_count_slips_of_a_gathering);
async fn staff_count_slips_of_a_gathering(app: TestApp) {
    // Given an open gathering.
    let (office, address) = serve_office(&app).await;
    adopt_starter_aims(&app, &office).await;
    let id = microgrants::clock::new_id();
    let plan = json!({
        "kind": "circle",
        "about": { "title": "Soup and plans", "description": "We cook and talk." },
        "leads": [office.ada],
    });
    let session = json!({ "day": app.in_days(1), "starts_at": "18:00", "ends_at": "20:00" });
    for (name, body) in [
        ("plan", plan),
        ("add-session", session),
        ("open", json!({})),
    ] {
        let command = command_from_json("gathering", id, name, &body);
        app.issue_ok(office.ada, command).await;
    }
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let at = format!("/desk/gatherings/{id}/tallies");
    assert_shows(&desk.get(&at), &[LONELY, "Slips to print"]);
    let slips = desk.get(&format!("/desk/gatherings/{id}/slips"));
    assert_shows(&slips, &[LONELY, "class=\"box\""]);

    // When nothing is entered, and then numbers.
    let ask = format!("{at}?question=lonely");
    let to = format!("/desk/do/gatherings/{id}/give-tally");
    let today = app.today().to_string();
    let own = [
        ("at", ask.as_str()),
        ("form", "give-tally"),
        ("version:number", "1"),
        ("question", "lonely"),
        ("counts:json", "{}"),
        ("occasion", "baseline"),
        ("asked_on", today.as_str()),
    ];
    let page = desk.get(&ask);
    let wrong = desk.submit_form(&page, &to, &own);
    assert_shows(&wrong, &["There is a problem", &today]);
    let page = desk.get(&ask);
    let counted = [
        ("counts.never:number", "3"),
        ("counts.occasionally:number", "1"),
    ];
    let saved = desk.submit_form(&page, &to, &[&own[..], &counted].concat());
    assert_shows(&saved, &["Numbers saved", "People who answered: 4"]);
    app.catch_up().await;

    correct_at_desk(&mut desk, id);
}

on_each_engine!(staff_enter_the_numbers_of_a_group);
async fn staff_enter_the_numbers_of_a_group(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (group, _) = office.group(&app).await;
    adopt_starter_aims(&app, &office).await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let at = format!("/desk/groups/{group}/tallies");
    let record = desk.get(&format!("/desk/groups/{group}"));
    assert_shows(&record, &["How people feel", &at]);
    let slips = desk.get(&format!("/desk/groups/{group}/slips"));
    assert_shows(&slips, &[LONELY, "class=\"box\""]);
    let ask = format!("{at}?question=lonely");
    let today = app.today().to_string();
    let page = desk.get(&ask);
    let numbers = [
        ("at", ask.as_str()),
        ("form", "give-tally"),
        ("version:number", "1"),
        ("question", "lonely"),
        ("counts:json", "{}"),
        ("counts.never:number", "6"),
        ("occasion", "baseline"),
        ("asked_on", today.as_str()),
    ];
    let to = format!("/desk/do/groups/{group}/give-tally");
    let saved = desk.submit_form(&page, &to, &numbers);
    assert_shows(&saved, &["Numbers saved", "People who answered: 6"]);
}

/// A tally of a gathering is corrected on its page.
fn correct_at_desk(desk: &mut Browser, id: Uuid) {
    let at = format!("/desk/gatherings/{id}/tallies");
    let ask = format!("{at}?tally=1");
    let page = desk.get(&ask);
    let to = format!("/desk/do/gatherings/{id}/correct-tally");
    let own = [
        ("at", ask.as_str()),
        ("form", "correct-tally"),
        ("tally:number", "1"),
        ("counts:json", "{}"),
        ("counts.never:number", "8"),
        ("reason", "We missed some slips."),
    ];
    let saved = desk.submit_form(&page, &to, &own);
    let corrected = [
        "Numbers corrected",
        "Corrected once",
        "People who answered: 8",
    ];
    assert_shows(&saved, &corrected);
}
