//! The library: writing and withdrawing lessons at the desk, choosing stories at gatherings, and
//! what everyone reads.

use microgrants::clock::new_id;
use microgrants::domain::Role;
use microgrants::projections::LessonRow;
use serde_json::json;
use uuid::Uuid;

use crate::domain::connections::ApiCommands;
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person};
use crate::support::test_app::TestApp;

const NEW: &str = "/desk/learning/new";
const PUBLISH: &str = "/desk/do/organisation/publish-lesson";
const SIGN: &str = "bringing-people-together";

fn assert_shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text}: {}", visible_text(page));
    }
}

fn assert_hides(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(!page.contains(text), "{text}: {}", visible_text(page));
    }
}

/// An open conversation about food in Oldham.
async fn conversation(app: &TestApp, office: &Office) -> Uuid {
    let (api, id) = (ApiCommands { house: app }, new_id());
    let about = json!({
        "title": "What matters here",
        "description": "We talk.",
        "area": "oldham",
        "themes": ["food"],
    });
    let plan = json!({ "kind": "conversation", "about": about, "leads": [office.ada] });
    let session = json!({ "day": app.in_days(3), "starts_at": "13:30", "ends_at": "15:00" });
    for (name, body) in [
        ("plan", plan),
        ("add-session", session),
        ("open", json!({})),
    ] {
        api.issue_ok(office.ada, &format!("gathering/{name}"), id, body)
            .await;
    }
    app.catch_up().await;
    id
}

/// Sends the form of a lesson.
fn publish(desk: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = desk.get(NEW);
    let own = [("at", NEW), ("form", "publish-lesson")];
    desk.submit_form(&page, PUBLISH, &[&own[..], fields].concat())
}

on_each_engine!(a_lesson_is_written_found_and_withdrawn);
async fn a_lesson_is_written_found_and_withdrawn(app: TestApp) {
    // Given a connector, and a gathering.
    let (office, address) = serve_office(&app).await;
    let gathering = conversation(&app, &office).await;
    let connector = person(&app, "Conny").await;
    office.give_role(&app, connector, Role::Connector).await;
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, connector).await;
    let page = desk.get(NEW);
    assert_shows(
        &page,
        &["Whose words are these?", "Gathering: What matters here"],
    );

    // When nobody says whose words it is in, and when a group's words have no consent.
    let origin = json!({ "from": "gathering", "gathering": gathering.to_string() }).to_string();
    let words = [
        ("title", "Begin with a meal"),
        ("words", "People talk when they eat."),
        ("kind", "how_to"),
        ("grew_from:json", origin.as_str()),
        ("area", "oldham"),
        ("themes:list", "food"),
        ("signs:list", SIGN),
        ("link", "https://www.example.org/how-to-begin"),
    ];
    for voice in [Vec::new(), vec![("voice", "group")]] {
        let wrong = publish(&mut desk, &[&words[..], voice.as_slice()].concat());
        assert!((400..500).contains(&wrong.status), "{}", wrong.status);
        let kept = [
            "There is a problem",
            "Begin with a meal",
            "talk when they eat",
        ];
        assert_shows(&wrong, &kept);
    }

    // When the group has agreed.
    let today = app.today().to_string();
    let agreed = [
        ("voice", "group"),
        ("consent.consented_on", today.as_str()),
        ("consent.how", "A signed form"),
    ];
    let saved = publish(&mut desk, &[&words[..], &agreed].concat());
    assert!(saved.path.starts_with("/desk/learning?"), "{}", saved.path);
    assert_shows(
        &saved,
        &["Lesson published", "Begin with a meal", "Withdraw it"],
    );
    app.catch_up().await;

    // Then everyone finds it.
    let mut visitor = Browser::new(&address);
    everyone_finds_it(&mut visitor, gathering);
    withdraw(&app, &mut desk, &mut visitor).await;
}

on_each_engine!(a_lesson_grows_from_a_report);
async fn a_lesson_grows_from_a_report(app: TestApp) {
    // Given a report that came in.
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.prepared(&app, 900).await;
    office.paid(&app, grant).await;
    let report = json!({
        "update": 1, "channel": "web", "words": "Nobody eats alone", "people": 20,
        "volunteers": 3, "spent": "900.00", "outcomes": [], "files": [], "consent": true,
    });
    let api = ApiCommands { house: &app };
    api.issue_ok(member, "grant/receive-update", grant.0, report)
        .await;
    app.catch_up().await;

    // When an officer opens the page of a lesson from it, and says that the group agreed.
    let mut desk = signed_in(&app, &address, office.ada).await;
    let link = format!("{NEW}?grant={grant}&amp;update=1");
    let page = desk.get(&format!("/desk/updates/{grant}/1"));
    assert_shows(&page, &[&link]);
    let at = format!("{NEW}?grant={grant}&update=1");
    let page = desk.get(&at);
    assert_shows(&page, &["Report 1: "]);
    let origin = json!({ "from": "grant", "grant": grant.to_string(), "update": 1 }).to_string();
    let today = app.today().to_string();
    let lesson = [
        ("at", at.as_str()),
        ("form", "publish-lesson"),
        ("title", "Cook together"),
        ("words", "Nobody eats alone."),
        ("kind", "lesson"),
        ("grew_from:json", origin.as_str()),
        ("voice", "group"),
        ("consent.consented_on", today.as_str()),
        ("consent.how", "A signed form"),
    ];
    let saved = desk.submit_form(&page, PUBLISH, &lesson);
    assert_shows(&saved, &["Lesson published", "Cook together"]);

    // Then it is kept which report it grew from.
    app.catch_up().await;
    let rows: Vec<LessonRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    let from = serde_json::to_value(&rows[0].grew_from).unwrap();
    assert_eq!(from["update"], 1, "{from}");
}

