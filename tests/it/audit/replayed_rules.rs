//! Complete and signed logs in which one event breaks a rule: only a replay of the rules finds it.

use microgrants::audit::export_layout;
use microgrants::domain::{Person, Role, Rule};
use serde_json::json;

use super::tampered_export::TamperedExport;
use crate::audit::transparency_log::sealer;
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::steps::change_contact;
use crate::support::test_app::TestApp;

/// The person in a field of an event.
pub fn person_in(line: &str, field: &str) -> String {
    let from = line.find(&format!("\"{field}\":\"")).unwrap() + field.len() + 4;
    line[from..from + 36].to_owned()
}

/// Who prepared the first payment.
fn preparer_in(events: &[String]) -> String {
    let is_preparation = |line: &&String| line.contains("\"event\":\"PaymentPrepared\"");
    let preparation = events.iter().find(is_preparation).expect("a preparation");
    person_in(preparation, "prepared_by")
}

on_each_engine!(every_rule_that_two_people_or_money_must_keep_is_replayed);
/// A complete and signed log that violates a rule: only replay reveals it.
async fn every_rule_that_two_people_or_money_must_keep_is_replayed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    for (command, body) in [
        ("approve-payment", json!({ "payment": 1 })),
        (
            "send-payment",
            json!({ "payment": 1, "happened_on": app.today() }),
        ),
    ] {
        let command = command_from_json("grant", grant.0, command, &body);
        app.issue_ok(office.ben, command).await;
    }
    let ada = format!("{}@example.org", office.ada.0.simple());
    app.issue_ok(office.ada, change_contact(office.ada, "Ada Q", &ada))
        .await;
    let known = app.log.refresh::<Person>(office.ada.0).await.unwrap().state;
    let proven = known.email().expect("an address").digest.clone();
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let preparer = preparer_in(&damaged.lines(export_layout::EVENTS));

    for (event, said, lie, rule) in [
        ("Awarded", "\"700.00\"", "\"2700.00\"", Rule::AwardBounds),
        ("Committed", "\"700.00\"", "\"5700.00\"", Rule::Budget),
        (
            "GrantOffered",
            "\"700.00\"",
            "\"1700.00\"",
            Rule::WholeAward,
        ),
        (
            "PaymentSent",
            "\"700.00\"",
            "\"500.00\"",
            Rule::PaymentAmount,
        ),
        (
            "PaymentPrepared",
            "\"payee\":1",
            "\"payee\":2",
            Rule::PayeeVerified,
        ),
        (
            "ApplicationSubmitted",
            "\"reached_by\":[\"email\"]",
            "\"reached_by\":[\"post\"]",
            Rule::ApplicationReachable,
        ),
    ] {
        let found = damaged.rules_violated_by(event, |line| line.replace(said, lie));
        assert!(found.contains(&rule), "{event}: {found:?}");
    }
    let found = damaged.rules_violated_by("PaymentApproved", |line| {
        line.replace(&person_in(line, "approved_by"), &preparer)
    });
    assert!(found.contains(&Rule::PaymentByTwo), "{found:?}");
    let found = damaged.rules_violated_by("PaymentApproved", |line| {
        line.replace("\"payment\":1", "\"payment\":2")
    });
    assert!(
        found.contains(&Rule::PaymentOrder),
        "it was sent, and not approved: {found:?}"
    );
    let found = damaged.rules_violated_by("ContactChanged", |line| {
        line.replacen(&proven, &"0".repeat(64), 1)
    });
    assert!(found.contains(&Rule::ContactByTwo), "{found:?}");
}

on_each_engine!(an_officer_who_approved_more_than_days_is_found);
/// Officers agree to other days only. A signed log says that one agreed to more than that.
async fn an_officer_who_approved_more_than_days_is_found(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, _, member) = office.payable(&app, 1000).await;
    let olive = person(&app, "Olive").await;
    office.give_role(&app, olive, Role::Officer).await;
    let later = json!({ "change": { "update_due_on": app.in_days(200) }, "words": "Later" });
    for (by, stream, command, body) in [
        (olive, "application", "declare", json!({})),
        (member, "grant", "request-variation", later),
        (
            olive,
            "grant",
            "approve-variation",
            json!({ "variation": 1 }),
        ),
    ] {
        let command = command_from_json(stream, grant.0, command, &body);
        app.issue_ok(by, command).await;
    }
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let events = damaged.lines(export_layout::EVENTS);
    assert!(
        !damaged
            .rules_violated_in(&events)
            .contains(&Rule::ChangeByTwo)
    );

    let songs = json!({ "description": "An evening of songs", "title": "Songs" });
    let purpose = format!("\"purpose\":{songs}");
    for (said, lie) in [
        ("\"amount\":null", "\"amount\":\"1000.00\""),
        ("\"purpose\":null", purpose.as_str()),
    ] {
        let found = damaged.rules_violated_by("VariationApproved", |line| line.replace(said, lie));
        assert!(found.contains(&Rule::ChangeByTwo), "{lie}: {found:?}");
    }
}
