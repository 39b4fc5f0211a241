//! How people are reached: on the form to apply, on the account page, in spreadsheets, and by the
//! search of the desk.

use microgrants::auth::new_address;
use microgrants::clock::new_id;
use microgrants::commands::{Caller, CommandError, CommandRequest};
use microgrants::domain::application::ChooseLanguage;
use microgrants::domain::command::WithReason;
use microgrants::domain::language::Language;
use microgrants::domain::panel::Award;
use microgrants::domain::person::{ContactMethod, PersonDetails};
use microgrants::domain::{
    ApplicationCommand, ApplicationEvent, ApplicationId, Command, Event, GrantId, GroupId, Money,
    PersonCommand, PersonId, Refusal, Role,
};
use microgrants::projections::{GroupRow, PersonRow};
use microgrants::views::{HitKind, PageRequest, PersonView, Reader, SearchHit};
use serde_json::json;

use crate::pages::journeys::{as_fields, serve_office, signed_in, visible_text, walk_to_draft};
use crate::support::browser::Browser;
use crate::support::fixtures::{Office, award_of, open, person, text};
use crate::support::scenario::command_from_json;
use crate::support::steps;
use crate::support::test_app::TestApp;

const REACH: &str = "Add a phone number, an email or a postal address";

/// Contact details without an email.
fn details(name: &str, telephone: Option<&str>, postal_address: Option<&str>) -> PersonDetails {
    PersonDetails {
        name: open(name),
        email: None,
        telephone: telephone.map(open),
        postal_address: postal_address.map(open),
        typed_email: None,
    }
}

fn change_contact(person: PersonId, details: PersonDetails) -> Command {
    Command::Person(person, PersonCommand::ChangeContact(details))
}

fn as_role(role: Role) -> Reader {
    Reader {
        roles: [role].into(),
        granted_roles: [role].into(),
        ..Reader::service()
    }
}

/// All people, decrypted.
async fn people(app: &TestApp) -> Vec<PersonView> {
    app.catch_up().await;
    let rows = app
        .views()
        .list::<PersonRow>(None, Vec::new(), &PageRequest::up_to_max())
        .await
        .unwrap()
        .items;
    app.views()
        .decrypt_people(&Reader::service(), rows)
        .await
        .unwrap()
}

