//! Emails about gatherings: each person gets one for each cause, those who wait too, and people
//! without an email are left to staff.

use microgrants::clock::new_id;
use microgrants::domain::PersonId;
use microgrants::jobs::Jobs;
use microgrants::outbox;
use microgrants::projections::{GatheringRow, SignUpRow};
use microgrants::views::Filter;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::operations::erasure::purge;
use crate::operations::mails::{
    deliver_all, mail_folder, mailer, mails_in_folder, outbox_rows, set_email,
};
use crate::support::fixtures::{Office, person, reach_by_phone_only};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// An open gathering with one session.
struct Circle<'a> {
    app: &'a TestApp,
    officer: PersonId,
    id: Uuid,
}

impl<'a> Circle<'a> {
    async fn open(app: &'a TestApp, office: &Office, sign_up: &str, session: &Value) -> Self {
        let circle = Self {
            app,
            officer: office.ada,
            id: new_id(),
        };
        let plan = json!({
            "kind": "circle",
            "about": { "title": "Soup and plans", "description": "We cook and talk." },
            "leads": [office.ada],
            "sign_up": sign_up,
        });
        circle.take("plan", &plan).await;
        circle.take("add-session", session).await;
        circle.take("open", &json!({})).await;
        circle
    }

    async fn take(&self, name: &str, body: &Value) {
        let command = command_from_json("gathering", self.id, name, body);
        self.app.issue_ok(self.officer, command).await;
    }

    async fn sign_up(&self, person: PersonId) {
        let needs = json!({ "words": "A ramp, please", "consent": true });
        let body = json!({ "session": 1, "person": person, "channel": "phone", "needs": needs });
        self.take("sign-up", &body).await;
    }

    async fn deliver(&self) {
        deliver_all(self.app, &mailer(self.app)).await;
    }

    /// The kinds of a person's mails with their states, in alphabetical order.
    async fn mails_of(&self, person: PersonId) -> Vec<String> {
        let id = person.to_string();
        let rows = outbox_rows(self.app).await;
        let own = rows.into_iter().filter(|row| row.person == id);
        let mut mails: Vec<String> = own
            .map(|row| format!("{} {}", row.kind, row.state))
            .collect();
        mails.sort();
        mails
    }
}

fn session(day: jiff::civil::Date, places: u32) -> Value {
    json!({
        "day": day,
        "starts_at": "13:30",
        "ends_at": "16:00",
        "place": "The hall in Mill Lane",
        "place_for": "signed_up",
        "places": places,
    })
}

/// Two people with an email, and one who can be phoned only.
async fn three_people(app: &TestApp) -> [PersonId; 3] {
    let first = person(app, "First").await;
    let second = person(app, "Second").await;
    let third = person(app, "Third").await;
    set_email(app, first, "first@example.org").await;
    set_email(app, second, "second@example.org").await;
    reach_by_phone_only(app, third, "Third").await;
    app.catch_up().await;
    mailer(app).subscribe().await.expect("a subscription");
    [first, second, third]
}

/// The mail to an address that contains a text.
fn mail_to(app: &TestApp, address: &str, part: &str) -> String {
    let mails = mails_in_folder(&mail_folder(app));
    let found = mails
        .values()
        .find(|mail| mail.starts_with(address) && mail.contains(part));
    found
        .unwrap_or_else(|| panic!("{address}, {part}: {mails:?}"))
        .clone()
}

