//! Safety of the pages over HTTP: origin checks of forms, links that work once, expiring sessions,
//! and rate limits.

use microgrants::auth::links::{self, NewSignInLink};
use microgrants::domain::person::PersonDetails;
use microgrants::domain::personal_data::PersonalInput;
use microgrants::domain::{Command, PersonCommand, PersonId, Role};
use microgrants::projections::ApplicationRow;
use microgrants::views::PageRequest;

use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::service::serve;
use crate::support::test_app::TestApp;

pub async fn sign_in_link(app: &TestApp, person: PersonId) -> String {
    let invited = NewSignInLink {
        person,
        joins: None,
        valid_minutes: 30,
        by_mail: false,
    };
    format!(
        "/sign-in/{}",
        links::issue(&app.commands, invited).await.unwrap().token
    )
}

/// The fields in which the page of a link asks about the browsers where somebody began.
pub fn stay_fields(page: &Page) -> Vec<String> {
    let mut fields: Vec<String> = page
        .text
        .split("name=\"stay-")
        .skip(1)
        .filter_map(|rest| Some(format!("stay-{}", rest.split('"').next()?)))
        .collect();
    fields.dedup();
    fields
}

pub async fn signed_in(app: &TestApp, address: &str, person: PersonId) -> Browser {
    let mut browser = Browser::new(address);
    let at = sign_in_link(app, person).await;
    let page = browser.get(&at);
    // The owner of an address did not begin what a stranger began with it.
    let fields = stay_fields(&page);
    let answers: Vec<_> = fields.iter().map(|field| (field.as_str(), "no")).collect();
    let page = browser.submit_form(&page, &at, &answers);
    assert_eq!(page.status, 200, "{}: {}", page.path, visible_text(&page));
    browser
}

/// The text of a page, without its markup.
pub fn visible_text(page: &Page) -> String {
    page.text
        .split('<')
        .filter_map(|part| part.split_once('>'))
        .map(|(_, words)| words.trim())
        .filter(|words| !words.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Walks from the first page to the page before the draft.
pub fn walk_to_draft(
    browser: &mut Browser,
    start: &str,
    name: &str,
    email: &str,
) -> (Page, Vec<(String, String)>) {
    let fits = format!("{start}/fits");
    let page = browser.get(&fits);
    let yes = ["fits-1", "fits-2", "fits-3", "fits-4"].map(|name| (name, "yes"));
    let page = browser.submit_form(&page, &fits, &yes);
    assert!(page.path.ends_with("/group"), "{}", visible_text(&page));
    let page = browser.submit_form(
        &page,
        &format!("{start}/group"),
        &[("name", name), ("area", "oldham"), ("standing", "new")],
    );
    assert!(
        page.path.contains("/you"),
        "{} {}",
        page.path,
        visible_text(&page)
    );
    let fields = [
        ("csrf", page.hidden_field("csrf")),
        ("key", page.hidden_field("key")),
    ];
    let fields = fields
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value));
    let typed = [
        ("name", name),
        ("area", "oldham"),
        ("standing", "new"),
        ("person", "Zofia"),
        ("email", email),
    ];
    let typed = typed
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value.to_owned()));
    (page, fields.chain(typed).collect())
}

pub fn as_fields(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

pub async fn serve_office(app: &TestApp) -> (Office, String) {
    let office = Office::open(app, 10_000).await;
    app.catch_up().await;
    let address = serve(app, office.ada).address().to_owned();
    (office, address)
}

on_each_engine!(forms_from_elsewhere_are_refused);
async fn forms_from_elsewhere_are_refused(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/account");
    let csrf = page.hidden_field("csrf");
    let before = app.log.length().await.unwrap();
    for (header, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://elsewhere.example"),
    ] {
        browser.headers = vec![(header, value.to_owned())];
        let refused = browser.post_fields(
            "/desk/do/people/register",
            &[("csrf", &csrf), ("name", "Mallory")],
        );
        assert_eq!(refused.status, 403, "{header}: {value}");
    }
    browser.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    for token in ["", "0", &"0".repeat(64)] {
        assert_eq!(
            browser
                .post_fields(
                    "/desk/do/people/register",
                    &[("csrf", token), ("name", "Mallory")]
                )
                .status,
            403,
            "{token}"
        );
    }
    let mut other = Browser::new(&address);
    let theirs = other.get("/sign-in").hidden_field("csrf");
    assert_eq!(
        browser
            .post_fields("/sign-out", &[("csrf", &theirs)])
            .status,
        403,
        "another browser's token"
    );
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing was recorded"
    );
    let taken = browser.post_fields(
        "/desk/do/people/register",
        &[("csrf", &csrf), ("name", "Grace")],
    );
    assert_eq!(taken.status, 303, "{}", taken.text);
}

