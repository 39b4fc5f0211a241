//! Sign-in and sign-out: codes bound to one browser, links, and expiring sessions.

use microgrants::auth::links::{SignInSecret, WRONG_CODES_MAX};
use microgrants::domain::organisation::RoleRef;
use microgrants::domain::person::PersonDetails;
use microgrants::domain::{Command, OrganisationCommand, PersonCommand, PersonId, Role};
use microgrants::http::DemoAccount;
use microgrants::http::rate_limit::RateLimits;
use microgrants::store::outbox::newest;
use microgrants::store::sessions;

use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder};
use crate::pages::journeys::{
    as_fields, register_zofia, serve_office, sign_in_link, signed_in, visible_text, walk_to_draft,
};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, open};
use crate::support::service::{Client, serve, serve_with, token};
use crate::support::test_app::{ORGANISATION, TestApp};

fn request_code(browser: &mut Browser, email: &str) -> Page {
    let page = browser.get("/sign-in");
    browser.submit_form(&page, "/sign-in", &[("email", email), ("to", "/my")])
}

fn type_in(browser: &mut Browser, page: &Page, code: &str) -> Page {
    browser.submit_form(
        page,
        "/sign-in/code",
        &[("code", code), ("to", "//elsewhere.example")],
    )
}

/// The code in the newest mail to a person.
async fn mailed_code(app: &TestApp, person: PersonId) -> String {
    let mails = newest(app.store(), ORGANISATION, "", 100).await.unwrap();
    let mail = mails
        .into_iter()
        .find(|mail| mail.kind == "sign_in" && mail.person == person.to_string())
        .expect("a mail");
    SignInSecret::derive(app.log.vault(), &mail.about).code
}

on_each_engine!(a_code_belongs_to_the_browser_that_asked_and_to_the_newest_link);
async fn a_code_belongs_to_the_browser_that_asked_and_to_the_newest_link(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let person = register_zofia(&app, "zofia@example.org").await;
    let (mut own, mut other) = (Browser::new(&address), Browser::new(&address));
    let page = request_code(&mut own, " Zofia@Example.org ");
    assert!(
        page.path.starts_with("/sign-in/code") && !page.path.contains("xample"),
        "{}",
        page.path
    );
    assert!(
        !page.text.to_lowercase().contains("zofia"),
        "{}",
        visible_text(&page)
    );
    let code = mailed_code(&app, person).await;
    assert!(code.len() == 9 && code.as_bytes()[4] == b' ', "{code}");
    let theirs = other.get("/sign-in/code");
    assert_eq!(
        type_in(&mut other, &theirs, &code).status,
        422,
        "a browser that never asked"
    );
    let theirs = request_code(&mut other, "nobody@example.org");
    assert_eq!(
        type_in(&mut other, &theirs, &code).status,
        422,
        "a browser that asked for somebody else"
    );
    let led = type_in(&mut own, &page, &code.to_lowercase().replace(' ', "-"));
    assert_eq!(
        (led.status, led.path.as_str()),
        (200, "/my"),
        "however it is typed, and to our own pages only"
    );
    // Only the newest code is valid.
    let (mut late, mut later) = (Browser::new(&address), Browser::new(&address));
    let first = request_code(&mut late, "zofia@example.org");
    let old = mailed_code(&app, person).await;
    let second = request_code(&mut later, "zofia@example.org");
    assert_eq!(type_in(&mut late, &first, &old).status, 422);
    assert_eq!(
        type_in(&mut later, &second, &mailed_code(&app, person).await).status,
        200
    );
    // Guesses are limited per person, over all browsers.
    let limited = serve_with(&app, office.ada, |site| {
        site.limits = RateLimits::new(&"codes=1/1h".parse().unwrap(), None);
    });
    let mut browser = Browser::new(limited.address());
    let page = request_code(&mut browser, "zofia@example.org");
    let code = mailed_code(&app, person).await;
    assert_eq!(type_in(&mut browser, &page, "").status, 422);
    assert_eq!(
        type_in(&mut browser, &page, &code).status,
        422,
        "not even with the right one"
    );
}

