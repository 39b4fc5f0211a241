//! Gatherings on the pages of people, leads and groups, and the end of what is kept of people.

use microgrants::clock::new_id;
use microgrants::domain::PersonId;
use microgrants::jobs::Jobs;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Takes a command on a gathering, in the name of an officer.
async fn take(app: &TestApp, office: &Office, id: Uuid, (name, body): (&str, &Value)) {
    let command = command_from_json("gathering", id, name, body);
    app.issue_ok(office.ada, command).await;
    app.catch_up().await;
}

/// An open gathering with one session tomorrow. Returns its id and the path of its page.
async fn open_circle(app: &TestApp, office: &Office) -> (Uuid, String) {
    let id = new_id();
    let plan = json!({
        "kind": "circle",
        "about": { "title": "Soup and plans", "description": "We cook and talk." },
        "leads": [office.ada],
    });
    let session = json!({
        "day": app.in_days(1),
        "starts_at": "18:00",
        "ends_at": "20:00",
        "place": "The hall in Mill Lane",
        "place_for": "signed_up",
        "places": 1,
    });
    take(app, office, id, ("plan", &plan)).await;
    take(app, office, id, ("add-session", &session)).await;
    take(app, office, id, ("open", &json!({}))).await;
    (id, format!("/my/gatherings/{id}"))
}

fn signs_up(person: PersonId) -> Value {
    let needs = json!({ "words": "A ramp, please", "consent": true });
    json!({ "session": 1, "person": person, "channel": "phone", "needs": needs })
}

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

on_each_engine!(somebody_without_a_group_sees_and_gives_up_their_place);
async fn somebody_without_a_group_sees_and_gives_up_their_place(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, path) = open_circle(&app, &office).await;
    let (guest, next) = (person(&app, "Guest").await, person(&app, "Next").await);
    take(&app, &office, id, ("sign-up", &signs_up(guest))).await;
    take(&app, &office, id, ("sign-up", &signs_up(next))).await;

    let mut waits = signed_in(&app, &address, next).await;
    assert_shows(&waits.get("/my"), &["On the waiting list", "6pm to 8pm"]);
    assert_hides(&waits.get(&path), &["Mill Lane", "Guest", "ramp"]);

    let mut browser = signed_in(&app, &address, guest).await;
    let own = browser.get("/my");
    let seen = ["My gatherings", "Soup and plans", "You have a place", &path];
    assert_shows(&own, &seen);
    let page = browser.get(&path);
    assert_shows(&page, &["Mill Lane", "I can’t come"]);
    assert_hides(&page, &["The list of names", "What would help?"]);
    let list = format!("{path}/sessions/1");
    assert_eq!(browser.get(&list).status, 404, "names are for leads");

    let fields = [("form", "step-down"), ("session", "1")];
    let done = browser.submit_form(&page, &path, &fields);
    assert_shows(&done, &["You are off the list.", "You are not coming"]);
    let again = browser.submit_form(&done, &path, &[("form", "hand"), ("words", "Tea")]);
    assert_eq!(again.status, 422, "only a lead asks for a hand");
    assert_shows(&waits.get("/my"), &["You have a place", "Mill Lane"]);
}

on_each_engine!(a_lead_reads_the_names_and_notes_who_came);
async fn a_lead_reads_the_names_and_notes_who_came(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, path) = open_circle(&app, &office).await;
    let (guest, porter) = (person(&app, "Guest").await, person(&app, "Porter").await);
    take(&app, &office, id, ("sign-up", &signs_up(guest))).await;
    take(
        &app,
        &office,
        id,
        ("offer-lead", &json!({ "person": porter })),
    )
    .await;

    let mut browser = signed_in(&app, &address, porter).await;
    let list = format!("{path}/sessions/1");
    assert_eq!(browser.get(&list).status, 404, "not before they lead");
    assert_shows(&browser.get("/my"), &["Would you like to lead", &path]);
    let page = browser.get(&path);
    let led = browser.submit_form(&page, &path, &[("form", "take-lead")]);
    assert_shows(&led, &["You lead this now.", "The list of names"]);
    let words = ("words", "Someone to bring the tea");
    let asked = browser.submit_form(&led, &path, &[("form", "hand"), words]);
    assert_shows(&asked, &["We have your message."]);
    assert_shows(
        &browser.get(&list),
        &["Guest", "A ramp, please", "Mill Lane"],
    );

    app.pass_days(2);
    let mut browser = signed_in(&app, &address, porter).await;
    record(&mut browser, &list, guest);
    assert_shows(&browser.get(&list), &["People who came: 3"]);
    let page = browser.get(&path);
    let left = browser.submit_form(&page, &path, &[("form", "leave-lead")]);
    assert_shows(&left, &["You do not lead this any more."]);
    assert_eq!(browser.get(&list).status, 404, "who led reads no names");

    let mut guests = signed_in(&app, &address, guest).await;
    assert_shows(&guests.get("/my"), &["Where you were before", "You came"]);
}