on_each_engine!(a_link_works_once_and_never_by_following_it);
async fn a_link_works_once_and_never_by_following_it(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let at = sign_in_link(&app, office.ada).await;
    let mut browser = Browser::new(&address);
    for _ in 0..3 {
        let page = browser.get(&at);
        assert!(
            page.contains("Select “Sign in” to continue."),
            "following it changes nothing: {}",
            page.text
        );
        assert!(
            browser.get("/desk").path.contains("/sign-in"),
            "and lets nobody in"
        );
    }
    let planted = browser.cookies["session"].clone();
    let page = browser.get(&at);
    assert!(browser.submit_form(&page, &at, &[]).contains("Today"));
    assert_ne!(
        browser.cookies["session"], planted,
        "a key that somebody may have planted is worth nothing"
    );
    let mut second = Browser::new(&address);
    assert!(second.get(&at).contains("This link no longer works"));
    let page = second.get("/sign-in");
    second.post_fields(&at, &[("csrf", &page.hidden_field("csrf"))]);
    assert!(
        second.get("/desk").path.contains("/sign-in"),
        "a used link lets nobody in"
    );
    let forged = format!("{}0", &at[..at.len() - 1]);
    if forged != at {
        assert!(second.get(&forged).contains("This link no longer works"));
    }
}

on_each_engine!(a_session_ends_in_every_browser_or_unused_after_a_day);
async fn a_session_ends_in_every_browser_or_unused_after_a_day(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    // A session that was ended in another browser is over.
    let mut other = signed_in(&app, &address, office.ada).await;
    assert_eq!(browser.get("/desk").status, 200);
    let page = other.get("/account");
    other.submit_form(&page, "/account", &[("session", "")]);
    assert!(
        browser.get("/desk").path.contains("/sign-in")
            && other.get("/desk").path.contains("/sign-in")
    );
    // An unused session expires.
    let mut unused = signed_in(&app, &address, office.ada).await;
    assert_eq!(unused.get("/desk").status, 200);
    app.pass_days(1);
    assert!(unused.get("/desk").path.contains("/sign-in"));
    // A group member's session and its cookie last longer, but not once the person has a role.
    let person = register_zofia(&app, "later@example.org").await;
    let mut member = signed_in(&app, &address, person).await;
    app.pass_days(1);
    let renewed = member.get("/my");
    assert!(
        renewed.status == 200
            && renewed
                .headers
                .get("set-cookie")
                .is_some_and(|cookie| cookie.contains("session="))
    );
    assert!(
        !member.get("/my").headers.contains_key("set-cookie"),
        "once an hour at most"
    );
    office.give_role(&app, person, Role::Officer).await;
    app.catch_up().await;
    app.pass_days(1);
    for _ in 0..2 {
        assert!(
            member.get("/desk").path.contains("/sign-in"),
            "a session that was idle too long stays ended"
        );
    }
}

/// Registers a person called Zofia with this address.
pub async fn register_zofia(app: &TestApp, email: &str) -> PersonId {
    let person = PersonId(microgrants::clock::new_id());
    let details = PersonDetails {
        name: PersonalInput::Open("Zofia".into()),
        email: Some(PersonalInput::Open(email.into())),
        telephone: None,
        postal_address: None,
        typed_email: None,
    };
    app.issue_ok(
        person,
        Command::Person(person, PersonCommand::Register(details)),
    )
    .await;
    app.catch_up().await;
    person
}

on_each_engine!(nothing_tells_whether_an_address_is_known);
async fn nothing_tells_whether_an_address_is_known(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    register_zofia(&app, "zofia@example.org").await;
    let answers = ["zofia@example.org", "nobody@example.org"].map(|email| {
        let mut browser = Browser::new(&address);
        let page = browser.get("/sign-in");
        let answer = browser.submit_form(&page, "/sign-in", &[("email", email), ("to", "/")]);
        let (csrf, key) = (answer.hidden_field("csrf"), answer.hidden_field("key"));
        let plain = answer
            .text
            .replace(&csrf, "")
            .replace(&key, "")
            .replace(email, "")
            .replace(&email.replace('@', "%40"), "")
            .replace(&email.replace('@', "%2540"), "");
        (
            answer.status,
            plain,
            answer.headers.get("content-security-policy").cloned(),
        )
    });
    assert!(answers[0] == answers[1]);
}

/// The browser of a signed-in officer.
pub async fn signed_in_officer(app: &TestApp, office: &Office, address: &str) -> Browser {
    let officer = register_zofia(app, "officer@example.org").await;
    office.give_role(app, officer, Role::Officer).await;
    app.catch_up().await;
    signed_in(app, address, officer).await
}

