//! Gatherings through the API: a call to action with a waiting list, and a walk that people lead
//! themselves.

use microgrants::domain::PersonId;
use microgrants::jobs::Jobs;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::operations::erasure::purge;
use crate::pages::journeys::{serve_office, visible_text};
use crate::support::browser::Browser;
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

const GATHERINGS: &str = "/api/v1/gatherings";

/// A gathering, as an officer keeps it.
struct Kept {
    officer: Client,
    id: String,
}

impl Kept {
    /// Plans a gathering whose plan says this in addition.
    fn plan(officer: Client, plan: &Value) -> Self {
        let mut body = json!({
            "kind": "call_to_action",
            "about": {
                "title": "Act together",
                "description": "Groups meet and agree what to do.",
                "area": "oldham",
            },
        });
        for (name, value) in plan.as_object().expect("fields") {
            body[name] = value.clone();
        }
        let id = officer.post(GATHERINGS, &body).id();
        Self { officer, id }
    }

    fn address(&self, rest: &str) -> String {
        format!("{GATHERINGS}/{}{rest}", self.id)
    }

    fn command(&self, by: &Client, name: &str, body: &Value) {
        let answer = by.post(&self.address(&format!("/{name}")), body);
        assert!(answer.status < 300, "{name} {body}: {}", answer.body);
    }

    fn take(&self, name: &str, body: &Value) {
        self.command(&self.officer, name, body);
    }

    fn refuse(&self, by: &Client, code: &str, (name, body): (&str, &Value)) {
        let answer = by.post(&self.address(&format!("/{name}")), body);
        assert_eq!(answer.code(), code, "{name} {body}: {}", answer.body);
    }

    /// The first session as somebody reads it.
    fn session(&self, reader: &Client) -> Value {
        reader.get(&self.address("/sessions")).body["items"][0].clone()
    }

    fn sign_ups(&self, reader: &Client) -> Vec<Value> {
        let found = reader.get(&self.address("/sign-ups?limit=500"));
        found.body["items"].as_array().expect("items").clone()
    }

    /// Signs a person up who phoned the office.
    async fn sign_up_by_phone(&self, app: &TestApp, by: PersonId, person: PersonId) {
        let body = json!({ "session": 1, "person": person, "channel": "phone" });
        let id: Uuid = self.id.parse().expect("an id");
        let command = command_from_json("gathering", id, "sign-up", &body);
        app.issue_ok(by, command).await;
    }
}

fn session_on(day: jiff::civil::Date, places: Option<u32>) -> Value {
    json!({
        "day": day,
        "starts_at": "13:30",
        "ends_at": "16:00",
        "place": "The hall in Mill Lane",
        "place_for": "signed_up",
        "places": places,
    })
}

fn counts(session: &Value) -> (u64, u64) {
    let count = |name: &str| session[name].as_u64().expect(name);
    (count("taken"), count("waiting"))
}

on_each_engine!(a_full_session_makes_a_waiting_list_that_moves_up);
async fn a_full_session_makes_a_waiting_list_that_moves_up(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    let call = Kept::plan(ada.clone(), &json!({ "leads": [office.ada] }));
    call.refuse(
        &ada,
        "dates_out_of_order",
        (
            "add-session",
            &json!({ "day": app.in_days(7), "starts_at": "13:30", "ends_at": "13:00" }),
        ),
    );
    call.refuse(
        &ada,
        "nothing",
        ("add-session", &session_on(app.in_days(7), Some(0))),
    );
    call.take("add-session", &session_on(app.in_days(7), Some(60)));

    let stranger = person(&app, "Stranger").await;
    let reader = ada.with_token(&token(&app, stranger));
    let own = json!({ "session": 1, "person": stranger });
    reader
        .get(&call.address(""))
        .assert_problem(404, "not_found");
    call.refuse(&reader, "not_found", ("sign-up", &own));
    call.take("open", &json!({}));
    assert_eq!(reader.get(&call.address("")).body["leads"], json!({}));

    let mut people = Vec::new();
    for number in 0..60 {
        let one = person(&app, &format!("Person {number}")).await;
        call.sign_up_by_phone(&app, office.ada, one).await;
        people.push(one);
    }
    app.catch_up().await;
    assert_eq!(call.session(&reader)["place"], Value::Null);
    call.command(&reader, "sign-up", &own);
    assert_eq!(counts(&call.session(&ada)), (60, 1));
    call.refuse(&reader, "signed_up_already", ("sign-up", &own));
    let of_other = json!({ "session": 1, "person": people[0] });
    call.refuse(&reader, "not_yours", ("step-down", &of_other));

    let before = app.log.length().await.unwrap();
    call.take("step-down", &of_other);
    assert_eq!(app.log.length().await.unwrap(), before + 2, "one append");
    assert_eq!(counts(&call.session(&ada)), (60, 0));
    let seen = call.sign_ups(&reader);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["state"], "place");
    assert_eq!(call.session(&reader)["place"], "The hall in Mill Lane");
    assert_eq!(call.sign_ups(&ada).len(), 61);

    attendance(&app, &call, &reader);
}

