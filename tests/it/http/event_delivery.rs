//! Subscribers outside: the event feed with long polling, and webhooks to a receiver that fails,
//! hangs up and recovers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use microgrants::webhooks::{ConfiguredWebhooks, WebhookSecret};
use serde_json::Value;
use sha2::Sha256;

use crate::support::fixtures::{Office, person};
use crate::support::service::serve;
use crate::support::test_app::TestApp;

pub const WEBHOOK_KEY: [u8; 32] = [7; 32];

pub fn secret() -> WebhookSecret {
    WebhookSecret::parse(&format!("whsec_{}", STANDARD.encode(WEBHOOK_KEY))).unwrap()
}

/// A request that a receiver got: headers by name, and the body.
pub struct ReceivedRequest {
    headers: Vec<(String, String)>,
    pub body: String,
}

impl ReceivedRequest {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        assert!(
            self.is_signed_by(&WEBHOOK_KEY),
            "{}",
            self.header("webhook-signature")
        );
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether one of its signatures was made with this key.
    pub fn is_signed_by(&self, key: &[u8]) -> bool {
        let signed = format!(
            "{}.{}.{}",
            self.header("webhook-id"),
            self.header("webhook-timestamp"),
            self.body
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(signed.as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature")
            .split(' ')
            .any(|one| one == signature)
    }
}

/// A receiver that gives these answers in turn, and then 204. An empty answer closes the
/// connection.
pub fn receiver(answers: Vec<&'static str>) -> (String, Receiver<ReceivedRequest>) {
    slow_receiver(Duration::ZERO, answers)
}

/// The same, with this delay before each answer.
pub fn slow_receiver(
    pause: Duration,
    answers: Vec<&'static str>,
) -> (String, Receiver<ReceivedRequest>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tell, told): (Sender<ReceivedRequest>, _) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.into_iter();
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut headers, mut line) = (Vec::new(), String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) && !line.trim().is_empty()
            {
                if let Some((name, value)) = line.trim().split_once(": ") {
                    headers.push((name.to_lowercase(), value.to_owned()));
                }
                line.clear();
            }
            let length = headers
                .iter()
                .find(|(name, _)| name == "content-length")
                .map_or(0, |(_, value)| value.parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let _ = tell.send(ReceivedRequest {
                headers,
                body: String::from_utf8(body).unwrap(),
            });
            let answer = answers.next().unwrap_or("204 No Content");
            std::thread::sleep(pause);
            if !answer.is_empty() {
                let mut stream = reader.into_inner();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
            }
        }
    });
    (address, told)
}