pub async fn person_named(app: &TestApp, name: &str) -> PersonView {
    let mut found = people(app).await;
    found.retain(|person| person.name.as_deref() == Some(name));
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

async fn group_row(app: &TestApp, group: GroupId) -> GroupRow {
    app.catch_up().await;
    app.views().find(group, None).await.unwrap().unwrap()
}

on_each_engine!(somebody_who_applies_can_be_reached);
async fn somebody_who_applies_can_be_reached(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let (_, mut fields) = walk_to_draft(&mut browser, &start, "Phone soup", "");
    let refused = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert!(
        refused.status == 422 && refused.contains(REACH),
        "{}",
        visible_text(&refused)
    );
    fields.push(("telephone".to_owned(), "call me".to_owned()));
    let refused = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert!(
        refused.status == 422 && refused.contains("Enter a phone number"),
        "{}",
        visible_text(&refused)
    );
    fields.pop();
    fields.push((
        "telephone".to_owned(),
        "07700 900 112, after 3pm".to_owned(),
    ));
    fields.push((
        "postal_address".to_owned(),
        "1 Example Street\nOldham".to_owned(),
    ));
    let taken = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert_eq!(taken.status, 303, "{}", visible_text(&taken));
    let zofia = person_named(&app, "Zofia").await;
    assert_eq!(
        (
            zofia.telephone.as_deref(),
            zofia.postal_address.as_deref(),
            zofia.email
        ),
        (
            Some("+447700900112, after 3pm"),
            Some("1 Example Street\nOldham"),
            None
        )
    );
}

on_each_engine!(an_application_is_sent_once_somebody_can_be_reached);
async fn an_application_is_sent_once_somebody_can_be_reached(app: TestApp) {
    let (office, _) = serve_office(&app).await;
    let (application, _, member) = office.draft(&app, 900).await;
    app.issue_ok(member, change_contact(member, details("Cass", None, None)))
        .await;
    let refusal = app
        .issue_refused(member, steps::submit_on_web(application))
        .await;
    assert_eq!(refusal.code(), "nobody_reached");
    assert!(refusal.advice().contains(REACH));
    let by_post = details("Cass", None, Some("1 Example Street"));
    app.issue_ok(member, change_contact(member, by_post)).await;
    app.issue_ok(member, steps::submit_on_web(application))
        .await;
    let last = app.log.length().await.unwrap() - 1;
    let event = app.log.read_events(last, 1).await.unwrap().remove(0);
    let Event::Application(ApplicationEvent::ApplicationSubmitted { reached_by, .. }) = event.event
    else {
        panic!("it was sent");
    };
    assert_eq!(reached_by, [ContactMethod::Post].into());
}

/// Records the language that a group speaks, on the application of a grant.
fn speaks(grant: GrantId, language: &str) -> Command {
    let choose = ChooseLanguage {
        language: Language::En,
        helper: None,
        spoken_language: Some(open(language)),
    };
    Command::Application(
        ApplicationId(grant.0),
        ApplicationCommand::ChooseLanguage(choose),
    )
}

on_each_engine!(contacts_are_for_those_who_work_with_groups);
async fn contacts_are_for_those_who_work_with_groups(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, group, member) = office.awarded(&app, 700).await;
    let cass = details("Cass", Some("0161 496 0123"), Some("1 Example Street"));
    app.issue_ok(member, change_contact(member, cass)).await;
    app.issue_ok(member, speaks(grant, "Sylheti")).await;
    app.catch_up().await;
    let officer = as_role(Role::Officer);
    let views = app.views();
    let contacts = views.contacts_of_group(&officer, group.0).await.unwrap();
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].telephone.as_deref(), Some("0161 496 0123"));
    for role in [Role::Panel, Role::Auditor] {
        let none = views.contacts_of_group(&as_role(role), group.0).await;
        assert!(none.unwrap().is_empty(), "{role:?}");
        let none = views.spoken_languages(&as_role(role), &[group.0]).await;
        assert!(none.unwrap().is_empty(), "{role:?}");
    }
    let panel = person(&app, "Pat").await;
    office.give_role(&app, panel, Role::Panel).await;
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let mut of_panel = signed_in(&app, &address, panel).await;
    for list in ["applications", "groups", "grants"] {
        let path = format!("/desk/sheets/{list}.csv");
        let sheet = |browser: &mut Browser| String::from_utf8(browser.download(&path).0).unwrap();
        let full = sheet(&mut desk);
        assert!(
            full.contains(r#""Contact","Phone","Email","Address","Speaks""#)
                && full.contains("0161 496 0123")
                && full.contains("Sylheti"),
            "{list}: {full}"
        );
        let without = sheet(&mut of_panel);
        assert!(
            ["Phone", "0161 496 0123", "Sylheti"]
                .iter()
                .all(|hidden| !without.contains(hidden)),
            "{list}: {without}"
        );
    }
    for (path, says) in [
        (format!("/desk/applications/{grant}"), "They speak Sylheti"),
        (format!("/desk/groups/{group}"), "Speaks Sylheti"),
    ] {
        let text = visible_text(&desk.get(&path));
        assert!(text.contains(says), "{path}: {text}");
        let text = visible_text(&of_panel.get(&path));
        assert!(!text.contains("Sylheti"), "{path}: {text}");
    }
    let recorded = views
        .newest_accesses(microgrants::views::AccessFilter::All, "", 10)
        .await
        .unwrap();
    assert!(
        recorded
            .iter()
            .any(|row| row.what == "addresses" && row.person == office.ada.to_string()),
        "{recorded:?}"
    );
    assert!(recorded.iter().all(|row| row.person != panel.to_string()));
}

async fn found(app: &TestApp, reader: &Reader, text: &str) -> Vec<SearchHit> {
    app.catch_up().await;
    app.views().search(reader, text, 10).await.unwrap().hits
}

fn kinds(hits: &[SearchHit]) -> Vec<HitKind> {
    hits.iter().map(|hit| hit.kind).collect()
}

on_each_engine!(readers_are_offered_only_pages_that_open_for_them);
async fn readers_are_offered_only_pages_that_open_for_them(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (_, group, member) = office.awarded(&app, 700).await;
    let panel = person(&app, "Pat").await;
    office.give_role(&app, panel, Role::Panel).await;
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let mut of_panel = signed_in(&app, &address, panel).await;

    // When, Then
    for (path, link) in [
        (format!("/desk/groups/{group}"), "/held\""),
        (format!("/desk/funds/{}", office.fund), "view=preview"),
    ] {
        assert!(desk.get(&path).contains(link), "{path} for an officer");
        let page = of_panel.get(&path);
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.contains(link), "{path} for the panel");
    }
    let path = format!("/desk/people/{member}");
    assert!(!desk.get(&path).contains("Not shown to you"));
    assert!(of_panel.get(&path).contains("Not shown to you"));
}

