//! Gatherings at the desk: a call to action with a waiting list, and a walk that people lead
//! themselves, through the pages alone.

use microgrants::domain::gathering::SessionState;
use microgrants::domain::{PersonId, Role};
use microgrants::projections::{
    GatheringRow, GatheringSessionRow, GroupRow, SignUpRow, SignUpState,
};
use microgrants::views::Filter;
use serde_json::json;
use uuid::Uuid;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

const NEW: &str = "/desk/gatherings/new";
const DESCRIPTION: &str = "Groups meet and agree what to do.";

/// A gathering at the desk: the browser of somebody of the office, and the address of its page.
struct AtDesk {
    desk: Browser,
    at: String,
}

impl AtDesk {
    /// Plans a gathering, with more fields than a title, a description and an area.
    fn plan(mut desk: Browser, more: &[(&str, &str)]) -> Self {
        let page = desk.get(NEW);
        let fields = [
            ("at", NEW),
            ("form", "plan"),
            ("about.title", "Act together"),
            ("about.description", DESCRIPTION),
            ("about.area", "oldham"),
        ];
        let made = desk.submit_form(
            &page,
            "/desk/do/gatherings/plan",
            &[&fields[..], more].concat(),
        );
        assert_eq!(made.status, 200, "{}", visible_text(&made));
        let at = made.path.split('?').next().unwrap().to_owned();
        assert!(at.starts_with("/desk/gatherings/"), "{at}");
        Self { desk, at }
    }

    fn id(&self) -> Uuid {
        let id = self.at.rsplit('/').next().unwrap();
        id.parse().expect("an id")
    }

    fn page(&mut self) -> Page {
        self.desk.get(&self.at)
    }

    /// Sends a form of the gathering's page.
    fn send(&mut self, command: &str, fields: &[(&str, &str)]) -> Page {
        let (at, page) = (self.at.clone(), self.page());
        let own = [("at", at.as_str()), ("form", command)];
        let to = format!("/desk/do/gatherings/{}/{command}", self.id());
        let fields = [&own[..], fields].concat();
        self.desk.submit_form(&page, &to, &fields)
    }

    /// Sends a form that must be taken.
    fn take(&mut self, command: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.send(command, fields);
        assert_eq!(page.status, 200, "{command}: {}", visible_text(&page));
        page
    }

    /// Adds a session in so many days.
    fn add_session(&mut self, app: &TestApp, days: i64, places: &str) {
        let day = app.in_days(days).to_string();
        self.take("add-session", &session_on(&day, places));
    }

    /// Sends the form of a page about the first session.
    fn send_from(&mut self, from: &str, to: &str, fields: &[(&str, &str)]) -> Page {
        let at = format!("{}/1/{from}", self.at);
        let page = self.desk.get(&at);
        assert_eq!(page.status, 200, "{at}: {}", visible_text(&page));
        let own = [("at", at.as_str())];
        let to = format!("/desk/do/{to}/{}/1", self.id());
        self.desk
            .submit_form(&page, &to, &[&own[..], fields].concat())
    }

    fn sign_up(&mut self, fields: &[(&str, &str)]) -> Page {
        self.send_from("sign-up", "gathering-sign-up", fields)
    }

    fn say_who_came(&mut self, fields: &[(&str, &str)]) -> Page {
        let form = [("form", "attendance")];
        self.send_from("attendance", "attendance", &[&form[..], fields].concat())
    }

    async fn row(&self, app: &TestApp) -> GatheringRow {
        let found = app.views().find(self.id(), None).await.unwrap();
        found.expect("a gathering")
    }

    async fn session(&self, app: &TestApp) -> GatheringSessionRow {
        let id = GatheringSessionRow::id_of(self.id(), 1);
        let found = app.views().find(id, None).await.unwrap();
        found.expect("a session")
    }

    /// Who is in a state at the first session.
    async fn people(&self, app: &TestApp, state: SignUpState) -> Vec<PersonId> {
        let of = vec![
            Filter::equals("gathering", self.id()),
            Filter::in_state([state]),
        ];
        let rows: Vec<SignUpRow> = app.views().all_rows(None, of).await.unwrap();
        rows.into_iter().map(|row| row.person).collect()
    }
}

