//! Public pages of gatherings: the list, booking a place without an account, giving it up, and the
//! calendar.

use microgrants::auth::links::SignInSecret;
use microgrants::clock::new_id;
use microgrants::domain::PersonId;
use microgrants::projections::{SignUpRow, SignUpState};
use microgrants::store::outbox::newest;
use microgrants::views::Filter;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::operations::cli::run_ok;
use crate::pages::journeys::{register_zofia, serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::service::Client;
use crate::support::test_app::{ORGANISATION, TestApp};

const PLACE: &str = "The hall in Mill Lane";

/// A gathering, and the officer who keeps it.
struct Circle<'a> {
    app: &'a TestApp,
    officer: PersonId,
    id: Uuid,
}

impl<'a> Circle<'a> {
    /// A draft whose plan says this in addition.
    async fn plan(app: &'a TestApp, office: &Office, plan: &Value) -> Self {
        let mut body = json!({
            "kind": "circle",
            "about": {
                "title": "Sharing a hall",
                "description": "Bring your questions.",
                "area": "oldham",
            },
            "leads": [office.ada],
        });
        for (name, value) in plan.as_object().expect("fields") {
            body[name] = value.clone();
        }
        let (id, officer) = (new_id(), office.ada);
        let circle = Self { app, officer, id };
        circle.take("plan", &body).await;
        circle
    }

    /// An open gathering with one session in a week.
    async fn open(app: &'a TestApp, office: &Office, plan: &Value, session: &Value) -> Self {
        let circle = Self::plan(app, office, plan).await;
        circle.add_session(7, session).await;
        circle.take("open", &json!({})).await;
        app.catch_up().await;
        circle
    }

    async fn take(&self, name: &str, body: &Value) {
        let command = command_from_json("gathering", self.id, name, body);
        self.app.issue_ok(self.officer, command).await;
    }

    async fn add_session(&self, days: i64, session: &Value) {
        let mut body = json!({
            "day": self.app.in_days(days),
            "starts_at": "18:00",
            "ends_at": "19:30",
            "place": PLACE,
        });
        for (name, value) in session.as_object().expect("fields") {
            body[name] = value.clone();
        }
        self.take("add-session", &body).await;
    }

    fn path(&self) -> String {
        format!("/gatherings/{}", self.id)
    }

    fn session(&self) -> String {
        format!("{}/1", self.path())
    }

    async fn sign_ups(&self, filter: Filter) -> Vec<SignUpRow> {
        self.app.catch_up().await;
        let filters = vec![Filter::equals("gathering", self.id), filter];
        self.app.views().all_rows(None, filters).await.unwrap()
    }
}

/// The second page of booking, after the first was filled in.
fn needs_page(browser: &mut Browser, session: &str, person: &[(&str, &str)]) -> Page {
    let at = format!("{session}/book");
    let first = browser.get(&at);
    assert_eq!(first.path, at, "{}", visible_text(&first));
    let second = browser.submit_form(&first, &at, person);
    assert!(
        second.status == 200 && second.contains("What would help you come?"),
        "{}: {}",
        second.status,
        visible_text(&second)
    );
    second
}

