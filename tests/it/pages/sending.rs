//! How emails leave the service, as administrators set it on a page.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use microgrants::auth::founding;
use microgrants::domain::Organisation;
use microgrants::http::supervisor::Supervisor;
use microgrants::mail::SetByOperator;
use serde_json::json;

use crate::domain::connections::ApiCommands;
use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder};
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::service::{serve, serve_with_tasks};
use crate::support::test_app::TestApp;

const PAGE: &str = "/desk/setup/email";
const SAVE: &str = "/desk/do/setup/email";
const PASSWORD: &str = "correct horse";
/// The base64 of a null byte, `office`, a null byte and the password.
const SIGNS_IN: &str = "AUTH PLAIN AG9mZmljZQBjb3JyZWN0IGhvcnNl";

/// A mail server on this machine that accepts everything, and passes on what it was sent until the
/// end of each message.
fn mail_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let (pass_on, passed_on) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            stream.write_all(b"220 here\r\n").unwrap();
            let (mut in_message, mut dialogue) = (false, String::new());
            for line in lines.map_while(Result::ok) {
                dialogue.push_str(&line);
                dialogue.push('\n');
                let answer = match line.as_str() {
                    "." if in_message => {
                        in_message = false;
                        pass_on.send(dialogue.replace("=\n", "")).unwrap();
                        "250 taken"
                    }
                    _ if in_message => continue,
                    "DATA" => {
                        in_message = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    hello if hello.starts_with("EHLO") => "250-here\r\n250 AUTH PLAIN",
                    sign_in if sign_in.starts_with("AUTH") => "235 signed in",
                    _ => "250 well",
                };
                let answer = format!("{answer}\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (port, passed_on)
}

/// The service before anything happened, with mails in a folder.
fn serve_empty(app: &TestApp, set: SetByOperator) -> String {
    tokio::spawn(app.projector.clone().run());
    let (commands, folder) = (app.commands.clone(), mail_folder(app));
    let client = serve_with_tasks(app, commands, "", Supervisor::default(), |site| {
        site.mail_folder = Some(folder);
        site.set_by_operator = set;
    });
    client.address().to_owned()
}

/// The first administrator, signed in.
fn begin(app: &TestApp, address: &str) -> Browser {
    let mut browser = Browser::new(address);
    let at = founding::path(app.log.vault());
    let page = browser.get(&at);
    let first = [
        ("organisation", "Neighbours together"),
        ("name", "Morgan Price"),
        ("email", "morgan@example.org"),
    ];
    let page = browser.submit_form(&page, &at, &first);
    assert_eq!(page.status, 200, "{}", visible_text(&page));
    browser
}

fn sending<'a>(host: &'a str, port: &'a str, password: &'a str) -> [(&'a str, &'a str); 9] {
    [
        ("form", "sending"),
        ("host", host),
        ("port", port),
        ("encryption", "tls"),
        ("user", "office"),
        ("password", password),
        ("sender_name", "Neighbours together"),
        ("sender_email", "grants@example.org"),
        ("address", "https://apply.example.org"),
    ]
}

fn send_test(browser: &mut Browser) -> Page {
    let page = browser.get(PAGE);
    browser.submit_form(&page, "/desk/do/setup/test-message", &[])
}

fn next_mail(sent: &Receiver<String>) -> String {
    sent.recv_timeout(Duration::from_secs(20)).expect("a mail")
}

on_each_engine!(the_only_administrator_sets_the_mail_server_on_a_page);
async fn the_only_administrator_sets_the_mail_server_on_a_page(app: TestApp) {
    // Given
    let (port, arrived) = mail_server();
    let address = serve_empty(&app, SetByOperator::default());
    let mut morgan = begin(&app, &address);
    let mailer = mailer(&app);
    let page = morgan.get(PAGE);
    assert!(
        page.contains("Not set up yet") && page.contains("You are the only administrator so far"),
        "{}",
        visible_text(&page)
    );

    // When
    let page = morgan.submit_form(&page, SAVE, &sending("localhost", &port, PASSWORD));

    // Then
    assert!(
        page.contains("Saved. Send yourself a test message")
            && page.contains(&format!("localhost, port {port}")),
        "{}",
        visible_text(&page)
    );
    assert!(!page.contains(PASSWORD), "it is never shown");
    let page = send_test(&mut morgan);
    assert!(!page.contains("kept as a file"), "{}", visible_text(&page));
    deliver_all(&app, &mailer).await;
    let mail = next_mail(&arrived);
    for part in [
        SIGNS_IN,
        "MAIL FROM:<grants@example.org>",
        "Neighbours together",
        "https://apply.example.org/sign-in/",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    assert!(mails_in_folder(&mail_folder(&app)).is_empty());
    let events = app.log.read_events(0, 500).await.unwrap();
    let recorded = format!(
        "{:?}",
        events.iter().map(|one| &one.event).collect::<Vec<_>>()
    );
    assert!(recorded.contains("localhost") && !recorded.contains(PASSWORD));

    // When
    let page = morgan.get(PAGE);
    let elsewhere = morgan.submit_form(&page, SAVE, &sending("smtp.example.org", &port, ""));

    // Then
    assert_eq!(elsewhere.status, 422);
    assert!(
        elsewhere.contains("Enter the password for this server and user"),
        "{}",
        visible_text(&elsewhere)
    );
}

on_each_engine!(other_settings_leave_the_mail_server_and_its_password);
async fn other_settings_leave_the_mail_server_and_its_password(app: TestApp) {
    // Given
    let (port, arrived) = mail_server();
    let address = serve_empty(&app, SetByOperator::default());
    let mut morgan = begin(&app, &address);
    let page = morgan.get(PAGE);
    morgan.submit_form(&page, SAVE, &sending("localhost", &port, PASSWORD));

    // When
    let page = morgan.get("/desk/settings");
    let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("key", key.as_str()),
        ("form", "settings"),
        ("at", "/desk/settings"),
        ("name", "Neighbours together"),
        ("telephone", "01614960000"),
    ];
    let saved = morgan.post_files("/desk/do/settings", &fields, &[("logo_file", "")]);
    assert_eq!(saved.status, 303, "{}", visible_text(&saved));
    let page = morgan.get(PAGE);
    let mut renamed = sending("localhost", &port, "");
    renamed[6].1 = "Neighbours of Stockport";
    let page = morgan.submit_form(&page, SAVE, &renamed);
    assert_eq!(page.status, 200, "{}", visible_text(&page));
    send_test(&mut morgan);
    deliver_all(&app, &mailer(&app)).await;

    // Then
    let mail = next_mail(&arrived);
    assert!(
        mail.contains(SIGNS_IN) && mail.contains("Neighbours of Stockport"),
        "{mail}"
    );

    // When
    send_test(&mut morgan);
    let fixed = SetByOperator {
        server: true,
        ..SetByOperator::default()
    };
    deliver_all(&app, &mailer(&app).configured_as(fixed)).await;

    // Then
    let mails = mails_in_folder(&mail_folder(&app));
    assert_eq!(mails.len(), 1, "what the operator set wins: {mails:?}");
}

on_each_engine!(a_second_administrator_confirms_the_mail_server);
async fn a_second_administrator_confirms_the_mail_server(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (_, member) = office.group(&app).await;
    app.catch_up().await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut ada = signed_in(&app, &address, office.ada).await;

    // When
    let page = ada.get(PAGE);
    let page = ada.submit_form(&page, SAVE, &sending("smtp.example.org", "465", PASSWORD));

    // Then
    assert!(
        page.contains("A second administrator must agree"),
        "{}",
        visible_text(&page)
    );
    let organisation = app.commands.organisation().0;
    let state = app.log.refresh::<Organisation>(organisation).await.unwrap();
    assert_eq!(state.state.sending(), None, "one person changes nothing");
    app.catch_up().await;
    let page = ada.get("/desk/settings");
    assert!(
        page.contains("smtp.example.org, port 465, TLS") && !page.contains(PASSWORD),
        "{}",
        visible_text(&page)
    );
    let page = ada.get(PAGE);
    assert!(page.contains("Changes wait") && !page.contains("name=\"host\""));

    // When
    let api = ApiCommands { house: &app };
    let confirm = "organisation/confirm-settings";
    let proposal = json!({ "proposal": 1 });
    api.assert_refused(
        office.ada,
        "same_person",
        confirm,
        organisation,
        proposal.clone(),
    )
    .await;
    api.issue_ok(office.ben, confirm, organisation, proposal)
        .await;

    // Then
    let state = app.log.refresh::<Organisation>(organisation).await.unwrap();
    let server = state
        .state
        .sending()
        .and_then(|sending| sending.server.as_ref());
    assert_eq!(server.expect("a server").host.as_str(), "smtp.example.org");
    app.catch_up().await;
    let group = serve(&app, member).get("/api/v1/organisation");
    assert!(
        group.status == 200 && !group.body.to_string().contains("smtp.example.org"),
        "{}",
        group.body
    );
}

on_each_engine!(the_page_says_what_the_operator_set);
async fn the_page_says_what_the_operator_set(app: TestApp) {
    let set = SetByOperator {
        server: true,
        ..SetByOperator::default()
    };
    let address = serve_empty(&app, set);
    let mut morgan = begin(&app, &address);

    let page = morgan.get(PAGE);

    assert!(
        page.contains("The person who runs the server set the email server.")
            && !page.contains("name=\"host\"")
            && page.contains("name=\"sender_email\""),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(email_is_not_done_while_it_goes_to_a_folder);
async fn email_is_not_done_while_it_goes_to_a_folder(app: TestApp) {
    // Given
    let address = serve_empty(&app, SetByOperator::default());
    let mut morgan = begin(&app, &address);

    // When
    let page = send_test(&mut morgan);

    // Then
    assert!(
        page.contains("We wrote the test email to the folder"),
        "{}",
        visible_text(&page)
    );
    deliver_all(&app, &mailer(&app)).await;
    let mails = mails_in_folder(&mail_folder(&app));
    let mail = mails.values().next().expect("a mail in the folder");
    let (_, rest) = mail.split_once("/sign-in/").expect("a link");
    let link = format!("/sign-in/{}", rest.split_whitespace().next().unwrap());
    let page = morgan.get(&link);
    morgan.submit_form(&page, &link, &[]);
    let page = morgan.get("/desk/setup");
    assert!(
        page.contains("No email server yet") && page.contains("0 of 9 done"),
        "{}",
        visible_text(&page)
    );
}

/// Two administrators enter the address of the service.
async fn enter_address(app: &TestApp, office: &Office, proposal: u32, address: &str) {
    let organisation = app.commands.organisation().0;
    let settings = json!({ "name": "An anchor", "sending": { "address": address } });
    for (by, name, body) in [
        (office.ada, "propose-settings", settings),
        (
            office.ben,
            "confirm-settings",
            json!({ "proposal": proposal }),
        ),
    ] {
        let command = command_from_json("organisation", organisation, name, &body);
        app.issue_ok(by, command).await;
    }
}

on_each_engine!(cookies_require_tls_once_a_browser_comes_by_the_entered_address);
async fn cookies_require_tls_once_a_browser_comes_by_the_entered_address(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    enter_address(&app, &office, 1, "https://grants.example.org").await;
    let page = Browser::new(&address).get("/sign-in");
    let cookie = &page.headers["set-cookie"];
    assert!(
        cookie.starts_with("session=") && !cookie.contains("Secure"),
        "a mistyped address locks nobody out: {cookie}"
    );
    assert!(!page.headers.contains_key("strict-transport-security"));

    let own = address.replace("http://", "https://");
    enter_address(&app, &office, 2, &own).await;
    let page = Browser::new(&address).get("/sign-in");
    let cookie = &page.headers["set-cookie"];
    assert!(
        cookie.starts_with("__Host-session=") && cookie.contains("Secure"),
        "{cookie}"
    );
    assert_eq!(
        page.headers["strict-transport-security"],
        "max-age=31536000"
    );
}
