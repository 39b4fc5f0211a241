//! Barriers through the API: what was withdrawn is read by the office only, for past days too.

use microgrants::domain::PersonId;
use serde_json::{Value, json};

use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

const BARRIERS: &str = "/api/v1/barriers";

fn take(by: &Client, barrier: &str, name: &str, body: &Value) {
    let answer = by.post(&format!("{BARRIERS}/{barrier}/{name}"), body);
    assert!(answer.status < 300, "{name} {body}: {}", answer.body);
}

fn summary(words: &str) -> Value {
    json!({ "summary": words })
}

fn pass_on(app: &TestApp) -> Value {
    json!({
        "to": "The bus company",
        "asked": "Can the bus stop at the bakery?",
        "due_on": app.in_days(14),
    })
}

/// A barrier that somebody raised. Somebody is recognised in what staff wrote of it: "widow".
fn passed_on_and_answered(app: &TestApp, ada: &Client, by: PersonId) -> String {
    let raised = json!({ "person": by, "words": "I cannot get out.", "channel": "phone" });
    let barrier = ada.post(BARRIERS, &raised).id();
    let told = summary("The baker's widow cannot get out.");
    take(ada, &barrier, "sum-up", &told);
    take(ada, &barrier, "pass-on", &pass_on(app));
    let answer = json!({ "answer": "It stops for the widow.", "comes_to": "made" });
    take(ada, &barrier, "record-answer", &answer);
    barrier
}

/// Everything that a reader finds of barriers, as at a day or now.
fn read(reader: &Client, barrier: &str, query: &str) -> String {
    let paths = [
        format!("{BARRIERS}{query}"),
        format!("{BARRIERS}/{barrier}{query}"),
        format!("/api/v1/heard{query}"),
        format!("/api/v1/library{query}"),
    ];
    let answers = paths.map(|path| reader.get(&path).body.to_string());
    answers.concat()
}

on_each_engine!(nobody_outside_the_office_reads_a_barrier_that_was_withdrawn);
async fn nobody_outside_the_office_reads_a_barrier_that_was_withdrawn(app: TestApp) {
    // Given a barrier in whose public words somebody is recognised.
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    let (own, other) = (person(&app, "Own").await, person(&app, "Other").await);
    let barrier = passed_on_and_answered(&app, &ada, own);
    let yesterday = format!("?as_at={}", app.today());
    app.pass_days(1);
    app.catch_up().await;
    let readers = [own, other].map(|one| ada.with_token(&token(&app, one)));
    for reader in &readers {
        for query in ["", yesterday.as_str()] {
            let found = read(reader, &barrier, query);
            assert!(found.contains("widow"), "{query} {found}");
        }
    }

    // When it is withdrawn, then nobody outside the office reads it, for past days either.
    take(&ada, &barrier, "withdraw", &json!({}));
    app.catch_up().await;
    let assert_gone = || {
        for reader in &readers {
            for query in ["", yesterday.as_str()] {
                let found = read(reader, &barrier, query);
                assert!(!found.contains("widow"), "{query} {found}");
            }
        }
    };
    assert_gone();
    let address = format!("{BARRIERS}/{barrier}{yesterday}");
    let kept = ada.get(&address).body;
    assert_eq!(kept["answers"][0]["answer"], "It stops for the widow.");
    assert_eq!(readers[1].get(&address).status, 404);
    let again = ada.post(&format!("{BARRIERS}/{barrier}/withdraw"), &json!({}));
    assert_eq!(again.code(), "not_passed_on");

    // When it is passed on in other words, then these are read, and the first ones never again.
    let better = "The bus does not stop where people live.";
    take(&ada, &barrier, "sum-up", &summary(better));
    take(&ada, &barrier, "pass-on", &pass_on(&app));
    app.catch_up().await;
    for reader in &readers {
        assert!(read(reader, &barrier, "").contains(better));
    }
    assert_gone();
}
