//! Access tokens of people and programs: made on a page or by the operator of the machine while the
//! service runs, and ended.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

use microgrants::store::outbox::newest;
use microgrants::store::tokens;
use serde_json::json;

use super::journeys::{serve_office, sign_in_link, signed_in, visible_text};
use crate::operations::cli::{run_failing, run_ok};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::service::{Client, ServiceProcess, token};
use crate::support::test_app::{ORGANISATION, TestApp};

/// The token that a page shows once.
fn shown_token(page: &Page) -> String {
    let (_, rest) = page
        .text
        .split_once("card hash\">")
        .unwrap_or_else(|| panic!("no token: {}", visible_text(page)));
    rest.split('<').next().unwrap().to_owned()
}

/// The id of a token by its name, as the account page lists it.
fn listed_token_id(page: &Page, name: &str) -> String {
    let (_, rest) = page
        .text
        .split_once(&format!(">{name}<"))
        .unwrap_or_else(|| panic!("no {name}: {}", visible_text(page)));
    let (_, rest) = rest
        .split_once("name=\"token\" value=\"")
        .expect("a button to end it");
    rest.split('"').next().unwrap().to_owned()
}

const MAKE_TOKEN: [(&str, &str); 4] = [
    ("form", "make-token"),
    ("name", "Accounts"),
    ("days", "30"),
    ("roles", "officer"),
];

on_each_engine!(a_token_with_a_wrong_field_is_not_made);
async fn a_token_with_a_wrong_field_is_not_made(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/account");

    for wrong in [
        [("name", ""), ("days", "30"), ("roles", "officer")],
        [("name", "Accounts"), ("days", "0"), ("roles", "officer")],
        [("name", "Accounts"), ("days", "366"), ("roles", "officer")],
        [("name", "Accounts"), ("days", "30"), ("roles", "auditor")],
    ] {
        let refused = browser.submit_form(
            &page,
            "/account/tokens",
            &[&[("form", "make-token")][..], &wrong].concat(),
        );
        assert_eq!(refused.status, 422, "{wrong:?}");
    }
}

on_each_engine!(a_token_is_made_once_and_shown_once);
async fn a_token_is_made_once_and_shown_once(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/account");

    let made = browser.submit_form(&page, "/account/tokens", &MAKE_TOKEN);
    let again = browser.submit_form(&page, "/account/tokens", &MAKE_TOKEN);

    assert_eq!(made.status, 200, "{}", visible_text(&made));
    assert!(
        again.status == 422 && again.contains("You made this token before"),
        "{}",
        visible_text(&again)
    );
    let token = shown_token(&made);
    let client = Client::new(&address, &token);
    assert_eq!(client.get("/api/v1/funds").status, 200);
    let pause = format!("/api/v1/funds/{}/pause", office.fund);
    client
        .post(&pause, &json!({ "reason": "A pause" }))
        .assert_problem(403, "not_yours");
    let mails = newest(app.store(), ORGANISATION, "", 100).await.unwrap();
    assert_eq!(
        mails
            .iter()
            .filter(|mail| mail.kind == "token_made" && mail.person == office.ada.to_string())
            .count(),
        1
    );
    let rows = tokens::all_of_person(app.store(), ORGANISATION, &office.ada.to_string())
        .await
        .unwrap();
    assert!(
        rows.iter().all(|row| !format!("{row:?}").contains(&token)),
        "it is kept nowhere"
    );
}

on_each_engine!(tokens_are_made_listed_and_ended_on_a_page);
/// Nobody can end another person's token.
async fn tokens_are_made_listed_and_ended_on_a_page(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let mut other = signed_in(&app, &address, office.ben).await;
    let page = browser.get("/account");
    let token = shown_token(&browser.submit_form(&page, "/account/tokens", &MAKE_TOKEN));
    let client = Client::new(&address, &token);

    let page = browser.get("/account");
    assert!(
        page.contains("Accounts") && page.contains(", ends ") && !page.contains(&token),
        "{}",
        visible_text(&page)
    );
    let id = listed_token_id(&page, "Accounts");
    let end = [("form", "end-token"), ("token", id.as_str())];
    let theirs = other.get("/account");
    other.submit_form(&theirs, "/account/tokens", &end);
    assert_eq!(client.get("/api/v1/funds").status, 200);

    browser.submit_form(&page, "/account/tokens", &end);
    client
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert!(!browser.get("/account").contains(">Accounts<"));
}

on_each_engine!(signing_out_everywhere_ends_tokens);
async fn signing_out_everywhere_ends_tokens(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let client = Client::new(&address, &token(&app, office.ada));
    let page = browser.get("/account");
    assert_eq!(client.get("/api/v1/funds").status, 200);

    browser.submit_form(&page, "/account", &[("form", "end-all"), ("session", "")]);

    client
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert!(browser.get("/account").path.contains("/sign-in"));
}

