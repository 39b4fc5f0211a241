//! The contract of the API: it is the one that is served, it is complete, and it agrees with the
//! routes.

use microgrants::http::problem;
use serde_json::{Value, json};

use crate::support::fixtures::Office;
use crate::support::service::serve;
use crate::support::test_app::TestApp;

#[test]
fn the_committed_contract_is_the_one_that_is_served() {
    let committed = include_str!("../../../openapi.yaml");
    assert!(
        committed == microgrants::http::openapi_yaml(),
        "openapi.yaml is not what `microgrants openapi` prints: write it anew"
    );
    let contract = microgrants::http::openapi_json();
    // What is said twice is said in a component.
    let operations = each_operation(&contract).count();
    let schemas = contract["components"]["schemas"].as_object();
    for (part, end, most) in [
        ("paths", "webhooks", 1000 * operations),
        (
            "components",
            "no other part",
            850 * schemas.expect("schemas").len(),
        ),
    ] {
        let (_, text) = committed.split_once(&format!("\n{part}:")).expect(part);
        let size = text.split(&format!("\n{end}:")).next().map_or(0, str::len);
        assert!(size < most, "{part}: {size} bytes, and at most {most}");
    }
    assert!(problem::codes_with_advice().all(|(_, advice)| !advice.is_empty()));
    let codes: Vec<_> = problem::codes().collect();
    assert_eq!(
        contract["components"]["schemas"]["Problem"]["properties"]["code"]["enum"],
        json!(codes)
    );
    let once: std::collections::BTreeSet<_> = codes.iter().collect();
    assert_eq!(once.len(), codes.len(), "one code has one meaning");
}

/// Every operation of the contract, with its path.
fn each_operation(contract: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let paths = contract["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, item)| {
        item.as_object()
            .expect("operations")
            .values()
            .map(move |operation| (path, operation))
    })
}

/// Every link in the contract names an existing operation, and every reference resolves.
#[test]
fn every_link_of_the_contract_leads_to_an_operation() {
    fn walk<'a>(value: &'a Value, links: &mut Vec<&'a str>, references: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                references.extend(map.get("$ref").and_then(Value::as_str));
                let linked = map
                    .get("links")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flat_map(serde_json::Map::values);
                links.extend(linked.filter_map(|link| link["operationId"].as_str()));
                map.values()
                    .for_each(|value| walk(value, links, references));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, links, references)),
            _ => {}
        }
    }
    let contract = microgrants::http::openapi_json();
    let (mut links, mut references) = (Vec::new(), Vec::new());
    walk(&contract, &mut links, &mut references);
    let operations: std::collections::BTreeSet<_> = each_operation(&contract)
        .filter_map(|(_, one)| one["operationId"].as_str())
        .collect();
    assert!(links.len() > 40, "{} links", links.len());
    assert!(
        links.iter().all(|name| operations.contains(name)),
        "{links:?}"
    );
    for reference in references {
        assert!(
            contract
                .pointer(reference.trim_start_matches('#'))
                .is_some(),
            "{reference} leads nowhere"
        );
    }
}

/// Each operation has a description, an example request, answer and refusal, and documents 429 and
/// 500.
#[test]
fn every_operation_of_the_contract_is_told_whole() {
    let contract = microgrants::http::openapi_json();
    let resolved = |value: &Value| {
        let reference = value["$ref"]
            .as_str()
            .map(|reference| reference.trim_start_matches('#').to_owned());
        reference.map_or_else(
            || value.clone(),
            |pointer| contract.pointer(&pointer).cloned().unwrap_or_default(),
        )
    };
    let shown = |content: &Value| {
        let media = content.as_object().expect("content");
        media
            .values()
            .all(|media| !media["example"].is_null() || media["examples"].is_object())
    };
    for (path, operation) in each_operation(&contract) {
        assert!(
            operation["description"]
                .as_str()
                .is_some_and(|text| text.len() > 20),
            "{path}"
        );
        if let Some(body) = operation.get("requestBody") {
            assert!(shown(&body["content"]), "{path} shows no request");
        }
        let responses = operation["responses"].as_object().expect("responses");
        assert!(
            ["429", "500", "default"]
                .iter()
                .all(|status| responses.contains_key(*status)),
            "{path}"
        );
        // A 304 has no body.
        for (status, response) in responses.iter().filter(|(status, _)| *status != "304") {
            let response = resolved(response);
            assert!(
                shown(&response["content"]),
                "{path} shows no answer for {status}"
            );
            assert!(
                response["headers"]["RateLimit"].is_object(),
                "{path} says no limit for {status}"
            );
        }
    }
    let events = &contract["components"]["schemas"]["GrantEvent"]["properties"];
    assert!(
        events["PaymentPrepared"]["properties"]["payment"].is_object()
            && events.as_object().expect("events").len() > 50
    );
}

on_sqlite!(every_operation_of_the_contract_is_there);
/// No operation answers "no such address" or "method not allowed".
async fn every_operation_of_the_contract_is_there(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    let mut count = 0;
    let mut path = String::new();
    for line in microgrants::http::openapi_yaml()
        .lines()
        .take_while(|line| *line != "webhooks:")
    {
        if let Some(found) = line
            .strip_prefix("  /")
            .and_then(|rest| rest.strip_suffix(':'))
        {
            path = found
                .split('/')
                .map(|part| {
                    if part.starts_with('{') {
                        uuid::Uuid::nil().to_string()
                    } else {
                        part.to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join("/");
        }
        let answer = match line {
            "    get:" => client.get(&format!("/{path}")),
            "    post:" => client.post(&format!("/{path}"), &json!({})),
            _ => continue,
        };
        count += 1;
        assert!(
            !["no_such_address", "method_not_allowed", "internal"].contains(&answer.code()),
            "{path}: {}",
            answer.body
        );
    }
    assert!(count > 80, "{count} operations");
}
