//! What the names of a line say about its event is checked, in a log that was signed again.

use microgrants::audit::{FindingRule, FormRule, export_layout};
use serde_json::{Value, json};

use super::broken_rules::{LogLines, NewEvent};
use super::tampered_export::{PythonVerifier, TamperedExport};
use crate::audit::transparency_log::sealer;
use crate::support::fixtures::Office;
use crate::support::test_app::TestApp;

/// Changes an event.
type LineEdit = fn(&mut Value);

/// Edits of one event, each with a part of what the verifier says of it.
const EDITS: [(&str, LineEdit); 17] = [
    ("id is not a UUID in lower case", |event| {
        event["id"] = upper_case(&event["id"]);
    }),
    ("command_id is not a UUID in lower case", |event| {
        event["command_id"] = upper_case(&event["command_id"]);
    }),
    ("FundCreated has no version 9.9", |event| {
        event["version"] = json!("9.9");
    }),
    ("it is called FundOpened, and its payload is not", |event| {
        event["event"] = json!("FundOpened");
    }),
    ("its metadata have no actor", |event| {
        remove(&mut event["metadata"], "actor");
    }),
    ("its metadata have no decided_at", |event| {
        remove(&mut event["metadata"], "decided_at");
    }),
    ("its metadata name another command_id", |event| {
        event["metadata"]["command_id"] = event["id"].clone();
    }),
    ("actor in its metadata has another form", |event| {
        event["metadata"]["actor"] = json!("somebody");
    }),
    ("actor in its metadata has another form", |event| {
        event["metadata"]["actor"] = upper_case(&event["metadata"]["actor"]);
    }),
    ("correlation_id in its metadata has another form", |event| {
        event["metadata"]["correlation_id"] = json!("none");
    }),
    ("decided_at in its metadata has another form", |event| {
        event["metadata"]["decided_at"] = json!("yesterday");
    }),
    ("decided_at in its metadata has another form", |event| {
        let decided_at = event["metadata"]["decided_at"].as_str().expect("a moment");
        event["metadata"]["decided_at"] = json!(decided_at.replace('T', " "));
    }),
    (
        "it has \"700\", and the program writes \"700.00\"",
        |event| {
            event["payload"]["FundCreated"]["rules"]["minimum"] = json!("700");
        },
    ),
    (
        "it has \"0700.0\", and the program writes \"700.00\"",
        |event| {
            event["payload"]["FundCreated"]["rules"]["minimum"] = json!("0700.0");
        },
    ),
    ("channel in its metadata has another form", |event| {
        event["metadata"]["channel"] = json!("telepathy");
    }),
    ("command in its metadata has another form", |event| {
        event["metadata"]["command"] = json!("nonsense");
    }),
    ("on_behalf_of in its metadata names no group", |event| {
        event["metadata"]["on_behalf_of"] = event["id"].clone();
    }),
];

fn upper_case(text: &Value) -> Value {
    json!(text.as_str().expect("a text").to_uppercase())
}

fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().expect("an object").remove(name);
}

on_each_engine!(a_line_of_another_form_is_named);
async fn a_line_of_another_form_is_named(app: TestApp) {
    Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let base = LogLines::parse(&damaged.lines(export_layout::EVENTS));
    let at = base.first("FundCreated");
    let position = i64::try_from(at).unwrap();
    let readable = |lines: &LogLines| {
        let findings = damaged.findings_in(&lines.to_lines()).into_iter();
        findings
            .filter(|finding| finding.rule == FormRule::Readable.into())
            .map(|finding| (finding.position, finding.says))
            .collect::<Vec<_>>()
    };
    assert!(readable(&base).is_empty());
    for (says, change) in EDITS {
        let mut edited = base.clone();
        edited.edit(at, change);
        let found = readable(&edited);
        assert!(
            found.contains(&(Some(position), says.to_owned())),
            "{says}: {found:?}"
        );
    }
}

on_each_engine!(a_day_in_another_spelling_is_named);
async fn a_day_in_another_spelling_is_named(app: TestApp) {
    Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let base = LogLines::parse(&damaged.lines(export_layout::EVENTS));
    let at = base.first("FundingAllocated");
    let day = base.field(at, "received_on");
    for said in [day.replace('-', ""), format!("{day}T00:00:00")] {
        let mut edited = base.clone();
        edited.set(at, "received_on", said.as_str());
        let found = damaged.findings_in(&edited.to_lines());
        let says = format!("it has {said:?}, and the program writes {day:?}");
        assert!(found.iter().any(|one| one.says == says), "{found:?}");
    }
}