on_each_engine!(an_administrator_ends_a_colleagues_access);
async fn an_administrator_ends_a_colleagues_access(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (mut ada, mut ben) = (
        signed_in(&app, &address, office.ada).await,
        signed_in(&app, &address, office.ben).await,
    );
    let client = Client::new(&address, &token(&app, office.ben));
    assert_eq!(
        (client.get("/api/v1/funds").status, ben.get("/desk").status),
        (200, 200)
    );
    let path = format!("/desk/people/{}", office.ben);
    let page = ada.get(&path);
    assert!(
        page.contains("End every session and token")
            && page.contains("Signed in on 1 device. Programs that may act for them: a case."),
        "{}",
        visible_text(&page)
    );
    let unused = sign_in_link(&app, office.ben).await;
    let fields = [
        ("at", path.as_str()),
        ("form", "end-access"),
        ("reason", "A telephone was lost"),
    ];
    let page = ada.submit_form(
        &page,
        &format!("/desk/do/people/{}/end-access", office.ben),
        &fields,
    );
    assert!(
        page.status == 200
            && page.contains("Signed out everywhere. They can sign in again.")
            && page.contains("ended every session and token"),
        "it stands in the log: {}",
        visible_text(&page)
    );
    assert!(
        page.contains("Not signed in on any device now."),
        "{}",
        visible_text(&page)
    );
    client
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert!(ben.get("/desk").path.contains("/sign-in"));
    assert!(
        Browser::new(&address)
            .get(&unused)
            .contains("This link no longer works"),
        "a link from before is worth nothing"
    );
    assert_eq!(ada.get("/desk").status, 200);
    let mut ben = signed_in(&app, &address, office.ben).await;
    assert_eq!(
        ben.get("/desk").status,
        200,
        "what begins afterwards is good"
    );
    assert_eq!(
        Client::new(&address, &token(&app, office.ben))
            .get("/api/v1/funds")
            .status,
        200
    );
}

on_each_engine!(the_key_of_tokens_is_renewed_and_every_token_ends);
async fn the_key_of_tokens_is_renewed_and_every_token_ends(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let old = token(&app, office.ada);
    let place = app.close().await;
    assert!(run_ok(&place, &["rotate-token"]).contains("1 tokens have ended"));
    let keys: Vec<_> = std::fs::read_dir(place.folder.path().join("keys"))
        .unwrap()
        .flatten()
        .map(|file| file.file_name())
        .collect();
    assert_eq!(
        keys.iter()
            .filter(|name| name.to_string_lossy().starts_with("token"))
            .count(),
        2,
        "the old one lies beside it: {keys:?}"
    );
    let new = run_ok(&place, &["token", "--person", &office.ada.to_string()]);
    let process = ServiceProcess::start(&place);
    Client::new(&process.address, &old)
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert_eq!(
        Client::new(&process.address, &new)
            .get("/api/v1/funds")
            .status,
        200
    );
}

on_each_engine!(tokens_and_links_are_had_while_the_service_runs);
/// On SQLite through the service's socket, on PostgreSQL through the database.
async fn tokens_and_links_are_had_while_the_service_runs(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let ben = office.ben.to_string();
    let place = app.close().await;
    let process = ServiceProcess::start(&place);
    let made = run_ok(
        &place,
        &[
            "token", "--person", &ben, "--roles", "officer", "--name", "A script",
        ],
    );
    let client = Client::new(&process.address, &made);
    assert_eq!(client.get("/api/v1/funds").status, 200);
    let at = run_ok(&place, &["link", "--person", &ben]);
    let mut browser = Browser::new(&process.address);
    let at = at
        .split_once("/sign-in/")
        .map(|(_, token)| format!("/sign-in/{token}"))
        .unwrap();
    let page = browser.get(&at);
    assert!(browser.submit_form(&page, &at, &[]).contains("Today"));
    assert!(
        run_failing(
            &place,
            &["token", "--person", "018f0000-0000-7000-8000-000000000000"]
        )
        .contains("no person here")
    );
    run_ok(&place, &["end-access", "--person", &ben]);
    // Another process caches sessions for a few seconds.
    let since = std::time::Instant::now();
    while client.get("/api/v1/funds").status == 200 {
        assert!(since.elapsed().as_secs() < 10);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    client
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    assert!(browser.get("/desk").path.contains("/sign-in"));
}

on_sqlite!(the_socket_is_its_owners_and_takes_no_nonsense);
async fn the_socket_is_its_owners_and_takes_no_nonsense(app: TestApp) {
    use std::io::{BufRead as _, Write as _};
    let office = Office::open(&app, 1000).await;
    let ben = office.ben.to_string();
    let place = app.close().await;
    let process = ServiceProcess::start(&place);
    let path = place.folder.path().join("log.db.sock");
    let about = std::fs::metadata(&path).unwrap();
    assert!(
        about.file_type().is_socket() && about.permissions().mode() & 0o777 == 0o600,
        "{about:?}"
    );
    let names = std::fs::read_dir(place.folder.path())
        .unwrap()
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned());
    assert!(
        names.filter(|name| name.starts_with(".socket")).count() == 0,
        "where it came into being is gone"
    );
    let said = |line: &[u8]| {
        let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
        stream
            .set_read_timeout(Some(std::time::Duration::from_secs(10)))
            .unwrap();
        let _ = stream.write_all(line);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = String::new();
        let _ = std::io::BufReader::new(stream).read_line(&mut answer);
        answer
    };
    let long = vec![b'x'; 1 << 20];
    for nonsense in [
        &b"x\n"[..],
        b"",
        b"{}\n",
        b"{\"organisation\":\"case\",\"asked\":{\"erase\":{}}}\n",
        &[0xff, b'\n'][..],
        &long[..],
    ] {
        let answer = said(nonsense);
        assert!(
            answer.is_empty() || answer.contains("this is no request"),
            "{answer}"
        );
    }
    let link = format!(r#"{{"link":{{"person":"{ben}","minutes":5}}}}"#);
    let other = format!("{{\"organisation\":\"another\",\"asked\":{link}}}\n");
    assert!(said(other.as_bytes()).contains("another organisation"));
    let made = run_ok(&place, &["token", "--person", &ben]);
    assert_eq!(
        Client::new(&process.address, &made)
            .get("/api/v1/funds")
            .status,
        200,
        "and goes on"
    );
    // The socket file left by a killed service does not disturb later ones.
    process.kill();
    assert!(path.exists());
    run_ok(&place, &["token", "--person", &ben]);
    let process = ServiceProcess::start(&place);
    run_ok(&place, &["token", "--person", &ben]);
    drop(process);
}
