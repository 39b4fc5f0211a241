//! Barriers at the desk: what people said is summed up, joined, passed on and answered, through
//! the pages, and pledges are published.

use microgrants::clock::new_id;
use microgrants::domain::barrier::BarrierState;
use microgrants::domain::{PersonId, Role};
use microgrants::projections::{BarrierRow, OrganisationRow};
use serde_json::json;
use uuid::Uuid;

use crate::pages::journeys::{register_zofia, serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::person;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

const SUMMARY: &str = "Clinics close before people come home.";

async fn raise(app: &TestApp, by: PersonId, words: &str) -> Uuid {
    let id = new_id();
    let body = json!({ "person": by, "words": words, "area": "oldham" });
    let command = command_from_json("barrier", id, "raise", &body);
    app.issue_ok(by, command).await;
    app.catch_up().await;
    id
}

async fn row(app: &TestApp, barrier: Uuid) -> BarrierRow {
    app.catch_up().await;
    let found = app.views().find(barrier, None).await.unwrap();
    found.expect("a barrier")
}

/// Sends a form of a barrier's page.
fn send(desk: &mut Browser, barrier: Uuid, command: &str, fields: &[(&str, &str)]) -> Page {
    let at = format!("/desk/barriers/{barrier}");
    let page = desk.get(&at);
    assert_eq!(page.status, 200, "{}", visible_text(&page));
    let own = [("at", at.as_str()), ("form", command)];
    let to = format!("/desk/do/barriers/{barrier}/{command}");
    desk.submit_form(&page, &to, &[&own[..], fields].concat())
}

/// Sends a form that must be taken.
fn take(desk: &mut Browser, barrier: Uuid, command: &str, fields: &[(&str, &str)]) -> Page {
    let page = send(desk, barrier, command, fields);
    assert_eq!(page.status, 200, "{command}: {}", visible_text(&page));
    page
}

on_each_engine!(what_people_told_us_is_carried_up_and_answered);
async fn what_people_told_us_is_carried_up_and_answered(app: TestApp) {
    // Given two people who said the same.
    let (office, address) = serve_office(&app).await;
    let zofia = register_zofia(&app, "zofia@example.org").await;
    let nia = person(&app, "Nia").await;
    let first = raise(&app, zofia, "marigold one, ring 0161 496 0000").await;
    let second = raise(&app, nia, "marigold two").await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let today = desk.get("/desk");
    assert!(
        today.contains("Write a summary of what someone told us"),
        "{}",
        visible_text(&today)
    );
    let page = desk.get(&format!("/desk/barriers/{first}"));
    assert!(
        page.contains("Next: write a summary")
            && page.contains("marigold one")
            && page.contains("Leave it out of the summary."),
        "{}",
        visible_text(&page)
    );

    // When staff write how to reach somebody, then it is refused, and what was typed stays.
    let personal = [("summary", "Write to zofia@example.org.")];
    let refused = send(&mut desk, first, "sum-up", &personal);
    assert!(
        refused.status == 422 && refused.contains("Write to zofia@example.org."),
        "{}: {}",
        refused.status,
        visible_text(&refused)
    );
    take(&mut desk, first, "sum-up", &[("summary", SUMMARY)]);
    let early = [("answer", "It opens in May."), ("comes_to", "planned")];
    assert_eq!(send(&mut desk, first, "record-answer", &early).status, 409);
    let page = desk.get(&format!("/desk/barriers/{second}?do=join"));
    assert!(page.contains(SUMMARY), "the other is picked by its name");
    let into = first.to_string();
    take(&mut desk, second, "join", &[("into", into.as_str())]);
    assert_eq!(row(&app, second).await.state, BarrierState::Joined);
    assert!(!Browser::new(&address).get("/heard").contains(SUMMARY));
    pass_on(&app, &mut desk, first);
    app.pass_days(6);
    // Staff sign in each day.
    let mut desk = signed_in(&app, &address, office.ada).await;
    let late = desk.get("/desk");
    assert!(
        late.contains("An answer is late"),
        "{}",
        visible_text(&late)
    );

    // Then a change is planned, and later made.
    take(&mut desk, first, "record-answer", &early);
    let page = desk.get(&format!("/desk/barriers/{first}"));
    assert!(page.contains("Next: has it changed?"));
    let made = [("answer", "The clinic is open."), ("comes_to", "made")];
    take(&mut desk, first, "record-answer", &made);
    check_readers(&app, &address, [first, second], nia).await;
    take(&mut desk, first, "close", &[("reason", "It is done.")]);
    let closed = desk.get("/desk/barriers?state=closed");
    assert!(closed.contains(SUMMARY), "{}", visible_text(&closed));
    assert!(!desk.get("/desk/barriers").contains(SUMMARY));
    write_a_lesson(&address, &mut desk, first);
    assert!(Browser::new(&address).get("/heard").contains(SUMMARY));
    take(&mut desk, first, "withdraw", &[]);
    assert!(!Browser::new(&address).get("/heard").contains(SUMMARY));
    let page = desk.get(&format!("/desk/barriers/{first}"));
    let next = "Next: write a summary";
    assert!(page.contains(next), "{}", visible_text(&page));
}

/// A lesson grows from it: it is chosen by its name, and already chosen when the page is opened from
/// the barrier.
fn write_a_lesson(address: &str, desk: &mut Browser, barrier: Uuid) {
    let to = format!("/desk/learning/new?barrier={barrier}");
    let page = desk.get(&format!("/desk/barriers/{barrier}"));
    assert!(page.contains(&to), "{}", visible_text(&page));
    let page = desk.get(&to);
    let chosen = format!("selected>What we hear: {SUMMARY}");
    assert!(page.contains(&chosen), "{}", visible_text(&page));
    let origin = json!({ "from": "barrier", "barrier": barrier.to_string() }).to_string();
    let lesson = [
        ("at", to.as_str()),
        ("form", "publish-lesson"),
        ("grew_from:json", origin.as_str()),
        ("title", "Ask when people come home"),
        ("words", "An evening clinic is what people asked for."),
        ("kind", "how_to"),
        ("voice", "staff"),
    ];
    let saved = desk.submit_form(&page, "/desk/do/organisation/publish-lesson", &lesson);
    assert!(
        saved.contains("Lesson published"),
        "{}",
        visible_text(&saved)
    );
    let mut visitor = Browser::new(address);
    let public = visitor.get("/learning");
    for says in ["Ask when people come home", "something people told us"] {
        assert!(public.contains(says), "{says}: {}", visible_text(&public));
    }
}

/// Passes a barrier on, with an answer by a day in five days.
fn pass_on(app: &TestApp, desk: &mut Browser, barrier: Uuid) {
    let due = app.in_days(5).to_string();
    let asked = [
        ("to", "The hospital trust"),
        ("asked", "Can a clinic open in the evening?"),
        ("due_on", due.as_str()),
    ];
    take(desk, barrier, "pass-on", &asked);
}

/// The public reads what came of it and none of the words; those who raised it read it too.
async fn check_readers(app: &TestApp, address: &str, barriers: [Uuid; 2], nia: PersonId) {
    app.catch_up().await;
    let heard = Browser::new(address).get("/heard");
    for says in [
        SUMMARY,
        "The hospital trust",
        "Can a clinic open in the evening?",
        "It opens in May.",
        "The clinic is open.",
        "Changed",
    ] {
        assert!(heard.contains(says), "{says}: {}", visible_text(&heard));
    }
    for hidden in ["marigold", "Zofia", "Nia", &nia.to_string()] {
        assert!(!heard.contains(hidden), "{hidden}: {}", heard.text);
    }
    let [first, second] = barriers;
    let mut own = signed_in(app, address, nia).await;
    let joined = own.get(&format!("/my/barriers/{second}"));
    assert!(
        joined.contains("marigold two") && joined.contains("The clinic is open."),
        "{}",
        visible_text(&joined)
    );
    let other = own.get(&format!("/my/barriers/{first}"));
    assert!(
        other.contains("The clinic is open.") && !other.contains("marigold one"),
        "{}",
        visible_text(&other)
    );
}

on_each_engine!(what_somebody_said_on_the_phone_is_noted);
async fn what_somebody_said_on_the_phone_is_noted(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let at = "/desk/barriers/new";
    let to = "/desk/do/barriers/raise-for";
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get(at);
    let own = [("at", at), ("form", "new-person"), ("name", "Bea")];
    let lacks = [("telephone", "07700 900112"), ("words", "")];
    let refused = desk.submit_form(&page, to, &[&own[..], &lacks].concat());
    assert!(
        refused.status == 422
            && refused.contains("Choose how they told us")
            && refused.contains("Tell us what gets in the way")
            && refused.contains("07700 900112"),
        "{}",
        visible_text(&refused)
    );
    let told = [
        ("telephone", "07700 900112"),
        ("channel", "phone"),
        ("words", "marigold three"),
        ("area", "oldham"),
    ];
    let noted = desk.submit_form(&refused, to, &[&own[..], &told].concat());
    assert!(
        noted.path.starts_with("/desk/barriers/")
            && noted.contains("marigold three")
            && noted.contains("Bea"),
        "{}: {}",
        noted.path,
        visible_text(&noted)
    );
    let jo = person(&app, "Jo").await;
    office.give_role(&app, jo, Role::Panel).await;
    app.catch_up().await;
    let mut panel = signed_in(&app, &address, jo).await;
    let page = panel.get(noted.path.split('?').next().unwrap());
    assert!(
        page.status == 200 && !page.contains("marigold") && !page.contains("Bea"),
        "{}",
        visible_text(&page)
    );
    assert_eq!(panel.get(at).status, 403);
}

on_each_engine!(pledges_are_published_without_typing_a_key);
async fn pledges_are_published_without_typing_a_key(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let at = "/desk/texts/pledges";
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get(at);
    let own = [("at", at), ("form", "pledges")];
    let wrong = [("words-0", "Ring 0161 496 0000"), ("due-0", "5")];
    let refused = desk.submit_form(&page, "/desk/do/pledges", &[&own[..], &wrong].concat());
    assert!(
        refused.status == 422
            && refused.contains("Leave out emails")
            && refused.contains("Ring 0161 496 0000"),
        "{}",
        visible_text(&refused)
    );
    let right = [
        ("words-0", "I tell three people."),
        ("words-0-pl", "Powiem trzem osobom."),
        ("due-0", "5"),
    ];
    let published = desk.submit_form(&refused, "/desk/do/pledges", &[&own[..], &right].concat());
    assert_eq!(published.status, 200, "{}", visible_text(&published));
    app.catch_up().await;
    let own: Option<OrganisationRow> = app
        .views()
        .find(app.commands.organisation().0, None)
        .await
        .unwrap();
    let own = own.expect("the organisation");
    assert_eq!(own.pledges_version, 1);
    assert_eq!(own.pledges[0].pledge.as_str(), "i-tell-three-people");
    let public = Browser::new(&address).get("/champions");
    assert!(public.contains("I tell three people."));
}