on_each_engine!(five_wrong_codes_end_a_code_and_its_person_is_told);
async fn five_wrong_codes_end_a_code_and_its_person_is_told(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    let person = register_zofia(&app, "zofia@example.org").await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    let mut browser = Browser::new(&address);
    let page = request_code(&mut browser, "zofia@example.org");
    let code = mailed_code(&app, person).await;
    let wrong = if code.starts_with('0') {
        "1111 1111"
    } else {
        "0000 0000"
    };
    let mut stranger = Browser::new(&address);
    let nobodys = request_code(&mut stranger, "nobody@example.org");
    for _ in 0..WRONG_CODES_MAX {
        assert_eq!(type_in(&mut browser, &page, wrong).status, 422);
        assert_eq!(type_in(&mut stranger, &nobodys, wrong).status, 422);
    }
    assert_eq!(
        type_in(&mut browser, &page, &code).status,
        422,
        "the code is used up"
    );
    deliver_all(&app, &post).await;
    let told: Vec<_> = mails_in_folder(&mail_folder(&app))
        .into_values()
        .filter(|says| says.contains("wrong codes"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("zofia@example.org\n"), "{told:?}");
    // The link of the same mail is still valid, and so is a new code.
    let page = request_code(&mut browser, "zofia@example.org");
    let led = type_in(&mut browser, &page, &mailed_code(&app, person).await);
    assert_eq!((led.status, led.path.as_str()), (200, "/my"));
}

on_each_engine!(an_address_that_nobody_has_is_answered_after_the_same_work);
async fn an_address_that_nobody_has_is_answered_after_the_same_work(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    let mut browser = Browser::new(&address);
    let page = request_code(&mut browser, "nobody@example.org");
    assert_eq!(page.status, 200);
    let asked = app
        .log
        .vault()
        .derive_secret("asks for a code", &browser.cookies["session"]);
    let now = app.commands.now().as_microsecond();
    let written =
        sessions::count_code_attempt(app.store(), ORGANISATION, &asked, now, WRONG_CODES_MAX)
            .await
            .unwrap()
            .expect("as much is written");
    assert_eq!(written.person, "");
    let secret = SignInSecret::derive(app.log.vault(), &written.id);
    assert_eq!(
        type_in(&mut browser, &page, &secret.code).status,
        422,
        "and lets nobody in by its code"
    );
    assert!(
        browser
            .get(&format!("/sign-in/{}", secret.token))
            .contains("This link no longer works"),
        "nor by its link"
    );
    assert!(
        newest(app.store(), ORGANISATION, "", 100)
            .await
            .unwrap()
            .is_empty(),
        "nobody is written to"
    );
}

on_each_engine!(a_link_says_whom_it_signs_in);
async fn a_link_says_whom_it_signs_in(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    let person = register_zofia(&app, "yusuf@example.org").await;
    let page = Browser::new(&address).get(&sign_in_link(&app, person).await);
    assert!(
        page.contains("You sign in as Z… (y…@…).")
            && !page.contains("yusuf")
            && !page.contains("Zofia"),
        "{}",
        visible_text(&page)
    );
}

fn contact(person: PersonId, name: &str, email: &str) -> Command {
    let details = PersonDetails {
        name: open(name),
        email: Some(open(email)),
        telephone: None,
        postal_address: None,
        typed_email: None,
    };
    Command::Person(person, PersonCommand::ChangeContact(details))
}

on_each_engine!(another_address_ends_sessions_tokens_and_links);
async fn another_address_ends_sessions_tokens_and_links(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    let person = register_zofia(&app, "old@example.org").await;
    let mut browser = signed_in(&app, &address, person).await;
    let client = Client::new(&address, &token(&app, person));
    let at = sign_in_link(&app, person).await;
    app.issue_ok(person, contact(person, "Zofia N", "old@example.org"))
        .await;
    assert_eq!(
        (
            client.get("/api/v1/funds").status,
            browser.get("/my").path.as_str()
        ),
        (200, "/my"),
        "another name ends nothing"
    );
    assert!(
        Browser::new(&address)
            .get(&at)
            .contains("Select “Sign in” to continue.")
    );
    app.issue_ok(person, contact(person, "Zofia N", "new@example.org"))
        .await;
    client
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert!(browser.get("/my").path.contains("/sign-in"));
    assert!(
        Browser::new(&address)
            .get(&at)
            .contains("This link no longer works")
    );
    app.issue_ok(person, contact(person, "Zofia N", "old@example.org"))
        .await;
    client
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert!(
        browser.get("/my").path.contains("/sign-in"),
        "what has ended stays ended"
    );
    let page = request_code(&mut browser, "old@example.org");
    let led = type_in(&mut browser, &page, &mailed_code(&app, person).await);
    assert_eq!(
        (led.status, led.path.as_str()),
        (200, "/my"),
        "the address that they have signs them in"
    );
}

on_each_engine!(what_rests_on_a_role_ends_with_it);
async fn what_rests_on_a_role_ends_with_it(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut ben = signed_in(&app, &address, office.ben).await;
    let whole = Client::new(&address, &token(&app, office.ben));
    let of_finance = Client::new(
        &address,
        &crate::support::service::token_for_roles(&app, office.ben, Some(vec![Role::Finance])),
    );
    assert_eq!(
        (
            whole.get("/api/v1/funds").status,
            of_finance.get("/api/v1/funds").status
        ),
        (200, 200)
    );
    let end = OrganisationCommand::EndRole(RoleRef {
        person: office.ben,
        role: Role::Panel,
    });
    app.issue_ok(
        office.ada,
        Command::Organisation(app.commands.organisation(), end),
    )
    .await;
    whole
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert!(ben.get("/desk").path.contains("/sign-in"));
    assert_eq!(
        of_finance.get("/api/v1/funds").status,
        200,
        "it never had that role"
    );
    // A session or token that was not used while the role was absent is not valid again with the
    // role.
    let chris = register_zofia(&app, "chris@example.org").await;
    office.give_role(&app, chris, Role::Panel).await;
    app.catch_up().await;
    let (mut browser, idle) = (
        signed_in(&app, &address, chris).await,
        Client::new(&address, &token(&app, chris)),
    );
    let end = OrganisationCommand::EndRole(RoleRef {
        person: chris,
        role: Role::Panel,
    });
    app.issue_ok(
        office.ada,
        Command::Organisation(app.commands.organisation(), end),
    )
    .await;
    office.give_role(&app, chris, Role::Panel).await;
    app.catch_up().await;
    idle.get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert!(browser.get("/desk").path.contains("/sign-in"));
    assert_eq!(
        signed_in(&app, &address, chris).await.get("/desk").status,
        200
    );
}

on_each_engine!(whoever_never_showed_an_address_leaves_when_its_owner_has_a_role);
/// A person who began with an address that they never proved loses the session when the owner of
/// the address gets a role.
async fn whoever_never_showed_an_address_leaves_when_its_owner_has_a_role(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut stranger = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut stranger, &start, "Walks", "newhire@example.org");
    stranger.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert_eq!(stranger.get("/my").path, "/my");
    let holder = app
        .log
        .vault()
        .subject_of(
            microgrants::domain::personal_data::BlindIndexKind::Email,
            "newhire@example.org",
        )
        .await
        .unwrap()
        .unwrap();
    office
        .give_role(&app, PersonId(holder), Role::Officer)
        .await;
    app.catch_up().await;
    assert!(stranger.get("/my").path.contains("/sign-in"));
}