/// The fields of the second page, with what was typed on the first.
fn carried(page: &Page, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let typed = ["person", "telephone", "email"].map(|name| (name, page.hidden_field(name)));
    let more = more
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    let all = typed.into_iter().chain(more);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Sends the second page.
fn send_needs(browser: &mut Browser, page: &Page, session: &str, more: &[(&str, &str)]) -> Page {
    let fields = carried(page, more);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.submit_form(page, &format!("{session}/needs"), &fields)
}

/// Books a place in two pages.
fn book(browser: &mut Browser, session: &str, person: &[(&str, &str)]) -> Page {
    let page = needs_page(browser, session, person);
    let booked = send_needs(browser, &page, session, &[]);
    assert!(
        booked.path.ends_with("/booked"),
        "{}: {}",
        booked.path,
        visible_text(&booked)
    );
    booked
}

/// The address of the sign-in link that was mailed last to a person.
async fn mailed_link(app: &TestApp, person: PersonId) -> String {
    let mails = newest(app.store(), ORGANISATION, "", 100).await.unwrap();
    let mail = mails
        .into_iter()
        .find(|mail| mail.kind == "sign_in" && mail.person == person.to_string())
        .expect("a mail");
    let token = SignInSecret::derive(app.log.vault(), &mail.about).token;
    format!("/sign-in/{token}")
}

on_each_engine!(a_place_is_booked_without_an_account_and_given_up);
async fn a_place_is_booked_without_an_account_and_given_up(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let before = Browser::new(&address).get("/");
    assert!(!before.contains("/gatherings"), "there is none yet");
    let places = json!({ "places": 2, "place_for": "signed_up" });
    let circle = Circle::open(&app, &office, &json!({}), &places).await;
    let mut browser = Browser::new(&address);
    let home = browser.get("/");
    assert!(home.contains("href=\"/gatherings\""), "{}", home.text);
    let list = browser.get("/gatherings");
    for says in ["Sharing a hall", "2 places left", "6pm to 7:30pm"] {
        assert!(list.contains(says), "{says}: {}", visible_text(&list));
    }

    let session = circle.session();
    let person = [("person", "Nia"), ("telephone", "07700 900112")];
    let second = needs_page(&mut browser, &session, &person);
    let needs = ("needs", "A ramp, please");
    let refused = send_needs(&mut browser, &second, &session, &[needs]);
    assert!(
        refused.status == 422
            && refused.contains("A ramp, please")
            && refused.contains("Tick the box if we may keep this"),
        "{}",
        visible_text(&refused)
    );
    assert!(
        circle
            .sign_ups(Filter::equals("state", "place"))
            .await
            .is_empty()
    );
    let agreed = [needs, ("consent", "yes")];
    let booked = send_needs(&mut browser, &refused, &session, &agreed);
    let says = visible_text(&booked);
    assert!(
        booked.path.ends_with("/booked")
            && says.contains("You have a place.")
            && says.contains(PLACE),
        "{}: {says}",
        booked.path
    );
    let rows = circle.sign_ups(Filter::equals("state", "place")).await;
    let seen = app.views().decrypt_sign_ups(|_| true, rows).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].name.as_deref(), Some("Nia"));
    assert_eq!(seen[0].needs.as_deref(), Some("A ramp, please"));

    // Others see one place less, and not where it is.
    let mut stranger = Browser::new(&address);
    assert_hide_the_place(&mut stranger, &circle);
    assert!(stranger.get(&circle.path()).contains("1 place left"));
    assert!(browser.get(&circle.path()).contains(PLACE));

    let at = format!("{session}/step-down");
    let page = browser.get(&at);
    let after = browser.submit_form(&page, &at, &[]);
    assert!(
        after.contains("You told us that you can’t come.") && !after.contains(PLACE),
        "{}",
        visible_text(&after)
    );
    assert!(stranger.get(&circle.path()).contains("2 places left"));
    assert!(stranger.get(&at).path.contains("/sign-in"));
}

/// Checks that the public pages and the calendar do not say where a session is.
fn assert_hide_the_place(stranger: &mut Browser, circle: &Circle<'_>) {
    for path in [
        circle.path(),
        "/gatherings".to_owned(),
        "/gatherings.ics".to_owned(),
    ] {
        let page = stranger.get(&path);
        assert!(
            page.status == 200 && !page.contains(PLACE),
            "{path}: {}",
            page.text
        );
    }
}

on_each_engine!(what_was_typed_is_on_the_page_that_says_what_is_wrong);
async fn what_was_typed_is_on_the_page_that_says_what_is_wrong(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({})).await;
    let (session, mut browser) = (circle.session(), Browser::new(&address));
    let at = format!("{session}/book");
    let length = app.log.length().await.unwrap();
    for (typed, says) in [
        (
            [("person", ""), ("email", "nia@example.org")],
            "Enter your name",
        ),
        (
            [("person", "Nia"), ("email", "")],
            "Add a phone number or an email",
        ),
        (
            [("person", "Nia"), ("email", "nia at example")],
            "Enter an email address",
        ),
        (
            [
                ("person", "See www.evil.example"),
                ("email", "n@example.org"),
            ],
            "without a web address",
        ),
    ] {
        let page = browser.get(&at);
        let refused = browser.submit_form(&page, &at, &typed);
        assert!(
            refused.status == 422 && refused.contains(says),
            "{says}: {}",
            visible_text(&refused)
        );
        for (_, value) in typed {
            assert!(refused.contains(value), "{value}: {}", refused.text);
        }
    }
    assert_later_pages_keep_what_was_typed(&mut browser, &session);
    assert_eq!(
        app.log.length().await.unwrap(),
        length,
        "nothing is recorded"
    );
    for path in [
        "/gatherings/x",
        "/gatherings/x/1/book",
        &format!("{}/9/book", circle.path()),
    ] {
        assert_eq!(browser.get(path).status, 404, "{path}");
    }
}

