//! Groups that may be the same: the office sees what they share, and a stranger learns only of
//! public grants.

use microgrants::clock::new_id;
use microgrants::commands::{Caller, CommandRequest};
use microgrants::domain::group::{GroupMaturity, RegisterGroup};
use microgrants::domain::person::PersonDetails;
use microgrants::domain::{Command, GroupCommand, GroupId, PersonCommand, PersonId};
use serde_json::{Value, json};

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, open, text};
use crate::support::service::serve;
use crate::support::test_app::TestApp;

/// A person who is reached in some ways, and a group that they register.
struct Applicant {
    group: &'static str,
    name: &'static str,
    email: Option<&'static str>,
    telephone: Option<&'static str>,
    postal_address: Option<&'static str>,
}

impl Applicant {
    fn of(group: &'static str, name: &'static str) -> Self {
        Self {
            group,
            name,
            email: None,
            telephone: None,
            postal_address: None,
        }
    }

    async fn register(&self, app: &TestApp) -> GroupId {
        let person = PersonId(new_id());
        let details = PersonDetails {
            name: open(self.name),
            email: self.email.map(open),
            telephone: self.telephone.map(open),
            postal_address: self.postal_address.map(open),
            typed_email: None,
        };
        let introduce = Command::Person(person, PersonCommand::Register(details));
        app.commands
            .execute(CommandRequest::new(Caller::operator(), introduce))
            .await
            .expect("a person is registered");
        let group = GroupId(new_id());
        let register = GroupCommand::Register(RegisterGroup {
            name: text(self.group),
            area: text("oldham"),
            standing: GroupMaturity::New,
            member: None,
        });
        app.issue_ok(person, Command::Group(group, register)).await;
        group
    }
}

/// What two groups share, in the API.
async fn shared_by(app: &TestApp, one: &Applicant, two: &Applicant) -> Value {
    let office = Office::open(app, 5000).await;
    let (first, second) = (one.register(app).await, two.register(app).await);
    app.catch_up().await;
    let client = serve(app, office.ada);
    let links = client.get(&format!("/api/v1/groups/{first}/links")).body;
    let items = links["items"].as_array().cloned().unwrap_or_default();
    let link = items
        .iter()
        .find(|link| link["group"] == json!(second.to_string()));
    link.map_or(Value::Null, |link| link["shares"].clone())
}

on_each_engine!(names_that_look_the_same_are_one_name);
async fn names_that_look_the_same_are_one_name(app: TestApp) {
    // Given
    let (office, _) = serve_office(&app).await;
    let client = serve(&app, office.ada);
    let cases = [
        ("Café of friends", "Cafe\u{301} of friends"),
        ("St Mary’s lunch", "St Mary's lunch"),
        ("ŁÓDŹ neighbours", "Łódź neighbours"),
        ("Soup  and song", "Soup and song"),
        ("“Open door”", "\"Open door\""),
    ];
    for (one, two) in cases {
        // When
        let first = Applicant::of(one, "Ann").register(&app).await;
        let second = Applicant::of(two, "Bea").register(&app).await;
        app.catch_up().await;

        // Then
        let links = client.get(&format!("/api/v1/groups/{first}/links")).body;
        assert_eq!(
            links["items"],
            json!([{ "group": second, "name": links["items"][0]["name"], "shares": ["name"] }]),
            "{one}"
        );
    }
}

on_each_engine!(people_in_two_groups_are_found_by_how_they_are_reached);
async fn people_in_two_groups_are_found_by_how_they_are_reached(app: TestApp) {
    let one = Applicant {
        email: Some("ann.example@example.org"),
        telephone: Some("0161 496 0000"),
        postal_address: Some("1 High Street, Oldham"),
        ..Applicant::of("Tea club", "Ann Example")
    };
    let two = Applicant {
        email: Some("annexample+tea@example.org"),
        telephone: Some("0161 496 0000, after 3pm"),
        postal_address: Some("1 high street\nOldham"),
        ..Applicant::of("Coffee morning", "ann example")
    };
    assert_eq!(
        shared_by(&app, &one, &two).await,
        json!(["address", "email", "person", "telephone"])
    );
}