on_each_engine!(a_session_ends_however_much_it_is_used);
async fn a_session_ends_however_much_it_is_used(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut staff = signed_in(&app, &address, office.ada).await;
    for _ in 0..2 {
        app.pass_seconds(5 * 3600);
        assert_eq!(staff.get("/desk").path, "/desk");
    }
    app.pass_seconds(3 * 3600);
    assert!(
        staff.get("/desk").path.contains("/sign-in"),
        "twelve hours, used or not"
    );
    let member = register_zofia(&app, "later@example.org").await;
    let mut group = signed_in(&app, &address, member).await;
    for _ in 0..4 {
        app.pass_days(20);
        assert_eq!(group.get("/my").path, "/my");
    }
    app.pass_days(11);
    assert!(
        group.get("/my").path.contains("/sign-in"),
        "ninety days, used or not"
    );
}

on_sqlite!(where_browsers_come_by_tls_nothing_goes_by_less);
async fn where_browsers_come_by_tls_nothing_goes_by_less(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    let client = serve_with(&app, office.ada, |site| {
        "https://grants.example.org".clone_into(&mut site.address);
    });
    let mut browser = Browser::new(client.address());
    let page = browser.get("/sign-in");
    assert_eq!(
        page.headers["strict-transport-security"],
        "max-age=31536000"
    );
    let cookie = &page.headers["set-cookie"];
    assert!(
        cookie.starts_with("__Host-session=") && !cookie.contains("Domain"),
        "{cookie}"
    );
    for attribute in ["Secure", "HttpOnly", "Path=/", "SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let mut browser = signed_in(&app, client.address(), office.ada).await;
    assert_eq!(browser.get("/desk").status, 200);
    let planted = browser.cookies.remove("__Host-session").unwrap();
    browser.cookies.insert("session".to_owned(), planted);
    assert!(
        browser.get("/desk").path.contains("/sign-in"),
        "under another name it is worth nothing"
    );
    let plain = serve(&app, office.ada);
    let page = Browser::new(plain.address()).get("/");
    assert!(!page.headers.contains_key("strict-transport-security"));
    assert_eq!(page.headers["cross-origin-resource-policy"], "same-origin");
}

on_sqlite!(a_pages_mark_looks_different_each_time);
async fn a_pages_mark_looks_different_each_time(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let marks = [(); 3].map(|()| browser.get("/account").hidden_field("csrf"));
    assert!(marks[0] != marks[1] && marks[1] != marks[2]);
    for mark in &marks[..2] {
        assert_eq!(
            browser
                .post_fields(
                    "/desk/do/people/register",
                    &[("csrf", mark), ("name", "Grace")]
                )
                .status,
            303
        );
    }
    // Halves of two CSRF tokens make no valid one.
    let mixed = format!("{}{}", &marks[0][..64], &marks[1][64..]);
    assert_eq!(
        browser
            .post_fields(
                "/desk/do/people/register",
                &[("csrf", &mixed), ("name", "Grace")]
            )
            .status,
        403
    );
    browser.post_fields("/sign-out", &[("csrf", &marks[2])]);
    assert!(browser.get("/account").path.contains("/sign-in"));
}

on_each_engine!(a_visitor_becomes_the_people_of_a_demonstration_and_of_nothing_else);
async fn a_visitor_becomes_the_people_of_a_demonstration_and_of_nothing_else(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut stranger = Browser::new(&address);
    let page = stranger.get("/sign-in");
    assert_eq!(stranger.get("/demo").status, 404);
    let ada = office.ada.to_string();
    let chosen = |want| [("person", ada.as_str()), ("want", want)];
    assert_eq!(
        stranger
            .submit_form(&page, "/demo", &chosen("pages"))
            .status,
        404,
        "outside a demonstration nobody is signed in like this"
    );

    let demonstrated = serve_with(&app, office.ada, |site| {
        site.demo = true;
        site.demo_accounts = vec![DemoAccount {
            person: office.ada,
            name: "Ada".into(),
            about: "administrator".into(),
        }];
    });
    let mut browser = Browser::new(demonstrated.address());
    let page = browser.get("/demo");
    assert!(page.contains("Become Ada"), "{}", visible_text(&page));
    let shown = browser.submit_form(&page, "/demo", &chosen("token"));
    let token = visible_text(&shown);
    let token = token
        .split_whitespace()
        .find(|word| word.starts_with("eyJ"));
    let client = demonstrated.with_token(token.expect("a token"));
    assert_eq!(client.get("/api/v1/budget").status, 200);
    let desk = browser.submit_form(&page, "/demo", &chosen("pages"));
    assert_eq!((desk.status, desk.path.as_str()), (200, "/desk"));
    let ben = office.ben.to_string();
    let page = browser.get("/demo");
    let other = [("person", ben.as_str()), ("want", "pages")];
    assert_eq!(
        browser.submit_form(&page, "/demo", &other).status,
        404,
        "only those whom the demonstration names"
    );
}
