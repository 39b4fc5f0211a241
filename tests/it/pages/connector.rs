//! What a connector sees at the desk, and what they do not: no application, no score, no account
//! and no money.

use microgrants::clock::new_id;
use microgrants::domain::Role;
use serde_json::json;

use crate::pages::introductions::{Village, assert_hides, assert_shows};
use crate::pages::journeys::visible_text;
use crate::support::fixtures::person;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Pages that are closed to a connector.
const CLOSED: [&str; 34] = [
    "/desk/setup",
    "/desk/applications",
    "/desk/applications/new",
    "/desk/panel",
    "/desk/grants",
    "/desk/payments",
    "/desk/bank",
    "/desk/updates",
    "/desk/groups",
    "/desk/funds",
    "/desk/funds/new",
    "/desk/people",
    "/desk/tell",
    "/desk/erasures",
    "/desk/texts",
    "/desk/texts/signs",
    "/desk/texts/themes",
    "/desk/texts/notices",
    "/desk/texts/form",
    "/desk/texts/agreement",
    "/desk/texts/report",
    "/desk/texts/mails",
    "/desk/texts/mail/offered",
    "/desk/import",
    "/desk/open-data",
    "/desk/find",
    "/desk/find?q=Soup",
    "/desk/figures",
    "/desk/sheets/applications.csv",
    "/desk/sheets/people.csv",
    "/desk/settings",
    "/desk/webhooks",
    "/desk/log",
    "/desk/log/1",
];

/// Pages that are open to a connector.
const OPEN: [&str; 13] = [
    "/desk",
    "/desk/assets",
    "/desk/assets/new",
    "/desk/assets/hours",
    "/desk/barriers",
    "/desk/barriers/new",
    "/desk/learning",
    "/desk/learning/new",
    "/desk/network",
    "/desk/gatherings",
    "/desk/gatherings/new",
    "/desk/introductions",
    "/desk/introductions/new",
];

on_each_engine!(a_connector_sees_people_and_no_money);
async fn a_connector_sees_people_and_no_money(app: TestApp) {
    let village = Village::begin(&app).await;
    let (grant, group, _) = village.office.awarded(&app, 850).await;
    app.catch_up().await;
    let mut desk = village.browser(&app, village.connector).await;
    for path in OPEN {
        let page = desk.get(path);
        assert_eq!(page.status, 200, "{path}: {}", visible_text(&page));
        assert_hides(
            &page,
            &["£", "/desk/applications", "/desk/grants", "/desk/find"],
        );
        assert_shows(&page, &["/desk/introductions"]);
    }
    for path in CLOSED {
        assert_eq!(desk.get(path).status, 404, "{path} is closed");
    }
    for path in [
        format!("/desk/applications/{grant}"),
        format!("/desk/grants/{grant}"),
        format!("/desk/groups/{group}"),
        format!("/desk/people/{}", village.member),
        format!("/desk/people/{}/held", village.member),
        format!("/desk/erase/groups/{group}"),
        format!("/desk/funds/{}", village.office.fund),
        format!("/my/grants/{grant}"),
    ] {
        assert_eq!(desk.get(&path).status, 404, "{path} is closed");
    }
    for list in ["gatherings", "assets", "barriers"] {
        let sheet = desk.get(&format!("/desk/sheets/{list}.csv"));
        assert_eq!(sheet.status, 200, "{list}");
    }
    let page = desk.get("/desk");
    let to = format!("/desk/do/grants/{grant}/hold");
    let fields = [("at", "/desk"), ("form", "hold"), ("reason", "No")];
    let refused = desk.submit_form(&page, &to, &fields);
    assert!([403, 404].contains(&refused.status), "{}", refused.status);
}

