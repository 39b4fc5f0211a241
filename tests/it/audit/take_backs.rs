//! Tampering with what a person learned by phone, and with steps that were taken back.

use microgrants::audit::export_layout;
use microgrants::commands::{Caller, CommandRequest};
use microgrants::domain::{PersonId, Rule};
use serde_json::{Value, json};

use super::replayed_rules::person_in;
use super::tampered_export::{PythonVerifier, TamperedExport, find_python};
use crate::audit::transparency_log::sealer;
use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Changes the line of an event.
type Lie<'a> = &'a dyn Fn(&str) -> String;

/// A message that waits for a call, as the mailer records it.
const WAITING_MAIL: &str = "00000000-0000-0000-0000-00000000006e";

/// A log in which Ada tells a person by phone, Ben takes that back and tells them; and in which a
/// refusal is taken back. Returns the office and the person.
async fn log_of_take_backs(app: &TestApp) -> (Office, PersonId) {
    let office = Office::open(app, 5000).await;
    let (application, _, member) = office.submitted(app, 700).await;
    let today = app.today();
    let waiting =
        json!({ "mail": WAITING_MAIL, "about": 12, "kind": "submitted", "caused_on": today });
    let waiting = command_from_json("person", member.0, "await-telling", &waiting);
    app.commands
        .execute(CommandRequest::new(Caller::job(), waiting))
        .await
        .unwrap();
    let of = json!({ "mail": WAITING_MAIL });
    let told = json!({ "mail": WAITING_MAIL, "how": "phone", "told_on": today });
    for (by, command, body) in [
        (office.ada, "tell", &told),
        (office.ben, "take-back-telling", &of),
        (office.ben, "tell", &told),
    ] {
        let command = command_from_json("person", member.0, command, body);
        app.issue_ok(by, command).await;
    }
    for (command, body) in [
        ("refuse-eligibility", json!({ "reason": "Too far away." })),
        ("take-back-eligibility", json!({})),
    ] {
        let command = command_from_json("application", application.0, command, &body);
        app.issue_ok(office.ada, command).await;
    }
    sealer(app).catch_up().await.unwrap();
    (office, member)
}

/// The places of the events with this name.
pub fn places_of(events: &[String], event: &str) -> Vec<usize> {
    let name = format!("\"event\":\"{event}\"");
    let found = events.iter().enumerate();
    let found: Vec<_> = found
        .filter(|(_, line)| line.contains(&name))
        .map(|(at, _)| at)
        .collect();
    assert!(!found.is_empty(), "{event}");
    found
}

/// The events without one of them, numbered as if it had never been there.
pub fn without_event(events: &[String], at: usize) -> Vec<String> {
    let read = |line: &String| -> Value { serde_json::from_str(line).unwrap() };
    let mut events: Vec<_> = events.iter().map(read).collect();
    let removed = events.remove(at);
    let one_less = |number: &Value| json!(number.as_i64().unwrap() - 1);
    for event in &mut events[at..] {
        event["position"] = one_less(&event["position"]);
        if event["stream"] == removed["stream"] && event["id"] == removed["id"] {
            event["sequence"] = one_less(&event["sequence"]);
        }
    }
    let write = |event: &Value| serde_json_canonicalizer::to_string(event).unwrap();
    events.iter().map(write).collect()
}

