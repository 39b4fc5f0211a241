//! Days and numbers that parse but that nobody means: commands refuse them, and no read fails
//! because of them.

use std::collections::BTreeSet;

use jiff::civil::Date;
use microgrants::domain::command::CommandSpec;
use microgrants::domain::{
    Actor, ApplicationCommand, FundCommand, GrantCommand, GroupCommand, OrganisationCommand,
    PersonCommand,
};
use microgrants::http::api::is_offered;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::samples::{NEW_APPLICATION, STRANGER, sample};
use crate::pages::journeys::{signed_in, visible_text};
use crate::support::fixtures::Office;
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{FUND, Scenario};
use crate::support::service::serve;
use crate::support::test_app::TestApp;

const FAR_DAYS: [&str; 3] = ["0000-01-01", "1989-12-31", "9999-12-31"];

/// Every command of the API, with each extreme day in its body.
#[test]
fn no_command_takes_a_day_that_nobody_can_mean() {
    let all: [(&str, &[CommandSpec]); 6] = [
        ("person", PersonCommand::SPECS),
        ("organisation", OrganisationCommand::SPECS),
        ("fund", FundCommand::SPECS),
        ("group", GroupCommand::SPECS),
        ("application", ApplicationCommand::SPECS),
        ("grant", GrantCommand::SPECS),
    ];
    let mut refused = 0;
    for (noun, spec) in all
        .into_iter()
        .flat_map(|(noun, specs)| specs.iter().map(move |spec| (noun, spec)))
    {
        if !is_offered(spec) {
            continue;
        }
        let (by, body) = sample(noun, spec.name);
        let bodies: Vec<Value> = std::iter::once(body)
            .chain(further_bodies(noun, spec.name))
            .collect();
        let typed: BTreeSet<String> = bodies
            .iter()
            .flat_map(|body| days_of("", body))
            .map(|(field, _)| field)
            .collect();
        let missing: Vec<_> = schema_days(spec)
            .into_iter()
            .filter(|field| !typed.contains(field))
            .collect();
        assert!(
            missing.is_empty(),
            "{noun}/{}: no sample has {missing:?}",
            spec.name
        );
        for body in &bodies {
            for (at, (field, _)) in days_of("", body).into_iter().enumerate() {
                for far in FAR_DAYS {
                    let mut setting = Scenario::ready(1);
                    let actor: Actor = by.actor(&setting);
                    let id = match noun {
                        "person" => STRANGER,
                        "organisation" => ORGANISATION.0,
                        "fund" => FUND.0,
                        "group" => setting.group(0).0,
                        _ => setting.application(0).0,
                    };
                    let (mut body, mut number) = (body.clone(), 0);
                    replace_day(&mut body, at, &mut number, far);
                    let says = format!("{noun}/{} {field} {far}", spec.name);
                    let refusal = setting
                        .issue_json(actor, noun, id, spec.name, &body)
                        .expect_err(&says);
                    assert_eq!(refusal.code(), "day_out_of_range", "{says}: {refusal}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 70, "{refused}");
}

/// Bodies with days that the samples leave out.
fn further_bodies(noun: &str, name: &str) -> Vec<Value> {
    let award =
        json!({ "amount": "500.00", "ends_on": "2026-09-01", "update_due_on": "2026-09-15" });
    match (noun, name) {
        ("fund", "record-meeting") => ["award", "promote"]
            .map(|verdict| {
                json!({ "round": "first", "met_on": "2026-06-01", "decisions": [{ "application": NEW_APPLICATION, "verdict": { verdict: award } }] })
            })
            .to_vec(),
        ("group", "provide-payee") => {
            let account = json!({ "holder": "Soup and song", "numbers": "12-34-56 12345678" });
            vec![json!({ "route": "holding_body", "body": "A body", "consented_on": "2026-06-01", "account": account })]
        }
        ("application", "submit") => vec![json!({ "channel": "web", "received_on": "2026-06-01" })],
        ("grant", "pass-check") => vec![json!({ "check": "identity", "note": "Seen", "good_until": "2027-06-01" })],
        ("grant", "fail-payment") => vec![json!({ "payment": 1, "reason": "No", "happened_on": "2026-06-01" })],
        ("grant", "request-variation") => vec![json!({ "change": { "ends_on": "2026-10-01" }, "words": "The hall is closed" })],
        ("grant", "query-update") => vec![json!({ "update": 1, "question": "How many?", "due_on": "2026-07-01" })],
        _ => Vec::new(),
    }
}

/// The days in a body, with their field names.
fn days_of(field: &str, value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| days_of(name, value))
            .collect(),
        Value::Array(values) => values
            .iter()
            .flat_map(|value| days_of(field, value))
            .collect(),
        Value::String(text) if text.parse::<Date>().is_ok() => {
            vec![(field.to_owned(), text.clone())]
        }
        _ => Vec::new(),
    }
}

/// Replaces one day of the body, by its number.
fn replace_day(value: &mut Value, at: usize, number: &mut usize, day: &str) {
    match value {
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| replace_day(value, at, number, day)),
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| replace_day(value, at, number, day)),
        Value::String(text) if text.parse::<Date>().is_ok() => {
            if *number == at {
                day.clone_into(text);
            }
            *number += 1;
        }
        _ => {}
    }
}

/// The fields that the contract types as days, at any depth of a command's body.
fn schema_days(spec: &CommandSpec) -> BTreeSet<String> {
    fn walk(name: &str, value: &Value, found: &mut BTreeSet<String>) {
        if let Value::Object(fields) = value {
            if fields.get("format") == Some(&json!("date")) {
                found.insert(name.to_owned());
            }
            for (part, inner) in fields {
                if part == "properties"
                    && let Value::Object(properties) = inner
                {
                    properties
                        .iter()
                        .for_each(|(name, value)| walk(name, value, found));
                } else {
                    walk(name, inner, found);
                }
            }
        } else if let Value::Array(values) = value {
            for value in values {
                walk(name, value, found);
            }
        }
    }
    let (mut schemas, mut found) = (Vec::new(), BTreeSet::new());
    (spec.schemas)(&mut schemas);
    for (_, schema) in schemas {
        walk("", &serde_json::to_value(schema).unwrap(), &mut found);
    }
    found
}

on_each_engine!(the_api_names_the_field_of_a_day_that_nobody_can_mean);
async fn the_api_names_the_field_of_a_day_that_nobody_can_mean(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let client = serve(&house, office.ada);
    let before = house.log.length().await.unwrap();
    let source = json!({ "funder": "health-partnership" });
    for far in FAR_DAYS {
        let body =
            json!({ "source": source, "amount": "5.00", "reference": "R9", "received_on": far });
        let refused = client.post(&format!("/api/v1/funds/{}/allocate", office.fund), &body);
        refused.assert_problem(422, "day_out_of_range");
        assert_eq!(refused.body["field"], "received_on", "{}", refused.body);
        let body = json!({ "round": "far", "name": "Far", "opens_on": house.today(), "closes_on": far, "form": 1 });
        client
            .post(&format!("/api/v1/funds/{}/plan-round", office.fund), &body)
            .assert_problem(422, "day_out_of_range");
    }
    assert_eq!(house.log.length().await.unwrap(), before);
}

/// Values that parse as a day or a number, and a character that PostgreSQL accepts in no text.
const EXTREME_VALUES: [&str; 12] = [
    "0000-01-01",
    "0001-01-01",
    "-009999-01-01",
    "1899-12-31",
    "9999-12-31",
    "-1",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e9",
    "%00",
];

on_each_engine!(no_read_fails_by_what_can_be_parsed);
async fn no_read_fails_by_what_can_be_parsed(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, group, _) = office.prepared(&house, 700).await;
    let client = serve(&house, office.ada);
    house.catch_up().await;
    let mut browser = signed_in(&house, client.address(), office.ada).await;
    let fund = office.fund;
    let statement = format!("/desk/funds/{fund}/statement");
    let sheets = ["csv", "xlsx"].map(|kind| format!("/desk/sheets/statement.{kind}?fund={fund}"));
    let desk: [(String, &[&str]); 15] = [
        (
            "/desk/applications".into(),
            &[
                "as_at", "after", "state", "fund", "round", "area", "q", "column",
            ],
        ),
        ("/desk/grants".into(), &["as_at", "after", "state", "q"]),
        ("/desk/payments".into(), &["after", "state", "grant"]),
        ("/desk/updates".into(), &["as_at", "after", "state"]),
        ("/desk/groups".into(), &["as_at", "after", "q"]),
        ("/desk/people".into(), &["after"]),
        ("/desk/funds".into(), &["as_at"]),
        ("/desk/figures".into(), &["day", "slide"]),
        ("/impact".into(), &["day", "slide"]),
        (
            "/desk/log".into(),
            &["from", "to", "after", "stream", "actor"],
        ),
        ("/desk/texts/mails".into(), &["state"]),
        (statement, &["from", "until"]),
        (sheets[0].clone(), &["from", "until"]),
        (sheets[1].clone(), &["from", "until"]),
        ("/desk/sheets/grants.xlsx".into(), &["as_at", "state"]),
    ];
    for sheet in &sheets {
        assert_eq!(
            browser.get(&format!("{sheet}&from=0000-01-01")).status,
            200,
            "{sheet}"
        );
    }
    for (path, names) in &desk {
        for (name, value) in names
            .iter()
            .flat_map(|name| EXTREME_VALUES.map(|value| (name, value)))
        {
            let at = format!(
                "{path}{}{name}={value}",
                if path.contains('?') { '&' } else { '?' }
            );
            let page = browser.get(&at);
            assert!(
                page.status < 500,
                "{at}: {} {}",
                page.status,
                visible_text(&page)
            );
        }
    }
    for value in EXTREME_VALUES {
        for path in [
            format!("/desk/log/{value}"),
            format!("/desk/log/{value}/proof"),
            format!("/desk/updates/{grant}/{value}"),
            format!("/desk/panel/{fund}/{value}"),
            format!("/desk/funders/{value}/statement"),
            format!("/log/tile/0/{value}"),
        ] {
            assert!(browser.get(&path).status < 500, "{path}");
        }
        for path in [
            format!("/api/v1/funders/{value}/statement"),
            format!("/api/v1/log/events/{value}/proof"),
            format!("/api/v1/groups/{group}/history?as_at={value}"),
            format!("/api/v1/funds/{fund}/statement?from={value}"),
            format!("/api/v1/funds/{fund}/statement?until={value}"),
            format!("/api/v1/budget?effective=true&as_at={value}"),
            format!("/api/v1/grants?as_at={value}"),
            format!("/api/v1/grants?after={value}"),
            format!("/api/v1/grants?limit={value}"),
            format!("/api/v1/grants/{grant}/updates?due_by={value}"),
            format!("/api/v1/updates?due_by={value}"),
            format!("/api/v1/log/events?after_position={value}"),
        ] {
            let answer = client.get(&path);
            assert!(
                answer.status < 500,
                "{path}: {} {}",
                answer.status,
                answer.body
            );
        }
    }
    assert_eq!(
        client
            .get(&format!("/api/v1/funders/{}/statement", Uuid::nil()))
            .status,
        404,
        "no funder is called so"
    );
}