on_each_engine!(everyone_who_signed_up_hears_of_a_change_once);
async fn everyone_who_signed_up_hears_of_a_change_once(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let [first, second, third] = three_people(&app).await;
    let circle = Circle::open(&app, &office, "named", &session(app.in_days(7), 1)).await;
    for person in [first, second, third] {
        circle.sign_up(person).await;
    }
    circle.deliver().await;
    assert_eq!(circle.mails_of(first).await, ["signed_up sent"]);
    assert_eq!(circle.mails_of(second).await, ["waiting_joined sent"]);
    assert_eq!(circle.mails_of(third).await, ["waiting_joined by_hand"]);
    let waiting = outbox::count_waiting_by_hand(&app.log).await;
    assert_eq!(waiting.expect("a count"), 1, "somebody phones them");
    let place = mail_to(&app, "first@example.org", "You have a place");
    assert!(place.contains("1:30pm to 4pm") && place.contains("Mill Lane"));
    let waits = mail_to(&app, "second@example.org", "on the waiting list");
    assert!(!waits.contains("Mill Lane"), "only those with a place know");

    let moved = json!({ "session": 1, "to": session(app.in_days(8), 2) });
    circle.take("move-session", &moved).await;
    circle.deliver().await;
    let hears = ["session_moved sent", "signed_up sent"];
    assert_eq!(circle.mails_of(first).await, hears);
    let hears = [
        "place_free sent",
        "session_moved dropped",
        "waiting_joined sent",
    ];
    assert_eq!(circle.mails_of(second).await, hears, "one mail says both");
    let hears = ["session_moved by_hand", "waiting_joined by_hand"];
    assert_eq!(circle.mails_of(third).await, hears);

    let mut plan = session(app.in_days(8), 2);
    plan["place_for"] = json!("everyone");
    let renamed = json!({ "session": 1, "to": plan });
    circle.take("move-session", &renamed).await;
    circle.deliver().await;
    assert_eq!(circle.mails_of(first).await.len(), 2, "nothing changed");

    let cancel = json!({ "session": 1, "reason": "The roof leaks." });
    circle.take("cancel-session", &cancel).await;
    circle.deliver().await;
    circle.deliver().await;
    for (person, state) in [(first, "sent"), (second, "sent"), (third, "by_hand")] {
        let mails = circle.mails_of(person).await;
        let cancelled = format!("session_cancelled {state}");
        let same = mails.iter().filter(|mail| **mail == cancelled);
        assert_eq!(same.count(), 1, "{mails:?}");
    }
    mail_to(&app, "second@example.org", "The roof leaks.");
    let sent = format!("{:?}", mails_in_folder(&mail_folder(&app)));
    assert!(!sent.contains("ramp"), "needs are in no mail: {sent}");
}

on_each_engine!(those_who_come_are_reminded_and_thanked_once);
async fn those_who_come_are_reminded_and_thanked_once(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let [first, second, _] = three_people(&app).await;
    let circle = Circle::open(&app, &office, "named", &session(app.in_days(2), 1)).await;
    circle.sign_up(first).await;
    circle.sign_up(second).await;
    app.catch_up().await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    jobs.run_once().await.expect("jobs run");
    circle.deliver().await;
    let hears = ["session_soon sent", "signed_up sent"];
    assert_eq!(circle.mails_of(first).await, hears);
    assert_eq!(
        circle.mails_of(second).await,
        ["waiting_joined sent"],
        "who waits is not asked to come"
    );

    app.pass_days(3);
    let came = |people: u32| json!({ "people": people, "named": [first] });
    let record = json!({ "session": 1, "came": came(3) });
    circle.take("record-attendance", &record).await;
    circle.deliver().await;
    let hears = ["session_after due", "session_soon sent", "signed_up sent"];
    assert_eq!(circle.mails_of(first).await, hears, "notes may follow");
    let notes = json!({ "session": 1, "learned": "Soup brings people." });
    circle.take("write-notes", &notes).await;
    let correct = json!({ "session": 1, "came": came(4), "reason": "One came late." });
    circle.take("correct-attendance", &correct).await;
    app.pass_days(3);
    circle.deliver().await;
    let hears = ["session_after sent", "session_soon sent", "signed_up sent"];
    assert_eq!(circle.mails_of(first).await, hears, "thanked once");
    let thanks = mail_to(&app, "first@example.org", "Thank you for coming");
    assert!(thanks.contains("Soup brings people."), "{thanks}");

    circle.take("offer-lead", &json!({ "person": first })).await;
    circle
        .take("offer-lead", &json!({ "person": second }))
        .await;
    circle.deliver().await;
    let mails = circle.mails_of(first).await;
    assert!(
        mails.contains(&"lead_offered dropped".to_owned()),
        "{mails:?}"
    );
    let mails = circle.mails_of(second).await;
    assert!(mails.contains(&"lead_offered sent".to_owned()), "{mails:?}");
}