on_each_engine!(the_feed_waits_for_the_next_event);
async fn the_feed_waits_for_the_next_event(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let length = app.log.length().await.unwrap();
    let path = |wait: u64| {
        format!(
            "/api/v1/log/events?after_position={}&wait={wait}",
            length - 1
        )
    };
    let since = Instant::now();
    assert_eq!(client.get(&path(1)).body["items"], serde_json::json!([]));
    assert!(since.elapsed() >= Duration::from_secs(1), "it waited");
    let waiting = {
        let (client, path) = (client.clone(), path(20));
        std::thread::spawn(move || client.get(&path))
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    person(&app, "Somebody").await;
    let answer = tokio::task::spawn_blocking(|| waiting.join().unwrap())
        .await
        .unwrap();
    assert_eq!(
        answer.body["items"][0]["event"], "PersonRegistered",
        "{}",
        answer.body
    );
    assert!(
        !answer.body.to_string().contains("Somebody"),
        "no name is in it"
    );
    client.get(&path(26)).assert_problem(400, "invalid_query");
}

on_each_engine!(a_webhook_is_sent_until_it_is_taken_and_repeats_carry_their_id);
async fn a_webhook_is_sent_until_it_is_taken_and_repeats_carry_their_id(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (address, told) = receiver(vec!["500 Internal Server Error", "", "302 Found"]);
    let webhooks = ConfiguredWebhooks::new(app.log.clone(), vec![address], secret());
    webhooks.begin().await.unwrap();
    let begins = app.log.length().await.unwrap();
    let (mut now, minute) = (1_700_000_000_000_000, 60_000_000);
    assert_eq!(
        webhooks.run_once(now).await.unwrap(),
        0,
        "what came before is in the feed"
    );
    let (application, ..) = office.ready(&app, 500).await;
    let score = serde_json::json!({ "criteria": { "need": 3 }, "note": "A secret thought" });
    let score =
        crate::support::scenario::command_from_json("application", application.0, "score", &score);
    let _ = app.issue(office.ben, score).await;
    let mut first: Vec<(String, String)> = Vec::new();
    for _ in 0..3 {
        assert_eq!(webhooks.run_once(now).await.unwrap(), 1);
        let got = told.recv_timeout(Duration::from_secs(20)).unwrap();
        got.json();
        first.push((got.header("webhook-id").to_owned(), got.body));
        assert_eq!(
            webhooks.run_once(now).await.unwrap(),
            0,
            "it is not due again at once"
        );
        now += minute;
        // Other events meanwhile do not change the delivery.
        person(&app, "Meanwhile").await;
    }
    assert!(
        first.iter().all(|one| *one == first[0]),
        "repeats are the same under the same id"
    );
    assert_eq!(webhooks.run_once(now).await.unwrap(), 1);
    let taken = told.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(
        (taken.header("webhook-id"), taken.body.as_str()),
        (first[0].0.as_str(), first[0].1.as_str())
    );
    let (mut next, mut seen) = (begins, 0);
    let mut take = |json: &Value| {
        assert_eq!(json["from"], next);
        for event in json["events"].as_array().unwrap() {
            assert_eq!(event["position"], next, "in order, and none left out");
            next += 1;
            seen += 1;
            if event["event"].as_str().unwrap().starts_with("Score") {
                assert!(event["payload"].is_null(), "{event}");
            }
        }
        assert_eq!(json["next"], next);
    };
    take(&taken.json());
    assert_eq!(webhooks.run_once(now).await.unwrap(), 1);
    take(&told.recv_timeout(Duration::from_secs(20)).unwrap().json());
    assert_eq!(
        (next, webhooks.run_once(now).await.unwrap()),
        (app.log.length().await.unwrap(), 0)
    );
    assert!(seen > 8, "{seen}");
}

on_each_engine!(a_report_that_is_not_sent_is_in_no_feed);
async fn a_report_that_is_not_sent_is_in_no_feed(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (grant, _, member) = office.payable(&app, 500).await;
    let (address, told) = receiver(Vec::new());
    let webhooks = ConfiguredWebhooks::new(app.log.clone(), vec![address], secret());
    webhooks.begin().await.unwrap();
    let position = app.log.length().await.unwrap();
    let strengths = serde_json::json!({ "bringing-people-together": "none" });
    let draft = serde_json::json!({ "update": 1, "strengths": strengths });
    let draft =
        crate::support::scenario::command_from_json("grant", grant.0, "save-update", &draft);
    app.issue_ok(member, draft).await;
    app.catch_up().await;

    assert_eq!(webhooks.run_once(1_700_000_000_000_000).await.unwrap(), 1);
    let sent = told.recv_timeout(Duration::from_secs(20)).unwrap().json();
    let ada = serve(&app, office.ada);
    let feed = format!("/api/v1/log/events?after_position={}", position - 1);
    let feed = ada.get(&feed).body;
    for event in [&sent["events"][0], &feed["items"][0]] {
        assert_eq!(event["event"], "UpdateSaved");
        assert!(event["payload"].is_null(), "{event}");
    }
    let proof = ada.get(&format!("/api/v1/log/events/{position}/proof"));
    assert_eq!(proof.status, 403, "{}", proof.body);
}

on_each_engine!(two_processes_send_a_delivery_once);
async fn two_processes_send_a_delivery_once(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (address, told) = receiver(Vec::new());
    let one = ConfiguredWebhooks::new(app.log.clone(), vec![address.clone()], secret());
    let other = ConfiguredWebhooks::new(app.log.clone(), vec![address], secret());
    one.begin().await.unwrap();
    other.begin().await.unwrap();
    for _ in 0..5 {
        office.group(&app).await;
        let now = 1_700_000_000_000_000;
        let (first, second) = tokio::join!(one.run_once(now), other.run_once(now));
        assert_eq!(first.unwrap() + second.unwrap(), 1);
        told.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    assert!(
        told.recv_timeout(Duration::from_millis(200)).is_err(),
        "nothing came twice"
    );
}