/// Goes back to the first page, changes the language and sends changed hidden fields: nothing that
/// was typed on either page is lost.
fn assert_later_pages_keep_what_was_typed(browser: &mut Browser, session: &str) {
    let person = [("person", "Nia"), ("email", "nia@example.org")];
    let page = needs_page(browser, session, &person);
    let typed = [("needs", "Soup without nuts"), ("consent", "yes")];
    for then in ["back", "language-pl"] {
        let more = [&typed[..], &[("then", then)]].concat();
        let shown = send_needs(browser, &page, session, &more);
        assert_eq!(shown.status, 200);
        for value in ["Nia", "nia@example.org", "Soup without nuts", "yes"] {
            assert!(shown.contains(value), "{then} {value}: {}", shown.text);
        }
    }
    // Somebody may change the hidden fields, and is asked for them again.
    let page = browser.get("/language/en?to=%2Fgatherings");
    assert_eq!(page.status, 200);
    let page = needs_page(browser, session, &person);
    let refused = browser.submit_form(
        &page,
        &format!("{session}/needs"),
        &[("person", ""), ("email", "nia@example.org")],
    );
    assert!(
        refused.status == 422 && refused.contains("Who is coming?"),
        "{}",
        visible_text(&refused)
    );
}

on_each_engine!(those_who_wait_get_the_place_that_is_given_up);
async fn those_who_wait_get_the_place_that_is_given_up(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let one = json!({ "places": 1 });
    let circle = Circle::open(&app, &office, &json!({}), &one).await;
    let session = circle.session();
    let mut first = Browser::new(&address);
    book(
        &mut first,
        &session,
        &[("person", "Nia"), ("telephone", "07700 900112")],
    );
    let mut second = Browser::new(&address);
    assert!(second.get(&circle.path()).contains("Join the waiting list"));
    let person = [("person", "Bo"), ("telephone", "07700 900113")];
    let waits = book(&mut second, &session, &person);
    assert!(
        waits.contains("You are on the waiting list.")
            && waits.contains("We tell you if it is you."),
        "{}",
        visible_text(&waits)
    );
    // Booking again leads to what was booked.
    let again = second.get(&format!("{session}/book"));
    assert!(again.path.ends_with("/booked"), "{}", again.path);
    let at = format!("{session}/step-down");
    let page = first.get(&at);
    first.submit_form(&page, &at, &[]);
    app.catch_up().await;
    let has = second.get(&format!("{session}/booked"));
    assert!(has.contains("You have a place."), "{}", visible_text(&has));
}