on_each_engine!(who_stepped_down_or_is_counted_gets_no_email);
async fn who_stepped_down_or_is_counted_gets_no_email(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let [first, second, _] = three_people(&app).await;
    let circle = Circle::open(&app, &office, "named", &session(app.in_days(7), 1)).await;
    circle.sign_up(first).await;
    circle.sign_up(second).await;
    let leaves = json!({ "session": 1, "person": first });
    circle.take("step-down", &leaves).await;
    circle.deliver().await;
    assert_eq!(circle.mails_of(first).await, ["signed_up dropped"]);
    let hears = ["place_free sent", "waiting_joined dropped"];
    assert_eq!(circle.mails_of(second).await, hears);

    let before = outbox_rows(&app).await.len();
    let counted = Circle::open(&app, &office, "counted", &session(app.in_days(7), 40)).await;
    let people = json!({ "session": 1, "people": 28, "channel": "phone" });
    counted.take("count-sign-ups", &people).await;
    let cancel = json!({ "session": 1, "reason": "The roof leaks." });
    counted.take("cancel-session", &cancel).await;
    counted.deliver().await;
    assert_eq!(outbox_rows(&app).await.len(), before);
}

on_each_engine!(the_officers_are_told_that_a_lead_asks_for_a_hand);
async fn the_officers_are_told_that_a_lead_asks_for_a_hand(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    mailer(&app).subscribe().await.unwrap();
    let circle = Circle::open(&app, &office, "named", &session(app.in_days(7), 2)).await;
    let lead = person(&app, "Guest").await;
    circle.take("offer-lead", &json!({ "person": lead })).await;
    let take = command_from_json(
        "gathering",
        circle.id,
        "take-lead",
        &json!({ "person": lead }),
    );
    app.issue_ok(lead, take).await;
    let asked = json!({ "lead": lead, "words": "Someone to bring tea" });
    let ask = command_from_json("gathering", circle.id, "ask-for-hand", &asked);
    app.issue_ok(lead, ask).await;
    circle.deliver().await;
    let path = format!("/desk/gatherings/{}", circle.id);
    for officer in [office.ada, office.ben] {
        let address = format!("{}@example.org", officer.0.simple());
        let mail = mail_to(&app, &address, &path);
        assert!(!mail.contains("bring tea"), "{mail}");
    }
    let told = circle.mails_of(lead).await;
    assert!(
        told.iter().all(|mail| !mail.starts_with("hand_asked")),
        "{told:?}"
    );
}

on_each_engine!(what_a_lead_asked_for_is_deleted_after_two_years);
async fn what_a_lead_asked_for_is_deleted_after_two_years(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let circle = Circle::open(&app, &office, "named", &session(app.in_days(7), 1)).await;
    let asked = json!({ "lead": office.ada, "words": "marigold, to bring tea" });
    circle.take("ask-for-hand", &asked).await;
    let stored = async || {
        app.catch_up().await;
        let vault = app.log.vault();
        let own = vault.decrypt_all(office.ada.0).await.expect("values");
        own.values().any(|text| text.contains("marigold"))
    };
    let jobs = Jobs::new(app.commands.clone(), app.views());
    app.pass_days(730);
    jobs.run_once().await.expect("jobs run");
    purge(&app).await;
    assert!(stored().await, "it is kept for two years");
    app.pass_days(2);
    app.catch_up().await;
    jobs.run_once().await.expect("jobs run");
    purge(&app).await;
    assert!(!stored().await);
    let row: GatheringRow = app.views().find(circle.id, None).await.unwrap().unwrap();
    assert!(row.hand.is_none() && row.hand_kept_until.is_none());
    assert!(row.hand_asked_on.is_some(), "that they asked is kept");
}

on_each_engine!(the_place_of_somebody_erased_is_given_up);
/// It goes to the first who waits.
async fn the_place_of_somebody_erased_is_given_up(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let circle = Circle::open(&app, &office, "named", &session(app.in_days(7), 1)).await;
    let (guest, next) = (person(&app, "Guest").await, person(&app, "Next").await);
    circle.sign_up(guest).await;
    circle.sign_up(next).await;
    let because = json!({ "reason": "They asked" });
    let erase = command_from_json("person", guest.0, "erase", &because);
    app.issue_ok(office.ada, erase).await;
    app.catch_up().await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    assert_eq!(jobs.run_once().await.expect("jobs run"), 1);
    app.catch_up().await;
    assert_eq!(jobs.run_once().await.expect("jobs run"), 0, "once");
    let has_place = vec![
        Filter::equals("gathering", circle.id),
        Filter::equals("state", "place"),
    ];
    let rows: Vec<SignUpRow> = app.views().all_rows(None, has_place).await.unwrap();
    let people: Vec<PersonId> = rows.iter().map(|row| row.person).collect();
    assert_eq!(people, [next]);
}