on_each_engine!(a_connector_begins_with_what_waits_for_them);
async fn a_connector_begins_with_what_waits_for_them(app: TestApp) {
    let village = Village::begin(&app).await;
    let mut desk = village.browser(&app, village.connector).await;
    assert_shows(&desk.get("/desk"), &["Nothing needs you today"]);
    let (one, other) = (
        person(&app, "Jo Walker").await,
        person(&app, "Sam Field").await,
    );
    village.ask(&app, one).await;
    village.made(&app, other).await;
    let today = desk.get("/desk");
    let waits = [
        "Ask Jo Walker if they agree",
        "Sam Field is waiting for an answer",
    ];
    assert_shows(&today, &waits);
    assert_hides(&today, &["overdue"]);
    app.pass_days(8);
    let mut desk = village.browser(&app, village.connector).await;
    let late = desk.get("/desk");
    assert_shows(&late, &["1 day overdue", "and note what they say."]);
}

on_each_engine!(an_entry_without_a_keeper_comes_first);
async fn an_entry_without_a_keeper_comes_first(app: TestApp) {
    let village = Village::begin(&app).await;
    let next = person(&app, "Nextor").await;
    let office = &village.office;
    office.give_role(&app, next, Role::Connector).await;
    let organisation = app.commands.organisation().0;
    let end = json!({ "person": village.connector, "role": "connector" });
    let end = command_from_json("organisation", organisation, "end-role", &end);
    app.issue_ok(village.office.ada, end).await;
    app.catch_up().await;
    let mut desk = village.browser(&app, next).await;
    let entry = format!("/desk/assets/{}", village.entry);
    assert_shows(
        &desk.get("/desk"),
        &["No one looks after this entry: Soup on Sundays", &entry],
    );
}

on_each_engine!(a_connector_sums_up_what_somebody_told_us);
async fn a_connector_sums_up_what_somebody_told_us(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let id = new_id();
    let raise = json!({
        "person": guest, "words": "The bus stops too early", "channel": "phone",
    });
    village.take(&app, ("barrier", id), "raise", &raise).await;
    let mut desk = village.browser(&app, village.connector).await;
    let at = format!("/desk/barriers/{id}");
    let today = desk.get("/desk");
    assert_shows(&today, &["Write a summary of what someone told us", &at]);
    let page = desk.get(&at);
    assert_shows(&page, &["The bus stops too early", "Jo Walker"]);
    assert_hides(&page, &["/desk/people/"]);
    let found = desk.get("/desk/barriers/new?q=Jo%20Walker");
    assert_shows(&found, &["Jo Walker"]);
    assert_hides(&found, &[&format!("{}@", guest.0.simple())]);
}

on_each_engine!(a_connector_signs_somebody_up_for_a_session);
async fn a_connector_signs_somebody_up_for_a_session(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let id = new_id();
    let plan = json!({
        "kind": "circle",
        "about": { "title": "Soup and plans", "description": "We cook and talk." },
        "leads": [village.connector],
    });
    let session = json!({
        "day": app.in_days(7), "starts_at": "18:00", "ends_at": "20:00",
        "place_for": "everyone", "places": 5,
    });
    let of = ("gathering", id);
    village.take(&app, of, "plan", &plan).await;
    village.take(&app, of, "add-session", &session).await;
    village.take(&app, of, "open", &json!({})).await;
    let mut desk = village.browser(&app, village.connector).await;
    assert_shows(
        &desk.get("/desk"),
        &["Soup and plans", "No one signed up yet"],
    );
    let at = format!("/desk/gatherings/{id}/1/sign-up?q=Jo%20Walker");
    let page = desk.get(&at);
    assert_shows(&page, &["Jo Walker"]);
    assert_hides(&page, &[&format!("{}@", guest.0.simple())]);
    let (form, guest) = (format!("sign-up-{guest}"), guest.to_string());
    let fields = [
        ("at", at.as_str()),
        ("form", form.as_str()),
        ("person", guest.as_str()),
        ("channel", "phone"),
    ];
    let to = format!("/desk/do/gathering-sign-up/{id}/1");
    let signed_up = desk.submit_form(&page, &to, &fields);
    assert_eq!(signed_up.status, 200, "{}", visible_text(&signed_up));
    assert_shows(&desk.get("/desk"), &["1 signed up"]);
}
