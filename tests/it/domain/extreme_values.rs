//! Days and numbers that parse but that nobody means: commands refuse them, and no read fails
//! because of them.

use std::collections::BTreeSet;

use jiff::civil::Date;
use microgrants::domain::command::CommandSpec;
use microgrants::domain::{
    ApplicationCommand, AssetCommand, BarrierCommand, FundCommand, FundId, GatheringCommand,
    GrantCommand, GrantId, GroupCommand, GroupId, IntroductionCommand, OrganisationCommand,
    PersonCommand,
};
use microgrants::http::api::is_offered;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::samples::{
    ASSET, BARRIER, GATHERING, INTRODUCTION, NEW_APPLICATION, STRANGER, sample,
};
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
    let all: [(&str, &[CommandSpec]); 10] = [
        ("person", PersonCommand::SPECS),
        ("organisation", OrganisationCommand::SPECS),
        ("fund", FundCommand::SPECS),
        ("group", GroupCommand::SPECS),
        ("application", ApplicationCommand::SPECS),
        ("grant", GrantCommand::SPECS),
        ("gathering", GatheringCommand::SPECS),
        ("asset", AssetCommand::SPECS),
        ("introduction", IntroductionCommand::SPECS),
        ("barrier", BarrierCommand::SPECS),
    ];

    let mut refused = 0;
    for (noun, specs) in all {
        for spec in specs.iter().filter(|spec| is_offered(spec)) {
            let bodies = bodies_with_every_day(noun, spec);
            for body in &bodies {
                refused += refuse_far_days(noun, spec.name, body);
            }
        }
    }

    assert!(refused > 70, "{refused}");
}

/// Bodies of a command that have each day of its schema between them.
fn bodies_with_every_day(noun: &str, spec: &CommandSpec) -> Vec<Value> {
    let (_, body) = sample(noun, spec.name);
    let mut bodies = further_bodies(noun, spec.name);
    bodies.insert(0, body);
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
    bodies
}

/// Asserts that the command is refused with an extreme day in the place of each day. Returns how
/// often it was.
fn refuse_far_days(noun: &str, name: &str, body: &Value) -> usize {
    let mut refused = 0;
    for (at, (field, _)) in days_of("", body).into_iter().enumerate() {
        for far in FAR_DAYS {
            let mut setting = Scenario::ready(1);
            let id = match noun {
                "person" => STRANGER,
                "organisation" => ORGANISATION.0,
                "fund" => FUND.0,
                "group" => setting.group(0).0,
                "gathering" => GATHERING,
                "asset" => ASSET,
                "introduction" => INTRODUCTION,
                "barrier" => BARRIER,
                _ => setting.application(0).0,
            };
            let mut body = body.clone();
            replace_day(&mut body, at, &mut 0, far);
            let actor = sample(noun, name).0.actor(&setting);
            let says = format!("{noun}/{name} {field} {far}");
            let refusal = setting
                .issue_json(actor, noun, id, name, &body)
                .expect_err(&says);
            assert_eq!(refusal.code(), "day_out_of_range", "{says}: {refusal}");
            refused += 1;
        }
    }
    refused
}