on_each_engine!(people_are_found_and_forgotten);
async fn people_are_found_and_forgotten(app: TestApp) {
    let (office, _) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    let officer = as_role(Role::Officer);
    assert_eq!(found(&app, &officer, "zofia").await, []);
    let zofia = details("Zofia Łuk", Some("+44 7700 900112"), None);
    app.issue_ok(member, change_contact(member, zofia)).await;
    for text in ["zofia", "LUK", "07700 900112"] {
        let hits = found(&app, &officer, text).await;
        assert_eq!(kinds(&hits), [HitKind::Person], "{text}");
        assert_eq!(
            (hits[0].title.as_str(), hits[0].groups.as_slice()),
            ("Zofia Łuk", ["Soup and song".to_owned()].as_slice())
        );
        for role in [Role::Panel, Role::Auditor] {
            assert_eq!(found(&app, &as_role(role), text).await, [], "{role:?}");
        }
    }
    assert_eq!(
        found(&app, &officer, "cass").await,
        [],
        "the name of before"
    );
    let erase = PersonCommand::Erase(WithReason {
        reason: text("Asked for."),
    });
    app.issue_ok(office.ada, Command::Person(member, erase))
        .await;
    for text in ["zofia", "07700 900112"] {
        assert_eq!(found(&app, &officer, text).await, [], "{text}");
    }
}

on_each_engine!(records_are_found_by_name_and_number);
async fn records_are_found_by_name_and_number(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, group, _) = office.prepared(&app, 700).await;
    let officer = as_role(Role::Officer);
    let hits = found(&app, &officer, "SONG").await;
    assert_eq!(
        kinds(&hits),
        [HitKind::Group, HitKind::Application, HitKind::Grant]
    );
    assert_eq!(hits[0].id, group.to_string());
    let reference = hits[1].reference.clone().unwrap();
    let hits = found(&app, &officer, &reference).await;
    assert_eq!(kinds(&hits), [HitKind::Application, HitKind::Grant]);
    let payment = format!("GR{}P1", reference.replace(' ', ""));
    let hits = found(&app, &officer, &payment).await;
    assert_eq!(kinds(&hits), [HitKind::Payment]);
    assert_eq!(hits[0].address(), ["grants", &grant.to_string()]);
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get("/desk/find?q=song");
    assert!(
        page.status == 200
            && page.contains("<mark>song</mark>")
            && page.contains(&format!("href=\"/desk/groups/{group}\"")),
        "{}",
        page.text
    );
    let page = desk.get("/desk/find?q=nothing");
    assert!(page.contains("Nothing found"), "{}", visible_text(&page));
}

on_each_engine!(records_are_found_by_their_amounts);
async fn records_are_found_by_their_amounts(app: TestApp) {
    // Given an application for £900, and a grant of £1,250.50 with its payment.
    let office = Office::open(&app, 9000).await;
    let (sent, ..) = office.submitted(&app, 900).await;
    let (application, group, member) = office.ready(&app, 1500).await;
    let amount = Money::from_pence(125_050);
    let award = Award {
        reason: Some(text("The fund has no more")),
        ..award_of(amount, app.in_days(90), app.in_days(120))
    };
    let award = Command::Application(application, ApplicationCommand::Award(award));
    app.issue_ok(office.ada, award).await;
    let grant = GrantId::from(application);
    app.issue_ok(member, steps::accept_agreement(grant)).await;
    office.make_payable(&app, grant, group, member).await;
    let prepare = json!({ "amount": "1250.50" });
    let prepare = command_from_json("grant", grant.0, "prepare-payment", &prepare);
    app.issue_ok(office.ada, prepare).await;
    let officer = as_role(Role::Officer);

    for text in ["£900", "900", "900.00", " £ 900 "] {
        // When
        let hits = found(&app, &officer, text).await;

        // Then
        assert_eq!(kinds(&hits), [HitKind::Application], "{text}");
        assert_eq!(hits[0].id, sent.to_string());
    }
    for text in ["£1,250.50", "1250.50", "1,250.5"] {
        let hits = found(&app, &officer, text).await;
        assert_eq!(kinds(&hits), [HitKind::Grant, HitKind::Payment], "{text}");
        assert!(
            hits.iter().all(|hit| hit.amount == Some(amount)),
            "{hits:?}"
        );
        let reference = hits[1].reference.clone().unwrap();
        let by_reference = found(&app, &officer, &reference).await;
        assert_eq!(by_reference, hits[1..], "{reference}");
    }
    for text in ["£901", "1,250", "0900", "90,0"] {
        assert_eq!(found(&app, &officer, text).await, [], "{text}");
    }
}