/// After the session 58 came. As at the day before that was recorded, nobody had.
fn attendance(app: &TestApp, call: &Kept, reader: &Client) {
    let came = |people: u32| json!({ "session": 1, "came": { "people": people } });
    let notes = json!({ "session": 1, "learned": "Much.", "signs": ["bringing-people-together"] });
    call.refuse(
        &call.officer,
        "session_not_over",
        ("record-attendance", &came(58)),
    );
    app.pass_days(8);
    call.refuse(reader, "not_yours", ("record-attendance", &came(58)));
    call.take("record-attendance", &came(59));
    let corrected = json!({ "session": 1, "came": { "people": 58 }, "reason": "One left." });
    call.take("correct-attendance", &corrected);
    call.take("write-notes", &notes);
    let held = call.session(reader);
    assert_eq!(
        (&held["state"], &held["came"]["people"]),
        (&json!("held"), &json!(58))
    );
    assert_eq!(held["learned"], "Much.");
    let yesterday = app.in_days(-1);
    let then = call
        .officer
        .get(&call.address(&format!("/sessions?as_at={yesterday}")));
    assert_eq!(then.body["items"][0]["came"], Value::Null);
    call.take("end", &json!({}));
}

on_each_engine!(people_lead_a_walk_themselves_and_are_counted);
async fn people_lead_a_walk_themselves_and_are_counted(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, porter) = (serve(&app, office.ada), person(&app, "Porter").await);
    let porters = ada.with_token(&token(&app, porter));
    let other = person(&app, "Other").await;
    let others = ada.with_token(&token(&app, other));
    let of = |person: PersonId| json!({ "person": person });
    let plan = json!({ "kind": "activity", "sign_up": "counted", "risk_check": true });
    let walk = Kept::plan(ada.clone(), &plan);
    walk.take("add-session", &session_on(app.in_days(7), None));
    walk.refuse(&ada, "no_lead", ("open", &json!({})));

    walk.take("offer-lead", &of(other));
    walk.take("offer-lead", &of(porter));
    walk.refuse(&others, "not_found", ("take-lead", &of(other)));
    walk.refuse(&porters, "not_yours", ("offer-lead", &of(other)));
    walk.command(&porters, "take-lead", &of(porter));
    walk.refuse(&ada, "risk_check_missing", ("open", &json!({})));
    walk.take("pass-risk-check", &json!({ "good_until": app.in_days(90) }));
    walk.take("open", &json!({}));
    walk.refuse(&porters, "last_lead", ("leave-lead", &of(porter)));
    walk.refuse(&others, "lead_not_offered", ("take-lead", &of(other)));

    let named = json!({ "session": 1, "person": other });
    walk.refuse(&others, "counted_only", ("sign-up", &named));
    let number = json!({ "session": 1, "people": 28, "channel": "phone" });
    walk.command(&porters, "count-sign-ups", &number);
    assert_eq!(walk.session(&others)["counted"], 28);
    assert_eq!(walk.sign_ups(&ada), Vec::<Value>::new());
    let asked = json!({ "lead": porter, "words": "Someone to bring the tea" });
    walk.command(&porters, "ask-for-hand", &asked);
    let seen = ada.get(&walk.address("")).body;
    assert_eq!(seen["hand_words"], "Someone to bring the tea");
    assert_eq!(seen["leads"], json!({ (porter.to_string()): false }));
    assert!(
        others
            .get(&walk.address(""))
            .body
            .get("hand_words")
            .is_none()
    );
}

