//! Budget figures by funder, and reads at a position inside a command.

use microgrants::domain::fund::Allocate;
use microgrants::domain::funding_source::FundingSource;
use microgrants::domain::{Command, FundCommand, GrantId};
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
async fn what_is_waived_counts_by_funder_and_each_funder_counts_its_awards(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    allocate_from_council(&app, &office, 600).await;
    let (grant, ..) = office.prepared(&app, 1000).await;
    office.paid(&app, grant).await;
    waive_two_returns(&app, &office, grant).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);

    let by_funder = lines(&client, "by=funder");
    let of_fund = lines(&client, "by=fund")[0].clone();

    let found: Vec<_> = by_funder
        .as_array()
        .unwrap()
        .iter()
        .map(|line| ["of", "paid", "waived", "awards"].map(|figure| line[figure].clone()))
        .collect();
    let of = |of: &str, paid: &str, waived: &str| [json!(of), json!(paid), json!(waived), json!(1)];
    // The award uses the council's money for the area first; a waiver reduces the other money
    // first.
    assert_eq!(
        found,
        [
            of("council", "600.00", "100.00"),
            of("health-partnership", "400.00", "400.00")
        ]
    );
    assert_eq!(
        (
            &of_fund["waived"],
            &of_fund["awards"],
            &of_fund["out_of_order"]
        ),
        (&json!("500.00"), &json!(1), &json!([]))
    );
    crate::projections::read_models::assert_equals_rebuild(&app).await;
}

/// Allocates money that is for one area only.
async fn allocate_from_council(app: &TestApp, office: &Office, pounds: u32) {
    let council = FundingSource {
        funder: text("council"),
        area: Some(text("oldham")),
    };
    let allocate = FundCommand::Allocate(Allocate {
        source: council,
        amount: gbp(pounds),
        reference: text("R2"),
        received_on: app.today(),
    });
    app.issue_ok(office.ben, Command::Fund(office.fund, allocate))
        .await;
}

/// Of an underspend of £700, two people waive £300 and £200.
async fn waive_two_returns(app: &TestApp, office: &Office, grant: GrantId) {
    let step = |name: &str, body: Value| command_from_json("grant", grant.0, name, &body);
    let underspend = step("declare-underspend", json!({ "amount": "700.00" }));
    app.issue_ok(office.ada, underspend).await;
    for (amount, reason) in [("300.00", "Spent on cups"), ("200.00", "Spent on plates")] {
        let proposal = json!({ "amount": amount, "reason": reason });
        let propose = step("propose-return-waiver", proposal);
        app.issue_ok(office.ada, propose).await;
        let confirm = step("confirm-return-waiver", json!({ "amount": amount }));
        app.issue_ok(office.ben, confirm).await;
    }
}

on_each_engine!(a_position_inside_a_command_shows_the_state_before_it);
async fn a_position_inside_a_command_shows_the_state_before_it(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (application, ..) = office.ready(&app, 700).await;
    let awarded = app
        .issue_ok(office.ada, award(&app, application, 700))
        .await;
    let (first, last) = (awarded.first_position, awarded.last_position);
    assert!(last > first + 1, "an award is several events");
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let views = app.views();
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
