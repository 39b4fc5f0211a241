//! The trace output at its most verbose level, searched for every secret and personal value.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use microgrants::auth::links::{self, NewSignInLink};
use microgrants::domain::{ApplicationId, GroupId, PersonId};
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::fixtures::Office;
use crate::support::service::{Client, Deployment, token};
use crate::support::test_app::TestApp;

on_each_engine!(no_secret_and_nobodys_words_stand_in_the_log_of_operation);
async fn no_secret_and_nobodys_words_stand_in_the_log_of_operation(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (draft, group, member) = office.draft(&app, 700).await;
    crate::operations::mails::set_email(&app, member, ADDRESS).await;
    let link = sign_in_link(&app, office.ada).await;
    let (by_staff, by_member) = (token(&app, office.ada), token(&app, member));
    let keys = &app.keys;
    let keys =
        [&keys.token, &keys.checkpoint, &keys.kek, &keys.index].map(|key| hex::encode(key.secret));
    let place = app.close().await;
    let service = TracedService::start(&place);
    let client = Client::new(&service.address, &by_staff);

    // When
    let browsed = browse_signed_in(&service.address, &link);
    let request_id = type_address_and_code(&service.address);
    send_words(&client.with_token(&by_member), draft, group);
    client
        .with_token("forged-token")
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    let log = service.stop();

    // Then
    assert!(log.lines().count() > 20, "{log}");
    assert_requests_are_noted(&log, &request_id);
    let tokens = [by_staff, by_member].map(|token| token.rsplit('.').next().unwrap().to_owned());
    assert_without(
        &log,
        tokens.iter().chain(&keys).chain(&browsed).chain([&link]),
    );
    assert_without(
        &log,
        [
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
        ],
    );
}

const ADDRESS: &str = "zofia.nowak@example.org";

async fn sign_in_link(app: &TestApp, person: PersonId) -> String {
    let invited = NewSignInLink {
        person,
        joins: None,
        valid_minutes: 30,
        by_mail: false,
    };
    links::issue(&app.commands, invited).await.unwrap().token
}

/// The program, with the most verbose trace output, which is collected.
struct TracedService {
    address: String,
    child: Child,
    log: JoinHandle<String>,
}

impl TracedService {
    fn start(place: &Deployment) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = free.local_addr().unwrap().to_string();
        drop(free);
        let mut program = place.program();
        program
            .args(["serve", "--listen", &listen, "--log-format", "json"])
            .env("RUST_LOG", "debug,microgrants=trace")
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
        let log = std::thread::spawn(move || {
            let mut all = String::new();
            let _ = said.read_to_string(&mut all);
            all
        });
        let service = Self {
            address: format!("http://{listen}"),
            child,
            log,
        };
        service.wait_until_ready();
        service
    }

    fn wait_until_ready(&self) {
        let since = Instant::now();
        let client = Client::new(&self.address, "");
        while client.try_get("/healthz").is_err() {
            assert!(since.elapsed() < Duration::from_secs(30), "it serves");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops it after its background tasks have run. Returns its trace output.
    fn stop(mut self) -> String {
        std::thread::sleep(Duration::from_secs(2));
        std::process::Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(self.child.wait().unwrap().success(), "it stops by itself");
        self.log.join().unwrap()
    }
}

/// Signs in with a link, and searches. Returns the session and the CSRF token.
fn browse_signed_in(address: &str, link: &str) -> [String; 2] {
    let mut browser = Browser::new(address);
    let at = format!("/sign-in/{link}");
    let page = browser.get(&at);
    assert!(browser.submit_form(&page, &at, &[]).contains("Today"));
    let session = browser.cookies["session"].clone();
    let csrf = browser.get("/account").hidden_field("csrf");
    browser.get("/desk/groups?q=searched-for-words");
    [session, csrf]
}

/// Asks for a link, and types a wrong code. Returns the id of the first request.
fn type_address_and_code(address: &str) -> String {
    let mut browser = Browser::new(address);
    let page = browser.get("/sign-in");
    browser.submit_form(&page, "/sign-in", &[("email", ADDRESS)]);
    browser.submit_form(
        &page,
        "/sign-in/code",
        &[("email", ADDRESS), ("code", "482915")],
    );
    page.headers["x-request-id"].clone()
}

/// Sends answers, two of them wrong, submits the application, and keys an account.
fn send_words(own: &Client, draft: ApplicationId, group: GroupId) {
    let application = format!("/api/v1/applications/{draft}");
    let saved = own.post(
        &format!("{application}/save-answers"),
        &json!({ "answers": { "idea": "words-of-a-group" } }),
    );
    assert_eq!(saved.status, 200, "{}", saved.body);
    own.post(
        &format!("{application}/save-answers"),
        &json!({ "answers": { "idea": 7, "words-of-a-field": "x" } }),
    );
    let submitted = own.post(
        &format!("{application}/submit"),
        &json!({ "channel": "web" }),
    );
    assert_eq!(submitted.status, 200);
    let payee = json!({
        "route": "own_account", "account": { "holder": "A holder", "numbers": "12-34-56 87654321" },
    });
    let provided = own.post(&format!("/api/v1/groups/{group}/provide-payee"), &payee);
    assert_eq!(provided.status, 200);
}

fn assert_requests_are_noted(log: &str, request_id: &str) {
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
        log.contains(&format!("\"id\":\"{request_id}\"")),
        "whoever asked finds the request in the log"
    );
}

fn assert_without(log: &str, secrets: impl IntoIterator<Item = impl AsRef<str>>) {
    for secret in secrets {
        let secret = secret.as_ref();
        let found = log.lines().find(|line| line.contains(secret));
        assert!(
            found.is_none(),
            "{secret} stands in: {}",
            found.unwrap_or_default()
        );
    }
}