on_each_engine!(the_office_sees_who_booked_without_confirming_an_address);
async fn the_office_sees_who_booked_without_confirming_an_address(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({})).await;
    let zofia = register_zofia(&app, "zofia@example.org").await;
    let own = json!({ "session": 1, "person": zofia, "channel": "phone" });
    circle.take("sign-up", &own).await;
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let at = format!("/desk{}", circle.path());
    let says = "They have not confirmed an email address yet.";
    assert!(!desk.get(&at).contains(says));
    let person = [("person", "Nia"), ("telephone", "07700 900112")];
    book(&mut Browser::new(&address), &circle.session(), &person);
    app.catch_up().await;
    let page = desk.get(&at);
    assert_eq!(
        page.text.matches(says).count(),
        1,
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(where_people_are_counted_nobody_signs_up_by_name);
async fn where_people_are_counted_nobody_signs_up_by_name(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let plan = json!({ "kind": "activity", "sign_up": "counted" });
    let walk = Circle::open(&app, &office, &plan, &json!({ "places": 9 })).await;
    walk.take("count-sign-ups", &json!({ "session": 1, "people": 4 }))
        .await;
    app.catch_up().await;
    let mut browser = Browser::new(&address);
    let page = browser.get(&walk.path());
    assert!(
        page.contains("5 places left")
            && page.contains("You don’t need to give your name.")
            && !page.contains("/book\""),
        "{}",
        visible_text(&page)
    );
    for page in ["book", "needs", "booked"] {
        let shown = browser.get(&format!("{}/{page}", walk.session()));
        assert_eq!(shown.path, walk.path(), "{page}");
    }
}

on_each_engine!(nothing_tells_whether_the_address_of_a_booking_is_known);
async fn nothing_tells_whether_the_address_of_a_booking_is_known(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({})).await;
    let zofia = register_zofia(&app, "zofia@example.org").await;
    let session = circle.session();
    let booking = |email: &str| {
        let mut browser = Browser::new(&address);
        let page = needs_page(
            &mut browser,
            &session,
            &[("person", "Zo"), ("email", email)],
        );
        let agreed = [("needs", "A ramp, please"), ("consent", "yes")];
        let booked = send_needs(&mut browser, &page, &session, &agreed);
        let names: Vec<_> = booked.headers.keys().cloned().collect();
        (
            booked.status,
            booked.path.clone(),
            visible_text(&booked),
            names,
        )
    };
    let answers = ["zofia@example.org", "nobody@example.org"].map(booking);
    assert!(
        answers[0].2.contains("You have a place."),
        "{}",
        answers[0].2
    );
    assert_eq!(answers[0], answers[1]);
    assert!(
        circle
            .sign_ups(Filter::equals("person", zofia))
            .await
            .is_empty()
    );

    // The owner of the address says whether it was them.
    let at = mailed_link(&app, zofia).await;
    let mut owner = Browser::new(&address);
    let page = owner.get(&at);
    assert!(
        page.contains("Yes, book it for me: Sharing a hall") && !page.contains(" checked"),
        "{}",
        visible_text(&page)
    );
    let booked = owner.submit_form(&page, &at, &[("join", "yes")]);
    assert!(
        booked.path.ends_with("/booked") && booked.contains("You have a place."),
        "{}: {}",
        booked.path,
        visible_text(&booked)
    );
    let own = circle.sign_ups(Filter::equals("person", zofia)).await;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].state, SignUpState::Place);
    let seen = app.views().decrypt_sign_ups(|_| true, own).await.unwrap();
    assert_eq!(seen[0].needs.as_deref(), Some("A ramp, please"));
    let places = circle.sign_ups(Filter::equals("state", "place")).await;
    assert_eq!(places.len(), 2, "the stranger's place became hers");
}

on_each_engine!(a_booking_goes_to_the_owner_of_its_address_before_those_who_wait);
async fn a_booking_goes_to_the_owner_of_its_address_before_those_who_wait(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({ "places": 1 })).await;
    let zofia = register_zofia(&app, "zofia@example.org").await;
    let person = [("person", "Zo"), ("email", "zofia@example.org")];
    book(&mut Browser::new(&address), &circle.session(), &person);
    let at = mailed_link(&app, zofia).await;
    let mut owner = Browser::new(&address);
    let page = owner.get(&at);
    // Somebody waits meanwhile. They waited for the place of the person who booked, and go on
    // waiting.
    let other = [("person", "Bo"), ("telephone", "07700 900113")];
    book(&mut Browser::new(&address), &circle.session(), &other);
    let booked = owner.submit_form(&page, &at, &[("join", "yes")]);
    assert!(
        booked.path.ends_with("/booked") && booked.contains("You have a place."),
        "{}: {}",
        booked.path,
        visible_text(&booked)
    );
    let places = circle.sign_ups(Filter::equals("state", "place")).await;
    assert_eq!(places.len(), 1, "one booking is one place");
    assert_eq!(places[0].person, zofia);
    let waiting = circle.sign_ups(Filter::equals("state", "waiting")).await;
    assert_eq!(waiting.len(), 1);
}

on_each_engine!(a_link_signs_in_without_taking_a_place);
async fn a_link_signs_in_without_taking_a_place(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({})).await;
    let zofia = register_zofia(&app, "zofia@example.org").await;
    let person = [("person", "Zo"), ("email", "zofia@example.org")];
    book(&mut Browser::new(&address), &circle.session(), &person);
    let at = mailed_link(&app, zofia).await;
    let mut owner = Browser::new(&address);
    let page = owner.get(&at);
    let shown = owner.submit_form(&page, &at, &[]);
    assert_eq!((shown.status, shown.path.as_str()), (200, "/my"));
    assert!(
        circle
            .sign_ups(Filter::equals("person", zofia))
            .await
            .is_empty()
    );
}