on_each_engine!(members_are_added_by_name);
async fn members_are_added_by_name(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (group, _) = office.group(&app).await;
    let known = person(&app, "Nia Rhys").await;
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get(&format!("/desk/groups/{group}"));
    assert!(
        page.contains(&format!("/desk/groups/{group}/member"))
            && page.contains(&format!("/desk/groups/{group}/merge")),
        "{}",
        page.text
    );
    let page = desk.get(&format!("/desk/groups/{group}/member?q=nia"));
    assert!(page.contains("Nia Rhys"), "{}", visible_text(&page));
    let added = desk.submit_form(
        &page,
        &format!("/desk/do/groups/{group}/add-member"),
        &[
            ("at", &page.hidden_field("at")),
            ("person", &known.to_string()),
        ],
    );
    let after = format!("/desk/groups/{group}?done=add-member");
    assert!(added.path.starts_with(&after), "{}", added.path);
    assert!(group_row(&app, group).await.invited.contains(&known));
    let page = desk.get(&format!("/desk/groups/{group}/member?q=Mo"));
    let new = format!("/desk/do/new-member/{group}");
    let refused = desk.submit_form(&page, &new, &[("name", "Mo Ali"), ("form", "new-member")]);
    assert!(
        refused.status == 422 && refused.contains(REACH),
        "{}",
        visible_text(&refused)
    );
    let fields = [
        ("name", "Mo Ali"),
        ("telephone", "07700 900113"),
        ("form", "new-member"),
    ];
    let added = desk.submit_form(&refused, &new, &fields);
    assert!(added.path.starts_with(&after), "{}", added.path);
    let mo = person_named(&app, "Mo Ali").await;
    assert!(
        group_row(&app, group)
            .await
            .invited
            .contains(&PersonId(mo.id))
    );
}

on_each_engine!(duplicates_are_merged_by_name);
async fn duplicates_are_merged_by_name(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (_, into, _) = office.submitted(&app, 900).await;
    let (from, _) = office.group(&app).await;
    app.catch_up().await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get(&format!("/desk/groups/{from}/merge?q=soup"));
    assert!(
        page.contains(&format!("value=\"{into}\"")) && !page.contains(&format!("value=\"{from}\"")),
        "{}",
        page.text
    );
    let page = desk.get(&format!("/desk/groups/{from}/merge?into={into}"));
    assert!(page.contains("£900"), "{}", visible_text(&page));
    let merged = desk.submit_form(
        &page,
        &format!("/desk/do/groups/{from}/merge"),
        &[
            ("at", &page.hidden_field("at")),
            ("into", &into.to_string()),
            ("reason", "Registered twice."),
            ("form", "merge"),
        ],
    );
    assert_eq!(
        merged.path,
        format!("/desk/groups/{into}?done=merge"),
        "{}",
        visible_text(&merged)
    );
    assert_eq!(group_row(&app, from).await.merged_into, Some(into));
}

on_each_engine!(a_mistyped_address_is_corrected_where_it_was_typed);
async fn a_mistyped_address_is_corrected_where_it_was_typed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let known = person(&app, "Nia").await;
    let nias = format!("{}@example.org", known.0.simple());
    let start = format!("/apply/{}/first", office.fund);
    // An address that somebody else has looks like any other.
    for typed in ["zofla@example.org", &nias] {
        let mut browser = Browser::new(&address);
        let (_, fields) = walk_to_draft(&mut browser, &start, "Monday soup", typed);
        let draft = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
        assert_eq!(draft.status, 303, "{}", visible_text(&draft));
        app.catch_up().await;
        let page = browser.get("/account");
        assert!(page.contains(typed), "{typed}: {}", visible_text(&page));
        let right = format!("right-{typed}");
        let fields = [
            ("form", "contact"),
            ("name", "Zofia"),
            ("telephone", "07700 900112"),
            ("email", right.as_str()),
            ("postal_address", ""),
        ];
        let page = browser.submit_form(&page, "/account", &fields);
        assert!(
            page.path == "/account?done=saved"
                && page.contains("Your details are saved.")
                && page.contains(&right)
                && page.contains("07700 900 112"),
            "{typed}: {} {}",
            page.path,
            visible_text(&page)
        );
        assert_eq!(browser.get(&draft.headers["location"]).status, 200);
    }
    let people = people(&app).await;
    let nia = people
        .iter()
        .find(|person| person.id == known.0)
        .expect("Nia");
    assert_eq!(nia.email.as_deref(), Some(nias.as_str()));
}