fn session_on<'a>(day: &'a str, places: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("day", day),
        ("starts_at", "13:30"),
        ("ends_at", "16:00"),
        ("place", "The hall in Mill Lane"),
        ("place_for", "signed_up"),
        ("places:number", places),
    ]
}

/// An open call to action with one place, in a week.
async fn open_call(app: &TestApp, office: &Office, address: &str) -> AtDesk {
    let desk = signed_in(app, address, office.ada).await;
    let ada = office.ada.to_string();
    let plan = [
        ("kind", "call_to_action"),
        ("sign_up", "named"),
        ("leads:list", ada.as_str()),
    ];
    let mut call = AtDesk::plan(desk, &plan);
    call.add_session(app, 7, "1");
    call.take("open", &[]);
    call
}

on_each_engine!(what_is_wrong_is_said_next_to_its_field_and_what_was_typed_stays);
async fn what_is_wrong_is_said_next_to_its_field_and_what_was_typed_stays(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get(NEW);
    let fields = [
        ("at", NEW),
        ("form", "plan"),
        ("kind", ""),
        ("about.title", ""),
        ("about.description", DESCRIPTION),
        ("sign_up", "counted"),
    ];
    let refused = desk.submit_form(&page, "/desk/do/gatherings/plan", &fields);
    assert!(
        refused.status == 422
            && refused.contains("id=\"plan-about-title-error\"")
            && refused.contains("id=\"plan-kind-error\"")
            && refused.contains(DESCRIPTION)
            && refused.contains("value=\"counted\" checked"),
        "{} {}",
        refused.status,
        refused.text
    );

    let mut call = AtDesk::plan(desk, &[("kind", "circle"), ("sign_up", "named")]);
    let day = app.in_days(7).to_string();
    for (field, value) in [
        ("starts_at", "half past one"),
        ("day", "soon"),
        ("ends_at", "13:00"),
        ("places:number", "0"),
    ] {
        let mut fields = session_on(&day, "60").to_vec();
        for one in &mut fields {
            if one.0 == field {
                one.1 = value;
            }
        }
        let refused = call.send("add-session", &fields);
        let id = field.replace(['_', ':'], "-");
        assert!(
            refused.status == 422
                && refused.contains("The hall in Mill Lane")
                && refused.contains(&format!("value=\"{value}\""))
                && refused.contains(&format!("id=\"add-session-{id}-error\"")),
            "{field}: {} {}",
            refused.status,
            visible_text(&refused)
        );
    }
    let none = call.page();
    assert!(
        none.contains("Next: find a lead"),
        "{}",
        visible_text(&none)
    );
    let refused = call.send("open", &[]);
    assert!(
        refused.contains("No one leads this gathering yet"),
        "{}",
        visible_text(&refused)
    );
}