/// Bodies with days that the samples leave out.
fn further_bodies(noun: &str, name: &str) -> Vec<Value> {
    match (noun, name) {
        ("fund", "record-meeting") => {
            let award = json!({
                "amount": "500.00",
                "ends_on": "2026-09-01",
                "update_due_on": "2026-09-15",
            });
            let meeting = |verdict: &str| {
                let line = json!({ "application": NEW_APPLICATION, "verdict": { verdict: award } });
                json!({
                    "round": "first",
                    "met_on": "2026-06-01",
                    "letters_on": "2026-06-08",
                    "decisions": [line],
                })
            };
            vec![meeting("award"), meeting("promote")]
        }
        ("group", "provide-payee") => vec![json!({
            "route": "holding_body",
            "body": "A body",
            "consented_on": "2026-06-01",
            "account": { "holder": "Soup and song", "numbers": "12-34-56 12345678" },
        })],
        ("application", "submit") => vec![json!({ "channel": "web", "received_on": "2026-06-01" })],
        ("grant", "pass-check") => vec![json!({
            "check": "identity",
            "note": "Seen",
            "good_until": "2027-06-01",
        })],
        ("grant", "fail-payment") => vec![json!({
            "payment": 1,
            "reason": "No",
            "happened_on": "2026-06-01",
        })],
        ("grant", "request-variation") => vec![json!({
            "change": { "ends_on": "2026-10-01" },
            "words": "The hall is closed",
        })],
        ("grant", "query-update") => vec![json!({
            "update": 1,
            "question": "How many?",
            "due_on": "2026-07-01",
        })],
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
async fn the_api_names_the_field_of_a_day_that_nobody_can_mean(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let client = serve(&app, office.ada);
    let before = app.log.length().await.unwrap();
    let fund = format!("/api/v1/funds/{}", office.fund);

    for far in FAR_DAYS {
        let allocate = json!({
            "source": { "funder": "health-partnership" },
            "amount": "5.00",
            "reference": "R9",
            "received_on": far,
        });
        let refused = client.post(&format!("{fund}/allocate"), &allocate);
        refused.assert_problem(422, "day_out_of_range");
        assert_eq!(refused.body["field"], "received_on", "{}", refused.body);

        let plan = json!({
            "round": "far",
            "name": "Far",
            "opens_on": app.today(),
            "closes_on": far,
            "form": 1,
        });
        client
            .post(&format!("{fund}/plan-round"), &plan)
            .assert_problem(422, "day_out_of_range");
    }

    assert_eq!(app.log.length().await.unwrap(), before);
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
async fn no_read_fails_by_what_can_be_parsed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, group, _) = office.prepared(&app, 700).await;
    let client = serve(&app, office.ada);
    app.catch_up().await;
    let mut browser = signed_in(&app, client.address(), office.ada).await;

    let mut pages = filtered_pages(office.fund);
    let mut resources = Vec::new();
    for value in EXTREME_VALUES {
        pages.extend(pages_of_a_part(value, office.fund, grant));
        resources.extend(api_resources(value, office.fund, grant, group));
    }

    for path in pages {
        let page = browser.get(&path);
        assert!(
            page.status < 500,
            "{path}: {} {}",
            page.status,
            visible_text(&page)
        );
    }
    for path in resources {
        let answer = client.get(&path);
        assert!(
            answer.status < 500,
            "{path}: {} {}",
            answer.status,
            answer.body
        );
    }
    for sheet in statement_sheets(office.fund) {
        let path = format!("{sheet}&from=0000-01-01");
        assert_eq!(browser.get(&path).status, 200, "{path}");
    }
    let no_funder = format!("/api/v1/funders/{}/statement", Uuid::nil());
    assert_eq!(client.get(&no_funder).status, 404, "no funder is called so");
}

fn statement_sheets(fund: FundId) -> [String; 2] {
    ["csv", "xlsx"].map(|kind| format!("/desk/sheets/statement.{kind}?fund={fund}"))
}

/// Pages with each extreme value in each filter.
fn filtered_pages(fund: FundId) -> Vec<String> {
    let statement = format!("/desk/funds/{fund}/statement");
    let [csv, xlsx] = statement_sheets(fund);
    let filters: [(&str, &[&str]); 26] = [
        (
            "/desk/applications",
            &[
                "as_at", "after", "state", "fund", "round", "area", "q", "column",
            ],
        ),
        ("/desk/grants", &["as_at", "after", "state", "q"]),
        ("/desk/payments", &["after", "state", "grant"]),
        ("/desk/updates", &["as_at", "after", "state"]),
        ("/desk/groups", &["as_at", "after", "q"]),
        (
            "/desk/gatherings",
            &["as_at", "after", "state", "kind", "area", "theme", "q"],
        ),
        (
            "/desk/assets",
            &[
                "as_at", "after", "state", "way", "kind", "area", "theme", "keeper", "q",
            ],
        ),
        (
            "/desk/barriers",
            &["as_at", "after", "state", "area", "theme"],
        ),
        ("/desk/people", &["after"]),
        ("/desk/funds", &["as_at"]),
        ("/desk/figures", &["day", "slide"]),
        ("/desk/network", &["day", "slide"]),
        ("/desk/value", &["day", "slide"]),
        ("/impact", &["day", "slide"]),
        ("/gatherings", &["area", "kind"]),
        ("/directory", &["area", "theme", "way", "day"]),
        ("/heard", &["area", "theme"]),
        (
            "/learning",
            &["theme", "sign", "area", "kind", "source", "from"],
        ),
        ("/desk/aims", &["day", "slide"]),
        ("/desk/learning/new", &["gathering", "grant"]),
        ("/desk/log", &["from", "to", "after", "stream", "actor"]),
        ("/desk/texts/mails", &["state"]),
        (&statement, &["from", "until"]),
        (&csv, &["from", "until"]),
        (&xlsx, &["from", "until"]),
        ("/desk/sheets/grants.xlsx", &["as_at", "state"]),
    ];
    let mut pages = Vec::new();
    for (path, names) in filters {
        let sign = if path.contains('?') { '&' } else { '?' };
        for name in names {
            pages.extend(EXTREME_VALUES.map(|value| format!("{path}{sign}{name}={value}")));
        }
    }
    pages
}

/// Pages that have the value as a part of their address.
fn pages_of_a_part(value: &str, fund: FundId, grant: GrantId) -> [String; 6] {
    [
        format!("/desk/log/{value}"),
        format!("/desk/log/{value}/proof"),
        format!("/desk/updates/{grant}/{value}"),
        format!("/desk/panel/{fund}/{value}"),
        format!("/desk/funders/{value}/statement"),
        format!("/log/tile/0/{value}"),
    ]
}

fn api_resources(value: &str, fund: FundId, grant: GrantId, group: GroupId) -> [String; 12] {
    [
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
    ]
}