on_each_engine!(who_told_whom_and_when_cannot_be_changed);
/// Every change of a step and of what took it back, by somebody without the key.
async fn who_told_whom_and_when_cannot_be_changed(app: TestApp) {
    let (office, member) = log_of_take_backs(&app).await;
    let member = member.to_string();
    let second = find_python().map(|_| PythonVerifier::start());
    let mut damaged = TamperedExport::export(&app, second).await;
    damaged.assert_holds();
    let events = damaged.lines(export_layout::EVENTS);
    let (ada, ben) = (office.ada.to_string(), office.ben.to_string());
    let (today, before) = (app.today().to_string(), app.in_days(-1).to_string());
    let other_mail = WAITING_MAIL.replace("6e", "6f");
    let lies = [
        (ada.as_str(), ben.as_str()),
        (ben.as_str(), ada.as_str()),
        (member.as_str(), ada.as_str()),
        (today.as_str(), before.as_str()),
        ("\"phone\"", "\"letter\""),
        (WAITING_MAIL, other_mail.as_str()),
        ("Too far away.", "Too late."),
        ("take_back_until", "taken_back_until"),
    ];

    for event in [
        "PersonToTell",
        "PersonTold",
        "TellingTakenBack",
        "EligibilityRefused",
        "EligibilityTakenBack",
    ] {
        for at in places_of(&events, event) {
            let position = i64::try_from(at).ok();
            for (said, lie) in lies {
                let mut changed = events.clone();
                changed[at] = events[at].replace(said, lie);
                if changed[at] != events[at] {
                    damaged.write_lines(export_layout::EVENTS, &changed);
                    damaged.rewrite_leaves();
                    damaged.assert_detected(&format!("{event}: {said} became {lie}"), position);
                }
            }
            let renumbered = without_event(&events, at);
            damaged.write_lines(export_layout::EVENTS, &renumbered);
            damaged.rewrite_leaves();
            damaged.assert_detected(&format!("{event} removed"), None);
        }
    }
    assert!(damaged.tried > 20, "{}", damaged.tried);
    damaged.assert_holds();
}

on_each_engine!(a_signed_log_whose_take_backs_break_a_rule_is_found);
/// The logs are complete and signed. Only a replay of their events reveals that nobody could tell
/// the person so, or that a step was taken back that could not be.
async fn a_signed_log_whose_take_backs_break_a_rule_is_found(app: TestApp) {
    let (_, member) = log_of_take_backs(&app).await;
    let damaged = TamperedExport::export(&app, None).await;
    let events = damaged.lines(export_layout::EVENTS);
    let (today, before) = (app.today().to_string(), app.in_days(-1).to_string());
    let by_member = |line: &str| line.replace(&person_in(line, "by"), &member.to_string());
    let told_before = |line: &str| {
        let said = format!("\"told_on\":\"{today}\"");
        line.replace(&said, &format!("\"told_on\":\"{before}\""))
    };
    let other_mail = |line: &str| line.replace(WAITING_MAIL, &member.to_string());
    let for_years = |line: &str| {
        let (from, to) = line.split_once("\"take_back_until\":\"").unwrap();
        format!(
            "{from}\"take_back_until\":\"2{}",
            &to[1..].replacen('0', "1", 1)
        )
    };
    let hours_later = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let recorded_at = event["recorded_at"].as_i64().unwrap();
        event["recorded_at"] = json!(recorded_at + 3_600_000_000);
        serde_json_canonicalizer::to_string(&event).unwrap()
    };
    let lies: [(&str, Lie<'_>, Rule); 7] = [
        ("PersonTold", &by_member, Rule::MessagePassedOn),
        ("PersonTold", &told_before, Rule::MessagePassedOn),
        ("PersonTold", &other_mail, Rule::MessagePassedOn),
        ("TellingTakenBack", &by_member, Rule::MessagePassedOn),
        ("TellingTakenBack", &other_mail, Rule::MessagePassedOn),
        ("EligibilityRefused", &for_years, Rule::TakenBackInTime),
        ("EligibilityTakenBack", &hours_later, Rule::TakenBackInTime),
    ];
    for (event, lie, rule) in lies {
        let found = damaged.rules_violated_by(event, lie);
        assert!(found.contains(&rule), "{event}: {found:?}");
    }

    for (event, rule) in [
        ("PersonToTell", Rule::MessagePassedOn),
        ("PersonTold", Rule::MessagePassedOn),
        ("TellingTakenBack", Rule::MessagePassedOn),
        ("EligibilityRefused", Rule::TakenBackInTime),
    ] {
        let at = places_of(&events, event)[0];
        let found = damaged.rules_violated_in(&without_event(&events, at));
        assert!(found.contains(&rule), "{event} removed: {found:?}");
    }
}