on_each_engine!(a_mail_is_looked_at_before_it_is_published);
async fn a_mail_is_looked_at_before_it_is_published(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in_officer(&app, &office, &address).await;
    let page = browser.get("/desk/texts/mail/declined");
    let before = app.log.length().await.unwrap();
    let fields = |body: &'static str| {
        [
            ("at", "/desk/texts/mail/declined"),
            ("form", "publish-mail-text"),
            ("mail", "declined"),
            ("language", "en"),
            ("subject", "About {{ reference }}"),
            ("body", body),
        ]
    };
    let shown = browser.submit_form(
        &page,
        "/desk/try/organisation/publish-mail-text",
        &fields("Sorry, {{ name }}."),
    );
    assert_eq!(shown.status, 200, "{}", visible_text(&shown));
    for says in [
        "About 010 427",
        "Sorry, Amina.",
        "Sorry, {{ name }}.",
        "With best wishes",
        "Preview this email",
    ] {
        assert!(shown.contains(says), "{says}: {}", visible_text(&shown));
    }
    let refused = browser.submit_form(
        &page,
        "/desk/try/organisation/publish-mail-text",
        &fields("Sorry, {{ nme }}."),
    );
    assert!(
        refused.status == 422 && refused.contains("nme"),
        "{}",
        visible_text(&refused)
    );
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "looking records nothing"
    );
    let published = browser.submit_form(
        &shown,
        "/desk/do/organisation/publish-mail-text",
        &fields("Sorry, {{ name }}."),
    );
    assert!(
        published.status == 200 && app.log.length().await.unwrap() == before + 1,
        "{}",
        visible_text(&published)
    );
}

on_each_engine!(who_begins_with_anothers_address_gets_no_rights_of_theirs);
async fn who_begins_with_anothers_address_gets_no_rights_of_theirs(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (staff, email) = (
        register_zofia(&app, "staff@example.org").await,
        "staff@example.org",
    );
    office.give_role(&app, staff, Role::Officer).await;
    app.catch_up().await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, "Not theirs", email);
    let draft = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert_eq!(draft.status, 303, "{}", draft.text);
    assert_eq!(
        browser.get("/desk").status,
        404,
        "the session has none of the address's rights"
    );
    assert_eq!(
        browser.get(&draft.headers["location"]).status,
        200,
        "and keeps its own draft"
    );
    // A new person without a proven address: once it is proven, sessions begun without proof end.
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, "Walks", "new@example.org");
    browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert_eq!(browser.get("/my").status, 200);
    let holder = app
        .log
        .vault()
        .subject_of(
            microgrants::domain::personal_data::BlindIndexKind::Email,
            "new@example.org",
        )
        .await
        .unwrap()
        .unwrap();
    app.catch_up().await;
    let mut owner = signed_in(&app, &address, PersonId(holder)).await;
    assert!(
        owner.get("/my").contains("Walks"),
        "the address's owner has the draft"
    );
    assert!(
        browser.get("/my").path.contains("/sign-in"),
        "the session that never showed the address has ended"
    );
}

on_each_engine!(what_somebody_typed_is_text_wherever_it_stands);
async fn what_somebody_typed_is_text_wherever_it_stands(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let marker = "<script>alert('x')</script>";
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, marker, "zofia@example.org");
    let draft = browser
        .post_fields(&format!("{start}/you"), &as_fields(&fields))
        .headers["location"]
        .clone();
    let idea = draft.replace("/answer/activity", "/answer/idea");
    let page = browser.get(&idea);
    browser.submit_form(&page, &idea, &[("answer", marker), ("then", "next")]);
    app.catch_up().await;
    let row: Vec<ApplicationRow> = app
        .views()
        .list(
            None,
            Vec::new(),
            &PageRequest {
                after: None,
                limit: 10,
            },
        )
        .await
        .unwrap()
        .items;
    let id = draft.split('/').nth(3).unwrap();
    assert!(row.iter().any(|row| row.id.to_string() == id));
    let mut desk = signed_in(&app, &address, office.ada).await;
    let pages = [
        browser.get(&idea),
        browser.get(&draft.replace("/answer/activity", "/check")),
        browser.get("/my"),
        desk.get("/desk/groups"),
        desk.get(&format!("/desk/applications/{id}")),
    ];
    for page in pages {
        assert_eq!(page.status, 200, "{}", page.path);
        assert!(
            !page.contains(marker) && page.contains("alert("),
            "{}",
            page.path
        );
    }
    let reflected =
        desk.get("/desk/applications?q=%3Cscript%3Ealert(1)%3C/script%3E&state=%22%3E%3Cb%3E");
    assert!(!reflected.contains("<script") && !reflected.contains("\"><b>"));
    assert!(
        !browser
            .get("/sign-in?to=%22%3E%3Cscript%3E")
            .contains("<script")
    );
}

on_sqlite!(links_are_asked_for_only_so_often);
async fn links_are_asked_for_only_so_often(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    let person = register_zofia(&app, "zofia@example.org").await;
    let mut browser = Browser::new(&address);
    let page = browser.get("/sign-in");
    let mut limited = None;
    for asked in 1..=60 {
        let sent = browser.post_fields(
            "/sign-in",
            &[
                ("csrf", &page.hidden_field("csrf")),
                ("email", "zofia@example.org"),
            ],
        );
        if sent.status == 429 {
            assert!(sent.headers.contains_key("retry-after"));
            limited = Some(asked);
            break;
        }
        assert_eq!(sent.status, 303);
    }
    assert_eq!(limited, Some(41), "one peer asks forty times");
    let mails = microgrants::store::outbox::newest(app.store(), app.log.organisation(), "", 100)
        .await
        .unwrap();
    let links = mails
        .iter()
        .filter(|mail| mail.kind == "sign_in" && mail.person == person.to_string())
        .count();
    assert_eq!(links, 5, "one address gets five links, whoever asks");
}