on_each_engine!(a_proven_address_stays_proven);
async fn a_proven_address_stays_proven(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    crate::support::fixtures::sign_in(&app, member).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let page = browser.get("/account");
    let fields = [
        ("form", "contact"),
        ("name", "Cass Q"),
        ("telephone", ""),
        ("email", "other@example.org"),
        ("postal_address", "1 Example Street"),
    ];
    let page = browser.submit_form(&page, "/account", &fields);
    assert!(
        page.path == "/account?done=saved"
            && page.contains("Cass Q")
            && page.contains("1 Example Street"),
        "{}",
        visible_text(&page)
    );
    let known = app
        .log
        .refresh::<microgrants::domain::Person>(member.0)
        .await
        .unwrap()
        .state;
    assert!(
        known.has_proven_address(),
        "another name changes no address"
    );
    let cass = person_named(&app, "Cass Q").await;
    assert_eq!(
        cass.email,
        Some(format!("{}@example.org", member.0.simple()))
    );
}

on_each_engine!(a_proven_address_is_changed_by_a_link_to_the_new_one);
async fn a_proven_address_is_changed_by_a_link_to_the_new_one(app: TestApp) {
    const NEW: &str = "cass.new@example.org";
    // Given
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    app.catch_up().await;
    let mut cass = signed_in(&app, &address, member).await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    assert!(
        !ada.get("/account").contains("Use another email address"),
        "people with roles ask the office"
    );
    let old = person_named(&app, "Cass").await.email;

    // When
    let page = cass.get("/account");
    let ask = [("form", "new-email"), ("email", NEW)];
    let page = cass.submit_form(&page, "/account", &ask);

    // Then
    assert!(
        page.contains("We emailed a link to cass.new@example.org"),
        "{}",
        visible_text(&page)
    );
    assert_eq!(person_named(&app, "Cass").await.email, old);

    // When
    let asked = app.log.length().await.unwrap() - 1;
    let token = new_address::token(app.log.vault(), asked);
    let path = format!("/account/email/{token}");
    // Somebody else who gets the mail, with or without an account here.
    for mut other in [Browser::new(&address), ada] {
        let page = other.get(&path);
        assert!(
            page.path.starts_with("/sign-in?to=") && page.path.contains("account%2Femail"),
            "{}",
            page.path
        );
        let pressed = other.submit_form(&page, &path, &[]);
        assert!(pressed.path.starts_with("/sign-in?to="), "{}", pressed.path);
    }
    assert_eq!(person_named(&app, "Cass").await.email, old);
    let link = cass.get(&path);
    assert!(
        link.contains("Use this address")
            && link.contains(NEW)
            && link.contains("You sign in as C…"),
        "{}",
        visible_text(&link)
    );
    let done = cass.submit_form(&link, &path, &[]);

    // Then
    assert!(
        done.contains("Your email address is changed"),
        "{}",
        visible_text(&done)
    );
    let seen = person_named(&app, "Cass").await;
    assert_eq!((seen.email.as_deref(), seen.typed_email), (Some(NEW), None));
    let mut other = Browser::new(&address);
    assert!(other.get(&path).contains("This link no longer works"));
    let forged = format!("/account/email/{asked}.{}", "0".repeat(32));
    assert!(other.get(&forged).contains("This link no longer works"));
}

/// Asks for a new address on the account page. Returns the length of the log after it.
async fn ask_for_address(app: &TestApp, browser: &mut Browser, new: &str) -> i64 {
    let page = browser.get("/account");
    let fields = [("form", "new-email"), ("email", new)];
    let page = browser.submit_form(&page, "/account", &fields);
    assert_eq!(page.path, "/account", "{}", visible_text(&page));
    app.log.length().await.unwrap()
}