on_each_engine!(needs_are_forgotten_after_thirty_days);
async fn needs_are_forgotten_after_thirty_days(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    let circle = Kept::plan(ada.clone(), &json!({ "leads": [office.ada] }));
    circle.take("add-session", &session_on(app.in_days(1), Some(5)));
    circle.take("open", &json!({}));
    let guest = person(&app, "Guest").await;
    let guests = ada.with_token(&token(&app, guest));
    let needs = json!({ "words": "A ramp, please", "consent": true });
    let own = json!({ "session": 1, "person": guest, "needs": needs });
    circle.command(&guests, "sign-up", &own);
    let porter = person(&app, "Porter").await;
    let porters = ada.with_token(&token(&app, porter));
    let lead = json!({ "person": porter });
    circle.take("offer-lead", &lead);
    circle.command(&porters, "take-lead", &lead);
    assert_eq!(circle.sign_ups(&porters)[0]["name"], "Guest");
    assert_eq!(circle.sign_ups(&ada)[0]["needs"], "A ramp, please");
    assert_eq!(circle.sign_ups(&ada)[0]["name"], "Guest");
    assert_eq!(circle.sign_ups(&guests)[0]["needs"], "A ramp, please");
    let held = app.views().subject_access_for_person(guest).await.unwrap();
    let held = format!("{held:?}");
    assert!(
        held.contains("A ramp, please") && held.contains("Act together"),
        "{held}"
    );

    assert_eq!(jobs(&app).await, 1, "people are reminded");
    assert_eq!(jobs(&app).await, 0, "once");
    app.pass_days(31);
    assert_eq!(jobs(&app).await, 0, "not before 30 days are over");
    app.pass_days(1);
    assert_eq!(jobs(&app).await, 1);
    purge(&app).await;
    app.catch_up().await;
    assert_eq!(circle.sign_ups(&guests)[0]["needs"], Value::Null);
    assert_eq!(circle.sign_ups(&porters), Vec::<Value>::new());
    let stored = app.log.vault().decrypt_all(guest.0).await.unwrap();
    assert!(
        !stored.values().any(|text| text.contains("ramp")),
        "{stored:?}"
    );
}

on_each_engine!(others_do_not_read_a_small_number_of_people);
async fn others_do_not_read_a_small_number_of_people(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let plan = json!({ "kind": "workshop", "leads": [office.ada] });
    let few = held(&app, &office, &plan, (-1, 4));
    let more = held(&app, &office, &plan, (-1, 5));
    let stranger = person(&app, "Stranger").await;
    app.catch_up().await;
    let ada = serve(&app, office.ada);
    let reader = ada.with_token(&token(&app, stranger));
    assert_eq!(few.session(&ada)["came"]["people"], 4);
    assert_eq!(few.session(&reader)["came"], Value::Null);
    assert_eq!(more.session(&reader)["came"]["people"], 5);
}

on_each_engine!(words_that_were_taken_out_are_not_read_on_past_days);
async fn words_that_were_taken_out_are_not_read_on_past_days(app: TestApp) {
    // Given notes and a description that named somebody, which were replaced a day later.
    let office = Office::open(&app, 5000).await;
    let named = json!({ "title": "A workshop", "description": "Ann Lane leads it." });
    let plan = json!({ "kind": "workshop", "about": named, "leads": [office.ada] });
    let workshop = held(&app, &office, &plan, (-1, 9));
    let said = json!({ "session": 1, "learned": "Ann Lane is often alone." });
    workshop.take("write-notes", &said);
    app.pass_days(1);
    let about = json!({ "title": "A workshop", "description": "We learn." });
    workshop.take("describe", &about);
    workshop.take(
        "write-notes",
        &json!({ "session": 1, "learned": "Many are often alone." }),
    );
    app.catch_up().await;

    // Then only staff read them as at that day.
    let stranger = person(&app, "Stranger").await;
    app.catch_up().await;
    let ada = serve(&app, office.ada);
    let reader = ada.with_token(&token(&app, stranger));
    let day = format!("?as_at={}", app.in_days(-1));
    for path in ["", "/sessions"] {
        let at = format!("/api/v1/gatherings/{}{path}{day}", workshop.id);
        assert!(ada.get(&at).body.to_string().contains("Ann Lane"), "{at}");
        let seen = reader.get(&at);
        assert_eq!(seen.status, 200, "{}", seen.body);
        assert!(!seen.body.to_string().contains("Ann Lane"), "{}", seen.body);
    }
    let list = reader.get(&format!("/api/v1/gatherings{day}"));
    assert!(!list.body.to_string().contains("Ann Lane"), "{}", list.body);
}

async fn jobs(app: &TestApp) -> usize {
    app.catch_up().await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    jobs.run_once().await.expect("jobs run")
}