/// Values that are written in another way than the program writes them, or that no program could
/// read: event, field and value.
fn other_spellings() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("PaymentPrepared", "amount", json!("700.0")),
        ("PaymentPrepared", "amount", json!("0700.00")),
        ("PaymentPrepared", "amount", json!("100000000.00")),
        ("PaymentPrepared", "payment", json!(65_536)),
        ("PaymentPrepared", "payee", json!(4_294_967_296_u64)),
        ("GrantOffered", "eyes", json!(256)),
        ("GrantOffered", "signers", json!(-1)),
        ("PaymentSent", "sent_on", json!("20260601")),
        ("RoundPlanned", "form", json!(4_294_967_296_u64)),
        ("LogRestored", "sealed", json!(1_u64 << 53)),
        ("PersonToTell", "about", json!(-1)),
    ]
}

/// An event that no run of the program writes here, with the fields that it needs.
fn rare_event(event: &'static str, log: &LogLines) -> Option<NewEvent> {
    let (stream, fields, of) = match event {
        "LogRestored" => (
            "organisation",
            json!({
                "origin": "case/log", "sealed": 1, "known": null, "reason": "The disk was lost.",
            }),
            log.first("OrganisationFounded"),
        ),
        "PersonToTell" => (
            "person",
            json!({
                "mail": log.id(log.first("FundCreated")), "about": 1, "kind": "declined",
                "caused_on": "2026-06-01",
            }),
            log.first("PersonRegistered"),
        ),
        _ => return None,
    };
    Some(NewEvent {
        stream,
        id: log.id(of),
        event,
        fields,
        actor: "operator".to_owned(),
    })
}

on_sqlite!(
    both_verifiers_pass_over_an_event_in_another_spelling,
    ignore = "needs cryptography of Python"
);
/// Both name such an event first, as one that cannot be read. What follows from that is about later
/// events, or about what its command lacks without it.
async fn both_verifiers_pass_over_an_event_in_another_spelling(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    office.paid(&app, grant).await;
    sealer(&app).catch_up().await.unwrap();
    let mut damaged = TamperedExport::export(&app, Some(PythonVerifier::start())).await;
    let base = LogLines::parse(&damaged.lines(export_layout::EVENTS));
    for (event, field, value) in other_spellings() {
        let mut edited = base.clone();
        if let Some(new) = rare_event(event, &base) {
            edited.insert(base.first("RoundPlanned"), new);
        }
        let at = edited.first(event);
        edited.set(at, field, value.clone());
        let lines = edited.to_lines();
        let position = i64::try_from(at).unwrap();
        let index = |one: i64| usize::try_from(one).unwrap();
        let command = edited.command(at);
        let readable = <&str>::from(FormRule::Readable);
        let ours = damaged.findings_in(&lines).into_iter();
        let ours = ours.map(|one| (one.position, one.rule.name().to_owned()));
        let theirs = damaged.found_by_second(&lines).into_iter();
        for (whose, found) in [
            ("ours", ours.collect()),
            ("theirs", theirs.collect::<Vec<_>>()),
        ] {
            let lacks = |one: i64| one < position && edited.command(index(one)) == command;
            let first = found
                .iter()
                .find(|(position, _)| position.is_some_and(|one| !lacks(one)));
            let expected = (Some(position), readable.to_owned());
            assert_eq!(first, Some(&expected), "{whose}, {event}.{field}: {value}");
        }
    }
}

on_each_engine!(a_command_comes_once_and_is_decided_when_it_is_recorded);
async fn a_command_comes_once_and_is_decided_when_it_is_recorded(app: TestApp) {
    Office::open(&app, 5000).await;
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let base = LogLines::parse(&damaged.lines(export_layout::EVENTS));
    let at = base.first("FundCreated");
    let position = i64::try_from(at).unwrap();
    let has = |lines: &LogLines, rule: FormRule| {
        damaged
            .findings_in(&lines.to_lines())
            .iter()
            .any(|one| one.position == Some(position) && one.rule == FindingRule::Form(rule))
    };
    assert!(!has(&base, FormRule::Dense) && !has(&base, FormRule::Time));

    let mut edited = base.clone();
    let mut first = Value::Null;
    edited.edit(0, |event| first = event["command_id"].clone());
    edited.edit(at, |event| {
        event["command_id"] = first.clone();
        event["metadata"]["command_id"] = first.clone();
    });
    assert!(has(&edited, FormRule::Dense), "a command came back");

    for decided_at in ["1999-01-01T09:00:00Z", "2099-01-01T09:00:00Z"] {
        let mut edited = base.clone();
        edited.edit(at, |event| {
            event["metadata"]["decided_at"] = json!(decided_at);
        });
        assert!(has(&edited, FormRule::Time), "{decided_at}");
    }
}
