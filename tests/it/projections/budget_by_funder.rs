//! Budget figures by funder, and reads at a position inside a command.

use microgrants::domain::fund::Allocate;
use microgrants::domain::funding_source::FundingSource;
use microgrants::domain::{Command, FundCommand};
use microgrants::views::AsAt;
use serde_json::{Value, json};

use crate::support::fixtures::{Office, award, gbp, text};
use crate::support::scenario::command_from_json;
use crate::support::service::{Client, serve};
use crate::support::test_app::TestApp;

fn lines(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/budget?{query}")).body["lines"].clone()
}

on_each_engine!(what_is_waived_counts_by_funder_and_each_funder_counts_its_awards);
async fn what_is_waived_counts_by_funder_and_each_funder_counts_its_awards(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let council = FundingSource {
        funder: text("council"),
        area: Some(text("oldham")),
    };
    let allocate = Allocate {
        source: council,
        amount: gbp(600),
        reference: text("R2"),
        received_on: house.today(),
    };
    house
        .issue_ok(
            office.ben,
            Command::Fund(office.fund, FundCommand::Allocate(allocate)),
        )
        .await;
    let (grant, ..) = office.prepared(&house, 1000).await;
    office.paid(&house, grant).await;
    for (by, name, body) in [
        (
            office.ada,
            "declare-underspend",
            json!({ "amount": "700.00" }),
        ),
        (
            office.ada,
            "propose-return-waiver",
            json!({ "amount": "300.00", "reason": "Spent on cups" }),
        ),
        (
            office.ben,
            "confirm-return-waiver",
            json!({ "amount": "300.00" }),
        ),
        (
            office.ada,
            "propose-return-waiver",
            json!({ "amount": "200.00", "reason": "Spent on plates" }),
        ),
        (
            office.ben,
            "confirm-return-waiver",
            json!({ "amount": "200.00" }),
        ),
    ] {
        house
            .issue_ok(by, command_from_json("grant", grant.0, name, &body))
            .await;
    }
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let figures = |line: &Value| {
        (
            line["of"].clone(),
            line["paid"].clone(),
            line["waived"].clone(),
            line["awards"].clone(),
        )
    };
    let found: Vec<_> = lines(&client, "by=funder")
        .as_array()
        .unwrap()
        .iter()
        .map(figures)
        .collect();
    let of = |of: &str, paid: &str, waived: &str| (json!(of), json!(paid), json!(waived), json!(1));
    // The award uses the council's money for the area first; a waiver reduces the other money
    // first.
    assert_eq!(
        found,
        [
            of("council", "600.00", "100.00"),
            of("health-partnership", "400.00", "400.00")
        ]
    );
    let of_fund = lines(&client, "by=fund")[0].clone();
    assert_eq!(
        (
            &of_fund["waived"],
            &of_fund["awards"],
            &of_fund["out_of_order"]
        ),
        (&json!("500.00"), &json!(1), &json!([]))
    );
    crate::projections::read_models::assert_equals_rebuild(&house).await;
}

on_each_engine!(a_position_inside_a_command_shows_the_state_before_it);
async fn a_position_inside_a_command_shows_the_state_before_it(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (application, ..) = office.ready(&house, 700).await;
    let awarded = house
        .issue_ok(office.ada, award(&house, application, 700))
        .await;
    let (first, last) = (awarded.first_position, awarded.last_position);
    assert!(last > first + 1, "an award is several events");
    house.catch_up().await;
    let client = serve(&house, office.ada);
    let views = house.views();
    for position in first..last {
        assert_eq!(
            views
                .position_as_at(AsAt::Position(position))
                .await
                .unwrap(),
            first - 1,
            "at {position}"
        );
        let line = lines(&client, &format!("as_at={position}"))[0].clone();
        assert_eq!(
            (&line["committed"], &line["awards"]),
            (&json!("0.00"), &json!(0)),
            "at {position}"
        );
        client
            .get(&format!("/api/v1/grants/{application}?as_at={position}"))
            .assert_problem(404, "not_found");
        let seen = client
            .get(&format!(
                "/api/v1/applications/{application}?as_at={position}"
            ))
            .body;
        assert_ne!(
            seen["state"], "awarded",
            "no half of it is shown at {position}"
        );
    }
    for position in [first - 1, last, last + 1000] {
        assert_eq!(
            views
                .position_as_at(AsAt::Position(position))
                .await
                .unwrap(),
            position
        );
    }
    assert_eq!(
        lines(&client, &format!("as_at={last}"))[0]["committed"],
        "700.00"
    );
    assert_eq!(
        views.position_as_at(AsAt::Position(0)).await.unwrap(),
        0,
        "the first command is one event"
    );
}