/// A workshop that was held some days ago, to which this many people came.
fn held(app: &TestApp, office: &Office, plan: &Value, (day, people): (i64, u32)) -> Kept {
    let workshop = Kept::plan(serve(app, office.ada), plan);
    workshop.take("add-session", &session_on(app.in_days(day), None));
    workshop.take("open", &json!({}));
    let came = json!({ "session": 1, "came": { "people": people } });
    workshop.take("record-attendance", &came);
    let notes = json!({ "session": 1, "learned": "Much.", "signs": ["bringing-people-together"] });
    workshop.take("write-notes", &notes);
    workshop
}

fn line(movement: &Value, by: &str, of: &Value) -> Value {
    let mut lines = movement[by].as_array().expect("lines").iter();
    let found = lines.find(|line| line["of"] == *of);
    found.cloned().unwrap_or_default()
}

on_each_engine!(figures_of_gatherings_add_up_and_are_as_at_any_day);
async fn figures_of_gatherings_add_up_and_are_as_at_any_day(app: TestApp) {
    // Given a workshop of two themes, with a group's own lead, and one for every area.
    let office = Office::open(&app, 5000).await;
    let about = |area: Option<&str>, themes: &[&str]| {
        json!({
            "title": "A workshop",
            "description": "We learn.",
            "area": area,
            "themes": themes,
        })
    };
    let plan = |about: Value| json!({ "kind": "workshop", "about": about, "leads": [office.ada] });
    let first = plan(about(Some("oldham"), &["arts", "food"]));
    let first = held(&app, &office, &first, (-1, 9));
    let new = person(&app, "Porter").await;
    let of = |person: PersonId| json!({ "person": person });
    first.take("offer-lead", &of(new));
    let porters = first.officer.with_token(&token(&app, new));
    first.command(&porters, "take-lead", &of(new));
    first.take("leave-lead", &of(office.ada));
    app.pass_days(1);
    let yesterday = app.in_days(-1);
    held(&app, &office, &plan(about(None, &[])), (-1, 3));
    app.catch_up().await;

    // Then each grouping adds up, and a gathering counts for each of its themes.
    let ada = serve(&app, office.ada);
    let now = ada.get("/api/v1/movement").body;
    let figures = |sessions: u32, people: u32, handed_over: u32| -> Value {
        json!({ "sessions": sessions, "people": people, "handed_over": handed_over })
    };
    assert_eq!(now["all"], figures(2, 12, 1));
    for by in ["by_area", "by_kind", "by_quarter"] {
        let lines = now[by].as_array().expect("lines");
        for (name, sum) in now["all"].as_object().expect("figures") {
            let parts = lines
                .iter()
                .map(|line| line[name].as_i64().expect("a number"));
            assert_eq!(Some(parts.sum::<i64>()), sum.as_i64(), "{by} {name}");
        }
    }
    assert_eq!(line(&now, "by_area", &json!("oldham"))["people"], 9);
    assert_eq!(line(&now, "by_area", &Value::Null)["people"], 3);
    for theme in ["arts", "food"] {
        assert_eq!(
            line(&now, "by_theme", &json!(theme))["handed_over"],
            1,
            "{theme}"
        );
    }
    let sign = now["signs"].as_array().expect("signs").iter();
    let sign = sign.filter(|line| line["sign"] == "bringing-people-together");
    let seen: Vec<_> = sign
        .map(|line| (&line["grants"], &line["gatherings"]))
        .collect();
    assert_eq!(seen, [(&json!(0), &json!(2))]);

    // Then it is as at the day before, and only staff read it.
    let then = ada.get(&format!("/api/v1/movement?as_at={yesterday}")).body;
    assert_eq!(then["all"], figures(1, 9, 1));
    ada.get("/api/v1/movement?as_at=99999999")
        .assert_problem(400, "invalid_query");
    porters
        .get("/api/v1/movement")
        .assert_problem(403, "not_yours");
}

on_each_engine!(the_public_reads_fewer_than_five_people);
async fn the_public_reads_fewer_than_five_people(app: TestApp) {
    let (office, site) = serve_office(&app).await;
    let impact = || visible_text(&Browser::new(&site).get("/impact"));
    assert!(!impact().contains("When people met"));
    let plan = json!({ "leads": [office.ada] });
    held(&app, &office, &plan, (-1, 4));
    app.catch_up().await;
    let few = impact();
    assert!(few.contains("When people met"), "{few}");
    assert!(few.contains("fewer than five"), "{few}");

    held(&app, &office, &plan, (-1, 5));
    app.catch_up().await;
    // The four are not counted: nine less the five of the other page would tell them.
    let enough = impact();
    assert!(!enough.contains("fewer than five"), "{enough}");
    assert!(enough.contains("people came, added up 5"), "{enough}");
    assert!(enough.contains("where one to four came"), "{enough}");
}