on_each_engine!(somebody_who_phones_is_signed_up_and_needs_are_kept_with_consent);
async fn somebody_who_phones_is_signed_up_and_needs_are_kept_with_consent(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let nia = person(&app, "Nia Rhys").await;
    app.catch_up().await;
    let mut call = open_call(&app, &office, &address).await;
    let search = format!("{}/1/sign-up?q=nia", call.at);
    let found = call.desk.get(&search);
    assert!(found.contains("Nia Rhys"), "{}", visible_text(&found));

    // When
    let (form, id) = (format!("sign-up-{nia}"), nia.to_string());
    let fields = [
        ("at", search.as_str()),
        ("form", form.as_str()),
        ("person", id.as_str()),
        ("channel", "phone"),
        ("needs", "A ramp, please"),
    ];
    let to = format!("/desk/do/gathering-sign-up/{}/1", call.id());
    let refused = call.desk.submit_form(&found, &to, &fields);
    let consent = [("consent", "yes")];
    let fields = [&fields[..], &consent].concat();
    let taken = call.desk.submit_form(&refused, &to, &fields);
    let again = call.desk.submit_form(&found, &to, &fields);

    // Then
    assert!(
        refused.status == 422
            && refused.contains("A ramp, please")
            && refused.contains(&format!("id=\"sign-up-{nia}-consent-error\"")),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    assert!(
        taken.status == 200
            && taken.contains("Signed up.")
            && taken.contains("1 of 1 places taken")
            && taken.contains("Needs: A ramp, please"),
        "{}",
        visible_text(&taken)
    );
    assert!(
        again.contains("already signed up") && again.contains("A ramp, please"),
        "{}",
        visible_text(&again)
    );
    assert_eq!(call.people(&app, SignUpState::Place).await, [nia]);
}

on_each_engine!(who_waits_gets_the_place_of_somebody_who_steps_down);
async fn who_waits_gets_the_place_of_somebody_who_steps_down(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let nia = person(&app, "Nia Rhys").await;
    let mut call = open_call(&app, &office, &address).await;
    sign_up_by_phone(&app, &office, &call, nia).await;

    // When somebody new phones, they wait
    let new = [
        ("form", "new-person"),
        ("name", "Mo Ali"),
        ("channel", "phone"),
    ];
    let refused = call.sign_up(&new);
    assert!(
        refused.status == 422 && refused.contains("value=\"Mo Ali\""),
        "{}",
        visible_text(&refused)
    );
    let phone = [("telephone", "07700 900113")];
    let waits = call.sign_up(&[&new[..], &phone].concat());
    assert!(
        waits.contains("1 person waits") && waits.contains("Mo Ali"),
        "{}",
        visible_text(&waits)
    );
    let mo = call.people(&app, SignUpState::Waiting).await;

    // When the first steps down, they have the place
    let page = call
        .desk
        .get(&format!("{}?about=1.{nia}&do=step-down", call.at));
    assert!(
        page.contains("Nia Rhys does not come"),
        "{}",
        visible_text(&page)
    );
    let id = nia.to_string();
    let gone = call.take("step-down", &[("session:number", "1"), ("person", &id)]);
    assert!(!gone.contains("Nia Rhys"), "{}", visible_text(&gone));
    assert_eq!(call.people(&app, SignUpState::Place).await, mo);
    let sheet = format!("{}/1/sheet", call.at);
    let sheet = call.desk.get(&sheet);
    assert!(
        sheet.status == 200 && sheet.contains("Mo Ali") && !sheet.contains("Nia Rhys"),
        "{}",
        visible_text(&sheet)
    );
}

on_each_engine!(a_sign_up_that_is_sent_twice_is_recorded_once);
async fn a_sign_up_that_is_sent_twice_is_recorded_once(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut call = open_call(&app, &office, &address).await;
    let at = format!("{}/1/sign-up", call.at);
    let to = format!("/desk/do/gathering-sign-up/{}/1", call.id());
    let page = call.desk.get(&at);
    let fields = [
        ("at", at.as_str()),
        ("form", "new-person"),
        ("name", "Mo Ali"),
        ("telephone", "07700 900113"),
        ("channel", "phone"),
    ];
    for _ in 0..2 {
        let sent = call.desk.submit_form(&page, &to, &fields);
        assert_eq!(sent.status, 200, "{}", visible_text(&sent));
    }
    assert_eq!(call.people(&app, SignUpState::Place).await.len(), 1);
    assert!(call.people(&app, SignUpState::Waiting).await.is_empty());
}

/// Signs a person up who phoned the office.
async fn sign_up_by_phone(app: &TestApp, office: &Office, call: &AtDesk, person: PersonId) {
    let sign_up = json!({ "session": 1, "person": person, "channel": "phone" });
    let command = command_from_json("gathering", call.id(), "sign-up", &sign_up);
    app.issue_ok(office.ada, command).await;
    app.catch_up().await;
}

on_each_engine!(today_asks_who_came_once_a_session_is_over);
async fn today_asks_who_came_once_a_session_is_over(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let nia = person(&app, "Nia Rhys").await;
    let mut call = open_call(&app, &office, &address).await;
    sign_up_by_phone(&app, &office, &call, nia).await;
    let id = nia.to_string();
    let early = call.say_who_came(&[("came", &id), ("others", "57")]);
    assert!(
        early.status == 409 && early.contains("This session is not over yet"),
        "{} {}",
        early.status,
        visible_text(&early)
    );

    // When
    app.pass_days(8);
    call.desk = signed_in(&app, &address, office.ada).await;
    let before = call.desk.get("/desk");
    let record = call.page();
    let said = call.say_who_came(&[("came", &id), ("others", "57")]);
    let after = call.desk.get("/desk");

    // Then
    assert!(
        before.contains("Who came? Act together") && before.contains("/1/attendance\""),
        "{}",
        visible_text(&before)
    );
    assert!(
        record.contains("Next: say who came"),
        "{}",
        visible_text(&record)
    );
    assert!(
        said.status == 200 && visible_text(&said).contains("58 people came"),
        "{} {}",
        said.status,
        visible_text(&said)
    );
    assert!(!after.contains("Who came?"), "{}", visible_text(&after));
}

on_each_engine!(who_came_is_checked_and_corrected_with_a_reason);
async fn who_came_is_checked_and_corrected_with_a_reason(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (group, _) = office.group(&app).await;
    let mut call = open_call(&app, &office, &address).await;
    app.pass_days(8);
    call.desk = signed_in(&app, &address, office.ada).await;
    let name = app.views().find::<GroupRow>(group.0, None).await.unwrap();
    let name = name.expect("a group").name;

    // When what is entered cannot be right, it is said and kept
    for (fields, says) in [
        (vec![], "Tick who came, or enter how many"),
        (vec![("others", "many")], "Enter a number of people"),
        (
            vec![("others", "5"), ("other-1", "Zzz"), ("other-people-1", "3")],
            "We know no group of this name",
        ),
        (
            vec![
                ("others", "5"),
                ("other-1", name.as_str()),
                ("other-people-1", "6"),
            ],
            "More people came from groups than in all",
        ),
    ] {
        let refused = call.say_who_came(&fields);
        let keeps = |(_, value): &(&str, &str)| refused.contains(&format!("value=\"{value}\""));
        assert!(
            refused.status == 422 && refused.contains(says) && fields.iter().all(keeps),
            "{says}: {} {}",
            refused.status,
            visible_text(&refused)
        );
    }
    let right = [
        ("others", "58"),
        ("other-1", name.as_str()),
        ("other-people-1", "3"),
    ];
    let said = call.say_who_came(&right);
    assert_eq!(said.status, 200, "{}", visible_text(&said));

    // Then it is corrected with a reason only, and what was learned is noted
    let refused = call.say_who_came(&[("others", "57")]);
    assert!(
        refused.status == 422 && refused.contains("Write what was wrong"),
        "{}",
        visible_text(&refused)
    );
    call.say_who_came(&[("others", "57"), ("reason", "One left.")]);
    let session = call.session(&app).await;
    assert_eq!(session.state, SessionState::Held);
    assert_eq!(session.came.map(|came| came.people), Some(57));
    let written = [
        ("session:number", "1"),
        ("learned", "Halls are cold."),
        ("ideas:lines", "Share a van\r\nLend a shed"),
    ];
    let page = call.take("write-notes", &written);
    assert!(
        page.contains("Halls are cold.") && page.contains("<li>Lend a shed</li>"),
        "{}",
        visible_text(&page)
    );
}

/// A walk in a week that is counted and asks for a risk check, led by Ada.
async fn planned_walk(app: &TestApp, office: &Office, address: &str) -> AtDesk {
    let desk = signed_in(app, address, office.ada).await;
    let ada = office.ada.to_string();
    let plan = [
        ("kind", "activity"),
        ("sign_up", "counted"),
        ("risk_check:yes-no", "yes"),
        ("leads:list", ada.as_str()),
    ];
    let mut walk = AtDesk::plan(desk, &plan);
    walk.add_session(app, 7, "");
    walk
}

on_each_engine!(a_walk_opens_once_it_is_safe_and_people_are_counted);
async fn a_walk_opens_once_it_is_safe_and_people_are_counted(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut walk = planned_walk(&app, &office, &address).await;
    let page = walk.page();
    assert!(
        page.contains("Next: the risk check"),
        "{}",
        visible_text(&page)
    );
    let refused = walk.send("open", &[]);
    assert!(
        refused.status == 409 && refused.contains("needs a risk check that is in date"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    let past = app.in_days(-1).to_string();
    let refused = walk.send("pass-risk-check", &[("good_until", &past)]);
    assert!(
        refused.status == 422
            && refused.contains("id=\"pass-risk-check-good-until-error\"")
            && refused.contains(&format!("value=\"{past}\"")),
        "{}",
        visible_text(&refused)
    );
    let until = app.in_days(20).to_string();
    walk.take("pass-risk-check", &[("good_until", &until)]);
    walk.take("open", &[]);

    let count = [
        ("session:number", "1"),
        ("people:number", "28"),
        ("channel", "phone"),
    ];
    let counted = walk.take("count-sign-ups", &count);
    assert!(
        counted.contains("28 people signed up"),
        "{}",
        visible_text(&counted)
    );
    let by_name = format!("{}/1/sign-up", walk.at);
    assert_eq!(walk.desk.get(&by_name).status, 404, "no name is taken");
    let today = walk.desk.get("/desk");
    assert!(
        today.contains("Make the risk check again: Act together"),
        "{}",
        visible_text(&today)
    );
}

on_each_engine!(staff_leave_the_lead_to_somebody_who_took_it);
async fn staff_leave_the_lead_to_somebody_who_took_it(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let porter = person(&app, "Porter").await;
    app.catch_up().await;
    let mut walk = planned_walk(&app, &office, &address).await;
    let until = app.in_days(90).to_string();
    walk.take("pass-risk-check", &[("good_until", &until)]);
    walk.take("open", &[]);
    let ada = office.ada.to_string();
    let alone = walk.send("leave-lead", &[("person", &ada)]);
    assert!(
        alone.status == 409 && alone.contains("No one else leads this gathering"),
        "{}",
        visible_text(&alone)
    );

    // When
    let search = format!("{}/lead?q=porter", walk.at);
    let found = walk.desk.get(&search);
    let id = porter.to_string();
    let fields = [
        ("at", search.as_str()),
        ("form", "offer-lead"),
        ("person", id.as_str()),
    ];
    let to = format!("/desk/do/gatherings/{}/offer-lead", walk.id());
    let offered = walk.desk.submit_form(&found, &to, &fields);
    let of_offer = walk.desk.get("/desk");
    let command = |name, body| command_from_json("gathering", walk.id(), name, &body);
    let take = command("take-lead", json!({ "person": porter }));
    app.issue_ok(porter, take).await;
    let words = "Someone to bring the tea";
    let ask = command("ask-for-hand", json!({ "lead": porter, "words": words }));
    app.issue_ok(porter, ask).await;
    app.catch_up().await;
    let page = walk.take("leave-lead", &[("person", &ada)]);
    let of_hand = walk.desk.get("/desk");

    // Then
    assert!(
        offered.contains("We offered Porter the lead"),
        "{} {}",
        offered.path,
        visible_text(&offered)
    );
    assert!(
        of_offer.contains("Lead offered, not taken: Act together"),
        "{}",
        visible_text(&of_offer)
    );
    let row = walk.row(&app).await;
    assert_eq!(row.handed_over, 1);
    assert_eq!(row.leads.keys().copied().collect::<Vec<_>>(), [porter]);
    assert!(
        page.contains("Next: give a hand") && page.contains(words),
        "{}",
        visible_text(&page)
    );
    assert!(
        of_hand.contains("A lead asks for a hand: Act together") && !of_hand.contains(words),
        "{}",
        visible_text(&of_hand)
    );
}

on_each_engine!(sessions_are_moved_and_cancelled_at_the_desk);
async fn sessions_are_moved_and_cancelled_at_the_desk(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut call = open_call(&app, &office, &address).await;
    let about = format!("{}?about=1&do=move-session", call.at);
    let form = call.desk.get(&about);
    assert!(
        form.contains("name=\"to.place\"") && form.contains("value=\"The hall in Mill Lane\""),
        "{}",
        form.text
    );
    let day = app.in_days(9).to_string();
    let to = [
        ("session:number", "1"),
        ("to.day", day.as_str()),
        ("to.starts_at", "18:00"),
        ("to.ends_at", "20:00"),
        ("to.place_for", "everyone"),
    ];
    let moved = call.take("move-session", &to);
    assert!(moved.contains("6pm to 8pm"), "{}", visible_text(&moved));
    assert_eq!(call.session(&app).await.places, None);
    let cancel = [("session:number", "1"), ("reason", "The hall is wet.")];
    let cancelled = call.take("cancel-session", &cancel);
    assert!(
        cancelled.contains("Cancelled: The hall is wet."),
        "{}",
        visible_text(&cancelled)
    );
    let ended = call.take("end", &[("sure", ""), ("sure", "yes")]);
    assert!(
        ended.contains("This gathering has ended."),
        "{}",
        visible_text(&ended)
    );
}

on_each_engine!(gatherings_are_listed_found_and_exported_without_names);
async fn gatherings_are_listed_found_and_exported_without_names(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut call = open_call(&app, &office, &address).await;
    let words = [
        ("title", "Act together"),
        ("description", DESCRIPTION),
        ("area", "oldham"),
        ("themes:list", "food"),
    ];
    call.take("describe", &words);
    for query in [
        "",
        "?state=open",
        "?kind=call_to_action&area=oldham",
        "?theme=food",
        "?q=ACT",
        "?sort=-planned&column=planned",
    ] {
        let list = call.desk.get(&format!("/desk/gatherings{query}"));
        assert!(
            list.status == 200 && list.contains(&call.at),
            "{query}: {}",
            visible_text(&list)
        );
    }
    for query in [
        "?state=draft",
        "?kind=walk",
        "?theme=arts",
        "?theme=%25",
        "?q=nothing",
        "?as_at=0",
    ] {
        let list = call.desk.get(&format!("/desk/gatherings{query}"));
        assert!(
            list.status == 200 && !list.contains(&call.at),
            "{query}: {}",
            visible_text(&list)
        );
    }
    let (bytes, _) = call.desk.download("/desk/sheets/gatherings.csv?theme=food");
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.contains(r#""Act together","Open","Call to action""#),
        "{text}"
    );
    let (xlsx, _) = call.desk.download("/desk/sheets/gatherings.xlsx");
    assert!(xlsx.starts_with(b"PK"));
    let found = call.desk.get("/desk/find?q=together");
    assert!(found.contains(&call.at), "{}", visible_text(&found));
}

on_each_engine!(who_signed_up_is_read_by_those_who_work_with_groups_alone);
async fn who_signed_up_is_read_by_those_who_work_with_groups_alone(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let nia = person(&app, "Nia Rhys").await;
    let (pat, jo) = (person(&app, "Pat").await, person(&app, "Jo").await);
    office.give_role(&app, pat, Role::Auditor).await;
    office.give_role(&app, jo, Role::Panel).await;
    let mut call = open_call(&app, &office, &address).await;
    let needs = json!({ "words": "A ramp, please", "consent": true });
    let own = json!({ "session": 1, "person": nia, "needs": needs });
    let command = command_from_json("gathering", call.id(), "sign-up", &own);
    app.issue_ok(nia, command).await;
    app.catch_up().await;
    let seen = call.page();
    assert!(
        seen.contains("Nia Rhys") && seen.contains("A ramp, please"),
        "{}",
        visible_text(&seen)
    );

    // Then the auditor and the panel read figures
    for reader in [pat, jo] {
        let mut browser = signed_in(&app, &address, reader).await;
        let page = browser.get(&call.at);
        assert!(
            page.status == 200
                && page.contains("1 of 1 places taken")
                && page.contains("There is nothing for you to do here.")
                && !page.contains("Nia Rhys")
                && !page.contains("A ramp, please"),
            "{}",
            visible_text(&page)
        );
        let list = browser.get("/desk/gatherings");
        assert!(
            list.contains(&call.at) && list.contains("href=\"/desk/gatherings\""),
            "{}",
            visible_text(&list)
        );
        for path in [
            NEW.to_owned(),
            format!("{}/1/sheet", call.at),
            format!("{}/1/sign-up", call.at),
            format!("{}/1/attendance", call.at),
            format!("{}/lead", call.at),
        ] {
            assert_eq!(browser.get(&path).status, 403, "{path}");
        }
    }

    // Then a stranger signs in first, and finds nothing
    let mut stranger = Browser::new(&address);
    assert!(stranger.get(&call.at).path.starts_with("/sign-in"));
    let mut guest = signed_in(&app, &address, nia).await;
    for path in ["", "/1/sheet", "/1/attendance", "/lead"] {
        let path = format!("{}{path}", call.at);
        assert_eq!(guest.get(&path).status, 404, "{path}");
    }
    for path in ["/x", "/1/none", "/9/sheet", "/one/sheet"] {
        let path = format!("{}{path}", call.at);
        assert_eq!(call.desk.get(&path).status, 404, "{path}");
    }
}