on_each_engine!(a_shared_first_name_links_no_groups);
async fn a_shared_first_name_links_no_groups(app: TestApp) {
    let one = Applicant::of("Tea club", "Ann");
    let two = Applicant::of("Coffee morning", "Ann");
    assert_eq!(shared_by(&app, &one, &two).await, Value::Null);
}

on_each_engine!(the_office_sees_that_a_new_group_is_known);
async fn the_office_sees_that_a_new_group_is_known(app: TestApp) {
    // Given: two groups give one charity number.
    let (office, address) = serve_office(&app).await;
    let known = Applicant::of("Tea club", "Ann").register(&app).await;
    app.pass_seconds(1);
    let new = Applicant::of("Club for tea", "Bea").register(&app).await;
    let client = serve(&app, office.ada);
    for group in [known, new] {
        let path = format!("/api/v1/groups/{group}/record-identifier");
        let number = json!({ "identifier": "GB-CHC-1234567" });
        let answer = client.post(&path, &number);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    app.catch_up().await;

    // When
    let mut browser = signed_in(&app, &address, office.ada).await;
    let record = browser.get(&format!("/desk/groups/{new}"));
    let list = browser.get("/desk/groups");
    let today = browser.get("/desk");
    let merge = browser.get(&format!("/desk/groups/{new}/merge"));

    // Then
    let same = "Same charity or company number as";
    for (page, says) in [
        (&record, format!("{same} <a href=\"/desk/groups/{known}\">")),
        (&list, format!("{same} Tea club")),
        (&list, format!("{same} Club for tea")),
        (&today, format!("{same} Tea club. Is it the same group?")),
        (&merge, "(same charity or company number)".to_owned()),
    ] {
        assert!(page.contains(&says), "{says}: {}", visible_text(page));
    }
    assert!(
        !today.contains("as Club for tea"),
        "the first of the two is no news"
    );
    app.pass_days(31);
    let later = signed_in(&app, &address, office.ada).await.get("/desk");
    assert!(!later.contains("Is it the same group?"), "{}", later.text);
}

/// The page after a stranger typed the name of their group.
fn after_name(address: &str, office: &Office, name: &str) -> Page {
    let mut browser = Browser::new(address);
    let path = format!("/apply/{}/first/group", office.fund);
    let page = browser.get(&path);
    let fields = [("form", "group"), ("ask", "name"), ("name", name)];
    browser.submit_form(&page, &path, &fields)
}

on_each_engine!(a_stranger_hears_of_public_grants_only);
async fn a_stranger_hears_of_public_grants_only(app: TestApp) {
    // Given: a group that has applied, and one with a grant, each of its own name.
    let (office, address) = serve_office(&app).await;
    Applicant::of("Quiet club", "Ann").register(&app).await;
    office.awarded(&app, 700).await;
    app.catch_up().await;
    let says = "has had a grant from us before";

    // When
    let applied = after_name(&address, &office, "quiet club");
    let offered = after_name(&address, &office, "SOUP and song");
    office.payable(&app, 800).await;
    app.catch_up().await;
    let granted = after_name(&address, &office, "SOUP and song");
    let unknown = after_name(&address, &office, "Nobody has this name");

    // Then
    for page in [&applied, &offered, &granted, &unknown] {
        assert!(
            page.status == 200 && page.path.contains("ask=details"),
            "{} {}",
            page.path,
            visible_text(page)
        );
    }
    assert!(granted.contains(says), "{}", visible_text(&granted));
    for page in [&applied, &offered, &unknown] {
        assert!(!page.contains(says), "{}", visible_text(page));
    }
}

on_each_engine!(a_member_is_reminded_of_their_own_group);
async fn a_member_is_reminded_of_their_own_group(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let path = format!("/apply/{}/first/group", office.fund);
    let page = browser.get(&path);

    let fields = [
        ("form", "group"),
        ("ask", "name"),
        ("name", "soup and SONG"),
    ];
    let next = browser.submit_form(&page, &path, &fields);

    assert!(
        next.contains("You already belong to a group called soup and SONG."),
        "{}",
        visible_text(&next)
    );
}