on_each_engine!(other_details_that_are_saved_end_the_link_to_a_new_address);
async fn other_details_that_are_saved_end_the_link_to_a_new_address(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    app.catch_up().await;
    let mut cass = signed_in(&app, &address, member).await;
    let length = ask_for_address(&app, &mut cass, "cass.new@example.org").await;
    let token = new_address::token(app.log.vault(), length - 1);
    let found = new_address::find(&app.commands, &token).await.unwrap();

    // When
    let page = cass.get("/account?to=/my");
    let fields = [
        ("form", "contact"),
        ("name", "Cass"),
        ("telephone", "07700 900113"),
        ("postal_address", ""),
        ("to", "/my"),
    ];
    let saved = cass.submit_form(&page, "/account", &fields);

    // Then
    assert!(
        saved.path == "/account?done=saved-without-link"
            && saved.contains("The link to your new email address no longer works."),
        "{}: {}",
        saved.path,
        visible_text(&saved)
    );
    let found = found.expect("the link worked before");
    let late = new_address::confirm(&app.commands, found).await;
    assert!(matches!(late, Err(CommandError::Stale)), "{late:?}");
    let seen = person_named(&app, "Cass").await;
    assert_eq!(seen.telephone.as_deref(), Some("+447700900113"));

    // The page leads back to where the person came from, if that is here.
    let page = cass.get("/account?to=/my");
    assert!(
        page.contains("class=\"back\" href=\"/my\""),
        "{}",
        page.text
    );
    let saved = cass.submit_form(&page, "/account", &fields);
    assert_eq!(saved.path, "/my");
    let page = cass.get("/account?to=//elsewhere.example");
    assert!(!page.contains("class=\"back\""), "{}", page.text);
}

on_each_engine!(a_link_to_a_new_address_ends);
async fn a_link_to_a_new_address_ends(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    for way in ["a day", "a role", "another person"] {
        // Given
        let new = format!("{}@example.net", way.replace(' ', "."));
        let (_, member) = office.group(&app).await;
        app.catch_up().await;
        let mut browser = signed_in(&app, &address, member).await;
        let length = ask_for_address(&app, &mut browser, &new).await;
        let token = new_address::token(app.log.vault(), length - 1);
        let found = new_address::find(&app.commands, &token).await.unwrap();
        let found = found.expect("the link works");

        // When
        match way {
            "a day" => app.pass_seconds(24 * 60 * 60 + 1),
            "a role" => office.give_role(&app, member, Role::Panel).await,
            _ => {
                let dee = PersonDetails {
                    email: Some(open(&new)),
                    ..details("Dee", None, None)
                };
                let register = Command::Person(PersonId(new_id()), PersonCommand::Register(dee));
                let register = CommandRequest::new(Caller::operator(), register);
                app.commands.execute(register).await.expect("registered");
            }
        }

        // Then
        if way == "another person" {
            let late = new_address::confirm(&app.commands, found).await;
            let is_refused = matches!(late, Err(CommandError::Refused(Refusal::Taken(_))));
            assert!(is_refused, "{late:?}");
        } else {
            let late = new_address::find(&app.commands, &token).await.unwrap();
            assert!(late.is_none(), "{way}");
        }
    }
}

on_each_engine!(a_new_address_is_asked_for_once);
/// Each recorded request mails the address, which may be a stranger's.
async fn a_new_address_is_asked_for_once(app: TestApp) {
    const NEW: &str = "cass.new@example.org";
    // Given
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    app.catch_up().await;
    let mut cass = signed_in(&app, &address, member).await;

    // When
    let first = ask_for_address(&app, &mut cass, NEW).await;
    let again = ask_for_address(&app, &mut cass, NEW).await;

    // Then
    assert_eq!(again, first, "the link that was mailed still works");

    // When
    let mut length = first;
    for _ in 0..6 {
        ask_for_address(&app, &mut cass, "cass.other@example.org").await;
        length = ask_for_address(&app, &mut cass, NEW).await;
    }

    // Then
    assert_eq!(length - first, 9, "five links to each of the two");
}

on_each_engine!(people_choose_the_language_of_their_emails);
async fn people_choose_the_language_of_their_emails(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    app.catch_up().await;
    let mut cass = signed_in(&app, &address, member).await;
    assert_eq!(person_named(&app, "Cass").await.mail_language, None);

    let choices = [
        ("pl", Some(Language::Pl)),
        ("pl", Some(Language::Pl)),
        ("", None),
        ("en", Some(Language::En)),
    ];
    for (code, chosen) in choices {
        // When
        let page = cass.get("/account");
        let choose = [("form", "mail-language"), ("language", code)];
        let page = cass.submit_form(&page, "/account", &choose);

        // Then
        assert_eq!(page.path, "/account?done=language");
        let seen = person_named(&app, "Cass").await;
        assert_eq!(seen.mail_language, chosen, "{code}");
    }
}