on_each_engine!(a_lead_reads_no_names_a_month_later);
async fn a_lead_reads_no_names_a_month_later(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, path) = open_circle(&app, &office).await;
    let (guest, porter) = (person(&app, "Guest").await, person(&app, "Porter").await);
    take(&app, &office, id, ("sign-up", &signs_up(guest))).await;
    let lead = json!({ "person": porter });
    take(&app, &office, id, ("offer-lead", &lead)).await;
    let takes = command_from_json("gathering", id, "take-lead", &lead);
    app.issue_ok(porter, takes).await;
    app.catch_up().await;
    let list = format!("{path}/sessions/1");
    let mut browser = signed_in(&app, &address, porter).await;
    assert_shows(&browser.get(&list), &["Guest"]);
    app.pass_days(32);
    let jobs = Jobs::new(app.commands.clone(), app.views());
    jobs.run_once().await.expect("jobs run");
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, porter).await;
    let page = browser.get(&list);
    let says = "We delete the list of people 30 days after the day.";
    assert_shows(&page, &["Soup and plans", says]);
    assert_hides(&page, &["Guest", "No one has signed up yet."]);
}

on_each_engine!(the_office_is_told_of_a_lead_whose_data_were_erased);
async fn the_office_is_told_of_a_lead_whose_data_were_erased(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, _) = open_circle(&app, &office).await;
    let porter = person(&app, "Porter").await;
    let lead = json!({ "person": porter });
    take(&app, &office, id, ("offer-lead", &lead)).await;
    let takes = command_from_json("gathering", id, "take-lead", &lead);
    app.issue_ok(porter, takes).await;
    app.catch_up().await;
    let mut officer = signed_in(&app, &address, office.ada).await;
    let says = "A lead has left: Soup and plans";
    assert_hides(&officer.get("/desk"), &[says]);
    let because = json!({ "reason": "They asked" });
    let erase = command_from_json("person", porter.0, "erase", &because);
    app.issue_ok(office.ada, erase).await;
    app.catch_up().await;
    assert_shows(&officer.get("/desk"), &[says]);
}

/// Notes who came, after a form that says nothing.
fn record(browser: &mut Browser, list: &str, guest: PersonId) {
    let page = browser.get(list);
    let wrong = browser.submit_form(&page, list, &[("form", "attendance")]);
    assert_eq!(wrong.status, 422, "{}", visible_text(&wrong));
    assert_shows(&wrong, &["Enter how many people came"]);
    let named = guest.to_string();
    let fields = [
        ("form", "attendance"),
        ("people", "3"),
        ("named", named.as_str()),
    ];
    let noted = browser.submit_form(&wrong, list, &fields);
    assert_shows(&noted, &["We have noted how many came."]);
}

on_each_engine!(a_group_sees_where_its_people_go_in_its_name);
async fn a_group_sees_where_its_people_go_in_its_name(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, path) = open_circle(&app, &office).await;
    let (_, group, member) = office.draft(&app, 900).await;
    let mut browser = signed_in(&app, &address, member).await;
    assert_hides(&browser.get("/my"), &["Soup and plans"]);
    let mut body = signs_up(member);
    body["group"] = json!(group);
    take(&app, &office, id, ("sign-up", &body)).await;
    let seen = [
        "Gatherings that people from your group go to",
        "From your group: 1",
        &path,
    ];
    assert_shows(&browser.get("/my"), &seen);
}

on_each_engine!(who_only_came_to_gatherings_is_proposed_for_erasure_after_a_year);
async fn who_only_came_to_gatherings_is_proposed_for_erasure_after_a_year(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, _) = open_circle(&app, &office).await;
    let (_, _, member) = office.draft(&app, 900).await;
    let guest = person(&app, "Guest").await;
    for somebody in [guest, member] {
        take(&app, &office, id, ("sign-up", &signs_up(somebody))).await;
    }
    app.pass_days(360);
    let mut officer = signed_in(&app, &address, office.ada).await;
    assert_hides(&officer.get("/desk/erasures"), &["Came to gatherings"]);
    app.pass_days(10);
    let mut officer = signed_in(&app, &address, office.ada).await;
    let page = officer.get("/desk/erasures");
    assert_shows(
        &page,
        &["Came to gatherings", &format!("/desk/people/{guest}")],
    );
    assert_hides(&page, &[&format!("/desk/people/{member}")]);
}
