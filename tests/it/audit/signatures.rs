//! Signed logs in which somebody signed an agreement, shared a statement or set how emails are sent
//! as they may not.

use microgrants::audit::export_layout;
use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::{PersonId, Rule};
use serde_json::{Value, json};

use super::replayed_rules::person_in;
use super::take_backs::{places_of, without_event};
use super::tampered_export::TamperedExport;
use crate::audit::transparency_log::sealer;
use crate::support::fixtures::{AGREEMENT_TEXT, Office, person};
use crate::support::scenario::command_from_json;
use crate::support::steps;
use crate::support::test_app::TestApp;

/// An event whose fields were changed.
fn changed(line: &str, change: impl Fn(&mut Value)) -> String {
    let mut event: Value = serde_json::from_str(line).unwrap();
    change(&mut event);
    serde_json_canonicalizer::to_string(&event).unwrap()
}

/// The events with one of them changed.
fn with_line(events: &[String], at: usize, line: String) -> Vec<String> {
    let mut changed = events.to_vec();
    assert_ne!(changed[at], line, "it was changed");
    changed[at] = line;
    changed
}

async fn on_organisation(app: &TestApp, by: PersonId, name: &str, body: &Value) {
    let organisation = app.commands.organisation().0;
    app.issue_ok(
        by,
        command_from_json("organisation", organisation, name, body),
    )
    .await;
}

/// The log itself breaks none of the rules.
fn assert_kept(damaged: &TamperedExport, events: &[String]) {
    let found = damaged.rules_violated_in(events);
    assert!(found.is_empty(), "{found:?}");
}

on_each_engine!(an_agreement_that_others_signed_is_found);
/// Cass and Dee each signed for themselves. Complete and signed logs say something else.
async fn an_agreement_that_others_signed_is_found(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, group, cass) = office.awarded(&app, 900).await;
    let dee = person(&app, "Dee").await;
    steps::add_member(&app, cass, group, dee).await;
    for (by, name) in [(cass, "Cass"), (dee, "Dee")] {
        let hash = sha256_hex(AGREEMENT_TEXT);
        let signs = json!({ "hash": hash, "method": "web_each", "names": [name] });
        let signs = command_from_json("grant", grant.0, "accept-agreement", &signs);
        app.issue_ok(by, signs).await;
    }
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let events = damaged.lines(export_layout::EVENTS);
    let signed = places_of(&events, "AgreementSigned");
    assert_eq!(signed.len(), 2);
    let (cass, dee) = (cass.to_string(), dee.to_string());
    assert_kept(&damaged, &events);

    for (says, rule, lie) in [
        (
            "Cass as Dee",
            Rule::SignedForSelf,
            events[signed[0]].replacen(&cass, &dee, 1),
        ),
        (
            "Cass twice",
            Rule::SignedForSelf,
            events[signed[1]].replace(&dee, &cass),
        ),
        (
            "another agreement",
            Rule::AgreementText,
            events[signed[0]].replace(&sha256_hex(AGREEMENT_TEXT), &sha256_hex("other")),
        ),
    ] {
        let at = signed[usize::from(says == "Cass twice")];
        let found = damaged.rules_violated_in(&with_line(&events, at, lie));
        assert!(found.contains(&rule), "{says}: {found:?}");
    }
    let found = damaged.rules_violated_in(&without_event(&events, signed[0]));
    assert!(
        found.contains(&Rule::AgreementSigners),
        "one signed: {found:?}"
    );
    let found = damaged.rules_violated_by("AgreementAccepted", |line| {
        let digest = person_digest(&events[signed[0]]);
        line.replace(&digest, &"0".repeat(64))
    });
    assert!(
        found.contains(&Rule::SignedForSelf),
        "another name: {found:?}"
    );
}

/// The digest of the name in a signature.
fn person_digest(line: &str) -> String {
    let from = line.find("\"digest\":\"").expect("a digest") + "\"digest\":\"".len();
    line[from..from + 64].to_owned()
}

on_each_engine!(a_statement_that_others_shared_is_found);
/// Ada shared a statement and ended its link. Complete and signed logs say something else.
async fn a_statement_that_others_shared_is_found(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (.., member) = office.awarded(&app, 900).await;
    let days = json!({
        "funder": "health-partnership", "from": app.today(), "until": app.today(),
    });
    on_organisation(&app, office.ada, "share-statement", &days).await;
    let link = json!({ "link": 1 });
    on_organisation(&app, office.ada, "end-statement-link", &link).await;
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let events = damaged.lines(export_layout::EVENTS);
    let (ada, ben) = (office.ada.to_string(), office.ben.to_string());
    let member = member.to_string();
    assert_kept(&damaged, &events);
    let shared = places_of(&events, "StatementShared")[0];
    assert_eq!(person_in(&events[shared], "shared_by"), ada);

    let by_ben = events[shared].replace(
        &format!("\"shared_by\":\"{ada}\""),
        &format!("\"shared_by\":\"{ben}\""),
    );
    for (says, rule, lie) in [
        ("as Ben", Rule::ActorNamed, by_ben),
        (
            "a member",
            Rule::StatementShared,
            events[shared].replace(&ada, &member),
        ),
        (
            "for years",
            Rule::StatementShared,
            events[shared].replace("\"expires_on\":\"2", "\"expires_on\":\"3"),
        ),
        (
            "another link",
            Rule::StatementShared,
            events[shared].replace("\"link\":1", "\"link\":2"),
        ),
    ] {
        let found = damaged.rules_violated_in(&with_line(&events, shared, lie));
        assert!(found.contains(&rule), "{says}: {found:?}");
    }
    let found = damaged.rules_violated_by("StatementLinkEnded", |line| line.replace(&ada, &member));
    assert!(found.contains(&Rule::StatementShared), "{found:?}");
}

on_each_engine!(a_mail_server_that_one_person_set_is_found);
/// Ada proposed a mail server, and Ben confirmed it.
async fn a_mail_server_that_one_person_set_is_found(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let settings = json!({
        "name": "An anchor",
        "sending": { "server": { "host": "smtp.example.org", "port": 465 } },
    });
    for (by, name, body) in [
        (office.ada, "propose-settings", &settings),
        (office.ben, "confirm-settings", &json!({ "proposal": 1 })),
    ] {
        on_organisation(&app, by, name, body).await;
    }
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let events = damaged.lines(export_layout::EVENTS);
    let (ada, ben) = (office.ada.to_string(), office.ben.to_string());
    assert_kept(&damaged, &events);

    for (says, lie) in [
        ("alone", (ben.as_str(), ada.as_str())),
        ("another server", ("smtp.example.org", "smtp.example.com")),
    ] {
        let found = damaged.rules_violated_by("SettingsSet", |line| line.replace(lie.0, lie.1));
        assert!(found.contains(&Rule::SettingsByTwo), "{says}: {found:?}");
    }
    let found = damaged.rules_violated_by("SettingsSet", |line| {
        changed(line, |event| {
            event["payload"]["SettingsSet"]["proposed_by"] = Value::Null;
        })
    });
    assert!(found.contains(&Rule::SettingsByTwo), "{found:?}");
}