/// Everyone finds the lesson with the way to where it grew from, and without the consent.
fn everyone_finds_it(visitor: &mut Browser, gathering: Uuid) {
    let grew_from = format!("href=\"/gatherings/{gathering}\"");
    for query in [
        "",
        "theme=food",
        "area=oldham&kind=how_to&source=lesson",
        "sign=",
    ] {
        let page = visitor.get(&format!("/learning?{query}"));
        assert_shows(&page, &["Begin with a meal", &grew_from, "www.example.org"]);
        assert_hides(&page, &["A signed form"]);
    }
    for query in ["theme=arts", "kind=victory", "source=story"] {
        let page = visitor.get(&format!("/learning?{query}"));
        assert_hides(&page, &["Begin with a meal"]);
        assert_shows(&page, &["We have nothing on that yet"]);
    }
    let page = visitor.get("/language/pl?to=/learning");
    let polish = ["Czego się nauczyliśmy", "Jak to zrobić", "lang=\"en\""];
    assert_shows(&page, &polish);
    visitor.get("/language/en?to=/learning");
}

/// A lesson is withdrawn only after the reader said that they are sure.
async fn withdraw(app: &TestApp, desk: &mut Browser, visitor: &mut Browser) {
    let to = "/desk/do/organisation/withdraw-lesson";
    let at = [
        ("at", "/desk/learning"),
        ("form", "withdraw-lesson-1"),
        ("lesson:number", "1"),
        ("sure", ""),
    ];
    let page = desk.get("/desk/learning");
    let asked = desk.submit_form(&page, to, &at);
    assert_shows(&asked, &["Tick the box if you want to continue"]);
    let page = desk.get("/desk/learning");
    let gone = desk.submit_form(&page, to, &[&at[..], &[("sure", "yes")]].concat());
    assert_shows(&gone, &["Lesson withdrawn", "Withdrawn on"]);
    assert_hides(&gone, &["Begin with a meal"]);
    app.catch_up().await;
    assert_hides(&visitor.get("/learning"), &["Begin with a meal"]);
}

on_each_engine!(a_story_is_chosen_at_a_gathering);
async fn a_story_is_chosen_at_a_gathering(app: TestApp) {
    // Given a grant with a story.
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.prepared(&app, 700).await;
    let story = json!({
        "words": "They cook together.", "consented_on": app.today(), "consent": "A form",
    });
    ApiCommands { house: &app }
        .issue_ok(office.ada, "grant/publish-story", grant.0, story)
        .await;
    let gathering = conversation(&app, &office).await;
    let at = format!("/desk/gatherings/{gathering}/story");

    // When an officer finds it by a word, and says why people chose it.
    let mut desk = signed_in(&app, &address, office.ada).await;
    let found = desk.get(&format!("{at}?q=cook"));
    let pick = format!("{at}?story={grant}.1");
    assert_shows(&found, &["They cook together.", &pick]);
    assert_hides(
        &desk.get(&format!("{at}?q=dance")),
        &["They cook together."],
    );
    let page = desk.get(&pick);
    let to = format!("/desk/do/gatherings/{gathering}/choose-story");
    let (id, form) = (grant.to_string(), "choose-story");
    let own = [
        ("at", pick.as_str()),
        ("form", form),
        ("grant", id.as_str()),
        ("story:number", "1"),
    ];
    let reachable = [&own[..], &[("why", "Ask amina@example.org.")]].concat();
    let wrong = desk.submit_form(&page, &to, &reachable);
    assert_shows(&wrong, &["There is a problem", "Ask amina@example.org."]);
    let page = desk.get(&pick);
    let chosen = [&own[..], &[("why", "It began with one pot.")]].concat();
    let saved = desk.submit_form(&page, &to, &chosen);
    assert_shows(&saved, &["Story chosen"]);
    assert!(!saved.path.contains("/story"), "{}", saved.path);
    assert_shows(
        &saved,
        &["Stories that people chose", "It began with one pot."],
    );
    app.catch_up().await;

    // Then everyone reads it with the reason, and a member may not choose one.
    let mut visitor = Browser::new(&address);
    let page = visitor.get("/learning?source=story");
    let met = format!("href=\"/gatherings/{gathering}\"");
    assert_shows(
        &page,
        &["They cook together.", "It began with one pot.", &met],
    );
    let mut group = signed_in(&app, &address, member).await;
    assert_eq!(group.get(&at).status, 404);
}
