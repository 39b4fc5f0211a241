//! What we hear, for everyone: telling us without an account, and reading what came of it.

use microgrants::auth::links::SignInSecret;
use microgrants::projections::BarrierRow;
use microgrants::store::outbox::newest;

use crate::operations::mails::{deliver_all, mailer};
use crate::pages::journeys::{register_zofia, serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::{ORGANISATION, TestApp};

/// Words that only those who wrote them and staff may read.
const WORDS: &str = "The marigold bus stops at six";
const OWN_FORM: &str = "/my/barriers/new";

/// The address of the sign-in link that was mailed last.
async fn newest_link(app: &TestApp) -> String {
    let mails = newest(app.store(), ORGANISATION, "", 100).await.unwrap();
    let mail = mails.into_iter().find(|mail| mail.kind == "sign_in");
    let mail = mail.expect("a mail with a link");
    let token = SignInSecret::derive(app.log.vault(), &mail.about).token;
    format!("/sign-in/{token}")
}

async fn raised(app: &TestApp) -> Vec<BarrierRow> {
    app.catch_up().await;
    app.views().all_rows(None, Vec::new()).await.unwrap()
}

/// The second page, after the first was filled in.
fn second_page(browser: &mut Browser) -> Page {
    let first = browser.get("/heard/tell");
    let fields = [("form", "barrier"), ("words", WORDS), ("area", "oldham")];
    let second = browser.submit_form(&first, "/heard/tell", &fields);
    assert!(
        second.status == 200 && second.contains("How can we tell you the answer?"),
        "{}: {}",
        second.status,
        visible_text(&second)
    );
    second
}

/// Sends the second page with this address.
fn send_person(browser: &mut Browser, page: &Page, email: &str) -> Page {
    let fields = [
        ("form", "you"),
        ("words", WORDS),
        ("area", "oldham"),
        ("theme", ""),
        ("person", "Nia"),
        ("email", email),
    ];
    browser.submit_form(page, "/heard/tell/you", &fields)
}

/// Sends the form of somebody who is signed in.
fn send_words(browser: &mut Browser) -> Page {
    let page = browser.get(OWN_FORM);
    assert!(page.contains(WORDS), "{}", visible_text(&page));
    let fields = [("form", "barrier"), ("words", WORDS), ("area", "oldham")];
    browser.submit_form(&page, OWN_FORM, &fields)
}

/// The second page as it is shown after what was wrong: it is said, and what was typed stays.
fn after_mistakes(browser: &mut Browser) -> Page {
    let first = browser.get("/heard/tell");
    for (typed, says) in [
        (
            [("words", ""), ("area", "oldham")],
            "Tell us what gets in the way",
        ),
        (
            [("words", WORDS), ("area", "atlantis")],
            "Choose a place from the list",
        ),
    ] {
        let fields = [&[("form", "barrier")][..], &typed[..]].concat();
        let refused = browser.submit_form(&first, "/heard/tell", &fields);
        assert!(
            refused.status == 422 && refused.contains(says),
            "{says}: {}",
            visible_text(&refused)
        );
    }
    let second = second_page(browser);
    let refused = send_person(browser, &second, "");
    assert!(
        refused.status == 422
            && refused.contains("Enter your email address")
            && refused.contains(WORDS),
        "{}",
        visible_text(&refused)
    );
    refused
}

on_each_engine!(somebody_without_an_account_tells_us_once_their_address_is_proven);
async fn somebody_without_an_account_tells_us_once_their_address_is_proven(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = Browser::new(&address);
    let list = browser.get("/heard");
    assert!(
        list.status == 200 && list.contains("There is nothing here yet."),
        "{}",
        visible_text(&list)
    );

    let second = after_mistakes(&mut browser);

    // Nothing is raised before the link was opened.
    let told = send_person(&mut browser, &second, "nia@example.org");
    assert!(
        told.path == "/heard/told" && told.contains("Nearly done"),
        "{}: {}",
        told.path,
        visible_text(&told)
    );
    let early = send_words(&mut browser);
    assert!(
        early.status == 422 && early.contains("First open the link"),
        "{}",
        visible_text(&early)
    );
    assert!(raised(&app).await.is_empty());

    // The address of a link is known once its mail is sent.
    deliver_all(&app, &mailer(&app)).await;
    let at = newest_link(&app).await;
    let link = browser.get(&at);
    let opened = browser.submit_form(&link, &at, &[]);
    assert_eq!(opened.path, OWN_FORM, "{}", visible_text(&opened));
    let sent = send_words(&mut browser);
    assert!(
        sent.contains("Thank you for telling us.") && sent.contains(WORDS),
        "{}: {}",
        sent.path,
        visible_text(&sent)
    );
    let rows = raised(&app).await;
    assert_eq!(rows.len(), 1);

    // Nobody else reads it.
    let own = format!("/my/barriers/{}", rows[0].id);
    let zofia = register_zofia(&app, "zofia@example.org").await;
    let mut other = signed_in(&app, &address, zofia).await;
    assert_eq!(other.get(&own).status, 404);
    let mut officer = signed_in(&app, &address, office.ada).await;
    assert_eq!(officer.get(&own).status, 404);
    assert!(!browser.get("/heard").contains(WORDS));
    assert!(browser.get("/my").contains(&own));
}

on_each_engine!(whoever_owns_the_address_gets_the_words_only_if_they_say_so);
async fn whoever_owns_the_address_gets_the_words_only_if_they_say_so(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    register_zofia(&app, "zofia@example.org").await;
    for (agrees, path) in [(false, "/my"), (true, OWN_FORM)] {
        let mut browser = Browser::new(&address);
        let second = second_page(&mut browser);
        let told = send_person(&mut browser, &second, "zofia@example.org");
        assert_eq!(told.path, "/heard/told", "nothing tells that it is known");
        let at = newest_link(&app).await;
        let link = browser.get(&at);
        assert!(
            link.contains("when they told us what gets in the way"),
            "{}",
            visible_text(&link)
        );
        let join: &[(&str, &str)] = if agrees { &[("join", "yes")] } else { &[] };
        let opened = browser.submit_form(&link, &at, join);
        assert_eq!(opened.path, path, "{}", visible_text(&opened));
        assert_eq!(opened.contains(WORDS), agrees);
    }
}

on_each_engine!(the_pages_are_read_in_polish);
async fn the_pages_are_read_in_polish(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    let mut browser = Browser::new(&address);
    browser.get("/language/pl?to=/heard");
    for (path, says) in [
        ("/heard", "Co słyszymy"),
        ("/heard/tell", "Napisz to własnymi słowami"),
        ("/champions", "Ambasadorzy"),
    ] {
        let page = browser.get(path);
        assert!(page.contains(says), "{path}: {}", visible_text(&page));
    }
}