on_each_engine!(somebody_who_is_signed_in_books_on_one_page);
async fn somebody_who_is_signed_in_books_on_one_page(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({})).await;
    let zofia = register_zofia(&app, "zofia@example.org").await;
    let mut browser = signed_in(&app, &address, zofia).await;
    let page = browser.get(&format!("{}/book", circle.session()));
    assert!(
        page.path.ends_with("/needs") && page.contains("You are booking as Zofia."),
        "{}: {}",
        page.path,
        visible_text(&page)
    );
    let booked = browser.submit_form(&page, &page.path.clone(), &[("needs", "")]);
    assert!(
        booked.path.ends_with("/booked") && !booked.contains("we sent a link"),
        "{}",
        visible_text(&booked)
    );
    assert_eq!(
        circle.sign_ups(Filter::equals("person", zofia)).await.len(),
        1
    );
}

on_each_engine!(the_list_is_filtered_and_says_what_came_of_the_last_ones);
async fn the_list_is_filtered_and_says_what_came_of_the_last_ones(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({})).await;
    circle.add_session(40, &json!({})).await;
    let about = json!({ "title": "A walk", "description": "Slowly.", "area": "stockport" });
    let plan = json!({ "kind": "activity", "about": about, "grew_from": circle.id });
    Circle::open(&app, &office, &plan, &json!({})).await;
    let mut browser = Browser::new(&address);
    let mut list = |query: &str| visible_text(&browser.get(&format!("/gatherings{query}")));
    let all = list("");
    assert!(
        all.contains("Sharing a hall") && all.contains("A walk"),
        "{all}"
    );
    assert!(all.contains("And 1 more day"), "{all}");
    for (query, there, absent) in [
        ("?area=oldham", "Sharing a hall", "A walk"),
        ("?kind=activity", "A walk", "Sharing a hall"),
    ] {
        let found = list(query);
        assert!(
            found.contains(there) && !found.contains(absent),
            "{query}: {found}"
        );
    }
    let none = list("?area=oldham&kind=activity");
    assert!(
        none.contains("Nothing is planned there just now."),
        "{none}"
    );

    app.pass_days(8);
    let came = json!({ "session": 1, "came": { "people": 3 } });
    circle.take("record-attendance", &came).await;
    let notes = json!({
        "session": 1,
        "learned": "Keys are the trouble.",
        "ideas": ["A key box"],
        "signs": ["bringing-people-together"],
    });
    circle.take("write-notes", &notes).await;
    app.catch_up().await;
    let after = list("");
    assert!(
        after.contains("Keys are the trouble.") && after.contains("Fewer than 5 people came."),
        "{after}"
    );
    let page = Browser::new(&address).get(&circle.path());
    for says in [
        "A key box",
        "A walk</a>",
        "We saw: Bringing people together.",
    ] {
        assert!(page.contains(says), "{says}: {}", visible_text(&page));
    }
}

on_each_engine!(what_grew_from_a_gathering_is_on_the_pages_of_both);
async fn what_grew_from_a_gathering_is_on_the_pages_of_both(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({})).await;
    let about = json!({ "title": "A walk", "description": "Slowly." });
    let plan = json!({ "kind": "activity", "about": about, "grew_from": circle.id });
    let walk = Circle::open(&app, &office, &plan, &json!({})).await;
    let hidden = json!({ "title": "A secret", "description": "Not yet." });
    let plan = json!({ "about": hidden, "grew_from": circle.id });
    Circle::plan(&app, &office, &plan).await;
    app.catch_up().await;
    let mut stranger = Browser::new(&address);
    let mut desk = signed_in(&app, &address, office.ada).await;
    for (page, says, other) in [
        (
            stranger.get(&circle.path()),
            "What grew from it",
            "A walk</a>",
        ),
        (
            stranger.get(&walk.path()),
            "It grew from",
            "Sharing a hall</a>",
        ),
        (
            desk.get(&format!("/desk{}", circle.path())),
            "What grew from it",
            "A walk</a>",
        ),
        (
            desk.get(&format!("/desk{}", walk.path())),
            "It grew from",
            "Sharing a hall</a>",
        ),
    ] {
        assert!(
            page.contains(says) && page.contains(other),
            "{}: {}",
            page.path,
            visible_text(&page)
        );
    }
    assert!(!stranger.get(&circle.path()).contains("A secret"));
}

