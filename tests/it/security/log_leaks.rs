//! The trace output at its most verbose level, searched for every secret and personal value.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use microgrants::mail::sign_in_links::{self, NewSignInLink};
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::fixtures::Office;
use crate::support::service::{Client, token};
use crate::support::test_app::TestApp;

on_each_engine!(no_secret_and_nobodys_words_stand_in_the_log_of_operation);
async fn no_secret_and_nobodys_words_stand_in_the_log_of_operation(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (draft, group, member) = office.draft(&house, 700).await;
    crate::operations::mails::set_email(&house, member, "zofia.nowak@example.org").await;
    let invited = NewSignInLink {
        person: office.ada,
        joins: None,
        valid_minutes: 30,
        by_mail: false,
    };
    let link = sign_in_links::issue(&house.commands, invited)
        .await
        .unwrap()
        .token;
    let (by_staff, by_member) = (token(&house, office.ada), token(&house, member));
    let keys = &house.keys;
    let secrets =
        [&keys.token, &keys.checkpoint, &keys.kek, &keys.index].map(|key| hex::encode(key.secret));
    let place = house.close().await;
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("http://127.0.0.1:{port}");
    let mut program = place.program();
    program
        .args([
            "serve",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--log-format",
            "json",
        ])
        .env("RUST_LOG", "debug,microgrants=trace");
    program
        .env(
            "MICROGRANTS_WEBHOOKS",
            "http://127.0.0.1:9/hook?secret=webhook-secret-words",
        )
        .env(
            "MICROGRANTS_WEBHOOK_SECRET",
            "whsec_d2ViaG9vay1zaWduaW5nLWtleS13ZWJob29r",
        );
    let mut child = program
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = child.stderr.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut all = String::new();
        let _ = said.read_to_string(&mut all);
        all
    });
    let since = Instant::now();
    let client = Client::new(&address, &by_staff);
    while client.try_get("/healthz").is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "it serves");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut browser = Browser::new(&address);
    let page = browser.get(&format!("/sign-in/{link}"));
    assert!(
        browser
            .submit_form(&page, &format!("/sign-in/{link}"), &[])
            .contains("Today")
    );
    let session = browser.cookies["session"].clone();
    let csrf = browser.get("/account").hidden_field("csrf");
    browser.get("/desk/groups?q=searched-for-words");
    let mut other = Browser::new(&address);
    let page = other.get("/sign-in");
    other.submit_form(&page, "/sign-in", &[("email", "zofia.nowak@example.org")]);
    other.submit_form(
        &page,
        "/sign-in/code",
        &[("email", "zofia.nowak@example.org"), ("code", "482915")],
    );
    let own = client.with_token(&by_member);
    let saved = own.post(
        &format!("/api/v1/applications/{draft}/save-answers"),
        &json!({ "answers": { "idea": "words-of-a-group" } }),
    );
    assert_eq!(saved.status, 200, "{}", saved.body);
    own.post(
        &format!("/api/v1/applications/{draft}/save-answers"),
        &json!({ "answers": { "idea": 7, "words-of-a-field": "x" } }),
    );
    assert_eq!(
        own.post(
            &format!("/api/v1/applications/{draft}/submit"),
            &json!({ "channel": "web" })
        )
        .status,
        200
    );
    let payee = json!({ "route": "own_account", "account": { "holder": "A holder", "numbers": "12-34-56 87654321" } });
    assert_eq!(
        own.post(&format!("/api/v1/groups/{group}/provide-payee"), &payee)
            .status,
        200
    );
    client
        .with_token("forged-token")
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    std::thread::sleep(Duration::from_secs(2));
    std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(child.wait().unwrap().success(), "it stops by itself");
    let log = reading.join().unwrap();
    assert!(log.lines().count() > 20, "{log}");
    let answered = log
        .lines()
        .find(|line| line.contains("\"answered\"") && line.contains("save-answers"))
        .expect("requests are noted");
    let noted: serde_json::Value = serde_json::from_str(answered).expect("one JSON object a line");
    let span = &noted["spans"][0];
    assert!(
        ["id", "command", "route"]
            .iter()
            .all(|name| span[*name].as_str().is_some_and(|said| !said.is_empty())),
        "{noted}"
    );
    assert!(
        log.contains(&format!("\"id\":\"{}\"", page.headers["x-request-id"])),
        "whoever asked finds the request in the log"
    );
    let [by_staff, by_member] =
        [by_staff, by_member].map(|token| token.rsplit('.').next().unwrap().to_owned());
    for secret in [
        &by_staff,
        &by_member,
        &link,
        &session,
        &csrf,
        &secrets[0],
        &secrets[1],
        &secrets[2],
        &secrets[3],
        "forged-token",
        "482915",
        "zofia.nowak",
        "words-of-a-group",
        "searched-for-words",
        "87654321",
        "A holder",
        "webhook-secret-words",
        "d2ViaG9vay1zaWduaW5n",
        "postgres@",
    ] {
        let found = log.lines().find(|line| line.contains(secret));
        assert!(
            found.is_none(),
            "{secret} stands in: {}",
            found.unwrap_or_default()
        );
    }
}
