//! What the money went with, through the API: equal to the budget to the penny, and to the figures
//! of gatherings and hours to the person and the minute.

use microgrants::domain::Role;
use serde_json::{Value, json};

use crate::operations::cli::{run_failing, run_ok};
use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

const VALUE: &str = "/api/v1/value";

fn take(by: &Client, address: &str, body: &Value) {
    let answer = by.post(address, body);
    assert!(answer.status < 300, "{address} {body}: {}", answer.body);
}

/// A workshop that was held yesterday, to which this many people came.
fn hold(app: &TestApp, (ada, office): (&Client, &Office), of_fund: bool, people: u32) {
    let mut plan = json!({
        "kind": "workshop",
        "about": { "title": "A workshop", "description": "We learn." },
        "leads": [office.ada],
    });
    if of_fund {
        plan["fund"] = json!(office.fund);
    }
    let id = ada.post("/api/v1/gatherings", &plan).id();
    let at = |command: &str| format!("/api/v1/gatherings/{id}/{command}");
    let session = json!({ "day": app.in_days(-1), "starts_at": "13:30", "ends_at": "16:00" });
    take(ada, &at("add-session"), &session);
    take(ada, &at("open"), &json!({}));
    let came = json!({ "session": 1, "came": { "people": people } });
    take(ada, &at("record-attendance"), &came);
}

/// An hour and a half that one group gave to another.
async fn give_hours(app: &TestApp, ada: &Client, office: &Office) {
    let (giver, _) = office.group(app).await;
    let (other, _) = office.group(app).await;
    let club = json!({
        "way": "offer", "kind": "group", "holder": { "group": giver }, "name": "Bowls club",
    });
    let club = ada.post("/api/v1/assets", &club).id();
    let exchange = json!({
        "giver": { "group": giver },
        "receiver": { "group": other },
        "minutes": 90,
        "on": app.today(),
    });
    take(
        ada,
        &format!("/api/v1/assets/{club}/record-exchange"),
        &exchange,
    );
}

/// An amount in pence, or a number.
fn number(value: &Value) -> i64 {
    let text = value.as_str().map(|text| text.replace('.', ""));
    text.map_or_else(
        || value.as_i64().expect("a number"),
        |text| text.parse().expect("an amount"),
    )
}

fn sum(lines: &Value, name: &str) -> i64 {
    let lines = lines.as_array().expect("lines").iter();
    lines.map(|line| number(&line[name])).sum()
}

on_each_engine!(the_value_is_that_of_the_budget_and_the_gatherings);
async fn the_value_is_that_of_the_budget_and_the_gatherings(app: TestApp) {
    // Given a grant that was paid, a workshop of its fund and one of none, and hours.
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    office.returned(&app, 500, 120).await;
    app.pass_days(1);
    let yesterday = app.in_days(-1);
    hold(&app, (&ada, &office), true, 9);
    hold(&app, (&ada, &office), false, 3);
    give_hours(&app, &ada, &office).await;
    app.catch_up().await;

    // Then it has the same sums as each of the other figures.
    let value = ada.get(VALUE).body;
    let all = &value["all"];
    let budget = ada.get("/api/v1/budget").body;
    for name in ["allocated", "awarded", "paid_net", "awards"] {
        assert_eq!(number(&all[name]), sum(&budget["lines"], name), "{name}");
    }
    assert_eq!(all["paid_net"], "380.00");
    let outcomes = ada.get("/api/v1/outcomes?by=fund").body;
    for name in ["people", "volunteers"] {
        assert_eq!(number(&all[name]), sum(&outcomes["lines"], name), "{name}");
    }
    let movement = ada.get("/api/v1/movement").body;
    assert_eq!(all["sessions"], movement["all"]["sessions"]);
    assert_eq!(all["people_at_sessions"], movement["all"]["people"]);
    let hours = ada.get("/api/v1/hours").body;
    assert_eq!(all["minutes"], hours["minutes"]);
    for (name, whole) in all.as_object().expect("figures") {
        assert_eq!(sum(&value["by_fund"], name), number(whole), "{name}");
    }

    // And what belongs to no fund has a line of its own, the last.
    let funds = value["by_fund"].as_array().expect("lines");
    let (first, last) = (&funds[0], &funds[funds.len() - 1]);
    assert_eq!(first["of"], json!(office.fund));
    assert_eq!(first["people_at_sessions"], 9);
    assert_eq!((&last["of"], &last["minutes"]), (&Value::Null, &json!(90)));
    let one = ada.get(&format!("{VALUE}?fund={}", office.fund)).body;
    assert_eq!(one["by_fund"], json!([first]));
    assert_eq!(one["all"], *all);

    // And as at the day before there is the money only.
    let then = ada.get(&format!("{VALUE}?as_at={yesterday}")).body;
    assert_eq!(then["all"]["paid_net"], "380.00");
    assert_eq!(
        (&then["all"]["sessions"], &then["all"]["minutes"]),
        (&json!(0), &json!(0))
    );
    ada.get(&format!("{VALUE}?as_at=99999999"))
        .assert_problem(400, "invalid_query");

    // And a connector, who sees no money, does not see it.
    let connector = person(&app, "Connie").await;
    office.give_role(&app, connector, Role::Connector).await;
    app.catch_up().await;
    let connectors = ada.with_token(&token(&app, connector));
    connectors.get(VALUE).assert_problem(403, "not_yours");
}

on_each_engine!(the_network_and_the_value_are_written_to_files);
async fn the_network_and_the_value_are_written_to_files(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.prepared(&app, 700).await;
    let fund = office.fund.to_string();
    let place = app.close().await;
    let written = |file: &str| std::fs::read(place.folder.path().join(file)).expect(file);

    let export = ["export", "network", "network.graphml"];
    let says = "1 groups and entries with 0 ties are in network.graphml";
    assert_eq!(run_ok(&place, &export), says);
    let file = String::from_utf8(written("network.graphml")).expect("UTF-8");
    assert!(
        file.contains("<data key=\"label\">Soup and song</data>"),
        "{file}"
    );
    let early = [&export[..], &["--as-at", "2001-01-01"]].concat();
    assert!(run_ok(&place, &early).starts_with("0 groups and entries"));
    let beyond = [&export[..], &["--as-at", "99999999"]].concat();
    assert!(run_failing(&place, &beyond).contains("does not reach this position"));

    let export = ["export", "value", "value.csv", "--fund", &fund];
    assert_eq!(run_ok(&place, &export), "1 funds are in value.csv");
    let sheet = String::from_utf8(written("value.csv")).expect("UTF-8");
    assert!(
        sheet.contains("\"Everything\",5000.00,700.00,0.00,1,"),
        "{sheet}"
    );
    run_ok(&place, &["export", "value", "value.xlsx"]);
    assert!(written("value.xlsx").starts_with(b"PK"));
    let other = ["export", "value", "value.xlsx", "--fund", "No such fund"];
    assert!(run_failing(&place, &other).contains("there is no fund No such fund"));
}