/// The lines of a calendar after unfolding.
fn calendar_lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n ", "");
    text.split_terminator("\r\n").map(str::to_owned).collect()
}

/// The values of a property, in the order of the events.
fn values(text: &str, name: &str) -> Vec<String> {
    let lines = calendar_lines(text);
    let of = lines.iter().filter_map(|line| line.strip_prefix(name));
    of.filter_map(|rest| rest.strip_prefix(':'))
        .map(str::to_owned)
        .collect()
}

on_each_engine!(calendar_programs_read_each_session_once);
async fn calendar_programs_read_each_session_once(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({ "places": 2 })).await;
    circle
        .add_session(100, &json!({ "place_for": "signed_up" }))
        .await;
    let draft = Circle::plan(&app, &office, &json!({})).await;
    draft.add_session(9, &json!({})).await;
    app.catch_up().await;
    let client = Client::new(&address, "");
    let feed = |path: &str| {
        let answer = client.get_with(path, &[]);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.content_type, "text/calendar; charset=utf-8");
        let text = answer.body.as_str().expect("text").to_owned();
        (text, answer.etag.expect("a tag"))
    };
    let (text, tag) = feed("/gatherings.ics");
    let own = |number: u16| format!("{}-{number}@127.0.0.1", circle.id);
    assert_eq!(values(&text, "UID"), [own(1), own(2)]);
    assert_eq!(values(&text, "LOCATION"), [PLACE], "{text}");
    assert_eq!(values(&text, "SEQUENCE"), ["0", "0"]);
    assert_eq!(feed(&format!("{}.ics", circle.path())).0, text);
    let unchanged = client.get_with("/gatherings.ics", &[("If-None-Match", &tag)]);
    assert_eq!(unchanged.status, 304);
    for path in [format!("{}.ics", draft.path()), draft.path()] {
        assert_eq!(client.get_with(&path, &[]).status, 404, "{path}");
    }

    // People who sign up change nothing in it.
    let person = [("person", "Nia"), ("telephone", "07700 900112")];
    book(&mut Browser::new(&address), &circle.session(), &person);
    assert_eq!(feed("/gatherings.ics").1, tag);

    app.pass_seconds(60);
    let moved = json!({
        "day": app.in_days(8), "starts_at": "13:30", "ends_at": "15:00", "place": PLACE,
    });
    circle
        .take("move-session", &json!({ "session": 1, "to": moved }))
        .await;
    let cancelled = json!({ "session": 1, "reason": "The hall is flooded." });
    circle.take("cancel-session", &cancelled).await;
    app.catch_up().await;
    let (after, _) = feed("/gatherings.ics");
    assert_eq!(values(&after, "UID"), [own(1), own(2)]);
    assert_eq!(values(&after, "SEQUENCE"), ["2", "0"]);
    assert_eq!(values(&after, "STATUS"), ["CANCELLED", "CONFIRMED"]);
    let stamps = (values(&text, "DTSTAMP"), values(&after, "DTSTAMP"));
    assert!(
        stamps.0[0] < stamps.1[0] && stamps.0[1] == stamps.1[1],
        "{stamps:?}"
    );

    app.pass_days(90);
    assert_eq!(values(&feed("/gatherings.ics").0, "UID"), [own(1), own(2)]);
    app.pass_days(1);
    assert_eq!(values(&feed("/gatherings.ics").0, "UID"), [own(2)]);
}

on_each_engine!(the_calendar_is_written_to_a_file);
async fn the_calendar_is_written_to_a_file(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let circle = Circle::open(&app, &office, &json!({}), &json!({})).await;
    let id = circle.id;
    let place = app.close().await;
    let export = ["export", "calendar", "gatherings.ics"];
    assert_eq!(run_ok(&place, &export), "1 sessions are in gatherings.ics");
    let file = place.folder.path().join("gatherings.ics");
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(values(&text, "UID"), [format!("{id}-1@127.0.0.1")]);
}
